/*
 * Lets the ledger tidy up once very many calls have come: a while after the
 * last of them, in steps that rest while others put.
 */
#ifndef JOBS_DRAIN_H
#define JOBS_DRAIN_H

#include <stdatomic.h>
#include <uv.h>

#include "collectord/ledger/ledger.h"
#include "collectord/peers/batch.h"

struct drain {
	uv_timer_t quiet; /* since the last of them */
	struct batch *batch;
	struct ledger *ledger;
	struct batch_task task;
	uint64_t loads; /* that were seen */
	bool is_running, is_asked;
	bool begins; /* its first step is to come */
	int rc;      /* of its last step */
	atomic_bool is_stopped;
};

/* 0 or a negative uv error. The handle is closed with the loop's others. */
int drain_init(struct drain *d, uv_loop_t *loop, struct batch *batch,
    struct ledger *ledger);
/* At the start, and after every round of the batch. */
void drain_look(struct drain *d);
void drain_stop(struct drain *d);

#endif

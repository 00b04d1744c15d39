/*
 * Calls the ledger when time makes something happen in it: at the start, when
 * the next thing is due, and whenever the clock was set.
 */
#ifndef JOBS_TICK_H
#define JOBS_TICK_H

#include "collectord/jobs/timer.h"
#include "collectord/peers/batch.h"

struct tick {
	struct due due;
	struct timers *timers;
	struct batch *batch;
	struct ledger *ledger;
	struct batch_task task;
	bool is_running, is_asked, is_stopped;
	int rc; /* of the last run, and what it told */
	int64_t next_ms;
	int64_t told_ms; /* clock_mono_ms, of the last failure in the log */
};

void tick_start(struct tick *t, struct timers *timers, struct batch *batch,
    struct ledger *ledger);
void tick_stop(struct tick *t);

#endif

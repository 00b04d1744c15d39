/*
 * Sinks: programs and URLs that are told of notices, each in its own time, one
 * notice after the other, at least once. The ledger keeps up to where a sink
 * has been told. One that fails is tried again, ever more seldom, and after a
 * day gives up that notice.
 */
#ifndef JOBS_SINK_H
#define JOBS_SINK_H

#include "collectord/jobs/http.h"
#include "collectord/jobs/timer.h"
#include "collectord/peers/batch.h"
#include "proto/config.h"

struct sink;

struct sinks {
	uv_loop_t *loop;
	struct http *http;
	struct timers *timers;
	struct batch *batch;
	struct ledger *ledger;
	const char *const *zh; /* sentences: see proto/notice_text.h */
	struct sink *first;    /* also those that are not quite over */
	uint64_t seen;         /* the newest notice that was looked at */
};

/* Fills it; all is borrowed for life. There are no sinks yet. */
void sinks_init(struct sinks *all, uv_loop_t *loop, struct http *http,
    struct timers *timers, struct batch *batch, struct ledger *ledger,
    const char *const *zh);
/*
 * Has these sinks from now on, copied, and no others. One that is new is told
 * of notices that are yet to come.
 */
void sinks_configure(
    struct sinks *all, const struct config_sections *configured);
/* There may be a new notice. Cheap where there is none. */
void sinks_poke(struct sinks *all);
/* Ends all of them; what is under way is told again at the next start. */
void sinks_stop(struct sinks *all);
/* What they are at, to the log. */
void sinks_dump(const struct sinks *all);

#endif

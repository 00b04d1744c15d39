/*
 * Events as agents send them: sessions of 200 calls half a minute apart, each
 * of one project, agent and model; ids that look like UUIDs, five counts and a
 * cost. The same writer and index always give the same ids.
 */
#ifndef BENCH_EVENTS_H
#define BENCH_EVENTS_H

#include "proto/event.h"

#define EVENTS_SESSION 200

struct event_plan {
	uint64_t seed; /* another seed, other sessions */
	/*
	 * Sessions start evenly over the days up to now, in order; 0 days: all
	 * of it happens now.
	 */
	uint64_t days, sessions;
	bool with_call; /* gives the provider's response id too */
};

struct event_ids {
	char session[37], message[37], call[32];
};

/*
 * Event number `index` of a session, which is numbered over all writers. ev
 * borrows ids.
 */
void events_make(const struct event_plan *plan, uint64_t session,
    uint64_t index, struct event_ids *ids, struct event *ev);

#endif

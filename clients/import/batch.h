/*
 * Events on their way into a put. One waits until the next is known: agents
 * write one line for each part of a reply, and what all but one of these lines
 * say is often said by that one alone. Leaving them out changes nothing of what
 * the ledger makes of them.
 */
#ifndef IMPORT_BATCH_H
#define IMPORT_BATCH_H

#include "clients/import/link.h"

struct batch {
	struct link *link;
	bool is_waiting;
	struct event waiting;
	const char *path; /* borrowed until it is pushed */
	uint64_t line;
	char texts[EV_TEXTS * (LIMIT_TEXT + 1)];
	uint64_t left_out;
};

/* Each 0, or -1 as the link's. ev's texts are copied. */
int batch_event(
    struct batch *b, const struct event *ev, const char *path, uint64_t line);
/* The put that is being made has all events after this. */
int batch_push(struct batch *b);
/* Does y say all that x says, to a ledger that knows any others besides? */
bool batch_says_all(const struct event *y, const struct event *x);

#endif

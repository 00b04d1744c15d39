/*
 * Token counts as Google's API states them, which its descendants took over:
 * the prompt with what came from the cache, the answer, the thoughts.
 */
#ifndef IMPORT_AGENTS_GOOGLE_H
#define IMPORT_AGENTS_GOOGLE_H

#include "proto/event.h"

struct google_usage {
	uint64_t prompt;
	uint64_t cached;
	uint64_t answer;
	uint64_t thoughts;
	uint64_t tool;
	uint64_t total; /* 0: not stated */
};

/* Where thoughts are when the total does not tell. */
enum google_thoughts {
	THOUGHTS_BESIDE, /* always beside the answer */
	THOUGHTS_EITHER, /* within it, as far as total and sizes allow */
};

/* As the disjoint counts of an event. */
void google_counts(const struct google_usage *stated,
    enum google_thoughts where, struct event *ev);

#endif

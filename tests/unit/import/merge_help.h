/*
 * What the ledger makes of events by their ids: sights that share a key, or a
 * call and a model, are one call with the largest counts.
 */
#ifndef IMPORT_MERGE_HELP_H
#define IMPORT_MERGE_HELP_H

#include "tests/unit/import/import_help.h"

struct merged_events {
	size_t calls;
	uint64_t count[EV_COUNTS];
	uint64_t tokens; /* of all classes */
};

struct merged_events merge_events(const struct import_events *es);
/* Fails the test unless there are so many calls with so many tokens. */
void merged_are(const struct import_events *es, size_t calls, uint64_t tokens);
/* Fails the test unless both hold the same events in the same order. */
void events_are_same(
    const struct import_events *a, const struct import_events *b);

#endif

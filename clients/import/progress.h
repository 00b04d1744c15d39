/*
 * How far it is, on a terminal: one line on stderr that is written over.
 */
#ifndef IMPORT_PROGRESS_H
#define IMPORT_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	bool is_on;
	bool is_shown;             /* a line stands there */
	int64_t start_ms, next_ms; /* monotonic */
	uint64_t files, all_files;
	uint64_t bytes, all_bytes;
	uint64_t events;
};

/* Nothing is shown where stderr is no terminal. */
void progress_start(struct progress *p, bool is_wanted);
/* Cheap: the line changes a few times in a second. */
void progress_tick(struct progress *p);
/* Wipes the line, for something else to be written there. */
void progress_clear(struct progress *p);

#endif

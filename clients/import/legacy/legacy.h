/*
 * The stores of older trackers and the output of other tools, one format a
 * file: legacy_*.c. What is told of single calls becomes events, what is told
 * of whole days becomes aggregates.
 */
#ifndef IMPORT_LEGACY_H
#define IMPORT_LEGACY_H

#include "proto/aggregate.h"
#include "proto/event.h"

/* Larger files are refused: a document is read whole. */
#define LEGACY_BYTES_MAX (256u << 20)

/* Where it all goes; texts are borrowed for the call. Not 0 stops the reading.
 */
struct legacy_sink {
	int (*event)(void *arg, const struct event *ev);
	int (*aggregate)(void *arg, const struct aggregate *a);
	void *arg;
	/* Whose calls they are where the file does not say; NULL: a guess. */
	const char *agent;
};

enum legacy_result {
	LEGACY_OK = 0,
	LEGACY_EUNKNOWN = -1, /* not a file that it can make sense of */
	LEGACY_ESYSTEM = -2,  /* it could not be read */
	LEGACY_ESTOPPED = -3  /* the sink had enough */
};

/* What came of it. */
struct legacy_told {
	const char *format; /* static text: "ccusage" */
	uint64_t events, days;
	uint64_t odd;        /* records that could not be used */
	const char *odd_why; /* of the first; untranslated static text */
};

/*
 * Reads a file whatever it is. Days are those of the process's zone
 * (calendar_use_zone). On an error *why has one line, without the path.
 */
enum legacy_result legacy_read(const char *path, const struct legacy_sink *sink,
    struct legacy_told *told, char *why, size_t cap);

/* Reads a file to a NUL-terminated text to free(); *len without it. */
enum legacy_result legacy_load(
    const char *path, char **text, size_t *len, char *why, size_t cap);

#endif

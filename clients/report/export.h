/*
 * Events from the wire as NDJSON, as tt-send takes them: under our own field
 * names, numbers exact. Nothing is allocated for an event.
 */
#ifndef REPORT_EXPORT_H
#define REPORT_EXPORT_H

#include <stdbool.h>

#include "proto/codec.h"

/* One line of every text escaped in the longest way, and then some. */
#define EXPORT_LINE_MAX 32768
#define EXPORT_BUFFER (16 * EXPORT_LINE_MAX)

struct export
{
	int fd;
	bool failed; /* errno of the write then in err */
	int err;
	uint64_t events;
	size_t len;
	char buf[EXPORT_BUFFER];
};

/* What a page, or a notification's params, consists of. */
struct export_page {
	struct wire_cursor events;
	uint32_t n;
	uint64_t next; /* the cursor of what follows */
	bool more;
};

/* Takes one apart, in one pass. 0, or -1 where it is no such map. */
int export_open(struct wire_cursor page, struct export_page *p);
/* Writes its events. -1 where they are none. */
int export_events(struct export *x, const struct export_page *p);
/* To the file descriptor. -1 with x->err. */
int export_flush(struct export *x);

#endif

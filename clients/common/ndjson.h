/*
 * One JSON object to one event and back. Reading is pure: it takes our own
 * field names (PROTOCOL.md), the names that other ledgers use for them, and the
 * usage objects of OpenAI and Anthropic, whose counts it makes disjoint. The
 * tables in ndjson.c are the contract; tt-send(1) lists them.
 *
 * Our own name wins over a usage object, that over an alias. null is absent; an
 * unknown key is ignored; a known one of the wrong type is an error.
 */
#ifndef CLIENTS_NDJSON_H
#define CLIENTS_NDJSON_H

#include <stdio.h>

#include "proto/event.h"
#include "proto/json.h"
#include "proto/limits.h"

/* Room that one event's texts may take. */
#define NDJSON_TEXTS_MAX (EV_TEXTS * (LIMIT_TEXT + 1))

/* Where texts are copied to; memory is the caller's. len = 0 empties it. */
struct ndjson_arena {
	char *p;
	size_t len, cap;
};

/*
 * Reads one object. j is scratch that is best reused; the arena must have
 * NDJSON_TEXTS_MAX bytes left. Fills in nothing that is not there and judges
 * types only (event_validate does the rest). 0, or -1 with *err naming the
 * field as the line spells it; ERR_MALFORMED where it is no JSON object.
 * Times without a zone are local: calendar_use_zone first.
 */
int ndjson_read(struct json *j, const char *line, size_t len,
    struct ndjson_arena *a, struct event *ev, struct error *err);
/*
 * RFC 3339, or seconds or milliseconds since 1970, fractions and exponents
 * allowed (LIMIT_TS_SECONDS_BELOW tells which). *is_local: it had no zone, so
 * the answer depends on calendar_use_zone. -1 when it is none of them.
 */
int ndjson_time(const char *s, size_t len, int64_t *ms, bool *is_local);
/* The event as one line under our own names; ndjson_read gives it back. */
void ndjson_write(FILE *f, const struct event *ev);

#endif

/*
 * The shape of MessagePack bytes, judged before any decoder allocates for
 * them. The scan is incremental and looks at each byte once, however slowly a
 * peer drips them; the cursor walks bytes that a scan has passed.
 * Format: the MessagePack specification.
 */
#ifndef PROTO_WIRE_H
#define PROTO_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/limits.h"
#include "proto/text.h"

enum wire_result {
	WIRE_DONE = 0, /* one whole message */
	WIRE_MORE = 1, /* all fine so far */
	WIRE_ETOOBIG = -1,
	WIRE_EDEPTH = -2,
	WIRE_ENODES = -3,
	WIRE_EBYTE = -4,    /* 0xc1, or an extension type */
	WIRE_EENVELOPE = -5 /* the first byte is not an array of 3 or 4 */
};

struct wire_scan {
	uint64_t skip;    /* payload bytes still to pass over */
	size_t pos;       /* bytes of this message seen so far */
	uint32_t nodes;   /* values announced so far */
	uint32_t missing; /* of them, not yet begun: the sum of left */
	uint8_t depth;
	uint8_t head_len; /* bytes of a split header kept in head */
	uint8_t head[5];
	uint32_t left[LIMIT_DEPTH + 1]; /* values missing at each depth */
};

/* A fresh message. */
void wire_scan_init(struct wire_scan *s);
/*
 * Looks at len more bytes. *used: how many belong to this message (fewer than
 * len only on WIRE_DONE or an error). A message whose announced size cannot fit
 * LIMIT_REQUEST_BYTES fails at its header, before its body comes.
 */
enum wire_result wire_scan_feed(
    struct wire_scan *s, const void *bytes, size_t len, size_t *used);
const char *wire_strerror(enum wire_result r);

/* A cursor over scanned bytes. All reads are bounds-checked all the same. */
struct wire_cursor {
	const uint8_t *p, *end;
};

/* Each returns 0, or -1 and leaves the cursor where it was. */
int wire_read_array(struct wire_cursor *c, uint32_t *n);
int wire_read_map(struct wire_cursor *c, uint32_t *n);
int wire_read_text(struct wire_cursor *c, struct text *t); /* str or bin */
int wire_read_u64(struct wire_cursor *c, uint64_t *v);
/* Passes over one value and everything in it. */
int wire_skip(struct wire_cursor *c);

#endif

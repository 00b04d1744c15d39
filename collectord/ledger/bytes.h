/*
 * Small encoders for stored records, and the arena a transaction works in.
 * Writers and readers remember failure, so callers check once at the end.
 *
 * uvar: LEB128, 7 bits a byte, low first. svar: the same of the zigzag.
 */
#ifndef LEDGER_BYTES_H
#define LEDGER_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/money.h"
#include "proto/text.h"

struct span {
	const void *p;
	size_t len;
};

struct wbuf {
	uint8_t *p; /* the caller's memory, cap bytes */
	size_t len, cap;
	bool failed;
};

void wbuf_init(struct wbuf *w, void *memory, size_t cap);
struct span wbuf_span(const struct wbuf *w);
void write_u8(struct wbuf *w, uint8_t v);
void write_be32(struct wbuf *w, uint32_t v);
void write_be64(struct wbuf *w, uint64_t v);
void write_uvar(struct wbuf *w, uint64_t v);
void write_svar(struct wbuf *w, int64_t v);
void write_money(struct wbuf *w, money_sum v);
void write_bytes(struct wbuf *w, const void *p, size_t len);
void write_text(struct wbuf *w, struct text t); /* uvar length, bytes */

struct rbuf {
	const uint8_t *p, *end;
	bool failed;
};

static inline void
rbuf_init(struct rbuf *r, struct span s)
{
	*r = (struct rbuf){ .p = s.p, .end = (const uint8_t *)s.p + s.len };
}

static inline uint8_t
read_u8(struct rbuf *r)
{
	if (r->failed || r->p == r->end) {
		r->failed = true;
		return 0;
	}
	return *r->p++;
}

uint64_t read_long_uvar(struct rbuf *r); /* of any length */

/* Records are full of these, and most are one byte. */
static inline uint64_t
read_uvar(struct rbuf *r)
{
	if (!r->failed && r->p < r->end && *r->p < 0x80)
		return *r->p++;
	return read_long_uvar(r);
}

uint32_t read_be32(struct rbuf *r);
uint64_t read_be64(struct rbuf *r);
int64_t read_svar(struct rbuf *r);
money_sum read_money(struct rbuf *r);
struct text read_text(struct rbuf *r); /* points into the span */

/* Memory that is given back all at once. Zero is a valid state. */
struct arena {
	struct arena_block *blocks;
	size_t used; /* of the newest block */
};

/* NULL without memory. Aligned for any type. */
void *arena_alloc(struct arena *a, size_t size);
/* A copy; {NULL, 0} for empty or without memory. */
struct text arena_text(struct arena *a, struct text t);
void arena_clear(struct arena *a); /* keeps one block */
void arena_release(struct arena *a);

#endif

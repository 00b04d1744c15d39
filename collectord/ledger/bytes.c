#include "collectord/ledger/bytes.h"

#include <stdlib.h>

void
wbuf_init(struct wbuf *w, void *memory, size_t cap)
{
	*w = (struct wbuf){ .p = memory, .cap = cap };
}

struct span
wbuf_span(const struct wbuf *w)
{
	return (struct span){ w->p, w->len };
}

void
write_bytes(struct wbuf *w, const void *p, size_t len)
{
	if (w->failed || len > w->cap - w->len) {
		w->failed = true;
		return;
	}
	if (len > 0)
		memcpy(w->p + w->len, p, len);
	w->len += len;
}

/* Room for n bytes, which are counted already; NULL where there is none. */
static uint8_t *
make_room(struct wbuf *w, size_t n)
{
	uint8_t *p;

	if (w->failed || n > w->cap - w->len) {
		w->failed = true;
		return NULL;
	}
	p = w->p + w->len;
	w->len += n;
	return p;
}

void
write_u8(struct wbuf *w, uint8_t v)
{
	uint8_t *p = make_room(w, 1);

	if (p != NULL)
		*p = v;
}

static void
put_be32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

void
write_be32(struct wbuf *w, uint32_t v)
{
	uint8_t *p = make_room(w, 4);

	if (p != NULL)
		put_be32(p, v);
}

void
write_be64(struct wbuf *w, uint64_t v)
{
	uint8_t *p = make_room(w, 8);

	if (p == NULL)
		return;
	put_be32(p, (uint32_t)(v >> 32));
	put_be32(p + 4, (uint32_t)v);
}

void
write_uvar(struct wbuf *w, uint64_t v)
{
	uint8_t bytes[10];
	size_t n = 0;

	for (; v >= 0x80; v >>= 7)
		bytes[n++] = (uint8_t)(v | 0x80);
	bytes[n++] = (uint8_t)v;
	write_bytes(w, bytes, n);
}

void
write_svar(struct wbuf *w, int64_t v)
{
	write_uvar(w, ((uint64_t)v << 1) ^ (v < 0 ? UINT64_MAX : 0));
}

/* The 128-bit zigzag, seven bits a byte like a uvar. */
void
write_money(struct wbuf *w, money_sum v)
{
	__extension__ typedef unsigned __int128 u128;
	u128 z = ((u128)v << 1) ^ (v < 0 ? ~(u128)0 : 0);

	for (; z >= 0x80; z >>= 7)
		write_u8(w, (uint8_t)(z | 0x80));
	write_u8(w, (uint8_t)z);
}

void
write_text(struct wbuf *w, struct text t)
{
	write_uvar(w, t.len);
	write_bytes(w, t.p, t.len);
}

static const uint8_t *
take(struct rbuf *r, size_t n)
{
	const uint8_t *p = r->p;

	if (r->failed || n > (size_t)(r->end - r->p)) {
		r->failed = true;
		return NULL;
	}
	r->p += n;
	return p;
}

static uint32_t
get_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

uint32_t
read_be32(struct rbuf *r)
{
	const uint8_t *p = take(r, 4);

	return p == NULL ? 0 : get_be32(p);
}

uint64_t
read_be64(struct rbuf *r)
{
	const uint8_t *p = take(r, 8);

	return p == NULL ? 0 : (uint64_t)get_be32(p) << 32 | get_be32(p + 4);
}

uint64_t
read_long_uvar(struct rbuf *r)
{
	const uint8_t *p = r->p, *end = r->end;
	uint64_t v = 0;
	int shift;

	if (r->failed)
		return 0;
	for (shift = 0; shift < 64 && p < end; shift += 7, p++) {
		if (shift == 63 && *p > 1)
			break;
		v |= (uint64_t)(*p & 0x7f) << shift;
		if (*p < 0x80) {
			r->p = p + 1;
			return v;
		}
	}
	r->failed = true;
	return 0;
}

int64_t
read_svar(struct rbuf *r)
{
	uint64_t z = read_uvar(r);

	return (int64_t)(z >> 1 ^ (z & 1 ? UINT64_MAX : 0));
}

money_sum
read_money(struct rbuf *r)
{
	__extension__ typedef unsigned __int128 u128;
	struct rbuf start = *r;
	/* Most sums are not too large for a small number. */
	u128 z = read_uvar(r);
	int shift;
	uint8_t b;

	if (!r->failed)
		return (money_sum)(z >> 1 ^ (z & 1 ? ~(u128)0 : 0));
	*r = start;
	z = 0;
	for (shift = 0; shift < 128; shift += 7) {
		b = read_u8(r);
		if (shift == 126 && b > 3)
			break;
		z |= (u128)(b & 0x7f) << shift;
		if (b < 0x80)
			return (money_sum)(z >> 1 ^ (z & 1 ? ~(u128)0 : 0));
	}
	r->failed = true;
	return 0;
}

struct text
read_text(struct rbuf *r)
{
	uint64_t len = read_uvar(r);
	const uint8_t *p;

	if (len > UINT32_MAX) {
		r->failed = true;
		return (struct text){ 0 };
	}
	p = take(r, (size_t)len);
	if (p == NULL || len == 0)
		return (struct text){ 0 };
	return (struct text){ (const char *)p, (uint32_t)len };
}

#define ARENA_BLOCK ((size_t)64 << 10)

struct arena_block {
	struct arena_block *older;
	size_t cap;
	max_align_t memory[];
};

void *
arena_alloc(struct arena *a, size_t size)
{
	struct arena_block *b = a->blocks;
	size_t cap;
	char *p;

	if (size > SIZE_MAX / 2)
		return NULL;
	size = (size + sizeof(max_align_t) - 1) & ~(sizeof(max_align_t) - 1);
	if (b == NULL || size > b->cap - a->used) {
		cap = size > ARENA_BLOCK ? size : ARENA_BLOCK;
		b = malloc(sizeof(*b) + cap);
		if (b == NULL)
			return NULL;
		b->older = a->blocks;
		b->cap = cap;
		a->blocks = b;
		a->used = 0;
	}
	p = (char *)b->memory + a->used;
	a->used += size;
	return p;
}

struct text
arena_text(struct arena *a, struct text t)
{
	char *p = t.len == 0 ? NULL : arena_alloc(a, t.len);

	if (p == NULL)
		return (struct text){ 0 };
	memcpy(p, t.p, t.len);
	return (struct text){ p, t.len };
}

void
arena_clear(struct arena *a)
{
	struct arena_block *b;

	while ((b = a->blocks) != NULL &&
	       (b->older != NULL || b->cap > ARENA_BLOCK)) {
		a->blocks = b->older;
		free(b);
	}
	a->used = 0;
}

void
arena_release(struct arena *a)
{
	struct arena_block *b;

	while ((b = a->blocks) != NULL) {
		a->blocks = b->older;
		free(b);
	}
	a->used = 0;
}

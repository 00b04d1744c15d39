#include "collectord/ledger/price/price_memo.h"

#include <stdlib.h>
#include <string.h>

#include "proto/limits.h"

#define ENTRIES 64    /* a power of two */
#define KEY_BYTES 256 /* longer ones are not remembered */
#define MS_A_DAY 86400000

struct entry {
	struct price_matched matched;
	size_t len; /* 0: empty */
	uint8_t key[KEY_BYTES];
};

struct price_memo {
	struct price_matched last; /* of a call that is not remembered */
	struct entry entries[ENTRIES];
};

/* All that decides a price but the hour. */
static struct span
write_key(
    uint8_t bytes[KEY_BYTES], const struct price_call *call, bool *is_whole)
{
	struct wbuf w;

	wbuf_init(&w, bytes, KEY_BYTES);
	write_be32(&w, (uint32_t)(call->ts_ms / MS_A_DAY));
	write_text(&w, call->model);
	write_text(&w, call->provider);
	write_text(&w, call->tier);
	write_text(&w, call->geo);
	*is_whole = !w.failed && call->ts_ms >= 0;
	return wbuf_span(&w);
}

static struct entry *
place_of(struct price_memo *m, struct span key)
{
	const uint8_t *p = key.p;
	uint32_t h = 2166136261u;
	size_t i;

	for (i = 0; i < key.len; i++)
		h = (h ^ p[i]) * 16777619u;
	return &m->entries[(h ^ h >> 16) & (ENTRIES - 1)];
}

static struct price_matched *
match(struct price_matched *out, const struct price_book *book,
    const struct price_call *call)
{
	*out = (struct price_matched){ 0 };
	out->rc = price_match(book, call, &out->rule);
	return out;
}

struct price_matched *
price_memo_match(struct price_memo **memo, const struct price_book *book,
    const struct price_call *call)
{
	uint8_t bytes[KEY_BYTES];
	struct price_memo *m;
	struct entry *e;
	struct span key;
	bool is_whole;

	if (*memo == NULL)
		*memo = calloc(1, sizeof(**memo));
	m = *memo;
	if (m == NULL)
		return NULL;
	key = write_key(bytes, call, &is_whole);
	if (!is_whole)
		return match(&m->last, book, call);
	e = place_of(m, key);
	if (e->len == key.len && memcmp(e->key, key.p, key.len) == 0)
		return &e->matched;
	match(&e->matched, book, call);
	e->len = 0;
	if (e->matched.rc == PRICE_OK && e->matched.rule.by_hour)
		return &e->matched;
	memcpy(e->key, key.p, key.len);
	e->len = key.len;
	return &e->matched;
}

void
price_memo_forget(struct price_memo *memo)
{
	size_t i;

	for (i = 0; memo != NULL && i < ENTRIES; i++)
		memo->entries[i].len = 0;
}

void
price_memo_free(struct price_memo *memo)
{
	free(memo);
}

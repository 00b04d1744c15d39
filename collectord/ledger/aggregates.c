#include "collectord/ledger/aggregates.h"

#include "collectord/ledger/slots.h"
#include "proto/error.h"

#define VERSION 1
#define HAS_COST 1
#define BYTES_MAX (4 * (LIMIT_TEXT + 2) + 256)

void
aggregate_key_of_day(uint8_t buf[4], uint32_t day)
{
	struct wbuf w;

	wbuf_init(&w, buf, 4);
	write_be32(&w, day);
}

static void
write_key(
    struct wbuf *w, const struct digest_key *key, const struct aggregate *a)
{
	struct digest_key other = { ~key->k0, key->k1 };
	uint8_t bytes[BYTES_MAX];
	struct wbuf texts;

	wbuf_init(&texts, bytes, sizeof(bytes));
	write_text(&texts, a->origin);
	write_text(&texts, a->agent);
	write_text(&texts, a->provider);
	write_text(&texts, a->model);
	write_be32(w, a->day);
	write_be64(w, digest64(key, texts.p, texts.len));
	write_be64(w, digest64(&other, texts.p, texts.len));
}

static void
write_value(struct wbuf *w, const struct aggregate *a)
{
	write_u8(w, VERSION);
	write_u8(w, a->has_cost ? HAS_COST : 0);
	write_svar(w, a->from_ms);
	write_svar(w, a->to_ms);
	write_text(w, a->origin);
	write_text(w, a->agent);
	write_text(w, a->provider);
	write_text(w, a->model);
	sums_write(w, &a->sums);
}

bool
aggregate_read(struct span key, struct span val, struct aggregate *a)
{
	struct rbuf k, r;
	struct span rest;

	rbuf_init(&k, key);
	rbuf_init(&r, val);
	*a = (struct aggregate){ .day = read_be32(&k) };
	if (read_u8(&r) != VERSION)
		return false;
	a->has_cost = (read_u8(&r) & HAS_COST) != 0;
	a->from_ms = read_svar(&r);
	a->to_ms = read_svar(&r);
	a->origin = read_text(&r);
	a->agent = read_text(&r);
	a->provider = read_text(&r);
	a->model = read_text(&r);
	if (k.failed || r.failed)
		return false;
	rest = (struct span){ r.p, (size_t)(r.end - r.p) };
	return sums_read(rest, &a->sums);
}

/* Is what is there as good as what is said now? */
static bool
says_no_more(const struct aggregate *old, const struct aggregate *now,
    struct span val, const struct wbuf *w)
{
	uint64_t before = sums_total_tokens(&old->sums);
	uint64_t after = sums_total_tokens(&now->sums);

	if (before != after)
		return before > after;
	return val.len == w->len && memcmp(val.p, w->p, w->len) == 0;
}

int
aggregates_put(struct store_txn *txn, const struct digest_key *key,
    const struct aggregate *a)
{
	uint8_t kbuf[AGGREGATE_KEY_BYTES], vbuf[BYTES_MAX];
	struct aggregate old;
	struct wbuf k, w;
	struct span val;
	int known, rc;

	wbuf_init(&k, kbuf, sizeof(kbuf));
	write_key(&k, key, a);
	wbuf_init(&w, vbuf, sizeof(vbuf));
	write_value(&w, a);
	if (k.failed || w.failed)
		return -ERR_STORE;
	known = store_get(txn, TABLE_AGGREGATES, wbuf_span(&k), &val);
	if (known < 0)
		return known;
	if (known == 0 && !aggregate_read(wbuf_span(&k), val, &old))
		return -ERR_STORE;
	if (known == 0 && says_no_more(&old, a, val, &w))
		return AGGREGATE_KEPT;
	rc = store_put(txn, TABLE_AGGREGATES, wbuf_span(&k), wbuf_span(&w));
	if (rc != 0)
		return rc;
	return known == 0 ? AGGREGATE_CHANGED : AGGREGATE_STORED;
}

int
aggregates_extent(struct store_txn *txn, int64_t *first, int64_t *last)
{
	struct aggregate a, b;
	struct store_cursor *c;
	struct span k, v;
	int rc;

	rc = store_cursor_open(txn, TABLE_AGGREGATES, &c);
	if (rc != 0)
		return rc;
	rc = store_seek(c, (struct span){ "", 1 }, &k, &v);
	if (rc == 0 && !aggregate_read(k, v, &a))
		rc = -ERR_STORE;
	if (rc == 0)
		rc = store_last(c, &k, &v);
	if (rc == 0 && !aggregate_read(k, v, &b))
		rc = -ERR_STORE;
	store_cursor_close(c);
	if (rc != 0)
		return rc;
	*first = a.from_ms;
	*last = b.to_ms - 1;
	return 0;
}

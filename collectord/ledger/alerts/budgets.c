#include "collectord/ledger/alerts/budgets.h"

#include <string.h>

#include "collectord/ledger/slots.h"
#include "proto/error.h"

#define BUDGET_VERSION 1
#define BUDGET_BYTES_MAX 2048
#define HOUR_MS 3600000u
#define SUM_BYTES_MAX 48
#define SUM_KEY_BYTES 12

enum { FLAG_TOKENS = 1, FLAG_METERED = 2, FLAG_REMINDS = 4 };

static const struct span meta_last_id = { "budget_id", 9 };

static struct span
name_key(struct text name)
{
	return (struct span){ name.p, name.len };
}

static void
budget_write(struct wbuf *w, const struct stored_budget *s)
{
	const struct budget *b = &s->b;
	unsigned flags = (b->is_tokens ? FLAG_TOKENS : 0) |
			 (b->is_metered ? FLAG_METERED : 0) |
			 (b->reminds ? FLAG_REMINDS : 0);

	write_u8(w, BUDGET_VERSION);
	write_be32(w, s->id);
	write_be32(w, s->armed);
	write_uvar(w, (uint64_t)s->made_ms);
	write_uvar(w, (uint64_t)s->armed_ms);
	write_u8(w, (uint8_t)b->period);
	write_u8(w, (uint8_t)flags);
	write_u8(w, b->warn);
	write_money(w, b->limit);
	for (int i = 0; i < BUDGET_FILTERS; i++)
		write_text(w, b->filter[i]);
}

/* Texts point into val. */
static bool
budget_read(struct span val, struct stored_budget *s)
{
	struct rbuf r;
	uint8_t flags;

	rbuf_init(&r, val);
	if (read_u8(&r) != BUDGET_VERSION)
		return false;
	s->id = read_be32(&r);
	s->armed = read_be32(&r);
	s->made_ms = (int64_t)read_uvar(&r);
	s->armed_ms = (int64_t)read_uvar(&r);
	s->b.period = (enum budget_period)read_u8(&r);
	flags = read_u8(&r);
	s->b.is_tokens = flags & FLAG_TOKENS;
	s->b.is_metered = flags & FLAG_METERED;
	s->b.reminds = flags & FLAG_REMINDS;
	s->b.warn = read_u8(&r);
	s->b.limit = read_money(&r);
	for (int i = 0; i < BUDGET_FILTERS; i++)
		s->b.filter[i] = read_text(&r);
	return !r.failed && r.p == r.end && s->b.period < BUDGET_PERIODS;
}

static int
keep_texts(struct budgets *list, struct stored_budget *s, struct span name)
{
	struct text *t;

	s->b.name = arena_text(
	    &list->arena, (struct text){ name.p, (uint32_t)name.len });
	if (s->b.name.len == 0)
		return -ERR_STORE;
	for (int i = 0; i < BUDGET_FILTERS; i++) {
		t = &s->b.filter[i];
		if (t->len == 0)
			continue;
		*t = arena_text(&list->arena, *t);
		if (t->len == 0)
			return -ERR_STORE;
	}
	return 0;
}

int
budgets_load(struct store_txn *txn, struct budgets *list)
{
	struct store_cursor *c;
	struct span k, v;
	int rc;

	list->n = 0;
	arena_clear(&list->arena);
	rc = store_cursor_open(txn, TABLE_BUDGETS, &c);
	if (rc != 0)
		return rc;
	rc = store_seek(c, (struct span){ "", 1 }, &k, &v);
	while (rc == 0 && list->n < BUDGETS_MAX) {
		if (!budget_read(v, &list->item[list->n]) ||
		    keep_texts(list, &list->item[list->n], k) != 0)
			rc = -ERR_STORE;
		else
			rc = store_next(c, &k, &v);
		list->n += rc >= 0;
	}
	store_cursor_close(c);
	return rc == STORE_NOTFOUND ? 0 : rc;
}

void
budgets_release(struct budgets *list)
{
	arena_release(&list->arena);
	list->n = 0;
}

int
budgets_put(struct store_txn *txn, const struct stored_budget *b)
{
	uint8_t bytes[BUDGET_BYTES_MAX];
	struct wbuf w;

	wbuf_init(&w, bytes, sizeof(bytes));
	budget_write(&w, b);
	if (w.failed)
		return -ERR_STORE;
	return store_put(
	    txn, TABLE_BUDGETS, name_key(b->b.name), wbuf_span(&w));
}

int
budgets_delete(struct store_txn *txn, struct text name)
{
	struct stored_budget s;
	struct span val;
	int rc = store_get(txn, TABLE_BUDGETS, name_key(name), &val);

	if (rc == 0 && !budget_read(val, &s))
		rc = -ERR_STORE;
	if (rc == 0)
		rc = store_delete(txn, TABLE_BUDGETS, name_key(name));
	return rc == 0 ? budget_sums_clear(txn, s.id) : rc;
}

int
budgets_new_id(struct store_txn *txn, uint32_t *id)
{
	uint8_t bytes[4];
	struct span val;
	struct wbuf w;
	struct rbuf r;
	int rc = store_get(txn, TABLE_META, meta_last_id, &val);

	*id = 0;
	if (rc < 0)
		return rc;
	if (rc == 0) {
		rbuf_init(&r, val);
		*id = read_be32(&r);
	}
	++*id;
	wbuf_init(&w, bytes, sizeof(bytes));
	write_be32(&w, *id);
	return store_put(txn, TABLE_META, meta_last_id, wbuf_span(&w));
}

void
budget_sum_add(struct budget_sum *a, const struct budget_sum *b)
{
	a->spent += b->spent;
	a->unpriced_tokens += b->unpriced_tokens;
	a->unpriced_calls += b->unpriced_calls;
}

bool
budget_sum_eq(const struct budget_sum *a, const struct budget_sum *b)
{
	return a->spent == b->spent &&
	       a->unpriced_tokens == b->unpriced_tokens &&
	       a->unpriced_calls == b->unpriced_calls;
}

static struct span
sum_key(uint8_t buf[SUM_KEY_BYTES], uint32_t id, uint64_t place)
{
	struct wbuf w;

	wbuf_init(&w, buf, SUM_KEY_BYTES);
	write_be32(&w, id);
	write_be64(&w, place);
	return wbuf_span(&w);
}

static int
sum_read(struct span val, struct budget_sum *sum)
{
	struct rbuf r;

	rbuf_init(&r, val);
	sum->spent = read_money(&r);
	sum->unpriced_tokens = read_svar(&r);
	sum->unpriced_calls = read_svar(&r);
	return r.failed ? -ERR_STORE : 0;
}

int
budget_sum_get(
    struct store_txn *txn, uint32_t id, uint64_t place, struct budget_sum *sum)
{
	uint8_t key[SUM_KEY_BYTES];
	struct span val;
	int rc;

	*sum = (struct budget_sum){ 0 };
	rc = store_get(txn, TABLE_BUDGET_SUMS, sum_key(key, id, place), &val);
	if (rc != 0)
		return rc == STORE_NOTFOUND ? 0 : rc;
	return sum_read(val, sum);
}

int
budget_sum_put(struct store_txn *txn, uint32_t id, uint64_t place,
    const struct budget_sum *sum)
{
	uint8_t key[SUM_KEY_BYTES], bytes[SUM_BYTES_MAX];
	struct wbuf w;

	if (sum->spent == 0 && sum->unpriced_tokens == 0 &&
	    sum->unpriced_calls == 0)
		return store_delete(
		    txn, TABLE_BUDGET_SUMS, sum_key(key, id, place));
	wbuf_init(&w, bytes, sizeof(bytes));
	write_money(&w, sum->spent);
	write_svar(&w, sum->unpriced_tokens);
	write_svar(&w, sum->unpriced_calls);
	return store_put(
	    txn, TABLE_BUDGET_SUMS, sum_key(key, id, place), wbuf_span(&w));
}

/* False: the key is another budget's. */
static bool
read_place(struct span key, uint32_t id, uint64_t *place)
{
	struct rbuf r;

	rbuf_init(&r, key);
	if (read_be32(&r) != id)
		return false;
	*place = read_be64(&r);
	return !r.failed;
}

int
budget_sums_clear(struct store_txn *txn, uint32_t id)
{
	uint8_t buf[SUM_KEY_BYTES];
	struct store_cursor *c;
	struct span k, v;
	uint64_t place;
	int rc = 0;

	while (rc == 0) {
		rc = store_cursor_open(txn, TABLE_BUDGET_SUMS, &c);
		if (rc != 0)
			return rc;
		rc = store_seek(c, sum_key(buf, id, 0), &k, &v);
		if (rc == 0 && !read_place(k, id, &place))
			rc = STORE_NOTFOUND;
		store_cursor_close(c);
		if (rc == 0)
			rc = store_delete(
			    txn, TABLE_BUDGET_SUMS, sum_key(buf, id, place));
	}
	return rc == STORE_NOTFOUND ? 0 : rc;
}

int
budget_sums_count(struct store_txn *txn, uint32_t id, uint64_t *n)
{
	uint8_t buf[SUM_KEY_BYTES];
	struct store_cursor *c;
	struct span k, v;
	uint64_t place;
	int rc = store_cursor_open(txn, TABLE_BUDGET_SUMS, &c);

	*n = 0;
	if (rc != 0)
		return rc;
	rc = store_seek(c, sum_key(buf, id, 0), &k, &v);
	for (; rc == 0 && read_place(k, id, &place); ++*n)
		rc = store_next(c, &k, &v);
	store_cursor_close(c);
	return rc == STORE_NOTFOUND ? 0 : rc;
}

/*
 * Back to a quarter before which none was used for the length of a block: with
 * it a block begins, wherever the ones before lay.
 */
static int
chain_start(struct store_cursor *c, uint32_t id, uint64_t from, uint64_t *start)
{
	struct span k, v;
	uint8_t buf[SUM_KEY_BYTES];
	uint64_t place;
	int rc = store_seek(c, sum_key(buf, id, from + 1), &k, &v);

	rc = rc == STORE_NOTFOUND ? store_last(c, &k, &v)
	     : rc == 0            ? store_prev(c, &k, &v)
				  : rc;
	*start = from;
	for (; rc == 0 && read_place(k, id, &place);
	     rc = store_prev(c, &k, &v)) {
		if (*start - place >= BUDGET_BLOCK_MS)
			break;
		*start = place;
	}
	return rc < 0 ? rc : 0;
}

/* From the chain's start on: the block that has the place, or none. */
static int
walk_chain(struct store_cursor *c, uint32_t id, uint64_t start,
    uint64_t place_ms, int64_t *from_ms, struct budget_sum *sum)
{
	uint8_t buf[SUM_KEY_BYTES];
	uint64_t at, begin = 0, end = 0;
	struct budget_sum one;
	struct span k, v;
	int rc = store_seek(c, sum_key(buf, id, start), &k, &v);

	for (; rc == 0 && read_place(k, id, &at); rc = store_next(c, &k, &v)) {
		if (at >= end) {
			if (end > place_ms || at > place_ms)
				break;
			begin = at - at % HOUR_MS;
			end = begin + BUDGET_BLOCK_MS;
			*sum = (struct budget_sum){ 0 };
		}
		rc = sum_read(v, &one);
		if (rc != 0)
			break;
		budget_sum_add(sum, &one);
	}
	*from_ms = (int64_t)begin;
	if (rc < 0)
		return rc;
	return place_ms >= begin && place_ms < end ? 0 : STORE_NOTFOUND;
}

int
budget_block(struct store_txn *txn, uint32_t id, uint64_t place_ms,
    int64_t *from_ms, struct budget_sum *sum)
{
	struct store_cursor *c;
	uint64_t start;
	int rc = store_cursor_open(txn, TABLE_BUDGET_SUMS, &c);

	*sum = (struct budget_sum){ 0 };
	if (rc != 0)
		return rc;
	rc = chain_start(c, id, place_ms, &start);
	if (rc == 0)
		rc = walk_chain(c, id, start, place_ms, from_ms, sum);
	store_cursor_close(c);
	if (rc != 0)
		*sum = (struct budget_sum){ 0 };
	return rc;
}

int
budget_block_reached(struct store_txn *txn, const struct stored_budget *b,
    int64_t from_ms, enum budget_level level, int64_t *place_ms)
{
	uint8_t buf[SUM_KEY_BYTES];
	uint64_t end = (uint64_t)(from_ms + BUDGET_BLOCK_MS), at;
	struct budget_sum sum = { 0 }, one;
	struct store_cursor *c;
	struct span k, v;
	int rc = store_cursor_open(txn, TABLE_BUDGET_SUMS, &c);

	if (rc != 0)
		return rc;
	rc = store_seek(c, sum_key(buf, b->id, (uint64_t)from_ms), &k, &v);
	for (; rc == 0; rc = store_next(c, &k, &v)) {
		if (!read_place(k, b->id, &at) || at >= end) {
			rc = STORE_NOTFOUND;
			break;
		}
		rc = sum_read(v, &one);
		if (rc != 0)
			break;
		budget_sum_add(&sum, &one);
		*place_ms = (int64_t)at;
		if (budget_judge(&b->b, sum.spent) >= level)
			break;
	}
	store_cursor_close(c);
	return rc;
}

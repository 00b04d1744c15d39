/* Budgets' sums made anew from the stored calls, or compared with them. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "collectord/ledger/alerts/watch_impl.h"
#include "proto/error.h"

#define CALENDAR_BYTES_MAX 320
#define WATCH_TOLD_MAX 160

static const struct span meta_calendar = { "calendar", 8 };

/* A row of the finest slots, or of the sessions' ones. */
static bool
read_row(enum store_table t, struct span key, struct slot_row *row)
{
	struct rbuf r;
	bool is_finest = true;

	rbuf_init(&r, key);
	if (t == TABLE_SLOTS)
		is_finest = read_u8(&r) == 0;
	row->slot = read_be32(&r);
	row->session = t == TABLE_SLOTS ? NO_SESSION : read_be32(&r);
	row->dims = read_be32(&r);
	return is_finest && !r.failed;
}

static int
gather_stored(struct watch_gathering *g, enum store_table t, uint32_t from_slot)
{
	uint8_t bytes[9];
	struct store_cursor *c;
	struct slot_row row;
	struct span k, v;
	struct sums s;
	struct wbuf key;
	int rc = store_cursor_open(g->txn, t, &c);

	if (rc != 0)
		return rc;
	wbuf_init(&key, bytes, sizeof(bytes));
	if (t == TABLE_SLOTS)
		slot_key_write(&key, 0, from_slot, 0);
	else
		write_be32(&key, from_slot);
	rc = store_seek(c, wbuf_span(&key), &k, &v);
	for (; rc == 0 && read_row(t, k, &row); rc = store_next(c, &k, &v)) {
		row.sums = &s;
		rc = sums_read(v, &s) ? watch_gather_row(g, &row) : -ERR_STORE;
		if (rc != 0)
			break;
	}
	store_cursor_close(c);
	return rc == STORE_NOTFOUND ? 0 : rc;
}

/* Sessions go on for days; of the other periods none is looked at before the
 * one the budget was made in. */
static uint32_t
first_slot(struct watch *w, const struct stored_budget *b)
{
	int64_t from_ms = b->made_ms, to_ms;

	if (b->b.period == BUDGET_SESSION)
		return 0;
	if (b->b.period == BUDGET_BLOCK)
		from_ms -= BUDGET_BLOCK_MS;
	else
		watch_period_of(w, b->b.period, b->made_ms, &from_ms, &to_ms);
	return from_ms > 0 ? (uint32_t)(from_ms / SLOT_MS) : 0;
}

/* What its sums should be, in w->adds. */
static int
recount(struct watch *w, struct store_txn *txn, const struct stored_budget *b)
{
	struct watch_gathering g = { .w = w, .txn = txn, .only = b };

	watch_clear_adds(w);
	return gather_stored(&g,
	    b->b.period == BUDGET_SESSION ? TABLE_SESSION_SLOTS : TABLE_SLOTS,
	    first_slot(w, b));
}

static int
rebuild_sums(
    struct watch *w, struct store_txn *txn, const struct stored_budget *b)
{
	int rc = budget_sums_clear(txn, b->id);

	if (rc == 0)
		rc = recount(w, txn, b);
	for (uint32_t i = 0; rc == 0 && i < w->n_adds; i++)
		rc = budget_sum_put(
		    txn, b->id, w->adds[i].place, &w->adds[i].sum);
	watch_clear_adds(w);
	return rc;
}

static int
rebuild_listed(struct watch *w, struct store_txn *txn,
    const struct stored_budget *b, int64_t now_ms)
{
	int64_t from_ms, to_ms;
	struct budget_sum sum;
	int rc = rebuild_sums(w, txn, b);

	if (rc != 0 || b->b.period == BUDGET_SESSION)
		return rc;
	rc = watch_state(w, txn, b, 0, now_ms, &from_ms, &to_ms, &sum);
	if (rc != 0)
		return rc == STORE_NOTFOUND ? 0 : rc;
	return watch_judge(
	    w, txn, b, (uint64_t)from_ms, from_ms, to_ms, sum.spent, now_ms);
}

int
watch_rebuild(struct watch *w, struct store_txn *txn,
    const struct stored_budget *b, int64_t now_ms)
{
	const struct stored_budget *listed = NULL;
	int rc;

	watch_forget(w);
	rc = watch_load(w, txn);
	for (uint32_t i = 0; rc == 0 && i < w->list.n; i++)
		if (w->list.item[i].id == b->id)
			listed = &w->list.item[i];
	if (rc != 0 || listed == NULL)
		return rc != 0 ? rc : -ERR_STORE;
	return rebuild_listed(w, txn, listed, now_ms);
}

/* What the places of the stored sums go by. */
static struct span
write_calendar(const struct watch *w, char buf[CALENDAR_BYTES_MAX])
{
	int len =
	    snprintf(buf, CALENDAR_BYTES_MAX, "%d %d %d %s", w->cal.week_start,
		w->cal.day_start, w->cal.month_start, calendar_zone());

	return (struct span){ buf, (size_t)len };
}

bool
watch_has_other_calendar(const struct watch *w, struct store_txn *txn)
{
	char buf[CALENDAR_BYTES_MAX];
	struct span ours = write_calendar(w, buf), theirs;

	return store_get(txn, TABLE_META, meta_calendar, &theirs) != 0 ||
	       theirs.len != ours.len ||
	       memcmp(theirs.p, ours.p, ours.len) != 0;
}

int
watch_take_calendar(struct watch *w, struct store_txn *txn, int64_t now_ms)
{
	char buf[CALENDAR_BYTES_MAX];
	int rc;

	watch_forget(w);
	rc = watch_load(w, txn);
	for (uint32_t i = 0; rc == 0 && i < w->list.n; i++)
		rc = rebuild_listed(w, txn, &w->list.item[i], now_ms);
	return rc == 0 ? store_put(txn, TABLE_META, meta_calendar,
			     write_calendar(w, buf))
		       : rc;
}

/* How many of a budget's stored sums are not what was counted. */
static int
compare_sums(struct watch *w, struct store_txn *txn,
    const struct stored_budget *b, uint64_t *different)
{
	struct budget_sum sum;
	uint64_t stored, counted = 0;
	int rc = budget_sums_count(txn, b->id, &stored);

	for (uint32_t i = 0; rc == 0 && i < w->n_adds; i++) {
		const struct budget_sum *a = &w->adds[i].sum;

		rc = budget_sum_get(txn, b->id, w->adds[i].place, &sum);
		*different += !budget_sum_eq(&sum, a);
		counted += !budget_sum_eq(a, &(struct budget_sum){ 0 });
	}
	*different += stored > counted ? stored - counted : 0;
	return rc;
}

int
watch_check(struct watch *w, struct store_txn *txn,
    void (*differs)(void *arg, const char *what), void *arg)
{
	char what[WATCH_TOLD_MAX];
	uint64_t n;
	int rc = watch_load(w, txn);

	for (uint32_t i = 0; rc == 0 && i < w->list.n; i++) {
		const struct stored_budget *b = &w->list.item[i];

		n = 0;
		rc = recount(w, txn, b);
		if (rc == 0)
			rc = compare_sums(w, txn, b, &n);
		watch_clear_adds(w);
		snprintf(what, sizeof(what),
		    "budget %.*s: sums of %" PRIu64 " periods",
		    (int)b->b.name.len, b->b.name.p, n);
		if (rc == 0 && n > 0)
			differs(arg, what);
	}
	return rc;
}

#include <stdlib.h>

#include "collectord/ledger/query_impl.h"
#include "proto/error.h"

/*
 * A report in steps. The periods are cut into runs of slots, each at the widest
 * level that fits, and the runs are read one after the other; rows gather in
 * memory. Where sessions matter the session table is read instead, which has
 * one level only.
 */

bool
query_make_room(void *items, size_t n, size_t *cap, size_t size)
{
	void **p = items;
	size_t bigger = *cap == 0 ? 64 : *cap * 2;
	void *grown;

	if (n < *cap)
		return true;
	grown = realloc(*p, bigger * size);
	if (grown == NULL)
		return false;
	*p = grown;
	*cap = bigger;
	return true;
}

static bool
copy_patterns(struct ledger_query *lq)
{
	struct text *p;
	size_t i;

	for (i = 0; i < lq->q.nfilter; i++) {
		p = &lq->q.filter[i].pattern;
		if (p->len == 0)
			continue;
		*p = arena_text(&lq->arena, *p);
		if (p->len == 0)
			return false;
	}
	return true;
}

bool
query_is_by(const struct report_query *q, enum report_key key)
{
	size_t i;

	for (i = 0; i < q->nby; i++)
		if (q->by[i] == key)
			return true;
	return false;
}

bool
query_has_key(const struct report_query *q, enum report_key key)
{
	size_t i;

	for (i = 0; i < q->nby; i++)
		if (q->by[i] == key)
			return true;
	for (i = 0; i < q->nfilter; i++)
		if (q->filter[i].key == key)
			return true;
	return false;
}

/* Year 10000 in ms: slots up to there fit their 32 bits. */
#define EDGE_MAX_MS 253402300800000ll

static void
clamp_edges(struct report_query *q)
{
	for (size_t i = 0; i < q->nedges; i++) {
		if (q->edges[i] < 0)
			q->edges[i] = 0;
		if (q->edges[i] > EDGE_MAX_MS)
			q->edges[i] = EDGE_MAX_MS;
	}
}

struct ledger_query *
ledger_query_new(struct ledger *l, struct report_query *q)
{
	struct ledger_query *lq = calloc(1, sizeof(*lq));

	if (lq == NULL)
		return NULL;
	lq->l = l;
	lq->q = *q;
	q->edges = NULL;
	clamp_edges(&lq->q);
	lq->reads_sessions = q->want_sessions || query_has_key(q, KEY_SESSION);
	lq->wants_rule = query_has_key(q, KEY_RULE);
	lq->reads_totals =
	    !lq->reads_sessions && q->nby == 0 && q->nfilter == 0;
	if (!copy_patterns(lq)) {
		ledger_query_free(lq);
		return NULL;
	}
	return lq;
}

static void
end_reading(struct ledger_query *lq)
{
	store_cursor_close(lq->cursor);
	store_cursor_close(lq->dims_cursor);
	store_abort(lq->txn);
	lq->cursor = lq->dims_cursor = NULL;
	lq->txn = NULL;
}

void
ledger_query_free(struct ledger_query *lq)
{
	if (lq == NULL)
		return;
	end_reading(lq);
	free(lq->q.edges);
	free(lq->runs);
	free(lq->dims_group);
	free(lq->session_group);
	free(lq->groups);
	free(lq->names);
	free(lq->rows);
	free(lq->rules);
	imported_free(lq->imported);
	map_release(&lq->group_map);
	map_release(&lq->name_map);
	map_release(&lq->row_map);
	map_release(&lq->seen);
	map_release(&lq->seen_total);
	arena_release(&lq->arena);
	free(lq);
}

/* The widest level that begins at `at` and fits before `end` (seconds). */
static int
widest(const struct ledger_query *lq, int64_t at, int64_t end)
{
	int level = SLOT_LEVELS - 1;

	if (lq->reads_sessions)
		return 0;
	if (end > lq->folded_s)
		end = lq->folded_s;
	while (level > 0 && (at % slot_width_s[level] != 0 ||
				slot_width_s[level] > end - at))
		level--;
	return level;
}

/* How many slots of that level in a row are best. */
static int64_t
length_of_run(const struct ledger_query *lq, int level, int64_t at, int64_t end)
{
	if (level == SLOT_LEVELS - 1 && end > lq->folded_s)
		end = lq->folded_s;
	if (level == SLOT_LEVELS - 1 || lq->reads_sessions ||
	    at >= lq->folded_s)
		return (end - at) / slot_width_s[level];
	return 1;
}

static bool
add_run(struct ledger_query *lq, size_t *cap, struct run run)
{
	struct run *last = lq->nruns > 0 ? &lq->runs[lq->nruns - 1] : NULL;

	if (last != NULL && last->period == run.period &&
	    last->level == run.level && last->to == run.from) {
		last->to = run.to;
		return true;
	}
	if (!query_make_room(&lq->runs, lq->nruns, cap, sizeof(run)))
		return false;
	lq->runs[lq->nruns++] = run;
	return true;
}

static bool
plan(struct ledger_query *lq)
{
	const int64_t *edge = lq->q.edges;
	struct run run = { 0 };
	size_t i, cap = 0;
	int64_t at, end, width, n;

	for (i = 0; i + 1 < lq->q.nedges; i++) {
		end = edge[i + 1] / 1000;
		for (at = edge[i] / 1000; at < end; at += n * width) {
			run.level = (uint8_t)widest(lq, at, end);
			width = slot_width_s[run.level];
			n = length_of_run(lq, run.level, at, end);
			run.period = (uint32_t)i;
			run.from = (uint32_t)(at / width);
			run.to = (uint32_t)(run.from + n);
			if (!add_run(lq, &cap, run))
				return false;
		}
	}
	return true;
}

static int
begin_reading(struct ledger_query *lq)
{
	uint64_t folded = 0;
	int rc = store_begin(lq->l->store, false, &lq->txn);

	if (rc == 0)
		rc = slots_folded(lq->txn, &folded);
	lq->folded_s = (int64_t)(folded >> 32) * slot_width_s[0];

	if (rc == 0)
		rc = intern_count(lq->txn, TABLE_DIMS, &lq->ndims);
	if (rc == 0)
		rc = intern_count(lq->txn, TABLE_SESSIONS, &lq->nsessions);
	if (rc == 0)
		rc = store_cursor_open(lq->txn,
		    lq->reads_sessions ? TABLE_SESSION_SLOTS : TABLE_SLOTS,
		    &lq->cursor);
	if (rc == 0)
		rc = store_cursor_open(lq->txn, TABLE_DIMS, &lq->dims_cursor);
	if (rc != 0)
		return rc;
	lq->dims_group = calloc(lq->ndims + 1, sizeof(*lq->dims_group));
	if (lq->reads_sessions)
		lq->session_group =
		    calloc(lq->nsessions + 1, sizeof(*lq->session_group));
	if (lq->dims_group == NULL ||
	    (lq->reads_sessions && lq->session_group == NULL) || !plan(lq))
		return -ERR_STORE;
	if (lq->has_no_imports)
		return 0;
	return imported_begin(&lq->imported, lq->l, &lq->q, lq->txn);
}

static bool
is_of_totals(const struct ledger_query *lq, const struct run *run)
{
	return lq->reads_totals && run->level > 0;
}

static int
move_cursor(struct ledger_query *lq, const struct run *run, struct span *k,
    struct span *v)
{
	uint8_t buf[9];
	struct wbuf w;

	if (lq->positioned && !is_of_totals(lq, run))
		return store_next(lq->cursor, k, v);
	if (!lq->positioned)
		lq->total_slot = run->from;
	wbuf_init(&w, buf, sizeof(buf));
	if (lq->reads_sessions)
		write_be32(&w, run->from);
	else if (is_of_totals(lq, run))
		slot_key_write(&w, run->level, lq->total_slot, DIMS_TOTAL);
	else
		slot_key_write(&w, run->level, run->from, 0);
	lq->positioned = true;
	return store_seek(lq->cursor, wbuf_span(&w), k, v);
}

/* The row for all dims is the last of its slot. */
static bool
is_wanted(struct ledger_query *lq, const struct run *run, uint32_t slot,
    struct rbuf key)
{
	bool is_total = read_be32(&key) == DIMS_TOTAL;

	if (lq->reads_sessions || run->level == 0)
		return true;
	if (!lq->reads_totals)
		return !is_total;
	lq->total_slot = slot + is_total;
	return is_total;
}

/* One record of the current run, or on to the next run. */
static int
step(struct ledger_query *lq)
{
	const struct run *run = &lq->runs[lq->run];
	struct span k, v;
	struct rbuf key;
	uint8_t level = run->level;
	uint32_t slot;
	int rc;

	rc = move_cursor(lq, run, &k, &v);
	if (rc < 0)
		return rc;
	if (rc == 0) {
		rbuf_init(&key, k);
		if (!lq->reads_sessions)
			level = read_u8(&key);
		slot = read_be32(&key);
		if (level == run->level && slot < run->to)
			return is_wanted(lq, run, slot, key)
				   ? query_take(lq, &key, v, run->period)
				   : 0;
	}
	lq->run++;
	lq->positioned = false;
	return 0;
}

int
ledger_query_step(struct ledger_query *lq, size_t budget)
{
	int rc = 0;

	if (lq->done)
		return 0;
	if (lq->txn == NULL)
		rc = begin_reading(lq);
	while (rc == 0 && lq->run < lq->nruns && budget-- > 0)
		rc = step(lq);
	if (rc == 0 && lq->run < lq->nruns)
		return 1;
	if (rc == 0)
		rc = imported_step(lq->imported, budget > 0 ? budget : 1);
	if (rc == 1)
		return 1;
	if (rc == 0)
		rc = query_finish(lq);
	end_reading(lq);
	return rc;
}

size_t
ledger_query_rows(const struct ledger_query *lq)
{
	return lq->nrows;
}

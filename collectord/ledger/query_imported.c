#include "collectord/ledger/query_imported.h"

#include <stdlib.h>

#include "collectord/ledger/aggregates.h"
#include "collectord/ledger/query_impl.h"
#include "proto/error.h"

#define DAY_MS 86400000ll
/* Less than this is no report of days, so none of them is part of it. */
#define RANGE_MIN_MS (23 * 3600000ll)

/* What one origin tells of one agent's day. */
struct told {
	struct text origin, agent;
	uint32_t day;
	int64_t from_ms, to_ms;
	uint64_t tokens;  /* of all its models: by it origins are compared */
	struct sums sums; /* of what passes the filters */
	uint64_t rows;    /* likewise */
	bool is_out;      /* calls are known, or somebody else tells more */
};

struct imported {
	struct ledger *ledger;
	struct arena arena;
	struct told *told; /* by day */
	size_t n, cap;
	int64_t *edges; /* of all those days, ascending, each once */
	size_t nedges;
	struct ledger_query *calls; /* by agent over those edges */
	struct sums sums;
	uint64_t rows;
	bool done;
};

void
imported_free(struct imported *im)
{
	if (im == NULL)
		return;
	ledger_query_free(im->calls);
	arena_release(&im->arena);
	free(im->told);
	free(im->edges);
	free(im);
}

/* --- Gathering ------------------------------------------------------------ */

/*
 * A filter on what an aggregate cannot know leaves it out, one on an empty text
 * too: that is not "none" but "not told".
 */
static bool
passes(const struct report_query *q, const struct aggregate *a)
{
	const struct text texts[REPORT_KEYS] = { [KEY_AGENT] = a->agent,
		[KEY_PROVIDER] = a->provider,
		[KEY_MODEL] = a->model };
	bool wanted[REPORT_KEYS] = { false }, matched[REPORT_KEYS] = { false };
	size_t i;

	for (i = 0; i < q->nfilter; i++) {
		const struct report_filter *f = &q->filter[i];

		wanted[f->key] = true;
		matched[f->key] = matched[f->key] ||
				  (texts[f->key].len > 0 &&
				      text_matches(texts[f->key], f->pattern));
	}
	for (i = 0; i < REPORT_KEYS; i++)
		if (wanted[i] && !matched[i])
			return false;
	return true;
}

static struct told *
find_told(struct imported *im, const struct aggregate *a)
{
	struct told *t;
	size_t i;

	for (i = im->n; i > 0 && im->told[i - 1].day == a->day; i--) {
		t = &im->told[i - 1];
		if (text_eq(t->origin, a->origin) &&
		    text_eq(t->agent, a->agent))
			return t;
	}
	if (!query_make_room(&im->told, im->n, &im->cap, sizeof(*im->told)))
		return NULL;
	t = &im->told[im->n++];
	*t = (struct told){ .day = a->day,
		.from_ms = a->from_ms,
		.to_ms = a->to_ms,
		.origin = arena_text(&im->arena, a->origin),
		.agent = arena_text(&im->arena, a->agent) };
	return t;
}

/* A day belongs to the range that has its middle: to one of any that follow
 * each other, whatever zone each is of. */
static bool
is_in_range(const struct report_query *q, const struct aggregate *a)
{
	int64_t middle = a->from_ms + (a->to_ms - a->from_ms) / 2;

	return middle >= q->edges[0] && middle < q->edges[q->nedges - 1];
}

static int
gather_one(struct imported *im, const struct report_query *q,
    const struct aggregate *a)
{
	struct told *t;

	if (!is_in_range(q, a))
		return 0;
	t = find_told(im, a);
	if (t == NULL)
		return -ERR_STORE;
	t->tokens += sums_total_tokens(&a->sums);
	/* Imports of one day in two zones: what either calls that day. */
	if (a->from_ms < t->from_ms)
		t->from_ms = a->from_ms;
	if (a->to_ms > t->to_ms)
		t->to_ms = a->to_ms;
	if (!passes(q, a))
		return 0;
	t->rows++;
	return sums_add(&t->sums, &a->sums) ? 0 : -ERR_STORE;
}

static int
gather(struct imported *im, const struct report_query *q, struct span k,
    struct span v, struct store_cursor *c)
{
	int64_t end = q->edges[q->nedges - 1] / DAY_MS + 2;
	struct aggregate a;
	int rc = 0;

	for (; rc == 0; rc = store_next(c, &k, &v)) {
		if (!aggregate_read(k, v, &a))
			return -ERR_STORE;
		if (a.day >= end)
			return 0;
		rc = gather_one(im, q, &a);
		if (rc != 0)
			return rc;
	}
	return rc == STORE_NOTFOUND ? 0 : rc;
}

static int
compare_edges(const void *pa, const void *pb)
{
	const int64_t *a = pa, *b = pb;

	return (*a > *b) - (*a < *b);
}

static int
make_edges(struct imported *im)
{
	size_t i, n = 0;

	im->edges = malloc(2 * im->n * sizeof(*im->edges));
	if (im->edges == NULL)
		return -ERR_STORE;
	for (i = 0; i < im->n; i++) {
		im->edges[n++] = im->told[i].from_ms;
		im->edges[n++] = im->told[i].to_ms;
	}
	qsort(im->edges, n, sizeof(*im->edges), compare_edges);
	for (i = 0; i < n; i++)
		if (i == 0 || im->edges[i] != im->edges[im->nedges - 1])
			im->edges[im->nedges++] = im->edges[i];
	return 0;
}

static int
ask_for_calls(struct imported *im)
{
	struct report_query q = {
		.nedges = im->nedges, .by = { KEY_AGENT }, .nby = 1
	};
	size_t i;

	q.edges = malloc(im->nedges * sizeof(*q.edges));
	if (q.edges == NULL)
		return -ERR_STORE;
	for (i = 0; i < im->nedges; i++)
		q.edges[i] = im->edges[i];
	im->calls = ledger_query_new(im->ledger, &q);
	free(q.edges); /* NULL where they were taken */
	if (im->calls == NULL)
		return -ERR_STORE;
	im->calls->has_no_imports = true;
	return 0;
}

/* At the first row that may belong to the report; STORE_NOTFOUND: none. */
static int
seek_first(const struct report_query *q, struct store_cursor *c, struct span *k,
    struct span *v)
{
	int64_t first = q->edges[0] / DAY_MS - 2;
	uint8_t key[4];

	aggregate_key_of_day(key, first > 0 ? (uint32_t)first : 0);
	return store_seek(c, (struct span){ key, sizeof(key) }, k, v);
}

static int
new_imported(struct imported **out, struct ledger *l,
    const struct report_query *q, struct store_cursor *c)
{
	struct imported *im;
	struct span k, v;
	int rc = seek_first(q, c, &k, &v);

	if (rc != 0)
		return rc == STORE_NOTFOUND ? 0 : rc;
	im = calloc(1, sizeof(*im));
	if (im == NULL)
		return -ERR_STORE;
	im->ledger = l;
	rc = gather(im, q, k, v, c);
	if (rc == 0 && im->n > 0)
		rc = make_edges(im);
	if (rc == 0 && im->n > 0)
		rc = ask_for_calls(im);
	if (rc == 0 && im->n > 0)
		*out = im;
	else
		imported_free(im);
	return rc;
}

int
imported_begin(struct imported **out, struct ledger *l,
    const struct report_query *q, struct store_txn *txn)
{
	struct store_cursor *c;
	int rc;

	*out = NULL;
	if (q->edges[q->nedges - 1] - q->edges[0] < RANGE_MIN_MS)
		return 0;
	rc = store_cursor_open(txn, TABLE_AGGREGATES, &c);
	if (rc != 0)
		return rc;
	rc = new_imported(out, l, q, c);
	store_cursor_close(c);
	return rc;
}

/* --- What of it counts ---------------------------------------------------- */

/* The index of the first row of calls from that period on. */
static size_t
first_row(const struct ledger_query *calls, size_t period)
{
	size_t low = 0, high = calls->nrows, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (calls->rows[middle].period < period)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static size_t
edge_of(const struct imported *im, int64_t ms)
{
	const int64_t *at = bsearch(
	    &ms, im->edges, im->nedges, sizeof(*im->edges), compare_edges);

	return (size_t)(at - im->edges);
}

/* Are there calls of its agent on its day? Of all agents: any call. */
static bool
has_calls(const struct imported *im, const struct told *t)
{
	const struct ledger_query *calls = im->calls;
	size_t end = edge_of(im, t->to_ms);
	size_t i = first_row(calls, edge_of(im, t->from_ms));

	for (; i < calls->nrows && calls->rows[i].period < end; i++)
		if (t->agent.len == 0 ||
		    text_eq(calls->groups[calls->rows[i].group][0], t->agent))
			return true;
	return false;
}

/* Of two who tell of one agent's day, who tells less is out. */
static void
compare_origins(struct told *day, size_t n)
{
	size_t i, k;

	for (i = 0; i < n; i++)
		for (k = i + 1; k < n; k++) {
			if (day[i].is_out || day[k].is_out ||
			    !text_eq(day[i].agent, day[k].agent))
				continue;
			if (day[k].tokens > day[i].tokens)
				day[i].is_out = true;
			else
				day[k].is_out = true;
		}
}

/* Nor does a sum over all agents stand beside those of single ones. */
static void
compare_with_all(struct told *day, size_t n)
{
	uint64_t all = 0, single = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		if (day[i].is_out)
			continue;
		if (day[i].agent.len == 0)
			all += day[i].tokens;
		else
			single += day[i].tokens;
	}
	for (i = 0; i < n; i++)
		if ((day[i].agent.len == 0) != (all > single))
			day[i].is_out = true;
}

static int
add_day(struct imported *im, struct told *day, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		day[i].is_out = has_calls(im, &day[i]);
	compare_origins(day, n);
	compare_with_all(day, n);
	for (i = 0; i < n; i++) {
		if (day[i].is_out)
			continue;
		im->rows += day[i].rows;
		if (!sums_add(&im->sums, &day[i].sums))
			return -ERR_STORE;
	}
	return 0;
}

static int
add_up(struct imported *im)
{
	size_t i, end;
	int rc = 0;

	for (i = 0; rc == 0 && i < im->n; i = end) {
		end = i + 1;
		while (end < im->n && im->told[end].day == im->told[i].day)
			end++;
		rc = add_day(im, &im->told[i], end - i);
	}
	return rc;
}

int
imported_step(struct imported *im, size_t budget)
{
	int rc;

	if (im == NULL || im->done)
		return 0;
	rc = ledger_query_step(im->calls, budget);
	if (rc != 0)
		return rc;
	im->done = true;
	return add_up(im);
}

uint64_t
imported_sums(const struct imported *im, struct sums *s)
{
	if (im == NULL)
		return 0;
	*s = im->sums;
	return im->rows;
}

#include "collectord/ledger/alerts/figures.h"

#include <stdlib.h>

#include "collectord/ledger/query_impl.h"
#include "proto/error.h"

#define STEP_RECORDS 4096

/* By model. What other tools told of is in nobody's total. */
static struct ledger_query *
new_query(struct ledger *l, int64_t from_ms, int64_t to_ms)
{
	struct report_query q = { .nedges = 2, .by = { KEY_MODEL }, .nby = 1 };
	struct ledger_query *lq;

	q.edges = malloc(2 * sizeof(*q.edges));
	if (q.edges == NULL)
		return NULL;
	q.edges[0] = from_ms;
	q.edges[1] = to_ms;
	lq = ledger_query_new(l, &q);
	free(q.edges); /* NULL where it was taken */
	if (lq != NULL)
		lq->has_no_imports = true;
	return lq;
}

/* By cost, then by tokens, then by name. */
static bool
is_above(
    const struct ledger_query *lq, const struct row *a, const struct row *b)
{
	uint64_t x = sums_total_tokens(&a->sums);
	uint64_t y = sums_total_tokens(&b->sums);

	if (a->sums.cost != b->sums.cost)
		return a->sums.cost > b->sums.cost;
	if (x != y)
		return x > y;
	return text_cmp(lq->groups[a->group][0], lq->groups[b->group][0]) < 0;
}

static void
take_top(const struct ledger_query *lq, char top[LIMIT_TEXT + 1],
    struct notice_figures *f)
{
	const struct row *best = NULL;
	struct text name;

	for (size_t i = 0; i < lq->nrows; i++)
		if (best == NULL || is_above(lq, &lq->rows[i], best))
			best = &lq->rows[i];
	if (best == NULL)
		return;
	name = lq->groups[best->group][0];
	if (name.len > 0 && name.len <= LIMIT_TEXT)
		memcpy(top, name.p, name.len);
	f->top = (struct text){ top, name.len <= LIMIT_TEXT ? name.len : 0 };
	f->top_tokens = sums_total_tokens(&best->sums);
	f->top_cost = best->sums.cost;
}

int
figures_of(struct ledger *l, int64_t from_ms, int64_t to_ms,
    char top[LIMIT_TEXT + 1], struct notice_figures *f)
{
	struct ledger_query *lq = new_query(l, from_ms, to_ms);
	int rc = lq == NULL ? -ERR_STORE : 1;

	*f = (struct notice_figures){ .are_known = true };
	while (rc == 1)
		rc = ledger_query_step(lq, STEP_RECORDS);
	if (rc == 0) {
		f->calls = lq->total.n[SUM_CALLS];
		f->tokens = sums_total_tokens(&lq->total);
		f->unpriced_calls = lq->total.n[SUM_UNPRICED_CALLS];
		f->cost = lq->total.cost;
		take_top(lq, top, f);
	}
	ledger_query_free(lq);
	return rc;
}

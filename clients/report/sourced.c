#include "clients/report/sourced.h"

#include <stdlib.h>
#include <string.h>

#include "clients/report/reconciled.h"

const char *const source_names[SOURCE_BAD] = { "seen", "billed", "best" };

const enum report_key source_seen_keys[SOURCE_SEEN_KEYS] = { KEY_PROVIDER,
	KEY_MODEL, KEY_BILLING };

enum source
source_parse(const char *name)
{
	int i;

	if (name == NULL)
		return SOURCE_SEEN;
	for (i = 0; i < SOURCE_BAD; i++)
		if (strcmp(name, source_names[i]) == 0)
			break;
	return (enum source)i;
}

bool
source_is_uncounted(const struct sums *s)
{
	return s->cost != 0 && s->n[SUM_CALLS] == 0 &&
	       sums_total_tokens(s) == 0;
}

/* The best of an account that others use too is what was seen. */
static bool
takes_part(const struct source_query *q, const struct billed_account *a)
{
	if (q->source == SOURCE_BEST)
		return a->gives_cost && !a->is_shared;
	return billed_has_days(a);
}

static bool
is_first(const struct source_query *q, size_t at)
{
	const struct billed_account *a = q->billed->accounts;
	size_t i;

	if (!takes_part(q, &a[at]))
		return false;
	for (i = 0; i < at; i++)
		if (takes_part(q, &a[i]) &&
		    text_eq(a[i].provider, a[at].provider))
			return false;
	return true;
}

/* The row's account, if it is the provider's and takes part. */
static const struct billed_account *
account_of(const struct source_query *q, const struct billed_row *row,
    struct text provider)
{
	const struct billed_account *a = &q->billed->accounts[row->account];

	return takes_part(q, a) && text_eq(a->provider, provider) ? a : NULL;
}

/* Has the provider amounts, and all of them without a model? */
static bool
bills_no_model(const struct source_query *q, struct text provider)
{
	const struct billed_row *row;
	bool any = false;
	size_t i;

	for (i = 0; i < q->billed->n; i++) {
		row = &q->billed->rows[i];
		if (!row->has_amount || account_of(q, row, provider) == NULL)
			continue;
		if (row->model.len > 0)
			return false;
		any = true;
	}
	return any;
}

int
source_check(const struct source_query *q, struct text *provider)
{
	bool by_model = false;
	size_t i;

	for (i = 0; i < q->ask->query.nby; i++)
		by_model |= q->ask->query.by[i] == KEY_MODEL;
	for (i = 0; by_model && i < q->billed->n_accounts; i++) {
		*provider = q->billed->accounts[i].provider;
		if (is_first(q, i) && bills_no_model(q, *provider))
			return -1;
	}
	return 0;
}

/* --- One provider, day by day --------------------------------------------- */

struct source_day {
	money_sum billed, seen;
	bool is_part;   /* some account does not know it whole */
	bool is_billed; /* the choice */
	bool has_counts;
};

/* The day a bill is of, or NULL. */
static struct source_day *
day_of(const struct source_query *q, struct source_day *days, int64_t day_ms)
{
	if (day_ms < q->days[0] || day_ms >= q->days[q->n_days])
		return NULL;
	return &days[(day_ms - q->days[0]) / BILLED_DAY_MS];
}

static void
weigh_row(const struct source_query *q, const struct billed_row *row,
    struct text provider, struct source_day *days)
{
	const struct billed_account *a = account_of(q, row, provider);
	struct source_day *d = day_of(q, days, row->day_ms);
	size_t i;

	if (a == NULL || d == NULL)
		return;
	if (row->has_amount && billed_is_usd(row))
		d->billed += row->amount;
	for (i = 0; i < BILLED_COUNTS; i++)
		d->has_counts |= row->n[i] > 0;
}

static void
find_parts(
    const struct source_query *q, struct text provider, struct source_day *days)
{
	const struct billed_account *a;
	size_t i, d;

	for (i = 0; i < q->billed->n_accounts; i++) {
		a = &q->billed->accounts[i];
		if (!takes_part(q, a) || !text_eq(a->provider, provider))
			continue;
		for (d = 0; d < q->n_days; d++)
			days[d].is_part |=
			    billed_asked_ms(q->billed, i, q->days[d]) == 0;
	}
}

static void
weigh(
    const struct source_query *q, struct text provider, struct source_day *days)
{
	size_t i;

	memset(days, 0, q->n_days * sizeof(*days));
	find_parts(q, provider, days);
	for (i = 0; i < q->billed->n; i++)
		weigh_row(q, &q->billed->rows[i], provider, days);
	for (i = 0; i < q->n_seen; i++)
		if (text_eq(q->seen[i].key[0], provider))
			days[q->seen[i].period].seen +=
			    q->seen[i].sums.cost - q->seen[i].sums.plan_cost;
	for (i = 0; i < q->n_days; i++)
		days[i].is_billed =
		    q->source == SOURCE_BILLED ||
		    (!days[i].is_part && days[i].billed > days[i].seen);
}

/* --- Rows ----------------------------------------------------------------- */

/* The period of the rows wanted that a day lies in. */
static uint32_t
period_of(const struct ask *a, int64_t day_ms)
{
	size_t low = 0, high = a->query.nedges - 1, mid;

	while (high - low > 1) {
		mid = low + (high - low) / 2;
		if (a->query.edges[mid] <= day_ms)
			low = mid;
		else
			high = mid;
	}
	return (uint32_t)low;
}

static struct report_row *
new_row(const struct source_query *q, struct answer *out, int64_t day_ms,
    struct text provider, struct text model)
{
	struct report_row *row = &out->rows[out->n++];
	size_t i;

	*row = (struct report_row){ .period = period_of(q->ask, day_ms) };
	for (i = 0; i < q->ask->query.nby; i++)
		row->key[i] =
		    q->ask->query.by[i] == KEY_MODEL ? model : provider;
	return row;
}

static void
take_billed(const struct source_query *q, const struct billed_row *billed,
    struct text provider, const struct source_day *days, struct answer *out)
{
	const struct billed_account *a = account_of(q, billed, provider);
	const struct source_day *d =
	    day_of(q, (struct source_day *)days, billed->day_ms);
	struct sums *s;

	if (a == NULL || d == NULL || !d->is_billed)
		return;
	s = &new_row(q, out, billed->day_ms, provider, billed->model)->sums;
	if (billed->has_amount && billed_is_usd(billed))
		s->cost = billed->amount;
	s->n[SUM_CALLS] = billed->n[BILLED_REQUESTS];
	s->n[SUM_INPUT] = billed->n[BILLED_INPUT];
	s->n[SUM_CACHE_READ] = billed->n[BILLED_CACHE_READ];
	s->n[SUM_CACHE_WRITE] = billed->n[BILLED_CACHE_WRITE];
	s->n[SUM_OUTPUT] = billed->n[BILLED_OUTPUT];
	if (a->gives_cost)
		return;
	s->n[SUM_UNPRICED_CALLS] = s->n[SUM_CALLS];
	s->n[SUM_UNPRICED_TOKENS] = sums_total_tokens(s);
}

/*
 * Of a day that is billed what was seen has only what no bill shows: the calls
 * that a plan covers and, where the service does not count, the counts.
 */
static void
take_seen(const struct source_query *q, const struct report_row *seen,
    const struct source_day *d, struct answer *out)
{
	struct sums s = seen->sums;

	if (d != NULL && d->is_billed && !text_is(seen->key[2], "plan")) {
		s.cost = s.plan_cost;
		s.n[SUM_UNPRICED_CALLS] = s.n[SUM_UNPRICED_TOKENS] = 0;
		if (d->has_counts)
			memset(s.n, 0, sizeof(s.n));
	}
	if (!sums_is_zero(&s))
		new_row(
		    q, out, q->days[seen->period], seen->key[0], seen->key[1])
		    ->sums = s;
}

static void
take_provider(const struct source_query *q, struct text provider,
    struct source_day *days, struct answer *out)
{
	size_t i;

	weigh(q, provider, days);
	for (i = 0; i < q->billed->n; i++)
		take_billed(q, &q->billed->rows[i], provider, days, out);
	for (i = 0; i < q->n_seen && q->source == SOURCE_BEST; i++)
		if (text_eq(q->seen[i].key[0], provider))
			take_seen(
			    q, &q->seen[i], &days[q->seen[i].period], out);
}

static bool
has_provider(const struct source_query *q, struct text provider)
{
	size_t i;

	for (i = 0; i < q->billed->n_accounts; i++)
		if (takes_part(q, &q->billed->accounts[i]) &&
		    text_eq(q->billed->accounts[i].provider, provider))
			return true;
	return false;
}

static int
cmp_rows(const void *pa, const void *pb, void *arg)
{
	const struct report_row *a = pa, *b = pb;
	const struct source_query *q = arg;
	int c = (a->period > b->period) - (a->period < b->period);
	size_t i;

	for (i = 0; c == 0 && i < q->ask->query.nby; i++)
		c = text_cmp(a->key[i], b->key[i]);
	return c;
}

static void
merge(const struct source_query *q, struct answer *out)
{
	size_t i, n = 0;

	if (out->n > 1)
		qsort_r(
		    out->rows, out->n, sizeof(*out->rows), cmp_rows, (void *)q);
	for (i = 0; i < out->n; i++) {
		(void)sums_add(&out->total.sums, &out->rows[i].sums);
		if (n > 0 &&
		    cmp_rows(&out->rows[n - 1], &out->rows[i], (void *)q) == 0)
			(void)sums_add(
			    &out->rows[n - 1].sums, &out->rows[i].sums);
		else
			out->rows[n++] = out->rows[i];
	}
	out->n = n;
}

int
source_rows(const struct source_query *q, struct answer *out)
{
	struct source_day *days = calloc(q->n_days + 1, sizeof(*days));
	size_t i;

	*out = (struct answer){ .n = 0 };
	out->cap = q->billed->n + q->n_seen + 1;
	out->rows = calloc(out->cap, sizeof(*out->rows));
	if (days == NULL || out->rows == NULL) {
		free(days);
		return -1;
	}
	for (i = 0; i < q->billed->n_accounts; i++)
		if (is_first(q, i))
			take_provider(
			    q, q->billed->accounts[i].provider, days, out);
	for (i = 0; i < q->n_seen && q->source == SOURCE_BEST; i++)
		if (!has_provider(q, q->seen[i].key[0]))
			take_seen(q, &q->seen[i], NULL, out);
	merge(q, out);
	free(days);
	return 0;
}

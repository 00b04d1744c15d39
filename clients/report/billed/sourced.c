#include "clients/report/billed/sourced.h"

#include <stdlib.h>
#include <string.h>

#include "clients/report/billed/reconciled.h"

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
	return (s->cost != 0 || s->n[SUM_UNPRICED_TOKENS] > 0) &&
	       s->n[SUM_CALLS] == 0 && sums_total_tokens(s) == 0;
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
	bool is_foreign; /* some of it is billed in other currencies */
};

/* A row that is still to be added to its like. */
struct part {
	struct report_row row;
	bool is_open; /* its cost, or some of it, is not known in dollars */
};

struct parts {
	struct part *items;
	size_t n;
};

/* The day a bill is of, or NULL. */
static struct source_day *
day_of(const struct source_query *q, struct source_day *days, int64_t day_ms)
{
	if (day_ms < q->days[0] || day_ms >= q->days[q->n_days])
		return NULL;
	return &days[(day_ms - q->days[0]) / BILLED_DAY_MS];
}

/* The best is made of days only that accounts know whole. */
static bool
is_foreign(const struct source_query *q, const struct billed_row *row)
{
	return foreign_is(row) &&
	       (q->source == SOURCE_BILLED ||
		   billed_asked_ms(q->billed, row->account, row->day_ms) != 0);
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
	d->is_foreign |= is_foreign(q, row);
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

/*
 * Dollars cannot be set against another currency; but where nothing that costs
 * was seen, any bill is the better known.
 */
static bool
is_larger(const struct source_day *d)
{
	return d->billed > d->seen || (d->is_foreign && d->seen == 0);
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
		days[i].is_billed = q->source == SOURCE_BILLED ||
				    (!days[i].is_part && is_larger(&days[i]));
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

static struct part *
new_part(const struct source_query *q, struct parts *parts, int64_t day_ms,
    struct text provider, struct text model)
{
	struct part *part = &parts->items[parts->n++];
	size_t i;

	*part = (struct part){ .row = { .period = period_of(q->ask, day_ms) } };
	for (i = 0; i < q->ask->query.nby; i++)
		part->row.key[i] =
		    q->ask->query.by[i] == KEY_MODEL ? model : provider;
	return part;
}

/* Use that is billed in other currencies alone, or whose bill did not come. */
static bool
lacks_dollars(const struct billed_row *row, const struct source_day *d)
{
	if (row->has_amount)
		return !billed_is_usd(row);
	return (d->is_foreign || d->is_part) && d->billed == 0;
}

static void
take_billed(const struct source_query *q, const struct billed_row *billed,
    struct text provider, const struct source_day *days, struct parts *out)
{
	const struct billed_account *a = account_of(q, billed, provider);
	const struct source_day *d =
	    day_of(q, (struct source_day *)days, billed->day_ms);
	struct part *part;
	struct sums *s;

	if (a == NULL || d == NULL || !d->is_billed)
		return;
	part = new_part(q, out, billed->day_ms, provider, billed->model);
	part->is_open = lacks_dollars(billed, d);
	s = &part->row.sums;
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
    const struct source_day *d, struct parts *out)
{
	struct sums s = seen->sums;

	if (d != NULL && d->is_billed && !text_is(seen->key[2], "plan")) {
		s.cost = s.plan_cost;
		if (!d->is_foreign)
			s.n[SUM_UNPRICED_CALLS] = s.n[SUM_UNPRICED_TOKENS] = 0;
		if (d->has_counts)
			memset(s.n, 0, sizeof(s.n));
	}
	if (!sums_is_zero(&s))
		new_part(
		    q, out, q->days[seen->period], seen->key[0], seen->key[1])
		    ->row.sums = s;
}

static void
take_provider(const struct source_query *q, struct text provider,
    struct source_day *days, struct parts *out)
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
cmp_parts(const void *pa, const void *pb, void *arg)
{
	const struct report_row *a = &((const struct part *)pa)->row,
				*b = &((const struct part *)pb)->row;
	const struct source_query *q = arg;
	int c = (a->period > b->period) - (a->period < b->period);
	size_t i;

	for (i = 0; c == 0 && i < q->ask->query.nby; i++)
		c = text_cmp(a->key[i], b->key[i]);
	return c;
}

/* Of a cost that is not all in dollars, or not at all. */
static void
take_price_away(struct sums *s)
{
	uint64_t calls = s->n[SUM_CALLS], tokens = sums_total_tokens(s);

	s->n[SUM_UNPRICED_CALLS] = calls > 0 ? calls : 1;
	s->n[SUM_UNPRICED_TOKENS] = tokens > 0 ? tokens : 1;
}

/* Adds the parts of one row to the first of them. */
static size_t
add_up(const struct source_query *q, struct parts *parts, size_t first)
{
	struct part *to = &parts->items[first];
	size_t i;

	for (i = first + 1; i < parts->n; i++) {
		if (cmp_parts(to, &parts->items[i], (void *)q) != 0)
			break;
		(void)sums_add(&to->row.sums, &parts->items[i].row.sums);
		to->is_open |= parts->items[i].is_open;
	}
	return i;
}

/* Does the account know what some day cost, and be it nothing? */
static bool
knows_day(const struct source_query *q, size_t account)
{
	const struct billed_account *a = &q->billed->accounts[account];
	size_t d;

	if (!takes_part(q, a) || !a->gives_cost)
		return false;
	for (d = 0; d < q->n_days; d++)
		if (billed_asked_ms(q->billed, account, q->days[d]) != 0)
			return true;
	return false;
}

/* Has any account told a cost? What was seen is no bill. */
static bool
knows_cost(const struct source_query *q)
{
	const struct billed_row *row = q->billed->rows;
	size_t i;

	if (q->source != SOURCE_BILLED)
		return true;
	for (i = 0; i < q->billed->n_accounts; i++)
		if (knows_day(q, i))
			return true;
	for (i = 0; i < q->billed->n; i++)
		if (row[i].has_amount &&
		    takes_part(q, &q->billed->accounts[row[i].account]))
			return true;
	return false;
}

static void
merge(const struct source_query *q, struct parts *parts, struct answer *out)
{
	struct part *part;
	size_t i = 0;
	bool any = !knows_cost(q);

	if (parts->n > 1)
		qsort_r(parts->items, parts->n, sizeof(*parts->items),
		    cmp_parts, (void *)q);
	while (i < parts->n) {
		part = &parts->items[i];
		i = add_up(q, parts, i);
		(void)sums_add(&out->total.sums, &part->row.sums);
		any |= part->is_open;
		if (part->is_open)
			take_price_away(&part->row.sums);
		out->rows[out->n++] = part->row;
	}
	if (any)
		take_price_away(&out->total.sums);
}

static void
take_all(
    const struct source_query *q, struct source_day *days, struct parts *out)
{
	size_t i;

	for (i = 0; i < q->billed->n_accounts; i++)
		if (is_first(q, i))
			take_provider(
			    q, q->billed->accounts[i].provider, days, out);
	for (i = 0; i < q->n_seen && q->source == SOURCE_BEST; i++)
		if (!has_provider(q, q->seen[i].key[0]))
			take_seen(q, &q->seen[i], NULL, out);
}

int
source_rows(const struct source_query *q, struct answer *out)
{
	struct source_day *days = calloc(q->n_days + 1, sizeof(*days));
	struct parts parts = { .n = 0 };
	int rc = -1;

	*out = (struct answer){ .n = 0 };
	out->cap = q->billed->n + q->n_seen + 1;
	out->rows = calloc(out->cap, sizeof(*out->rows));
	parts.items = calloc(out->cap, sizeof(*parts.items));
	if (days != NULL && out->rows != NULL && parts.items != NULL) {
		take_all(q, days, &parts);
		merge(q, &parts, out);
		rc = 0;
	}
	free(parts.items);
	free(days);
	return rc;
}

int
source_foreign(const struct source_query *q, struct foreign *out)
{
	const struct billed_row *row = q->billed->rows;
	size_t i;

	*out = (struct foreign){ .n = 0 };
	for (i = 0; i < q->billed->n; i++, row++)
		if (is_foreign(q, row) && row->day_ms >= q->days[0] &&
		    row->day_ms < q->days[q->n_days] &&
		    takes_part(q, &q->billed->accounts[row->account]) &&
		    foreign_add(out, row) != 0)
			return -1;
	return 0;
}

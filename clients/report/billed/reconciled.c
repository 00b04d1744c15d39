#include "clients/report/billed/reconciled.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

/* In the order in which those of one day, provider and model are joined. */
enum part_kind { PART_USD, PART_OTHER_CURRENCY, PART_COUNTS, PART_SEEN };

/* A row of either side. */
struct part {
	int64_t day_ms;
	struct text provider, model; /* model: empty where it is not by model */
	bool is_by_model;
	const char *currency;
	enum part_kind kind;
	const struct billed_row *billed;
	const struct report_row *seen;
	bool is_shared; /* billed by an account that others use too */
};

/* How a provider bills, by account. */
struct way {
	bool is_by_model;
	const char *currency; /* of its amounts; NULL: it has none */
};

struct joining {
	const struct billed *b;
	struct way *ways;
};

/* --- Names of models ------------------------------------------------------ */

/* "-20250929", "-2025-09-29" and "@20250929" are dates; 0: there is none. */
static uint32_t
date_length(struct text t)
{
	static const char *const shapes[] = { "-dddddddd", "-dddd-dd-dd",
		"@dddddddd" };
	uint32_t i, len;
	size_t s;

	for (s = 0; s < COUNT_OF(shapes); s++) {
		len = (uint32_t)strlen(shapes[s]);
		if (t.len <= len)
			continue;
		for (i = 0; i < len; i++) {
			char c = t.p[t.len - len + i];

			if (shapes[s][i] == 'd' ? !isdigit((unsigned char)c)
						: c != shapes[s][i])
				break;
		}
		if (i == len)
			return len;
	}
	return 0;
}

static struct text
bare_model(struct text t)
{
	const char *slash = t.len > 0 ? memrchr(t.p, '/', t.len) : NULL;

	if (slash != NULL && slash + 1 < t.p + t.len) {
		t.len -= (uint32_t)(slash + 1 - t.p);
		t.p = slash + 1;
	}
	t.len -= date_length(t);
	return t;
}

int
reconcile_cmp_model(struct text a, struct text b)
{
	uint32_t len;
	int c = 0;

	a = bare_model(a);
	b = bare_model(b);
	len = a.len < b.len ? a.len : b.len;
	if (len > 0)
		c = strncasecmp(a.p, b.p, len);
	return c != 0 ? c : (a.len > b.len) - (a.len < b.len);
}

/* --- Accounts of a provider ----------------------------------------------- */

static struct text
provider_of(const struct billed *b, const struct billed_row *row)
{
	return b->accounts[row->account].provider;
}

bool
reconcile_has_provider(const struct billed *b, struct text provider)
{
	size_t i;

	for (i = 0; i < b->n_accounts; i++)
		if (billed_has_days(&b->accounts[i]) &&
		    text_eq(b->accounts[i].provider, provider))
			return true;
	return false;
}

bool
reconcile_is_by_model(const struct billed *b, struct text provider)
{
	bool any_amount = false, any_use = false;
	size_t i;

	for (i = 0; i < b->n; i++) {
		const struct billed_row *row = &b->rows[i];

		if (!text_eq(provider_of(b, row), provider))
			continue;
		if (row->has_amount && row->model.len > 0)
			return true;
		any_amount |= row->has_amount;
		any_use |= row->model.len > 0;
	}
	return any_use && !any_amount;
}

/* What the accounts of its provider say of the row's day. */
static void
take_accounts(struct reconcile_row *row, const struct billed *b)
{
	bool gives_cost = false, is_part = false, any = false;
	int64_t at_ms;
	size_t i;

	for (i = 0; i < b->n_accounts; i++) {
		const struct billed_account *a = &b->accounts[i];

		if (!billed_has_days(a) || !text_eq(a->provider, row->provider))
			continue;
		at_ms = billed_asked_ms(b, i, row->day_ms);
		gives_cost |= a->gives_cost;
		is_part |= at_ms == 0;
		row->is_asked |=
		    at_ms == 0 && row->day_ms >= billed_first_ms(b, i);
		if (!any || at_ms < row->at_ms)
			row->at_ms = at_ms;
		any = true;
	}
	row->is_whole = any && !is_part;
	/* Nothing is what a whole day without a row cost. */
	row->has_amount |= row->is_whole && gives_cost;
}

/* --- Joining -------------------------------------------------------------- */

static int
cmp_day(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

/* Of one day, provider and model? */
static int
cmp_place(const struct part *a, const struct part *b)
{
	int c = cmp_day(a->day_ms, b->day_ms);

	if (c == 0)
		c = text_cmp(a->provider, b->provider);
	if (c == 0)
		c = reconcile_cmp_model(a->model, b->model);
	return c;
}

static int
cmp_parts(const void *pa, const void *pb)
{
	const struct part *a = pa, *b = pb;
	int c = cmp_place(a, b);

	if (c == 0)
		c = (int)a->kind - (int)b->kind;
	if (c == 0 && a->kind == PART_OTHER_CURRENCY)
		c = strcmp(a->billed->currency, b->billed->currency);
	/* Which of several names is shown must not be left to chance. */
	return c != 0 ? c : text_cmp(a->model, b->model);
}

/* Dollars where there are any, since only these can be compared. */
static const char *
better_currency(const char *now, const char *other)
{
	if (now == NULL || (other != NULL && strcmp(other, "USD") == 0))
		return other;
	return now;
}

/* Which way the part's provider bills, by one of its accounts. */
static void
take_way(struct part *p, const struct joining *j, struct text model)
{
	size_t i;

	for (i = 0; i < j->b->n_accounts; i++) {
		if (!text_eq(j->b->accounts[i].provider, p->provider))
			continue;
		p->is_by_model = j->ways[i].is_by_model;
		p->currency = better_currency(p->currency, j->ways[i].currency);
	}
	if (p->currency == NULL)
		p->currency = "USD";
	p->model = p->is_by_model ? model : TEXT("");
}

/* Is it of a shared account, and of more than nothing? */
static bool
is_of_others(const struct joining *j, const struct billed_row *row)
{
	bool any = row->has_amount && row->amount != 0;
	size_t i;

	for (i = 0; i < BILLED_COUNTS; i++)
		any |= row->n[i] > 0;
	return any && j->b->accounts[row->account].is_shared;
}

static void
part_of_billed(
    struct part *p, const struct joining *j, const struct billed_row *row)
{
	*p = (struct part){
		.day_ms = row->day_ms,
		.provider = provider_of(j->b, row),
		.kind = PART_COUNTS,
		.billed = row,
		.is_shared = is_of_others(j, row),
	};
	take_way(p, j, row->model);
	if (!row->has_amount)
		return;
	p->kind = billed_is_usd(row) ? PART_USD : PART_OTHER_CURRENCY;
	p->currency = row->currency;
}

static void
part_of_seen(struct part *p, const struct joining *j,
    const struct report_row *row, const int64_t *edges)
{
	*p = (struct part){
		.day_ms = edges[row->period],
		.provider = row->key[0],
		.kind = PART_SEEN,
		.seen = row,
	};
	take_way(p, j, row->key[1]);
}

static struct reconcile_row *
new_row(struct reconciled *r, const struct part *p)
{
	struct reconcile_row *row = &r->rows[r->n++];

	*row = (struct reconcile_row){
		.day_ms = p->day_ms,
		.provider = p->provider,
		.model = p->model,
		.is_by_model = p->is_by_model,
	};
	snprintf(row->currency, sizeof(row->currency), "%s", p->currency);
	return row;
}

/* Counts and what was seen go to the first row of their place. */
static struct reconcile_row *
row_for(struct reconciled *r, const struct part *p, bool is_new, size_t first)
{
	size_t i;

	if (is_new)
		return new_row(r, p);
	if (p->kind == PART_COUNTS || p->kind == PART_SEEN)
		return &r->rows[first];
	for (i = first; i < r->n; i++)
		if (strcmp(r->rows[i].currency, p->billed->currency) == 0)
			return &r->rows[i];
	return new_row(r, p);
}

static void
add_billed(struct reconcile_row *row, const struct billed_row *billed)
{
	size_t i;

	if (billed->has_amount) {
		row->has_amount = true;
		row->amount += billed->amount;
	}
	for (i = 0; i < BILLED_COUNTS; i++) {
		row->n[i] += billed->n[i];
		row->has_counts |= i != BILLED_REQUESTS && billed->n[i] > 0;
	}
	row->elsewhere += billed->elsewhere;
	row->batch_amount += billed->batch_amount;
	row->batch_tokens += billed->batch_tokens;
}

static void
add_part(struct reconcile_row *row, const struct part *p)
{
	row->is_shared |= p->is_shared;
	if (p->billed != NULL) {
		add_billed(row, p->billed);
		return;
	}
	(void)sums_add(&row->seen, &p->seen->sums);
	row->seen_cost = row->seen.cost - row->seen.plan_cost;
}

static void
join(struct reconciled *r, const struct part *parts, size_t n)
{
	size_t i, first = 0;
	bool is_new;

	for (i = 0; i < n; i++) {
		is_new = i == 0 || cmp_place(&parts[i - 1], &parts[i]) != 0;
		if (is_new)
			first = r->n;
		add_part(row_for(r, &parts[i], is_new, first), &parts[i]);
	}
}

/* Rows of one day and provider stand together. */
static void
look_around(struct reconciled *r)
{
	size_t i, j, end;
	bool saw;

	for (i = 0; i < r->n; i = end) {
		saw = false;
		for (end = i;
		     end < r->n && r->rows[end].day_ms == r->rows[i].day_ms &&
		     text_eq(r->rows[end].provider, r->rows[i].provider);
		     end++)
			saw |= r->rows[end].seen.n[SUM_CALLS] > 0;
		for (j = i; j < end; j++)
			r->rows[j].saw_provider = saw;
	}
}

static void
judge(struct reconciled *r, const struct billed *b)
{
	struct reconcile_row *row;

	look_around(r);
	for (row = r->rows; row < r->rows + r->n; row++) {
		take_accounts(row, b);
		reconcile_judge(row);
		r->open += !row->has_difference;
		if (!row->has_difference)
			continue;
		r->seen += row->seen_cost;
		r->billed += row->amount;
		r->difference += row->difference;
		r->elsewhere += row->elsewhere;
	}
}

static void
find_ways(const struct joining *j)
{
	const struct billed *b = j->b;
	size_t i, a;

	for (a = 0; a < b->n_accounts; a++)
		j->ways[a].is_by_model =
		    reconcile_is_by_model(b, b->accounts[a].provider);
	for (i = 0; i < b->n; i++) {
		a = b->rows[i].account;
		if (b->rows[i].has_amount)
			j->ways[a].currency = better_currency(
			    j->ways[a].currency, b->rows[i].currency);
	}
}

static size_t
make_parts(const struct joining *j, struct part *parts,
    const struct report_row *seen, size_t n_seen, const int64_t *edges)
{
	size_t i, n = 0;

	for (i = 0; i < j->b->n; i++)
		part_of_billed(&parts[n++], j, &j->b->rows[i]);
	for (i = 0; i < n_seen; i++)
		if (reconcile_has_provider(j->b, seen[i].key[0]))
			part_of_seen(&parts[n++], j, &seen[i], edges);
	return n;
}

int
reconcile(struct reconciled *out, const struct billed *b,
    const struct report_row *seen, size_t n_seen, const int64_t *edges)
{
	struct joining j = { .b = b };
	struct part *parts = calloc(b->n + n_seen + 1, sizeof(*parts));
	size_t n;
	int rc = -1;

	*out = (struct reconciled){ .n = 0 };
	out->rows = calloc(b->n + n_seen + 1, sizeof(*out->rows));
	j.ways = calloc(b->n_accounts + 1, sizeof(*j.ways));
	if (parts != NULL && out->rows != NULL && j.ways != NULL) {
		find_ways(&j);
		n = make_parts(&j, parts, seen, n_seen, edges);
		qsort(parts, n, sizeof(*parts), cmp_parts);
		join(out, parts, n);
		judge(out, b);
		rc = 0;
	}
	free(parts);
	free(j.ways);
	if (rc != 0)
		reconciled_free(out);
	return rc;
}

void
reconciled_free(struct reconciled *r)
{
	free(r->rows);
	*r = (struct reconciled){ .n = 0 };
}

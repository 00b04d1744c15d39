#include "clients/report/billed/unseen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/common/output.h"
#include "clients/report/billed/bills.h"
#include "clients/report/field.h"
#include "clients/report/billed/utc.h"

static bool
counts(const struct billed_account *a)
{
	return a->gives_cost && !a->is_shared;
}

/* Narrows [from, to) to the days an account knows whole; false: none. */
static bool
find_days(
    const struct billed *b, size_t account, int64_t *from_ms, int64_t *to_ms)
{
	if (!counts(&b->accounts[account]))
		return false;
	while (*from_ms < *to_ms && billed_asked_ms(b, account, *from_ms) == 0)
		*from_ms += BILLED_DAY_MS;
	while (*from_ms < *to_ms &&
	       billed_asked_ms(b, account, *to_ms - BILLED_DAY_MS) == 0)
		*to_ms -= BILLED_DAY_MS;
	return *from_ms < *to_ms;
}

static bool
has_days(const struct billed *b, size_t account, int64_t from_ms, int64_t to_ms)
{
	return find_days(b, account, &from_ms, &to_ms);
}

bool
unseen_is_possible(const struct billed *b, int64_t from_ms, int64_t to_ms)
{
	size_t i;

	for (i = 0; i < b->n_accounts; i++)
		if (has_days(b, i, from_ms, to_ms))
			return true;
	return false;
}

/* The days that are told of, over all accounts. */
static void
widen(struct unseen *u, size_t account, int64_t from_ms, int64_t to_ms)
{
	if (!find_days(&u->billed, account, &from_ms, &to_ms))
		return;
	if (!u->is_known || from_ms < u->from_ms)
		u->from_ms = from_ms;
	if (!u->is_known || to_ms > u->to_ms)
		u->to_ms = to_ms;
	u->is_known = true;
}

/* A row of a day that its account knows whole, if the account counts. */
static bool
is_told(const struct unseen *u, const struct billed_row *row,
    const int64_t *edges, size_t n_days)
{
	return row->has_amount && row->day_ms >= edges[0] &&
	       row->day_ms < edges[n_days] &&
	       counts(&u->billed.accounts[row->account]) &&
	       billed_asked_ms(&u->billed, row->account, row->day_ms) != 0;
}

/* The day's bill that a row of dollars is part of, if of that provider. */
static money_sum *
day_of(const struct unseen *u, const struct billed_row *row,
    struct text provider, const int64_t *edges, size_t n_days, money_sum *day)
{
	if (!billed_is_usd(row) || !is_told(u, row, edges, n_days) ||
	    !text_eq(u->billed.accounts[row->account].provider, provider))
		return NULL;
	return &day[(row->day_ms - edges[0]) / BILLED_DAY_MS];
}

static int
add_foreign(struct unseen *u, const int64_t *edges, size_t n_days)
{
	const struct billed_row *row = u->billed.rows;
	size_t i;

	for (i = 0; i < u->billed.n; i++, row++)
		if (foreign_is(row) && is_told(u, row, edges, n_days)) {
			if (foreign_add(&u->foreign, row) != 0)
				return -1;
			u->is_named[row->account] = true;
		}
	return 0;
}

/* What is left of each day's bill when what was seen is taken off. */
static void
add_provider(struct unseen *u, struct text provider,
    const struct report_row *seen, size_t n_seen, const int64_t *edges,
    size_t n_days, money_sum *day)
{
	const struct billed_row *row, *end = u->billed.rows + u->billed.n;
	money_sum *bill;
	size_t i;

	memset(day, 0, n_days * sizeof(*day));
	for (row = u->billed.rows; row < end; row++) {
		bill = day_of(u, row, provider, edges, n_days, day);
		if (bill != NULL)
			*bill += row->amount;
	}
	for (i = 0; i < n_seen; i++)
		if (text_eq(seen[i].key[0], provider))
			day[seen[i].period] -=
			    seen[i].sums.cost - seen[i].sums.plan_cost;
	for (i = 0; i < n_days; i++)
		if (day[i] > 0)
			u->amount += day[i];
	for (row = u->billed.rows; row < end; row++) {
		bill = day_of(u, row, provider, edges, n_days, day);
		if (bill != NULL && *bill > 0 && row->amount > 0)
			u->is_named[row->account] = true;
	}
}

static bool
is_first_of_provider(const struct billed *b, size_t at)
{
	size_t i;

	for (i = 0; i < at; i++)
		if (text_eq(b->accounts[i].provider, b->accounts[at].provider))
			return false;
	return true;
}

int
unseen_sum(struct unseen *u, const struct report_row *seen, size_t n_seen,
    const int64_t *edges, size_t n_days)
{
	const struct billed *b = &u->billed;
	money_sum *day = calloc(n_days, sizeof(*day));
	size_t i;

	u->is_named = calloc(b->n_accounts + 1, sizeof(*u->is_named));
	if (day == NULL || u->is_named == NULL) {
		free(day);
		return -1;
	}
	for (i = 0; i < b->n_accounts; i++) {
		widen(u, i, edges[0], edges[n_days]);
		if (is_first_of_provider(b, i))
			add_provider(u, b->accounts[i].provider, seen, n_seen,
			    edges, n_days, day);
	}
	free(day);
	return add_foreign(u, edges, n_days);
}

void
unseen_free(struct unseen *u)
{
	billed_free(&u->billed);
	foreign_free(&u->foreign);
	free(u->is_named);
	*u = (struct unseen){ .amount = 0 };
}

void
unseen_amount(
    const struct setup *s, const struct unseen *u, char buf[FIGURE_MAX])
{
	struct sums sums = { .cost = u->amount };

	sums.n[SUM_CALLS] = 1;
	sums.n[SUM_UNPRICED_CALLS] = u->foreign.n > 0;
	figure_cost_as(&sums, setup_decimals(s), buf);
}

void
unseen_put_note(const struct setup *s, const struct unseen *u)
{
	char names[BILLS_NAMES_MAX] = "", from[CALENDAR_TEXT_MAX],
	     to[CALENDAR_TEXT_MAX];
	size_t i;

	for (i = 0; i < u->billed.n_accounts; i++)
		if (u->is_named[i])
			bills_add_name(&u->billed, i, names);
	utc_format_day(u->from_ms, from);
	utc_format_day(u->to_ms - BILLED_DAY_MS, to);
	if (names[0] != '\0')
		printf(_("unseen: billed by %s beyond what was seen here, "
			 "%s to %s (UTC)\n"),
		    names, from, to);
	else
		printf(_("unseen: nothing was billed beyond what was seen "
			 "here, %s to %s (UTC)\n"),
		    from, to);
	foreign_put(s, &u->billed, &u->foreign);
}

static void
json_names(const struct unseen *u)
{
	bool first = true;
	size_t i;

	fputs(",\"accounts\":[", stdout);
	for (i = 0; i < u->billed.n_accounts; i++) {
		if (!u->is_named[i])
			continue;
		if (!first)
			putchar(',');
		json_put_text(stdout, u->billed.accounts[i].name);
		first = false;
	}
	putchar(']');
}

void
unseen_json(const struct unseen *u)
{
	char from[CALENDAR_TEXT_MAX], to[CALENDAR_TEXT_MAX];

	utc_format_day(u->from_ms, from);
	utc_format_day(u->to_ms - BILLED_DAY_MS, to);
	fputs("\"unseen\":{\"cost_usd\":", stdout);
	if (u->amount == 0 && u->foreign.n > 0)
		fputs("null", stdout);
	else
		field_put_money(stdout, u->amount);
	printf(",\"from\":\"%s\",\"to\":\"%s\"", from, to);
	json_names(u);
	putchar(',');
	foreign_json(&u->billed, &u->foreign);
	putchar('}');
}

#include "clients/report/unseen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/common/output.h"
#include "clients/report/bills.h"
#include "clients/report/field.h"
#include "clients/report/utc.h"

#define NAMES_MAX 240

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

static void
add_other(struct unseen *u, const struct billed_row *row)
{
	size_t i;

	for (i = 0; i < u->n_others; i++)
		if (strcmp(u->others[i].currency, row->currency) == 0)
			break;
	if (i == UNSEEN_OTHERS_MAX)
		return;
	if (i == u->n_others) {
		memcpy(u->others[i].currency, row->currency,
		    sizeof(row->currency));
		u->others[i].amount = 0;
		u->n_others++;
	}
	u->others[i].amount += row->amount;
}

/* Adds a row to its day's bill if it is one of that provider that counts. */
static void
add_row(struct unseen *u, const struct billed_row *row, struct text provider,
    const int64_t *edges, size_t n_days, money_sum *day)
{
	const struct billed_account *a = &u->billed.accounts[row->account];

	if (!row->has_amount || row->day_ms < edges[0] ||
	    row->day_ms >= edges[n_days] || !counts(a) ||
	    !text_eq(a->provider, provider) ||
	    billed_asked_ms(&u->billed, row->account, row->day_ms) == 0)
		return;
	if (billed_is_usd(row))
		day[(row->day_ms - edges[0]) / BILLED_DAY_MS] += row->amount;
	else
		add_other(u, row);
}

/* What is left of each day's bill when what was seen is taken off. */
static void
add_provider(struct unseen *u, struct text provider,
    const struct report_row *seen, size_t n_seen, const int64_t *edges,
    size_t n_days, money_sum *day)
{
	size_t i;

	memset(day, 0, n_days * sizeof(*day));
	for (i = 0; i < u->billed.n; i++)
		add_row(u, &u->billed.rows[i], provider, edges, n_days, day);
	for (i = 0; i < n_seen; i++)
		if (text_eq(seen[i].key[0], provider))
			day[seen[i].period] -=
			    seen[i].sums.cost - seen[i].sums.plan_cost;
	for (i = 0; i < n_days; i++)
		if (day[i] > 0)
			u->amount += day[i];
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

	if (day == NULL)
		return -1;
	for (i = 0; i < b->n_accounts; i++) {
		widen(u, i, edges[0], edges[n_days]);
		if (is_first_of_provider(b, i))
			add_provider(u, b->accounts[i].provider, seen, n_seen,
			    edges, n_days, day);
	}
	free(day);
	return 0;
}

void
unseen_free(struct unseen *u)
{
	billed_free(&u->billed);
	*u = (struct unseen){ .amount = 0 };
}

/* "openai, anthropic/work", cut to fit. */
static void
list_names(const struct unseen *u, char out[NAMES_MAX])
{
	size_t i, len = 0;
	char name[80];

	out[0] = '\0';
	for (i = 0; i < u->billed.n_accounts; i++) {
		if (!has_days(&u->billed, i, u->from_ms, u->to_ms))
			continue;
		table_clean(u->billed.accounts[i].name, name, sizeof(name));
		if (strlen(name) + 2 >= NAMES_MAX - len)
			return;
		len += (size_t)snprintf(out + len, NAMES_MAX - len, "%s%s",
		    len > 0 ? ", " : "", name);
	}
}

void
unseen_put_note(const struct setup *s, const struct unseen *u)
{
	char names[NAMES_MAX], from[CALENDAR_TEXT_MAX], to[CALENDAR_TEXT_MAX],
	    amount[BILLS_AMOUNT_MAX];
	size_t i;

	list_names(u, names);
	utc_format_day(u->from_ms, from);
	utc_format_day(u->to_ms - BILLED_DAY_MS, to);
	printf(_("unseen: billed by %s beyond what was seen here, %s to %s "
		 "(UTC)\n"),
	    names, from, to);
	for (i = 0; i < u->n_others; i++) {
		bills_amount(
		    s, u->others[i].amount, u->others[i].currency, amount);
		printf(_("billed too, in no sum: %s\n"), amount);
	}
}

static void
json_names(const struct unseen *u)
{
	bool first = true;
	size_t i;

	fputs(",\"accounts\":[", stdout);
	for (i = 0; i < u->billed.n_accounts; i++) {
		if (!has_days(&u->billed, i, u->from_ms, u->to_ms))
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
	size_t i;

	utc_format_day(u->from_ms, from);
	utc_format_day(u->to_ms - BILLED_DAY_MS, to);
	fputs("\"unseen\":{\"cost_usd\":", stdout);
	field_put_money(stdout, u->amount);
	printf(",\"from\":\"%s\",\"to\":\"%s\"", from, to);
	json_names(u);
	fputs(",\"other_currencies\":[", stdout);
	for (i = 0; i < u->n_others; i++) {
		fputs(i > 0 ? ",{\"currency\":" : "{\"currency\":", stdout);
		json_put_str(stdout, u->others[i].currency);
		fputs(",\"amount\":", stdout);
		field_put_money(stdout, u->others[i].amount);
		putchar('}');
	}
	fputs("]}", stdout);
}

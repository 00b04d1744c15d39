#include "clients/report/billed/bills.h"

#include <stdio.h>
#include <string.h>

#include "clients/common/output.h"
#include "clients/report/billed/utc.h"

void
bills_amount(const struct setup *s, money_sum amount, const char *currency,
    char buf[BILLS_AMOUNT_MAX])
{
	char money[MONEY_TEXT_MAX];

	if (strcmp(currency, "USD") == 0) {
		figure_money_as(amount, setup_decimals(s), buf);
		return;
	}
	if (s->opts->exact)
		money_format(amount, money);
	else
		money_format_rounded(amount, 2, money);
	snprintf(buf, BILLS_AMOUNT_MAX, "%s %s", money, currency);
}

void
bills_add_name(
    const struct billed *b, size_t account, char names[BILLS_NAMES_MAX])
{
	const char *between = names[0] != '\0' ? _(", ") : "";
	size_t len = strlen(names);
	char name[80];

	table_clean(b->accounts[account].name, name, sizeof(name));
	if (strlen(between) + strlen(name) < BILLS_NAMES_MAX - len)
		snprintf(
		    names + len, BILLS_NAMES_MAX - len, "%s%s", between, name);
}

static void
put_unknown(const struct billed *b, size_t at, const char *name)
{
	int64_t first_ms = billed_first_ms(b, at);
	char first[CALENDAR_TEXT_MAX];

	if (first_ms == 0 || first_ms < b->to_ms) {
		printf(_("%s: no day of these is known whole yet\n"), name);
		return;
	}
	utc_format_day(first_ms, first);
	printf(_("%s: days before %s are not asked for\n"), name, first);
}

static void
put_account(const struct setup *s, const struct billed *b, size_t at)
{
	const struct billed_account *a = &b->accounts[at];
	char name[80], from[CALENDAR_TEXT_MAX], to[CALENDAR_TEXT_MAX],
	    ago[FIGURE_MAX];
	struct billed_run last;

	table_clean(a->name, name, sizeof(name));
	if (!billed_last_days(b, at, &last)) {
		put_unknown(b, at, name);
		return;
	}
	utc_format_day(last.from_ms, from);
	utc_format_day(last.to_ms - BILLED_DAY_MS, to);
	figure_ago(s->now_ms - last.at_ms, ago);
	if (a->is_shared)
		printf(_("%s (shared): complete from %s to %s, asked %s\n"),
		    name, from, to, ago);
	else
		printf(_("%s: complete from %s to %s, asked %s\n"), name, from,
		    to, ago);
}

bool
bills_has_days(const struct billed *b)
{
	size_t i;

	for (i = 0; i < b->n_accounts; i++)
		if (billed_has_days(&b->accounts[i]))
			return true;
	return false;
}

bool
bills_knows_days(const struct billed *b)
{
	struct billed_run last;
	size_t i;

	for (i = 0; i < b->n_accounts; i++)
		if (billed_has_days(&b->accounts[i]) &&
		    billed_last_days(b, i, &last))
			return true;
	return false;
}

bool
bills_knows_all(const struct billed *b, int64_t from_ms, int64_t to_ms)
{
	int64_t day_ms;
	size_t i;

	for (i = 0; i < b->n_accounts; i++)
		for (day_ms = from_ms; day_ms < to_ms; day_ms += BILLED_DAY_MS)
			if (billed_has_days(&b->accounts[i]) &&
			    billed_asked_ms(b, i, day_ms) == 0)
				return false;
	return true;
}

void
bills_put_accounts(const struct setup *s, const struct billed *b)
{
	size_t i;

	for (i = 0; i < b->n_accounts; i++)
		if (billed_has_days(&b->accounts[i]))
			put_account(s, b, i);
}

static void
json_days(const struct billed_run *last)
{
	char from[CALENDAR_TEXT_MAX], to[CALENDAR_TEXT_MAX],
	    at[CALENDAR_TEXT_MAX];

	utc_format_day(last->from_ms, from);
	utc_format_day(last->to_ms - BILLED_DAY_MS, to);
	calendar_format_utc(last->at_ms, at);
	printf(",\"complete_from\":\"%s\",\"complete_to\":\"%s\","
	       "\"last_complete\":\"%s\"}",
	    from, to, at);
}

static void
json_account(const struct billed *b, size_t at)
{
	const struct billed_account *a = &b->accounts[at];
	struct billed_run last;

	fputs("{\"name\":", stdout);
	json_put_text(stdout, a->name);
	fputs(",\"provider\":", stdout);
	json_put_text(stdout, a->provider);
	printf(",\"shared\":%s,\"gives_cost\":%s,\"gives_usage\":%s",
	    a->is_shared ? "true" : "false", a->gives_cost ? "true" : "false",
	    a->gives_usage ? "true" : "false");
	if (billed_last_days(b, at, &last))
		json_days(&last);
	else
		fputs(",\"complete_from\":null,\"complete_to\":null,"
		      "\"last_complete\":null}",
		    stdout);
}

static void
json_quantity(const struct billed *b, const struct billed_row *row)
{
	char day[CALENDAR_TEXT_MAX], quantity[MONEY_TEXT_MAX];

	utc_format_day(row->day_ms, day);
	money_format(row->quantity, quantity);
	printf("{\"day\":\"%s\",\"account\":", day);
	json_put_text(stdout, b->accounts[row->account].name);
	fputs(",\"model\":", stdout);
	if (row->model.len > 0)
		json_put_text(stdout, row->model);
	else
		fputs("null", stdout);
	fputs(",\"unit\":", stdout);
	json_put_text(stdout, row->unit);
	printf(",\"quantity\":%s}", quantity);
}

void
bills_json_quantities(const struct billed *b)
{
	bool first = true;
	size_t i;

	fputs("\"quantities\":[", stdout);
	for (i = 0; i < b->n; i++) {
		if (b->rows[i].unit.len == 0)
			continue;
		fputs(first ? "\n  " : ",\n  ", stdout);
		json_quantity(b, &b->rows[i]);
		first = false;
	}
	putchar(']');
}

void
bills_json_accounts(const struct billed *b)
{
	bool first = true;
	size_t i;

	fputs("\"accounts\":[", stdout);
	for (i = 0; i < b->n_accounts; i++) {
		if (!billed_has_days(&b->accounts[i]))
			continue;
		fputs(first ? "\n  " : ",\n  ", stdout);
		json_account(b, i);
		first = false;
	}
	putchar(']');
}

#include <criterion/criterion.h>
#include <stdio.h>

#include "clients/common/figure.h"
#include "clients/report/reconcile_table.h"
#include "clients/report/reconciled.h"
#include "clients/report/sourced.h"
#include "clients/report/unseen.h"

#define DAY 1778544000000ll /* 2026-05-12T00:00:00Z */
#define DAYS(n) (DAY + (n)*BILLED_DAY_MS)
#define ROWS_MAX 16

static struct packer packed;
static struct billed billed;
static struct reconciled all;
static struct report_row seen[ROWS_MAX];
static size_t n_seen;
static const int64_t days[] = { DAYS(0), DAYS(1), DAYS(2), DAYS(3) };

static void
teardown(void)
{
	packer_free(&packed);
	billed_free(&billed);
	reconciled_free(&all);
}

TestSuite(reconcile, .fini = teardown, .timeout = 30);
TestSuite(judge, .timeout = 30);
TestSuite(unseen, .fini = teardown, .timeout = 30);
TestSuite(foreign, .timeout = 30);
TestSuite(source, .fini = teardown, .timeout = 30);

static money_sum
usd(const char *text)
{
	money_sum pico;

	cr_assert_eq(money_parse_sum(text, strlen(text), &pico), 0,
	    "%s is no money", text);
	return pico;
}

static const char *
money(money_sum pico)
{
	static char bufs[4][MONEY_TEXT_MAX];
	static int at;
	char *buf = bufs[at++ % 4];

	money_format(pico, buf);
	return buf;
}

#define EXPECT_USD(got, want, what)                                            \
	cr_expect((got) == usd(want), "%s is %s, expected %s", what,           \
	    money(got), want)

/* --- An answer to billed, packed as the daemon packs it ------------------- */

struct bill {
	int day;
	const char *name, *model, *currency, *amount;
	unsigned input, output;
};

struct account {
	const char *name, *provider;
	bool is_shared;
	const char *gives; /* one of cost and usage, or both; its feed too */
	int from, to;      /* days that are whole */
	int64_t at_ms;
};

static void
pack_bill(const struct bill *b)
{
	pack_map(&packed, 8);
	pack_str(&packed, "day");
	pack_i64(&packed, DAYS(b->day));
	pack_str(&packed, "name");
	pack_str(&packed, b->name);
	pack_str(&packed, "model");
	pack_str(&packed, b->model);
	pack_str(&packed, "currency");
	pack_str(&packed, b->currency);
	pack_str(&packed, "amount");
	pack_str(&packed, b->amount);
	pack_str(&packed, "input_tokens");
	pack_u64(&packed, b->input);
	pack_str(&packed, "output_tokens");
	pack_u64(&packed, b->output);
	pack_str(&packed, "requests");
	pack_u64(&packed, b->input > 0);
}

static void
pack_account(const struct account *a)
{
	bool cost = strstr(a->gives, "cost") != NULL;
	bool usage = strstr(a->gives, "usage") != NULL;

	pack_map(&packed, 8);
	pack_str(&packed, "name");
	pack_str(&packed, a->name);
	pack_str(&packed, "feed");
	pack_str(&packed, a->gives);
	pack_str(&packed, "provider");
	pack_str(&packed, a->provider);
	pack_str(&packed, "shared");
	pack_bool(&packed, a->is_shared);
	pack_str(&packed, "gives");
	pack_array(&packed, (uint32_t)(cost + usage));
	if (cost)
		pack_str(&packed, "cost");
	if (usage)
		pack_str(&packed, "usage");
	pack_str(&packed, "from");
	pack_i64(&packed, DAYS(a->from));
	pack_str(&packed, "to");
	pack_i64(&packed, DAYS(a->to));
	pack_str(&packed, "at");
	pack_i64(&packed, a->at_ms);
}

static struct wire_cursor
pack_answer(const struct bill *bills, size_t n, const struct account *accounts,
    size_t n_accounts)
{
	size_t i;

	packer_clear(&packed);
	pack_map(&packed, 2);
	pack_str(&packed, "rows");
	pack_array(&packed, (uint32_t)n);
	for (i = 0; i < n; i++)
		pack_bill(&bills[i]);
	pack_str(&packed, "complete");
	pack_array(&packed, (uint32_t)n_accounts);
	for (i = 0; i < n_accounts; i++)
		pack_account(&accounts[i]);
	cr_assert(!packed.failed);
	return (struct wire_cursor){ (const uint8_t *)packed.p,
		(const uint8_t *)packed.p + packed.len };
}

static void
take(const struct bill *bills, size_t n, const struct account *accounts,
    size_t n_accounts)
{
	int64_t next;
	int rc;

	billed_free(&billed);
	rc = billed_take(
	    &billed, pack_answer(bills, n, accounts, n_accounts), &next);
	cr_assert_eq(rc, 0, "the answer was refused: %d", rc);
	cr_assert_eq(next, 0, "there is more from %lld", (long long)next);
	n_seen = 0;
}

static struct sums *
see(uint32_t day, const char *provider, const char *model, const char *cost)
{
	struct report_row *row = &seen[n_seen++];

	*row = (struct report_row){ .period = day };
	row->key[0] = text_of(provider);
	row->key[1] = text_of(model);
	row->sums.n[SUM_CALLS] = 1;
	row->sums.n[SUM_INPUT] = 1000;
	row->sums.cost = usd(cost);
	return &row->sums;
}

static void
join(size_t want)
{
	cr_assert_eq(reconcile(&all, &billed, seen, n_seen, days), 0);
	cr_assert_eq(all.n, want, "%zu rows, expected %zu", all.n, want);
}

static void
expect_row(size_t at, const char *model, const char *seen_usd,
    const char *billed_usd, const char *difference, const char *cause)
{
	const struct reconcile_row *row = &all.rows[at];

	cr_expect(text_is(row->model, model), "row %zu is of %.*s, not %s", at,
	    (int)row->model.len, row->model.p, model);
	EXPECT_USD(row->seen_cost, seen_usd, "seen");
	cr_expect_eq(row->has_amount, billed_usd != NULL,
	    "row %zu: the bill is %s", at, row->has_amount ? "known" : "not");
	if (billed_usd != NULL)
		EXPECT_USD(row->amount, billed_usd, "billed");
	cr_expect_eq(row->has_difference, difference != NULL,
	    "row %zu has %s difference", at, row->has_difference ? "a" : "no");
	if (difference != NULL)
		EXPECT_USD(row->difference, difference, "the difference");
	cr_expect_str_eq(reconcile_cause_names[row->cause], cause,
	    "row %zu: %s, expected %s", at, reconcile_cause_names[row->cause],
	    cause);
}

#define LATE DAYS(20)
static const struct account usual[] = {
	{ "openai", "openai", false, "cost usage", 0, 3, LATE },
};

/* --- The judgement -------------------------------------------------------- */

struct judged {
	const char *what;
	const char *seen, *plan, *billed; /* billed NULL: unknown */
	/* Tokens: seen input, cache write; billed input, cache write. */
	unsigned in, write, b_in, b_write;
	bool is_shared, saw_provider, has_unpriced, is_fee;
	const char *cause;
};

static const struct judged cases[] = {
	{ "the same", "1", "0", "1", 9, 0, 9, 0, 0, 1, 0, 0, "none" },
	{ "a cent", "1", "0", "1.01", 9, 0, 9, 0, 0, 1, 0, 0, "none" },
	{ "a two hundredth", "100", "0", "100.5", 9, 0, 0, 0, 0, 1, 0, 0,
	    "none" },
	{ "more, seen some", "1", "0", "2", 9, 0, 90, 0, 0, 1, 0, 0,
	    "other_machine" },
	{ "more, no tokens told", "1", "0", "2", 9, 0, 0, 0, 0, 1, 0, 0,
	    "other_machine" },
	{ "more, seen none", "0", "0", "2", 0, 0, 90, 0, 0, 0, 0, 0,
	    "unhooked_key" },
	{ "more, of a shared account", "1", "0", "2", 9, 0, 90, 0, 1, 1, 0, 0,
	    "shared" },
	{ "more, and unpriced", "1", "0", "2", 9, 0, 9, 0, 0, 1, 1, 0,
	    "unpriced" },
	{ "more, of no model", "0", "0", "2", 0, 0, 0, 0, 0, 1, 0, 1, "fees" },
	{ "beyond a plan", "3", "3", "2", 9, 0, 9, 0, 0, 1, 0, 0, "plan" },
	{ "more for the same tokens", "1", "0", "1.5", 9, 0, 9, 0, 0, 1, 0, 0,
	    "price" },
	{ "more, another class", "1", "0", "1.5", 9000, 0, 1000, 8000, 0, 1, 0,
	    0, "cache_tier" },
	{ "half", "2", "0", "1", 9, 0, 9, 0, 0, 1, 0, 0, "batch" },
	{ "half, no tokens told", "2", "0", "1", 9, 0, 0, 0, 0, 1, 0, 0,
	    "batch" },
	{ "less, with cache writes", "2", "0", "1.7", 9, 9, 9, 9, 0, 1, 0, 0,
	    "cache_tier" },
	{ "less, for the same tokens", "2", "0", "1.7", 9, 0, 9, 0, 0, 1, 0, 0,
	    "price" },
	{ "nothing", "2", "0", "0", 9, 0, 0, 0, 0, 1, 0, 0, "plan" },
	{ "less tokens", "2", "0", "1.2", 900, 0, 500, 0, 0, 1, 0, 0,
	    "other_account" },
	{ "all of it a plan's", "2", "2", "0", 9, 0, 0, 0, 0, 1, 0, 0, "none" },
	{ "tokens alone agree", "2", "0", NULL, 900, 0, 900, 0, 0, 1, 0, 0,
	    "none" },
	{ "tokens alone, more", "2", "0", NULL, 900, 0, 9000, 0, 0, 1, 0, 0,
	    "other_machine" },
	{ "tokens alone, less", "2", "0", NULL, 900, 0, 90, 0, 0, 1, 0, 0,
	    "other_account" },
};

static void
make_row(const struct judged *j, struct reconcile_row *row)
{
	*row = (struct reconcile_row){
		.day_ms = DAY,
		.currency = "USD",
		.has_amount = j->billed != NULL,
		.amount = j->billed != NULL ? usd(j->billed) : 0,
		.has_counts = j->b_in + j->b_write > 0,
		.n = { [BILLED_INPUT] = j->b_in,
		    [BILLED_CACHE_WRITE] = j->b_write },
		.is_whole = true,
		.is_shared = j->is_shared,
		.saw_provider = j->saw_provider,
		.is_by_model = j->is_fee,
		.at_ms = LATE,
	};
	row->seen.n[SUM_CALLS] = j->in > 0;
	row->seen.n[SUM_INPUT] = j->in;
	row->seen.n[SUM_CACHE_WRITE] = j->write;
	row->seen.n[SUM_UNPRICED_TOKENS] = j->has_unpriced;
	row->seen.cost = usd(j->seen);
	row->seen.plan_cost = usd(j->plan);
	row->seen_cost = row->seen.cost - row->seen.plan_cost;
}

Test(judge, each_difference_has_its_suspect)
{
	struct reconcile_row row;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		make_row(&cases[i], &row);
		reconcile_judge(&row);
		cr_expect_str_eq(reconcile_cause_names[row.cause],
		    cases[i].cause, "%s: %s, expected %s", cases[i].what,
		    reconcile_cause_names[row.cause], cases[i].cause);
	}
}

Test(judge, what_is_not_known_whole_or_final_or_in_dollars_is_said_first)
{
	struct reconcile_row row;

	make_row(&cases[3], &row);
	row.at_ms = DAYS(2) - 1;
	reconcile_judge(&row);
	cr_expect_eq(row.cause, CAUSE_NOT_FINAL, "within a day: %s",
	    reconcile_cause_names[row.cause]);
	EXPECT_USD(row.difference, "1", "the difference");
	row.at_ms = DAYS(2);
	reconcile_judge(&row);
	cr_expect_eq(row.cause, CAUSE_OTHER_MACHINE, "after a day: %s",
	    reconcile_cause_names[row.cause]);
	row.is_whole = false;
	reconcile_judge(&row);
	cr_expect_eq(row.cause, CAUSE_INCOMPLETE);
	cr_expect(!row.has_difference, "half a day has a difference");
	row.is_whole = true;
	snprintf(row.currency, sizeof(row.currency), "CNY");
	reconcile_judge(&row);
	cr_expect_eq(row.cause, CAUSE_CURRENCY);
	cr_expect(!row.has_difference, "dollars less yuan is a difference");
}

/* --- Joining -------------------------------------------------------------- */

Test(reconcile, amounts_without_models_are_compared_with_all_of_the_day)
{
	const struct bill bills[] = {
		{ 0, "openai", NULL, "USD", "3.00", 0, 0 },
		{ 0, "openai", NULL, "USD", "0.25", 0, 0 },
		{ 0, "openai", "gpt-5", NULL, NULL, 9000, 0 },
	};

	take(bills, 3, usual, 1);
	see(0, "openai", "gpt-5", "1");
	see(0, "openai", "gpt-5-mini", "0.5");
	see(1, "openai", "gpt-5", "2");
	see(1, "elsewhere", "gpt-5", "7");
	join(2);
	expect_row(0, "", "1.5", "3.25", "1.75", "other_machine");
	cr_expect_eq(all.rows[0].n[BILLED_INPUT], 9000);
	expect_row(1, "", "2", "0", "-2", "plan");
	EXPECT_USD(all.seen, "3.5", "seen in all");
	EXPECT_USD(all.billed, "3.25", "billed in all");
	EXPECT_USD(all.difference, "-0.25", "the difference of all");
}

Test(reconcile, models_match_over_case_paths_and_dates_of_snapshots)
{
	const struct bill bills[] = {
		{ 0, "openai", "Claude-Sonnet-4-5-20250929", "USD", "2", 0, 0 },
		{ 0, "openai", "gpt-4o-2024-08-06", "USD", "1", 0, 0 },
		{ 0, "openai", NULL, "USD", "0.3", 0, 0 },
	};

	take(bills, 3, usual, 1);
	see(0, "openai", "anthropic/claude-sonnet-4-5", "2");
	see(0, "openai", "gpt-4o-mini", "0.2");
	join(4);
	expect_row(0, "", "0", "0.3", "0.3", "fees");
	expect_row(1, "Claude-Sonnet-4-5-20250929", "2", "2", "0", "none");
	expect_row(2, "gpt-4o-2024-08-06", "0", "1", "1", "other_machine");
	expect_row(3, "gpt-4o-mini", "0.2", "0", "-0.2", "plan");
}

Test(reconcile, names_that_only_begin_alike_are_other_models)
{
	static const char *const pairs[][2] = { { "gpt-4o", "gpt-4o-mini" },
		{ "a-2024", "a" }, { "a/b", "a" }, { "x-20250101a", "x" } };
	size_t i;

	for (i = 0; i < 4; i++)
		cr_expect_neq(reconcile_cmp_model(
				  text_of(pairs[i][0]), text_of(pairs[i][1])),
		    0, "%s is %s", pairs[i][0], pairs[i][1]);
	cr_expect_eq(reconcile_cmp_model(TEXT("a/b@20250101"), TEXT("B")), 0);
	cr_expect_eq(reconcile_cmp_model(TEXT(""), TEXT("")), 0);
}

Test(reconcile, currencies_stand_apart_and_are_in_no_sum)
{
	const struct bill bills[] = {
		{ 0, "kimi", NULL, "CNY", "70", 0, 0 },
		{ 0, "kimi", NULL, "USD", "2", 0, 0 },
		{ 1, "kimi", NULL, "CNY", "7", 0, 0 },
	};
	const struct account a = { "kimi", "kimi", false, "cost", 0, 3, LATE };

	take(bills, 3, &a, 1);
	see(0, "kimi", "k2", "2");
	see(1, "kimi", "k2", "1");
	join(3);
	expect_row(0, "", "2", "2", "0", "none");
	expect_row(1, "", "0", "70", NULL, "currency");
	expect_row(2, "", "1", "7", NULL, "currency");
	cr_expect_str_eq(all.rows[1].currency, "CNY");
	EXPECT_USD(all.billed, "2", "billed in all");
	cr_expect_eq(all.open, 2, "%zu rows are open", all.open);
}

Test(reconcile, a_day_one_account_of_the_provider_lacks_is_not_whole)
{
	const struct bill bills[] = {
		{ 0, "openai", NULL, "USD", "1", 0, 0 },
		{ 0, "openai/work", NULL, "USD", "2", 0, 0 },
		{ 1, "openai", NULL, "USD", "1", 0, 0 },
	};
	const struct account accounts[] = {
		{ "openai", "openai", false, "cost", 0, 3, LATE },
		{ "openai/work", "openai", false, "cost", 0, 1, LATE },
	};

	take(bills, 3, accounts, 2);
	see(0, "openai", "gpt-5", "3");
	see(1, "openai", "gpt-5", "1");
	join(2);
	expect_row(0, "", "3", "3", "0", "none");
	expect_row(1, "", "1", "1", NULL, "incomplete");
}

Test(reconcile, a_day_is_whole_where_every_feed_of_costs_knows_it)
{
	const struct account runs[] = {
		{ "house", "house", false, "cost a", 0, 2, DAYS(9) },
		{ "house", "house", false, "cost b", 1, 2, DAYS(7) },
		{ "house", "house", false, "cost b", 2, 3, DAYS(8) },
		{ "house", "house", false, "usage c", 0, 1, DAYS(8) },
	};
	struct billed_run last;

	take(NULL, 0, runs, 4);
	cr_expect_eq(billed_asked_ms(&billed, 0, DAYS(0)), 0, "only one knows");
	cr_expect_eq(billed_asked_ms(&billed, 0, DAYS(1)), DAYS(7));
	cr_expect_eq(billed_asked_ms(&billed, 0, DAYS(2)), 0, "only one knows");
	cr_assert(billed_last_days(&billed, 0, &last));
	cr_expect(last.from_ms == DAYS(1) && last.to_ms == DAYS(2),
	    "day %lld to %lld", (long long)(last.from_ms - DAY) / BILLED_DAY_MS,
	    (long long)(last.to_ms - DAY) / BILLED_DAY_MS);
}

Test(reconcile, an_account_that_knows_no_day_leaves_all_of_them_open)
{
	const struct bill bill = { 0, "openai", NULL, "USD", "9", 0, 0 };
	const struct account accounts[] = {
		{ "openai", "openai", false, "cost", 0, 3, LATE },
		{ "openai/work", "openai", false, "cost", 0, 0, 0 },
	};

	take(&bill, 1, accounts, 2);
	see(0, "openai", "gpt-5", "3");
	join(1);
	expect_row(0, "", "3", "9", NULL, "incomplete");
}

Test(reconcile, a_day_without_a_bill_is_in_dollars_where_any_account_is)
{
	const struct bill bills[] = {
		{ 0, "openai", NULL, "USD", "1", 0, 0 },
		{ 0, "openai/eu", NULL, "EUR", "1", 0, 0 },
	};
	const struct account accounts[] = {
		{ "openai", "openai", false, "cost", 0, 3, LATE },
		{ "openai/eu", "openai", false, "cost", 0, 3, LATE },
	};

	take(bills, 2, accounts, 2);
	see(1, "openai", "gpt-5", "3");
	join(3);
	expect_row(0, "", "0", "1", "1", "unhooked_key");
	expect_row(1, "", "0", "1", NULL, "currency");
	expect_row(2, "", "3", "0", "-3", "plan");
}

Test(reconcile, a_day_is_as_old_as_the_latest_question_for_its_costs)
{
	const struct account runs[] = {
		{ "openai", "openai", false, "usage", 0, 3, LATE },
		{ "openai", "openai", false, "cost", 0, 1, DAYS(5) },
		{ "openai", "openai", false, "cost", 1, 2, DAYS(6) },
		{ "openai", "openai", false, "cost", -9, -4, DAYS(7) },
	};
	struct billed_run last;

	take(NULL, 0, runs, 4);
	cr_assert_eq(billed.n_accounts, 1, "%zu accounts", billed.n_accounts);
	cr_expect_eq(billed_asked_ms(&billed, 0, DAYS(0)), DAYS(5));
	cr_expect_eq(billed_asked_ms(&billed, 0, DAYS(1)), DAYS(6));
	cr_expect_eq(billed_asked_ms(&billed, 0, DAYS(2)), 0,
	    "a day whose costs are not there is whole");
	cr_assert(billed_last_days(&billed, 0, &last));
	cr_expect(last.from_ms == DAYS(0) && last.to_ms == DAYS(2) &&
		      last.at_ms == DAYS(7),
	    "day %lld to %lld", (long long)(last.from_ms - DAY) / BILLED_DAY_MS,
	    (long long)(last.to_ms - DAY) / BILLED_DAY_MS);
}

Test(reconcile, an_answer_that_makes_no_sense_is_refused)
{
	const struct bill bad_money = { 0, "openai", NULL, "USD", "1,2", 0, 0 };
	int64_t next;

	cr_expect_eq(
	    billed_take(&billed, pack_answer(&bad_money, 1, usual, 1), &next),
	    -1, "1,2 is an amount");
	billed_free(&billed);
	packer_clear(&packed);
	pack_array(&packed, 0);
	cr_expect_eq(billed_take(&billed,
			 (struct wire_cursor){ (const uint8_t *)packed.p,
			     (const uint8_t *)packed.p + packed.len },
			 &next),
	    -1, "an array is an answer");
}

/* --- What was not seen ---------------------------------------------------- */

static struct unseen
sum_unseen(void)
{
	struct unseen u = { .billed = billed };

	billed = (struct billed){ .rows = NULL };
	cr_assert_eq(unseen_sum(&u, seen, n_seen, days, 3), 0);
	return u;
}

Test(unseen, days_add_up_and_none_makes_up_for_another)
{
	const struct bill bills[] = {
		{ 0, "openai", NULL, "USD", "3", 0, 0 },
		{ 1, "openai", NULL, "USD", "1", 0, 0 },
		{ 2, "openai", NULL, "USD", "5", 0, 0 },
		{ 0, "team", NULL, "USD", "100", 0, 0 },
		{ 0, "kimi", NULL, "CNY", "7", 0, 0 },
	};
	const struct account accounts[] = {
		{ "openai", "openai", false, "cost", 0, 2, LATE },
		{ "team", "anthropic", true, "cost", 0, 3, LATE },
		{ "kimi", "kimi", false, "cost", 0, 1, LATE },
	};
	struct unseen u;

	take(bills, 5, accounts, 3);
	cr_expect(unseen_is_possible(&billed, days[0], days[3]));
	cr_expect(!unseen_is_possible(&billed, days[2], days[3]),
	    "a day that nobody knows whole counts");
	see(0, "openai", "gpt-5", "1.5")->plan_cost = usd("0.5");
	see(1, "openai", "gpt-5", "4");
	see(0, "anthropic", "opus", "1");
	u = sum_unseen();
	EXPECT_USD(u.amount, "2", "unseen");
	cr_expect(u.is_known && u.from_ms == days[0] && u.to_ms == days[2],
	    "from %lld to %lld", (long long)u.from_ms, (long long)u.to_ms);
	cr_expect(!unseen_is_possible(&u.billed, DAYS(5), DAYS(9)),
	    "days that nobody told of count");
	cr_assert_eq(u.foreign.n, 1, "%zu other currencies", u.foreign.n);
	EXPECT_USD(u.foreign.sums[0].amount, "7", "CNY");
	unseen_free(&u);
}

/* --- --source ------------------------------------------------------------- */

static int64_t edges[] = { DAYS(0), DAYS(1), DAYS(2), DAYS(3) };
static struct ask asked;
static struct answer answer;

static void
ask_source(enum source source, bool by_model)
{
	struct source_query q = { .source = source,
		.billed = &billed,
		.seen = seen,
		.n_seen = n_seen,
		.days = days,
		.n_days = 3,
		.ask = &asked };

	memset(&asked, 0, sizeof(asked));
	asked.query.edges = edges;
	asked.query.nedges = 4;
	asked.query.by[0] = by_model ? KEY_MODEL : KEY_PROVIDER;
	asked.query.nby = 1;
	cr_assert_eq(source_rows(&q, &answer), 0);
}

static void
expect_source(
    size_t at, uint32_t day, const char *key, const char *cost, uint64_t input)
{
	const struct report_row *row = &answer.rows[at];

	cr_assert_lt(at, answer.n, "only %zu rows", answer.n);
	cr_expect(row->period == day && text_is(row->key[0], key),
	    "row %zu is day %u, %.*s", at, row->period, (int)row->key[0].len,
	    row->key[0].p);
	EXPECT_USD(row->sums.cost, cost, key);
	cr_expect_eq(row->sums.n[SUM_INPUT], input, "row %zu: %llu tokens", at,
	    (unsigned long long)row->sums.n[SUM_INPUT]);
}

static const struct bill two_days[] = {
	{ 0, "openai", "gpt-5", "USD", "3", 0, 0 },
	{ 0, "openai", "gpt-5", NULL, NULL, 5000, 0 },
	{ 1, "openai", "gpt-5", "USD", "1", 700, 0 },
	{ 2, "openai", "gpt-5", "USD", "9", 100, 0 },
};
static const struct account two_whole[] = {
	{ "openai", "openai", false, "cost usage", 0, 2, LATE },
};

static void
see_three_days(void)
{
	take(two_days, 4, two_whole, 1);
	see(0, "openai", "gpt-5", "1");
	see(1, "openai", "gpt-5", "2");
	see(1, "local", "llama", "0.1");
	see(2, "openai", "gpt-5", "4");
}

Test(source, best_is_billed_where_whole_and_larger_else_seen)
{
	see_three_days();
	ask_source(SOURCE_BEST, false);
	cr_assert_eq(answer.n, 4, "%zu rows", answer.n);
	expect_source(0, 0, "openai", "3", 5000);
	expect_source(1, 1, "local", "0.1", 1000);
	expect_source(2, 1, "openai", "2", 1000);
	expect_source(3, 2, "openai", "4", 1000);
	EXPECT_USD(answer.total.sums.cost, "9.1", "the total");
	answer_free(&answer);
}

Test(source, best_is_seen_where_one_account_knows_no_day)
{
	const struct account accounts[] = { two_whole[0],
		{ "openai/work", "openai", false, "cost", 0, 0, 0 } };

	take(two_days, 4, accounts, 2);
	see(0, "openai", "gpt-5", "1");
	ask_source(SOURCE_BEST, false);
	cr_assert_eq(answer.n, 1, "%zu rows", answer.n);
	expect_source(0, 0, "openai", "1", 1000);
	answer_free(&answer);
}

Test(source, billed_is_nothing_but_that)
{
	see_three_days();
	ask_source(SOURCE_BILLED, true);
	cr_assert_eq(answer.n, 3, "%zu rows", answer.n);
	expect_source(0, 0, "gpt-5", "3", 5000);
	expect_source(1, 1, "gpt-5", "1", 700);
	expect_source(2, 2, "gpt-5", "9", 100);
	answer_free(&answer);
}

Test(source, best_keeps_what_a_plan_covers_and_leaves_out_shared_accounts)
{
	struct account shared = two_whole[0];

	see_three_days();
	see(0, "openai", "gpt-5", "0.75")->plan_cost = usd("0.75");
	seen[n_seen - 1].key[2] = TEXT("plan");
	ask_source(SOURCE_BEST, false);
	/* The calls that it covers stay with their tokens. */
	expect_source(0, 0, "openai", "3.75", 6000);
	EXPECT_USD(answer.rows[0].sums.plan_cost, "0.75", "the plan's part");
	answer_free(&answer);
	shared.is_shared = true;
	take(two_days, 4, &shared, 1);
	see(0, "openai", "gpt-5", "1");
	ask_source(SOURCE_BEST, false);
	cr_assert_eq(answer.n, 1, "%zu rows", answer.n);
	expect_source(0, 0, "openai", "1", 1000);
	answer_free(&answer);
}

Test(source, models_are_refused_where_the_bill_tells_none)
{
	const struct bill bill = { 0, "openai", NULL, "USD", "3", 0, 0 };
	const struct bill with_model[] = {
		{ 0, "anthropic", NULL, "USD", "1", 0, 0 },
		{ 1, "anthropic", "opus", "USD", "2", 0, 0 },
		{ 1, "openai", "gpt-5", NULL, NULL, 7, 0 },
	};
	const struct account accounts[] = {
		{ "openai", "openai", false, "cost", 0, 3, LATE },
		{ "anthropic", "anthropic", false, "cost", 0, 3, LATE },
	};
	struct source_query q = {
		.source = SOURCE_BEST, .billed = &billed, .ask = &asked
	};
	struct text provider = { NULL, 0 };

	take(&bill, 1, two_whole, 1);
	memset(&asked, 0, sizeof(asked));
	asked.query.by[0] = KEY_PROVIDER;
	asked.query.nby = 1;
	cr_expect_eq(source_check(&q, &provider), 0, "providers are refused");
	asked.query.by[0] = KEY_MODEL;
	cr_expect_eq(source_check(&q, &provider), -1, "models are told");
	cr_expect(text_is(provider, "openai"));
	/* Who billed nothing, or some of it by model, refuses none. */
	take(with_model, 3, accounts, 2);
	cr_expect_eq(source_check(&q, &provider), 0, "%.*s refuses models",
	    (int)provider.len, provider.p);
}

Test(source, a_bill_without_counts_is_uncounted_and_not_zero)
{
	struct sums s = { .cost = 1 };

	cr_expect(source_is_uncounted(&s));
	s.n[SUM_CALLS] = 1;
	cr_expect(!source_is_uncounted(&s), "a call is uncounted");
	cr_expect_eq(source_parse(NULL), SOURCE_SEEN);
	cr_expect_eq(source_parse("best"), SOURCE_BEST);
	cr_expect_eq(source_parse("bes"), SOURCE_BAD);
}

/* --- Other currencies ----------------------------------------------------- */

Test(foreign, currencies_and_accounts_stand_apart)
{
	static const struct {
		const char *currency, *amount;
		size_t account;
	} rows[] = { { "EUR", "0.13", 2 }, { "CNY", "7", 0 },
		{ "EUR", "0.01", 1 }, { "EUR", "0.04", 2 } };
	struct foreign f = { .n = 0 };
	money_sum amount;
	size_t i, end;

	for (i = 0; i < 4; i++) {
		struct billed_row row = { .account = rows[i].account,
			.has_amount = true,
			.amount = usd(rows[i].amount) };

		snprintf(
		    row.currency, sizeof(row.currency), "%s", rows[i].currency);
		cr_assert(foreign_is(&row), "%s is dollars", row.currency);
		cr_assert_eq(foreign_add(&f, &row), 0, "no memory");
	}
	cr_assert_eq(f.n, 3, "%zu sums", f.n);
	end = foreign_currency(&f, 0, &amount);
	cr_expect_eq(end, 1, "CNY has %zu sums", end);
	EXPECT_USD(amount, "7", "CNY");
	end = foreign_currency(&f, end, &amount);
	cr_expect_eq(end, 3, "EUR ends at %zu", end);
	EXPECT_USD(amount, "0.18", "EUR");
	EXPECT_USD(f.sums[2].amount, "0.17", "EUR of the last account");
	cr_expect_eq(f.sums[1].account, 1, "account %zu", f.sums[1].account);
	foreign_free(&f);
}

static void
expect_no_price(size_t at, const char *key, bool is_uncounted)
{
	const struct report_row *row = &answer.rows[at];

	cr_expect(text_is(row->key[0], key), "row %zu is of %.*s, not %s", at,
	    (int)row->key[0].len, row->key[0].p, key);
	cr_expect(figure_is_unpriced(&row->sums), "row %zu costs %s", at,
	    money(row->sums.cost));
	cr_expect_eq(source_is_uncounted(&row->sums), is_uncounted,
	    "row %zu of %s has %llu calls", at, key,
	    (unsigned long long)row->sums.n[SUM_CALLS]);
}

Test(source, a_cost_in_another_currency_is_unknown_and_not_zero)
{
	const struct bill bills[] = {
		{ 0, "house", "a", "EUR", "0.13", 0, 0 },
		{ 0, "house", "b", NULL, NULL, 7, 0 },
		{ 1, "house", "a", "USD", "2", 0, 0 },
		{ 1, "house", "b", "EUR", "1", 0, 0 },
	};
	const struct account account = { "house", "house", false, "cost", 0, 3,
		LATE };

	take(bills, 4, &account, 1);
	ask_source(SOURCE_BILLED, true);
	cr_assert_eq(answer.n, 4, "%zu rows", answer.n);
	expect_no_price(0, "a", true);
	expect_no_price(1, "b", false);
	expect_source(2, 1, "a", "2", 0);
	expect_no_price(3, "b", true);
	EXPECT_USD(answer.total.sums.cost, "2", "the total");
	cr_expect(answer.total.sums.n[SUM_UNPRICED_CALLS] > 0,
	    "the total looks like all of it");
	answer_free(&answer);
}

Test(source, best_is_a_bill_in_another_currency_where_nothing_seen_costs)
{
	const struct bill bills[] = {
		{ 0, "house", NULL, "EUR", "0.13", 0, 0 },
		{ 1, "house", NULL, "EUR", "9", 0, 0 },
		{ 2, "house", NULL, "EUR", "9", 0, 0 },
	};
	const struct account account = { "house", "house", false, "cost", 0, 2,
		LATE };

	take(bills, 3, &account, 1);
	see(1, "house", "a", "0.5");
	ask_source(SOURCE_BEST, false);
	/* The third day is not known whole. */
	cr_assert_eq(answer.n, 2, "%zu rows", answer.n);
	expect_no_price(0, "house", true);
	expect_source(1, 1, "house", "0.5", 1000);
	answer_free(&answer);
}

/* --- Names that are folded ------------------------------------------------ */

Test(reconcile, a_name_is_folded_after_a_sign_and_never_within_a_character)
{
	static const struct {
		const char *name;
		size_t columns;
		uint32_t len;
	} folds[] = {
		{ "claude-sonnet-4-5", 17, 17 },
		{ "claude-sonnet-4-5", 16, 16 },
		{ "claude-sonnet-4-5", 13, 7 },
		{ "claude-sonnet-4-5", 14, 14 },
		{ "o-superlongname", 12, 12 }, /* the sign is too early */
		{ "gpt-5", 0, 1 },
		{ "\xe9\x80\x9a\xe4\xb9\x89", 1, 3 },
		{ "", 8, 0 },
	};
	uint32_t len;
	size_t i;

	for (i = 0; i < sizeof(folds) / sizeof(folds[0]); i++) {
		len = reconcile_piece(text_of(folds[i].name), folds[i].columns);
		cr_expect_eq(len, folds[i].len,
		    "%s in %zu columns is folded at %u, not %u", folds[i].name,
		    folds[i].columns, len, folds[i].len);
	}
}

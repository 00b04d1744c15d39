/*
 * --source: reports of what was seen, of what was billed, or of the best of
 * both.
 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "clients/common/figure.h"
#include "clients/report/billed/sourced.h"
#include "tests/unit/clients/books_help.h"

static struct books books;
static int64_t edges[] = { DAYS(0), DAYS(1), DAYS(2), DAYS(3) };
static struct ask asked;
static struct answer answer;

static void
teardown(void)
{
	books_free(&books);
}

TestSuite(source, .fini = teardown, .timeout = 30);

static void
ask_source(enum source source, bool by_model)
{
	struct source_query q = { .source = source,
		.billed = &books.billed,
		.seen = books.seen,
		.n_seen = books.n_seen,
		.days = books_days,
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
	books_take(&books, two_days, 4, two_whole, 1);
	books_see(&books, 0, "openai", "gpt-5", "1");
	books_see(&books, 1, "openai", "gpt-5", "2");
	books_see(&books, 1, "local", "llama", "0.1");
	books_see(&books, 2, "openai", "gpt-5", "4");
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

	books_take(&books, two_days, 4, accounts, 2);
	books_see(&books, 0, "openai", "gpt-5", "1");
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

Test(source, use_whose_bill_did_not_come_has_no_price)
{
	const struct account late = { "openai", "openai", false, "cost usage",
		0, 1, LATE };

	books_take(&books, two_days + 1, 1, &late, 1);
	ask_source(SOURCE_BILLED, false);
	cr_expect(!figure_is_unpriced(&answer.total.sums),
	    "a whole day without an amount has no price");
	answer_free(&answer);
	books_take(&books, two_days + 1, 1,
	    &(struct account){
		"openai", "openai", false, "cost usage", 0, 0, 0 },
	    1);
	ask_source(SOURCE_BILLED, false);
	expect_source(0, 0, "openai", "0", 5000);
	cr_expect(figure_is_unpriced(&answer.rows[0].sums), "the row costs 0");
	cr_expect(figure_is_unpriced(&answer.total.sums), "the total is 0");
	answer_free(&answer);
}

Test(source, best_keeps_what_a_plan_covers_and_leaves_out_shared_accounts)
{
	struct account shared = two_whole[0];

	see_three_days();
	books_see(&books, 0, "openai", "gpt-5", "0.75")->plan_cost =
	    usd("0.75");
	books.seen[books.n_seen - 1].key[2] = TEXT("plan");
	ask_source(SOURCE_BEST, false);
	/* The calls that it covers stay with their tokens. */
	expect_source(0, 0, "openai", "3.75", 6000);
	EXPECT_USD(answer.rows[0].sums.plan_cost, "0.75", "the plan's part");
	answer_free(&answer);
	shared.is_shared = true;
	books_take(&books, two_days, 4, &shared, 1);
	books_see(&books, 0, "openai", "gpt-5", "1");
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
		.source = SOURCE_BEST, .billed = &books.billed, .ask = &asked
	};
	struct text provider = { NULL, 0 };

	books_take(&books, &bill, 1, two_whole, 1);
	memset(&asked, 0, sizeof(asked));
	asked.query.by[0] = KEY_PROVIDER;
	asked.query.nby = 1;
	cr_expect_eq(source_check(&q, &provider), 0, "providers are refused");
	asked.query.by[0] = KEY_MODEL;
	cr_expect_eq(source_check(&q, &provider), -1, "models are told");
	cr_expect(text_is(provider, "openai"));
	/* Who billed nothing, or some of it by model, refuses none. */
	books_take(&books, with_model, 3, accounts, 2);
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

static void
expect_no_price(size_t at, const char *key, bool is_uncounted)
{
	const struct report_row *row = &answer.rows[at];

	cr_expect(text_is(row->key[0], key), "row %zu is of %.*s, not %s", at,
	    (int)row->key[0].len, row->key[0].p, key);
	cr_expect(figure_is_unpriced(&row->sums), "row %zu costs %s", at,
	    usd_text(row->sums.cost));
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

	books_take(&books, bills, 4, &account, 1);
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

	books_take(&books, bills, 3, &account, 1);
	books_see(&books, 1, "house", "a", "0.5");
	ask_source(SOURCE_BEST, false);
	/* The third day is not known whole. */
	cr_assert_eq(answer.n, 2, "%zu rows", answer.n);
	expect_no_price(0, "house", true);
	expect_source(1, 1, "house", "0.5", 1000);
	answer_free(&answer);
}

/*
 * What was billed held against what was seen: how they are joined, and what is
 * suspected of each difference.
 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "clients/report/billed/reconcile_table.h"
#include "clients/report/billed/reconciled.h"
#include "tests/unit/clients/books_help.h"

static struct books books;
static struct reconciled all;
static const struct account usual[] = {
	{ "openai", "openai", false, "cost usage", 0, 3, LATE },
};

static void
teardown(void)
{
	books_free(&books);
	reconciled_free(&all);
}

TestSuite(reconcile, .fini = teardown, .timeout = 30);
TestSuite(judge, .timeout = 30);

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
	{ "half", "2", "0", "1", 9, 0, 9, 0, 0, 1, 0, 0, "price" },
	{ "half, no tokens told", "2", "0", "1", 9, 0, 0, 0, 0, 1, 0, 0,
	    "other_account" },
	{ "a refund", "0", "0", "-0.2", 0, 0, 0, 0, 0, 0, 0, 0, "credits" },
	{ "a refund beyond what was seen", "2", "0", "-3", 9, 0, 9, 0, 0, 1, 0,
	    0, "credits" },
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

Test(judge, what_others_bill_is_suspected_where_it_is_some_of_what_lacks)
{
	static const struct {
		struct judged j;
		const char *elsewhere;
	} bills[] = {
		{ { "most of it", "18.75", "0", "0.02", 9, 0, 9, 0, 0, 1, 0, 0,
		      "billed_elsewhere" },
		    "12.5" },
		{ { "all of it, and none here", "2", "0", "0", 9, 0, 9, 0, 0, 1,
		      0, 0, "billed_elsewhere" },
		    "2" },
		{ { "next to none of it", "18.75", "0", "0.02", 9, 0, 9, 0, 0,
		      1, 0, 0, "plan" },
		    "1" },
		{ { "though nothing lacks", "2", "0", "2", 9, 0, 9, 0, 0, 1, 0,
		      0, "none" },
		    "2" },
		{ { "nothing", "2", "0", "0", 9, 0, 9, 0, 0, 1, 0, 0, "plan" },
		    "0" },
	};
	struct reconcile_row row;
	size_t i;

	for (i = 0; i < sizeof(bills) / sizeof(bills[0]); i++) {
		make_row(&bills[i].j, &row);
		row.elsewhere = usd(bills[i].elsewhere);
		reconcile_judge(&row);
		cr_expect_str_eq(reconcile_cause_names[row.cause],
		    bills[i].j.cause, "%s: %s, expected %s", bills[i].j.what,
		    reconcile_cause_names[row.cause], bills[i].j.cause);
		cr_expect(row.difference == row.amount - row.seen_cost,
		    "%s: it is in the difference", bills[i].j.what);
	}
}

/* The price alone says nothing of it: a rebate may be as large. */
Test(judge, a_batch_is_what_the_service_calls_one)
{
	static const struct {
		struct judged j;
		unsigned tokens; /* of the billed ones */
		const char *amount;
	} batches[] = {
		{ { "some of it", "2", "0", "1.4", 90, 0, 90, 0, 0, 1, 0, 0,
		      "batch" },
		    54, "0" },
		{ { "cache writes too", "2", "0", "1.4", 9, 9, 9, 9, 0, 1, 0, 0,
		      "batch" },
		    9, "0" },
		{ { "next to none of it", "2", "0", "1", 900, 0, 900, 0, 0, 1,
		      0, 0, "price" },
		    9, "0" },
		{ { "no tokens told", "2", "0", "1", 9, 0, 0, 0, 0, 1, 0, 0,
		      "batch" },
		    0, "1" },
		{ { "and yet more", "1", "0", "1.5", 9, 0, 9, 0, 0, 1, 0, 0,
		      "price" },
		    9, "0" },
		{ { "less tokens", "2", "0", "1.2", 900, 0, 500, 0, 0, 1, 0, 0,
		      "other_account" },
		    500, "0" },
	};
	struct reconcile_row row;
	size_t i;

	for (i = 0; i < sizeof(batches) / sizeof(batches[0]); i++) {
		make_row(&batches[i].j, &row);
		row.batch_tokens = batches[i].tokens;
		row.batch_amount = usd(batches[i].amount);
		reconcile_judge(&row);
		cr_expect_str_eq(reconcile_cause_names[row.cause],
		    batches[i].j.cause, "%s: %s, expected %s",
		    batches[i].j.what, reconcile_cause_names[row.cause],
		    batches[i].j.cause);
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
	row.is_asked = true;
	reconcile_judge(&row);
	cr_expect_eq(row.cause, CAUSE_INCOMPLETE, "part of a day: %s",
	    reconcile_cause_names[row.cause]);
	row.is_asked = false;
	reconcile_judge(&row);
	cr_expect_eq(row.cause, CAUSE_NOT_ASKED, "a day of old: %s",
	    reconcile_cause_names[row.cause]);
	cr_expect(!row.has_difference, "half a day has a difference");
	row.is_whole = true;
	snprintf(row.currency, sizeof(row.currency), "CNY");
	reconcile_judge(&row);
	cr_expect_eq(row.cause, CAUSE_CURRENCY);
	cr_expect(!row.has_difference, "dollars less yuan is a difference");
}

/* --- Joining -------------------------------------------------------------- */

static void
join(size_t want)
{
	cr_assert_eq(reconcile(&all, &books.billed, books.seen, books.n_seen,
			 books_days),
	    0);
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

Test(reconcile, amounts_without_models_are_compared_with_all_of_the_day)
{
	const struct bill bills[] = {
		{ 0, "openai", NULL, "USD", "3.00", 0, 0 },
		{ 0, "openai", NULL, "USD", "0.25", 0, 0 },
		{ 0, "openai", "gpt-5", NULL, NULL, 9000, 0 },
	};

	books_take(&books, bills, 3, usual, 1);
	books_see(&books, 0, "openai", "gpt-5", "1");
	books_see(&books, 0, "openai", "gpt-5-mini", "0.5");
	books_see(&books, 1, "openai", "gpt-5", "2");
	books_see(&books, 1, "elsewhere", "gpt-5", "7");
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

	books_take(&books, bills, 3, usual, 1);
	books_see(&books, 0, "openai", "anthropic/claude-sonnet-4-5", "2");
	books_see(&books, 0, "openai", "gpt-4o-mini", "0.2");
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

Test(reconcile, others_are_suspected_only_of_what_their_account_billed)
{
	const struct bill bills[] = {
		{ 0, "openai", NULL, "USD", "0.5", 0, 0 },
		{ 0, "openai/x", NULL, "USD", "0", 0, 0 },
		{ 1, "openai", NULL, "USD", "0.5", 0, 0 },
		{ 1, "openai/x", NULL, "USD", "0.1", 0, 0 },
	};
	const struct account accounts[] = {
		{ "openai", "openai", false, "cost", 0, 3, LATE },
		{ "openai/x", "openai", true, "cost", 0, 3, LATE },
	};

	books_take(&books, bills, 4, accounts, 2);
	join(2);
	expect_row(0, "", "0", "0.5", "0.5", "unhooked_key");
	expect_row(1, "", "0", "0.6", "0.6", "shared");
}

Test(reconcile, currencies_stand_apart_and_are_in_no_sum)
{
	const struct bill bills[] = {
		{ 0, "kimi", NULL, "CNY", "70", 0, 0 },
		{ 0, "kimi", NULL, "USD", "2", 0, 0 },
		{ 1, "kimi", NULL, "CNY", "7", 0, 0 },
	};
	const struct account a = { "kimi", "kimi", false, "cost", 0, 3, LATE };

	books_take(&books, bills, 3, &a, 1);
	books_see(&books, 0, "kimi", "k2", "2");
	books_see(&books, 1, "kimi", "k2", "1");
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

	books_take(&books, bills, 3, accounts, 2);
	books_see(&books, 0, "openai", "gpt-5", "3");
	books_see(&books, 1, "openai", "gpt-5", "1");
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

	books_take(&books, NULL, 0, runs, 4);
	cr_expect_eq(
	    billed_asked_ms(&books.billed, 0, DAYS(0)), 0, "only one knows");
	cr_expect_eq(billed_asked_ms(&books.billed, 0, DAYS(1)), DAYS(7));
	cr_expect_eq(
	    billed_asked_ms(&books.billed, 0, DAYS(2)), 0, "only one knows");
	cr_assert(billed_last_days(&books.billed, 0, &last));
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

	books_take(&books, &bill, 1, accounts, 2);
	books_see(&books, 0, "openai", "gpt-5", "3");
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

	books_take(&books, bills, 2, accounts, 2);
	books_see(&books, 1, "openai", "gpt-5", "3");
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

	books_take(&books, NULL, 0, runs, 4);
	cr_assert_eq(books.billed.n_accounts, 1, "%zu accounts",
	    books.billed.n_accounts);
	cr_expect_eq(billed_asked_ms(&books.billed, 0, DAYS(0)), DAYS(5));
	cr_expect_eq(billed_asked_ms(&books.billed, 0, DAYS(1)), DAYS(6));
	cr_expect_eq(billed_asked_ms(&books.billed, 0, DAYS(2)), 0,
	    "a day whose costs are not there is whole");
	cr_assert(billed_last_days(&books.billed, 0, &last));
	cr_expect(last.from_ms == DAYS(0) && last.to_ms == DAYS(2) &&
		      last.at_ms == DAYS(7),
	    "day %lld to %lld", (long long)(last.from_ms - DAY) / BILLED_DAY_MS,
	    (long long)(last.to_ms - DAY) / BILLED_DAY_MS);
}

Test(reconcile, an_answer_that_makes_no_sense_is_refused)
{
	const struct bill bad_money = { 0, "openai", NULL, "USD", "1,2", 0, 0 };
	int64_t next;

	cr_expect_eq(billed_take(&books.billed,
			 books_pack(&books, &bad_money, 1, usual, 1), &next),
	    -1, "1,2 is an amount");
	billed_free(&books.billed);
	packer_clear(&books.packed);
	pack_array(&books.packed, 0);
	cr_expect_eq(
	    billed_take(&books.billed,
		(struct wire_cursor){ (const uint8_t *)books.packed.p,
		    (const uint8_t *)books.packed.p + books.packed.len },
		&next),
	    -1, "an array is an answer");
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

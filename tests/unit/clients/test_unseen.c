/*
 * What nobody saw of what was billed, and what was billed in other currencies.
 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "clients/report/billed/unseen.h"
#include "tests/unit/clients/books_help.h"

static struct books books;

static void
teardown(void)
{
	books_free(&books);
}

TestSuite(unseen, .fini = teardown, .timeout = 30);
TestSuite(foreign, .timeout = 30);

static struct unseen
sum_unseen(void)
{
	struct unseen u = { .billed = books.billed };

	books.billed = (struct billed){ .rows = NULL };
	cr_assert_eq(
	    unseen_sum(&u, books.seen, books.n_seen, books_days, 3), 0);
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

	books_take(&books, bills, 5, accounts, 3);
	cr_expect(
	    unseen_is_possible(&books.billed, books_days[0], books_days[3]));
	cr_expect(
	    !unseen_is_possible(&books.billed, books_days[2], books_days[3]),
	    "a day that nobody knows whole counts");
	books_see(&books, 0, "openai", "gpt-5", "1.5")->plan_cost = usd("0.5");
	books_see(&books, 1, "openai", "gpt-5", "4");
	books_see(&books, 0, "anthropic", "opus", "1");
	u = sum_unseen();
	EXPECT_USD(u.amount, "2", "unseen");
	cr_expect(u.is_known && u.from_ms == books_days[0] &&
		      u.to_ms == books_days[2],
	    "from %lld to %lld", (long long)u.from_ms, (long long)u.to_ms);
	cr_expect(!unseen_is_possible(&u.billed, DAYS(5), DAYS(9)),
	    "days that nobody told of count");
	cr_assert_eq(u.foreign.n, 1, "%zu other currencies", u.foreign.n);
	EXPECT_USD(u.foreign.sums[0].amount, "7", "CNY");
	unseen_free(&u);
}

Test(unseen, only_accounts_that_billed_some_of_it_are_named)
{
	const struct bill bills[] = {
		{ 0, "openai", NULL, "USD", "3", 0, 0 },
		{ 1, "openai/x", NULL, "USD", "1", 0, 0 },
		{ 0, "openai/y", NULL, "USD", "0", 0, 0 },
		{ 0, "kimi", NULL, "CNY", "7", 0, 0 },
	};
	const struct account accounts[] = {
		{ "openai", "openai", false, "cost", 0, 2, LATE },
		{ "openai/x", "openai", false, "cost", 0, 2, LATE },
		{ "openai/y", "openai", false, "cost", 0, 2, LATE },
		{ "kimi", "kimi", false, "cost", 0, 1, LATE },
	};
	static const bool want[] = { true, false, false, true };
	struct unseen u;
	size_t i;

	books_take(&books, bills, 4, accounts, 4);
	books_see(&books, 1, "openai", "gpt-5", "1");
	u = sum_unseen();
	EXPECT_USD(u.amount, "3", "unseen");
	for (i = 0; i < 4; i++)
		cr_expect_eq(u.is_named[i], want[i], "%s is %snamed",
		    accounts[i].name, u.is_named[i] ? "" : "not ");
	unseen_free(&u);
}

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

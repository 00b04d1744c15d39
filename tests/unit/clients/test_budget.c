/* What tt-budget makes of words: names, amounts, and the pace of a budget. */
#include <criterion/criterion.h>

#include "clients/budget/budget.h"

#define HOUR 3600000ll
#define START 1778457600000ll /* 2026-05-11T00:00:00Z */

TestSuite(budget, .timeout = 30);

static const struct name_case {
	struct budget b;
	const char *name; /* NULL: none can be made */
} names[] = {
	{ { .period = BUDGET_DAY }, "daily" },
	{ { .period = BUDGET_MONTH, .is_tokens = true }, "monthly-tokens" },
	{ { .period = BUDGET_WEEK, .filter = { { "claude-*", 8 } } },
	    "weekly-claude" },
	{ { .period = BUDGET_SESSION,
	      .is_metered = true,
	      .filter = { [BUDGET_PROJECT] = { "web", 3 } } },
	    "session-project:web-metered" },
	{ { .period = BUDGET_BLOCK,
	      .filter = { { "gpt-5", 5 }, { "=openai", 7 } } },
	    "block-gpt-5-provider:openai" },
	{ { .filter = { { "**", 2 } } }, NULL },
	{ { .filter = { [BUDGET_PROJECT] = { "\xe9\xa1\xb9", 3 } } }, NULL },
	{ { .filter = { { "a b", 3 } } }, NULL },
	{ { .filter = { { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
			  "aaaaaaaaaa",
		60 } } },
	    NULL },
};

Test(budget, a_name_is_made_of_period_and_filters)
{
	char name[BUDGET_NAME_MAX + 1];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int rc = budget_derive_name(&names[i].b, name);

		cr_expect_eq(rc, names[i].name != NULL ? 0 : -1,
		    "case %zu: %d, %s", i, rc, rc == 0 ? name : "no name");
		if (rc == 0 && names[i].name != NULL)
			cr_expect_str_eq(name, names[i].name,
			    "case %zu: %s, expected %s", i, name,
			    names[i].name);
	}
}

static const struct amount_case {
	const char *text;
	bool is_tokens;
	int rc;
	int64_t amount; /* picodollars, or tokens */
} amounts[] = {
	{ "15", false, 0, 15 * MONEY_USD },
	{ "$2.50", false, 0, 5 * MONEY_USD / 2 },
	{ "0.000000000001", false, 0, 1 },
	{ "-5", false, 0, -5 * MONEY_USD },
	{ "0", false, 0, 0 },
	{ "0.0000000000001", false, -1, 0 },
	{ "1000000000001", false, -1, 0 },
	{ "15 USD", false, -1, 0 },
	{ "", false, -1, 0 },
	{ "2M", false, -1, 0 },
	{ "500000", true, 0, 500000 },
	{ "500K", true, 0, 500000 },
	{ "1.5M", true, 0, 1500000 },
	{ "2g", true, 0, 2000000000 },
	{ "1.5", true, -1, 0 },
	{ "1.0005K", true, -1, 0 },
	{ "K", true, -1, 0 },
	{ "9999999999G", true, -1, 0 },
};

Test(budget, an_amount_is_exact_or_refused)
{
	for (size_t i = 0; i < sizeof(amounts) / sizeof(amounts[0]); i++) {
		const struct amount_case *c = &amounts[i];
		money_sum amount = 0;
		int rc = budget_parse_amount(c->text, c->is_tokens, &amount);

		cr_expect_eq(
		    rc, c->rc, "\"%s\": %d, expected %d", c->text, rc, c->rc);
		if (rc == 0)
			cr_expect(amount == c->amount,
			    "\"%s\": %lld, expected %lld", c->text,
			    (long long)amount, (long long)c->amount);
	}
}

static struct budget_state
day_with(int64_t limit_usd, int64_t spent_usd)
{
	return (struct budget_state){
		.budget = { .limit = (money_sum)limit_usd * MONEY_USD },
		.from_ms = START,
		.to_ms = START + 24 * HOUR,
		.spent = (money_sum)spent_usd * MONEY_USD,
	};
}

Test(budget, the_pace_is_that_of_an_even_spend)
{
	struct budget_state s = day_with(24, 12);
	struct budget_pace p;

	budget_pace(&s, START + 6 * HOUR, &p);
	cr_expect(p.has_elapsed, "nothing has elapsed");
	cr_expect(p.even == 6 * (money_sum)MONEY_USD, "even %lld",
	    (long long)(p.even / MONEY_USD));
	cr_expect(p.projected == 48 * (money_sum)MONEY_USD, "projected %lld",
	    (long long)(p.projected / MONEY_USD));
	cr_expect_eq(p.full_ms, START + 12 * HOUR, "full after %lld h",
	    (long long)((p.full_ms - START) / HOUR));
}

Test(budget, nothing_is_projected_where_there_is_no_end_or_no_time)
{
	struct budget_state s = day_with(24, 12), none = { .spent = 5 };
	struct budget_pace p;

	budget_pace(&s, START, &p);
	cr_expect_not(p.has_elapsed, "at its start %lld ms have elapsed",
	    (long long)p.elapsed_ms);
	budget_pace(&none, START, &p);
	cr_expect_not(p.has_elapsed, "a session has no end");
	s = day_with(24, 3);
	budget_pace(&s, START + 6 * HOUR, &p);
	cr_expect_eq(p.full_ms, 0, "reached at %lld, though not in the period",
	    (long long)p.full_ms);
	s = day_with(24, 30);
	budget_pace(&s, START + 6 * HOUR, &p);
	cr_expect_eq(
	    p.full_ms, 0, "it is over already: %lld", (long long)p.full_ms);
}

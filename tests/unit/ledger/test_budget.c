/*
 * Budgets on a real store: what counts for each, and that each level is told
 * once.
 */
#include <criterion/criterion.h>

#include "tests/unit/ledger/budget_help.h"
#include "tests/unit/ledger/ledger_help.h"

Test(budget, warning_then_limit_are_told_once_each, .timeout = 30)
{
	struct budget d = budget_of("daily", BUDGET_DAY, 10);
	struct bench b;

	bench_start(&b);
	set_budget(&b, &d);
	spend(&b, "a", clock_ms, 799);
	expect_told(&b, "budget", "");
	spend(&b, "b", clock_ms, 1);
	expect_told(&b, "budget", "warn daily 2026-05-17;");
	spend(&b, "c", clock_ms, 100);
	bench_reopen(&b);
	spend(&b, "d", clock_ms, 100);
	spend(&b, "e", clock_ms, 1);
	spend(&b, "d", clock_ms, 100);
	expect_told(
	    &b, "budget", "warn daily 2026-05-17;limit daily 2026-05-17;");
	cr_expect_eq(spent_of(&b, "daily"), (money_sum)1001 * (MONEY_USD / 100),
	    "%lld cents",
	    (long long)(spent_of(&b, "daily") / (MONEY_USD / 100)));
	bench_end(&b);
}

Test(budget, a_jump_past_both_is_told_as_the_limit_alone, .timeout = 30)
{
	struct budget d = budget_of("daily", BUDGET_DAY, 10);
	struct bench b;

	bench_start(&b);
	set_budget(&b, &d);
	spend(&b, "a", clock_ms, 1500);
	spend(&b, "b", clock_ms, 100);
	expect_told(&b, "budget", "limit daily 2026-05-17;");
	bench_end(&b);
}

Test(budget, a_raised_limit_is_armed_again_and_a_lowered_one_is_not,
    .timeout = 30)
{
	struct budget d = budget_of("daily", BUDGET_DAY, 10);
	struct bench b;

	bench_start(&b);
	set_budget(&b, &d);
	spend(&b, "a", clock_ms, 1500);
	d.limit = 20 * MONEY_USD;
	set_budget(&b, &d);
	expect_told(&b, "budget", "limit daily 2026-05-17;");
	spend(&b, "b", clock_ms, 500);
	d.limit = 10 * MONEY_USD;
	set_budget(&b, &d);
	expect_told(
	    &b, "budget", "limit daily 2026-05-17;limit daily 2026-05-17;");
	bench_end(&b);
}

Test(budget, what_was_spent_before_it_was_set_counts, .timeout = 30)
{
	struct budget m = budget_of("month", BUDGET_MONTH, 10);
	struct bench b;

	bench_start(&b);
	spend(&b, "a", clock_ms - 5 * 86400000ll, 900);
	spend(&b, "b", clock_ms - 40 * 86400000ll, 5000);
	set_budget(&b, &m);
	expect_told(&b, "budget", "warn month 2026-05;");
	cr_expect_eq(spent_of(&b, "month"), 9 * MONEY_USD, "another sum");
	bench_end(&b);
}

Test(budget, a_late_call_of_an_earlier_day_is_told_of_that_day, .timeout = 30)
{
	struct budget d = budget_of("daily", BUDGET_DAY, 10);
	struct bench b;

	bench_start(&b);
	set_budget(&b, &d);
	clock_ms += 3 * 86400000ll;
	spend(&b, "late", START_MS + 3600000, 1200);
	expect_told(&b, "budget", "limit daily 2026-05-17;");
	spend(&b, "old", START_MS - 2 * 86400000ll, 1200);
	expect_told(&b, "budget", "limit daily 2026-05-17;");
	cr_expect_eq(spent_of(&b, "daily"), 0, "today has spent something");
	clock_ms = START_MS;
	bench_end(&b);
}

Test(
    budget, raising_it_does_not_tell_of_days_that_are_over_again, .timeout = 30)
{
	struct budget d = budget_of("daily", BUDGET_DAY, 10);
	struct bench b;

	bench_start(&b);
	set_budget(&b, &d);
	spend(&b, "a", clock_ms, 1500);
	clock_ms += 86400000ll;
	d.limit = 12 * MONEY_USD;
	set_budget(&b, &d);
	spend(&b, "late", START_MS, 1);
	expect_told(&b, "budget", "limit daily 2026-05-17;");
	spend(&b, "b", clock_ms, 1200);
	expect_told(
	    &b, "budget", "limit daily 2026-05-17;limit daily 2026-05-18;");
	clock_ms = START_MS;
	bench_end(&b);
}

Test(budget, a_call_that_is_undone_reaches_no_level, .timeout = 30)
{
	struct budget d = budget_of("daily", BUDGET_DAY, 20);
	struct event ev;
	struct bench b;

	bench_start(&b);
	set_budget(&b, &d);
	spend(&b, "a", clock_ms, 1200);
	spend_init(&ev, "b", clock_ms, 100);
	help_put(b.l, &ev, 1);
	clock_ms += 86400000ll;
	d.limit = 10 * MONEY_USD;
	set_budget(&b, &d);
	ev.is_void = true;
	help_put(b.l, &ev, 1);
	expect_told(&b, "budget", "");
	spend(&b, "c", START_MS, 1);
	expect_told(&b, "budget", "limit daily 2026-05-17;");
	clock_ms = START_MS;
	bench_end(&b);
}

Test(budget, what_comes_at_once_is_judged_as_one, .timeout = 30)
{
	struct budget k = budget_of("block", BUDGET_BLOCK, 10);
	struct event ev[2];
	struct bench b;

	bench_start(&b);
	set_budget(&b, &k);
	spend_init(&ev[0], "a", clock_ms, 900);
	spend_init(&ev[1], "b", clock_ms + 3600000, 900);
	help_put(b.l, ev, 2);
	expect_told(&b, "budget", "limit block 2026-05-17T08:00:00+02:00;");
	bench_end(&b);
}

Test(budget, blocks_begin_with_use_and_last_five_hours, .timeout = 30)
{
	struct budget k = budget_of("block", BUDGET_BLOCK, 10);
	struct bench b;

	bench_start(&b);
	set_budget(&b, &k);
	spend(&b, "a", clock_ms, 600);
	clock_ms += 4 * 3600000ll;
	spend(&b, "b", clock_ms, 300);
	cr_expect_eq(spent_of(&b, "block"), 9 * MONEY_USD, "not one block");
	clock_ms += 3600000ll;
	cr_expect_eq(spent_of(&b, "block"), 0, "the block is not over");
	spend(&b, "c", clock_ms, 1000);
	expect_told(&b, "budget",
	    "warn block 2026-05-17T08:00:00+02:00;"
	    "limit block 2026-05-17T13:00:00+02:00;");
	clock_ms = START_MS;
	bench_end(&b);
}

Test(budget, a_block_that_a_late_call_moves_is_not_told_again, .timeout = 30)
{
	struct budget k = budget_of("block", BUDGET_BLOCK, 10);
	int64_t hour = 3600000, at = START_MS + 10 * hour;
	struct bench b;

	bench_start(&b);
	set_budget(&b, &k);
	clock_ms = at + 3 * hour;
	spend(&b, "a", at, 600);
	spend(&b, "b", at + hour, 600);
	expect_told(&b, "budget", "limit block 2026-05-17T18:00:00+02:00;");
	/* It begins two hours earlier now, with more in it. */
	spend(&b, "late", at - 2 * hour, 100);
	spend(&b, "c", at + 2 * hour, 100);
	bench_reopen(&b);
	spend(&b, "d", at + 2 * hour, 100);
	expect_told(&b, "budget", "limit block 2026-05-17T18:00:00+02:00;");
	/* And the one behind it is another, which overlaps the one told. */
	clock_ms = at + 4 * hour;
	spend(&b, "e", at + 3 * hour, 1000);
	expect_told(&b, "budget",
	    "limit block 2026-05-17T18:00:00+02:00;"
	    "limit block 2026-05-17T21:00:00+02:00;");
	clock_ms = START_MS;
	bench_end(&b);
}

Test(budget, a_block_is_armed_again_wherever_it_begins, .timeout = 30)
{
	struct budget k = budget_of("block", BUDGET_BLOCK, 10);
	int64_t hour = 3600000, at = START_MS + 10 * hour;
	struct bench b;

	bench_start(&b);
	set_budget(&b, &k);
	clock_ms = at + hour;
	spend(&b, "a", at, 1200);
	spend(&b, "late", at - 2 * hour, 100);
	k.limit = 13 * MONEY_USD;
	set_budget(&b, &k);
	expect_told(&b, "budget",
	    "limit block 2026-05-17T18:00:00+02:00;"
	    "limit block 2026-05-17T16:00:00+02:00;");
	spend(&b, "later", at - 3 * hour, 100);
	expect_told(&b, "budget",
	    "limit block 2026-05-17T18:00:00+02:00;"
	    "limit block 2026-05-17T16:00:00+02:00;");
	clock_ms = START_MS;
	bench_end(&b);
}

Test(budget, a_session_has_its_own, .timeout = 30)
{
	struct budget s = budget_of("one", BUDGET_SESSION, 10);
	struct bench b;

	bench_start(&b);
	spend(&b, "a", clock_ms - 86400000, 500);
	set_budget(&b, &s);
	cr_expect_eq(spent_of(&b, "one"), 5 * MONEY_USD, "another sum");
	spend(&b, "b", clock_ms, 500);
	expect_told(&b, "budget", "limit one s1;");
	bench_end(&b);
}

Test(budget, a_reminder_comes_once_a_day_while_it_is_over, .timeout = 30)
{
	struct budget m = budget_of("month", BUDGET_MONTH, 10);
	struct bench b;

	bench_start(&b);
	m.reminds = true;
	set_budget(&b, &m);
	spend(&b, "a", clock_ms, 1500);
	tick_at(&b, START_MS + 3600000);
	expect_told(&b, "budget", "limit month 2026-05;");
	tick_at(&b, START_MS + 86400000);
	tick_at(&b, START_MS + 86400000 + 3600000);
	expect_told(&b, "budget", "limit month 2026-05;limit month 2026-05;");
	tick_at(&b, START_MS + 20 * 86400000ll);
	expect_told(&b, "budget", "limit month 2026-05;limit month 2026-05;");
	clock_ms = START_MS;
	bench_end(&b);
}

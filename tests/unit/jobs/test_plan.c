#include "collectord/jobs/sync/sync_plan.h"

#include <criterion/criterion.h>

#define DAY 86400000ll
#define TODAY (20585 * DAY)
#define NOW (TODAY + 36000000)

static const struct provider_feed feed = {
	.name = "costs", .every_s = 300, .is_windowed = true, .trailing_days = 3
};

TestSuite(plan, .timeout = 30);

static void
expect_range(const struct plan_range *r, int64_t from, int64_t to)
{
	cr_expect(
	    r->from_ms == TODAY + from * DAY && r->to_ms == TODAY + to * DAY,
	    "%lld to %lld days, not %lld to %lld",
	    (long long)(r->from_ms - TODAY) / DAY,
	    (long long)(r->to_ms - TODAY) / DAY, (long long)from,
	    (long long)to);
}

Test(plan, the_newest_days_come_first_and_then_older_ones)
{
	struct account_feed f = { 0 };
	struct plan_range r;

	cr_assert(plan_next_range(&f, &feed, NOW, false, &r), "no first range");
	expect_range(&r, -30, 1);
	plan_note_range(&f, &feed, NOW, &r);
	cr_assert(plan_next_range(&f, &feed, NOW, true, &r), "no history");
	expect_range(&r, -61, -30);
	plan_note_range(&f, &feed, NOW, &r);
	cr_assert(plan_next_range(&f, &feed, NOW, true, &r), "no more of it");
	expect_range(&r, -92, -61);
	cr_expect_eq(f.from_ms, TODAY - 61 * DAY, "known from %lld",
	    (long long)f.from_ms);
	cr_expect(!f.has_history, "it is all there");
}

Test(plan, older_days_end_at_the_limit_and_are_asked_for_once)
{
	struct account_feed f = { 0 };
	struct plan_range r;
	int n = 0;

	for (; n < 20 && plan_next_range(&f, &feed, NOW, n > 0, &r); n++)
		plan_note_range(&f, &feed, NOW, &r);
	cr_expect_eq(n, 6, "%d ranges", n);
	expect_range(&r, -180, -180);
	cr_expect_eq(f.from_ms, TODAY - 180 * DAY, "known from %lld days",
	    (long long)(f.from_ms - TODAY) / DAY);
	cr_expect(f.has_history, "more is to come");
	/* Nor does a clock that is set back lead to older ones. */
	for (int later = -3; later < 400; later += 13) {
		cr_assert(
		    plan_next_range(&f, &feed, NOW + later * DAY, false, &r),
		    "%d days later: no range", later);
		plan_note_range(&f, &feed, NOW + later * DAY, &r);
		cr_expect(
		    !plan_next_range(&f, &feed, NOW + later * DAY, true, &r),
		    "%d days later: goes on with %lld", later,
		    (long long)(r.from_ms - TODAY) / DAY);
	}
}

Test(plan, days_that_were_missed_are_asked_for_with_those_that_may_change)
{
	struct account_feed f = { .from_ms = TODAY - 90 * DAY,
		.to_ms = TODAY - 40 * DAY,
		.has_history = true };
	struct plan_range r;

	cr_assert(plan_next_range(&f, &feed, NOW, false, &r), "no range");
	expect_range(&r, -43, -12);
	plan_note_range(&f, &feed, NOW, &r);
	cr_assert(plan_next_range(&f, &feed, NOW, true, &r), "no second range");
	expect_range(&r, -12, 1);
	plan_note_range(&f, &feed, NOW, &r);
	cr_expect(!plan_next_range(&f, &feed, NOW, true, &r), "goes on");
	cr_assert(plan_next_range(&f, &feed, NOW, false, &r), "no new round");
	expect_range(&r, -2, 1);
}

Test(plan, what_nobody_can_be_asked_for_any_longer_is_no_gap_of_ours)
{
	struct provider_feed short_lived = feed;
	struct account_feed f = { .from_ms = TODAY - 90 * DAY,
		.to_ms = TODAY - 60 * DAY,
		.has_history = true };
	struct plan_range r;

	short_lived.lookback_days = 30;
	short_lived.lacks_today = true;
	cr_assert(
	    plan_next_range(&f, &short_lived, NOW, false, &r), "no range");
	expect_range(&r, -30, 0);
	plan_note_range(&f, &short_lived, NOW, &r);
	cr_expect_eq(f.from_ms, TODAY - 30 * DAY, "known from %lld",
	    (long long)f.from_ms);
}

Test(plan, a_service_that_is_asked_too_much_says_for_how_long)
{
	int64_t a = plan_limited_until("x", "costs", NOW, 120000, 3);
	int64_t before = 0, b;

	cr_expect_eq(a, NOW + 120000, "until %lld", (long long)(a - NOW));
	for (uint32_t n = 1; n < 40; n++) {
		b = plan_limited_until("x", "costs", NOW, -1, n) - NOW;
		cr_expect(
		    b >= 60000 && b <= 4500000, "%u: %lld", n, (long long)b);
		cr_expect(n > 6 || b > before, "%u: %lld after %lld", n,
		    (long long)b, (long long)before);
		before = b;
	}
}

Test(plan, two_accounts_are_not_asked_at_the_same_time)
{
	int64_t a = plan_next_round("openai", &feed, NOW);
	int64_t b = plan_next_round("openai/work", &feed, NOW);

	cr_expect_neq(a, b, "both at %lld", (long long)a);
	cr_expect_eq(a, plan_next_round("openai", &feed, NOW), "not the same");
	cr_expect(a >= NOW + 3600000 && a <= NOW + 4500000, "after %lld",
	    (long long)(a - NOW));
}

Test(plan, days_that_a_clock_ahead_asked_for_are_asked_for_when_they_come)
{
	struct account_feed f = { .from_ms = TODAY - 90 * DAY,
		.to_ms = TODAY + 60 * DAY,
		.has_history = true };
	struct plan_range r;

	cr_assert(plan_next_range(&f, &feed, NOW, false, &r), "no range");
	expect_range(&r, -2, 1);
	plan_note_range(&f, &feed, NOW, &r);
	cr_expect_eq(f.to_ms, TODAY + DAY, "known to %lld days",
	    (long long)(f.to_ms - TODAY) / DAY);
	cr_expect_eq(f.from_ms, TODAY - 90 * DAY, "known from %lld days",
	    (long long)(f.from_ms - TODAY) / DAY);
	/* The machine is off for ten days then. */
	cr_assert(plan_next_range(&f, &feed, NOW + 10 * DAY, false, &r),
	    "no range later");
	expect_range(&r, -2, 11);
}

Test(plan, what_only_a_clock_ahead_asked_for_is_no_history)
{
	struct account_feed f = { .from_ms = TODAY + 40 * DAY,
		.to_ms = TODAY + 101 * DAY,
		.has_history = true };
	struct plan_range r;

	cr_assert(plan_next_range(&f, &feed, NOW, false, &r), "no range");
	expect_range(&r, -30, 1);
	plan_note_range(&f, &feed, NOW, &r);
	cr_assert(plan_next_range(&f, &feed, NOW, true, &r), "no history");
	expect_range(&r, -61, -30);
}

Test(plan, a_clock_that_is_set_back_within_a_round_leads_to_no_day_of_old)
{
	struct account_feed f = { 0 };
	struct plan_range r;

	cr_assert(
	    plan_next_range(&f, &feed, NOW + 99 * DAY, false, &r), "no range");
	plan_note_range(&f, &feed, NOW + 99 * DAY, &r);
	cr_assert(plan_next_range(&f, &feed, NOW, true, &r), "no range");
	expect_range(&r, -30, 1);
}

/* Who may tell of a notice, when several ask and some of them hang. */
#include <criterion/criterion.h>

#include "collectord/ledger/alerts/holds.h"

#define START_MS 1779000000000ll
#define MINUTE_MS 60000ll

static void
expect_take(struct holds *h, uint64_t owner, int64_t after_ms, int want)
{
	int got = holds_take(h, 5, owner, START_MS + after_ms);

	cr_expect_eq(got, want, "owner %d after %lld ms: %d, expected %d",
	    (int)owner, (long long)after_ms, got, want);
}

static void
expect_has(struct holds *h, uint64_t owner, bool want)
{
	cr_expect_eq(holds_has(h, 5, owner), want, "owner %d has it: %d",
	    (int)owner, !want);
}

Test(holds, one_has_it_until_it_is_dropped_or_gone, .timeout = 30)
{
	struct holds h;

	holds_init(&h);
	expect_take(&h, 1, 0, 1);
	expect_take(&h, 2, 0, 0);
	holds_drop(&h, 5);
	expect_has(&h, 1, false);
	expect_take(&h, 2, 0, 1);
	holds_drop_all_of(&h, 2);
	expect_take(&h, 1, 0, 1);
	holds_close(&h);
}

Test(holds, after_a_minute_the_next_one_gets_it, .timeout = 30)
{
	struct holds h;

	holds_init(&h);
	expect_take(&h, 1, 0, 1);
	expect_take(&h, 2, MINUTE_MS - 1, 0);
	expect_take(&h, 2, MINUTE_MS, 1);
	expect_has(&h, 1, false);
	expect_has(&h, 2, true);
	expect_take(&h, 1, 2 * MINUTE_MS - 1, 0);
	holds_close(&h);
}

Test(holds, who_is_late_has_it_while_nobody_asks, .timeout = 30)
{
	struct holds h;

	holds_init(&h);
	expect_take(&h, 1, 0, 1);
	expect_has(&h, 1, true);
	expect_take(&h, 1, 10 * MINUTE_MS, 1);
	expect_take(&h, 2, 11 * MINUTE_MS - 1, 0);
	expect_has(&h, 1, true);
	holds_close(&h);
}

Test(holds, a_clock_set_back_does_not_make_it_last, .timeout = 30)
{
	struct holds h;

	holds_init(&h);
	expect_take(&h, 1, 0, 1);
	expect_take(&h, 2, -60 * MINUTE_MS, 0);
	expect_take(&h, 2, -59 * MINUTE_MS, 1);
	holds_close(&h);
}

#include <criterion/criterion.h>

#include "clients/report/block.h"

#define HOUR 3600000ll
#define MINUTE 60000ll
#define SLOTS 200
/* 2026-05-11T00:00:00Z */
#define START 1778457600000ll
#define LENGTH (5 * HOUR)

static int64_t edges[SLOTS + 1];
static struct report_row rows[SLOTS];
static struct block found[SLOTS];
static size_t nrows;

static void
setup(void)
{
	size_t i;

	nrows = 0;
	for (i = 0; i <= SLOTS; i++)
		edges[i] = START + (int64_t)i * BLOCK_SLOT_MS;
}

TestSuite(block, .init = setup, .timeout = 30);

static void
use(int slot, uint64_t tokens, int64_t cents)
{
	struct report_row *r = &rows[nrows++];

	*r = (struct report_row){ .period = (uint32_t)slot };
	r->sums.n[SUM_CALLS] = 1;
	r->sums.n[SUM_OUTPUT] = tokens;
	r->sums.cost = (money_sum)cents * MONEY_USD / 100;
}

static size_t
find(int64_t now_ms)
{
	return block_find(edges, rows, nrows, LENGTH, now_ms, found);
}

#define EXPECT_AT(got, want)                                                   \
	cr_expect_eq((got), (want), "%lld minutes, expected %lld",             \
	    (long long)(((got)-START) / MINUTE),                               \
	    (long long)(((want)-START) / MINUTE))

Test(block, begins_at_the_full_hour_of_its_first_call)
{
	use(6, 10, 1); /* 01:30 */
	use(7, 10, 1);
	cr_assert_eq(find(START + 24 * HOUR), 1);
	EXPECT_AT(found[0].start_ms, START + HOUR);
	EXPECT_AT(found[0].end_ms, START + 6 * HOUR);
	EXPECT_AT(found[0].first_ms, START + HOUR + 30 * MINUTE);
	EXPECT_AT(found[0].last_ms, START + 2 * HOUR);
	cr_expect(!found[0].is_active, "a block of yesterday is active");
}

Test(block, a_call_at_its_end_begins_the_next_one)
{
	use(4, 10, 1);  /* 01:00: until 06:00 */
	use(23, 20, 1); /* 05:45 is in it */
	use(24, 40, 1); /* 06:00 is not */
	cr_assert_eq(find(START + 24 * HOUR), 2);
	cr_expect_eq(found[0].sums.n[SUM_OUTPUT], 30);
	cr_expect_eq(found[1].sums.n[SUM_OUTPUT], 40);
	EXPECT_AT(found[1].start_ms, START + 6 * HOUR);
}

Test(block, after_a_gap_the_hour_of_the_next_call_counts)
{
	use(0, 10, 1);
	use(60, 20, 1); /* 15:00 */
	use(62, 20, 1);
	cr_assert_eq(find(START + 16 * HOUR), 2);
	EXPECT_AT(found[1].start_ms, START + 15 * HOUR);
	cr_expect(found[1].is_active, "16:00 is in 15:00 to 20:00");
	cr_expect(!found[0].is_active, "00:00 to 05:00 is over");
}

Test(block, nothing_used_makes_no_block)
{
	cr_expect_eq(find(START), 0);
}

Test(block, the_pace_projects_to_the_end)
{
	struct block_pace p;

	use(0, 600, 100);
	use(3, 600, 100);
	cr_assert_eq(find(START + 2 * HOUR), 1);
	block_pace(&found[0], START + 2 * HOUR, &p);
	cr_expect_eq(p.used_ms, 2 * HOUR, "%lld", (long long)p.used_ms);
	cr_expect_eq(p.left_ms, 3 * HOUR, "%lld", (long long)p.left_ms);
	cr_expect_eq((int64_t)p.tokens_a_minute, 10, "%lld a minute",
	    (long long)p.tokens_a_minute);
	cr_expect_eq((int64_t)p.cost_an_hour, MONEY_USD, "%lld p$ an hour",
	    (long long)p.cost_an_hour);
	cr_expect_eq((int64_t)p.tokens_at_end, 3000, "%lld tokens",
	    (long long)p.tokens_at_end);
	cr_expect_eq((int64_t)p.cost_at_end, 5 * MONEY_USD, "%lld p$",
	    (long long)p.cost_at_end);
}

Test(block, one_that_is_over_projects_nothing)
{
	struct block_pace p;

	use(0, 900, 100);
	find(START + 24 * HOUR);
	block_pace(&found[0], START + 24 * HOUR, &p);
	cr_expect_eq(p.left_ms, 0);
	cr_expect_eq(p.used_ms, BLOCK_SLOT_MS, "%lld", (long long)p.used_ms);
	cr_expect_eq((int64_t)p.tokens_a_minute, 60);
	cr_expect_eq((int64_t)p.tokens_at_end, 900);
}

Test(block, the_first_second_does_not_divide_by_zero)
{
	struct block_pace p;

	use(0, 100, 1);
	find(START);
	block_pace(&found[0], START, &p);
	cr_expect_eq((int64_t)p.tokens_a_minute, 100, "%lld",
	    (long long)p.tokens_a_minute);
}

Test(block, sums_of_any_size_project_without_overflow)
{
	struct block_pace p;

	use(0, 0, 0);
	rows[0].sums.n[SUM_OUTPUT] = UINT64_MAX / 4;
	rows[0].sums.cost = (money_sum)MONEY_USD * 1000000000000;
	find(START + HOUR);
	block_pace(&found[0], START + HOUR, &p);
	cr_expect(p.tokens_at_end == (money_sum)(UINT64_MAX / 4) * 5,
	    "tokens overflowed");
	cr_expect(p.cost_at_end == (money_sum)MONEY_USD * 5000000000000,
	    "cost overflowed");
}

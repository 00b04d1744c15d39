#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "collectord/clock.h"

static void
clear_environment(void)
{
	unsetenv("TT_NOW");
}

TestSuite(clock, .init = clear_environment, .timeout = 30);

Test(clock, follows_the_wall_without_tt_now)
{
	int64_t before = (int64_t)time(NULL) * 1000, us;

	cr_assert_eq(clock_init(), 0);
	cr_assert_not(clock_is_manual());
	us = clock_now_us();
	cr_assert_geq(us / 1000, before, "%jd, before %jd", (intmax_t)us,
	    (intmax_t)before);
	cr_assert_lt(us / 1000, before + 20000);
	cr_assert_leq(us / 1000, clock_now_ms());
}

Test(clock, stands_still_at_tt_now_until_moved)
{
	setenv("TT_NOW", "2026-05-12T10:00:00.123Z", 1);
	cr_assert_eq(clock_init(), 0);
	cr_assert(clock_is_manual());
	cr_assert_eq(
	    clock_now_ms(), 1778580000123, "%jd", (intmax_t)clock_now_ms());
	cr_assert_eq(
	    clock_now_us(), 1778580000123000, "%jd", (intmax_t)clock_now_us());
	clock_set_ms(1778580000000);
	cr_assert_eq(
	    clock_now_ms(), 1778580000000, "%jd", (intmax_t)clock_now_ms());
}

Test(clock, reads_the_zone_of_tt_now)
{
	setenv("TT_NOW", "2026-05-12T12:00:00+02:00", 1);
	cr_assert_eq(clock_init(), 0);
	cr_assert_eq(
	    clock_now_ms(), 1778580000000, "%jd", (intmax_t)clock_now_ms());
}

Test(clock, refuses_a_tt_now_that_is_no_time)
{
	setenv("TT_NOW", "2026-02-30T00:00:00Z", 1);
	cr_assert_eq(clock_init(), -1);
	setenv("TT_NOW", "yesterday", 1);
	cr_assert_eq(clock_init(), -1);
	cr_assert_not(clock_is_manual());
}

Test(clock, an_empty_tt_now_is_as_none)
{
	setenv("TT_NOW", "", 1);
	cr_assert_eq(clock_init(), 0);
	cr_assert_not(clock_is_manual());
}

Test(clock, cannot_be_set_to_what_overflows)
{
	clock_set_ms(INT64_MAX);
	cr_assert_eq(
	    clock_now_ms(), 253402300799999, "%jd", (intmax_t)clock_now_ms());
	clock_set_ms(INT64_MIN);
	cr_assert_eq(clock_now_ms(), 0, "%jd", (intmax_t)clock_now_ms());
	cr_assert(clock_is_manual());
}

Test(clock, intervals_do_not_know_the_manual_clock)
{
	int64_t before = clock_mono_ms(), after;

	clock_set_ms(1);
	after = clock_mono_ms();
	cr_assert_geq(after, before, "%jd, before %jd", (intmax_t)after,
	    (intmax_t)before);
	cr_assert_lt(after, before + 20000);
}

static void *
move_clock(void *arg)
{
	(void)arg;
	for (int64_t ms = 1000; ms < 200000; ms++)
		clock_set_ms(ms);
	return NULL;
}

Test(clock, may_be_read_while_another_thread_moves_it)
{
	int64_t last = 0, now;
	pthread_t thread;

	clock_set_ms(1000);
	cr_assert_eq(pthread_create(&thread, NULL, move_clock, NULL), 0);
	do {
		now = clock_now_us();
		cr_assert_geq(
		    now, last, "%jd after %jd", (intmax_t)now, (intmax_t)last);
		cr_assert_eq(now % 1000, 0);
		last = now;
	} while (now < 199999000);
	pthread_join(thread, NULL);
}

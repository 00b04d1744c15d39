/* Days and weeks of any zone, where clocks are put forward and back. */
#include "tests/e2e/answer.h"
#include "tests/e2e/peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

static struct home home;
static struct peer peer = { .fd = -1 };
static struct answer answer;

static void
teardown(void)
{
	answer_free(&answer);
	peer_close(&peer);
	home_finish(&home);
}

static void
setup(void)
{
	home_make(&home);
}

TestSuite(calendar, .init = setup, .fini = teardown, .timeout = 120);

/* The daemon's and the clients' clock stand at an instant. */
static void
serve_at(const char *now)
{
	home_env(&home, "TT_NOW", now);
	daemon_start(&home);
	cr_assert(peer_open(&peer, home.socket), "no connection");
}

/* One call at each instant, of 1, 2, 4, … output tokens. */
static void
put_at(const int64_t *seconds, size_t n)
{
	char message[32];
	struct event ev;
	size_t i;

	for (i = 0; i < n; i++) {
		snprintf(message, sizeof(message), "m%zu", i);
		ev = sight("s", message, 0, 1u << i);
		ev.ts_ms = seconds[i] * 1000;
		cr_assert_eq(peer_put(&peer, &ev, 1).stored, 1, "call %zu", i);
	}
}

#define EXPECT_OUTPUT(row, want)                                               \
	cr_expect_eq(answer_u64(&answer, (row), "output_tokens"),              \
	    (uint64_t)(want), "row %d: %lu output tokens, expected %lu: %s",   \
	    (row), (unsigned long)answer_u64(&answer, (row), "output_tokens"), \
	    (unsigned long)(want), answer.run.out)
#define EXPECT_PERIOD(want_from, want_to)                                      \
	do {                                                                   \
		cr_expect_str_eq(answer_path(&answer, "period.from"),          \
		    (want_from), "from %s, expected %s", answer.text,          \
		    (want_from));                                              \
		cr_expect_str_eq(answer_path(&answer, "period.to"), (want_to), \
		    "to %s, expected %s", answer.text, (want_to));             \
	} while (0)

/* Berlin goes back on 2026-10-25 at 01:00 UTC. */
static const int64_t autumn[] = {
	1792879199, /* 2026-10-24T21:59:59Z, 23:59:59 the day before */
	1792879200, /* 2026-10-24T22:00:00Z, midnight */
	1792969199, /* 2026-10-25T22:59:59Z, 23:59:59 */
	1792969200, /* 2026-10-25T23:00:00Z, midnight */
};

Test(calendar, a_day_of_25_hours_has_all_of_them)
{
	serve_at("2026-10-25T12:00:00Z");
	put_at(autumn, 4);
	ASK(&answer, &home, "today", "--tz", "Europe/Berlin");
	EXPECT_OUTPUT(-1, 2 + 4);
	EXPECT_PERIOD("2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00");
	answer_free(&answer);
	ASK(&answer, &home, "yesterday", "--tz", "Europe/Berlin");
	EXPECT_OUTPUT(-1, 1);
	answer_free(&answer);
	ASK(&answer, &home, "today", "--tz", "UTC");
	EXPECT_OUTPUT(-1, 4 + 8);
}

Test(calendar, the_hour_that_comes_twice_has_two_rows)
{
	/* 00:30Z and 01:30Z are both 02:30 in Berlin. */
	static const int64_t twice[] = { 1792888200, 1792891800 };

	serve_at("2026-10-25T12:00:00Z");
	put_at(twice, 2);
	ASK(&answer, &home, "today", "--tz", "Europe/Berlin", "--by", "hour");
	cr_assert_eq(answer_rows(&answer), 2, "%s", answer.run.out);
	EXPECT_OUTPUT(0, 1);
	EXPECT_OUTPUT(1, 2);
}

/* Berlin goes forward on 2026-03-29 at 01:00 UTC. */
static const int64_t spring[] = {
	1774738799, /* 2026-03-28T22:59:59Z, 23:59:59 the day before */
	1774738800, /* 2026-03-28T23:00:00Z, midnight */
	1774821599, /* 2026-03-29T21:59:59Z, 23:59:59 */
	1774821600, /* 2026-03-29T22:00:00Z, midnight */
};

Test(calendar, a_day_of_23_hours_has_no_more)
{
	serve_at("2026-03-29T12:00:00Z");
	put_at(spring, 4);
	ASK(&answer, &home, "today", "--tz", "Europe/Berlin");
	EXPECT_OUTPUT(-1, 2 + 4);
	EXPECT_PERIOD("2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00");
}

Test(calendar, a_week_across_a_change_is_seven_calendar_days)
{
	/* Monday 2026-10-19 00:00 +02:00, and Monday 2026-10-26 +01:00. */
	static const int64_t edges[] = { 1792360799, 1792360800, 1792969199,
		1792969200 };

	serve_at("2026-10-25T12:00:00Z");
	put_at(edges, 4);
	ASK(&answer, &home, "week", "--tz", "Europe/Berlin", "--by", "day");
	EXPECT_OUTPUT(-1, 2 + 4);
	EXPECT_PERIOD("2026-10-19T00:00:00+02:00", "2026-10-26T00:00:00+01:00");
	cr_expect_str_eq(answer_text(&answer, 0, "day"), "2026-10-19");
	cr_expect_str_eq(answer_text(&answer, 1, "day"), "2026-10-25");
	answer_free(&answer);
	ASK(&answer, &home, "week", "--tz", "Europe/Berlin", "--week-start",
	    "sunday");
	EXPECT_PERIOD("2026-10-25T00:00:00+02:00", "2026-11-01T00:00:00+01:00");
	EXPECT_OUTPUT(-1, 4 + 8);
}

Test(calendar, the_zone_comes_from_tz_the_config_or_the_option)
{
	static const int64_t late[] = { 1778624999 }; /* 05-12T22:29:59Z */

	home_write(&home, "config", "[report]\ntz = Europe/Berlin\n");
	serve_at("2026-05-12T22:35:00Z");
	put_at(late, 1);
	ASK(&answer, &home, "today");
	EXPECT_PERIOD("2026-05-13T00:00:00+02:00", "2026-05-14T00:00:00+02:00");
	EXPECT_OUTPUT(-1, 1);
	answer_free(&answer);
	ASK(&answer, &home, "today", "--tz", "America/New_York");
	EXPECT_PERIOD("2026-05-12T00:00:00-04:00", "2026-05-13T00:00:00-04:00");
	answer_free(&answer);
	home_write(&home, "config", "");
	home_env(&home, "TZ", "Asia/Tokyo");
	ASK(&answer, &home, "today");
	EXPECT_PERIOD("2026-05-13T00:00:00+09:00", "2026-05-14T00:00:00+09:00");
}

Test(calendar, zones_off_by_three_quarters_of_an_hour_are_exact)
{
	/* Kathmandu is +05:45: its day 2026-05-12 begins at 18:15Z. */
	static const int64_t edges[] = { 1778523299, 1778523300, 1778609699,
		1778609700 };

	serve_at("2026-05-12T10:00:00Z");
	put_at(edges, 4);
	ASK(&answer, &home, "2026-05-12", "--tz", "Asia/Kathmandu");
	EXPECT_PERIOD("2026-05-12T00:00:00+05:45", "2026-05-13T00:00:00+05:45");
	EXPECT_OUTPUT(-1, 2 + 4);
}

Test(calendar, a_day_may_start_later_than_midnight)
{
	/* 2026-05-12 03:59:59Z and 04:00:00Z. */
	static const int64_t edges[] = { 1778558399, 1778558400 };

	home_write(&home, "config", "[report]\nday_start = 4\n");
	serve_at("2026-05-12T10:00:00Z");
	put_at(edges, 2);
	ASK(&answer, &home, "today");
	EXPECT_PERIOD("2026-05-12T04:00:00+00:00", "2026-05-13T04:00:00+00:00");
	EXPECT_OUTPUT(-1, 2);
	answer_free(&answer);
	ASK(&answer, &home, "yesterday");
	EXPECT_OUTPUT(-1, 1);
}

Test(calendar, the_day_turns_when_the_clock_does)
{
	struct reply r;
	struct event ev = sight("s", "m", 0, 1);

	serve_at("2026-05-12T23:59:00Z");
	ev.ts_ms = 0;
	peer_put(&peer, &ev, 1);
	ASK(&answer, &home, "today");
	EXPECT_OUTPUT(-1, 1);
	answer_free(&answer);
	cr_assert(peer_clock(&peer, 1778630460000, &r), "no reply");
	ev = sight("s", "m2", 0, 2);
	ev.ts_ms = 0;
	peer_put(&peer, &ev, 1);
	home_env(&home, "TT_NOW", "2026-05-13T00:01:00Z");
	ASK(&answer, &home, "today");
	EXPECT_OUTPUT(-1, 2);
	answer_free(&answer);
	ASK(&answer, &home, "week");
	EXPECT_OUTPUT(-1, 3);
}

Test(calendar, iso_weeks_belong_to_the_year_of_their_thursday)
{
	/* 2027-01-01 is a Friday of the week that began on 2026-12-28. */
	static const int64_t days[] = { 1798455600, 1798801200 };

	serve_at("2027-01-02T12:00:00Z");
	put_at(days, 2);
	ASK(&answer, &home, "2026-12-28..2027-01-03", "--by", "week");
	cr_assert_eq(answer_rows(&answer), 1, "%s", answer.run.out);
	EXPECT_OUTPUT(0, 3);
	cr_expect_str_eq(answer_text(&answer, 0, "week"), "2026-W53", "week %s",
	    answer.text);
}

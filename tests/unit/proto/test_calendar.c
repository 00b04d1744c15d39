#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "proto/calendar.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static struct civil
date(const char *s)
{
	struct civil day = { 0 };

	cr_assert_eq(
	    calendar_parse_date(s, strlen(s), &day), 0, "\"%s\" is no date", s);
	return day;
}

static int64_t
instant(const char *s)
{
	int64_t ms = 0;

	cr_assert_eq(calendar_parse_time(s, strlen(s), &ms, NULL), 0,
	    "\"%s\" is no time", s);
	return ms;
}

static void
use(const char *name)
{
	cr_assert_eq(
	    calendar_use_zone(name), 0, "no zone %s; is tzdata here?", name);
}

static void
check_date(struct civil day, const char *expected)
{
	char text[CALENDAR_TEXT_MAX];

	calendar_format_date(day, text);
	cr_assert_str_eq(text, expected, "%s, expected %s", text, expected);
}

static void
check_utc(int64_t ms, const char *expected, const char *what)
{
	char text[CALENDAR_TEXT_MAX];

	calendar_format_utc(ms, text);
	cr_assert_str_eq(text, expected, "%s %s: %s, expected %s",
	    calendar_zone(), what, text, expected);
}

struct start_case {
	const char *zone, *day;
	int hour;
	const char *utc;
};

static void
check_starts(const struct start_case *c, size_t n)
{
	for (; n > 0; n--, c++) {
		use(c->zone);
		check_utc(
		    calendar_day_start(date(c->day), c->hour), c->utc, c->day);
	}
}

Test(calendar, days_start_at_local_midnight_in_every_offset, .timeout = 30)
{
	static const struct start_case cases[] = {
		{ "UTC", "2026-05-12", 0, "2026-05-12T00:00:00.000Z" },
		{ "Europe/Berlin", "2026-01-01", 0,
		    "2025-12-31T23:00:00.000Z" },
		{ "Asia/Kolkata", "2026-01-01", 0, "2025-12-31T18:30:00.000Z" },
		{ "Asia/Kathmandu", "2026-01-01", 0,
		    "2025-12-31T18:15:00.000Z" },
		{ "Australia/Eucla", "2026-01-01", 0,
		    "2025-12-31T15:15:00.000Z" },
		{ "Pacific/Kiritimati", "2026-01-01", 0,
		    "2025-12-31T10:00:00.000Z" },
		{ "America/Los_Angeles", "2026-07-01", 0,
		    "2026-07-01T07:00:00.000Z" },
		{ "Pacific/Marquesas", "1970-01-01", 0,
		    "1970-01-01T09:30:00.000Z" },
		{ "Europe/Berlin", "2099-07-01", 0,
		    "2099-06-30T22:00:00.000Z" },
		{ "Asia/Kathmandu", "2026-01-01", 4,
		    "2025-12-31T22:15:00.000Z" },
		{ "America/Los_Angeles", "2026-07-01", 23,
		    "2026-07-02T06:00:00.000Z" },
	};

	check_starts(cases, COUNT(cases));
}

Test(calendar, clock_changes_make_days_of_23_and_25_hours, .timeout = 30)
{
	static const struct start_case cases[] = {
		{ "Europe/Berlin", "2026-03-29", 0,
		    "2026-03-28T23:00:00.000Z" },
		{ "Europe/Berlin", "2026-03-30", 0,
		    "2026-03-29T22:00:00.000Z" },
		{ "Europe/Berlin", "2026-10-25", 0,
		    "2026-10-24T22:00:00.000Z" },
		{ "Europe/Berlin", "2026-10-26", 0,
		    "2026-10-25T23:00:00.000Z" },
		{ "Europe/Berlin", "2026-10-25", 4,
		    "2026-10-25T03:00:00.000Z" },
	};

	check_starts(cases, COUNT(cases));
}

Test(calendar, a_start_that_clocks_jump_over_is_the_jump, .timeout = 30)
{
	static const struct start_case cases[] = {
		{ "America/Sao_Paulo", "2018-11-04", 0,
		    "2018-11-04T03:00:00.000Z" },
		{ "Asia/Beirut", "2022-03-27", 0, "2022-03-26T22:00:00.000Z" },
		{ "Europe/Berlin", "2026-03-29", 2,
		    "2026-03-29T01:00:00.000Z" },
		{ "Australia/Lord_Howe", "2026-10-04", 2,
		    "2026-10-03T15:30:00.000Z" },
		{ "Pacific/Apia", "2011-12-29", 0, "2011-12-29T10:00:00.000Z" },
		{ "Pacific/Apia", "2011-12-30", 0, "2011-12-30T10:00:00.000Z" },
		{ "Pacific/Apia", "2011-12-31", 0, "2011-12-30T10:00:00.000Z" },
		{ "Pacific/Apia", "2012-01-01", 0, "2011-12-31T10:00:00.000Z" },
	};

	check_starts(cases, COUNT(cases));
	check_date(
	    calendar_day_of(instant("2011-12-30T09:59:59Z"), 0), "2011-12-29");
	check_date(
	    calendar_day_of(instant("2011-12-30T10:00:00Z"), 0), "2011-12-31");
}

Test(calendar, of_two_passes_over_a_start_the_first_counts, .timeout = 30)
{
	static const struct start_case cases[] = {
		{ "America/Havana", "2024-11-03", 0,
		    "2024-11-03T04:00:00.000Z" },
		{ "America/Sao_Paulo", "2018-02-18", 0,
		    "2018-02-18T03:00:00.000Z" },
		{ "Europe/Berlin", "2026-10-25", 2,
		    "2026-10-25T00:00:00.000Z" },
		{ "America/St_Johns", "2010-11-07", 0,
		    "2010-11-07T02:30:00.000Z" },
	};

	check_starts(cases, COUNT(cases));
	/* One minute after midnight clocks there went back to 23:01. */
	check_date(
	    calendar_day_of(instant("2010-11-07T02:45:00Z"), 0), "2010-11-07");
	check_date(
	    calendar_day_of(instant("2010-11-07T02:29:59Z"), 0), "2010-11-06");
}

Test(calendar, the_hours_before_the_start_belong_to_the_day_before,
    .timeout = 30)
{
	use("Europe/Berlin");
	check_date(calendar_day_of(instant("2026-05-12T03:59:59+02:00"), 4),
	    "2026-05-11");
	check_date(calendar_day_of(instant("2026-05-12T04:00:00+02:00"), 4),
	    "2026-05-12");
	check_date(calendar_day_of(instant("2026-05-12T00:00:00+02:00"), 0),
	    "2026-05-12");
	check_date(calendar_day_of(instant("2026-05-12T00:00:00+02:00") - 1, 0),
	    "2026-05-11");
}

static void
check_enclosed(int64_t ms, int hour)
{
	struct civil day = calendar_day_of(ms, hour);
	int64_t from = calendar_day_start(day, hour);
	int64_t to = calendar_day_start(calendar_add_days(day, 1), hour);

	cr_assert(from <= ms && ms < to, "%s: %lld is not in [%lld, %lld)",
	    calendar_zone(), (long long)ms, (long long)from, (long long)to);
}

Test(calendar, every_instant_lies_within_its_day, .timeout = 60)
{
	static const char *const zones[] = { "UTC", "Europe/Berlin",
		"America/Sao_Paulo", "America/St_Johns", "America/Havana",
		"Asia/Beirut", "Pacific/Apia", "Australia/Lord_Howe",
		"Asia/Kathmandu", "Africa/Casablanca", "Antarctica/Troll" };
	const int64_t first = 0, step = 12345678, last = 2240524800000;
	size_t i;
	int64_t ms;

	for (i = 0; i < COUNT(zones); i++) {
		use(zones[i]);
		for (ms = first; ms < last; ms += step * 11)
			check_enclosed(ms, (int)(ms / 1000 % 24));
	}
}

Test(calendar, hours_start_by_the_offset_of_the_instant, .timeout = 30)
{
	static const struct {
		const char *zone, *time, *utc;
	} cases[] = {
		{ "UTC", "2026-05-12T10:59:59.999Z",
		    "2026-05-12T10:00:00.000Z" },
		{ "Asia/Kathmandu", "2026-05-12T10:00:00Z",
		    "2026-05-12T09:15:00.000Z" },
		{ "Asia/Kathmandu", "2026-05-12T10:15:00Z",
		    "2026-05-12T10:15:00.000Z" },
		{ "Europe/Berlin", "2026-10-25T00:30:00Z",
		    "2026-10-25T00:00:00.000Z" },
		{ "Europe/Berlin", "2026-10-25T01:30:00Z",
		    "2026-10-25T01:00:00.000Z" },
		{ "America/St_Johns", "1970-01-01T00:00:00Z",
		    "1969-12-31T23:30:00.000Z" },
	};
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		use(cases[i].zone);
		check_utc(calendar_hour_start(instant(cases[i].time)),
		    cases[i].utc, cases[i].time);
	}
}

static struct civil
tomorrow(struct civil d)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
		31 };
	bool leap = d.year % 4 == 0 && (d.year % 100 != 0 || d.year % 400 == 0);

	if (d.day < days[d.month - 1] + (leap && d.month == 2))
		return (struct civil){ d.year, d.month, d.day + 1 };
	if (d.month < 12)
		return (struct civil){ d.year, d.month + 1, 1 };
	return (struct civil){ d.year + 1, 1, 1 };
}

Test(calendar, days_count_on_from_1970_to_9999, .timeout = 60)
{
	const struct civil epoch = { 1970, 1, 1 };
	struct civil day = epoch, next;
	int n, weekday = 4;

	for (n = 0; day.year < 10000; n++, day = next) {
		next = tomorrow(day);
		cr_assert_eq(calendar_cmp(calendar_add_days(epoch, n), day), 0,
		    "day %d is not %d-%d-%d", n, day.year, day.month, day.day);
		cr_assert_eq(calendar_cmp(calendar_add_days(day, 1), next), 0);
		cr_assert_eq(calendar_cmp(calendar_add_days(next, -1), day), 0);
		cr_assert_eq(calendar_weekday(day), weekday, "%d, expected %d",
		    calendar_weekday(day), weekday);
		cr_assert(
		    calendar_is_valid(day) && calendar_cmp(day, next) < 0);
		weekday = weekday % 7 + 1;
	}
	cr_assert_eq(n, 2932897, "%d days", n);
}

Test(calendar, far_days_and_years_are_reached_at_once, .timeout = 30)
{
	check_date(calendar_add_days(date("2024-02-28"), 1), "2024-02-29");
	check_date(calendar_add_days(date("2024-02-28"), 366), "2025-02-28");
	check_date(
	    calendar_add_days(date("1970-01-01"), 2932896), "9999-12-31");
	check_date(
	    calendar_add_days(date("9999-12-31"), -2932896), "1970-01-01");
}

Test(calendar, months_are_added_across_years, .timeout = 30)
{
	check_date(calendar_add_months(date("2026-01-01"), 1), "2026-02-01");
	check_date(calendar_add_months(date("2026-12-01"), 1), "2027-01-01");
	check_date(calendar_add_months(date("2026-01-01"), -1), "2025-12-01");
	check_date(calendar_add_months(date("2026-01-01"), -13), "2024-12-01");
	check_date(calendar_add_months(date("2026-05-01"), 120), "2036-05-01");
	check_date(calendar_add_months(date("2026-01-31"), 1), "2026-02-28");
	check_date(calendar_add_months(date("2024-03-31"), -1), "2024-02-29");
}

Test(calendar, dates_compare_by_year_month_and_day, .timeout = 30)
{
	cr_assert_eq(calendar_cmp(date("2026-05-12"), date("2026-05-12")), 0);
	cr_assert_lt(calendar_cmp(date("2025-12-31"), date("2026-01-01")), 0);
	cr_assert_gt(calendar_cmp(date("2026-02-01"), date("2026-01-31")), 0);
	cr_assert_lt(calendar_cmp(date("2026-02-01"), date("2026-02-02")), 0);
}

Test(calendar, weeks_start_on_the_day_one_asks_for, .timeout = 30)
{
	struct civil wednesday = date("2026-07-01"), start;
	int ws;

	check_date(calendar_week_start(wednesday, 1), "2026-06-29");
	check_date(calendar_week_start(wednesday, 3), "2026-07-01");
	check_date(calendar_week_start(wednesday, 4), "2026-06-25");
	check_date(calendar_week_start(wednesday, 7), "2026-06-28");
	for (ws = 1; ws <= 7; ws++) {
		start = calendar_week_start(wednesday, ws);
		cr_assert_eq(calendar_weekday(start), ws, "%d, expected %d",
		    calendar_weekday(start), ws);
	}
}

/* ISO 8601 by counting: a week that has January 4 is the first. */
Test(calendar, iso_weeks_agree_with_counting_days, .timeout = 30)
{
	struct civil day = { 2007, 1, 1 }; /* a Monday */
	int weekday = 1, year = 2007, week = 1, got_year, got_week;

	for (; day.year < 2040; day = tomorrow(day)) {
		calendar_iso_week(day, &got_year, &got_week);
		cr_assert(got_year == year && got_week == week,
		    "%d-%d-%d: %d-W%d, expected %d-W%d", day.year, day.month,
		    day.day, got_year, got_week, year, week);
		weekday = weekday % 7 + 1;
		if (weekday != 1)
			continue;
		week++;
		/* Is tomorrow, a Monday, in December 29 to January 4? */
		if ((day.month == 12 && day.day >= 28) ||
		    (day.month == 1 && day.day <= 3)) {
			week = 1;
			year++;
		}
	}
}

Test(calendar, iso_weeks_agree_with_the_c_library, .timeout = 30)
{
	struct civil day = { 2015, 1, 1 };
	struct tm tm = { .tm_year = 115, .tm_mday = 1 };
	char expected[40], got[40];
	int year, week;

	for (; day.year < 2036; day = tomorrow(day), tm.tm_mday++) {
		timegm(&tm);
		strftime(expected, sizeof(expected), "%F %G-W%V-%u", &tm);
		calendar_iso_week(day, &year, &week);
		snprintf(got, sizeof(got), "%04d-%02d-%02d %d-W%02d-%d",
		    day.year, day.month, day.day, year, week,
		    calendar_weekday(day));
		cr_assert_str_eq(
		    got, expected, "%s, expected %s", got, expected);
	}
}

Test(calendar, iso_weeks_around_new_year, .timeout = 30)
{
	static const struct {
		const char *day;
		int year, week;
	} cases[] = {
		{ "2019-12-30", 2020, 1 },
		{ "2020-12-31", 2020, 53 },
		{ "2021-01-03", 2020, 53 },
		{ "2021-01-04", 2021, 1 },
		{ "2022-01-02", 2021, 52 },
		{ "2023-01-01", 2022, 52 },
		{ "2024-12-29", 2024, 52 },
		{ "2024-12-30", 2025, 1 },
		{ "2025-12-29", 2026, 1 },
		{ "2026-12-31", 2026, 53 },
		{ "2027-01-03", 2026, 53 },
		{ "2027-01-04", 2027, 1 },
	};
	int year, week;
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		calendar_iso_week(date(cases[i].day), &year, &week);
		cr_assert(year == cases[i].year && week == cases[i].week,
		    "%s: %d-W%d, expected %d-W%d", cases[i].day, year, week,
		    cases[i].year, cases[i].week);
	}
}

Test(calendar, impossible_dates_are_refused, .timeout = 30)
{
	static const char *const cases[] = { "", "2026-02-30", "2026-02-29",
		"2100-02-29", "2026-04-31", "2026-13-01", "2026-00-10",
		"2026-01-00", "2026-01-32", "1969-12-31", "0000-01-01",
		"2026-1-1", "2026-01-1", "2026-01-011", "2026/01/01",
		"20260101", "2026-01-0x", "+026-01-01", " 2026-01-01",
		"2026-01- 1", "-026-01-01" };
	struct civil day = { 1, 2, 3 };
	size_t i;

	for (i = 0; i < COUNT(cases); i++)
		cr_assert_eq(
		    calendar_parse_date(cases[i], strlen(cases[i]), &day), -1,
		    "\"%s\" is accepted", cases[i]);
	cr_assert_eq(day.year, 1, "a failure wrote %d", day.year);
	check_date(date("2024-02-29"), "2024-02-29");
	check_date(date("2000-02-29"), "2000-02-29");
	check_date(date("9999-12-31"), "9999-12-31");
}

Test(calendar, rfc_3339_times_are_read_to_the_millisecond, .timeout = 30)
{
	static const struct {
		const char *text, *utc;
	} cases[] = {
		{ "2026-05-12T10:00:00Z", "2026-05-12T10:00:00.000Z" },
		{ "2026-05-12t10:00:00z", "2026-05-12T10:00:00.000Z" },
		{ "2026-05-12 10:00:00+02:00", "2026-05-12T08:00:00.000Z" },
		{ "2026-05-12T10:00:00.123Z", "2026-05-12T10:00:00.123Z" },
		{ "2026-05-12T10:00:00.1Z", "2026-05-12T10:00:00.100Z" },
		{ "2026-05-12T10:00:00.0019999999999Z",
		    "2026-05-12T10:00:00.001Z" },
		{ "2026-05-12T10:00:00.999999999-00:00",
		    "2026-05-12T10:00:00.999Z" },
		{ "2026-05-12T10:00:00.5-23:59", "2026-05-13T09:59:00.500Z" },
		{ "2026-05-12T10:00:00+23:59", "2026-05-11T10:01:00.000Z" },
		{ "2026-05-12T10:00:00+05:45", "2026-05-12T04:15:00.000Z" },
		{ "1970-01-01T00:00:00.250+01:00", "1969-12-31T23:00:00.250Z" },
		{ "2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z" },
		{ "2016-12-31T23:59:60.7Z", "2017-01-01T00:00:00.000Z" },
		{ "2017-01-01T05:29:60+05:30", "2017-01-01T00:00:00.000Z" },
		{ "9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z" },
	};
	size_t i;

	for (i = 0; i < COUNT(cases); i++)
		check_utc(instant(cases[i].text), cases[i].utc, cases[i].text);
}

Test(calendar, impossible_times_are_refused, .timeout = 30)
{
	static const char *const cases[] = { "", "2026-05-12",
		"2026-05-12T10:00Z", "2026-02-30T10:00:00Z",
		"2026-05-12T24:00:00Z", "2026-05-12T10:60:00Z",
		"2026-05-12T10:00:61Z", "2026-05-12T10:00:60Z",
		"2016-12-31T23:59:60+01:00", "2026-05-12_10:00:00Z",
		"2026-05-12T10-00-00Z", "2026-05-12T10:00:00.Z",
		"2026-05-12T10:00:00,5Z", "2026-05-12T10:00:00+24:00",
		"2026-05-12T10:00:00+02:60", "2026-05-12T10:00:00+0200",
		"2026-05-12T10:00:00+02", "2026-05-12T10:00:00 +02:00",
		"2026-05-12T10:00:00Z ", "2026-05-12T10:00:00ZZ",
		"2026-05-12T10:00:00.5", "2026-05-12T10:00:00",
		"2026-05-12T1x:00:00Z", "2026-05-12T10:00:-1Z" };
	int64_t ms = 77;
	size_t i;

	for (i = 0; i < COUNT(cases); i++)
		cr_assert_eq(
		    calendar_parse_time(cases[i], strlen(cases[i]), &ms, NULL),
		    -1, "\"%s\" is accepted", cases[i]);
	cr_assert_eq(ms, 77, "a failure wrote %lld", (long long)ms);
}

Test(calendar, a_time_without_zone_is_local_and_said_to_be, .timeout = 30)
{
	static const struct {
		const char *text, *utc;
		bool is_local;
	} cases[] = {
		{ "2026-05-12T10:00:00", "2026-05-12T08:00:00.000Z", true },
		{ "2026-01-12 10:00:00.25", "2026-01-12T09:00:00.250Z", true },
		{ "2026-03-29T02:30:00", "2026-03-29T01:00:00.000Z", true },
		{ "2026-10-25T02:30:00", "2026-10-25T00:30:00.000Z", true },
		{ "2026-05-12T10:00:00Z", "2026-05-12T10:00:00.000Z", false },
	};
	bool is_local;
	int64_t ms;
	size_t i;

	use("Europe/Berlin");
	for (i = 0; i < COUNT(cases); i++) {
		is_local = !cases[i].is_local;
		cr_assert_eq(calendar_parse_time(cases[i].text,
				 strlen(cases[i].text), &ms, &is_local),
		    0, "\"%s\" is refused", cases[i].text);
		check_utc(ms, cases[i].utc, cases[i].text);
		cr_assert_eq(is_local, cases[i].is_local, "\"%s\": %d",
		    cases[i].text, is_local);
	}
}

Test(calendar, times_are_written_with_their_offset, .timeout = 30)
{
	static const struct {
		const char *zone, *time, *local;
	} cases[] = {
		{ "Europe/Berlin", "2026-11-15T23:00:00Z",
		    "2026-11-16T00:00:00+01:00" },
		{ "Europe/Berlin", "2026-10-25T00:30:00.007Z",
		    "2026-10-25T02:30:00.007+02:00" },
		{ "Europe/Berlin", "2026-10-25T01:30:00Z",
		    "2026-10-25T02:30:00+01:00" },
		{ "America/St_Johns", "2026-01-01T00:00:00Z",
		    "2025-12-31T20:30:00-03:30" },
		{ "Asia/Kathmandu", "2026-01-01T00:00:00Z",
		    "2026-01-01T05:45:00+05:45" },
		{ "UTC", "1970-01-01T00:00:00Z", "1970-01-01T00:00:00+00:00" },
		{ "Africa/Monrovia", "1970-01-01T01:00:00Z",
		    "1970-01-01T00:16:00-00:44" },
	};
	char text[CALENDAR_TEXT_MAX];
	size_t i, len;

	for (i = 0; i < COUNT(cases); i++) {
		use(cases[i].zone);
		len = calendar_format_time(instant(cases[i].time), text);
		cr_assert_str_eq(text, cases[i].local, "%s, expected %s", text,
		    cases[i].local);
		cr_assert_eq(len, strlen(text), "length %zu of %s", len, text);
		cr_assert_eq(instant(text), instant(cases[i].time),
		    "%s is read as another instant", text);
	}
}

Test(calendar, names_that_are_no_zone_are_refused_and_change_nothing,
    .timeout = 30)
{
	static const char *const cases[] = { "Europe/Nowhere", "Europe",
		"../zoneinfo/Europe/Berlin",
		"/usr/share/zoneinfo/Europe/Berlin", "Europe/../Europe/Berlin",
		"zone.tab", ".", "europe/berlin ", "CET-1CEST,M3.5.0,M10.5.0/3",
		"+02:00", "Europe/Berlin\n" };
	size_t i;

	use("Asia/Kathmandu");
	for (i = 0; i < COUNT(cases); i++)
		cr_assert_eq(calendar_use_zone(cases[i]), -1, "\"%s\" is used",
		    cases[i]);
	cr_assert_str_eq(calendar_zone(), "Asia/Kathmandu");
	check_utc(calendar_day_start(date("2026-01-01"), 0),
	    "2025-12-31T18:15:00.000Z", "2026-01-01");
}

Test(calendar, utc_needs_no_zone_data, .timeout = 30)
{
	setenv("TZDIR", "/nonexistent", 1);
	cr_assert_eq(calendar_use_zone("Europe/Berlin"), -1);
	cr_assert_eq(calendar_use_zone("UTC"), 0);
	cr_assert_str_eq(calendar_zone(), "UTC");
	check_utc(calendar_day_start(date("2026-07-01"), 0),
	    "2026-07-01T00:00:00.000Z", "2026-07-01");
	setenv("TZ", "UTC", 1);
	cr_assert_eq(calendar_use_zone(NULL), 0);
	cr_assert_str_eq(calendar_zone(), "UTC");
}

Test(calendar, without_a_name_the_environment_decides, .timeout = 30)
{
	static const struct {
		const char *tz, *name, *utc;
	} cases[] = {
		{ "Europe/Berlin", "Europe/Berlin",
		    "2026-06-30T22:00:00.000Z" },
		{ ":Asia/Kathmandu", "Asia/Kathmandu",
		    "2026-06-30T18:15:00.000Z" },
		{ "CET-1CEST,M3.5.0,M10.5.0/3", "CET-1CEST,M3.5.0,M10.5.0/3",
		    "2026-06-30T22:00:00.000Z" },
		{ "<+0545>-5:45", "<+0545>-5:45", "2026-06-30T18:15:00.000Z" },
		{ ":/usr/share/zoneinfo/Australia/Eucla", "Australia/Eucla",
		    "2026-06-30T15:15:00.000Z" },
		{ "", "UTC", "2026-07-01T00:00:00.000Z" },
		{ "UTC0", "UTC0", "2026-07-01T00:00:00.000Z" },
	};
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		setenv("TZ", cases[i].tz, 1);
		cr_assert_eq(calendar_use_zone(i % 2 == 0 ? NULL : ""), 0,
		    "TZ=%s is refused", cases[i].tz);
		cr_assert_str_eq(calendar_zone(), cases[i].name, "TZ=%s is %s",
		    cases[i].tz, calendar_zone());
		check_utc(calendar_day_start(date("2026-07-01"), 0),
		    cases[i].utc, cases[i].tz);
	}
}

/* The C library would take each of them for UTC without a word. */
Test(calendar, a_wrong_zone_in_the_environment_is_refused, .timeout = 30)
{
	static const char *const cases[] = { "Europe/Nowhere", ":Nowhere",
		"Berlin", "../x", "CE-1", "<+01", "12" };
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		setenv("TZ", cases[i], 1);
		cr_assert_eq(
		    calendar_use_zone(NULL), -1, "TZ=%s is used", cases[i]);
	}
}

Test(calendar, without_an_environment_the_system_decides, .timeout = 30)
{
	struct tm tm;
	time_t t = 1782864000; /* 2026-07-01T00:00:00Z */
	char text[CALENDAR_TEXT_MAX], expected[CALENDAR_TEXT_MAX];

	unsetenv("TZ");
	cr_assert_eq(calendar_use_zone(NULL), 0);
	cr_assert_neq(calendar_zone()[0], '\0');
	localtime_r(&t, &tm);
	strftime(expected, sizeof(expected), "%FT%T", &tm);
	calendar_format_time((int64_t)t * 1000, text);
	text[strlen(expected)] = '\0';
	cr_assert_str_eq(text, expected, "%s, expected %s", text, expected);
}

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/common/period.h"
#include "proto/limits.h"

#define HOUR_MS 3600000ll
#define SLOT_MS 900000ll

static const struct period_rules plain = { .week_start = 1 };
static const struct period_rules sunday = { .week_start = 7 };
static const struct period_rules from_four = { .week_start = 1,
	.day_start = 4 };

static void
use_zone(const char *name)
{
	cr_assert(calendar_use_zone(name) == 0, "no zone %s", name);
}

static int64_t
ms(const char *time)
{
	int64_t v = 0;

	cr_assert(calendar_parse_time(time, strlen(time), &v, NULL) == 0,
	    "bad time in the test: %s", time);
	return v;
}

static struct period
parse(const char *text, const struct period_rules *r, const char *now)
{
	char why[PERIOD_WHY_MAX] = "";
	struct period p;

	cr_assert(period_parse(text, r, ms(now), &p, why, sizeof(why)) == 0,
	    "%s: refused: %s", text, why);
	return p;
}

static void
expect_ends(const char *text, struct period p, const char *from, const char *to)
{
	char a[CALENDAR_TEXT_MAX], b[CALENDAR_TEXT_MAX];

	calendar_format_time(p.from_ms, a);
	calendar_format_time(p.to_ms, b);
	cr_expect_str_eq(a, from, "%s begins %s, not %s", text, a, from);
	cr_expect_str_eq(b, to, "%s ends %s, not %s", text, b, to);
}

static void
expect_refused(const char *text, const char *want)
{
	char why[PERIOD_WHY_MAX] = "";
	struct period p;
	int rc = period_parse(
	    text, &plain, ms("2026-11-18T12:00:00Z"), &p, why, sizeof(why));

	cr_expect(rc == -1, "\"%s\" was taken", text);
	cr_expect(strstr(why, want) != NULL, "\"%s\": \"%s\" lacks \"%s\"",
	    text, why, want);
}

/* The edges, after the laws that hold for all of them. */
static size_t
cut(const struct period *p, enum period_step step, const struct period_rules *r,
    int64_t **edges)
{
	char why[PERIOD_WHY_MAX] = "";
	size_t n = 0, i;

	cr_assert(period_edges(p, step, r, edges, &n, why, sizeof(why)) == 0,
	    "no edges: %s", why);
	cr_assert(n >= 2, "%zu edges", n);
	cr_expect((*edges)[0] == p->from_ms, "first %" PRId64 ", not %" PRId64,
	    (*edges)[0], p->from_ms);
	cr_expect((*edges)[n - 1] == p->to_ms, "last %" PRId64 ", not %" PRId64,
	    (*edges)[n - 1], p->to_ms);
	for (i = 0; i < n; i++) {
		cr_assert((*edges)[i] % SLOT_MS == 0,
		    "edge %zu is off the quarter: %" PRId64, i, (*edges)[i]);
		cr_assert(i == 0 || (*edges)[i] > (*edges)[i - 1],
		    "edge %zu does not ascend: %" PRId64 " after %" PRId64, i,
		    (*edges)[i], i == 0 ? 0 : (*edges)[i - 1]);
	}
	return n;
}

static void
expect_rows(const char *text, enum period_step step,
    const struct period_rules *r, const char *now, size_t rows,
    const char *first, const char *last)
{
	struct period p = parse(text, r, now);
	char label[PERIOD_LABEL_MAX];
	int64_t *edges;
	size_t n = cut(&p, step, r, &edges);

	cr_expect(n - 1 == rows, "%s has %zu rows, not %zu", text, n - 1, rows);
	period_label(edges[0], step, r, label);
	cr_expect_str_eq(
	    label, first, "%s: first %s, not %s", text, label, first);
	period_label(edges[n - 2], step, r, label);
	cr_expect_str_eq(label, last, "%s: last %s, not %s", text, label, last);
	free(edges);
}

static void
expect_hours(const char *zone, const char *day, size_t hours)
{
	struct period p;
	int64_t *edges;
	size_t n;

	use_zone(zone);
	p = parse(day, &plain, "2026-11-18T12:00:00Z");
	n = cut(&p, STEP_HOUR, &plain, &edges);
	cr_expect((size_t)((p.to_ms - p.from_ms) / HOUR_MS) == hours,
	    "%s %s has %" PRId64 " ms, not %zu h", zone, day,
	    p.to_ms - p.from_ms, hours);
	cr_expect(n - 1 == hours, "%s %s has %zu hours, not %zu", zone, day,
	    n - 1, hours);
	free(edges);
}

Test(period, named_periods_are_calendar_periods_of_the_zone, .timeout = 30)
{
	static const struct {
		const char *text, *from, *to;
		enum period_step step;
	} rows[] = {
		{ "today", "2026-11-18T00:00:00+01:00",
		    "2026-11-19T00:00:00+01:00", STEP_NONE },
		{ "yesterday", "2026-11-17T00:00:00+01:00",
		    "2026-11-18T00:00:00+01:00", STEP_NONE },
		{ "week", "2026-11-16T00:00:00+01:00",
		    "2026-11-23T00:00:00+01:00", STEP_DAY },
		{ "last-week", "2026-11-09T00:00:00+01:00",
		    "2026-11-16T00:00:00+01:00", STEP_DAY },
		{ "month", "2026-11-01T00:00:00+01:00",
		    "2026-12-01T00:00:00+01:00", STEP_DAY },
		{ "last-month", "2026-10-01T00:00:00+02:00",
		    "2026-11-01T00:00:00+01:00", STEP_DAY },
		{ "year", "2026-01-01T00:00:00+01:00",
		    "2027-01-01T00:00:00+01:00", STEP_MONTH },
		{ "last-year", "2025-01-01T00:00:00+01:00",
		    "2026-01-01T00:00:00+01:00", STEP_MONTH },
		{ "1d", "2026-11-18T00:00:00+01:00",
		    "2026-11-19T00:00:00+01:00", STEP_NONE },
		{ "7d", "2026-11-12T00:00:00+01:00",
		    "2026-11-19T00:00:00+01:00", STEP_DAY },
		{ "2026-02-28", "2026-02-28T00:00:00+01:00",
		    "2026-03-01T00:00:00+01:00", STEP_NONE },
		{ "2024-02-29", "2024-02-29T00:00:00+01:00",
		    "2024-03-01T00:00:00+01:00", STEP_NONE },
		{ "2026-03-28..2026-03-30", "2026-03-28T00:00:00+01:00",
		    "2026-03-31T00:00:00+02:00", STEP_DAY },
		{ "2026-05-01..2026-05-01", "2026-05-01T00:00:00+02:00",
		    "2026-05-02T00:00:00+02:00", STEP_NONE },
	};
	struct period p;
	size_t i;

	use_zone("Europe/Berlin");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		/* Still Tuesday in UTC. */
		p = parse(rows[i].text, &plain, "2026-11-17T23:30:00Z");
		expect_ends(rows[i].text, p, rows[i].from, rows[i].to);
		cr_expect(p.step == rows[i].step, "%s is cut by %s, not %s",
		    rows[i].text, period_step_names[p.step],
		    period_step_names[rows[i].step]);
		cr_expect(!p.from_is_open && !p.to_is_open, "%s is open",
		    rows[i].text);
	}
}

Test(period, last_month_in_january_is_december, .timeout = 30)
{
	use_zone("UTC");
	expect_ends("last-month",
	    parse("last-month", &plain, "2027-01-31T12:00:00Z"),
	    "2026-12-01T00:00:00+00:00", "2027-01-01T00:00:00+00:00");
	expect_ends("last-month",
	    parse("last-month", &plain, "2027-03-31T12:00:00Z"),
	    "2027-02-01T00:00:00+00:00", "2027-03-01T00:00:00+00:00");
}

Test(period, weeks_run_across_new_year, .timeout = 30)
{
	use_zone("Europe/Berlin");
	expect_ends("week", parse("week", &plain, "2027-01-01T12:00:00+01:00"),
	    "2026-12-28T00:00:00+01:00", "2027-01-04T00:00:00+01:00");
	expect_rows("week", STEP_WEEK, &plain, "2027-01-01T12:00:00+01:00", 1,
	    "2026-W53", "2026-W53");
	expect_rows("week", STEP_DAY, &plain, "2027-01-01T12:00:00+01:00", 7,
	    "2026-12-28", "2027-01-03");
	expect_rows("2024-12-30..2025-01-05", STEP_WEEK, &plain,
	    "2026-01-01T12:00:00+01:00", 1, "2025-W01", "2025-W01");
	/* A week that begins before its period is still called by its name. */
	expect_rows("year", STEP_WEEK, &plain, "2027-06-01T12:00:00+02:00", 53,
	    "2026-W53", "2027-W52");
}

Test(period, a_week_may_begin_on_sunday, .timeout = 30)
{
	use_zone("America/New_York");
	expect_ends("week", parse("week", &sunday, "2026-11-22T10:00:00-05:00"),
	    "2026-11-22T00:00:00-05:00", "2026-11-29T00:00:00-05:00");
	expect_ends("week", parse("week", &plain, "2026-11-22T10:00:00-05:00"),
	    "2026-11-16T00:00:00-05:00", "2026-11-23T00:00:00-05:00");
	expect_rows("week", STEP_WEEK, &sunday, "2026-11-22T10:00:00-05:00", 1,
	    "2026-11-22", "2026-11-22");
	expect_rows("2026-11-18..2026-11-30", STEP_WEEK, &sunday,
	    "2026-11-22T10:00:00-05:00", 3, "2026-11-15", "2026-11-29");
}

Test(period, a_day_may_begin_at_four, .timeout = 30)
{
	use_zone("Europe/Berlin");
	expect_ends("today",
	    parse("today", &from_four, "2026-11-18T03:59:59+01:00"),
	    "2026-11-17T04:00:00+01:00", "2026-11-18T04:00:00+01:00");
	expect_ends("today",
	    parse("today", &from_four, "2026-11-18T04:00:00+01:00"),
	    "2026-11-18T04:00:00+01:00", "2026-11-19T04:00:00+01:00");
	/* Monday 03:00 is last week's Sunday, and last month's last day. */
	expect_ends("week",
	    parse("week", &from_four, "2026-11-16T03:00:00+01:00"),
	    "2026-11-09T04:00:00+01:00", "2026-11-16T04:00:00+01:00");
	expect_ends("month",
	    parse("month", &from_four, "2026-12-01T03:00:00+01:00"),
	    "2026-11-01T04:00:00+01:00", "2026-12-01T04:00:00+01:00");
	expect_rows("month", STEP_DAY, &from_four, "2026-12-01T03:00:00+01:00",
	    30, "2026-11-01", "2026-11-30");
	expect_rows("month", STEP_MONTH, &from_four,
	    "2026-12-01T03:00:00+01:00", 1, "2026-11", "2026-11");
}

Test(period, days_have_23_and_25_hours, .timeout = 30)
{
	expect_hours("Europe/Berlin", "2026-03-29", 23);
	expect_hours("Europe/Berlin", "2026-03-30", 24);
	expect_hours("Europe/Berlin", "2026-10-25", 25);
	expect_hours("America/New_York", "2026-03-08", 23);
	expect_hours("America/New_York", "2026-11-01", 25);
	/* Clocks jump over midnight: the day begins at 01:00. */
	expect_hours("America/Santiago", "2026-09-06", 23);
	expect_hours("Asia/Kathmandu", "2026-03-29", 24);
	expect_hours("UTC", "2026-03-29", 24);
}

Test(period, the_repeated_hour_has_two_rows_with_two_names, .timeout = 30)
{
	struct period p;
	char label[PERIOD_LABEL_MAX];
	int64_t *edges;

	use_zone("Europe/Berlin");
	p = parse("2026-10-25", &plain, "2026-11-18T12:00:00Z");
	cut(&p, STEP_HOUR, &plain, &edges);
	period_label(edges[2], STEP_HOUR, &plain, label);
	cr_expect_str_eq(label, "2026-10-25T02:00:00+02:00", "%s", label);
	period_label(edges[3], STEP_HOUR, &plain, label);
	cr_expect_str_eq(label, "2026-10-25T02:00:00+01:00", "%s", label);
	free(edges);
}

Test(period, a_month_with_a_clock_change_has_all_its_days, .timeout = 30)
{
	use_zone("Europe/Berlin");
	expect_rows("2026-10-01..2026-10-31", STEP_DAY, &plain,
	    "2026-11-18T12:00:00Z", 31, "2026-10-01", "2026-10-31");
	expect_rows("2026-03-01..2026-03-31", STEP_DAY, &from_four,
	    "2026-11-18T12:00:00Z", 31, "2026-03-01", "2026-03-31");
	expect_rows("year", STEP_MONTH, &plain, "2026-11-18T12:00:00Z", 12,
	    "2026-01", "2026-12");
}

/* Every zone that is off the hour or odd in another way, cut every way. */
Test(period, edges_hold_their_laws_in_every_odd_zone, .timeout = 60)
{
	static const char *const zones[] = { "Asia/Kathmandu", "Asia/Kolkata",
		"Australia/Eucla", "Pacific/Chatham", "Australia/Lord_Howe",
		"America/St_Johns", "Africa/Casablanca", "Pacific/Apia",
		"Pacific/Kiritimati", "America/Santiago", "Asia/Gaza",
		"Antarctica/Troll", "Europe/Dublin", "Asia/Tehran" };
	int64_t *edges;
	struct period p;
	size_t i;
	int hour, step;

	for (i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
		use_zone(zones[i]);
		for (hour = 0; hour < 24; hour += 4) {
			struct period_rules r = { 1 + hour % 7, hour };

			p = parse("2021-12-20..2023-01-10", &r,
			    "2026-11-18T12:00:00Z");
			for (step = STEP_NONE; step < PERIOD_STEPS; step++) {
				cut(&p, (enum period_step)step, &r, &edges);
				free(edges);
			}
		}
	}
}

Test(period, kathmandu_days_begin_at_a_quarter_past_in_utc, .timeout = 30)
{
	struct period p;

	use_zone("Asia/Kathmandu");
	p = parse("today", &plain, "2026-11-17T18:15:00Z");
	cr_expect(
	    p.from_ms == ms("2026-11-17T18:15:00Z"), "%" PRId64, p.from_ms);
	p = parse("today", &plain, "2026-11-17T18:14:59Z");
	cr_expect(p.to_ms == ms("2026-11-17T18:15:00Z"), "%" PRId64, p.to_ms);
}

Test(period, a_day_that_never_was_has_no_row, .timeout = 30)
{
	/* Samoa went from the 29th to the 31st of December 2011. */
	use_zone("Pacific/Apia");
	expect_rows("2011-12-28..2012-01-01", STEP_DAY, &plain,
	    "2026-11-18T12:00:00Z", 4, "2011-12-28", "2012-01-01");
}

Test(period, what_is_no_period_is_refused_with_its_name, .timeout = 30)
{
	use_zone("UTC");
	expect_refused("2026-02-30", "2026-02-30 is not a date");
	expect_refused("2026-02-29", "2026-02-29 is not a date");
	expect_refused("2026-13-01", "2026-13-01 is not a date");
	expect_refused("2026-2-3", "2026-2-3 is not a date (YYYY-MM-DD)");
	expect_refused("2026-05-02..2026-05-01",
	    "begins after its end: 2026-05-02..2026-05-01");
	expect_refused("2026-05-02..2026-05-32", "2026-05-32 is not a date");
	expect_refused("2026-05-02..", "is not a date");
	expect_refused("..2026-05-02", "is not a date");
	expect_refused("fortnight", "fortnight is not a period");
	expect_refused("", "is not a period");
	expect_refused("Week", "Week is not a period");
	expect_refused("0d", "1d to 10000d");
	expect_refused("99999999999999999999d", "1d to 10000d");
	expect_refused("7dd", "is not a date");
	expect_refused("-7d", "is not a period");
}

Test(period, from_and_to_take_dates_whole_and_times_exactly, .timeout = 30)
{
	static const struct {
		const char *from, *to, *begin, *end;
		enum period_step step;
	} rows[] = {
		{ "2026-05-01", "2026-05-02", "2026-05-01T00:00:00+02:00",
		    "2026-05-03T00:00:00+02:00", STEP_DAY },
		{ "2026-05-01", "2026-05-01", "2026-05-01T00:00:00+02:00",
		    "2026-05-02T00:00:00+02:00", STEP_NONE },
		{ "2026-05-01T10:15:00Z", "2026-05-01T10:30:00Z",
		    "2026-05-01T12:15:00+02:00", "2026-05-01T12:30:00+02:00",
		    STEP_NONE },
		{ "2026-05-01T10:15:00", "2026-05-02", /* local */
		    "2026-05-01T10:15:00+02:00", "2026-05-03T00:00:00+02:00",
		    STEP_DAY },
		{ "2026-11-17", NULL, "2026-11-17T00:00:00+01:00",
		    "2026-11-19T00:00:00+01:00", STEP_DAY },
	};
	char why[PERIOD_WHY_MAX] = "";
	struct period p;
	size_t i;

	use_zone("Europe/Berlin");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_assert(
		    period_between(rows[i].from, rows[i].to, &plain,
			ms("2026-11-18T12:00:00Z"), &p, why, sizeof(why)) == 0,
		    "%s: %s", rows[i].from, why);
		expect_ends(rows[i].from, p, rows[i].begin, rows[i].end);
		cr_expect(p.step == rows[i].step, "%s is cut by %s",
		    rows[i].from, period_step_names[p.step]);
	}
}

Test(period, a_start_left_out_is_open, .timeout = 30)
{
	char why[PERIOD_WHY_MAX] = "";
	struct period p;

	use_zone("Europe/Berlin");
	cr_assert(period_between(NULL, "2026-05-02", &plain,
		      ms("2026-11-18T12:00:00Z"), &p, why, sizeof(why)) == 0,
	    "%s", why);
	cr_expect(p.from_is_open && !p.to_is_open);
	period_bound(&p, &plain, ms("2026-04-03T22:30:00Z"),
	    ms("2026-11-01T00:00:00Z"), ms("2026-11-18T12:00:00Z"));
	expect_ends("--to", p, "2026-04-04T00:00:00+02:00",
	    "2026-05-03T00:00:00+02:00");
}

Test(period, ends_off_the_quarter_or_reversed_are_refused, .timeout = 30)
{
	static const struct {
		const char *from, *to, *want;
	} rows[] = {
		{ "2026-05-01T10:07:00Z", NULL, "quarter of an hour" },
		{ "2026-05-01T10:15:01Z", NULL, "quarter of an hour" },
		{ "2026-05-01T10:15:00.500Z", NULL, "quarter of an hour" },
		{ "2026-02-30", NULL, "2026-02-30 is not a date" },
		{ "2026-05-01T25:00:00Z", NULL, "is not a date or time" },
		{ "2026-05-02", "2026-05-01", "begins after its end" },
		{ "2026-05-01T10:15:00Z", "2026-05-01T10:15:00Z",
		    "begins after its end" },
		{ "2027-05-01", NULL, "begins after its end" },
		{ NULL, "2019-01-01", "begins after its end" },
	};
	char why[PERIOD_WHY_MAX];
	struct period p;
	size_t i;

	use_zone("UTC");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		why[0] = '\0';
		cr_expect(
		    period_between(rows[i].from, rows[i].to, &plain,
			ms("2026-11-18T12:00:00Z"), &p, why, sizeof(why)) == -1,
		    "row %zu was taken", i);
		cr_expect(strstr(why, rows[i].want) != NULL,
		    "row %zu: \"%s\" lacks \"%s\"", i, why, rows[i].want);
	}
}

Test(period, all_is_bounded_by_what_there_is, .timeout = 30)
{
	struct period p;

	use_zone("Europe/Berlin");
	p = parse("all", &plain, "2026-11-18T12:00:00Z");
	cr_expect(p.from_is_open && p.to_is_open && p.step == STEP_MONTH);
	period_bound(&p, &plain, ms("2025-03-04T22:45:00Z"),
	    ms("2026-11-18T23:15:00Z"), ms("2026-11-18T12:00:00Z"));
	expect_ends(
	    "all", p, "2025-03-04T00:00:00+01:00", "2026-11-20T00:00:00+01:00");
	p = parse("all", &plain, "2026-11-18T12:00:00Z");
	period_bound(&p, &plain, ms("2025-03-04T23:15:00Z"),
	    ms("2025-03-04T23:15:00Z"), ms("2026-11-18T12:00:00Z"));
	expect_ends(
	    "all", p, "2025-03-05T00:00:00+01:00", "2026-11-19T00:00:00+01:00");
}

Test(period, all_of_an_empty_store_is_today, .timeout = 30)
{
	struct period p;

	use_zone("Europe/Berlin");
	p = parse("all", &plain, "2026-11-18T12:00:00Z");
	period_bound(&p, &plain, 0, 0, ms("2026-11-18T12:00:00Z"));
	expect_ends(
	    "all", p, "2026-11-18T00:00:00+01:00", "2026-11-19T00:00:00+01:00");
}

Test(period, too_many_rows_are_refused_and_the_most_are_not, .timeout = 30)
{
	char why[PERIOD_WHY_MAX] = "";
	struct period p = { .from_ms = ms("2020-01-01T00:00:00Z") };
	int64_t *edges;
	size_t n;

	use_zone("UTC");
	p.to_ms = p.from_ms + (LIMIT_REPORT_EDGES - 1) * HOUR_MS;
	n = cut(&p, STEP_HOUR, &plain, &edges);
	cr_expect(n == LIMIT_REPORT_EDGES, "%zu edges", n);
	free(edges);
	p.to_ms += SLOT_MS;
	cr_expect(period_edges(&p, STEP_HOUR, &plain, &edges, &n, why,
		      sizeof(why)) == -1);
	cr_expect(strstr(why, "more than 20000 hours") != NULL, "%s", why);
}

Test(period, days_of_the_week_have_names_and_numbers, .timeout = 30)
{
	static const struct {
		const char *name;
		int day;
	} rows[] = { { "monday", 1 }, { "Sunday", 7 }, { "sat", 6 }, { "1", 1 },
		{ "7", 7 }, { "0", 0 }, { "8", 0 }, { "", 0 }, { "s", 0 },
		{ "sundays", 0 }, { "tu", 2 }, { "TH", 4 } };
	size_t i;
	int got;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		got = period_weekday(rows[i].name);
		cr_expect(got == rows[i].day, "\"%s\" is %d, not %d",
		    rows[i].name, got, rows[i].day);
	}
}

Test(period, the_period_before_is_one_of_the_same_kind, .timeout = 30)
{
	static const struct {
		const char *name, *from, *to;
	} rows[] = {
		/* Tuesday 2026-11-17, 10:07 in Berlin: as far into it. */
		{ "today", "2026-11-16T00:00:00+01:00",
		    "2026-11-16T10:15:00+01:00" },
		{ "week", "2026-11-09T00:00:00+01:00",
		    "2026-11-10T10:15:00+01:00" },
		{ "month", "2026-10-01T00:00:00+02:00",
		    "2026-10-17T10:15:00+02:00" },
		{ "year", "2025-01-01T00:00:00+01:00",
		    "2025-11-17T10:15:00+01:00" },
		{ "7d", "2026-11-04T00:00:00+01:00",
		    "2026-11-10T10:15:00+01:00" },
		/* What is over is compared whole. */
		{ "last-month", "2026-09-01T00:00:00+02:00",
		    "2026-10-01T00:00:00+02:00" },
		{ "last-week", "2026-11-02T00:00:00+01:00",
		    "2026-11-09T00:00:00+01:00" },
		{ "2026-03-01..2026-03-31", "2026-02-01T00:00:00+01:00",
		    "2026-03-01T00:00:00+01:00" },
	};
	int64_t now = ms("2026-11-17T09:07:00Z");
	struct period p, before;
	char why[PERIOD_WHY_MAX];
	size_t i;

	use_zone("Europe/Berlin");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_assert(period_parse(rows[i].name, &plain, now, &p, why,
			      sizeof(why)) == 0,
		    "%s: %s", rows[i].name, why);
		period_before(&p, &plain, now, &before);
		expect_ends(rows[i].name, before, rows[i].from, rows[i].to);
	}
}

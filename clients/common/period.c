#include "clients/common/period.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "proto/lang.h"
#include "proto/limits.h"

#define MINUTE_MS 60000ll
#define SLOT_MS (15 * MINUTE_MS)
#define HOUR_MS (60 * MINUTE_MS)
#define DAYS_MAX 10000

const char *const period_step_names[PERIOD_STEPS] = {
	[STEP_NONE] = N_("none"),
	[STEP_HOUR] = N_("hour"),
	[STEP_DAY] = N_("day"),
	[STEP_WEEK] = N_("week"),
	[STEP_MONTH] = N_("month"),
};

/* Two days, the last of them not included. */
struct span {
	struct civil from, to;
};

static struct civil
first_of_month(struct civil day)
{
	return (struct civil){ day.year, day.month, 1 };
}

static struct civil
first_of_year(struct civil day)
{
	return (struct civil){ day.year, 1, 1 };
}

static struct span
days_span(struct civil from, int n)
{
	return (struct span){ from, calendar_add_days(from, n) };
}

static struct span
months_span(struct civil from, int n)
{
	return (struct span){ from, calendar_add_months(from, n) };
}

static struct span
span_today(struct civil today, const struct period_rules *r)
{
	(void)r;
	return days_span(today, 1);
}

static struct span
span_yesterday(struct civil today, const struct period_rules *r)
{
	(void)r;
	return days_span(calendar_add_days(today, -1), 1);
}

static struct span
span_week(struct civil today, const struct period_rules *r)
{
	return days_span(calendar_week_start(today, r->week_start), 7);
}

static struct span
span_last_week(struct civil today, const struct period_rules *r)
{
	return span_week(calendar_add_days(today, -7), r);
}

static struct span
span_month(struct civil today, const struct period_rules *r)
{
	(void)r;
	return months_span(first_of_month(today), 1);
}

static struct span
span_last_month(struct civil today, const struct period_rules *r)
{
	(void)r;
	return months_span(calendar_add_months(first_of_month(today), -1), 1);
}

static struct span
span_year(struct civil today, const struct period_rules *r)
{
	(void)r;
	return months_span(first_of_year(today), 12);
}

static struct span
span_last_year(struct civil today, const struct period_rules *r)
{
	(void)r;
	return months_span(calendar_add_months(first_of_year(today), -12), 12);
}

static const struct {
	const char *name;
	struct span (*span)(struct civil today, const struct period_rules *r);
	enum period_step step;
} named[] = {
	{ "today", span_today, STEP_NONE },
	{ "yesterday", span_yesterday, STEP_NONE },
	{ "week", span_week, STEP_DAY },
	{ "last-week", span_last_week, STEP_DAY },
	{ "month", span_month, STEP_DAY },
	{ "last-month", span_last_month, STEP_DAY },
	{ "year", span_year, STEP_MONTH },
	{ "last-year", span_last_year, STEP_MONTH },
};

/*
 * The wire has no time before 1970; and only zones of before 1972 are off the
 * quarter, where nothing is stored.
 */
static int64_t
day_edge(struct civil day, const struct period_rules *r)
{
	int64_t ms = calendar_day_start(day, r->day_start);

	return ms < 0 ? 0 : ms - ms % SLOT_MS;
}

static void
set_span(struct period *p, struct span s, enum period_step step,
    const struct period_rules *r)
{
	p->from_ms = day_edge(s.from, r);
	p->to_ms = day_edge(s.to, r);
	p->from_is_open = p->to_is_open = false;
	p->step = step;
}

static int
parse_named(const char *text, struct civil today, const struct period_rules *r,
    struct period *p)
{
	size_t i;

	for (i = 0; i < sizeof(named) / sizeof(named[0]); i++)
		if (strcmp(text, named[i].name) == 0) {
			set_span(p, named[i].span(today, r), named[i].step, r);
			return 0;
		}
	return -1;
}

/* "7d" to 7; 0 where it is not that, -1 where it is beyond all sense. */
static int
count_of_days(const char *text)
{
	size_t digits = strspn(text, "0123456789");
	long n;

	if (digits == 0 || strcmp(text + digits, "d") != 0)
		return 0;
	n = digits > 6 ? 0 : strtol(text, NULL, 10);
	return n < 1 || n > DAYS_MAX ? -1 : (int)n;
}

static bool
looks_like_date(const char *s, size_t len)
{
	size_t i;

	if (len != 10 || s[4] != '-' || s[7] != '-')
		return false;
	for (i = 0; i < len; i++)
		if (i != 4 && i != 7 && (s[i] < '0' || s[i] > '9'))
			return false;
	return true;
}

static int
parse_date(const char *s, size_t len, struct civil *day, char *why, size_t cap)
{
	if (calendar_parse_date(s, len, day) == 0)
		return 0;
	if (len > 40)
		len = 40;
	snprintf(why, cap,
	    looks_like_date(s, len) ? _("%.*s is not a date")
				    : _("%.*s is not a date (YYYY-MM-DD)"),
	    (int)len, s);
	return -1;
}

static int
set_range(struct civil from, struct civil last, const struct period_rules *r,
    struct period *p, char *why, size_t cap)
{
	char a[CALENDAR_TEXT_MAX], b[CALENDAR_TEXT_MAX];
	int order = calendar_cmp(from, last);

	if (order > 0) {
		calendar_format_date(from, a);
		calendar_format_date(last, b);
		snprintf(why, cap, _("the period begins after its end: %s..%s"),
		    a, b);
		return -1;
	}
	set_span(p, (struct span){ from, calendar_add_days(last, 1) },
	    order == 0 ? STEP_NONE : STEP_DAY, r);
	return 0;
}

static int
parse_range(const char *text, const struct period_rules *r, struct period *p,
    char *why, size_t cap)
{
	const char *dots = strstr(text, "..");
	const char *to = dots != NULL ? dots + 2 : text;
	size_t len = dots != NULL ? (size_t)(dots - text) : strlen(text);
	struct civil a, b;

	if (parse_date(text, len, &a, why, cap) != 0 ||
	    parse_date(to, strlen(to), &b, why, cap) != 0)
		return -1;
	return set_range(a, b, r, p, why, cap);
}

static void
set_all(struct period *p, int64_t to_ms)
{
	p->from_ms = LIMIT_TS_MIN_MS;
	p->to_ms = to_ms;
	p->from_is_open = true;
	p->to_is_open = false;
	p->step = STEP_MONTH;
}

static int
parse_days(int n, struct civil today, const struct period_rules *r,
    struct period *p, char *why, size_t cap)
{
	if (n < 0) {
		snprintf(why, cap, _("a period has 1d to %dd"), DAYS_MAX);
		return -1;
	}
	set_span(p, days_span(calendar_add_days(today, 1 - n), n),
	    n == 1 ? STEP_NONE : STEP_DAY, r);
	return 0;
}

int
period_parse(const char *text, const struct period_rules *r, int64_t now_ms,
    struct period *p, char *why, size_t cap)
{
	struct civil today = calendar_day_of(now_ms, r->day_start);
	int n = count_of_days(text);

	if (parse_named(text, today, r, p) == 0)
		return 0;
	if (strcmp(text, "all") == 0) {
		set_all(p, day_edge(calendar_add_days(today, 1), r));
		p->to_is_open = true;
		return 0;
	}
	if (n != 0)
		return parse_days(n, today, r, p, why, cap);
	if (strstr(text, "..") != NULL || (text[0] >= '0' && text[0] <= '9'))
		return parse_range(text, r, p, why, cap);
	snprintf(why, cap,
	    _("%.40s is not a period (today, yesterday, [last-]week, "
	      "[last-]month, [last-]year, all, YYYY-MM-DD, A..B, 7d)"),
	    text);
	return -1;
}

/* One end: a date is its whole day, so as a `to` the next day's start. */
static int
parse_end(const char *s, bool is_to, const struct period_rules *r, int64_t *ms,
    char *why, size_t cap)
{
	struct civil day;
	bool is_local;

	if (strlen(s) <= 10) {
		if (parse_date(s, strlen(s), &day, why, cap) != 0)
			return -1;
		*ms = day_edge(is_to ? calendar_add_days(day, 1) : day, r);
		return 0;
	}
	if (calendar_parse_time(s, strlen(s), ms, &is_local) != 0) {
		snprintf(why, cap,
		    _("%.40s is not a date or time (2026-05-12, "
		      "2026-05-12T10:15:00, 2026-05-12T10:15:00+02:00)"),
		    s);
		return -1;
	}
	if (*ms % SLOT_MS == 0)
		return 0;
	snprintf(why, cap,
	    _("%.40s is not on a quarter of an hour: times of a period "
	      "are :00, :15, :30 or :45"),
	    s);
	return -1;
}

/* One day where both ends lie in it. */
static enum period_step
natural_step(const struct period *p, const struct period_rules *r)
{
	struct civil first = calendar_day_of(p->from_ms, r->day_start);
	struct civil last = calendar_day_of(p->to_ms - 1, r->day_start);

	if (p->from_is_open)
		return STEP_MONTH;
	return calendar_cmp(first, last) == 0 ? STEP_NONE : STEP_DAY;
}

static void
say_no_end(const char *from, const char *to, char *why, size_t cap)
{
	if (from == NULL)
		snprintf(why, cap,
		    _("the period begins after its end: before 2020 to %.40s"),
		    to);
	else if (to == NULL)
		snprintf(why, cap,
		    _("the period begins after its end: %.40s, which is after "
		      "today"),
		    from);
	else
		snprintf(why, cap,
		    _("the period begins after its end: %.40s to %.40s"), from,
		    to);
}

int
period_between(const char *from, const char *to, const struct period_rules *r,
    int64_t now_ms, struct period *p, char *why, size_t cap)
{
	struct civil today = calendar_day_of(now_ms, r->day_start);

	set_all(p, day_edge(calendar_add_days(today, 1), r));
	p->from_is_open = from == NULL;
	if (from != NULL &&
	    parse_end(from, false, r, &p->from_ms, why, cap) != 0)
		return -1;
	if (to != NULL && parse_end(to, true, r, &p->to_ms, why, cap) != 0)
		return -1;
	if (p->to_ms <= p->from_ms) {
		say_no_end(from, to, why, cap);
		return -1;
	}
	p->step = natural_step(p, r);
	return 0;
}

static int
months_between(struct civil from, struct civil to)
{
	return (to.year - from.year) * 12 + to.month - from.month;
}

static int
days_between(struct civil from, struct civil to)
{
	int n = 0;

	while (calendar_cmp(from, to) < 0 && n < DAYS_MAX) {
		from = calendar_add_days(from, 1);
		n++;
	}
	return n;
}

static int64_t
start_before(const struct period *p, const struct period_rules *r)
{
	struct civil from = calendar_day_of(p->from_ms, r->day_start);
	struct civil to = calendar_day_of(p->to_ms, r->day_start);

	if (day_edge(from, r) != p->from_ms || day_edge(to, r) != p->to_ms)
		return p->from_ms - (p->to_ms - p->from_ms);
	if (from.day == 1 && to.day == 1)
		return day_edge(
		    calendar_add_months(from, -months_between(from, to)), r);
	return day_edge(calendar_add_days(from, -days_between(from, to)), r);
}

void
period_before(const struct period *p, const struct period_rules *r,
    int64_t now_ms, struct period *before)
{
	int64_t end_ms;

	*before = *p;
	before->from_ms = start_before(p, r);
	before->to_ms = p->from_ms;
	if (now_ms < p->from_ms || now_ms >= p->to_ms)
		return;
	end_ms = before->from_ms + (now_ms - p->from_ms);
	end_ms -= end_ms % SLOT_MS - SLOT_MS;
	if (end_ms < before->to_ms)
		before->to_ms = end_ms;
}

void
period_bound(struct period *p, const struct period_rules *r, int64_t first_ms,
    int64_t last_ms, int64_t now_ms)
{
	struct civil day;

	if (p->to_is_open) {
		if (last_ms < now_ms)
			last_ms = now_ms;
		day = calendar_day_of(last_ms, r->day_start);
		p->to_ms = day_edge(calendar_add_days(day, 1), r);
	}
	if (p->from_is_open) {
		if (first_ms == 0 || first_ms >= p->to_ms)
			first_ms = p->to_ms - 1;
		day = calendar_day_of(first_ms, r->day_start);
		p->from_ms = day_edge(day, r);
	}
	p->from_is_open = p->to_is_open = false;
}

/* The end of the row that has this instant, calendar and clock changes seen. */
static int64_t
step_end(int64_t ms, enum period_step step, const struct period_rules *r)
{
	struct civil day;

	if (step == STEP_HOUR)
		return calendar_hour_start(ms + HOUR_MS);
	day = calendar_day_of(ms, r->day_start);
	if (step == STEP_DAY)
		day = calendar_add_days(day, 1);
	else if (step == STEP_WEEK)
		day = calendar_add_days(
		    calendar_week_start(day, r->week_start), 7);
	else
		day = calendar_add_months(first_of_month(day), 1);
	return day_edge(day, r);
}

static void
say_too_many(enum period_step step, char *why, size_t cap)
{
	snprintf(why, cap,
	    step == STEP_HOUR ? _("more than %u hours: choose a shorter period")
	    : step == STEP_DAY ? _("more than %u days: choose a shorter period")
	    : step == STEP_WEEK
		? _("more than %u weeks: choose a shorter period")
		: _("more than %u months: choose a shorter period"),
	    LIMIT_REPORT_EDGES - 1);
}

int
period_edges(const struct period *p, enum period_step step,
    const struct period_rules *r, int64_t **edges, size_t *n, char *why,
    size_t cap)
{
	int64_t *e = malloc(LIMIT_REPORT_EDGES * sizeof(*e));
	int64_t at = p->from_ms;
	size_t i = 0;

	if (e == NULL) {
		snprintf(why, cap, _("no memory"));
		return -1;
	}
	while (at < p->to_ms && i < LIMIT_REPORT_EDGES - 1) {
		e[i++] = at;
		at = step == STEP_NONE ? p->to_ms : step_end(at, step, r);
	}
	if (at < p->to_ms) {
		say_too_many(step, why, cap);
		free(e);
		return -1;
	}
	e[i++] = p->to_ms;
	*edges = e;
	*n = i;
	return 0;
}

void
period_label(int64_t edge_ms, enum period_step step,
    const struct period_rules *r, char buf[PERIOD_LABEL_MAX])
{
	struct civil day = calendar_day_of(edge_ms, r->day_start);
	int year, week;

	if (step == STEP_HOUR) {
		calendar_format_time(edge_ms, buf);
		return;
	}
	if (step == STEP_WEEK)
		day = calendar_week_start(day, r->week_start);
	if (step == STEP_WEEK && r->week_start == 1) {
		calendar_iso_week(day, &year, &week);
		snprintf(buf, PERIOD_LABEL_MAX, "%04d-W%02d", year, week);
		return;
	}
	calendar_format_date(day, buf);
	if (step == STEP_MONTH)
		buf[7] = '\0'; /* less its day */
}

int
period_weekday(const char *name)
{
	static const char *const days[] = { "monday", "tuesday", "wednesday",
		"thursday", "friday", "saturday", "sunday" };
	size_t len = strlen(name);
	int i;

	if (len == 1 && name[0] >= '1' && name[0] <= '7')
		return name[0] - '0';
	for (i = 0; i < 7 && len >= 2; i++)
		if (strncasecmp(name, days[i], len) == 0)
			return i + 1;
	return 0;
}

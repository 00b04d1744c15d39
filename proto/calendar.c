#include "proto/calendar.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DAY_S 86400
#define MS 1000
#define PATH_BYTES 4096
#define SYSTEM_ZONE "/etc/localtime"
/* Days from 0001-01-01 to 1970-01-01. */
#define DAYS_TO_EPOCH 719162
/* No zone is further from UTC than what a POSIX TZ can say, 24:59:59. */
#define OFFSET_MAX_S 90000

/* The process's zone: UTC until calendar_use_zone finds another. */
static struct {
	char name[256];
	bool has_rules; /* ask the C library; without, the offset is 0 */
} zone = { .name = "UTC" };

static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static bool
is_leap(int64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Days of the year before the month, which counts from 0 here. */
static int
days_before_month(int64_t year, int month)
{
	static const short days[13] = { 0, 31, 59, 90, 120, 151, 181, 212, 243,
		273, 304, 334, 365 };

	return days[month] + (month > 1 && is_leap(year));
}

/* Days from 1970-01-01 to the first of January. */
static int64_t
days_before_year(int64_t year)
{
	int64_t y = year - 1;

	return 365 * y + floor_div(y, 4) - floor_div(y, 100) +
	       floor_div(y, 400) - DAYS_TO_EPOCH;
}

static int
month_length(int64_t year, int month)
{
	return days_before_month(year, month) -
	       days_before_month(year, month - 1);
}

static int64_t
days_of(struct civil day)
{
	return days_before_year(day.year) +
	       days_before_month(day.year, day.month - 1) + day.day - 1;
}

static struct civil
civil_of(int64_t days)
{
	int64_t year = floor_div((days + DAYS_TO_EPOCH) * 400, 146097) + 1;
	int month, left;

	/* The mean year's estimate is at most one off. */
	if (days < days_before_year(year))
		year--;
	else if (days >= days_before_year(year + 1))
		year++;
	left = (int)(days - days_before_year(year));
	month = left / 32;
	if (left >= days_before_month(year, month + 1))
		month++;
	return (struct civil){ (int)year, month + 1,
		left - days_before_month(year, month) + 1 };
}

struct civil
calendar_add_days(struct civil day, int n)
{
	return civil_of(days_of(day) + n);
}

struct civil
calendar_add_months(struct civil first_of_month, int n)
{
	int64_t months =
	    (int64_t)first_of_month.year * 12 + first_of_month.month - 1 + n;
	int64_t year = floor_div(months, 12);
	int month = (int)(months - year * 12) + 1;
	int last = month_length(year, month), day = first_of_month.day;

	return (struct civil){ (int)year, month, day > last ? last : day };
}

int
calendar_cmp(struct civil a, struct civil b)
{
	if (a.year != b.year)
		return a.year < b.year ? -1 : 1;
	if (a.month != b.month)
		return a.month < b.month ? -1 : 1;
	return (a.day > b.day) - (a.day < b.day);
}

int
calendar_weekday(struct civil day)
{
	/* 1970-01-01 was a Thursday. */
	int64_t from_monday = days_of(day) + 3;

	return (int)(from_monday - floor_div(from_monday, 7) * 7) + 1;
}

struct civil
calendar_week_start(struct civil day, int week_start)
{
	return calendar_add_days(
	    day, -((calendar_weekday(day) - week_start + 7) % 7));
}

void
calendar_iso_week(struct civil day, int *year, int *week)
{
	/* A week belongs to the year that has its Thursday. */
	struct civil thursday =
	    calendar_add_days(day, 4 - calendar_weekday(day));
	int64_t days = days_of(thursday) - days_before_year(thursday.year);

	*year = thursday.year;
	*week = (int)(days / 7) + 1;
}

bool
calendar_is_valid(struct civil day)
{
	return day.year >= 1970 && day.year <= 9999 && day.month >= 1 &&
	       day.month <= 12 && day.day >= 1 &&
	       day.day <= month_length(day.year, day.month);
}

static int
set_zone(const char *name, bool has_rules)
{
	size_t len = strlen(name);

	if (len >= sizeof(zone.name))
		return -1;
	memcpy(zone.name, name, len + 1);
	zone.has_rules = has_rules;
	tzset();
	return 0;
}

/* A compiled zone, and not one of the tables and folders beside them. */
static bool
is_zone_file(const char *path)
{
	char magic[4];
	FILE *f = fopen(path, "re");
	bool is_zone;

	if (f == NULL)
		return false;
	is_zone = fread(magic, 1, sizeof(magic), f) == sizeof(magic) &&
		  memcmp(magic, "TZif", sizeof(magic)) == 0;
	fclose(f);
	return is_zone;
}

/* The C library takes a name without a file for UTC and says nothing. */
static bool
zone_exists(const char *name)
{
	const char *dir = getenv("TZDIR");
	char path[PATH_BYTES];
	int n;

	if (*name == '/' || strstr(name, "..") != NULL)
		return false;
	if (dir == NULL || *dir == '\0')
		dir = "/usr/share/zoneinfo";
	n = snprintf(path, sizeof(path), "%s/%s", dir, name);
	return n > 0 && (size_t)n < sizeof(path) && is_zone_file(path);
}

static bool
is_letter(char c)
{
	c |= 0x20;
	return c >= 'a' && c <= 'z';
}

/* "CET-1CEST,M3.5.0,M10.5.0/3", "<+0330>-3:30": a name and an offset. */
static bool
is_posix_form(const char *tz)
{
	const char *p = tz;

	if (*p == '<') {
		p += strcspn(p, ">");
		p += *p == '>';
	} else {
		while (is_letter(*p))
			p++;
	}
	if (p - tz < 3)
		return false;
	p += *p == '-' || *p == '+';
	return *p >= '0' && *p <= '9';
}

/* "Europe/Berlin" of ".../zoneinfo/Europe/Berlin", else the path itself. */
static const char *
name_in_path(const char *path)
{
	static const char dir[] = "zoneinfo/";
	const char *found = strstr(path, dir);

	return found == NULL ? path : found + sizeof(dir) - 1;
}

static int
use_utc(void)
{
	/* With the offset it needs no file, and the C library agrees with us.
	 */
	return setenv("TZ", "UTC0", 1) != 0 ? -1 : set_zone("UTC", false);
}

static int
use_named(const char *name)
{
	if (strcmp(name, "UTC") == 0)
		return use_utc();
	if (!zone_exists(name) || setenv("TZ", name, 1) != 0)
		return -1;
	return set_zone(name, true);
}

static int
use_environment(const char *tz)
{
	const char *name = tz + (*tz == ':');

	if (*name == '\0' || strcmp(name, "UTC") == 0)
		return use_utc();
	if (*name != '/' && !zone_exists(name) && !is_posix_form(name))
		return -1;
	return set_zone(name_in_path(name), true);
}

static bool
read_first_line(const char *path, char *line, int cap)
{
	FILE *f = fopen(path, "re");
	bool found;

	if (f == NULL)
		return false;
	found = fgets(line, cap, f) != NULL;
	fclose(f);
	if (found)
		line[strcspn(line, "\n")] = '\0';
	return found && line[0] != '\0';
}

static int
use_system(void)
{
	char text[PATH_BYTES];
	ssize_t n;

	if (!is_zone_file(SYSTEM_ZONE))
		return set_zone("UTC", false);
	n = readlink(SYSTEM_ZONE, text, sizeof(text) - 1);
	if (n > 0) {
		text[n] = '\0';
		return set_zone(name_in_path(text), true);
	}
	if (read_first_line("/etc/timezone", text, sizeof(text)))
		return set_zone(text, true);
	return set_zone("local", true);
}

int
calendar_use_zone(const char *name)
{
	if (name != NULL && *name != '\0')
		return use_named(name);
	name = getenv("TZ");
	return name == NULL ? use_system() : use_environment(name);
}

const char *
calendar_zone(void)
{
	return zone.name;
}

/* Seconds that local time is ahead of UTC. */
static int64_t
offset_at(int64_t s)
{
	time_t t = (time_t)s;
	struct tm tm;

	if (!zone.has_rules || localtime_r(&t, &tm) == NULL)
		return 0;
	return tm.tm_gmtoff;
}

/* The first second of the offset at `hi`; it changes once after `lo`. */
static int64_t
change_between(int64_t lo, int64_t hi)
{
	int64_t mid, after = offset_at(hi);

	while (hi - lo > 1) {
		mid = lo + (hi - lo) / 2;
		if (offset_at(mid) == after)
			hi = mid;
		else
			lo = mid;
	}
	return hi;
}

/*
 * The first second at which local clocks show `local` or later. Around it there
 * is at most one change of the offset: `early` is right if it comes before the
 * change, `late` if it comes after; where neither does, clocks jump over it.
 */
static int64_t
first_second(int64_t local)
{
	int64_t before = offset_at(local - OFFSET_MAX_S);
	int64_t after = offset_at(local + OFFSET_MAX_S);
	int64_t early = local - before, late = local - after;

	if (before == after || offset_at(early) == before)
		return early;
	if (offset_at(late) == after)
		return late;
	return change_between(late, early);
}

static int64_t
day_start(int64_t days, int start_hour)
{
	return first_second(days * DAY_S + start_hour * 3600);
}

int64_t
calendar_day_start(struct civil day, int start_hour)
{
	return day_start(days_of(day), start_hour) * MS;
}

struct civil
calendar_day_of(int64_t ms, int start_hour)
{
	int64_t s = floor_div(ms, MS);
	int64_t local = s + offset_at(s) - start_hour * 3600;
	int64_t days = floor_div(local, DAY_S);

	/* Clocks set back over the start show yesterday again. */
	if (s >= day_start(days + 1, start_hour))
		days++;
	return civil_of(days);
}

int64_t
calendar_hour_start(int64_t ms)
{
	int64_t s = floor_div(ms, MS), offset = offset_at(s);

	return (floor_div(s + offset, 3600) * 3600 - offset) * MS;
}

/* n digits, or -1 where they are not. */
static int
read_number(const char *s, int n)
{
	int v = 0;

	for (; n > 0; n--, s++) {
		if (*s < '0' || *s > '9')
			return -1;
		v = v * 10 + (*s - '0');
	}
	return v;
}

int
calendar_parse_date(const char *s, size_t len, struct civil *day)
{
	struct civil c;

	if (len != 10 || s[4] != '-' || s[7] != '-')
		return -1;
	c = (struct civil){ read_number(s, 4), read_number(s + 5, 2),
		read_number(s + 8, 2) };
	if (!calendar_is_valid(c))
		return -1;
	*day = c;
	return 0;
}

/* "23:59:60" as seconds of the day, or -1. */
static int
read_clock(const char *s)
{
	int h = read_number(s, 2), m = read_number(s + 3, 2);
	int sec = read_number(s + 6, 2);

	if (s[2] != ':' || s[5] != ':' || h < 0 || h > 23 || m < 0 || m > 59 ||
	    sec < 0 || sec > 60)
		return -1;
	return h * 3600 + m * 60 + sec;
}

/* The length of ".123…" at s and its whole milliseconds; 0 where it is none. */
static size_t
read_fraction(const char *s, size_t len, int *ms)
{
	int unit = 100;
	size_t i;

	*ms = 0;
	if (len < 2 || s[0] != '.')
		return 0;
	for (i = 1; i < len && s[i] >= '0' && s[i] <= '9'; i++) {
		*ms += (s[i] - '0') * unit;
		unit /= 10;
	}
	return i > 1 ? i : 0;
}

/* "Z" or "+02:00" as seconds east. -1 for anything else. */
static int
read_offset(const char *s, size_t len, int *offset)
{
	int h, m;

	*offset = 0;
	if (len == 1 && (*s == 'Z' || *s == 'z'))
		return 0;
	if (len != 6 || (*s != '+' && *s != '-') || s[3] != ':')
		return -1;
	h = read_number(s + 1, 2);
	m = read_number(s + 4, 2);
	if (h < 0 || h > 23 || m < 0 || m > 59)
		return -1;
	*offset = (h * 3600 + m * 60) * (*s == '-' ? -1 : 1);
	return 0;
}

int
calendar_parse_time(const char *s, size_t len, int64_t *ms, bool *is_local)
{
	struct civil day;
	int clock, fraction, offset;
	int64_t t;
	size_t at = 19;

	if (len < at || calendar_parse_date(s, 10, &day) != 0 ||
	    (s[10] != 'T' && s[10] != 't' && s[10] != ' '))
		return -1;
	clock = read_clock(s + 11);
	if (clock < 0)
		return -1;
	at += read_fraction(s + at, len - at, &fraction);
	t = days_of(day) * DAY_S + clock;
	if (at == len && is_local == NULL)
		return -1;
	if (at == len)
		t = first_second(t);
	else if (read_offset(s + at, len - at, &offset) == 0)
		t -= offset;
	else
		return -1;
	/* Leap seconds come at the end of a UTC day and nowhere else. */
	if (s[17] == '6' && t % DAY_S != 0)
		return -1;
	if (is_local != NULL)
		*is_local = at == len;
	*ms = t * MS + (s[17] == '6' ? 0 : fraction);
	return 0;
}

/* The last n digits of v. */
static char *
put_number(char *p, int64_t v, int n)
{
	int i;

	for (i = n - 1; i >= 0; i--, v /= 10)
		p[i] = (char)('0' + v % 10);
	return p + n;
}

static char *
put_date(char *p, struct civil day)
{
	p = put_number(p, day.year, 4);
	*p++ = '-';
	p = put_number(p, day.month, 2);
	*p++ = '-';
	return put_number(p, day.day, 2);
}

/* Hours and minutes, as of a clock or of an offset. */
static char *
put_minutes(char *p, int64_t minutes)
{
	p = put_number(p, minutes / 60, 2);
	*p++ = ':';
	return put_number(p, minutes % 60, 2);
}

/* Date and clock of an instant given in seconds of local time. */
static char *
put_clock(char *p, int64_t local)
{
	int64_t days = floor_div(local, DAY_S), s = local - days * DAY_S;

	p = put_date(p, civil_of(days));
	*p++ = 'T';
	p = put_minutes(p, s / 60);
	*p++ = ':';
	return put_number(p, s % 60, 2);
}

static char *
put_fraction(char *p, int64_t ms)
{
	*p++ = '.';
	return put_number(p, ms, 3);
}

static size_t
finish(const char *buf, char *p)
{
	*p = '\0';
	return (size_t)(p - buf);
}

size_t
calendar_format_time(int64_t ms, char buf[CALENDAR_TEXT_MAX])
{
	int64_t s = floor_div(ms, MS), fraction = ms - s * MS;
	/* Offsets are written in minutes; old ones had seconds. */
	int64_t minutes = offset_at(s) / 60;
	char *p = put_clock(buf, s + minutes * 60);

	if (fraction != 0)
		p = put_fraction(p, fraction);
	*p++ = minutes < 0 ? '-' : '+';
	p = put_minutes(p, minutes < 0 ? -minutes : minutes);
	return finish(buf, p);
}

size_t
calendar_format_utc(int64_t ms, char buf[CALENDAR_TEXT_MAX])
{
	int64_t s = floor_div(ms, MS);
	char *p = put_fraction(put_clock(buf, s), ms - s * MS);

	*p++ = 'Z';
	return finish(buf, p);
}

size_t
calendar_format_date(struct civil day, char buf[CALENDAR_TEXT_MAX])
{
	return finish(buf, put_date(buf, day));
}

/*
 * Civil dates and one time zone per process (the C library's zone data). A day
 * may start later than midnight: `start_hour` 4 means that 03:59 still belongs
 * to the day before. Years 1970 to 9999.
 */
#ifndef PROTO_CALENDAR_H
#define PROTO_CALENDAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct civil {
	int year, month, day; /* 1-based */
};

#define CALENDAR_TEXT_MAX 40

/*
 * Uses an IANA zone ("Europe/Berlin", "UTC"); NULL or "": TZ, else the
 * system's. -1 when there is no such zone. Not thread-safe; call once.
 */
int calendar_use_zone(const char *name);
/* The zone's name for display, as found. */
const char *calendar_zone(void);

/*
 * UTC ms of the first instant of that local day. Days of 23 and 25 h are so.
 * Where the clock jumps over the start, the day begins with the jump; where it
 * is set back over it, at the first pass. A day that a zone left out is empty:
 * it starts when the next one does.
 */
int64_t calendar_day_start(struct civil day, int start_hour);
/* The local day an instant belongs to: from that day's start to the next's. */
struct civil calendar_day_of(int64_t ms, int start_hour);
/* Start of the local hour: the instant less minutes and seconds, by its offset
 */
int64_t calendar_hour_start(int64_t ms);
/* Any n; normalises month ends. */
struct civil calendar_add_days(struct civil day, int n);
struct civil calendar_add_months(struct civil first_of_month, int n);
int calendar_cmp(struct civil a, struct civil b);
/* 1 = Monday … 7 = Sunday. */
int calendar_weekday(struct civil day);
/* The first day of the week that has this day; week_start 1 to 7. */
struct civil calendar_week_start(struct civil day, int week_start);
/* ISO 8601 week date. */
void calendar_iso_week(struct civil day, int *year, int *week);
bool calendar_is_valid(struct civil day);

/* "2026-02-28"; -1 for anything else, impossible dates included. */
int calendar_parse_date(const char *s, size_t len, struct civil *day);
/*
 * RFC 3339 with zone, fractions optional: "2026-05-12T10:00:00.123Z",
 * "2026-05-12 10:00:00+02:00". Without a zone (is_local NULL: an error) it is
 * read as local time and *is_local set; where a clock change skips or repeats
 * it, the rule of day starts holds. A leap second, 23:59:60 UTC, is taken for
 * the second after it. -1 when impossible.
 */
int calendar_parse_time(const char *s, size_t len, int64_t *ms, bool *is_local);
/* "2026-11-16T00:00:00+01:00" in the local zone; ".123" only where not zero. */
size_t calendar_format_time(int64_t ms, char buf[CALENDAR_TEXT_MAX]);
/* The same in UTC, "…Z", always with milliseconds. */
size_t calendar_format_utc(int64_t ms, char buf[CALENDAR_TEXT_MAX]);
size_t calendar_format_date(struct civil day, char buf[CALENDAR_TEXT_MAX]);

#endif

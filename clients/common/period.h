/*
 * Periods of the local calendar and the edges that cut them into rows: the
 * client does the calendar, the daemon only sums between edges. Pure. Uses the
 * zone that calendar_use_zone chose.
 */
#ifndef CLIENTS_PERIOD_H
#define CLIENTS_PERIOD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/calendar.h"

struct period_rules {
	int week_start; /* 1 Monday … 7 Sunday */
	int day_start;  /* hour, 0 to 23 */
};

/* What one row of a period is. */
enum period_step {
	STEP_NONE, /* the whole period */
	STEP_HOUR,
	STEP_DAY,
	STEP_WEEK,
	STEP_MONTH,
	PERIOD_STEPS
};

/* "hour", "day", …; STEP_NONE is "none". */
extern const char *const period_step_names[PERIOD_STEPS];

struct period {
	int64_t from_ms, to_ms; /* UTC, to_ms is not in it */
	/* Only the store knows that end: see period_bound. */
	bool from_is_open, to_is_open;
	/* How people expect it cut: STEP_NONE for a single day. */
	enum period_step step;
};

#define PERIOD_LABEL_MAX CALENDAR_TEXT_MAX
#define PERIOD_WHY_MAX 160

/*
 * today, yesterday, week, last-week, month, last-month, year, last-year, all,
 * 2026-05-12, 2026-05-01..2026-05-12 (both inclusive), 7d (today included). 0,
 * or -1 with why.
 */
int period_parse(const char *text, const struct period_rules *r, int64_t now_ms,
    struct period *p, char *why, size_t cap);
/*
 * From and to, each a date or a time; a date means the whole day, a time must
 * be a quarter of an hour and the last one is not included. NULL from leaves
 * the start open, NULL to means the end of today.
 */
int period_between(const char *from, const char *to,
    const struct period_rules *r, int64_t now_ms, struct period *p, char *why,
    size_t cap);
/*
 * The period before one whose ends are closed: as many months where it is whole
 * months, else as many days, else as long. Where now lies in p, it ends as far
 * into itself as now is in p, on a quarter of an hour.
 */
void period_before(const struct period *p, const struct period_rules *r,
    int64_t now_ms, struct period *before);
/*
 * Closes the open ends around what the store has, whole days. first_ms 0: the
 * store is empty, and today is meant.
 */
void period_bound(struct period *p, const struct period_rules *r,
    int64_t first_ms, int64_t last_ms, int64_t now_ms);
/*
 * The edges of its rows: ascending, multiples of 15 minutes, first from_ms and
 * last to_ms. Gives a malloc'ed array. -1 with why when there are too many.
 */
int period_edges(const struct period *p, enum period_step step,
    const struct period_rules *r, int64_t **edges, size_t *n, char *why,
    size_t cap);
/*
 * The name of the row that begins there: "2026-11-16", "2026-W47" (the first
 * day where weeks do not begin on Monday), "2026-11", or the hour's time.
 */
void period_label(int64_t edge_ms, enum period_step step,
    const struct period_rules *r, char buf[PERIOD_LABEL_MAX]);

/* "monday", "Mon", "1"…"7" to 1…7; 0 for anything else. */
int period_weekday(const char *name);

#endif

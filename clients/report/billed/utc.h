/*
 * Services bill by days of UTC: for views that show what was billed these are
 * the days.
 */
#ifndef REPORT_UTC_H
#define REPORT_UTC_H

#include "clients/report/ask.h"

/*
 * Days of UTC from now on, whatever the configuration says; another zone or
 * start of days that the options ask for is refused. EXIT_*.
 */
int utc_days(struct setup *s);
/* Do the options leave that possible? */
bool utc_is_possible(const struct setup *s);
/* A period of other than whole days of UTC is refused. EXIT_*. */
int utc_check(const struct setup *s, const struct ask *a);
bool utc_is_whole(const struct ask *a);
/* "2026-05-12" */
void utc_format_day(int64_t day_ms, char buf[CALENDAR_TEXT_MAX]);
/* A UTC midnight at or after, and at or before. */
int64_t utc_day_after(int64_t ms);
int64_t utc_day_before(int64_t ms);

#endif

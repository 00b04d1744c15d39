#include "clients/report/billed/utc.h"

#include <stdio.h>
#include <string.h>

#include "clients/report/billed/billed.h"

#define WHY_MAX 200

bool
utc_is_possible(const struct setup *s)
{
	const char *tz = s->opts->tz;

	return (tz == NULL || strcmp(tz, "UTC") == 0) &&
	       (!s->opts->day_start_seen || s->opts->day_start == 0);
}

int
utc_days(struct setup *s)
{
	char why[WHY_MAX];

	if (!utc_is_possible(s))
		return setup_refuse(
		    s, _("services bill by days of UTC, so no other --tz or "
			 "--day-start is possible"));
	s->rules.day_start = 0;
	if (calendar_use_zone("UTC") == 0)
		return EXIT_OK;
	snprintf(why, sizeof(why), _("no time zone \"%.255s\""), "UTC");
	return setup_refuse(s, why);
}

bool
utc_is_whole(const struct ask *a)
{
	const struct report_query *q = &a->query;

	return q->edges[0] % BILLED_DAY_MS == 0 &&
	       q->edges[q->nedges - 1] % BILLED_DAY_MS == 0;
}

int
utc_check(const struct setup *s, const struct ask *a)
{
	if (utc_is_whole(a))
		return EXIT_OK;
	return setup_refuse(
	    s, _("services bill by days of UTC: give whole days"));
}

void
utc_format_day(int64_t day_ms, char buf[CALENDAR_TEXT_MAX])
{
	calendar_format_utc(day_ms, buf);
	buf[strlen("2026-05-12")] = '\0';
}

int64_t
utc_day_before(int64_t ms)
{
	return ms - ms % BILLED_DAY_MS;
}

int64_t
utc_day_after(int64_t ms)
{
	return utc_day_before(ms + BILLED_DAY_MS - 1);
}

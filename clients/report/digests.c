/* The views daily-report and weekly-report. */
#include <stdio.h>

#include "clients/report/digest.h"

static const struct option_spec specs[] = {
	REPORT_HEAD("Rows"),
	REPORT_OPTION("date", OPTION_TEXT, date, "DATE",
	    "of that day, or of the week that has it"),
	REPORT_HEAD("Output"),
	REPORT_OPTION("json", OPTION_FLAG, json, NULL, "JSON"),
	REPORT_COMMON,
	REPORT_CALENDAR,
};

static int
take_day(const struct setup *s, int nargs, char **args, struct civil *day)
{
	const char *date = nargs > 0 ? args[0] : s->opts->date;
	char why[120];

	if (nargs + (s->opts->date != NULL) > 1)
		return setup_refuse(s, _("one date only"));
	if (date == NULL || calendar_parse_date(date, strlen(date), day) == 0)
		return EXIT_OK;
	snprintf(
	    why, sizeof(why), _("%.40s is not a date as 2026-05-12"), date);
	return setup_refuse(s, why);
}

static int
show(struct setup *s, struct digest *d)
{
	int rc = digest_fetch(d, s);

	if (rc == EXIT_OK && s->opts->json)
		digest_put_json(d);
	else if (rc == EXIT_OK)
		digest_write(stdout, d);
	digest_free(d);
	return rc;
}

static int64_t
edge(const struct setup *s, struct civil day)
{
	int64_t ms = calendar_day_start(day, s->rules.day_start);

	return ms - ms % 900000;
}

static int
run_daily(struct setup *s, int nargs, char **args)
{
	struct civil day = calendar_day_of(s->now_ms, s->rules.day_start);
	struct digest d = { .kind = DIGEST_DAILY };
	char label[CALENDAR_TEXT_MAX];
	int rc = take_day(s, nargs, args, &day);

	if (rc != EXIT_OK)
		return rc;
	calendar_format_date(day, label);
	d.label = label;
	d.period.from_ms = edge(s, day);
	d.period.to_ms = edge(s, calendar_add_days(day, 1));
	return show(s, &d);
}

/* ISO weeks, as the notice has them; without a date the last whole one. */
static int
run_weekly(struct setup *s, int nargs, char **args)
{
	struct civil day = calendar_add_days(
	    calendar_day_of(s->now_ms, s->rules.day_start), -7);
	struct digest d = { .kind = DIGEST_WEEKLY };
	char label[CALENDAR_TEXT_MAX];
	struct civil monday;
	int year, week, rc = take_day(s, nargs, args, &day);

	if (rc != EXIT_OK)
		return rc;
	monday = calendar_week_start(day, 1);
	calendar_iso_week(monday, &year, &week);
	snprintf(label, sizeof(label), "%04d-W%02d", year, week);
	d.label = label;
	d.period.from_ms = edge(s, monday);
	d.period.to_ms = edge(s, calendar_add_days(monday, 7));
	return show(s, &d);
}

const struct report_verb verb_daily_report = {
	.name = "daily-report",
	.program = {
		.name = "tt-report daily-report",
		.synopsis = N_("[DATE] [OPTION…]"),
		.summary = N_("What a day came to, in a few lines: by default "
			   "today. tt-notices tells the same once a day."),
		.specs = specs,
		.nspecs = sizeof(specs) / sizeof(specs[0]),
	},
	.run = run_daily,
};

const struct report_verb verb_weekly_report = {
	.name = "weekly-report",
	.program = {
		.name = "tt-report weekly-report",
		.synopsis = N_("[DATE] [OPTION…]"),
		.summary = N_("What an ISO week came to, in a few lines: by "
			   "default the last one that is over. tt-notices "
			   "tells the same once a week."),
		.specs = specs,
		.nspecs = sizeof(specs) / sizeof(specs[0]),
	},
	.run = run_weekly,
};

/*
 * What every view of tt-report begins with: options, places, config, zone, the
 * time it is, and the connection.
 */
#ifndef REPORT_SETUP_H
#define REPORT_SETUP_H

#include "clients/common/client.h"
#include "clients/common/figure.h"
#include "clients/common/options.h"
#include "clients/common/period.h"
#include "clients/common/table.h"
#include "clients/common/text_lang.h"

/* The options of all views; each view's table says which it takes. */
struct report_options {
	const char *tz, *week_start, *color;
	uint64_t day_start, deadline_ms, width;
	bool day_start_seen, deadline_seen, width_seen;
	bool json, csv, tsv;
	/* Sums. */
	const char *from, *to, *source;
	struct option_list by, filter[REPORT_KEYS];
	bool sessions, full;
	/* Summary. */
	bool year, all;
	/* Money in tables. */
	bool cents, exact;
	/* Other views. */
	const char *date, *sort, *format, *before;
	bool dry_run, yes;
	uint64_t limit, length;
	bool length_seen, active;
	/* Events. */
	const char *since, *until, *session, *machine, *cursor_file;
	uint64_t cursor;
	bool cursor_seen, print_cursor;
};

#define REPORT_OPTION(name, kind, member, arg, help)                           \
	{                                                                      \
		name, kind, offsetof(struct report_options, member), arg,      \
		    help, 0, 0                                                 \
	}
#define REPORT_NUMBER(name, member, seen, arg, max, help)                      \
	{                                                                      \
		name, OPTION_U64, offsetof(struct report_options, member),     \
		    arg, help, max, offsetof(struct report_options, seen)      \
	}
#define REPORT_HEAD(help)                                                      \
	{                                                                      \
		NULL, OPTION_HEAD, 0, NULL, help, 0, 0                         \
	}
#define REPORT_FILTER(name, key, help)                                         \
	REPORT_OPTION(name, OPTION_LIST, filter[key], "PATTERN", help)

#define REPORT_FILTERS                                                         \
	REPORT_HEAD("Filters (a part of the name, or a glob; repeatable)"),    \
	    REPORT_FILTER("model", KEY_MODEL, "only this model"),              \
	    REPORT_FILTER("provider", KEY_PROVIDER, "only this provider"),     \
	    REPORT_FILTER("agent", KEY_AGENT, "only this agent"),              \
	    REPORT_FILTER("project", KEY_PROJECT, "only this project"),        \
	    REPORT_FILTER("machine", KEY_MACHINE, "only this machine"),        \
	    REPORT_FILTER("session", KEY_SESSION, "only this session"),        \
	    REPORT_FILTER("branch", KEY_BRANCH, "only this branch"),           \
	    REPORT_FILTER("account", KEY_ACCOUNT, "only this account"),        \
	    REPORT_FILTER("kind", KEY_KIND, "only this kind"),                 \
	    REPORT_FILTER("billing", KEY_BILLING, "only this billing")

#define REPORT_MONEY                                                           \
	REPORT_OPTION(                                                         \
	    "cents", OPTION_FLAG, cents, NULL, "money with two decimals"),     \
	    REPORT_OPTION("exact", OPTION_FLAG, exact, NULL,                   \
		"money with all of its decimals")

#define REPORT_PERIOD                                                          \
	REPORT_OPTION("from", OPTION_TEXT, from, "WHEN",                       \
	    "a date, or a time on a quarter of an hour"),                      \
	    REPORT_OPTION("to", OPTION_TEXT, to, "WHEN",                       \
		"a date, which is included, or a time, which is not")

#define REPORT_CALENDAR                                                        \
	REPORT_HEAD("Calendar"),                                               \
	    REPORT_OPTION(                                                     \
		"tz", OPTION_TEXT, tz, "ZONE", "time zone, as Europe/Berlin"), \
	    REPORT_OPTION("week-start", OPTION_TEXT, week_start, "DAY",        \
		"first day of the week (default: monday)"),                    \
	    REPORT_NUMBER("day-start", day_start, day_start_seen, "HOUR", 23,  \
		"hour at which a day begins (default: 0)")

#define REPORT_COMMON                                                          \
	REPORT_OPTION(                                                         \
	    "color", OPTION_TEXT, color, "WHEN", "auto, always or never"),     \
	    REPORT_NUMBER("width", width, width_seen, "N", 10000,              \
		"terminal columns to fit in (0: no limit)"),                   \
	    REPORT_NUMBER("deadline", deadline_ms, deadline_seen, "MS",        \
		3600000, "give up after so long (default: 10000)")

struct setup {
	const char *program;
	const struct report_options *opts;
	struct places places;
	struct config config;
	struct period_rules rules;
	enum table_color color;
	int64_t now_ms;      /* wall clock */
	int64_t deadline_ms; /* monotonic */
	struct client client;
};

/* EXIT_OK, or an exit code after one line on stderr. */
int setup_init(
    struct setup *s, const char *program, const struct report_options *opts);
/*
 * The time zone and how days and weeks begin, from options and configuration;
 * setup_init did it. EXIT_* as above.
 */
int setup_calendar(struct setup *s);
/* Connects unless it is already. EXIT_* as above. */
int setup_connect(struct setup *s);
/* Tells the client's trouble in one line and gives its exit code. */
int setup_failed(struct setup *s, enum client_result r);
/* Tells what is wrong with what was asked: EXIT_USAGE. */
int setup_refuse(const struct setup *s, const char *why);
/* Draws and frees the table. EXIT_OK or EXIT_SYSTEM. */
int setup_print(const struct setup *s, struct table *t);
size_t setup_width(const struct setup *s);
/* --cents and --exact. */
enum figure_decimals setup_decimals(const struct setup *s);
/* More time than usual where --deadline does not say. */
void setup_allow(struct setup *s, int64_t ms);
void setup_free(struct setup *s);

/* One view of tt-report. */
struct report_verb {
	const char *name; /* NULL: the one without a name */
	struct option_program program;
	/* Runs in any case, and whatever happens the program exits with 0. */
	bool never_fails;
	/* EXIT_*; args are the operands. */
	int (*run)(struct setup *s, int nargs, char **args);
};

extern const struct report_verb verb_sum, verb_summary, verb_status, verb_bill,
    verb_session, verb_sessions, verb_blocks, verb_statusline, verb_explain,
    verb_doctor, verb_events, verb_follow, verb_prune, verb_daily_report,
    verb_weekly_report, verb_reconcile;

#endif

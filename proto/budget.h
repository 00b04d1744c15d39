/*
 * Budgets: so much money or so many tokens a period, for the calls that match.
 * Pure: what a budget covers and which period an instant lies in. Periods are
 * those of the local calendar (calendar_use_zone), a session, or a block.
 */
#ifndef PROTO_BUDGET_H
#define PROTO_BUDGET_H

#include "proto/calendar.h"
#include "proto/error.h"
#include "proto/money.h"
#include "proto/report.h"
#include "proto/text.h"

#define BUDGETS_MAX 64u /* of one ledger */
#define BUDGET_NAME_MAX 64u
#define BUDGET_WARN_PERCENT 80
/* More than anybody has, and a hundred times as much still fits a sum. */
#define BUDGET_USD_MAX 1000000000000ll
#define BUDGET_TOKENS_MAX 1000000000000000000ll
#define BUDGET_BLOCK_MS 18000000ll /* 5 hours from the first use */

enum budget_period {
	BUDGET_DAY,
	BUDGET_WEEK,
	BUDGET_MONTH,
	BUDGET_SESSION,
	BUDGET_BLOCK,
	BUDGET_PERIODS
};

enum budget_filter {
	BUDGET_MODEL,
	BUDGET_PROVIDER,
	BUDGET_AGENT,
	BUDGET_PROJECT,
	BUDGET_ACCOUNT,
	BUDGET_MACHINE,
	BUDGET_FILTERS
};

/* "day", …; "model", …: the names on the wire and on command lines. */
extern const char *const budget_period_names[BUDGET_PERIODS];
extern const char *const budget_filter_names[BUDGET_FILTERS];

struct budget {
	struct text name; /* [A-Za-z0-9._:/@-]{1,64} */
	enum budget_period period;
	bool is_tokens;
	money_sum
	    limit;    /* above 0, at most the above: picodollars, or tokens */
	uint8_t warn; /* percent of the limit, 1 to 100; 100: only the limit */
	bool is_metered; /* what a plan covers is left out */
	bool reminds;    /* once a local day while it is over */
	struct text filter[BUDGET_FILTERS]; /* as a report's; empty: all */
};

enum budget_level { BUDGET_OK, BUDGET_WARN, BUDGET_LIMIT, BUDGET_LEVELS };
extern const char *const budget_level_names[BUDGET_LEVELS];

/* How this ledger's periods begin. */
struct budget_calendar {
	int week_start;  /* 1 Monday … 7 Sunday */
	int day_start;   /* hour, 0 to 23 */
	int month_start; /* day of the month, 1 to 28: a billing cycle */
};

/* 0, or -1 with *err naming the field: name, limit, warn, filter. */
int budget_validate(const struct budget *b, struct error *err);
/* 50 % of a limit of 3 is reached at 1.5: exact, no rounding. */
enum budget_level budget_judge(const struct budget *b, money_sum spent);
/*
 * [*from_ms, *to_ms) of the day, week or month that ms lies in; whole quarters
 * of an hour.
 */
void budget_period_of(enum budget_period period,
    const struct budget_calendar *cal, int64_t ms, int64_t *from_ms,
    int64_t *to_ms);
/*
 * "2026-05-12", "2026-W20" (ISO, where weeks begin on Monday; else the first
 * day), "2026-05" (of a cycle: the month it begins in); of a block its start
 * in RFC 3339.
 */
void budget_period_label(enum budget_period period,
    const struct budget_calendar *cal, int64_t from_ms,
    char buf[CALENDAR_TEXT_MAX]);

#endif

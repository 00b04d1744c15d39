#include "proto/budget.h"

#include <stdio.h>
#include <string.h>

#include "proto/limits.h"

#define SLOT_MS 900000ll

const char *const budget_period_names[BUDGET_PERIODS] = { "day", "week",
	"month", "session", "block" };
const char *const budget_filter_names[BUDGET_FILTERS] = { "model", "provider",
	"agent", "project", "account", "machine" };
const char *const budget_level_names[BUDGET_LEVELS] = { "ok", "warn", "limit" };

static bool
is_name_byte(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c >= '0' && c <= '9') || (c != '\0' && strchr("._:/@-", c));
}

static int
check_name(struct text name, struct error *err)
{
	if (name.len == 0)
		return error_set(err, ERR_MISSING, "name", "no name");
	if (name.len > BUDGET_NAME_MAX)
		return error_set(err, ERR_BAD_TEXT, "name",
		    "longer than %u bytes", BUDGET_NAME_MAX);
	for (uint32_t i = 0; i < name.len; i++)
		if (!is_name_byte(name.p[i]))
			return error_set(err, ERR_BAD_TEXT, "name",
			    "only letters, digits and . _ : / @ -");
	return 0;
}

int
budget_validate(const struct budget *b, struct error *err)
{
	if (check_name(b->name, err) != 0)
		return -1;
	if (b->limit <= 0)
		return error_set(
		    err, ERR_OUT_OF_RANGE, "limit", "must be above 0");
	if (b->limit > (b->is_tokens ? (money_sum)BUDGET_TOKENS_MAX
				     : (money_sum)BUDGET_USD_MAX * MONEY_USD))
		return error_set(
		    err, ERR_OUT_OF_RANGE, "limit", "more than there can be");
	if (b->warn < 1 || b->warn > 100)
		return error_set(
		    err, ERR_OUT_OF_RANGE, "warn", "not a percentage");
	for (int i = 0; i < BUDGET_FILTERS; i++)
		if (b->filter[i].len > LIMIT_TEXT ||
		    (b->filter[i].len > 0 && !text_is_clean(b->filter[i])))
			return error_set(err, ERR_BAD_TEXT,
			    budget_filter_names[i], "not a pattern");
	return 0;
}

/* The limit's percentage as a fraction: no rounding, and no overflow, since
 * limits stay far below 2^120. */
enum budget_level
budget_judge(const struct budget *b, money_sum spent)
{
	if (spent >= b->limit)
		return BUDGET_LIMIT;
	if (spent > 0 && spent * 100 >= b->limit * b->warn)
		return BUDGET_WARN;
	return BUDGET_OK;
}

static struct civil
first_of_cycle(struct civil day, int month_start)
{
	struct civil first = { day.year, day.month, 1 };

	if (day.day < month_start)
		first = calendar_add_months(first, -1);
	first.day = month_start;
	return first;
}

static struct civil
next_cycle(struct civil start)
{
	struct civil first = { start.year, start.month, 1 };

	first = calendar_add_months(first, 1);
	first.day = start.day;
	return first;
}

/* Zones were once off by odd minutes; sums are by quarters of an hour. */
static int64_t
day_edge(struct civil day, const struct budget_calendar *cal)
{
	int64_t ms = calendar_day_start(day, cal->day_start);

	return ms - ms % SLOT_MS;
}

void
budget_period_of(enum budget_period period, const struct budget_calendar *cal,
    int64_t ms, int64_t *from_ms, int64_t *to_ms)
{
	struct civil day = calendar_day_of(ms, cal->day_start), from, to;

	switch (period) {
	case BUDGET_WEEK:
		from = calendar_week_start(day, cal->week_start);
		to = calendar_add_days(from, 7);
		break;
	case BUDGET_MONTH:
		from = first_of_cycle(day, cal->month_start);
		to = next_cycle(from);
		break;
	default:
		from = day;
		to = calendar_add_days(day, 1);
		break;
	}
	*from_ms = day_edge(from, cal);
	*to_ms = day_edge(to, cal);
}

void
budget_period_label(enum budget_period period,
    const struct budget_calendar *cal, int64_t from_ms,
    char buf[CALENDAR_TEXT_MAX])
{
	struct civil day = calendar_day_of(from_ms, cal->day_start);
	int year, week;

	if (period == BUDGET_BLOCK) {
		calendar_format_time(from_ms, buf);
	} else if (period == BUDGET_WEEK && cal->week_start == 1) {
		calendar_iso_week(day, &year, &week);
		snprintf(buf, CALENDAR_TEXT_MAX, "%04d-W%02d", year, week);
	} else {
		calendar_format_date(day, buf);
		if (period == BUDGET_MONTH)
			buf[7] = '\0';
	}
}

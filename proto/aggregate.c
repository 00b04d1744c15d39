#include "proto/aggregate.h"

#include <stdio.h>

#include "proto/calendar.h"

#define DAY_MS 86400000ll
#define HOUR_MS 3600000ll
#define QUARTER_MS 900000
#define DATE_MAX 16

/* What a row says by name; the others are derived or not told. */
static const enum sum told[] = { SUM_CALLS, SUM_INPUT, SUM_CACHE_READ,
	SUM_CACHE_WRITE, SUM_CACHE_WRITE_1H, SUM_OUTPUT, SUM_REASONING,
	SUM_OTHER };
#define TOLD (sizeof(told) / sizeof(told[0]))

void
aggregate_settle(struct aggregate *a)
{
	a->sums.n[SUM_UNPRICED_TOKENS] =
	    a->has_cost ? 0 : sums_total_tokens(&a->sums);
	a->sums.n[SUM_UNPRICED_CALLS] = a->has_cost ? 0 : a->sums.n[SUM_CALLS];
}

int
aggregate_day(const char *s, size_t len, uint32_t *day)
{
	char noon[DATE_MAX + 16];
	struct civil date;
	int64_t ms;
	int n;

	if (len >= DATE_MAX || calendar_parse_date(s, len, &date) != 0)
		return -1;
	/* Of UTC, where every day is as long. */
	n = snprintf(noon, sizeof(noon), "%.*sT12:00:00Z", (int)len, s);
	if (calendar_parse_time(noon, (size_t)n, &ms, NULL) != 0)
		return -1;
	*day = (uint32_t)(ms / DAY_MS);
	return 0;
}

/* --- Writing -------------------------------------------------------------- */

static void
pack_named(struct packer *k, const char *name, struct text t)
{
	if (t.len == 0)
		return;
	pack_str(k, name);
	pack_text(k, t);
}

static void
pack_day(struct packer *k, const struct aggregate *a)
{
	char buf[CALENDAR_TEXT_MAX];

	calendar_format_utc(a->day * DAY_MS, buf);
	pack_str(k, "day");
	pack_text(k, (struct text){ buf, 10 });
	pack_str(k, "from");
	pack_i64(k, a->from_ms);
	pack_str(k, "to");
	pack_i64(k, a->to_ms);
}

static void
pack_members(struct packer *k, const struct aggregate *a)
{
	size_t i;

	pack_day(k, a);
	pack_named(k, "agent", a->agent);
	pack_named(k, "provider", a->provider);
	pack_named(k, "model", a->model);
	for (i = 0; i < TOLD; i++)
		if (a->sums.n[told[i]] != 0) {
			pack_str(k, sum_names[told[i]]);
			pack_u64(k, a->sums.n[told[i]]);
		}
	if (a->has_cost) {
		pack_str(k, "cost");
		pack_money(k, a->sums.cost);
	}
}

static uint32_t
count_members(const struct aggregate *a)
{
	uint32_t n = 3u + (a->agent.len > 0) + (a->provider.len > 0) +
		     (a->model.len > 0) + a->has_cost;

	for (size_t i = 0; i < TOLD; i++)
		n += a->sums.n[told[i]] != 0;
	return n;
}

void
pack_aggregate(struct packer *k, const struct aggregate *a)
{
	pack_map(k, count_members(a));
	pack_members(k, a);
}

void
pack_aggregate_of(struct packer *k, const struct aggregate *a)
{
	pack_map(k, 1 + count_members(a));
	pack_str(k, "origin");
	pack_text(k, a->origin);
	pack_members(k, a);
}

/* --- Reading -------------------------------------------------------------- */

static int
read_text(
    struct wire_cursor row, const char *name, struct text *t, struct error *err)
{
	struct value v;

	*t = (struct text){ 0 };
	if (!unpack_member(row, name, &v) || v.type == VALUE_NIL)
		return 0;
	if (v.type != VALUE_TEXT)
		return error_set(err, ERR_BAD_TYPE, name, "not a text");
	if (v.text.len > LIMIT_TEXT)
		return error_set(err, ERR_BAD_TEXT, name,
		    "longer than %u bytes", LIMIT_TEXT);
	if (!text_is_clean(v.text))
		return error_set(err, ERR_BAD_TEXT, name,
		    "control characters, or not UTF-8");
	*t = v.text;
	return 0;
}

static int
read_count(
    struct wire_cursor row, const char *name, uint64_t *n, struct error *err)
{
	struct value v;

	*n = 0;
	if (!unpack_member(row, name, &v) || v.type == VALUE_NIL)
		return 0;
	if (v.type != VALUE_U64)
		return error_set(
		    err, ERR_BAD_TYPE, name, "not a whole number of 0 or more");
	if (v.u64 > AGGREGATE_COUNT_MAX)
		return error_set(
		    err, ERR_OUT_OF_RANGE, name, "more than a day can have");
	*n = v.u64;
	return 0;
}

static int
read_cost(struct wire_cursor row, struct aggregate *a, struct error *err)
{
	const money_sum most = (money_sum)AGGREGATE_USD_MAX * MONEY_USD;
	struct value v;

	if (!unpack_member(row, "cost", &v) || v.type == VALUE_NIL)
		return 0;
	if (v.type != VALUE_TEXT ||
	    money_parse_sum(v.text.p, v.text.len, &a->sums.cost) != 0)
		return error_set(err, ERR_BAD_TYPE, "cost", "not an amount");
	if (a->sums.cost < 0 || a->sums.cost > most)
		return error_set(
		    err, ERR_OUT_OF_RANGE, "cost", "more than a day can have");
	a->has_cost = true;
	return 0;
}

/* Some zone's day: of 23 to 25 hours, give or take, at its place. */
static bool
is_day(const struct aggregate *a)
{
	int64_t length = a->to_ms - a->from_ms;
	int64_t off = a->from_ms - a->day * DAY_MS;

	return a->from_ms % QUARTER_MS == 0 && a->to_ms % QUARTER_MS == 0 &&
	       length >= 20 * HOUR_MS && length <= 28 * HOUR_MS &&
	       off >= -DAY_MS && off <= DAY_MS;
}

static int
read_day(struct wire_cursor row, struct aggregate *a, struct error *err)
{
	struct value day, from, to;

	if (!unpack_member(row, "day", &day) || day.type != VALUE_TEXT ||
	    aggregate_day(day.text.p, day.text.len, &a->day) != 0)
		return error_set(
		    err, ERR_BAD_PARAMS, "day", "not a date as 2026-05-12");
	if (!unpack_member(row, "from", &from) || from.type != VALUE_U64 ||
	    !unpack_member(row, "to", &to) || to.type != VALUE_U64 ||
	    from.u64 > INT64_MAX || to.u64 > INT64_MAX)
		return error_set(err, ERR_MISSING, "from",
		    "a day has its beginning and its end in ms");
	a->from_ms = (int64_t)from.u64;
	a->to_ms = (int64_t)to.u64;
	if (!is_day(a))
		return error_set(err, ERR_INCONSISTENT, "from",
		    "not the beginning and the end of that day");
	return 0;
}

static int
judge(const struct aggregate *a, struct error *err)
{
	const uint64_t *n = a->sums.n;

	if (n[SUM_CACHE_WRITE_1H] > n[SUM_CACHE_WRITE])
		return error_set(err, ERR_INCONSISTENT,
		    sum_names[SUM_CACHE_WRITE_1H], "more than cache_write");
	if (n[SUM_REASONING] > n[SUM_OUTPUT])
		return error_set(err, ERR_INCONSISTENT,
		    sum_names[SUM_REASONING], "more than output");
	return 0;
}

int
unpack_aggregate(struct wire_cursor row, struct aggregate *a, struct error *err)
{
	struct text origin = a->origin;
	size_t i;

	*a = (struct aggregate){ .origin = origin };
	if (read_day(row, a, err) != 0 ||
	    read_text(row, "agent", &a->agent, err) != 0 ||
	    read_text(row, "provider", &a->provider, err) != 0 ||
	    read_text(row, "model", &a->model, err) != 0 ||
	    read_cost(row, a, err) != 0)
		return -1;
	for (i = 0; i < TOLD; i++)
		if (read_count(
			row, sum_names[told[i]], &a->sums.n[told[i]], err) != 0)
			return -1;
	if (judge(a, err) != 0)
		return -1;
	aggregate_settle(a);
	return 0;
}

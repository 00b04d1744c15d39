/*
 * What other tools tell of whole days: kept once, and shown only where the
 * ledger has no calls.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "collectord/ledger/methods/methods.h"
#include "proto/aggregate.h"
#include "tests/unit/ledger/ledger_help.h"

#define HOUR 3600000ll
#define DAY (24 * HOUR)
/* 2026-05-10T00:00:00Z */
#define FIRST 1778371200000ll
#define DAY0 ((uint32_t)(FIRST / DAY))

static char dir[] = "/tmp/tt-aggregate-XXXXXX";
static struct ledger *ledger;
static struct error last_error;

static int64_t
test_now_us(void)
{
	return 1779000000000000;
}

static void
open_ledger(void)
{
	struct ledger_options opt = {
		.dir = dir, .machine = "", .now_us = test_now_us
	};

	ledger = help_open(&opt);
}

static void
setup(void)
{
	help_dir(dir);
	open_ledger();
}

static void
teardown(void)
{
	help_end(ledger, dir);
}

TestSuite(aggregates, .init = setup, .fini = teardown, .timeout = 30);

static int
call(const char *name, struct packer *params, struct packer *result)
{
	const struct ledger_method *m = ledger_method_find(text_of(name));
	struct ledger_call c = { .ledger = ledger,
		.params = { (uint8_t *)params->p,
		    (uint8_t *)params->p + params->len },
		.result = result };
	int rc;

	cr_assert_not_null(m, "no method %s", name);
	while ((rc = m->step(&c)) == METHOD_AGAIN)
		;
	packer_free(params);
	last_error = c.error;
	return rc;
}

static uint64_t
member(const struct packer *result, const char *name)
{
	struct wire_cursor c = { (uint8_t *)result->p,
		(uint8_t *)result->p + result->len };
	struct value v;

	cr_assert(unpack_member(c, name, &v), "no %s", name);
	return v.type == VALUE_ARRAY ? v.n : v.u64;
}

static struct aggregate
row(uint32_t day, const char *agent, const char *model, uint64_t input)
{
	struct aggregate a = { .agent = text_of(agent),
		.model = text_of(model),
		.day = DAY0 + day,
		.from_ms = FIRST + day * DAY,
		.to_ms = FIRST + (day + 1) * DAY };

	a.sums.n[SUM_INPUT] = input;
	return a;
}

struct counts {
	uint64_t stored, changed, kept;
};

static int
try_put(const char *origin, const struct aggregate *rows, size_t n,
    struct packer *result)
{
	struct packer params = { 0 };
	size_t i;

	pack_map(&params, 2);
	pack_str(&params, "origin");
	pack_str(&params, origin);
	pack_str(&params, "rows");
	pack_array(&params, (uint32_t)n);
	for (i = 0; i < n; i++)
		pack_aggregate(&params, &rows[i]);
	return call("aggregate_put", &params, result);
}

static struct counts
put(const char *origin, const struct aggregate *rows, size_t n)
{
	struct packer result = { 0 };
	struct counts c;
	int rc = try_put(origin, rows, n, &result);

	cr_assert_eq(rc, METHOD_DONE, "refused: %s", last_error.message);
	c.stored = member(&result, "stored");
	c.changed = member(&result, "changed");
	c.kept = member(&result, "kept");
	packer_free(&result);
	return c;
}

static void
put_event(int64_t ts_ms, const char *agent, const char *message, bool is_void)
{
	struct event ev;
	struct put p = { .events = &ev, .nevents = 1 };
	struct put *puts[1] = { &p };
	char why[128];

	event_init(&ev);
	ev.text[EV_SESSION] = TEXT("s");
	ev.text[EV_MESSAGE] = text_of(message);
	ev.text[EV_AGENT] = text_of(agent);
	ev.count[EV_INPUT] = 1;
	ev.ts_ms = ts_ms;
	ev.is_void = is_void;
	cr_assert_eq(
	    ledger_put(ledger, puts, 1, why, sizeof(why)), 0, "%s", why);
}

/* Days from..to of a report with at most one filter; the input tokens. */
static uint64_t
ask_ms(int64_t from, int64_t to, enum report_key key, const char *pattern,
    struct sums *sums)
{
	struct report_query q = { .nedges = 2 };
	struct wire_cursor c;
	struct ledger_query *lq;
	struct packer k = { 0 };
	struct value v;
	uint64_t rows = 0;
	int rc;

	q.edges = malloc(2 * sizeof(*q.edges));
	q.edges[0] = from;
	q.edges[1] = to;
	if (pattern != NULL)
		q.filter[q.nfilter++] =
		    (struct report_filter){ key, text_of(pattern) };
	lq = ledger_query_new(ledger, &q);
	while ((rc = ledger_query_step(lq, 3)) == 1)
		;
	cr_assert_eq(rc, 0, "report: %d", rc);
	ledger_query_pack(lq, 0, 0, &k);
	ledger_query_free(lq);
	*sums = (struct sums){ .cost = 0 };
	c = (struct wire_cursor){ (uint8_t *)k.p, (uint8_t *)k.p + k.len };
	if (unpack_member(c, "imported", &v)) {
		cr_assert_eq(unpack_total(&v.at, sums, &rows), 0, "no sums");
		cr_expect_gt(rows, 0, "there without rows");
	}
	packer_free(&k);
	return sums->n[SUM_INPUT];
}

static uint64_t
ask(uint32_t from, uint32_t to, enum report_key key, const char *pattern)
{
	struct sums s;

	return ask_ms(FIRST + from * DAY, FIRST + to * DAY, key, pattern, &s);
}

#define EXPECT_IMPORTED(want, from, to)                                        \
	cr_expect_eq(ask((from), (to), 0, NULL), (want),                       \
	    "%lu imported, not %lu",                                           \
	    (unsigned long)ask((from), (to), 0, NULL), (unsigned long)(want))

Test(aggregates, told_twice_count_once)
{
	struct aggregate rows[2] = { row(0, "codex", "m", 100),
		row(1, "codex", "m", 10) };
	struct counts c = put("ccusage", rows, 2);

	cr_expect_eq(c.stored, 2, "%lu stored", (unsigned long)c.stored);
	c = put("ccusage", rows, 2);
	cr_expect_eq(c.kept, 2, "%lu kept", (unsigned long)c.kept);
	EXPECT_IMPORTED(110, 0, 7);
	rows[1].sums.n[SUM_INPUT] = 30;
	c = put("ccusage", rows, 2);
	cr_expect_eq(c.changed, 1, "%lu changed", (unsigned long)c.changed);
	EXPECT_IMPORTED(130, 0, 7);
	EXPECT_IMPORTED(100, 0, 1);
	ledger_close(ledger);
	open_ledger();
	EXPECT_IMPORTED(130, 0, 7);
}

Test(aggregates, never_shrink_when_logs_are_deleted)
{
	struct aggregate a = row(0, "codex", "m", 100);

	put("ccusage", &a, 1);
	a.sums.n[SUM_INPUT] = 40;
	cr_expect_eq(put("ccusage", &a, 1).kept, 1, "less replaced more");
	EXPECT_IMPORTED(100, 0, 1);
	/* The same tokens with a cost that was not known before are news. */
	a.sums.n[SUM_INPUT] = 100;
	a.has_cost = true;
	a.sums.cost = MONEY_USD;
	cr_expect_eq(put("ccusage", &a, 1).changed, 1, "the cost was lost");
}

Test(aggregates, give_way_to_calls_of_that_agent_on_that_day)
{
	struct aggregate rows[3] = { row(0, "codex", "m", 100),
		row(1, "codex", "m", 10), row(1, "claude-code", "m", 1) };

	put("ccusage", rows, 3);
	put_event(FIRST + 5 * HOUR, "claude-code", "1", false);
	EXPECT_IMPORTED(111, 0, 7);
	put_event(FIRST + DAY + 5 * HOUR, "codex", "2", false);
	EXPECT_IMPORTED(101, 0, 7);
	put_event(FIRST + DAY - 1, "codex", "3", false);
	EXPECT_IMPORTED(1, 0, 7);
	/* What is undone is no call any more. */
	put_event(FIRST + DAY - 1, "codex", "3", true);
	EXPECT_IMPORTED(101, 0, 7);
}

Test(aggregates, stay_behind_calls_whose_detail_is_pruned)
{
	struct aggregate a = row(0, "codex", "m", 100);
	struct packer params = { 0 }, result = { 0 };

	put("ccusage", &a, 1);
	put_event(FIRST + HOUR, "codex", "1", false);
	pack_map(&params, 1);
	pack_str(&params, "before");
	pack_i64(&params, FIRST + 3 * DAY);
	cr_assert_eq(call("prune", &params, &result), METHOD_DONE);
	cr_assert_eq(member(&result, "pruned"), 1, "nothing was pruned");
	packer_free(&result);
	EXPECT_IMPORTED(0, 0, 7);
}

Test(aggregates, of_two_origins_the_larger_counts)
{
	struct aggregate a[2] = { row(0, "codex", "m", 60),
		row(0, "codex", "n", 50) };
	struct aggregate b = row(0, "codex", "m", 100);

	put("one", a, 2);
	put("two", &b, 1);
	EXPECT_IMPORTED(110, 0, 1);
	/* Which one it is does not depend on what is asked. */
	cr_expect_eq(ask(0, 1, KEY_MODEL, "m"), 60, "%lu of the model m",
	    (unsigned long)ask(0, 1, KEY_MODEL, "m"));
	b.sums.n[SUM_INPUT] = 200;
	put("two", &b, 1);
	EXPECT_IMPORTED(200, 0, 1);
}

Test(aggregates, of_all_agents_do_not_stand_beside_single_ones)
{
	struct aggregate all = row(0, "", "m", 100);
	struct aggregate one = row(0, "codex", "m", 60);

	put("all", &all, 1);
	put("one", &one, 1);
	EXPECT_IMPORTED(100, 0, 1);
	one.sums.n[SUM_INPUT] = 100;
	put("one", &one, 1);
	EXPECT_IMPORTED(100, 0, 1);
	cr_expect_eq(ask(0, 1, KEY_AGENT, "codex"), 100, "%lu of codex",
	    (unsigned long)ask(0, 1, KEY_AGENT, "codex"));
	put_event(FIRST + HOUR, "amp", "1", false);
	EXPECT_IMPORTED(100, 0, 1);
	put_event(FIRST + HOUR, "codex", "2", false);
	EXPECT_IMPORTED(0, 0, 1);
}

Test(aggregates, pass_filters_on_what_they_know_only)
{
	struct aggregate a = row(0, "codex", "Gpt-5", 100);

	put("ccusage", &a, 1);
	cr_expect_eq(ask(0, 1, KEY_MODEL, "gpt-*"), 100);
	cr_expect_eq(ask(0, 1, KEY_MODEL, "claude"), 0);
	cr_expect_eq(ask(0, 1, KEY_AGENT, "=codex"), 100);
	cr_expect_eq(ask(0, 1, KEY_PROVIDER, "openai"), 0);
	cr_expect_eq(ask(0, 1, KEY_PROVIDER, ""), 0, "not told is not none");
	cr_expect_eq(ask(0, 1, KEY_PROJECT, ""), 0);
	cr_expect_eq(ask(0, 1, KEY_SESSION, "*"), 0);
	cr_expect_eq(ask(0, 1, KEY_MACHINE, "*"), 0);
}

Test(aggregates, belong_to_one_report_whatever_its_zone)
{
	struct aggregate a = row(1, "codex", "m", 100);
	struct sums s;
	int64_t off, seen, from = FIRST + DAY;
	int day;

	put("ccusage", &a, 1);
	for (off = -12 * HOUR; off <= 14 * HOUR; off += HOUR) {
		for (seen = 0, day = -1; day <= 1; day++)
			seen += (int64_t)ask_ms(from - off + day * DAY,
			    from - off + (day + 1) * DAY, 0, NULL, &s);
		cr_expect_eq(seen, 100, "%ld h: %ld in three days",
		    (long)(off / HOUR), (long)seen);
	}
	cr_expect_eq(ask_ms(from + 10 * HOUR, from + 14 * HOUR, 0, NULL, &s), 0,
	    "a day within hours");
}

Test(aggregates, without_cost_are_unpriced)
{
	struct aggregate rows[2] = { row(0, "codex", "m", 100),
		row(0, "codex", "n", 7) };
	struct sums s;

	rows[0].has_cost = true;
	rows[0].sums.cost = 5 * MONEY_USD / 4;
	rows[1].sums.n[SUM_CALLS] = 3;
	put("ccusage", rows, 2);
	ask_ms(FIRST, FIRST + DAY, 0, NULL, &s);
	cr_expect_eq(s.n[SUM_UNPRICED_TOKENS], 7, "%lu unpriced",
	    (unsigned long)s.n[SUM_UNPRICED_TOKENS]);
	cr_expect_eq(s.n[SUM_UNPRICED_CALLS], 3);
	cr_expect(s.cost == 5 * MONEY_USD / 4, "the cost is another");
}

static void
expect_refused(const struct aggregate *a, const char *field)
{
	struct aggregate rows[2] = { row(0, "codex", "good", 1), *a };
	struct packer result = { 0 };

	cr_expect_eq(try_put("ccusage", rows, 2, &result), METHOD_FAILED,
	    "%s was taken", field);
	cr_expect_str_eq(last_error.field == NULL ? "" : last_error.field,
	    field, "%s named, not %s", last_error.field, field);
	packer_free(&result);
}

Test(aggregates, of_impossible_days_are_refused_and_nothing_of_them_kept)
{
	struct aggregate a = row(0, "codex", "m", AGGREGATE_COUNT_MAX + 1);

	expect_refused(&a, "input_tokens");
	a = row(0, "codex", "m", 1);
	a.to_ms += 12 * HOUR;
	expect_refused(&a, "from");
	a = row(0, "codex", "m", 1);
	a.day += 3;
	expect_refused(&a, "from");
	a = row(0, "co\ndex", "m", 1);
	expect_refused(&a, "agent");
	a = row(0, "codex", "m", 1);
	a.sums.n[SUM_CACHE_WRITE_1H] = 1;
	expect_refused(&a, "cache_write_1h_tokens");
	a = row(0, "codex", "m", 1);
	a.has_cost = true;
	a.sums.cost = -1;
	expect_refused(&a, "cost");
	EXPECT_IMPORTED(0, 0, 7);
}

Test(aggregates, are_listed_in_pages_and_dropped_by_origin)
{
	struct packer params = { 0 }, result = { 0 };
	struct ledger_status st;
	struct aggregate a;
	struct value next;
	uint32_t i;

	for (i = 0; i < 1500; i++) {
		char model[16];

		snprintf(model, sizeof(model), "m%u", i);
		a = row(i % 7, "codex", model, 1);
		put(i % 3 == 0 ? "one" : "two", &a, 1);
	}
	EXPECT_IMPORTED(1000, 0, 7);
	cr_assert_eq(ledger_status(ledger, &st), 0);
	cr_expect_eq(st.first_ts_ms, FIRST, "from %ld", (long)st.first_ts_ms);
	pack_map(&params, 0);
	cr_assert_eq(call("aggregates", &params, &result), METHOD_DONE);
	cr_expect_eq(member(&result, "rows"), 1000, "a page of another size");
	cr_assert(unpack_member((struct wire_cursor){ (uint8_t *)result.p,
				    (uint8_t *)result.p + result.len },
		      "next", &next),
	    "no next page");
	pack_map(&params, 1);
	pack_str(&params, "after");
	pack_text(&params, next.text);
	packer_free(&result);
	cr_assert_eq(call("aggregates", &params, &result), METHOD_DONE);
	cr_expect_eq(member(&result, "rows"), 500, "%lu on the second page",
	    (unsigned long)member(&result, "rows"));
	packer_free(&result);
	pack_map(&params, 1);
	pack_str(&params, "origin");
	pack_str(&params, "two");
	cr_assert_eq(call("aggregate_drop", &params, &result), METHOD_DONE);
	cr_expect_eq(member(&result, "dropped"), 1000, "%lu dropped",
	    (unsigned long)member(&result, "dropped"));
	packer_free(&result);
	EXPECT_IMPORTED(500, 0, 7);
	pack_map(&params, 1);
	pack_str(&params, "origin");
	pack_str(&params, "two");
	cr_expect_eq(call("aggregate_drop", &params, &result), METHOD_FAILED);
	cr_expect_eq(last_error.code, ERR_NOT_FOUND);
	packer_free(&result);
}

/*
 * What budgets say is spent, held against a plain recomputation: the sum over
 * the slots of its period, whatever came in between.
 */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "collectord/ledger/impl.h"
#include "collectord/ledger/methods/methods.h"
#include "collectord/ledger/reader.h"
#include "tests/unit/ledger/budget_help.h"
#include "tests/unit/ledger/ledger_help.h"
#include "tests/unit/ledger/sights.h"

/* Random sights, in random order and grouping: spent is the report's sum. */
static money_sum
report_cost(struct bench *b, int64_t from_ms, int64_t to_ms)
{
	struct report_query q = { .nedges = 2 };
	struct packer k = { 0 };
	struct wire_cursor at;
	struct ledger_query *lq;
	uint64_t sessions;
	struct value v;
	struct sums s;
	int rc;

	q.edges = malloc(2 * sizeof(q.edges[0]));
	q.edges[0] = from_ms;
	q.edges[1] = to_ms;
	lq = ledger_query_new(b->l, &q);
	while ((rc = ledger_query_step(lq, 1000)) == 1)
		;
	cr_assert_eq(rc, 0, "query: %d", rc);
	ledger_query_pack(lq, 0, 0, &k);
	at = (struct wire_cursor){ (const void *)k.p,
		(const void *)(k.p + k.len) };
	cr_assert(unpack_member(at, "total", &v), "no total");
	cr_assert_eq(unpack_total(&v.at, &s, &sessions), 0, "total");
	ledger_query_free(lq);
	packer_free(&k);
	return s.cost;
}

Test(budget, is_the_reports_sum_whatever_came_in_whichever_order, .timeout = 60)
{
	struct budget_calendar cal = { 1, 0, 1 };
	enum budget_period periods[] = { BUDGET_DAY, BUDGET_WEEK,
		BUDGET_MONTH };
	const char *names[] = { "d", "w", "m" };
	struct dice dice = { 42 };
	int64_t from_ms, to_ms;
	struct event ev[3];
	struct bench b;
	money_sum want;

	clock_ms = 1778580000000 + 20000000;
	bench_start(&b);
	for (int i = 0; i < 3; i++) {
		struct budget one = budget_of(names[i], periods[i], 1);

		set_budget(&b, &one);
	}
	for (int round = 0; round < 300; round++) {
		for (int i = 0; i < 3; i++) {
			sight_random(&dice, &ev[i]);
			/* Of so few calls all would be void in the end. */
			ev[i].is_void = false;
		}
		help_put(b.l, ev, 3);
		if (round % 50 == 0)
			bench_reopen(&b);
	}
	for (int i = 0; i < 3; i++) {
		budget_period_of(periods[i], &cal, clock_ms, &from_ms, &to_ms);
		want = report_cost(&b, from_ms, to_ms);
		cr_expect_gt(want, 0, "nothing was spent");
		cr_expect_eq(spent_of(&b, names[i]), want, "%s: %lld not %lld",
		    names[i], (long long)spent_of(&b, names[i]),
		    (long long)want);
	}
	clock_ms = START_MS;
	bench_end(&b);
}

static void
count_difference(void *arg, const char *what)
{
	(void)what;
	++*(int *)arg;
}

/* How many budgets' sums are not what the stored calls say. */
static int
different(struct bench *b)
{
	struct writer r;
	int n = 0, rc = reader_begin(&r, b->l);

	if (rc == 0)
		rc = watch_check(&r.watch, r.txn, count_difference, &n);
	reader_end(&r);
	cr_assert_eq(rc, 0, "watch_check: %d", rc);
	return n;
}

static void
expect_spent(
    struct bench *b, const char *name, int64_t cents, const char *where)
{
	money_sum spent = spent_of(b, name) / (MONEY_USD / 100);

	cr_expect_eq((int64_t)spent, cents, "%s, %s: %lld cents, not %lld",
	    where, name, (long long)spent, (long long)cents);
	cr_expect_eq(
	    different(b), 0, "%s: %d budgets differ", where, different(b));
}

/* 08:40 in Berlin, 15:40 in Tokyo, 23:40 of the day before in Los Angeles. */
Test(budget, another_zone_or_start_of_days_moves_what_was_spent, .timeout = 30)
{
	struct budget day = budget_of("d", BUDGET_DAY, 100);
	struct budget month = budget_of("m", BUDGET_MONTH, 100);
	struct bench b;

	clock_ms = START_MS;
	bench_start(&b);
	set_budget(&b, &day);
	set_budget(&b, &month);
	/* The day began at 22:00 UTC; at 07:00 one begins in Los Angeles. */
	spend(&b, "a", START_MS - 2 * 3600000, 100);
	spend(&b, "b", START_MS, 10);
	expect_spent(&b, "d", 110, "Berlin");
	clock_ms = START_MS + 3600000;
	calendar_use_zone("America/Los_Angeles");
	bench_reopen(&b);
	expect_spent(&b, "d", 0, "Los Angeles");
	spend(&b, "c", clock_ms, 3);
	expect_spent(&b, "d", 3, "Los Angeles, a call later");
	calendar_use_zone("Asia/Tokyo");
	bench_reopen(&b);
	expect_spent(&b, "d", 113, "Tokyo");
	expect_spent(&b, "m", 113, "Tokyo");
	b.calendar = (struct budget_calendar){ 7, 15, 17 };
	bench_reopen(&b);
	expect_spent(&b, "d", 13, "Tokyo, days from 15:00");
	bench_reopen(&b);
	expect_spent(&b, "d", 13, "Tokyo, the same again");
	clock_ms = START_MS;
	bench_end(&b);
}

Test(budget, the_doctor_sees_a_sum_that_is_not_so, .timeout = 30)
{
	struct budget_sum sum = { .spent = 1 };
	struct budget day = budget_of("d", BUDGET_DAY, 100);
	struct packer params = { 0 }, result = { 0 };
	struct bench b;
	uint64_t n;

	clock_ms = START_MS;
	bench_start(&b);
	set_budget(&b, &day);
	spend(&b, "a", START_MS, 100);
	cr_expect_eq(different(&b), 0, "%d budgets differ", different(&b));
	cr_assert_eq(writer_begin(&b.l->writer, clock_ms * 1000), 0, "begin");
	cr_assert_eq(
	    budget_sum_put(b.l->writer.txn, 1, 86400000, &sum), 0, "put");
	cr_assert_eq(ledger_commit(b.l), 0, "commit");
	pack_map(&params, 0);
	help_call(b.l, "doctor", &params, &result);
	n = help_u64(&result, "different");
	cr_expect_eq(n, 1, "%lu differences, not 1", n);
	packer_free(&params);
	packer_free(&result);
	bench_end(&b);
}

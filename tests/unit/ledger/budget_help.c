#include "tests/unit/ledger/budget_help.h"

#include <stdio.h>

#include <criterion/criterion.h>

#include "collectord/ledger/impl.h"
#include "collectord/ledger/alerts/notices.h"
#include "tests/unit/ledger/ledger_help.h"

int64_t clock_ms = START_MS;

static int64_t
test_now_us(void)
{
	return clock_ms * 1000;
}

static void
bench_open(struct bench *b)
{
	struct ledger_options opt = { .dir = b->dir,
		.machine = "m1",
		.calendar = b->calendar,
		.tells_daily = true,
		.tells_weekly = true,
		.daily_hour = 23,
		.silent_days = 3,
		.now_us = test_now_us };

	b->l = help_open(&opt);
}

void
bench_start(struct bench *b)
{
	calendar_use_zone("Europe/Berlin");
	*b = (struct bench){ .dir = "/tmp/tt-budget-XXXXXX" };
	help_dir(b->dir);
	bench_open(b);
}

void
bench_reopen(struct bench *b)
{
	ledger_close(b->l);
	bench_open(b);
}

void
bench_end(struct bench *b)
{
	help_end(b->l, b->dir);
}

void
tick_at(struct bench *b, int64_t ms)
{
	int64_t next_ms;
	int rc;

	clock_ms = ms;
	rc = ledger_tick(b->l, &next_ms);
	cr_assert_eq(rc, 0, "ledger_tick: %d", rc);
	cr_expect_gt(next_ms, ms, "the next one is due before now");
}

void
set_budget(struct bench *b, const struct budget *budget)
{
	struct packer params = { 0 }, result = { 0 };

	pack_budget(&params, budget);
	help_call(b->l, "budget_set", &params, &result);
	packer_free(&params);
	packer_free(&result);
}

struct budget
budget_of(const char *name, enum budget_period period, int64_t limit_usd)
{
	return (struct budget){ .name = text_of(name),
		.period = period,
		.limit = (money_sum)limit_usd * MONEY_USD,
		.warn = 80 };
}

money_sum
spent_of(struct bench *b, const char *name)
{
	struct packer params = { 0 }, result = { 0 };
	struct budget_state s;
	struct wire_cursor at;
	struct value v;

	pack_map(&params, 1);
	pack_str(&params, "name");
	pack_str(&params, name);
	help_call(b->l, "budgets", &params, &result);
	at = (struct wire_cursor){ (const void *)result.p,
		(const void *)(result.p + result.len) };
	cr_assert(unpack_member(at, "budgets", &v), "no budgets");
	cr_assert_eq(unpack_budget_state(&v.rest, &s), 0, "no state");
	packer_free(&params);
	packer_free(&result);
	return s.spent;
}

void
spend_init(struct event *ev, const char *message, int64_t ts_ms, int64_t cents)
{
	event_init(ev);
	ev->text[EV_SESSION] = TEXT("s1");
	ev->text[EV_MESSAGE] = text_of(message);
	ev->text[EV_MODEL] = TEXT("unheard-of");
	ev->count[EV_INPUT] = 100;
	ev->ts_ms = ts_ms;
	ev->has_cost = true;
	ev->cost_pico = cents * (MONEY_USD / 100);
}

void
spend(struct bench *b, const char *message, int64_t ts_ms, int64_t cents)
{
	struct event ev;

	spend_init(&ev, message, ts_ms, cents);
	help_put(b->l, &ev, 1);
}

struct told {
	char text[4096]; /* "level subject period;" of each */
	const char *kind;
};

static int
tell(void *arg, const struct notice *n)
{
	struct told *t = arg;
	size_t len = strlen(t->text);

	if (strcmp(notice_kind_names[n->kind], t->kind) != 0)
		return 0;
	snprintf(t->text + len, sizeof(t->text) - len, "%s %.*s %.*s;",
	    notice_level_names[n->level], (int)n->subject.len,
	    n->subject.len > 0 ? n->subject.p : "", (int)n->period.len,
	    n->period.p);
	return 0;
}

void
expect_told(struct bench *b, const char *kind, const char *want)
{
	struct told t = { .kind = kind };
	struct store_txn *txn;
	int rc = store_begin(b->l->store, false, &txn);

	cr_assert_eq(rc, 0, "store_begin: %d", rc);
	rc = notices_each(txn, false, tell, &t);
	cr_assert_eq(rc, 0, "notices_each: %d", rc);
	store_abort(txn);
	cr_expect_str_eq(t.text, want, "told \"%s\", not \"%s\"", t.text, want);
}

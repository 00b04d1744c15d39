/*
 * Budgets on a real store, held against a plain recomputation: what is spent in
 * each period is the sum over the slots, and each level is told once.
 */
#include <criterion/criterion.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "collectord/ledger/impl.h"
#include "collectord/ledger/methods.h"
#include "collectord/ledger/notices.h"
#include "collectord/ledger/reader.h"
#include "proto/codec_budget.h"
#include "tests/unit/ledger/sights.h"

#define START_MS 1779000000000ll

static int64_t clock_ms = START_MS;

static int64_t
test_now_us(void)
{
	return clock_ms * 1000;
}

struct bench {
	char dir[64];
	struct ledger *l;
	struct budget_calendar calendar;
};

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
	char why[256];
	int rc = ledger_open(&b->l, &opt, why, sizeof(why));

	cr_assert_eq(rc, 0, "ledger_open: %d: %s", rc, why);
}

static void
bench_start(struct bench *b)
{
	calendar_use_zone("Europe/Berlin");
	*b = (struct bench){ .dir = "/tmp/tt-budget-XXXXXX" };
	cr_assert_not_null(mkdtemp(b->dir), "mkdtemp failed");
	bench_open(b);
}

static void
bench_reopen(struct bench *b)
{
	ledger_close(b->l);
	bench_open(b);
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *f)
{
	(void)st;
	(void)type;
	(void)f;
	return remove(path);
}

static void
bench_end(struct bench *b)
{
	ledger_close(b->l);
	nftw(b->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static struct error
call(struct bench *b, const char *name, const struct packer *params,
    struct packer *result)
{
	const struct ledger_method *m = ledger_method_find(text_of(name));
	struct ledger_call c = { .ledger = b->l, .result = result, .owner = 7 };
	int rc;

	cr_assert_not_null(m, "no method %s", name);
	c.params = (struct wire_cursor){ (const void *)params->p,
		(const void *)(params->p + params->len) };
	while ((rc = m->step(&c)) == METHOD_AGAIN)
		;
	if (rc == METHOD_DONE)
		c.error.code = ERR_NONE;
	return c.error;
}

static void
set_budget(struct bench *b, const struct budget *budget)
{
	struct packer params = { 0 }, result = { 0 };
	struct error e;

	pack_budget(&params, budget);
	e = call(b, "budget_set", &params, &result);
	cr_assert_eq(e.code, ERR_NONE, "budget_set: %s %s", error_name(e.code),
	    e.message);
	packer_free(&params);
	packer_free(&result);
}

static struct budget
budget_of(const char *name, enum budget_period period, int64_t limit_usd)
{
	return (struct budget){ .name = text_of(name),
		.period = period,
		.limit = (money_sum)limit_usd * MONEY_USD,
		.warn = 80 };
}

static void
put(struct bench *b, struct event *evs, size_t n)
{
	struct put p = { .events = evs, .nevents = n };
	struct put *puts[1] = { &p };
	char why[256] = "";
	int rc = ledger_put(b->l, puts, 1, why, sizeof(why));

	cr_assert_eq(rc, 0, "ledger_put: %d: %s", rc, why);
}

/* One call that reports its cost. */
static void
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

static void
spend(struct bench *b, const char *message, int64_t ts_ms, int64_t cents)
{
	struct event ev;

	spend_init(&ev, message, ts_ms, cents);
	put(b, &ev, 1);
}

struct told {
	char text[4096]; /* "level period;" of each */
	size_t n;
	const char *kind;
};

static int
tell(void *arg, const struct notice *n)
{
	struct told *t = arg;
	size_t len = strlen(t->text);

	if (strcmp(notice_kind_names[n->kind], t->kind) != 0)
		return 0;
	t->n++;
	snprintf(t->text + len, sizeof(t->text) - len, "%s %.*s %.*s;",
	    notice_level_names[n->level], (int)n->subject.len,
	    n->subject.len > 0 ? n->subject.p : "", (int)n->period.len,
	    n->period.p);
	return 0;
}

static void
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

static money_sum
spent_of(struct bench *b, const char *name)
{
	struct packer params = { 0 }, result = { 0 };
	struct budget_state s;
	struct wire_cursor at;
	struct value v;
	struct error e;

	pack_map(&params, 1);
	pack_str(&params, "name");
	pack_str(&params, name);
	e = call(b, "budgets", &params, &result);
	cr_assert_eq(e.code, ERR_NONE, "budgets: %s", error_name(e.code));
	at = (struct wire_cursor){ (const void *)result.p,
		(const void *)(result.p + result.len) };
	cr_assert(unpack_member(at, "budgets", &v), "no budgets");
	cr_assert_eq(unpack_budget_state(&v.rest, &s), 0, "no state");
	packer_free(&params);
	packer_free(&result);
	return s.spent;
}

/* 2026-05-17 06:40 UTC; a Sunday, of the week W20. */
Test(budget, warning_then_limit_are_told_once_each, .timeout = 30)
{
	struct budget d = budget_of("daily", BUDGET_DAY, 10);
	struct bench b;

	bench_start(&b);
	set_budget(&b, &d);
	spend(&b, "a", clock_ms, 799);
	expect_told(&b, "budget", "");
	spend(&b, "b", clock_ms, 1);
	expect_told(&b, "budget", "warn daily 2026-05-17;");
	spend(&b, "c", clock_ms, 100);
	bench_reopen(&b);
	spend(&b, "d", clock_ms, 100);
	spend(&b, "e", clock_ms, 1);
	spend(&b, "d", clock_ms, 100);
	expect_told(
	    &b, "budget", "warn daily 2026-05-17;limit daily 2026-05-17;");
	cr_expect_eq(spent_of(&b, "daily"), (money_sum)1001 * (MONEY_USD / 100),
	    "%lld cents",
	    (long long)(spent_of(&b, "daily") / (MONEY_USD / 100)));
	bench_end(&b);
}

Test(budget, a_jump_past_both_is_told_as_the_limit_alone, .timeout = 30)
{
	struct budget d = budget_of("daily", BUDGET_DAY, 10);
	struct bench b;

	bench_start(&b);
	set_budget(&b, &d);
	spend(&b, "a", clock_ms, 1500);
	spend(&b, "b", clock_ms, 100);
	expect_told(&b, "budget", "limit daily 2026-05-17;");
	bench_end(&b);
}

Test(budget, a_raised_limit_is_armed_again_and_a_lowered_one_is_not,
    .timeout = 30)
{
	struct budget d = budget_of("daily", BUDGET_DAY, 10);
	struct bench b;

	bench_start(&b);
	set_budget(&b, &d);
	spend(&b, "a", clock_ms, 1500);
	d.limit = 20 * MONEY_USD;
	set_budget(&b, &d);
	expect_told(&b, "budget", "limit daily 2026-05-17;");
	spend(&b, "b", clock_ms, 500);
	d.limit = 10 * MONEY_USD;
	set_budget(&b, &d);
	expect_told(
	    &b, "budget", "limit daily 2026-05-17;limit daily 2026-05-17;");
	bench_end(&b);
}

Test(budget, what_was_spent_before_it_was_set_counts, .timeout = 30)
{
	struct budget m = budget_of("month", BUDGET_MONTH, 10);
	struct bench b;

	bench_start(&b);
	spend(&b, "a", clock_ms - 5 * 86400000ll, 900);
	spend(&b, "b", clock_ms - 40 * 86400000ll, 5000);
	set_budget(&b, &m);
	expect_told(&b, "budget", "warn month 2026-05;");
	cr_expect_eq(spent_of(&b, "month"), 9 * MONEY_USD, "another sum");
	bench_end(&b);
}

Test(budget, a_late_call_of_an_earlier_day_is_told_of_that_day, .timeout = 30)
{
	struct budget d = budget_of("daily", BUDGET_DAY, 10);
	struct bench b;

	bench_start(&b);
	set_budget(&b, &d);
	clock_ms += 3 * 86400000ll;
	spend(&b, "late", START_MS + 3600000, 1200);
	expect_told(&b, "budget", "limit daily 2026-05-17;");
	spend(&b, "old", START_MS - 2 * 86400000ll, 1200);
	expect_told(&b, "budget", "limit daily 2026-05-17;");
	cr_expect_eq(spent_of(&b, "daily"), 0, "today has spent something");
	clock_ms = START_MS;
	bench_end(&b);
}

Test(
    budget, raising_it_does_not_tell_of_days_that_are_over_again, .timeout = 30)
{
	struct budget d = budget_of("daily", BUDGET_DAY, 10);
	struct bench b;

	bench_start(&b);
	set_budget(&b, &d);
	spend(&b, "a", clock_ms, 1500);
	clock_ms += 86400000ll;
	d.limit = 12 * MONEY_USD;
	set_budget(&b, &d);
	spend(&b, "late", START_MS, 1);
	expect_told(&b, "budget", "limit daily 2026-05-17;");
	spend(&b, "b", clock_ms, 1200);
	expect_told(
	    &b, "budget", "limit daily 2026-05-17;limit daily 2026-05-18;");
	clock_ms = START_MS;
	bench_end(&b);
}

Test(budget, a_call_that_is_undone_reaches_no_level, .timeout = 30)
{
	struct budget d = budget_of("daily", BUDGET_DAY, 20);
	struct event ev;
	struct bench b;

	bench_start(&b);
	set_budget(&b, &d);
	spend(&b, "a", clock_ms, 1200);
	spend_init(&ev, "b", clock_ms, 100);
	put(&b, &ev, 1);
	clock_ms += 86400000ll;
	d.limit = 10 * MONEY_USD;
	set_budget(&b, &d);
	ev.is_void = true;
	put(&b, &ev, 1);
	expect_told(&b, "budget", "");
	spend(&b, "c", START_MS, 1);
	expect_told(&b, "budget", "limit daily 2026-05-17;");
	clock_ms = START_MS;
	bench_end(&b);
}

Test(budget, what_comes_at_once_is_judged_as_one, .timeout = 30)
{
	struct budget k = budget_of("block", BUDGET_BLOCK, 10);
	struct event ev[2];
	struct bench b;

	bench_start(&b);
	set_budget(&b, &k);
	spend_init(&ev[0], "a", clock_ms, 900);
	spend_init(&ev[1], "b", clock_ms + 3600000, 900);
	put(&b, ev, 2);
	expect_told(&b, "budget", "limit block 2026-05-17T08:00:00+02:00;");
	bench_end(&b);
}

Test(budget, blocks_begin_with_use_and_last_five_hours, .timeout = 30)
{
	struct budget k = budget_of("block", BUDGET_BLOCK, 10);
	struct bench b;

	bench_start(&b);
	set_budget(&b, &k);
	spend(&b, "a", clock_ms, 600);
	clock_ms += 4 * 3600000ll;
	spend(&b, "b", clock_ms, 300);
	cr_expect_eq(spent_of(&b, "block"), 9 * MONEY_USD, "not one block");
	clock_ms += 3600000ll;
	cr_expect_eq(spent_of(&b, "block"), 0, "the block is not over");
	spend(&b, "c", clock_ms, 1000);
	expect_told(&b, "budget",
	    "warn block 2026-05-17T08:00:00+02:00;"
	    "limit block 2026-05-17T13:00:00+02:00;");
	clock_ms = START_MS;
	bench_end(&b);
}

Test(budget, a_block_that_a_late_call_moves_is_not_told_again, .timeout = 30)
{
	struct budget k = budget_of("block", BUDGET_BLOCK, 10);
	int64_t hour = 3600000, at = START_MS + 10 * hour;
	struct bench b;

	bench_start(&b);
	set_budget(&b, &k);
	clock_ms = at + 3 * hour;
	spend(&b, "a", at, 600);
	spend(&b, "b", at + hour, 600);
	expect_told(&b, "budget", "limit block 2026-05-17T18:00:00+02:00;");
	/* It begins two hours earlier now, with more in it. */
	spend(&b, "late", at - 2 * hour, 100);
	spend(&b, "c", at + 2 * hour, 100);
	bench_reopen(&b);
	spend(&b, "d", at + 2 * hour, 100);
	expect_told(&b, "budget", "limit block 2026-05-17T18:00:00+02:00;");
	/* And the one behind it is another, which overlaps the one told. */
	clock_ms = at + 4 * hour;
	spend(&b, "e", at + 3 * hour, 1000);
	expect_told(&b, "budget",
	    "limit block 2026-05-17T18:00:00+02:00;"
	    "limit block 2026-05-17T21:00:00+02:00;");
	clock_ms = START_MS;
	bench_end(&b);
}

Test(budget, a_block_is_armed_again_wherever_it_begins, .timeout = 30)
{
	struct budget k = budget_of("block", BUDGET_BLOCK, 10);
	int64_t hour = 3600000, at = START_MS + 10 * hour;
	struct bench b;

	bench_start(&b);
	set_budget(&b, &k);
	clock_ms = at + hour;
	spend(&b, "a", at, 1200);
	spend(&b, "late", at - 2 * hour, 100);
	k.limit = 13 * MONEY_USD;
	set_budget(&b, &k);
	expect_told(&b, "budget",
	    "limit block 2026-05-17T18:00:00+02:00;"
	    "limit block 2026-05-17T16:00:00+02:00;");
	spend(&b, "later", at - 3 * hour, 100);
	expect_told(&b, "budget",
	    "limit block 2026-05-17T18:00:00+02:00;"
	    "limit block 2026-05-17T16:00:00+02:00;");
	clock_ms = START_MS;
	bench_end(&b);
}

Test(budget, a_session_has_its_own, .timeout = 30)
{
	struct budget s = budget_of("one", BUDGET_SESSION, 10);
	struct bench b;

	bench_start(&b);
	spend(&b, "a", clock_ms - 86400000, 500);
	set_budget(&b, &s);
	cr_expect_eq(spent_of(&b, "one"), 5 * MONEY_USD, "another sum");
	spend(&b, "b", clock_ms, 500);
	expect_told(&b, "budget", "limit one s1;");
	bench_end(&b);
}

Test(budget, a_model_without_a_price_is_told_once, .timeout = 30)
{
	struct bench b;
	struct event ev;

	bench_start(&b);
	for (int i = 0; i < 3; i++) {
		event_init(&ev);
		ev.text[EV_SESSION] = TEXT("s1");
		ev.text[EV_MESSAGE] = i == 0 ? TEXT("a") : TEXT("b");
		ev.text[EV_MODEL] = TEXT("unheard-of");
		ev.count[EV_INPUT] = 100;
		ev.ts_ms = clock_ms;
		put(&b, &ev, 1);
	}
	expect_told(&b, "price", "warn unheard-of ;");
	bench_end(&b);
}

static void
note_quota(struct bench *b, const char *percent, int64_t resets_ms)
{
	struct packer params = { 0 }, result = { 0 };
	struct error e;

	pack_map(&params, 2);
	pack_str(&params, "session");
	pack_str(&params, "s1");
	pack_str(&params, "windows");
	pack_array(&params, 1);
	pack_map(&params, 3);
	pack_str(&params, "name");
	pack_str(&params, "five_hour");
	pack_str(&params, "used_percent");
	pack_str(&params, percent);
	pack_str(&params, "resets");
	pack_i64(&params, resets_ms);
	e = call(b, "note", &params, &result);
	cr_assert_eq(
	    e.code, ERR_NONE, "note: %s %s", error_name(e.code), e.message);
	packer_free(&params);
	packer_free(&result);
}

Test(budget, a_quota_near_its_end_is_told_once_until_it_is_emptied,
    .timeout = 30)
{
	int64_t resets_ms = START_MS + 3600000;
	struct bench b;

	bench_start(&b);
	spend(&b, "a", clock_ms, 1);
	note_quota(&b, "89.9", resets_ms);
	expect_told(&b, "quota", "");
	note_quota(&b, "90", resets_ms);
	note_quota(&b, "95.5", resets_ms + 1000);
	expect_told(&b, "quota", "warn five_hour ;");
	note_quota(&b, "91", resets_ms + 5 * 3600000);
	expect_told(&b, "quota", "warn five_hour ;warn five_hour ;");
	bench_end(&b);
}

static void
tick_at(struct bench *b, int64_t ms)
{
	int64_t next_ms;
	int rc;

	clock_ms = ms;
	rc = ledger_tick(b->l, &next_ms);
	cr_assert_eq(rc, 0, "ledger_tick: %d", rc);
	cr_expect_gt(next_ms, ms, "the next one is due before now");
}

Test(budget, digests_are_due_at_their_hour_and_once, .timeout = 30)
{
	struct bench b;
	int64_t due = START_MS + (14 * 60 + 20) * 60000ll; /* 23:00 there */

	bench_start(&b);
	tick_at(&b, START_MS);
	tick_at(&b, due - 1);
	expect_told(&b, "daily", "");
	tick_at(&b, due);
	tick_at(&b, due - 7200000);
	bench_reopen(&b);
	tick_at(&b, due + 3600000);
	expect_told(&b, "daily", "info  2026-05-17;");
	expect_told(&b, "weekly", "info  2026-W20;");
	tick_at(&b, due + 9 * 86400000ll);
	expect_told(
	    &b, "daily", "info  2026-05-17;info  2026-05-18..2026-05-26;");
	expect_told(&b, "weekly", "info  2026-W20;info  2026-W21;");
	clock_ms = START_MS;
	bench_end(&b);
}

/* The digest of a kind that was made last, its name copied. */
struct digest_seen {
	enum notice_kind kind;
	struct notice_figures figures;
	char top[LIMIT_TEXT + 1];
};

static int
see_digest(void *arg, const struct notice *n)
{
	struct digest_seen *d = arg;

	if (n->kind != d->kind)
		return 0;
	d->figures = n->figures;
	snprintf(d->top, sizeof(d->top), "%.*s", (int)n->figures.top.len,
	    n->figures.top.len > 0 ? n->figures.top.p : "");
	return 0;
}

static void
expect_figures(struct bench *b, enum notice_kind kind, const char *want)
{
	struct digest_seen d = { .kind = kind };
	struct notice_figures *f = &d.figures;
	struct store_txn *txn;
	char got[512];

	cr_assert_eq(store_begin(b->l->store, false, &txn), 0, "no reading");
	cr_assert_eq(notices_each(txn, false, see_digest, &d), 0, "no list");
	store_abort(txn);
	snprintf(got, sizeof(got), "%d: %llu %llu %llu %lld %s %llu %lld",
	    f->are_known, (unsigned long long)f->calls,
	    (unsigned long long)f->tokens,
	    (unsigned long long)f->unpriced_calls,
	    (long long)(f->cost / (MONEY_USD / 100)), d.top,
	    (unsigned long long)f->top_tokens,
	    (long long)(f->top_cost / (MONEY_USD / 100)));
	cr_expect_str_eq(got, want, "\"%s\", not \"%s\"", got, want);
}

static void
spend_on(struct bench *b, const char *model, int64_t ts_ms, int64_t cents,
    uint64_t tokens)
{
	struct event ev;
	char message[64];

	snprintf(message, sizeof(message), "%s %lld", model, (long long)ts_ms);
	spend_init(&ev, message, ts_ms, cents);
	ev.text[EV_MODEL] = text_of(model);
	ev.count[EV_INPUT] = tokens;
	ev.has_cost = cents > 0;
	put(b, &ev, 1);
}

Test(budget, a_digest_keeps_what_its_period_came_to, .timeout = 30)
{
	struct bench b;
	int64_t due = START_MS + (14 * 60 + 20) * 60000ll; /* 23:00 there */
	int64_t day = 86400000;

	bench_start(&b);
	tick_at(&b, START_MS);
	spend_on(&b, "large", START_MS, 300, 1000);
	spend_on(&b, "small", START_MS, 100, 5000);
	spend_on(&b, "small", START_MS + 1, 150, 5000);
	spend_on(&b, "free", START_MS, 0, 70000);
	spend_on(&b, "small", START_MS - day, 9900, 1);
	tick_at(&b, due);
	expect_figures(&b, NOTICE_DAILY, "1: 4 81000 1 550 large 1000 300");
	/* What comes later changes none that was made. */
	spend_on(&b, "small", START_MS + 2, 9900, 1);
	bench_reopen(&b);
	expect_figures(&b, NOTICE_DAILY, "1: 4 81000 1 550 large 1000 300");
	tick_at(&b, due + day);
	expect_figures(&b, NOTICE_DAILY, "1: 0 0 0 0  0 0");
	clock_ms = START_MS;
	bench_end(&b);
}

/* A dozen calls that an agent's hook told of. */
static void
hear(struct bench *b, const char *agent, int64_t ms)
{
	struct event evs[12];
	char message[12][48];

	clock_ms = ms;
	for (int i = 0; i < 12; i++) {
		snprintf(message[i], sizeof(message[i]), "%s %lld %d", agent,
		    (long long)ms, i);
		spend_init(&evs[i], message[i], ms, 1);
		evs[i].text[EV_AGENT] = text_of(agent);
		evs[i].text[EV_SOURCE] = TEXT("hook");
	}
	put(b, evs, 12);
}

Test(budget, days_off_are_no_silence, .timeout = 30)
{
	struct bench b;
	int64_t day = 86400000, back = START_MS + 30 * day;

	bench_start(&b);
	hear(&b, "codex", START_MS);
	hear(&b, "claude", START_MS);
	tick_at(&b, START_MS + 20 * day);
	expect_told(&b, "source", "");
	hear(&b, "claude", back);
	tick_at(&b, back);
	expect_told(&b, "source", "");
	clock_ms = START_MS;
	bench_end(&b);
}

Test(budget, silence_is_three_days_of_use_without_a_word, .timeout = 30)
{
	struct bench b;
	int64_t day = 86400000;

	bench_start(&b);
	hear(&b, "codex", START_MS);
	hear(&b, "claude", START_MS);
	/* The second and the fourth day are days off. */
	for (int i = 1; i <= 5; i += 2)
		hear(&b, "claude", START_MS + i * day);
	bench_reopen(&b);
	/* The third day of use is not over yet. */
	tick_at(&b, START_MS + 5 * day + 1);
	expect_told(&b, "source", "");
	tick_at(&b, START_MS + 6 * day);
	expect_told(&b, "source", "warn codex ;");
	tick_at(&b, START_MS + 7 * day);
	expect_told(&b, "source", "warn codex ;");
	hear(&b, "codex", START_MS + 8 * day);
	for (int i = 9; i <= 12; i++)
		hear(&b, "claude", START_MS + i * day);
	tick_at(&b, START_MS + 12 * day);
	expect_told(&b, "source", "warn codex ;warn codex ;");
	clock_ms = START_MS;
	bench_end(&b);
}

Test(budget, a_clock_set_back_makes_no_day_of_use_twice, .timeout = 30)
{
	struct bench b;
	int64_t day = 86400000;

	bench_start(&b);
	hear(&b, "codex", START_MS);
	for (int i = 0; i < 6; i++)
		hear(&b, "claude", START_MS + (1 + i % 2) * day + i);
	tick_at(&b, START_MS + 3 * day);
	expect_told(&b, "source", "");
	hear(&b, "claude", START_MS + 3 * day);
	tick_at(&b, START_MS + 4 * day);
	expect_told(&b, "source", "warn codex ;");
	clock_ms = START_MS;
	bench_end(&b);
}

Test(budget, a_reminder_comes_once_a_day_while_it_is_over, .timeout = 30)
{
	struct budget m = budget_of("month", BUDGET_MONTH, 10);
	struct bench b;

	bench_start(&b);
	m.reminds = true;
	set_budget(&b, &m);
	spend(&b, "a", clock_ms, 1500);
	tick_at(&b, START_MS + 3600000);
	expect_told(&b, "budget", "limit month 2026-05;");
	tick_at(&b, START_MS + 86400000);
	tick_at(&b, START_MS + 86400000 + 3600000);
	expect_told(&b, "budget", "limit month 2026-05;limit month 2026-05;");
	tick_at(&b, START_MS + 20 * 86400000ll);
	expect_told(&b, "budget", "limit month 2026-05;limit month 2026-05;");
	clock_ms = START_MS;
	bench_end(&b);
}

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
		put(&b, ev, 3);
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
	struct wire_cursor at;
	struct value v;
	struct bench b;

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
	cr_assert_eq(call(&b, "doctor", &params, &result).code, ERR_NONE,
	    "doctor failed");
	at = (struct wire_cursor){ (const void *)result.p,
		(const void *)(result.p + result.len) };
	cr_assert(unpack_member(at, "different", &v), "no count");
	cr_expect_eq(v.u64, 1, "%lu differences, not 1", v.u64);
	packer_free(&params);
	packer_free(&result);
	bench_end(&b);
}

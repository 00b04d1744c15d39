/*
 * What is told besides budgets, each once: models without a price, quotas near
 * their end, days and weeks that are over, and sources gone silent.
 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "collectord/ledger/impl.h"
#include "collectord/ledger/alerts/notices.h"
#include "tests/unit/ledger/budget_help.h"
#include "tests/unit/ledger/ledger_help.h"

Test(told, a_model_without_a_price_is_told_once, .timeout = 30)
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
		help_put(b.l, &ev, 1);
	}
	expect_told(&b, "price", "warn unheard-of ;");
	bench_end(&b);
}

static void
note_quota(struct bench *b, const char *percent, int64_t resets_ms)
{
	struct packer params = { 0 }, result = { 0 };

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
	help_call(b->l, "note", &params, &result);
	packer_free(&params);
	packer_free(&result);
}

Test(told, a_quota_near_its_end_is_told_once_until_it_is_emptied, .timeout = 30)
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

Test(told, digests_are_due_at_their_hour_and_once, .timeout = 30)
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
	help_put(b->l, &ev, 1);
}

Test(told, a_digest_keeps_what_its_period_came_to, .timeout = 30)
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
	help_put(b->l, evs, 12);
}

Test(told, days_off_are_no_silence, .timeout = 30)
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

Test(told, silence_is_three_days_of_use_without_a_word, .timeout = 30)
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

Test(told, a_clock_set_back_makes_no_day_of_use_twice, .timeout = 30)
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

/*
 * What accounts have left, on a real store: a low balance is told once each
 * time it falls, whatever comes between, and so is a quota window.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collectord/ledger/billing/balances.h"
#include "collectord/ledger/billing/billed.h"
#include "collectord/ledger/impl.h"
#include "collectord/ledger/alerts/notices.h"
#include "tests/unit/ledger/ledger_help.h"

#define T0 1778544000000ll /* 2026-05-12 00:00 UTC */
#define HOUR 3600000ll
#define DIED 9

static int64_t clock_ms = T0;

static int64_t
test_now_us(void)
{
	return clock_ms * 1000;
}

struct bench {
	char dir[64];
	struct ledger *l;
	struct account a;
	uint64_t seen; /* notices looked at */
	char told[2000];
};

static void
bench_open(struct bench *b)
{
	struct ledger_options opt = {
		.dir = b->dir, .machine = "m1", .now_us = test_now_us
	};

	b->l = help_open(&opt);
}

static void
bench_start(struct bench *b)
{
	*b = (struct bench){ .dir = "/tmp/tt-balances-XXXXXX" };
	b->a = (struct account){ .name = "deepseek", .is_enabled = true };
	help_dir(b->dir);
	bench_open(b);
}

static void
bench_end(struct bench *b)
{
	help_end(b->l, b->dir);
}

/* --- What comes ----------------------------------------------------------- */

/* "left CNY 8" or "window NAME PERCENT HOURS", each pair of words one. */
struct row {
	const char *what, *of, *amount;
	int64_t resets_ms;
};
#define ROWS(...) ((const struct row[]){ __VA_ARGS__, { 0 } })

static uint32_t
pack_rows(struct packer *k, const struct row *r, bool windows)
{
	static const char *const keys[2][3] = { { "what", "currency",
						    "amount" },
		{ "span", "name", "used_percent" } };
	uint32_t n = 0;

	for (; r->what != NULL; r++) {
		if ((r->resets_ms != 0) != windows)
			continue;
		n++;
		pack_map(k, 3u + windows);
		pack_str(k, keys[windows][0]);
		pack_str(k, r->what);
		pack_str(k, keys[windows][1]);
		pack_str(k, r->of);
		pack_str(k, keys[windows][2]);
		pack_str(k, r->amount);
		if (windows) {
			pack_str(k, "resets");
			pack_i64(k, r->resets_ms);
		}
	}
	return n;
}

static void
pack_state(struct packer *state, const struct row *rows)
{
	struct packer list = { 0 };

	pack_map(state, 2);
	for (int windows = 0; windows < 2; windows++) {
		pack_str(state, windows ? "windows" : "balances");
		pack_array(state, pack_rows(&list, rows, windows));
		if (list.len > 0)
			pack_packed(state, &list);
		packer_clear(&list);
	}
	packer_free(&list);
}

static void
come_from(struct bench *b, const char *feed, const struct row *rows)
{
	struct packer state = { 0 };
	struct bill_end e = { .account = &b->a,
		.feed = feed,
		.gives = BILL_BALANCE,
		.is_whole = true,
		.state = &state };
	int rc;

	pack_state(&state, rows);
	/* What was told is the ledger's, whatever stands there. */
	b->a.n_told = 0;
	rc = ledger_bill_end(b->l, &e);
	cr_assert_eq(rc, 0, "bill_end: %d", rc);
	packer_free(&state);
}

static void
left(struct bench *b, const char *currency, const char *amount)
{
	come_from(b, "balance", ROWS({ "left", currency, amount, 0 }));
}

static void
threshold(struct bench *b, int64_t usd, const char *currency)
{
	int rc;

	b->a.low = (struct account_low){ .is_set = usd >= 0,
		.amount = usd * (money_sum)MONEY_USD };
	snprintf(b->a.low.currency, sizeof(b->a.low.currency), "%s", currency);
	b->a.n_told = 0;
	rc = ledger_account_put(b->l, &b->a);
	cr_assert_eq(rc, 0, "account_put: %d", rc);
}

/* --- What is told --------------------------------------------------------- */

static int
note_told(void *arg, const struct notice *n)
{
	struct bench *b = arg;
	char spent[MONEY_TEXT_MAX], limit[MONEY_TEXT_MAX];
	size_t len = strlen(b->told);

	if (n->number <= b->seen)
		return 0;
	b->seen = n->number;
	if (n->is_tokens) {
		snprintf(spent, sizeof(spent), "%d", (int)n->spent);
		snprintf(limit, sizeof(limit), "%d", (int)n->limit);
	} else {
		money_format(n->spent, spent);
		money_format(n->limit, limit);
	}
	snprintf(b->told + len, sizeof(b->told) - len,
	    "%s%s %s %.*s: %s<%s%.*s", len > 0 ? ", " : "",
	    notice_kind_names[n->kind], notice_level_names[n->level],
	    (int)n->subject.len, n->subject.p, spent, limit, (int)n->period.len,
	    n->period.p);
	return 0;
}

/* Since it was looked at last. */
static void
read_told(struct bench *b)
{
	struct store_txn *txn;
	int rc = store_begin(b->l->store, false, &txn);

	cr_assert_eq(rc, 0, "store_begin: %d", rc);
	b->told[0] = '\0';
	rc = notices_each(txn, false, note_told, b);
	store_abort(txn);
	cr_assert_eq(rc, 0, "notices_each: %d", rc);
}

static void
expect_told(struct bench *b, const char *want)
{
	read_told(b);
	cr_expect_str_eq(
	    b->told, want, "told \"%s\", not \"%s\"", b->told, want);
}

/* All that are still to be told. */
static void
expect_pending(struct bench *b, const char *want)
{
	b->seen = 0;
	expect_told(b, want);
}

#define LOW(left, below, currency)                                             \
	"balance warn deepseek: " left "<" below currency

TestSuite(balances, .timeout = 30);

Test(balances, each_fall_below_the_threshold_is_told_once)
{
	struct bench b;

	bench_start(&b);
	threshold(&b, 10, "");
	left(&b, "USD", "12");
	expect_told(&b, "");
	left(&b, "USD", "9.999");
	expect_told(&b, LOW("9.999", "10", "USD"));
	left(&b, "USD", "5");
	left(&b, "USD", "9.5");
	expect_told(&b, "");
	left(&b, "USD", "10");
	expect_told(&b, "");
	left(&b, "USD", "0");
	expect_told(&b, LOW("0", "10", "USD"));
	bench_end(&b);
}

Test(balances, currencies_fall_each_for_itself)
{
	struct bench b;

	bench_start(&b);
	threshold(&b, 10, "");
	come_from(&b, "balance",
	    ROWS({ "left", "CNY", "8", 0 }, { "left", "USD", "3", 0 },
		{ "left", "EUR", "11", 0 }, { "granted", "JPY", "1", 0 }));
	expect_told(&b, LOW("8", "10", "CNY") ", " LOW("3", "10", "USD"));
	come_from(&b, "balance",
	    ROWS({ "left", "CNY", "20", 0 }, { "left", "USD", "2", 0 },
		{ "left", "EUR", "1", 0 }));
	expect_told(&b, LOW("1", "10", "EUR"));
	come_from(&b, "balance",
	    ROWS({ "left", "CNY", "7", 0 }, { "left", "USD", "2", 0 },
		{ "left", "EUR", "1", 0 }));
	expect_told(&b, LOW("7", "10", "CNY"));
	bench_end(&b);
}

Test(balances, a_threshold_of_one_currency_leaves_the_others_alone)
{
	struct bench b;

	bench_start(&b);
	threshold(&b, 10, "CNY");
	left(&b, "USD", "1");
	expect_told(&b, "");
	come_from(&b, "balance",
	    ROWS({ "left", "CNY", "8", 0 }, { "left", "USD", "1", 0 }));
	expect_told(&b, LOW("8", "10", "CNY"));
	threshold(&b, 10, "");
	expect_told(&b, LOW("1", "10", "USD"));
	threshold(&b, 10, "CNY");
	expect_told(&b, "");
	bench_end(&b);
}

Test(balances, a_debt_is_below_nothing)
{
	struct bench b;

	bench_start(&b);
	threshold(&b, 0, "");
	left(&b, "USD", "0");
	expect_told(&b, "");
	left(&b, "USD", "-0.25");
	expect_told(&b, LOW("-0.25", "0", "USD"));
	bench_end(&b);
}

Test(balances, the_nearer_of_what_is_paid_and_a_keys_limit_counts)
{
	struct bench b;

	bench_start(&b);
	threshold(&b, 10, "");
	come_from(&b, "credits", ROWS({ "left", "USD", "50", 0 }));
	come_from(&b, "key", ROWS({ "limit_left", "USD", "4", 0 }));
	expect_told(&b, LOW("4", "10", "USD"));
	come_from(&b, "credits", ROWS({ "left", "USD", "3", 0 }));
	come_from(&b, "key", ROWS({ "limit_left", "USD", "100", 0 }));
	expect_told(&b, "");
	come_from(&b, "credits", ROWS({ "left", "USD", "30", 0 }));
	come_from(&b, "credits", ROWS({ "left", "USD", "2", 0 }));
	expect_told(&b, LOW("2", "10", "USD"));
	bench_end(&b);
}

Test(balances, what_is_not_heard_of_for_a_while_has_not_risen)
{
	struct bench b;

	bench_start(&b);
	threshold(&b, 10, "");
	left(&b, "USD", "9");
	expect_told(&b, LOW("9", "10", "USD"));
	come_from(&b, "balance", ROWS({ "used", "USD", "1", 0 }));
	left(&b, "USD", "8");
	expect_told(&b, "");
	bench_end(&b);
}

Test(balances, a_threshold_that_is_set_above_what_is_left_tells_at_once)
{
	struct bench b;

	bench_start(&b);
	threshold(&b, -1, "");
	left(&b, "USD", "8");
	expect_told(&b, "");
	threshold(&b, 10, "");
	expect_told(&b, LOW("8", "10", "USD"));
	threshold(&b, 10, "");
	threshold(&b, 10, "USD");
	left(&b, "USD", "8");
	expect_told(&b, "");
	threshold(&b, 20, "");
	expect_told(&b, LOW("8", "20", "USD"));
	threshold(&b, 5, "");
	expect_told(&b, "");
	left(&b, "USD", "4");
	expect_told(&b, LOW("4", "5", "USD"));
	threshold(&b, -1, "");
	left(&b, "USD", "3");
	expect_told(&b, "");
	threshold(&b, 5, "");
	expect_told(&b, LOW("3", "5", "USD"));
	bench_end(&b);
}

Test(balances, a_threshold_that_is_no_more_is_not_told_of_any_more)
{
	struct bench b;

	bench_start(&b);
	threshold(&b, 10, "");
	come_from(&b, "balance",
	    ROWS({ "left", "CNY", "8", 0 }, { "left", "USD", "3", 0 }));
	expect_pending(&b, LOW("8", "10", "CNY") ", " LOW("3", "10", "USD"));
	threshold(&b, 10, "");
	expect_pending(&b, LOW("8", "10", "CNY") ", " LOW("3", "10", "USD"));
	/* One that is of another currency is not of the others. */
	threshold(&b, 10, "USD");
	expect_pending(&b, LOW("3", "10", "USD"));
	threshold(&b, 5, "");
	expect_pending(&b, LOW("3", "5", "USD"));
	threshold(&b, 1, "");
	expect_pending(&b, "");
	threshold(&b, 20, "");
	expect_pending(&b, LOW("8", "20", "CNY") ", " LOW("3", "20", "USD"));
	threshold(&b, -1, "");
	expect_pending(&b, "");
	bench_end(&b);
}

static void
use_account(struct bench *b, const char *name)
{
	b->a = (struct account){ .is_enabled = true };
	snprintf(b->a.name, sizeof(b->a.name), "%s", name);
}

Test(balances, notices_of_other_accounts_stay)
{
	struct bench b;

	bench_start(&b);
	threshold(&b, 10, "");
	left(&b, "USD", "8");
	use_account(&b, "deepseek/work");
	threshold(&b, 5, "");
	left(&b, "USD", "4");
	threshold(&b, -1, "");
	expect_pending(&b, LOW("8", "10", "USD"));
	bench_end(&b);
}

Test(balances, more_of_them_than_are_looked_at_at_once_are_withdrawn)
{
	struct bench b;

	bench_start(&b);
	threshold(&b, 10, "");
	for (int i = 0; i < 2 * ACCOUNT_TOLD_MAX; i++) {
		left(&b, "USD", "8");
		left(&b, "USD", "11");
	}
	read_told(&b);
	cr_expect_eq(b.seen, 2 * ACCOUNT_TOLD_MAX, "%d", (int)b.seen);
	threshold(&b, 1, "");
	expect_pending(&b, "");
	bench_end(&b);
}

Test(balances, an_account_that_comes_again_begins_anew)
{
	struct bench b;

	bench_start(&b);
	threshold(&b, 10, "");
	left(&b, "USD", "8");
	expect_told(&b, LOW("8", "10", "USD"));
	cr_assert_eq(ledger_account_drop(b.l, text_of("deepseek"), false), 0);
	threshold(&b, 10, "");
	expect_told(&b, "");
	left(&b, "USD", "8");
	expect_told(&b, LOW("8", "10", "USD"));
	bench_end(&b);
}

Test(balances, more_currencies_than_are_kept_are_not_told_again_and_again)
{
	struct row rows[ACCOUNT_TOLD_MAX + 5] = { { 0 } };
	char names[ACCOUNT_TOLD_MAX + 4][ACCOUNT_CURRENCY_MAX];
	struct bench b;

	bench_start(&b);
	threshold(&b, 10, "");
	for (int i = 0; i < ACCOUNT_TOLD_MAX + 4; i++) {
		snprintf(names[i], sizeof(names[i]), "AA%c", 'A' + i);
		rows[i] = (struct row){ "left", names[i], "1", 0 };
	}
	come_from(&b, "balance", rows);
	read_told(&b);
	cr_expect_eq(b.seen, ACCOUNT_TOLD_MAX, "%d notices", (int)b.seen);
	come_from(&b, "balance", rows);
	expect_told(&b, "");
	bench_end(&b);
}

/* --- Kills ---------------------------------------------------------------- */

/* In another process, which ends before or after the commit. */
static void
fall_and_die(struct bench *b, bool commits)
{
	struct packer state = { 0 };
	pid_t pid = fork();
	int status;

	cr_assert_geq(pid, 0, "fork failed");
	if (pid != 0) {
		cr_assert_eq(waitpid(pid, &status, 0), pid, "waitpid failed");
		cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == DIED,
		    "status %d", status);
		return;
	}
	bench_open(b);
	if (commits) {
		left(b, "USD", "8");
		_exit(DIED);
	}
	pack_state(&state, ROWS({ "left", "USD", "8", 0 }));
	if (writer_begin(&b->l->writer, test_now_us()) != 0 ||
	    store_put(b->l->writer.txn, TABLE_BILLED,
		(struct span){ "bdeepseek\0balance", 17 },
		(struct span){ state.p, state.len }) != 0 ||
	    balances_tell(b->l->writer.txn, clock_ms, &b->a) != 0 ||
	    account_put(b->l->writer.txn, clock_ms, &b->a) != 0 ||
	    b->a.n_told != 1)
		_exit(1);
	_exit(DIED);
}

Test(balances, a_kill_neither_loses_nor_doubles_what_is_told)
{
	struct bench b;

	bench_start(&b);
	threshold(&b, 10, "");
	left(&b, "USD", "12");
	ledger_close(b.l);
	fall_and_die(&b, false);
	bench_open(&b);
	expect_told(&b, "");
	ledger_close(b.l);
	fall_and_die(&b, true);
	bench_open(&b);
	expect_told(&b, LOW("8", "10", "USD"));
	left(&b, "USD", "8");
	threshold(&b, 10, "");
	expect_told(&b, "");
	bench_end(&b);
}

/* --- Records -------------------------------------------------------------- */

/* As version 1 wrote it: no currency, nothing of what was told. */
static void
write_version_1(struct wbuf *w)
{
	write_u8(w, 1);
	write_text(w, TEXT("cn"));
	write_text(w, TEXT(""));
	write_text(w, TEXT("https://api.example.com"));
	write_text(w, TEXT("sk-…abcd"));
	write_u8(w, 1 | 2 | 8); /* enabled, shared, low balance */
	write_money(w, 10 * (money_sum)MONEY_USD);
	write_svar(w, 0);
	write_uvar(w, 1);
	write_text(w, TEXT("balance"));
	write_svar(w, T0 - HOUR);
	write_svar(w, 0);
	write_text(w, TEXT(""));
	for (int i = 0; i < 5; i++)
		write_svar(w, i);
	write_uvar(w, 0);
	write_u8(w, 0);
}

static int
keep(void *arg, const struct account *a)
{
	*(struct account *)arg = *a;
	return 0;
}

static void
put_version_1(struct bench *b)
{
	struct writer *w = &b->l->writer;
	uint8_t bytes[500];
	struct wbuf buf;

	wbuf_init(&buf, bytes, sizeof(bytes));
	write_version_1(&buf);
	cr_assert_not(buf.failed, "it does not fit");
	cr_assert_eq(writer_begin(w, test_now_us()), 0, "begin");
	cr_assert_eq(store_put(w->txn, TABLE_BILLED,
			 (struct span){ "adeepseek", 9 }, wbuf_span(&buf)),
	    0, "put");
	cr_assert_eq(ledger_commit(b->l), 0, "commit");
}

Test(balances, an_account_of_version_1_is_read_and_watched)
{
	struct bench b;
	struct account *a = &b.a;

	bench_start(&b);
	put_version_1(&b);
	memset(a, 0xff, sizeof(*a));
	cr_assert_eq(ledger_each_account(b.l, keep, a), 0, "not read");
	cr_expect_str_eq(a->name, "deepseek", "%s", a->name);
	cr_expect(a->is_enabled && a->is_shared && !a->is_bad_key);
	cr_expect(a->low.is_set && a->low.amount == 10 * MONEY_USD);
	cr_expect_str_eq(a->low.currency, "", "%s", a->low.currency);
	cr_expect_eq(a->n_told, 0, "%u", a->n_told);
	cr_expect_eq(a->n_feeds, 1, "%u feeds", a->n_feeds);
	cr_expect_eq(a->feed[0].success_ms, T0 - HOUR);
	left(&b, "CNY", "8");
	expect_told(&b, LOW("8", "10", "CNY"));
	threshold(&b, 7, "CNY");
	left(&b, "CNY", "6");
	expect_told(&b, LOW("6", "7", "CNY"));
	ledger_close(b.l);
	bench_open(&b);
	cr_assert_eq(ledger_each_account(b.l, keep, a), 0, "not read");
	cr_expect_str_eq(a->low.currency, "CNY", "%s", a->low.currency);
	cr_expect(a->n_told == 1 && a->told[0].below == 7 * MONEY_USD,
	    "%u told", a->n_told);
	bench_end(&b);
}

/* --- Windows -------------------------------------------------------------- */

Test(balances, a_window_nearly_used_up_is_told_once_in_each_of_its_periods)
{
	struct bench b;

	bench_start(&b);
	come_from(&b, "plan",
	    ROWS({ "week", "m*", "89.9", T0 + HOUR },
		{ "interval", "m*", "90", T0 + HOUR },
		{ "", "", "95.5", T0 + 2 * HOUR },
		{ "over", "", "99", T0 - HOUR },
		{ "unknown", "", "", T0 + HOUR }));
	expect_told(&b, "quota warn deepseek/m-/interval: 90<100, "
			"quota warn deepseek: 95<100");
	/* To the minute: some count it from when they are asked. */
	come_from(
	    &b, "plan", ROWS({ "interval", "m*", "97", T0 + HOUR + 900 }));
	expect_told(&b, "");
	come_from(&b, "plan", ROWS({ "interval", "m*", "100.5", T0 + HOUR }));
	expect_told(&b, "quota limit deepseek/m-/interval: 100<100");
	come_from(&b, "plan", ROWS({ "interval", "m*", "91", T0 + 6 * HOUR }));
	expect_told(&b, "quota warn deepseek/m-/interval: 91<100");
	bench_end(&b);
}

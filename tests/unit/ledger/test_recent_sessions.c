/*
 * What is kept of the newest calls, held against their records: after every
 * put, and for readers that began before others.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "collectord/ledger/impl.h"
#include "collectord/ledger/reader.h"
#include "tests/unit/ledger/ledger_help.h"
#include "tests/unit/ledger/sights.h"

#define NUMBERS_MAX 5000

static int64_t now_us = 1779000000000000;

static int64_t
test_now_us(void)
{
	return now_us += 10;
}

struct bench {
	char dir[64];
	struct ledger *l;
	struct dice dice;
};

struct numbers {
	uint64_t of[NUMBERS_MAX];
	size_t n;
};

static void
bench_open(struct bench *b, size_t gather)
{
	struct ledger_options opt = {
		.dir = b->dir, .machine = "", .now_us = test_now_us
	};

	b->l = help_open(&opt);
	b->l->writer.recent.gather = gather;
}

static void
bench_start(struct bench *b, uint64_t seed, size_t gather)
{
	*b = (struct bench){ .dir = "/tmp/tt-recent-XXXXXX", .dice = { seed } };
	help_dir(b->dir);
	bench_open(b, gather);
}

static void
bench_end(struct bench *b)
{
	help_end(b->l, b->dir);
}

/* Few ids, so that calls merge and records come to be of other sessions. */
static void
put_random(struct bench *b, size_t n)
{
	struct event evs[8];
	size_t i;

	for (i = 0; i < n; i++)
		sight_random(&b->dice, &evs[i]);
	help_put(b->l, evs, n);
}

/* New calls of two sessions. */
static void
put_new(struct bench *b, size_t n)
{
	static struct event evs[NUMBERS_MAX];
	static char messages[NUMBERS_MAX][16];
	static size_t made;
	size_t i;

	for (i = 0; i < n; i++) {
		snprintf(messages[i], sizeof(messages[i]), "m%zu", made);
		event_init(&evs[i]);
		evs[i].text[EV_MESSAGE] = text_of(messages[i]);
		evs[i].text[EV_SESSION] =
		    made++ % 3 == 0 ? TEXT("some") : TEXT("more");
		evs[i].ts_ms = 1778580000000;
	}
	help_put(b->l, evs, n);
}

static int
note(void *arg, uint64_t number)
{
	struct numbers *numbers = arg;

	cr_assert_lt(numbers->n, NUMBERS_MAX, "too many");
	numbers->of[numbers->n++] = number;
	return 0;
}

/* What the records say of a session. */
static void
read_records(struct store_txn *txn, uint32_t session, struct numbers *numbers)
{
	struct store_cursor *c;
	struct sweep sweep;
	struct record rec;
	struct span k, v;
	struct rbuf r;
	uint64_t number;
	int rc = recent_load_sweep(txn, UINT64_MAX, &sweep);

	cr_assert_eq(rc, 0, "recent_load_sweep: %d", rc);
	rc = store_cursor_open(txn, TABLE_EVENTS, &c);
	cr_assert_eq(rc, 0, "store_cursor_open: %d", rc);
	rc = store_seek(c, (struct span){ "", 1 }, &k, &v);
	for (; rc == 0; rc = store_next(c, &k, &v)) {
		rbuf_init(&r, k);
		number = read_be64(&r);
		cr_assert(record_read(v, &rec), "call %lu is bad", number);
		if (number > sweep.settled && !rec.is_forward &&
		    rec.session == session)
			note(numbers, number);
	}
	store_cursor_close(c);
}

static size_t
check_session(struct bench *b, struct store_txn *txn, uint32_t session)
{
	static struct numbers want, got;
	int rc;

	want.n = got.n = 0;
	read_records(txn, session, &want);
	rc = recent_sessions_each(
	    &b->l->recent_sessions, txn, session, note, &got);
	cr_assert_eq(rc, 0, "recent_sessions_each: %d", rc);
	cr_assert_eq(got.n, want.n, "session %u: %zu calls, not %zu", session,
	    got.n, want.n);
	for (size_t i = 0; i < got.n; i++)
		cr_assert_eq(got.of[i], want.of[i],
		    "session %u: call %lu, not %lu", session, got.of[i],
		    want.of[i]);
	return got.n;
}

/* All sessions as txn sees them; returns how many calls they have. */
static size_t
check_all(struct bench *b, struct store_txn *txn)
{
	uint32_t session, sessions;
	size_t n = 0;
	int rc = intern_count(txn, TABLE_SESSIONS, &sessions);

	cr_assert_eq(rc, 0, "intern_count: %d", rc);
	for (session = 0; session < sessions; session++)
		n += check_session(b, txn, session);
	return n;
}

static struct store_txn *
begin(struct bench *b)
{
	struct store_txn *txn;
	int rc = store_begin(b->l->store, false, &txn);

	cr_assert_eq(rc, 0, "store_begin: %d", rc);
	return txn;
}

static size_t
check_now(struct bench *b)
{
	struct store_txn *txn = begin(b);
	size_t n = check_all(b, txn);

	store_abort(txn);
	return n;
}

Test(recent_sessions, follow_calls_that_merge_and_move, .timeout = 60)
{
	static struct bench b;
	size_t seen = 0;

	for (uint64_t seed = 1; seed <= 6; seed++) {
		bench_start(&b, seed, seed % 3 == 0 ? 0 : 10 * seed);
		for (size_t i = 0; i < 60; i++) {
			put_random(&b, 1 + i % 8);
			if (i % 4 != 3)
				seen += check_now(&b);
		}
		bench_end(&b);
	}
	cr_expect_gt(seen, 1000, "only %zu calls were looked at", seen);
}

Test(recent_sessions, follow_sweeps_and_new_calls, .timeout = 60)
{
	static struct bench b;
	size_t n, most = 0, least = SIZE_MAX;

	bench_start(&b, 1, 50);
	for (size_t i = 0; i < 100; i++) {
		put_new(&b, 7);
		n = check_now(&b);
		most = n > most ? n : most;
		least = i > 20 && n < least ? n : least;
	}
	cr_expect_geq(most, 50, "never more than %zu gathered", most);
	cr_expect_lt(least, 50, "never less than %zu: nothing swept", least);
	bench_end(&b);
}

Test(recent_sessions, catch_up_with_very_many_changes, .timeout = 60)
{
	static struct bench b;

	bench_start(&b, 1, 1000000);
	put_new(&b, 10);
	cr_expect_eq(check_now(&b), 10);
	put_new(&b, 3000);
	cr_expect_eq(check_now(&b), 3010);
	put_new(&b, 1000);
	cr_expect_eq(check_now(&b), 4010);
	bench_end(&b);
}

Test(recent_sessions, tell_each_reader_what_it_sees, .timeout = 60)
{
	static struct bench b;
	struct store_txn *early, *late;

	bench_start(&b, 1, 100);
	put_new(&b, 90);
	early = begin(&b);
	/* More than a sweep: what the early one needs is dropped. */
	for (size_t i = 0; i < 50; i++)
		put_new(&b, 10);
	late = begin(&b);
	cr_expect_lt(check_all(&b, late), 200, "not swept");
	cr_expect_eq(check_all(&b, early), 90);
	check_all(&b, late);
	store_abort(early);
	store_abort(late);
	bench_end(&b);
}

Test(recent_sessions, an_aborted_write_leaves_nothing, .timeout = 60)
{
	static struct bench b;
	struct event ev;
	int rc;

	bench_start(&b, 1, 1000);
	put_new(&b, 20);
	cr_expect_eq(check_now(&b), 20);
	event_init(&ev);
	ev.text[EV_SESSION] = TEXT("taken back");
	ev.text[EV_MESSAGE] = TEXT("taken back");
	ev.ts_ms = 1778580000000;
	rc = writer_begin(&b.l->writer, test_now_us());
	cr_assert_eq(rc, 0, "writer_begin: %d", rc);
	rc = writer_put(
	    &b.l->writer, &(struct put){ .events = &ev, .nevents = 1 });
	cr_assert_eq(rc, 0, "writer_put: %d", rc);
	writer_abort(&b.l->writer);
	cr_expect_eq(check_now(&b), 20);
	put_new(&b, 5);
	cr_expect_eq(check_now(&b), 25);
	bench_end(&b);
}

/* As one of before there were sweeps: all ids are in the table. */
static void
forget_sweep(struct bench *b)
{
	struct store_txn *txn;
	int rc = store_begin(b->l->store, true, &txn);

	cr_assert_eq(rc, 0, "store_begin: %d", rc);
	rc = store_delete(txn, TABLE_META, (struct span){ "sweep", 5 });
	cr_assert_eq(rc, 0, "store_delete: %d", rc);
	rc = store_commit(txn);
	cr_assert_eq(rc, 0, "store_commit: %d", rc);
}

Test(recent_sessions, are_kept_of_an_older_store_too, .timeout = 60)
{
	static struct bench b;

	bench_start(&b, 1, 1000);
	put_new(&b, 20);
	forget_sweep(&b);
	ledger_close(b.l);
	bench_open(&b, 1000);
	cr_expect_eq(check_now(&b), 0, "something is recent");
	put_new(&b, 5);
	cr_expect_eq(check_now(&b), 5);
	cr_expect_eq(
	    b.l->recent_sessions.n, 5, "%zu are kept", b.l->recent_sessions.n);
	bench_end(&b);
}

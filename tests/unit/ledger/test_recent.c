/*
 * What is in memory of the newest calls, and how it gets to the tables: held
 * against the records after every commit, crash, abort and step of a drain.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "collectord/ledger/drain.h"
#include "collectord/ledger/group.h"
#include "collectord/ledger/impl.h"
#include "collectord/ledger/reader.h"
#include "collectord/ledger/requests.h"
#include "tests/unit/ledger/ledger_help.h"
#include "tests/unit/ledger/sights.h"

#define CALLS_MAX 6000
#define LOAD_CALLS 260 /* two ids each, and mostly a request: a load */

static int64_t now_us = 1779000000000000;

static int64_t
test_now_us(void)
{
	return now_us += 10;
}

/* A call as it was sent last. */
struct sent {
	char message[16], call[24], request[16];
	uint8_t rank;
};

struct bench {
	char dir[64];
	struct ledger *l;
	size_t gather, gather_load;
	struct dice dice;
	struct sent sent[CALLS_MAX];
	size_t n, requests;
};

static void
bench_open(struct bench *b)
{
	struct ledger_options opt = {
		.dir = b->dir, .machine = "", .now_us = test_now_us
	};

	b->l = help_open(&opt);
	b->l->writer.recent.gather = b->gather;
	b->l->writer.recent.gather_load = b->gather_load;
}

static void
bench_start(struct bench *b, uint64_t seed, size_t gather, size_t gather_load)
{
	*b = (struct bench){ .dir = "/tmp/tt-gather-XXXXXX",
		.dice = { seed },
		.gather = gather,
		.gather_load = gather_load,
		.requests = 50 };
	help_dir(b->dir);
	bench_open(b);
}

static void
bench_end(struct bench *b)
{
	help_end(b->l, b->dir);
}

/* No more is written at the end than at a crash. */
static void
crash(struct bench *b)
{
	ledger_close(b->l);
	bench_open(b);
}

static struct recent *
recent_of(struct bench *b)
{
	return &b->l->writer.recent;
}

static void
event_of(const struct sent *s, struct event *ev)
{
	event_init(ev);
	ev->text[EV_SESSION] = TEXT("session");
	ev->text[EV_MESSAGE] = text_of(s->message);
	ev->text[EV_CALL] = text_of(s->call);
	ev->text[EV_REQUEST] = text_of(s->request);
	ev->text[EV_MODEL] = TEXT("claude-sonnet-4-5");
	ev->ts_ms = 1778580000000;
	ev->count[EV_INPUT] = 10;
	ev->rank = s->rank;
}

static struct sent *
make_call(struct bench *b)
{
	struct sent *s = &b->sent[b->n++];
	uint32_t kind = dice_roll(&b->dice, 8);

	cr_assert_leq(b->n, CALLS_MAX, "too many calls");
	*s = (struct sent){ .rank = 1 };
	snprintf(s->message, sizeof(s->message), "m%zu", b->n);
	/* Telemetry has no call id, and some tell no request. */
	if (kind != 0)
		snprintf(s->call, sizeof(s->call), "msg_%zu", b->n);
	if (kind != 1)
		snprintf(s->request, sizeof(s->request), "req_%u",
		    dice_roll(&b->dice, (uint32_t)b->requests));
	return s;
}

static void
put_new(struct bench *b, size_t n)
{
	static struct event evs[CALLS_MAX];
	struct put p;

	for (size_t i = 0; i < n; i++)
		event_of(make_call(b), &evs[i]);
	p = help_put(b->l, evs, n);
	cr_assert_eq(p.stored, n, "%u stored of %zu", p.stored, n);
}

static void
put_again(struct bench *b, struct sent *s)
{
	struct event ev;

	event_of(s, &ev);
	help_put(b->l, &ev, 1);
}

/* A higher rank replaces its request, or takes the call of another. */
static void
change_one(struct bench *b)
{
	struct sent *s = &b->sent[dice_roll(&b->dice, (uint32_t)b->n)];
	const struct sent *other =
	    &b->sent[dice_roll(&b->dice, (uint32_t)b->n)];

	if (s->rank == 200)
		return;
	s->rank++;
	if (dice_roll(&b->dice, 3) == 0)
		memcpy(s->call, other->call, sizeof(s->call));
	else
		snprintf(s->request, sizeof(s->request), "req_%u",
		    dice_roll(&b->dice, (uint32_t)b->requests));
	put_again(b, s);
}

static void
abort_one(struct bench *b)
{
	struct writer *w = &b->l->writer;
	struct event ev;
	struct put p = { .events = &ev, .nevents = 1 };
	struct sent s;

	s = *make_call(b);
	b->n--;
	event_of(&s, &ev);
	cr_assert_eq(writer_begin(w, test_now_us()), 0, "no transaction");
	cr_assert_eq(writer_put(w, &p), 0, "nothing was put");
	writer_abort(w);
}

/* What the records say: a row for each that has a request. */
struct rows {
	struct request_row of[CALLS_MAX];
	size_t n;
};

static void
read_record(struct bench *b, struct rows *rows, struct span k, struct span v)
{
	struct record rec;
	struct text request;
	struct rbuf r;
	uint64_t number;

	rbuf_init(&r, k);
	number = read_be64(&r);
	cr_assert(record_read(v, &rec), "call %lu is bad", number);
	request = rec.m.text[EV_REQUEST];
	if (!rec.is_forward && request.len > 0)
		rows->of[rows->n++] = (struct request_row){
			digest64(&b->l->writer.key, request.p, request.len),
			number
		};
}

static int
compare_rows(const void *pa, const void *pb)
{
	const struct request_row *a = pa, *b = pb;

	if (a->digest != b->digest)
		return a->digest < b->digest ? -1 : 1;
	return a->number < b->number ? -1 : a->number > b->number;
}

static void
read_records(struct bench *b, struct store_txn *txn, struct rows *rows)
{
	struct store_cursor *c;
	struct span k, v;
	int rc = store_cursor_open(txn, TABLE_EVENTS, &c);

	rows->n = 0;
	cr_assert_eq(rc, 0, "store_cursor_open: %d", rc);
	rc = store_seek(c, (struct span){ "", 1 }, &k, &v);
	for (; rc == 0; rc = store_next(c, &k, &v))
		read_record(b, rows, k, v);
	store_cursor_close(c);
	qsort(rows->of, rows->n, sizeof(rows->of[0]), compare_rows);
}

struct walk {
	const struct rows *want;
	size_t at;
	const char *who;
};

static int
check_row(void *arg, const struct request_row *row)
{
	struct walk *w = arg;
	const struct request_row *want = &w->want->of[w->at];

	cr_assert_lt(w->at, w->want->n, "%s: a row too many, of call %lu",
	    w->who, row->number);
	cr_assert_eq(row->number, want->number,
	    "%s: row %zu: call %lu, not %lu", w->who, w->at, row->number,
	    want->number);
	cr_assert_eq(row->digest, want->digest, "%s: row %zu: call %lu", w->who,
	    w->at, row->number);
	w->at++;
	return 0;
}

/* Those of one request, from a list that is in order. */
static void
check_list(struct bench *b, const struct recent *recent, struct store_txn *txn,
    const struct rows *want, size_t which, const char *who)
{
	uint64_t numbers[GROUP_LIST_MAX], digest;
	char request[32];
	size_t i, n, at = 0;
	int rc;

	snprintf(request, sizeof(request), "req_%zu", which);
	digest = digest64(&b->l->writer.key, request, strlen(request));
	rc = request_list(recent, txn, &b->l->writer.key, text_of(request),
	    numbers, GROUP_LIST_MAX, &n);
	cr_assert_eq(rc, 0, "%s: request_list: %d", who, rc);
	while (at < want->n && want->of[at].digest != digest)
		at++;
	for (i = 0; at + i < want->n && want->of[at + i].digest == digest; i++)
		if (i < n && n < GROUP_LIST_MAX)
			cr_assert_eq(numbers[i], want->of[at + i].number,
			    "%s: %s: call %lu, not %lu", who, request,
			    numbers[i], want->of[at + i].number);
	i = i < GROUP_LIST_MAX ? i : GROUP_LIST_MAX;
	cr_assert_eq(n, i, "%s: %s: %zu calls, not %zu", who, request, n, i);
}

static void
check_view(struct bench *b, const struct recent *recent, struct store_txn *txn,
    const struct rows *want, const char *who)
{
	struct walk w = { .want = want, .who = who };
	int rc = request_each(recent, txn, check_row, &w);

	cr_assert_eq(rc, 0, "%s: request_each: %d", who, rc);
	cr_assert_eq(
	    w.at, want->n, "%s: %zu rows, not %zu", who, w.at, want->n);
	for (size_t i = 0; i < b->requests; i++)
		check_list(b, recent, txn, want, i, who);
}

/* The writer and who only reads find what the records say. */
static void
check_requests(struct bench *b)
{
	static struct rows want;
	struct writer r;
	int rc = reader_begin(&r, b->l);

	cr_assert_eq(rc, 0, "reader_begin: %d", rc);
	read_records(b, r.txn, &want);
	rc = writer_know_requests(&r);
	cr_assert_eq(rc, 0, "writer_know_requests: %d", rc);
	check_view(b, &r.recent, r.txn, &want, "reader");
	/* After an abort it has yet to look. */
	if (!b->l->writer.is_stale)
		check_view(b, recent_of(b), r.txn, &want, "writer");
	reader_end(&r);
}

static void
check_doctor(struct bench *b)
{
	struct audit a = help_audit(b->l, "recent");

	cr_assert(a.calls > 0 && a.slots > 0, "nothing was compared");
}

/* Each is known by both its ids: nothing becomes a call again. */
static void
check_ids(struct bench *b)
{
	static struct event evs[2 * CALLS_MAX];
	struct put p;
	size_t i;

	for (i = 0; i < b->n; i++)
		event_of(&b->sent[i], &evs[i]);
	p = help_put(b->l, evs, b->n);
	cr_assert_eq(p.stored, 0, "%u calls became new", p.stored);
	for (i = 0; i < b->n; i++)
		evs[i].text[EV_CALL] = (struct text){ 0 };
	p = help_put(b->l, evs, b->n);
	cr_assert_eq(p.stored, 0, "%u keys became new", p.stored);
}

static uint64_t
newest(struct bench *b)
{
	return b->l->writer.next_number - 1;
}

static void
drain_all(struct bench *b)
{
	int rc = ledger_drain(b->l, true);

	for (int i = 0; rc == 1; i++) {
		check_requests(b);
		cr_assert_lt(i, 100, "a drain without an end");
		rc = ledger_drain(b->l, false);
	}
	cr_assert_eq(rc, 0, "ledger_drain: %d", rc);
}

static void
do_something(struct bench *b)
{
	switch (dice_roll(&b->dice, 10)) {
	case 0:
		put_new(b, LOAD_CALLS);
		break;
	case 1:
		crash(b);
		break;
	case 2:
		abort_one(b);
		break;
	case 3:
		ledger_drain(b->l, dice_roll(&b->dice, 2) == 0);
		break;
	case 4:
	case 5:
	case 6:
		change_one(b);
		break;
	default:
		put_new(b, 1 + dice_roll(&b->dice, 20));
	}
}

static void
random_life(uint64_t seed)
{
	static struct bench b;
	size_t gather = 1 + seed % 5 * 25;

	bench_start(&b, seed, gather, gather * (1 + seed % 3 * 20));
	put_new(&b, 10);
	for (int i = 0; i < 60 && b.n < CALLS_MAX - LOAD_CALLS; i++) {
		do_something(&b);
		check_requests(&b);
	}
	check_doctor(&b);
	check_ids(&b);
	drain_all(&b);
	crash(&b);
	check_requests(&b);
	check_doctor(&b);
	check_ids(&b);
	bench_end(&b);
}

Test(recent, tells_with_the_tables_what_the_records_tell, .timeout = 120)
{
	for (uint64_t seed = 1; seed <= 12; seed++)
		random_life(seed);
}

Test(recent, survives_a_crash_after_each_commit_of_a_sweep, .timeout = 120)
{
	static struct bench b;
	size_t swept = 0;

	bench_start(&b, 3, 100, 600);
	put_new(&b, LOAD_CALLS);
	put_new(&b, LOAD_CALLS);
	put_new(&b, LOAD_CALLS);
	for (int i = 0; i < 60; i++) {
		swept +=
		    recent_of(&b)->sweep.to != recent_of(&b)->sweep.settled;
		crash(&b);
		check_requests(&b);
		put_new(&b, 1);
		check_requests(&b);
	}
	cr_assert_gt(swept, 20, "only %zu commits in a sweep", swept);
	check_doctor(&b);
	check_ids(&b);
	bench_end(&b);
}

static size_t
rows_in_table(struct bench *b)
{
	struct store_info info;
	struct store_txn *txn;
	int rc = store_begin(b->l->store, false, &txn);

	cr_assert_eq(rc, 0, "store_begin: %d", rc);
	rc = store_info(txn, &info);
	cr_assert_eq(rc, 0, "store_info: %d", rc);
	store_abort(txn);
	return info.entries[TABLE_REQUESTS];
}

#define EXPECT_PLACES(b, in_memory, in_table)                                  \
	do {                                                                   \
		cr_assert_eq(recent_of(b)->requests.n, (size_t)(in_memory),    \
		    "%zu in memory, not %zu", recent_of(b)->requests.n,        \
		    (size_t)(in_memory));                                      \
		cr_assert_eq(rows_in_table(b), (size_t)(in_table),             \
		    "%zu in the table, not %zu", rows_in_table(b),             \
		    (size_t)(in_table));                                       \
	} while (0)

/* Two calls of one request. */
static void
put_pair(struct bench *b)
{
	for (int i = 0; i < 2; i++) {
		struct sent *s = &b->sent[b->n++];

		*s = (struct sent){ .rank = 1, .request = "req_7" };
		snprintf(s->message, sizeof(s->message), "m%zu", b->n);
		put_again(b, s);
	}
}

/* The first is said to have another request. */
static void
take_from_pair(struct bench *b)
{
	b->sent[0].rank = 2;
	snprintf(b->sent[0].request, sizeof(b->sent[0].request), "req_8");
	put_again(b, &b->sent[0]);
	check_requests(b);
	check_doctor(b);
	crash(b);
	check_requests(b);
	check_doctor(b);
}

Test(recent, a_request_leaves_memory)
{
	static struct bench b;

	bench_start(&b, 1, 100, 100);
	put_pair(&b);
	EXPECT_PLACES(&b, 2, 0);
	check_requests(&b);
	take_from_pair(&b);
	EXPECT_PLACES(&b, 2, 0);
	bench_end(&b);
}

Test(recent, a_request_leaves_the_table)
{
	static struct bench b;

	bench_start(&b, 1, 2, 2);
	put_pair(&b);
	put_pair(&b);
	put_pair(&b);
	put_pair(&b);
	b.l->writer.recent.gather = b.gather = 100;
	crash(&b);
	cr_assert_geq(recent_of(&b)->sweep.settled, 2, "%lu are settled",
	    recent_of(&b)->sweep.settled);
	check_requests(&b);
	take_from_pair(&b);
	bench_end(&b);
}

/* As a version left it that knew of no requests in memory. */
static void
write_rows(struct bench *b, uint64_t to)
{
	struct text request = TEXT("req_7");
	struct store_cursor *c;
	struct store_txn *txn;
	struct request_row row = {
		digest64(&b->l->writer.key, request.p, request.len), 1
	};

	cr_assert_eq(store_begin(b->l->store, true, &txn), 0);
	cr_assert_eq(store_cursor_open(txn, TABLE_REQUESTS, &c), 0);
	for (; row.number <= to; row.number++)
		cr_assert_eq(request_settle(c, &row), 0);
	store_cursor_close(c);
	cr_assert_eq(store_commit(txn), 0);
}

Test(recent, a_request_leaves_both)
{
	static struct bench b;

	bench_start(&b, 1, 100, 100);
	put_pair(&b);
	write_rows(&b, 2);
	crash(&b);
	EXPECT_PLACES(&b, 2, 2);
	check_requests(&b);
	check_doctor(&b);
	take_from_pair(&b);
	EXPECT_PLACES(&b, 2, 1);
	bench_end(&b);
}

Test(recent, rows_that_are_in_the_table_already_are_swept_again)
{
	static struct bench b;

	bench_start(&b, 1, 100, 100);
	put_pair(&b);
	write_rows(&b, 2);
	crash(&b);
	while (recent_of(&b)->sweep.settled == 0)
		put_new(&b, 5);
	check_requests(&b);
	check_doctor(&b);
	bench_end(&b);
}

/* None but its row of the sweep is gone: all requests are in the table. */
Test(recent, a_store_without_a_sweep_has_all_in_its_tables)
{
	static struct bench b;
	struct store_txn *txn;
	struct span name = { "sweep", 5 };

	bench_start(&b, 9, 20, 20);
	put_new(&b, 30);
	while (recent_of(&b)->sweep.settled < newest(&b)) {
		b.l->writer.recent.gather = 1;
		put_again(&b, &b.sent[0]);
	}
	cr_assert_eq(store_begin(b.l->store, true, &txn), 0);
	cr_assert_eq(store_delete(txn, TABLE_META, name), 0);
	cr_assert_eq(store_commit(txn), 0);
	crash(&b);
	cr_assert_eq(recent_of(&b)->requests.n, 0, "%zu requests were taken up",
	    recent_of(&b)->requests.n);
	check_requests(&b);
	check_doctor(&b);
	check_ids(&b);
	put_new(&b, 50);
	check_requests(&b);
	check_doctor(&b);
	bench_end(&b);
}

Test(recent, a_flood_of_one_request_is_listed_and_swept, .timeout = 120)
{
	static struct bench b;

	bench_start(&b, 4, 200, 2000);
	b.requests = 1;
	for (int i = 0; i < 8; i++) {
		put_new(&b, LOAD_CALLS);
		check_requests(&b);
	}
	check_doctor(&b);
	drain_all(&b);
	check_doctor(&b);
	check_ids(&b);
	bench_end(&b);
}

Test(recent, a_load_gathers_more_and_is_drained_to_little, .timeout = 120)
{
	static struct bench b;
	uint64_t loads;

	bench_start(&b, 5, 100, 6000);
	loads = ledger_loads(b.l);
	for (int i = 0; i < 20; i++)
		put_new(&b, LOAD_CALLS);
	cr_assert_eq(ledger_loads(b.l), loads + 20, "%lu loads of 20",
	    ledger_loads(b.l) - loads);
	cr_assert_eq(recent_of(&b)->sweep.settled, 0, "%lu were swept",
	    recent_of(&b)->sweep.settled);
	cr_assert_gt(recent_of(&b)->requests.cap, 4096, "it did not grow");
	drain_all(&b);
	cr_assert_lt(newest(&b) - recent_of(&b)->sweep.settled, 100,
	    "%lu are left", newest(&b) - recent_of(&b)->sweep.settled);
	cr_assert_leq(recent_of(&b)->requests.cap, 4096, "%zu places are left",
	    recent_of(&b)->requests.cap);
	cr_assert_leq(recent_of(&b)->ids.cap, 8192, "%zu places are left",
	    recent_of(&b)->ids.cap);
	check_doctor(&b);
	/* And from then on no more than ever. */
	for (int i = 0; i < 400; i++)
		put_new(&b, 1);
	cr_assert_lt(newest(&b) - recent_of(&b)->sweep.settled, 300,
	    "%lu are left", newest(&b) - recent_of(&b)->sweep.settled);
	bench_end(&b);
}

Test(recent, memory_of_a_load_that_left_little_is_given_back, .timeout = 120)
{
	static struct bench b;
	const struct recent *r;

	bench_start(&b, 10, 1000, 4600);
	for (int i = 0; i < 18; i++)
		put_new(&b, LOAD_CALLS);
	while (recent_of(&b)->sweep.settled == 0)
		put_new(&b, 1);
	r = recent_of(&b);
	cr_assert_gt(
	    r->ids.cap, 8192, "%zu places for %zu ids", r->ids.cap, r->ids.n);
	cr_assert_eq(ledger_drain(b.l, true), 0, "%lu of %lu are settled",
	    r->sweep.settled, newest(&b));
	cr_assert_leq(
	    r->ids.cap, 8192, "%zu places for %zu ids", r->ids.cap, r->ids.n);
	cr_assert_leq(r->requests.cap, 4096, "%zu places for %zu requests",
	    r->requests.cap, r->requests.n);
	check_requests(&b);
	bench_end(&b);
}

Test(recent, a_load_that_was_cut_short_is_drained_after_the_start,
    .timeout = 120)
{
	static struct bench b;

	bench_start(&b, 6, 0, 0);
	while (newest(&b) <= 5000)
		put_new(&b, LOAD_CALLS);
	crash(&b);
	cr_assert_eq(newest(&b) - recent_of(&b)->sweep.settled, newest(&b),
	    "%lu were swept", recent_of(&b)->sweep.settled);
	cr_assert_eq(ledger_loads(b.l), 1, "%lu loads", ledger_loads(b.l));
	drain_all(&b);
	cr_assert_eq(recent_of(&b)->sweep.settled, newest(&b), "%lu of %lu",
	    recent_of(&b)->sweep.settled, newest(&b));
	crash(&b);
	cr_assert_eq(ledger_loads(b.l), 0, "all is drained");
	check_doctor(&b);
	check_ids(&b);
	bench_end(&b);
}

/* In one transaction, as of many who put at a time. */
static void
put_many_small(struct bench *b, size_t n)
{
	struct event ev;
	struct put p = { .events = &ev, .nevents = 1 };
	struct writer *w = &b->l->writer;

	cr_assert_eq(writer_begin(w, test_now_us()), 0, "no transaction");
	while (n-- > 0) {
		event_of(make_call(b), &ev);
		cr_assert_eq(writer_put(w, &p), 0, "nothing was put");
	}
	cr_assert_eq(ledger_commit(b->l), 0, "no commit");
	check_requests(b);
}

Test(recent, daily_use_is_no_load, .timeout = 120)
{
	static struct bench b;

	bench_start(&b, 8, 0, 0);
	while (newest(&b) <= 5000)
		put_new(&b, 50);
	crash(&b);
	cr_assert_eq(ledger_loads(b.l), 0, "it was taken for a load");
	cr_assert_lt(newest(&b) - recent_of(&b)->sweep.settled, 4096,
	    "%lu are left", newest(&b) - recent_of(&b)->sweep.settled);
	cr_assert_eq(ledger_drain(b.l, true), 0, "it was drained");
	put_many_small(&b, 400);
	cr_assert_eq(ledger_loads(b.l), 0, "so were many small puts");
	bench_end(&b);
}

Test(recent, a_drain_ends_where_a_load_goes_on)
{
	static struct bench b;

	bench_start(&b, 7, 100, 4000);
	for (int i = 0; i < 8; i++)
		put_new(&b, LOAD_CALLS);
	cr_assert_eq(ledger_drain(b.l, true), 1, "there is nothing to drain");
	put_new(&b, LOAD_CALLS);
	cr_assert_eq(ledger_drain(b.l, false), 0, "it went on");
	cr_assert_eq(ledger_drain(b.l, true), 1, "it did not begin again");
	drain_all(&b);
	check_doctor(&b);
	check_ids(&b);
	bench_end(&b);
}

/* What a put promises: counted once, whoever sends it and however often. */
#include "tests/e2e/harness.h"
#include "tests/e2e/peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

static struct home home;
static struct peer peer = { .fd = -1 };

static void
setup(void)
{
	home_make(&home);
	home_env(&home, "TT_NOW", NOW_TEXT);
	daemon_start(&home);
	cr_assert(peer_open(&peer, home.socket), "no connection");
}

static void
teardown(void)
{
	peer_close(&peer);
	home_finish(&home);
}

TestSuite(put, .init = setup, .fini = teardown, .timeout = 120);

#define EXPECT_N(got, want, what)                                              \
	cr_expect_eq((uint64_t)(got), (uint64_t)(want),                        \
	    "%s: %lu, expected %lu", (what), (unsigned long)(got),             \
	    (unsigned long)(want))

static void
reconnect(void)
{
	peer_close(&peer);
	cr_assert(peer_open(&peer, home.socket), "no connection");
}

Test(put, an_acked_event_is_in_the_next_report)
{
	struct event ev = sight("s", "m", 100, 20);
	struct put_counts n;
	struct sums s;

	ev.count[EV_CACHE_READ] = 7;
	ev.has_cost = true;
	ev.cost_pico = 423900000000;
	n = peer_put(&peer, &ev, 1);
	EXPECT_N(n.stored, 1, "stored");
	s = peer_total(&peer);
	EXPECT_N(s.n[SUM_CALLS], 1, "calls");
	EXPECT_N(s.n[SUM_INPUT], 100, "input");
	EXPECT_N(s.n[SUM_OUTPUT], 20, "output");
	EXPECT_N(s.n[SUM_CACHE_READ], 7, "cache_read");
	EXPECT_N(s.n[SUM_UNPRICED_CALLS], 0, "unpriced calls");
	EXPECT_N((uint64_t)s.cost, 423900000000, "cost in picodollars");
}

Test(put, sending_again_adds_nothing)
{
	struct event ev = sight("s", "m", 100, 20);
	struct put_counts n;
	int i;

	peer_put(&peer, &ev, 1);
	for (i = 0; i < 5; i++) {
		n = peer_put(&peer, &ev, 1);
		EXPECT_N(n.unchanged, 1, "unchanged");
	}
	EXPECT_N(peer_total(&peer).n[SUM_CALLS], 1, "calls");
	EXPECT_N(peer_total(&peer).n[SUM_INPUT], 100, "input");
}

Test(put, the_same_event_twice_in_one_put_counts_once)
{
	struct event evs[3] = {
		sight("s", "m", 5, 1),
		sight("s", "m", 5, 1),
		sight("s", "m", 5, 9),
	};
	struct put_counts n = peer_put(&peer, evs, 3);

	EXPECT_N(n.stored, 1, "stored");
	EXPECT_N(peer_total(&peer).n[SUM_CALLS], 1, "calls");
	EXPECT_N(peer_total(&peer).n[SUM_OUTPUT], 9, "output");
}

Test(put, a_streamed_rewrite_grows_to_its_largest_sight)
{
	static const uint64_t outputs[] = { 1, 40, 1000, 700, 1000, 2 };
	struct put_counts n;
	struct event ev;
	size_t i;

	for (i = 0; i < sizeof(outputs) / sizeof(*outputs); i++) {
		ev = sight("s", "m", 10, outputs[i]);
		n = peer_put(&peer, &ev, 1);
		cr_expect_eq(n.stored, i == 0, "sight %zu: %lu stored", i,
		    (unsigned long)n.stored);
	}
	EXPECT_N(peer_total(&peer).n[SUM_CALLS], 1, "calls");
	EXPECT_N(peer_total(&peer).n[SUM_OUTPUT], 1000, "output");
	EXPECT_N(peer_total(&peer).n[SUM_INPUT], 10, "input");
}

Test(put, a_correction_of_a_higher_rank_replaces_even_downwards)
{
	struct event ev = sight("s", "m", 500, 500);
	struct event fix = sight("s", "m", 3, 2);

	fix.rank = 2;
	peer_put(&peer, &ev, 1);
	peer_put(&peer, &fix, 1);
	peer_put(&peer, &ev, 1);
	EXPECT_N(peer_total(&peer).n[SUM_INPUT], 3, "input");
	EXPECT_N(peer_total(&peer).n[SUM_OUTPUT], 2, "output");
}

Test(put, a_void_counts_nothing_for_ever)
{
	struct event ev = sight("s", "m", 500, 500);
	struct event gone = ev;

	gone.is_void = true;
	peer_put(&peer, &ev, 1);
	peer_put(&peer, &gone, 1);
	ev.rank = 9;
	ev.count[EV_INPUT] = 900;
	peer_put(&peer, &ev, 1);
	EXPECT_N(peer_total(&peer).n[SUM_CALLS], 0, "calls");
	EXPECT_N(peer_total(&peer).n[SUM_INPUT], 0, "input");
}

Test(put, one_call_seen_in_two_sessions_is_the_one_that_was_not_copied)
{
	struct event copy = sight("fork", "m1", 50, 5);
	struct event own = sight("origin", "m2", 50, 5);
	struct table t;

	copy.text[EV_CALL] = own.text[EV_CALL] = TEXT("msg_01abcdef");
	copy.copied = true;
	peer_put(&peer, &copy, 1);
	peer_put(&peer, &own, 1);
	peer_report_by(&peer, KEY_SESSION, &t);
	cr_assert_eq(t.n, 1, "%zu sessions, expected 1", t.n);
	cr_expect_str_eq(t.rows[0].key[0], "origin");
	EXPECT_N(t.total.n[SUM_INPUT], 50, "input");
	table_free(&t);
}

Test(put, a_sight_that_shares_ids_with_two_calls_makes_them_one)
{
	struct event a = sight("s1", "m1", 10, 1);
	struct event b = sight("s2", "m2", 30, 2);
	struct event link = sight("s1", "m1", 20, 9);

	b.text[EV_CALL] = link.text[EV_CALL] = TEXT("msg_02linking");
	peer_put(&peer, &a, 1);
	peer_put(&peer, &b, 1);
	EXPECT_N(peer_total(&peer).n[SUM_CALLS], 2, "calls before");
	peer_put(&peer, &link, 1);
	EXPECT_N(peer_total(&peer).n[SUM_CALLS], 1, "calls after");
	EXPECT_N(peer_total(&peer).n[SUM_INPUT], 30, "input");
	EXPECT_N(peer_total(&peer).n[SUM_OUTPUT], 9, "output");
}

Test(put, the_same_call_id_of_another_model_is_another_call)
{
	struct event a = sight("s1", "m1", 10, 1);
	struct event b = sight("s2", "m2", 10, 1);
	struct event dated = sight("s3", "m3", 10, 1);

	a.text[EV_CALL] = b.text[EV_CALL] = TEXT("msg_03shared");
	dated.text[EV_CALL] = TEXT("msg_03shared");
	b.text[EV_MODEL] = TEXT("castle-opus-9");
	dated.text[EV_MODEL] = TEXT("anthropic/castle-sonnet-9-20250929");
	peer_put(&peer, &a, 1);
	peer_put(&peer, &b, 1);
	EXPECT_N(peer_total(&peer).n[SUM_CALLS], 2, "calls of two models");
	peer_put(&peer, &dated, 1);
	EXPECT_N(peer_total(&peer).n[SUM_CALLS], 2,
	    "calls after a dated name of the first model");
}

static struct event
telemetry(const char *message, uint64_t output)
{
	struct event ev = sight("otel", message, 0, output);

	ev.text[EV_REQUEST] = TEXT("req_1");
	ev.text[EV_SOURCE] = TEXT("otel");
	return ev;
}

Test(put, telemetry_of_a_request_belongs_to_its_one_call)
{
	struct event seen = telemetry("t1", 70);
	struct event call = sight("s", "m", 10, 50);
	struct event other = sight("s", "m2", 1, 1);

	call.text[EV_CALL] = TEXT("msg_04first");
	call.text[EV_REQUEST] = TEXT("req_1");
	peer_put(&peer, &seen, 1);
	EXPECT_N(peer_total(&peer).n[SUM_OUTPUT], 70, "output alone");
	peer_put(&peer, &call, 1);
	EXPECT_N(peer_total(&peer).n[SUM_CALLS], 1, "calls with its call");
	EXPECT_N(peer_total(&peer).n[SUM_OUTPUT], 70, "output with its call");
	other.text[EV_CALL] = TEXT("msg_05second");
	other.text[EV_REQUEST] = TEXT("req_1");
	peer_put(&peer, &other, 1);
	EXPECT_N(peer_total(&peer).n[SUM_CALLS], 2, "calls with two of them");
	EXPECT_N(peer_total(&peer).n[SUM_OUTPUT], 51, "output with two");
}

Test(put, telemetry_without_its_call_is_one_call_a_request)
{
	struct event a = telemetry("t1", 70);
	struct event b = telemetry("t2", 60);

	peer_put(&peer, &a, 1);
	peer_put(&peer, &b, 1);
	EXPECT_N(peer_total(&peer).n[SUM_CALLS], 1, "calls");
	EXPECT_N(peer_total(&peer).n[SUM_OUTPUT], 70, "output");
}

static void
put_call(const char *message, const char *call)
{
	struct event ev = sight("s", message, 10, 50);

	ev.text[EV_CALL] = text_of(call);
	ev.text[EV_REQUEST] = TEXT("req_1");
	peer_put(&peer, &ev, 1);
}

Test(put, a_correction_by_key_leaves_the_call_in_its_request)
{
	struct event seen = telemetry("t1", 70);
	struct event fix = sight("s", "m1", 3, 2);

	fix.rank = 2;
	peer_put(&peer, &seen, 1);
	put_call("m1", "msg_07corrected");
	peer_put(&peer, &fix, 1);
	EXPECT_N(peer_total(&peer).n[SUM_CALLS], 1, "calls");
	EXPECT_N(peer_total(&peer).n[SUM_OUTPUT], 2, "output");
}

Test(put, a_correction_without_the_call_id_does_not_lose_the_call)
{
	struct event fix = sight("s", "m2", 3, 2);

	fix.rank = 2;
	fix.text[EV_REQUEST] = TEXT("req_1");
	put_call("m1", "msg_08first");
	put_call("m2", "msg_09second");
	peer_put(&peer, &fix, 1);
	EXPECT_N(peer_total(&peer).n[SUM_CALLS], 2, "calls");
	EXPECT_N(peer_total(&peer).n[SUM_OUTPUT], 52, "output");
}

Test(put, a_request_of_more_than_64_calls_groups_nothing)
{
	char message[70][16];
	struct event ev;
	int i;

	for (i = 0; i < 70; i++) {
		snprintf(message[i], sizeof(message[i]), "t%d", i);
		ev = telemetry(message[i], 1);
		if (i == 0)
			ev.text[EV_CALL] = TEXT("msg_06first");
		peer_put(&peer, &ev, 1);
		if (i == 5)
			EXPECT_N(peer_total(&peer).n[SUM_CALLS], 1,
			    "calls while they group");
	}
	EXPECT_N(peer_total(&peer).n[SUM_CALLS], 70, "calls");
	EXPECT_N(peer_total(&peer).n[SUM_OUTPUT], 70, "output");
}

Test(put, a_refused_event_is_named_and_the_others_are_kept)
{
	struct event evs[4] = {
		sight("s", "m1", 1, 1),
		sight("s", "m2", 1, 1),
		sight("", "m3", 1, 1),
		sight("s", "m4", 1, 1),
	};
	struct put_counts n;

	evs[1].count[EV_REASONING] = 2;
	evs[3].ts_ms = NOW_MS + 2 * 86400000ll;
	n = peer_put(&peer, evs, 4);
	EXPECT_N(n.stored, 1, "stored");
	EXPECT_N(n.rejected, 3, "rejected");
	EXPECT_N(peer_total(&peer).n[SUM_CALLS], 1, "calls");
}

struct refusal {
	uint32_t index;
	enum error_code code;
	char field[32];
};

static void
on_refusal(void *arg, uint32_t index, const struct error *e)
{
	struct refusal *r = arg;

	r->index = index;
	r->code = e->code;
	snprintf(
	    r->field, sizeof(r->field), "%s", e->field == NULL ? "" : e->field);
}

static struct refusal
refused(struct event ev)
{
	struct refusal r = { .index = 99 };
	struct put_counts n;
	struct reply reply;

	cr_assert(peer_put_send(&peer, &ev, 1), "not sent");
	cr_assert(peer_read(&peer, &reply), "no reply");
	cr_assert_not(reply.is_error, "the whole put was refused: %s",
	    error_name(reply.error.code));
	cr_assert_eq(unpack_put_result(reply.result, &n, on_refusal, &r), 0);
	return r;
}

#define EXPECT_REFUSED(ev, want_code, want_field)                              \
	do {                                                                   \
		struct refusal r_ = refused(ev);                               \
		cr_expect_eq(r_.code, (want_code), "%s instead of %s",         \
		    error_name(r_.code), error_name(want_code));               \
		cr_expect_str_eq(r_.field, (want_field), "field %s, not %s",   \
		    r_.field, (want_field));                                   \
	} while (0)

Test(put, impossible_values_are_refused_with_the_fields_name)
{
	static char long_text[300];
	struct event ev;

	memset(long_text, 'x', 256);
	ev = sight("s", "m", 10000000001ull, 0);
	EXPECT_REFUSED(ev, ERR_OUT_OF_RANGE, "input");
	ev = sight("s", "m", 0, 5);
	ev.count[EV_REASONING] = 6;
	EXPECT_REFUSED(ev, ERR_INCONSISTENT, "reasoning");
	ev = sight("s", "m", 0, 5);
	ev.count[EV_CACHE_WRITE_1H] = 1;
	EXPECT_REFUSED(ev, ERR_INCONSISTENT, "cache_write_1h");
	ev = sight("s", "m", 0, 5);
	ev.text[EV_PROJECT] = TEXT("a\nb");
	EXPECT_REFUSED(ev, ERR_BAD_TEXT, "project");
	ev = sight("s", long_text, 0, 5);
	EXPECT_REFUSED(ev, ERR_BAD_TEXT, "message");
	ev = sight("s", "m", 0, 5);
	ev.text[EV_MODEL] = TEXT("\xff\xfe");
	EXPECT_REFUSED(ev, ERR_BAD_TEXT, "model");
	ev = sight("s", "m", 0, 5);
	ev.ts_ms = EVER_FROM - 1;
	EXPECT_REFUSED(ev, ERR_OUT_OF_RANGE, "ts");
	ev = sight("s", "m", 0, 5);
	ev.has_cost = true;
	ev.cost_pico = 1000001 * MONEY_USD;
	EXPECT_REFUSED(ev, ERR_OUT_OF_RANGE, "cost");
	ev = sight("s", "", 0, 5);
	EXPECT_REFUSED(ev, ERR_MISSING, "message");
	EXPECT_N(peer_total(&peer).n[SUM_CALLS], 0, "calls");
}

Test(put, ten_thousand_and_one_events_are_too_large)
{
	struct event *evs = calloc(10001, sizeof(*evs));
	char(*message)[8] = calloc(10001, 8);
	struct put_counts n;
	struct reply r;
	int i;

	for (i = 0; i < 10001; i++) {
		snprintf(message[i], sizeof(message[i]), "%d", i);
		evs[i] = sight("s", message[i], 1, 1);
	}
	cr_assert(peer_put_send(&peer, evs, 10001), "not sent");
	cr_assert(peer_read(&peer, &r), "no reply");
	cr_assert(r.is_error, "10,001 events were taken");
	cr_expect_eq(
	    r.error.code, ERR_TOO_LARGE, "%s", error_name(r.error.code));
	n = peer_put(&peer, evs, 10000);
	EXPECT_N(n.stored, 10000, "stored");
	EXPECT_N(peer_total(&peer).n[SUM_CALLS], 10000, "calls");
	free(evs);
	free(message);
}

Test(put, pipelined_puts_are_acked_in_order)
{
	char message[300][16];
	struct put_counts n;
	struct event ev;
	uint32_t id;
	int i;

	for (i = 0; i < 300; i++) {
		snprintf(message[i], sizeof(message[i]), "m%d", i);
		ev = sight("s", message[i], 1, 1);
		cr_assert(peer_put_send(&peer, &ev, 1), "put %d not sent", i);
	}
	for (i = 0; i < 300; i++) {
		cr_assert(peer_put_wait(&peer, &id, &n), "no ack %d", i);
		cr_assert_eq(id, (uint32_t)i + 1, "ack %u in place %d", id, i);
	}
	EXPECT_N(peer_total(&peer).n[SUM_CALLS], 300, "calls");
}

Test(put, everything_acked_is_there_after_a_restart)
{
	struct event evs[2] = { sight("s", "m", 3, 4), sight("s", "n", 5, 6) };
	struct put_counts n;

	peer_put(&peer, evs, 2);
	daemon_stop(&home);
	daemon_start(&home);
	reconnect();
	EXPECT_N(peer_total(&peer).n[SUM_INPUT], 8, "input after SIGTERM");
	daemon_kill(&home);
	daemon_start(&home);
	reconnect();
	n = peer_put(&peer, evs, 2);
	EXPECT_N(n.unchanged, 2, "unchanged after SIGKILL");
	EXPECT_N(peer_total(&peer).n[SUM_CALLS], 2, "calls after SIGKILL");
}

/* Asks for the cursors and copies the one that is expected to be alone. */
static uint32_t
cursor_read(char *name, char *value, size_t cap)
{
	struct value list = { 0 }, n, v;
	struct wire_cursor c;
	struct reply r;

	cr_assert(peer_ask(&peer, "cursors", "prefix", &r), "no reply");
	cr_assert_not(r.is_error, "cursors: %s", error_name(r.error.code));
	c = r.result;
	cr_assert_eq(unpack_value(&c, &list), 0, "cursors: no value");
	cr_assert_eq(list.type, VALUE_ARRAY, "cursors: no array");
	if (list.n == 0)
		return 0;
	cr_assert(unpack_member(list.rest, "name", &n), "no name");
	cr_assert(unpack_member(list.rest, "value", &v), "no value");
	snprintf(name, cap, "%.*s", (int)n.text.len, n.text.p);
	snprintf(value, cap, "%.*s", (int)v.text.len, v.text.p);
	return list.n;
}

static void
put_cursor(const struct event *ev, const char *value)
{
	struct cursor cur = { TEXT("file:/log/1"), text_of(value) };
	struct put_counts n;
	uint32_t id;

	packer_clear(&peer.out);
	pack_put(&peer.out, ++peer.msgid, ev, 1, &cur, 1);
	cr_assert(peer_send(&peer, peer.out.p, peer.out.len), "not sent");
	cr_assert(peer_put_wait(&peer, &id, &n), "no ack");
}

Test(put, a_cursor_lives_and_dies_with_its_put)
{
	struct event ev = sight("s", "m", 1, 1);
	char name[64], value[64];

	put_cursor(&ev, "offset=12");
	daemon_kill(&home);
	daemon_start(&home);
	reconnect();
	cr_assert_eq(cursor_read(name, value, sizeof(name)), 1, "no cursor");
	cr_expect_str_eq(name, "file:/log/1");
	cr_expect_str_eq(value, "offset=12");
	put_cursor(&ev, "");
	cr_expect_eq(cursor_read(name, value, sizeof(name)), 0,
	    "an empty value left the cursor %s", name);
}

static void
put_sessions(int from, int to)
{
	static char session[6000][16];
	static struct event evs[6000];
	int i;

	for (i = from; i < to; i++) {
		snprintf(session[i], sizeof(session[i]), "s%05d", i);
		evs[i] = sight(session[i], "m", 1, 2);
	}
	peer_put(&peer, evs + from, (size_t)(to - from));
}

Test(put, a_long_report_is_paged_and_complete)
{
	struct table t;
	size_t i;

	put_sessions(0, 4500);
	peer_report_by(&peer, KEY_SESSION, &t);
	EXPECT_N(t.n, 4500, "rows");
	EXPECT_N(t.pages, 3, "pages");
	EXPECT_N(t.sessions, 4500, "sessions");
	EXPECT_N(t.total.n[SUM_CALLS], 4500, "calls in total");
	for (i = 1; i < t.n; i++)
		cr_assert_lt(strcmp(t.rows[i - 1].key[0], t.rows[i].key[0]), 0,
		    "row %zu %s comes after %s", i, t.rows[i].key[0],
		    t.rows[i - 1].key[0]);
	table_free(&t);
}

static void
ask_next(uint64_t token, struct reply *r)
{
	packer_clear(&peer.out);
	pack_request(&peer.out, ++peer.msgid, "next");
	pack_map(&peer.out, 1);
	pack_str(&peer.out, "token");
	pack_u64(&peer.out, token);
	cr_assert(peer_send(&peer, peer.out.p, peer.out.len), "not sent");
	cr_assert(peer_read(&peer, r), "no reply to next");
}

static uint64_t
first_page(void)
{
	int64_t edges[2] = { EVER_FROM, EVER_TO };
	struct report_query q = { .edges = edges, .nedges = 2, .nby = 1 };
	struct value token;
	struct reply r;

	q.by[0] = KEY_SESSION;
	packer_clear(&peer.out);
	pack_report(&peer.out, ++peer.msgid, &q);
	cr_assert(peer_send(&peer, peer.out.p, peer.out.len), "not sent");
	cr_assert(peer_read(&peer, &r), "no reply to a report");
	cr_assert(unpack_member(r.result, "token", &token), "no token");
	return token.u64;
}

Test(put, pages_are_one_snapshot_and_end_with_the_next_report)
{
	struct value rows, more;
	struct reply r;
	uint64_t token;

	put_sessions(0, 2500);
	token = first_page();
	put_sessions(2500, 6000);
	ask_next(token, &r);
	cr_assert_not(r.is_error, "next: %s", error_name(r.error.code));
	cr_assert(unpack_member(r.result, "rows", &rows), "no rows");
	EXPECT_N(rows.n, 500, "rows of the second page");
	cr_assert(unpack_member(r.result, "more", &more), "no more");
	cr_expect_not(more.b, "the snapshot has grown");
	token = first_page();
	first_page();
	ask_next(token, &r);
	cr_assert(r.is_error, "an ended report still has pages");
	cr_expect_eq(
	    r.error.code, ERR_NOT_FOUND, "%s", error_name(r.error.code));
}

Test(put, unknown_methods_and_bad_params_are_answered_and_survived)
{
	int64_t crooked[2] = { EVER_FROM + 1, EVER_TO };
	struct report_query q = { .edges = crooked, .nedges = 2 };
	struct reply r;

	cr_assert(peer_ask(&peer, "make_coffee", "", &r), "no reply");
	cr_expect_eq(
	    r.error.code, ERR_UNKNOWN_METHOD, "%s", error_name(r.error.code));
	cr_assert(peer_ask(&peer, "put", "", &r), "no reply");
	cr_assert(peer_ask(&peer, "put", "events", &r), "no reply");
	cr_expect(r.is_error, "events as a text were taken");
	packer_clear(&peer.out);
	pack_report(&peer.out, ++peer.msgid, &q);
	cr_assert(peer_send(&peer, peer.out.p, peer.out.len), "not sent");
	cr_assert(peer_read(&peer, &r), "no reply");
	cr_expect(r.is_error, "edges off the quarter hour were taken");
	cr_assert(peer_ask(&peer, "hello", "", &r), "no reply");
	cr_expect_not(r.is_error, "hello: %s", error_name(r.error.code));
}

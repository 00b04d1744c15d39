/*
 * Peers that mean harm or are merely broken: the daemon stays small and answers
 * the others in time.
 */
#include "tests/e2e/harness.h"
#include "tests/e2e/peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <criterion/criterion.h>

#define RSS_MAX_KIB (64 * 1024)
#define ANSWER_MAX_US 100000 /* also where much else runs */
#define PEERS 1000

static struct home home;
static struct peer good = { .fd = -1 };
static struct peer many[PEERS];

static void
setup(void)
{
	struct rlimit rl;
	size_t i;

	getrlimit(RLIMIT_NOFILE, &rl);
	rl.rlim_cur = rl.rlim_max;
	setrlimit(RLIMIT_NOFILE, &rl);
	for (i = 0; i < PEERS; i++)
		many[i].fd = -1;
	home_make(&home);
	home_env(&home, "TT_NOW", NOW_TEXT);
}

static void
teardown(void)
{
	size_t i;

	for (i = 0; i < PEERS; i++)
		peer_close(&many[i]);
	peer_close(&good);
	home_finish(&home);
}

TestSuite(hostile, .init = setup, .fini = teardown, .timeout = 120);

static void
serve(void)
{
	daemon_start(&home);
	cr_assert(peer_open(&good, home.socket), "no connection");
}

static int
by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Others are answered quickly, and what they put is kept. */
static void
expect_well(const char *meanwhile)
{
	struct event ev = sight("well", meanwhile, 1, 1);
	int64_t took[101];
	struct reply r;
	long rss;
	int i;

	for (i = 0; i < 101; i++) {
		int64_t start = now_us();

		cr_assert(peer_ask(&good, "hello", "", &r), "%s: no answer",
		    meanwhile);
		took[i] = now_us() - start;
	}
	qsort(took, 101, sizeof(*took), by_value);
	peer_put(&good, &ev, 1);
	if (under_sanitizer())
		return;
	cr_expect_lt(took[50], ANSWER_MAX_US, "%s: a median of %ld us",
	    meanwhile, (long)took[50]);
	rss = daemon_kib(&home, "VmRSS");
	cr_expect_lt(rss, RSS_MAX_KIB, "%s: %ld KiB resident", meanwhile, rss);
}

static void
expect_refused_bytes(
    const char *name, const void *bytes, size_t len, enum error_code code)
{
	struct peer p;
	struct reply r;

	cr_assert(peer_open(&p, home.socket), "%s: no connection", name);
	peer_send(&p, bytes, len);
	cr_assert(peer_read(&p, &r), "%s: no answer before the end", name);
	cr_expect(r.is_error, "%s was taken", name);
	cr_expect_eq(r.error.code, code, "%s: %s instead of %s", name,
	    error_name(r.error.code), error_name(code));
	cr_expect(peer_is_closed(&p), "%s: the connection stays", name);
	peer_close(&p);
}

#define BYTES(literal) (literal), sizeof(literal) - 1

Test(hostile, bombs_and_garbage_are_refused_at_their_first_bytes)
{
	serve();
	expect_refused_bytes("a bare array of 2^32 - 1",
	    BYTES("\xdd\xff\xff\xff\xff"), ERR_MALFORMED);
	expect_refused_bytes("an array of 2^32 - 1 in a put",
	    BYTES("\x94\x00\x01\xa3put\x91\x81\xa6"
		  "events\xdd\xff\xff\xff\xff"),
	    ERR_TOO_LARGE);
	expect_refused_bytes("a map of 2^32 - 1 in a put",
	    BYTES("\x94\x00\x01\xa3put\x91\xdf\xff\xff\xff\xff"),
	    ERR_TOO_LARGE);
	expect_refused_bytes("a text of 2 GiB",
	    BYTES("\x94\x00\x01\xa3put\x91\xdb\x7f\xff\xff\xff"),
	    ERR_TOO_LARGE);
	expect_refused_bytes("bytes of 4 GiB",
	    BYTES("\x94\x00\x01\xa3put\x91\xc6\xff\xff\xff\xff"),
	    ERR_TOO_LARGE);
	expect_refused_bytes("nine arrays in each other",
	    BYTES("\x94\x00\x01\xa3put\x91\x91\x91\x91\x91\x91\x91\x91\x90"),
	    ERR_TOO_LARGE);
	expect_refused_bytes(
	    "text", BYTES("GET / HTTP/1.1\r\n\r\n"), ERR_MALFORMED);
	expect_refused_bytes(
	    "JSON", BYTES("{\"method\":\"put\"}\n"), ERR_MALFORMED);
	expect_refused_bytes("an extension type",
	    BYTES("\x94\x00\x01\xa3put\x91\xd4\x01\x00"), ERR_MALFORMED);
	expect_refused_bytes(
	    "a reply", BYTES("\x94\x01\x01\xc0\xc0"), ERR_MALFORMED);
	expect_well("bombs");
}

Test(hostile, random_bytes_never_hurt)
{
	uint64_t seed = env_u64("TT_SEED", 20260512);
	char bytes[512];
	int i;
	size_t k;

	serve();
	for (i = 0; i < 400; i++) {
		struct peer p;

		for (k = 0; k < sizeof(bytes); k++)
			bytes[k] = (char)random_next(&seed);
		/* Half of them look like a request at first. */
		if (i % 2 == 0)
			memcpy(bytes, "\x94\x00\x01\xa3put\x91", 8);
		cr_assert(peer_open(&p, home.socket), "peer %d", i);
		peer_push(&p, bytes, sizeof(bytes));
		peer_close(&p);
	}
	expect_well("random bytes");
}

/* A put of one event whose last bytes are still to come. */
static void
half_open(struct peer *p, struct packer *k)
{
	struct event ev = sight("half", "open", 1, 1);

	packer_clear(k);
	pack_put(k, 1, &ev, 1, NULL, 0);
	cr_assert(peer_open(p, home.socket), "no connection");
	cr_assert(peer_send(p, k->p, k->len / 2), "hung up");
}

Test(hostile, a_thousand_half_open_peers_disturb_nobody)
{
	struct packer k = { 0 };
	struct reply r;
	size_t i;

	serve();
	for (i = 0; i < PEERS; i++)
		half_open(&many[i], &k);
	expect_well("a thousand half-open peers");
	/* And a half is not too much: the rest makes it whole. */
	cr_assert(
	    peer_send(&many[7], k.p + k.len / 2, k.len - k.len / 2), "hung up");
	cr_assert(peer_read(&many[7], &r), "no ack");
	cr_expect_not(r.is_error, "%s", error_name(r.error.code));
	packer_free(&k);
}

Test(hostile, a_request_in_single_bytes_is_a_request)
{
	struct event ev = sight("drip", "m", 1, 1);
	struct packer k = { 0 };
	struct reply r;
	size_t i;

	serve();
	pack_put(&k, 1, &ev, 1, NULL, 0);
	cr_assert(peer_open(&many[0], home.socket), "no connection");
	for (i = 0; i < k.len; i++) {
		cr_assert(peer_send(&many[0], k.p + i, 1), "byte %zu", i);
		if (i % 50 == 0)
			expect_well("a dripping peer");
	}
	cr_assert(peer_read(&many[0], &r), "no ack");
	cr_expect_not(r.is_error, "%s", error_name(r.error.code));
	packer_free(&k);
}

Test(hostile, dripping_does_not_outlast_the_time_for_a_request)
{
	static const char head[] = "\x94\x00\x01\xa3put\x91\xc6\x00\x10\x00";
	int64_t deadline = now_us() + DEADLINE_MS * 1000ll;
	struct reply r;

	home_write(&home, "config", "[daemon]\nrequest_timeout = 1\n");
	serve();
	cr_assert(peer_open(&many[0], home.socket), "no connection");
	peer_send(&many[0], head, sizeof(head) - 1);
	/* Paced by the answers to somebody else; a byte at a time. */
	while (now_us() < deadline && !peer_is_readable(&many[0])) {
		if (peer_push(&many[0], "", 1) < 0)
			break;
		cr_assert(peer_ask(&good, "hello", "", &r), "no answer");
	}
	cr_expect(peer_is_closed(&many[0]), "it drips for ever");
	expect_well("after a drip");
}

Test(hostile, a_half_request_ends_with_its_time)
{
	struct packer k = { 0 };

	home_write(&home, "config", "[daemon]\nrequest_timeout = 1\n");
	serve();
	half_open(&many[0], &k);
	cr_expect(peer_is_closed(&many[0]), "it is kept for ever");
	expect_well("after a half request");
	packer_free(&k);
}

/* Most of a request of 4 MiB, or as much of it as the daemon reads. */
static void
push_large(struct peer *p)
{
	static const char head[] =
	    "\x94\x00\x01\xa3put\x91\xc6\x00\x3f\xf0\x00";
	static char body[3 << 20];
	size_t sent = 0;
	int stuck = 0;

	cr_assert(peer_open(p, home.socket), "no connection");
	peer_send(p, head, sizeof(head) - 1);
	while (stuck < 30 && sent < sizeof(body)) {
		long n = peer_push(p, body + sent, sizeof(body) - sent);
		struct reply r;

		if (n < 0)
			return;
		sent += (size_t)n;
		stuck = n == 0 ? stuck + 1 : 0;
		cr_assert(peer_ask(&good, "hello", "", &r), "no answer");
	}
}

Test(hostile, large_half_requests_are_bounded_together)
{
	uint64_t buffered;
	int closed = 0;
	size_t i;

	serve();
	for (i = 0; i < 40; i++)
		push_large(&many[i]);
	buffered = peer_status(&good, "buffered_bytes");
	cr_expect_leq(buffered, 32u << 20, "%lu bytes are buffered",
	    (unsigned long)buffered);
	expect_well("forty requests of four MiB");
	for (i = 0; i < 40; i++)
		closed += peer_is_readable(&many[i]);
	cr_expect_gt(closed, 0, "not one of 40 was closed, %lu bytes are held",
	    (unsigned long)buffered);
}

/* Asks without reading until the daemon takes no more of it. */
static void
ask_deaf(struct peer *p, const struct packer *k)
{
	size_t taken = 0, at = 0;
	int stuck = 0;
	struct reply r;

	while (stuck < 200 && taken < (64u << 20)) {
		long n = peer_push(p, k->p + at, k->len - at);

		if (n < 0)
			return;
		at = (at + (size_t)n) % k->len;
		taken += (size_t)n;
		stuck = n == 0 ? stuck + 1 : 0;
		if (n == 0)
			cr_assert(peer_ask(&good, "hello", "", &r), "deaf");
	}
	cr_expect_lt(taken, 64u << 20,
	    "it took 64 MiB of requests from a peer"
	    " that reads no answers");
}

Test(hostile, a_client_that_never_reads_is_not_listened_to)
{
	struct packer k = { 0 };
	size_t i;

	serve();
	/* A burst at a time, and each of them whole requests. */
	for (i = 0; i < 1000; i++) {
		pack_request(&k, (uint32_t)i, "status");
		pack_map(&k, 0);
	}
	cr_assert(peer_open(&many[0], home.socket), "no connection");
	ask_deaf(&many[0], &k);
	expect_well("a client that never reads");
	packer_free(&k);
}

static void
put_sessions(int n)
{
	static char session[2000][64];
	static struct event evs[2000];
	int i;

	for (i = 0; i < n; i++) {
		snprintf(session[i], sizeof(session[i]),
		    "a-session-with-quite-a-long-name-%06d", i);
		evs[i] = sight(session[i], "m", 1, 2);
	}
	peer_put(&good, evs, (size_t)n);
}

Test(hostile, a_slow_reader_gets_every_answer_whole)
{
	int64_t edges[2] = { EVER_FROM, EVER_TO };
	struct report_query q = { .edges = edges, .nedges = 2, .nby = 1 };
	struct packer k = { 0 };
	struct value rows;
	struct reply r;
	uint32_t i;

	serve();
	put_sessions(2000);
	q.by[0] = KEY_SESSION;
	cr_assert(peer_open(&many[0], home.socket), "no connection");
	for (i = 0; i < 60; i++) {
		packer_clear(&k);
		pack_report(&k, i, &q);
		cr_assert(peer_send(&many[0], k.p, k.len), "request %u", i);
	}
	for (i = 0; i < 60; i++) {
		expect_well("a slow reader");
		cr_assert(peer_read(&many[0], &r), "no answer %u", i);
		cr_assert_eq(r.msgid, i, "answer %u in place %u", r.msgid, i);
		cr_assert(unpack_member(r.result, "rows", &rows), "no rows");
		cr_assert_geq(rows.n, 2000, "answer %u has %u rows", i, rows.n);
	}
	packer_free(&k);
}

Test(hostile, a_peer_that_leaves_after_its_put_harms_nothing)
{
	struct event ev = sight("leaver", "m", 1, 1);
	struct table t;
	size_t i;

	serve();
	for (i = 0; i < 200; i++) {
		cr_assert(peer_open(&many[i], home.socket), "peer %zu", i);
		peer_put_send(&many[i], &ev, 1);
		peer_close(&many[i]);
	}
	expect_well("peers that leave");
	peer_report_by(&good, KEY_SESSION, &t);
	if (table_find(&t, "leaver") != NULL)
		cr_expect_eq(table_find(&t, "leaver")->sums.n[SUM_CALLS], 1);
	table_free(&t);
}

Test(hostile, a_notification_is_not_answered)
{
	struct event ev = sight("note", "m", 1, 1);
	struct reply r;

	serve();
	packer_clear(&good.out);
	pack_notification(&good.out, "put");
	pack_map(&good.out, 1);
	pack_str(&good.out, "events");
	pack_array(&good.out, 1);
	pack_event(&good.out, &ev);
	cr_assert(peer_send(&good, good.out.p, good.out.len), "hung up");
	cr_assert(peer_ask(&good, "hello", "", &r), "no answer to hello");
	cr_expect_eq(r.msgid, good.msgid, "an answer to %u came", r.msgid);
}

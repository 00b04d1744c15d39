/* Who follows is told of every call as it is committed, once and in order. */
#include "tests/e2e/harness.h"
#include "tests/e2e/peer.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <criterion/criterion.h>

#define CALLS_MAX 4000
#define NAME_MAX_LEN 24

static struct home home;
static struct peer sender = { .fd = -1 };

static void
setup(void)
{
	home_make(&home);
}

static void
teardown(void)
{
	peer_close(&sender);
	home_finish(&home);
}

TestSuite(follow, .init = setup, .fini = teardown, .timeout = 120);

/* What one follower has been told. */
struct told {
	struct peer peer;
	uint64_t revision; /* the reply to follow */
	uint64_t next;     /* of the last page */
	unsigned npages;
	unsigned ncalls;
	unsigned char seen[CALLS_MAX]; /* by the number in the message id */
};

static void
serve(void)
{
	daemon_start(&home);
	cr_assert(peer_open(&sender, home.socket), "nobody listens");
}

/* Puts the calls m<from> to m<to - 1>, a thousand at a time. */
static void
put_calls(unsigned from, unsigned to)
{
	static struct event evs[1000];
	static char names[1000][NAME_MAX_LEN];
	unsigned i, n;

	for (; from < to; from += n) {
		n = to - from < 1000 ? to - from : 1000;
		for (i = 0; i < n; i++) {
			snprintf(names[i], sizeof(names[i]), "m%u", from + i);
			evs[i] = sight("followed", names[i], 10, 1);
		}
		peer_put(&sender, evs, n);
	}
}

/* after is given unless it is negative. */
static void
follow(struct told *t, int64_t after)
{
	struct peer *p = &t->peer;
	struct value v;
	struct reply r;

	memset(t, 0, sizeof(*t));
	cr_assert(peer_open(p, home.socket), "nobody listens");
	pack_request(&p->out, ++p->msgid, "follow");
	pack_map(&p->out, after < 0 ? 0 : 1);
	if (after >= 0) {
		pack_str(&p->out, "after");
		pack_u64(&p->out, (uint64_t)after);
	}
	cr_assert(peer_send(p, p->out.p, p->out.len), "cannot ask");
	cr_assert(peer_read(p, &r), "no reply to follow");
	cr_assert_not(r.is_error, "follow: %s %s", error_name(r.error.code),
	    r.error.message);
	cr_assert(unpack_member(r.result, "revision", &v), "no revision");
	t->revision = t->next = v.u64;
}

static void
receive(struct peer *p)
{
	struct pollfd f = { .fd = p->fd, .events = POLLIN };
	ssize_t n;

	if (p->cap - p->len < 65536) {
		p->cap = 2 * p->cap + 65536;
		p->in = realloc(p->in, p->cap);
		cr_assert_not_null(p->in, "no memory");
	}
	cr_assert_eq(poll(&f, 1, DEADLINE_MS), 1, "nothing is told");
	n = recv(p->fd, p->in + p->len, p->cap - p->len, 0);
	cr_assert_gt(n, 0, "the daemon hung up");
	p->len += (size_t)n;
}

/* The next message, which must be a notification. */
static void
read_notification(struct peer *p, struct request *rq)
{
	struct wire_scan scan;
	struct error err;
	size_t seen = 0, used;

	if (p->taken > 0)
		memmove(p->in, p->in + p->taken, p->len - p->taken);
	p->len -= p->taken;
	p->taken = 0;
	wire_scan_init(&scan);
	while (wire_scan_feed(&scan, p->in + seen, p->len - seen, &used) != 0) {
		seen += used;
		receive(p);
	}
	p->taken = seen + used;
	cr_assert_eq(unpack_request(p->in, p->taken, rq, &err), 0,
	    "not a notification: %s", err.message);
	cr_assert(rq->is_notification && text_is(rq->method, "events"),
	    "%.*s is told", (int)rq->method.len, rq->method.p);
}

static void
note_call(struct told *t, struct wire_cursor event)
{
	struct value v;
	char text[NAME_MAX_LEN] = "";
	unsigned long i;

	cr_assert(unpack_member(event, "message", &v), "a call without id");
	cr_assert_lt(
	    v.text.len, sizeof(text), "an id of %zu bytes", (size_t)v.text.len);
	memcpy(text, v.text.p, v.text.len);
	i = strtoul(text + 1, NULL, 10);
	cr_assert_lt(i, CALLS_MAX, "call %s was never put", text);
	cr_expect_eq(t->seen[i], 0, "call %s is told again", text);
	t->seen[i]++;
	t->ncalls++;
}

static void
read_page(struct told *t)
{
	struct request rq;
	struct value events, next, ev;
	uint32_t i;

	read_notification(&t->peer, &rq);
	cr_assert(unpack_member(rq.params, "events", &events), "no events");
	cr_assert(unpack_member(rq.params, "next", &next), "no next");
	cr_expect_gt(events.n, 0, "an empty page");
	cr_expect_gt(next.u64, t->npages == 0 ? 0 : t->next,
	    "next does not grow from %lu", (unsigned long)t->next);
	t->next = next.u64;
	t->npages++;
	for (i = 0; i < events.n; i++) {
		cr_assert_eq(unpack_value(&events.rest, &ev), 0, "event %u", i);
		note_call(t, ev.at);
	}
}

/* Reads on until it has been told of the calls from one to another. */
static void
expect_told(struct told *t, unsigned from, unsigned to)
{
	unsigned i;

	while (t->ncalls < to - from)
		read_page(t);
	cr_expect_eq(t->ncalls, to - from, "%u calls are told instead of %u",
	    t->ncalls, to - from);
	for (i = from; i < to; i++)
		cr_assert_eq(
		    t->seen[i], 1, "call m%u is told %u times", i, t->seen[i]);
}

Test(follow, a_call_is_told_once_it_is_committed)
{
	static struct told t;

	serve();
	put_calls(0, 3);
	follow(&t, -1);
	cr_expect_not(
	    peer_is_readable(&t.peer), "what was there before is told");
	put_calls(3, 4);
	expect_told(&t, 3, 4);
	put_calls(4, 10);
	expect_told(&t, 3, 10);
	peer_close(&t.peer);
}

Test(follow, two_followers_are_told_the_same)
{
	static struct told one, two;

	serve();
	follow(&one, -1);
	follow(&two, -1);
	put_calls(0, 1200);
	expect_told(&one, 0, 1200);
	expect_told(&two, 0, 1200);
	cr_expect_eq(one.next, two.next, "next is %lu and %lu",
	    (unsigned long)one.next, (unsigned long)two.next);
	peer_close(&one.peer);
	peer_close(&two.peer);
}

Test(follow, from_revision_0_everything_is_told)
{
	static struct told t;

	serve();
	put_calls(0, 3000);
	follow(&t, 0);
	put_calls(3000, 3100);
	expect_told(&t, 0, 3100);
	cr_expect_gt(t.npages, 1, "%u page", t.npages);
	peer_close(&t.peer);
}

Test(follow, who_comes_back_with_next_gets_exactly_the_rest)
{
	static struct told t;
	uint64_t next;
	unsigned had;

	serve();
	put_calls(0, 2000);
	follow(&t, 0);
	read_page(&t);
	cr_assert_lt(t.ncalls, 2000, "all came in one page");
	had = t.ncalls;
	next = t.next;
	peer_close(&t.peer);
	put_calls(2000, 2001);
	follow(&t, (int64_t)next);
	expect_told(&t, had, 2001);
	/* And nothing more than that one after a restart. */
	next = t.next;
	peer_close(&t.peer);
	peer_close(&sender);
	daemon_stop(&home);
	serve();
	follow(&t, (int64_t)next);
	put_calls(2001, 2002);
	expect_told(&t, 2001, 2002);
	peer_close(&t.peer);
}

Test(follow, a_put_that_says_nothing_new_is_not_told)
{
	static struct told t;

	serve();
	put_calls(0, 5);
	follow(&t, -1);
	put_calls(0, 5);
	put_calls(5, 6);
	expect_told(&t, 5, 6);
	peer_close(&t.peer);
}

Test(follow, who_waits_for_news_is_not_idle)
{
	static struct told t;
	struct peer idle;

	home_write(&home, "config", "[daemon]\nidle_timeout = 1\n");
	daemon_start(&home);
	follow(&t, -1);
	cr_assert(peer_open(&idle, home.socket), "nobody listens");
	cr_expect(peer_is_closed(&idle), "an idle peer stays");
	cr_assert(peer_open(&sender, home.socket), "nobody listens");
	put_calls(0, 1);
	expect_told(&t, 0, 1);
	peer_close(&idle);
	peer_close(&t.peer);
}

Test(follow, who_does_not_read_is_closed_and_delays_nobody)
{
	static struct told deaf, other;
	struct pollfd hangup = { 0 };

	home_write(&home, "config", "[daemon]\nidle_timeout = 1\n");
	serve();
	put_calls(0, CALLS_MAX);
	follow(&deaf, 0);
	follow(&other, 0);
	expect_told(&other, 0, CALLS_MAX);
	hangup.fd = deaf.peer.fd;
	cr_expect_eq(poll(&hangup, 1, DEADLINE_MS), 1,
	    "a follower that does not read stays");
	peer_close(&deaf.peer);
	peer_close(&other.peer);
}

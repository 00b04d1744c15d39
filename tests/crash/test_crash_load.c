/*
 * Very many calls at once gather in memory, and go to the store's tables when
 * they have all come. Wherever the daemon dies, in the load or in what follows,
 * each call is there once and is still found by what its providers call it.
 */
#include "tests/e2e/harness.h"
#include "tests/e2e/peer.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#define CALLS 6000
#define PUT_CALLS 1000
#define FAULT_EXIT 77 /* as in fault.c */

static struct home home;
static struct peer peer = { .fd = -1 };

static void
setup(void)
{
	home_make(&home);
	home_env(&home, "TT_NOW", NOW_TEXT);
	home.program = "collectord-fault";
}

static void
teardown(void)
{
	peer_close(&peer);
	home_finish(&home);
}

TestSuite(crash_load, .init = setup, .fini = teardown, .timeout = 300);

struct names {
	char session[16], message[16], call[24], request[16];
};

static struct names names[CALLS];
static struct event evs[CALLS];

/* As an agent logs them: with all ids that there are. */
static void
make_logged(void)
{
	for (int i = 0; i < CALLS; i++) {
		struct names *n = &names[i];

		snprintf(n->session, sizeof(n->session), "s%d", i / 50);
		snprintf(n->message, sizeof(n->message), "m%d", i);
		snprintf(n->call, sizeof(n->call), "msg_%d", i);
		snprintf(n->request, sizeof(n->request), "req_%d", i);
		evs[i] = sight(n->session, n->message, 1, 10);
		evs[i].text[EV_CALL] = text_of(n->call);
		evs[i].text[EV_REQUEST] = text_of(n->request);
	}
}

/* As telemetry tells the same calls: by their requests alone. */
static void
make_telemetry(void)
{
	for (int i = 0; i < CALLS; i++) {
		evs[i] = sight("telemetry", names[i].message, 1, 10);
		evs[i].text[EV_REQUEST] = text_of(names[i].request);
	}
}

/* Until the daemon is gone; how many were acked. */
static size_t
put_all(void)
{
	struct put_counts n;
	uint32_t id;
	size_t i;

	for (i = 0; i < CALLS; i += PUT_CALLS)
		if (!peer_put_send(&peer, evs + i, PUT_CALLS) ||
		    !peer_put_wait(&peer, &id, &n))
			break;
	return i;
}

static void
start(const char *fault)
{
	peer_close(&peer);
	home_env(&home, "TT_FAULT", fault);
	daemon_start(&home);
	cr_assert(peer_open(&peer, home.socket), "no connection");
}

static uint64_t
calls(void)
{
	return peer_total(&peer).n[SUM_CALLS];
}

static void
die_at(const char *when, int commit)
{
	char fault[32];
	size_t acked;
	uint64_t n;

	make_logged();
	snprintf(fault, sizeof(fault), "%s:%d", when, commit);
	start(fault);
	acked = put_all();
	cr_assert_eq(daemon_wait(&home), FAULT_EXIT, "%s: not by us", fault);
	start(NULL);
	n = calls();
	cr_expect(n == acked || n == acked + PUT_CALLS,
	    "%s: %zu acked, %lu present", fault, acked, (unsigned long)n);
	cr_expect_eq(put_all(), CALLS, "%s: not acked", fault);
	n = calls();
	cr_expect_eq(n, CALLS, "%s: %lu calls", fault, (unsigned long)n);
	make_telemetry();
	cr_expect_eq(put_all(), CALLS, "%s: not acked", fault);
	n = calls();
	cr_expect_eq(
	    n, CALLS, "%s: %lu calls with telemetry", fault, (unsigned long)n);
	peer_close(&peer);
	daemon_stop(&home);
	unlink(home.store);
}

Test(crash_load, dying_in_a_load_or_after_it_loses_and_doubles_nothing)
{
	/* Of the load, and of what moves it to the tables. */
	static const int commits[] = { 6, 8, 12, 16, 20 };

	for (size_t i = 0; i < sizeof(commits) / sizeof(*commits); i++) {
		die_at("before", commits[i]);
		die_at("after", commits[i]);
	}
}

/*
 * Every acked event is present after a restart, exactly once; an unacked one
 * may be. The daemon dies at each of its first commits, or the disk is full
 * then.
 */
#include "tests/e2e/harness.h"
#include "tests/e2e/peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#define COMMITS 25
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

TestSuite(crash, .init = setup, .fini = teardown, .timeout = 300);

static struct event
numbered(int i)
{
	static char message[2 * COMMITS][16];
	struct event ev;

	snprintf(message[i], sizeof(message[i]), "m%d", i);
	ev = sight("s", message[i], 1, (uint64_t)i);
	return ev;
}

/* One put after the other until the daemon is gone; how many were acked. */
static int
put_until_gone(void)
{
	struct put_counts n;
	uint32_t id;
	int i;

	for (i = 0; i < 2 * COMMITS; i++) {
		struct event ev = numbered(i);

		if (!peer_put_send(&peer, &ev, 1) ||
		    !peer_put_wait(&peer, &id, &n))
			break;
	}
	return i;
}

/* False: it ended before it served, which the start may do. */
static bool
start_with(const char *fault)
{
	int code = 0;

	home_env(&home, "TT_FAULT", fault);
	if (!daemon_try(&home, NULL, &code))
		return false;
	cr_assert(peer_open(&peer, home.socket), "%s: no connection", fault);
	return true;
}

static void
start_well(void)
{
	peer_close(&peer);
	home_env(&home, "TT_FAULT", NULL);
	daemon_start(&home);
	cr_assert(peer_open(&peer, home.socket), "no connection");
}

static void
die_at(const char *when, int commit)
{
	int acked = 0, present, unacked;
	char fault[32];

	snprintf(fault, sizeof(fault), "%s:%d", when, commit);
	if (start_with(fault)) {
		acked = put_until_gone();
		cr_expect_eq(
		    daemon_wait(&home), FAULT_EXIT, "%s: not by us", fault);
	}
	start_well();
	present = (int)peer_total(&peer).n[SUM_CALLS];
	unacked = present - acked;
	cr_expect(unacked == 0 || unacked == 1, "%s: %d acked, %d present",
	    fault, acked, present);
	/* A death before the commit leaves nothing of it. */
	if (strcmp(when, "before") == 0)
		cr_expect_eq(unacked, 0, "%s: an uncommitted event", fault);
	/* The sender, who knows nothing, sends it all again. */
	cr_expect_eq(put_until_gone(), 2 * COMMITS, "%s: not acked", fault);
	cr_expect_eq(peer_total(&peer).n[SUM_CALLS], 2 * COMMITS);
	peer_close(&peer);
	daemon_stop(&home);
	unlink(home.store);
}

Test(crash, dying_before_any_commit_loses_nothing_acked)
{
	int i;

	for (i = 1; i <= COMMITS; i++)
		die_at("before", i);
}

Test(crash, dying_after_any_commit_doubles_nothing)
{
	int i;

	for (i = 1; i <= COMMITS; i++)
		die_at("after", i);
}

/* True: refused for lack of space. */
static bool
put_refused(const struct event *ev)
{
	struct reply r;

	cr_assert(peer_put_send(&peer, ev, 1), "hung up");
	cr_assert(peer_read(&peer, &r), "no answer");
	if (!r.is_error)
		return false;
	cr_expect_eq(
	    r.error.code, ERR_STORE_FULL, "%s", error_name(r.error.code));
	return true;
}

Test(crash, a_full_disk_at_a_commit_is_an_error_and_not_an_end)
{
	int i, refused = 0;

	cr_assert(start_with("full:12:3"), "no start");
	for (i = 0; i < COMMITS; i++) {
		struct event ev = numbered(i);

		while (put_refused(&ev)) {
			refused++;
			/* Readers go on, and see only what was acked. */
			cr_assert_eq(peer_total(&peer).n[SUM_CALLS],
			    (uint64_t)i, "after %d acked", i);
		}
	}
	cr_expect_eq(refused, 3, "%d refused", refused);
	cr_expect_eq(peer_total(&peer).n[SUM_CALLS], COMMITS);
	peer_close(&peer);
	daemon_stop(&home);
	start_well();
	cr_expect_eq(peer_total(&peer).n[SUM_CALLS], COMMITS);
}

Test(crash, a_full_disk_at_the_start_is_no_start_and_no_harm)
{
	int code = 0;
	char *log;

	home_env(&home, "TT_FAULT", "full:1:1000");
	cr_assert_not(daemon_try(&home, NULL, &code), "it serves");
	log = file_read(home.log);
	cr_expect_neq(code, 0, "exit code 0");
	cr_expect_gt(strlen(log), 0, "it did not say why");
	free(log);
	start_well();
	cr_expect_eq(put_until_gone(), 2 * COMMITS);
}

Test(crash, events_of_a_spool_are_neither_lost_nor_doubled)
{
	int64_t deadline = now_us() + DEADLINE_MS * 1000ll;
	uint64_t calls = 0;
	int i;

	for (i = 1; i <= 12; i++) {
		char fault[32];
		struct run r;
		int code = 0;

		RUN(&home, &r, "tt-send", "--session", "s", "--output", "1");
		cr_assert_eq(r.code, 0, "tt-send: %d %s", r.code, r.err);
		run_free(&r);
		snprintf(fault, sizeof(fault), "%s:%d",
		    i % 2 ? "before" : "after", 1 + i / 2);
		home_env(&home, "TT_FAULT", fault);
		if (daemon_try(&home, NULL, &code)) {
			/* It may die in the pick-up, or see no such commit. */
			daemon_kill(&home);
		}
	}
	start_well();
	/* The spool is taken in beside the serving. */
	while (calls < 12 && now_us() < deadline)
		calls = peer_total(&peer).n[SUM_CALLS];
	cr_expect_eq(
	    calls, 12, "%lu calls came out of the spool", (unsigned long)calls);
}

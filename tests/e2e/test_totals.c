/* Running totals through the real programs: each day has what rose in it. */
#include "tests/e2e/answer.h"
#include "tests/e2e/peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

static struct home home, other;
static struct peer peer = { .fd = -1 };
static struct answer answer;

static void
setup(void)
{
	home_make(&home);
	home_make(&other);
	home_env(&home, "TT_NOW", NOW_TEXT);
	home_env(&other, "TT_NOW", NOW_TEXT);
	home_env(&home, "TZ", "UTC");
	home_env(&other, "TZ", "UTC");
}

static void
teardown(void)
{
	answer_free(&answer);
	peer_close(&peer);
	home_finish(&home);
	home_finish(&other);
}

TestSuite(totals, .init = setup, .fini = teardown, .timeout = 120);

static void
expect_sent(const char *const *argv, const char *input, int code)
{
	struct run r;

	run_client(&home, argv, input, &r);
	cr_assert_eq(
	    r.code, code, "exit code %d, expected %d: %s", r.code, code, r.err);
	run_free(&r);
}

#define SEND(code, ...)                                                        \
	expect_sent((const char *const[]){ "tt-send", "--session-total",       \
			"--session", "s", "--agent", "goose", "--model",       \
			"castle-9", __VA_ARGS__, NULL },                       \
	    "", (code))

static void
send_totals(const char *ts, const char *input, const char *output)
{
	SEND(0, "--ts", ts, "--input", input, "--output", output);
}

#define EXPECT_ROW(row, name, want)                                            \
	cr_expect_eq(answer_u64(&answer, (row), (name)), (uint64_t)(want),     \
	    "row %d: %s is %lu, expected %lu: %s", (row), (name),              \
	    (unsigned long)answer_u64(&answer, (row), (name)),                 \
	    (unsigned long)(want), answer.run.out)

static void
expect_healthy(struct home *h)
{
	struct run r;

	RUN(h, &r, "tt-report", "doctor");
	cr_expect_eq(
	    r.code, 0, "doctor ends with %d: %s%s", r.code, r.out, r.err);
	cr_expect(strstr(r.out, "All sums are") != NULL, "%s", r.out);
	run_free(&r);
}

/* Three days, and not in their order. */
static void
send_three_days(void)
{
	send_totals("2026-05-11T23:59:59.999Z", "700", "70");
	send_totals("2026-05-10T08:00:00Z", "100", "10");
	send_totals("2026-05-12T00:00:00Z", "1000", "100");
	send_totals("2026-05-11T00:00:00Z", "400", "40");
	send_totals("2026-05-12T09:00:00Z", "1000", "100");
	send_totals("2026-05-11T12:00:00Z", "400", "40");
	send_totals("2026-05-10T08:00:00Z", "100", "10");
}

static void
expect_three_days(struct home *h)
{
	ASK(&answer, h, "2026-05-10..2026-05-12", "--by", "day");
	cr_assert_eq(answer_rows(&answer), 3, "%s", answer.run.out);
	EXPECT_ROW(0, "input_tokens", 100);
	EXPECT_ROW(0, "calls", 1);
	EXPECT_ROW(1, "input_tokens", 600);
	EXPECT_ROW(1, "output_tokens", 60);
	EXPECT_ROW(1, "calls", 2);
	EXPECT_ROW(2, "input_tokens", 300);
	EXPECT_ROW(2, "calls", 1);
	EXPECT_ROW(-1, "input_tokens", 1000);
	answer_free(&answer);
}

Test(totals, each_day_has_what_rose_in_it)
{
	daemon_start(&home);
	send_three_days();
	expect_three_days(&home);
	expect_healthy(&home);
	daemon_stop(&home);
	daemon_start(&home);
	expect_three_days(&home);
	/* Without a time they are of now. */
	SEND(0, "--input", "1500", "--output", "100");
	ASK(&answer, &home, "today");
	EXPECT_ROW(-1, "input_tokens", 800);
	expect_healthy(&home);
}

Test(totals, those_sent_without_a_daemon_count_when_it_is_back)
{
	home_env(&home, "TT_AUTOSTART", "0");
	send_three_days();
	daemon_start(&home);
	cr_assert(peer_open(&peer, home.socket), "no connection");
	while (dir_count(home.spool) > 0)
		peer_status(&peer, "puts");
	expect_three_days(&home);
	expect_healthy(&home);
}

Test(totals, an_export_gives_the_same_elsewhere)
{
	struct run lines, back, r;

	daemon_start(&home);
	daemon_start(&other);
	send_three_days();
	/* A correction, another series, and one that is void. */
	SEND(0, "--ts", "2026-05-12T09:30:00Z", "--input", "9000", "--output",
	    "900");
	SEND(0, "--ts", "2026-05-12T09:30:00Z", "--input", "1000", "--output",
	    "100", "--rank", "2");
	SEND(0, "--ts", "2026-05-12T09:45:00Z", "--input", "5000", "--output",
	    "100");
	SEND(0, "--ts", "2026-05-12T09:45:00Z", "--void");
	expect_three_days(&home);
	RUN(&home, &lines, "tt-report", "events");
	cr_assert_eq(lines.code, 0, "%s", lines.err);
	cr_expect(
	    strstr(lines.out, "\"running\":true") != NULL, "%s", lines.out);
	/* Twice: what is known says nothing new. */
	for (int i = 0; i < 2; i++) {
		run_client(&other,
		    (const char *const[]){ "tt-send", "-", "--json", NULL },
		    lines.out, &r);
		cr_assert_eq(r.code, 0, "%s", r.err);
		cr_expect(strstr(r.out, i == 0 ? "\"stored\":8,"
					       : "\"unchanged\":8,") != NULL,
		    "%s", r.out);
		run_free(&r);
		expect_three_days(&other);
		expect_healthy(&other);
	}
	/* And back again. */
	RUN(&other, &back, "tt-report", "events");
	expect_sent((const char *const[]){ "tt-send", "-", NULL }, back.out, 0);
	expect_three_days(&home);
	run_free(&back);
	run_free(&lines);
}

/* What explain shows is what the sums have. */
static void
expect_explained(uint64_t input, const char *verdict)
{
	struct run r;

	ASK(&answer, &home, "explain", "s");
	EXPECT_ROW(-1, "input_tokens", input);
	answer_free(&answer);
	RUN(&home, &r, "tt-report", "explain", "s");
	cr_expect(
	    strstr(r.out, verdict) != NULL, "no \"%s\" in %s", verdict, r.out);
	run_free(&r);
}

Test(totals, explain_and_the_session_tell_the_rises)
{
	daemon_start(&home);
	send_three_days();
	expect_explained(1000, "running totals that did not rise");
	ASK(&answer, &home, "session", "s");
	EXPECT_ROW(-1, "input_tokens", 1000);
	EXPECT_ROW(-1, "calls", 4);
}

Test(totals, a_void_session_stays_so_and_goes_on)
{
	daemon_start(&home);
	send_three_days();
	expect_sent((const char *const[]){ "tt-send", "--session", "s",
			"--void", NULL },
	    "", 0);
	ASK(&answer, &home, "all");
	EXPECT_ROW(-1, "input_tokens", 0);
	answer_free(&answer);
	send_totals("2026-05-12T09:30:00Z", "1200", "120");
	ASK(&answer, &home, "all");
	EXPECT_ROW(-1, "input_tokens", 200);
	EXPECT_ROW(-1, "calls", 1);
	expect_healthy(&home);
}

static void
run_well(const char *const *argv)
{
	struct run r;

	run_client(&home, argv, "", &r);
	cr_assert_eq(r.code, 0, "%s ends with %d: %s", argv[1], r.code, r.err);
	run_free(&r);
}

#define WELL(...) run_well((const char *const[]){ __VA_ARGS__, NULL })

Test(totals, pruning_leaves_those_after_as_they_are)
{
	daemon_start(&home);
	send_three_days();
	WELL("tt-report", "prune", "--before", "2026-05-11", "--yes");
	expect_three_days(&home);
	expect_healthy(&home);
	WELL("tt-report", "prune", "--before", "2026-05-12", "--yes");
	expect_three_days(&home);
	/* Known, and late: both say nothing new. */
	send_three_days();
	send_totals("2026-05-11T18:00:00Z", "600", "60");
	expect_three_days(&home);
	expect_healthy(&home);
	send_totals("2026-05-12T09:30:00Z", "1100", "100");
	ASK(&answer, &home, "all");
	EXPECT_ROW(-1, "input_tokens", 1100);
	expect_healthy(&home);
}

Test(totals, a_new_price_prices_the_rises)
{
	struct run r;

	daemon_start(&home);
	send_three_days();
	ASK(&answer, &home, "all");
	EXPECT_ROW(-1, "unpriced_calls", 4);
	answer_free(&answer);
	WELL("tt-price", "set", "castle-9", "--input", "3", "--output", "15");
	WELL("tt-price", "recost", "--yes");
	/* What did not rise has no price that could change. */
	run_client(&home,
	    (const char *const[]){
		"tt-price", "recost", "--dry-run", "--json", NULL },
	    "", &r);
	cr_expect(strstr(r.out, "\"calls\":0") != NULL, "%s", r.out);
	run_free(&r);
	ASK(&answer, &home, "all");
	EXPECT_ROW(-1, "unpriced_calls", 0);
	/* 1,000 × 3 and 100 × 15 USD a million. */
	cr_expect_str_eq(answer_path(&answer, "total.cost_usd"), "0.0045", "%s",
	    answer.run.out);
	expect_healthy(&home);
	/* One in between takes part of the next one's, to the last token. */
	send_totals("2026-05-11T20:00:00Z", "500", "50");
	answer_free(&answer);
	ASK(&answer, &home, "all");
	cr_expect_str_eq(answer_path(&answer, "total.cost_usd"), "0.0045", "%s",
	    answer.run.out);
	EXPECT_ROW(-1, "calls", 5);
	expect_healthy(&home);
}

Test(totals, what_is_no_running_total_is_refused_with_the_field)
{
	struct run r;

	daemon_start(&home);
	SEND(4, "--message", "m", "--input", "1");
	SEND(4, "--call", "msg_1", "--input", "1");
	SEND(4, "--request", "r", "--input", "1");
	SEND(2, "--input", "1", "-");
	run_client(&home, (const char *const[]){ "tt-send", "-", NULL },
	    "{\"session\":\"s\",\"running\":true,\"request\":\"r\"}\n"
	    "{\"session\":\"s\",\"running\":\"yes\",\"input\":1}\n"
	    "{\"session\":\"s\",\"running\":true,\"input\":7}\n",
	    &r);
	cr_expect_eq(r.code, 4, "exit code %d: %s", r.code, r.err);
	cr_expect(strstr(r.err, "request") != NULL, "%s", r.err);
	cr_expect(strstr(r.err, "running") != NULL, "%s", r.err);
	run_free(&r);
	ASK(&answer, &home, "all");
	EXPECT_ROW(-1, "input_tokens", 7);
}

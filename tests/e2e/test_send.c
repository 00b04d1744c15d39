/* tt-send: nothing is lost, nothing doubled, and every bad line is named. */
#include "tests/e2e/harness.h"
#include "tests/e2e/peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <poll.h>
#include <unistd.h>

#include <criterion/criterion.h>

static struct home home;
static struct peer peer = { .fd = -1 };

static void
setup(void)
{
	home_make(&home);
	home_env(&home, "TT_NOW", NOW_TEXT);
}

static void
teardown(void)
{
	peer_close(&peer);
	home_finish(&home);
}

TestSuite(send, .init = setup, .fini = teardown, .timeout = 120);

static void
serve(void)
{
	daemon_start(&home);
	cr_assert(peer_open(&peer, home.socket), "no connection");
}

#define EXPECT_CODE(r, want)                                                   \
	cr_expect_eq((r).code, (want),                                         \
	    "exit code %d, expected %d; stderr: %s", (r).code, (want),         \
	    (r).err)
#define EXPECT_SUM(s, which, want)                                             \
	cr_expect_eq((s).n[which], (uint64_t)(want), "%s: %lu, expected %lu",  \
	    sum_names[which], (unsigned long)(s).n[which],                     \
	    (unsigned long)(want))

Test(send, every_option_of_one_event_arrives)
{
	struct sums s;
	struct run r;

	serve();
	RUN(&home, &r, "tt-send", "--session", "s", "--message", "m", "--call",
	    "msg_01abc", "--request", "req_1", "--provider", "anthropic",
	    "--model", "castle-sonnet-9", "--agent", "shell", "--project", "tt",
	    "--input", "100", "--output", "50", "--cache-read", "7",
	    "--cache-write", "9", "--cache-write-1h", "4", "--reasoning", "30",
	    "--total", "170", "--cost", "0.4239", "--ts",
	    "2026-05-12T09:00:00Z", "--tier", "standard", "--billing", "plan",
	    "--failed", "--latency-ms", "1200");
	EXPECT_CODE(r, 0);
	run_free(&r);
	s = peer_total(&peer);
	EXPECT_SUM(s, SUM_CALLS, 1);
	EXPECT_SUM(s, SUM_FAILED, 1);
	EXPECT_SUM(s, SUM_INPUT, 100);
	EXPECT_SUM(s, SUM_OUTPUT, 50);
	EXPECT_SUM(s, SUM_CACHE_READ, 7);
	EXPECT_SUM(s, SUM_CACHE_WRITE, 9);
	EXPECT_SUM(s, SUM_CACHE_WRITE_1H, 4);
	EXPECT_SUM(s, SUM_REASONING, 30);
	EXPECT_SUM(s, SUM_OTHER, 4);
	cr_expect(s.cost == 423900000000 && s.plan_cost == s.cost,
	    "cost %ld, of it plan %ld picodollars", (long)s.cost,
	    (long)s.plan_cost);
}

Test(send, the_texts_of_one_event_arrive)
{
	struct run r;

	serve();
	RUN(&home, &r, "tt-send", "--session=s1", "--message=m",
	    "--provider=openai", "--model=grove-5", "--agent=codex",
	    "--project=tt", "--input=1", "--billing=metered");
	EXPECT_CODE(r, 0);
	run_free(&r);
	peer_expect_only(&peer, KEY_SESSION, "s1");
	peer_expect_only(&peer, KEY_PROVIDER, "openai");
	peer_expect_only(&peer, KEY_MODEL, "grove-5");
	peer_expect_only(&peer, KEY_AGENT, "codex");
	peer_expect_only(&peer, KEY_PROJECT, "tt");
	peer_expect_only(&peer, KEY_BILLING, "metered");
}

Test(send, without_a_message_every_run_is_another_call)
{
	struct run r;
	int i;

	serve();
	for (i = 0; i < 3; i++) {
		RUN(&home, &r, "tt-send", "--session", "s", "--output", "5");
		EXPECT_CODE(r, 0);
		run_free(&r);
	}
	EXPECT_SUM(peer_total(&peer), SUM_CALLS, 3);
}

Test(send, one_bad_line_is_named_and_the_others_are_kept)
{
	static const char lines[] =
	    "{\"session\":\"s\",\"message\":\"1\",\"output\":1}\n"
	    "  { \"session\" : \"s\" , \"message\":\"2\", \"output\" : 10 }\n"
	    "{\"session\":\"s\",\"message\":\"3\",\n"
	    "\n"
	    "{\"session\":\"s\",\"message\":\"5\",\"output\":100}\n"
	    "{\"session\":\"s\",\"message\":\"6\",\"reasoning\":9}\n"
	    "{\"session\":\"s\",\"message\":\"7\",\"output\":1000}";
	struct run r;

	serve();
	run_client(
	    &home, (const char *const[]){ "tt-send", "-", NULL }, lines, &r);
	cr_expect_neq(r.code, 0, "bad lines, and the exit code is 0");
	cr_expect_not_null(
	    strstr(r.err, "3"), "line 3 is not named: %s", r.err);
	cr_expect_not_null(
	    strstr(r.err, "6"), "line 6 is not named: %s", r.err);
	cr_expect_not_null(strstr(r.err, "reasoning"),
	    "the field of line 6 is not named: %s", r.err);
	run_free(&r);
	EXPECT_SUM(peer_total(&peer), SUM_OUTPUT, 1111);
}

Test(send, strict_stops_at_the_bad_line)
{
	static const char lines[] =
	    "{\"session\":\"s\",\"message\":\"1\",\"output\":1}\n"
	    "nonsense\n"
	    "{\"session\":\"s\",\"message\":\"3\",\"output\":100}\n";
	struct run r;

	serve();
	run_client(&home,
	    (const char *const[]){ "tt-send", "--strict", "-", NULL }, lines,
	    &r);
	cr_expect_neq(r.code, 0, "a bad line, and the exit code is 0");
	cr_expect_not_null(
	    strstr(r.err, "2"), "line 2 is not named: %s", r.err);
	run_free(&r);
	cr_expect_lt(peer_total(&peer).n[SUM_OUTPUT], 100, "it went on");
}

Test(send, the_aliases_of_other_systems_mean_our_fields)
{
	static const char lines[] =
	    "{\"session_id\":\"a\",\"message_id\":\"1\",\"provider_id\":\"p\","
	    "\"model_id\":\"m\",\"input_tokens\":1,\"output_tokens\":2,"
	    "\"cache_read_tokens\":4,\"cache_write_tokens\":8,"
	    "\"reasoning_tokens\":1,\"cost_usd\":0.5,"
	    "\"created_at\":\"2026-05-12T08:00:00Z\",\"success\":true}\n"
	    "{\"metadata\":{\"session_id\":\"a\"},\"request_id\":\"r9\","
	    "\"service\":\"p\",\"message\":\"2\",\"model\":\"m\","
	    "\"tokens_used\":100,\"cost_estimate\":\"0.25\","
	    "\"timestamp\":1778572800,\"success\":false,\"latency_ms\":5}\n";
	struct table t;
	struct run r;

	serve();
	run_client(
	    &home, (const char *const[]){ "tt-send", "-", NULL }, lines, &r);
	EXPECT_CODE(r, 0);
	run_free(&r);
	peer_expect_only(&peer, KEY_SESSION, "a");
	peer_expect_only(&peer, KEY_PROVIDER, "p");
	peer_expect_only(&peer, KEY_MODEL, "m");
	peer_report_by(&peer, REPORT_KEYS, &t);
	EXPECT_SUM(t.total, SUM_CALLS, 2);
	EXPECT_SUM(t.total, SUM_FAILED, 1);
	EXPECT_SUM(t.total, SUM_INPUT, 1);
	EXPECT_SUM(t.total, SUM_OUTPUT, 2);
	EXPECT_SUM(t.total, SUM_CACHE_READ, 4);
	EXPECT_SUM(t.total, SUM_CACHE_WRITE, 8);
	EXPECT_SUM(t.total, SUM_REASONING, 1);
	EXPECT_SUM(t.total, SUM_OTHER, 100);
	cr_expect(t.total.cost == 750000000000, "cost %ld picodollars",
	    (long)t.total.cost);
	table_free(&t);
}

Test(send, usage_objects_of_openai_and_anthropic_are_normalised)
{
	static const char lines[] =
	    "{\"session\":\"s\",\"message\":\"1\",\"model\":\"grove-5\","
	    "\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":20,"
	    "\"total_tokens\":120,\"prompt_tokens_details\":"
	    "{\"cached_tokens\":60},\"completion_tokens_details\":"
	    "{\"reasoning_tokens\":5}}}\n"
	    "{\"session\":\"s\",\"message\":\"2\",\"model\":\"claude\","
	    "\"usage\":{\"input_tokens\":1000,\"output_tokens\":200,"
	    "\"cache_read_input_tokens\":3000,"
	    "\"cache_creation_input_tokens\":4000}}\n";
	struct sums s;
	struct run r;

	serve();
	run_client(
	    &home, (const char *const[]){ "tt-send", "-", NULL }, lines, &r);
	EXPECT_CODE(r, 0);
	run_free(&r);
	s = peer_total(&peer);
	EXPECT_SUM(s, SUM_INPUT, 1040);
	EXPECT_SUM(s, SUM_CACHE_READ, 3060);
	EXPECT_SUM(s, SUM_CACHE_WRITE, 4000);
	EXPECT_SUM(s, SUM_OUTPUT, 220);
	EXPECT_SUM(s, SUM_REASONING, 5);
	EXPECT_SUM(s, SUM_OTHER, 0);
}

Test(send, a_dry_run_prints_the_event_and_sends_nothing)
{
	struct run r;

	serve();
	RUN(&home, &r, "tt-send", "--dry-run", "--session", "s", "--message",
	    "m", "--input", "12", "--cost", "0.10");
	EXPECT_CODE(r, 0);
	cr_expect_not_null(strstr(r.out, "\"session\":\"s\""), "%s", r.out);
	cr_expect_not_null(strstr(r.out, "\"input\":12"), "%s", r.out);
	cr_expect_not_null(strstr(r.out, "0.1"), "%s", r.out);
	run_free(&r);
	EXPECT_SUM(peer_total(&peer), SUM_CALLS, 0);
}

Test(send, what_a_dry_run_prints_can_be_sent)
{
	struct run dry, r;

	serve();
	RUN(&home, &dry, "tt-send", "--dry-run", "--session", "a \"b\" \\ c",
	    "--message", "m", "--input", "12", "--output", "3", "--cost",
	    "0.000000000001");
	run_client(
	    &home, (const char *const[]){ "tt-send", "-", NULL }, dry.out, &r);
	EXPECT_CODE(r, 0);
	run_free(&r);
	run_free(&dry);
	peer_expect_only(&peer, KEY_SESSION, "a \"b\" \\ c");
	cr_expect(peer_total(&peer).cost == 1, "cost %ld picodollars",
	    (long)peer_total(&peer).cost);
}

/* Asks again and again: the spool is taken in beside the serving. */
static void
await_calls(uint64_t want)
{
	int64_t deadline = now_us() + DEADLINE_MS * 1000ll;
	uint64_t got = 0;

	while (got < want && now_us() < deadline)
		got = peer_total(&peer).n[SUM_CALLS];
	cr_assert_eq(got, want, "%lu calls of %lu came out of the spool",
	    (unsigned long)got, (unsigned long)want);
}

Test(send, without_a_daemon_the_event_waits_in_the_spool_for_its_start)
{
	struct run r;
	int i;

	for (i = 0; i < 3; i++) {
		RUN(&home, &r, "tt-send", "--session", "s", "--output", "5");
		EXPECT_CODE(r, 0);
		run_free(&r);
	}
	cr_expect_geq(dir_count(home.spool), 1, "no file in %s", home.spool);
	serve();
	/* Taken in at start; the unlink comes after the commit. */
	await_calls(3);
	EXPECT_SUM(peer_total(&peer), SUM_CALLS, 3);
	EXPECT_SUM(peer_total(&peer), SUM_OUTPUT, 15);
}

Test(send, a_spooled_event_keeps_its_own_time)
{
	int64_t edges[2] = { NOW_MS, NOW_MS + 900000 };
	struct report_query q = { .edges = edges, .nedges = 2 };
	struct table t;
	struct run r;

	RUN(&home, &r, "tt-send", "--session", "s", "--message", "m",
	    "--output", "5");
	EXPECT_CODE(r, 0);
	run_free(&r);
	home_env(&home, "TT_NOW", "2026-05-12T18:00:00Z");
	serve();
	await_calls(1);
	peer_report(&peer, &q, &t);
	cr_expect_eq(t.total.n[SUM_CALLS], 1,
	    "it is counted when it was taken in, not when it happened");
	table_free(&t);
}

/* Waits for names to appear in or vanish from a directory. */
static bool
dir_becomes(const char *path, int want)
{
	struct pollfd p = { .events = POLLIN };
	int64_t deadline = now_us() + DEADLINE_MS * 1000ll;
	char events[4096];

	p.fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	inotify_add_watch(
	    p.fd, path, IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO);
	while (dir_count(path) != want && now_us() < deadline)
		if (poll(&p, 1, 1000) == 1 &&
		    read(p.fd, events, sizeof(events)) < 0)
			break;
	close(p.fd);
	return dir_count(path) == want;
}

static void
spool_one(struct run *r, const char *message)
{
	/* It finds nobody at this socket; the daemon listens at another. */
	home_env(&home, "TT_SOCKET", "/nonexistent/tt.sock");
	RUN(&home, r, "tt-send", "--session", "s", "--message", message,
	    "--output", "5");
	home_env(&home, "TT_SOCKET", NULL);
}

Test(send, a_running_daemon_takes_the_spool_in_when_it_changes)
{
	struct run r;
	int files;

	serve();
	spool_one(&r, "m");
	EXPECT_CODE(r, 0);
	run_free(&r);
	await_calls(1);
	files = dir_count(home.spool);
	/* `bad` may stand there, for what is refused. */
	cr_expect(dir_becomes(home.spool, 0) || dir_becomes(home.spool, 1),
	    "%d files stay in the spool", files);
	EXPECT_SUM(peer_total(&peer), SUM_OUTPUT, 5);
}

Test(send, an_event_that_is_both_acked_and_spooled_counts_once)
{
	struct run r;

	serve();
	RUN(&home, &r, "tt-send", "--session", "s", "--message", "m",
	    "--output", "5");
	EXPECT_CODE(r, 0);
	run_free(&r);
	spool_one(&r, "m");
	EXPECT_CODE(r, 0);
	run_free(&r);
	spool_one(&r, "n");
	run_free(&r);
	await_calls(2);
	EXPECT_SUM(peer_total(&peer), SUM_CALLS, 2);
}

Test(send, no_spool_says_that_the_daemon_is_not_there)
{
	struct run r;

	RUN(&home, &r, "tt-send", "--no-spool", "--session", "s", "--output",
	    "5");
	EXPECT_CODE(r, 3);
	cr_expect_gt(strlen(r.err), 0, "nothing on stderr");
	cr_expect_leq(dir_count(home.spool), 0, "a file in the spool");
	run_free(&r);
}

Test(send, what_the_daemon_refuses_is_not_spooled)
{
	struct run r;

	serve();
	RUN(&home, &r, "tt-send", "--session", "s", "--message", "m",
	    "--output", "1", "--reasoning", "2");
	cr_expect(
	    r.code == 2 || r.code == 4, "exit code %d: %s", r.code, r.err);
	cr_expect_not_null(strstr(r.err, "reasoning"), "stderr: %s", r.err);
	run_free(&r);
	EXPECT_SUM(peer_total(&peer), SUM_CALLS, 0);
}

Test(send, a_bad_option_is_one_clear_line)
{
	struct run r;

	RUN(&home, &r, "tt-send", "--session", "s", "--input", "many");
	EXPECT_CODE(r, 2);
	cr_expect_not_null(strstr(r.err, "input"), "stderr: %s", r.err);
	run_free(&r);
	RUN(&home, &r, "tt-send", "--session", "s", "--imput", "5");
	EXPECT_CODE(r, 2);
	cr_expect_not_null(strstr(r.err, "imput"), "stderr: %s", r.err);
	run_free(&r);
	RUN(&home, &r, "tt-send", "--input", "5");
	EXPECT_CODE(r, 2);
	cr_expect_not_null(strstr(r.err, "session"), "stderr: %s", r.err);
	run_free(&r);
}

Test(send, help_and_version_go_to_stdout)
{
	struct run r;

	RUN(&home, &r, "tt-send", "--help");
	EXPECT_CODE(r, 0);
	cr_expect_not_null(strstr(r.out, "--cache-write-1h"), "%s", r.out);
	run_free(&r);
	RUN(&home, &r, "tt-send", "--version");
	EXPECT_CODE(r, 0);
	cr_expect_not_null(strstr(r.out, TT_VERSION), "%s", r.out);
	run_free(&r);
	RUN(&home, &r, "tt", "send", "--version");
	EXPECT_CODE(r, 0);
	cr_expect_not_null(strstr(r.out, TT_VERSION), "tt send: %s", r.out);
	run_free(&r);
}

Test(send, ten_thousand_lines_arrive)
{
	char *lines = malloc(10000 * 80), *at = lines;
	struct run r;
	int i;

	for (i = 0; i < 10000; i++)
		at += snprintf(at, 80,
		    "{\"session\":\"s%d\",\"message\":\"%d\",\"output\":2}\n",
		    i % 7, i);
	serve();
	run_client(
	    &home, (const char *const[]){ "tt-send", "-", NULL }, lines, &r);
	EXPECT_CODE(r, 0);
	run_free(&r);
	free(lines);
	EXPECT_SUM(peer_total(&peer), SUM_CALLS, 10000);
	EXPECT_SUM(peer_total(&peer), SUM_OUTPUT, 20000);
}

Test(send, ten_thousand_lines_wait_in_the_spool)
{
	char *lines = malloc(10000 * 80), *at = lines;
	struct run r;
	int i;

	for (i = 0; i < 10000; i++)
		at += snprintf(at, 80,
		    "{\"session\":\"s%d\",\"message\":\"%d\",\"output\":2}\n",
		    i % 7, i);
	run_client(
	    &home, (const char *const[]){ "tt-send", "-", NULL }, lines, &r);
	EXPECT_CODE(r, 0);
	run_free(&r);
	free(lines);
	serve();
	await_calls(10000);
	EXPECT_SUM(peer_total(&peer), SUM_OUTPUT, 20000);
}

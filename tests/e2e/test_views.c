/*
 * The views of tt-report over a real daemon: what each tells people and
 * programs, exactly.
 */
#include "tests/e2e/answer.h"
#include "tests/e2e/peer.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#define MINUTE 60000ll
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

static struct home home, other;
static struct peer peer = { .fd = -1 };
static struct answer answer;

static void
setup(void)
{
	home_make(&home);
	home_env(&home, "TT_NOW", NOW_TEXT);
	home_env(&home, "TZ", "UTC");
}

static void
teardown(void)
{
	answer_free(&answer);
	peer_close(&peer);
	home_finish(&home);
}

TestSuite(views, .init = setup, .fini = teardown, .timeout = 120);

static struct event
call(const char *session, const char *message, const char *model, int64_t ago,
    uint64_t input, uint64_t output)
{
	struct event ev = sight(session, message, input, output);

	ev.text[EV_MODEL] = text_of(model);
	ev.ts_ms = NOW_MS - ago;
	return ev;
}

/*
 * NOW is Tuesday 2026-05-12, 10:00. claude-sonnet-4-5 is sold at 3 and 15 USD a
 * million tokens, from 0.30 for cached ones and at 6 and 22.50 beyond 200,000;
 * https://docs.anthropic.com/en/docs/about-claude/pricing.
 */
static void
put_some(void)
{
	struct event evs[7] = {
		call("one", "1", "claude-sonnet-4-5", 90 * MINUTE, 1000, 100),
		call("one", "2", "claude-sonnet-4-5", 30 * MINUTE, 300000, 10),
		call("one", "3", "nobody-knows-1", 20 * MINUTE, 50, 5),
		call("two", "4", "claude-sonnet-4-5", DAY, 2000, 200),
		call("two", "5", "house-model", DAY + HOUR, 10, 1),
		call("two", "6", "claude-sonnet-4-5", DAY, 9000, 900),
		call("old", "7", "claude-sonnet-4-5", 30 * DAY, 1000, 100),
	};

	evs[0].count[EV_CACHE_READ] = 3000;
	evs[2].text[EV_PROVIDER] = TEXT("nobody");
	evs[2].text[EV_PROJECT] = TEXT("=cmd()");
	evs[3].text[EV_BILLING] = TEXT("plan");
	evs[4].has_cost = true;
	evs[4].cost_pico = 250000000000;
	evs[5].is_void = true;
	peer_put(&peer, evs, 7);
}

static void
serve_some(void)
{
	daemon_start(&home);
	cr_assert(peer_open(&peer, home.socket), "no connection");
	put_some();
}

/* The same calls again, to a daemon that was restarted. */
static void
serve_again(void)
{
	peer_close(&peer);
	daemon_stop(&home);
	serve_some();
}

#define EXPECT_U64(row, key, want)                                             \
	cr_expect_eq(answer_u64(&answer, (row), (key)), (uint64_t)(want),      \
	    "row %d: %s is %lu, expected %lu", (row), (key),                   \
	    (unsigned long)answer_u64(&answer, (row), (key)),                  \
	    (unsigned long)(want))
#define EXPECT_TEXT(row, key, want)                                            \
	cr_expect_str_eq(answer_text(&answer, (row), (key)), (want),           \
	    "row %d: %s is %s, expected %s", (row), (key), answer.text,        \
	    (want))
#define EXPECT_PATH(path, want)                                                \
	cr_expect_str_eq(answer_path(&answer, (path)), (want),                 \
	    "%s is %s, expected %s in %s", (path), answer.text, (want),        \
	    answer.run.out)

/* Runs it; the exit code must be that, and the text in its output. */
static void
expect_says(int code, const char *input, const char *const *argv,
    const char *const *texts)
{
	struct run r;

	run_client(&home, argv, input, &r);
	cr_expect_eq(r.code, code, "%s: exit code %d, expected %d: %s", argv[1],
	    r.code, code, r.err);
	for (; *texts != NULL; texts++)
		cr_expect_not_null(strstr(r.out, *texts), "%s: no \"%s\" in %s",
		    argv[1], *texts, r.out);
	cr_expect_null(strchr(r.out, '\033'), "%s steers terminals", argv[1]);
	run_free(&r);
}

#define ARGS(...)                                                              \
	(const char *const[])                                                  \
	{                                                                      \
		"tt-report", __VA_ARGS__, NULL                                 \
	}
#define TEXTS(...)                                                             \
	(const char *const[])                                                  \
	{                                                                      \
		__VA_ARGS__, NULL                                              \
	}

Test(views, a_bill_adds_up_line_by_line)
{
	serve_some();
	ASK(&answer, &home, "bill");
	cr_assert_eq(answer_rows(&answer), 4, "%s", answer.run.out);
	EXPECT_TEXT(0, "model", "claude-sonnet-4-5");
	EXPECT_TEXT(0, "priced", "table");
	EXPECT_TEXT(0, "above", "null");
	/* 3,000 input, 300 output and 3,000 cached */
	EXPECT_TEXT(0, "amount_usd", "0.0144");
	EXPECT_TEXT(0, "cost_usd", "0.0144");
	EXPECT_TEXT(0, "plan_cost_usd", "0.009");
	EXPECT_TEXT(1, "above", "200000");
	/* 300,000 at 6 and 10 at 22.50 */
	EXPECT_TEXT(1, "amount_usd", "1.800225");
	EXPECT_TEXT(2, "priced", "reported");
	EXPECT_TEXT(2, "amount_usd", "0.25");
	EXPECT_TEXT(3, "priced", "none");
	EXPECT_TEXT(3, "amount_usd", "null");
	EXPECT_PATH("amount_usd", "2.064625");
	EXPECT_TEXT(-1, "cost_usd", "2.064625");
	EXPECT_PATH("period.from", "2026-05-01T00:00:00+00:00");
	expect_says(0, "", ARGS("bill", "--exact"),
	    TEXTS("anthropic/claude-sonnet-4-5", "list price beyond 200K",
		"$1.80", "$2.064625+", "nobody/nobody-knows-1: 1 calls",
		"A plan covers $0.009"));
}

Test(views, a_bill_of_a_day_has_that_day)
{
	serve_some();
	ASK(&answer, &home, "bill", "--date", "2026-05-11");
	EXPECT_U64(-1, "calls", 2);
	EXPECT_PATH("amount_usd", "0.259");
	answer_free(&answer);
	ASK(&answer, &home, "bill", "2026-05-11", "--model", "house");
	EXPECT_PATH("amount_usd", "0.25");
}

Test(views, a_summary_tells_how_the_period_went)
{
	serve_some();
	ASK(&answer, &home, "summary");
	cr_expect_eq(answer_rows(&answer), 3, "%s", answer.run.out);
	EXPECT_PATH("details.days", "12");
	EXPECT_PATH("details.peak_day.day", "2026-05-12");
	EXPECT_PATH("details.lowest_day.day", "2026-05-11");
	EXPECT_PATH("details.peak_day.cost_usd", "1.805625");
	/* 2.064625 of 12 days and 5 calls, cut at 12 decimals */
	EXPECT_PATH("details.average_day.cost_usd", "0.172052083333");
	EXPECT_PATH("details.average_call.cost_usd", "0.412925");
	EXPECT_PATH("details.before.from", "2026-04-01T00:00:00+00:00");
	EXPECT_PATH("details.before.to", "2026-04-12T10:15:00+00:00");
	EXPECT_PATH("details.before.calls", "1");
	EXPECT_PATH("details.before.cost_usd", "0.0045");
	/* 3,000 of 306,060 prompt tokens */
	EXPECT_PATH("details.cache_hit_percent", "1.0");
	expect_says(0, "", ARGS("summary"),
	    TEXTS("this week", "average a day", "peak day        2026-05-12",
		"cache hits", "claude-sonnet-4-5", "(plan $0.009)"));
}

Test(views, a_session_has_its_models_and_what_they_cost)
{
	serve_some();
	ASK(&answer, &home, "session", "one");
	EXPECT_PATH("session", "one");
	EXPECT_PATH("agent", "claude-code");
	EXPECT_PATH("duration_ms", "4200000");
	EXPECT_PATH("context", "null");
	EXPECT_TEXT(-1, "cost_usd", "1.805625");
	EXPECT_U64(-1, "calls", 3);
	cr_expect_eq(answer_rows(&answer), 3, "%s", answer.run.out);
	expect_says(0, "", ARGS("session", "one"),
	    TEXTS("Session: 304K tokens | $1.81+ | 3 msgs | 1h 10m\n",
		"  anthropic/claude-sonnet-4-5: 304K tokens | $1.81 | 2 msgs"));
	expect_says(0, "", ARGS("session", "one", "--full"),
	    TEXTS("cache hits      1.0%", "cache read", "0.30"));
	expect_says(4, "", ARGS("session", "never-heard"), TEXTS(""));
}

Test(views, the_last_session_is_the_one_heard_last)
{
	struct event ev = call("late", "1", "gpt-5", 40 * DAY, 1, 1);

	serve_some();
	peer_put(&peer, &ev, 1);
	ASK(&answer, &home, "session");
	EXPECT_PATH("session", "late");
}

Test(views, sessions_are_sorted_and_cut)
{
	serve_some();
	ASK(&answer, &home, "sessions");
	cr_assert_eq(answer_rows(&answer), 2, "%s", answer.run.out);
	EXPECT_TEXT(0, "session", "one");
	EXPECT_TEXT(0, "first", "2026-05-12T08:30:00+00:00");
	EXPECT_TEXT(0, "last", "2026-05-12T09:45:00+00:00");
	EXPECT_U64(-1, "sessions", 2);
	answer_free(&answer);
	ASK(&answer, &home, "sessions", "year", "--sort", "cost", "--limit",
	    "2");
	cr_assert_eq(answer_rows(&answer), 2, "%s", answer.run.out);
	EXPECT_TEXT(1, "session", "two");
	EXPECT_U64(-1, "sessions", 3);
	answer_free(&answer);
	ASK(&answer, &home, "sessions", "year", "--sort", "tokens");
	EXPECT_TEXT(2, "session", "old");
	expect_says(0, "", ARGS("sessions", "--sort", "calls"),
	    TEXTS("session", "project", "total", "$1.81+"));
	expect_says(0, "", ARGS("sessions", "--csv", "--model", "nobody"),
	    TEXTS("session,machine,agent,project,first,last,calls,",
		"\"'=cmd()\""));
	expect_says(2, "", ARGS("sessions", "--sort", "colour"), TEXTS(""));
}

Test(views, blocks_begin_with_use_and_one_is_active)
{
	serve_some();
	ASK(&answer, &home, "blocks");
	cr_assert_eq(answer_rows(&answer), 2, "%s", answer.run.out);
	EXPECT_TEXT(0, "start", "2026-05-11T09:00:00+00:00");
	EXPECT_TEXT(0, "active", "false");
	EXPECT_TEXT(0, "projection", "null");
	EXPECT_TEXT(1, "start", "2026-05-12T08:00:00+00:00");
	EXPECT_TEXT(1, "end", "2026-05-12T13:00:00+00:00");
	EXPECT_TEXT(1, "active", "true");
	EXPECT_TEXT(1, "cost_usd", "1.805625");
	answer_free(&answer);
	ASK(&answer, &home, "blocks", "--active", "--length", "2");
	cr_assert_eq(answer_rows(&answer), 0, "%s", answer.run.out);
	expect_says(0, "", ARGS("blocks"),
	    TEXTS("2026-05-12 08:00 +00:00", "3h 00m left", "without use"));
	expect_says(0, "", ARGS("blocks", "--active", "--agent", "nobody"),
	    TEXTS("No block is active."));
}

#define STATE                                                                  \
	"{\"session_id\":\"one\",\"model\":{\"display_name\":\"Sonnet\"},"     \
	"\"workspace\":{\"project_dir\":\"/home/u/web\"},"                     \
	"\"cost\":{\"total_cost_usd\":0.5},"                                   \
	"\"context_window\":{\"total_input_tokens\":15500,"                    \
	"\"context_window_size\":200000},\"rate_limits\":{\"five_hour\":"      \
	"{\"used_percentage\":23.5,\"resets_at\":1778585000}}}"

Test(views, a_status_line_asks_and_tells_the_ledger)
{
	serve_some();
	expect_says(0, STATE, ARGS("statusline"),
	    TEXTS("Sonnet | $1.81+ session | 304K tokens | $1.81+ today | "
		  "5h 24% | context 8%\n"));
	expect_says(0, STATE,
	    ARGS("statusline", "--format",
		"{project} {block_left}[ {seven_day}] {context_left}"),
	    TEXTS("web 3h 00m 92%\n"));
	/* What it was handed is there for who asks; it did not wait for it. */
	do {
		answer_free(&answer);
		ASK(&answer, &home, "session", "one");
	} while (strcmp(answer_path(&answer, "context"), "null") == 0);
	EXPECT_PATH("context.used", "15500");
	EXPECT_PATH("context.left", "184500");
	expect_says(0, "",
	    ARGS("statusline", "--session", "one", "--format",
		"{model} {context} {five_hour}"),
	    TEXTS("claude-sonnet-4-5 8% 24%\n"));
	expect_says(0, STATE, ARGS("statusline", "--json"),
	    TEXTS("{\"schema_version\":1,\"text\":\"Sonnet | ",
		"\"session_calls\":\"3\"", "\"seven_day\":null"));
}

Test(views, a_status_line_never_fails)
{
	home_env(&home, "TT_AUTOSTART", "1");
	expect_says(0, STATE, ARGS("statusline"),
	    TEXTS("Sonnet | $0.50 session | 5h 24% | context 8%\n"));
	cr_expect_eq(access(home.socket, F_OK), -1, "it started a daemon");
	expect_says(0, "garbage", ARGS("statusline"), TEXTS("-\n"));
	expect_says(
	    0, "", ARGS("statusline", "--tz", "Mars/Olympus"), TEXTS("-\n"));
	home_write(&home, "config", "[nonsense]\nx = 1\n");
	expect_says(0, STATE, ARGS("statusline"), TEXTS("Sonnet"));
}

Test(views, explain_tells_of_every_event)
{
	serve_some();
	ASK(&answer, &home, "explain", "two");
	cr_assert_eq(answer_rows(&answer), 3, "%s", answer.run.out);
	EXPECT_TEXT(0, "rule", "reported");
	EXPECT_TEXT(0, "cost_usd", "0.25");
	EXPECT_TEXT(1, "counts", "true");
	EXPECT_TEXT(1, "priced", "table");
	EXPECT_TEXT(1, "entry", "anthropic/claude-sonnet-4-5");
	EXPECT_TEXT(2, "counts", "false");
	EXPECT_TEXT(2, "why", "void");
	EXPECT_TEXT(-1, "cost_usd", "0.259");
	EXPECT_TEXT(-1, "plan_cost_usd", "0.009");
	answer_free(&answer);
	ASK(&answer, &home, "explain", "2026-05-12");
	cr_expect_eq(answer_rows(&answer), 3, "%s", answer.run.out);
	EXPECT_TEXT(-1, "cost_usd", "1.805625");
	expect_says(0, "", ARGS("explain", "two"),
	    TEXTS("void: undone", "the published price of",
		"2 calls count and 1 do not: 2,211 tokens, $0.259"));
	expect_says(2, "", ARGS("explain"), TEXTS(""));
}

Test(views, a_doctor_finds_a_good_ledger_good)
{
	serve_some();
	ASK(&answer, &home, "doctor");
	EXPECT_PATH("good", "true");
	EXPECT_PATH("events", "7");
	EXPECT_PATH("calls", "6");
	EXPECT_PATH("rejected", "0");
	cr_expect_not_null(strstr(answer.run.out, "nobody-knows-1"),
	    "what has no price is not told: %s", answer.run.out);
	expect_says(0, "", ARGS("doctor"),
	    TEXTS("All sums are what the calls add up to.", "nobody-knows-1"));
}

Test(views, a_source_that_went_silent_is_told)
{
	struct event ev = call("s", "m", "gpt-5", 0, 1, 1);
	struct reply reply;

	serve_some();
	ev.text[EV_AGENT] = TEXT("codex");
	cr_assert(peer_clock(&peer, NOW_MS + 8 * DAY, &reply));
	peer_put(&peer, &ev, 1);
	home_env(&home, "TT_NOW", "2026-05-20T10:00:00Z");
	expect_says(0, "", ARGS("doctor"), TEXTS("silent: agent claude-code"));
	ASK(&answer, &home, "doctor");
	cr_expect_null(strstr(answer.run.out, "\"agent\":\"codex\""),
	    "codex is silent: %s", answer.run.out);
}

/* All there is over there, by model and session, as one text. */
static char *
everything(const struct home *h)
{
	struct run r;
	char *out;

	RUN(h, &r, "tt-report", "all", "--by", "model,session,billing",
	    "--json");
	cr_assert_eq(r.code, 0, "exit code %d: %s", r.code, r.err);
	out = r.out;
	r.out = NULL;
	run_free(&r);
	return out;
}

Test(views, two_machines_merge_and_nothing_doubles)
{
	struct run exported, sent;
	char *here, *there;
	int i;

	serve_some();
	RUN(&home, &exported, "tt-report", "events");
	cr_assert_eq(exported.code, 0, "%s", exported.err);
	home_make(&other);
	home_env(&other, "TT_NOW", NOW_TEXT);
	home_env(&other, "TZ", "UTC");
	daemon_start(&other);
	here = everything(&home);
	for (i = 0; i < 2; i++) {
		run_client(&other,
		    (const char *const[]){ "tt-send", "-", NULL }, exported.out,
		    &sent);
		cr_expect_eq(sent.code, 0, "%s", sent.err);
		run_free(&sent);
		there = everything(&other);
		cr_expect_str_eq(
		    there, here, "round %d:\n%s\nnot\n%s", i, there, here);
		free(there);
	}
	free(here);
	run_free(&exported);
	home_finish(&other);
}

static size_t
lines(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += *text == '\n';
	return n;
}

static size_t
exported(const char *option, const char *value)
{
	struct run r;
	size_t n;

	RUN(&home, &r, "tt-report", "events", option, value);
	cr_expect_eq(r.code, 0, "%s %s: %s", option, value, r.err);
	n = lines(r.out);
	run_free(&r);
	return n;
}

Test(views, an_export_is_bounded_by_time_and_goes_on_from_its_cursor)
{
	struct event ev = call("new", "1", "gpt-5", 0, 1, 1);
	char file[128];
	struct run r;

	serve_some();
	cr_expect_eq(exported("--since", "2026-05-12"), 3);
	cr_expect_eq(exported("--until", "2026-05-11"), 4);
	cr_expect_eq(exported("--since", "2026-05-12T09:25:00Z"), 2);
	cr_expect_eq(exported("--since", "week"), 6);
	cr_expect_eq(exported("--session", "two"), 3);
	snprintf(file, sizeof(file), "%s/cursor", home.dir);
	cr_expect_eq(exported("--cursor-file", file), 7);
	cr_expect_eq(exported("--cursor-file", file), 0);
	peer_put(&peer, &ev, 1);
	cr_expect_eq(exported("--cursor-file", file), 1);
	RUN(&home, &r, "tt-report", "events", "--print-cursor");
	cr_expect_gt(strtoull(r.err, NULL, 10), 0, "no cursor: %s", r.err);
	r.err[strcspn(r.err, "\n")] = '\0';
	cr_expect_eq(exported("--since-cursor", r.err), 0);
	run_free(&r);
}

/* Reads until that many lines have come. */
static void
read_lines(int fd, char *buf, size_t cap, size_t want)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t len = 0;
	ssize_t n = 1;

	buf[0] = '\0';
	while (lines(buf) < want && n > 0 && len + 1 < cap) {
		cr_assert_eq(poll(&p, 1, DEADLINE_MS), 1, "only %s", buf);
		n = read(fd, buf + len, cap - 1 - len);
		len += n > 0 ? (size_t)n : 0;
		buf[len] = '\0';
	}
}

Test(views, a_follower_sees_calls_as_they_come_and_survives_a_restart)
{
	struct event ev = call("new", "a", "gpt-5", 0, 1, 1);
	int out[2], null = open("/dev/null", O_RDWR | O_CLOEXEC);
	char buf[16384];
	pid_t pid;

	serve_some();
	cr_assert_eq(pipe(out), 0);
	pid = child_start(&home,
	    (const char *const[]){
		"tt-report", "follow", "--since-cursor", "0", NULL },
	    (const int[]){ null, out[1], null }, -1, -1);
	close(out[1]);
	read_lines(out[0], buf, sizeof(buf), 7);
	cr_expect_eq(lines(buf), 7, "%s", buf);
	peer_put(&peer, &ev, 1);
	read_lines(out[0], buf, sizeof(buf), 1);
	cr_expect_not_null(strstr(buf, "\"message\":\"a\""), "%s", buf);
	peer_close(&peer);
	daemon_stop(&home);
	daemon_start(&home);
	cr_assert(peer_open(&peer, home.socket), "no connection");
	ev.text[EV_MESSAGE] = TEXT("b");
	peer_put(&peer, &ev, 1);
	read_lines(out[0], buf, sizeof(buf), 1);
	cr_expect_not_null(strstr(buf, "\"message\":\"b\""), "%s", buf);
	cr_expect_eq(lines(buf), 1, "something doubled: %s", buf);
	kill(pid, SIGTERM);
	child_wait(pid);
	close(out[0]);
	close(null);
}

Test(views, options_may_come_before_the_view)
{
	struct run a, b;

	serve_some();
	RUN(&home, &a, "tt-report", "--json", "bill");
	RUN(&home, &b, "tt-report", "bill", "--json");
	cr_expect_eq(a.code, 0, "%s", a.err);
	cr_expect_str_eq(a.out, b.out, "%s\nnot\n%s", a.out, b.out);
	run_free(&a);
	run_free(&b);
	/* A value is no view, and after -- there is none. */
	expect_says(
	    0, "", ARGS("--model", "status", "today"), TEXTS("2026-05-12"));
	expect_says(2, "", ARGS("--", "status"), TEXTS(""));
}

Test(views, each_has_help_and_refuses_what_it_does_not_know)
{
	static const char *const names[] = { "summary", "bill", "session",
		"sessions", "blocks", "statusline", "explain", "doctor",
		"events", "follow", "status" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		expect_says(0, "", ARGS(names[i], "--help"),
		    TEXTS("Usage: tt-report ", names[i]));
		expect_says(2, "", ARGS(names[i], "--nonsense"), TEXTS(""));
	}
}

/* Exit code 2, and why on stderr. */
static void
expect_refused(const char *const *argv, const char *why)
{
	struct run r;

	run_client(&home, argv, "", &r);
	cr_expect_eq(r.code, 2, "%s: exit code %d", argv[1], r.code);
	cr_expect_not_null(strstr(r.err, why), "no \"%s\" in %s", why, r.err);
	run_free(&r);
}

Test(views, pruning_drops_detail_and_no_sum)
{
	char *before, *after;

	serve_some();
	ASK(&answer, &home, "all", "--by", "model,day,session");
	before = strdup(answer.run.out);
	answer_free(&answer);
	expect_refused(ARGS("prune"), "--before DATE is required");
	expect_refused(ARGS("prune", "--before", "2026-02-30"),
	    "2026-02-30 is not a date");
	expect_refused(
	    ARGS("prune", "--before", "2026-05-01"), "--yes is needed");
	expect_says(0, "", ARGS("prune", "--before", "2026-05-01", "--yes"),
	    TEXTS("The detail of 1 calls was dropped"));
	expect_says(0, "", ARGS("prune", "--before", "2026-05-01", "--dry-run"),
	    TEXTS("The detail of 0 calls would be dropped"));
	expect_says(0, "", ARGS("doctor"), TEXTS("All sums are"));
	serve_again();
	ASK(&answer, &home, "all", "--by", "model,day,session");
	after = strdup(answer.run.out);
	cr_assert_str_eq(before, after, "%s became %s", before, after);
	free(before);
	free(after);
}

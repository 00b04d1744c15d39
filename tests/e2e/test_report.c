/* tt-report: what was asked, exactly, in every form; and one line when not. */
#include "tests/e2e/answer.h"
#include "tests/e2e/peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#define HOUR 3600000ll
#define DAY (24 * HOUR)

static struct home home;
static struct peer peer = { .fd = -1 };
static struct answer answer;

static void
setup(void)
{
	home_make(&home);
	home_env(&home, "TT_NOW", NOW_TEXT);
}

static void
teardown(void)
{
	answer_free(&answer);
	peer_close(&peer);
	home_finish(&home);
}

TestSuite(report, .init = setup, .fini = teardown, .timeout = 120);

static struct event
call(const char *session, const char *message, const char *model,
    int64_t ago_ms, uint64_t output)
{
	struct event ev = sight(session, message, 10 * output, output);

	ev.text[EV_MODEL] = text_of(model);
	ev.ts_ms = NOW_MS - ago_ms;
	return ev;
}

/* 2026-05-12 is a Tuesday. */
static void
serve_some(void)
{
	struct event evs[6] = {
		call("a", "1", "castle-sonnet-9", HOUR, 1),
		call("a", "2", "castle-opus-9", 2 * HOUR, 2),
		call("b", "3", "grove-5", 3 * HOUR, 4),
		call("b", "4", "grove-5", DAY, 8),
		call("c", "5", "grove-5-mini", 2 * DAY, 16),
		call("c", "6", "galaxy-2-pro", 40 * DAY, 32),
	};

	evs[2].text[EV_PROVIDER] = TEXT("openai");
	evs[2].text[EV_AGENT] = TEXT("codex");
	evs[3].text[EV_PROVIDER] = TEXT("openai");
	evs[4].text[EV_PROVIDER] = TEXT("openai");
	evs[5].text[EV_PROVIDER] = TEXT("google");
	evs[0].text[EV_PROJECT] = TEXT("=cmd()");
	evs[0].has_cost = evs[2].has_cost = true;
	evs[0].cost_pico = 423900000000;
	evs[2].cost_pico = 0;
	daemon_start(&home);
	cr_assert(peer_open(&peer, home.socket), "no connection");
	peer_put(&peer, evs, 6);
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

Test(report, today_has_the_calls_of_this_day)
{
	serve_some();
	ASK(&answer, &home, "today");
	EXPECT_U64(-1, "calls", 3);
	EXPECT_U64(-1, "sessions", 2);
	EXPECT_U64(-1, "output_tokens", 7);
	EXPECT_U64(-1, "input_tokens", 70);
	EXPECT_U64(-1, "total_tokens", 77);
	EXPECT_U64(-1, "unpriced_tokens", 22);
	EXPECT_TEXT(-1, "cost_usd", "0.4239");
	EXPECT_TEXT(-1, "plan_cost_usd", "0");
	cr_expect_str_eq(answer_path(&answer, "period.from"),
	    "2026-05-12T00:00:00+00:00", "from %s", answer.text);
	cr_expect_str_eq(answer_path(&answer, "period.to"),
	    "2026-05-13T00:00:00+00:00", "to %s", answer.text);
	cr_expect_str_eq(
	    answer_path(&answer, "period.tz"), "UTC", "tz %s", answer.text);
	cr_expect_str_eq(answer_path(&answer, "schema_version"), "1");
}

struct period_case {
	const char *arg;
	uint64_t output;
	const char *from;
};

static const struct period_case periods[] = {
	{ "today", 7, "2026-05-12T00:00:00+00:00" },
	{ "yesterday", 8, "2026-05-11T00:00:00+00:00" },
	{ "week", 15, "2026-05-11T00:00:00+00:00" },
	{ "month", 31, "2026-05-01T00:00:00+00:00" },
	{ "year", 63, "2026-01-01T00:00:00+00:00" },
	{ "2026-05-10", 16, "2026-05-10T00:00:00+00:00" },
	{ "2026-05-10..2026-05-11", 24, "2026-05-10T00:00:00+00:00" },
	{ "3d", 31, "2026-05-10T00:00:00+00:00" },
};

Test(report, each_kind_of_period_has_its_own_calls)
{
	size_t i;

	serve_some();
	for (i = 0; i < sizeof(periods) / sizeof(*periods); i++) {
		ASK(&answer, &home, periods[i].arg);
		cr_expect_eq(answer_u64(&answer, -1, "output_tokens"),
		    periods[i].output, "%s: %s output tokens, expected %lu",
		    periods[i].arg, answer_text(&answer, -1, "output_tokens"),
		    (unsigned long)periods[i].output);
		cr_expect_str_eq(answer_path(&answer, "period.from"),
		    periods[i].from, "%s: from %s", periods[i].arg,
		    answer.text);
		answer_free(&answer);
	}
	ASK(&answer, &home, "all");
	EXPECT_U64(-1, "output_tokens", 63);
}

Test(report, from_and_to_bound_the_period)
{
	serve_some();
	ASK(&answer, &home, "--from", "2026-05-10", "--to", "2026-05-11");
	EXPECT_U64(-1, "output_tokens", 24);
}

Test(report, rows_are_ordered_by_their_keys)
{
	serve_some();
	ASK(&answer, &home, "week", "--by", "day,provider");
	cr_assert_eq(answer_rows(&answer), 3, "%s", answer.run.out);
	EXPECT_TEXT(0, "day", "2026-05-11");
	EXPECT_TEXT(0, "provider", "openai");
	EXPECT_U64(0, "output_tokens", 8);
	EXPECT_TEXT(1, "day", "2026-05-12");
	EXPECT_TEXT(1, "provider", "anthropic");
	EXPECT_U64(1, "output_tokens", 3);
	EXPECT_U64(1, "sessions", 1);
	EXPECT_TEXT(2, "provider", "openai");
	EXPECT_U64(2, "output_tokens", 4);
}

struct by_case {
	const char *by;
	size_t rows;
};

static const struct by_case groups[] = {
	{ "day", 4 },
	{ "week", 3 },
	{ "month", 2 },
	{ "hour", 6 },
	{ "model", 5 },
	{ "provider", 3 },
	{ "agent", 2 },
	{ "project", 2 },
	{ "machine", 1 },
	{ "session", 3 },
	{ "branch", 1 },
	{ "account", 1 },
	{ "month,model", 5 },
	{ "model,session,day", 6 },
};

Test(report, every_key_groups_and_loses_nothing)
{
	size_t i, k, n;

	serve_some();
	for (i = 0; i < sizeof(groups) / sizeof(*groups); i++) {
		uint64_t sum = 0;

		ASK(&answer, &home, "--from", "2026-03-15", "--to",
		    "2026-05-12", "--by", groups[i].by);
		n = answer_rows(&answer);
		for (k = 0; k < n; k++)
			sum += answer_u64(&answer, (int)k, "output_tokens");
		cr_expect_eq(sum, 63, "by %s: rows add up to %lu", groups[i].by,
		    (unsigned long)sum);
		cr_expect_eq(n, groups[i].rows,
		    "by %s: %zu rows, expected %zu"
		    " in %s",
		    groups[i].by, n, groups[i].rows, answer.run.out);
		EXPECT_U64(-1, "output_tokens", 63);
		answer_free(&answer);
	}
}

struct filter_case {
	const char *option, *pattern;
	uint64_t output;
};

static const struct filter_case filters[] = {
	{ "--model", "castle-*", 3 },
	{ "--model", "SONNET", 1 },
	{ "--model", "grove-5", 28 },
	{ "--model", "grove-?", 12 },
	{ "--provider", "OpenAI", 28 },
	{ "--agent", "codex", 4 },
	{ "--session", "c", 48 },
	{ "--project", "cmd", 1 },
	{ "--model", "nothing-like-it", 0 },
};

Test(report, filters_match_by_substring_or_glob_whatever_the_case)
{
	size_t i;

	serve_some();
	for (i = 0; i < sizeof(filters) / sizeof(*filters); i++) {
		ASK(&answer, &home, "all", filters[i].option,
		    filters[i].pattern);
		cr_expect_eq(answer_u64(&answer, -1, "output_tokens"),
		    filters[i].output, "%s %s: %s, expected %lu",
		    filters[i].option, filters[i].pattern,
		    answer_text(&answer, -1, "output_tokens"),
		    (unsigned long)filters[i].output);
		answer_free(&answer);
	}
	ASK(&answer, &home, "all", "--model", "grove-5", "--session", "b");
	EXPECT_U64(-1, "output_tokens", 12);
	answer_free(&answer);
	ASK(&answer, &home, "all", "--model", "sonnet", "--model", "opus");
	EXPECT_U64(-1, "output_tokens", 3);
}

Test(report, an_empty_period_is_zeros_and_a_good_exit)
{
	struct run r;

	serve_some();
	ASK(&answer, &home, "2021-02-03");
	EXPECT_U64(-1, "calls", 0);
	EXPECT_U64(-1, "total_tokens", 0);
	EXPECT_U64(-1, "sessions", 0);
	RUN(&home, &r, "tt-report", "2021-02-03");
	cr_expect_eq(r.code, 0, "exit code %d: %s", r.code, r.err);
	cr_expect_gt(r.out_len, 0, "nothing was printed");
	run_free(&r);
}

Test(report, unpriced_is_unknown_and_free_is_zero)
{
	serve_some();
	ASK(&answer, &home, "yesterday");
	EXPECT_TEXT(-1, "cost_usd", "null");
	answer_free(&answer);
	ASK(&answer, &home, "today", "--agent", "codex");
	EXPECT_TEXT(-1, "cost_usd", "0");
	EXPECT_U64(-1, "unpriced_tokens", 0);
}

Test(report, the_table_marks_unpriced_and_partly_priced_sums)
{
	struct run r;

	serve_some();
	RUN(&home, &r, "tt-report", "yesterday");
	cr_expect_eq(r.code, 0, "exit code %d: %s", r.code, r.err);
	cr_expect_null(
	    strstr(r.out, "$0.00"), "unknown shown as free: %s", r.out);
	run_free(&r);
	RUN(&home, &r, "tt-report", "today");
	cr_expect_not_null(
	    strstr(r.out, "+"), "no + at a partly priced sum: %s", r.out);
	cr_expect_null(strchr(r.out, '\033'), "colour codes in a pipe");
	run_free(&r);
}

static void
expect_dull_error(int want, const char *const *argv, const char *mentions)
{
	struct run r;
	char *end;

	run_client(&home, argv, "", &r);
	cr_expect_eq(r.code, want, "%s: exit code %d, expected %d", argv[1],
	    r.code, want);
	cr_expect_eq(r.out_len, 0, "%s: stdout has %s", argv[1], r.out);
	end = strchr(r.err, '\n');
	cr_expect(end != NULL && end[1] == '\0', "%s: not one line: %s",
	    argv[1], r.err);
	cr_expect_not_null(strstr(r.err, mentions), "%s: no %s in %s", argv[1],
	    mentions, r.err);
	run_free(&r);
}

#define EXPECT_DULL(want, mentions, ...)                                       \
	expect_dull_error((want),                                              \
	    (const char *const[]){ "tt-report", __VA_ARGS__, NULL },           \
	    (mentions))

Test(report, impossible_dates_and_options_are_one_clear_line)
{
	serve_some();
	EXPECT_DULL(2, "2026-02-30", "2026-02-30");
	EXPECT_DULL(2, "2026-13-01", "2026-05-01..2026-13-01");
	EXPECT_DULL(2, "fortnight", "fortnight");
	EXPECT_DULL(2, "colour", "--by", "colour");
	EXPECT_DULL(2, "Mars/Olympus", "--tz", "Mars/Olympus");
	EXPECT_DULL(2, "frobnicate", "--frobnicate");
}

Test(report, a_missing_daemon_is_one_clear_line)
{
	EXPECT_DULL(3, "", "today");
	EXPECT_DULL(3, "", "week", "--json");
	EXPECT_DULL(3, "", "status");
	EXPECT_DULL(3, "", "summary");
}

/* The n-th line of a text, copied without its end. */
static char *
line_at(const char *text, int n, char *buf, size_t cap)
{
	for (; n > 0 && text != NULL; n--) {
		text = strchr(text, '\n');
		text = text == NULL ? NULL : text + 1;
	}
	snprintf(buf, cap, "%.*s",
	    text == NULL ? 0 : (int)strcspn(text, "\r\n"),
	    text == NULL ? "" : text);
	return buf;
}

static bool
starts(const char *line, const char *with)
{
	return strncmp(line, with, strlen(with)) == 0;
}

Test(report, csv_has_a_header_and_one_line_a_row)
{
	char line[1024];
	struct run r;

	serve_some();
	RUN(&home, &r, "tt-report", "week", "--by", "model", "--csv");
	cr_expect_eq(r.code, 0, "exit code %d: %s", r.code, r.err);
	line_at(r.out, 0, line, sizeof(line));
	cr_expect(starts(line, "model,"), "header %s", line);
	cr_expect_not_null(strstr(line, "output_tokens"), "header %s", line);
	line_at(r.out, 1, line, sizeof(line));
	cr_expect(starts(line, "castle-opus-9,"), "row %s", line);
	line_at(r.out, 3, line, sizeof(line));
	cr_expect(starts(line, "grove-5,"), "row %s", line);
	run_free(&r);
}

Test(report, csv_cells_are_no_formulas)
{
	struct run r;

	serve_some();
	RUN(&home, &r, "tt-report", "today", "--by", "project", "--csv");
	cr_expect_eq(r.code, 0, "exit code %d: %s", r.code, r.err);
	cr_expect_not_null(strstr(r.out, "cmd()"), "%s", r.out);
	cr_expect_null(strstr(r.out, "\n=cmd()"), "a formula: %s", r.out);
	run_free(&r);
}

Test(report, tsv_separates_by_tabs)
{
	char line[1024];
	struct run r;

	serve_some();
	RUN(&home, &r, "tt-report", "today", "--by", "agent,model", "--tsv");
	cr_expect_eq(r.code, 0, "exit code %d: %s", r.code, r.err);
	line_at(r.out, 1, line, sizeof(line));
	cr_expect(starts(line, "claude-code\tcastle-opus-9\t"), "row %s", line);
	run_free(&r);
}

Test(report, the_summary_has_today_this_week_and_this_month)
{
	struct run r;

	serve_some();
	RUN(&home, &r, "tt-report", "summary");
	cr_expect_eq(r.code, 0, "exit code %d: %s", r.code, r.err);
	cr_expect_gt(r.out_len, 40, "only %s", r.out);
	run_free(&r);
	RUN(&home, &r, "tt-report", "summary", "--year", "--all", "--json");
	cr_expect_eq(r.code, 0, "exit code %d: %s", r.code, r.err);
	cr_expect_eq(
	    json_parse(&answer.json, r.out, r.out_len), 0, "%s", r.out);
	run_free(&r);
}

Test(report, colour_comes_only_when_it_is_asked_for)
{
	struct run r;

	serve_some();
	RUN(&home, &r, "tt-report", "today", "--color=always");
	cr_expect_eq(r.code, 0, "exit code %d: %s", r.code, r.err);
	run_free(&r);
	home_env(&home, "NO_COLOR", "1");
	RUN(&home, &r, "tt-report", "today", "--color=auto");
	cr_expect_null(strchr(r.out, '\033'), "colour codes in a pipe");
	run_free(&r);
}

Test(report, texts_with_control_bytes_cannot_reach_a_terminal)
{
	struct event ev = sight("s", "m", 1, 1);
	struct run r;

	serve_some();
	ev.text[EV_PROJECT] = TEXT("a\033[31mb");
	peer_put_send(&peer, &ev, 1);
	RUN(&home, &r, "tt-report", "today", "--by", "project");
	cr_expect_null(strchr(r.out, '\033'), "an escape from an event");
	run_free(&r);
}

Test(report, output_that_cannot_be_written_is_a_system_error)
{
	struct run r;

	serve_some();
	RUN(&home, &r, "/bin/sh", "-c",
	    "\"${TT_BUILD:-build}\"/tt-report today >/dev/full");
	cr_expect_eq(r.code, 5, "exit code %d: %s", r.code, r.err);
	cr_expect_gt(strlen(r.err), 0, "nothing on stderr");
	run_free(&r);
}

Test(report, the_wrapper_runs_the_report)
{
	struct run direct, wrapped;

	serve_some();
	RUN(&home, &direct, "tt-report", "week", "--json");
	RUN(&home, &wrapped, "tt", "report", "week", "--json");
	cr_expect_eq(
	    wrapped.code, 0, "exit code %d: %s", wrapped.code, wrapped.err);
	cr_expect_str_eq(wrapped.out, direct.out);
	run_free(&direct);
	run_free(&wrapped);
}

Test(report, what_tt_send_sent_is_what_tt_report_shows)
{
	struct run r;

	daemon_start(&home);
	RUN(&home, &r, "tt-send", "--session", "s", "--model", "m", "--input",
	    "5", "--output", "3", "--cost", "0.05");
	cr_expect_eq(r.code, 0, "exit code %d: %s", r.code, r.err);
	run_free(&r);
	ASK(&answer, &home, "today", "--by", "model");
	EXPECT_TEXT(0, "model", "m");
	EXPECT_U64(0, "total_tokens", 8);
	EXPECT_TEXT(0, "cost_usd", "0.05");
}

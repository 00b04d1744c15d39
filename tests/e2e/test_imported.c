/* What other tools told, from their file to the report. */
#include "tests/e2e/answer.h"
#include "tests/e2e/peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <criterion/criterion.h>

#include "proto/json.h"

#define DAY 86400000ll

static struct home home;
static struct peer peer = { .fd = -1 };
static struct answer answer;

static void
setup(void)
{
	home_make(&home);
	home_env(&home, "TT_NOW", NOW_TEXT);
	home_env(&home, "TZ", "UTC");
	home_write(&home, "day.json",
	    "{\"daily\":[{\"date\":\"2026-05-11\",\"inputTokens\":10,"
	    "\"outputTokens\":5,\"totalCost\":0.25,\"modelsUsed\":"
	    "[\"claude-opus-9\"],\"modelBreakdowns\":[{\"modelName\":"
	    "\"claude-opus-9\",\"inputTokens\":10,\"outputTokens\":5,"
	    "\"cost\":0.25}]},{\"date\":\"2026-05-12\",\"inputTokens\":100,"
	    "\"modelsUsed\":[\"claude-opus-9\"],\"modelBreakdowns\":[]}]}");
	daemon_start(&home);
	cr_assert(peer_open(&peer, home.socket), "no connection");
}

static void
teardown(void)
{
	answer_free(&answer);
	peer_close(&peer);
	home_finish(&home);
}

TestSuite(imported, .init = setup, .fini = teardown, .timeout = 120);

/* tt-import with a file of the home; its output is freed. */
static void
import(const char *verb, const char *file, int want, const char *says)
{
	char path[160];
	struct run r;

	snprintf(path, sizeof(path), "%s/%s", home.dir, file);
	RUN(&home, &r, "tt-import", verb, path);
	cr_assert_eq(r.code, want, "%s %s: exit code %d: %s%s", verb, file,
	    r.code, r.out, r.err);
	cr_expect_not_null(strstr(want == 0 ? r.out : r.err, says),
	    "no %s in %s%s", says, r.out, r.err);
	run_free(&r);
}

static struct event
call(const char *message, int64_t ts_ms)
{
	struct event ev = sight("s", message, 1, 1);

	ev.text[EV_AGENT] = TEXT("claude-code");
	ev.ts_ms = ts_ms;
	return ev;
}

/* A member of "imported"; "" where there is none. */
static const char *
imported(const char *const *args, const char *key)
{
	static char text[64];
	const struct json_node *n;
	char path[64];

	answer_free(&answer);
	answer_ask(&answer, &home, args);
	snprintf(path, sizeof(path), "imported.%s", key);
	n = json_path(&answer.json, answer.json.nodes, path);
	text[0] = '\0';
	if (n != NULL)
		snprintf(text, sizeof(text), "%.*s", (int)n->len,
		    json_raw(&answer.json, n));
	return text;
}

#define EXPECT_IMPORTED(key, want, ...)                                        \
	do {                                                                   \
		const char *got_ = imported(                                   \
		    (const char *const[]){ __VA_ARGS__, NULL }, (key));        \
		cr_expect_str_eq(                                              \
		    got_, (want), "%s is %s, not %s", (key), got_, (want));    \
	} while (0)

Test(imported, days_are_shown_once_and_not_in_the_total_of_json)
{
	import("json", "day.json", 0, "2 days");
	import("json", "day.json", 0, "(0 new)");
	EXPECT_IMPORTED("total_tokens", "115", "week");
	EXPECT_IMPORTED("cost_usd", "0.25", "week");
	cr_expect_eq(answer_u64(&answer, -1, "total_tokens"), 0, "in total");
	cr_expect_eq(answer_rows(&answer), 0, "in a row");
	EXPECT_IMPORTED("total_tokens", "15", "yesterday");
	EXPECT_IMPORTED("cost_usd", "null", "today");
	/* Everything begins with the first day that anybody tells of. */
	EXPECT_IMPORTED("total_tokens", "115", "all");
}

Test(imported, days_with_calls_are_theirs)
{
	struct event ev = call("1", NOW_MS);

	import("json", "day.json", 0, "2 days");
	peer_put(&peer, &ev, 1);
	EXPECT_IMPORTED("total_tokens", "15", "week");
	EXPECT_IMPORTED("total_tokens", "", "today");
	ev.is_void = true;
	peer_put(&peer, &ev, 1);
	EXPECT_IMPORTED("total_tokens", "100", "today");
}

Test(imported, days_pass_filters_on_what_they_know)
{
	import("json", "day.json", 0, "2 days");
	EXPECT_IMPORTED("total_tokens", "15", "week", "--model", "opus");
	EXPECT_IMPORTED("total_tokens", "115", "week", "--agent", "claude-*");
	EXPECT_IMPORTED("total_tokens", "", "week", "--agent", "codex");
	EXPECT_IMPORTED("total_tokens", "", "week", "--project", "");
}

Test(imported, the_table_has_a_row_of_its_own_and_a_whole_total)
{
	struct event ev = call("1", NOW_MS);
	struct run r;

	import("json", "day.json", 0, "2 days");
	ev.has_cost = true;
	ev.cost_pico = MONEY_USD;
	peer_put(&peer, &ev, 1);
	RUN(&home, &r, "tt-report", "week", "--exact");
	cr_assert_eq(r.code, 0, "exit code %d: %s", r.code, r.err);
	cr_expect_not_null(strstr(r.out, "imported"), "%s", r.out);
	cr_expect_not_null(strstr(r.out, "$1.25"), "no whole: %s", r.out);
	run_free(&r);
	RUN(&home, &r, "tt-report", "week", "--by", "none");
	cr_expect_not_null(strstr(r.out, "\nimported"), "%s", r.out);
	cr_expect_not_null(strstr(r.out, "\ntotal"), "%s", r.out);
	run_free(&r);
	RUN(&home, &r, "tt-report", "week", "--lang", "zh");
	cr_expect_not_null(strstr(r.out, "导入"), "%s", r.out);
	run_free(&r);
	RUN(&home, &r, "tt-report", "week", "--csv");
	cr_expect_null(strstr(r.out, "imported"), "a row in CSV: %s", r.out);
	run_free(&r);
}

Test(imported, records_of_calls_are_calls)
{
	home_write(&home, "usage-data.json",
	    "[{\"timestamp\":\"2026-05-12T09:00:00Z\",\"service\":\"nobody\","
	    "\"model\":\"m\",\"tokens_used\":1250,\"cost_estimate\":0.005}]");
	import("json", "usage-data.json", 0, "1 calls (1 new)");
	import("json", "usage-data.json", 0, "1 calls (0 new)");
	ASK(&answer, &home, "today", "--by", "provider");
	cr_expect_eq(answer_u64(&answer, -1, "total_tokens"), 1250, "%s",
	    answer.run.out);
	cr_expect_str_eq(answer_text(&answer, 0, "provider"), "nobody");
}

Test(imported, files_that_are_none_of_them_are_one_clear_line)
{
	home_write(&home, "bad.json", "{\"monthly\":[{}],\"totals\":{}}");
	import("json", "bad.json", 2, "monthly");
	home_write(&home, "bad.json", "{\"daily\":");
	import("json", "bad.json", 2, "bad.json: not JSON");
	import("json", "missing.json", 5, "missing.json: ");
	import("config", "day.json", 2, "no prices");
}

Test(imported, json_is_json_where_a_file_fails)
{
	char good[160], missing[160];
	struct json j = { 0 };
	struct run r;

	snprintf(good, sizeof(good), "%s/day.json", home.dir);
	snprintf(missing, sizeof(missing), "%s/missing.json", home.dir);
	RUN(&home, &r, "tt-import", "json", "--json", missing, good, missing,
	    good);
	cr_expect_eq(r.code, 5, "exit code %d: %s", r.code, r.err);
	cr_expect_eq(
	    json_parse(&j, r.out, strlen(r.out)), 0, "not JSON: %s", r.out);
	json_release(&j);
	run_free(&r);
}

Test(imported, settings_are_taken_over_and_keys_never_shown)
{
	char path[160], *key;
	struct stat st;
	struct run r;

	home_write(&home, "config.json",
	    "{\"pricing\":{\"Nobody/M\":{\"input\":3,\"output\":15}},"
	    "\"sources\":[{\"service\":\"openai\",\"api_key\":"
	    "\"sk-secret-1234\"}]}");
	import("config", "config.json", 0, "nobody/m, input 3, output 15");
	import("config", "config.json", 0, "there already");
	RUN(&home, &r, "tt-price", "list", "--json");
	cr_expect_not_null(strstr(r.out, "nobody/m"), "no price: %s", r.out);
	run_free(&r);
	snprintf(path, sizeof(path), "%s/keys/openai", home.data);
	cr_assert_eq(stat(path, &st), 0, "no %s", path);
	cr_expect_eq(st.st_mode & 0777, 0600, "mode %o", st.st_mode & 0777);
	key = file_read(path);
	cr_expect_str_eq(key, "sk-secret-1234\n", "%s", key);
	free(key);
	home_write(&home, "config.json",
	    "{\"api_keys\":{\"openai\":\"sk-another-99\"}}");
	snprintf(path, sizeof(path), "%s/config.json", home.dir);
	RUN(&home, &r, "tt-import", "config", path);
	cr_expect_eq(r.code, 4, "exit code %d", r.code);
	cr_expect_null(strstr(r.err, "sk-"), "a key: %s", r.err);
	cr_expect_null(strstr(r.out, "sk-"), "a key: %s", r.out);
	run_free(&r);
}

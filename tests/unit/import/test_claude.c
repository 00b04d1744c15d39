/* Claude Code's transcripts. */
#include "tests/unit/import/import_help.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "clients/import/roots.h"

#define LOG "-home-u-atlas/5a5e0000-1111.jsonl"

static struct import_events es;

static void
teardown(void)
{
	import_events_free(&es);
}

TestSuite(claude, .fini = teardown, .timeout = 30);

#define HEAD                                                                   \
	"{\"type\":\"assistant\",\"uuid\":\"u1\",\"sessionId\":\"S\","         \
	"\"timestamp\":\"2026-05-12T10:00:02.500Z\",\"cwd\":\"/home/u/at\","   \
	"\"gitBranch\":\"main\",\"version\":\"2.1.200\",\"isSidechain\":"

static void
expect_events(size_t n)
{
	cr_assert_eq(es.n, n, "%zu events, expected %zu", es.n, n);
}

Test(claude, a_reply_has_all_that_the_line_says)
{
	const struct event *ev;

	import_run_lines(&import_claude, LOG,
	    HEAD "false,\"requestId\":\"req_1\",\"message\":{\"id\":\"msg_01\","
		 "\"model\":\"claude-sonnet-4-5-20250929\",\"usage\":{"
		 "\"input_tokens\":10,\"cache_creation_input_tokens\":300,"
		 "\"cache_read_input_tokens\":1000,\"cache_creation\":{"
		 "\"ephemeral_5m_input_tokens\":100,"
		 "\"ephemeral_1h_input_tokens\":200},\"output_tokens\":159,"
		 "\"output_tokens_details\":{\"thinking_tokens\":40},"
		 "\"server_tool_use\":{\"web_search_requests\":2,"
		 "\"web_fetch_requests\":9},\"service_tier\":\"priority\","
		 "\"inference_geo\":\"us\"}}}\n",
	    &es);
	expect_events(1);
	ev = &es.events[0];
	import_text_is(ev, EV_SESSION, "S");
	import_text_is(ev, EV_MESSAGE, "msg_01");
	import_text_is(ev, EV_CALL, "msg_01");
	import_text_is(ev, EV_REQUEST, "req_1");
	import_text_is(ev, EV_AGENT, "claude-code");
	import_text_is(ev, EV_PROVIDER, "anthropic");
	import_text_is(ev, EV_MODEL, "claude-sonnet-4-5-20250929");
	import_text_is(ev, EV_PROJECT, "/home/u/at");
	import_text_is(ev, EV_BRANCH, "main");
	import_text_is(ev, EV_KIND, "main");
	import_text_is(ev, EV_PARENT_SESSION, NULL);
	import_text_is(ev, EV_TIER, "priority");
	import_text_is(ev, EV_GEO, "us");
	import_text_is(ev, EV_SOURCE, "log");
	import_count_is(ev, EV_INPUT, 10);
	import_count_is(ev, EV_CACHE_READ, 1000);
	import_count_is(ev, EV_CACHE_WRITE, 300);
	import_count_is(ev, EV_CACHE_WRITE_1H, 200);
	import_count_is(ev, EV_OUTPUT, 159);
	import_count_is(ev, EV_REASONING, 40);
	import_count_is(ev, EV_WEB_SEARCHES, 2);
	cr_expect_eq(ev->ts_ms, 1778580002500, "ts %ld", (long)ev->ts_ms);
	cr_expect_not(ev->has_cost);
}

/* A reply with these usage members, of msg_01. */
static const struct event *
reply_of(const char *usage)
{
	char line[2000];

	import_events_free(&es);
	snprintf(line, sizeof(line),
	    HEAD "false,\"message\":{\"id\":\"msg_01\",\"model\":"
		 "\"claude-x\",\"usage\":{%s}}}\n",
	    usage);
	import_run_lines(&import_claude, LOG, line, &es);
	cr_assert_geq(es.n, 1, "nothing of %s", usage);
	return &es.events[0];
}

Test(claude, cache_writes_are_the_larger_of_the_sum_and_its_parts)
{
	static const struct {
		const char *usage;
		uint64_t all, hour;
	} cases[] = {
		{ "\"cache_creation_input_tokens\":0,\"cache_creation\":{"
		  "\"ephemeral_5m_input_tokens\":100,"
		  "\"ephemeral_1h_input_tokens\":200}",
		    300, 200 },
		{ "\"cache_creation_input_tokens\":300,\"cache_creation\":{"
		  "\"ephemeral_5m_input_tokens\":0,"
		  "\"ephemeral_1h_input_tokens\":0}",
		    300, 0 },
		{ "\"cache_creation_input_tokens\":300,\"cache_creation\":null",
		    300, 0 },
		{ "\"cache_creation_input_tokens\":300,\"cache_creation\":{"
		  "\"ephemeral_1h_input_tokens\":50}",
		    300, 50 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct event *ev = reply_of(cases[i].usage);

		import_count_is(ev, EV_CACHE_WRITE, cases[i].all);
		import_count_is(ev, EV_CACHE_WRITE_1H, cases[i].hour);
	}
}

Test(claude, nulls_strings_floats_and_unknown_members_do_no_harm)
{
	const struct event *ev =
	    reply_of(" \"input_tokens\" : \"10\" , \"output_tokens\":159.0,"
		     "\"cache_read_input_tokens\":null,\"speed\":null,"
		     "\"service_tier\":\"gold\",\"server_tool_use\":[],"
		     "\"iterations\":null,\"new\":{\"a\":[1]},"
		     "\"inference_geo\":\"not_available\"");

	expect_events(1);
	import_count_is(ev, EV_INPUT, 10);
	import_count_is(ev, EV_OUTPUT, 159);
	import_count_is(ev, EV_CACHE_READ, 0);
	import_text_is(ev, EV_TIER, NULL);
	import_text_is(ev, EV_GEO, NULL);
}

Test(claude, fast_mode_is_the_tier)
{
	const struct event *ev = reply_of("\"output_tokens\":1,"
					  "\"service_tier\":\"standard\","
					  "\"speed\":\"fast\"");

	import_text_is(ev, EV_TIER, "fast");
}

Test(claude, passes_that_the_reply_leaves_out_are_calls_of_their_own)
{
	const struct event *ev;

	reply_of(
	    "\"input_tokens\":10,\"output_tokens\":50,\"iterations\":["
	    "{\"type\":\"message\",\"input_tokens\":10,\"output_tokens\":50},"
	    "{\"type\":\"advisor_message\",\"model\":\"claude-y\","
	    "\"input_tokens\":500,\"output_tokens\":80},"
	    "{\"type\":\"compaction\",\"input_tokens\":7000,"
	    "\"output_tokens\":300},{\"type\":\"fallback_message\","
	    "\"input_tokens\":1},7]");
	expect_events(3);
	import_count_is(&es.events[0], EV_INPUT, 10);
	ev = import_find(&es, "msg_01#i1");
	import_text_is(ev, EV_CALL, "msg_01#i1");
	import_text_is(ev, EV_REQUEST, NULL);
	import_text_is(ev, EV_MODEL, "claude-y");
	import_text_is(ev, EV_SESSION, "S");
	import_count_is(ev, EV_INPUT, 500);
	import_count_is(ev, EV_OUTPUT, 80);
	ev = import_find(&es, "msg_01#i2");
	import_text_is(ev, EV_MODEL, "claude-x");
	import_count_is(ev, EV_INPUT, 7000);
}

Test(claude, what_is_no_reply_of_a_model_counts_nothing)
{
	import_run_lines(&import_claude, LOG,
	    HEAD "false,\"message\":{\"id\":\"msg_9\",\"model\":"
		 "\"<synthetic>\",\"usage\":{\"input_tokens\":18}}}\n" HEAD
		 "false,\"message\":{\"id\":\"msg_8\",\"model\":"
		 "\"\\u003csynthetic\\u003e\",\"usage\":{"
		 "\"input_tokens\":18}}}\n"
		 "{\"type\":\"user\",\"sessionId\":\"S\",\"message\":{"
		 "\"role\":\"assistant\"},\"toolUseResult\":{\"usage\":{"
		 "\"input_tokens\":5},\"totalTokens\":5}}\n"
		 "{\"type\":\"assistant\",\"message\":\"usage\"}\n"
		 "{\"type\":\"assistant\",\"message\":{\"usage\":7}}\n"
		 "[\"usage\",\"assistant\"]\n",
	    &es);
	expect_events(0);
	cr_expect_eq(es.odd, 0, "%lu odd", (unsigned long)es.odd);
}

Test(claude, a_line_that_is_no_json_is_told_and_not_counted)
{
	import_run_lines(&import_claude, LOG,
	    "{\"type\":\"summary\"}\n" HEAD
	    "false,\"message\":{\"id\":\"msg_1\",\"model\":\"claude-x\","
	    "\"usage\":{\"input_tokens\":1}}},\n",
	    &es);
	expect_events(0);
	cr_expect(es.odd == 1 && es.odd_line == 2, "%lu odd, line %lu",
	    (unsigned long)es.odd, (unsigned long)es.odd_line);
}

Test(claude, agents_belong_to_the_session_that_started_them)
{
	static const char line[] =
	    HEAD "true,\"message\":{\"id\":\"msg_1\",\"model\":\"claude-x\","
		 "\"usage\":{\"input_tokens\":1}}}\n";
	static const struct {
		const char *rel, *parent;
	} cases[] = {
		{ "-home/S/subagents/agent-1.jsonl", NULL },
		{ "-home/P/subagents/workflows/w/agent-1.jsonl", "P" },
		{ "-home/agent-1.jsonl", NULL },
		{ "-home/S.jsonl", NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		import_events_free(&es);
		import_run_lines(&import_claude, cases[i].rel, line, &es);
		expect_events(1);
		import_text_is(&es.events[0], EV_SESSION, "S");
		import_text_is(&es.events[0], EV_KIND, "subagent");
		import_text_is(
		    &es.events[0], EV_PARENT_SESSION, cases[i].parent);
	}
}

Test(claude, a_line_without_a_session_has_the_files)
{
	static const char line[] =
	    "{\"type\":\"assistant\",\"message\":{\"id\":\"msg_1\","
	    "\"usage\":{\"input_tokens\":1}}}\n";

	import_run_lines(&import_claude, "p/abc.jsonl", line, &es);
	import_run_lines(
	    &import_claude, "p/abc/subagents/agent-2.jsonl", line, &es);
	expect_events(2);
	import_text_is(&es.events[0], EV_SESSION, "abc");
	import_text_is(&es.events[0], EV_KIND, "main");
	import_text_is(&es.events[1], EV_SESSION, "abc");
	import_text_is(&es.events[1], EV_KIND, "subagent");
	cr_expect_gt(es.events[0].ts_ms, 0, "no time");
}

Test(claude, progress_of_an_agent_is_a_reply_of_it)
{
	const struct event *ev;

	import_run_lines(&import_claude, LOG,
	    "{\"type\":\"progress\",\"sessionId\":\"S\",\"cwd\":\"/w\","
	    "\"timestamp\":\"2026-05-12T10:00:09Z\",\"data\":{\"type\":"
	    "\"agent_progress\",\"message\":{\"type\":\"assistant\","
	    "\"timestamp\":\"2026-05-12T10:00:02.500Z\",\"requestId\":"
	    "\"req_2\",\"message\":{\"id\":\"msg_2\",\"model\":"
	    "\"claude-haiku-4-5\",\"usage\":{\"input_tokens\":10,"
	    "\"output_tokens\":20}}}}}\n",
	    &es);
	expect_events(1);
	ev = &es.events[0];
	import_text_is(ev, EV_SESSION, "S");
	import_text_is(ev, EV_KIND, "subagent");
	import_text_is(ev, EV_CALL, "msg_2");
	import_text_is(ev, EV_REQUEST, "req_2");
	import_text_is(ev, EV_PROJECT, "/w");
	import_count_is(ev, EV_OUTPUT, 20);
	cr_expect_eq(ev->ts_ms, 1778580002500, "ts %ld", (long)ev->ts_ms);
}

Test(claude, ids_of_gateways_are_only_good_within_their_session)
{
	static const char *const ids[] = { "\"requestId\":\"req_1\",",
		"\"requestId\":null,", "" };

	for (size_t i = 0; i < 3; i++) {
		char line[1000];

		snprintf(line, sizeof(line),
		    HEAD "false,%s\"message\":{\"id\":\"chat-7\",\"model\":"
			 "\"deepseek-v3\",\"usage\":{\"input_tokens\":1}}}\n",
		    ids[i]);
		import_run_lines(&import_claude, LOG, line, &es);
		expect_events(i + 1);
		import_text_is(&es.events[i], EV_MESSAGE, "chat-7");
		import_text_is(&es.events[i], EV_CALL, NULL);
		import_text_is(&es.events[i], EV_PROVIDER, NULL);
		import_text_is(
		    &es.events[i], EV_REQUEST, i == 0 ? "req_1" : NULL);
	}
}

Test(claude, a_reply_without_an_id_has_its_requests_or_the_lines)
{
	import_run_lines(&import_claude, LOG,
	    HEAD "false,\"requestId\":\"req_1\",\"message\":{\"model\":"
		 "\"claude-x\",\"usage\":{\"input_tokens\":1}}}\n" HEAD
		 "false,\"costUSD\":0.25,\"message\":{\"model\":\"claude-x\","
		 "\"usage\":{\"input_tokens\":1}}}\n",
	    &es);
	expect_events(2);
	import_text_is(&es.events[0], EV_MESSAGE, "req_1");
	import_text_is(&es.events[1], EV_MESSAGE, "u1");
	cr_expect(
	    es.events[1].has_cost && es.events[1].cost_pico == 250000000000,
	    "cost %ld", (long)es.events[1].cost_pico);
}

Test(claude, its_logs_are_told_from_other_files)
{
	static const struct {
		const char *rel;
		int kind;
	} cases[] = {
		{ "p/s.jsonl", IMPORT_LINES },
		{ "p/s/subagents/agent-1.jsonl", IMPORT_LINES },
		{ "p/s/subagents/workflows/w/journal.jsonl", -1 },
		{ "p/s/tool-results/x.jsonl", -1 },
		{ "p/s/subagents/agent-1.meta.json", -1 },
		{ "p/s.jsonl.bak", -1 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_eq(import_claude.kind_of(cases[i].rel), cases[i].kind,
		    "%s: %d, expected %d", cases[i].rel,
		    import_claude.kind_of(cases[i].rel), cases[i].kind);
}

static void
expect_roots(const char *const *expected)
{
	struct roots r = { 0 };
	size_t i;

	import_claude.find_roots(&r);
	for (i = 0; expected[i] != NULL; i++) {
		cr_assert_gt(r.n, i, "only %zu roots", r.n);
		cr_expect_str_eq(r.paths[i], expected[i], "%s, expected %s",
		    r.paths[i], expected[i]);
	}
	cr_expect_eq(r.n, i, "%zu roots, expected %zu", r.n, i);
	roots_release(&r);
}

Test(claude, its_roots_are_both_or_what_the_environment_says)
{
	setenv("HOME", "/home/u", 1);
	unsetenv("CLAUDE_CONFIG_DIR");
	unsetenv("XDG_CONFIG_HOME");
	expect_roots((const char *const[]){ "/home/u/.config/claude/projects",
	    "/home/u/.claude/projects", NULL });
	setenv("XDG_CONFIG_HOME", "/cfg", 1);
	expect_roots((const char *const[]){
	    "/cfg/claude/projects", "/home/u/.claude/projects", NULL });
	setenv("CLAUDE_CONFIG_DIR", "~/a,/b/projects", 1);
	expect_roots(
	    (const char *const[]){ "/home/u/a/projects", "/b/projects", NULL });
}

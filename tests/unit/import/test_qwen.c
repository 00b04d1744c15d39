#include "tests/unit/import/import_help.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "clients/import/roots.h"

#define LOG "-src-web/chats/aaaaaaaa-0000-4000-8000-000000000001.jsonl"
#define SESSION "aaaaaaaa-0000-4000-8000-000000000001"
#define ID "11111111-0000-4000-8000-000000000001"

#define RECORD(more, usage)                                                    \
	"{\"uuid\":\"" ID "\",\"sessionId\":\"" SESSION "\",\"timestamp\":"    \
	"\"2026-05-12T10:00:05.000Z\",\"type\":\"assistant\",\"cwd\":"         \
	"\"/src/web\",\"gitBranch\":\"main\",\"model\":\"qwen3-coder-plus\""   \
	"," more "\"usageMetadata\":" usage "}\n"

static struct import_events es;

static void
forget(void)
{
	import_events_free(&es);
}

TestSuite(qwen, .fini = forget, .timeout = 30);

static void
run(const char *text, size_t events)
{
	import_run_lines(&import_qwen, LOG, text, &es);
	cr_assert_eq(es.n, events, "%zu events, not %zu", es.n, events);
}

Test(qwen, cached_is_within_the_prompt)
{
	run(RECORD("",
		"{\"promptTokenCount\":1000,\"candidatesTokenCount\":130,"
		"\"cachedContentTokenCount\":600,\"totalTokenCount\":1130}"),
	    1);
	import_count_is(&es.events[0], EV_INPUT, 400);
	import_count_is(&es.events[0], EV_CACHE_READ, 600);
	import_count_is(&es.events[0], EV_OUTPUT, 130);
	cr_assert_eq(event_classes(&es.events[0]), 1130);
	cr_assert_eq(event_other(&es.events[0]), 0);
	import_text_is(&es.events[0], EV_AGENT, "qwen-code");
	import_text_is(&es.events[0], EV_SESSION, SESSION);
	import_text_is(&es.events[0], EV_MESSAGE, ID);
	import_text_is(&es.events[0], EV_CALL, "qwen:" ID);
	import_text_is(&es.events[0], EV_MODEL, "qwen3-coder-plus");
	import_text_is(&es.events[0], EV_PROJECT, "/src/web");
	import_text_is(&es.events[0], EV_BRANCH, "main");
	import_text_is(&es.events[0], EV_KIND, NULL);
	cr_assert_eq(es.events[0].ts_ms, 1778580005000);
	cr_assert(!es.events[0].copied);
}

/* What the total makes of 1000 + 130 with 50 thoughts. */
static void
check_thoughts(const char *usage, uint64_t output, uint64_t reasoning)
{
	size_t before = es.n;

	import_run_lines(&import_qwen, LOG, usage, &es);
	cr_assert_eq(es.n, before + 1, "%s", usage);
	import_count_is(&es.events[before], EV_OUTPUT, output);
	import_count_is(&es.events[before], EV_REASONING, reasoning);
}

Test(qwen, the_total_tells_where_the_thoughts_are)
{
	check_thoughts(
	    RECORD("",
		"{\"promptTokenCount\":1000,\"candidatesTokenCount\":130,"
		"\"thoughtsTokenCount\":50,\"totalTokenCount\":1130}"),
	    130, 50);
	check_thoughts(
	    RECORD("",
		"{\"promptTokenCount\":1000,\"candidatesTokenCount\":130,"
		"\"thoughtsTokenCount\":50,\"totalTokenCount\":1180}"),
	    180, 50);
	check_thoughts(
	    RECORD("",
		"{\"promptTokenCount\":1000,\"candidatesTokenCount\":130,"
		"\"thoughtsTokenCount\":50}"),
	    130, 50);
	check_thoughts(
	    RECORD("",
		"{\"promptTokenCount\":1000,\"candidatesTokenCount\":130,"
		"\"thoughtsTokenCount\":500}"),
	    630, 500);
}

Test(qwen, a_prompt_without_the_cached_is_told_by_the_total)
{
	run(RECORD("",
		"{\"promptTokenCount\":700,\"candidatesTokenCount\":130,"
		"\"cachedContentTokenCount\":600,\"totalTokenCount\":1430}"),
	    1);
	import_count_is(&es.events[0], EV_INPUT, 700);
	import_count_is(&es.events[0], EV_CACHE_READ, 600);
	cr_assert_eq(event_classes(&es.events[0]), 1430);
}

Test(qwen, a_total_alone_is_counted)
{
	run(RECORD("", "{\"totalTokenCount\":77}"), 1);
	cr_assert_eq(event_other(&es.events[0]), 77);
}

Test(qwen, a_branch_holds_copies)
{
	run(RECORD("\"forkedFrom\":{\"sessionId\":\"old\",\"messageUuid\":"
		   "\"" ID "\"},",
		"{\"promptTokenCount\":10,\"totalTokenCount\":10}"),
	    1);
	cr_assert(es.events[0].copied);
	import_text_is(&es.events[0], EV_PARENT_SESSION, "old");
	import_text_is(&es.events[0], EV_CALL, "qwen:" ID);
}

Test(qwen, subagents_are_known)
{
	run(RECORD("\"isSidechain\":true,", "{\"totalTokenCount\":7}")
		RECORD("\"agentId\":\"explore-7f3c\",\"isSidechain\":false,",
		    "{\"totalTokenCount\":8}"),
	    2);
	import_text_is(&es.events[0], EV_KIND, "subagent");
	import_text_is(&es.events[1], EV_KIND, "subagent");
}

Test(qwen, only_answers_count)
{
	run("{\"uuid\":\"u\",\"sessionId\":\"s\",\"type\":\"user\","
	    "\"usageMetadata\":{\"totalTokenCount\":5}}\n"
	    "{\"uuid\":\"v\",\"sessionId\":\"s\",\"type\":\"system\","
	    "\"subtype\":\"ui_telemetry\",\"systemPayload\":{\"uiEvent\":"
	    "{\"input_token_count\":5}},\"usageMetadata\":null}\n",
	    0);
	cr_assert_eq(es.odd, 0, "%s", es.odd_why);
}

Test(qwen, values_of_any_kind_are_borne)
{
	run("{ \"type\" : \"assistant\", \"uuid\": \"m1\", \"timestamp\": "
	    "1778580005, \"model\": null, \"cwd\": \"/a\\u0000b\xff\", "
	    "\"agentId\": null, \"usageMetadata\" : { \"promptTokenCount\": "
	    "\"12\", \"candidatesTokenCount\": 3.0, "
	    "\"cachedContentTokenCount\": null, \"thoughtsTokenCount\": -4 "
	    "} }\n"
	    "[\"usageMetadata\"]\n\"usageMetadata\"\n",
	    1);
	import_count_is(&es.events[0], EV_INPUT, 12);
	import_count_is(&es.events[0], EV_OUTPUT, 3);
	import_text_is(&es.events[0], EV_SESSION, SESSION);
	import_text_is(&es.events[0], EV_MODEL, NULL);
	import_text_is(&es.events[0], EV_CALL, NULL);
	import_text_is(&es.events[0], EV_PROJECT, "/a b ");
	cr_assert_eq(es.events[0].ts_ms, 1778580005000);
}

Test(qwen, broken_lines_are_told_and_the_others_read)
{
	run("{\"usageMetadata\":{\"promptTokenCount\":1\n" RECORD(
		"", "{\"totalTokenCount\":7}") "{\"usageMetadata\":",
	    1);
	cr_assert_eq(es.odd, 1, "%zu odd", (size_t)es.odd);
	cr_assert_eq(es.odd_line, 1, "line %zu", (size_t)es.odd_line);
}

Test(qwen, an_answer_without_an_id_is_told)
{
	run("{\"type\":\"assistant\",\"sessionId\":\"s\",\"usageMetadata\":"
	    "{\"totalTokenCount\":7}}\n",
	    0);
	cr_assert_eq(es.odd, 1, "%zu odd", (size_t)es.odd);
}

static void
roots_are(size_t n, const char *first)
{
	struct roots r = { 0 };

	import_qwen.find_roots(&r);
	cr_assert_eq(r.n, n, "%zu roots, not %zu", r.n, n);
	cr_assert_str_eq(r.paths[0], first);
	roots_release(&r);
}

Test(qwen, homes_are_those_of_the_environment)
{
	setenv("HOME", "/h", 1);
	unsetenv("QWEN_HOME");
	unsetenv("QWEN_RUNTIME_DIR");
	unsetenv("QWEN_DATA_DIR");
	roots_are(1, "/h/.qwen/projects");
	setenv("QWEN_HOME", "/q", 1);
	roots_are(1, "/q/projects");
	setenv("QWEN_RUNTIME_DIR", "/r", 1);
	roots_are(2, "/r/projects");
	setenv("QWEN_DATA_DIR", "/a,/b", 1);
	roots_are(2, "/a/projects");
	cr_assert_eq(import_qwen.kind_of("p/chats/x.jsonl"), IMPORT_LINES);
	cr_assert_eq(import_qwen.kind_of("p/chats/x.json"), -1);
}

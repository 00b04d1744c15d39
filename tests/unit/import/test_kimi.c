#include "tests/unit/import/import_help.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "clients/import/agents/toml.h"
#include "clients/import/roots.h"

#define DATA "tests/data/import/kimi"
#define SESSION "aaaaaaaa-0000-4000-8000-000000000001"
#define CLI "sessions/d41d8cd9/" SESSION "/wire.jsonl"
#define CODE "sessions/wd_web/session_1/agents/main/wire.jsonl"
#define ID "chatcmpl-0123456789abcdef"

#define USAGE(out)                                                             \
	"{\"input_other\":100,\"output\":" out                                 \
	",\"input_cache_read\":800,\"input_cache_creation\":40}"
#define STATUS(id, usage)                                                      \
	"{\"type\":\"StatusUpdate\",\"payload\":{\"message_id\":" id           \
	",\"context_usage\":0.1,\"token_usage\":" usage "}}"
#define LINE(msg) "{\"timestamp\":1778580005.25,\"message\":" msg "}\n"
#define RECORD(scope, at)                                                      \
	"{\"type\":\"usage.record\",\"model\":\"kimi-code/k3\",\"usage\":{"    \
	"\"inputOther\":100,\"output\":50,\"inputCacheRead\":800,"             \
	"\"inputCacheCreation\":40},\"usageScope\":" scope ",\"time\":" at     \
	"}\n"

static struct import_events es;

static void
forget(void)
{
	import_events_free(&es);
}

TestSuite(kimi, .fini = forget, .timeout = 30);

static void
run_at(const char *rel, const char *text, size_t events)
{
	size_t before = es.n;

	import_run_lines(&import_kimi, rel, text, &es);
	cr_assert_eq(es.n - before, events, "%zu events, not %zu",
	    es.n - before, events);
}

static void
check_counts(const struct event *ev)
{
	import_count_is(ev, EV_INPUT, 100);
	import_count_is(ev, EV_CACHE_READ, 800);
	import_count_is(ev, EV_CACHE_WRITE, 40);
	import_count_is(ev, EV_OUTPUT, 50);
	import_count_is(ev, EV_REASONING, 0);
}

Test(kimi, a_status_tells_the_usage_of_its_step)
{
	run_at(CLI,
	    "{\"type\":\"metadata\",\"protocol_version\":\"1.1\"}\n" LINE(
		STATUS("\"" ID "\"", USAGE("50"))),
	    1);
	check_counts(&es.events[0]);
	import_text_is(&es.events[0], EV_AGENT, "kimi-cli");
	import_text_is(&es.events[0], EV_SESSION, SESSION);
	import_text_is(&es.events[0], EV_MESSAGE, ID);
	import_text_is(&es.events[0], EV_CALL, ID);
	import_text_is(&es.events[0], EV_KIND, NULL);
	import_text_is(&es.events[0], EV_MODEL, NULL);
	cr_assert_eq(es.events[0].ts_ms, 1778580005250, "%lld",
	    (long long)es.events[0].ts_ms);
}

Test(kimi, repeated_updates_are_one_call)
{
	run_at(CLI,
	    LINE(STATUS("\"" ID "\"", USAGE("20")))
		LINE(STATUS("\"" ID "\"", "null"))
		    LINE(STATUS("\"" ID "\"", USAGE("50"))),
	    2);
	import_text_is(&es.events[0], EV_MESSAGE, ID);
	import_text_is(&es.events[1], EV_MESSAGE, ID);
	import_text_is(&es.events[1], EV_CALL, ID);
	check_counts(&es.events[1]);
}

Test(kimi, subagents_tell_in_the_log_of_their_session)
{
	run_at(CLI,
	    LINE("{\"type\":\"SubagentEvent\",\"payload\":{\"agent_id\":\"a\","
		 "\"event\":{\"type\":\"SubagentEvent\",\"payload\":{"
		 "\"event\":" STATUS("\"" ID "\"", USAGE("50")) "}}}}"),
	    1);
	check_counts(&es.events[0]);
	import_text_is(&es.events[0], EV_KIND, "subagent");
	import_text_is(&es.events[0], EV_MESSAGE, ID);
}

Test(kimi, subagents_tell_the_same_call_in_a_log_of_their_own)
{
	run_at("sessions/d41d8cd9/" SESSION "/subagents/a1/wire.jsonl",
	    LINE(STATUS("\"" ID "\"", USAGE("50"))), 1);
	import_text_is(&es.events[0], EV_SESSION, SESSION);
	import_text_is(&es.events[0], EV_KIND, "subagent");
	import_text_is(&es.events[0], EV_MESSAGE, ID);
}

Test(kimi, ids_of_servers_at_home_are_of_their_session_only)
{
	run_at(CLI,
	    LINE(STATUS("\"chatcmpl-1\"", USAGE("50"))) LINE(STATUS(
		"\"cafecafe-0000-4000-8000-000000000001\"", USAGE("50"))),
	    2);
	import_text_is(&es.events[0], EV_CALL, NULL);
	import_text_is(&es.events[1], EV_CALL,
	    "kimi:cafecafe-0000-4000-8000-000000000001");
}

Test(kimi, a_status_without_an_id_is_known_by_time_and_counts)
{
	run_at(CLI,
	    LINE(STATUS("null", USAGE("50"))) LINE(STATUS("null", USAGE("50")))
		LINE(STATUS("null", USAGE("51"))),
	    3);
	cr_assert(text_eq(
	    es.events[0].text[EV_MESSAGE], es.events[1].text[EV_MESSAGE]));
	cr_assert(!text_eq(
	    es.events[0].text[EV_MESSAGE], es.events[2].text[EV_MESSAGE]));
}

Test(kimi, settings_tell_the_model)
{
	import_run_file(&import_kimi, DATA "/json", CLI, &es);
	import_run_file(&import_kimi, DATA "/toml", CLI, &es);
	cr_assert_eq(es.n, 2, "%zu events", es.n);
	import_text_is(&es.events[0], EV_MODEL, "kimi-k2-turbo");
	import_text_is(&es.events[1], EV_MODEL, "kimi-for-coding");
	check_counts(&es.events[0]);
	check_counts(&es.events[1]);
}

Test(kimi, records_of_turns_count_and_only_once)
{
	run_at(CODE,
	    RECORD("\"turn\"", "1778580005250")
		RECORD("\"session\"", "1778580006000") RECORD("null",
		    "1778580006000") "{\"type\":\"context.append_loop_event\","
				     "\"event\":{\"type\":"
				     "\"step.end\",\"usage\":{\"inputOther\":"
				     "100,\"output\":50}},"
				     "\"text\":\"usage.record\"}\n",
	    1);
	check_counts(&es.events[0]);
	import_text_is(&es.events[0], EV_AGENT, "kimi-code");
	import_text_is(&es.events[0], EV_SESSION, "session_1");
	import_text_is(&es.events[0], EV_MODEL, "kimi-code/k3");
	import_text_is(&es.events[0], EV_KIND, NULL);
	cr_assert_eq(es.events[0].ts_ms, 1778580005250);
	cr_assert_eq(es.odd, 0, "%s", es.odd_why);
}

Test(kimi, records_at_different_times_are_two_calls)
{
	run_at(CODE,
	    RECORD("\"turn\"", "1778580005250")
		RECORD("\"turn\"", "1778580005251"),
	    2);
	cr_assert(!text_eq(
	    es.events[0].text[EV_MESSAGE], es.events[1].text[EV_MESSAGE]));
	cr_assert(
	    !text_eq(es.events[0].text[EV_CALL], es.events[1].text[EV_CALL]));
}

Test(kimi, a_forked_session_repeats_the_call)
{
	run_at(CODE, RECORD("\"turn\"", "1778580005250"), 1);
	run_at("sessions/wd_web/session_2/agents/main/wire.jsonl",
	    RECORD("\"turn\"", "1778580005250"), 1);
	import_text_is(&es.events[1], EV_SESSION, "session_2");
	cr_assert(
	    es.events[0].text[EV_CALL].len > 0 &&
	    text_eq(es.events[0].text[EV_CALL], es.events[1].text[EV_CALL]));
}

Test(kimi, agents_of_one_session_are_told_apart)
{
	run_at(CODE, RECORD("\"turn\"", "1778580005250"), 1);
	run_at("sessions/wd_web/session_1/agents/agent-0/wire.jsonl",
	    RECORD("\"turn\"", "1778580005250"), 1);
	import_text_is(&es.events[1], EV_SESSION, "session_1");
	import_text_is(&es.events[1], EV_KIND, "subagent");
	cr_assert(!text_eq(
	    es.events[0].text[EV_MESSAGE], es.events[1].text[EV_MESSAGE]));
}

Test(kimi, the_session_tells_where_it_worked)
{
	import_run_file(&import_kimi, DATA "/code", CODE, &es);
	cr_assert_eq(es.n, 1, "%zu events", es.n);
	import_text_is(&es.events[0], EV_PROJECT, "/src/web");
}

Test(kimi, values_of_any_kind_are_borne)
{
	run_at(CLI,
	    "{ \"timestamp\" : \"1778580005\", \"message\" : { \"type\": "
	    "\"StatusUpdate\", \"payload\": { \"message_id\": \"m\xff\", "
	    "\"token_usage\" : { \"input_other\": \"12\", \"output\": 3.0, "
	    "\"input_cache_read\": null, \"input_cache_creation\": [] } } } "
	    "}\n"
	    "[\"token_usage\"]\n{\"message\":null,\"token_usage\":1}\n"
	    "{\"message\":{\"type\":\"StatusUpdate\",\"payload\":{"
	    "\"token_usage\":[1]}}}\n"
	    "{\"type\":\"usage.record\",\"usage\":7}\n",
	    1);
	import_count_is(&es.events[0], EV_INPUT, 12);
	import_count_is(&es.events[0], EV_OUTPUT, 3);
	import_text_is(&es.events[0], EV_MESSAGE, "m ");
	cr_assert_eq(es.events[0].ts_ms, 1778580005000);
}

Test(kimi, broken_lines_are_told_and_the_others_read)
{
	run_at(CLI,
	    "{\"token_usage\":{\n" LINE(STATUS(
		"\"" ID "\"", USAGE("50"))) "{\"timestamp\":1,\"token_usage\":",
	    1);
	cr_assert_eq(es.odd, 1, "%zu odd", (size_t)es.odd);
	cr_assert_eq(es.odd_line, 1, "line %zu", (size_t)es.odd_line);
}

Test(kimi, in_pieces_is_as_in_one_go)
{
	import_run_lines(&import_kimi, CODE, "{\"type\":\"metadata\"}\n", &es);
	import_run_more(
	    &import_kimi, CODE, RECORD("\"turn\"", "1778580005250"), &es);
	import_run_more(
	    &import_kimi, CODE, RECORD("\"turn\"", "1778580005250"), &es);
	cr_assert_eq(es.n, 2, "%zu events", es.n);
	import_text_is(&es.events[1], EV_SESSION, "session_1");
	cr_assert(text_eq(
	    es.events[0].text[EV_MESSAGE], es.events[1].text[EV_MESSAGE]));
}

Test(kimi, toml_is_read_as_far_as_needed)
{
	static const char text[] =
	    "# default_model = \"no\"\n"
	    "default_model_x = \"no\"\n"
	    " default_model = 'a.b' # yes\n"
	    "[models]\nmodel = \"no\"\n"
	    "[models.\"a.c\"]\nmodel = \"no\"\n"
	    "[ models . \"a.b\" ]\nmodel = [\"no\"]\n\"model\" = \"real\"\n"
	    "[models.bare]\nmodel=\"short\n";
	char out[8];

	cr_assert(
	    toml_string(text, NULL, NULL, "default_model", out, sizeof(out)));
	cr_assert_str_eq(out, "a.b");
	cr_assert(
	    toml_string(text, "models", "a.b", "model", out, sizeof(out)));
	cr_assert_str_eq(out, "real");
	cr_assert(
	    !toml_string(text, "models", "bare", "model", out, sizeof(out)));
	cr_assert(!toml_string(text, NULL, NULL, "model", out, sizeof(out)));
	cr_assert(!toml_string("[", "a", "b", "c", out, sizeof(out)));
	cr_assert(!toml_string("c", NULL, NULL, "c", out, sizeof(out)));
}

static void
roots_are(const char *first, const char *last)
{
	struct roots r = { 0 };

	import_kimi.find_roots(&r);
	cr_assert_eq(r.n, 2, "%zu roots", r.n);
	cr_assert_str_eq(r.paths[0], first);
	cr_assert_str_eq(r.paths[1], last);
	roots_release(&r);
}

Test(kimi, homes_are_those_of_the_environment)
{
	setenv("HOME", "/h", 1);
	unsetenv("KIMI_DATA_DIR");
	unsetenv("KIMI_SHARE_DIR");
	unsetenv("KIMI_CODE_HOME");
	roots_are("/h/.kimi/sessions", "/h/.kimi-code/sessions");
	setenv("KIMI_SHARE_DIR", "/s", 1);
	setenv("KIMI_CODE_HOME", "/c", 1);
	roots_are("/s/sessions", "/c/sessions");
	setenv("KIMI_DATA_DIR", "/d", 1);
	roots_are("/d/sessions", "/c/sessions");
	cr_assert_eq(import_kimi.kind_of(CODE), IMPORT_LINES);
	cr_assert_eq(import_kimi.kind_of("g/s/context.jsonl"), -1);
}

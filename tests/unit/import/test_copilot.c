#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clients/import/roots.h"
#include "tests/unit/import/import_help.h"

#define LOG "session-state/5f1c-22/events.jsonl"
#define OTEL "otel/copilot.jsonl"

static struct import_events es;

static void
init(void)
{
	setenv("HOME", "/nonexistent", 1);
	unsetenv("COPILOT_HOME");
	unsetenv("COPILOT_OTEL_FILE_EXPORTER_PATH");
}

static void
forget(void)
{
	import_events_free(&es);
}

TestSuite(copilot, .init = init, .fini = forget, .timeout = 30);

static void
run(const char *rel, const char *text, size_t events)
{
	import_run_lines(&import_copilot, rel, text, &es);
	cr_assert_eq(es.rc, 0, "the reader gave %d", es.rc);
	cr_assert_eq(es.n, events, "%zu events, not %zu; odd: %s", es.n, events,
	    es.odd_why != NULL ? es.odd_why : "none");
}

static void
check_counts(const struct event *ev, uint64_t input, uint64_t read,
    uint64_t write, uint64_t output, uint64_t reasoning)
{
	import_count_is(ev, EV_INPUT, input);
	import_count_is(ev, EV_CACHE_READ, read);
	import_count_is(ev, EV_CACHE_WRITE, write);
	import_count_is(ev, EV_OUTPUT, output);
	import_count_is(ev, EV_REASONING, reasoning);
}

/* --- A session's own log -------------------------------------------------- */

#define USAGE(in, out, read, write, reasoning)                                 \
	"{\"requests\":{\"count\":1,\"cost\":3},\"usage\":{"                   \
	"\"inputTokens\":" in ",\"outputTokens\":" out                         \
	",\"cacheReadTokens\":" read ",\"cacheWriteTokens\":" write            \
	",\"reasoningTokens\":" reasoning "}}"
#define SHUTDOWN(minute, metrics)                                              \
	"{\"type\":\"session.shutdown\",\"timestamp\":"                        \
	"\"2026-01-10T08:" minute ":00.000Z\",\"data\":{"                      \
	"\"shutdownType\":\"routine\",\"totalPremiumRequests\":1,"             \
	"\"modelMetrics\":{" metrics "}},\"id\":\"x\"}\n"
#define OPUS "\"claude-opus-4.7\":"
#define GPT "\"gpt-5.4\":"
#define RESUME "{\"type\":\"session.resume\",\"data\":{}}\n"
#define MESSAGE(out)                                                           \
	"{\"type\":\"assistant.message\",\"data\":{\"outputTokens\":" out "}}" \
	"\n"

Test(copilot, a_shutdown_tells_each_model_with_the_cache_in_its_input)
{
	const struct event *ev;

	run(LOG,
	    SHUTDOWN("30",
		OPUS USAGE("1000", "170", "600", "20", "30") "," GPT USAGE(
		    "5", "\"1\"", "null", "0", "-1")),
	    2);
	ev = &es.events[0];
	cr_assert(ev->running, "they are totals");
	cr_assert_eq(ev->text[EV_MESSAGE].len, 0, "the ledger names them");
	cr_assert_eq(ev->ts_ms, 1768033800000, "%" PRId64, ev->ts_ms);
	import_text_is(ev, EV_SESSION, "5f1c-22");
	import_text_is(ev, EV_MODEL, "claude-opus-4.7");
	import_text_is(ev, EV_AGENT, "copilot");
	check_counts(ev, 380, 600, 20, 170, 30);
	cr_assert_eq(event_classes(ev), 1170, "%" PRIu64, event_classes(ev));
	cr_assert_not(ev->has_cost, "premium requests are not dollars");
	import_text_is(&es.events[1], EV_MODEL, "gpt-5.4");
	check_counts(&es.events[1], 5, 0, 0, 1, 0);
}

Test(copilot, the_same_shutdown_twice_is_the_same_total)
{
	run(LOG,
	    SHUTDOWN("30", OPUS USAGE("1000", "170", "600", "20", "30"))
		SHUTDOWN("40", OPUS USAGE("1000", "170", "600", "20", "30")),
	    2);
	check_counts(&es.events[0], 380, 600, 20, 170, 30);
	check_counts(&es.events[1], 380, 600, 20, 170, 30);
}

Test(copilot, a_fall_of_any_count_begins_a_run_that_is_added)
{
	run(LOG,
	    SHUTDOWN("30", OPUS USAGE("1000", "170", "600", "0", "30"))
		SHUTDOWN("40", OPUS USAGE("2000", "100", "700", "0", "40")),
	    2);
	check_counts(&es.events[1], 400 + 1300, 1300, 0, 270, 70);
}

Test(copilot, a_model_that_is_gone_has_fallen_for_all)
{
	run(LOG,
	    SHUTDOWN("30", OPUS USAGE("100", "10", "0", "0", "0") "," GPT USAGE(
			       "50", "5", "0", "0", "0"))
		SHUTDOWN("40", OPUS USAGE("100", "10", "0", "0", "0"))
		    SHUTDOWN("50", GPT USAGE("1", "1", "0", "0", "0")),
	    4);
	check_counts(&es.events[2], 200, 0, 0, 20, 0);
	import_text_is(&es.events[3], EV_MODEL, "gpt-5.4");
	check_counts(&es.events[3], 51, 0, 0, 6, 0);
}

Test(copilot, a_longer_run_is_known_by_the_output_in_the_log)
{
	/* Larger in all than the first, but not as large as both. */
	run(LOG,
	    MESSAGE("70") MESSAGE("100") SHUTDOWN("10",
		OPUS USAGE("1000", "170", "0", "0", "0")) RESUME MESSAGE("200")
		SHUTDOWN("20", OPUS USAGE("1500", "200", "0", "0", "0")),
	    2);
	check_counts(&es.events[1], 2500, 0, 0, 370, 0);
}

Test(copilot, totals_that_go_on_are_known_by_the_output_too)
{
	run(LOG,
	    MESSAGE("170") SHUTDOWN("10",
		OPUS USAGE("1000", "170", "0", "0", "0")) RESUME MESSAGE("200")
		SHUTDOWN("20", OPUS USAGE("2500", "370", "0", "0", "0")),
	    2);
	check_counts(&es.events[1], 2500, 0, 0, 370, 0);
}

Test(copilot, a_shutdown_without_models_leaves_the_run_open)
{
	run(LOG,
	    SHUTDOWN("10", OPUS USAGE("10", "2", "0", "0", "0"))
		SHUTDOWN("20", "") SHUTDOWN("25", OPUS "{\"usage\":null}")
		    SHUTDOWN("30", OPUS USAGE("30", "6", "0", "0", "0")),
	    2);
	check_counts(&es.events[1], 30, 0, 0, 6, 0);
}

Test(copilot, a_log_may_be_read_in_parts)
{
	run(LOG,
	    MESSAGE("170")
		SHUTDOWN("10", OPUS USAGE("1000", "170", "0", "0", "0")),
	    1);
	import_run_more(&import_copilot, LOG, RESUME MESSAGE("200"), &es);
	import_run_more(&import_copilot, LOG,
	    SHUTDOWN("20", OPUS USAGE("1500", "200", "0", "0", "0")), &es);
	cr_assert_eq(es.n, 2, "%zu events", es.n);
	check_counts(&es.events[1], 2500, 0, 0, 370, 0);
}

Test(copilot, details_stand_in_for_models_and_have_no_cache_in_the_input)
{
	run(LOG,
	    "{\"type\":\"session.shutdown\",\"data\":{\"currentModel\":\"m\","
	    "\"tokenDetails\":{\"input\":{\"tokenCount\":10},\"cache_read\":"
	    "{\"tokenCount\":0},\"cache_write\":{\"tokenCount\":21070},"
	    "\"output\":{\"tokenCount\":42}}}}\n",
	    1);
	import_text_is(&es.events[0], EV_MODEL, "m");
	check_counts(&es.events[0], 10, 0, 21070, 42, 0);
	cr_assert_eq(es.events[0].ts_ms, 1767225600000,
	    "the file's time stands in: %" PRId64, es.events[0].ts_ms);
}

Test(copilot, counts_that_contradict_each_other_stay_possible)
{
	run(LOG, SHUTDOWN("30", OPUS USAGE("10", "1", "600", "20", "30")), 1);
	check_counts(&es.events[0], 10 - 0, 600, 20, 31, 30);
}

Test(copilot, more_models_than_can_be_kept_are_told)
{
	char text[4096];
	size_t len;

	len = (size_t)snprintf(text, sizeof(text),
	    "{\"type\":\"session.shutdown\",\"data\":{\"modelMetrics\":{");
	for (int i = 0; i < 14; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		    "%s\"m%d\":{\"usage\":{\"inputTokens\":1}}",
		    i > 0 ? "," : "", i);
	snprintf(text + len, sizeof(text) - len, "}}}\n");
	run(LOG, text, 12);
	cr_assert_eq(es.odd, 1, "%" PRIu64 " odd", es.odd);
}

Test(copilot, other_lines_say_nothing)
{
	run(LOG,
	    "\n{}\nnull\n[]\n\"session.shutdown\"\n"
	    "{\"type\":\"session.shutdown\"}\n"
	    "{\"type\":\"session.shutdown\",\"data\":null}\n"
	    "{\"type\":\"session.shutdown\",\"data\":{\"modelMetrics\":[1]}}\n"
	    "{\"type\":\"assistant.message\",\"data\":{\"outputTokens\":[]}}\n"
	    "{\"type\":\"assistant.usage\",\"data\":{\"inputTokens\":5,"
	    "\"outputTokens\":5}}\n"
	    "{\"type\":\"tool.output\",\"data\":\"session.shutdown\"}\n"
	    "{\"attributes\":{\"gen_ai.usage.input_tokens\":5}}\n"
	    "{\"attributes\":[],\"x\":\"gen_ai.usage.\"}\n",
	    0);
	cr_assert_eq(es.odd, 0, "%" PRIu64 " odd: %s", es.odd, es.odd_why);
	run(LOG, "{\"type\":\"session.shutdown\",\"data\":{\n", 0);
	cr_assert_eq(es.odd, 1, "a broken line was not told");
}

Test(copilot, bytes_that_are_no_utf8_become_spaces)
{
	run("a\xff.jsonl",
	    SHUTDOWN("30", "\"m\xc3\":" USAGE("1", "1", "0", "0", "0")), 1);
	import_text_is(&es.events[0], EV_SESSION, "a ");
	import_text_is(&es.events[0], EV_MODEL, "m ");
}

/* --- Telemetry ------------------------------------------------------------ */

#define TRACE(id) "\"traceId\":\"" id "\","
#define CHAT_USAGE                                                             \
	"\"gen_ai.usage.input_tokens\":1000,"                                  \
	"\"gen_ai.usage.output_tokens\":170,"                                  \
	"\"gen_ai.usage.cache_read.input_tokens\":600,"                        \
	"\"gen_ai.usage.cache_creation.input_tokens\":20,"                     \
	"\"gen_ai.usage.reasoning.output_tokens\":30"
#define CHAT(ids, response)                                                    \
	"{\"type\":\"span\"," ids "\"name\":\"chat m\",\"endTime\":"           \
	"[1768033800,500000000],\"attributes\":{\"gen_ai.operation.name\":"    \
	"\"chat\",\"gen_ai.conversation.id\":\"c-1\","                         \
	"\"gen_ai.response.model\":\"claude-opus-4.7\"," response CHAT_USAGE   \
	"}}\n"
#define RESPONSE(id) "\"gen_ai.response.id\":\"" id "\","
#define LOG_RECORD(ids, event, more)                                           \
	"{" ids                                                                \
	"\"hrTime\":[1768033800,1],\"attributes\":{\"event.name\":\"" event    \
	"\"," more CHAT_USAGE "}}\n"
#define INFERENCE(ids, response)                                               \
	LOG_RECORD(ids, "gen_ai.client.inference.operation.details",           \
	    "\"gen_ai.response.model\":\"claude-opus-4.7\"," response)
#define TURN(ids) LOG_RECORD(ids, "copilot_chat.agent.turn", "")
#define RUN(ids)                                                               \
	"{\"type\":\"span\"," ids                                              \
	"\"name\":\"invoke_agent x\",\"attributes\":"                          \
	"{\"gen_ai.operation.name\":\"invoke_agent\"," CHAT_USAGE "}}\n"

Test(copilot, a_chat_span_is_a_call_with_the_cache_in_its_input)
{
	const struct event *ev;

	run(OTEL, CHAT(TRACE("t1") "\"spanId\":\"s1\",", RESPONSE("msg_01")),
	    1);
	ev = &es.events[0];
	check_counts(ev, 380, 600, 20, 170, 30);
	/* Where others have 1190 and 1220. */
	cr_assert_eq(event_classes(ev), 1170, "%" PRIu64, event_classes(ev));
	cr_assert_not(ev->running);
	cr_assert_eq(ev->ts_ms, 1768033800500, "%" PRId64, ev->ts_ms);
	import_text_is(ev, EV_SESSION, "c-1");
	import_text_is(ev, EV_MESSAGE, "msg_01");
	import_text_is(ev, EV_CALL, "msg_01");
	import_text_is(ev, EV_REQUEST, "t1");
	import_text_is(ev, EV_MODEL, "claude-opus-4.7");
	import_text_is(ev, EV_SOURCE, "otel");
}

Test(copilot, span_and_log_of_a_call_share_their_ids)
{
	run(OTEL,
	    INFERENCE(TRACE("t1"), RESPONSE("r1"))
		CHAT(TRACE("t1") "\"spanId\":\"s1\",", RESPONSE("r1")),
	    2);
	for (int i = 0; i < 2; i++) {
		import_text_is(&es.events[i], EV_MESSAGE, "r1");
		import_text_is(&es.events[i], EV_CALL, "t1/r1");
	}
}

Test(copilot, without_a_response_the_span_is_the_id)
{
	run(OTEL,
	    INFERENCE("\"spanContext\":{\"traceId\":\"t1\",\"spanId\":\"s1\"},",
		"") CHAT(TRACE("t1") "\"spanId\":\"s1\",", ""),
	    2);
	for (int i = 0; i < 2; i++) {
		import_text_is(&es.events[i], EV_MESSAGE, "t1/s1");
		import_text_is(&es.events[i], EV_CALL, "t1/s1");
	}
}

Test(copilot, turns_and_runs_of_a_trace_with_calls_say_nothing)
{
	run(OTEL,
	    CHAT(TRACE("t1"), RESPONSE("r1")) TURN(TRACE("t1"))
		RUN(TRACE("t1")),
	    1);
}

Test(copilot, a_run_without_a_trace_is_known_by_its_response)
{
	run(OTEL,
	    CHAT(TRACE("t1"), RESPONSE("r1"))
		LOG_RECORD("", "copilot_chat.agent.turn", RESPONSE("r1")),
	    1);
}

Test(copilot, a_turn_that_comes_before_its_calls_yields_to_them)
{
	run(OTEL, TURN(TRACE("t1")) CHAT(TRACE("t1"), RESPONSE("r1")), 2);
	/* The ledger lets what has a request and no call count nothing, or be
	 * the call, where the request has calls. */
	import_text_is(&es.events[0], EV_REQUEST, "t1");
	import_text_is(&es.events[0], EV_CALL, NULL);
	import_text_is(&es.events[1], EV_REQUEST, "t1");
	import_text_is(&es.events[1], EV_CALL, "t1/r1");
}

Test(copilot, turns_alone_add_up_and_the_run_is_their_sum)
{
	const struct event *ev;

	run(OTEL, TURN(TRACE("t1")) TURN(TRACE("t1")) RUN(TRACE("t1")), 3);
	for (int i = 0; i < 3; i++)
		import_text_is(&es.events[i], EV_MESSAGE, "trace-t1");
	ev = &es.events[2];
	check_counts(ev, 760, 1200, 40, 340, 60);
}

Test(copilot, a_run_alone_counts)
{
	run(OTEL, RUN(TRACE("t1")) RUN(TRACE("t2")), 2);
	check_counts(&es.events[0], 380, 600, 20, 170, 30);
	import_text_is(&es.events[0], EV_SESSION, "t1");
	import_text_is(&es.events[1], EV_MESSAGE, "trace-t2");
}

Test(copilot, telemetry_may_be_read_in_parts)
{
	run(OTEL, CHAT(TRACE("t1"), RESPONSE("r1")), 1);
	import_run_more(&import_copilot, OTEL, RUN(TRACE("t1")), &es);
	cr_assert_eq(es.n, 1, "%zu events", es.n);
}

Test(copilot, records_of_vs_code_have_no_type)
{
	run("x.jsonl",
	    "{\"name\":\"chat gpt-5\",\"kind\":2,\"spanId\":\"s\","
	    "\"traceId\":\"t\",\"endTimeUnixNano\":\"1768033800500000000\","
	    "\"attributes\":{\"gen_ai.usage.input_tokens\":\"7\","
	    "\"gen_ai.usage.output_tokens\":2.0,"
	    "\"gen_ai.request.model\":\"gpt-5\"}}\n"
	    "{\"body\":\"GenAI inference: gpt-5\",\"attributes\":"
	    "{\"gen_ai.usage.input_tokens\":9}}\n"
	    "{\"name\":\"execute_tool x\",\"traceId\":\"t\",\"attributes\":"
	    "{\"gen_ai.usage.input_tokens\":9}}\n",
	    1);
	cr_assert_eq(es.odd, 1, "a record without ids was not told");
	cr_assert_eq(
	    es.events[0].ts_ms, 1768033800500, "%" PRId64, es.events[0].ts_ms);
	check_counts(&es.events[0], 7, 0, 0, 2, 0);
	import_text_is(&es.events[0], EV_MODEL, "gpt-5");
}

Test(copilot, records_without_ids_are_known_by_their_bytes)
{
	static const char record[] = "{\"type\":\"span\",\"name\":\"chat m\","
				     "\"attributes\":{\"session.id\":\"s\","
				     "\"gen_ai.usage.input_tokens\":9}}\n";

	run(OTEL, record, 1);
	run(OTEL, record, 2);
	cr_assert(text_eq(
	    es.events[0].text[EV_MESSAGE], es.events[1].text[EV_MESSAGE]));
	import_text_is(&es.events[0], EV_CALL, NULL);
	import_text_is(&es.events[0], EV_REQUEST, NULL);
}

/* --- Both ----------------------------------------------------------------- */

static void
write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	cr_assert_not_null(f, "%s", path);
	fputs(text, f);
	fclose(f);
}

Test(copilot, a_session_with_a_log_is_not_counted_by_its_telemetry)
{
	char dir[] = "/tmp/tt-copilot-XXXXXX", path[5][96];

	cr_assert_not_null(mkdtemp(dir));
	snprintf(path[0], sizeof(path[0]), "%s/session-state", dir);
	snprintf(path[1], sizeof(path[1]), "%s/session-state/c-1", dir);
	snprintf(path[2], sizeof(path[2]), "%s/otel", dir);
	snprintf(
	    path[3], sizeof(path[3]), "%s/session-state/c-1/events.jsonl", dir);
	snprintf(path[4], sizeof(path[4]), "%s/otel/x.jsonl", dir);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(mkdir(path[i], 0700), 0);
	write_file(path[3],
	    SHUTDOWN("30", OPUS USAGE("1000", "170", "600", "20", "30")));
	write_file(path[4], CHAT(TRACE("t1"), RESPONSE("r1")) RUN(TRACE("t1")));
	/* From the whole home, and from the folder of telemetry alone. */
	import_run_tree(&import_copilot, dir, &es);
	cr_assert_eq(es.n, 1, "%zu events", es.n);
	cr_assert(es.events[0].running);
	import_run_tree(&import_copilot, path[2], &es);
	cr_assert_eq(es.n, 1, "%zu events", es.n);
	/* Without the log it is all there is. */
	unlink(path[3]);
	import_run_tree(&import_copilot, path[2], &es);
	cr_assert_eq(es.n, 2, "%zu events", es.n);
	import_text_is(&es.events[1], EV_SESSION, "c-1");
	unlink(path[4]);
	rmdir(path[2]);
	rmdir(path[1]);
	rmdir(path[0]);
	rmdir(dir);
}

Test(copilot, a_conversation_is_no_path)
{
	run(OTEL,
	    "{\"type\":\"span\",\"name\":\"chat m\",\"traceId\":\"t\","
	    "\"spanId\":\"s\",\"attributes\":{\"gen_ai.conversation.id\":"
	    "\"../../etc\",\"gen_ai.usage.input_tokens\":1}}\n",
	    1);
}

Test(copilot, logs_are_found_by_name_and_place)
{
	cr_assert_eq(import_copilot.kind_of("a/events.jsonl"), IMPORT_LINES);
	cr_assert_eq(import_copilot.kind_of("a.jsonl"), IMPORT_LINES);
	cr_assert_eq(import_copilot.kind_of("otel/a.jsonl"), IMPORT_LINES);
	cr_assert_eq(import_copilot.kind_of("a/files/b.jsonl"), -1);
	cr_assert_eq(import_copilot.kind_of("a/workspace.yaml"), -1);
	cr_assert_eq(import_copilot.kind_of("spans.out"), -1);
	setenv("COPILOT_OTEL_FILE_EXPORTER_PATH", "/var/spans.out", 1);
	cr_assert_eq(import_copilot.kind_of("spans.out"), IMPORT_LINES);
}

Test(copilot, roots_come_from_the_environment)
{
	struct roots r = { 0 };

	setenv("HOME", "/h", 1);
	import_copilot.find_roots(&r);
	cr_assert_eq(r.n, 2, "%zu roots", r.n);
	cr_assert_str_eq(r.paths[0], "/h/.copilot/session-state");
	cr_assert_str_eq(r.paths[1], "/h/.copilot/otel");
	roots_release(&r);
	setenv("COPILOT_HOME", "/c", 1);
	setenv("COPILOT_OTEL_FILE_EXPORTER_PATH", "/var/spans.out", 1);
	import_copilot.find_roots(&r);
	cr_assert_eq(r.n, 3, "%zu roots", r.n);
	cr_assert_str_eq(r.paths[0], "/c/session-state");
	cr_assert_str_eq(r.paths[2], "/var/spans.out");
	roots_release(&r);
}

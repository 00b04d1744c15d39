#include "tests/unit/import/merge_help.h"

#include <criterion/criterion.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clients/import/roots.h"

#define DATA "tests/data/import/codex/"
#define LOG "2026/05/12/rollout-2026-05-12T10-00-00-" THREAD ".jsonl"
#define THREAD "019e1ba1-0d00-7000-8000-000000000001" /* T(00:00.000) */
#define FORK "019e1baa-34c0-7000-8000-000000000002"   /* T(10:00.000) */
#define TURN_1 "019e1ba1-10e8-7000-8000-000000000300" /* T(00:01.000) */
#define TURN_2 "019e1baa-5bd0-7000-8000-000000000301" /* T(10:10.000) */

#define T(at) "2026-05-12T10:" at "Z"
#define LINE(at, type, payload)                                                \
	"{\"timestamp\":\"" T(at) "\",\"type\":\"" type                        \
				  "\",\"payload\":{" payload "}}\n"
#define META(at, id, more)                                                     \
	LINE(at, "session_meta",                                               \
	    "\"id\":\"" id "\",\"timestamp\":\"" T(at) "\"" more)
#define TURN(at, id)                                                           \
	LINE(at, "turn_context",                                               \
	    "\"turn_id\":\"" id "\",\"model\":\"gpt-5.2-codex\"")
#define MODEL(at) LINE(at, "turn_context", "\"model\":\"gpt-5.2-codex\"")
#define USAGE(in, cached, out, reasoning, total)                               \
	"{\"input_tokens\":" #in ",\"cached_input_tokens\":" #cached           \
	",\"output_tokens\":" #out ",\"reasoning_output_tokens\":" #reasoning  \
	",\"total_tokens\":" #total "}"
#define COUNT(at, last, total)                                                 \
	LINE(at, "event_msg",                                                  \
	    "\"type\":\"token_count\",\"info\":{\"total_token_usage\":" total  \
	    ",\"last_token_usage\":" last "},\"rate_limits\":null")
#define RECORD(at, id, usage, total)                                           \
	LINE(at, "token_usage_record",                                         \
	    "\"thread_id\":\"" THREAD "\",\"response_id\":\"" id               \
	    "\",\"usage\":" usage ",\"thread_token_usage\":" total)

/* One call of 1200 tokens, and the totals after so many of it. */
#define CALL USAGE(1000, 600, 200, 120, 1200)
#define TWO USAGE(2000, 1200, 400, 240, 2400)
#define THREE USAGE(3000, 1800, 600, 360, 3600)
#define FOUR USAGE(4000, 2400, 800, 480, 4800)

static struct import_events es, more;

static void
forget(void)
{
	import_events_free(&es);
	import_events_free(&more);
}

TestSuite(codex, .fini = forget, .timeout = 30);

static void
run(const char *lines)
{
	import_run_lines(&import_codex, LOG, lines, &es);
	cr_assert_eq(es.rc, 0, "%d", es.rc);
}

/* --- A call --------------------------------------------------------------- */

Test(codex, a_record_is_a_call_with_its_response_as_id)
{
	const struct event *ev;

	run(LINE("00:00.000", "session_meta",
	    "\"id\":\"" THREAD "\",\"cwd\":\"/home/ann/web\",\"model_provider\""
	    ":\"azure\",\"git\":{\"branch\":\"main\"},\"source\":\"cli\"")
		TURN("00:01.000", TURN_1)
		    RECORD("00:02.000", "resp_1", CALL, CALL));
	cr_assert_eq(es.n, 1, "%zu events", es.n);
	ev = &es.events[0];
	import_text_is(ev, EV_SESSION, THREAD);
	import_text_is(ev, EV_MESSAGE, "resp_1");
	import_text_is(ev, EV_CALL, "resp_1");
	import_text_is(ev, EV_AGENT, "codex");
	import_text_is(ev, EV_MODEL, "gpt-5.2-codex");
	import_text_is(ev, EV_PROVIDER, "azure");
	import_text_is(ev, EV_PROJECT, "/home/ann/web");
	import_text_is(ev, EV_BRANCH, "main");
	import_text_is(ev, EV_KIND, "main");
	import_text_is(ev, EV_SOURCE, "log");
	import_text_is(ev, EV_PARENT_SESSION, NULL);
	import_count_is(ev, EV_INPUT, 400);
	import_count_is(ev, EV_CACHE_READ, 600);
	import_count_is(ev, EV_OUTPUT, 200);
	import_count_is(ev, EV_REASONING, 120);
	import_count_is(ev, EV_TOTAL, 1200);
	cr_assert_eq(ev->ts_ms, 1778580002000, "%lld", (long long)ev->ts_ms);
}

Test(codex, a_count_is_a_call_named_by_the_running_total)
{
	const struct event *ev;

	run(META("00:00.000", THREAD, "") MODEL("00:01.000")
		COUNT("00:02.000", CALL, CALL) COUNT("00:03.000", CALL, TWO));
	merged_are(&es, 2, 2400);
	ev = &es.events[1];
	import_text_is(ev, EV_SESSION, THREAD);
	import_text_is(ev, EV_MESSAGE, "2000-1200-0-400-240-2400");
	import_text_is(
	    ev, EV_CALL, "codex:" THREAD ":2000-1200-0-400-240-2400");
	import_text_is(ev, EV_PROVIDER, "openai");
	import_count_is(ev, EV_INPUT, 400);
}

Test(codex, an_id_that_is_not_global_stays_within_its_thread)
{
	run(META("00:00.000", THREAD, "")
		RECORD("00:02.000", "local-1", CALL, CALL));
	import_text_is(&es.events[0], EV_MESSAGE, "local-1");
	import_text_is(&es.events[0], EV_CALL, NULL);
}

Test(codex, records_without_an_id_are_named_by_the_total_after_them)
{
	run(META("00:00.000", THREAD, "") RECORD("00:02.000", "", CALL, CALL)
		RECORD("00:03.000", "", CALL, TWO)
		    RECORD("00:03.000", "", CALL, TWO));
	merged_are(&es, 2, 2400);
}

Test(codex, model_and_tier_are_those_in_force)
{
	run(META("00:00.000", THREAD, "") COUNT("00:01.000", CALL, CALL) LINE(
	    "00:02.000", "event_msg",
	    "\"type\":\"thread_settings_applied\",\"thread_settings\":{"
	    "\"model\":\"gpt-5.2\",\"model_provider_id\":\"oss\","
	    "\"service_tier\":\"priority\"}") COUNT("00:03.000", CALL, TWO));
	import_text_is(&es.events[0], EV_MODEL, NULL);
	import_text_is(&es.events[0], EV_TIER, NULL);
	import_text_is(&es.events[1], EV_MODEL, "gpt-5.2");
	import_text_is(&es.events[1], EV_PROVIDER, "oss");
	import_text_is(&es.events[1], EV_TIER, "priority");
}

Test(codex, a_file_without_its_first_line_is_the_thread_of_its_name)
{
	run(MODEL("00:01.000") COUNT("00:02.000", CALL, CALL)
		RECORD("05:00.000", "resp_1", CALL, TWO));
	import_text_is(&es.events[0], EV_SESSION, THREAD);
	import_text_is(&es.events[1], EV_KIND, "main");
	merged_are(&es, 2, 2400);
}

/* --- Both kinds of lines -------------------------------------------------- */

Test(codex, a_record_and_its_count_are_one_call)
{
	run(META("00:00.000", THREAD, "") TURN("00:01.000", TURN_1) RECORD(
	    "00:02.000", "resp_1", CALL, CALL) COUNT("00:02.001", CALL, CALL)
		RECORD("00:03.000", "resp_2", CALL, TWO)
		    COUNT("00:03.001", CALL, TWO));
	merged_are(&es, 2, 2400);
}

Test(codex, a_count_and_then_its_record_are_one_call)
{
	run(META("00:00.000", THREAD, "") TURN("00:01.000", TURN_1) COUNT(
	    "00:02.000", CALL, CALL) RECORD("00:02.001", "resp_1", CALL,
	    CALL) COUNT("00:03.000", CALL, TWO) RECORD("00:03.001", "resp_2",
	    CALL, TWO) TURN("10:10.000", TURN_2) COUNT("10:11.000", CALL, THREE)
		RECORD("10:11.001", "resp_3", CALL, THREE));
	merged_are(&es, 3, 3600);
}

/* Some versions reckon the two totals differently. */
Test(codex, pairs_are_known_by_the_call_where_the_totals_differ)
{
	run(META("00:00.000", THREAD, "") TURN("00:01.000", TURN_1)
		RECORD("00:02.000", "resp_1", CALL, CALL)
		    COUNT("00:02.001", CALL, FOUR) TURN("10:10.000", TURN_2)
			COUNT("10:11.000", CALL, USAGE(9, 0, 9, 0, 18))
			    RECORD("10:11.001", "resp_2", CALL, TWO));
	merged_are(&es, 2, 2400);
}

Test(codex, an_upgrade_between_turns_loses_and_doubles_nothing)
{
	run(META("00:00.000", THREAD, "") TURN("00:01.000", TURN_1)
		COUNT("00:02.000", CALL, CALL) TURN("10:10.000", TURN_2)
		    RECORD("10:11.000", "resp_2", CALL, TWO)
			COUNT("10:11.001", CALL, TWO));
	merged_are(&es, 2, 2400);
}

Test(codex, an_upgrade_without_marks_of_turns_is_seen_by_the_totals)
{
	run(META("00:00.000", THREAD, "") COUNT("00:02.000", CALL, CALL) RECORD(
	    "10:11.000", "resp_2", CALL, TWO) COUNT("10:11.001", CALL, TWO));
	merged_are(&es, 2, 2400);
}

Test(codex, a_turn_of_an_older_version_again_is_counted)
{
	run(META("00:00.000", THREAD, "") TURN("00:01.000", TURN_1) RECORD(
	    "00:02.000", "resp_1", CALL, CALL) COUNT("00:02.001", CALL, CALL)
		TURN("10:10.000", TURN_2) COUNT("10:11.000", CALL, TWO));
	merged_are(&es, 2, 2400);
}

Test(codex, a_count_that_comes_after_the_next_turn_began_is_no_new_call)
{
	run(META("00:00.000", THREAD, "") TURN("00:01.000", TURN_1)
		RECORD("00:02.000", "resp_1", CALL, CALL)
		    TURN("10:10.000", TURN_2) COUNT("10:10.001", CALL, CALL)
			RECORD("10:11.000", "resp_2", CALL, TWO));
	merged_are(&es, 2, 2400);
}

/* The record's own count was never written; the next is an equal call. */
Test(codex, an_equal_call_after_a_lone_record_is_told_by_the_totals)
{
	run(META("00:00.000", THREAD, "") TURN("00:01.000", TURN_1)
		RECORD("00:02.000", "resp_1", CALL, CALL)
		    TURN("10:10.000", TURN_2) COUNT("10:11.000", CALL, TWO));
	merged_are(&es, 2, 2400);
}

Test(codex, an_equal_call_of_a_new_turn_is_not_that_of_the_last)
{
	run(META("00:00.000", THREAD, "") TURN("00:01.000", TURN_1)
		COUNT("00:02.000", CALL, CALL) TURN("10:10.000", TURN_2)
		    RECORD("10:11.000", "resp_2", CALL, "null")
			COUNT("10:11.001", CALL, TWO));
	merged_are(&es, 2, 2400);
}

Test(codex, a_turn_with_records_has_no_calls_besides)
{
	run(META("00:00.000", THREAD, "") TURN("00:01.000", TURN_1) RECORD(
	    "00:02.000", "resp_1", CALL, CALL) COUNT("00:02.001", CALL, CALL)
		COUNT("00:02.002", USAGE(9, 0, 9, 0, 18), FOUR));
	merged_are(&es, 1, 1200);
}

Test(codex, records_inside_compacted_lines_are_passed_over)
{
	run(META("00:00.000", THREAD, "") LINE("00:01.000", "compacted",
	    "\"latest_token_usage_record\":{\"type\":"
	    "\"token_usage_record\",\"response_id\":\"resp_1\","
	    "\"usage\":" CALL "}"));
	merged_are(&es, 0, 0);
	cr_assert_eq(es.odd, 0, "%s", es.odd_why);
}

/* --- Running totals ------------------------------------------------------- */

Test(codex, the_same_total_again_is_no_new_call)
{
	run(META("00:00.000", THREAD, "") MODEL("00:01.000") COUNT("00:02.000",
	    CALL,
	    CALL) COUNT("00:03.000", CALL, CALL) LINE("00:04.000", "event_msg",
	    "\"type\":\"token_count\",\"info\":null,\"rate_limits\":{"
	    "\"primary\":{\"used_percent\":1.0}}")
		COUNT("00:05.000", CALL, CALL) COUNT("00:06.000", CALL, TWO));
	merged_are(&es, 2, 2400);
	cr_assert_eq(es.n, 2, "%zu events", es.n);
	cr_assert_eq(es.odd, 0, "%s", es.odd_why);
}

/* The window is no usage, and what follows it has been named before. */
Test(codex, a_full_context_window_is_no_call_and_begins_anew)
{
	run(META("00:00.000", THREAD, "") MODEL("00:01.000") COUNT("00:02.000",
	    CALL, CALL) COUNT("00:03.000", USAGE(0, 0, 0, 0, 257200),
	    USAGE(0, 0, 0, 0, 258400)) COUNT("00:04.000", CALL,
	    USAGE(1000, 600, 200, 120, 259600)) COUNT("00:05.000",
	    USAGE(0, 0, 0, 0, 1), USAGE(0, 0, 0, 0, 258400))
		COUNT("00:06.000", CALL, USAGE(1000, 600, 200, 120, 259600)));
	merged_are(&es, 3, 3600);
}

Test(codex, a_total_that_falls_back_says_nothing_of_the_call)
{
	run(META("00:00.000", THREAD, "") MODEL("00:01.000") COUNT("00:02.000",
	    CALL, CALL) COUNT("00:03.000", CALL, TWO) COUNT("00:04.000",
	    USAGE(50, 0, 5, 0, 55), USAGE(1050, 600, 205, 120, 1255))
		COUNT("00:05.000", CALL, CALL));
	merged_are(&es, 3, 2455);
}

Test(codex, without_an_increment_the_rise_of_the_total_is_the_call)
{
	run(META("00:00.000", THREAD, "") MODEL("00:01.000")
		COUNT("00:02.000", "null", CALL) COUNT("00:03.000", "null", TWO)
		    COUNT("00:04.000", "null", USAGE(50, 0, 5, 0, 55)));
	merged_are(&es, 3, 2455);
}

Test(codex, a_forks_first_total_alone_is_told_as_unusable)
{
	run(META("10:00.000", FORK,
	    ",\"forked_from_id\":\"" THREAD "\",\"history_mode\":\"paginated\"")
		TURN("10:10.000", TURN_2) COUNT("10:11.000", "null", THREE)
		    COUNT("10:12.000", "null", FOUR));
	merged_are(&es, 1, 1200);
	cr_assert_eq(es.odd, 1, "%zu", (size_t)es.odd);
	cr_assert_eq(es.odd_line, 3, "%zu", (size_t)es.odd_line);
}

Test(codex, an_increment_without_a_total_is_named_by_its_time)
{
	run(META("00:00.000", THREAD, "") MODEL("00:01.000") COUNT(
	    "00:02.000", CALL, "null") COUNT("00:03.000", CALL, "null")
		COUNT("00:03.000", CALL, "null"));
	merged_are(&es, 2, 2400);
}

/* --- What other writers do ------------------------------------------------ */

Test(codex, spaces_order_and_other_names_do_not_matter)
{
	run("{ \"type\" : \"turn_context\", \"payload\" : { \"model\" : "
	    "\"gpt-5\" } , \"timestamp\" : \"2026-05-12T10:00:01Z\" }\n"
	    "{\"payload\": {\"info\": {\"last_token_usage\": {\"prompt_tokens\""
	    ": \"1000\", \"cached_tokens\": 600.0, \"completion_tokens\": 200, "
	    "\"reasoning_tokens\": null}, \"total_token_usage\": {\"input\": "
	    "1000, \"output\": 200}}, \"type\": \"token_count\"}, "
	    "\"timestamp\": \"2026-05-12T10:00:02Z\", \"type\": "
	    "\"event_msg\"}\n");
	merged_are(&es, 1, 1200);
	import_text_is(&es.events[0], EV_MODEL, "gpt-5");
	import_count_is(&es.events[0], EV_CACHE_READ, 600);
}

Test(codex, parts_larger_than_the_whole_are_cut)
{
	run(META("00:00.000", THREAD, "") MODEL("00:01.000") COUNT("00:02.000",
	    USAGE(100, 900, 10, 50, 110), USAGE(100, 900, 10, 50, 110)));
	merged_are(&es, 1, 110);
	import_count_is(&es.events[0], EV_CACHE_READ, 100);
	import_count_is(&es.events[0], EV_REASONING, 10);
	cr_assert_eq(es.odd, 0, "%s", es.odd_why);
}

Test(codex, a_broken_line_is_told_and_the_next_is_read)
{
	run(META("00:00.000", THREAD,
	    "") "{\"type\":\"event_msg\",\"payload\":{\"type\":\"token_count\","
		"\n"
		"\xff\xfe token_count\n" COUNT("00:02.000", CALL, CALL)
		    COUNT("00:03.000", "\"x\"", "[]"));
	merged_are(&es, 1, 1200);
	cr_assert_eq(es.odd, 2, "%zu", (size_t)es.odd);
	cr_assert_eq(es.odd_line, 2, "%zu", (size_t)es.odd_line);
}

Test(codex, a_record_without_usage_is_told)
{
	run(META("00:00.000", THREAD, "")
		RECORD("00:02.000", "resp_1", "null", "null"));
	merged_are(&es, 0, 0);
	cr_assert_eq(es.odd, 1, "%zu", (size_t)es.odd);
}

Test(codex, what_codex_exec_printed_is_told_and_not_counted)
{
	import_run_lines(&import_codex, "saved.jsonl",
	    "{\"type\":\"thread.started\",\"thread_id\":\"" THREAD "\"}\n"
	    "{\"type\":\"turn.completed\",\"usage\":" THREE "}\n",
	    &es);
	merged_are(&es, 0, 0);
	cr_assert_eq(es.odd, 1, "%zu", (size_t)es.odd);
}

Test(codex, only_lines_of_some_types_are_looked_at)
{
	static const struct {
		const char *line;
		bool wanted;
	} rows[] = {
		{ "{\"timestamp\":\"t\",\"type\":\"response_item\",\"payload\":"
		  "{\"text\":\"token_count token_usage_record\"}}",
		    false },
		{ "{\"timestamp\":\"t\",\"type\":\"event_msg\",\"payload\":{"
		  "\"type\":\"agent_message\"}}",
		    false },
		{ "{\"timestamp\":\"t\",\"type\":\"event_msg\",\"payload\":{"
		  "\"type\":\"token_count\"}}",
		    true },
		{ "{\"type\": \"token_usage_record\"}", true },
		{ "{\"payload\":{\"type\":\"x\"},\"type\":\"session_meta\"}",
		    true },
		{ "{\"a\":1}", false },
		{ "", false },
		{ "{", false },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_eq(
		    import_codex.wants_line(rows[i].line, strlen(rows[i].line)),
		    rows[i].wanted, "%s", rows[i].line);
}

/* --- Forks and sub-agents ------------------------------------------------- */

#define PARENT_LINES                                                           \
	META("00:00.000", THREAD, "")                                          \
	TURN("00:01.000", TURN_1)                                              \
	COUNT("00:02.000", CALL, CALL) COUNT("00:03.000", CALL, TWO)
/* The same, at the moment of the fork. */
#define STAMPED_LINES                                                          \
	META("10:00.001", THREAD, "")                                          \
	TURN("10:00.002", TURN_1)                                              \
	COUNT("10:00.003", CALL, CALL) COUNT("10:00.004", CALL, TWO)
#define FORK_META(more)                                                        \
	META("10:00.000", FORK, ",\"forked_from_id\":\"" THREAD "\"" more)
#define OWN_LINES TURN("10:10.000", TURN_2) COUNT("10:11.000", CALL, THREE)

/* Runs both files; the fork's own call is the only one that is new. */
static void
check_fork(const char *parent, const char *fork)
{
	const struct event *own;
	size_t i;

	import_run_lines(&import_codex, LOG, parent, &es);
	merged_are(&es, 2, 2400);
	import_run_lines(&import_codex, "rollout-" FORK ".jsonl", fork, &es);
	merged_are(&es, 3, 3600);
	own = &es.events[es.n - 1];
	import_text_is(own, EV_SESSION, FORK);
	import_text_is(own, EV_PARENT_SESSION, THREAD);
	for (i = 0; i + 1 < es.n; i++)
		cr_assert(es.events[i].copied == (i >= 2), "event %zu", i);
	cr_assert(!own->copied);
}

Test(codex, a_forks_copy_as_it_was_is_of_its_parent)
{
	check_fork(PARENT_LINES, FORK_META("") PARENT_LINES OWN_LINES);
}

Test(codex, a_forks_copy_with_new_times_is_of_its_parent)
{
	check_fork(PARENT_LINES, FORK_META("") STAMPED_LINES OWN_LINES);
}

Test(codex, a_copy_without_turns_is_known_by_its_times)
{
	check_fork(META("00:00.000", THREAD, "") COUNT("00:02.000", CALL, CALL)
		       COUNT("00:03.000", CALL, TWO),
	    FORK_META("") COUNT("00:02.000", CALL, CALL)
		COUNT("00:03.000", CALL, TWO) COUNT("10:09.000", CALL, THREE));
}

Test(codex, a_copy_without_turns_is_known_by_its_haste)
{
	check_fork(META("00:00.000", THREAD, "") COUNT("00:02.000", CALL, CALL)
		       COUNT("00:03.000", CALL, TWO),
	    FORK_META("") COUNT("10:00.002", CALL, CALL)
		COUNT("10:00.900", CALL, TWO) COUNT("10:09.000", CALL, THREE));
}

Test(codex, a_turn_tells_when_it_began_where_its_id_does_not)
{
	check_fork(META("00:00.000", THREAD, "") COUNT("00:02.000", CALL, CALL)
		       COUNT("00:03.000", CALL, TWO),
	    FORK_META("") LINE("10:00.001", "event_msg",
		"\"type\":\"task_started\",\"turn_id\":\"1\","
		"\"started_at\":1778580001") COUNT("10:04.000", CALL, CALL)
		COUNT("10:08.000", CALL, TWO) LINE("10:08.000", "event_msg",
		    "\"type\":\"task_started\",\"turn_id\":\"2\","
		    "\"started_at\":1778580608")
		    COUNT("10:08.100", CALL, THREE));
}

Test(codex, lines_before_the_own_first_number_are_copies)
{
	check_fork(PARENT_LINES,
	    META("10:00.000", FORK,
		",\"source\":{\"subagent\":{\"thread_spawn\":{"
		"\"parent_thread_id\":\"" THREAD "\"}}},"
		"\"subagent_history_start_ordinal\":\"7\"") "{\"timestamp\":"
							    "\"" T(
								"10:00.001") "\",\"ordinal\":5,\"type\":"
									     "\"event_msg\",\"payload\":{\"type\":\"token_count\",\"info\":{"
									     "\"last_token_usage\":" CALL
									     ","
									     "\"total_token_usage\":" CALL
									     "}"
									     "}"
									     "}"
									     "\n"
									     "{"
									     "\"timestamp\":\"" T(
										 "10:07.000") "\",\"ordinal\":6,\"type\":"
											      "\"event_msg\",\"payload\":{\"type\":\"token_count\",\"info\":{"
											      "\"last_token_usage\":" CALL
											      ",\"total_token_usage\":" TWO
											      "}}}\n"
											      "{\"timestamp\":\"" T(
												  "10:07.001") "\",\"ordinal\":7,\"type\":"
													       "\"event_msg\",\"payload\":{\"type\":\"token_count\",\"info\":{"
													       "\"last_token_usage\":" CALL
													       ",\"total_token_usage\":" THREE
													       "}}}\n");
	import_text_is(&es.events[es.n - 1], EV_KIND, "subagent");
}

#define THIRD "019e1bb3-5c80-7000-8000-000000000003" /* T(20:00.000) */

static void
run_third(const char *lines)
{
	import_run_lines(&import_codex, "rollout-" THIRD ".jsonl", lines, &es);
}

Test(codex, each_generation_has_its_own_calls)
{
	run_third(META("20:00.000", THIRD, ",\"forked_from_id\":\"" FORK "\"")
		FORK_META("") META("00:00.000", THREAD, "")
		    COUNT("00:02.000", CALL, CALL) COUNT("10:05.000", CALL, TWO)
			COUNT("20:11.000", CALL, THREE));
	import_text_is(&es.events[0], EV_SESSION, THREAD);
	import_text_is(&es.events[1], EV_SESSION, FORK);
	import_text_is(&es.events[2], EV_SESSION, THIRD);
}

/* Then nothing tells a parent's lines from its parent's but the totals. */
Test(codex, generations_with_new_times_merge_with_their_files)
{
	run(META("00:00.000", THREAD, "") COUNT("00:02.000", CALL, CALL));
	import_run_lines(&import_codex, "rollout-" FORK ".jsonl",
	    FORK_META("") META("10:00.001", THREAD, "")
		COUNT("10:00.002", CALL, CALL) COUNT("10:05.000", CALL, TWO),
	    &es);
	merged_are(&es, 2, 2400);
	run_third(META("20:00.000", THIRD, ",\"forked_from_id\":\"" FORK "\"")
		LINE("20:00.001", "session_meta",
		    "\"id\":\"" FORK "\",\"forked_from_id\":\"" THREAD "\"")
		    META("20:00.001", THREAD, "") COUNT("20:00.002", CALL, CALL)
			COUNT("20:00.003", CALL, TWO)
			    COUNT("20:11.000", CALL, THREE));
	merged_are(&es, 3, 3600);
	cr_assert_eq(es.n, 6, "%zu events", es.n);
}

Test(codex, a_paginated_fork_has_no_copies)
{
	import_run_lines(&import_codex, "rollout-" FORK ".jsonl",
	    FORK_META(",\"history_mode\":\"paginated\"")
		COUNT("10:00.002", CALL, THREE),
	    &es);
	import_text_is(&es.events[0], EV_SESSION, FORK);
	cr_assert(!es.events[0].copied);
}

Test(codex, a_copied_record_is_of_the_thread_it_names)
{
	check_fork(META("00:00.000", THREAD, "") TURN("00:01.000", TURN_1)
		       RECORD("00:02.000", "local-1", CALL, CALL)
			   RECORD("00:03.000", "local-2", CALL, TWO),
	    FORK_META("") META("10:00.001", THREAD, "") RECORD("10:00.002",
		"local-1", CALL, CALL) RECORD("10:00.003", "local-2", CALL, TWO)
		TURN("10:10.000", TURN_2) LINE("10:11.000",
		    "token_usage_record",
		    "\"thread_id\":\"" FORK "\",\"response_id\":\"local-1\","
		    "\"usage\":" CALL));
}

Test(codex, a_subagent_without_history_counts_from_its_first_call)
{
	import_run_lines(&import_codex, LOG, PARENT_LINES, &es);
	import_run_lines(&import_codex, "rollout-" FORK ".jsonl",
	    META("10:00.000", FORK,
		",\"source\":{\"subagent\":{\"thread_spawn\":{"
		"\"parent_thread_id\":\"" THREAD "\"}}}")
		TURN("10:10.000", TURN_2) COUNT("10:10.500", CALL, CALL),
	    &es);
	merged_are(&es, 3, 3600);
}

/* What is left of a deleted parent is its own, and not lost. */
Test(codex, a_copy_counts_where_its_parent_is_gone)
{
	import_run_lines(&import_codex, "rollout-" FORK ".jsonl",
	    FORK_META("") PARENT_LINES OWN_LINES, &es);
	merged_are(&es, 3, 3600);
	import_text_is(&es.events[0], EV_SESSION, THREAD);
}

/* Written by hand, they look like times. */
Test(codex, ids_that_contradict_the_clock_tell_no_time)
{
	check_fork(PARENT_LINES,
	    META("20:00.000", FORK, ",\"forked_from_id\":\"" THREAD "\"")
		META("20:00.001", THREAD, "") TURN("20:00.001", TURN_2) COUNT(
		    "20:00.002", CALL, CALL) COUNT("20:00.003", CALL, TWO)
		    TURN("20:10.000", TURN_1) COUNT("20:11.000", CALL, THREE));
}

/* --- Trees ---------------------------------------------------------------- */

static const struct tree {
	const char *dir;
	size_t calls;
	uint64_t tokens;
	uint64_t input, cache_read, cache_write, output, reasoning;
} trees[] = {
	/* A thread, resumed, archived; a fork that goes on from it. */
	{ DATA "records", 3, 6600, 2400, 3600, 0, 600, 360 },
	/*
	 * A thread of 3 calls, a fork, its fork, and three threads that each
	 * made one call of their own: 4000 + 1200 + 1600 + 1200 + 1600.
	 */
	{ DATA "legacy", 7, 9600, 3400, 5100, 0, 1100, 570 },
	{ DATA "two-threads", 2, 2400, 800, 1200, 0, 400, 240 },
	{ DATA "cache-write", 1, 1200, 350, 600, 50, 200, 120 },
	{ DATA "records-only", 1, 1200, 400, 600, 0, 200, 120 },
};

#define TREES (sizeof(trees) / sizeof(trees[0]))

static void
check_tree(const struct tree *t)
{
	struct merged_events m;

	import_run_tree(&import_codex, t->dir, &es);
	merged_are(&es, t->calls, t->tokens);
	m = merge_events(&es);
	cr_assert(m.count[EV_INPUT] == t->input &&
		      m.count[EV_CACHE_READ] == t->cache_read &&
		      m.count[EV_CACHE_WRITE] == t->cache_write &&
		      m.count[EV_OUTPUT] == t->output &&
		      m.count[EV_REASONING] == t->reasoning,
	    "%s: %zu %zu %zu %zu %zu", t->dir, (size_t)m.count[EV_INPUT],
	    (size_t)m.count[EV_CACHE_READ], (size_t)m.count[EV_CACHE_WRITE],
	    (size_t)m.count[EV_OUTPUT], (size_t)m.count[EV_REASONING]);
}

Test(codex, each_tree_has_each_call_once)
{
	size_t i;

	for (i = 0; i < TREES; i++) {
		check_tree(&trees[i]);
		import_events_free(&es);
	}
}

Test(codex, a_tree_read_twice_has_no_more_calls)
{
	import_run_tree(&import_codex, DATA "legacy", &es);
	import_run_tree(&import_codex, DATA "legacy", &es);
	merged_are(&es, 7, 9600);
}

static char *
read_file(const char *path)
{
	char *text = calloc(1, 65536);
	FILE *f = fopen(path, "r");

	cr_assert(text != NULL && f != NULL, "%s", path);
	cr_assert_lt(fread(text, 1, 65535, f), 65535, "%s", path);
	fclose(f);
	return text;
}

/* Left after each line in turn, and gone on with. */
static int
check_pieces(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	char *text, *cut, after;

	(void)st;
	if (type != FTW_F)
		return 0;
	text = read_file(path);
	import_run_lines(&import_codex, path + ftw->base, text, &es);
	for (cut = text; (cut = strchr(cut, '\n')) != NULL;) {
		after = *++cut;
		*cut = '\0';
		import_run_lines(&import_codex, path + ftw->base, text, &more);
		*cut = after;
		import_run_more(&import_codex, path + ftw->base, cut, &more);
		events_are_same(&more, &es);
		import_events_free(&more);
	}
	import_events_free(&es);
	free(text);
	return 0;
}

Test(codex, read_in_pieces_a_file_is_what_it_is_in_one)
{
	cr_assert_eq(nftw(DATA, check_pieces, 8, FTW_PHYS), 0);
}

/* --- Files ---------------------------------------------------------------- */

Test(codex, rollouts_are_found_by_name_live_and_archived)
{
	static const struct {
		const char *rel;
		int kind;
	} rows[] = {
		{ LOG, IMPORT_LINES },
		{ "rollout-2026-05-12T10-00-00-" THREAD ".jsonl",
		    IMPORT_LINES },
		{ "sessions/" LOG, IMPORT_LINES },
		{ "saved.jsonl", IMPORT_LINES },
		{ "history.jsonl", -1 },
		{ "session_index.jsonl", -1 },
		{ "log/other.jsonl", -1 },
		{ "rollout-x.json", -1 },
		{ "state_5.sqlite", -1 },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_eq(import_codex.kind_of(rows[i].rel), rows[i].kind,
		    "%s: %d", rows[i].rel, import_codex.kind_of(rows[i].rel));
}

static void
check_roots(const char *const *expected, size_t n)
{
	struct roots r = { 0 };
	size_t i;

	import_codex.find_roots(&r);
	cr_assert_eq(r.n, n, "%zu roots, not %zu", r.n, n);
	for (i = 0; i < n; i++)
		cr_expect_str_eq(r.paths[i], expected[i], "%s, not %s",
		    r.paths[i], expected[i]);
	roots_release(&r);
}

Test(codex, homes_are_a_list_or_the_default)
{
	static const char *const usual[] = { "/h/.codex/sessions",
		"/h/.codex/archived_sessions" };
	static const char *const listed[] = { DATA "records/sessions",
		DATA "legacy/sessions", "/saved/sessions",
		DATA "records/archived_sessions",
		DATA "legacy/archived_sessions", "/saved/archived_sessions",
		"/saved" };

	setenv("HOME", "/h", 1);
	unsetenv("CODEX_HOME");
	check_roots(usual, 2);
	setenv("CODEX_HOME", DATA "records, " DATA "legacy/,/saved", 1);
	check_roots(listed, 7);
}

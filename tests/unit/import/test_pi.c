#include "tests/unit/import/import_help.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "clients/import/roots.h"

#define PARENT "aaaaaaaa-0000-4000-8000-000000000001"
#define CHILD "bbbbbbbb-0000-4000-8000-000000000002"
#define FOLDER "--src-web--/2026-05-12T10-00-00-000Z_" PARENT
#define LOG FOLDER ".jsonl"

#define HEAD(id, at, more)                                                     \
	"{\"type\":\"session\",\"version\":3,\"id\":\"" id                     \
	"\",\"timestamp\":\"2026-05-12T" at "Z\",\"cwd\":\"/src/web\"" more    \
	"}\n"
#define USAGE                                                                  \
	"{\"input\":100,\"output\":50,\"cacheRead\":800,\"cacheWrite\":40,"    \
	"\"cacheWrite1h\":30,\"reasoning\":20,\"totalTokens\":990,\"cost\":{"  \
	"\"input\":0.01,\"total\":0.0125}}"
#define ENTRY(ids, at, more)                                                   \
	"{\"type\":\"message\"," ids "\"timestamp\":\"2026-05-12T" at          \
	"Z\",\"message\":{\"role\":\"assistant\",\"provider\":\"anthropic\","  \
	"\"model\":\"claude-sonnet-4-5\"," more "\"usage\":" USAGE             \
	",\"timestamp\":1778580001000}}\n"
#define MADE(id, at) ENTRY("\"id\":\"" id "\",\"parentId\":null,", at, "")

static struct import_events es;

static void
forget(void)
{
	import_events_free(&es);
}

TestSuite(pi, .fini = forget, .timeout = 30);

static void
run_at(const char *rel, const char *text, size_t events)
{
	size_t before = es.n;

	import_run_lines(&import_pi, rel, text, &es);
	cr_assert_eq(es.n - before, events, "%zu events, not %zu",
	    es.n - before, events);
}

static void
same(enum event_text t, const struct event *a, const struct event *b)
{
	cr_assert(a->text[t].len > 0, "no %s", event_text_names[t]);
	cr_assert(text_eq(a->text[t], b->text[t]), "%s is %.*s and %.*s",
	    event_text_names[t], (int)a->text[t].len, a->text[t].p,
	    (int)b->text[t].len, b->text[t].p);
}

static void
differ(enum event_text t, const struct event *a, const struct event *b)
{
	cr_assert(!text_eq(a->text[t], b->text[t]), "%s is %.*s twice",
	    event_text_names[t], (int)a->text[t].len, a->text[t].p);
}

Test(pi, counts_are_taken_as_they_are)
{
	const struct event *ev;

	run_at(LOG, HEAD(PARENT, "10:00:00.000", "") MADE("e1", "10:00:05.000"),
	    1);
	ev = &es.events[0];
	import_count_is(ev, EV_INPUT, 100);
	import_count_is(ev, EV_CACHE_READ, 800);
	import_count_is(ev, EV_CACHE_WRITE, 40);
	import_count_is(ev, EV_CACHE_WRITE_1H, 30);
	import_count_is(ev, EV_OUTPUT, 50);
	import_count_is(ev, EV_REASONING, 20);
	import_count_is(ev, EV_TOTAL, 990);
	cr_assert(ev->has_cost && ev->cost_pico == 12500000000, "%lld",
	    (long long)ev->cost_pico);
	import_text_is(ev, EV_AGENT, "pi");
	import_text_is(ev, EV_SESSION, PARENT);
	import_text_is(ev, EV_PROJECT, "/src/web");
	import_text_is(ev, EV_PROVIDER, "anthropic");
	import_text_is(ev, EV_MODEL, "claude-sonnet-4-5");
	import_text_is(ev, EV_KIND, NULL);
	import_text_is(ev, EV_PARENT_SESSION, NULL);
	cr_assert_eq(ev->ts_ms, 1778580005000);
	cr_assert(!ev->copied);
}

Test(pi, a_fork_repeats_the_call_as_a_copy)
{
	run_at(LOG, HEAD(PARENT, "10:00:00.000", "") MADE("e1", "10:00:05.000"),
	    1);
	run_at("--src-web--/2026-05-12T11-00-00-000Z_" CHILD ".jsonl",
	    HEAD(CHILD, "11:00:00.000",
		",\"parentSession\":\"/h/.pi/agent/sessions/" LOG "\"")
		MADE("e1", "10:00:05.000") MADE("e2", "11:00:05.000"),
	    2);
	same(EV_CALL, &es.events[0], &es.events[1]);
	cr_assert(es.events[1].copied);
	import_text_is(&es.events[1], EV_SESSION, CHILD);
	import_text_is(&es.events[1], EV_PARENT_SESSION, PARENT);
	cr_assert(!es.events[2].copied);
	differ(EV_CALL, &es.events[1], &es.events[2]);
	differ(EV_MESSAGE, &es.events[1], &es.events[2]);
}

Test(pi, a_parent_is_known_by_the_end_of_its_path)
{
	char text[1024], deep[400];

	memset(deep, 'd', sizeof(deep) - 1);
	deep[sizeof(deep) - 1] = '\0';
	snprintf(text, sizeof(text),
	    "{\"type\":\"session\",\"id\":\"" CHILD "\",\"branchedFrom\":"
	    "\"/%s/2026-05-12T10-00-00-000Z_" PARENT ".jsonl\"}\n%s",
	    deep, MADE("e1", "10:00:05.000"));
	run_at("x.jsonl", text, 1);
	import_text_is(&es.events[0], EV_PARENT_SESSION, PARENT);
	run_at("x.jsonl",
	    "{\"type\":\"session\",\"id\":\"" CHILD
	    "\",\"parentSession\":\"\\/s\\/" PARENT
	    "\"}\n" MADE("e1", "10:00:05.000"),
	    1);
	import_text_is(&es.events[1], EV_PARENT_SESSION, PARENT);
}

Test(pi, forks_below_a_session_are_its_subagents)
{
	run_at(FOLDER "/forks/2026-05-12T11-00-00-000Z_" CHILD ".jsonl",
	    HEAD(CHILD, "11:00:00.000", "") MADE("e1", "10:00:05.000")
		MADE("e2", "11:00:05.000"),
	    2);
	import_text_is(&es.events[0], EV_PARENT_SESSION, PARENT);
	import_text_is(&es.events[0], EV_KIND, "subagent");
	cr_assert(es.events[0].copied && !es.events[1].copied);
}

Test(pi, runs_below_a_session_are_its_subagents)
{
	run_at(FOLDER "/r1/run-0/session.jsonl",
	    HEAD(CHILD, "10:30:00.000", "") MADE("e9", "10:30:05.000"), 1);
	import_text_is(&es.events[0], EV_SESSION, CHILD);
	import_text_is(&es.events[0], EV_PARENT_SESSION, PARENT);
	import_text_is(&es.events[0], EV_KIND, "subagent");
	cr_assert(!es.events[0].copied);
}

Test(pi, runs_without_a_header_are_told_apart)
{
	run_at(FOLDER "/r1/run-0/session.jsonl", MADE("e9", "10:30:05.000"), 1);
	run_at(FOLDER "/r2/run-0/session.jsonl", MADE("e8", "10:30:05.000"), 1);
	differ(EV_SESSION, &es.events[0], &es.events[1]);
	differ(EV_CALL, &es.events[0], &es.events[1]);
}

Test(pi, strangers_that_agree_in_time_and_counts_are_two_calls)
{
	run_at(LOG, HEAD(PARENT, "10:00:00.000", "") MADE("e1", "10:00:05.000"),
	    1);
	run_at("--src-web--/2026-05-12T10-00-00-000Z_" CHILD ".jsonl",
	    HEAD(CHILD, "10:00:00.000", "") MADE("f1", "10:00:05.000"), 1);
	differ(EV_CALL, &es.events[0], &es.events[1]);
	differ(EV_SESSION, &es.events[0], &es.events[1]);
}

Test(pi, entries_that_are_given_ids_later_stay_the_same)
{
	run_at(LOG,
	    HEAD(PARENT, "10:00:00.000", "") ENTRY("", "10:00:05.000", ""), 1);
	run_at(LOG, HEAD(PARENT, "10:00:00.000", "") MADE("e1", "10:00:05.000"),
	    1);
	same(EV_SESSION, &es.events[0], &es.events[1]);
	same(EV_MESSAGE, &es.events[0], &es.events[1]);
}

Test(pi, the_providers_id_is_the_call)
{
	run_at(LOG,
	    ENTRY("\"id\":\"e1\",", "10:00:05.000",
		"\"responseId\":\"msg_01abc\",") ENTRY("\"id\":\"e2\",",
		"10:00:06.000", "\"responseId\":\"1\","),
	    2);
	import_text_is(&es.events[0], EV_CALL, "msg_01abc");
	cr_assert_eq(es.events[1].text[EV_CALL].len, strlen("pi:") + 16);
}

Test(pi, the_header_and_changes_tell_the_model)
{
	run_at(LOG,
	    HEAD(PARENT, "10:00:00.000",
		",\"provider\":\"openai\",\"modelId\":\"gpt-5\"") "{\"type\":"
								  "\"message\","
								  "\"id\":"
								  "\"1\","
								  "\"timestamp"
								  "\":\"2026-"
								  "05-12T"
								  "10:00:01Z\","
								  "\"message\":"
								  "{\"role\":"
								  "\"assistant"
								  "\","
								  "\"usage\":{"
								  "\"input\":1}"
								  "}}\n"
								  "{\"type\":"
								  "\"model_"
								  "change\","
								  "\"provider\""
								  ":\"google\","
								  "\"modelId\":"
								  "\"gemini-2."
								  "5-pro\"}\n"
								  "{\"type\":"
								  "\"message\","
								  "\"id\":"
								  "\"2\","
								  "\"timestamp"
								  "\":\"2026-"
								  "05-12T"
								  "10:00:02Z\","
								  "\"message\":"
								  "{\"role\":"
								  "\"assistant"
								  "\","
								  "\"usage\":{"
								  "\"input\":2}"
								  "}}\n",
	    2);
	import_text_is(&es.events[0], EV_MODEL, "gpt-5");
	import_text_is(&es.events[0], EV_PROVIDER, "openai");
	import_text_is(&es.events[1], EV_MODEL, "gemini-2.5-pro");
	import_text_is(&es.events[1], EV_PROVIDER, "google");
}

Test(pi, summaries_are_calls_of_the_last_model)
{
	run_at(LOG,
	    HEAD(PARENT, "10:00:00.000", "") MADE("e1",
		"10:00:05.000") "{\"type\":\"compaction\",\"id\":\"c1\","
				"\"timestamp\":"
				"\"2026-05-12T10:01:00Z\",\"tokensBefore\":9,"
				"\"usage\":" USAGE
				"}\n{\"type\":\"branch_summary\",\"id\":\"b1\","
				"\"timestamp\":"
				"\"2026-05-12T10:02:00Z\",\"usage\":" USAGE
				"}\n"
				"{\"type\":\"compaction\",\"id\":\"c2\","
				"\"tokensBefore\":9,"
				"\"usage\":null}\n",
	    3);
	import_text_is(&es.events[1], EV_MODEL, "claude-sonnet-4-5");
	import_count_is(&es.events[1], EV_CACHE_READ, 800);
	differ(EV_CALL, &es.events[1], &es.events[2]);
}

Test(pi, only_answers_count)
{
	run_at(LOG,
	    "{\"type\":\"message\",\"id\":\"1\",\"message\":{\"role\":\"user\","
	    "\"usage\":" USAGE "}}\n"
	    "{\"type\":\"message\",\"id\":\"2\",\"message\":{\"role\":"
	    "\"toolResult\",\"details\":{\"usage\":" USAGE "}}}\n"
	    "{\"type\":\"custom_message\",\"usage\":" USAGE "}\n"
	    "{\"type\":\"message\",\"id\":\"3\",\"message\":{\"role\":"
	    "\"assistant\",\"usage\":{\"input\":0,\"cost\":{\"total\":0}}}}\n",
	    0);
	cr_assert_eq(es.odd, 0, "%s", es.odd_why);
}

Test(pi, values_of_any_kind_are_borne)
{
	run_at(LOG,
	    "{ \"type\": \"message\", \"id\": null, \"timestamp\": null, "
	    "\"message\": { \"role\": \"assistant\", \"model\": \"m\xff\", "
	    "\"timestamp\": \"1778580001000\", \"usage\": { \"input\": \"12\", "
	    "\"output\": 3.0, \"cacheRead\": null, \"cacheWrite\": 5, "
	    "\"cacheWrite1h\": 9, \"reasoning\": 7, \"cost\": null } } }\n"
	    "[\"usage\"]\n{\"type\":\"message\",\"message\":[\"usage\"]}\n"
	    "{\"type\":\"message\",\"message\":{\"role\":\"assistant\","
	    "\"usage\":[]}}\n{\"type\":\"session\",\"id\":{}}\n",
	    1);
	import_count_is(&es.events[0], EV_INPUT, 12);
	import_count_is(&es.events[0], EV_OUTPUT, 3);
	import_count_is(&es.events[0], EV_REASONING, 3);
	import_count_is(&es.events[0], EV_CACHE_WRITE_1H, 5);
	import_text_is(&es.events[0], EV_SESSION, PARENT);
	import_text_is(&es.events[0], EV_MODEL, "m ");
	cr_assert_eq(es.events[0].ts_ms, 1778580001000);
	cr_assert(!es.events[0].has_cost);
}

Test(pi, a_call_without_a_time_keeps_its_identity)
{
	static const char line[] =
	    "{\"type\":\"message\",\"id\":\"1\",\"message\":{\"role\":"
	    "\"assistant\",\"usage\":{\"input\":1}}}\n";

	run_at(LOG, line, 1);
	cr_assert_neq(es.events[0].ts_ms, 0);
	run_at(LOG, line, 1);
	same(EV_CALL, &es.events[0], &es.events[1]);
}

Test(pi, broken_lines_are_told_and_the_others_read)
{
	run_at(LOG,
	    "{\"type\":\"message\",\"usage\":{\n" MADE(
		"e1", "10:00:05.000") "{\"type\":\"message\",\"usage\":",
	    1);
	cr_assert_eq(es.odd, 1, "%zu odd", (size_t)es.odd);
	cr_assert_eq(es.odd_line, 1, "line %zu", (size_t)es.odd_line);
}

Test(pi, in_pieces_is_as_in_one_go)
{
	static const char head[] = HEAD(CHILD, "11:00:00.000",
	    ",\"parentSession\":\"" PARENT
	    "\"") "{\"type\":\"model_change\",\"modelId\":\"gpt-5\"}\n";
	static const char call[] =
	    "{\"type\":\"message\",\"id\":\"1\",\"timestamp\":\"2026-05-12T"
	    "10:00:01Z\",\"message\":{\"role\":\"assistant\",\"usage\":{"
	    "\"input\":1}}}\n";
	char both[sizeof(head) + sizeof(call)];
	int t;

	snprintf(both, sizeof(both), "%s%s", head, call);
	run_at(LOG, both, 1);
	import_run_lines(&import_pi, LOG, head, &es);
	import_run_more(&import_pi, LOG, call, &es);
	cr_assert_eq(es.n, 2, "%zu events", es.n);
	cr_assert(es.events[0].copied && es.events[1].copied);
	for (t = 0; t < EV_TEXTS; t++)
		cr_assert(text_eq(es.events[0].text[t], es.events[1].text[t]),
		    "%s differs", event_text_names[t]);
}

Test(pi, what_is_retold_for_people_is_not_read)
{
	cr_assert_eq(import_pi.kind_of(LOG), IMPORT_LINES);
	cr_assert_eq(
	    import_pi.kind_of(FOLDER "/r1/run-0/session.jsonl"), IMPORT_LINES);
	cr_assert_eq(import_pi.kind_of(
			 FOLDER "/subagent-artifacts/r_a_0_transcript.jsonl"),
	    -1);
	cr_assert_eq(
	    import_pi.kind_of("subagent-artifacts/r_a_transcript.jsonl"), -1);
	cr_assert_eq(import_pi.kind_of("--src-web--/notes.md"), -1);
}

static void
roots_are(const char *first, const char *last)
{
	struct roots r = { 0 };

	import_pi.find_roots(&r);
	cr_assert_geq(r.n, 2, "%zu roots", r.n);
	cr_assert_str_eq(r.paths[0], first);
	cr_assert_str_eq(r.paths[r.n - 1], last);
	roots_release(&r);
}

Test(pi, homes_are_those_of_the_environment)
{
	setenv("HOME", "/h", 1);
	unsetenv("PI_AGENT_DIR");
	unsetenv("PI_CODING_AGENT_DIR");
	roots_are("/h/.pi/agent/sessions", "/h/.omp/agent/sessions");
	setenv("PI_CODING_AGENT_DIR", "/p", 1);
	roots_are("/p/sessions", "/h/.omp/agent/sessions");
	setenv("PI_AGENT_DIR", "/a,/b", 1);
	roots_are("/a", "/h/.omp/agent/sessions");
}

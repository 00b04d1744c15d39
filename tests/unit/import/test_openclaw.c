#include "tests/unit/import/import_help.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "clients/import/roots.h"

#define SESSION "aaaaaaaa-0000-4000-8000-000000000001"
#define LOG "main/sessions/" SESSION ".jsonl"

#define HEAD                                                                   \
	"{\"type\":\"session\",\"version\":3,\"id\":\"" SESSION                \
	"\",\"timestamp\":\"2026-05-12T10:00:00Z\",\"cwd\":\"/claw\"}\n"
#define CHANGE                                                                 \
	"{\"type\":\"model_change\",\"id\":\"m1\",\"provider\":\"openai\","    \
	"\"modelId\":\"gpt-5\"}\n"
#define SNAPSHOT                                                               \
	"{\"type\":\"custom\",\"customType\":\"model-snapshot\",\"data\":{"    \
	"\"provider\":\"google\",\"modelApi\":\"x\",\"modelId\":"              \
	"\"gemini-2.5-pro\"},\"id\":\"m2\"}\n"
#define CALL(id, more)                                                         \
	"{\"type\":\"message\",\"id\":\"" id                                   \
	"\",\"timestamp\":\"2026-05-12T10:00:05Z\",\"message\":{\"role\":"     \
	"\"assistant\"," more                                                  \
	"\"usage\":{\"input\":100,\"output\":50,\"cacheRead\":800,"            \
	"\"cacheWrite\":40,\"totalTokens\":990,\"cost\":{\"total\":0.25}}}}\n"

static struct import_events es;

static void
forget(void)
{
	import_events_free(&es);
}

TestSuite(openclaw, .fini = forget, .timeout = 30);

static void
run_at(const char *rel, const char *text, size_t events)
{
	size_t before = es.n;

	import_run_lines(&import_openclaw, rel, text, &es);
	cr_assert_eq(es.n - before, events, "%zu events, not %zu",
	    es.n - before, events);
}

Test(openclaw, a_model_change_holds_until_the_next)
{
	run_at(LOG,
	    HEAD CHANGE CALL("e1", "") SNAPSHOT CALL("e2", "")
		CALL("e3", "\"model\":\"own\",\"provider\":\"local\","),
	    3);
	import_text_is(&es.events[0], EV_MODEL, "gpt-5");
	import_text_is(&es.events[0], EV_PROVIDER, "openai");
	import_text_is(&es.events[1], EV_MODEL, "gemini-2.5-pro");
	import_text_is(&es.events[1], EV_PROVIDER, "google");
	import_text_is(&es.events[2], EV_MODEL, "own");
	import_text_is(&es.events[2], EV_PROVIDER, "local");
}

Test(openclaw, counts_are_disjoint_and_the_cost_is_kept)
{
	const struct event *ev;

	run_at(LOG, HEAD CHANGE CALL("e1", ""), 1);
	ev = &es.events[0];
	cr_assert_eq(event_classes(ev), 990);
	import_count_is(ev, EV_INPUT, 100);
	import_count_is(ev, EV_CACHE_READ, 800);
	import_count_is(ev, EV_CACHE_WRITE, 40);
	import_count_is(ev, EV_OUTPUT, 50);
	cr_assert(ev->has_cost && ev->cost_pico == 250000000000, "%lld",
	    (long long)ev->cost_pico);
	import_text_is(ev, EV_AGENT, "openclaw");
	import_text_is(ev, EV_SESSION, SESSION);
	import_text_is(ev, EV_PROJECT, "/claw");
}

Test(openclaw, renamed_sessions_hold_the_same_calls)
{
	static const char *const names[] = {
		LOG,
		LOG ".deleted.2026-05-13T10-00-00.000Z",
		LOG ".reset.2026-05-13T10-00-00.000Z",
	};
	int t;
	size_t i;

	for (i = 0; i < 3; i++)
		run_at(names[i], CHANGE CALL("e1", ""), 1);
	for (i = 1; i < 3; i++)
		for (t = 0; t < EV_TEXTS; t++)
			cr_assert(
			    text_eq(es.events[0].text[t], es.events[i].text[t]),
			    "%s differs in %s", event_text_names[t], names[i]);
	import_text_is(&es.events[2], EV_SESSION, SESSION);
}

Test(openclaw, answers_that_the_gateway_made_up_count_nothing)
{
	run_at(LOG,
	    HEAD CALL(
		"e1", "\"model\":\"gpt-5\",") "{\"type\":\"message\",\"id\":"
					      "\"d\",\"message\":{\"role\":"
					      "\"assistant\",\"provider\":"
					      "\"openclaw\",\"model\":"
					      "\"delivery-mirror\",\"usage\":{"
					      "\"input\":0,\"output\":0,"
					      "\"totalTokens\":0,\"cost\":{"
					      "\"total\":0}}}}\n"
					      "{\"type\":\"compaction\",\"id\":"
					      "\"c\",\"timestamp\":"
					      "\"2026-05-12T10:01:00Z\","
					      "\"usage\":{\"input\":5}}\n",
	    2);
	import_text_is(&es.events[1], EV_MODEL, "gpt-5");
	cr_assert_eq(es.odd, 0, "%s", es.odd_why);
}

Test(openclaw, a_total_alone_is_counted)
{
	run_at(LOG,
	    "{\"type\":\"message\",\"id\":\"d\",\"timestamp\":1778580005000,"
	    "\"message\":{\"role\":\"assistant\",\"usage\":{\"totalTokens\":"
	    "\"222\"}}}\n",
	    1);
	cr_assert_eq(event_other(&es.events[0]), 222);
	cr_assert_eq(es.events[0].ts_ms, 1778580005000);
}

Test(openclaw, the_model_is_known_in_the_next_piece)
{
	import_run_lines(&import_openclaw, LOG, HEAD SNAPSHOT, &es);
	import_run_more(&import_openclaw, LOG, CALL("e1", ""), &es);
	cr_assert_eq(es.n, 1, "%zu events", es.n);
	import_text_is(&es.events[0], EV_MODEL, "gemini-2.5-pro");
	import_text_is(&es.events[0], EV_SESSION, SESSION);
}

Test(openclaw, sessions_are_read_whatever_became_of_them)
{
	static const struct {
		const char *rel;
		int kind;
	} cases[] = {
		{ LOG, IMPORT_LINES },
		{ LOG ".deleted.1", IMPORT_LINES },
		{ LOG ".reset.1", IMPORT_LINES },
		{ "main/sessions/x-topic-7.jsonl", IMPORT_LINES },
		{ "main/sessions/x.trajectory.jsonl", -1 },
		{ LOG ".lock", -1 },
		{ "main/sessions/sessions.json", -1 },
		{ "x.jsonl.d/sessions.json", -1 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_assert_eq(import_openclaw.kind_of(cases[i].rel),
		    cases[i].kind, "%s: %d, not %d", cases[i].rel,
		    import_openclaw.kind_of(cases[i].rel), cases[i].kind);
}

Test(openclaw, broken_lines_are_told_and_the_others_read)
{
	run_at(LOG,
	    "{\"type\":\"message\",\"usage\":{\n"
	    "{\"type\":\"custom\",\"customType\":\"model-snapshot\","
	    "\"data\":null}\n" CALL("e1",
		"\"model\":\"m\xff\",") "{\"type\":\"message\",\"usage\":",
	    1);
	import_text_is(&es.events[0], EV_MODEL, "m ");
	cr_assert_eq(es.odd, 1, "%zu odd", (size_t)es.odd);
	cr_assert_eq(es.odd_line, 1, "line %zu", (size_t)es.odd_line);
}

static void
roots_are(size_t n, const char *first, const char *last)
{
	struct roots r = { 0 };

	import_openclaw.find_roots(&r);
	cr_assert_eq(r.n, n, "%zu roots, not %zu", r.n, n);
	cr_assert_str_eq(r.paths[0], first);
	cr_assert_str_eq(r.paths[n - 1], last);
	roots_release(&r);
}

Test(openclaw, homes_are_all_it_ever_had)
{
	setenv("HOME", "/h", 1);
	unsetenv("OPENCLAW_DIR");
	unsetenv("OPENCLAW_STATE_DIR");
	roots_are(4, "/h/.openclaw/agents", "/h/.moldbot/agents");
	setenv("OPENCLAW_STATE_DIR", "/s", 1);
	roots_are(5, "/s/agents", "/h/.moldbot/agents");
	setenv("OPENCLAW_DIR", "/a,/b", 1);
	roots_are(2, "/a/agents", "/b/agents");
}

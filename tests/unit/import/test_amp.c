#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdlib.h>

#include "clients/import/roots.h"
#include "tests/unit/import/import_help.h"

#define REL "T-0198aa.json"

static void
run(const char *text, struct import_events *es)
{
	import_run_document(&import_amp, REL, text, es);
	cr_assert_eq(es->rc, 0, "the reader gave %d", es->rc);
}

static void
check_classes(const struct import_events *es, uint64_t input, uint64_t read,
    uint64_t write, uint64_t output)
{
	static const enum event_count classes[] = { EV_INPUT, EV_CACHE_READ,
		EV_CACHE_WRITE, EV_OUTPUT };
	uint64_t expected[] = { input, read, write, output };

	for (size_t i = 0; i < 4; i++)
		cr_assert_eq(import_sum(es, classes[i]), expected[i],
		    "%s: %" PRIu64 ", not %" PRIu64,
		    event_count_names[classes[i]], import_sum(es, classes[i]),
		    expected[i]);
}

/* A thread as it is written: both tellings of one call. */
static const char joined[] =
    "{\"id\":\"T-0198aa\",\"created\":1767225600000,\"messages\":["
    "{\"role\":\"user\",\"messageId\":0},"
    "{\"role\":\"assistant\",\"messageId\":1,\"usage\":{"
    "\"model\":\"claude-opus-4-5\",\"inputTokens\":50,\"outputTokens\":10,"
    "\"cacheReadInputTokens\":1000,\"cacheCreationInputTokens\":20,"
    "\"totalInputTokens\":1070,\"credits\":3.5}}],"
    "\"usageLedger\":{\"events\":[{\"id\":\"01K-a\","
    "\"timestamp\":\"2026-01-02T03:04:05.678Z\",\"model\":\"claude-opus-4-5\","
    "\"credits\":3.5,\"tokens\":{\"input\":50,\"output\":10},"
    "\"fromMessageId\":0,\"toMessageId\":1,"
    "\"operationType\":\"inference\"}]}}";

Test(amp, ledger_and_message_of_a_call_are_one_with_its_cache, .timeout = 30)
{
	struct import_events es = { 0 };

	run(joined, &es);
	cr_assert_eq(es.n, 1, "%zu events", es.n);
	/* 1080 in all, where others find 60 or count twice. */
	check_classes(&es, 50, 1000, 20, 10);
	import_text_is(&es.events[0], EV_SESSION, "T-0198aa");
	import_text_is(&es.events[0], EV_MESSAGE, "message-1");
	import_text_is(&es.events[0], EV_MODEL, "claude-opus-4-5");
	import_text_is(&es.events[0], EV_AGENT, "amp");
	cr_assert_eq(es.events[0].ts_ms, 1767323045678, "ts %" PRId64,
	    es.events[0].ts_ms);
	cr_assert_not(es.events[0].has_cost, "credits are not dollars");
	import_events_free(&es);
}

Test(amp, a_call_keeps_its_id_when_the_ledger_comes_later, .timeout = 30)
{
	static const char before[] =
	    "{\"id\":\"T-0198aa\",\"messages\":[{\"role\":\"assistant\","
	    "\"messageId\":1,\"usage\":{\"inputTokens\":50,"
	    "\"outputTokens\":10}}]}";
	struct import_events es = { 0 };

	run(before, &es);
	run(joined, &es);
	cr_assert_eq(es.n, 2, "%zu sights", es.n);
	import_text_is(&es.events[0], EV_MESSAGE, "message-1");
	import_text_is(&es.events[1], EV_MESSAGE, "message-1");
	import_events_free(&es);
}

Test(amp, messages_that_the_ledger_lacks_count_too, .timeout = 30)
{
	struct import_events es = { 0 };

	run("{\"id\":\"T-x\",\"created\":\"1767225600000\",\"messages\":["
	    "{\"role\":\"assistant\",\"messageId\":\"m1\","
	    "\"usage\":{\"inputTokens\":\"7\",\"outputTokens\":1}},"
	    "{\"role\":\"assistant\",\"messageId\":\"m2\","
	    "\"usage\":{\"inputTokens\":100.0,\"outputTokens\":2,"
	    "\"timestamp\":\"2026-01-03T00:00:00Z\",\"model\":\"gpt-5\"}}],"
	    "\"usageLedger\":{\"events\":[{\"id\":\"e1\",\"toMessageId\":"
	    "\"m1\",\"tokens\":{\"input\":7,\"output\":1}}]}}",
	    &es);
	cr_assert_eq(es.n, 2, "%zu events", es.n);
	check_classes(&es, 107, 0, 0, 3);
	cr_assert_eq(import_find(&es, "message-m1")->ts_ms, 1767225600000,
	    "without a time of its own it has the thread's");
	cr_assert_eq(import_find(&es, "message-m2")->ts_ms, 1767398400000);
	import_text_is(import_find(&es, "message-m2"), EV_MODEL, "gpt-5");
	import_events_free(&es);
}

Test(amp, further_events_for_a_message_are_calls_of_their_own, .timeout = 30)
{
	struct import_events es = { 0 };

	run("{\"id\":\"T-x\",\"messages\":[{\"role\":\"assistant\","
	    "\"messageId\":4,\"usage\":{\"cacheReadInputTokens\":30}}],"
	    "\"usageLedger\":{\"events\":["
	    "{\"id\":\"a\",\"toMessageId\":4,\"tokens\":{\"input\":1}},"
	    "{\"id\":\"b\",\"toMessageId\":4,\"tokens\":{\"input\":2}},"
	    "{\"toMessageId\":4,\"tokens\":{\"input\":4}}]}}",
	    &es);
	cr_assert_eq(es.n, 3, "%zu events", es.n);
	check_classes(&es, 7, 30, 0, 0);
	import_count_is(import_find(&es, "message-4"), EV_INPUT, 1);
	import_count_is(import_find(&es, "ledger-b"), EV_INPUT, 2);
	import_events_free(&es);
}

Test(amp, a_ledger_that_names_no_messages_is_taken_as_whole, .timeout = 30)
{
	struct import_events es = { 0 };

	run("{\"id\":\"T-x\",\"messages\":[{\"role\":\"assistant\","
	    "\"usage\":{\"inputTokens\":99,\"outputTokens\":99}},"
	    "{\"role\":\"assistant\",\"messageId\":7,"
	    "\"usage\":{\"inputTokens\":99,\"outputTokens\":99}}],"
	    "\"usageLedger\":{\"events\":[{\"id\":\"a\",\"tokens\":"
	    "{\"input\":1,\"output\":2}}]}}",
	    &es);
	cr_assert_eq(es.n, 1, "%zu events", es.n);
	import_text_is(&es.events[0], EV_MESSAGE, "ledger-a");
	check_classes(&es, 1, 0, 0, 2);
	import_events_free(&es);
}

Test(amp, without_a_ledger_a_message_needs_no_id, .timeout = 30)
{
	struct import_events es = { 0 };

	run("{\"messages\":[{\"role\":\"user\"},{\"role\":\"assistant\","
	    "\"usage\":{\"inputTokens\":5}},{\"role\":\"assistant\","
	    "\"usage\":{\"inputTokens\":5}},{\"role\":\"user\",\"usage\":"
	    "{\"inputTokens\":1000}}],\"usageLedger\":{\"events\":[]}}",
	    &es);
	cr_assert_eq(es.n, 2, "%zu events", es.n);
	import_text_is(&es.events[0], EV_SESSION, "T-0198aa");
	import_text_is(&es.events[0], EV_MESSAGE, "index-1");
	import_text_is(&es.events[1], EV_MESSAGE, "index-2");
	import_events_free(&es);
}

Test(amp, a_total_without_parts_is_other, .timeout = 30)
{
	struct import_events es = { 0 };

	run("{\"id\":\"T-x\",\"usageLedger\":{\"events\":[{\"id\":\"a\","
	    "\"tokens\":{\"total\":345}}]}}",
	    &es);
	cr_assert_eq(es.n, 1, "%zu events", es.n);
	cr_assert_eq(event_other(&es.events[0]), 345, "%" PRIu64,
	    event_other(&es.events[0]));
	import_events_free(&es);
}

/* Values of every wrong kind where usage is looked for. */
static const char wrong_kinds[] =
    "{\"id\":{},\"messages\":[null,1,\"x\",[],{\"usage\":null},"
    "{\"usage\":[1]},{\"role\":\"assistant\",\"usage\":"
    "{\"inputTokens\":0}}],\"usageLedger\":{\"events\":[null,3,{},"
    "{\"tokens\":null,\"toMessageId\":null},"
    "{\"tokens\":{\"input\":-5,\"output\":\"x\"}}]}}";

Test(amp, what_makes_no_sense_counts_nothing, .timeout = 30)
{
	static const char *const texts[] = { "{}", "[]", "null", "7",
		"{\"messages\":{},\"usageLedger\":[]}", wrong_kinds };
	struct import_events es = { 0 };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		run(texts[i], &es);
		cr_assert_eq(es.n, 0, "%s gave %zu events", texts[i], es.n);
		cr_assert_eq(es.odd, 0, "%s is odd", texts[i]);
	}
	run("{\"id\":\"T-x\",\"usageLedger\":{", &es);
	cr_assert_eq(es.odd, 1, "a document cut short was not told");
	import_events_free(&es);
}

Test(amp, bytes_that_are_no_utf8_become_spaces, .timeout = 30)
{
	struct import_events es = { 0 };

	run("{\"id\":\"T-\xff\",\"messages\":[{\"role\":\"assistant\","
	    "\"messageId\":1,\"usage\":{\"inputTokens\":5,"
	    "\"model\":\"m\xc3\"}}]}",
	    &es);
	cr_assert_eq(es.n, 1, "%zu events, odd: %s", es.n, es.odd_why);
	import_text_is(&es.events[0], EV_SESSION, "T- ");
	import_text_is(&es.events[0], EV_MODEL, "m ");
	import_events_free(&es);
}

Test(amp, thread_files_are_found_by_name, .timeout = 30)
{
	cr_assert_eq(import_amp.kind_of("T-1.json"), IMPORT_DOCUMENT);
	cr_assert_eq(import_amp.kind_of("threads/T-1.json"), IMPORT_DOCUMENT);
	cr_assert_eq(import_amp.kind_of("T-1.json.tmp"), -1);
	cr_assert_eq(import_amp.kind_of("settings.json"), -1);
	cr_assert_eq(import_amp.kind_of("T-.json"), -1);
}

Test(amp, roots_come_from_the_environment, .timeout = 30)
{
	struct roots r = { 0 };

	setenv("XDG_DATA_HOME", "/data", 1);
	unsetenv("AMP_DATA_DIR");
	import_amp.find_roots(&r);
	cr_assert_eq(r.n, 1, "%zu roots", r.n);
	cr_assert_str_eq(r.paths[0], "/data/amp/threads");
	roots_release(&r);
	setenv("AMP_DATA_DIR", "/a,/b/", 1);
	import_amp.find_roots(&r);
	cr_assert_eq(r.n, 2, "%zu roots", r.n);
	cr_assert_str_eq(r.paths[0], "/a/threads");
	cr_assert_str_eq(r.paths[1], "/b/threads");
	roots_release(&r);
}

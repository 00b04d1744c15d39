#include <criterion/criterion.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clients/import/roots.h"
#include "tests/unit/import/import_help.h"

#define REL "-home-u-p/5f1c.settings.json"

static void
run(const char *text, struct import_events *es)
{
	import_run_document(&import_droid, REL, text, es);
	cr_assert_eq(es->rc, 0, "the reader gave %d", es->rc);
}

Test(droid, settings_are_the_totals_of_the_session, .timeout = 30)
{
	struct import_events es = { 0 };
	const struct event *ev;

	run("{\"model\":\"custom:Claude-Opus-4.5-[Anthropic]-0\","
	    "\"providerLock\":\"anthropic\","
	    "\"providerLockTimestamp\":\"2025-11-01T00:00:00Z\","
	    "\"tokenUsage\":{\"inputTokens\":800,\"outputTokens\":100,"
	    "\"cacheCreationTokens\":200,\"cacheReadTokens\":70,"
	    "\"thinkingTokens\":30}}",
	    &es);
	cr_assert_eq(es.n, 1, "%zu events, odd: %s", es.n, es.odd_why);
	ev = &es.events[0];
	cr_assert(ev->running, "they are totals");
	cr_assert_eq(ev->text[EV_MESSAGE].len, 0, "the ledger names them");
	cr_assert_eq(ev->ts_ms, 1767225600000,
	    "they are of the file's time, not of the session's start: %" PRId64,
	    ev->ts_ms);
	import_text_is(ev, EV_SESSION, "5f1c");
	import_text_is(ev, EV_MODEL, "claude-opus-4.5");
	import_text_is(ev, EV_PROVIDER, "anthropic");
	import_count_is(ev, EV_INPUT, 800);
	import_count_is(ev, EV_CACHE_WRITE, 200);
	import_count_is(ev, EV_CACHE_READ, 70);
	import_count_is(ev, EV_OUTPUT, 130);
	import_count_is(ev, EV_REASONING, 30);
	/* 1200, as all tools count it. */
	cr_assert_eq(event_classes(ev), 1200, "%" PRIu64, event_classes(ev));
	import_events_free(&es);
}

Test(droid, model_names_lose_what_is_not_theirs, .timeout = 30)
{
	static const struct {
		const char *given, *model;
	} cases[] = {
		{ "custom:Claude-Opus-4.5-Thinking-[Anthropic]-0",
		    "claude-opus-4.5-thinking" },
		{ "Claude Sonnet 4 [Anthropic]", "claude-sonnet-4" },
		{ "opus-4.5", "claude-opus-4.5" },
		{ "gemini-2.5-pro", "gemini-2.5-pro" },
		{ "GPT-5.2-Codex", "gpt-5.2-codex" },
		{ "custom:[x]", "" },
		{ "glm-4.6[1m", "glm-4.6[1m" },
		{ "custom:GLM-4.6-[Z.AI-Coding-Plan]-12", "glm-4.6" },
	};
	struct import_events es = { 0 };
	char text[256];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text),
		    "{\"model\":\"%s\",\"tokenUsage\":{\"inputTokens\":1}}",
		    cases[i].given);
		run(text, &es);
		cr_assert_eq(
		    es.n, i + 1, "%s: %zu events", cases[i].given, es.n);
		import_text_is(&es.events[i], EV_MODEL, cases[i].model);
	}
	import_events_free(&es);
}

Test(droid, subagents_are_told_by_their_tag, .timeout = 30)
{
	struct import_events es = { 0 };

	run("{\"model\":\"m\",\"tags\":[null,{\"name\":\"subagent\"}],"
	    "\"tokenUsage\":{\"inputTokens\":1}}",
	    &es);
	import_text_is(&es.events[0], EV_KIND, "subagent");
	import_events_free(&es);
}

Test(droid, numbers_may_be_strings_and_fields_null, .timeout = 30)
{
	struct import_events es = { 0 };

	run("{\"model\":null,\"providerLock\":null,\"tags\":{},"
	    "\"tokenUsage\":{\"inputTokens\":\"12\",\"outputTokens\":3.0,"
	    "\"cacheCreationTokens\":null,\"cacheReadTokens\":-4,"
	    "\"thinkingTokens\":\"x\"}}",
	    &es);
	cr_assert_eq(es.n, 1, "%zu events, odd: %s", es.n, es.odd_why);
	import_count_is(&es.events[0], EV_INPUT, 12);
	import_count_is(&es.events[0], EV_OUTPUT, 3);
	import_count_is(&es.events[0], EV_CACHE_READ, 0);
	import_events_free(&es);
}

Test(droid, settings_without_usage_say_nothing, .timeout = 30)
{
	static const char *const texts[] = { "{}", "[]", "null",
		"{\"tokenUsage\":null}", "{\"tokenUsage\":[]}",
		"{\"model\":\"m\",\"tokenUsage\":{\"inputTokens\":0}}" };
	struct import_events es = { 0 };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		run(texts[i], &es);
		cr_assert_eq(es.n, 0, "%s gave %zu events", texts[i], es.n);
		cr_assert_eq(es.odd, 0, "%s is odd", texts[i]);
	}
	run("{\"tokenUsage\":{\"inputTokens\":1", &es);
	cr_assert_eq(es.odd, 1, "settings cut short were not told");
	import_events_free(&es);
}

Test(droid, a_file_that_changed_gives_a_later_total, .timeout = 30)
{
	struct timespec times[2] = { { 0 }, { .tv_sec = 1767312000 } };
	char dir[] = "/tmp/tt-droid-XXXXXX", path[64];
	struct import_events es = { 0 };
	FILE *f;

	cr_assert_not_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/a.settings.json", dir);
	f = fopen(path, "w");
	cr_assert_not_null(f);
	fputs("{\"model\":\"m\",\"tokenUsage\":{\"inputTokens\":9}}", f);
	fclose(f);
	cr_assert_eq(utimensat(AT_FDCWD, path, times, 0), 0);
	import_run_tree(&import_droid, dir, &es);
	cr_assert_eq(es.n, 1, "%zu events", es.n);
	cr_assert_eq(
	    es.events[0].ts_ms, 1767312000000, "%" PRId64, es.events[0].ts_ms);
	unlink(path);
	rmdir(dir);
	import_events_free(&es);
}

Test(droid, only_settings_of_sessions_are_wanted, .timeout = 30)
{
	cr_assert_eq(import_droid.kind_of("a.settings.json"), IMPORT_DOCUMENT);
	cr_assert_eq(
	    import_droid.kind_of("p/a.settings.json"), IMPORT_DOCUMENT);
	cr_assert_eq(import_droid.kind_of("p/a.jsonl"), -1);
	cr_assert_eq(import_droid.kind_of("p/.settings.json"), -1);
	cr_assert_eq(import_droid.kind_of("settings.json"), -1);
}

Test(droid, roots_come_from_the_environment, .timeout = 30)
{
	struct roots r = { 0 };

	setenv("HOME", "/h", 1);
	unsetenv("DROID_SESSIONS_DIR");
	import_droid.find_roots(&r);
	cr_assert_str_eq(r.paths[0], "/h/.factory/sessions");
	roots_release(&r);
	setenv("DROID_SESSIONS_DIR", "/d", 1);
	import_droid.find_roots(&r);
	cr_assert_eq(r.n, 1, "%zu roots", r.n);
	cr_assert_str_eq(r.paths[0], "/d");
	roots_release(&r);
}

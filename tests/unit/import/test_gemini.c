#include "tests/unit/import/import_help.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clients/import/roots.h"

#define LOG "web/chats/session-2026-05-12T10-00-aaaaaaaa.jsonl"
#define DOC "web/chats/session-2026-05-12T10-00-aaaaaaaa.json"
#define SESSION "aaaaaaaa-0000-4000-8000-000000000001"
#define ID_1 "11111111-0000-4000-8000-000000000001"
#define ID_2 "22222222-0000-4000-8000-000000000002"
#define AT_1 "2026-05-12T10:00:05.000Z"

#define HEAD                                                                   \
	"{\"sessionId\":\"" SESSION "\",\"projectHash\":\"cafe\","             \
	"\"startTime\":\"2026-05-12T10:00:00Z\",\"kind\":\"main\"}\n"
#define ANSWER(id, tokens)                                                     \
	"{\"id\":\"" id "\",\"timestamp\":\"" AT_1 "\",\"type\":\"gemini\","   \
	"\"content\":\"hi\",\"model\":\"gemini-2.5-pro\",\"tokens\":" tokens   \
	"}"
/* 15327 + 23 + 919 + 7 = 16276 */
#define TOKENS                                                                 \
	"{\"input\":15327,\"output\":23,\"cached\":15000,\"thoughts\":919,"    \
	"\"tool\":7,\"total\":16276}"

static struct import_events es;

static void
forget(void)
{
	import_events_free(&es);
}

TestSuite(gemini, .fini = forget, .timeout = 30);

/* The call of TOKENS. */
static void
check_call(const struct event *ev)
{
	import_count_is(ev, EV_INPUT, 327 + 7);
	import_count_is(ev, EV_CACHE_READ, 15000);
	import_count_is(ev, EV_CACHE_WRITE, 0);
	import_count_is(ev, EV_OUTPUT, 23 + 919);
	import_count_is(ev, EV_REASONING, 919);
	import_count_is(ev, EV_TOTAL, 16276);
	cr_assert_eq(
	    event_classes(ev), 16276, "%zu", (size_t)event_classes(ev));
	import_text_is(ev, EV_SESSION, SESSION);
	import_text_is(ev, EV_MESSAGE, ID_1);
	import_text_is(ev, EV_CALL, "gemini:" ID_1);
	import_text_is(ev, EV_AGENT, "gemini-cli");
	import_text_is(ev, EV_PROVIDER, "google");
	import_text_is(ev, EV_MODEL, "gemini-2.5-pro");
	import_text_is(ev, EV_PROJECT, "web");
	cr_assert_eq(ev->ts_ms, 1778580005000, "%lld", (long long)ev->ts_ms);
}

static void
run_one(const char *tokens)
{
	char text[1024];

	snprintf(text, sizeof(text),
	    HEAD "{\"id\":\"%s\",\"timestamp\":\"%s\",\"tokens\":%s}\n", ID_1,
	    AT_1, tokens);
	import_run_lines(&import_gemini, LOG, text, &es);
	cr_assert_eq(es.n, 1, "%zu events of %s", es.n, tokens);
}

Test(gemini, cached_is_within_input_and_thoughts_are_beside_output)
{
	import_run_lines(
	    &import_gemini, LOG, HEAD ANSWER(ID_1, TOKENS) "\n", &es);
	cr_assert_eq(es.n, 1, "%zu events", es.n);
	check_call(&es.events[0]);
	import_text_is(&es.events[0], EV_KIND, NULL);
	import_text_is(&es.events[0], EV_PARENT_SESSION, NULL);
}

Test(gemini, a_document_and_the_log_made_of_it_give_the_same_call)
{
	import_run_document(&import_gemini, DOC,
	    "{\n  \"sessionId\": \"" SESSION "\",\n  \"messages\": [\n"
	    "{\"id\":\"u1\",\"type\":\"user\",\"content\":\"x\"},\n" ANSWER(
		ID_1, TOKENS) "]}",
	    &es);
	import_run_lines(
	    &import_gemini, LOG, HEAD ANSWER(ID_1, TOKENS) "\n", &es);
	cr_assert_eq(es.n, 2, "%zu events", es.n);
	check_call(&es.events[0]);
	check_call(&es.events[1]);
}

Test(gemini, a_copy_in_another_session_keeps_the_call)
{
	import_run_lines(
	    &import_gemini, LOG, HEAD ANSWER(ID_1, TOKENS) "\n", &es);
	import_run_lines(&import_gemini, "web/chats/session-b.jsonl",
	    "{\"sessionId\":\"other\"}\n" ANSWER(ID_1, TOKENS) "\n", &es);
	cr_assert_eq(es.n, 2, "%zu events", es.n);
	import_text_is(&es.events[1], EV_SESSION, "other");
	import_text_is(&es.events[1], EV_CALL, "gemini:" ID_1);
}

Test(gemini, messages_of_checkpoints_count)
{
	import_run_lines(&import_gemini, LOG,
	    HEAD
	    "{\"$set\":{\"messages\":[{\"id\":\"u\",\"type\":\"user\"}," ANSWER(
		ID_1, TOKENS) "],\"lastUpdated\":\"" AT_1 "\"}}\n",
	    &es);
	cr_assert_eq(es.n, 1, "%zu events", es.n);
	check_call(&es.events[0]);
}

Test(gemini, what_is_rewound_was_spent)
{
	import_run_lines(&import_gemini, LOG,
	    HEAD ANSWER(ID_1, TOKENS) "\n{\"$rewindTo\":\"" ID_1
				      "\"}\n" ANSWER(ID_2, TOKENS) "\n",
	    &es);
	cr_assert_eq(es.n, 2, "%zu events", es.n);
	cr_assert(!es.events[0].is_void && !es.events[1].is_void);
	import_text_is(&es.events[1], EV_MESSAGE, ID_2);
}

Test(gemini, tokens_that_come_later_are_found)
{
	import_run_lines(&import_gemini, LOG,
	    HEAD ANSWER(ID_1, "null") "\n" ANSWER(ID_1, TOKENS) "\n", &es);
	cr_assert_eq(es.n, 1, "%zu events", es.n);
	cr_assert_eq(es.odd, 0, "%s", es.odd_why);
	check_call(&es.events[0]);
}

Test(gemini, input_that_is_net_of_cached_is_told_by_the_total)
{
	run_one("{\"input\":700,\"output\":80,\"cached\":600,\"thoughts\":120,"
		"\"tool\":5,\"total\":1505}");
	import_count_is(&es.events[0], EV_INPUT, 705);
	import_count_is(&es.events[0], EV_CACHE_READ, 600);
	import_count_is(&es.events[0], EV_OUTPUT, 200);
	cr_assert_eq(event_other(&es.events[0]), 0);
}

Test(gemini, without_a_total_cached_is_within_input)
{
	run_one(
	    "{\"input\":1000,\"output\":80,\"cached\":600,\"thoughts\":120}");
	import_count_is(&es.events[0], EV_INPUT, 400);
	import_count_is(&es.events[0], EV_OUTPUT, 200);
	import_count_is(&es.events[0], EV_TOTAL, 0);
}

Test(gemini, more_cached_than_input_is_beside_it)
{
	run_one("{\"input\":100,\"output\":80,\"cached\":600,\"total\":9999}");
	import_count_is(&es.events[0], EV_INPUT, 100);
	import_count_is(&es.events[0], EV_CACHE_READ, 600);
	import_count_is(&es.events[0], EV_TOTAL, 9999);
}

Test(gemini, thoughts_are_beside_output_even_if_the_total_forgets_them)
{
	run_one("{\"input\":1000,\"output\":200,\"cached\":0,\"thoughts\":120,"
		"\"total\":1200}");
	import_count_is(&es.events[0], EV_OUTPUT, 320);
	import_count_is(&es.events[0], EV_REASONING, 120);
}

Test(gemini, numbers_may_be_texts_floats_and_nulls)
{
	run_one("{ \"input\" : \"1000\", \"output\": 80.0, \"cached\": null, "
		"\"thoughts\": \"x\", \"tool\": {}, \"total\": 1.08e3 }");
	import_count_is(&es.events[0], EV_INPUT, 1000);
	import_count_is(&es.events[0], EV_OUTPUT, 80);
	import_count_is(&es.events[0], EV_TOTAL, 1080);
}

Test(gemini, impossible_numbers_are_told_and_never_wrap_around)
{
	import_run_lines(&import_gemini, LOG,
	    HEAD ANSWER(ID_1, "{\"input\":18446744073709551615,\"tool\":2,"
			      "\"output\":1}") "\n",
	    &es);
	cr_assert_eq(es.n, 0, "%zu events", es.n);
	cr_assert_eq(es.odd, 1, "%zu odd", (size_t)es.odd);
	cr_assert_eq(es.odd_line, 2, "line %zu", (size_t)es.odd_line);
}

Test(gemini, subagents_know_their_parent)
{
	import_run_lines(&import_gemini, "web/chats/" SESSION "/sub1.jsonl",
	    "{\"sessionId\":\"sub1\",\"kind\":\"subagent\"}\n" ANSWER(
		ID_1, TOKENS) "\n",
	    &es);
	cr_assert_eq(es.n, 1, "%zu events", es.n);
	import_text_is(&es.events[0], EV_SESSION, "sub1");
	import_text_is(&es.events[0], EV_PARENT_SESSION, SESSION);
	import_text_is(&es.events[0], EV_KIND, "subagent");
	import_text_is(&es.events[0], EV_PROJECT, "web");
}

Test(gemini, a_subagent_in_its_parents_session_is_not_its_own_parent)
{
	import_run_lines(&import_gemini, "web/chats/" SESSION "/sub1.jsonl",
	    HEAD ANSWER(ID_1, TOKENS) "\n", &es);
	import_text_is(&es.events[0], EV_PARENT_SESSION, NULL);
	import_text_is(&es.events[0], EV_KIND, "subagent");
}

Test(gemini, a_hashed_folder_is_no_project_but_a_directory_is)
{
	import_run_lines(&import_gemini,
	    "0ce4ff61406ec0f2486be7c88a93b5425bc387440dee617d69acf18207bdce1f"
	    "/chats/session-x.jsonl",
	    HEAD ANSWER(ID_1, TOKENS) "\n{\"$set\":{\"directories\":"
				      "[\"/src/web\"]}}\n" ANSWER(
					  ID_2, TOKENS) "\n",
	    &es);
	cr_assert_eq(es.n, 2, "%zu events", es.n);
	import_text_is(&es.events[0], EV_PROJECT, NULL);
	import_text_is(&es.events[1], EV_PROJECT, "/src/web");
}

/* A log of one answer in a folder whose .project_root `put` makes. */
static void
run_in_folder(void (*put)(const char *path))
{
	char dir[] = "/tmp/tt-gemini-XXXXXX", path[128];
	FILE *f;

	cr_assert_not_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/web", dir);
	cr_assert_eq(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/web/chats", dir);
	cr_assert_eq(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/web/.project_root", dir);
	put(path);
	snprintf(path, sizeof(path), "%s/" LOG, dir);
	cr_assert_not_null(f = fopen(path, "w"));
	fputs(HEAD ANSWER(ID_1, TOKENS) "\n", f);
	fclose(f);
	import_run_tree(&import_gemini, dir, &es);
	unlink(path);
	snprintf(path, sizeof(path), "%s/web/.project_root", dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/web/chats", dir);
	rmdir(path);
	snprintf(path, sizeof(path), "%s/web", dir);
	rmdir(path);
	rmdir(dir);
	cr_assert_eq(es.n, 1, "%zu events", es.n);
}

static void
put_name(const char *path)
{
	FILE *f = fopen(path, "w");

	cr_assert_not_null(f);
	fputs("/src/web\n", f);
	fclose(f);
}

static void
put_fifo(const char *path)
{
	cr_assert_eq(mkfifo(path, 0600), 0);
}

Test(gemini, the_folder_tells_where_the_project_is)
{
	run_in_folder(put_name);
	import_text_is(&es.events[0], EV_PROJECT, "/src/web");
}

Test(gemini, nobody_is_waited_for_who_would_tell_it)
{
	run_in_folder(put_fifo);
	import_text_is(&es.events[0], EV_PROJECT, NULL);
}

Test(gemini, statistics_of_headless_runs_are_not_usage)
{
	import_run_document(&import_gemini, "out.json",
	    "{\"session_id\":\"" SESSION "\",\"stats\":{\"models\":{\"g\":{"
	    "\"tokens\":{\"input\":400,\"prompt\":1000,\"total\":1200},"
	    "\"roles\":{\"main\":{\"tokens\":{\"input\":400}}}}}}}",
	    &es);
	cr_assert_eq(es.n, 0, "%zu events", es.n);
	cr_assert_eq(es.odd, 0, "%s", es.odd_why);
}

Test(gemini, in_pieces_is_as_in_one_go)
{
	import_run_lines(&import_gemini, LOG, HEAD, &es);
	import_run_more(&import_gemini, LOG, ANSWER(ID_1, TOKENS) "\n", &es);
	cr_assert_eq(es.n, 1, "%zu events", es.n);
	check_call(&es.events[0]);
}

Test(gemini, without_a_header_the_file_names_the_session)
{
	import_run_lines(&import_gemini, LOG, ANSWER(ID_1, TOKENS) "\n", &es);
	import_text_is(
	    &es.events[0], EV_SESSION, "session-2026-05-12T10-00-aaaaaaaa");
}

Test(gemini, broken_lines_are_told_and_the_others_read)
{
	static const char text[] =
	    HEAD "{\"id\":\"x\",\"tokens\":{\"input\":1\n"
		 "{\"content\":\"\xff\xc3(\",\"id\":\"" ID_2
		 "\",\"model\":\"g\xff\",\"tokens\":" TOKENS "}\n"
		 "{\"id\":\"" ID_1 "\",\"tokens\":" TOKENS;

	import_run_bytes(&import_gemini, LOG, text, sizeof(text) - 1, &es);
	cr_assert_eq(es.n, 1, "%zu events", es.n);
	import_text_is(&es.events[0], EV_MESSAGE, ID_2);
	import_text_is(&es.events[0], EV_MODEL, "g ");
	cr_assert_eq(es.odd, 1, "%zu odd", (size_t)es.odd);
	cr_assert_eq(es.odd_line, 2, "line %zu", (size_t)es.odd_line);
}

Test(gemini, a_half_written_document_is_told)
{
	import_run_document(&import_gemini, DOC,
	    "{\"sessionId\":\"s\",\"messages\":[" ANSWER(ID_1, TOKENS), &es);
	cr_assert_eq(es.n, 0, "%zu events", es.n);
	cr_assert_eq(es.odd, 1, "%zu odd", (size_t)es.odd);
}

Test(gemini, odd_shapes_are_passed_over)
{
	import_run_lines(&import_gemini, LOG,
	    "[\"tokens\"]\n{\"tokens\":[1]}\n{\"$set\":null,\"tokens\":0}\n"
	    "{\"$set\":{\"messages\":{\"tokens\":1}}}\n"
	    "{\"$set\":{\"messages\":[null,1,\"tokens\",[]]}}\n"
	    "{\"sessionId\":null,\"directories\":{}}\n",
	    &es);
	cr_assert_eq(es.n, 0, "%zu events", es.n);
	cr_assert_eq(es.odd, 0, "%s", es.odd_why);
}

Test(gemini, short_ids_are_of_their_session_only)
{
	import_run_lines(
	    &import_gemini, LOG, HEAD ANSWER("m1", TOKENS) "\n", &es);
	import_text_is(&es.events[0], EV_MESSAGE, "m1");
	import_text_is(&es.events[0], EV_CALL, NULL);
}

Test(gemini, only_chats_are_read)
{
	static const struct {
		const char *rel;
		int kind;
	} cases[] = {
		{ LOG, IMPORT_LINES },
		{ DOC, IMPORT_DOCUMENT },
		{ "web/chats/p/s.jsonl", IMPORT_LINES },
		{ "chats/p/s.jsonl", IMPORT_LINES },
		{ "any.json", IMPORT_DOCUMENT },
		{ "web/session-1.json", IMPORT_DOCUMENT },
		{ "web/logs.json", -1 },
		{ "web/checkpoints/x.json", -1 },
		{ "web/chats/note.txt", -1 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_assert_eq(import_gemini.kind_of(cases[i].rel), cases[i].kind,
		    "%s: %d, not %d", cases[i].rel,
		    import_gemini.kind_of(cases[i].rel), cases[i].kind);
}

static void
roots_are(const char *expected)
{
	struct roots r = { 0 };

	import_gemini.find_roots(&r);
	cr_assert_eq(r.n, 1, "%zu roots", r.n);
	cr_assert_str_eq(r.paths[0], expected);
	roots_release(&r);
}

Test(gemini, homes_are_those_of_the_environment)
{
	setenv("HOME", "/h", 1);
	unsetenv("GEMINI_DATA_DIR");
	unsetenv("GEMINI_CLI_HOME");
	roots_are("/h/.gemini/tmp");
	setenv("GEMINI_CLI_HOME", "/g", 1);
	roots_are("/g/.gemini/tmp");
	setenv("GEMINI_DATA_DIR", "/d", 1);
	roots_are("/d");
}

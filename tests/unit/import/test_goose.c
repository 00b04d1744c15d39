#include <criterion/criterion.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "clients/import/roots.h"
#include "proto/money.h"
#include "tests/unit/import/import_help.h"

/* Runs the SQL into dir/sessions.db, reads that and removes it. */
static void
run(const char *sql, struct import_events *es)
{
	char dir[] = "/tmp/tt-goose-XXXXXX", path[64], *why = NULL;
	sqlite3 *db;

	cr_assert_not_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/sessions.db", dir);
	cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
	cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, &why), SQLITE_OK, "%s",
	    why != NULL ? why : "");
	sqlite3_close(db);
	import_run_tree(&import_goose, dir, es);
	cr_assert_eq(es->rc, 0, "the reader gave %d", es->rc);
	unlink(path);
	rmdir(dir);
}

/* As Goose had it before it knew of caches. */
static const char old_schema[] =
    "CREATE TABLE sessions (id TEXT PRIMARY KEY, working_dir TEXT,"
    " created_at TIMESTAMP, updated_at TIMESTAMP, total_tokens INTEGER,"
    " input_tokens INTEGER, output_tokens INTEGER,"
    " accumulated_total_tokens INTEGER, accumulated_input_tokens INTEGER,"
    " accumulated_output_tokens INTEGER, provider_name TEXT,"
    " model_config_json TEXT);";

/* And since it has a ledger. */
static const char new_schema[] =
    "CREATE TABLE sessions (id TEXT PRIMARY KEY, working_dir TEXT NOT NULL,"
    " created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,"
    " updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, total_tokens INTEGER,"
    " input_tokens INTEGER, output_tokens INTEGER,"
    " accumulated_total_tokens INTEGER, accumulated_input_tokens INTEGER,"
    " accumulated_output_tokens INTEGER,"
    " accumulated_cache_read_tokens INTEGER,"
    " accumulated_cache_write_tokens INTEGER, accumulated_cost REAL,"
    " provider_name TEXT, model_config_json TEXT, parent_session_id TEXT);"
    "CREATE TABLE usage_ledger (id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " session_id TEXT NOT NULL, created_timestamp INTEGER NOT NULL,"
    " model TEXT, input_tokens INTEGER, output_tokens INTEGER,"
    " total_tokens INTEGER, cache_read_tokens INTEGER,"
    " cache_write_tokens INTEGER, cost REAL, cost_source TEXT,"
    " is_compaction INTEGER DEFAULT 0);";

static void
run_with(const char *schema, const char *sql, struct import_events *es)
{
	char *all;

	cr_assert_geq(asprintf(&all, "%s%s", schema, sql), 0);
	run(all, es);
	free(all);
}

static const struct event *
of_session(const struct import_events *es, const char *session)
{
	for (size_t i = 0; i < es->n; i++)
		if (text_is(es->events[i].text[EV_SESSION], session))
			return &es->events[i];
	cr_assert_fail("no event of session %s among %zu", session, es->n);
	return NULL;
}

Test(goose, accumulated_totals_are_given_and_their_gap_is_other, .timeout = 30)
{
	struct import_events es = { 0 };
	const struct event *ev;

	run_with(old_schema,
	    "INSERT INTO sessions VALUES ('20260110_1', '/home/u/p',"
	    " '2026-01-10 08:00:00', '2026-01-10 09:30:00', 120, 100, 20, 1500,"
	    " 1000, 300, 'anthropic',"
	    " '{\"model_name\": \"claude-sonnet-4\", \"context_limit\": 1}')",
	    &es);
	cr_assert_eq(es.n, 1, "%zu events, odd: %s", es.n, es.odd_why);
	ev = &es.events[0];
	cr_assert(ev->running, "they are totals");
	cr_assert_eq(ev->ts_ms, 1768037400000,
	    "of the last change, in UTC: %" PRId64, ev->ts_ms);
	import_text_is(ev, EV_SESSION, "20260110_1");
	import_text_is(ev, EV_MODEL, "claude-sonnet-4");
	import_text_is(ev, EV_PROVIDER, "anthropic");
	import_text_is(ev, EV_PROJECT, "/home/u/p");
	import_count_is(ev, EV_INPUT, 1000);
	import_count_is(ev, EV_OUTPUT, 300);
	import_count_is(ev, EV_REASONING, 0);
	cr_assert_eq(event_other(ev), 200, "%" PRIu64, event_other(ev));
	import_events_free(&es);
}

Test(goose, the_last_turn_stands_in_for_missing_totals, .timeout = 30)
{
	struct import_events es = { 0 };

	run_with(old_schema,
	    "INSERT INTO sessions (id, created_at, input_tokens, output_tokens,"
	    " total_tokens) VALUES ('s', '2026-01-10T08:00:00Z', 100, 20, 120)",
	    &es);
	cr_assert_eq(es.n, 1, "%zu events, odd: %s", es.n, es.odd_why);
	import_count_is(&es.events[0], EV_INPUT, 100);
	import_count_is(&es.events[0], EV_OUTPUT, 20);
	cr_assert_eq(
	    es.events[0].ts_ms, 1768032000000, "%" PRId64, es.events[0].ts_ms);
	import_events_free(&es);
}

Test(goose, empty_and_odd_rows_say_nothing, .timeout = 30)
{
	struct import_events es = { 0 };

	run_with(old_schema,
	    "INSERT INTO sessions (id) VALUES ('empty');"
	    "INSERT INTO sessions (id, accumulated_total_tokens) VALUES"
	    " ('negative', -5);"
	    "INSERT INTO sessions (id, accumulated_input_tokens,"
	    " model_config_json, updated_at) VALUES ('odd', 7, 'not json',"
	    " 'never');"
	    "INSERT INTO sessions (id, accumulated_input_tokens,"
	    " model_config_json, updated_at) VALUES (CAST(X'73FF' AS TEXT),"
	    " '8', '{\"model_name\":null}', '2026-01-01 00:00:00');",
	    &es);
	cr_assert_eq(es.n, 2, "%zu events", es.n);
	import_count_is(of_session(&es, "odd"), EV_INPUT, 7);
	import_text_is(of_session(&es, "odd"), EV_MODEL, NULL);
	import_count_is(of_session(&es, "s "), EV_INPUT, 8);
	import_events_free(&es);
}

Test(goose, the_ledger_has_each_call_with_its_cache_in_the_input, .timeout = 30)
{
	struct import_events es = { 0 };
	const struct event *ev;

	run_with(new_schema,
	    "INSERT INTO sessions (id, working_dir, created_at, updated_at,"
	    " accumulated_total_tokens, accumulated_input_tokens,"
	    " accumulated_output_tokens, accumulated_cache_read_tokens,"
	    " provider_name, model_config_json) VALUES ('s', '/p',"
	    " '2026-01-10 08:00:00', '2026-01-10 09:00:00', 1330, 1100, 230,"
	    " 400, 'openai', '{\"model_name\":\"other\"}');"
	    "INSERT INTO usage_ledger (session_id, created_timestamp, model,"
	    " input_tokens, output_tokens, total_tokens, cache_read_tokens,"
	    " cache_write_tokens, cost, cost_source, is_compaction) VALUES"
	    " ('s', 1768032000, 'gpt-5.2', 100, 30, 130, 0, NULL, NULL, NULL,"
	    " 0), ('s', 1768032010, 'gpt-5.2', 1000, 200, 1200, 400, 50, 0.25,"
	    " 'provider_reported', 1), ('s', 1768032011, 'gpt-5.2', 0, 0, 0, 0,"
	    " 0, NULL, NULL, 0);",
	    &es);
	cr_assert_eq(es.n, 2, "%zu events, odd: %s", es.n, es.odd_why);
	ev = import_find(&es, "ledger-2");
	cr_assert_not(ev->running, "a row is a call");
	cr_assert_eq(ev->ts_ms, 1768032010000, "%" PRId64, ev->ts_ms);
	import_text_is(ev, EV_MODEL, "gpt-5.2");
	import_text_is(ev, EV_SESSION, "s");
	import_count_is(ev, EV_INPUT, 550);
	import_count_is(ev, EV_CACHE_READ, 400);
	import_count_is(ev, EV_CACHE_WRITE, 50);
	import_count_is(ev, EV_OUTPUT, 200);
	cr_assert_eq(event_other(ev), 0, "%" PRIu64, event_other(ev));
	cr_assert(ev->has_cost && ev->cost_pico == MONEY_USD / 4,
	    "%" PRId64 " pico", ev->cost_pico);
	cr_assert_not(import_find(&es, "ledger-1")->has_cost);
	import_events_free(&es);
}

Test(goose, what_was_before_the_ledger_is_a_total_of_its_own, .timeout = 30)
{
	struct import_events es = { 0 };
	const struct event *ev;

	run_with(new_schema,
	    /* Long over when the ledger came. */
	    "INSERT INTO sessions (id, working_dir, created_at, updated_at,"
	    " accumulated_total_tokens, accumulated_input_tokens,"
	    " accumulated_output_tokens) VALUES ('old', '/p',"
	    " '2026-01-01 08:00:00', '2026-01-01 09:00:00', 70, 60, 10);"
	    /* Went on when it came. */
	    "INSERT INTO sessions (id, working_dir, created_at, updated_at,"
	    " accumulated_total_tokens, accumulated_input_tokens,"
	    " accumulated_output_tokens) VALUES ('both', '/p',"
	    " '2026-01-09 08:00:00', '2026-01-10 09:00:00', 1000, 900, 100);"
	    /* Its row is about to be written. */
	    "INSERT INTO sessions (id, working_dir, created_at, updated_at,"
	    " accumulated_total_tokens, accumulated_input_tokens,"
	    " accumulated_output_tokens) VALUES ('new', '/p',"
	    " '2026-01-11 08:00:00', '2026-01-11 09:00:00', 5, 4, 1);"
	    "INSERT INTO usage_ledger (session_id, created_timestamp, model,"
	    " input_tokens, output_tokens, total_tokens) VALUES"
	    " ('both', 1768032000, 'm', 300, 40, 340);",
	    &es);
	cr_assert_eq(es.n, 3, "%zu events, odd: %s", es.n, es.odd_why);
	ev = of_session(&es, "both");
	cr_assert(ev->running);
	cr_assert_eq(ev->ts_ms, 1768032000000,
	    "at the first row, so that it never moves: %" PRId64, ev->ts_ms);
	import_text_is(ev, EV_MODEL, "m");
	import_count_is(ev, EV_INPUT, 600);
	import_count_is(ev, EV_OUTPUT, 60);
	import_count_is(of_session(&es, "old"), EV_INPUT, 60);
	import_count_is(import_find(&es, "ledger-1"), EV_INPUT, 300);
	import_events_free(&es);
}

Test(goose, an_empty_ledger_leaves_the_totals, .timeout = 30)
{
	struct import_events es = { 0 };

	run_with(new_schema,
	    "INSERT INTO sessions (id, working_dir, updated_at,"
	    " accumulated_input_tokens, parent_session_id) VALUES ('a', '/p',"
	    " '2026-01-10 09:00:00', 3, 'b')",
	    &es);
	cr_assert_eq(es.n, 1, "%zu events, odd: %s", es.n, es.odd_why);
	import_text_is(&es.events[0], EV_PARENT_SESSION, "b");
	import_text_is(&es.events[0], EV_KIND, "subagent");
	import_events_free(&es);
}

static int
count_event(struct source *s, const struct event *ev)
{
	(void)ev;
	++*(size_t *)s->give_arg;
	return 0;
}

/* How many events the database gives to a reader that was left in state. */
static size_t
go_on(sqlite3 *db, const char *path, const char *sql, void *state)
{
	size_t n = 0;
	struct source s = { .agent = &import_goose,
		.root = "/tmp",
		.path = path,
		.rel = "sessions.db",
		.mtime_ms = 1768032100000,
		.state = state,
		.give = count_event,
		.give_arg = &n };

	cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s",
	    sqlite3_errmsg(db));
	cr_assert_eq(import_goose.take_database(&s), 0);
	cr_assert_eq(s.odd, 0, "%s", s.odd_why);
	source_release(&s);
	return n;
}

#define CALLS(session, n)                                                      \
	"WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c"       \
	" WHERE i < " #n ") INSERT INTO usage_ledger (session_id,"             \
	" created_timestamp, input_tokens) SELECT '" session                   \
	"', 1768032000, i FROM c;"

Test(goose, rows_that_were_given_are_not_given_again, .timeout = 30)
{
	static const char *const steps[] = { CALLS("a", 3), "", CALLS("b", 2),
		"DELETE FROM usage_ledger WHERE id > 3" };
	static const size_t expected[] = { 3, 0, 2, 3 };
	char dir[] = "/tmp/tt-goose-XXXXXX", path[64];
	_Alignas(max_align_t) char state[IMPORT_STATE_MAX] = { 0 };
	sqlite3 *db;
	size_t n;

	cr_assert_not_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/sessions.db", dir);
	cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
	cr_assert_eq(sqlite3_exec(db, new_schema, NULL, NULL, NULL), SQLITE_OK);
	for (size_t i = 0; i < 4; i++) {
		n = go_on(db, path, steps[i], state);
		cr_assert_eq(n, expected[i], "step %zu: %zu events, not %zu", i,
		    n, expected[i]);
	}
	sqlite3_close(db);
	unlink(path);
	rmdir(dir);
}

Test(goose, other_databases_are_passed_over, .timeout = 30)
{
	struct import_events es = { 0 };

	run("CREATE TABLE t (a)", &es);
	cr_assert_eq(
	    es.n + es.odd, 0, "%zu events, %" PRIu64 " odd", es.n, es.odd);
	import_events_free(&es);
}

Test(goose, a_file_that_is_no_database_is_told, .timeout = 30)
{
	char dir[] = "/tmp/tt-goose-XXXXXX", path[64];
	struct import_events es = { 0 };
	FILE *f;

	cr_assert_not_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/sessions.db", dir);
	f = fopen(path, "w");
	cr_assert_not_null(f);
	for (int i = 0; i < 500; i++)
		fputs("this is no database\n", f);
	fclose(f);
	import_run_tree(&import_goose, dir, &es);
	cr_assert_eq(es.rc, 0, "%d", es.rc);
	cr_assert_eq(es.odd, 1, "%" PRIu64 " odd", es.odd);
	unlink(path);
	rmdir(dir);
	import_events_free(&es);
}

Test(goose, roots_are_the_new_and_the_old_ones, .timeout = 30)
{
	struct roots r = { 0 };

	setenv("HOME", "/h", 1);
	unsetenv("XDG_DATA_HOME");
	unsetenv("GOOSE_PATH_ROOT");
	import_goose.find_roots(&r);
	cr_assert_geq(r.n, 2, "%zu roots", r.n);
	cr_assert_str_eq(r.paths[0], "/h/.local/share/goose/sessions");
	cr_assert_str_eq(r.paths[1], "/h/.local/share/Block/goose/sessions");
	roots_release(&r);
	setenv("GOOSE_PATH_ROOT", "/g", 1);
	import_goose.find_roots(&r);
	cr_assert_eq(r.n, 1, "%zu roots", r.n);
	cr_assert_str_eq(r.paths[0], "/g/data/sessions");
	roots_release(&r);
	cr_assert_eq(import_goose.kind_of("sessions.db"), IMPORT_DATABASE);
	cr_assert_eq(import_goose.kind_of("sessions.db-wal"), -1);
}

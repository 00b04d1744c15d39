#include "tests/unit/import/merge_help.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clients/import/roots.h"

#define DATA "tests/data/import/opencode/"

static struct import_events es;
static char dir[] = "/tmp/tt-opencode-XXXXXX";

static void
set_up(void)
{
	cr_assert_not_null(mkdtemp(dir));
}

static void
tear_down(void)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	import_events_free(&es);
	while (d != NULL && (e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			unlinkat(dirfd(d), e->d_name, 0);
	if (d != NULL)
		closedir(d);
	rmdir(dir);
}

TestSuite(opencode, .init = set_up, .fini = tear_down, .timeout = 30);

static sqlite3 *
open_database(const char *name)
{
	char path[256];
	sqlite3 *db;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK, "%s", path);
	return db;
}

static void
run_sql(sqlite3 *db, const char *sql)
{
	char *why = NULL;

	cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, &why), SQLITE_OK,
	    "%s: %s", why, sql);
}

static void change(const char *name, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void
change(const char *name, const char *fmt, ...)
{
	sqlite3 *db = open_database(name);
	char sql[4096];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(sql, sizeof(sql), fmt, ap);
	va_end(ap);
	run_sql(db, sql);
	sqlite3_close(db);
}

static void
make_database(const char *name, const char *from)
{
	char path[256], *sql = calloc(1, 65536);
	sqlite3 *db = open_database(name);
	FILE *f;

	snprintf(path, sizeof(path), DATA "%s", from);
	f = fopen(path, "r");
	cr_assert(f != NULL && sql != NULL, "%s", path);
	cr_assert_gt(fread(sql, 1, 65535, f), 0, "%s", path);
	fclose(f);
	run_sql(db, sql);
	sqlite3_close(db);
	free(sql);
}

static void
run(const char *name)
{
	import_run_file(&import_opencode, dir, name, &es);
	cr_assert_eq(es.rc, 0, "%d", es.rc);
}

static int
count_event(struct source *s, const struct event *ev)
{
	(void)ev;
	++*(size_t *)s->give_arg;
	return 0;
}

/* Goes on where the last run left the database: how many events it gives. */
static size_t
run_on(const char *name)
{
	char path[256];
	size_t n = 0;
	struct source s = { .agent = &import_opencode,
		.root = dir,
		.path = path,
		.rel = name,
		.state = es.state,
		.give = count_event,
		.give_arg = &n };

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	cr_assert_eq(import_opencode.take_database(&s), 0);
	source_release(&s);
	return n;
}

#define TOKENS                                                                 \
	"\"tokens\":{\"input\":400,\"output\":80,\"reasoning\":120,"           \
	"\"cache\":{\"read\":600,\"write\":0}}"
#define ANSWER(more) "{\"role\":\"assistant\"," TOKENS more "}"

/* Adds an answer to ses_one. */
static void
add_answer(const char *name, const char *id, int64_t at_ms, const char *data)
{
	change(name,
	    "INSERT INTO message VALUES ('%s', 'ses_one', %lld, %lld, '%s')",
	    id, (long long)at_ms, (long long)at_ms, data);
}

/* --- Version 1 ------------------------------------------------------------ */

Test(opencode, an_answer_is_a_call_and_a_forks_copy_is_none)
{
	const struct event *ev;

	make_database("opencode.db", "v1.sql");
	run("opencode.db");
	merged_are(&es, 2, 2400);
	cr_assert_eq(es.n, 2, "%zu events", es.n);
	ev = import_find(&es, "msg_a1");
	import_text_is(ev, EV_SESSION, "ses_one");
	import_text_is(ev, EV_AGENT, "opencode");
	import_text_is(ev, EV_MODEL, "gpt-5.2");
	import_text_is(ev, EV_PROVIDER, "openai");
	import_text_is(ev, EV_PROJECT, "/home/ann/web");
	import_text_is(ev, EV_KIND, "main");
	import_text_is(ev, EV_PARENT_SESSION, NULL);
	import_count_is(ev, EV_INPUT, 400);
	import_count_is(ev, EV_CACHE_READ, 600);
	import_count_is(ev, EV_CACHE_WRITE, 0);
	import_count_is(ev, EV_OUTPUT, 200);
	import_count_is(ev, EV_REASONING, 120);
	import_count_is(ev, EV_TOTAL, 1200);
	import_count_is(ev, EV_OUTCOME, OUTCOME_OK);
	cr_assert(ev->has_cost && ev->cost_pico == 4380000000, "%lld",
	    (long long)ev->cost_pico);
	cr_assert_eq(ev->ts_ms, 1778580008000, "%lld", (long long)ev->ts_ms);
	cr_assert_eq(ev->rank, EVENT_RANK_DEFAULT, "%d", ev->rank);
	cr_assert_eq(strncmp(ev->text[EV_CALL].p, "opencode:", 9), 0);
	import_text_is(import_find(&es, "msg_a2"), EV_SESSION, "ses_fork");
}

/* Were it not known by its time, its contents would tell. */
Test(opencode, a_copy_shares_the_call_of_what_it_is_a_copy_of)
{
	make_database("opencode.db", "v1.sql");
	change("opencode.db", "DELETE FROM session");
	run("opencode.db");
	cr_assert_eq(es.n, 3, "%zu events", es.n);
	merged_are(&es, 2, 2400);
}

Test(opencode, the_databases_of_all_channels_are_read)
{
	make_database("opencode.db", "v1.sql");
	make_database("opencode-dev.db", "v1.sql");
	change("opencode-dev.db",
	    "DELETE FROM message WHERE id <> 'msg_a1';"
	    "UPDATE message SET id = 'msg_d1',"
	    " data = replace(data, '1778580002000', '1778580002500')");
	import_run_tree(&import_opencode, dir, &es);
	merged_are(&es, 3, 3600);
}

Test(opencode, a_childs_session_is_a_subagents)
{
	make_database("opencode.db", "v1.sql");
	change("opencode.db",
	    "UPDATE message SET session_id = 'ses_sub', time_created = "
	    "1778580005000 WHERE id = 'msg_a2'");
	run("opencode.db");
	import_text_is(import_find(&es, "msg_a2"), EV_KIND, "subagent");
	import_text_is(
	    import_find(&es, "msg_a2"), EV_PARENT_SESSION, "ses_one");
}

Test(opencode, an_answer_that_is_still_written_is_an_estimate)
{
	const struct event *ev;

	make_database("opencode.db", "v1.sql");
	add_answer("opencode.db", "msg_w", 1778580020000,
	    ANSWER(",\"time\":{\"created\":1778580020000}"));
	run("opencode.db");
	ev = import_find(&es, "msg_w");
	cr_assert_eq(ev->rank, 0, "%d", ev->rank);
	import_text_is(ev, EV_CALL, NULL);
	cr_assert_eq(ev->ts_ms, 1778580020000, "%lld", (long long)ev->ts_ms);
	import_text_is(ev, EV_PROJECT, "/home/ann/web");
	merged_are(&es, 3, 3600);
}

Test(opencode, an_aborted_answer_counts_what_it_used)
{
	const struct event *ev;

	make_database("opencode.db", "v1.sql");
	add_answer("opencode.db", "msg_x", 1778580020000,
	    ANSWER(",\"time\":{\"created\":1778580020000},\"error\":{\"name\":"
		   "\"MessageAbortedError\"},\"cost\":0"));
	run("opencode.db");
	ev = import_find(&es, "msg_x");
	cr_assert_eq(ev->rank, EVENT_RANK_DEFAULT, "%d", ev->rank);
	import_count_is(ev, EV_OUTCOME, OUTCOME_FAILED);
	cr_assert(!ev->has_cost);
	merged_are(&es, 3, 3600);
}

Test(opencode, answers_without_tokens_and_other_rows_are_none)
{
	make_database("opencode.db", "v1.sql");
	add_answer("opencode.db", "msg_0", 1778580020000,
	    "{\"role\":\"assistant\",\"cost\":0,\"tokens\":{\"input\":0,"
	    "\"output\":0,\"reasoning\":0,\"cache\":{\"read\":0,\"write\":0}},"
	    "\"time\":{\"created\":1778580020000}}");
	add_answer("opencode.db", "msg_u", 1778580020000,
	    "{\"role\":\"user\"," TOKENS "}");
	add_answer("opencode.db", "msg_n", 1778580020000,
	    "{\"role\":\"assistant\",\"tokens\":null}");
	run("opencode.db");
	cr_assert_eq(es.n, 2, "%zu events", es.n);
	cr_assert_eq(es.odd, 0, "%s", es.odd_why);
}

Test(opencode, a_row_that_is_no_json_is_told_and_the_next_is_read)
{
	make_database("opencode.db", "v1.sql");
	add_answer("opencode.db", "msg_b", 1778580001000, "{\"role\":");
	run("opencode.db");
	merged_are(&es, 2, 2400);
	cr_assert_eq(es.odd, 1, "%zu", (size_t)es.odd);
}

/* --- Reading on ----------------------------------------------------------- */

Test(opencode, only_what_has_changed_lately_is_told_again)
{
	make_database("opencode.db", "v1.sql");
	run("opencode.db");
	add_answer("opencode.db", "msg_later", 1778590000000,
	    ANSWER(",\"time\":{\"created\":1778590000000}"));
	cr_assert_eq(run_on("opencode.db"), 3);
	cr_assert_eq(run_on("opencode.db"), 1);
	change("opencode.db",
	    "UPDATE message SET time_updated = 1778590000001 WHERE id = "
	    "'msg_a1'");
	cr_assert_eq(run_on("opencode.db"), 2);
}

Test(opencode, a_change_that_became_visible_late_is_seen)
{
	make_database("opencode.db", "v1.sql");
	add_answer("opencode.db", "msg_last", 1778590000000,
	    ANSWER(",\"time\":{\"created\":1778590000000}"));
	run("opencode.db");
	add_answer("opencode.db", "msg_slow", 1778589990000,
	    ANSWER(",\"time\":{\"created\":1778589990000}"));
	cr_assert_eq(run_on("opencode.db"), 2);
}

/* A clock that was wrong for a day must not hide what comes after. */
Test(opencode, a_row_of_the_future_hides_nothing)
{
	make_database("opencode.db", "v1.sql");
	add_answer("opencode.db", "msg_wrong", 4102444800000,
	    ANSWER(",\"time\":{\"created\":1778580020000}"));
	run("opencode.db");
	change("opencode.db",
	    "INSERT INTO message SELECT 'msg_now', session_id, "
	    "unixepoch() * 1000, unixepoch() * 1000, data FROM message WHERE "
	    "id = 'msg_wrong'");
	cr_assert_eq(run_on("opencode.db"), 2);
}

Test(opencode, what_the_writer_has_in_its_log_is_read)
{
	sqlite3 *db;

	make_database("opencode.db", "v1.sql");
	db = open_database("opencode.db");
	run_sql(db, "PRAGMA journal_mode = WAL");
	run_sql(db,
	    "INSERT INTO message VALUES ('msg_wal', 'ses_one', 1778580020000, "
	    "1778580020000, '" ANSWER(
		",\"time\":{\"created\":1778580020000}") "')");
	run("opencode.db");
	merged_are(&es, 3, 3600);
	sqlite3_close(db);
}

Test(opencode, a_file_that_is_no_database_is_told)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/opencode.db", dir);
	f = fopen(path, "w");
	cr_assert_not_null(f);
	fputs("this is not a database, but it is long enough to look", f);
	fclose(f);
	run("opencode.db");
	merged_are(&es, 0, 0);
	cr_assert_eq(es.odd, 1, "%zu", (size_t)es.odd);
}

/* The file is as it was, so nothing but this says that there is more in it. */
Test(opencode, a_locked_one_is_left_for_the_next_time)
{
	sqlite3 *db;

	make_database("opencode.db", "v1.sql");
	db = open_database("opencode.db");
	run_sql(db, "PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE");
	run("opencode.db");
	cr_expect(es.n == 0 && es.odd == 1 && es.is_unread,
	    "%zu events, %lu odd, unread %d", es.n, (unsigned long)es.odd,
	    es.is_unread);
	run_sql(db, "ROLLBACK");
	sqlite3_close(db);
	run("opencode.db");
	cr_expect(es.n > 0 && !es.is_unread, "%zu events, unread %d", es.n,
	    es.is_unread);
}

Test(opencode, a_database_without_the_tables_has_nothing)
{
	change("opencode.db", "CREATE TABLE other (id text)");
	run("opencode.db");
	merged_are(&es, 0, 0);
	cr_assert_eq(es.odd, 0, "%s", es.odd_why);
}

Test(opencode, a_table_of_another_form_is_told)
{
	change("opencode.db", "CREATE TABLE message (id text)");
	run("opencode.db");
	merged_are(&es, 0, 0);
	cr_assert_eq(es.odd, 1, "%zu", (size_t)es.odd);
}

/* --- Version 2 ------------------------------------------------------------ */

Test(opencode, version_2_marks_its_copies)
{
	const struct event *ev;

	make_database("opencode-next.db", "v2.sql");
	run("opencode-next.db");
	merged_are(&es, 3, 3600);
	cr_assert_eq(es.n, 3, "%zu events", es.n);
	ev = import_find(&es, "msg_a3");
	import_text_is(ev, EV_MODEL, "gpt-5.2");
	import_text_is(ev, EV_PROVIDER, "openai");
	import_text_is(ev, EV_SESSION, "ses_again");
	import_text_is(ev, EV_PROJECT, "/home/ann/web");
	cr_assert(!ev->has_cost);
}

Test(opencode, both_versions_tables_in_one_database_are_one_history)
{
	make_database("opencode.db", "v1.sql");
	change("opencode.db", "INSERT INTO session_message SELECT id, "
			      "session_id, 'assistant', 1, "
			      "time_created, time_updated, data FROM message "
			      "WHERE id = 'msg_a1'");
	run("opencode.db");
	cr_assert_eq(es.n, 3, "%zu events", es.n);
	merged_are(&es, 2, 2400);
}

/* --- Files ---------------------------------------------------------------- */

Test(opencode, the_files_of_the_first_versions_are_read)
{
	const struct event *ev;

	import_run_tree(&import_opencode, DATA "files", &es);
	merged_are(&es, 2, 2400);
	cr_assert_eq(es.n, 2, "%zu events", es.n);
	ev = import_find(&es, "msg_a1");
	import_text_is(ev, EV_SESSION, "ses_one");
	import_text_is(ev, EV_MODEL, "gpt-5.2");
	import_count_is(ev, EV_OUTPUT, 200);
	cr_assert_eq(ev->ts_ms, 1778580008000, "%lld", (long long)ev->ts_ms);
}

Test(opencode, a_message_in_a_file_and_in_the_database_is_one_call)
{
	make_database("opencode.db", "v1.sql");
	run("opencode.db");
	import_run_tree(&import_opencode, DATA "files", &es);
	merged_are(&es, 2, 2400);
}

Test(opencode, a_broken_file_is_told)
{
	import_run_document(
	    &import_opencode, "ses_one/msg_a1.json", "{\"role\":", &es);
	merged_are(&es, 0, 0);
	cr_assert_eq(es.odd, 1, "%zu", (size_t)es.odd);
}

Test(opencode, logs_are_known_by_their_names)
{
	static const struct {
		const char *rel;
		int kind;
	} rows[] = {
		{ "opencode.db", IMPORT_DATABASE },
		{ "opencode-dev.db", IMPORT_DATABASE },
		{ "mine.sqlite", IMPORT_DATABASE },
		{ "other.sqlite", -1 },
		{ "opencode.db-wal", -1 },
		{ "opencode.db-shm", -1 },
		{ "snapshot/x.db", -1 },
		{ "storage/message/ses_1/msg_1.json", IMPORT_DOCUMENT },
		{ "ses_1/msg_1.json", IMPORT_DOCUMENT },
		{ "storage/session/global/ses_1.json", -1 },
		{ "storage/part/msg_1/prt_1.json", -1 },
		{ "auth.json", -1 },
	};
	size_t i;

	setenv("OPENCODE_DB", "/srv/mine.sqlite", 1);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_eq(import_opencode.kind_of(rows[i].rel), rows[i].kind,
		    "%s: %d", rows[i].rel,
		    import_opencode.kind_of(rows[i].rel));
}

/* The last of expected is NULL; "@" is the test's directory. */
static void
check_roots(const char *const *expected)
{
	struct roots r = { 0 };
	char path[256];
	size_t i;

	import_opencode.find_roots(&r);
	for (i = 0; expected[i] != NULL; i++) {
		snprintf(path, sizeof(path), "%s%s",
		    expected[i][0] == '@' ? dir : "",
		    expected[i] + (expected[i][0] == '@'));
		cr_assert_lt(i, r.n, "%s is missing", path);
		cr_expect_str_eq(
		    r.paths[i], path, "%s, not %s", r.paths[i], path);
	}
	cr_assert_eq(r.n, i, "%zu roots, not %zu", r.n, i);
	roots_release(&r);
}

Test(opencode, places_are_those_of_the_environment_or_the_default)
{
	static const char *const usual[] = {
		"/h/.local/share/opencode/opencode.db",
		"/h/.local/share/opencode/storage/message", NULL
	};
	static const char *const xdg[] = { "/x/opencode/opencode.db",
		"/x/opencode/storage/message", "/srv/mine.sqlite", NULL };
	static const char *const listed[] = { "@/opencode.db",
		"@/storage/message", "@/opencode-dev.db", "@/mine.db",
		"/other/opencode.db", "/other/storage/message",
		"/other/mine.db", NULL };
	char list[256];

	setenv("HOME", "/h", 1);
	unsetenv("XDG_DATA_HOME");
	unsetenv("OPENCODE_DATA_DIR");
	unsetenv("OPENCODE_DB");
	check_roots(usual);
	setenv("XDG_DATA_HOME", "/x", 1);
	setenv("OPENCODE_DB", "/srv/mine.sqlite", 1);
	check_roots(xdg);
	change("opencode-dev.db", "CREATE TABLE t (a)");
	snprintf(list, sizeof(list), "%s, /other", dir);
	setenv("OPENCODE_DATA_DIR", list, 1);
	setenv("OPENCODE_DB", "mine.db", 1);
	check_roots(listed);
}

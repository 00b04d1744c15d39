#include <criterion/criterion.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zstd.h>

#include "clients/import/roots.h"
#include "clients/import/unpack.h"
#include "tests/unit/import/import_help.h"

struct row {
	const char *id, *type, *text, *updated;
};

static const char schema[] =
    "CREATE TABLE threads (id TEXT PRIMARY KEY, summary TEXT NOT NULL,"
    " updated_at TEXT NOT NULL, data_type TEXT NOT NULL, data BLOB NOT NULL,"
    " folder_paths TEXT)";

/* The text packed, or as it is. */
static void
bind_text(sqlite3_stmt *stmt, int at, const struct row *row)
{
	size_t len = strlen(row->text), cap = ZSTD_compressBound(len);
	char *packed;

	if (strcmp(row->type, "zstd") != 0) {
		sqlite3_bind_blob(
		    stmt, at, row->text, (int)len, SQLITE_TRANSIENT);
		return;
	}
	packed = malloc(cap);
	cr_assert_not_null(packed);
	len = ZSTD_compress(packed, cap, row->text, len, 3);
	cr_assert_not(ZSTD_isError(len));
	sqlite3_bind_blob(stmt, at, packed, (int)len, SQLITE_TRANSIENT);
	free(packed);
}

static void
insert(sqlite3 *db, const struct row *row)
{
	sqlite3_stmt *stmt;

	cr_assert_eq(sqlite3_prepare_v2(db,
			 "INSERT INTO threads VALUES (?, 't', ?, ?, ?,"
			 " '/home/u/p' || char(10) || '/q')",
			 -1, &stmt, NULL),
	    SQLITE_OK, "%s", sqlite3_errmsg(db));
	sqlite3_bind_text(stmt, 1, row->id, -1, SQLITE_TRANSIENT);
	sqlite3_bind_text(stmt, 2,
	    row->updated != NULL ? row->updated : "2026-01-10T08:00:00Z", -1,
	    SQLITE_TRANSIENT);
	sqlite3_bind_text(stmt, 3, row->type, -1, SQLITE_TRANSIENT);
	bind_text(stmt, 4, row);
	cr_assert_eq(sqlite3_step(stmt), SQLITE_DONE, "%s", sqlite3_errmsg(db));
	sqlite3_finalize(stmt);
}

static void
run(const struct row *rows, size_t n, struct import_events *es)
{
	char dir[] = "/tmp/tt-zed-XXXXXX", path[64];
	sqlite3 *db;

	cr_assert_not_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/threads.db", dir);
	cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
	cr_assert_eq(sqlite3_exec(db, schema, NULL, NULL, NULL), SQLITE_OK);
	for (size_t i = 0; i < n; i++)
		insert(db, &rows[i]);
	sqlite3_close(db);
	import_run_tree(&import_zed, dir, es);
	cr_assert_eq(es->rc, 0, "the reader gave %d", es->rc);
	unlink(path);
	rmdir(dir);
}

static void
run_one(const char *type, const char *text, struct import_events *es)
{
	struct row row = { "thread-1", type, text, NULL };

	run(&row, 1, es);
}

#define HOSTED                                                                 \
	"\"model\":{\"provider\":\"zed.dev\",\"model\":\"claude-sonnet-4-5\"}"

static const char requests[] =
    "{\"version\":\"0.3.0\",\"updated_at\":\"2026-01-09T00:00:00Z\"," HOSTED
    ",\"request_token_usage\":{\"u1\":{\"input_tokens\":100,"
    "\"output_tokens\":20,\"cache_creation_input_tokens\":5,"
    "\"cache_read_input_tokens\":10},\"u2\":{\"input_tokens\":\"50\","
    "\"output_tokens\":7,\"cache_read_input_tokens\":null},"
    "\"u3\":{\"input_tokens\":0}},"
    "\"cumulative_token_usage\":{\"input_tokens\":999}}";

Test(zed, requests_count_and_the_sum_does_not, .timeout = 30)
{
	static const char *const types[] = { "zstd", "json" };

	for (int i = 0; i < 2; i++) {
		struct import_events es = { 0 };
		const struct event *ev;

		run_one(types[i], requests, &es);
		cr_assert_eq(es.n, 2, "%s: %zu events, odd: %s", types[i], es.n,
		    es.odd_why);
		ev = import_find(&es, "u1");
		import_text_is(ev, EV_SESSION, "thread-1");
		import_text_is(ev, EV_MODEL, "claude-sonnet-4-5");
		import_text_is(ev, EV_PROVIDER, "zed.dev");
		import_text_is(ev, EV_PROJECT, "/home/u/p");
		import_count_is(ev, EV_INPUT, 100);
		import_count_is(ev, EV_OUTPUT, 20);
		import_count_is(ev, EV_CACHE_WRITE, 5);
		import_count_is(ev, EV_CACHE_READ, 10);
		cr_assert_not(ev->running);
		cr_assert_eq(ev->ts_ms, 1768032000000, "%" PRId64, ev->ts_ms);
		import_count_is(import_find(&es, "u2"), EV_INPUT, 50);
		import_events_free(&es);
	}
}

Test(zed, a_sum_alone_is_a_running_total, .timeout = 30)
{
	struct import_events es = { 0 };

	run_one("json",
	    "{" HOSTED ",\"request_token_usage\":{},"
	    "\"cumulative_token_usage\":{\"input_tokens\":30,"
	    "\"output_tokens\":4}}",
	    &es);
	cr_assert_eq(es.n, 1, "%zu events, odd: %s", es.n, es.odd_why);
	cr_assert(es.events[0].running);
	import_count_is(&es.events[0], EV_INPUT, 30);
	import_count_is(&es.events[0], EV_OUTPUT, 4);
	import_events_free(&es);
}

Test(zed, requests_in_a_list_go_by_their_place, .timeout = 30)
{
	struct import_events es = { 0 };

	run_one("json",
	    "{" HOSTED ",\"request_token_usage\":[{\"input_tokens\":1},null,"
	    "{\"input_tokens\":2}]}",
	    &es);
	cr_assert_eq(es.n, 2, "%zu events", es.n);
	import_count_is(import_find(&es, "request-0"), EV_INPUT, 1);
	import_count_is(import_find(&es, "request-2"), EV_INPUT, 2);
	import_events_free(&es);
}

Test(zed, what_other_agents_log_themselves_is_left_to_them, .timeout = 30)
{
	static const struct {
		const char *model;
		size_t events;
	} cases[] = {
		{ "{\"provider\":\"anthropic\",\"model\":\"m\"}", 0 },
		{ "{\"provider\":\"openai\",\"model\":\"m\"}", 0 },
		{ "{\"provider\":\"google\",\"model\":\"m\"}", 0 },
		{ "{\"provider\":\"claude-acp\",\"model\":\"m\"}", 0 },
		{ "{\"provider\":null,\"model\":\"m\"}", 0 },
		{ "null", 0 },
		{ "{\"provider\":\"zed.dev\",\"model\":\"m\"}", 1 },
		{ "{\"provider\":\"zed.dev\",\"model\":\"m\"},"
		  "\"imported\":false",
		    1 },
		{ "{\"provider\":\"zed.dev\",\"model\":\"m\"},"
		  "\"imported\":true",
		    0 },
		{ "{\"provider\":\"ollama\",\"model\":\"m\"}", 1 },
	};
	char text[256];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct import_events es = { 0 };

		snprintf(text, sizeof(text),
		    "{\"model\":%s,\"request_token_usage\":{\"u\":"
		    "{\"input_tokens\":1}}}",
		    cases[i].model);
		run_one("json", text, &es);
		cr_assert_eq(
		    es.n, cases[i].events, "%s gave %zu events", text, es.n);
		cr_assert_eq(es.odd, 0, "%s is odd: %s", text, es.odd_why);
		import_events_free(&es);
	}
}

Test(zed, a_thread_that_cannot_be_read_leaves_the_others, .timeout = 30)
{
	static const struct row rows[] = {
		{ "a", "json", "{\"model\":", NULL },
		{ "b", "lz4", requests, NULL },
		{ "c", "json", requests, "some day" },
		{ "d", "json", "[]", NULL },
		{ "e\xff", "json", requests, NULL },
	};
	struct import_events es = { 0 };

	run(rows, 5, &es);
	cr_assert_eq(es.n, 4, "%zu events", es.n);
	cr_assert_eq(es.odd, 2, "%" PRIu64 " odd", es.odd);
	cr_assert_eq(es.events[0].ts_ms, 1767916800000,
	    "the thread's own time stands in: %" PRId64, es.events[0].ts_ms);
	import_text_is(&es.events[2], EV_SESSION, "e ");
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
go_on(const char *path, void *state)
{
	size_t n = 0;
	struct source s = { .agent = &import_zed,
		.root = "/tmp",
		.path = path,
		.rel = "threads.db",
		.mtime_ms = 1768100000000,
		.state = state,
		.give = count_event,
		.give_arg = &n };

	cr_assert_eq(import_zed.take_database(&s), 0);
	source_release(&s);
	return n;
}

Test(zed, only_threads_that_changed_lately_are_read_again, .timeout = 30)
{
	static const struct row rows[] = {
		{ "old", "json", requests, "2026-01-01T00:00:00+00:00" },
		{ "new", "json", requests, "2026-01-10T08:00:00.123456789Z" },
		{ "wrong", "json", requests, "2999-01-01T00:00:00Z" },
		{ "none", "json", requests, "" },
		{ "later", "json", requests, "2026-01-10T08:00:01Z" },
	};
	char dir[] = "/tmp/tt-zed-XXXXXX", path[64];
	_Alignas(max_align_t) char state[IMPORT_STATE_MAX] = { 0 };
	sqlite3 *db;
	size_t n;

	cr_assert_not_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/threads.db", dir);
	cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
	cr_assert_eq(sqlite3_exec(db, schema, NULL, NULL, NULL), SQLITE_OK);
	for (size_t i = 0; i < 4; i++)
		insert(db, &rows[i]);
	/* A time to come is refused by the ledger's rules. */
	n = go_on(path, state);
	cr_assert_eq(n, 3 * 2, "%zu events", n);
	insert(db, &rows[4]);
	n = go_on(path, state);
	cr_assert_eq(n, 3 * 2, "%zu events of new, none and later", n);
	sqlite3_close(db);
	unlink(path);
	rmdir(dir);
}

Test(zed, roots_are_those_of_each_system, .timeout = 30)
{
	struct roots r = { 0 };

	setenv("HOME", "/h", 1);
	setenv("XDG_DATA_HOME", "/x", 1);
	import_zed.find_roots(&r);
	cr_assert_str_eq(r.paths[0], "/x/zed/threads");
	roots_release(&r);
	cr_assert_eq(import_zed.kind_of("threads.db"), IMPORT_DATABASE);
	cr_assert_eq(import_zed.kind_of("threads.db-shm"), -1);
}

/* --- unpack -------------------------------------------------------------- */

#define PLAIN (1u << 20)

/* PLAIN bytes that pack well; packed has room for all. */
static size_t
pack(char *plain, char *packed, size_t cap)
{
	size_t len;

	for (size_t i = 0; i < PLAIN; i++)
		plain[i] = (char)('a' + i % 23);
	len = ZSTD_compress(packed, cap, plain, PLAIN, 1);
	cr_assert_not(ZSTD_isError(len));
	return len;
}

Test(unpack, frames_come_out_as_they_went_in, .timeout = 30)
{
	size_t cap = 2 * ZSTD_compressBound(PLAIN), len, out_len;
	char *plain = malloc(PLAIN), *packed = malloc(cap), *out;

	cr_assert(plain != NULL && packed != NULL);
	len = pack(plain, packed, cap);
	memcpy(packed + len, packed, len);
	cr_assert_eq(unpack_zstd(packed, len, PLAIN, &out, &out_len), 0);
	cr_assert_eq(out_len, PLAIN, "%zu bytes", out_len);
	cr_assert_arr_eq(out, plain, PLAIN);
	free(out);
	cr_assert_eq(
	    unpack_zstd(packed, 2 * len, 2 * PLAIN, &out, &out_len), 0);
	cr_assert_eq(out_len, 2 * PLAIN, "%zu bytes", out_len);
	free(out);
	free(packed);
	free(plain);
}

Test(unpack, too_much_or_too_little_is_refused, .timeout = 30)
{
	size_t cap = ZSTD_compressBound(PLAIN), len, out_len;
	char *plain = malloc(PLAIN), *packed = malloc(cap), *out;

	cr_assert(plain != NULL && packed != NULL);
	len = pack(plain, packed, cap);
	cr_assert_eq(unpack_zstd(packed, len, PLAIN - 1, &out, &out_len), -1);
	for (size_t n = 0; n < len; n++)
		cr_assert_eq(unpack_zstd(packed, n, PLAIN, &out, &out_len), -1,
		    "%zu of %zu bytes were enough", n, len);
	packed[0] ^= 1;
	cr_assert_eq(unpack_zstd(packed, len, PLAIN, &out, &out_len), -1);
	free(packed);
	free(plain);
}

/*
 * Zed: threads/threads.db, a row for each thread of its own agent, as JSON that
 * may be packed. A thread names what the last request for each message of the
 * user's used; older ones have no more than a sum. The only time is that of
 * the thread's last change.
 *
 * Other agents that run inside Zed keep logs of their own. Their threads would
 * count twice, so that only models count that none of them would have called:
 * those that Zed itself sells and those of providers without an agent.
 */
#include <stdlib.h>

#include "clients/common/ndjson.h"
#include "clients/import/agents.h"
#include "clients/import/agents/beside.h"
#include "clients/import/database.h"
#include "clients/import/unpack.h"
#include "proto/lang.h"

#define THREAD_MAX (24u << 20) /* unpacked */
#define WHY_MAX 256
/* Threads that changed before the newest known change are read again, too. */
#define MARGIN_S 86400

struct zed_state {
	int64_t newest_s; /* of the changes of all threads that were read */
};

static void
find_roots(struct roots *r)
{
	roots_add_below(
	    r, roots_base(r, "XDG_DATA_HOME", ".local/share"), "zed/threads");
	roots_add(r, "~/.var/app/dev.zed.Zed/data/zed/threads");
	roots_add(r, "~/Library/Application Support/Zed/threads");
}

static int
kind_of(const char *rel)
{
	return text_is(path_base(text_of(rel)), "threads.db") ? IMPORT_DATABASE
							      : -1;
}

static bool
is_own_provider(struct text provider)
{
	static const char *const own[] = { "zed.dev", "amazon-bedrock",
		"deepseek", "lmstudio", "mistral", "ollama", "open_router",
		"openrouter", "vercel", "x_ai" };

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (text_is(provider, own[i]))
			return true;
	return false;
}

/* One thread; the texts are in the arena. */
struct thread {
	struct text id, model, provider, project;
	int64_t updated_ms;
};

static void
begin_event(struct source *s, const struct thread *t,
    const struct json_node *usage, struct event *ev)
{
	source_event_init(s, ev);
	ev->text[EV_SESSION] = t->id;
	ev->text[EV_MODEL] = t->model;
	ev->text[EV_PROVIDER] = t->provider;
	ev->text[EV_PROJECT] = t->project;
	ev->ts_ms = t->updated_ms;
	ev->count[EV_INPUT] = source_member_count(s, usage, "input_tokens");
	ev->count[EV_OUTPUT] = source_member_count(s, usage, "output_tokens");
	ev->count[EV_CACHE_WRITE] =
	    source_member_count(s, usage, "cache_creation_input_tokens");
	ev->count[EV_CACHE_READ] =
	    source_member_count(s, usage, "cache_read_input_tokens");
}

static int
give_request(struct source *s, const struct thread *t, struct text id,
    const struct json_node *usage, bool *any)
{
	struct event ev;

	begin_event(s, t, usage, &ev);
	ev.text[EV_MESSAGE] = id;
	*any = *any || event_classes(&ev) > 0;
	return source_event(s, &ev);
}

/* By the id of the user's message, in older threads by its place. */
static int
give_requests(struct source *s, const struct thread *t,
    const struct json_node *requests, bool *any)
{
	const struct json_node *node = NULL, *usage;
	struct text id;
	unsigned index = 0;

	if (requests != NULL &&
	    (requests->type == JSON_OBJECT || requests->type == JSON_ARRAY))
		node = json_first(&s->json, requests);
	for (; node != NULL; node = json_next(&s->json, requests, usage)) {
		usage = node;
		if (requests->type == JSON_OBJECT) {
			id = source_string(s, node);
			usage = json_next(&s->json, requests, node);
		} else {
			id = source_textf(s, "request-%u", index++);
		}
		if (give_request(s, t, id, usage, any) != 0)
			return -1;
	}
	return 0;
}

static int
give_sum(
    struct source *s, const struct thread *t, const struct json_node *usage)
{
	struct event ev;

	begin_event(s, t, usage, &ev);
	ev.running = true;
	return source_event(s, &ev);
}

static int
take_thread(struct source *s, struct thread *t, const char *text, size_t len)
{
	const struct json_node *root, *model;
	bool any = false;

	if (json_parse(&s->json, text, len) != 0) {
		source_odd(s, N_("not JSON"));
		return 0;
	}
	root = s->json.nodes;
	model = json_get(&s->json, root, "model");
	t->provider = source_member(s, model, "provider");
	t->model = source_member(s, model, "model");
	if (source_true(s, json_get(&s->json, root, "imported")) ||
	    !is_own_provider(t->provider))
		return 0;
	if (t->updated_ms == 0)
		t->updated_ms =
		    source_time(s, json_get(&s->json, root, "updated_at"));
	if (t->updated_ms == 0)
		t->updated_ms = s->mtime_ms;
	if (give_requests(s, t, json_get(&s->json, root, "request_token_usage"),
		&any) != 0)
		return -1;
	if (any)
		return 0;
	return give_sum(
	    s, t, json_get(&s->json, root, "cumulative_token_usage"));
}

/* --- Rows ---------------------------------------------------------------- */

enum column { ID, UPDATED, TYPE, DATA, FOLDERS, AT };

static struct text
column_text(struct source *s, struct database *d, enum column c)
{
	const char *p;
	size_t len;

	if (database_is_null(d, c))
		return (struct text){ NULL, 0 };
	p = database_text(d, c, &len);
	return source_text(s, p, len);
}

/* The first of the folders, each on a line of its own. */
static struct text
first_folder(struct source *s, struct database *d)
{
	const char *p, *end;
	size_t len;

	if (database_is_null(d, FOLDERS))
		return (struct text){ NULL, 0 };
	p = database_text(d, FOLDERS, &len);
	end = p != NULL ? memchr(p, '\n', len) : NULL;
	return source_text(s, p, end != NULL ? (size_t)(end - p) : len);
}

static int
take_row(struct source *s, struct database *d)
{
	struct thread t = { 0 };
	struct text type = column_text(s, d, TYPE);
	struct text updated = column_text(s, d, UPDATED);
	char *unpacked = NULL;
	const char *data;
	bool is_local;
	size_t len;
	int rc;

	t.id = column_text(s, d, ID);
	t.project = first_folder(s, d);
	if (updated.len > 0 &&
	    ndjson_time(updated.p, updated.len, &t.updated_ms, &is_local) != 0)
		t.updated_ms = 0;
	data = database_text(d, DATA, &len);
	if (data != NULL && text_is(type, "zstd")) {
		if (unpack_zstd(data, len, THREAD_MAX, &unpacked, &len) != 0) {
			source_odd(s, N_("cannot be unpacked"));
			return 0;
		}
		data = unpacked;
	} else if (data == NULL || !text_is(type, "json")) {
		source_odd(s, N_("of an unknown form"));
		return 0;
	}
	rc = take_thread(s, &t, data, len);
	free(unpacked);
	return rc;
}

/* Those that changed since ?1, or nobody knows when. */
static const char *
query(struct database *d)
{
#define THREADS_SINCE(folders)                                                 \
	"SELECT id, updated_at, data_type, data, " folders ","                 \
	" CAST(strftime('%s', updated_at) AS INTEGER) AS at FROM threads"      \
	" WHERE at IS NULL OR at >= ?1 ORDER BY id"

	return database_has_column(d, "threads", "folder_paths")
		   ? THREADS_SINCE("folder_paths")
		   : THREADS_SINCE("NULL");
}

static int
take_rows(struct source *s, struct database *d)
{
	struct zed_state *st = s->state;
	int64_t since = st->newest_s - MARGIN_S, newest = st->newest_s, at;
	char why[WHY_MAX];
	int rc;

	rc = database_query(d, query(d), &since, 1, why, sizeof(why));
	if (rc == 0)
		while ((rc = database_row(d, why, sizeof(why))) == 1) {
			source_forget(s);
			at = database_int(d, AT);
			/* A clock that was wrong must not hide the rest. */
			if (newest < at && at <= s->mtime_ms / 1000)
				newest = at;
			if (take_row(s, d) != 0)
				return -1;
		}
	if (rc < 0)
		source_unread(s, N_("a database that cannot be read"));
	else
		st->newest_s = newest;
	return 0;
}

static int
take_database(struct source *s)
{
	struct database *d;
	char why[WHY_MAX];
	int rc = 0;

	d = database_open(s->path, why, sizeof(why));
	if (d == NULL) {
		source_unread(s, N_("a database that cannot be read"));
		return 0;
	}
	if (database_has_table(d, "threads"))
		rc = take_rows(s, d);
	database_close(d);
	return rc;
}

const struct import_agent import_zed = {
	.name = "zed",
	.agent = "zed",
	.version = 1,
	.state_size = sizeof(struct zed_state),
	.find_roots = find_roots,
	.kind_of = kind_of,
	.take_database = take_database,
};

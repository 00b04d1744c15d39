/*
 * Goose: sessions/sessions.db. Since its 15th schema there is a ledger with a
 * row for each call. Before that a session has only totals of its own, which
 * are given as such; what a session used before the ledger came is given as a
 * total at the time of its first row there. Input holds what the cache gave and
 * took. Times without a zone are UTC.
 *
 * BUG: a session's totals go to its newest model, and the ledger keeps a series
 * for each. Without Goose's ledger, a session whose model was changed between
 * two imports counts again under the new one what it used before.
 */
#include <stdio.h>

#include "clients/common/ndjson.h"
#include "clients/import/agents.h"
#include "clients/import/agents/beside.h"
#include "clients/import/database.h"
#include "proto/lang.h"
#include "proto/money.h"

#define SQL_MAX 2048
#define WHY_MAX 256

struct goose_state {
	int64_t last_row; /* of the ledger that was given; rows never change */
};

static void
find_roots(struct roots *r)
{
	const char *data;

	if (roots_add_env(r, "GOOSE_PATH_ROOT", "data/sessions"))
		return;
	data = roots_base(r, "XDG_DATA_HOME", ".local/share");
	roots_add_below(r, data, "goose/sessions");
	roots_add_below(r, data, "Block/goose/sessions");
	roots_add(r, "~/Library/Application Support/goose/sessions");
	roots_add(r, "~/Library/Application Support/Block/goose/sessions");
}

static int
kind_of(const char *rel)
{
	return text_is(path_base(text_of(rel)), "sessions.db") ? IMPORT_DATABASE
							       : -1;
}

/* --- Columns ------------------------------------------------------------- */

/* What both queries give first, in this order. */
enum column {
	ID,
	INPUT,
	OUTPUT,
	TOTAL,
	CACHE_READ,
	CACHE_WRITE,
	AT, /* s, ms, or text */
	MODEL,
	CONFIG, /* JSON with the session's model */
	PROVIDER,
	PROJECT,
	PARENT,
	ROW, /* of the ledger */
	COST = ROW + 1,
	COST_FROM,
};

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

static uint64_t
column_count(struct database *d, enum column c)
{
	int64_t v = database_is_null(d, c) ? 0 : database_int(d, c);

	return v > 0 ? (uint64_t)v : 0;
}

static int64_t
column_time(struct source *s, struct database *d, enum column c)
{
	struct text t = column_text(s, d, c);
	bool is_local = false;
	int64_t ms;

	if (t.len == 0 || ndjson_time(t.p, t.len, &ms, &is_local) != 0)
		return 0;
	if (!is_local)
		return ms;
	t = source_textf(s, "%.*sZ", (int)t.len, t.p);
	return ndjson_time(t.p, t.len, &ms, &is_local) == 0 ? ms : 0;
}

static struct text
column_model(struct source *s, struct database *d)
{
	struct text t = column_text(s, d, MODEL);
	const char *p;
	size_t len;

	if (t.len > 0 || database_is_null(d, CONFIG))
		return t;
	p = database_text(d, CONFIG, &len);
	if (p == NULL || json_parse(&s->json, p, len) != 0)
		return t;
	return source_member(s, s->json.nodes, "model_name");
}

/* Input less the cache's part of it, as far as it holds it. */
static void
count_row(struct database *d, struct event *ev)
{
	uint64_t input = column_count(d, INPUT);
	uint64_t read = column_count(d, CACHE_READ);
	uint64_t write = column_count(d, CACHE_WRITE);

	ev->count[EV_CACHE_READ] = read;
	ev->count[EV_CACHE_WRITE] = write;
	if (input >= read)
		input -= read;
	if (input >= write)
		input -= write;
	ev->count[EV_INPUT] = input;
	ev->count[EV_OUTPUT] = column_count(d, OUTPUT);
	/* What is in neither is not known to be of any kind. */
	ev->count[EV_TOTAL] = column_count(d, TOTAL);
}

static void
begin_event(struct source *s, struct database *d, struct event *ev)
{
	source_event_init(s, ev);
	ev->text[EV_SESSION] = column_text(s, d, ID);
	ev->text[EV_MODEL] = column_model(s, d);
	ev->text[EV_PROVIDER] = column_text(s, d, PROVIDER);
	ev->text[EV_PROJECT] = column_text(s, d, PROJECT);
	ev->text[EV_PARENT_SESSION] = column_text(s, d, PARENT);
	if (ev->text[EV_PARENT_SESSION].len > 0)
		ev->text[EV_KIND] = TEXT("subagent");
	ev->ts_ms = column_time(s, d, AT);
	if (ev->ts_ms == 0)
		ev->ts_ms = s->mtime_ms;
	count_row(d, ev);
}

/* --- Sessions ------------------------------------------------------------ */

static int
take_session(struct source *s, struct database *d)
{
	struct event ev;

	begin_event(s, d, &ev);
	ev.running = true;
	return source_event(s, &ev);
}

/* Goose's own estimates are not better than ours. */
static void
take_cost(struct source *s, struct database *d, struct event *ev)
{
	struct text from = column_text(s, d, COST_FROM);
	struct text cost = column_text(s, d, COST);
	int64_t pico;

	if (!text_is(from, "provider_reported") ||
	    money_parse(cost.p, cost.len, &pico) != 0 || pico <= 0)
		return;
	ev->cost_pico = pico;
	ev->has_cost = true;
}

static int
take_call(struct source *s, struct database *d)
{
	struct text row = column_text(s, d, ROW);
	struct goose_state *st = s->state;
	struct event ev;

	begin_event(s, d, &ev);
	ev.text[EV_MESSAGE] =
	    source_textf(s, "ledger-%.*s", (int)row.len, row.p);
	take_cost(s, d, &ev);
	if (source_event(s, &ev) != 0)
		return -1;
	st->last_row = database_int(d, ROW);
	return 0;
}

/* --- Queries ------------------------------------------------------------- */

/* "alias.column", or NULL where an older schema has none. */
struct name {
	char p[80];
};

static struct name
column(
    struct database *d, const char *table, const char *alias, const char *name)
{
	struct name n;

	if (database_has_column(d, table, name))
		snprintf(n.p, sizeof(n.p), "%s.%s", alias, name);
	else
		snprintf(n.p, sizeof(n.p), "NULL");
	return n;
}

#define SESSION(name) column(d, "sessions", "s", name).p
#define LEDGER(name) column(d, "usage_ledger", "l", name).p

/*
 * Sessions without a ledger. The last turn's counts stand in where there are no
 * accumulated ones.
 */
static void
sql_sessions(struct database *d, char sql[SQL_MAX])
{
	snprintf(sql, SQL_MAX,
	    "SELECT s.id, coalesce(%s, %s), coalesce(%s, %s), coalesce(%s, %s),"
	    " %s, %s, coalesce(%s, %s), NULL, %s, %s, %s, %s FROM sessions s",
	    SESSION("accumulated_input_tokens"), SESSION("input_tokens"),
	    SESSION("accumulated_output_tokens"), SESSION("output_tokens"),
	    SESSION("accumulated_total_tokens"), SESSION("total_tokens"),
	    SESSION("accumulated_cache_read_tokens"),
	    SESSION("accumulated_cache_write_tokens"), SESSION("updated_at"),
	    SESSION("created_at"), SESSION("model_config_json"),
	    SESSION("provider_name"), SESSION("working_dir"),
	    SESSION("parent_session_id"));
}

/*
 * What sessions used before the ledger: their totals less the sums of their
 * rows, where they began before the first row of all. Those without rows end
 * before it, else they would have some.
 */
static void
sql_before(struct database *d, char sql[SQL_MAX])
{
	snprintf(sql, SQL_MAX,
	    "WITH f AS (SELECT min(created_timestamp) AS at FROM usage_ledger),"
	    " l AS (SELECT session_id, min(created_timestamp) AS at,"
	    " sum(input_tokens) AS i, sum(output_tokens) AS o,"
	    " sum(total_tokens) AS t, sum(cache_read_tokens) AS r,"
	    " sum(cache_write_tokens) AS w,"
	    " (SELECT m.model FROM usage_ledger m"
	    " WHERE m.session_id = u.session_id ORDER BY m.id LIMIT 1) AS model"
	    " FROM usage_ledger u GROUP BY session_id)"
	    " SELECT s.id, %s - coalesce(l.i, 0), %s - coalesce(l.o, 0),"
	    " %s - coalesce(l.t, 0), %s - coalesce(l.r, 0),"
	    " %s - coalesce(l.w, 0), coalesce(l.at, %s), l.model, %s, %s, %s,"
	    " %s FROM sessions s CROSS JOIN f LEFT JOIN l ON"
	    " l.session_id = s.id WHERE f.at IS NULL OR"
	    " CAST(strftime('%%s', CASE WHEN l.at IS NULL THEN %s ELSE %s END)"
	    " AS INTEGER) < f.at",
	    SESSION("accumulated_input_tokens"),
	    SESSION("accumulated_output_tokens"),
	    SESSION("accumulated_total_tokens"),
	    SESSION("accumulated_cache_read_tokens"),
	    SESSION("accumulated_cache_write_tokens"), SESSION("updated_at"),
	    SESSION("model_config_json"), SESSION("provider_name"),
	    SESSION("working_dir"), SESSION("parent_session_id"),
	    SESSION("updated_at"), SESSION("created_at"));
}

/* Rows after ?1, or all where the ledger has lost its last ones. */
static void
sql_calls(struct database *d, char sql[SQL_MAX])
{
	snprintf(sql, SQL_MAX,
	    "SELECT l.session_id, l.input_tokens, l.output_tokens, %s, %s, %s,"
	    " l.created_timestamp, %s, %s, %s, %s, %s, l.id, %s, %s"
	    " FROM usage_ledger l LEFT JOIN sessions s ON s.id = l.session_id"
	    " WHERE l.id > CASE WHEN ?1 > (SELECT coalesce(max(id), 0) FROM"
	    " usage_ledger) THEN 0 ELSE ?1 END ORDER BY l.id",
	    LEDGER("total_tokens"), LEDGER("cache_read_tokens"),
	    LEDGER("cache_write_tokens"), LEDGER("model"),
	    SESSION("model_config_json"), SESSION("provider_name"),
	    SESSION("working_dir"), SESSION("parent_session_id"),
	    LEDGER("cost"), LEDGER("cost_source"));
}

static int
run(struct source *s, struct database *d, const char *sql, size_t nargs,
    int (*take)(struct source *s, struct database *d))
{
	const struct goose_state *st = s->state;
	char why[WHY_MAX];
	int rc;

	rc = database_query(d, sql, &st->last_row, nargs, why, sizeof(why));
	if (rc == 0)
		while ((rc = database_row(d, why, sizeof(why))) == 1) {
			source_forget(s);
			if (take(s, d) != 0)
				return -1;
		}
	if (rc < 0)
		source_unread(s, N_("a database that cannot be read"));
	return 0;
}

static int
run_all(struct source *s, struct database *d)
{
	char sql[SQL_MAX];

	if (!database_has_table(d, "sessions"))
		return 0;
	if (!database_has_table(d, "usage_ledger")) {
		sql_sessions(d, sql);
		return run(s, d, sql, 0, take_session);
	}
	sql_before(d, sql);
	if (run(s, d, sql, 0, take_session) != 0)
		return -1;
	sql_calls(d, sql);
	return run(s, d, sql, 1, take_call);
}

static int
take_database(struct source *s)
{
	struct database *d;
	char why[WHY_MAX];
	int rc;

	d = database_open(s->path, why, sizeof(why));
	if (d == NULL) {
		source_unread(s, N_("a database that cannot be read"));
		return 0;
	}
	rc = run_all(s, d);
	database_close(d);
	return rc;
}

const struct import_agent import_goose = {
	.name = "goose",
	.agent = "goose",
	.version = 1,
	.state_size = sizeof(struct goose_state),
	.find_roots = find_roots,
	.kind_of = kind_of,
	.take_database = take_database,
};

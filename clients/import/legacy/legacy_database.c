#include <inttypes.h>
#include <stdio.h>

#include "clients/import/database.h"
#include "clients/import/legacy/legacy_impl.h"
#include "proto/lang.h"

/*
 * token-usage.db of trackers for OpenCode: a row a call, in one of these
 * tables. Where a column is not there its place is NULL.
 */

enum column {
	COLUMN_SESSION,
	COLUMN_MESSAGE,
	COLUMN_TIME,
	COLUMN_PROVIDER,
	COLUMN_MODEL,
	COLUMN_COST,
	COLUMN_INPUT,
	COLUMN_OUTPUT,
	COLUMN_CACHE_READ,
	COLUMN_CACHE_WRITE,
	COLUMN_REASONING,
	COLUMN_TOTAL,
	COLUMNS
};

#define NAMES_MAX 4
static const char *const names[COLUMNS][NAMES_MAX] = {
	[COLUMN_SESSION] = { "session_id" },
	[COLUMN_MESSAGE] = { "message_id", "id" },
	[COLUMN_TIME] = { "created_at", "timestamp", "recorded_at",
	    "request_at" },
	[COLUMN_PROVIDER] = { "provider", "provider_id" },
	[COLUMN_MODEL] = { "model", "model_id" },
	[COLUMN_COST] = { "cost", "cost_usd", "estimated_cost_usd" },
	[COLUMN_INPUT] = { "input_tokens", "tokens_input" },
	[COLUMN_OUTPUT] = { "output_tokens", "tokens_output" },
	[COLUMN_CACHE_READ] = { "cache_read_tokens", "tokens_cache_read" },
	[COLUMN_CACHE_WRITE] = { "cache_write_tokens", "tokens_cache_write",
	    "cache_creation_tokens" },
	[COLUMN_REASONING] = { "reasoning_tokens", "tokens_reasoning" },
	[COLUMN_TOTAL] = { "total_tokens" },
};

static const char *const tables[] = { "token_usage", "requests", "usage_log" };

static const char *
find_column(struct database *d, const char *table, enum column c)
{
	size_t i;

	for (i = 0; i < NAMES_MAX && names[c][i] != NULL; i++)
		if (database_has_column(d, table, names[c][i]))
			return names[c][i];
	return NULL;
}

/* Without these it is another's table of that name. */
static const char *
find_table(struct database *d)
{
	size_t i;

	for (i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		if (database_has_table(d, tables[i]) &&
		    find_column(d, tables[i], COLUMN_SESSION) != NULL &&
		    find_column(d, tables[i], COLUMN_TIME) != NULL &&
		    find_column(d, tables[i], COLUMN_INPUT) != NULL)
			return tables[i];
	return NULL;
}

/* Money is a float there; its shortest text that is exact enough. */
static void
make_query(struct database *d, const char *table, char *sql, size_t cap)
{
	size_t len = (size_t)snprintf(sql, cap, "SELECT ");
	const char *name;
	int c;

	for (c = 0; c < COLUMNS && len < cap; c++) {
		name = find_column(d, table, (enum column)c);
		len += (size_t)snprintf(sql + len, cap - len,
		    c == COLUMN_COST && name != NULL ? "%sprintf('%%.12f',%s)"
						     : "%s%s",
		    c > 0 ? "," : "", name != NULL ? name : "NULL");
	}
	if (len < cap)
		snprintf(sql + len, cap - len, " FROM %s", table);
}

static struct text
text_of_column(struct legacy *l, struct database *d, int column)
{
	size_t len;
	const char *p = database_text(d, column, &len);

	return source_text(&l->s, p, p == NULL ? 0 : len);
}

/* SQLite's own "2026-05-12 10:00:00" is UTC. */
static int64_t
time_of_column(struct legacy *l, struct database *d)
{
	struct text t = text_of_column(l, d, COLUMN_TIME);
	struct json_node node = { .len = t.len, .type = JSON_STRING };
	struct source s = { .json = { .text = t.p } };

	if (t.len == 19 && t.p[10] == ' ')
		t = source_textf(&l->s, "%.19sZ", t.p);
	s.json.text = t.p;
	node.len = t.len;
	return t.len == 0 ? 0 : source_time(&s, &node);
}

static void
take_cost(struct database *d, struct event *ev)
{
	size_t len;
	const char *p = database_text(d, COLUMN_COST, &len);

	if (p == NULL || database_is_null(d, COLUMN_COST) ||
	    money_parse(p, len, &ev->cost_pico) != 0 || ev->cost_pico <= 0)
		ev->cost_pico = 0;
	ev->has_cost = ev->cost_pico > 0;
}

static uint64_t
count_of_column(struct database *d, int column)
{
	int64_t n = database_is_null(d, column) ? 0 : database_int(d, column);

	return n > 0 ? (uint64_t)n : 0;
}

static enum legacy_result
take_row(struct legacy *l, struct database *d)
{
	struct event ev;

	source_event_init(&l->s, &ev);
	ev.text[EV_AGENT] =
	    text_of(l->sink->agent != NULL ? l->sink->agent : "opencode");
	ev.text[EV_SESSION] = text_of_column(l, d, COLUMN_SESSION);
	ev.text[EV_MESSAGE] = text_of_column(l, d, COLUMN_MESSAGE);
	ev.text[EV_PROVIDER] = text_of_column(l, d, COLUMN_PROVIDER);
	ev.text[EV_MODEL] = text_of_column(l, d, COLUMN_MODEL);
	ev.ts_ms = time_of_column(l, d);
	ev.count[EV_INPUT] = count_of_column(d, COLUMN_INPUT);
	ev.count[EV_CACHE_READ] = count_of_column(d, COLUMN_CACHE_READ);
	ev.count[EV_CACHE_WRITE] = count_of_column(d, COLUMN_CACHE_WRITE);
	ev.count[EV_REASONING] = count_of_column(d, COLUMN_REASONING);
	/* OpenCode counts reasoning beside the output. */
	ev.count[EV_OUTPUT] =
	    count_of_column(d, COLUMN_OUTPUT) + ev.count[EV_REASONING];
	ev.count[EV_TOTAL] = count_of_column(d, COLUMN_TOTAL);
	take_cost(d, &ev);
	if (ev.ts_ms == 0) {
		source_odd(&l->s, N_("usage without a time"));
		return LEGACY_OK;
	}
	return legacy_event(l, &ev);
}

static enum legacy_result
read_rows(struct legacy *l, struct database *d)
{
	const char *table = find_table(d);
	enum legacy_result rc = LEGACY_OK;
	char sql[1024];
	int row;

	if (table == NULL)
		return legacy_refuse(
		    l, _("a database without a known tracker's table"));
	make_query(d, table, sql, sizeof(sql));
	if (database_query(d, sql, NULL, 0, l->why, l->why_cap) != 0)
		return LEGACY_ESYSTEM;
	while (rc == LEGACY_OK &&
	       (row = database_row(d, l->why, l->why_cap)) != 0) {
		rc = row < 0 ? LEGACY_ESYSTEM : take_row(l, d);
		source_forget(&l->s);
	}
	return rc;
}

enum legacy_result
legacy_read_database(struct legacy *l, const char *path)
{
	struct database *d = database_open(path, l->why, l->why_cap);
	enum legacy_result rc;

	l->origin = "tracker";
	if (d == NULL)
		return LEGACY_ESYSTEM;
	rc = read_rows(l, d);
	database_close(d);
	return rc;
}

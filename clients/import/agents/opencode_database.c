/*
 * The databases: a row of message (version 1) or session_message (version 2)
 * is inserted without counts and changed until the answer is complete.
 */
#include "clients/import/agents/opencode.h"

#include <stdio.h>

#include "clients/common/client.h"
#include "clients/import/database.h"
#include "proto/lang.h"

/*
 * A row's time is taken before it can be seen; what was written so long ago
 * has been.
 */
#define OVERLAP_MS 600000
#define SQL_MAX 1024
#define WHY_MAX 128

enum column {
	ID,
	SESSION,
	DATA,
	CREATED,
	CHANGED,
	SESSION_CREATED,
	PARENT,
	DIRECTORY,
	IS_COPY
};

static const struct table {
	const char *messages;
	const char *sessions[2]; /* the first that is there */
	const char *which;       /* " AND …" */
} tables[OPENCODE_TABLES] = {
	{ "message", { "session" }, "" },
	{ "session_message", { "session_v2", "session" },
	    " AND m.type = 'assistant'" },
};

/* Copies keep the place in their session that they had in the parent's. */
static const char copied[] =
    "s.fork_session_id IS NOT NULL AND m.seq <= (SELECT b.seq FROM "
    "session_message b WHERE b.id = s.fork_boundary)";

static const char *
sessions_of(struct database *d, const struct table *t)
{
	size_t i;

	for (i = 0; i < 2 && t->sessions[i] != NULL; i++)
		if (database_has_table(d, t->sessions[i]))
			return t->sessions[i];
	return NULL;
}

/* A session's column, or NULL where this version has none. */
static const char *
or_null(struct database *d, const char *table, const char *name,
    const char *expression)
{
	return table != NULL && database_has_column(d, table, name) ? expression
								    : "NULL";
}

static void
write_query(struct database *d, const struct table *t, char sql[SQL_MAX])
{
	const char *sessions = sessions_of(d, t);
	bool has_forks = database_has_column(d, t->messages, "seq");

	snprintf(sql, SQL_MAX,
	    "SELECT m.id, m.session_id, m.data, m.time_created, "
	    "m.time_updated, %s, %s, %s, %s FROM %s m%s%s%s "
	    "WHERE m.time_updated >= ?1%s",
	    or_null(d, sessions, "time_created", "s.time_created"),
	    or_null(d, sessions, "parent_id", "s.parent_id"),
	    or_null(d, sessions, "directory", "s.directory"),
	    has_forks ? or_null(d, sessions, "fork_boundary", copied) : "NULL",
	    t->messages, sessions != NULL ? " LEFT JOIN " : "",
	    sessions != NULL ? sessions : "",
	    sessions != NULL ? " s ON s.id = m.session_id" : "", t->which);
}

static struct text
text_of_column(struct source *s, struct database *d, int i)
{
	size_t len;
	const char *p = database_text(d, i, &len);

	return source_text(s, p, len);
}

static int
take_row(struct source *s, struct database *d)
{
	struct opencode_place place = {
		.message = text_of_column(s, d, ID),
		.session = text_of_column(s, d, SESSION),
		.parent = text_of_column(s, d, PARENT),
		.directory = text_of_column(s, d, DIRECTORY),
		.created_ms = database_int(d, CREATED),
		.session_ms = database_int(d, SESSION_CREATED),
		.is_copy = database_int(d, IS_COPY) != 0,
	};
	size_t len;
	const char *data = database_text(d, DATA, &len);

	return opencode_message(s, data, len, &place);
}

/* Where it fails, all is read again the next time. */
static int
take_table(struct source *s, struct database *d, const struct table *t,
    int64_t *changed_ms)
{
	int64_t since = *changed_ms - OVERLAP_MS, newest = *changed_ms;
	int64_t now = client_wall_ms();
	char sql[SQL_MAX], why[WHY_MAX];
	int rc, given;

	write_query(d, t, sql);
	rc = database_query(d, sql, &since, 1, why, sizeof(why));
	while (rc == 0 && (rc = database_row(d, why, sizeof(why))) == 1) {
		if (database_int(d, CHANGED) > newest)
			newest = database_int(d, CHANGED);
		source_forget(s);
		given = take_row(s, d);
		if (given != 0)
			return given;
		rc = 0;
	}
	if (rc < 0) {
		source_unread(s, N_("a database that cannot be read"));
		return 0;
	}
	*changed_ms = newest < now ? newest : now;
	return 0;
}

int
opencode_database(struct source *s)
{
	struct opencode_state *st = s->state;
	char why[WHY_MAX];
	struct database *d = database_open(s->path, why, sizeof(why));
	int rc = 0, i;

	if (d == NULL) {
		source_unread(s, N_("a database that cannot be read"));
		return 0;
	}
	for (i = 0; rc == 0 && i < OPENCODE_TABLES; i++)
		if (database_has_table(d, tables[i].messages))
			rc = take_table(s, d, &tables[i], &st->changed_ms[i]);
	database_close(d);
	return rc;
}

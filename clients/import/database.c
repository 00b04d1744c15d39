#include "clients/import/database.h"

#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Whoever writes holds locks for moments; a longer wait is for another run. */
#define BUSY_MS 250

struct database {
	sqlite3 *db;
	sqlite3_stmt *stmt;
};

void
database_close(struct database *d)
{
	if (d == NULL)
		return;
	sqlite3_finalize(d->stmt);
	sqlite3_close(d->db);
	free(d);
}

static int
fail(struct database *d, char *why, size_t cap)
{
	snprintf(why, cap, "%s",
	    d->db != NULL ? sqlite3_errmsg(d->db)
			  : sqlite3_errstr(SQLITE_NOMEM));
	return -1;
}

/* --- Opening -------------------------------------------------------------- */

/* "file:" and the path, with what has a meaning in a URI as %XX. */
static char *
uri_of(const char *path, const char *options)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-_.~/";
	size_t cap = 3 * strlen(path) + strlen(options) + sizeof("file:?");
	char *uri = malloc(cap), *out;

	if (uri == NULL)
		return NULL;
	out = uri + snprintf(uri, cap, "file:");
	for (; *path != '\0'; path++) {
		if (strchr(plain, *path) != NULL)
			*out++ = *path;
		else
			out += snprintf(out, 4, "%%%02X", (unsigned char)*path);
	}
	snprintf(out, cap - (size_t)(out - uri), "?%s", options);
	return uri;
}

/*
 * A schema may name functions and hide queries in views: nothing of it is run
 * that we have not asked for.
 */
static int
begin(struct database *d)
{
	sqlite3_busy_timeout(d->db, BUSY_MS);
	sqlite3_db_config(d->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(d->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	if (sqlite3_exec(d->db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK)
		return -1;
	/* The transaction begins with the first read. */
	return sqlite3_exec(d->db, "SELECT count(*) FROM sqlite_master", NULL,
		   NULL, NULL) == SQLITE_OK
		   ? 0
		   : -1;
}

static struct database *
try_open(const char *path, const char *options, char *why, size_t cap)
{
	struct database *d = calloc(1, sizeof(*d));
	char *uri = uri_of(path, options);
	int rc = SQLITE_NOMEM;

	snprintf(why, cap, "%s", sqlite3_errstr(SQLITE_NOMEM));
	if (d != NULL && uri != NULL)
		rc = sqlite3_open_v2(uri, &d->db,
		    SQLITE_OPEN_READONLY | SQLITE_OPEN_URI |
			SQLITE_OPEN_NOMUTEX,
		    NULL);
	free(uri);
	if (rc == SQLITE_OK && begin(d) == 0)
		return d;
	if (d != NULL)
		fail(d, why, cap);
	database_close(d);
	return NULL;
}

static bool
may_write(const char *dir)
{
	return faccessat(AT_FDCWD, dir, W_OK, AT_EACCESS) == 0;
}

/*
 * SQLite cannot read a database with a write-ahead log where it can neither
 * find nor make the file that its users share. Where no log is left and none
 * can be made, the file alone is the whole state.
 */
static bool
is_still(const char *path)
{
	char name[PATH_MAX];
	char *slash;

	if (snprintf(name, sizeof(name), "%s-wal", path) >= (int)sizeof(name) ||
	    access(name, F_OK) == 0)
		return false;
	slash = strrchr(name, '/');
	if (slash == NULL)
		return !may_write(".");
	slash[slash == name] = '\0';
	return !may_write(name);
}

struct database *
database_open(const char *path, char *why, size_t cap)
{
	struct database *d = try_open(path, "mode=ro", why, cap);

	if (d == NULL && is_still(path))
		d = try_open(path, "mode=ro&immutable=1", why, cap);
	return d;
}

/* --- Asking --------------------------------------------------------------- */

int
database_query(struct database *d, const char *sql, const int64_t *args,
    size_t n, char *why, size_t cap)
{
	size_t i;

	sqlite3_finalize(d->stmt);
	d->stmt = NULL;
	if (sqlite3_prepare_v2(d->db, sql, -1, &d->stmt, NULL) != SQLITE_OK)
		return fail(d, why, cap);
	for (i = 0; i < n; i++)
		if (sqlite3_bind_int64(d->stmt, (int)i + 1, args[i]) !=
		    SQLITE_OK)
			return fail(d, why, cap);
	return 0;
}

int
database_row(struct database *d, char *why, size_t cap)
{
	switch (sqlite3_step(d->stmt)) {
	case SQLITE_ROW:
		return 1;
	case SQLITE_DONE:
		return 0;
	default:
		return fail(d, why, cap);
	}
}

/* Is there a row for a query of one or two texts? */
static bool
finds(struct database *d, const char *sql, const char *a, const char *b)
{
	sqlite3_stmt *stmt = NULL;
	bool found = false;

	if (sqlite3_prepare_v2(d->db, sql, -1, &stmt, NULL) == SQLITE_OK &&
	    sqlite3_bind_text(stmt, 1, a, -1, SQLITE_STATIC) == SQLITE_OK &&
	    (b == NULL ||
		sqlite3_bind_text(stmt, 2, b, -1, SQLITE_STATIC) == SQLITE_OK))
		found = sqlite3_step(stmt) == SQLITE_ROW;
	sqlite3_finalize(stmt);
	return found;
}

bool
database_has_table(struct database *d, const char *name)
{
	return finds(d,
	    "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?1 "
	    "COLLATE NOCASE",
	    name, NULL);
}

bool
database_has_column(struct database *d, const char *table, const char *column)
{
	return finds(d,
	    "SELECT 1 FROM pragma_table_info(?1) WHERE name = ?2 "
	    "COLLATE NOCASE",
	    table, column);
}

/* --- A row ---------------------------------------------------------------- */

const char *
database_text(struct database *d, int column, size_t *len)
{
	const void *p;

	if (sqlite3_column_type(d->stmt, column) == SQLITE_BLOB)
		p = sqlite3_column_blob(d->stmt, column);
	else
		p = sqlite3_column_text(d->stmt, column);
	*len = p == NULL ? 0 : (size_t)sqlite3_column_bytes(d->stmt, column);
	return p == NULL ? "" : p;
}

int64_t
database_int(struct database *d, int column)
{
	return sqlite3_column_int64(d->stmt, column);
}

bool
database_is_null(struct database *d, int column)
{
	return sqlite3_column_type(d->stmt, column) == SQLITE_NULL;
}

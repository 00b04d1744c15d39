#include <criterion/criterion.h>

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clients/import/database.h"

/* Has what means something in a URI. */
static char dir[] = "/tmp/tt-data%20base?a#b-XXXXXX";
static char path[128], why[128];
static sqlite3 *writer;

static void
set_up(void)
{
	cr_assert_not_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/a.db", dir);
	cr_assert_eq(sqlite3_open(path, &writer), SQLITE_OK);
}

static void
drop(const char *ending)
{
	char name[160];

	snprintf(name, sizeof(name), "%s%s", path, ending);
	unlink(name);
}

static void
tear_down(void)
{
	sqlite3_close(writer);
	writer = NULL;
	chmod(dir, 0700);
	drop("");
	drop("-wal");
	drop("-shm");
	drop("-journal");
	rmdir(dir);
}

TestSuite(database, .init = set_up, .fini = tear_down, .timeout = 30);

static void
write_sql(const char *sql)
{
	cr_assert_eq(sqlite3_exec(writer, sql, NULL, NULL, NULL), SQLITE_OK,
	    "%s: %s", sql, sqlite3_errmsg(writer));
}

static struct database *
open_it(void)
{
	struct database *d = database_open(path, why, sizeof(why));

	cr_assert_not_null(d, "%s", why);
	return d;
}

static int64_t
count_rows(struct database *d)
{
	int64_t n;

	cr_assert_eq(database_query(d, "SELECT count(*) FROM t", NULL, 0, why,
			 sizeof(why)),
	    0, "%s", why);
	cr_assert_eq(database_row(d, why, sizeof(why)), 1, "%s", why);
	n = database_int(d, 0);
	cr_assert_eq(database_row(d, why, sizeof(why)), 0, "%s", why);
	return n;
}

Test(database, rows_come_with_their_values)
{
	static const int64_t args[] = { 5, INT64_MAX };
	struct database *d;
	const char *p;
	size_t len;

	write_sql("CREATE TABLE t (a, b, c, d);"
		  "INSERT INTO t VALUES (1, 'one', NULL, x'00ff'),"
		  " (9223372036854775807, 'z\xc3\xa9', 2.9, 'x')");
	d = open_it();
	cr_assert_eq(database_query(d,
			 "SELECT a, b, c, d, ?1 FROM t WHERE a < ?1 OR a = ?2 "
			 "ORDER BY a",
			 args, 2, why, sizeof(why)),
	    0, "%s", why);
	cr_assert_eq(database_row(d, why, sizeof(why)), 1, "%s", why);
	cr_assert_eq(database_int(d, 0), 1);
	p = database_text(d, 1, &len);
	cr_assert(len == 3 && memcmp(p, "one", 3) == 0, "%.*s", (int)len, p);
	cr_assert(database_is_null(d, 2) && !database_is_null(d, 1));
	p = database_text(d, 2, &len);
	cr_assert(len == 0 && p != NULL, "%zu", len);
	p = database_text(d, 3, &len);
	cr_assert(len == 2 && memcmp(p, "\0\xff", 2) == 0, "%zu", len);
	cr_assert_eq(database_int(d, 4), 5);
	cr_assert_eq(database_row(d, why, sizeof(why)), 1, "%s", why);
	cr_assert_eq(database_int(d, 0), INT64_MAX);
	cr_assert_eq(database_row(d, why, sizeof(why)), 0, "%s", why);
	database_close(d);
}

Test(database, tables_and_columns_are_known)
{
	struct database *d;

	write_sql("CREATE TABLE t (a, b); CREATE VIEW v AS SELECT 1 AS a");
	d = open_it();
	cr_assert(database_has_table(d, "t") && database_has_table(d, "T"));
	cr_assert(!database_has_table(d, "u") && !database_has_table(d, "v"));
	cr_assert(database_has_column(d, "t", "b"));
	cr_assert(!database_has_column(d, "t", "c"));
	cr_assert(!database_has_column(d, "u", "a"));
	database_close(d);
}

Test(database, a_wrong_query_says_why)
{
	struct database *d;

	write_sql("CREATE TABLE t (a)");
	d = open_it();
	cr_assert_eq(
	    database_query(d, "SELECT x FROM t", NULL, 0, why, sizeof(why)),
	    -1);
	cr_assert_not_null(strstr(why, "no such column"), "%s", why);
	cr_assert_eq(count_rows(d), 0);
	database_close(d);
}

Test(database, what_cannot_be_opened_says_why)
{
	FILE *f;

	sqlite3_close(writer);
	writer = NULL;
	drop("");
	cr_assert_null(database_open(path, why, sizeof(why)));
	cr_assert_not_null(strstr(why, "unable to open"), "%s", why);
	cr_assert_eq(access(path, F_OK), -1, "it was created");
	f = fopen(path, "w");
	cr_assert_not_null(f, "%s", strerror(errno));
	fputs("not a database, though as long as a file of one begins", f);
	fclose(f);
	cr_assert_null(database_open(path, why, sizeof(why)));
	cr_assert_not_null(strstr(why, "not a database"), "%s", why);
	database_close(NULL);
}

Test(database, nothing_can_be_written)
{
	struct database *d;

	write_sql("CREATE TABLE t (a)");
	d = open_it();
	cr_assert_eq(database_query(d, "INSERT INTO t VALUES (1)", NULL, 0, why,
			 sizeof(why)),
	    0, "%s", why);
	cr_assert_eq(database_row(d, why, sizeof(why)), -1);
	cr_assert_not_null(strstr(why, "readonly"), "%s", why);
	database_close(d);
}

Test(database, what_is_only_in_the_writers_log_is_seen)
{
	struct database *d;
	struct stat st;

	write_sql("PRAGMA journal_mode = WAL; CREATE TABLE t (a);"
		  "INSERT INTO t VALUES (1), (2)");
	cr_assert_eq(stat(path, &st), 0);
	d = open_it();
	cr_assert_eq(count_rows(d), 2);
	database_close(d);
}

Test(database, one_state_is_read_while_others_write)
{
	struct database *d;

	write_sql("PRAGMA journal_mode = WAL; CREATE TABLE t (a);"
		  "INSERT INTO t VALUES (1)");
	d = open_it();
	write_sql("INSERT INTO t VALUES (2)");
	cr_assert_eq(count_rows(d), 1);
	database_close(d);
	d = open_it();
	cr_assert_eq(count_rows(d), 2);
	/* And a reader does not stop the writer. */
	write_sql("INSERT INTO t VALUES (3)");
	database_close(d);
}

Test(database, a_locked_one_is_given_up_soon)
{
	write_sql("CREATE TABLE t (a); BEGIN EXCLUSIVE");
	cr_assert_null(database_open(path, why, sizeof(why)));
	cr_assert_not_null(strstr(why, "locked"), "%s", why);
	write_sql("COMMIT");
	database_close(open_it());
}

/* Root may write anywhere, so it becomes somebody else for a while. */
static void
be(uid_t uid)
{
	if (getuid() != 0)
		return;
	cr_assert_eq(seteuid(uid), 0, "%s", strerror(errno));
	/* Which the leak checker needs, and a change of user takes away. */
	prctl(PR_SET_DUMPABLE, 1);
}

Test(database, one_without_a_log_is_read_where_none_can_be_made)
{
	struct database *d;

	write_sql("PRAGMA journal_mode = WAL; CREATE TABLE t (a);"
		  "INSERT INTO t VALUES (1)");
	sqlite3_close(writer);
	writer = NULL;
	cr_assert_eq(chmod(path, 0444), 0);
	cr_assert_eq(chmod(dir, 0555), 0);
	be(65534);
	d = database_open(path, why, sizeof(why));
	be(0);
	cr_assert_not_null(d, "%s", why);
	cr_assert_eq(count_rows(d), 1);
	database_close(d);
}

/* Bytes of a page that make no sense are an error and no crash. */
Test(database, a_damaged_one_fails_with_a_reason)
{
	char rubbish[3000];
	struct database *d;
	FILE *f;
	int rc;

	write_sql("CREATE TABLE t (a); WITH RECURSIVE n(i) AS (SELECT 1 UNION "
		  "ALL SELECT i + 1 FROM n WHERE i < 5000) INSERT INTO t "
		  "SELECT hex(randomblob(20)) FROM n");
	sqlite3_close(writer);
	writer = NULL;
	memset(rubbish, 0xee, sizeof(rubbish));
	f = fopen(path, "r+");
	cr_assert_not_null(f);
	cr_assert_eq(fseek(f, 4096 * 3, SEEK_SET), 0);
	cr_assert_eq(fwrite(rubbish, 1, sizeof(rubbish), f), sizeof(rubbish));
	fclose(f);
	d = open_it();
	rc = database_query(d, "SELECT a FROM t", NULL, 0, why, sizeof(why));
	while (rc == 0 && (rc = database_row(d, why, sizeof(why))) == 1)
		rc = 0;
	cr_assert_eq(rc, -1);
	cr_assert_not_null(strstr(why, "malformed"), "%s", why);
	database_close(d);
}

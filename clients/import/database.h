/*
 * The SQLite databases of agents, read-only and beside whoever writes them. The
 * only door to libsqlite3.
 */
#ifndef IMPORT_DATABASE_H
#define IMPORT_DATABASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct database;

/*
 * Opens it with its write-ahead log, never creating or changing anything, and
 * begins to read one state of it. NULL with why.
 */
struct database *database_open(const char *path, char *why, size_t cap);
void database_close(struct database *d); /* NULL is fine */
bool database_has_table(struct database *d, const char *name);
bool database_has_column(
    struct database *d, const char *table, const char *column);
/* Prepares a query with ?1.. bound to n integers. -1 with why. */
int database_query(struct database *d, const char *sql, const int64_t *args,
    size_t n, char *why, size_t cap);
/* 1: there is a row; 0: no more; -1: it failed, with why. */
int database_row(struct database *d, char *why, size_t cap);
/* Columns of the row, from 0. Texts and blobs last until the next row. */
const char *database_text(struct database *d, int column, size_t *len);
int64_t database_int(struct database *d, int column);
bool database_is_null(struct database *d, int column);

#endif

/*
 * LMDB behind one header: named tables, transactions, cursors. The only file
 * that knows LMDB. Default durability: a commit is on stable storage when it
 * returns.
 *
 * Functions return 0, STORE_NOTFOUND, or a negative enum error_code
 * (-ERR_STORE_FULL, -ERR_STORE).
 */
#ifndef LEDGER_STORE_H
#define LEDGER_STORE_H

#include <stdbool.h>

#include "collectord/ledger/bytes.h"

enum store_table {
	TABLE_META,
	TABLE_EVENTS,        /* be64 number -> record */
	TABLE_IDS,           /* 16-byte digest -> number, perhaps the id */
	TABLE_REQUESTS,      /* 8-byte digest, be64 number -> nothing */
	TABLE_LOG,           /* be64 revision -> be64 number */
	TABLE_DIMS,          /* id <-> tuple */
	TABLE_SESSIONS,      /* id <-> (machine, session) */
	TABLE_SLOTS,         /* level, be32 slot, be32 dims -> sums */
	TABLE_SESSION_SLOTS, /* be32 slot, be32 session, be32 dims -> sums */
	TABLE_SOURCES,       /* 16-byte digest -> who was heard when */
	TABLE_CURSORS,       /* name -> bytes */
	TABLE_RULES,         /* id <-> price rule */
	TABLE_PRICES,        /* the user's prices */
	TABLE_NOTES,         /* session or quota window -> what was told last */
	TABLE_BASE_SLOTS,    /* like the finest slots, of pruned calls */
	TABLE_BASE_SESSIONS, /* like session_slots, of pruned calls */
	TABLE_SERIES,        /* 16-byte digest, be64 ts -> running totals */
	TABLE_BUDGETS,       /* name -> budget */
	TABLE_BUDGET_SUMS,   /* be32 budget, be64 place -> what was spent */
	TABLE_NOTICES,       /* notices, and what was ever told: notices.h */
	TABLE_AGGREGATES,    /* what other tools said of whole days */
	TABLE_BILLED,        /* accounts of providers: billed.h */
	STORE_TABLES
};

enum { STORE_NOTFOUND = 1 };

struct store;
struct store_txn;
struct store_cursor;

/*
 * Opens the environment and its meta table only, so that a schema can be judged
 * before anything else is touched. dir exists. On failure why says what and
 * where.
 */
int store_open(struct store **out, const char *dir, char *why, size_t cap);
/* Opens the other tables, made where they are missing. */
int store_open_tables(struct store *st);
void store_close(struct store *st); /* NULL is fine */

/* One write transaction at a time; readers never wait for it. */
int store_begin(struct store *st, bool write, struct store_txn **out);
/* Frees the transaction, even when it fails; then nothing was written. */
int store_commit(struct store_txn *txn);
void store_abort(struct store_txn *txn); /* NULL is fine */

/* Values point into the map until the transaction's next write or its end. */
int store_get(struct store_txn *txn, enum store_table t, struct span key,
    struct span *val);
int store_put(struct store_txn *txn, enum store_table t, struct span key,
    struct span val);
/* The same for a key larger than all in the table. */
int store_append(struct store_txn *txn, enum store_table t, struct span key,
    struct span val);
/* Deleting what is not there is fine. */
int store_delete(struct store_txn *txn, enum store_table t, struct span key);

/* Empties a table. */
int store_clear(struct store_txn *txn, enum store_table t);

int store_cursor_open(
    struct store_txn *txn, enum store_table t, struct store_cursor **out);
void store_cursor_close(struct store_cursor *c); /* before the txn ends */
/* The first entry at or after key; the next; the one before; the last. */
int store_seek(
    struct store_cursor *c, struct span key, struct span *k, struct span *v);
int store_next(struct store_cursor *c, struct span *k, struct span *v);
int store_prev(struct store_cursor *c, struct span *k, struct span *v);
int store_last(struct store_cursor *c, struct span *k, struct span *v);
/* Exactly that key, where the cursor then stays also if it is missing. */
int store_find(struct store_cursor *c, struct span key, struct span *v);
/* After a store_find of this key: puts a value there, or takes it away. */
int store_set_found(
    struct store_cursor *c, bool found, struct span key, struct span val);
/* Puts what is not there yet, in one go; else *exists and nothing is done. */
int store_add(
    struct store_cursor *c, struct span key, struct span val, bool *exists);
int store_delete_found(struct store_cursor *c, bool found);

/* Writes a compact copy to a new file, 0600, and flushes it. */
int store_copy(struct store *st, const char *path);

struct store_info {
	uint64_t used_bytes; /* pages ever used times the page size */
	uint64_t map_bytes;
	uint64_t entries[STORE_TABLES];
};
int store_info(struct store_txn *txn, struct store_info *info);

#endif

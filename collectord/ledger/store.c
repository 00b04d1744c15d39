#include "collectord/ledger/store.h"

#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "proto/error.h"

/*
 * Address space only. Growing a map under open readers is forbidden and
 * unchecked in LMDB, so it is opened as large as it may ever be.
 */
#define MAP_BYTES ((size_t)64 << 30)
#define READERS_MAX 64
/* Less than one transaction may need. */
#define DISK_LOW_BYTES ((uint64_t)8 << 20)

static const char *const table_names[STORE_TABLES] = { "meta", "events", "ids",
	"requests", "log", "dims", "sessions", "slots", "session_slots",
	"sources", "cursors", "rules", "prices", "notes", "base_slots",
	"base_sessions", "series", "budgets", "budget_sums", "notices",
	"aggregates", "billed" };

struct store {
	MDB_env *env;
	MDB_dbi dbi[STORE_TABLES];
};

struct store_txn {
	struct store *st;
	MDB_txn *txn;
};

struct store_cursor {
	MDB_cursor *cur;
};

static int
store_err(int rc)
{
	switch (rc) {
	case 0:
		return 0;
	case MDB_NOTFOUND:
		return STORE_NOTFOUND;
	case MDB_MAP_FULL:
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return -ERR_STORE_FULL;
	default:
		return -ERR_STORE;
	}
}

static int
open_tables(struct store *st, int from, int to)
{
	MDB_txn *txn = NULL;
	int i, rc;

	rc = mdb_txn_begin(st->env, NULL, 0, &txn);
	for (i = from; rc == 0 && i < to; i++)
		rc = mdb_dbi_open(txn, table_names[i], MDB_CREATE, &st->dbi[i]);
	if (rc == 0) {
		rc = mdb_txn_commit(txn);
		txn = NULL;
	}
	mdb_txn_abort(txn);
	return rc;
}

int
store_open(struct store **out, const char *dir, char *why, size_t cap)
{
	struct store *st = calloc(1, sizeof(*st));
	int dead, rc = ENOMEM;

	*out = NULL;
	if (st == NULL)
		goto fail;
	rc = mdb_env_create(&st->env);
	if (rc == 0)
		rc = mdb_env_set_mapsize(st->env, MAP_BYTES);
	if (rc == 0)
		rc = mdb_env_set_maxdbs(st->env, STORE_TABLES);
	if (rc == 0)
		rc = mdb_env_set_maxreaders(st->env, READERS_MAX);
	if (rc == 0)
		rc = mdb_env_open(st->env, dir, MDB_NOTLS, 0600);
	if (rc == 0)
		rc = mdb_reader_check(st->env, &dead);
	if (rc == 0)
		rc = open_tables(st, TABLE_META, TABLE_META + 1);
	if (rc != 0)
		goto fail;
	*out = st;
	return 0;
fail:
	snprintf(why, cap, "%s/data.mdb: %s", dir, mdb_strerror(rc));
	store_close(st);
	return store_err(rc) == STORE_NOTFOUND ? -ERR_STORE : store_err(rc);
}

int
store_open_tables(struct store *st)
{
	return store_err(open_tables(st, TABLE_META + 1, STORE_TABLES));
}

void
store_close(struct store *st)
{
	if (st == NULL)
		return;
	if (st->env != NULL)
		mdb_env_close(st->env);
	free(st);
}

int
store_begin(struct store *st, bool write, struct store_txn **out)
{
	struct store_txn *t = malloc(sizeof(*t));
	unsigned flags = write ? 0 : MDB_RDONLY;
	int dead, rc;

	*out = NULL;
	if (t == NULL)
		return -ERR_STORE;
	t->st = st;
	rc = mdb_txn_begin(st->env, NULL, flags, &t->txn);
	if (rc == MDB_READERS_FULL) {
		mdb_reader_check(st->env, &dead);
		rc = mdb_txn_begin(st->env, NULL, flags, &t->txn);
	}
	if (rc != 0) {
		free(t);
		return store_err(rc);
	}
	*out = t;
	return 0;
}

/*
 * A write cut short by a full disk comes back from LMDB as EIO; only the next
 * one would say ENOSPC.
 */
static bool
is_disk_full(const struct store *st)
{
	struct statvfs fs;
	const char *path;

	return mdb_env_get_path(st->env, &path) == 0 &&
	       statvfs(path, &fs) == 0 &&
	       (fs.f_bavail == 0 || fs.f_bavail * fs.f_frsize < DISK_LOW_BYTES);
}

int
store_commit(struct store_txn *txn)
{
	int rc = mdb_txn_commit(txn->txn);

	if (rc == EIO && is_disk_full(txn->st))
		rc = ENOSPC;
	free(txn);
	return store_err(rc);
}

void
store_abort(struct store_txn *txn)
{
	if (txn == NULL)
		return;
	mdb_txn_abort(txn->txn);
	free(txn);
}

static MDB_val
val_of(struct span s)
{
	/* LMDB takes non-const pointers and only reads them. */
	return (MDB_val){ .mv_size = s.len, .mv_data = (void *)(uintptr_t)s.p };
}

static struct span
span_of(MDB_val v)
{
	return (struct span){ v.mv_data, v.mv_size };
}

int
store_get(struct store_txn *txn, enum store_table t, struct span key,
    struct span *val)
{
	MDB_val k = val_of(key), v;
	int rc = mdb_get(txn->txn, txn->st->dbi[t], &k, &v);

	if (rc == 0)
		*val = span_of(v);
	return store_err(rc);
}

static int
put(struct store_txn *txn, enum store_table t, struct span key, struct span val,
    unsigned flags)
{
	MDB_val k = val_of(key), v = val_of(val);

	return store_err(mdb_put(txn->txn, txn->st->dbi[t], &k, &v, flags));
}

int
store_put(
    struct store_txn *txn, enum store_table t, struct span key, struct span val)
{
	return put(txn, t, key, val, 0);
}

int
store_append(
    struct store_txn *txn, enum store_table t, struct span key, struct span val)
{
	return put(txn, t, key, val, MDB_APPEND);
}

int
store_delete(struct store_txn *txn, enum store_table t, struct span key)
{
	MDB_val k = val_of(key);
	int rc = mdb_del(txn->txn, txn->st->dbi[t], &k, NULL);

	return rc == MDB_NOTFOUND ? 0 : store_err(rc);
}

int
store_clear(struct store_txn *txn, enum store_table t)
{
	return store_err(mdb_drop(txn->txn, txn->st->dbi[t], 0));
}

int
store_copy(struct store *st, const char *path)
{
	int rc, fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return store_err(errno);
	rc = mdb_env_copyfd2(st->env, fd, MDB_CP_COMPACT);
	if (rc == 0 && fsync(fd) != 0)
		rc = errno;
	if (close(fd) != 0 && rc == 0)
		rc = errno;
	if (rc != 0)
		unlink(path);
	return store_err(rc);
}

int
store_cursor_open(
    struct store_txn *txn, enum store_table t, struct store_cursor **out)
{
	struct store_cursor *c = malloc(sizeof(*c));
	int rc;

	*out = NULL;
	if (c == NULL)
		return -ERR_STORE;
	rc = mdb_cursor_open(txn->txn, txn->st->dbi[t], &c->cur);
	if (rc != 0) {
		free(c);
		return store_err(rc);
	}
	*out = c;
	return 0;
}

void
store_cursor_close(struct store_cursor *c)
{
	if (c == NULL)
		return;
	mdb_cursor_close(c->cur);
	free(c);
}

static int
move(struct store_cursor *c, MDB_cursor_op op, MDB_val key, struct span *k,
    struct span *v)
{
	MDB_val val;
	int rc = mdb_cursor_get(c->cur, &key, &val, op);

	if (rc == 0) {
		*k = span_of(key);
		*v = span_of(val);
	}
	return store_err(rc);
}

int
store_seek(
    struct store_cursor *c, struct span key, struct span *k, struct span *v)
{
	return move(c, MDB_SET_RANGE, val_of(key), k, v);
}

int
store_next(struct store_cursor *c, struct span *k, struct span *v)
{
	return move(c, MDB_NEXT, (MDB_val){ 0 }, k, v);
}

int
store_prev(struct store_cursor *c, struct span *k, struct span *v)
{
	return move(c, MDB_PREV, (MDB_val){ 0 }, k, v);
}

int
store_last(struct store_cursor *c, struct span *k, struct span *v)
{
	return move(c, MDB_LAST, (MDB_val){ 0 }, k, v);
}

int
store_find(struct store_cursor *c, struct span key, struct span *v)
{
	struct span k;

	return move(c, MDB_SET, val_of(key), &k, v);
}

int
store_set_found(
    struct store_cursor *c, bool found, struct span key, struct span val)
{
	MDB_val k = val_of(key), v = val_of(val);

	return store_err(
	    mdb_cursor_put(c->cur, &k, &v, found ? MDB_CURRENT : 0));
}

int
store_add(
    struct store_cursor *c, struct span key, struct span val, bool *exists)
{
	MDB_val k = val_of(key), v = val_of(val);
	int rc = mdb_cursor_put(c->cur, &k, &v, MDB_NOOVERWRITE);

	*exists = rc == MDB_KEYEXIST;
	return *exists ? 0 : store_err(rc);
}

int
store_delete_found(struct store_cursor *c, bool found)
{
	return found ? store_err(mdb_cursor_del(c->cur, 0)) : 0;
}

int
store_info(struct store_txn *txn, struct store_info *info)
{
	MDB_envinfo env;
	MDB_stat stat;
	int i, rc;

	rc = mdb_env_info(txn->st->env, &env);
	if (rc == 0)
		rc = mdb_env_stat(txn->st->env, &stat);
	if (rc != 0)
		return store_err(rc);
	info->map_bytes = env.me_mapsize;
	info->used_bytes = (uint64_t)(env.me_last_pgno + 1) * stat.ms_psize;
	for (i = 0; rc == 0 && i < STORE_TABLES; i++) {
		rc = mdb_stat(txn->txn, txn->st->dbi[i], &stat);
		info->entries[i] = stat.ms_entries;
	}
	return store_err(rc);
}

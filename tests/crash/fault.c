/*
 * Stands in for mdb_txn_commit in a daemon that is linked with
 * --wrap=mdb_txn_commit, and makes the commit go wrong that TT_FAULT names:
 *
 *   before:N    the process dies just before the N-th commit
 *   after:N     it dies when the N-th commit is on the disk, and nobody knows
 *   full:N:M    commits N to N + M - 1 fail as on a full disk
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <lmdb.h>

/* Not 0 and no code of the daemon's own, so that a test knows who ended it. */
#define FAULT_EXIT 77

int __real_mdb_txn_commit(MDB_txn *txn);
int __wrap_mdb_txn_commit(MDB_txn *txn);

struct fault {
	char kind[8];
	unsigned long first, count;
};

static void
fault_read(struct fault *f)
{
	const char *s = getenv("TT_FAULT");

	memset(f, 0, sizeof(*f));
	f->count = 1;
	if (s != NULL &&
	    sscanf(s, "%7[a-z]:%lu:%lu", f->kind, &f->first, &f->count) < 2)
		abort();
}

int
__wrap_mdb_txn_commit(MDB_txn *txn)
{
	/* Only the start and then the one writing thread commit. */
	static unsigned long commits;
	struct fault f;
	int rc;

	fault_read(&f);
	commits++;
	if (commits < f.first || commits - f.first >= f.count)
		return __real_mdb_txn_commit(txn);
	if (strcmp(f.kind, "full") == 0) {
		mdb_txn_abort(txn);
		return ENOSPC;
	}
	if (strcmp(f.kind, "before") == 0)
		_exit(FAULT_EXIT);
	rc = __real_mdb_txn_commit(txn);
	if (strcmp(f.kind, "after") == 0)
		_exit(FAULT_EXIT);
	return rc;
}

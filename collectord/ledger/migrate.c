#include "collectord/ledger/migrate.h"

#include <stdio.h>
#include <unistd.h>

#include "collectord/ledger/audit.h"
#include "proto/error.h"

/*
 * A record of version 1 reads as one without a price. Its key is left empty, so
 * that the next change of what decides its price matches it anew.
 */
static int
upgrade(struct writer *w, uint64_t number)
{
	uint64_t found = number;
	struct record rec;
	int rc;

	arena_clear(&w->arena);
	rc = writer_load(w, &found, &rec);
	if (rc != 0 || found != number)
		return rc;
	rec.price = (struct pricing){
		.code = rec.m.has_cost ? PRICING_REPORTED : PRICING_NONE,
		.cost_pico = rec.m.has_cost ? rec.m.cost_pico : 0,
	};
	return writer_save(w, number, &rec, false);
}

static int
upgrade_all(
    struct writer *w, int (*finish)(struct store_txn *txn), int64_t now_us)
{
	uint64_t number;
	int rc;

	rc = writer_begin(w, now_us);
	for (number = 1; rc == 0 && number < w->next_number; number++)
		rc = upgrade(w, number);
	if (rc == 0)
		rc = audit_rebuild(w);
	if (rc == 0)
		rc = finish(w->txn);
	if (rc == 0)
		return writer_commit(w);
	writer_abort(w);
	return rc;
}

int
migrate_from_1(struct writer *w, const char *dir,
    int (*finish)(struct store_txn *txn), char *why, size_t cap)
{
	char copy[4096];
	int rc;

	snprintf(copy, sizeof(copy), "%s/data.mdb.schema-1", dir);
	unlink(copy);
	rc = store_copy(w->store, copy);
	if (rc == 0)
		rc = upgrade_all(w, finish, 0);
	if (rc != 0)
		snprintf(why, cap,
		    "%s/data.mdb: could not be brought from schema 1 to "
		    "today's; it is as it was%s",
		    dir, rc == -ERR_STORE_FULL ? " (the disk is full)" : "");
	return rc;
}

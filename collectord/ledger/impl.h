/* What ledger.c and query.c share. */
#ifndef LEDGER_IMPL_H
#define LEDGER_IMPL_H

#include <stdatomic.h>

#include "collectord/ledger/ledger.h"
#include "collectord/ledger/writer.h"
#include "proto/limits.h"

struct ledger {
	_Atomic uint64_t revision; /* newest committed */
	struct store *store;
	struct writer writer;
	int64_t (*now_us)(void);
	char machine[LIMIT_TEXT + 1];
};

/* Commits the writer's transaction and tells the new revision. */
int ledger_commit(struct ledger *l);

#endif

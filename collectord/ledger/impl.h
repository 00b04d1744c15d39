/* What the files that make up ledger.h share. */
#ifndef LEDGER_IMPL_H
#define LEDGER_IMPL_H

#include <stdatomic.h>

#include "collectord/ledger/alerts/holds.h"
#include "collectord/ledger/ledger.h"
#include "collectord/ledger/price/price_book.h"
#include "collectord/ledger/recent_sessions.h"
#include "collectord/ledger/writer.h"
#include "proto/config.h"
#include "proto/limits.h"

/*
 * 2: calls have prices. 3: the requests of the newest calls are not in their
 * table yet (requests.h): a program that does not know would never write them.
 */
#define LEDGER_SCHEMA 3

struct ledger {
	_Atomic uint64_t revision;    /* newest committed */
	_Atomic uint64_t last_notice; /* likewise */
	_Atomic uint64_t loads;       /* likewise: recent.h */
	struct store *store;
	struct writer writer;
	int64_t (*now_us)(void);
	struct price_overrides configured; /* as it was opened with */
	char plan[CONFIG_TEXT_MAX];
	struct holds holds;
	struct recent_sessions recent_sessions;
	bool tells_daily, tells_weekly;
	int daily_hour, silent_days;
	char machine[LIMIT_TEXT + 1];
};

/* Commits the writer's transaction and tells the new revision. */
int ledger_commit(struct ledger *l);

/* Adds the configured prices and then the stored ones, which replace them. */
int ledger_load_prices(struct ledger *l, struct price_book *book);

#endif

/*
 * The table of aggregates: what other tools said of whole days, a row for each
 * origin, day, agent, provider and model. No call is here, and no sum of calls
 * knows of it.
 */
#ifndef LEDGER_AGGREGATES_H
#define LEDGER_AGGREGATES_H

#include "collectord/ledger/digest.h"
#include "collectord/ledger/store.h"
#include "proto/aggregate.h"

/* be32 day, 16-byte digest of the texts */
#define AGGREGATE_KEY_BYTES 20

enum aggregate_result {
	AGGREGATE_STORED,  /* nothing was known of that day */
	AGGREGATE_CHANGED, /* it replaced what was said before */
	AGGREGATE_KEPT     /* what was said before is as much or more */
};

/*
 * Puts a row in its place. One with fewer tokens than what is there changes
 * nothing: a tool says less of a day once an agent has deleted logs of it.
 * enum aggregate_result, or a store error.
 */
int aggregates_put(struct store_txn *txn, const struct digest_key *key,
    const struct aggregate *a);

/* Texts point into the map. */
bool aggregate_read(struct span key, struct span val, struct aggregate *a);
/* Where the rows of that day and later ones begin. */
void aggregate_key_of_day(uint8_t buf[4], uint32_t day);

/*
 * The first and the last instant that is told of. STORE_NOTFOUND where there
 * are no rows.
 */
int aggregates_extent(struct store_txn *txn, int64_t *first, int64_t *last);

#endif

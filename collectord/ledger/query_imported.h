/*
 * What other tools tell of the days of a report on which the ledger has no
 * calls of that agent: never more than once, and never beside calls.
 */
#ifndef LEDGER_QUERY_IMPORTED_H
#define LEDGER_QUERY_IMPORTED_H

#include "collectord/ledger/ledger.h"

struct imported;
struct store_txn;

/*
 * Gathers the aggregates of the report's days. *out is NULL where there are
 * none, which costs next to nothing. 0 or a store error.
 */
int imported_begin(struct imported **out, struct ledger *l,
    const struct report_query *q, struct store_txn *txn);
/* As ledger_query_step: which days have calls is a report of its own. */
int imported_step(struct imported *im, size_t budget);
/* After the last step: the sums of what counts, and of how many rows. NULL is
 * fine. */
uint64_t imported_sums(const struct imported *im, struct sums *s);
void imported_free(struct imported *im); /* NULL is fine */

#endif

/*
 * What accounts say is left, and the notices of it: of a balance below the
 * threshold of its account, and of a quota that is nearly used up.
 */
#ifndef LEDGER_BALANCES_H
#define LEDGER_BALANCES_H

#include "collectord/ledger/billing/accounts.h"

/*
 * In the transaction that stores the account, after what it says is left: makes
 * a notice for each currency that is low and was not told of, below this
 * threshold, since it was last above it. a->told is set; what was told is read
 * from the account as it is in the store. Where the threshold is another one
 * than there, notices of the old one are no longer pending. 0 or a store error.
 */
int balances_tell(struct store_txn *txn, int64_t now_ms, struct account *a);
/* Of the windows that came, {balances, windows} packed. */
int windows_tell(struct store_txn *txn, int64_t now_ms, const struct account *a,
    struct span state);

#endif

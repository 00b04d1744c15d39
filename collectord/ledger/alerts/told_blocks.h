/*
 * Blocks that were told of. A block has no name that lasts: a call that comes
 * late may move its start, and those of the blocks behind it. So what is kept
 * is the quarter of an hour with which a level was reached, and the block that
 * has it, wherever that begins by now, is the one that was told of.
 *
 * Keys, in TABLE_NOTICES: 'b', be32 budget, be32 arming, level u8, be64 that
 * quarter in ms -> be64 ms when it was told.
 */
#ifndef LEDGER_TOLD_BLOCKS_H
#define LEDGER_TOLD_BLOCKS_H

#include "collectord/ledger/alerts/budgets.h"

/* The block of b, as it is armed now, that begins at from_ms. */
int told_block_put(struct store_txn *txn, const struct stored_budget *b,
    enum budget_level level, int64_t from_ms, int64_t now_ms);
/* When the block from from_ms to to_ms was. STORE_NOTFOUND: it was not. */
int told_block_find(struct store_txn *txn, const struct stored_budget *b,
    uint32_t armed, enum budget_level level, int64_t from_ms, int64_t to_ms,
    int64_t *told_ms);

#endif

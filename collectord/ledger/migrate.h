/*
 * Stores of older schemas are brought to today's, after a copy was put beside
 * them.
 */
#ifndef LEDGER_MIGRATE_H
#define LEDGER_MIGRATE_H

#include "collectord/ledger/writer.h"

/*
 * From schema 1 (calls without a price of their own): each call keeps the cost
 * that was reported, or none, until it is priced by recost; all sums are
 * written anew. w is initialised and has no transaction; dir is the store's.
 * Nothing is changed unless all is, and the caller's finish() too.
 */
int migrate_from_1(struct writer *w, const char *dir,
    int (*finish)(struct store_txn *txn), char *why, size_t cap);

#endif

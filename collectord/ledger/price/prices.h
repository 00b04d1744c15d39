/*
 * The user's prices in the store, and the book made of them.
 */
#ifndef LEDGER_PRICES_H
#define LEDGER_PRICES_H

#include "collectord/ledger/price/price_book.h"
#include "collectord/ledger/store.h"

/* Adds what is stored to the book. 0 or a store error. */
int prices_load(struct store *store, struct price_book *book);
/* Stores one, or takes one away (STORE_NOTFOUND where it is not there). */
int prices_put(struct store_txn *txn, const struct price_override *o);
int prices_delete(struct store_txn *txn, const struct price_override *o);

#endif

/*
 * From provider's request ids to the calls that have them: a row for each call,
 * its request's digest first. The rows of the newest calls are in memory yet,
 * as their records tell them again (recent.h). A row may be in both places,
 * which is the same as in one; what leaves, leaves both.
 */
#ifndef LEDGER_REQUESTS_H
#define LEDGER_REQUESTS_H

#include "collectord/ledger/digest.h"
#include "collectord/ledger/recent.h"
#include "collectord/ledger/record.h"

int request_add(struct recent *recent, struct store_txn *txn,
    const struct digest_key *key, struct text request, uint64_t number);
int request_remove(struct recent *recent, struct store_txn *txn,
    const struct digest_key *key, struct text request, uint64_t number);
/*
 * Up to max numbers of calls whose request's digest is this one's, in order;
 * where there are more, any of them. The caller compares the text.
 */
int request_list(const struct recent *recent, struct store_txn *txn,
    const struct digest_key *key, struct text request, uint64_t *numbers,
    size_t max, size_t *n);
/*
 * Calls each for all rows, each once, in order, and ends with the first that is
 * not 0. That, 0 or a store error.
 */
int request_each(const struct recent *recent, struct store_txn *txn,
    int (*each)(void *arg, const struct request_row *row), void *arg);

/* Writes a row to the table, where it may be already. */
int request_settle(struct store_cursor *c, const struct request_row *row);
/* Takes up the request that a record tells by itself, where it has one. */
int request_take_up(struct recent *recent, const struct digest_key *key,
    uint64_t number, const struct record *rec);
/* Takes up what the records above those settled tell: for who only reads. */
int request_load_recent(
    struct recent *recent, struct store_txn *txn, const struct digest_key *key);

#endif

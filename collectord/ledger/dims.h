/*
 * Texts that repeat are stored once and stand as numbers: dims (machine, agent
 * … billing, and how the call was priced), sessions (machine, session) and
 * price rules. Numbers are never reused.
 */
#ifndef LEDGER_DIMS_H
#define LEDGER_DIMS_H

#include "collectord/ledger/digest.h"
#include "collectord/ledger/record.h"
#include "collectord/ledger/store.h"

/* The writer's memory of what it interned lately. */
struct interner {
	struct digest_key key;
	struct intern_slot *slots;
};

void interner_init(struct interner *in, const struct digest_key *key);
/* To be called after an aborted transaction: its numbers are gone. */
void interner_forget(struct interner *in);
void interner_release(struct interner *in);

/*
 * The number of these texts, made where it is new. pricing is a
 * pricing.code. 0 or a store error.
 */
int intern_dims(struct interner *in, struct store_txn *txn,
    const struct text texts[EV_TEXTS], uint64_t pricing, uint32_t *id);
int intern_session(struct interner *in, struct store_txn *txn,
    struct text machine, struct text session, uint32_t *id);
int intern_rule(
    struct interner *in, struct store_txn *txn, struct span rule, uint32_t *id);

/*
 * The other way: sets EV_MACHINE and DIMS_FIRST…DIMS_LAST, or EV_MACHINE and
 * EV_SESSION, of texts; the rest is left alone. They point into the map.
 * pricing may be NULL. A missing number is -ERR_STORE.
 */
int dims_texts(struct store_txn *txn, uint32_t id, struct text texts[EV_TEXTS],
    uint64_t *pricing);
/* The same with a cursor of TABLE_DIMS, for many numbers nearly in order. */
int dims_texts_at(struct store_cursor *c, uint32_t id,
    struct text texts[EV_TEXTS], uint64_t *pricing);
int session_texts(
    struct store_txn *txn, uint32_t id, struct text texts[EV_TEXTS]);
/* The number of a session that is known already, else STORE_NOTFOUND. */
int session_find(struct store_txn *txn, const struct digest_key *key,
    struct text machine, struct text session, uint32_t *id);
/* Likewise of a rule; *number is left alone where it has none. */
int rule_find(struct store_txn *txn, const struct digest_key *key,
    struct span rule, uint32_t *number);
int rule_bytes(struct store_txn *txn, uint32_t id, struct span *rule);
/* How many were given out. */
int intern_count(struct store_txn *txn, enum store_table t, uint32_t *n);

#endif

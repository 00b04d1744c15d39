/*
 * Every sum again from the calls alone: what `doctor` compares with the store
 * and what a migration writes anew.
 */
#ifndef LEDGER_AUDIT_H
#define LEDGER_AUDIT_H

#include "collectord/ledger/writer.h"

/*
 * Calls each for every call that is stored by itself or leads a group, group
 * members joined: w needs store, txn (a reading one will do where nothing new
 * can come up) and key; its arena is used. Interned texts are filled in for
 * members of groups only, but for the billing. An error of each ends the walk.
 */
int audit_walk(struct writer *w,
    int (*each)(void *arg, uint64_t number, const struct record *rec),
    void *arg);

struct audit {
	uint64_t events, calls, slots, differences;
};

/*
 * Recomputes all sums in memory and compares. differs (may be NULL) is told of
 * each difference in words, at most AUDIT_TOLD_MAX.
 */
#define AUDIT_TOLD_MAX 100
int audit_compare(struct store *store, const struct digest_key *key,
    struct audit *a, void (*differs)(void *arg, const char *what), void *arg);

/* Drops all sums and writes them anew, within the writer's transaction. */
int audit_rebuild(struct writer *w);

#endif

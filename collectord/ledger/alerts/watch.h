/*
 * Budgets watched while sums change: what a transaction adds to each budget's
 * period is gathered from its changes to the slots, and a limit that is reached
 * makes its notice in the same transaction. A model without a price too.
 */
#ifndef LEDGER_WATCH_H
#define LEDGER_WATCH_H

#include "collectord/ledger/alerts/budgets.h"
#include "collectord/ledger/map.h"
#include "collectord/ledger/slots.h"

/* Zero, but for cal, is a valid state. */
struct watch {
	struct budget_calendar cal;
	struct budgets list;
	bool is_loaded; /* list is what the store has */
	/* Which budgets the calls of these dims are for: bits of list. */
	struct map dims; /* dims -> place in covers, from 1 */
	uint64_t *covers;
	uint32_t n_covers, covers_cap;
	/* The day, week and month that was looked up last. */
	struct {
		int64_t from_ms, to_ms;
	} span[BUDGET_SESSION];
	/* (place in list, place) -> the level up to which it has been told. */
	struct map told;
	/* What this transaction adds. */
	struct map touched; /* (budget, place) -> place in adds, from 1 */
	struct watch_add *adds;
	uint32_t n_adds, adds_cap;
};

/* Before the changes are applied, which empties them. 0 or a store error. */
int watch_gather(struct watch *w, struct store_txn *txn,
    const struct slot_changes *changes, int64_t now_ms);
/* After that: new sums, and the notices they ask for. */
int watch_apply(struct watch *w, struct store_txn *txn, int64_t now_ms);
/* What is known of the store may be wrong: another transaction will look. */
void watch_forget(struct watch *w);
void watch_release(struct watch *w);

/*
 * The budget's sums from the stored calls, from the period on that it was made
 * in, and the notice where it is over by now.
 */
int watch_rebuild(struct watch *w, struct store_txn *txn,
    const struct stored_budget *b, int64_t now_ms);
/*
 * The sums lie at the starts of local periods: where these were of another zone
 * or other settings, all budgets' are made anew.
 */
bool watch_has_other_calendar(const struct watch *w, struct store_txn *txn);
int watch_take_calendar(struct watch *w, struct store_txn *txn, int64_t now_ms);
/*
 * Compares the stored sums with the stored calls', and tells of each budget
 * that differs. The transaction may be a reader's.
 */
int watch_check(struct watch *w, struct store_txn *txn,
    void (*differs)(void *arg, const char *what), void *arg);
/*
 * Where it stands at an instant: its period, and what was spent. session: the
 * number, for budgets of sessions. STORE_NOTFOUND: in no period at all.
 */
int watch_state(const struct watch *w, struct store_txn *txn,
    const struct stored_budget *b, uint32_t session, int64_t at_ms,
    int64_t *from_ms, int64_t *to_ms, struct budget_sum *sum);
/*
 * A notice a day for budgets that are over and remind, for the local day that
 * now lies in.
 */
int watch_remind(struct watch *w, struct store_txn *txn, int64_t now_ms);

#endif

/*
 * The ids of the newest calls, in memory: written one by one they would cost a
 * page each, as ids are random. Once enough have gathered they go to the table
 * in the order of their keys, a little with every commit.
 *
 * Only ids that their record tells by itself (ids.h) are here, so that the
 * records tell them again after a crash. Which calls these are, and how far the
 * sweep to the table has come, is a row of TABLE_META: the id of a call is here
 * where its number is above `to`, or above `settled` with a digest from `next`
 * on, and otherwise in the table.
 */
#ifndef LEDGER_RECENT_H
#define LEDGER_RECENT_H

#include "collectord/ledger/store.h"

struct recent_id {
	uint64_t high, low; /* the id's digest */
	uint64_t number;    /* 0: an empty place */
};

struct sweep {
	uint64_t settled; /* the ids of calls up to here are in the table */
	uint64_t to;      /* where settled will be at the end; else the same */
	uint64_t next_high, next_low;
	bool is_stored; /* the row is there */
};

struct recent_ids {
	struct recent_id *places; /* open addressing */
	size_t n, cap;            /* cap is a power of two */
	struct sweep sweep;
	struct recent_id *queue; /* what is to be swept, in order */
	size_t queued, queue_at;
	size_t added;  /* since the last commit */
	size_t gather; /* so many calls begin a sweep; 0: as many as is good */
};

/* The row of TABLE_META; without one the calls up to newest are settled. */
int recent_load_sweep(
    struct store_txn *txn, uint64_t newest, struct sweep *sweep);
/* Forgets all ids and continues from there. */
void recent_init(struct recent_ids *r, const struct sweep *sweep);
void recent_release(struct recent_ids *r);

/* Is the place of this id here, if its call has that number? */
bool recent_takes(
    const struct recent_ids *r, uint64_t high, uint64_t low, uint64_t number);
/* The number of the call, 0 where the id is not here. */
uint64_t recent_find(const struct recent_ids *r, uint64_t high, uint64_t low);
int recent_set(
    struct recent_ids *r, uint64_t high, uint64_t low, uint64_t number);
void recent_remove(struct recent_ids *r, uint64_t high, uint64_t low);

/*
 * Once a transaction, at its end: writes what is due of the ids to the table.
 * newest: the largest number given out.
 */
int recent_sweep(struct recent_ids *r, struct store_txn *txn, uint64_t newest);

#endif

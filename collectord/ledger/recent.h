/*
 * The ids and requests of the newest calls, in memory: written one by one they
 * would cost a page each, as they are random. Once enough calls have gathered
 * theirs go to the tables in the order of the keys, a little with every commit.
 * Where very many calls come at once far more of them gather, so that a page
 * takes several; what that leaves is drained once it is over (drain.h).
 *
 * Only what the record of a call tells by itself (ids.h) is here, so that the
 * records tell it again after a crash. Which calls these are, and how far the
 * sweep to the tables has come, is a row of TABLE_META: the id of a call is
 * here where its number is above `to`, or above `settled` with a digest from
 * `next` on, and otherwise in the table. The request of a call is in the table
 * where its number is not above `settled`; above it may be in both, and is here
 * unless the sweep has passed it. A sweep begins with the requests.
 */
#ifndef LEDGER_RECENT_H
#define LEDGER_RECENT_H

#include "collectord/ledger/recent_ids.h"
#include "collectord/ledger/recent_requests.h"
#include "collectord/ledger/store.h"

struct sweep {
	uint64_t settled; /* what calls up to here have is in the tables */
	uint64_t to;      /* where settled will be at the end; else the same */
	uint64_t next_high, next_low;
	bool is_stored; /* the row is there */
};

struct recent {
	struct sweep sweep;
	struct recent_ids ids;
	struct recent_requests requests;
	bool is_sweeping; /* what is to be swept is queued */
	size_t added;     /* since the last commit */
	size_t largest;   /* events of one put, likewise */
	bool is_load;     /* very many calls come */
	bool drains;      /* what a load left is being drained, … */
	bool is_drain;    /* by the commit that comes next */
	uint64_t loads;   /* transactions that were of a load, so far */
	/* So many calls begin a sweep, in a load; 0: as many as is good. */
	size_t gather, gather_load;
};

/* The row of TABLE_META; without one the calls up to newest are settled. */
int recent_load_sweep(
    struct store_txn *txn, uint64_t newest, struct sweep *sweep);
/* Forgets what is here and continues from there. */
void recent_init(struct recent *r, const struct sweep *sweep);
void recent_release(struct recent *r);
/* At a start: what is still here of a load is to be drained. */
void recent_resume(struct recent *r, uint64_t newest);

/* Is the place of this id here, if its call has that number? */
bool recent_takes_id(
    const struct recent *r, uint64_t high, uint64_t low, uint64_t number);
int recent_add_id(
    struct recent *r, uint64_t high, uint64_t low, uint64_t number);
/* And a request of that call? */
bool recent_takes_request(const struct recent *r, uint64_t number);
int recent_add_request(struct recent *r, const struct request_row *row);

/* A put of n events is part of the transaction. */
void recent_note_put(struct recent *r, size_t n);
/*
 * Once a transaction, at its end: writes what is due to the tables. newest: the
 * largest number given out.
 */
int recent_sweep(struct recent *r, struct store_txn *txn, uint64_t newest);
/*
 * Before a transaction: shall it drain a step of what a load left? It ends when
 * little is left, and when a load goes on. begins: the load is over.
 */
bool recent_drain(struct recent *r, uint64_t newest, bool begins);

#endif

/*
 * The ids of the newest calls, in memory: digests, by which the number of the
 * call is found. When they go to the table is for recent.h to say.
 */
#ifndef LEDGER_RECENT_IDS_H
#define LEDGER_RECENT_IDS_H

#include "collectord/ledger/store.h"

struct recent_id {
	uint64_t high, low; /* the id's digest */
	uint64_t number;    /* 0: an empty place */
};

struct recent_ids {
	struct recent_id *places; /* open addressing */
	size_t n, cap;            /* cap is a power of two */
	struct recent_id *queue;  /* what is to be swept, in order */
	size_t queued, queue_at;
};

void recent_ids_release(struct recent_ids *r);

/* In the order of the table's keys: less than 0, 0 or more. */
int recent_ids_compare(
    uint64_t ahigh, uint64_t alow, uint64_t bhigh, uint64_t blow);
/* The number of the call, 0 where the id is not here. */
uint64_t recent_ids_find(
    const struct recent_ids *r, uint64_t high, uint64_t low);
/* *added grows by one where the id is new. */
int recent_ids_set(struct recent_ids *r, uint64_t high, uint64_t low,
    uint64_t number, size_t *added);
void recent_ids_remove(struct recent_ids *r, uint64_t high, uint64_t low);
/* Gives back what many took, where few are left. */
void recent_ids_trim(struct recent_ids *r);

/* Queues the ids of calls up to `to` that are here, in order. */
int recent_ids_queue(struct recent_ids *r, uint64_t to);
void recent_ids_unqueue(struct recent_ids *r);
/* Moves up to *most of the queue to the table; *most loses as many. */
int recent_ids_settle(
    struct recent_ids *r, struct store_txn *txn, uint64_t to, size_t *most);
/* The first that is still queued; NULL where none is. */
const struct recent_id *recent_ids_next(const struct recent_ids *r);

#endif

/*
 * The request ids of the newest calls, in memory, as their digests: which calls
 * have a request, in as many steps as they are, whatever else is here. When
 * they go to the table is for recent.h to say.
 */
#ifndef LEDGER_RECENT_REQUESTS_H
#define LEDGER_RECENT_REQUESTS_H

#include "collectord/ledger/store.h"

/* As the table has it. */
struct request_row {
	uint64_t digest, number;
};

/* The order of the table; a and b are request_rows, as for qsort. */
int request_row_compare(const void *a, const void *b);

struct recent_request {
	uint64_t digest, number; /* number 0: an empty place */
	uint32_t next, prev;     /* of its chain: place + 1, 0 at the ends */
};

/*
 * A call has one request at the most, and numbers of the newest calls are close
 * together: so a call's place is its number modulo cap. Places whose digests
 * end alike are a chain.
 */
struct recent_requests {
	struct recent_request *places;
	uint32_t *chains; /* place + 1 of the one added last, 0: none */
	size_t n, cap;    /* of both; cap is a power of two */
	struct request_row *queue; /* what is to be swept, in order */
	size_t queued, queue_at;
	bool is_known; /* all that records tell is here */
};

void recent_requests_release(struct recent_requests *r);

/* -ERR_STORE without memory. */
int recent_requests_set(
    struct recent_requests *r, uint64_t digest, uint64_t number);
void recent_requests_remove(
    struct recent_requests *r, uint64_t digest, uint64_t number);
bool recent_requests_has(
    const struct recent_requests *r, uint64_t digest, uint64_t number);
/* Up to max numbers, in no order. Returns how many. */
size_t recent_requests_list(const struct recent_requests *r, uint64_t digest,
    uint64_t *numbers, size_t max);
/* Gives back what many took, where few are left. */
void recent_requests_trim(struct recent_requests *r);

/* Those of calls up to `to`, in order: free() them. NULL without memory. */
struct request_row *recent_requests_sorted(
    const struct recent_requests *r, uint64_t to, size_t *n);
/* Queues them. */
int recent_requests_queue(struct recent_requests *r, uint64_t to);
void recent_requests_unqueue(struct recent_requests *r);
/* Moves up to *most of the queue to the table; *most loses as many. */
int recent_requests_settle(
    struct recent_requests *r, struct store_txn *txn, size_t *most);

#endif

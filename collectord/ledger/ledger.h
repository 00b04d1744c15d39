/*
 * The ledger: every call once, and its sums. Sees no loop and no socket.
 *
 * One thread writes (ledger_put); any thread may read at the same time through
 * its own query, and never waits for the writer.
 */
#ifndef LEDGER_LEDGER_H
#define LEDGER_LEDGER_H

#include "proto/budget.h"
#include "proto/codec.h"
#include "proto/put.h"
#include "proto/report.h"

struct ledger;
struct price_override;

struct ledger_options {
	const char *dir;     /* the data directory, which exists and is ours */
	const char *machine; /* config's machine id, or "" */
	const char *plan; /* what a subscription covers: see plan.h; or NULL */
	bool prefers_reported; /* a reported cost before the price table */
	/* The configuration's prices, copied by ledger_open; those that
	 * price_set stores come before them. */
	const struct price_override *prices;
	size_t n_prices;
	/* How periods begin, for budgets; all 0: weeks on Monday, midnight. */
	struct budget_calendar calendar;
	bool tells_daily, tells_weekly; /* digests */
	int daily_hour;                 /* when the daily one is due */
	int silent_days; /* after so many a source is silent; 0: never */
	/* Wall clock in microseconds UTC; the manual clock in tests. */
	int64_t (*now_us)(void);
};

/*
 * Opens or makes the store. 0, or an enum error_code (positive) with why: a
 * newer schema, a network file system, no space.
 */
int ledger_open(struct ledger **out, const struct ledger_options *opt,
    char *why, size_t cap);
void ledger_close(struct ledger *l); /* NULL is fine */

/* The machine id events without one get. Valid until close. */
struct text ledger_machine(const struct ledger *l);

/*
 * Writes all n puts in one transaction. On 0 all of them are on stable storage
 * and their counts are filled; on an error code none is, and *why says more.
 * Writer thread only.
 */
int ledger_put(
    struct ledger *l, struct put *const *puts, size_t n, char *why, size_t cap);

/* A report under way. Owns its copy of the query. Any one thread at a time. */
struct ledger_query;

/* Takes q's edges; copies patterns. NULL without memory. */
struct ledger_query *ledger_query_new(struct ledger *l, struct report_query *q);
/*
 * Does up to `budget` records of work. 1: more to do (the same or another
 * thread may go on), 0: done, negative: -(enum error_code). Holds a read
 * transaction from the first step to the last.
 */
int ledger_query_step(struct ledger_query *lq, size_t budget);
/*
 * After the last step: packs result rows from `from` on, at most
 * LIMIT_PAGE_ROWS, as the reply value described in PROTOCOL.md, with `token`
 * where more remain. Returns the index of the first row not packed.
 */
size_t ledger_query_pack(const struct ledger_query *lq, size_t from,
    uint64_t token, struct packer *k);
size_t ledger_query_rows(const struct ledger_query *lq);
void ledger_query_free(struct ledger_query *lq); /* NULL is fine */

/*
 * The newest revision that is committed: what followers wait to see grow. Any
 * thread.
 */
uint64_t ledger_revision(const struct ledger *l);
/* Who asked as this owner is gone: notices it held are free. Any thread. */
void ledger_release_owner(struct ledger *l, uint64_t owner);

/* What `status` says of the ledger. */
struct ledger_status {
	uint64_t events; /* numbers given out */
	uint64_t calls;  /* that count today, forwards and voids not */
	uint64_t sessions;
	uint64_t store_bytes; /* used pages */
	uint64_t map_bytes;
	int64_t first_ts_ms, last_ts_ms; /* 0 where empty; slot-rounded.
					  * Aggregates included. */
	uint32_t schema;
};
int ledger_status(struct ledger *l, struct ledger_status *st);
/*
 * Packs an array of {agent, source, machine, last_ms, events}: who was heard
 * and when last. An error code or 0.
 */
int ledger_pack_sources(struct ledger *l, struct packer *k);
/* Packs an array of {name, value} of the cursors that begin with prefix. */
int ledger_pack_cursors(
    struct ledger *l, struct text prefix, struct text after, struct packer *k);

#endif

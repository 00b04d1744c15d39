/*
 * Days of use: the local days on which any source was heard. Days on which the
 * machine was off, or nobody worked, say nothing about a source's silence.
 *
 * Kept under "heard" in TABLE_META: the newest days, oldest first, each a be32
 * like 20260512.
 */
#ifndef LEDGER_HEARD_H
#define LEDGER_HEARD_H

#include "collectord/ledger/store.h"
#include "proto/calendar.h"

#define HEARD_DAYS_MAX 400 /* more than notice.silent_days may ask for */

struct heard {
	uint32_t day[HEARD_DAYS_MAX];
	uint32_t n;
};

/* The day that was noted last. Zero is a valid state. */
struct heard_today {
	int64_t from_ms, to_ms;
};

/* Somebody was heard at now_ms. Cheap but for the first time of a day. */
int heard_note(struct heard_today *today, struct store_txn *txn, int day_start,
    int64_t now_ms);
int heard_load(struct store_txn *txn, struct heard *h);
/* How many days of use lie between two days, neither included. */
uint32_t heard_between(
    const struct heard *h, struct civil after, struct civil before);

#endif

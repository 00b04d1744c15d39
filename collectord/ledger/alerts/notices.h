/*
 * Keys: 'p' or 'd' and be64 number -> a pending or delivered one; 'i' and a
 * digest of the id -> number be64, made be64; 's' and a sink's name -> be64;
 * 'b': see told_blocks.h.
 *
 * Notices in the store: made once under their id, in the transaction of what
 * they tell of; pending until somebody confirms them. For each sink a mark says
 * up to which number it has been told.
 */
#ifndef LEDGER_NOTICES_H
#define LEDGER_NOTICES_H

#include "collectord/ledger/ledger.h"
#include "collectord/ledger/store.h"
#include "proto/codec_budget.h"

/* Of those that are delivered, the newest so many are kept to be looked at. */
#define NOTICES_KEPT 1000
/* More pending ones than this push the oldest out: nobody is reading. */
#define NOTICES_PENDING 1000

/*
 * Makes it unless one of its id was ever made; its number and made_ms are given
 * by the call. 1: made, 0: there was one, negative: an error.
 */
int notice_make(struct store_txn *txn, int64_t now_ms, const struct notice *n);

/* 1: one of that id was ever made; 0: none; negative: an error. */
int notice_was_made(struct store_txn *txn, struct text id);
/* When. STORE_NOTFOUND: never. */
int notice_made_ms(struct store_txn *txn, struct text id, int64_t *made_ms);

/*
 * Calls fn for each that is pending, or is delivered, oldest first; texts point
 * into the map. What fn answers but 0 ends it and is returned.
 */
int notices_each(struct store_txn *txn, bool delivered,
    int (*fn)(void *arg, const struct notice *n), void *arg);
/* STORE_NOTFOUND: it is not pending. */
int notice_set_delivered(struct store_txn *txn, uint64_t number);

/* The newest number that was ever given; 0: none. */
int notice_last(struct store_txn *txn, uint64_t *number);

/* For the jobs. Any thread: */

/* The newest committed notice's number; 0: none was ever made. Cheap. */
uint64_t ledger_last_notice(const struct ledger *l);
/*
 * Packs the first notice after that number as PROTOCOL.md has it and tells its
 * number; STORE_NOTFOUND: there is none.
 */
int ledger_next_notice(
    struct ledger *l, uint64_t after, struct packer *k, uint64_t *number);
/* Up to where a sink has been told. STORE_NOTFOUND: it is new. */
int ledger_sink_mark(struct ledger *l, struct text sink, uint64_t *number);

/* On the writer's thread, between puts: */

int ledger_set_sink_mark(struct ledger *l, struct text sink, uint64_t number);
/*
 * What time makes happen: digests, reminders, silent sources. *next_ms: the
 * wall clock when it is to be called again at the latest.
 */
int ledger_tick(struct ledger *l, int64_t *next_ms);

#endif

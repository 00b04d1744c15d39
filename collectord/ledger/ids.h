/*
 * From the ids of calls to their numbers. An id is a call's key (machine,
 * session, message) or its provider's id (call, canonical model); each id ever
 * seen has one entry. The entry of an id that its record tells by itself (the
 * owner's key, its call with its model) holds the number only; others hold the
 * whole id too, so that a hit is always compared in full. Entries of the newest
 * calls are in memory yet, as their records tell them again: see recent.h.
 */
#ifndef LEDGER_IDS_H
#define LEDGER_IDS_H

#include "collectord/ledger/digest.h"
#include "collectord/ledger/recent.h"
#include "collectord/ledger/record.h"
#include "collectord/ledger/store.h"

#define ID_BYTES_MAX (1 + 3 * (LIMIT_TEXT + 2))

struct id {
	uint64_t high, low; /* keys: session's digest first */
	bool is_call;
	uint16_t len;
	uint8_t bytes[ID_BYTES_MAX]; /* the whole id */
};

void id_of_key(struct id *id, const struct digest_key *key,
    const struct text texts[EV_TEXTS]);
/* texts[EV_CALL] is there. */
void id_of_call(struct id *id, const struct digest_key *key,
    const struct text texts[EV_TEXTS]);

/* Where an id's entry is, or would be. */
struct id_place {
	uint8_t key[17]; /* in the table */
	bool found;
	bool is_recent;  /* found in memory; key is not set then */
	uint64_t number; /* as stored; may have been forwarded since */
	bool is_whole;   /* the entry holds the id's bytes */
};

int id_find(const struct recent *recent, struct store_txn *txn,
    const struct id *id, struct id_place *at);
/* Makes or replaces the entry, found or not found by id_find. */
int id_store(struct recent *recent, struct store_txn *txn, const struct id *id,
    const struct id_place *at, uint64_t number, bool whole);
/* Writes the entry of a recent id to the table. */
int id_settle(
    struct store_cursor *c, uint64_t high, uint64_t low, uint64_t number);
/* Does the record tell the id of its call: are call and model of one sight? */
bool id_call_is_told(const struct record *rec);
/*
 * Does the record tell this id by itself? That its texts are equal is not
 * enough for a call with its model: they must have come together, so that a
 * record never tells an id that no sight had.
 */
bool id_is_told_by(const struct id *id, const struct record *rec);
/* Takes up the ids and requests that the records above those settled tell. */
int id_load_recent(struct recent *recent, struct store_txn *txn,
    const struct digest_key *key, uint64_t newest);

#endif

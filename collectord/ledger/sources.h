/*
 * Who was heard and when: one row for each machine, agent and source. Gathered
 * over a transaction and written at its end.
 *
 * Key: digest of the texts, be64. Value: last receipt ms uvar, sights uvar,
 * machine, agent, source.
 */
#ifndef LEDGER_SOURCES_H
#define LEDGER_SOURCES_H

#include "collectord/ledger/digest.h"
#include "collectord/ledger/store.h"
#include "proto/event.h"

#define SOURCE_NOTES_MAX 64

struct source_note {
	struct text machine, agent, source; /* borrowed until apply */
	uint64_t sights;
	int64_t last_ms;
};

struct sources {
	struct source_note *notes; /* SOURCE_NOTES_MAX, made at first use */
	size_t n;
};

/* Texts must live until sources_apply. 0 or a store error. */
int sources_note(struct sources *s, struct store_txn *txn,
    const struct digest_key *key, const struct event *ev, int64_t now_ms);
int sources_apply(
    struct sources *s, struct store_txn *txn, const struct digest_key *key);
void sources_clear(struct sources *s);
void sources_release(struct sources *s);
/* A row of the table; texts point into val. false when it is none. */
bool source_read(struct span val, struct source_note *note);

#endif

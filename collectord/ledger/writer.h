/*
 * One write transaction: what a sight is applied with. Records are loaded whole
 * and saved with their place in the log; changes to sums are gathered and
 * written at the commit.
 */
#ifndef LEDGER_WRITER_H
#define LEDGER_WRITER_H

#include "collectord/ledger/dims.h"
#include "collectord/ledger/alerts/heard.h"
#include "collectord/ledger/price/price_memo.h"
#include "collectord/ledger/price/pricing.h"
#include "collectord/ledger/recent.h"
#include "collectord/ledger/recent_sessions.h"
#include "collectord/ledger/slots.h"
#include "collectord/ledger/sources.h"
#include "collectord/ledger/alerts/watch.h"
#include "proto/put.h"

struct writer {
	struct store *store;
	struct store_txn *txn; /* NULL between transactions */
	struct digest_key key;
	struct interner interner;
	struct recent recent;
	struct recent_sessions *recent_sessions; /* of readers only */
	struct slot_changes changes;
	struct slot_changes base; /* of what is pruned */
	struct sources sources;
	struct heard_today heard;
	struct watch watch;
	struct price_book *book;
	struct price_memo *memo; /* of book; NULL: none yet */
	/* Nothing can be made: rules that have no number keep none. */
	bool only_reads;
	bool prefers_reported;  /* cost_mode = reported */
	struct arena arena;     /* texts of this transaction */
	struct text plan;       /* plan.h: calls without billing it covers */
	struct text machine;    /* what events without one get */
	int64_t now_us;         /* of this transaction */
	uint64_t next_number;   /* from 1; also those given out in this one */
	uint64_t last_revision; /* likewise */
	uint64_t last_notice;   /* likewise */
	bool is_stale; /* what it knows of the store is to be loaded anew */
};

/* store, key and machine are set. Loads the last number and revision. */
int writer_init(struct writer *w);
void writer_release(struct writer *w);

int writer_begin(struct writer *w, int64_t now_us);
/* All of one put: fills its counts, writes its cursors. */
int writer_put(struct writer *w, struct put *p);
/* Writes the sums and commits. On an error nothing of the transaction stays. */
int writer_commit(struct writer *w);
void writer_abort(struct writer *w);

/*
 * For the requests of the newest calls: who only reads looks for them once a
 * transaction, the ledger's writer knows them.
 */
int writer_know_requests(struct writer *w);

/* The record of a number, whole, in the arena; forwards are followed and
 * *number is where they led. */
int writer_load(struct writer *w, uint64_t *number, struct record *rec);
/*
 * Saves rec under number with a new revision; its interned texts get their
 * numbers. fresh: the number is new and the largest.
 */
int writer_save(
    struct writer *w, uint64_t number, struct record *rec, bool fresh);

/* The same where rec->dims and rec->session are set. */
int writer_save_interned(
    struct writer *w, uint64_t number, struct record *rec, bool fresh);

/* Notes what rec adds to the sums by its price (sign 1), or takes out (-1). */
int writer_note(struct writer *w, const struct record *rec, int sign);
/* Notes for the base what rec adds to the sums and goes on adding when pruned.
 */
int writer_note_base(struct writer *w, const struct record *rec);

#endif

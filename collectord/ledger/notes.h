/*
 * What agents tell of their context and quota, which is no usage: the newest
 * of each is kept.
 */
#ifndef LEDGER_NOTES_H
#define LEDGER_NOTES_H

#include "collectord/ledger/store.h"
#include "proto/codec.h"

struct context_note {
	uint64_t used, size; /* tokens */
	int64_t at_ms;       /* when it was told */
};

struct window_note {
	struct text name;         /* "five_hour" */
	struct text used_percent; /* decimal text */
	int64_t resets_ms, at_ms;
};

int notes_put_context(
    struct store_txn *txn, uint32_t session, const struct context_note *n);
/* STORE_NOTFOUND where none was told. */
int notes_context(
    struct store_txn *txn, uint32_t session, struct context_note *n);
int notes_put_window(struct store_txn *txn, const struct window_note *n);
/*
 * Makes a notice of a window that is nearly used up, and one where it is used
 * up: each once before it is emptied again. 0 or a store error.
 */
int notes_tell_window(
    struct store_txn *txn, int64_t now_ms, const struct window_note *n);
/* Packs an array of all windows. */
int notes_pack_windows(struct store_txn *txn, struct packer *k);

#endif

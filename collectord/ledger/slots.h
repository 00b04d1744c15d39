/*
 * Sums by time: what reports read. The same sums are kept at several widths, so
 * that a period of any length is read in few records; the finest is 15 minutes,
 * which divides every zone's offset.
 *
 * A call is noted at the finest width only, as most are of now and many share
 * what is coarser. Slots that are over are folded into the coarser ones later,
 * row after row in the order of their keys; calls from before that place go to
 * all widths at once. A folded sum is also in a row for all dims together, for
 * reports that do not ask for any.
 *
 * Keys: slots (level u8, be32 slot, be32 dims), session_slots (be32 finest
 * slot, be32 session, be32 dims). Slot = UTC seconds / width. Values: sums as
 * stored_sums.h has them.
 */
#ifndef LEDGER_SLOTS_H
#define LEDGER_SLOTS_H

#include "collectord/ledger/store.h"
#include "collectord/ledger/stored_sums.h"

#define SLOT_MS 900000ll
#define SLOT_LEVELS 4
extern const uint32_t slot_width_s[SLOT_LEVELS]; /* finest first */
/* Stands for all dims, in the coarser levels. */
#define DIMS_TOTAL UINT32_MAX

/* What one call adds: where, when, how much. */
struct contribution {
	uint32_t dims, session;
	int64_t ts_ms;
	struct sums sums;
};

/*
 * Changes to sums, gathered over one transaction and applied at its end.
 * Gathered by wrapping arithmetic, so that taking out before putting in is
 * fine.
 */
struct slot_changes {
	struct slot_change *items; /* dense */
	uint32_t *index;           /* open addressing: place in items + 1 */
	size_t n, cap;             /* cap: of index, a power of two */
	/* For the base tables, which have the finest level only. */
	bool is_base;
	/*
	 * Rows of the finest level before this slot << 32 | dims are in the
	 * coarser ones too.
	 */
	uint64_t folded;
	size_t fold_most; /* rows in one transaction; 0: as many as is good */
};

/* How far the store is folded. */
int slots_folded(struct store_txn *txn, uint64_t *folded);
/* sign is 1 or -1. 0 or -ERR_STORE without memory. */
int slot_changes_note(
    struct slot_changes *c, const struct contribution *add, int sign);
/*
 * Tells the changes that are noted: of the finest slots, where session is
 * NO_SESSION, and of sessions. What fn answers but 0 ends it.
 */
#define NO_SESSION UINT32_MAX
struct slot_row {
	uint32_t slot, dims, session;
	const struct sums *sums; /* differences, which wrap */
};
int slot_changes_each(const struct slot_changes *c,
    int (*fn)(void *arg, const struct slot_row *row), void *arg);
/* Writes all and empties c. An impossible sum is -ERR_STORE. */
int slot_changes_apply(struct slot_changes *c, struct store_txn *txn);
/* Notes all that the base tables hold. */
int slot_changes_note_base(struct slot_changes *c, struct store_txn *txn);
/*
 * Goes on folding what is over by now_us, not all of it if that is much. At the
 * end of a transaction, when changes have been applied.
 */
int slot_changes_fold(
    struct slot_changes *c, struct store_txn *txn, int64_t now_us);
/* Takes all that is stored for folded: for a store that has all levels. */
int slot_changes_fold_all(struct slot_changes *c, struct store_txn *txn);
/*
 * Compares what was noted with what is stored, all of it. differs is told of
 * each difference in words; *n counts the sums that were looked at.
 */
int slot_changes_compare(struct slot_changes *c, struct store_txn *txn,
    void (*differs)(void *arg, const char *what), void *arg, uint64_t *n);
/* Keeps how far it is folded. */
void slot_changes_clear(struct slot_changes *c);
void slot_changes_release(struct slot_changes *c);

void slot_key_write(struct wbuf *w, int level, uint32_t slot, uint32_t dims);

#endif

#include "collectord/ledger/slots_impl.h"
#include "proto/error.h"

#define FOLD_MOST 1000 /* rows that may take a millisecond or three */

static const struct span meta_folded = { "folded", 6 };

int
slots_folded(struct store_txn *txn, uint64_t *folded)
{
	struct span val;
	struct rbuf r;
	int rc = store_get(txn, TABLE_META, meta_folded, &val);

	*folded = 0;
	if (rc != 0)
		return rc == STORE_NOTFOUND ? 0 : rc;
	rbuf_init(&r, val);
	*folded = read_be64(&r);
	return r.failed ? -ERR_STORE : 0;
}

static int
set_folded(struct slot_changes *c, struct store_txn *txn, uint64_t folded)
{
	uint8_t bytes[8];
	struct wbuf w;

	c->folded = folded;
	wbuf_init(&w, bytes, sizeof(bytes));
	write_be64(&w, folded);
	return store_put(txn, TABLE_META, meta_folded, wbuf_span(&w));
}

/* A row of the finest level; false behind the last of them. */
static bool
read_finest(struct span key, uint32_t *slot, uint32_t *dims)
{
	struct rbuf r;
	uint8_t level;

	rbuf_init(&r, key);
	level = read_u8(&r);
	*slot = read_be32(&r);
	*dims = read_be32(&r);
	return level == 0 && !r.failed;
}

/* Notes the rows from folded to *end; *end is less where they are too many. */
static int
note_finished(struct slot_changes *c, struct store_txn *txn, uint64_t *end)
{
	size_t most = c->fold_most > 0 ? c->fold_most : FOLD_MOST;
	struct store_cursor *cur;
	uint8_t bytes[9];
	struct span k, v;
	struct wbuf key;
	struct sums s;
	uint32_t slot, dims;
	int rc = store_cursor_open(txn, TABLE_SLOTS, &cur);

	if (rc != 0)
		return rc;
	wbuf_init(&key, bytes, sizeof(bytes));
	slot_key_write(
	    &key, 0, (uint32_t)(c->folded >> 32), (uint32_t)c->folded);
	rc = store_seek(cur, wbuf_span(&key), &k, &v);
	for (; rc == 0; rc = store_next(cur, &k, &v)) {
		if (!read_finest(k, &slot, &dims) ||
		    slot_place(slot, dims) >= *end)
			break;
		if (most-- == 0) {
			*end = slot_place(slot, dims);
			break;
		}
		rc = sums_read(v, &s)
			 ? slot_changes_note_coarser(c, slot, dims, &s)
			 : -ERR_STORE;
		if (rc != 0)
			break;
	}
	store_cursor_close(cur);
	return rc == STORE_NOTFOUND ? 0 : rc;
}

/* The newest slot that is over is left alone too: calls come in late. */
int
slot_changes_fold(struct slot_changes *c, struct store_txn *txn, int64_t now_us)
{
	int64_t slot = now_us / 1000 / SLOT_MS - 1;
	uint64_t end = slot > 0 ? slot_place((uint32_t)slot, 0) : 0;
	int rc;

	if (end <= c->folded)
		return 0;
	rc = note_finished(c, txn, &end);
	if (rc == 0)
		rc = slot_changes_apply(c, txn);
	return rc == 0 ? set_folded(c, txn, end) : rc;
}

int
slot_changes_fold_all(struct slot_changes *c, struct store_txn *txn)
{
	struct store_cursor *cur;
	struct span k, v;
	uint32_t slot = 0, dims;
	int rc = store_cursor_open(txn, TABLE_SLOTS, &cur);

	if (rc != 0)
		return rc;
	rc = store_seek(cur, (struct span){ "\1", 1 }, &k, &v);
	rc = rc == 0 ? store_prev(cur, &k, &v) : rc;
	if (rc == 0 && read_finest(k, &slot, &dims))
		slot++;
	store_cursor_close(cur);
	if (rc < 0)
		return rc;
	return set_folded(c, txn, slot_place(slot, 0));
}

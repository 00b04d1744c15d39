#include "collectord/ledger/alerts/told_blocks.h"

#include <string.h>

#include "proto/error.h"

#define PREFIX_BYTES 10
#define KEY_BYTES (PREFIX_BYTES + 8)

static struct span
key_of(uint8_t buf[KEY_BYTES], const struct stored_budget *b, uint32_t armed,
    enum budget_level level, int64_t place_ms)
{
	struct wbuf w;

	wbuf_init(&w, buf, KEY_BYTES);
	write_u8(&w, 'b');
	write_be32(&w, b->id);
	write_be32(&w, armed);
	write_u8(&w, (uint8_t)level);
	write_be64(&w, (uint64_t)place_ms);
	return wbuf_span(&w);
}

int
told_block_put(struct store_txn *txn, const struct stored_budget *b,
    enum budget_level level, int64_t from_ms, int64_t now_ms)
{
	uint8_t key[KEY_BYTES], bytes[8];
	int64_t place_ms = from_ms;
	struct wbuf w;
	int rc = budget_block_reached(txn, b, from_ms, level, &place_ms);

	if (rc != 0)
		return rc == STORE_NOTFOUND ? 0 : rc;
	wbuf_init(&w, bytes, sizeof(bytes));
	write_be64(&w, (uint64_t)now_ms);
	return store_put(txn, TABLE_NOTICES,
	    key_of(key, b, b->armed, level, place_ms), wbuf_span(&w));
}

/* Is it one of those that key is of, before the place to_ms? */
static bool
is_within(struct span found, const uint8_t key[KEY_BYTES], int64_t to_ms)
{
	struct rbuf r;

	if (found.len != KEY_BYTES || memcmp(found.p, key, PREFIX_BYTES) != 0)
		return false;
	rbuf_init(&r, found);
	r.p += PREFIX_BYTES;
	return read_be64(&r) < (uint64_t)to_ms;
}

int
told_block_find(struct store_txn *txn, const struct stored_budget *b,
    uint32_t armed, enum budget_level level, int64_t from_ms, int64_t to_ms,
    int64_t *told_ms)
{
	uint8_t key[KEY_BYTES];
	struct store_cursor *c;
	struct span k, v;
	struct rbuf r;
	int rc = store_cursor_open(txn, TABLE_NOTICES, &c);

	if (rc != 0)
		return rc;
	rc = store_seek(c, key_of(key, b, armed, level, from_ms), &k, &v);
	if (rc == 0 && !is_within(k, key, to_ms))
		rc = STORE_NOTFOUND;
	if (rc == 0) {
		rbuf_init(&r, v);
		*told_ms = (int64_t)read_be64(&r);
		rc = r.failed ? -ERR_STORE : 0;
	}
	store_cursor_close(c);
	return rc;
}

#include "collectord/ledger/aggregates.h"
#include "collectord/ledger/impl.h"
#include "proto/error.h"

/* What was folded, by days: a row for all dims ends each. */
static int
count_folded(struct store_cursor *c, uint64_t *calls)
{
	uint32_t slot = 0, dims;
	struct span k, v;
	struct rbuf r;
	struct sums s;
	uint8_t buf[9];
	struct wbuf key;
	int rc;

	for (;;) {
		wbuf_init(&key, buf, sizeof(buf));
		slot_key_write(&key, SLOT_LEVELS - 1, slot, DIMS_TOTAL);
		rc = store_seek(c, wbuf_span(&key), &k, &v);
		if (rc != 0)
			return rc == STORE_NOTFOUND ? 0 : rc;
		rbuf_init(&r, k);
		read_u8(&r);
		slot = read_be32(&r);
		dims = read_be32(&r);
		if (dims != DIMS_TOTAL)
			continue;
		if (r.failed || !sums_read(v, &s))
			return -ERR_STORE;
		*calls += s.n[SUM_CALLS];
		slot++;
	}
}

/* The rest, in the finest level. */
static int
count_unfolded(struct store_cursor *c, uint64_t folded, uint64_t *calls)
{
	struct span k, v;
	struct sums s;
	uint8_t buf[9];
	struct wbuf key;
	int rc;

	wbuf_init(&key, buf, sizeof(buf));
	slot_key_write(&key, 0, (uint32_t)(folded >> 32), (uint32_t)folded);
	rc = store_seek(c, wbuf_span(&key), &k, &v);
	for (; rc == 0 && *(const uint8_t *)k.p == 0;
	     rc = store_next(c, &k, &v)) {
		if (!sums_read(v, &s))
			return -ERR_STORE;
		*calls += s.n[SUM_CALLS];
	}
	return rc == STORE_NOTFOUND ? 0 : rc;
}

static int
count_calls(struct store_txn *txn, struct ledger_status *st)
{
	struct store_cursor *c = NULL;
	uint64_t folded;
	int rc = slots_folded(txn, &folded);

	if (rc == 0)
		rc = store_cursor_open(txn, TABLE_SLOTS, &c);
	if (rc == 0)
		rc = count_folded(c, &st->calls);
	if (rc == 0)
		rc = count_unfolded(c, folded, &st->calls);
	store_cursor_close(c);
	return rc;
}

static int64_t
slot_start_ms(struct span key)
{
	struct rbuf r;

	rbuf_init(&r, key);
	if (read_u8(&r) != 0)
		return 0;
	return read_be32(&r) * SLOT_MS;
}

/* The finest level has all calls and comes first in the table. */
static int
find_extent(struct store_txn *txn, struct ledger_status *st)
{
	struct store_cursor *c;
	struct span k, v;
	int rc;

	rc = store_cursor_open(txn, TABLE_SLOTS, &c);
	if (rc != 0)
		return rc;
	rc = store_seek(c, (struct span){ "\0", 1 }, &k, &v);
	if (rc == 0) {
		st->first_ts_ms = slot_start_ms(k);
		rc = store_seek(c, (struct span){ "\1", 1 }, &k, &v);
		rc = rc == STORE_NOTFOUND ? store_last(c, &k, &v)
		     : rc == 0            ? store_prev(c, &k, &v)
					  : rc;
	}
	if (rc == 0)
		st->last_ts_ms = slot_start_ms(k);
	store_cursor_close(c);
	return rc == STORE_NOTFOUND ? 0 : rc;
}

/* By the days that only other tools tell of. */
static int
widen_extent(struct store_txn *txn, struct ledger_status *st)
{
	int64_t first, last;
	int rc = aggregates_extent(txn, &first, &last);

	if (rc != 0)
		return rc == STORE_NOTFOUND ? 0 : rc;
	if (st->first_ts_ms == 0 || first < st->first_ts_ms)
		st->first_ts_ms = first;
	if (last > st->last_ts_ms)
		st->last_ts_ms = last - last % SLOT_MS;
	return 0;
}

int
ledger_status(struct ledger *l, struct ledger_status *st)
{
	struct store_txn *txn;
	struct store_info info;
	uint32_t sessions = 0;
	int rc;

	*st = (struct ledger_status){ .schema = LEDGER_SCHEMA };
	rc = store_begin(l->store, false, &txn);
	if (rc != 0)
		return -rc;
	rc = store_info(txn, &info);
	if (rc == 0)
		rc = intern_count(txn, TABLE_SESSIONS, &sessions);
	if (rc == 0)
		rc = count_calls(txn, st);
	if (rc == 0)
		rc = find_extent(txn, st);
	if (rc == 0)
		rc = widen_extent(txn, st);
	store_abort(txn);
	st->events = info.entries[TABLE_EVENTS];
	st->sessions = sessions;
	st->store_bytes = info.used_bytes;
	st->map_bytes = info.map_bytes;
	return rc < 0 ? -rc : 0;
}

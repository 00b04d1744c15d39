#include "collectord/ledger/billing/billed.h"

#include "collectord/ledger/billing/balances.h"
#include "collectord/ledger/billing/billed_impl.h"
#include "collectord/ledger/impl.h"
#include "proto/error.h"

static const struct span meta_generation = { "billed", 6 };

int
bill_end_txn(struct ledger *l, int rc)
{
	if (rc >= 0 && rc != STORE_NOTFOUND)
		return ledger_commit(l);
	writer_abort(&l->writer);
	return rc == STORE_NOTFOUND ? -ERR_STORE : rc;
}

static int
take_number(struct store_txn *txn, uint32_t *generation)
{
	uint8_t bytes[4];
	struct span val;
	struct wbuf w;
	struct rbuf r;
	int rc = store_get(txn, TABLE_META, meta_generation, &val);

	*generation = 1;
	if (rc < 0)
		return rc;
	if (rc == 0) {
		rbuf_init(&r, val);
		*generation = read_be32(&r) + 1;
	}
	wbuf_init(&w, bytes, sizeof(bytes));
	write_be32(&w, *generation);
	return store_put(txn, TABLE_META, meta_generation, wbuf_span(&w));
}

static int
mark(struct store_txn *txn, uint32_t generation, bool is_given_up)
{
	uint8_t key[BILL_KEY_MAX];

	return store_put(txn, TABLE_BILLED,
	    bill_number_key(key, 'g', generation, NULL),
	    (struct span){ is_given_up ? "\1" : "\0", 1 });
}

int
ledger_bill_begin(struct ledger *l, uint32_t *generation)
{
	struct writer *w = &l->writer;
	int rc = writer_begin(w, l->now_us());

	if (rc != 0)
		return rc;
	rc = take_number(w->txn, generation);
	if (rc == 0)
		rc = mark(w->txn, *generation, false);
	return bill_end_txn(l, rc);
}

static int
put_row(struct store_txn *txn, uint32_t generation, struct rbuf *r, uint32_t n)
{
	uint8_t key[BILL_KEY_MAX];
	uint32_t day = read_be32(r), len = read_be32(r);

	if (r->failed || len > (size_t)(r->end - r->p))
		return -ERR_STORE;
	r->p += len;
	return store_put(txn, TABLE_BILLED,
	    bill_row_key(key, generation, day, n),
	    (struct span){ r->p - len, len });
}

int
ledger_bill_rows(struct ledger *l, uint32_t generation, struct span rows,
    size_t *at, uint32_t *n)
{
	struct writer *w = &l->writer;
	struct rbuf r;
	int rc = writer_begin(w, l->now_us());

	if (rc != 0)
		return rc;
	rbuf_init(&r, rows);
	r.p += *at;
	for (int i = 0; rc == 0 && i < BILL_STEP_ROWS && r.p < r.end; i++)
		rc = put_row(w->txn, generation, &r, (*n)++);
	if (rc == 0)
		*at = (size_t)(r.p - (const uint8_t *)rows.p);
	return bill_end_txn(l, rc);
}

/* What the day pointed to is for the sweep from now on. */
static int
replace_day(struct store_txn *txn, const struct bill_end *e, uint32_t day)
{
	uint8_t key[BILL_KEY_MAX], gone[BILL_KEY_MAX], bytes[32];
	struct text name = text_of(e->account->name);
	struct span k = bill_feed_key(key, 'd', name, text_of(e->feed), &day),
		    val;
	struct bill_day old;
	struct wbuf w;
	int rc = store_get(txn, TABLE_BILLED, k, &val);

	if (rc == 0 && !bill_day_read(k, val, &old))
		return -ERR_STORE;
	if (rc == 0)
		rc = store_put(txn, TABLE_BILLED,
		    bill_number_key(gone, 'x', old.generation, &day),
		    (struct span){ "", 0 });
	if (rc < 0)
		return rc;
	wbuf_init(&w, bytes, sizeof(bytes));
	bill_day_write(&w, e);
	return store_put(txn, TABLE_BILLED, k, wbuf_span(&w));
}

static int
publish(struct store_txn *txn, int64_t now_ms, const struct bill_end *e)
{
	uint8_t key[BILL_KEY_MAX];
	int rc = 0;

	for (uint32_t d = e->from_day; rc == 0 && d < e->to_day; d++)
		rc = replace_day(txn, e, d);
	if (rc == 0 && e->generation != 0)
		rc = store_delete(txn, TABLE_BILLED,
		    bill_number_key(key, 'g', e->generation, NULL));
	if (rc == 0 && e->state != NULL)
		rc = store_put(txn, TABLE_BILLED,
		    bill_feed_key(key, 'b', text_of(e->account->name),
			text_of(e->feed), NULL),
		    (struct span){ e->state->p, e->state->len });
	if (rc == 0 && e->state != NULL)
		rc = windows_tell(txn, now_ms, e->account,
		    (struct span){ e->state->p, e->state->len });
	return rc;
}

int
ledger_bill_end(struct ledger *l, const struct bill_end *e)
{
	struct writer *w = &l->writer;
	int64_t now_us = l->now_us();
	int rc = writer_begin(w, now_us);

	if (rc != 0)
		return rc;
	if (e->is_whole)
		rc = publish(w->txn, now_us / 1000, e);
	else if (e->generation != 0)
		rc = mark(w->txn, e->generation, true);
	if (rc == 0)
		rc = balances_tell(w->txn, now_us / 1000, e->account);
	if (rc == 0)
		rc = account_put(w->txn, now_us / 1000, e->account);
	return bill_end_txn(l, rc);
}

int
ledger_account_put(struct ledger *l, struct account *a)
{
	struct bill_end e = { .account = a };

	return ledger_bill_end(l, &e);
}

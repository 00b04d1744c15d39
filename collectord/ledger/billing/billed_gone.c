#include <string.h>

#include "collectord/ledger/billing/billed_impl.h"
#include "collectord/ledger/impl.h"
#include "proto/error.h"

#define STEP_DAYS 500

/* Deletes at most *left keys that begin so, and counts them off. */
static int
delete_prefix(struct store_txn *txn, struct span prefix, uint32_t *left)
{
	struct store_cursor *c;
	struct span k, v;
	int rc = store_cursor_open(txn, TABLE_BILLED, &c);

	if (rc != 0)
		return rc;
	while (*left > 0) {
		rc = store_seek(c, prefix, &k, &v);
		if (rc != 0 || !bill_key_begins(k, prefix))
			break;
		rc = store_delete_found(c, true);
		if (rc != 0)
			break;
		(*left)--;
	}
	store_cursor_close(c);
	return rc == STORE_NOTFOUND ? 0 : rc;
}

/* The first key at or after a place of that kind, copied. */
static int
first_key(struct store_txn *txn, struct span from, uint8_t *buf,
    struct span *key, bool *flag)
{
	struct store_cursor *c;
	struct span k, v;
	int rc = store_cursor_open(txn, TABLE_BILLED, &c);

	if (rc != 0)
		return rc;
	rc = store_seek(c, from, &k, &v);
	if (rc == 0 && (k.len > BILL_KEY_MAX ||
			   *(const char *)k.p != *(const char *)from.p))
		rc = STORE_NOTFOUND;
	if (rc == 0) {
		memcpy(buf, k.p, k.len);
		*key = (struct span){ buf, k.len };
		*flag = v.len > 0 && *(const char *)v.p != 0;
	}
	store_cursor_close(c);
	return rc;
}

/* The first number that was given up; those being written are passed over. */
static int
first_given_up(struct store_txn *txn, uint8_t *buf, struct span *key)
{
	uint8_t from[BILL_KEY_MAX];
	struct span at = bill_number_key(from, 'g', 0, NULL);
	bool is_given_up;
	int rc;

	for (;;) {
		rc = first_key(txn, at, buf, key, &is_given_up);
		if (rc != 0 || is_given_up)
			return rc;
		memcpy(from, buf, key->len);
		from[key->len] = 0;
		at = (struct span){ from, key->len + 1 };
	}
}

/* Its rows have the rest of its key in theirs. */
static int
sweep_rows_of(struct store_txn *txn, struct span key, uint32_t *left)
{
	uint8_t prefix[BILL_KEY_MAX];
	int rc;

	memcpy(prefix, key.p, key.len);
	prefix[0] = 'r';
	rc = delete_prefix(txn, (struct span){ prefix, key.len }, left);
	if (rc == 0 && *left > 0) {
		(*left)--;
		rc = store_delete(txn, TABLE_BILLED, key);
	}
	return rc;
}

static int
sweep(struct store_txn *txn, uint32_t *left)
{
	uint8_t buf[BILL_KEY_MAX];
	struct span key;
	bool flag;
	int rc = 0;

	while (rc == 0 && *left > 0) {
		rc = first_key(txn, (struct span){ "x", 1 }, buf, &key, &flag);
		if (rc == STORE_NOTFOUND)
			rc = first_given_up(txn, buf, &key);
		if (rc == 0)
			rc = sweep_rows_of(txn, key, left);
	}
	return rc == STORE_NOTFOUND ? 0 : rc;
}

/* What there is to do, without holding up the writer for nothing. */
static int
has_garbage(struct ledger *l)
{
	uint8_t buf[BILL_KEY_MAX];
	struct store_txn *txn;
	struct span key;
	bool flag;
	int rc = store_begin(l->store, false, &txn);

	if (rc != 0)
		return rc;
	rc = first_key(txn, (struct span){ "x", 1 }, buf, &key, &flag);
	if (rc == STORE_NOTFOUND)
		rc = first_given_up(txn, buf, &key);
	store_abort(txn);
	return rc == STORE_NOTFOUND ? 0 : rc == 0 ? 1 : rc;
}

int
ledger_bill_sweep(struct ledger *l)
{
	struct writer *w = &l->writer;
	uint32_t left = BILL_STEP_ROWS;
	int rc = has_garbage(l);

	if (rc <= 0)
		return rc;
	rc = writer_begin(w, l->now_us());
	if (rc != 0)
		return rc;
	rc = bill_end_txn(l, sweep(w->txn, &left));
	return rc != 0 ? rc : left == 0;
}

int
ledger_bill_recover(struct ledger *l)
{
	struct writer *w = &l->writer;
	uint8_t buf[BILL_KEY_MAX] = "g";
	struct span key = { buf, 1 };
	bool flag;
	int rc = writer_begin(w, l->now_us());

	if (rc != 0)
		return rc;
	while ((rc = first_key(w->txn, key, buf, &key, &flag)) == 0) {
		rc = store_put(
		    w->txn, TABLE_BILLED, key, (struct span){ "\1", 1 });
		if (rc != 0)
			break;
		buf[key.len++] = 0;
	}
	return bill_end_txn(l, rc == STORE_NOTFOUND ? 0 : rc);
}

/* --- The end of an account ------------------------------------------------ */

/* Turns days whose keys begin so into what is to be swept; *left counts them
 * off. */
static int
drop_days(struct store_txn *txn, struct span prefix, uint32_t *left)
{
	uint8_t buf[BILL_KEY_MAX], gone[BILL_KEY_MAX];
	struct span key, val;
	struct bill_day d;
	bool flag;
	int rc = 0;

	for (; rc == 0 && *left > 0; (*left)--) {
		rc = first_key(txn, prefix, buf, &key, &flag);
		if (rc == 0 && !bill_key_begins(key, prefix))
			return 0;
		if (rc == 0)
			rc = store_get(txn, TABLE_BILLED, key, &val);
		if (rc == 0 && !bill_day_read(key, val, &d))
			return -ERR_STORE;
		if (rc == 0)
			rc = store_put(txn, TABLE_BILLED,
			    bill_number_key(gone, 'x', d.generation, &d.day),
			    (struct span){ "", 0 });
		if (rc == 0)
			rc = store_delete(txn, TABLE_BILLED, key);
	}
	return rc == STORE_NOTFOUND ? 0 : rc;
}

int
ledger_account_drop(struct ledger *l, struct text name, bool keeps_data)
{
	struct writer *w = &l->writer;
	uint8_t key[BILL_KEY_MAX];
	uint32_t left = STEP_DAYS;
	int rc = writer_begin(w, l->now_us());

	if (rc != 0)
		return rc;
	rc = delete_prefix(w->txn, bill_state_prefix(key, name), &left);
	if (rc == 0 && !keeps_data)
		rc = drop_days(w->txn,
		    bill_feed_key(key, 'd', name, (struct text){ 0 }, NULL),
		    &left);
	/* Last, so that who comes back to half of it can remove it again. */
	if (rc == 0 && left > 0)
		rc = account_delete(w->txn, name);
	rc = bill_end_txn(l, rc);
	return rc != 0 ? rc : left == 0;
}

int
ledger_account_has_data(struct ledger *l, struct text name)
{
	uint8_t from[BILL_KEY_MAX], buf[BILL_KEY_MAX];
	struct span prefix = bill_feed_key(
			from, 'd', name, (struct text){ 0 }, NULL),
		    key;
	struct store_txn *txn;
	bool flag;
	int rc = store_begin(l->store, false, &txn);

	if (rc != 0)
		return rc;
	rc = first_key(txn, prefix, buf, &key, &flag);
	store_abort(txn);
	if (rc == 0)
		return bill_key_begins(key, prefix);
	return rc == STORE_NOTFOUND ? 0 : rc;
}

int
ledger_feed_drop(struct ledger *l, struct text name, struct text feed)
{
	struct writer *w = &l->writer;
	uint8_t key[BILL_KEY_MAX];
	uint32_t left = STEP_DAYS, first = 0;
	struct span days = bill_feed_key(key, 'd', name, feed, &first);
	int rc = writer_begin(w, l->now_us());

	if (rc != 0)
		return rc;
	/* Without the day, but with what ends the feed's name. */
	days.len -= sizeof(first);
	rc = drop_days(w->txn, days, &left);
	if (rc == 0)
		rc = store_delete(w->txn, TABLE_BILLED,
		    bill_feed_key(key, 'b', name, feed, NULL));
	if (rc == STORE_NOTFOUND)
		rc = 0;
	rc = bill_end_txn(l, rc);
	return rc != 0 ? rc : left == 0;
}

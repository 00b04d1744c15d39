#include "collectord/ledger/billed.h"

#include <string.h>

#include "collectord/ledger/balances.h"
#include "collectord/ledger/impl.h"
#include "proto/error.h"

#define VERSION 1
#define STEP_DAYS 500

enum { HAS_AMOUNT = 1, HAS_QUANTITY = 2, INPUT_HOLDS_CACHE = 4 };

static const struct span meta_generation = { "billed", 6 };

/* --- Rows ----------------------------------------------------------------- */

static void
write_body(struct wbuf *w, const struct bill_row *row)
{
	write_u8(w, VERSION);
	write_u8(
	    w, (uint8_t)((row->has_amount ? HAS_AMOUNT : 0) |
			 (row->has_quantity ? HAS_QUANTITY : 0) |
			 (row->input_holds_cache ? INPUT_HOLDS_CACHE : 0)));
	for (int i = 0; i < BILL_TEXTS; i++)
		write_text(w, row->text[i]);
	for (int i = 0; i < BILL_COUNTS; i++)
		write_uvar(w, row->count[i]);
	write_text(w, row->currency);
	write_money(w, row->amount);
	write_money(w, row->elsewhere);
	write_money(w, row->quantity);
}

void
bill_row_write(struct wbuf *w, const struct bill_row *row)
{
	uint8_t bytes[BILL_ROW_BYTES_MAX];
	struct wbuf body;

	wbuf_init(&body, bytes, sizeof(bytes));
	write_body(&body, row);
	w->failed = w->failed || body.failed;
	write_be32(w, row->day);
	write_be32(w, (uint32_t)body.len);
	write_bytes(w, body.p, body.len);
}

bool
bill_row_read(struct span val, struct bill_row *row)
{
	struct rbuf r;
	uint8_t flags;

	rbuf_init(&r, val);
	if (read_u8(&r) != VERSION)
		return false;
	flags = read_u8(&r);
	*row = (struct bill_row){ .has_amount = (flags & HAS_AMOUNT) != 0,
		.has_quantity = (flags & HAS_QUANTITY) != 0,
		.input_holds_cache = (flags & INPUT_HOLDS_CACHE) != 0 };
	for (int i = 0; i < BILL_TEXTS; i++)
		row->text[i] = read_text(&r);
	for (int i = 0; i < BILL_COUNTS; i++)
		row->count[i] = read_uvar(&r);
	row->currency = read_text(&r);
	row->amount = read_money(&r);
	row->elsewhere = read_money(&r);
	row->quantity = read_money(&r);
	return !r.failed;
}

/* --- Keys ----------------------------------------------------------------- */

struct span
bill_row_key(uint8_t *buf, uint32_t generation, uint32_t day, uint32_t n)
{
	struct wbuf w;

	wbuf_init(&w, buf, BILL_KEY_MAX);
	write_u8(&w, 'r');
	write_be32(&w, generation);
	write_be32(&w, day);
	write_be32(&w, n);
	return wbuf_span(&w);
}

/* 'g' of a number, or 'x' of a number and a day. */
static struct span
number_key(uint8_t *buf, char tag, uint32_t generation, const uint32_t *day)
{
	struct wbuf w;

	wbuf_init(&w, buf, BILL_KEY_MAX);
	write_u8(&w, (uint8_t)tag);
	write_be32(&w, generation);
	if (day != NULL)
		write_be32(&w, *day);
	return wbuf_span(&w);
}

/* day: NULL for the beginning of all that the feed has. */
static struct span
feed_key(uint8_t *buf, char tag, struct text name, struct text feed,
    const uint32_t *day)
{
	struct wbuf w;

	wbuf_init(&w, buf, BILL_KEY_MAX);
	write_u8(&w, (uint8_t)tag);
	write_bytes(&w, name.p, name.len);
	write_u8(&w, 0);
	write_bytes(&w, feed.p, feed.len);
	if (day != NULL) {
		write_u8(&w, 0);
		write_be32(&w, *day);
	}
	return wbuf_span(&w);
}

struct span
bill_state_prefix(uint8_t *buf, struct text name)
{
	return feed_key(buf, 'b', name, (struct text){ 0 }, NULL);
}

static struct text
read_until_0(struct rbuf *r)
{
	const uint8_t *end =
	    memchr(r->p, 0, r->p == r->end ? 0 : (size_t)(r->end - r->p));
	struct text t = { (const char *)r->p, 0 };

	if (end == NULL) {
		r->failed = true;
		return t;
	}
	t.len = (uint32_t)(end - r->p);
	r->p = end + 1;
	return t;
}

bool
bill_day_read(struct span key, struct span val, struct bill_day *d)
{
	struct rbuf k, v;

	rbuf_init(&k, key);
	rbuf_init(&v, val);
	if (read_u8(&k) != 'd')
		return false;
	d->name = read_until_0(&k);
	if (!k.failed)
		d->feed = read_until_0(&k);
	d->day = read_be32(&k);
	if (read_u8(&v) != VERSION)
		return false;
	d->generation = read_be32(&v);
	d->at_ms = read_svar(&v);
	d->gives = (uint32_t)read_uvar(&v);
	return !k.failed && !v.failed;
}

static bool
begins_with(struct span k, struct span prefix)
{
	return k.len >= prefix.len && memcmp(k.p, prefix.p, prefix.len) == 0;
}

/* --- A walk --------------------------------------------------------------- */

static int
end_txn(struct ledger *l, int rc)
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
	    number_key(key, 'g', generation, NULL),
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
	return end_txn(l, rc);
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
	return end_txn(l, rc);
}

/* What the day pointed to is for the sweep from now on. */
static int
replace_day(struct store_txn *txn, const struct bill_end *e, uint32_t day)
{
	uint8_t key[BILL_KEY_MAX], gone[BILL_KEY_MAX], bytes[32];
	struct text name = text_of(e->account->name);
	struct span k = feed_key(key, 'd', name, text_of(e->feed), &day), val;
	struct bill_day old;
	struct wbuf w;
	int rc = store_get(txn, TABLE_BILLED, k, &val);

	if (rc == 0 && !bill_day_read(k, val, &old))
		return -ERR_STORE;
	if (rc == 0)
		rc = store_put(txn, TABLE_BILLED,
		    number_key(gone, 'x', old.generation, &day),
		    (struct span){ "", 0 });
	if (rc < 0)
		return rc;
	wbuf_init(&w, bytes, sizeof(bytes));
	write_u8(&w, VERSION);
	write_be32(&w, e->generation);
	write_svar(&w, e->at_ms);
	write_uvar(&w, e->gives);
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
		    number_key(key, 'g', e->generation, NULL));
	if (rc == 0 && e->state != NULL)
		rc = store_put(txn, TABLE_BILLED,
		    feed_key(key, 'b', text_of(e->account->name),
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
	return end_txn(l, rc);
}

int
ledger_account_put(struct ledger *l, struct account *a)
{
	struct bill_end e = { .account = a };

	return ledger_bill_end(l, &e);
}

/* --- The sweep ------------------------------------------------------------ */

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
		if (rc != 0 || !begins_with(k, prefix))
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
	struct span at = number_key(from, 'g', 0, NULL);
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
	rc = end_txn(l, sweep(w->txn, &left));
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
	return end_txn(l, rc == STORE_NOTFOUND ? 0 : rc);
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
		if (rc == 0 && !begins_with(key, prefix))
			return 0;
		if (rc == 0)
			rc = store_get(txn, TABLE_BILLED, key, &val);
		if (rc == 0 && !bill_day_read(key, val, &d))
			return -ERR_STORE;
		if (rc == 0)
			rc = store_put(txn, TABLE_BILLED,
			    number_key(gone, 'x', d.generation, &d.day),
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
		    feed_key(key, 'd', name, (struct text){ 0 }, NULL), &left);
	/* Last, so that who comes back to half of it can remove it again. */
	if (rc == 0 && left > 0)
		rc = account_delete(w->txn, name);
	rc = end_txn(l, rc);
	return rc != 0 ? rc : left == 0;
}

int
ledger_account_has_data(struct ledger *l, struct text name)
{
	uint8_t from[BILL_KEY_MAX], buf[BILL_KEY_MAX];
	struct span prefix =
			feed_key(from, 'd', name, (struct text){ 0 }, NULL),
		    key;
	struct store_txn *txn;
	bool flag;
	int rc = store_begin(l->store, false, &txn);

	if (rc != 0)
		return rc;
	rc = first_key(txn, prefix, buf, &key, &flag);
	store_abort(txn);
	if (rc == 0)
		return begins_with(key, prefix);
	return rc == STORE_NOTFOUND ? 0 : rc;
}

int
ledger_feed_drop(struct ledger *l, struct text name, struct text feed)
{
	struct writer *w = &l->writer;
	uint8_t key[BILL_KEY_MAX];
	uint32_t left = STEP_DAYS, first = 0;
	struct span days = feed_key(key, 'd', name, feed, &first);
	int rc = writer_begin(w, l->now_us());

	if (rc != 0)
		return rc;
	/* Without the day, but with what ends the feed's name. */
	days.len -= sizeof(first);
	rc = drop_days(w->txn, days, &left);
	if (rc == 0)
		rc = store_delete(
		    w->txn, TABLE_BILLED, feed_key(key, 'b', name, feed, NULL));
	if (rc == STORE_NOTFOUND)
		rc = 0;
	rc = end_txn(l, rc);
	return rc != 0 ? rc : left == 0;
}

/* --- Balances ------------------------------------------------------------- */

/* Of all feeds of an account: each value is {balances: [], windows: []}. */
static int
gather(struct store_cursor *c, struct span prefix, const char *member,
    struct packer *rows, uint32_t *n)
{
	struct wire_cursor map;
	struct packer part;
	struct span k, v;
	struct value list;
	int rc = store_seek(c, prefix, &k, &v);

	for (; rc == 0 && begins_with(k, prefix); rc = store_next(c, &k, &v)) {
		map = (struct wire_cursor){ v.p, (const uint8_t *)v.p + v.len };
		if (!unpack_member(map, member, &list) ||
		    list.type != VALUE_ARRAY)
			continue;
		part = (struct packer){ .p = (char *)(uintptr_t)list.rest.p,
			.len = v.len -
			       (size_t)(list.rest.p - (const uint8_t *)v.p) };
		for (uint32_t i = 0; i < list.n; i++)
			wire_skip(&list.rest);
		part.len = (size_t)(list.rest.p - (const uint8_t *)part.p);
		pack_packed(rows, &part);
		*n += list.n;
	}
	return rc == STORE_NOTFOUND ? 0 : rc;
}

static int
pack_member_list(struct store_cursor *c, struct span prefix, const char *member,
    struct packer *k)
{
	struct packer rows = { 0 };
	uint32_t n = 0;
	int rc = gather(c, prefix, member, &rows, &n);

	pack_str(k, member);
	pack_array(k, n);
	if (n > 0)
		pack_packed(k, &rows);
	packer_free(&rows);
	return rc;
}

int
ledger_pack_balances(struct ledger *l, struct text name, struct packer *k)
{
	uint8_t key[BILL_KEY_MAX];
	struct span prefix = bill_state_prefix(key, name);
	struct store_cursor *c = NULL;
	struct store_txn *txn = NULL;
	int rc = store_begin(l->store, false, &txn);

	if (rc == 0)
		rc = store_cursor_open(txn, TABLE_BILLED, &c);
	if (rc == 0)
		rc = pack_member_list(c, prefix, "balances", k);
	if (rc == 0)
		rc = pack_member_list(c, prefix, "windows", k);
	store_cursor_close(c);
	store_abort(txn);
	return rc;
}

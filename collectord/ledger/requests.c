#include "collectord/ledger/requests.h"

#include <stdlib.h>

#include "proto/error.h"

#define ROW_BYTES 16

static struct span
row_key(uint8_t buf[ROW_BYTES], const struct request_row *row)
{
	struct wbuf w;

	wbuf_init(&w, buf, ROW_BYTES);
	write_be64(&w, row->digest);
	write_be64(&w, row->number);
	return wbuf_span(&w);
}

static struct request_row
row_of(struct span key)
{
	struct request_row row;
	struct rbuf r;

	rbuf_init(&r, key);
	row.digest = read_be64(&r);
	row.number = read_be64(&r);
	return row;
}

static struct request_row
row_for(const struct digest_key *key, struct text request, uint64_t number)
{
	return (struct request_row){ digest64(key, request.p, request.len),
		number };
}

int
request_add(struct recent *recent, struct store_txn *txn,
    const struct digest_key *key, struct text request, uint64_t number)
{
	struct request_row row = row_for(key, request, number);
	uint8_t buf[ROW_BYTES];

	if (recent_takes_request(recent, number))
		return recent_add_request(recent, &row);
	return store_put(
	    txn, TABLE_REQUESTS, row_key(buf, &row), (struct span){ "", 0 });
}

int
request_remove(struct recent *recent, struct store_txn *txn,
    const struct digest_key *key, struct text request, uint64_t number)
{
	struct request_row row = row_for(key, request, number);
	uint8_t buf[ROW_BYTES];

	recent_requests_remove(&recent->requests, row.digest, number);
	return store_delete(txn, TABLE_REQUESTS, row_key(buf, &row));
}

static int
compare_numbers(const void *pa, const void *pb)
{
	uint64_t a = *(const uint64_t *)pa, b = *(const uint64_t *)pb;

	return a < b ? -1 : a > b;
}

/* Adds those of the table that are not in memory too. */
static int
list_stored(const struct recent *recent, struct store_txn *txn, uint64_t digest,
    uint64_t *numbers, size_t max, size_t *n)
{
	struct request_row row = { digest, 0 };
	struct store_cursor *c;
	struct span k, v;
	uint8_t buf[ROW_BYTES];
	int rc;

	rc = store_cursor_open(txn, TABLE_REQUESTS, &c);
	if (rc != 0)
		return rc;
	rc = store_seek(c, row_key(buf, &row), &k, &v);
	while (rc == 0 && *n < max) {
		row = row_of(k);
		if (row.digest != digest)
			break;
		if (!recent_requests_has(&recent->requests, digest, row.number))
			numbers[(*n)++] = row.number;
		rc = store_next(c, &k, &v);
	}
	store_cursor_close(c);
	return rc == STORE_NOTFOUND ? 0 : rc;
}

int
request_list(const struct recent *recent, struct store_txn *txn,
    const struct digest_key *key, struct text request, uint64_t *numbers,
    size_t max, size_t *n)
{
	uint64_t digest = digest64(key, request.p, request.len);
	int rc;

	*n = recent_requests_list(&recent->requests, digest, numbers, max);
	rc = list_stored(recent, txn, digest, numbers, max, n);
	if (*n > 1)
		qsort(numbers, *n, sizeof(*numbers), compare_numbers);
	return rc;
}

/* Two lists in order: the table's and those in memory. */
struct both {
	struct store_cursor *c;
	struct request_row stored;
	bool has_stored;
	struct request_row *recent;
	size_t n, at;
};

/* rc of the step that led to key. */
static int
take_stored(struct both *b, int rc, struct span key)
{
	b->has_stored = rc == 0;
	if (rc == 0)
		b->stored = row_of(key);
	return rc == STORE_NOTFOUND ? 0 : rc;
}

static int
step_stored(struct both *b)
{
	struct span k, v;
	int rc = store_next(b->c, &k, &v);

	return take_stored(b, rc, k);
}

/* Below 0: the table's row is the next; 0: both have it. */
static int
compare_next(const struct both *b)
{
	if (!b->has_stored)
		return 1;
	if (b->at == b->n)
		return -1;
	return request_row_compare(&b->stored, &b->recent[b->at]);
}

/* The next row of either, and on in those that have it. */
static int
take_next(struct both *b, struct request_row *row)
{
	int order = compare_next(b);

	*row = order <= 0 ? b->stored : b->recent[b->at];
	if (order >= 0)
		b->at++;
	return order <= 0 ? step_stored(b) : 0;
}

static int
walk_both(struct both *b, int (*each)(void *arg, const struct request_row *row),
    void *arg)
{
	struct request_row row;
	struct span k, v;
	int rc;

	rc = store_seek(b->c, (struct span){ "", 1 }, &k, &v);
	rc = take_stored(b, rc, k);
	while (rc == 0 && (b->has_stored || b->at < b->n)) {
		rc = take_next(b, &row);
		if (rc == 0)
			rc = each(arg, &row);
	}
	return rc;
}

int
request_each(const struct recent *recent, struct store_txn *txn,
    int (*each)(void *arg, const struct request_row *row), void *arg)
{
	struct both b = { .at = 0 };
	int rc;

	b.recent = recent_requests_sorted(&recent->requests, UINT64_MAX, &b.n);
	if (b.recent == NULL)
		return -ERR_STORE;
	rc = store_cursor_open(txn, TABLE_REQUESTS, &b.c);
	if (rc == 0) {
		rc = walk_both(&b, each, arg);
		store_cursor_close(b.c);
	}
	free(b.recent);
	return rc;
}

int
request_settle(struct store_cursor *c, const struct request_row *row)
{
	uint8_t buf[ROW_BYTES];
	bool exists;

	return store_add(c, row_key(buf, row), (struct span){ "", 0 }, &exists);
}

int
request_take_up(struct recent *recent, const struct digest_key *key,
    uint64_t number, const struct record *rec)
{
	struct text request = rec->m.text[EV_REQUEST];
	struct request_row row;

	if (rec->is_forward || request.len == 0)
		return 0;
	row = row_for(key, request, number);
	return recent_requests_set(&recent->requests, row.digest, number);
}

static int
load_one(struct recent *recent, const struct digest_key *key,
    struct span number, struct span val)
{
	struct record rec;
	struct rbuf r;
	uint64_t n;

	rbuf_init(&r, number);
	n = read_be64(&r);
	if (r.failed || !record_read(val, &rec))
		return -ERR_STORE;
	return request_take_up(recent, key, n, &rec);
}

static int
load_from(struct recent *recent, struct store_txn *txn,
    const struct digest_key *key, uint64_t from)
{
	struct store_cursor *c;
	struct span k, v;
	uint8_t buf[8];
	struct wbuf w;
	int rc = store_cursor_open(txn, TABLE_EVENTS, &c);

	if (rc != 0)
		return rc;
	wbuf_init(&w, buf, sizeof(buf));
	write_be64(&w, from);
	rc = store_seek(c, wbuf_span(&w), &k, &v);
	while (rc == 0) {
		rc = load_one(recent, key, k, v);
		if (rc == 0)
			rc = store_next(c, &k, &v);
	}
	store_cursor_close(c);
	return rc == STORE_NOTFOUND ? 0 : rc;
}

int
request_load_recent(
    struct recent *recent, struct store_txn *txn, const struct digest_key *key)
{
	struct sweep sweep;
	int rc = recent_load_sweep(txn, 0, &sweep);

	recent_requests_release(&recent->requests);
	/* Without the row all rows are in the table. */
	if (rc == 0 && sweep.is_stored)
		rc = load_from(recent, txn, key, sweep.settled + 1);
	recent->requests.is_known = rc == 0;
	return rc;
}

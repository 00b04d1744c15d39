#include <stdlib.h>

#include "collectord/ledger/aggregates.h"
#include "collectord/ledger/impl.h"
#include "collectord/ledger/methods/methods_impl.h"
#include "collectord/ledger/methods/params.h"

#define STEP_ROWS 1000

static bool
read_origin(struct ledger_call *c, struct text *origin)
{
	if (!param_text(c, "origin", origin))
		return false;
	if (origin->len > 0 && text_is_clean(*origin))
		return true;
	error_set(&c->error, ERR_MISSING, "origin", "who says so");
	return false;
}

/* --- aggregate_put -------------------------------------------------------- */

struct put_result {
	uint32_t n[AGGREGATE_KEPT + 1];
};

/* 0, a store error, or 1 with c->error. */
static int
put_rows(struct ledger_call *c, struct text origin, struct value list,
    struct put_result *result)
{
	struct writer *w = &c->ledger->writer;
	struct aggregate a = { .origin = origin };
	struct value row;
	int rc;

	for (; list.n > 0; list.n--) {
		if (unpack_value(&list.rest, &row) != 0 ||
		    row.type != VALUE_MAP) {
			error_set(&c->error, ERR_BAD_PARAMS, "rows",
			    "a row is a map");
			return 1;
		}
		if (unpack_aggregate(row.at, &a, &c->error) != 0)
			return 1;
		rc = aggregates_put(w->txn, &w->key, &a);
		if (rc < 0)
			return rc;
		result->n[rc]++;
	}
	return 0;
}

static void
pack_put_counts(struct packer *k, const struct put_result *r)
{
	pack_map(k, 3);
	pack_str(k, "stored");
	pack_u64(k, r->n[AGGREGATE_STORED]);
	pack_str(k, "changed");
	pack_u64(k, r->n[AGGREGATE_CHANGED]);
	pack_str(k, "kept");
	pack_u64(k, r->n[AGGREGATE_KEPT]);
}

int
method_aggregate_put(struct ledger_call *c)
{
	struct writer *w = &c->ledger->writer;
	struct put_result result = { 0 };
	struct text origin;
	struct value list;
	int rc;

	if (!read_origin(c, &origin))
		return METHOD_FAILED;
	if (!unpack_member(c->params, "rows", &list) ||
	    list.type != VALUE_ARRAY || list.n > AGGREGATE_ROWS_MAX)
		return method_fail(c, ERR_BAD_PARAMS, "rows",
		    "not a list of at most 1000 rows");
	rc = writer_begin(w, c->ledger->now_us());
	if (rc != 0)
		return method_store_error(c, rc);
	rc = put_rows(c, origin, list, &result);
	if (rc == 0)
		rc = writer_commit(w);
	else
		writer_abort(w);
	if (rc > 0)
		return METHOD_FAILED;
	if (rc < 0)
		return method_store_error(c, rc);
	pack_put_counts(c->result, &result);
	return METHOD_DONE;
}

/* --- aggregates ----------------------------------------------------------- */

/* Rows go to their own buffer, since their number comes before them. */
struct page {
	struct packer rows;
	uint32_t n;
	uint8_t last[AGGREGATE_KEY_BYTES];
	bool more;
};

static int
read_page(struct store_cursor *c, struct text after, struct page *p)
{
	struct aggregate a;
	struct span k, v;
	int rc;

	rc = after.len == 0
		 ? store_seek(c, (struct span){ "", 1 }, &k, &v)
		 : store_seek(c, (struct span){ after.p, after.len }, &k, &v);
	if (rc == 0 && k.len == after.len && memcmp(k.p, after.p, k.len) == 0)
		rc = store_next(c, &k, &v);
	for (; rc == 0 && p->n < AGGREGATE_ROWS_MAX;
	     rc = store_next(c, &k, &v)) {
		if (k.len != sizeof(p->last) || !aggregate_read(k, v, &a))
			return -ERR_STORE;
		pack_aggregate_of(&p->rows, &a);
		memcpy(p->last, k.p, k.len);
		p->n++;
	}
	p->more = rc == 0;
	return rc == STORE_NOTFOUND ? 0 : rc;
}

static void
pack_page(struct packer *k, const struct page *p)
{
	pack_map(k, 1u + p->more);
	pack_str(k, "rows");
	pack_array(k, p->n);
	pack_packed(k, &p->rows);
	if (p->more) {
		pack_str(k, "next");
		pack_bytes(k, p->last, sizeof(p->last));
	}
}

int
method_aggregates(struct ledger_call *c)
{
	struct store_cursor *cursor = NULL;
	struct store_txn *txn = NULL;
	struct page p = { 0 };
	struct text after;
	int rc;

	if (!param_text(c, "after", &after))
		return METHOD_FAILED;
	rc = store_begin(c->ledger->store, false, &txn);
	if (rc == 0)
		rc = store_cursor_open(txn, TABLE_AGGREGATES, &cursor);
	if (rc == 0)
		rc = read_page(cursor, after, &p);
	store_cursor_close(cursor);
	store_abort(txn);
	if (rc == 0)
		pack_page(c->result, &p);
	packer_free(&p.rows);
	return rc == 0 ? METHOD_DONE : method_store_error(c, rc);
}

/* --- aggregate_drop ------------------------------------------------------- */

struct drop {
	uint8_t at[AGGREGATE_KEY_BYTES]; /* all before are looked at */
	size_t at_len;
	uint64_t dropped;
	bool done;
};

/* Notes the keys of that origin among the next rows. */
static int
find_rows(struct drop *d, struct store_txn *txn, struct text origin,
    uint8_t (*keys)[AGGREGATE_KEY_BYTES], size_t *n)
{
	struct aggregate a;
	struct store_cursor *c;
	struct span k, v;
	size_t seen;
	int rc;

	rc = store_cursor_open(txn, TABLE_AGGREGATES, &c);
	if (rc != 0)
		return rc;
	rc = store_seek(c, (struct span){ d->at, d->at_len }, &k, &v);
	for (seen = 0; rc == 0 && seen < STEP_ROWS; seen++) {
		if (k.len != sizeof(d->at) || !aggregate_read(k, v, &a)) {
			rc = -ERR_STORE;
			break;
		}
		if (text_eq(a.origin, origin))
			memcpy(keys[(*n)++], k.p, k.len);
		rc = store_next(c, &k, &v);
	}
	if (rc == 0) {
		memcpy(d->at, k.p, sizeof(d->at));
		d->at_len = sizeof(d->at);
	}
	d->done = rc == STORE_NOTFOUND;
	store_cursor_close(c);
	return rc == STORE_NOTFOUND ? 0 : rc;
}

static int
drop_some(struct ledger *l, struct drop *d, struct text origin)
{
	uint8_t keys[STEP_ROWS][AGGREGATE_KEY_BYTES];
	struct writer *w = &l->writer;
	size_t i, n = 0;
	int rc = writer_begin(w, l->now_us());

	if (rc != 0)
		return rc;
	rc = find_rows(d, w->txn, origin, keys, &n);
	for (i = 0; rc == 0 && i < n; i++)
		rc = store_delete(w->txn, TABLE_AGGREGATES,
		    (struct span){ keys[i], sizeof(keys[i]) });
	if (rc == 0)
		rc = writer_commit(w);
	else
		writer_abort(w);
	if (rc == 0)
		d->dropped += n;
	return rc;
}

void
method_aggregate_drop_cancel(struct ledger_call *c)
{
	free(c->state);
	c->state = NULL;
}

static int
end_drop(struct ledger_call *c, uint64_t dropped, int rc)
{
	method_aggregate_drop_cancel(c);
	if (rc == 0 && dropped == 0)
		rc = STORE_NOTFOUND;
	if (rc != 0)
		return method_store_error(c, rc);
	pack_map(c->result, 1);
	pack_str(c->result, "dropped");
	pack_u64(c->result, dropped);
	return METHOD_DONE;
}

int
method_aggregate_drop(struct ledger_call *c)
{
	struct drop *d = c->state;
	struct text origin;
	int rc;

	if (!read_origin(c, &origin))
		return METHOD_FAILED;
	if (d == NULL) {
		c->state = d = calloc(1, sizeof(*d));
		if (d == NULL)
			return method_fail(c, ERR_BUSY, NULL, "no memory");
		d->at_len = 1;
	}
	rc = drop_some(c->ledger, d, origin);
	if (rc == 0 && !d->done)
		return METHOD_AGAIN;
	return end_drop(c, d->dropped, rc);
}

#include <stdlib.h>

#include "collectord/ledger/impl.h"
#include "proto/error.h"

#define TABLE_PAGE 1000 /* rows of a small table in one reply */

struct rows {
	struct span key[TABLE_PAGE], val[TABLE_PAGE];
	uint32_t n;
};

/* The rows behind `after` that begin with prefix; they point into the map. */
static int
list_rows(struct store_txn *txn, enum store_table t, struct text prefix,
    struct text after, struct rows *rows)
{
	struct text from = text_cmp(after, prefix) > 0 ? after : prefix;
	struct span start = { from.p, from.len }, k, v;
	struct store_cursor *c;
	int rc;

	if (start.len == 0)
		start = (struct span){ "", 1 };
	rc = store_cursor_open(txn, t, &c);
	if (rc != 0)
		return rc;
	rc = store_seek(c, start, &k, &v);
	for (; rc == 0 && rows->n < TABLE_PAGE; rc = store_next(c, &k, &v)) {
		if (k.len < prefix.len ||
		    (prefix.len > 0 && memcmp(k.p, prefix.p, prefix.len) != 0))
			break;
		if (k.len == after.len && memcmp(k.p, after.p, k.len) == 0)
			continue;
		rows->key[rows->n] = k;
		rows->val[rows->n++] = v;
	}
	store_cursor_close(c);
	return rc == STORE_NOTFOUND ? 0 : rc;
}

static void
pack_source(struct packer *k, struct span key, struct span val)
{
	struct source_note n = { 0 };

	(void)key;
	source_read(val, &n);
	pack_map(k, 5);
	pack_str(k, "machine");
	pack_text(k, n.machine);
	pack_str(k, "agent");
	pack_text(k, n.agent);
	pack_str(k, "source");
	pack_text(k, n.source);
	pack_str(k, "last");
	pack_i64(k, n.last_ms);
	pack_str(k, "events");
	pack_u64(k, n.sights);
}

static void
pack_cursor(struct packer *k, struct span key, struct span val)
{
	pack_map(k, 2);
	pack_str(k, "name");
	pack_text(k, (struct text){ key.p, (uint32_t)key.len });
	pack_str(k, "value");
	pack_bytes(k, val.p, val.len);
}

static int
pack_rows(struct ledger *l, enum store_table t, struct text prefix,
    struct text after, struct packer *k,
    void (*pack)(struct packer *k, struct span key, struct span val))
{
	struct rows *rows = calloc(1, sizeof(*rows));
	struct store_txn *txn = NULL;
	uint32_t i;
	int rc = -ERR_STORE;

	if (rows != NULL)
		rc = store_begin(l->store, false, &txn);
	if (rc == 0)
		rc = list_rows(txn, t, prefix, after, rows);
	if (rc == 0) {
		pack_array(k, rows->n);
		for (i = 0; i < rows->n; i++)
			pack(k, rows->key[i], rows->val[i]);
	}
	store_abort(txn);
	free(rows);
	return -rc;
}

int
ledger_pack_sources(struct ledger *l, struct packer *k)
{
	return pack_rows(l, TABLE_SOURCES, (struct text){ 0 },
	    (struct text){ 0 }, k, pack_source);
}

int
ledger_pack_cursors(
    struct ledger *l, struct text prefix, struct text after, struct packer *k)
{
	return pack_rows(l, TABLE_CURSORS, prefix, after, k, pack_cursor);
}

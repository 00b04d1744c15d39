#include <string.h>

#include "collectord/ledger/billing/billed_impl.h"
#include "collectord/ledger/impl.h"
#include "proto/error.h"

/* Whose day it is; len 0: it is none. */
static struct text
owner_of(struct span key)
{
	const char *p = key.p;
	const char *end =
	    key.len < 2 || p[0] != 'd' ? NULL : memchr(p + 1, 0, key.len - 1);

	if (end == NULL)
		return (struct text){ 0 };
	return (struct text){ p + 1, (uint32_t)(end - p - 1) };
}

/* Behind all days of it. */
static struct span
key_behind(uint8_t *buf, struct text name)
{
	struct wbuf w;

	wbuf_init(&w, buf, BILL_KEY_MAX);
	write_u8(&w, 'd');
	write_bytes(&w, name.p, name.len);
	write_u8(&w, 1);
	return wbuf_span(&w);
}

static int
pack_unowned(
    struct store_txn *txn, struct text name, struct packer *rows, uint32_t *n)
{
	struct account a;
	int rc = account_get(txn, name, &a);

	if (rc != STORE_NOTFOUND)
		return rc;
	pack_text(rows, name);
	++*n;
	return 0;
}

static int
gather(struct store_txn *txn, struct store_cursor *c, struct packer *rows,
    uint32_t *n)
{
	uint8_t buf[BILL_KEY_MAX];
	struct span k, v;
	struct text name;
	int rc = store_seek(c, (struct span){ "d", 1 }, &k, &v);

	while (rc == 0 && (name = owner_of(k)).len > 0) {
		rc = pack_unowned(txn, name, rows, n);
		if (rc == 0)
			rc = store_seek(c, key_behind(buf, name), &k, &v);
	}
	return rc == STORE_NOTFOUND ? 0 : rc;
}

int
ledger_pack_remains(struct ledger *l, struct packer *k)
{
	struct packer rows = { 0 };
	struct store_cursor *c = NULL;
	struct store_txn *txn = NULL;
	uint32_t n = 0;
	int rc = store_begin(l->store, false, &txn);

	if (rc == 0)
		rc = store_cursor_open(txn, TABLE_BILLED, &c);
	if (rc == 0)
		rc = gather(txn, c, &rows, &n);
	store_cursor_close(c);
	store_abort(txn);
	pack_array(k, n);
	if (n > 0)
		pack_packed(k, &rows);
	packer_free(&rows);
	return rc;
}

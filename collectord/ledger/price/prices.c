#include "collectord/ledger/price/prices.h"

#include "collectord/ledger/digest.h"
#include "proto/error.h"

/* Pattern and tier can be longer than a key may be. */
static struct span
key_of(uint8_t buf[12], const struct price_override *o)
{
	static const struct digest_key key = { 0 };
	uint8_t texts[PRICE_PATTERN_MAX + LIMIT_TEXT + 8];
	struct wbuf t, w;

	wbuf_init(&t, texts, sizeof(texts));
	write_text(&t, o->pattern);
	write_text(&t, o->tier);
	wbuf_init(&w, buf, 12);
	write_be64(&w, digest64(&key, t.p, t.len));
	write_be32(&w, (uint32_t)o->since_day);
	return wbuf_span(&w);
}

int
prices_put(struct store_txn *txn, const struct price_override *o)
{
	uint8_t key[12], bytes[PRICE_OVERRIDE_BYTES_MAX];
	struct wbuf w;

	wbuf_init(&w, bytes, sizeof(bytes));
	price_override_write(&w, o);
	if (w.failed)
		return -ERR_STORE;
	return store_put(txn, TABLE_PRICES, key_of(key, o), wbuf_span(&w));
}

int
prices_delete(struct store_txn *txn, const struct price_override *o)
{
	uint8_t key[12];
	struct span val;
	int rc = store_get(txn, TABLE_PRICES, key_of(key, o), &val);

	return rc != 0 ? rc : store_delete(txn, TABLE_PRICES, key_of(key, o));
}

static int
load(struct store_txn *txn, struct price_book *book)
{
	struct price_override o;
	struct store_cursor *c;
	struct span key, val;
	int rc;

	rc = store_cursor_open(txn, TABLE_PRICES, &c);
	if (rc != 0)
		return rc;
	rc = store_seek(c, (struct span){ "", 1 }, &key, &val);
	while (rc == 0) {
		if (!price_override_read(val, &o) ||
		    price_book_add(book, &o) != 0)
			rc = -ERR_STORE;
		else
			rc = store_next(c, &key, &val);
	}
	store_cursor_close(c);
	return rc == STORE_NOTFOUND ? 0 : rc;
}

int
prices_load(struct store *store, struct price_book *book)
{
	struct store_txn *txn;
	int rc = store_begin(store, false, &txn);

	if (rc != 0)
		return rc;
	rc = load(txn, book);
	store_abort(txn);
	return rc;
}

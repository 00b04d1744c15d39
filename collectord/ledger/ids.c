#include "collectord/ledger/ids.h"

#include "collectord/ledger/dims.h"
#include "proto/error.h"

#define PROBES_MAX 255

/* The bytes of a whole id; *high_len of them make the digest's first half. */
static void
write_id(struct wbuf *w, bool is_call, const struct text texts[EV_TEXTS],
    size_t *high_len)
{
	char model[LIMIT_TEXT];
	size_t n;

	write_u8(w, is_call ? 'c' : 'k');
	if (is_call) {
		write_text(w, texts[EV_CALL]);
		*high_len = w->len;
		n = event_canonical_model(texts[EV_MODEL], model);
		write_text(w, (struct text){ model, (uint32_t)n });
		return;
	}
	write_text(w, texts[EV_MACHINE]);
	write_text(w, texts[EV_SESSION]);
	*high_len = w->len;
	write_text(w, texts[EV_MESSAGE]);
}

static void
make(struct id *id, const struct digest_key *key, bool is_call,
    const struct text texts[EV_TEXTS])
{
	struct wbuf w;
	size_t high_len;

	wbuf_init(&w, id->bytes, sizeof(id->bytes));
	write_id(&w, is_call, texts, &high_len);
	id->is_call = is_call;
	id->len = (uint16_t)w.len;
	id->high = digest64(key, w.p, high_len);
	id->low = digest64(key, w.p + high_len, w.len - high_len);
}

void
id_of_key(struct id *id, const struct digest_key *key,
    const struct text texts[EV_TEXTS])
{
	make(id, key, false, texts);
}

void
id_of_call(struct id *id, const struct digest_key *key,
    const struct text texts[EV_TEXTS])
{
	make(id, key, true, texts);
}

bool
id_is_told_by(const struct id *id, const struct record *rec)
{
	uint8_t bytes[ID_BYTES_MAX];
	struct wbuf w;
	size_t high_len;

	wbuf_init(&w, bytes, sizeof(bytes));
	write_id(&w, id->is_call, rec->m.text, &high_len);
	return w.len == id->len && memcmp(bytes, id->bytes, w.len) == 0;
}

/* Compares with the record's own texts, interned ones included. */
static int
is_told_by_number(
    struct store_txn *txn, const struct id *id, uint64_t number, bool *told)
{
	struct text texts[EV_TEXTS] = { { 0 } };
	uint8_t key[8];
	struct record rec;
	struct wbuf w;
	struct span val;
	int rc;

	wbuf_init(&w, key, sizeof(key));
	write_be64(&w, number);
	rc = store_get(txn, TABLE_EVENTS, wbuf_span(&w), &val);
	if (rc != 0)
		return rc == STORE_NOTFOUND ? -ERR_STORE : rc;
	if (!record_read(val, &rec) || rec.is_forward)
		return -ERR_STORE;
	rc = dims_texts(txn, rec.dims, texts, NULL);
	if (rc == 0)
		rc = session_texts(txn, rec.session, texts);
	record_fill(&rec, texts);
	*told = rc == 0 && id_is_told_by(id, &rec);
	return rc;
}

static int
is_same(struct store_txn *txn, const struct id *id, struct span val,
    struct id_place *at, bool *same)
{
	struct rbuf r;

	rbuf_init(&r, val);
	at->number = read_be64(&r);
	if (r.failed)
		return -ERR_STORE;
	at->is_whole = r.p < r.end;
	if (!at->is_whole)
		return is_told_by_number(txn, id, at->number, same);
	*same = (size_t)(r.end - r.p) == id->len &&
		memcmp(r.p, id->bytes, id->len) == 0;
	return 0;
}

static void
place_key(struct id_place *at, const struct id *id, uint8_t probe)
{
	struct wbuf w;

	wbuf_init(&w, at->key, sizeof(at->key));
	write_be64(&w, id->high);
	write_be64(&w, id->low);
	write_u8(&w, probe);
}

/* The probe byte is left out while it is 0, as it practically always is. */
static struct span
place_span(const struct id_place *at)
{
	return (struct span){ at->key, at->key[16] == 0 ? 16 : 17 };
}

int
id_find(struct store_txn *txn, const struct id *id, struct id_place *at)
{
	struct span val;
	bool same = false;
	int probe, rc;

	*at = (struct id_place){ 0 };
	for (probe = 0; probe <= PROBES_MAX; probe++) {
		place_key(at, id, (uint8_t)probe);
		rc = store_get(txn, TABLE_IDS, place_span(at), &val);
		if (rc == STORE_NOTFOUND)
			return 0;
		if (rc == 0)
			rc = is_same(txn, id, val, at, &same);
		if (rc != 0)
			return rc;
		if (same) {
			at->found = true;
			return 0;
		}
	}
	return -ERR_STORE;
}

int
id_store(struct store_txn *txn, const struct id *id, const struct id_place *at,
    uint64_t number, bool whole)
{
	uint8_t buf[8 + ID_BYTES_MAX];
	struct wbuf w;

	wbuf_init(&w, buf, sizeof(buf));
	write_be64(&w, number);
	if (whole)
		write_bytes(&w, id->bytes, id->len);
	return store_put(txn, TABLE_IDS, place_span(at), wbuf_span(&w));
}

static struct span
request_key(uint8_t buf[16], const struct digest_key *key, struct text request,
    uint64_t number)
{
	struct wbuf w;

	wbuf_init(&w, buf, 16);
	write_be64(&w, digest64(key, request.p, request.len));
	write_be64(&w, number);
	return wbuf_span(&w);
}

int
request_add(struct store_txn *txn, const struct digest_key *key,
    struct text request, uint64_t number)
{
	uint8_t buf[16];

	return store_put(txn, TABLE_REQUESTS,
	    request_key(buf, key, request, number), (struct span){ "", 0 });
}

int
request_remove(struct store_txn *txn, const struct digest_key *key,
    struct text request, uint64_t number)
{
	uint8_t buf[16];

	return store_delete(
	    txn, TABLE_REQUESTS, request_key(buf, key, request, number));
}

int
request_list(struct store_txn *txn, const struct digest_key *key,
    struct text request, uint64_t *numbers, size_t max, size_t *n)
{
	struct store_cursor *c;
	struct span k, v;
	struct rbuf r;
	uint8_t buf[16];
	int rc;

	*n = 0;
	rc = store_cursor_open(txn, TABLE_REQUESTS, &c);
	if (rc != 0)
		return rc;
	rc = store_seek(c, request_key(buf, key, request, 0), &k, &v);
	while (rc == 0 && *n < max && memcmp(k.p, buf, 8) == 0) {
		rbuf_init(&r, k);
		read_be64(&r);
		numbers[(*n)++] = read_be64(&r);
		rc = store_next(c, &k, &v);
	}
	store_cursor_close(c);
	return rc == STORE_NOTFOUND ? 0 : rc;
}

#include "collectord/ledger/ids.h"

#include "collectord/ledger/dims.h"
#include "collectord/ledger/requests.h"
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

/* Are these the bytes that the record's own texts make? */
static bool
is_of_texts(const struct id *id, const struct record *rec)
{
	uint8_t bytes[ID_BYTES_MAX];
	struct wbuf w;
	size_t high_len;

	wbuf_init(&w, bytes, sizeof(bytes));
	write_id(&w, id->is_call, rec->m.text, &high_len);
	return w.len == id->len && memcmp(bytes, id->bytes, w.len) == 0;
}

bool
id_call_is_told(const struct record *rec)
{
	const struct merged *m = &rec->m;

	if (m->text[EV_CALL].len == 0)
		return false;
	return m->text[EV_MODEL].len == 0 ||
	       stamp_cmp(&m->stamp[EV_CALL], &m->stamp[EV_MODEL]) == 0;
}

bool
id_is_told_by(const struct id *id, const struct record *rec)
{
	return (!id->is_call || id_call_is_told(rec)) && is_of_texts(id, rec);
}

static int
fill_record(struct store_txn *txn, struct record *rec)
{
	struct text texts[EV_TEXTS] = { { 0 } };
	int rc = dims_texts(txn, rec->dims, texts, NULL);

	if (rc == 0)
		rc = session_texts(txn, rec->session, texts);
	if (rc == 0)
		record_fill(rec, texts);
	return rc;
}

/* Compares with the record's own texts, interned ones included. */
static int
is_told_by_number(
    struct store_txn *txn, const struct id *id, uint64_t number, bool *told)
{
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
	rc = fill_record(txn, &rec);
	*told = rc == 0 && is_of_texts(id, &rec);
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
place_key(uint8_t place[17], uint64_t high, uint64_t low, uint8_t probe)
{
	struct wbuf w;

	wbuf_init(&w, place, 17);
	write_be64(&w, high);
	write_be64(&w, low);
	write_u8(&w, probe);
}

/* The probe byte is left out while it is 0, as it practically always is. */
static struct span
place_span(const uint8_t place[17])
{
	return (struct span){ place, place[16] == 0 ? 16 : 17 };
}

static int
find_in_table(struct store_txn *txn, const struct id *id, struct id_place *at)
{
	struct span val;
	bool same = false;
	int probe, rc;

	for (probe = 0; probe <= PROBES_MAX; probe++) {
		place_key(at->key, id->high, id->low, (uint8_t)probe);
		rc = store_get(txn, TABLE_IDS, place_span(at->key), &val);
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
id_find(const struct recent *recent, struct store_txn *txn, const struct id *id,
    struct id_place *at)
{
	int rc;

	*at = (struct id_place){ 0 };
	at->number = recent_ids_find(&recent->ids, id->high, id->low);
	if (at->number != 0) {
		rc = is_told_by_number(txn, id, at->number, &at->found);
		at->is_recent = at->found;
		if (rc != 0 || at->found)
			return rc;
	}
	return find_in_table(txn, id, at);
}

static int
store_in_table(struct store_txn *txn, const struct id *id,
    const struct id_place *at, uint64_t number, bool whole)
{
	uint8_t buf[8 + ID_BYTES_MAX];
	struct wbuf w;

	wbuf_init(&w, buf, sizeof(buf));
	write_be64(&w, number);
	if (whole)
		write_bytes(&w, id->bytes, id->len);
	return store_put(txn, TABLE_IDS, place_span(at->key), wbuf_span(&w));
}

/* An entry is in one of the two places only, lest they come to differ. */
int
id_store(struct recent *recent, struct store_txn *txn, const struct id *id,
    const struct id_place *at, uint64_t number, bool whole)
{
	struct id_place place = *at;
	int rc;

	if (!whole && recent_takes_id(recent, id->high, id->low, number)) {
		rc = recent_add_id(recent, id->high, id->low, number);
		if (rc == 0 && at->found && !at->is_recent)
			rc = store_delete(txn, TABLE_IDS, place_span(at->key));
		return rc;
	}
	if (at->is_recent) {
		recent_ids_remove(&recent->ids, id->high, id->low);
		rc = find_in_table(txn, id, &place);
		if (rc != 0)
			return rc;
	}
	return store_in_table(txn, id, &place, number, whole);
}

int
id_settle(struct store_cursor *c, uint64_t high, uint64_t low, uint64_t number)
{
	uint8_t place[17], bytes[8];
	struct wbuf w;
	bool exists;
	int probe, rc;

	wbuf_init(&w, bytes, sizeof(bytes));
	write_be64(&w, number);
	for (probe = 0; probe <= PROBES_MAX; probe++) {
		place_key(place, high, low, (uint8_t)probe);
		rc = store_add(c, place_span(place), wbuf_span(&w), &exists);
		if (rc != 0 || !exists)
			return rc;
	}
	return -ERR_STORE;
}

static int
set_told(struct recent *recent, const struct id *id, uint64_t number)
{
	if (!recent_takes_id(recent, id->high, id->low, number))
		return 0;
	return recent_add_id(recent, id->high, id->low, number);
}

static int
load_one(struct recent *recent, struct store_txn *txn,
    const struct digest_key *key, struct span number, struct span val)
{
	struct record rec;
	struct rbuf r;
	struct id id;
	uint64_t n;
	int rc;

	rbuf_init(&r, number);
	n = read_be64(&r);
	if (r.failed || !record_read(val, &rec))
		return -ERR_STORE;
	if (rec.is_forward)
		return 0;
	rc = request_take_up(recent, key, n, &rec);
	if (rc == 0)
		rc = fill_record(txn, &rec);
	if (rc != 0)
		return rc;
	id_of_key(&id, key, rec.m.text);
	rc = set_told(recent, &id, n);
	if (rc != 0 || !id_call_is_told(&rec))
		return rc;
	id_of_call(&id, key, rec.m.text);
	return set_told(recent, &id, n);
}

int
id_load_recent(struct recent *recent, struct store_txn *txn,
    const struct digest_key *key, uint64_t newest)
{
	struct store_cursor *c;
	struct sweep sweep;
	struct span k, v;
	uint8_t buf[8];
	struct wbuf w;
	int rc = recent_load_sweep(txn, newest, &sweep);

	recent_init(recent, &sweep);
	if (rc == 0)
		rc = store_cursor_open(txn, TABLE_EVENTS, &c);
	if (rc != 0)
		return rc;
	wbuf_init(&w, buf, sizeof(buf));
	write_be64(&w, sweep.settled + 1);
	rc = store_seek(c, wbuf_span(&w), &k, &v);
	while (rc == 0) {
		rc = load_one(recent, txn, key, k, v);
		if (rc == 0)
			rc = store_next(c, &k, &v);
	}
	store_cursor_close(c);
	rc = rc == STORE_NOTFOUND ? 0 : rc;
	recent->requests.is_known = rc == 0;
	recent->added = 0;
	return rc;
}

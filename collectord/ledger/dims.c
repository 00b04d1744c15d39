#include "collectord/ledger/dims.h"

#include <stdlib.h>

#include "proto/error.h"

#define CACHE_SLOTS 4096 /* a power of two */
#define TUPLE_MAX ((DIMS_LAST - DIMS_FIRST + 2) * (LIMIT_TEXT + 2) + 10)
#define PROBES_MAX 255

struct intern_slot {
	uint32_t id;
	enum store_table table;
	struct span tuple; /* owned; NULL: empty */
};

void
interner_init(struct interner *in, const struct digest_key *key)
{
	*in = (struct interner){ .key = *key };
}

void
interner_forget(struct interner *in)
{
	size_t i;

	for (i = 0; in->slots != NULL && i < CACHE_SLOTS; i++) {
		free((void *)(uintptr_t)in->slots[i].tuple.p);
		in->slots[i] = (struct intern_slot){ 0 };
	}
}

void
interner_release(struct interner *in)
{
	interner_forget(in);
	free(in->slots);
	in->slots = NULL;
}

static bool
span_eq(struct span a, struct span b)
{
	return a.len == b.len && memcmp(a.p, b.p, a.len) == 0;
}

static void
remember(struct intern_slot *slot, enum store_table t, struct span tuple,
    uint32_t id)
{
	void *copy = malloc(tuple.len);

	free((void *)(uintptr_t)slot->tuple.p);
	*slot = (struct intern_slot){ 0 };
	if (copy == NULL)
		return;
	memcpy(copy, tuple.p, tuple.len);
	*slot = (struct intern_slot){ id, t, { copy, tuple.len } };
}

/* Rows by number sort behind rows by digest, so the last row has the newest. */
static struct span
id_key(uint8_t buf[8], uint32_t id)
{
	struct wbuf w;

	wbuf_init(&w, buf, 8);
	write_u8(&w, 'i');
	write_be32(&w, id);
	return wbuf_span(&w);
}

static struct span
digest_key(uint8_t buf[16], uint64_t digest, uint8_t probe)
{
	struct wbuf w;

	wbuf_init(&w, buf, 16);
	write_u8(&w, 'd');
	write_be64(&w, digest);
	write_u8(&w, probe);
	return wbuf_span(&w);
}

int
intern_count(struct store_txn *txn, enum store_table t, uint32_t *n)
{
	struct store_cursor *c;
	struct span k, v;
	struct rbuf r;
	int rc;

	*n = 0;
	rc = store_cursor_open(txn, t, &c);
	if (rc != 0)
		return rc;
	rc = store_last(c, &k, &v);
	if (rc == 0) {
		rbuf_init(&r, k);
		if (read_u8(&r) == 'i')
			*n = read_be32(&r) + 1;
	}
	store_cursor_close(c);
	return rc == STORE_NOTFOUND ? 0 : rc;
}

static int
tuple_by_id(
    struct store_txn *txn, enum store_table t, uint32_t id, struct span *tuple)
{
	uint8_t buf[8];
	int rc = store_get(txn, t, id_key(buf, id), tuple);

	return rc == STORE_NOTFOUND ? -ERR_STORE : rc;
}

static int
make_new(struct store_txn *txn, enum store_table t, struct span key,
    struct span tuple, uint32_t *id)
{
	uint8_t buf[8], number[4];
	struct wbuf w;
	int rc;

	rc = intern_count(txn, t, id);
	if (rc != 0)
		return rc;
	wbuf_init(&w, number, sizeof(number));
	write_be32(&w, *id);
	rc = store_put(txn, t, key, wbuf_span(&w));
	if (rc != 0)
		return rc;
	return store_append(txn, t, id_key(buf, *id), tuple);
}

/*
 * Finds the tuple's number. STORE_NOTFOUND: it has none; key (of buf) is then
 * where it belongs.
 */
static int
find(struct store_txn *txn, enum store_table t, uint64_t digest,
    struct span tuple, uint8_t buf[16], struct span *key, uint32_t *id)
{
	struct span val, known;
	struct rbuf r;
	int probe, rc;

	for (probe = 0; probe <= PROBES_MAX; probe++) {
		*key = digest_key(buf, digest, (uint8_t)probe);
		rc = store_get(txn, t, *key, &val);
		if (rc != 0)
			return rc;
		rbuf_init(&r, val);
		*id = read_be32(&r);
		rc = tuple_by_id(txn, t, *id, &known);
		if (rc != 0 || span_eq(known, tuple))
			return rc;
	}
	return -ERR_STORE;
}

static int
find_or_make(struct store_txn *txn, enum store_table t, uint64_t digest,
    struct span tuple, uint32_t *id)
{
	struct span key;
	uint8_t buf[16];
	int rc = find(txn, t, digest, tuple, buf, &key, id);

	if (rc == STORE_NOTFOUND)
		rc = make_new(txn, t, key, tuple, id);
	return rc;
}

/* Only picks a place in the cache, so it may be weak; the tuple is compared. */
static uint64_t
cheap_hash(struct span s)
{
	const uint8_t *p = s.p;
	uint64_t w, h = s.len;
	size_t left = s.len;

	for (; left >= sizeof(w); left -= sizeof(w), p += sizeof(w)) {
		memcpy(&w, p, sizeof(w));
		h = (h ^ w) * 0x9e3779b97f4a7c15u;
		h ^= h >> 29;
	}
	for (; left > 0; left--)
		h = (h ^ *p++) * 0x9e3779b97f4a7c15u;
	return h ^ h >> 32;
}

static int
intern(struct interner *in, struct store_txn *txn, enum store_table t,
    struct span tuple, uint32_t *id)
{
	uint64_t hash = cheap_hash(tuple) + (uint64_t)t;
	struct intern_slot *slot;
	int rc;

	/* Readers hardly ever come here, so they need not pay for it. */
	if (in->slots == NULL)
		in->slots = calloc(CACHE_SLOTS, sizeof(*in->slots));
	if (in->slots == NULL)
		return -ERR_STORE;
	slot = &in->slots[hash & (CACHE_SLOTS - 1)];

	if (slot->tuple.p != NULL && slot->table == t &&
	    span_eq(slot->tuple, tuple)) {
		*id = slot->id;
		return 0;
	}
	rc = find_or_make(
	    txn, t, digest64(&in->key, tuple.p, tuple.len), tuple, id);
	if (rc == 0)
		remember(slot, t, tuple, *id);
	return rc;
}

int
intern_dims(struct interner *in, struct store_txn *txn,
    const struct text texts[EV_TEXTS], uint64_t pricing, uint32_t *id)
{
	uint8_t buf[TUPLE_MAX];
	struct wbuf w;
	int i;

	wbuf_init(&w, buf, sizeof(buf));
	write_text(&w, texts[EV_MACHINE]);
	for (i = DIMS_FIRST; i <= DIMS_LAST; i++)
		write_text(&w, texts[i]);
	write_uvar(&w, pricing);
	return intern(in, txn, TABLE_DIMS, wbuf_span(&w), id);
}

static struct span
session_tuple(struct wbuf *w, uint8_t *buf, size_t cap, struct text machine,
    struct text session)
{
	wbuf_init(w, buf, cap);
	write_text(w, machine);
	write_text(w, session);
	return wbuf_span(w);
}

int
intern_session(struct interner *in, struct store_txn *txn, struct text machine,
    struct text session, uint32_t *id)
{
	uint8_t buf[TUPLE_MAX];
	struct wbuf w;

	return intern(in, txn, TABLE_SESSIONS,
	    session_tuple(&w, buf, sizeof(buf), machine, session), id);
}

int
session_find(struct store_txn *txn, const struct digest_key *key,
    struct text machine, struct text session, uint32_t *id)
{
	uint8_t buf[TUPLE_MAX], place[16];
	struct span tuple, at;
	struct wbuf w;

	tuple = session_tuple(&w, buf, sizeof(buf), machine, session);
	return find(txn, TABLE_SESSIONS, digest64(key, tuple.p, tuple.len),
	    tuple, place, &at, id);
}

int
intern_rule(
    struct interner *in, struct store_txn *txn, struct span rule, uint32_t *id)
{
	return intern(in, txn, TABLE_RULES, rule, id);
}

int
rule_find(struct store_txn *txn, const struct digest_key *key, struct span rule,
    uint32_t *number)
{
	uint8_t place[16];
	struct span at;
	uint32_t found;
	int rc = find(txn, TABLE_RULES, digest64(key, rule.p, rule.len), rule,
	    place, &at, &found);

	if (rc == 0)
		*number = found;
	return rc;
}

int
rule_bytes(struct store_txn *txn, uint32_t id, struct span *rule)
{
	return tuple_by_id(txn, TABLE_RULES, id, rule);
}

static int
read_dims(struct span tuple, struct text texts[EV_TEXTS], uint64_t *pricing)
{
	struct rbuf r;
	int i;

	rbuf_init(&r, tuple);
	texts[EV_MACHINE] = read_text(&r);
	for (i = DIMS_FIRST; i <= DIMS_LAST; i++)
		texts[i] = read_text(&r);
	/* Schema 1 had no pricing. */
	if (pricing != NULL)
		*pricing = r.p < r.end ? read_uvar(&r) : 0;
	return r.failed ? -ERR_STORE : 0;
}

int
dims_texts(struct store_txn *txn, uint32_t id, struct text texts[EV_TEXTS],
    uint64_t *pricing)
{
	struct span tuple;
	int rc = tuple_by_id(txn, TABLE_DIMS, id, &tuple);

	return rc == 0 ? read_dims(tuple, texts, pricing) : rc;
}

int
dims_texts_at(struct store_cursor *c, uint32_t id, struct text texts[EV_TEXTS],
    uint64_t *pricing)
{
	struct span tuple;
	uint8_t buf[8];
	int rc = store_find(c, id_key(buf, id), &tuple);

	if (rc != 0)
		return rc == STORE_NOTFOUND ? -ERR_STORE : rc;
	return read_dims(tuple, texts, pricing);
}

int
session_texts(struct store_txn *txn, uint32_t id, struct text texts[EV_TEXTS])
{
	struct span tuple;
	struct rbuf r;
	int rc;

	rc = tuple_by_id(txn, TABLE_SESSIONS, id, &tuple);
	if (rc != 0)
		return rc;
	rbuf_init(&r, tuple);
	texts[EV_MACHINE] = read_text(&r);
	texts[EV_SESSION] = read_text(&r);
	return r.failed ? -ERR_STORE : 0;
}

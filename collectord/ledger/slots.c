#include "collectord/ledger/slots.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/error.h"

/*
 * Any whole-hour local day is at most six hours, three quarters of days and so
 * on; each level costs one more update for an event.
 */
const uint32_t slot_width_s[SLOT_LEVELS] = { 900, 3600, 21600, 86400 };

#define SUMS_VERSION 1
#define SUMS_BYTES_MAX 192
#define LEVEL_SESSION 0xff
#define FOLD_MOST 1000 /* rows that may take a millisecond or three */
#define CAP_KEPT 2048  /* places of the index that outlive a transaction */

struct slot_change {
	uint32_t slot, dims, session;
	uint8_t level; /* of slot_width_s, or LEVEL_SESSION */
	struct sums sums;
};

static size_t
hash_of(const struct slot_change *k)
{
	uint64_t h = (uint64_t)k->slot << 32 | k->dims;

	h ^= ((uint64_t)k->session << 8 | k->level) * 0x9e3779b97f4a7c15u;
	h *= 0xff51afd7ed558ccdu;
	return (size_t)(h ^ h >> 32);
}

static bool
key_eq(const struct slot_change *a, const struct slot_change *b)
{
	return a->slot == b->slot && a->dims == b->dims &&
	       a->session == b->session && a->level == b->level;
}

/* Its place in the index, or the empty one it would have. */
static uint32_t *
place_of(const struct slot_changes *c, const struct slot_change *k)
{
	size_t i = hash_of(k);
	uint32_t *at;

	for (;; i++) {
		at = &c->index[i & (c->cap - 1)];
		if (*at == 0 || key_eq(&c->items[*at - 1], k))
			return at;
	}
}

/* Half of the index is filled at most, so items has half its places. */
static int
grow(struct slot_changes *c)
{
	size_t i, cap = c->cap == 0 ? 128 : c->cap * 2;
	uint32_t *index = calloc(cap, sizeof(*index));
	struct slot_change *items = realloc(c->items, cap / 2 * sizeof(*items));

	if (items != NULL)
		c->items = items;
	if (items == NULL || index == NULL) {
		free(index);
		return -ERR_STORE;
	}
	free(c->index);
	c->index = index;
	c->cap = cap;
	for (i = 0; i < c->n; i++)
		*place_of(c, &c->items[i]) = (uint32_t)i + 1;
	return 0;
}

static void
accumulate(struct sums *a, const struct sums *b, int sign)
{
	int i;

	for (i = 0; i < SUM_COUNTS; i++)
		a->n[i] += sign > 0 ? b->n[i] : -b->n[i];
	a->cost += sign * b->cost;
	a->plan_cost += sign * b->plan_cost;
}

static int
note(struct slot_changes *c, const struct slot_change *key,
    const struct sums *s, int sign)
{
	uint32_t *at;

	if (c->n >= c->cap / 2 && grow(c) != 0)
		return -ERR_STORE;
	at = place_of(c, key);
	if (*at == 0) {
		c->items[c->n++] = *key;
		*at = (uint32_t)c->n;
	}
	accumulate(&c->items[*at - 1].sums, s, sign);
	return 0;
}

static uint64_t
place_in_time(uint32_t slot, uint32_t dims)
{
	return (uint64_t)slot << 32 | dims;
}

/* What a row of the finest level adds to the others. */
static int
note_coarser(struct slot_changes *c, uint32_t slot, uint32_t dims,
    const struct sums *s, int sign)
{
	int64_t seconds = (int64_t)slot * slot_width_s[0];
	struct slot_change key = { 0 };
	int level;

	for (level = 1; level < SLOT_LEVELS; level++) {
		key.level = (uint8_t)level;
		key.slot = (uint32_t)(seconds / slot_width_s[level]);
		key.dims = dims;
		if (note(c, &key, s, sign) != 0)
			return -ERR_STORE;
		key.dims = DIMS_TOTAL;
		if (note(c, &key, s, sign) != 0)
			return -ERR_STORE;
	}
	return 0;
}

static int
note_finest(struct slot_changes *c, uint32_t slot, uint32_t dims,
    const struct sums *s, int sign)
{
	struct slot_change key = { .slot = slot, .dims = dims };

	return note(c, &key, s, sign);
}

/*
 * What the gathered rows of the finest level add to the others by now. At the
 * end, as many calls share a row.
 */
static int
spread(struct slot_changes *c)
{
	struct slot_change it;
	size_t i, n = c->is_base ? 0 : c->n;
	int rc = 0;

	for (i = 0; rc == 0 && i < n; i++) {
		it = c->items[i]; /* a copy, as items may move */
		if (it.level == 0 && !sums_is_zero(&it.sums) &&
		    place_in_time(it.slot, it.dims) < c->folded)
			rc = note_coarser(c, it.slot, it.dims, &it.sums, 1);
	}
	return rc;
}

static int
note_session(struct slot_changes *c, uint32_t slot, uint32_t session,
    uint32_t dims, const struct sums *s, int sign)
{
	struct slot_change key = { .level = LEVEL_SESSION,
		.slot = slot,
		.session = session,
		.dims = dims };

	return note(c, &key, s, sign);
}

int
slot_changes_note(
    struct slot_changes *c, const struct contribution *add, int sign)
{
	uint32_t slot = (uint32_t)(add->ts_ms / SLOT_MS);
	int rc = note_finest(c, slot, add->dims, &add->sums, sign);

	return rc != 0 ? rc
		       : note_session(c, slot, add->session, add->dims,
			     &add->sums, sign);
}

int
slot_changes_each(const struct slot_changes *c,
    int (*fn)(void *arg, const struct slot_row *row), void *arg)
{
	const struct slot_change *it;
	struct slot_row row;
	int rc = 0;

	for (it = c->items; rc == 0 && it < c->items + c->n; it++) {
		if ((it->level != 0 && it->level != LEVEL_SESSION) ||
		    sums_is_zero(&it->sums))
			continue;
		row = (struct slot_row){ it->slot, it->dims,
			it->level == 0 ? NO_SESSION : it->session, &it->sums };
		rc = fn(arg, &row);
	}
	return rc;
}

void
slot_key_write(struct wbuf *w, int level, uint32_t slot, uint32_t dims)
{
	write_u8(w, (uint8_t)level);
	write_be32(w, slot);
	write_be32(w, dims);
}

void
sums_write(struct wbuf *w, const struct sums *s)
{
	uint64_t mask = 0;
	int i;

	for (i = 0; i < SUM_COUNTS; i++)
		mask |= (uint64_t)(s->n[i] != 0) << i;
	mask |= (uint64_t)(s->cost != 0) << SUM_COUNTS;
	mask |= (uint64_t)(s->plan_cost != 0) << (SUM_COUNTS + 1);
	write_u8(w, SUMS_VERSION);
	write_uvar(w, mask);
	for (i = 0; i < SUM_COUNTS; i++)
		if (s->n[i] != 0)
			write_uvar(w, s->n[i]);
	if (s->cost != 0)
		write_money(w, s->cost);
	if (s->plan_cost != 0)
		write_money(w, s->plan_cost);
}

/* The version and the mask; false where the bytes are no sums. */
static bool
read_mask(struct rbuf *r, struct span bytes, uint64_t *mask)
{
	uint8_t version;

	rbuf_init(r, bytes);
	version = read_u8(r);
	*mask = read_uvar(r);
	return !r->failed && version == SUMS_VERSION &&
	       *mask >> (SUM_COUNTS + 2) == 0;
}

bool
sums_have_calls(struct span bytes, bool *any)
{
	struct rbuf r;
	uint64_t mask;

	if (!read_mask(&r, bytes, &mask))
		return false;
	*any = mask >> SUM_CALLS & 1;
	return true;
}

bool
sums_read_add(struct span bytes, struct sums *s)
{
	struct rbuf r;
	uint64_t mask, counts;
	bool over = false;
	int i;

	if (!read_mask(&r, bytes, &mask))
		return false;
	for (counts = mask & ((1u << SUM_COUNTS) - 1); counts != 0;
	     counts &= counts - 1) {
		i = __builtin_ctzll(counts);
		over |=
		    __builtin_add_overflow(s->n[i], read_uvar(&r), &s->n[i]);
	}
	if (mask >> SUM_COUNTS & 1)
		over |=
		    __builtin_add_overflow(s->cost, read_money(&r), &s->cost);
	if (mask >> (SUM_COUNTS + 1) & 1)
		over |= __builtin_add_overflow(
		    s->plan_cost, read_money(&r), &s->plan_cost);
	return !over && !r.failed && r.p == r.end;
}

bool
sums_read(struct span bytes, struct sums *s)
{
	*s = (struct sums){ 0 };
	return sums_read_add(bytes, s);
}

/* Sums of what is there can be neither negative nor absurd. */
static bool
is_possible(const struct sums *s)
{
	int i;

	for (i = 0; i < SUM_COUNTS; i++)
		if (s->n[i] > (uint64_t)INT64_MAX)
			return false;
	return s->cost >= 0 && s->plan_cost >= 0;
}

static enum store_table
key_of(const struct slot_change *it, struct wbuf *w)
{
	if (it->level != LEVEL_SESSION) {
		slot_key_write(w, it->level, it->slot, it->dims);
		return TABLE_SLOTS;
	}
	write_be32(w, it->slot);
	write_be32(w, it->session);
	write_be32(w, it->dims);
	return TABLE_SESSION_SLOTS;
}

static int
apply(const struct slot_change *it, struct store_cursor *const cursors[])
{
	uint8_t key_bytes[16], val_bytes[SUMS_BYTES_MAX];
	struct store_cursor *c;
	struct wbuf key, val;
	struct sums s = { 0 };
	struct span old;
	int rc;

	wbuf_init(&key, key_bytes, sizeof(key_bytes));
	c = cursors[key_of(it, &key) == TABLE_SESSION_SLOTS];
	rc = store_find(c, wbuf_span(&key), &old);
	if (rc < 0)
		return rc;
	if (rc == 0 && !sums_read(old, &s))
		return -ERR_STORE;
	accumulate(&s, &it->sums, 1);
	if (!is_possible(&s))
		return -ERR_STORE;
	if (sums_is_zero(&s))
		return store_delete_found(c, rc == 0);
	wbuf_init(&val, val_bytes, sizeof(val_bytes));
	sums_write(&val, &s);
	return store_set_found(c, rc == 0, wbuf_span(&key), wbuf_span(&val));
}

/* The order of the stored keys, table after table. */
static int
compare_items(const void *pa, const void *pb)
{
	const struct slot_change *a = pa, *b = pb;

	if (a->level != b->level)
		return a->level < b->level ? -1 : 1;
	if (a->slot != b->slot)
		return a->slot < b->slot ? -1 : 1;
	if (a->session != b->session)
		return a->session < b->session ? -1 : 1;
	return a->dims < b->dims ? -1 : a->dims > b->dims;
}

int
slot_changes_apply(struct slot_changes *c, struct store_txn *txn)
{
	struct store_cursor *cursors[2] = { NULL, NULL };
	size_t i;
	int rc;

	if (c->n == 0)
		return 0;
	rc = spread(c);
	if (rc != 0)
		return rc;
	/* The index is of no more use: slot_changes_clear empties it. */
	if (c->n > 1)
		qsort(c->items, c->n, sizeof(*c->items), compare_items);
	rc = store_cursor_open(
	    txn, c->is_base ? TABLE_BASE_SLOTS : TABLE_SLOTS, &cursors[0]);
	if (rc == 0)
		rc = store_cursor_open(txn,
		    c->is_base ? TABLE_BASE_SESSIONS : TABLE_SESSION_SLOTS,
		    &cursors[1]);
	for (i = 0; rc == 0 && i < c->n; i++)
		if (!sums_is_zero(&c->items[i].sums))
			rc = apply(&c->items[i], cursors);
	store_cursor_close(cursors[0]);
	store_cursor_close(cursors[1]);
	slot_changes_clear(c);
	return rc;
}

static const struct span meta_folded = { "folded", 6 };

int
slots_folded(struct store_txn *txn, uint64_t *folded)
{
	struct span val;
	struct rbuf r;
	int rc = store_get(txn, TABLE_META, meta_folded, &val);

	*folded = 0;
	if (rc != 0)
		return rc == STORE_NOTFOUND ? 0 : rc;
	rbuf_init(&r, val);
	*folded = read_be64(&r);
	return r.failed ? -ERR_STORE : 0;
}

static int
set_folded(struct slot_changes *c, struct store_txn *txn, uint64_t folded)
{
	uint8_t bytes[8];
	struct wbuf w;

	c->folded = folded;
	wbuf_init(&w, bytes, sizeof(bytes));
	write_be64(&w, folded);
	return store_put(txn, TABLE_META, meta_folded, wbuf_span(&w));
}

/* A row of the finest level; false behind the last of them. */
static bool
read_finest(struct span key, uint32_t *slot, uint32_t *dims)
{
	struct rbuf r;
	uint8_t level;

	rbuf_init(&r, key);
	level = read_u8(&r);
	*slot = read_be32(&r);
	*dims = read_be32(&r);
	return level == 0 && !r.failed;
}

/* Notes the rows from folded to *end; *end is less where they are too many. */
static int
note_finished(struct slot_changes *c, struct store_txn *txn, uint64_t *end)
{
	size_t most = c->fold_most > 0 ? c->fold_most : FOLD_MOST;
	struct store_cursor *cur;
	uint8_t bytes[9];
	struct span k, v;
	struct wbuf key;
	struct sums s;
	uint32_t slot, dims;
	int rc = store_cursor_open(txn, TABLE_SLOTS, &cur);

	if (rc != 0)
		return rc;
	wbuf_init(&key, bytes, sizeof(bytes));
	slot_key_write(
	    &key, 0, (uint32_t)(c->folded >> 32), (uint32_t)c->folded);
	rc = store_seek(cur, wbuf_span(&key), &k, &v);
	for (; rc == 0; rc = store_next(cur, &k, &v)) {
		if (!read_finest(k, &slot, &dims) ||
		    place_in_time(slot, dims) >= *end)
			break;
		if (most-- == 0) {
			*end = place_in_time(slot, dims);
			break;
		}
		rc = sums_read(v, &s) ? note_coarser(c, slot, dims, &s, 1)
				      : -ERR_STORE;
		if (rc != 0)
			break;
	}
	store_cursor_close(cur);
	return rc == STORE_NOTFOUND ? 0 : rc;
}

/* The newest slot that is over is left alone too: calls come in late. */
int
slot_changes_fold(struct slot_changes *c, struct store_txn *txn, int64_t now_us)
{
	int64_t slot = now_us / 1000 / SLOT_MS - 1;
	uint64_t end = slot > 0 ? place_in_time((uint32_t)slot, 0) : 0;
	int rc;

	if (end <= c->folded)
		return 0;
	rc = note_finished(c, txn, &end);
	if (rc == 0)
		rc = slot_changes_apply(c, txn);
	return rc == 0 ? set_folded(c, txn, end) : rc;
}

int
slot_changes_fold_all(struct slot_changes *c, struct store_txn *txn)
{
	struct store_cursor *cur;
	struct span k, v;
	uint32_t slot = 0, dims;
	int rc = store_cursor_open(txn, TABLE_SLOTS, &cur);

	if (rc != 0)
		return rc;
	rc = store_seek(cur, (struct span){ "\1", 1 }, &k, &v);
	rc = rc == 0 ? store_prev(cur, &k, &v) : rc;
	if (rc == 0 && read_finest(k, &slot, &dims))
		slot++;
	store_cursor_close(cur);
	if (rc < 0)
		return rc;
	return set_folded(c, txn, place_in_time(slot, 0));
}

struct comparison {
	struct slot_changes *noted;
	void (*differs)(void *arg, const char *what);
	void *arg;
	uint64_t *n;
};

/* The change a stored key would have. */
static bool
change_of_key(enum store_table t, struct span key, struct slot_change *it)
{
	struct rbuf r;

	*it = (struct slot_change){ 0 };
	rbuf_init(&r, key);
	it->level = t == TABLE_SLOTS ? read_u8(&r) : LEVEL_SESSION;
	it->slot = read_be32(&r);
	if (t == TABLE_SESSION_SLOTS)
		it->session = read_be32(&r);
	it->dims = read_be32(&r);
	return !r.failed && r.p == r.end;
}

static int
note_base_table(
    struct slot_changes *c, struct store_txn *txn, enum store_table t)
{
	bool by_session = t == TABLE_BASE_SESSIONS;
	struct slot_change it;
	struct store_cursor *cur;
	struct span key, val;
	struct sums s;
	int rc;

	rc = store_cursor_open(txn, t, &cur);
	if (rc != 0)
		return rc;
	rc = store_seek(cur, (struct span){ "", 1 }, &key, &val);
	while (rc == 0) {
		if (!change_of_key(
			by_session ? TABLE_SESSION_SLOTS : TABLE_SLOTS, key,
			&it) ||
		    !sums_read(val, &s))
			rc = -ERR_STORE;
		else if (by_session)
			rc = note_session(
			    c, it.slot, it.session, it.dims, &s, 1);
		else
			rc = note_finest(c, it.slot, it.dims, &s, 1);
		if (rc == 0)
			rc = store_next(cur, &key, &val);
	}
	store_cursor_close(cur);
	return rc == STORE_NOTFOUND ? 0 : rc;
}

int
slot_changes_note_base(struct slot_changes *c, struct store_txn *txn)
{
	int rc = note_base_table(c, txn, TABLE_BASE_SLOTS);

	return rc == 0 ? note_base_table(c, txn, TABLE_BASE_SESSIONS) : rc;
}

static void
tell_difference(const struct comparison *c, const struct slot_change *it,
    const struct sums *stored, const struct sums *noted)
{
	char what[200], a[MONEY_TEXT_MAX], b[MONEY_TEXT_MAX];

	money_format(stored->cost, a);
	money_format(noted->cost, b);
	snprintf(what, sizeof(what),
	    "%s %u, slot %u, dims %u: stored %llu calls %llu tokens %s USD, "
	    "the calls give %llu, %llu, %s",
	    it->level == LEVEL_SESSION ? "session" : "level",
	    it->level == LEVEL_SESSION ? it->session : it->level, it->slot,
	    it->dims, (unsigned long long)stored->n[SUM_CALLS],
	    (unsigned long long)sums_total_tokens(stored), a,
	    (unsigned long long)noted->n[SUM_CALLS],
	    (unsigned long long)sums_total_tokens(noted), b);
	c->differs(c->arg, what);
}

static bool
sums_eq(const struct sums *a, const struct sums *b)
{
	return memcmp(a->n, b->n, sizeof(a->n)) == 0 && a->cost == b->cost &&
	       a->plan_cost == b->plan_cost;
}

/* What was compared is zeroed, so that the rest is what the store lacks. */
static int
compare_one(const struct comparison *c, enum store_table t, struct span key,
    struct span val)
{
	static const struct sums zero;
	struct slot_change it, *noted = NULL;
	struct sums stored;
	uint32_t at = 0;

	if (!change_of_key(t, key, &it) || !sums_read(val, &stored))
		return -ERR_STORE;
	(*c->n)++;
	if (c->noted->cap > 0)
		at = *place_of(c->noted, &it);
	if (at > 0)
		noted = &c->noted->items[at - 1];
	if (!sums_eq(&stored, noted == NULL ? &zero : &noted->sums))
		tell_difference(
		    c, &it, &stored, noted == NULL ? &zero : &noted->sums);
	if (noted != NULL)
		noted->sums = zero;
	return 0;
}

static int
compare_table(
    const struct comparison *c, struct store_txn *txn, enum store_table t)
{
	struct store_cursor *cur;
	struct span key, val;
	int rc;

	rc = store_cursor_open(txn, t, &cur);
	if (rc != 0)
		return rc;
	rc = store_seek(cur, (struct span){ "", 1 }, &key, &val);
	while (rc == 0) {
		rc = compare_one(c, t, key, val);
		if (rc == 0)
			rc = store_next(cur, &key, &val);
	}
	store_cursor_close(cur);
	return rc == STORE_NOTFOUND ? 0 : rc;
}

int
slot_changes_compare(struct slot_changes *changes, struct store_txn *txn,
    void (*differs)(void *arg, const char *what), void *arg, uint64_t *n)
{
	struct comparison c = { changes, differs, arg, n };
	static const struct sums zero;
	size_t i;
	int rc;

	*n = 0;
	rc = spread(changes);
	if (rc == 0)
		rc = compare_table(&c, txn, TABLE_SLOTS);
	if (rc == 0)
		rc = compare_table(&c, txn, TABLE_SESSION_SLOTS);
	for (i = 0; rc == 0 && i < changes->n; i++)
		if (!sums_is_zero(&changes->items[i].sums))
			tell_difference(&c, &changes->items[i], &zero,
			    &changes->items[i].sums);
	return rc;
}

void
slot_changes_clear(struct slot_changes *c)
{
	if (c->cap > CAP_KEPT) {
		free(c->items);
		free(c->index);
		c->items = NULL;
		c->index = NULL;
		c->cap = 0;
	} else if (c->n > 0) {
		memset(c->index, 0, c->cap * sizeof(*c->index));
	}
	c->n = 0;
}

void
slot_changes_release(struct slot_changes *c)
{
	free(c->items);
	free(c->index);
	*c = (struct slot_changes){ 0 };
}

#include "collectord/ledger/slots.h"

#include <stdlib.h>

#include "collectord/ledger/slots_impl.h"
#include "proto/error.h"

/*
 * Any whole-hour local day is at most six hours, three quarters of days and so
 * on; each level costs one more update for an event.
 */
const uint32_t slot_width_s[SLOT_LEVELS] = { 900, 3600, 21600, 86400 };

#define CAP_KEPT 2048 /* places of the index that outlive a transaction */

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

struct slot_change *
slot_changes_find(const struct slot_changes *c, const struct slot_change *key)
{
	uint32_t at = c->cap > 0 ? *place_of(c, key) : 0;

	return at > 0 ? &c->items[at - 1] : NULL;
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

int
slot_changes_note_one(struct slot_changes *c, const struct slot_change *key,
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

static int
note_finest(struct slot_changes *c, uint32_t slot, uint32_t dims,
    const struct sums *s, int sign)
{
	struct slot_change key = { .slot = slot, .dims = dims };

	return slot_changes_note_one(c, &key, s, sign);
}

static int
note_session(struct slot_changes *c, uint32_t slot, uint32_t session,
    uint32_t dims, const struct sums *s, int sign)
{
	struct slot_change key = { .level = LEVEL_SESSION,
		.slot = slot,
		.session = session,
		.dims = dims };

	return slot_changes_note_one(c, &key, s, sign);
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
slot_changes_note_coarser(
    struct slot_changes *c, uint32_t slot, uint32_t dims, const struct sums *s)
{
	int64_t seconds = (int64_t)slot * slot_width_s[0];
	struct slot_change key = { 0 };
	int level;

	for (level = 1; level < SLOT_LEVELS; level++) {
		key.level = (uint8_t)level;
		key.slot = (uint32_t)(seconds / slot_width_s[level]);
		key.dims = dims;
		if (slot_changes_note_one(c, &key, s, 1) != 0)
			return -ERR_STORE;
		key.dims = DIMS_TOTAL;
		if (slot_changes_note_one(c, &key, s, 1) != 0)
			return -ERR_STORE;
	}
	return 0;
}

int
slot_changes_spread(struct slot_changes *c)
{
	struct slot_change it;
	size_t i, n = c->is_base ? 0 : c->n;
	int rc = 0;

	for (i = 0; rc == 0 && i < n; i++) {
		it = c->items[i]; /* a copy, as items may move */
		if (it.level == 0 && !sums_is_zero(&it.sums) &&
		    slot_place(it.slot, it.dims) < c->folded)
			rc = slot_changes_note_coarser(
			    c, it.slot, it.dims, &it.sums);
	}
	return rc;
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
	if (rc == 0 && !sums_read_add(old, &s))
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
	rc = slot_changes_spread(c);
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

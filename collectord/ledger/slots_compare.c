#include <stdio.h>

#include "collectord/ledger/slots_impl.h"
#include "proto/error.h"

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
		else
			rc = slot_changes_note_one(c, &it, &s, 1);
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
	struct slot_change it, *noted;
	struct sums stored;

	if (!change_of_key(t, key, &it) || !sums_read(val, &stored))
		return -ERR_STORE;
	(*c->n)++;
	noted = slot_changes_find(c->noted, &it);
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
	rc = slot_changes_spread(changes);
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

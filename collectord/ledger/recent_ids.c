#include "collectord/ledger/recent_ids.h"

#include <stdlib.h>

#include "collectord/ledger/ids.h"
#include "proto/error.h"

#define CAP_LEAST 256
#define CAP_KEPT 8192 /* what daily use comes to need again */

void
recent_ids_release(struct recent_ids *r)
{
	free(r->places);
	free(r->queue);
	*r = (struct recent_ids){ 0 };
}

int
recent_ids_compare(uint64_t ahigh, uint64_t alow, uint64_t bhigh, uint64_t blow)
{
	if (ahigh != bhigh)
		return ahigh < bhigh ? -1 : 1;
	return alow < blow ? -1 : alow > blow;
}

static int
compare_ids(const void *pa, const void *pb)
{
	const struct recent_id *a = pa, *b = pb;

	return recent_ids_compare(a->high, a->low, b->high, b->low);
}

/*
 * Digests are as good as random, and some bits are hash enough. Both halves
 * are needed: all calls of a session have the one, all of a model the other.
 */
static size_t
home_of(const struct recent_ids *r, uint64_t high, uint64_t low)
{
	return (size_t)(high ^ low) & (r->cap - 1);
}

/* Where the id is, or the empty place it would have. */
static struct recent_id *
place_of(const struct recent_ids *r, uint64_t high, uint64_t low)
{
	struct recent_id *p;
	size_t i = home_of(r, high, low);

	for (;; i++) {
		p = &r->places[i & (r->cap - 1)];
		if (p->number == 0 || (p->low == low && p->high == high))
			return p;
	}
}

static int
resize(struct recent_ids *r, size_t cap)
{
	struct recent_ids other = *r;
	size_t i;

	other.cap = cap;
	other.places = calloc(cap, sizeof(*other.places));
	if (other.places == NULL)
		return -ERR_STORE;
	for (i = 0; i < r->cap; i++)
		if (r->places[i].number != 0)
			*place_of(&other, r->places[i].high, r->places[i].low) =
			    r->places[i];
	free(r->places);
	*r = other;
	return 0;
}

uint64_t
recent_ids_find(const struct recent_ids *r, uint64_t high, uint64_t low)
{
	return r->cap == 0 ? 0 : place_of(r, high, low)->number;
}

int
recent_ids_set(struct recent_ids *r, uint64_t high, uint64_t low,
    uint64_t number, size_t *added)
{
	struct recent_id *p;

	/* Then a place is found in four steps; double the memory halves them.
	 */
	if (r->n >= r->cap / 8 * 5 &&
	    resize(r, r->cap == 0 ? CAP_LEAST : 2 * r->cap) != 0)
		return -ERR_STORE;
	p = place_of(r, high, low);
	r->n += p->number == 0;
	*added += p->number == 0;
	*p = (struct recent_id){ high, low, number };
	return 0;
}

/* Those behind it that it had pushed on move up, so that none is lost. */
void
recent_ids_remove(struct recent_ids *r, uint64_t high, uint64_t low)
{
	size_t mask = r->cap - 1, hole, at, home;

	if (recent_ids_find(r, high, low) == 0)
		return;
	hole = (size_t)(place_of(r, high, low) - r->places);
	for (at = (hole + 1) & mask; r->places[at].number != 0;
	     at = (at + 1) & mask) {
		home = home_of(r, r->places[at].high, r->places[at].low);
		if (((at - home) & mask) < ((at - hole) & mask))
			continue;
		r->places[hole] = r->places[at];
		hole = at;
	}
	r->places[hole].number = 0;
	r->n--;
}

/* Without memory for a smaller one the larger stays. */
void
recent_ids_trim(struct recent_ids *r)
{
	size_t cap = CAP_KEPT;

	while (cap / 4 < r->n)
		cap *= 2;
	if (cap < r->cap)
		resize(r, cap);
}

void
recent_ids_unqueue(struct recent_ids *r)
{
	free(r->queue);
	r->queue = NULL;
	r->queued = r->queue_at = 0;
}

int
recent_ids_queue(struct recent_ids *r, uint64_t to)
{
	size_t i;

	recent_ids_unqueue(r);
	r->queue = malloc((r->n + 1) * sizeof(*r->queue));
	if (r->queue == NULL)
		return -ERR_STORE;
	for (i = 0; i < r->cap; i++)
		if (r->places[i].number != 0 && r->places[i].number <= to)
			r->queue[r->queued++] = r->places[i];
	if (r->queued > 1)
		qsort(r->queue, r->queued, sizeof(*r->queue), compare_ids);
	return 0;
}

/* What has left in the meantime, or changed, went where it belongs. */
static int
settle_one(struct recent_ids *r, struct store_cursor *c, uint64_t to,
    const struct recent_id *id)
{
	uint64_t number = recent_ids_find(r, id->high, id->low);
	int rc = 0;

	if (number != 0 && number <= to) {
		rc = id_settle(c, id->high, id->low, number);
		recent_ids_remove(r, id->high, id->low);
	}
	return rc;
}

int
recent_ids_settle(
    struct recent_ids *r, struct store_txn *txn, uint64_t to, size_t *most)
{
	struct store_cursor *c;
	int rc = store_cursor_open(txn, TABLE_IDS, &c);

	for (; rc == 0 && r->queue_at<r->queued && * most> 0; --*most)
		rc = settle_one(r, c, to, &r->queue[r->queue_at++]);
	store_cursor_close(c);
	return rc;
}

const struct recent_id *
recent_ids_next(const struct recent_ids *r)
{
	return r->queue_at < r->queued ? &r->queue[r->queue_at] : NULL;
}

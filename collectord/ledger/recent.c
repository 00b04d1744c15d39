#include "collectord/ledger/recent.h"

#include <stdlib.h>

#include "collectord/ledger/ids.h"
#include "proto/error.h"

/*
 * So many calls gather before a sweep begins. It bounds what a start has to
 * read and what a session's listing has to look through. Where very many come
 * at once more of them gather, so that the ids of more calls share a page.
 */
#define GATHER 2048
#define GATHER_MOST 4096
#define GATHER_FACTOR 4 /* of the ids of one transaction */
/*
 * Of these for a commit, and of what it added itself: a sweep is faster than
 * new ids come, and no commit waits for it long.
 */
#define SWEEP_SHARE 128
#define SWEEP_FACTOR 2

static const struct span meta_name = { "sweep", 5 };

int
recent_load_sweep(struct store_txn *txn, uint64_t newest, struct sweep *sweep)
{
	struct span val;
	struct rbuf r;
	int rc = store_get(txn, TABLE_META, meta_name, &val);

	*sweep = (struct sweep){ .settled = newest, .to = newest };
	if (rc != 0)
		return rc == STORE_NOTFOUND ? 0 : rc;
	rbuf_init(&r, val);
	sweep->is_stored = true;
	sweep->settled = read_be64(&r);
	sweep->to = read_be64(&r);
	sweep->next_high = read_be64(&r);
	sweep->next_low = read_be64(&r);
	return r.failed ? -ERR_STORE : 0;
}

static int
save_sweep(const struct sweep *sweep, struct store_txn *txn)
{
	uint8_t bytes[32];
	struct wbuf w;

	wbuf_init(&w, bytes, sizeof(bytes));
	write_be64(&w, sweep->settled);
	write_be64(&w, sweep->to);
	write_be64(&w, sweep->next_high);
	write_be64(&w, sweep->next_low);
	return store_put(txn, TABLE_META, meta_name, wbuf_span(&w));
}

void
recent_release(struct recent_ids *r)
{
	free(r->places);
	free(r->queue);
	*r = (struct recent_ids){ 0 };
}

void
recent_init(struct recent_ids *r, const struct sweep *sweep)
{
	size_t gather = r->gather;

	recent_release(r);
	r->gather = gather;
	r->sweep = *sweep;
}

static int
compare_digests(uint64_t ahigh, uint64_t alow, uint64_t bhigh, uint64_t blow)
{
	if (ahigh != bhigh)
		return ahigh < bhigh ? -1 : 1;
	return alow < blow ? -1 : alow > blow;
}

static int
compare_ids(const void *pa, const void *pb)
{
	const struct recent_id *a = pa, *b = pb;

	return compare_digests(a->high, a->low, b->high, b->low);
}

bool
recent_takes(
    const struct recent_ids *r, uint64_t high, uint64_t low, uint64_t number)
{
	const struct sweep *s = &r->sweep;

	if (number > s->to)
		return true;
	return number > s->settled &&
	       compare_digests(high, low, s->next_high, s->next_low) >= 0;
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
grow(struct recent_ids *r)
{
	struct recent_ids bigger = *r;
	size_t i;

	bigger.cap = r->cap == 0 ? 256 : r->cap * 2;
	bigger.places = calloc(bigger.cap, sizeof(*bigger.places));
	if (bigger.places == NULL)
		return -ERR_STORE;
	for (i = 0; i < r->cap; i++)
		if (r->places[i].number != 0)
			*place_of(&bigger, r->places[i].high,
			    r->places[i].low) = r->places[i];
	free(r->places);
	*r = bigger;
	return 0;
}

uint64_t
recent_find(const struct recent_ids *r, uint64_t high, uint64_t low)
{
	return r->cap == 0 ? 0 : place_of(r, high, low)->number;
}

int
recent_set(struct recent_ids *r, uint64_t high, uint64_t low, uint64_t number)
{
	struct recent_id *p;

	if (r->n >= r->cap / 2 && grow(r) != 0)
		return -ERR_STORE;
	p = place_of(r, high, low);
	r->n += p->number == 0;
	r->added += p->number == 0;
	*p = (struct recent_id){ high, low, number };
	return 0;
}

/* Those behind it that it had pushed on move up, so that none is lost. */
void
recent_remove(struct recent_ids *r, uint64_t high, uint64_t low)
{
	size_t mask = r->cap - 1, hole, at, home;

	if (recent_find(r, high, low) == 0)
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

/* Queues the ids of calls up to sweep.to that are here, in order. */
static int
fill_queue(struct recent_ids *r)
{
	size_t i;

	free(r->queue);
	r->queue_at = r->queued = 0;
	r->queue = malloc((r->n + 1) * sizeof(*r->queue));
	if (r->queue == NULL)
		return -ERR_STORE;
	for (i = 0; i < r->cap; i++)
		if (r->places[i].number != 0 &&
		    r->places[i].number <= r->sweep.to)
			r->queue[r->queued++] = r->places[i];
	if (r->queued > 1)
		qsort(r->queue, r->queued, sizeof(*r->queue), compare_ids);
	return 0;
}

/* What has left in the meantime, or changed, went where it belongs. */
static int
settle_one(
    struct recent_ids *r, struct store_cursor *c, const struct recent_id *id)
{
	uint64_t number = recent_find(r, id->high, id->low);
	int rc = 0;

	if (number != 0 && number <= r->sweep.to) {
		rc = id_settle(c, id->high, id->low, number);
		recent_remove(r, id->high, id->low);
	}
	return rc;
}

static int
settle(struct recent_ids *r, struct store_txn *txn, size_t most)
{
	struct store_cursor *c;
	const struct recent_id *id;
	int rc = store_cursor_open(txn, TABLE_IDS, &c);

	for (; rc == 0 && r->queue_at < r->queued && most > 0; most--)
		rc = settle_one(r, c, &r->queue[r->queue_at++]);
	store_cursor_close(c);
	if (r->queue_at < r->queued) {
		id = &r->queue[r->queue_at];
		r->sweep.next_high = id->high;
		r->sweep.next_low = id->low;
	}
	return rc;
}

/* Ids that came to these calls while they were swept: few, if any. */
static int
finish(struct recent_ids *r, struct store_txn *txn)
{
	int rc = fill_queue(r);

	if (rc == 0)
		rc = settle(r, txn, SIZE_MAX);
	free(r->queue);
	r->queue = NULL;
	r->queued = r->queue_at = 0;
	r->sweep.settled = r->sweep.to;
	r->sweep.next_high = r->sweep.next_low = 0;
	return rc;
}

static int
go_on(struct recent_ids *r, struct store_txn *txn, size_t most)
{
	int rc = r->queue == NULL ? fill_queue(r) : 0;

	if (rc == 0)
		rc = settle(r, txn, most);
	if (rc == 0 && r->queue_at == r->queued)
		rc = finish(r, txn);
	return rc;
}

static size_t
calls_to_gather(const struct recent_ids *r)
{
	size_t n = GATHER_FACTOR * r->added;

	if (r->gather > 0)
		return r->gather;
	if (n < GATHER)
		return GATHER;
	return n < GATHER_MOST ? n : GATHER_MOST;
}

int
recent_sweep(struct recent_ids *r, struct store_txn *txn, uint64_t newest)
{
	size_t gather = calls_to_gather(r);
	size_t most = 1 + gather / SWEEP_SHARE + SWEEP_FACTOR * r->added;
	int rc = 0;

	r->added = 0;
	if (r->sweep.to == r->sweep.settled &&
	    newest - r->sweep.settled >= gather)
		r->sweep.to = newest;
	if (r->sweep.to != r->sweep.settled)
		rc = go_on(r, txn, most);
	else if (r->sweep.is_stored)
		return 0;
	r->sweep.is_stored = true;
	return rc == 0 ? save_sweep(&r->sweep, txn) : rc;
}

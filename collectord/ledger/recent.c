#include "collectord/ledger/recent.h"

#include "proto/error.h"

/*
 * So many calls gather before a sweep begins. It bounds what a start has to
 * read and what a session's listing has to look through.
 */
#define GATHER 2048
/*
 * In a load. The ids of a million calls have more than ten thousand pages, and
 * their requests nearly as many: of so many calls a page takes five or more at
 * once. Meanwhile they need some fifteen megabytes of memory.
 */
#define GATHER_LOAD 65536
/*
 * A transaction that adds so many ids and requests is of a load, where a put of
 * so many events is among those it has: others come from many at a time, who
 * wait for each of them.
 */
#define LOAD_ADDED 512
#define LOAD_PUT 256
/* A drain begins where daily use would never leave so many. */
#define MANY_FACTOR 2 /* times the calls that gather */
/*
 * Of these for a commit, and of what it added itself: a sweep is faster than
 * new ones come, and no commit waits for it long.
 */
#define SWEEP_SHARE 128
#define SWEEP_FACTOR 2
/* And for one that drains. */
#define DRAIN_STEP 1024

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
recent_release(struct recent *r)
{
	recent_ids_release(&r->ids);
	recent_requests_release(&r->requests);
	r->is_sweeping = false;
	r->added = r->largest = 0;
}

void
recent_init(struct recent *r, const struct sweep *sweep)
{
	recent_release(r);
	r->sweep = *sweep;
}

bool
recent_takes_id(
    const struct recent *r, uint64_t high, uint64_t low, uint64_t number)
{
	const struct sweep *s = &r->sweep;

	if (number > s->to)
		return true;
	return number > s->settled &&
	       recent_ids_compare(high, low, s->next_high, s->next_low) >= 0;
}

int
recent_add_id(struct recent *r, uint64_t high, uint64_t low, uint64_t number)
{
	return recent_ids_set(&r->ids, high, low, number, &r->added);
}

/* What comes to the calls that are being swept would come too late. */
bool
recent_takes_request(const struct recent *r, uint64_t number)
{
	return number > r->sweep.to;
}

int
recent_add_request(struct recent *r, const struct request_row *row)
{
	r->added++;
	return recent_requests_set(&r->requests, row->digest, row->number);
}

/* What calls up to sweep.to have here, in order. */
static int
queue(struct recent *r)
{
	int rc = recent_requests_queue(&r->requests, r->sweep.to);

	if (rc == 0)
		rc = recent_ids_queue(&r->ids, r->sweep.to);
	r->is_sweeping = rc == 0;
	return rc;
}

static bool
is_queue_empty(const struct recent *r)
{
	return r->requests.queue_at == r->requests.queued &&
	       recent_ids_next(&r->ids) == NULL;
}

static int
settle(struct recent *r, struct store_txn *txn, size_t most)
{
	const struct recent_id *next;
	int rc = recent_requests_settle(&r->requests, txn, &most);

	if (rc != 0 || most == 0)
		return rc;
	rc = recent_ids_settle(&r->ids, txn, r->sweep.to, &most);
	next = recent_ids_next(&r->ids);
	if (next != NULL) {
		r->sweep.next_high = next->high;
		r->sweep.next_low = next->low;
	}
	return rc;
}

static void
trim(struct recent *r)
{
	recent_requests_trim(&r->requests);
	recent_ids_trim(&r->ids);
}

/* Ids that came to these calls while they were swept: few, if any. */
static int
finish(struct recent *r, struct store_txn *txn)
{
	int rc = queue(r);

	if (rc == 0)
		rc = settle(r, txn, SIZE_MAX);
	recent_requests_unqueue(&r->requests);
	recent_ids_unqueue(&r->ids);
	r->is_sweeping = false;
	r->sweep.settled = r->sweep.to;
	r->sweep.next_high = r->sweep.next_low = 0;
	if (!r->is_load)
		trim(r);
	return rc;
}

static int
go_on(struct recent *r, struct store_txn *txn, size_t most)
{
	int rc = r->is_sweeping ? 0 : queue(r);

	if (rc == 0)
		rc = settle(r, txn, most);
	if (rc == 0 && is_queue_empty(r))
		rc = finish(r, txn);
	return rc;
}

static size_t
daily_gather(const struct recent *r)
{
	return r->gather > 0 ? r->gather : GATHER;
}

static size_t
calls_to_gather(const struct recent *r)
{
	if (!r->is_load)
		return daily_gather(r);
	return r->gather_load > 0 ? r->gather_load : GATHER_LOAD;
}

static void
note_load(struct recent *r)
{
	r->is_load = true;
	r->loads++;
}

/* What this transaction shall sweep. */
static size_t
most_to_settle(const struct recent *r)
{
	size_t most = 1 + daily_gather(r) / SWEEP_SHARE;

	most += SWEEP_FACTOR * r->added;
	return r->is_drain ? most + DRAIN_STEP : most;
}

void
recent_note_put(struct recent *r, size_t n)
{
	r->largest = n > r->largest ? n : r->largest;
}

int
recent_sweep(struct recent *r, struct store_txn *txn, uint64_t newest)
{
	size_t most = most_to_settle(r);
	int rc = 0;

	if (r->added >= LOAD_ADDED && r->largest >= LOAD_PUT)
		note_load(r);
	r->added = r->largest = 0;
	r->is_drain = false;
	if (r->sweep.to == r->sweep.settled &&
	    newest - r->sweep.settled >= calls_to_gather(r))
		r->sweep.to = newest;
	if (r->sweep.to != r->sweep.settled)
		rc = go_on(r, txn, most);
	else if (r->sweep.is_stored)
		return 0;
	r->sweep.is_stored = true;
	return rc == 0 ? save_sweep(&r->sweep, txn) : rc;
}

static bool
is_many(const struct recent *r, uint64_t newest)
{
	return newest - r->sweep.settled > MANY_FACTOR * daily_gather(r);
}

void
recent_resume(struct recent *r, uint64_t newest)
{
	if (is_many(r, newest))
		note_load(r);
}

/* In the middle of a sweep, or so many that the next one is due? */
static bool
is_due(const struct recent *r, uint64_t newest)
{
	return r->sweep.to != r->sweep.settled ||
	       newest - r->sweep.settled >= daily_gather(r);
}

bool
recent_drain(struct recent *r, uint64_t newest, bool begins)
{
	if (begins) {
		r->is_load = false;
		r->drains = is_many(r, newest);
		trim(r);
	}
	r->drains = r->drains && !r->is_load && is_due(r, newest);
	r->is_drain = r->drains;
	return r->drains;
}

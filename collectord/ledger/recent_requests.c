#include "collectord/ledger/recent_requests.h"

#include <stdlib.h>

#include "collectord/ledger/requests.h"
#include "proto/error.h"

#define CAP_LEAST 256
#define CAP_KEPT 4096 /* what daily use comes to need again */
/* Places have 32 bits; no sweep lets so many gather. */
#define CAP_MOST ((size_t)1 << 28)

void
recent_requests_release(struct recent_requests *r)
{
	free(r->places);
	free(r->chains);
	free(r->queue);
	*r = (struct recent_requests){ 0 };
}

static struct recent_request *
place_of(const struct recent_requests *r, uint64_t number)
{
	return &r->places[number & (r->cap - 1)];
}

static uint32_t *
chain_of(const struct recent_requests *r, uint64_t digest)
{
	return &r->chains[digest & (r->cap - 1)];
}

static void
link_place(struct recent_requests *r, uint64_t digest, uint64_t number)
{
	struct recent_request *p = place_of(r, number);
	uint32_t *first = chain_of(r, digest);

	*p = (struct recent_request){ digest, number, .next = *first };
	if (*first != 0)
		r->places[*first - 1].prev = (uint32_t)(p - r->places) + 1;
	*first = (uint32_t)(p - r->places) + 1;
	r->n++;
}

static void
unlink_place(struct recent_requests *r, struct recent_request *p)
{
	if (p->prev != 0)
		r->places[p->prev - 1].next = p->next;
	else
		*chain_of(r, p->digest) = p->next;
	if (p->next != 0)
		r->places[p->next - 1].prev = p->prev;
	p->number = 0;
	r->n--;
}

/* From the least number to the largest. */
static uint64_t
span_of_numbers(const struct recent_requests *r)
{
	uint64_t least = UINT64_MAX, most = 0, number;

	for (size_t i = 0; i < r->cap; i++) {
		number = r->places[i].number;
		if (number == 0)
			continue;
		least = number < least ? number : least;
		most = number > most ? number : most;
	}
	return most < least ? 0 : most - least;
}

static int
resize(struct recent_requests *r, size_t cap)
{
	struct recent_requests other = *r;

	if (cap > CAP_MOST)
		return -ERR_STORE;
	other.cap = cap;
	other.n = 0;
	other.places = calloc(cap, sizeof(*other.places));
	other.chains = calloc(cap, sizeof(*other.chains));
	if (other.places == NULL || other.chains == NULL) {
		free(other.places);
		free(other.chains);
		return -ERR_STORE;
	}
	for (size_t i = 0; i < r->cap; i++)
		if (r->places[i].number != 0)
			link_place(
			    &other, r->places[i].digest, r->places[i].number);
	free(r->places);
	free(r->chains);
	*r = other;
	return 0;
}

/* Until the place is the number's, or free. */
static int
make_place(struct recent_requests *r, uint64_t number)
{
	uint64_t there;
	int rc = r->cap == 0 ? resize(r, CAP_LEAST) : 0;

	while (rc == 0) {
		there = place_of(r, number)->number;
		if (there == 0 || there == number)
			return 0;
		rc = resize(r, 2 * r->cap);
	}
	return rc;
}

int
recent_requests_set(struct recent_requests *r, uint64_t digest, uint64_t number)
{
	int rc = make_place(r, number);

	if (rc != 0)
		return rc;
	if (place_of(r, number)->number != 0)
		unlink_place(r, place_of(r, number));
	link_place(r, digest, number);
	return 0;
}

bool
recent_requests_has(
    const struct recent_requests *r, uint64_t digest, uint64_t number)
{
	const struct recent_request *p;

	if (r->cap == 0)
		return false;
	p = place_of(r, number);
	return p->number == number && p->digest == digest;
}

void
recent_requests_remove(
    struct recent_requests *r, uint64_t digest, uint64_t number)
{
	if (recent_requests_has(r, digest, number))
		unlink_place(r, place_of(r, number));
}

size_t
recent_requests_list(const struct recent_requests *r, uint64_t digest,
    uint64_t *numbers, size_t max)
{
	const struct recent_request *p;
	uint32_t i = r->cap == 0 ? 0 : *chain_of(r, digest);
	size_t n = 0;

	for (; i != 0 && n < max; i = p->next) {
		p = &r->places[i - 1];
		if (p->digest == digest)
			numbers[n++] = p->number;
	}
	return n;
}

/* Without memory for a smaller one the larger stays. */
void
recent_requests_trim(struct recent_requests *r)
{
	uint64_t span = span_of_numbers(r);
	size_t cap = CAP_KEPT;

	while (cap <= span)
		cap *= 2;
	if (cap < r->cap)
		resize(r, cap);
}

int
request_row_compare(const void *pa, const void *pb)
{
	const struct request_row *a = pa, *b = pb;

	if (a->digest != b->digest)
		return a->digest < b->digest ? -1 : 1;
	return a->number < b->number ? -1 : a->number > b->number;
}

struct request_row *
recent_requests_sorted(const struct recent_requests *r, uint64_t to, size_t *n)
{
	struct request_row *rows = malloc((r->n + 1) * sizeof(*rows));
	const struct recent_request *p;

	*n = 0;
	if (rows == NULL)
		return NULL;
	for (size_t i = 0; i < r->cap; i++) {
		p = &r->places[i];
		if (p->number != 0 && p->number <= to)
			rows[(*n)++] =
			    (struct request_row){ p->digest, p->number };
	}
	if (*n > 1)
		qsort(rows, *n, sizeof(*rows), request_row_compare);
	return rows;
}

void
recent_requests_unqueue(struct recent_requests *r)
{
	free(r->queue);
	r->queue = NULL;
	r->queued = r->queue_at = 0;
}

int
recent_requests_queue(struct recent_requests *r, uint64_t to)
{
	recent_requests_unqueue(r);
	r->queue = recent_requests_sorted(r, to, &r->queued);
	return r->queue == NULL ? -ERR_STORE : 0;
}

/* What has left in the meantime went out of the table too. */
static int
settle_one(struct recent_requests *r, struct store_cursor *c,
    const struct request_row *row)
{
	int rc = 0;

	if (recent_requests_has(r, row->digest, row->number)) {
		rc = request_settle(c, row);
		recent_requests_remove(r, row->digest, row->number);
	}
	return rc;
}

int
recent_requests_settle(
    struct recent_requests *r, struct store_txn *txn, size_t *most)
{
	struct store_cursor *c;
	int rc = store_cursor_open(txn, TABLE_REQUESTS, &c);

	for (; rc == 0 && r->queue_at<r->queued && * most> 0; --*most)
		rc = settle_one(r, c, &r->queue[r->queue_at++]);
	store_cursor_close(c);
	return rc;
}

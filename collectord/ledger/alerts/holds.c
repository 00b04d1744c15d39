#include "collectord/ledger/alerts/holds.h"

#include <stdlib.h>

void
holds_init(struct holds *h)
{
	*h = (struct holds){ .lock = PTHREAD_MUTEX_INITIALIZER };
}

void
holds_close(struct holds *h)
{
	free(h->items);
	pthread_mutex_destroy(&h->lock);
}

static struct hold *
find(struct holds *h, uint64_t number)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->items[i].number == number)
			return &h->items[i];
	return NULL;
}

static bool
make_room(struct holds *h)
{
	size_t cap = h->cap == 0 ? 16 : 2 * h->cap;
	struct hold *items;

	if (h->n < h->cap)
		return true;
	items = realloc(h->items, cap * sizeof(*items));
	if (items == NULL)
		return false;
	h->items = items;
	h->cap = cap;
	return true;
}

/* A clock that was set back begins the lease anew. */
static bool
has_lapsed(struct hold *it, int64_t now_ms)
{
	if (it->since_ms > now_ms)
		it->since_ms = now_ms;
	return now_ms - it->since_ms >= HOLDS_LEASE_MS;
}

static int
take(struct holds *h, const struct hold *wanted)
{
	struct hold *it = find(h, wanted->number);

	if (it == NULL) {
		if (!make_room(h))
			return -1;
		it = &h->items[h->n++];
	} else if (it->owner != wanted->owner &&
		   !has_lapsed(it, wanted->since_ms)) {
		return 0;
	}
	*it = *wanted;
	return 1;
}

int
holds_take(struct holds *h, uint64_t number, uint64_t owner, int64_t now_ms)
{
	const struct hold wanted = { number, owner, now_ms };
	int taken;

	pthread_mutex_lock(&h->lock);
	taken = take(h, &wanted);
	pthread_mutex_unlock(&h->lock);
	return taken;
}

bool
holds_has(struct holds *h, uint64_t number, uint64_t owner)
{
	const struct hold *it;
	bool has;

	pthread_mutex_lock(&h->lock);
	it = find(h, number);
	has = it != NULL && it->owner == owner;
	pthread_mutex_unlock(&h->lock);
	return has;
}

void
holds_drop(struct holds *h, uint64_t number)
{
	struct hold *it;

	pthread_mutex_lock(&h->lock);
	it = find(h, number);
	if (it != NULL)
		*it = h->items[--h->n];
	pthread_mutex_unlock(&h->lock);
}

void
holds_drop_all_of(struct holds *h, uint64_t owner)
{
	pthread_mutex_lock(&h->lock);
	for (size_t i = 0; i < h->n;)
		if (h->items[i].owner == owner)
			h->items[i] = h->items[--h->n];
		else
			i++;
	pthread_mutex_unlock(&h->lock);
}

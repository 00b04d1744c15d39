#include "collectord/ledger/alerts/heard.h"

#include <string.h>

#include "proto/error.h"

static const struct span meta_heard = { "heard", 5 };

static uint32_t
number_of(struct civil day)
{
	return (uint32_t)(day.year * 10000 + day.month * 100 + day.day);
}

int
heard_load(struct store_txn *txn, struct heard *h)
{
	struct span val;
	struct rbuf r;
	int rc = store_get(txn, TABLE_META, meta_heard, &val);

	h->n = 0;
	if (rc != 0)
		return rc < 0 ? rc : 0;
	rbuf_init(&r, val);
	while (r.p < r.end && h->n < HEARD_DAYS_MAX)
		h->day[h->n++] = read_be32(&r);
	return r.failed ? -ERR_STORE : 0;
}

static int
save(struct store_txn *txn, const struct heard *h)
{
	uint8_t bytes[4 * HEARD_DAYS_MAX];
	struct wbuf w;

	wbuf_init(&w, bytes, sizeof(bytes));
	for (uint32_t i = 0; i < h->n; i++)
		write_be32(&w, h->day[i]);
	return store_put(txn, TABLE_META, meta_heard, wbuf_span(&w));
}

/* A clock that was set back may bring an earlier day. False: it is there. */
static bool
insert(struct heard *h, uint32_t day)
{
	uint32_t at = h->n;

	while (at > 0 && h->day[at - 1] > day)
		at--;
	if (at > 0 && h->day[at - 1] == day)
		return false;
	if (h->n == HEARD_DAYS_MAX) {
		if (at == 0)
			return false;
		at--;
		h->n--;
		memmove(h->day, h->day + 1, h->n * sizeof(*h->day));
	}
	memmove(h->day + at + 1, h->day + at, (h->n - at) * sizeof(*h->day));
	h->day[at] = day;
	h->n++;
	return true;
}

int
heard_note(struct heard_today *today, struct store_txn *txn, int day_start,
    int64_t now_ms)
{
	struct civil day;
	struct heard h;
	int rc;

	if (now_ms >= today->from_ms && now_ms < today->to_ms)
		return 0;
	day = calendar_day_of(now_ms, day_start);
	rc = heard_load(txn, &h);
	if (rc == 0 && insert(&h, number_of(day)))
		rc = save(txn, &h);
	if (rc != 0)
		return rc;
	today->from_ms = calendar_day_start(day, day_start);
	today->to_ms = calendar_day_start(calendar_add_days(day, 1), day_start);
	return 0;
}

uint32_t
heard_between(const struct heard *h, struct civil after, struct civil before)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < h->n; i++)
		n += h->day[i] > number_of(after) &&
		     h->day[i] < number_of(before);
	return n;
}

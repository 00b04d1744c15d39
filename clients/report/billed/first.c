#include "clients/report/billed/first.h"

#include <stdio.h>

#include "clients/common/output.h"
#include "clients/report/billed/billed.h"
#include "clients/report/billed/utc.h"

#define MSGID 5

/* Pages come by day, so that the first row is of the first day. */
static enum client_result
find_first(struct setup *s, struct billed *b)
{
	int64_t from_ms = 0, next_ms,
		to_ms = utc_day_after(s->now_ms) + BILLED_DAY_MS;
	struct packer k = { 0 };
	enum client_result r;

	for (;;) {
		billed_pack(&k, MSGID, from_ms, to_ms);
		r = fetch_call(&s->client, &k, MSGID, s->deadline_ms);
		if (r == CLIENT_OK)
			r = billed_take_page(b, &s->client, &next_ms);
		if (r != CLIENT_OK || b->n > 0 || next_ms <= from_ms)
			return r;
		from_ms = next_ms;
	}
}

/* A daemon that knows no accounts has no bills. */
static bool
is_without_bills(const struct setup *s, enum client_result r)
{
	return r == CLIENT_EREFUSED &&
	       s->client.reply.error.code == ERR_UNKNOWN_METHOD;
}

int
first_edges(struct ask *a, struct setup *s)
{
	struct billed b = { .rows = NULL };
	int64_t first_ms = 0;
	enum client_result r;
	int rc;

	if (!a->period.from_is_open)
		return ask_edges(a, s);
	rc = setup_connect(s);
	if (rc != EXIT_OK)
		return rc;
	r = find_first(s, &b);
	if (r == CLIENT_OK && b.n > 0)
		first_ms = b.rows[0].day_ms;
	billed_free(&b);
	if (r != CLIENT_OK && !is_without_bills(s, r))
		return setup_failed(s, r);
	return ask_edges_since(a, s, first_ms);
}

/*
 * What unpacks is packed and unpacked again and must be the same. Input: a byte
 * whose lowest bit says whether a scan comes first, as in the daemon, or the
 * bytes go to the decoders as they are, which must then be safe; then a
 * message, or bare params.
 */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/codec.h"

#define NOW_MS 1778580600000ll

static void
fail(const char *what, size_t at)
{
	fprintf(stderr, "fuzz_put: %s, at %zu\n", what, at);
	abort();
}

static void
compare_event(const struct event *a, const struct event *b, size_t at)
{
	for (int i = 0; i < EV_TEXTS; i++)
		if (!text_eq(a->text[i], b->text[i]))
			fail(event_text_names[i], at);
	for (int i = 0; i < EV_COUNTS; i++)
		if (a->count[i] != b->count[i])
			fail(event_count_names[i], at);
	if (a->ts_ms != b->ts_ms)
		fail("ts", at);
	if (a->has_cost != b->has_cost ||
	    (a->has_cost && a->cost_pico != b->cost_pico))
		fail("cost", at);
	if (a->copied != b->copied || a->is_void != b->is_void ||
	    a->running != b->running)
		fail("copied, void or running", at);
	if (a->rank != b->rank)
		fail("rank", at);
}

static void
compare_puts(const struct put *a, const struct put *b)
{
	if (b->nrejects > 0)
		fail("an accepted event is refused", b->rejects[0].index);
	if (a->nevents != b->nevents || a->ncursors != b->ncursors)
		fail("something is lost", b->nevents);
	for (size_t i = 0; i < a->nevents; i++)
		compare_event(&a->events[i], &b->events[i], i);
	for (size_t i = 0; i < a->ncursors; i++)
		if (!text_eq(a->cursors[i].name, b->cursors[i].name) ||
		    !text_eq(a->cursors[i].value, b->cursors[i].value))
			fail("cursor", i);
}

static void
scan_packed(const struct packer *k)
{
	struct wire_scan s;
	size_t used;

	wire_scan_init(&s);
	if (wire_scan_feed(&s, k->p, k->len, &used) != WIRE_DONE ||
	    used != k->len)
		fail("a packed message does not pass the scan", used);
}

static void
check_again(const struct put *p)
{
	struct packer k = { .max = 0 };
	struct request rq;
	struct put *again = NULL;

	pack_put(&k, 7, p->events, p->nevents, p->cursors, p->ncursors);
	if (!k.failed) { /* money as text may be longer than as a number */
		scan_packed(&k);
		if (unpack_request(k.p, k.len, &rq, NULL) != 0 ||
		    unpack_put(rq.params, NOW_MS, &again, NULL) != 0)
			fail("a packed put does not unpack", k.len);
		compare_puts(p, again);
		put_free(again);
	}
	packer_free(&k);
}

static void
note_reject(void *arg, uint32_t index, const struct error *e)
{
	size_t *n = arg;

	(void)index;
	if (strlen(e->message) >= sizeof(e->message))
		fail("a message without an end", *n);
	++*n;
}

static void
check_result(const struct put *p)
{
	struct packer k = { .max = 0 };
	struct put_counts counts;
	struct reply r;
	size_t n = 0;

	pack_put_result(&k, 7, p);
	if (!k.failed) {
		scan_packed(&k);
		if (unpack_reply(k.p, k.len, &r) != 0 || r.is_error ||
		    unpack_put_result(r.result, &counts, note_reject, &n) != 0)
			fail("a put's reply does not unpack", k.len);
		if (n != p->nrejects)
			fail("other rejects than sent", n);
	}
	packer_free(&k);
}

static void
try_put(struct wire_cursor params)
{
	struct error err = { .code = ERR_NONE };
	struct put *p;

	if (unpack_put(params, NOW_MS, &p, &err) != 0) {
		if (p != NULL || err.code == ERR_NONE)
			fail("a failure that says nothing", 0);
		return;
	}
	check_again(p);
	check_result(p);
	put_free(p);
}

static void
try_report(struct wire_cursor params)
{
	struct packer k = { .max = 0 };
	struct report_query q, again;
	struct request rq;

	if (unpack_report(params, &q, NULL) != 0)
		return;
	pack_report(&k, 7, &q);
	if (unpack_request(k.p, k.len, &rq, NULL) != 0 ||
	    unpack_report(rq.params, &again, NULL) != 0)
		fail("a packed report does not unpack", k.len);
	if (again.nedges != q.nedges || again.nby != q.nby ||
	    again.nfilter != q.nfilter ||
	    again.want_sessions != q.want_sessions ||
	    memcmp(again.edges, q.edges, q.nedges * sizeof(*q.edges)) != 0)
		fail("another report", q.nedges);
	free(again.edges);
	free(q.edges);
	packer_free(&k);
}

static void
try_replies(struct wire_cursor c)
{
	struct put_counts counts;
	struct report_row row;
	struct sums sums;
	uint64_t sessions;
	size_t n = 0;

	unpack_put_result(c, &counts, note_reject, &n);
	for (size_t nby = 0; nby <= REPORT_KEYS + 1; nby++) {
		struct wire_cursor at = c;

		unpack_row(&at, nby, &row);
	}
	unpack_total(&c, &sums, &sessions);
}

static void
try_all(struct wire_cursor params)
{
	try_put(params);
	try_report(params);
	try_replies(params);
}

static void
try_message(const uint8_t *p, size_t len)
{
	struct request rq;
	struct reply r;

	if (unpack_request(p, len, &rq, NULL) == 0)
		try_all(rq.params);
	if (unpack_reply(p, len, &r) == 0 && !r.is_error)
		try_replies(r.result);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wire_scan s;
	size_t used;

	if (size < 1)
		return 0;
	if (data[0] & 1) {
		try_message(data + 1, size - 1);
		try_all((struct wire_cursor){ data + 1, data + size });
		return 0;
	}
	wire_scan_init(&s);
	if (wire_scan_feed(&s, data + 1, size - 1, &used) == WIRE_DONE)
		try_message(data + 1, used);
	return 0;
}

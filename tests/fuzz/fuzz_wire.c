/*
 * The scan gives one verdict whatever the chunks, and what it passes the
 * cursors walk to the same end. Input: CUTS bytes that say how long the chunks
 * are, then the bytes of a stream.
 */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/codec.h"

#define CUTS 4

struct verdict {
	enum wire_result result;
	size_t used;
};

static void
fail(const char *what, struct verdict a, struct verdict b)
{
	fprintf(stderr, "fuzz_wire: %s: \"%s\" at %zu, \"%s\" at %zu\n", what,
	    wire_strerror(a.result), a.used, wire_strerror(b.result), b.used);
	abort();
}

/* Chunks of the lengths in cuts, over and over; NULL: all at once. */
static struct verdict
scan(const uint8_t *p, size_t len, const uint8_t *cuts)
{
	struct verdict v = { WIRE_MORE, 0 };
	struct wire_scan s;
	size_t n, used;

	wire_scan_init(&s);
	for (size_t i = 0; v.result == WIRE_MORE && v.used < len; i++) {
		n = cuts == NULL ? len : cuts[i % CUTS] + 1u;
		if (n > len - v.used)
			n = len - v.used;
		v.result = wire_scan_feed(&s, p + v.used, n, &used);
		v.used += used;
		if (v.result == WIRE_MORE && used != n)
			fail("a chunk is half used", v, v);
	}
	return v;
}

/* Every value below the cursor must read; only scanned bytes come here. */
static int
walk(struct wire_cursor c)
{
	struct value v;

	while (c.p != c.end) {
		if (unpack_value(&c, &v) != 0)
			return -1;
		if ((v.type == VALUE_ARRAY || v.type == VALUE_MAP) &&
		    walk(v.rest) != 0)
			return -1;
	}
	return 0;
}

static void
check_message(const uint8_t *p, struct verdict v)
{
	struct wire_cursor c = { p, p + v.used };
	struct verdict end = { WIRE_DONE, 0 };
	struct request rq;
	struct error err;
	struct reply r;

	if (wire_skip(&c) != 0 || c.p != c.end)
		fail("skip ends elsewhere", v, end);
	c.p = p;
	if (walk(c) != 0)
		fail("a value does not read", v, end);
	if (unpack_request(p, v.used, &rq, &err) == 0 && walk(rq.params) != 0)
		fail("params do not read", v, end);
	unpack_reply(p, v.used, &r);
}

/* No verdict is asked of bytes that no scan has passed, only safety. */
static void
read_anything(const uint8_t *p, size_t len)
{
	struct wire_cursor c = { p, p + len };
	struct text t;
	struct value v;
	uint32_t n;
	uint64_t u;

	while (c.p != c.end) {
		struct wire_cursor at = c;

		unpack_value(&at, &v);
		wire_read_text(&at, &t);
		wire_read_u64(&at, &u);
		if (wire_read_array(&c, &n) != 0 &&
		    wire_read_map(&c, &n) != 0 && wire_skip(&c) != 0)
			c.p++;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct verdict whole, split;

	if (size < CUTS)
		return 0;
	whole = scan(data + CUTS, size - CUTS, NULL);
	split = scan(data + CUTS, size - CUTS, data);
	if (whole.result != split.result || whole.used != split.used)
		fail("whole and split differ", whole, split);
	if (whole.result == WIRE_DONE)
		check_message(data + CUTS, whole);
	if (size < 4096) /* it may look at every byte from every byte */
		read_anything(data + CUTS, size - CUTS);
	return 0;
}

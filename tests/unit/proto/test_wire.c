#include <stdlib.h>

#include "proto/wire.h"
#include "tests/unit/proto/golden.h"

#define BYTES(...)                                                             \
	((const uint8_t[]){ __VA_ARGS__ }),                                    \
	    sizeof((const uint8_t[]){ __VA_ARGS__ })

struct outcome {
	enum wire_result result;
	size_t used;  /* bytes the scan took in all */
	size_t calls; /* how often it was fed */
};

/* Feeds whole when step is 0, else that many bytes at a time. */
static struct outcome
scan(const uint8_t *p, size_t len, size_t step)
{
	struct outcome o = { WIRE_MORE, 0, 0 };
	struct wire_scan s;
	size_t n, used;

	wire_scan_init(&s);
	while (o.result == WIRE_MORE && o.used < len) {
		n = step == 0 || step > len - o.used ? len - o.used : step;
		o.result = wire_scan_feed(&s, p + o.used, n, &used);
		cr_assert(used == n || (used < n && o.result != WIRE_MORE),
		    "fed %zu, used %zu, %s", n, used, wire_strerror(o.result));
		o.used += used;
		o.calls++;
	}
	return o;
}

/* The same verdict at the same byte, whatever the chunks. */
static void
expect(const char *what, const uint8_t *p, size_t len, enum wire_result want)
{
	struct outcome whole = scan(p, len, 0), o;

	cr_expect_eq(whole.result, want, "%s: \"%s\", not \"%s\"", what,
	    wire_strerror(whole.result), wire_strerror(want));
	for (size_t step = 1; step <= 7; step++) {
		o = scan(p, len, step);
		cr_expect_eq(o.result, whole.result,
		    "%s by %zu: \"%s\", whole \"%s\"", what, step,
		    wire_strerror(o.result), wire_strerror(whole.result));
		cr_expect_eq(o.used, whole.used, "%s by %zu: %zu, whole %zu",
		    what, step, o.used, whole.used);
	}
}

static void
prefixes_need_more(const struct golden *g, void *arg)
{
	(void)arg;
	for (size_t n = 0; n < g->len; n++)
		expect(g->name, g->bytes, n, WIRE_MORE);
	expect(g->name, g->bytes, g->len, WIRE_DONE);
}

Test(wire, every_prefix_of_every_golden_message_needs_more, .timeout = 30)
{
	int n = golden_each(prefixes_need_more, NULL);

	cr_expect_geq(n, 9, "%d golden messages, at least 9 expected", n);
}

static void
skip_ends_with_the_scan(const struct golden *g, void *arg)
{
	struct wire_cursor c = { g->bytes, g->bytes + g->len };

	(void)arg;
	cr_expect_eq(wire_skip(&c), 0, "%s is not skipped", g->name);
	cr_expect_eq(c.p, c.end, "%s: %td bytes left", g->name, c.end - c.p);
	for (size_t n = 0; n < g->len; n++) {
		c = (struct wire_cursor){ g->bytes, g->bytes + n };
		cr_expect_eq(wire_skip(&c), -1, "%s of %zu bytes is skipped",
		    g->name, n);
		cr_expect_eq(c.p, g->bytes, "%s: moved %td bytes", g->name,
		    c.p - g->bytes);
	}
}

Test(wire, skip_passes_over_exactly_one_whole_value, .timeout = 30)
{
	cr_expect_geq(golden_each(skip_ends_with_the_scan, NULL), 9,
	    "few golden messages");
}

Test(wire, what_follows_a_message_is_not_taken, .timeout = 30)
{
	struct golden g;
	struct outcome o;

	golden_get("hello_request", &g);
	memcpy(g.bytes + g.len, "\xc1\xc1\xc1", 3);
	o = scan(g.bytes, g.len + 3, 0);
	cr_expect_eq(o.result, WIRE_DONE, "%s", wire_strerror(o.result));
	cr_expect_eq(o.used, g.len, "used %zu, not %zu", o.used, g.len);
}

Test(wire, bombs_fail_at_their_header, .timeout = 30)
{
	expect("array32 at the top", BYTES(0xdd, 0xff, 0xff, 0xff, 0xff),
	    WIRE_EENVELOPE);
	expect("array32 inside",
	    BYTES(0x94, 0, 1, 0xa1, 'm', 0xdd, 0xff, 0xff, 0xff, 0xff),
	    WIRE_ETOOBIG);
	expect("array32 in array32",
	    BYTES(0x93, 0xdd, 0, 0, 0, 2, 0xdd, 0xff, 0xff, 0xff, 0xff),
	    WIRE_ETOOBIG);
	expect(
	    "map32", BYTES(0x93, 0xdf, 0xff, 0xff, 0xff, 0xff), WIRE_ETOOBIG);
	expect("map32 of half the limit", BYTES(0x93, 0xdf, 0, 0x20, 0, 0),
	    WIRE_ETOOBIG);
	expect(
	    "str32 of 2 GiB", BYTES(0x93, 0xdb, 0x80, 0, 0, 0), WIRE_ETOOBIG);
	expect("bin32 of 4 GiB", BYTES(0x93, 0xc6, 0xff, 0xff, 0xff, 0xff),
	    WIRE_ETOOBIG);
	expect(
	    "str32 of 4 MiB", BYTES(0x93, 0xdb, 0, 0x40, 0, 0), WIRE_ETOOBIG);
}

Test(wire, what_is_owed_counts_against_the_room, .timeout = 30)
{
	/* 4 MiB less ten bytes leave no room for a str of sixteen. */
	static const uint8_t bytes[] = { 0x93, 0x92, 0xc6, 0, 0x3f, 0xff, 0xf6,
		0 };

	expect("a bin that leaves no room", bytes, sizeof(bytes), WIRE_MORE);
	expect("a bin that leaves too little",
	    BYTES(0x93, 0x92, 0xc6, 0, 0x3f, 0xff, 0xf7), WIRE_ETOOBIG);
}

Test(wire, types_that_have_no_place_are_refused, .timeout = 30)
{
	static const uint8_t bad[] = { 0xc1, 0xc7, 0xc8, 0xc9, 0xd4, 0xd5, 0xd6,
		0xd7, 0xd8 };

	for (size_t i = 0; i < sizeof(bad); i++)
		expect("a bad type", BYTES(0x93, 0, bad[i], 0, 0, 0, 0),
		    WIRE_EBYTE);
}

Test(wire, only_arrays_of_three_or_four_are_messages, .timeout = 30)
{
	for (int first = 0; first < 256; first++) {
		uint8_t b = (uint8_t)first;
		bool may = b == 0x93 || b == 0x94 || b == 0xdc || b == 0xdd;

		expect("a first byte", &b, 1, may ? WIRE_MORE : WIRE_EENVELOPE);
	}
	expect("array16 of 4", BYTES(0xdc, 0, 4, 0, 0, 0, 0), WIRE_DONE);
	expect("array32 of 3", BYTES(0xdd, 0, 0, 0, 3, 0, 0, 0), WIRE_DONE);
	expect("array16 of 5", BYTES(0xdc, 0, 5, 0), WIRE_EENVELOPE);
	expect("array32 of 2", BYTES(0xdd, 0, 0, 0, 2, 0), WIRE_EENVELOPE);
}

Test(wire, depth_is_eight_and_not_nine, .timeout = 30)
{
	expect("depth 8",
	    BYTES(0x93, 0x91, 0x91, 0x91, 0x91, 0x91, 0x91, 0x80, 0, 0),
	    WIRE_DONE);
	expect("depth 9",
	    BYTES(0x93, 0x91, 0x91, 0x91, 0x91, 0x91, 0x91, 0x91, 0x80),
	    WIRE_EDEPTH);
	expect("depth 9 by map",
	    BYTES(0x93, 0x81, 1, 0x81, 1, 0x81, 1, 0x81, 1, 0x81, 1, 0x81, 1,
		0x81, 1, 0xde),
	    WIRE_EDEPTH);
}

/* An envelope of 3 and its two first values, then an array of n nils. */
static uint8_t *
array_of_nils(uint32_t n, size_t *len)
{
	const uint8_t head[] = { 0x93, 0, 0, 0xdd, (uint8_t)(n >> 24),
		(uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n };
	uint8_t *p = malloc(sizeof(head) + n);

	cr_assert_not_null(p, "no memory for %u", n);
	memcpy(p, head, sizeof(head));
	memset(p + sizeof(head), 0xc0, n);
	*len = sizeof(head) + n;
	return p;
}

Test(wire, a_million_values_and_not_one_more, .timeout = 30)
{
	uint32_t most = LIMIT_NODES - 4; /* the envelope and its members */
	struct outcome o;
	size_t len;
	uint8_t *p = array_of_nils(most, &len);

	o = scan(p, len, 0);
	cr_expect_eq(o.result, WIRE_DONE, "%s", wire_strerror(o.result));
	free(p);
	p = array_of_nils(most + 1, &len);
	expect("1,000,001 values", p, len, WIRE_ENODES);
	o = scan(p, len, 0);
	cr_expect_eq(o.used, 8, "used %zu, the header ends at 8", o.used);
	free(p);
}

/* A message of len bytes: [0, 0, bin]. */
static uint8_t *
message_of(size_t len)
{
	size_t n = len - 8;
	const uint8_t head[] = { 0x93, 0, 0, 0xc6, (uint8_t)(n >> 24),
		(uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n };
	uint8_t *p = calloc(1, len);

	cr_assert_not_null(p, "no memory for %zu", len);
	memcpy(p, head, sizeof(head));
	return p;
}

Test(wire, a_message_may_be_of_the_limit_and_not_longer, .timeout = 30)
{
	uint8_t *p = message_of(LIMIT_REQUEST_BYTES);
	struct outcome o = scan(p, LIMIT_REQUEST_BYTES, 0);

	cr_expect_eq(o.result, WIRE_DONE, "%s", wire_strerror(o.result));
	cr_expect_eq(o.used, LIMIT_REQUEST_BYTES, "used %zu", o.used);
	free(p);
	p = message_of(LIMIT_REQUEST_BYTES + 1);
	o = scan(p, LIMIT_REQUEST_BYTES + 1, 0);
	cr_expect_eq(o.result, WIRE_ETOOBIG, "%s", wire_strerror(o.result));
	cr_expect_eq(o.used, 8, "used %zu, the header ends at 8", o.used);
	free(p);
}

Test(wire, many_long_numbers_do_not_outgrow_the_limit, .timeout = 30)
{
	uint32_t n = LIMIT_REQUEST_BYTES / 9 + 1;
	struct outcome o;
	size_t len;
	uint8_t *p = array_of_nils(9 * n, &len);

	p[4] = (uint8_t)(n >> 24);
	p[5] = (uint8_t)(n >> 16);
	p[6] = (uint8_t)(n >> 8);
	p[7] = (uint8_t)n;
	for (uint32_t i = 0; i < n; i++)
		p[8 + 9 * i] = 0xcf;
	o = scan(p, len, 0);
	cr_expect_eq(o.result, WIRE_ETOOBIG, "%s", wire_strerror(o.result));
	cr_expect_leq(o.used, LIMIT_REQUEST_BYTES, "used %zu", o.used);
	free(p);
}

/* Each call sees its byte and no other: used says so. */
Test(wire, a_dripped_message_costs_each_byte_once, .timeout = 30)
{
	uint8_t *p = message_of(LIMIT_REQUEST_BYTES);
	struct outcome o = scan(p, LIMIT_REQUEST_BYTES, 1);

	cr_expect_eq(o.result, WIRE_DONE, "%s", wire_strerror(o.result));
	cr_expect_eq(o.calls, LIMIT_REQUEST_BYTES, "%zu calls", o.calls);
	cr_expect_eq(o.used, LIMIT_REQUEST_BYTES, "%zu used", o.used);
	free(p);
}

Test(wire, a_failed_scan_stays_failed, .timeout = 30)
{
	static const uint8_t bad[] = { 0x93, 0xdb, 0x80, 0, 0, 0 };
	struct wire_scan s;
	enum wire_result r;
	size_t used;

	wire_scan_init(&s);
	r = wire_scan_feed(&s, bad, sizeof(bad), &used);
	cr_expect_eq(r, WIRE_ETOOBIG, "%s", wire_strerror(r));
	r = wire_scan_feed(&s, "\x00\x00\x00", 3, &used);
	cr_expect_eq(r, WIRE_ETOOBIG, "then %s", wire_strerror(r));
	cr_expect_eq(used, 0, "then used %zu", used);
}

static struct wire_cursor
over(const uint8_t *p, size_t len)
{
	return (struct wire_cursor){ p, p + len };
}

Test(wire, a_number_reads_in_every_form, .timeout = 30)
{
	static const struct {
		uint8_t bytes[9];
		size_t len;
		uint64_t want;
	} forms[] = {
		{ { 0x7f }, 1, 127 },
		{ { 0xcc, 0xff }, 2, 255 },
		{ { 0xcd, 1, 0 }, 3, 256 },
		{ { 0xce, 0xff, 0xff, 0xff, 0xff }, 5, UINT32_MAX },
		{ { 0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, 9,
		    UINT64_MAX },
		{ { 0xd0, 5 }, 2, 5 },
		{ { 0xd1, 1, 0 }, 3, 256 },
		{ { 0xd3, 0, 0, 0, 0, 0, 0, 1, 1 }, 9, 257 },
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct wire_cursor c = over(forms[i].bytes, forms[i].len);
		uint64_t v = 0;

		cr_expect_eq(wire_read_u64(&c, &v), 0, "form %zu", i);
		cr_expect_eq(v, forms[i].want, "form %zu: %llu, not %llu", i,
		    (unsigned long long)v, (unsigned long long)forms[i].want);
		cr_expect_eq(c.p, c.end, "form %zu: %td left", i, c.end - c.p);
		c = over(forms[i].bytes, forms[i].len - 1);
		cr_expect_eq(wire_read_u64(&c, &v), -1, "cut form %zu", i);
	}
}

Test(wire, a_read_that_fails_leaves_the_cursor, .timeout = 30)
{
	static const uint8_t negative[] = { 0xd0, 0x80 },
			     text[] = { 0xa5, 'a' }, list[] = { 0x92, 0 },
			     map[] = { 0x81, 0 };
	struct wire_cursor c;
	struct text t;
	uint64_t v;
	uint32_t n;

	c = over(negative, sizeof(negative));
	cr_expect_eq(wire_read_u64(&c, &v), -1, "a negative number");
	cr_expect_eq(c.p, negative, "moved %td", c.p - negative);
	c = over(text, sizeof(text));
	cr_expect_eq(wire_read_text(&c, &t), -1, "a text that is cut");
	cr_expect_eq(c.p, text, "moved %td", c.p - text);
	c = over(list, sizeof(list));
	cr_expect_eq(wire_read_array(&c, &n), -1, "an array that is cut");
	cr_expect_eq(wire_read_map(&c, &n), -1, "an array is no map");
	cr_expect_eq(c.p, list, "moved %td", c.p - list);
	c = over(map, sizeof(map));
	cr_expect_eq(wire_read_map(&c, &n), -1, "a map that is cut");
	cr_expect_eq(c.p, map, "moved %td", c.p - map);
	c = over(map, 0);
	cr_expect_eq(wire_skip(&c), -1, "nothing to skip");
}

Test(wire, texts_are_str_or_bin, .timeout = 30)
{
	static const uint8_t bytes[] = { 0xa2, 'a', 'b', 0xd9, 1, 'c', 0xc4, 1,
		'd', 0x82, 1, 2, 3, 4, 0xdc, 0, 1, 0 };
	struct wire_cursor c = over(bytes, sizeof(bytes));
	struct text t = { NULL, 0 };
	uint32_t n = 0;

	cr_expect_eq(wire_read_text(&c, &t), 0, "fixstr");
	cr_expect(text_is(t, "ab"), "\"%.*s\", not \"ab\"", (int)t.len, t.p);
	cr_expect_eq(wire_read_text(&c, &t), 0, "str8");
	cr_expect(text_is(t, "c"), "\"%.*s\", not \"c\"", (int)t.len, t.p);
	cr_expect_eq(wire_read_text(&c, &t), 0, "bin8");
	cr_expect(text_is(t, "d"), "\"%.*s\", not \"d\"", (int)t.len, t.p);
	cr_expect_eq(wire_read_map(&c, &n), 0, "a map");
	cr_expect_eq(n, 2, "%u pairs, not 2", n);
	for (int i = 0; i < 4; i++)
		cr_expect_eq(wire_skip(&c), 0, "member %d", i);
	cr_expect_eq(wire_read_array(&c, &n), 0, "an array");
	cr_expect_eq(n, 1, "%u members, not 1", n);
	cr_expect_eq(wire_skip(&c), 0, "the last");
	cr_expect_eq(c.p, c.end, "%td bytes left", c.end - c.p);
}

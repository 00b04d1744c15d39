#include <criterion/criterion.h>

#include "collectord/ledger/record.h"
#include "tests/unit/ledger/sights.h"

static void
random_record(struct dice *d, struct record *r)
{
	struct event ev;
	struct merged m;
	uint32_t n;

	*r = (struct record){ .revision = dice_roll(d, 1000000),
		.day = dice_roll(d, 30000),
		.dims = dice_roll(d, 100000),
		.session = dice_roll(d, 100000) };
	r->price =
	    (struct pricing){ dice_roll(d, 3) * 10, 0, dice_roll(d, 1000) };
	if (r->price.code != 0)
		r->price.cost_pico = dice_roll(d, 1000000);
	sight_random(d, &ev);
	merge_init(&r->m, &ev);
	for (n = dice_roll(d, 4); n > 0; n--) {
		sight_random(d, &ev);
		merge_init(&m, &ev);
		merge_join(&r->m, &m);
	}
}

static void
assert_same(const struct record *a, const struct record *b, int round)
{
	int i;

	cr_assert(a->revision == b->revision && a->day == b->day &&
		      a->dims == b->dims && a->session == b->session,
	    "round %d: revision %lu/%lu day %u/%u dims %u/%u session %u/%u",
	    round, a->revision, b->revision, a->day, b->day, a->dims, b->dims,
	    a->session, b->session);
	cr_assert(a->m.rank == b->m.rank && a->m.is_void == b->m.is_void &&
		      a->m.has_cost == b->m.has_cost &&
		      a->m.cost_pico == b->m.cost_pico &&
		      a->m.ts_ms == b->m.ts_ms,
	    "round %d: ts %ld/%ld cost %ld/%ld", round, a->m.ts_ms, b->m.ts_ms,
	    a->m.cost_pico, b->m.cost_pico);
	cr_assert(a->price.code == b->price.code &&
		      a->price.cost_pico == b->price.cost_pico &&
		      a->price.key == b->price.key,
	    "round %d: price %lu/%lu", round, a->price.code, b->price.code);
	for (i = 0; i < EV_COUNTS; i++)
		cr_assert_eq(a->m.count[i], b->m.count[i],
		    "round %d: %s %lu is not %lu", round, event_count_names[i],
		    a->m.count[i], b->m.count[i]);
	for (i = 0; i < EV_TEXTS; i++)
		cr_assert(text_eq(a->m.text[i], b->m.text[i]) &&
			      stamp_cmp(&a->m.stamp[i], &b->m.stamp[i]) == 0,
		    "round %d: %s or its stamp differs", round,
		    event_text_names[i]);
}

Test(record, reads_back_as_written, .timeout = 30)
{
	uint8_t bytes[RECORD_BYTES_MAX];
	struct record a, b;
	struct dice d = { 7 };
	struct wbuf w;
	int i;

	for (i = 0; i < 20000; i++) {
		random_record(&d, &a);
		wbuf_init(&w, bytes, sizeof(bytes));
		record_write(&w, &a);
		cr_assert_not(w.failed, "round %d: no room", i);
		cr_assert(record_read(wbuf_span(&w), &b), "round %d", i);
		record_fill(&b, a.m.text);
		assert_same(&a, &b, i);
	}
}

Test(record, every_prefix_is_refused, .timeout = 30)
{
	uint8_t bytes[RECORD_BYTES_MAX];
	struct record a, b;
	struct dice d = { 8 };
	struct wbuf w;
	size_t n;
	int i;

	for (i = 0; i < 200; i++) {
		random_record(&d, &a);
		wbuf_init(&w, bytes, sizeof(bytes));
		record_write(&w, &a);
		for (n = 0; n < w.len; n++)
			cr_assert_not(
			    record_read((struct span){ bytes, n }, &b),
			    "round %d: %zu of %zu bytes pass", i, n, w.len);
	}
}

Test(record, a_forward_reads_back)
{
	struct record a = { .is_forward = true, .forward = 7, .revision = 9 },
		      b;
	uint8_t bytes[64];
	struct wbuf w;

	wbuf_init(&w, bytes, sizeof(bytes));
	record_write(&w, &a);
	cr_assert(record_read(wbuf_span(&w), &b), "refused");
	cr_assert(b.is_forward && b.forward == 7 && b.revision == 9,
	    "forward %d to %lu at %lu", b.is_forward, b.forward, b.revision);
}

Test(record, the_largest_event_fits)
{
	static char text[LIMIT_TEXT];
	uint8_t bytes[RECORD_BYTES_MAX];
	struct record r = { .dims = UINT32_MAX, .session = UINT32_MAX };
	struct wbuf w;
	int i;

	memset(text, 'x', sizeof(text));
	for (i = 0; i < EV_TEXTS; i++) {
		r.m.text[i] = (struct text){ text, sizeof(text) };
		r.m.stamp[i] = (struct stamp){ .tokens = UINT64_MAX,
			.ts_ms = INT64_MAX - i,
			.tie = (uint64_t)i };
	}
	for (i = 0; i < EV_COUNTS; i++)
		r.m.count[i] = LIMIT_TOKENS;
	r.m.has_cost = true;
	r.m.cost_pico = INT64_MAX;
	wbuf_init(&w, bytes, sizeof(bytes));
	record_write(&w, &r);
	cr_assert_not(w.failed, "needs more than %d bytes", RECORD_BYTES_MAX);
}

/*
 * A stored record from a damaged store: whatever bytes come, reading stays
 * inside them, and what reads is written and read back the same.
 */
#include <stdlib.h>

#include "collectord/ledger/record.h"
#include "collectord/ledger/slots.h"
#include "collectord/ledger/sources.h"
#include "tests/fuzz/fuzz.h"

static void
check_record(struct span in)
{
	uint8_t bytes[2 * RECORD_BYTES_MAX];
	struct text interned[EV_TEXTS];
	struct record a, b;
	struct wbuf w;
	int i;

	if (!record_read(in, &a))
		return;
	for (i = 0; i < EV_TEXTS; i++)
		interned[i] = TEXT("x");
	record_fill(&a, interned);
	wbuf_init(&w, bytes, sizeof(bytes));
	record_write(&w, &a);
	if (w.failed || !record_read(wbuf_span(&w), &b))
		abort();
	record_fill(&b, interned);
	if (a.revision != b.revision || a.m.ts_ms != b.m.ts_ms ||
	    a.m.cost_pico != b.m.cost_pico ||
	    memcmp(a.m.count, b.m.count, sizeof(a.m.count)) != 0)
		abort();
	for (i = EV_MESSAGE; i < EV_TEXTS; i++)
		if (!text_eq(a.m.text[i], b.m.text[i]) ||
		    stamp_cmp(&a.m.stamp[i], &b.m.stamp[i]) != 0)
			abort();
}

static void
check_sums(struct span in)
{
	uint8_t bytes[256];
	struct sums a, b;
	struct wbuf w;

	if (!sums_read(in, &a))
		return;
	wbuf_init(&w, bytes, sizeof(bytes));
	sums_write(&w, &a);
	if (w.failed || !sums_read(wbuf_span(&w), &b) ||
	    memcmp(a.n, b.n, sizeof(a.n)) != 0 || a.cost != b.cost)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct source_note note;
	struct span in = { data, size };

	check_record(in);
	check_sums(in);
	source_read(in, &note);
	return 0;
}

/*
 * The published prices this program knows: facts, one row for a model and for
 * each day its price changed. Rates are USD a million tokens, "in out
 * cache_read cache_write_5m cache_write_1h"; "-" or nothing: not published.
 * Priority is not sold for prompts beyond a step (OpenAI's page says so), fast
 * has one price whatever the prompt (Anthropic's).
 */
#ifndef LEDGER_PRICE_TABLE_H
#define LEDGER_PRICE_TABLE_H

#include "collectord/ledger/price/price_name.h"

/* How else a model is sold, at a published part of its price. */
enum {
	SOLD_BATCH = 1,     /* batch at half of every rate */
	SOLD_FLEX = 2,      /* flex at half of every rate */
	SOLD_UNCACHED = 4,  /* with batch: nothing is off for cached input */
	SOLD_US = 8,        /* geo "us" at 1.1 times every rate */
	SOLD_PRIO_FAST = 16 /* fast is another name for priority */
};

/* Dearer hours of the day. */
struct price_peak {
	const char *windows;  /* "01:00-04:00 06:00-10:00", UTC */
	const char *weekdays; /* Monday to Friday only from this day on */
	const char *rates;
};

struct price_fact {
	enum price_vendor vendor;
	const char *model; /* lower case */
	const char *since; /* first UTC day; NULL: from the start */
	const char *rates;
	const char *steps;   /* "200000: rates; 500000: rates" */
	const char *aliases; /* other exact ids, in a model's first row only */
	unsigned sold;
	const char *priority, *fast; /* rates; see above */
	const struct price_peak *peak;
};

/* The day the facts are of. */
extern const char price_table_as_of[];
extern const struct price_fact price_table[];
extern const size_t price_table_rows;

#endif

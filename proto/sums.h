/*
 * What a set of calls adds up to. The order of enum sum is the order on the
 * wire; new sums are added at the end.
 */
#ifndef PROTO_SUMS_H
#define PROTO_SUMS_H

#include "proto/money.h"

enum sum {
	SUM_CALLS,
	SUM_FAILED,
	SUM_UNPRICED_CALLS,
	SUM_INPUT,
	SUM_CACHE_READ,
	SUM_CACHE_WRITE,
	SUM_CACHE_WRITE_1H, /* subset of cache_write */
	SUM_OUTPUT,
	SUM_REASONING, /* subset of output */
	SUM_OTHER,     /* stated totals beyond the classes */
	SUM_UNPRICED_TOKENS,
	SUM_WEB_SEARCHES,
	SUM_COUNTS
};

struct sums {
	uint64_t n[SUM_COUNTS];
	money_sum cost;      /* of priced calls, plan-covered included */
	money_sum plan_cost; /* the part a plan covers */
};

/* "calls", "cache_write_1h_tokens", …: names in every JSON and CSV. */
extern const char *const sum_names[SUM_COUNTS];

/* a += b; false on overflow, a then unspecified. */
bool sums_add(struct sums *a, const struct sums *b);
/* a -= b; false when b was never part of a. */
bool sums_sub(struct sums *a, const struct sums *b);
bool sums_is_zero(const struct sums *s);
/* input + cache_read + cache_write + output + other */
uint64_t sums_total_tokens(const struct sums *s);

#endif

#include "proto/sums.h"

const char *const sum_names[SUM_COUNTS] = {
	[SUM_CALLS] = "calls",
	[SUM_FAILED] = "failed_calls",
	[SUM_UNPRICED_CALLS] = "unpriced_calls",
	[SUM_INPUT] = "input_tokens",
	[SUM_CACHE_READ] = "cache_read_tokens",
	[SUM_CACHE_WRITE] = "cache_write_tokens",
	[SUM_CACHE_WRITE_1H] = "cache_write_1h_tokens",
	[SUM_OUTPUT] = "output_tokens",
	[SUM_REASONING] = "reasoning_tokens",
	[SUM_OTHER] = "other_tokens",
	[SUM_UNPRICED_TOKENS] = "unpriced_tokens",
	[SUM_WEB_SEARCHES] = "web_searches",
};

bool
sums_add(struct sums *a, const struct sums *b)
{
	bool over = false;

	for (int i = 0; i < SUM_COUNTS; i++)
		over |= __builtin_add_overflow(a->n[i], b->n[i], &a->n[i]);
	over |= __builtin_add_overflow(a->cost, b->cost, &a->cost);
	over |=
	    __builtin_add_overflow(a->plan_cost, b->plan_cost, &a->plan_cost);
	return !over;
}

/* Costs of calls are never negative, so a sum below its part is wrong. */
bool
sums_sub(struct sums *a, const struct sums *b)
{
	for (int i = 0; i < SUM_COUNTS; i++)
		if (a->n[i] < b->n[i])
			return false;
	if (a->cost < b->cost || a->plan_cost < b->plan_cost)
		return false;
	for (int i = 0; i < SUM_COUNTS; i++)
		a->n[i] -= b->n[i];
	a->cost -= b->cost;
	a->plan_cost -= b->plan_cost;
	return true;
}

bool
sums_is_zero(const struct sums *s)
{
	for (int i = 0; i < SUM_COUNTS; i++)
		if (s->n[i] != 0)
			return false;
	return s->cost == 0 && s->plan_cost == 0;
}

uint64_t
sums_total_tokens(const struct sums *s)
{
	return s->n[SUM_INPUT] + s->n[SUM_CACHE_READ] + s->n[SUM_CACHE_WRITE] +
	       s->n[SUM_OUTPUT] + s->n[SUM_OTHER];
}

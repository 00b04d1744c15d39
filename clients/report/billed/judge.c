#include "clients/report/billed/reconciled.h"

/* A bill may take a day to settle. */
#define FINAL_MS BILLED_DAY_MS
#define CENT (MONEY_USD / 100)

const char *const reconcile_cause_names[RECONCILE_CAUSES] = {
	[CAUSE_NONE] = "none",
	[CAUSE_INCOMPLETE] = "incomplete",
	[CAUSE_NOT_ASKED] = "not_asked",
	[CAUSE_NOT_FINAL] = "not_final",
	[CAUSE_CURRENCY] = "currency",
	[CAUSE_SHARED] = "shared",
	[CAUSE_UNPRICED] = "unpriced",
	[CAUSE_OTHER_MACHINE] = "other_machine",
	[CAUSE_UNHOOKED_KEY] = "unhooked_key",
	[CAUSE_OTHER_ACCOUNT] = "other_account",
	[CAUSE_CACHE_TIER] = "cache_tier",
	[CAUSE_BATCH] = "batch",
	[CAUSE_CREDITS] = "credits",
	[CAUSE_PLAN] = "plan",
	[CAUSE_ELSEWHERE] = "billed_elsewhere",
	[CAUSE_FEES] = "fees",
	[CAUSE_PRICE] = "price",
};

static money_sum
distance(money_sum a, money_sum b)
{
	return a > b ? a - b : b - a;
}

/* Within one part in so many of the larger. */
static bool
is_near(money_sum a, money_sum b, int parts)
{
	return distance(a, b) * parts <= (a > b ? a : b);
}

static money_sum
seen_tokens(const struct sums *s)
{
	return (money_sum)s->n[SUM_INPUT] + s->n[SUM_CACHE_READ] +
	       s->n[SUM_CACHE_WRITE] + s->n[SUM_OUTPUT];
}

static money_sum
billed_tokens(const struct reconcile_row *row)
{
	return (money_sum)row->n[BILLED_INPUT] + row->n[BILLED_CACHE_READ] +
	       row->n[BILLED_CACHE_WRITE] + row->n[BILLED_OUTPUT];
}

/* Are the tokens in the same classes, as far as 1% of all of them? */
static bool
has_same_classes(const struct reconcile_row *row)
{
	static const enum sum seen[] = { SUM_INPUT, SUM_CACHE_READ,
		SUM_CACHE_WRITE, SUM_OUTPUT };
	money_sum all = seen_tokens(&row->seen);
	size_t i;

	for (i = 0; i < 4; i++)
		if (distance(row->seen.n[seen[i]], row->n[i]) * 100 > all)
			return false;
	return true;
}

/* Some part of what was billed that could be seen in its price. */
static bool
has_batch(const struct reconcile_row *row)
{
	return (row->batch_tokens > 0 &&
		   (money_sum)row->batch_tokens * 20 >= billed_tokens(row)) ||
	       (row->batch_amount > 0 && row->batch_amount * 20 >= row->amount);
}

/* The same tokens, or nobody says how many: what made their price another? */
static enum reconcile_cause
judge_price(const struct reconcile_row *row)
{
	if (row->difference < 0 && has_batch(row))
		return CAUSE_BATCH;
	if (row->seen.n[SUM_CACHE_WRITE] > 0 ||
	    (row->has_counts && !has_same_classes(row)))
		return CAUSE_CACHE_TIER;
	return CAUSE_PRICE;
}

static enum reconcile_cause
judge_more(const struct reconcile_row *row)
{
	if (row->is_shared)
		return CAUSE_SHARED;
	if (row->is_by_model && row->model.len == 0 &&
	    row->seen.n[SUM_CALLS] == 0)
		return CAUSE_FEES;
	if (row->seen.n[SUM_UNPRICED_TOKENS] > 0 ||
	    row->seen.n[SUM_UNPRICED_CALLS] > 0)
		return CAUSE_UNPRICED;
	/* What goes beyond a plan is billed. */
	if (row->seen.plan_cost > 0 && row->seen_cost == 0)
		return CAUSE_PLAN;
	if (!row->saw_provider)
		return CAUSE_UNHOOKED_KEY;
	if (row->has_counts &&
	    is_near(billed_tokens(row), seen_tokens(&row->seen), 100))
		return judge_price(row);
	return CAUSE_OTHER_MACHINE;
}

static enum reconcile_cause
judge_less(const struct reconcile_row *row)
{
	if (row->amount < 0)
		return CAUSE_CREDITS;
	/* A part of what is missing that is worth the name. */
	if (row->elsewhere * 4 >= -row->difference)
		return CAUSE_ELSEWHERE;
	if (row->amount * 100 <= row->seen_cost)
		return CAUSE_PLAN;
	if (row->has_counts &&
	    !is_near(billed_tokens(row), seen_tokens(&row->seen), 100))
		return billed_tokens(row) > seen_tokens(&row->seen)
			   ? CAUSE_PRICE
			   : CAUSE_OTHER_ACCOUNT;
	if (!row->has_counts && row->seen.n[SUM_CACHE_WRITE] == 0 &&
	    !has_batch(row))
		return CAUSE_OTHER_ACCOUNT;
	return judge_price(row);
}

/* No amount is told of that day: only tokens can be compared. */
static enum reconcile_cause
judge_tokens(const struct reconcile_row *row)
{
	money_sum seen = seen_tokens(&row->seen), billed = billed_tokens(row);

	if (!row->has_counts || is_near(seen, billed, 200))
		return CAUSE_NONE;
	if (seen > billed)
		return billed == 0 ? CAUSE_PLAN : CAUSE_OTHER_ACCOUNT;
	if (row->is_shared)
		return CAUSE_SHARED;
	return row->saw_provider ? CAUSE_OTHER_MACHINE : CAUSE_UNHOOKED_KEY;
}

static enum reconcile_cause
judge_difference(const struct reconcile_row *row)
{
	if (distance(row->amount, row->seen_cost) <= CENT ||
	    is_near(row->amount, row->seen_cost, 200))
		return CAUSE_NONE;
	if (row->at_ms < row->day_ms + BILLED_DAY_MS + FINAL_MS)
		return CAUSE_NOT_FINAL;
	return row->difference > 0 ? judge_more(row) : judge_less(row);
}

void
reconcile_judge(struct reconcile_row *row)
{
	bool is_usd = strcmp(row->currency, "USD") == 0;

	row->has_difference = is_usd && row->has_amount && row->is_whole;
	row->difference =
	    row->has_difference ? row->amount - row->seen_cost : 0;
	if (!is_usd)
		row->cause = CAUSE_CURRENCY;
	else if (!row->is_whole)
		row->cause = row->is_asked ? CAUSE_INCOMPLETE : CAUSE_NOT_ASKED;
	else if (row->has_difference)
		row->cause = judge_difference(row);
	else
		row->cause = judge_tokens(row);
}

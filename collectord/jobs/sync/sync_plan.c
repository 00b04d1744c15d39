#include "collectord/jobs/sync/sync_plan.h"

#include "collectord/ledger/digest.h"

#define DAY_MS 86400000ll
#define ROUND_LEAST_MS 900000ll
#define ROUND_COST_MS 3600000ll
#define LIMITED_MS 60000ll
#define LIMITED_MOST_MS 3600000ll
#define RETRY_AFTER_MOST_MS DAY_MS

static int64_t
smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t
larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* Behind the last day that can be asked for. */
static int64_t
end_of_days(const struct provider_feed *feed, int64_t now_ms)
{
	return now_ms / DAY_MS * DAY_MS + (feed->lacks_today ? 0 : DAY_MS);
}

static int64_t
first_of_days(const struct provider_feed *feed, int64_t now_ms)
{
	int64_t days =
	    feed->lookback_days != 0 && feed->lookback_days < PLAN_HISTORY_DAYS
		? feed->lookback_days
		: PLAN_HISTORY_DAYS;

	return now_ms / DAY_MS * DAY_MS - days * DAY_MS;
}

/*
 * Without days that are still to come: whoever asked for them had a clock that
 * was ahead, and what was answered says nothing of them.
 */
static struct account_feed
until_now(const struct account_feed *state, const struct provider_feed *feed,
    int64_t now_ms)
{
	struct account_feed s = *state;

	s.to_ms = smaller(s.to_ms, end_of_days(feed, now_ms));
	if (s.from_ms >= s.to_ms) {
		s.from_ms = s.to_ms = 0;
		s.has_history = false;
	}
	return s;
}

/* From what may have changed since the last round, or was never known. */
static int64_t
first_to_renew(const struct account_feed *state,
    const struct provider_feed *feed, int64_t now_ms)
{
	int64_t end = end_of_days(feed, now_ms);

	if (state->to_ms == 0)
		return larger(end - PLAN_RANGE_DAYS * DAY_MS,
		    first_of_days(feed, now_ms));
	return larger(state->to_ms - feed->trailing_days * DAY_MS,
	    first_of_days(feed, now_ms));
}

bool
plan_next_range(const struct account_feed *state,
    const struct provider_feed *feed, int64_t now_ms, bool has_begun,
    struct plan_range *range)
{
	const struct account_feed s = until_now(state, feed, now_ms);
	int64_t end = end_of_days(feed, now_ms);

	range->from_ms = range->to_ms = 0;
	if (!feed->is_windowed)
		return !has_begun;
	if (!has_begun || s.to_ms < end) {
		range->from_ms = has_begun && s.to_ms != 0
				     ? s.to_ms
				     : first_to_renew(&s, feed, now_ms);
		range->to_ms =
		    smaller(range->from_ms + PLAN_RANGE_DAYS * DAY_MS, end);
		return range->from_ms < range->to_ms;
	}
	range->to_ms = s.from_ms;
	range->from_ms = larger(
	    s.from_ms - PLAN_RANGE_DAYS * DAY_MS, first_of_days(feed, now_ms));
	return !s.has_history && range->from_ms < range->to_ms;
}

void
plan_note_range(struct account_feed *state, const struct provider_feed *feed,
    int64_t now_ms, const struct plan_range *range)
{
	if (!feed->is_windowed)
		return;
	*state = until_now(state, feed, now_ms);
	/* A gap, where we were away for longer than can be asked for. */
	if (state->to_ms == 0 || range->from_ms > state->to_ms) {
		state->from_ms = range->from_ms;
		state->to_ms = range->to_ms;
	}
	state->from_ms = smaller(state->from_ms, range->from_ms);
	state->to_ms = larger(state->to_ms, range->to_ms);
	if (state->from_ms <= first_of_days(feed, now_ms))
		state->has_history = true;
}

int64_t
plan_jitter(int64_t ms, const char *name, const char *feed, uint64_t n)
{
	const struct digest_key key = { n,
		digest64(&(struct digest_key){ 7, 8 }, feed, strlen(feed)) };

	return ms + (int64_t)(digest64(&key, name, strlen(name)) %
			      (uint64_t)(ms / 4 + 1));
}

int64_t
plan_next_round(
    const char *name, const struct provider_feed *feed, int64_t now_ms)
{
	int64_t every_ms = larger(feed->every_s * 1000ll,
	    feed->is_windowed ? ROUND_COST_MS : ROUND_LEAST_MS);

	return now_ms + plan_jitter(every_ms, name, feed->name,
			    (uint64_t)(now_ms / every_ms));
}

int64_t
plan_limited_until(const char *name, const char *feed, int64_t now_ms,
    int64_t retry_after_ms, uint32_t n)
{
	int64_t wait_ms = LIMITED_MS << (n > 7 ? 6 : n == 0 ? 0 : n - 1);

	if (retry_after_ms >= 0)
		return now_ms + smaller(retry_after_ms, RETRY_AFTER_MOST_MS);
	return now_ms +
	       plan_jitter(smaller(wait_ms, LIMITED_MOST_MS), name, feed, n);
}

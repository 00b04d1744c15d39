/*
 * What of a feed is to be asked for next, and when. Pure.
 *
 * The days that may still change are asked for again each time; then what was
 * missed since the last time; then, once, older days as far back as is ever
 * asked: months without a row may lie before older ones that have some.
 */
#ifndef JOBS_SYNC_PLAN_H
#define JOBS_SYNC_PLAN_H

#include "collectord/jobs/providers/provider.h"
#include "collectord/ledger/billing/accounts.h"

#define PLAN_RANGE_DAYS 31    /* of one walk */
#define PLAN_HISTORY_DAYS 180 /* before today; the manual says so */

struct plan_range {
	int64_t from_ms, to_ms; /* UTC midnights */
};

/*
 * The next range of this round, or with has_begun false its first one. False:
 * there is none left.
 */
bool plan_next_range(const struct account_feed *state,
    const struct provider_feed *feed, int64_t now_ms, bool has_begun,
    struct plan_range *range);
/* A range was whole. */
void plan_note_range(struct account_feed *state,
    const struct provider_feed *feed, int64_t now_ms,
    const struct plan_range *range);

/* When the next round is due after one that was tried at now_ms. */
int64_t plan_next_round(
    const char *name, const struct provider_feed *feed, int64_t now_ms);
/* Until when the service is left alone after its nth 429 in a row, from 1. */
int64_t plan_limited_until(const char *name, const char *feed, int64_t now_ms,
    int64_t retry_after_ms, uint32_t n);
/* Up to a quarter more, the same for the same texts and number. */
int64_t plan_jitter(int64_t ms, const char *name, const char *feed, uint64_t n);

#endif

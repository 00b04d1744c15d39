/*
 * What the parts of sync share, and nobody else sees: sync.c has the life of
 * it all and those who wait, sync_account.c the list of accounts, sync_round.c
 * how one is asked, sync_change.c what the user changes.
 */
#ifndef JOBS_SYNC_IMPL_H
#define JOBS_SYNC_IMPL_H

#include "collectord/jobs/sync/sync.h"

#define DAY_MS 86400000ll

/* --- sync.c --------------------------------------------------------------- */

void sync_tell_result(struct sync_account *acc);
void sync_tell_page(struct walk *walk);
extern const char *const sync_outcome_names[];
/* Answers those for whom all is over. */
void sync_settle(struct sync *s);
/* Takes away, step by step, the rows that nothing points to. */
void sync_sweep(struct sync *s);

/*
 * Asks all of an account, which was refreshed, for those who wait: now or after
 * its round.
 */
void sync_ask_account(struct sync_account *acc);

/* --- sync_account.c ------------------------------------------------------- */

/* NULL: no memory. Not in the list yet, and of no provider. */
struct sync_account *sync_account_new(struct sync *s, const struct account *a);
/*
 * Asks p from now on, which it takes from the caller; feeds that p does not
 * have are gone.
 */
void sync_account_use(struct sync_account *acc, const struct provider *p);
/*
 * Looks for the definition again, while the account is idle. Where it cannot be
 * read, the account says so and is not asked, but keeps what is known of it.
 */
void sync_account_refresh(struct sync_account *acc);
/*
 * The account as it is stored: with feeds that are gone, until their data is,
 * since whoever starts next has to know of them.
 */
void sync_account_record(const struct sync_account *acc, struct account *out);
void sync_account_list(struct sync_account *acc);
/* Gives the account, and all its data unless it keeps_data, to the sweep. */
void sync_account_leave(struct sync_account *acc);
void sync_account_free(struct sync_account *acc);
/* Of the name of an account; to be dropped. NULL: why. */
const struct provider *sync_provider_take(
    struct sync *s, const char *account, char *why, size_t cap);
void sync_reply_end(struct sync_reply *r, const struct error *err);

/* --- sync_round.c --------------------------------------------------------- */

/* Sets when the account, which is idle, is due next. */
void sync_arm(struct sync_account *acc);
/* Asks for its pending feeds, now or when fewer run. */
void sync_begin_round(struct sync_account *acc);
void sync_on_due(struct due *d);

/* --- sync_change.c -------------------------------------------------------- */

void sync_stop_jobs(struct sync *s);

#endif

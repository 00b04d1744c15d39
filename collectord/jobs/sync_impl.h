/*
 * What the parts of sync share, and nobody else sees: sync.c has the life of
 * it all and those who wait, sync_account.c the list of accounts, sync_round.c
 * how one is asked, sync_change.c what the user changes.
 */
#ifndef JOBS_SYNC_IMPL_H
#define JOBS_SYNC_IMPL_H

#include "collectord/jobs/sync.h"

#define DAY_MS 86400000ll

/* --- sync.c --------------------------------------------------------------- */

void sync_tell_result(struct sync_account *acc);
void sync_tell_page(struct walk *walk);
/* Answers those for whom all is over. */
void sync_settle(struct sync *s);
/* Takes away, step by step, the rows that nothing points to. */
void sync_sweep(struct sync *s);

/* --- sync_account.c ------------------------------------------------------- */

/* NULL: no memory, or no such provider. Not in the list yet. */
struct sync_account *sync_account_new(struct sync *s, const struct account *a);
void sync_account_list(struct sync_account *acc);
/* Gives the account, and all its data unless it keeps_data, to the sweep. */
void sync_account_leave(struct sync_account *acc);
void sync_account_free(struct sync_account *acc);
/* The states of feeds in the order of the provider, new ones empty. */
void sync_account_fit(struct account *a, const struct provider *p);
/* Of the name of an account. */
const struct provider *sync_provider_of(const char *account);
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

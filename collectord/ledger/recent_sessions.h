/*
 * Whose the newest calls are: those whose ids are not in the table yet
 * (recent.h), where the listing of a session would have to look at each of
 * them. Their records tell it once, the log what has changed since. In memory
 * only and for readers only: what they see is committed. Any thread.
 */
#ifndef LEDGER_RECENT_SESSIONS_H
#define LEDGER_RECENT_SESSIONS_H

#include <pthread.h>

#include "collectord/ledger/store.h"

struct recent_sessions {
	pthread_mutex_t lock;
	bool is_known;
	uint64_t settled;  /* of[0] is the session of call settled + 1 */
	uint64_t revision; /* what has changed up to here is in */
	uint32_t *of;      /* UINT32_MAX: a forward, no session's */
	size_t n, cap;
};

void recent_sessions_init(struct recent_sessions *s);
void recent_sessions_close(struct recent_sessions *s);
/*
 * Calls each with the numbers of the session's calls, in order, as txn sees
 * them, and ends with the first that is not 0. That, 0 or a store error.
 */
int recent_sessions_each(struct recent_sessions *s, struct store_txn *txn,
    uint32_t session, int (*each)(void *arg, uint64_t number), void *arg);

#endif

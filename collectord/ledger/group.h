/*
 * Calls that share a provider's request id. Those without a `call` id
 * (telemetry) belong to the one that has it:
 *
 *   no call id among them: they are one call;
 *   one: all merge into it;
 *   several: those without count nothing.
 *
 * A request of more than GROUP_MAX calls groups nothing, which bounds what one
 * sight can cost. Members are stored apart; only what they add to the sums is
 * the group's.
 */
#ifndef LEDGER_GROUP_H
#define LEDGER_GROUP_H

#include "collectord/ledger/writer.h"

#define GROUP_MAX 64
/* One sight changes a group by two members at most: enough to see both sides.
 */
#define GROUP_LIST_MAX (GROUP_MAX + 3)

struct group {
	struct text request;
	uint64_t number[GROUP_LIST_MAX];
	struct record *rec; /* in the writer's arena */
	size_t n;
};

/* Loads up to GROUP_LIST_MAX members as they are stored now. */
int group_load(struct writer *w, struct text request, struct group *g);
/*
 * Notes what the members add, together or each by itself, by the prices they
 * are stored with.
 */
int group_note(struct writer *w, const struct group *g, int sign);
/* Calls each with what the members add, one call or several, and its number. */
int group_each(struct writer *w, const struct group *g,
    int (*each)(void *arg, uint64_t number, const struct record *rec),
    void *arg);
/* Prices what the members add. anew: by today's prices. */
int group_price(struct writer *w, struct group *g, bool anew);
/*
 * Prices what the members add and saves them all, with a new place in the log,
 * since what a group adds may have moved between them. anew: by today's prices.
 */
int group_save(struct writer *w, struct group *g, bool anew);

#endif

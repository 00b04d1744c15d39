/*
 * What was billed beyond what was seen here: by UTC day and provider, for the
 * whole days of a period that accounts know whole. Accounts that are shared are
 * left out, as others' use is no surprise there.
 */
#ifndef REPORT_UNSEEN_H
#define REPORT_UNSEEN_H

#include "clients/report/billed/billed.h"
#include "clients/report/billed/foreign.h"
#include "clients/report/setup.h"

struct unseen {
	bool is_known; /* some day of some account counts */
	money_sum amount;
	int64_t from_ms, to_ms; /* from the first such day to the last */
	struct foreign foreign; /* which has no part in the amount */
	struct billed billed;   /* owned */
	bool *is_named; /* by account: some of amount or foreign is its */
};

/* Does any account of b count on some day of [from, to)? */
bool unseen_is_possible(const struct billed *b, int64_t from_ms, int64_t to_ms);
/*
 * Fills *u, whose `billed` is there. seen are rows by provider whose period i
 * is the day that begins at edges[i], of n days. 0, or -1 without memory.
 */
int unseen_sum(struct unseen *u, const struct report_row *seen, size_t n_seen,
    const int64_t *edges, size_t n_days);
void unseen_free(struct unseen *u);
/* "$1.20"; with a "+", or "-" for nothing, where more is not in dollars. */
void unseen_amount(
    const struct setup *s, const struct unseen *u, char buf[FIGURE_MAX]);

/* Which days that is, and which accounts billed it, in a line or two. */
void unseen_put_note(const struct setup *s, const struct unseen *u);
/* "unseen":{…} */
void unseen_json(const struct unseen *u);

#endif

/*
 * Sums of what was billed, or of the better known of seen and billed. Pure. One
 * day and provider are taken from one side, never added up over both: billed
 * where it is asked for or, for the best, where it is complete and larger. A
 * cost in another currency is not known in dollars, nor is one that no account
 * has told, which is not the same as none: a row of nothing else has no price.
 */
#ifndef REPORT_SOURCED_H
#define REPORT_SOURCED_H

#include "clients/report/ask.h"
#include "clients/report/billed/billed.h"
#include "clients/report/billed/foreign.h"

enum source { SOURCE_SEEN, SOURCE_BILLED, SOURCE_BEST, SOURCE_BAD };

/* "seen" or NULL, "billed", "best". */
enum source source_parse(const char *name);
extern const char *const source_names[SOURCE_BAD];

/* What is to be known of calls that were seen. */
#define SOURCE_SEEN_KEYS 3
extern const enum report_key source_seen_keys[SOURCE_SEEN_KEYS];

struct source_query {
	enum source source; /* not SOURCE_SEEN */
	const struct billed *billed;
	/* By source_seen_keys; period i is the day [days[i], days[i + 1]). */
	const struct report_row *seen;
	size_t n_seen;
	const int64_t *days;
	size_t n_days;
	const struct ask *ask; /* periods and keys of the rows wanted */
};

/*
 * Can rows be told by model, if they are to be? 0, or -1 where that provider
 * bills without saying for which model.
 */
int source_check(const struct source_query *q, struct text *provider);
/*
 * Rows as a report's, of calls, tokens and cost; their texts stay those of the
 * two. 0, or -1 where there is no memory. answer_free in any case.
 */
int source_rows(const struct source_query *q, struct answer *out);
/*
 * What was billed in other currencies, of the accounts and days that rows may
 * come from. 0, or -1 where there is no memory. foreign_free in any case.
 */
int source_foreign(const struct source_query *q, struct foreign *out);
/* Its cost was billed; of how many calls and tokens nobody said. */
bool source_is_uncounted(const struct sums *s);

#endif

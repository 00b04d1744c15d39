/*
 * Asking a provider and hearing its answer as lines, so that a test can name
 * every field of every row.
 */
#ifndef TESTS_UNIT_JOBS_PROVIDER_HELP_H
#define TESTS_UNIT_JOBS_PROVIDER_HELP_H

#include "collectord/jobs/providers/provider.h"

/* 2026-03-01 and the days after it, UTC. */
#define MARCH(day) (1772323200000ll + ((day)-1) * 86400000ll)

struct heard {
	struct provider_answer answer;
	char lines[8192]; /* one row each */
};

/* A query for the first four days of March. */
struct provider_query query_of(
    const struct provider *p, const char *feed, const char *cursor);
/* An answer with HTTP 200. */
struct heard hear(const struct provider_query *q, const char *body);
/* The same from tests/data/providers. */
struct heard hear_file(const struct provider_query *q, const char *name);
/* Reads that file; the test fails without it. To be freed. */
char *read_data(const char *name);
/* Fails, with both, where they differ. */
void expect_lines(const struct heard *h, const char *expected);
void expect_url(const struct provider_query *q, const char *expected);
/* No rows, no cursor, and a line that says why. */
void expect_refused(const struct provider_query *q, const struct heard *h,
    enum provider_outcome outcome, const char *said);

#endif

/*
 * What `tt-report … --json` answers, parsed for looking at. Any missing member
 * fails the test that asks for it.
 */
#ifndef TESTS_E2E_ANSWER_H
#define TESTS_E2E_ANSWER_H

#include "proto/json.h"
#include "tests/e2e/harness.h"

struct answer {
	struct run run;
	struct json json;
	char text[512]; /* of the last answer_text */
};

/* Runs it with --json added; it must exit with 0 and print one JSON value. */
void answer_ask(
    struct answer *a, const struct home *h, const char *const *args);
void answer_free(struct answer *a);
#define ASK(a, h, ...)                                                         \
	answer_ask((a), (h), (const char *const[]){ __VA_ARGS__, NULL })

size_t answer_rows(const struct answer *a);
/* row -1: the total. Borrowed until the next call. */
const char *answer_text(struct answer *a, int row, const char *key);
uint64_t answer_u64(struct answer *a, int row, const char *key);
/* "period.from" */
const char *answer_path(struct answer *a, const char *dotted);

#endif

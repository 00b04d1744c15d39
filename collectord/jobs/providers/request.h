/*
 * Writing a provider_request. What does not fit sets `failed` and is left out,
 * so that it is looked at once, at the end.
 */
#ifndef PROVIDERS_REQUEST_H
#define PROVIDERS_REQUEST_H

#include "collectord/jobs/providers/provider.h"

/* The account's base and a path below it; Accept is set. */
void request_begin(struct provider_request *r, const struct provider_query *q,
    const char *path);
/* name stands as it is, brackets too; the value is percent-encoded. */
void request_param(
    struct provider_request *r, const char *name, struct text value);
void request_number(
    struct provider_request *r, const char *name, uint64_t value);
/* A header as it goes out, "Name: value". */
void request_header(struct provider_request *r, const char *line);
/* "2026-09-22", the UTC day of an instant. */
#define REQUEST_DATE_MAX 40
struct text request_date(int64_t ms, char buf[REQUEST_DATE_MAX]);
/* "2026-09-22T00:00:00Z" */
struct text request_time(int64_t ms, char buf[REQUEST_DATE_MAX]);
/* 0, or -1 where something did not fit. */
int request_end(const struct provider_request *r);

#endif

/*
 * What another tool says of a whole day: sums that no call of ours stands
 * behind. They are kept beside the calls and never added to them.
 */
#ifndef PROTO_AGGREGATE_H
#define PROTO_AGGREGATE_H

#include "proto/codec.h"

/* Any count, and the dollars, of one day. */
#define AGGREGATE_COUNT_MAX 1000000000000000ull
#define AGGREGATE_USD_MAX 1000000000
/* Rows in one request or reply. */
#define AGGREGATE_ROWS_MAX 1000u

struct aggregate {
	struct text origin; /* who says so: "ccusage" */
	/* Empty: all of them, or not known. */
	struct text agent, provider, model;
	uint32_t day;           /* of the calendar, as days since 1970-01-01 */
	int64_t from_ms, to_ms; /* that day where it was counted */
	/*
	 * calls is 0 where it is not known. Without a cost all tokens are
	 * unpriced; aggregate_settle sees to it.
	 */
	struct sums sums;
	bool has_cost;
};

/* Brings what is derived in line: unpriced tokens and calls. */
void aggregate_settle(struct aggregate *a);
/* "2026-05-12" to its number of days. -1 where it is no date. */
int aggregate_day(const char *s, size_t len, uint32_t *day);

/* One row, without its origin, which stands beside the rows. */
void pack_aggregate(struct packer *k, const struct aggregate *a);
/* The same and its origin, as a list has it. */
void pack_aggregate_of(struct packer *k, const struct aggregate *a);
/*
 * Reads and judges a row; origin is left alone. Texts are borrowed. 0, or -1
 * with *err.
 */
int unpack_aggregate(
    struct wire_cursor row, struct aggregate *a, struct error *err);

#endif

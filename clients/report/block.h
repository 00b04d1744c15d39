/*
 * Windows of use: one begins at the full UTC hour of its first call and ends
 * its length later; the next call after that begins another. Pure; works on
 * quarters of an hour, which is what a report can tell.
 */
#ifndef REPORT_BLOCK_H
#define REPORT_BLOCK_H

#include "proto/report.h"

#define BLOCK_SLOT_MS 900000ll

struct block {
	int64_t start_ms, end_ms;  /* of the window */
	int64_t first_ms, last_ms; /* start of the first quarter used, end of
				      the last */
	bool is_active;            /* now lies in it */
	struct sums sums;
};

/* What a block uses, and would if it went on so. */
struct block_pace {
	int64_t used_ms; /* from the first quarter to now, or to the last */
	int64_t left_ms; /* to its end; 0 where it is over */
	money_sum tokens_a_minute; /* rounded down */
	money_sum cost_an_hour;
	money_sum tokens_at_end, cost_at_end;
};

/*
 * rows ascend by period; out has room for n. Returns how many blocks there are.
 */
size_t block_find(const int64_t *edges, const struct report_row *rows, size_t n,
    int64_t length_ms, int64_t now_ms, struct block *out);
void block_pace(const struct block *b, int64_t now_ms, struct block_pace *p);

#endif

/*
 * What a sum is asked for: period, keys and filters, from options to the query
 * that the daemon answers.
 */
#ifndef REPORT_ASK_H
#define REPORT_ASK_H

#include "clients/report/fetch.h"
#include "clients/report/setup.h"

/* A column of keys, in the order asked for. */
struct ask_key {
	bool is_time;
	size_t at; /* place in query.by, where it is not time */
};

struct ask {
	const struct period_rules *rules;
	struct period period;
	enum period_step step; /* of the rows; STEP_NONE: no time key */
	struct ask_key by[REPORT_KEYS + 1];
	size_t nby;
	struct report_query query; /* its edges: ask_edges */
};

/* EXIT_*, after one line. Needs no daemon. */
int ask_init(struct ask *a, const struct setup *s, int nargs, char **args);
/* Adds the filters of the options to a query. 0, or -1 with why. */
int ask_filters(struct report_query *q, const struct report_options *o,
    char *why, size_t cap);
/*
 * Computes the edges; an open period is bounded by what the daemon has, which
 * takes a connection. EXIT_*.
 */
int ask_edges(struct ask *a, struct setup *s);
void ask_free(struct ask *a);

/* "day", "model", … of the i-th column. */
const char *ask_key_name(const struct ask *a, size_t i);
/* The i-th column's text in that row; buf is used for times. */
struct text ask_key_text(const struct ask *a, size_t i,
    const struct report_row *row, char buf[PERIOD_LABEL_MAX]);
/* Puts rows in the order of their columns. */
void ask_sort(const struct ask *a, struct answer *answer);

#endif

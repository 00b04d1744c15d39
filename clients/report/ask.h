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
/*
 * The same without keys, for views that know theirs: the period of the operand,
 * of --from and --to or --date, or that one; and the filters. The period is one
 * row.
 */
int ask_begin(struct ask *a, const struct setup *s, int nargs, char **args,
    const char *period);
void ask_add_key(struct ask *a, enum report_key key);
void ask_add_time(struct ask *a, enum period_step step);
/* Adds the filters of the options to a query. 0, or -1 with why. */
int ask_filters(struct report_query *q, const struct report_options *o,
    char *why, size_t cap);
/*
 * Computes the edges; an open period is bounded by what the daemon has, which
 * takes a connection. EXIT_*.
 */
int ask_edges(struct ask *a, struct setup *s);
/* An open period begins there, where the first call is later; 0: at that. */
int ask_edges_since(struct ask *a, struct setup *s, int64_t first_ms);
void ask_free(struct ask *a);

/*
 * What most views do: connects, and asks by the keys added. EXIT_*; answer_free
 * in any case.
 */
int ask_answer(struct ask *a, struct setup *s, struct answer *answer);

/* What it is about, "2026-11-16 to 2026-11-22, Europe/Berlin", in a line. */
void ask_put_caption(const struct ask *a);
/* "period":{"from":…,"to":…,"tz":…} */
void ask_put_period(const struct ask *a);
/* "day", "model", … of the i-th column. */
const char *ask_key_name(const struct ask *a, size_t i);
/* The i-th column's text in that row; buf is used for times. */
struct text ask_key_text(const struct ask *a, size_t i,
    const struct report_row *row, char buf[PERIOD_LABEL_MAX]);
/* Puts rows in the order of their columns. */
void ask_sort(const struct ask *a, struct answer *answer);

#endif

/*
 * What the ledger should say, computed anew from every sight ever sent, by the
 * rules of PROTOCOL.md ("Identity", "Merging") and nothing cleverer.
 */
#ifndef TESTS_E2E_MODEL_H
#define TESTS_E2E_MODEL_H

#include "proto/event.h"
#include "proto/report.h"

/* One sight; texts are borrowed for the model's life, NULL where absent. */
struct model_sight {
	const char *text[EV_TEXTS];
	const char *canonical; /* the model's canonical name */
	uint64_t count[EV_COUNTS];
	int64_t ts_ms, cost_pico;
	bool has_cost, copied, is_void;
	uint8_t rank;
};

/* One call, merged of all its sights. */
struct model_call {
	const char *text[EV_TEXTS];
	uint64_t count[EV_COUNTS];
	int64_t ts_ms, cost_pico;
	bool has_cost, counts; /* void or dropped calls do not count */
};

struct model {
	struct model_sight *sights;
	size_t n, cap;
	struct model_call *calls; /* of the last model_merge */
	size_t ncalls;
};

/* Zero is a valid state. */
void model_free(struct model *m);
void model_add(struct model *m, const struct model_sight *s);
/* Finds the calls that the sights make. */
void model_merge(struct model *m);

struct model_row {
	uint32_t period;
	const char *key[REPORT_KEYS];
	struct sums sums;
	uint64_t sessions;
};

/*
 * The rows of a report over the last merge, in order, and their total; at most
 * max of them. Returns how many.
 */
size_t model_report(const struct model *m, const struct report_query *q,
    struct model_row *rows, size_t max, struct model_row *total);

#endif

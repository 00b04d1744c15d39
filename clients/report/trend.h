/*
 * How a period went: averages, peak and lowest day, change from the period
 * before, cache hits, and the share of each model.
 */
#ifndef REPORT_TREND_H
#define REPORT_TREND_H

#include "clients/report/ask.h"

struct trend {
	struct ask ask; /* by day */
	struct answer days;
	struct ask share_ask; /* by provider and model */
	struct answer shares;
	bool has_before;
	struct period before;
	struct report_row before_row;
	size_t elapsed; /* days of the period that have begun */
};

/* EXIT_* each; trend_free in any case. */
int trend_begin(struct trend *t, struct setup *s, int nargs, char **args);
int trend_fetch(struct trend *t, struct setup *s);
void trend_free(struct trend *t);
/* "details":{…} */
void trend_put_json(const struct trend *t);
int trend_print(const struct trend *t, const struct setup *s);

#endif

/* Who spent a budget: its period's calls by model, the largest first. */
#ifndef CLIENTS_BUDGET_SPENDERS_H
#define CLIENTS_BUDGET_SPENDERS_H

#include "clients/budget/budget.h"

#define SPENDERS_MAX 5

struct spender {
	char model[LIMIT_TEXT + 1]; /* "" where none was told */
	money_sum spent;            /* as the budget counts */
};

struct spenders {
	struct spender item[SPENDERS_MAX];
	size_t n;
};

/* EXIT_*, trouble told; none of a budget without a period. */
int spenders_fetch(
    struct setup *s, const struct budget_state *state, struct spenders *list);

#endif

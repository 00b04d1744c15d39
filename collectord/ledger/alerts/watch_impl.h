/* What the files of watch.h share. */
#ifndef LEDGER_WATCH_IMPL_H
#define LEDGER_WATCH_IMPL_H

#include "collectord/ledger/alerts/watch.h"

#define WATCH_ID_MAX 600 /* the id of a notice, NUL included */

struct watch_add {
	uint32_t budget; /* place in the list */
	uint64_t place;  /* see budgets.h */
	struct budget_sum sum;
	bool is_more; /* only what grows reaches a level */
};

struct watch_gathering {
	struct watch *w;
	struct store_txn *txn;
	const struct stored_budget *only; /* NULL: all */
	int64_t now_ms;
	uint32_t told_dims; /* already told to have no price */
};

/* The list of budgets as the store has it. */
int watch_load(struct watch *w, struct store_txn *txn);
/* Of a day, week or month. */
void watch_period_of(struct watch *w, enum budget_period period, int64_t ms,
    int64_t *from_ms, int64_t *to_ms);
/* Adds a row of sums, of slot_changes or the store, to w->adds. */
int watch_gather_row(void *gathering, const struct slot_row *row);
void watch_clear_adds(struct watch *w);

/* The notice that a period's sum asks for, unless it has been made. */
int watch_judge(const struct watch *w, struct store_txn *txn,
    const struct stored_budget *b, uint64_t place, int64_t from_ms,
    int64_t to_ms, money_sum spent, int64_t now_ms);

#endif

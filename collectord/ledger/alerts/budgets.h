/*
 * Budgets in the store, and what has been spent of each by period.
 *
 * TABLE_BUDGETS: name -> version u8, id be32, armed be32, made uvar, when it
 * was armed last uvar, period u8, flags u8, warn u8, limit money, the filters
 * as texts. TABLE_BUDGET_SUMS: id be32, then be64: the period's start in ms; of
 * a block's budget, each quarter of an hour; of a session's, its number ->
 * spent money, unpriced tokens and calls uvar.
 */
#ifndef LEDGER_BUDGETS_H
#define LEDGER_BUDGETS_H

#include "collectord/ledger/store.h"
#include "proto/budget.h"

struct stored_budget {
	struct budget b;
	uint32_t id;      /* never given out again */
	uint32_t armed;   /* grows when the limit is raised */
	int64_t made_ms;  /* periods that were over by then are not watched */
	int64_t armed_ms; /* when it was raised last; 0: never */
};

/* All of them, by name; texts in the arena. Zero is a valid state. */
struct budgets {
	struct stored_budget item[BUDGETS_MAX];
	uint32_t n;
	struct arena arena;
};

/* Replaces what *list holds. 0 or a store error. */
int budgets_load(struct store_txn *txn, struct budgets *list);
void budgets_release(struct budgets *list);
int budgets_put(struct store_txn *txn, const struct stored_budget *b);
/* With its sums. STORE_NOTFOUND where there is none of that name. */
int budgets_delete(struct store_txn *txn, struct text name);
/* The next id that was never given out, which it now is. */
int budgets_new_id(struct store_txn *txn, uint32_t *id);

struct budget_sum {
	money_sum spent;
	int64_t unpriced_tokens, unpriced_calls;
};

void budget_sum_add(struct budget_sum *a, const struct budget_sum *b);
bool budget_sum_eq(const struct budget_sum *a, const struct budget_sum *b);
/* All 0 where there is none. */
int budget_sum_get(
    struct store_txn *txn, uint32_t id, uint64_t place, struct budget_sum *sum);
/* What is all 0 is deleted. */
int budget_sum_put(struct store_txn *txn, uint32_t id, uint64_t place,
    const struct budget_sum *sum);
int budget_sums_clear(struct store_txn *txn, uint32_t id);
/* How many are stored. */
int budget_sums_count(struct store_txn *txn, uint32_t id, uint64_t *n);
/*
 * The block that place lies in: its start, and what was spent in it up to its
 * end. STORE_NOTFOUND: it lies in none.
 */
int budget_block(struct store_txn *txn, uint32_t id, uint64_t place_ms,
    int64_t *from_ms, struct budget_sum *sum);
/*
 * The quarter of an hour with which the block that begins at from_ms reached a
 * level. STORE_NOTFOUND: it has not.
 */
int budget_block_reached(struct store_txn *txn, const struct stored_budget *b,
    int64_t from_ms, enum budget_level level, int64_t *place_ms);

#endif

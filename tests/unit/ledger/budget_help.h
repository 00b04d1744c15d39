/*
 * A ledger that tells of budgets and of days, in Berlin.
 */
#ifndef TESTS_UNIT_LEDGER_BUDGET_HELP_H
#define TESTS_UNIT_LEDGER_BUDGET_HELP_H

#include "collectord/ledger/ledger.h"
#include "proto/codec_budget.h"

/* 2026-05-17 06:40 UTC; a Sunday, of the week W20. */
#define START_MS 1779000000000ll

/* The ledger's, START_MS at first: whom it asks for the time knows nothing. */
extern int64_t clock_ms;

struct bench {
	char dir[64];
	struct ledger *l;
	struct budget_calendar calendar;
};

void bench_start(struct bench *b);
/* As at another start of the daemon. */
void bench_reopen(struct bench *b);
void bench_end(struct bench *b);
/* Sets the clock and has it tell what is due. */
void tick_at(struct bench *b, int64_t ms);

struct budget budget_of(
    const char *name, enum budget_period period, int64_t limit_usd);
void set_budget(struct bench *b, const struct budget *budget);
/* What budgets says of its period now. */
money_sum spent_of(struct bench *b, const char *name);

/* One call that reports its cost. */
void spend_init(
    struct event *ev, const char *message, int64_t ts_ms, int64_t cents);
void spend(struct bench *b, const char *message, int64_t ts_ms, int64_t cents);

/* "level subject period;" of each notice of that kind. */
void expect_told(struct bench *b, const char *kind, const char *want);

#endif

/* The ledger's methods, each as methods.h describes a step. */
#ifndef LEDGER_METHODS_IMPL_H
#define LEDGER_METHODS_IMPL_H

#include "collectord/ledger/methods/methods.h"

/* method_session.c */
int method_session(struct ledger_call *c);
int method_note(struct ledger_call *c);
/* method_events.c */
int method_events(struct ledger_call *c);
/* method_prices.c */
int method_prices(struct ledger_call *c);
int method_price_explain(struct ledger_call *c);
int method_price_set(struct ledger_call *c);
int method_price_unset(struct ledger_call *c);
/* method_recost.c */
int method_recost(struct ledger_call *c);
void method_recost_cancel(struct ledger_call *c);
/* method_upkeep.c */
int method_doctor(struct ledger_call *c);
int method_void(struct ledger_call *c);
void method_void_cancel(struct ledger_call *c);

/* method_budget.c */
int method_budget_set(struct ledger_call *c);
int method_budget_rm(struct ledger_call *c);
int method_budgets(struct ledger_call *c);
/* method_notice.c */
int method_notices(struct ledger_call *c);
int method_notice_claim(struct ledger_call *c);
int method_notice_confirm(struct ledger_call *c);
/* method_aggregate.c */
int method_aggregate_put(struct ledger_call *c);
int method_aggregates(struct ledger_call *c);
int method_aggregate_drop(struct ledger_call *c);
void method_aggregate_drop_cancel(struct ledger_call *c);

/* method_billed.c */
int method_billed(struct ledger_call *c);

/* method_prune.c */
int method_prune(struct ledger_call *c);
void method_prune_cancel(struct ledger_call *c);

#endif

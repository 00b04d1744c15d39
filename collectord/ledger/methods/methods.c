#include "collectord/ledger/methods/methods_impl.h"

static const struct ledger_method methods[] = {
	{ "session", false, false, true, method_session, NULL },
	{ "events", false, false, false, method_events, NULL },
	{ "prices", false, false, false, method_prices, NULL },
	{ "price_explain", false, false, false, method_price_explain, NULL },
	{ "doctor", false, false, false, method_doctor, NULL },
	{ "budgets", false, false, true, method_budgets, NULL },
	{ "notices", false, false, false, method_notices, NULL },
	{ "notice_claim", true, false, false, method_notice_claim, NULL },
	{ "notice_confirm", true, false, false, method_notice_confirm, NULL },
	{ "budget_set", true, true, false, method_budget_set, NULL },
	{ "budget_rm", true, true, false, method_budget_rm, NULL },
	{ "aggregates", false, false, false, method_aggregates, NULL },
	{ "aggregate_put", true, true, false, method_aggregate_put, NULL },
	{ "aggregate_drop", true, true, false, method_aggregate_drop,
	    method_aggregate_drop_cancel },
	{ "billed", false, false, false, method_billed, NULL },
	{ "note", true, false, false, method_note, NULL },
	{ "price_set", true, true, false, method_price_set, NULL },
	{ "price_unset", true, true, false, method_price_unset, NULL },
	{ "recost", true, true, false, method_recost, method_recost_cancel },
	{ "prune", true, true, false, method_prune, method_prune_cancel },
	{ "void", true, true, false, method_void, method_void_cancel },
};

const struct ledger_method *
ledger_method_find(struct text name)
{
	size_t i;

	for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (text_is(name, methods[i].name))
			return &methods[i];
	return NULL;
}

#include "collectord/ledger/methods_impl.h"

static const struct ledger_method methods[] = {
	{ "session", false, false, method_session, NULL },
	{ "events", false, false, method_events, NULL },
	{ "prices", false, false, method_prices, NULL },
	{ "price_explain", false, false, method_price_explain, NULL },
	{ "doctor", false, false, method_doctor, NULL },
	{ "budgets", false, false, method_budgets, NULL },
	{ "notices", false, false, method_notices, NULL },
	{ "notice_claim", true, false, method_notice_claim, NULL },
	{ "notice_confirm", true, false, method_notice_confirm, NULL },
	{ "budget_set", true, true, method_budget_set, NULL },
	{ "budget_rm", true, true, method_budget_rm, NULL },
	{ "aggregates", false, false, method_aggregates, NULL },
	{ "aggregate_put", true, true, method_aggregate_put, NULL },
	{ "aggregate_drop", true, true, method_aggregate_drop,
	    method_aggregate_drop_cancel },
	{ "note", true, false, method_note, NULL },
	{ "price_set", true, true, method_price_set, NULL },
	{ "price_unset", true, true, method_price_unset, NULL },
	{ "recost", true, true, method_recost, method_recost_cancel },
	{ "prune", true, true, method_prune, method_prune_cancel },
	{ "void", true, true, method_void, method_void_cancel },
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

#include <stdio.h>

#include "clients/budget/budget.h"
#include "clients/common/output.h"

#define FILTERS_MAX (BUDGET_FILTERS * (LIMIT_TEXT + 24))

static const struct option_spec specs[] = {
	BUDGET_HEAD(N_("Output")),
	BUDGET_FLAG("json", common.json, N_("JSON")),
	REPORT_COMMON,
};

static void
put_json(const struct budget_states *list)
{
	fputs("{\"schema_version\":1,\"budgets\":[", stdout);
	for (size_t i = 0; i < list->n; i++) {
		fputs(i > 0 ? ",\n {" : "\n {", stdout);
		budget_json(&list->item[i]);
		budget_json_settings(&list->item[i].budget);
		budget_json_span(&list->item[i]);
		putchar('}');
	}
	fputs("]}\n", stdout);
}

static const char *
period_text(enum budget_period period)
{
	static const char *const texts[BUDGET_PERIODS] = { N_("a day"),
		N_("a week"), N_("a month"), N_("a session"), N_("5 hours") };

	return _(texts[period]);
}

static void
add_row(struct table *t, const struct budget *b)
{
	char buf[FIGURE_MAX], filters[FILTERS_MAX];

	table_text(t, b->name);
	table_str(t, period_text(b->period));
	budget_amount(b->is_tokens, b->limit, buf);
	table_str(t, buf);
	snprintf(buf, sizeof(buf), "%u%%", b->warn);
	table_str(t, buf);
	budget_filters(b, filters, sizeof(filters));
	table_str(t, filters);
	snprintf(buf, sizeof(buf), "%s%s%s",
	    b->is_metered ? _("metered only") : "",
	    b->is_metered && b->reminds ? ", " : "",
	    b->reminds ? _("reminds daily") : "");
	table_str(t, buf[0] != '\0' ? buf : "-");
}

static int
put_table(const struct setup *s, const struct budget_states *list)
{
	struct table *t;

	if (list->n == 0) {
		puts(_("There is no budget. `tt-budget set 15` makes one of "
		       "15 USD a day."));
		return EXIT_OK;
	}
	t = table_new();
	table_column(t, _("budget"), 0);
	table_column(t, _("period"), 0);
	table_column(t, _("limit"), TABLE_RIGHT);
	table_column(t, _("warns at"), TABLE_RIGHT);
	table_column(t, _("only"), 0);
	table_column(t, _("also"), 0);
	for (size_t i = 0; i < list->n; i++)
		add_row(t, &list->item[i].budget);
	return setup_print(s, t);
}

static int
run(struct setup *s, const struct budget_options *o, int nargs, char **args)
{
	struct budget_states list = { .n = 0 };
	int rc;

	(void)o;
	if (nargs > 0)
		return budget_misused(
		    _("list takes no operand: what is \"%.60s\"?"), args[0]);
	rc = budget_states_fetch(s, NULL, &list);
	if (rc == EXIT_OK && s->opts->json)
		put_json(&list);
	else if (rc == EXIT_OK)
		rc = put_table(s, &list);
	budget_states_release(&list);
	return rc;
}

const struct budget_verb budget_list = {
	.verb.name = "list",
	.verb.program = {
		.name = "tt-budget list",
		.synopsis = N_("[OPTION…]"),
		.summary = N_("Lists the budgets that are set."),
		.specs = specs,
		.nspecs = sizeof(specs) / sizeof(specs[0]),
	},
	.run = run,
};

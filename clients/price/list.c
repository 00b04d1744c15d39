#include <stdio.h>
#include <stdlib.h>

#include "clients/common/output.h"
#include "clients/common/text_lang.h"
#include "clients/price/price.h"

static const struct option_spec specs[] = {
	PRICE_HEAD(N_("Which")),
	PRICE_WORD("model", model, "PATTERN",
	    N_("only these models (a part of the name, or a glob)")),
	PRICE_HEAD(N_("Output")),
	PRICE_FLAG("json", common.json, N_("JSON")),
	PRICE_FLAG("csv", common.csv, N_("CSV")),
	REPORT_COMMON,
};

static void
put_json(const struct tariffs *list)
{
	size_t i;

	fputs("{\"schema_version\":1,\n \"as_of\":", stdout);
	json_put_text(stdout, list->as_of);
	fputs(",\n \"overrides\":[", stdout);
	for (i = 0; i < list->n_overrides; i++) {
		fputs(i > 0 ? ",\n  " : "\n  ", stdout);
		show_json(&list->item[i]);
	}
	fputs("],\n \"table\":[", stdout);
	for (; i < list->n; i++) {
		fputs(i > list->n_overrides ? ",\n  " : "\n  ", stdout);
		show_json(&list->item[i]);
	}
	fputs("]}\n", stdout);
}

static int
put_overrides(const struct setup *s, const struct tariffs *list)
{
	int rc;

	if (list->n_overrides == 0)
		return EXIT_OK;
	puts(_("Your prices, which come first (USD a million tokens, USD a "
	       "search):"));
	rc = show_prices(s, list->item, list->n_overrides, false);
	putchar('\n');
	return rc;
}

static int
put_table(const struct setup *s, const struct tariffs *list)
{
	char day[32];

	table_clean(list->as_of, day, sizeof(day));
	if (list->n == list->n_overrides) {
		printf(
		    _("No built-in price of %s is for such a model.\n"), day);
		return EXIT_OK;
	}
	printf(_("Built-in prices as of %s (USD a million tokens, USD a "
		 "search):\n"),
	    day);
	return show_prices(s, list->item + list->n_overrides,
	    list->n - list->n_overrides, true);
}

static int
show(struct setup *s, const struct price_options *o, const struct tariffs *list)
{
	int rc = EXIT_OK;

	if (o->common.json) {
		put_json(list);
	} else if (o->common.csv) {
		show_csv(list->item, list->n);
	} else {
		rc = put_overrides(s, list);
		if (rc == EXIT_OK)
			rc = put_table(s, list);
	}
	return rc;
}

static int
run(struct setup *s, const struct price_options *o, int nargs, char **args)
{
	struct tariffs list = { 0 };
	void *kept = NULL;
	int rc;

	if (nargs > 0)
		return price_misused(
		    _("list takes no operand: what is \"%.60s\"?"), args[0]);
	rc = setup_connect(s);
	if (rc == EXIT_OK)
		rc = price_fetch(s, o->model, &list, &kept);
	if (rc == EXIT_OK)
		rc = show(s, o, &list);
	tariffs_release(&list);
	free(kept);
	return rc;
}

const struct price_verb price_list = {
	.verb.name = "list",
	.verb.program = {
		.name = "tt-price list",
		.synopsis = N_("[OPTION…]"),
		.summary = N_("Shows the prices: yours, then the built-in."),
		.specs = specs,
		.nspecs = sizeof(specs) / sizeof(specs[0]),
	},
	.run = run,
};

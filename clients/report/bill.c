#include <stdio.h>

#include "clients/common/text_lang.h"
#include "clients/report/ask.h"
#include "clients/report/invoice.h"

static const struct option_spec specs[] = {
	REPORT_HEAD("Rows"),
	REPORT_OPTION(
	    "date", OPTION_TEXT, date, "DATE", "that day, as YYYY-MM-DD"),
	REPORT_PERIOD,
	REPORT_FILTERS,
	REPORT_HEAD("Output"),
	REPORT_OPTION("json", OPTION_FLAG, json, NULL, "JSON"),
	REPORT_MONEY,
	REPORT_COMMON,
	REPORT_CALENDAR,
};

static int
show(const struct setup *s, const struct ask *a, const struct invoice *v)
{
	if (!s->opts->json) {
		ask_put_caption(a);
		return invoice_print(v, s);
	}
	fputs("{\"schema_version\":1,\n ", stdout);
	ask_put_period(a);
	fputs(",\n ", stdout);
	invoice_put_json(v);
	fputs("}\n", stdout);
	return EXIT_OK;
}

static int
show_and_judge(
    const struct setup *s, const struct ask *a, const struct answer *answer)
{
	struct invoice v;
	int rc;

	if (invoice_make(&v, answer) != 0) {
		setup_refuse(s, _("no memory for the bill"));
		return EXIT_SYSTEM;
	}
	rc = show(s, a, &v);
	if (rc == EXIT_OK)
		rc = invoice_judge(&v, s);
	invoice_free(&v);
	return rc;
}

static int
run(struct setup *s, int nargs, char **args)
{
	struct answer answer = { .rows = NULL };
	struct ask a;
	int rc = ask_begin(&a, s, nargs, args, "month");

	if (rc == EXIT_OK) {
		ask_add_key(&a, KEY_PROVIDER);
		ask_add_key(&a, KEY_MODEL);
		ask_add_key(&a, KEY_RULE);
		a.query.want_sessions = s->opts->json;
		rc = ask_answer(&a, s, &answer);
	}
	if (rc == EXIT_OK)
		rc = show_and_judge(s, &a, &answer);
	answer_free(&answer);
	ask_free(&a);
	return rc;
}

const struct report_verb verb_bill = {
	.name = "bill",
	.program = {
		.name = "tt-report bill",
		.synopsis = N_("[PERIOD] [OPTION…]"),
		.summary = N_("Every model with what each class of its tokens "
			   "costs, and what has no price: this month by "
			   "default."),
		.specs = specs,
		.nspecs = sizeof(specs) / sizeof(specs[0]),
	},
	.run = run,
};

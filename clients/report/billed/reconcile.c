#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/common/output.h"
#include "clients/report/billed/bills.h"
#include "clients/report/billed/first.h"
#include "clients/report/field.h"
#include "clients/report/billed/reconcile_table.h"
#include "clients/report/billed/reconciled.h"
#include "clients/report/billed/utc.h"

static const struct option_spec specs[] = {
	REPORT_HEAD("Rows"),
	REPORT_PERIOD,
	REPORT_FILTER("provider", KEY_PROVIDER, "only this provider"),
	REPORT_HEAD("Output"),
	REPORT_OPTION("json", OPTION_FLAG, json, NULL, "JSON"),
	REPORT_OPTION("csv", OPTION_FLAG, csv, NULL, "CSV with a header"),
	REPORT_MONEY,
	REPORT_COMMON,
};

struct both {
	const struct setup *s;
	const struct ask *a;
	struct billed billed;
	struct answer seen;
	struct reconciled all;
};

/* --- JSON and CSV --------------------------------------------------------- */

static void
put_amount(bool is_known, money_sum amount, const char *unknown)
{
	if (is_known)
		field_put_money(stdout, amount);
	else
		fputs(unknown, stdout);
}

static uint64_t
seen_tokens(const struct reconcile_row *row)
{
	return sums_total_tokens(&row->seen);
}

static uint64_t
billed_tokens(const struct reconcile_row *row)
{
	return row->n[BILLED_INPUT] + row->n[BILLED_CACHE_READ] +
	       row->n[BILLED_CACHE_WRITE] + row->n[BILLED_OUTPUT];
}

static void
put_count(bool is_known, uint64_t n, const char *unknown)
{
	if (is_known)
		printf("%" PRIu64, n);
	else
		fputs(unknown, stdout);
}

static void
json_model(const struct reconcile_row *row)
{
	if (row->model.len > 0)
		json_put_text(stdout, row->model);
	else
		fputs("null", stdout);
}

static void
json_row(const struct reconcile_row *row)
{
	char text[CALENDAR_TEXT_MAX];

	utc_format_day(row->day_ms, text);
	printf("{\"day\":\"%s\",\"provider\":", text);
	json_put_text(stdout, row->provider);
	fputs(",\"model\":", stdout);
	json_model(row);
	printf(",\"seen_calls\":%" PRIu64 ",\"seen_tokens\":%" PRIu64
	       ",\"seen_usd\":",
	    row->seen.n[SUM_CALLS], seen_tokens(row));
	put_amount(!field_is_unpriced(&row->seen), row->seen_cost, "null");
	fputs(",\"seen_plan_usd\":", stdout);
	field_put_money(stdout, row->seen.plan_cost);
	fputs(",\"billed_tokens\":", stdout);
	put_count(row->has_counts, billed_tokens(row), "null");
	fputs(",\"billed\":", stdout);
	put_amount(row->has_amount, row->amount, "null");
	fputs(",\"currency\":", stdout);
	json_put_str(stdout, row->currency);
	fputs(",\"billed_elsewhere\":", stdout);
	field_put_money(stdout, row->elsewhere);
	fputs(",\"difference_usd\":", stdout);
	put_amount(row->has_difference, row->difference, "null");
	printf(",\"complete\":%s,\"suspected_cause\":",
	    row->is_whole ? "true" : "false");
	printf(row->cause != CAUSE_NONE ? "\"%s\"}" : "null}",
	    reconcile_cause_names[row->cause]);
}

/* Of no day that is known whole, no sum is known. */
static void
json_total(const struct both *b)
{
	bool any = b->all.n > 0 ? b->all.open < b->all.n
				: bills_knows_days(&b->billed);

	fputs("\"total\":{\"seen_usd\":", stdout);
	put_amount(any, b->all.seen, "null");
	fputs(",\"billed_usd\":", stdout);
	put_amount(any, b->all.billed, "null");
	fputs(",\"difference_usd\":", stdout);
	put_amount(any, b->all.difference, "null");
	fputs(",\"billed_elsewhere_usd\":", stdout);
	put_amount(any, b->all.elsewhere, "null");
	printf(",\"open_rows\":%zu},\n ", b->all.open);
}

static void
put_json(const struct both *b)
{
	size_t i;

	fputs("{\"schema_version\":1,\n ", stdout);
	ask_put_period(b->a);
	fputs(",\n \"rows\":[", stdout);
	for (i = 0; i < b->all.n; i++) {
		fputs(i > 0 ? ",\n  " : "\n  ", stdout);
		json_row(&b->all.rows[i]);
	}
	fputs("],\n ", stdout);
	json_total(b);
	bills_json_quantities(&b->billed);
	fputs(",\n ", stdout);
	bills_json_accounts(&b->billed);
	fputs("}\n", stdout);
}

static void
csv_row(const struct reconcile_row *row)
{
	char text[CALENDAR_TEXT_MAX];

	utc_format_day(row->day_ms, text);
	printf("%s,", text);
	csv_put_text(stdout, ',', row->provider);
	putchar(',');
	csv_put_text(stdout, ',', row->model);
	printf(",%" PRIu64 ",%" PRIu64 ",", row->seen.n[SUM_CALLS],
	    seen_tokens(row));
	put_amount(!field_is_unpriced(&row->seen), row->seen_cost, "");
	putchar(',');
	field_put_money(stdout, row->seen.plan_cost);
	putchar(',');
	put_count(row->has_counts, billed_tokens(row), "");
	putchar(',');
	put_amount(row->has_amount, row->amount, "");
	putchar(',');
	csv_put_text(stdout, ',', text_of(row->currency));
	putchar(',');
	put_amount(row->has_difference, row->difference, "");
	printf(",%s,%s,", row->is_whole ? "true" : "false",
	    row->cause != CAUSE_NONE ? reconcile_cause_names[row->cause] : "");
	field_put_money(stdout, row->elsewhere);
	putchar('\n');
}

static void
put_csv(const struct both *b)
{
	size_t i;

	puts("day,provider,model,seen_calls,seen_tokens,seen_usd,seen_plan_usd,"
	     "billed_tokens,billed,currency,difference_usd,complete,"
	     "suspected_cause,billed_elsewhere");
	for (i = 0; i < b->all.n; i++)
		csv_row(&b->all.rows[i]);
}

/* --- For people ----------------------------------------------------------- */

static void
put_open(const struct both *b)
{
	char n[FIGURE_MAX];

	if (b->all.open == 0)
		return;
	figure_grouped(b->all.open, n);
	printf(P_("%s row is not part of the total: no bill in dollars is "
		  "complete there\n",
		   "%s rows are not part of the total: no bill in dollars is "
		   "complete there\n",
		   b->all.open),
	    n);
}

static void
put_nothing(const struct both *b)
{
	const struct report_query *q = &b->a->query;

	if (bills_knows_all(&b->billed, q->edges[0], q->edges[q->nedges - 1]))
		puts(_("Nothing was seen and nothing was billed."));
	else if (bills_knows_days(&b->billed))
		puts(_("Nothing was seen, and nothing was billed on the days "
		       "that are known whole."));
}

static int
put_table(const struct both *b)
{
	int rc = EXIT_OK;

	ask_put_caption(b->a);
	if (!bills_has_days(&b->billed)) {
		puts(_("No account has told what was billed then: see "
		       "tt-provider list."));
		return EXIT_OK;
	}
	if (b->all.n > 0)
		rc = reconcile_table(b->s, &b->all);
	else
		put_nothing(b);
	put_open(b);
	bills_put_accounts(b->s, &b->billed);
	return rc;
}

/* --- Asking --------------------------------------------------------------- */

static int
fetch(struct both *b, struct setup *s, struct ask *a)
{
	const struct report_query *q = &a->query;
	enum client_result r;

	r = billed_fetch_beside(&b->billed, &s->client, q, q->edges[0],
	    q->edges[q->nedges - 1], s->deadline_ms, &b->seen);
	if (r != CLIENT_OK)
		return setup_failed(s, r);
	billed_keep_only(&b->billed, &s->opts->filter[KEY_PROVIDER]);
	if (reconcile(&b->all, &b->billed, b->seen.rows, b->seen.n, q->edges) ==
	    0)
		return EXIT_OK;
	complain(s->program, "%s", _("no memory for the answer"));
	return EXIT_SYSTEM;
}

static int
show(const struct both *b)
{
	if (b->s->opts->json)
		put_json(b);
	else if (b->s->opts->csv)
		put_csv(b);
	else
		return put_table(b);
	return EXIT_OK;
}

static int
run_asked(struct setup *s, struct ask *a)
{
	struct both b = { .s = s, .a = a };
	int rc;

	ask_add_time(a, STEP_DAY);
	ask_add_key(a, KEY_PROVIDER);
	ask_add_key(a, KEY_MODEL);
	rc = first_edges(a, s);
	if (rc == EXIT_OK)
		rc = utc_check(s, a);
	if (rc == EXIT_OK)
		rc = setup_connect(s);
	if (rc == EXIT_OK)
		rc = fetch(&b, s, a);
	if (rc == EXIT_OK)
		rc = show(&b);
	reconciled_free(&b.all);
	billed_free(&b.billed);
	answer_free(&b.seen);
	return rc;
}

static int
run(struct setup *s, int nargs, char **args)
{
	struct ask a = { .rules = NULL };
	int rc = utc_days(s);

	if (rc == EXIT_OK)
		rc = ask_begin(&a, s, nargs, args, "month");
	if (rc == EXIT_OK)
		rc = run_asked(s, &a);
	ask_free(&a);
	return rc;
}

const struct report_verb verb_reconcile = {
	.name = "reconcile",
	.program = {
		.name = "tt-report reconcile",
		.synopsis = N_("[PERIOD] [OPTION…]"),
		.summary = N_("What was seen here next to what the providers "
			   "billed, by day of UTC (by default this month), "
			   "and what a difference may come from."),
		.specs = specs,
		.nspecs = sizeof(specs) / sizeof(specs[0]),
	},
	.run = run,
};

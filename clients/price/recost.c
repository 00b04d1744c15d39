#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "clients/common/output.h"
#include "clients/common/text_lang.h"
#include "clients/price/price.h"

#define MSGID 1
#define PATIENCE_MS 600000

static const struct option_spec specs[] = {
	PRICE_HEAD(N_("What to do")),
	REPORT_OPTION("since", OPTION_TEXT, since, "DATE",
	    N_("only calls that finished then or later")),
	PRICE_FLAG("dry-run", dry_run, N_("change nothing")),
	PRICE_FLAG("yes", yes, N_("do not ask")),
	PRICE_HEAD(N_("Output")),
	PRICE_FLAG("json", common.json, N_("JSON")),
	REPORT_MONEY,
	REPORT_OPTION(
	    "tz", OPTION_TEXT, tz, "ZONE", N_("time zone, as Europe/Berlin")),
	REPORT_COMMON,
};

struct recost {
	struct setup *s;
	const struct price_options *o;
	int64_t since_ms;
	struct value all, models;
};

static int
ask(struct recost *r, bool dry_run)
{
	struct packer k = { 0 };
	int rc;

	setup_allow(r->s, PATIENCE_MS);
	pack_request(&k, MSGID, "recost");
	pack_map(&k, 2);
	pack_str(&k, "since");
	pack_i64(&k, r->since_ms);
	pack_str(&k, "dry_run");
	pack_bool(&k, dry_run);
	rc = price_call(r->s, &k, &r->all);
	if (rc == EXIT_OK)
		fetch_member(&r->all, "models", &r->models);
	return rc;
}

static void
add_change(struct table *t, const struct setup *s, struct text name,
    const struct value *change)
{
	money_sum before = fetch_money(change, "before");
	money_sum after = fetch_money(change, "after");
	char buf[FIGURE_MAX];

	table_text(t, name.len > 0 ? name : text_of(_("(none)")));
	figure_grouped(fetch_u64(change, "calls"), buf);
	table_str(t, buf);
	figure_money_as(before, setup_decimals(s), buf);
	table_str(t, buf);
	figure_money_as(after, setup_decimals(s), buf);
	table_str(t, buf);
	figure_money_as(after - before, setup_decimals(s), buf);
	table_str(t, buf);
}

static int
put_table(const struct recost *r)
{
	struct value list = r->models, model;
	struct table *t = table_new();

	table_column(t, _("model"), TABLE_TRUNC);
	table_column(t, _("calls"), TABLE_RIGHT);
	table_column(t, _("before"), TABLE_RIGHT);
	table_column(t, _("after"), TABLE_RIGHT);
	table_column(t, _("change"), TABLE_RIGHT);
	while (fetch_next(&list, &model))
		add_change(t, r->s, fetch_text(&model, "model"), &model);
	add_change(t, r->s, text_of(_("total")), &r->all);
	return setup_print(r->s, t);
}

static int
put_plan(const struct recost *r)
{
	uint64_t changed = fetch_u64(&r->all, "calls");
	char a[FIGURE_MAX], b[FIGURE_MAX];

	figure_grouped(fetch_u64(&r->all, "examined"), a);
	figure_grouped(changed, b);
	if (changed == 0) {
		printf(_("All %s calls have the price they would get today.\n"),
		    a);
		return EXIT_OK;
	}
	printf(_("%s of %s calls would be priced otherwise today:\n"), b, a);
	return put_table(r);
}

static void
json_change(const struct value *change)
{
	printf("\"calls\":%" PRIu64 ",", fetch_u64(change, "calls"));
	show_json_money("before_usd", fetch_money(change, "before"));
	putchar(',');
	show_json_money("after_usd", fetch_money(change, "after"));
}

static void
put_json(const struct recost *r, bool applied)
{
	struct value list = r->models, model;
	char since[CALENDAR_TEXT_MAX];
	bool first = true;

	fputs("{\"schema_version\":1,\"since\":", stdout);
	calendar_format_time(r->since_ms, since);
	printf(r->o->common.since != NULL ? "\"%s\"" : "null", since);
	printf(",\"applied\":%s,\"examined\":%" PRIu64 ",",
	    applied ? "true" : "false", fetch_u64(&r->all, "examined"));
	json_change(&r->all);
	fputs(",\n \"models\":[", stdout);
	for (; fetch_next(&list, &model); first = false) {
		fputs(first ? "\n  {\"model\":" : ",\n  {\"model\":", stdout);
		json_put_text(stdout, fetch_text(&model, "model"));
		putchar(',');
		json_change(&model);
		putchar('}');
	}
	fputs("]}\n", stdout);
}

/* What came in between is repriced with the rest: what it says now holds. */
static int
apply(struct recost *r)
{
	char calls[FIGURE_MAX], before[FIGURE_MAX], after[FIGURE_MAX];
	int rc = price_confirm(r->o, _("Change the recorded costs?"));

	if (rc == EXIT_OK)
		rc = ask(r, false);
	if (rc != EXIT_OK)
		return rc;
	if (r->o->common.json) {
		put_json(r, true);
		return EXIT_OK;
	}
	figure_grouped(fetch_u64(&r->all, "calls"), calls);
	figure_money_as(
	    fetch_money(&r->all, "before"), setup_decimals(r->s), before);
	figure_money_as(
	    fetch_money(&r->all, "after"), setup_decimals(r->s), after);
	printf(_("Done: %s calls that cost %s now cost %s.\n"), calls, before,
	    after);
	return EXIT_OK;
}

static int
plan(struct recost *r)
{
	bool is_idle = r->o->dry_run;
	int rc = ask(r, true);

	if (rc != EXIT_OK)
		return rc;
	is_idle = is_idle || fetch_u64(&r->all, "calls") == 0;
	if (!r->o->common.json)
		rc = put_plan(r);
	else if (is_idle || !r->o->yes)
		put_json(r, false);
	if (rc != EXIT_OK || is_idle)
		return rc;
	return apply(r);
}

static int
run(struct setup *s, const struct price_options *o, int nargs, char **args)
{
	struct recost r = { .s = s, .o = o };
	int rc = EXIT_OK;

	if (nargs > 0)
		return price_misused(
		    _("recost takes no operand: what is \"%.60s\"?"), args[0]);
	if (o->common.since != NULL)
		rc = price_take_time("since", o->common.since, &r.since_ms);
	if (rc == EXIT_OK)
		rc = setup_connect(s);
	return rc == EXIT_OK ? plan(&r) : rc;
}

const struct price_verb price_recost = {
	.verb.name = "recost",
	.verb.program = {
		.name = "tt-price recost",
		.synopsis = N_("[OPTION…]"),
		.summary = N_("Prices recorded calls anew by today's prices: "
			      "shows what changes, asks, and does it."),
		.specs = specs,
		.nspecs = sizeof(specs) / sizeof(specs[0]),
	},
	.run = run,
};

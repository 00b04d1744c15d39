#include <inttypes.h>
#include <stdio.h>

#include "clients/budget/budget.h"
#include "clients/budget/spenders.h"
#include "clients/common/output.h"

static const struct option_spec specs[] = {
	BUDGET_HEAD(N_("Output")),
	BUDGET_FLAG("json", common.json, N_("JSON")),
	BUDGET_WORD("tz", common.tz, "ZONE",
	    N_("time zone of the times shown, as Europe/Berlin")),
	REPORT_COMMON,
};

struct status {
	struct setup *s;
	struct budget_states list;
	struct budget_pace pace[BUDGETS_MAX];
	struct spenders spenders[BUDGETS_MAX];
};

/* --- JSON ----------------------------------------------------------------- */

/* A percentage as a number: "12.3%" is 12.3, "-" null. */
static void
json_percent(const char *name, money_sum part, money_sum whole)
{
	char buf[FIGURE_MAX];

	figure_share(part, whole, buf);
	printf(",\"%s\":%.*s", name, (int)strcspn(buf, "%"),
	    buf[0] == '-' && buf[1] == '\0' ? "null" : buf);
}

static void
json_money(const char *name, bool is_tokens, money_sum amount)
{
	char buf[MONEY_TEXT_MAX];

	money_format(is_tokens ? amount * MONEY_USD : amount, buf);
	printf(",\"%s_%s\":%s", name, is_tokens ? "tokens" : "usd", buf);
}

static void
json_pace(const struct budget_state *s, const struct budget_pace *p)
{
	bool is_tokens = s->budget.is_tokens;
	char at[CALENDAR_TEXT_MAX];

	if (!p->has_elapsed) {
		fputs(",\"elapsed_percent\":null,\"pace_percent\":null,"
		      "\"projected\":null",
		    stdout);
		return;
	}
	json_percent("elapsed_percent", p->elapsed_ms, p->whole_ms);
	json_percent("pace_percent", s->spent, p->even);
	fputs(
	    ",\"projected\":{\"basis\":\"average rate of the period\"", stdout);
	json_money("spent", is_tokens, p->projected);
	if (p->full_ms > 0) {
		calendar_format_time(p->full_ms, at);
		printf(",\"limit_at\":\"%s\"}", at);
	} else {
		fputs(",\"limit_at\":null}", stdout);
	}
}

static void
json_spenders(const struct budget *b, const struct spenders *list)
{
	fputs(",\"top\":[", stdout);
	for (size_t i = 0; i < list->n; i++) {
		fputs(i > 0 ? ",{\"model\":" : "{\"model\":", stdout);
		json_put_str(stdout, list->item[i].model);
		json_money("spent", b->is_tokens, list->item[i].spent);
		putchar('}');
	}
	putchar(']');
}

static void
put_json(const struct status *st)
{
	fputs("{\"schema_version\":1,\"budgets\":[", stdout);
	for (size_t i = 0; i < st->list.n; i++) {
		const struct budget_state *s = &st->list.item[i];
		const struct budget *b = &s->budget;

		fputs(i > 0 ? ",\n {" : "\n {", stdout);
		budget_json(s);
		budget_json_settings(b);
		budget_json_span(s);
		json_money("left", b->is_tokens, b->limit - s->spent);
		json_percent("used_percent", s->spent, b->limit);
		json_pace(s, &st->pace[i]);
		json_spenders(b, &st->spenders[i]);
		putchar('}');
	}
	fputs("]}\n", stdout);
}

/* --- For people ----------------------------------------------------------- */

static const char *
level_text(enum budget_level level)
{
	static const char *const texts[BUDGET_LEVELS] = { N_("within"),
		N_("warning"), N_("over") };

	return _(texts[level]);
}

static void
add_amounts(struct table *t, const struct budget_state *s)
{
	const struct budget *b = &s->budget;
	char buf[FIGURE_MAX];

	budget_figure(b->is_tokens, s->spent, buf);
	table_str(t, buf);
	budget_amount(b->is_tokens, b->limit, buf);
	table_str(t, buf);
	budget_figure(b->is_tokens, b->limit - s->spent, buf);
	table_str(t, buf);
	figure_share(s->spent, b->limit, buf);
	table_str(t, buf);
}

static void
add_pace(
    struct table *t, const struct budget_state *s, const struct budget_pace *p)
{
	char buf[FIGURE_MAX] = "-";

	if (p->has_elapsed)
		figure_share(p->elapsed_ms, p->whole_ms, buf);
	table_str(t, buf);
	if (p->has_elapsed)
		figure_share(s->spent, p->even, buf);
	table_str(t, buf);
	if (p->has_elapsed)
		budget_figure(s->budget.is_tokens, p->projected, buf);
	table_str(t, buf);
}

static int
put_table(const struct status *st)
{
	static const char *const heads[] = { N_("spent"), N_("limit"),
		N_("left"), N_("used"), N_("elapsed"), N_("pace"),
		N_("projected") };
	struct table *t = table_new();
	size_t i;

	table_column(t, _("budget"), 0);
	table_column(t, _("state"), 0);
	table_column(t, _("period"), 0);
	for (i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
		table_column(t, _(heads[i]), TABLE_RIGHT);
	for (i = 0; i < st->list.n; i++) {
		const struct budget_state *s = &st->list.item[i];

		table_text(t, s->budget.name);
		table_str(t, level_text(s->level));
		table_text(t, s->label.len > 0 ? s->label : TEXT("-"));
		add_amounts(t, s);
		add_pace(t, s, &st->pace[i]);
	}
	return setup_print(st->s, t);
}

static void
put_spenders(const struct budget *b, const struct spenders *list)
{
	char model[LIMIT_TEXT + 1], amount[FIGURE_MAX];

	if (list->n == 0)
		return;
	printf(_("%.*s: spent most by"), (int)b->name.len, b->name.p);
	for (size_t i = 0; i < list->n; i++) {
		const struct spender *one = &list->item[i];

		if (one->model[0] != '\0')
			table_clean(text_of(one->model), model, sizeof(model));
		else
			snprintf(model, sizeof(model), "%s", _("(none)"));
		budget_figure(b->is_tokens, one->spent, amount);
		printf("%s %s %s", i > 0 ? "," : "", model, amount);
	}
	putchar('\n');
}

static void
put_unpriced(const struct budget_state *s)
{
	char tokens[FIGURE_MAX], calls[FIGURE_MAX];

	if (s->budget.is_tokens || s->unpriced_calls == 0)
		return;
	figure_grouped(s->unpriced_tokens, tokens);
	figure_grouped(s->unpriced_calls, calls);
	printf(P_("%.*s: %s tokens of %s call have no price and are not in "
		  "it\n",
		   "%.*s: %s tokens of %s calls have no price and are not in "
		   "it\n",
		   s->unpriced_calls),
	    (int)s->budget.name.len, s->budget.name.p, tokens, calls);
}

static void
put_full(const struct budget_state *s, const struct budget_pace *p)
{
	char at[CALENDAR_TEXT_MAX];

	if (p->full_ms == 0)
		return;
	calendar_format_time(p->full_ms, at);
	at[10] = ' ';
	at[16] = '\0';
	printf(_("%.*s: used up at %s if it goes on like this\n"),
	    (int)s->budget.name.len, s->budget.name.p, at);
}

static int
put_text(const struct status *st)
{
	bool has_pace = false;
	int rc;

	if (st->list.n == 0) {
		puts(_("There is no budget. `tt-budget set 15` makes one of "
		       "15 USD a day."));
		return EXIT_OK;
	}
	rc = put_table(st);
	for (size_t i = 0; i < st->list.n; i++) {
		const struct budget_state *s = &st->list.item[i];

		put_full(s, &st->pace[i]);
		put_spenders(&s->budget, &st->spenders[i]);
		put_unpriced(s);
		has_pace = has_pace || st->pace[i].has_elapsed;
	}
	if (has_pace)
		puts(_("pace: of an even spend over the period; projected: at "
		       "the period's end, at its average rate so far"));
	return rc;
}

static int
run(struct setup *s, const struct budget_options *o, int nargs, char **args)
{
	struct status st = { .s = s };
	const char *name;
	int rc = budget_take_name(nargs, args, &name);

	(void)o;
	if (rc == EXIT_OK)
		rc = budget_states_fetch(s, name, &st.list);
	for (size_t i = 0; rc == EXIT_OK && i < st.list.n; i++) {
		budget_pace(&st.list.item[i], st.list.now_ms, &st.pace[i]);
		rc = spenders_fetch(s, &st.list.item[i], &st.spenders[i]);
	}
	if (rc == EXIT_OK && s->opts->json)
		put_json(&st);
	else if (rc == EXIT_OK)
		rc = put_text(&st);
	budget_states_release(&st.list);
	return rc;
}

const struct budget_verb budget_status = {
	.verb.name = "status",
	.verb.program = {
		.name = "tt-budget status",
		.synopsis = N_("[NAME] [OPTION…]"),
		.summary = N_("Shows how much of each budget is spent and left, "
			      "its pace, where it is heading, and who spent "
			      "it."),
		.specs = specs,
		.nspecs = sizeof(specs) / sizeof(specs[0]),
	},
	.run = run,
};

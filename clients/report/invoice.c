#include "clients/report/invoice.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/common/output.h"
#include "clients/common/text_lang.h"
#include "clients/report/field.h"

int
invoice_make(struct invoice *v, const struct answer *answer)
{
	struct wire_cursor rules = charge_rules(&answer->first);
	struct invoice_row *r;
	size_t i;

	*v = (struct invoice){ .answer = answer };
	v->rows = calloc(answer->n + 1, sizeof(*v->rows));
	if (v->rows == NULL)
		return -1;
	for (i = 0; i < answer->n; i++) {
		r = &v->rows[v->n++];
		r->row = &answer->rows[i];
		charge_find(rules, r->row->key[INVOICE_RULE], &r->price);
		charge_apply(&r->price, &r->row->sums, &r->charge);
		if (r->charge.is_known)
			v->amount += r->charge.amount;
		v->wrong += !charge_agrees(&r->charge, &r->row->sums);
	}
	return 0;
}

void
invoice_free(struct invoice *v)
{
	free(v->rows);
	v->rows = NULL;
}

void
invoice_name(const struct report_row *row, char out[INVOICE_NAME_MAX])
{
	struct text provider = row->key[INVOICE_PROVIDER];
	struct text model = row->key[INVOICE_MODEL];

	if (model.len == 0)
		model = text_of(_("(none)"));
	if (provider.len == 0)
		snprintf(
		    out, INVOICE_NAME_MAX, "%.*s", (int)model.len, model.p);
	else
		snprintf(out, INVOICE_NAME_MAX, "%.*s/%.*s", (int)provider.len,
		    provider.p, (int)model.len, model.p);
}

/* --- JSON ----------------------------------------------------------------- */

static void
json_line(const struct charge_line *l, enum charge_how how)
{
	printf("{\"class\":\"%s\",\"%s\":%" PRIu64 ",\"usd_per_million\":",
	    charge_class_names[l->class],
	    l->class == CHARGE_WEB_SEARCH ? "searches" : "tokens", l->n);
	if (l->rate == CHARGE_UNKNOWN) {
		fputs("null,\"amount_usd\":", stdout);
		fputs(l->class == CHARGE_OTHER && how >= CHARGE_TABLE ? "0}"
								      : "null}",
		    stdout);
		return;
	}
	field_put_money(stdout, (money_sum)l->rate * 1000000);
	fputs(",\"amount_usd\":", stdout);
	field_put_money(stdout, l->amount);
	putchar('}');
}

static void
json_price(const struct charge_price *p)
{
	printf(",\"priced\":\"%s\"", charge_how_names[p->how]);
	field_put_text(stdout, "rule", p->rule);
	field_put_text(stdout, "entry", p->entry);
	field_put_text(stdout, "tier", p->tier);
	field_put_text(stdout, "geo", p->geo);
	field_put_text(stdout, "window", p->window);
	if (p->above > 0)
		printf(",\"above\":%" PRIu64, p->above);
	else
		fputs(",\"above\":null", stdout);
}

static void
json_row(const struct invoice_row *r)
{
	size_t i;

	fputs("{\"provider\":", stdout);
	json_put_text(stdout, r->row->key[INVOICE_PROVIDER]);
	fputs(",\"model\":", stdout);
	json_put_text(stdout, r->row->key[INVOICE_MODEL]);
	json_price(&r->price);
	fputs(",\"lines\":[", stdout);
	for (i = 0; i < r->charge.n; i++) {
		if (i > 0)
			putchar(',');
		json_line(&r->charge.line[i], r->price.how);
	}
	fputs("],\"amount_usd\":", stdout);
	if (r->charge.is_known)
		field_put_money(stdout, r->charge.amount);
	else
		fputs("null", stdout);
	printf(",\"agrees\":%s",
	    charge_agrees(&r->charge, &r->row->sums) ? "true" : "false");
	field_put_json(stdout, r->row, true);
	putchar('}');
}

void
invoice_put_json(const struct invoice *v)
{
	size_t i;

	fputs("\"rows\":[", stdout);
	for (i = 0; i < v->n; i++) {
		fputs(i > 0 ? ",\n  " : "\n  ", stdout);
		json_row(&v->rows[i]);
	}
	fputs("],\n \"total\":{", stdout);
	field_put_json(stdout, &v->answer->total, false);
	fputs("},\n \"amount_usd\":", stdout);
	if (field_is_unpriced(&v->answer->total.sums))
		fputs("null", stdout);
	else
		field_put_money(stdout, v->amount);
}

/* --- For people ------------------------------------------------------------
 */

static const char *const class_titles[CHARGE_CLASSES] = {
	[CHARGE_INPUT] = N_("input"),
	[CHARGE_CACHE_READ] = N_("cache read"),
	[CHARGE_CACHE_WRITE] = N_("cache write"),
	[CHARGE_CACHE_WRITE_1H] = N_("cache write 1h"),
	[CHARGE_OUTPUT] = N_("output"),
	[CHARGE_WEB_SEARCH] = N_("web searches"),
	[CHARGE_OTHER] = N_("other"),
};

static const char *const how_titles[] = {
	[CHARGE_NONE] = N_("no price"),
	[CHARGE_REPORTED] = N_("as reported"),
	[CHARGE_TABLE] = N_("list price"),
	[CHARGE_OVERRIDE] = N_("own price"),
};

#define HOW_MAX (4 * FIGURE_MAX)

static void
format_kind(const struct charge_price *p, char out[HOW_MAX])
{
	char above[FIGURE_MAX];

	if (p->above == 0 || p->how < CHARGE_TABLE) {
		snprintf(out, HOW_MAX, "%s", _(how_titles[p->how]));
		return;
	}
	figure_compact(p->above, above);
	if (p->how == CHARGE_TABLE)
		snprintf(out, HOW_MAX, _("list price beyond %s"), above);
	else
		snprintf(out, HOW_MAX, _("own price beyond %s"), above);
}

/* The kind of price, and what else chose it: "list price (batch)". */
static void
format_how(const struct charge_price *p, char out[HOW_MAX])
{
	const struct text marks[] = { p->tier, p->geo, p->window };
	size_t i, len;

	format_kind(p, out);
	for (i = 0; i < 3; i++) {
		len = strlen(out);
		if (marks[i].len > 0 && len < HOW_MAX / 2)
			snprintf(out + len, HOW_MAX - len, " (%.*s)",
			    (int)(marks[i].len < 40 ? marks[i].len : 40),
			    marks[i].p);
	}
}

struct printing {
	const struct setup *s;
	struct table *t;
	void (*figure)(uint64_t n, char buf[FIGURE_MAX]);
};

static void
put_money(const struct printing *p, money_sum pico)
{
	char buf[FIGURE_MAX];

	figure_money_as(pico, setup_decimals(p->s), buf);
	table_str(p->t, buf);
}

static void
put_count(const struct printing *p, uint64_t n)
{
	char buf[FIGURE_MAX];

	p->figure(n, buf);
	table_str(p->t, buf);
}

static void
print_line(const struct printing *p, const struct charge_line *l)
{
	char rate[FIGURE_MAX];

	table_str(p->t, _(class_titles[l->class]));
	put_count(p, l->n);
	if (l->rate == CHARGE_UNKNOWN) {
		table_str(p->t, "-");
		table_str(p->t, "-");
		return;
	}
	figure_rate(l->rate, rate);
	table_str(p->t, rate);
	put_money(p, l->amount);
}

/* What a row comes to, less searches, which are no tokens. */
static void
print_sum(const struct printing *p, const struct invoice_row *r)
{
	table_str(p->t, "");
	table_str(p->t, "");
	table_str(p->t, _("sum"));
	put_count(p, sums_total_tokens(&r->row->sums));
	table_str(p->t, "");
	if (r->charge.is_known)
		put_money(p, r->charge.amount);
	else
		table_str(p->t, "-");
}

static void
print_row(const struct printing *p, const struct invoice_row *r)
{
	char name[INVOICE_NAME_MAX], how[HOW_MAX];
	size_t i;

	invoice_name(r->row, name);
	format_how(&r->price, how);
	for (i = 0; i < r->charge.n; i++) {
		table_str(p->t, i == 0 ? name : "");
		table_str(p->t, i == 0 ? how : "");
		print_line(p, &r->charge.line[i]);
	}
	if (r->charge.n == 0) {
		table_str(p->t, name);
		table_str(p->t, how);
		for (i = 0; i < 4; i++)
			table_str(p->t, i == 1 ? "0" : "-");
	}
	if (r->charge.n != 1 || r->price.how == CHARGE_REPORTED)
		print_sum(p, r);
}

static void
print_total(const struct printing *p, const struct invoice *v)
{
	const struct sums *sums = &v->answer->total.sums;
	struct sums billed = *sums;
	char cost[FIGURE_MAX];

	table_str(p->t, _("total"));
	table_str(p->t, "");
	table_str(p->t, "");
	put_count(p, sums_total_tokens(sums));
	table_str(p->t, "");
	billed.cost = v->amount;
	figure_cost_as(&billed, setup_decimals(p->s), cost);
	table_str(p->t, cost);
}

static struct table *
draw(const struct invoice *v, struct printing *p)
{
	size_t i;

	p->t = table_new();
	table_column(p->t, _("model"), TABLE_TRUNC);
	table_column(p->t, _("price"), TABLE_TRUNC);
	table_column(p->t, _("class"), 0);
	table_column(p->t, _("tokens"), TABLE_RIGHT);
	table_column(p->t, _("$/million"), TABLE_RIGHT);
	table_column(p->t, _("amount"), TABLE_RIGHT);
	for (i = 0; i < v->n; i++)
		print_row(p, &v->rows[i]);
	print_total(p, v);
	return p->t;
}

static void
print_unpriced(const struct invoice *v)
{
	char name[INVOICE_NAME_MAX], clean[INVOICE_NAME_MAX];
	char calls[FIGURE_MAX], tokens[FIGURE_MAX];
	const struct report_row *row;
	size_t i;

	for (i = 0; i < v->n; i++) {
		row = v->rows[i].row;
		if (row->sums.n[SUM_UNPRICED_TOKENS] == 0 &&
		    row->sums.n[SUM_UNPRICED_CALLS] == 0)
			continue;
		invoice_name(row, name);
		figure_grouped(row->sums.n[SUM_UNPRICED_CALLS], calls);
		figure_grouped(row->sums.n[SUM_UNPRICED_TOKENS], tokens);
		table_clean(text_of(name), clean, sizeof(clean));
		printf(_("%s: %s calls and %s tokens have no price\n"), clean,
		    calls, tokens);
	}
}

static void
print_plan(const struct invoice *v, const struct setup *s)
{
	money_sum plan = v->answer->total.sums.plan_cost;
	char buf[FIGURE_MAX];

	if (plan == 0)
		return;
	figure_money_as(plan, setup_decimals(s), buf);
	printf(_("A plan covers %s of it.\n"), buf);
}

int
invoice_print(const struct invoice *v, const struct setup *s)
{
	struct printing p = { .s = s, .figure = figure_grouped };
	size_t width = setup_width(s);
	int rc;

	draw(v, &p);
	if (width > 0 && table_width(p.t) > width) {
		table_free(p.t);
		p.figure = figure_compact;
		draw(v, &p);
	}
	rc = setup_print(s, p.t);
	print_plan(v, s);
	print_unpriced(v);
	return rc;
}

int
invoice_judge(const struct invoice *v, const struct setup *s)
{
	char name[INVOICE_NAME_MAX], sum[MONEY_TEXT_MAX], has[MONEY_TEXT_MAX];
	size_t i;

	for (i = 0; i < v->n && v->wrong > 0; i++) {
		const struct invoice_row *r = &v->rows[i];

		if (charge_agrees(&r->charge, &r->row->sums))
			continue;
		invoice_name(r->row, name);
		money_format(r->charge.amount, sum);
		money_format(r->row->sums.cost, has);
		complain(s->program,
		    _("%s, rule %.*s: the lines add up to $%s, the ledger "
		      "has $%s"),
		    name, (int)r->price.rule.len,
		    r->price.rule.len > 0 ? r->price.rule.p : "", sum, has);
	}
	return v->wrong > 0 ? EXIT_NO : EXIT_OK;
}

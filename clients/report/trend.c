#include "clients/report/trend.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/common/output.h"
#include "clients/common/text_lang.h"
#include "clients/report/field.h"
#include "clients/report/heard.h"

int
trend_begin(struct trend *t, struct setup *s, int nargs, char **args)
{
	int rc = ask_begin(&t->ask, s, nargs, args, "month");

	if (rc == EXIT_OK)
		rc = ask_begin(&t->share_ask, s, nargs, args, "month");
	if (rc != EXIT_OK)
		return rc;
	ask_add_time(&t->ask, STEP_DAY);
	ask_add_key(&t->share_ask, KEY_PROVIDER);
	ask_add_key(&t->share_ask, KEY_MODEL);
	t->has_before = !t->ask.period.from_is_open;
	t->ask.query.want_sessions = true;
	return EXIT_OK;
}

void
trend_free(struct trend *t)
{
	answer_free(&t->days);
	answer_free(&t->shares);
	ask_free(&t->ask);
	ask_free(&t->share_ask);
}

static int
fetch_before(struct trend *t, struct setup *s)
{
	struct report_query q = t->share_ask.query;
	struct answer answer;
	enum client_result r;
	int64_t edges[2];

	period_before(&t->ask.period, &s->rules, s->now_ms, &t->before);
	t->has_before =
	    t->before.from_ms >= 0 && t->before.from_ms < t->before.to_ms;
	if (!t->has_before)
		return EXIT_OK;
	edges[0] = t->before.from_ms;
	edges[1] = t->before.to_ms;
	q.edges = edges;
	q.nedges = 2;
	q.nby = 0;
	q.want_sessions = true;
	r = fetch_report(&s->client, &q, s->deadline_ms, &answer);
	if (r != CLIENT_OK)
		return setup_failed(s, r);
	t->before_row = answer.total;
	answer_free(&answer);
	return EXIT_OK;
}

static void
count_elapsed(struct trend *t, int64_t now_ms)
{
	const struct report_query *q = &t->ask.query;
	size_t i;

	t->elapsed = 0;
	for (i = 0; i + 1 < q->nedges; i++)
		t->elapsed += q->edges[i] <= now_ms;
}

int
trend_fetch(struct trend *t, struct setup *s)
{
	int rc = ask_answer(&t->ask, s, &t->days);

	if (rc == EXIT_OK)
		rc = ask_answer(&t->share_ask, s, &t->shares);
	count_elapsed(t, s->now_ms);
	return rc == EXIT_OK && t->has_before ? fetch_before(t, s) : rc;
}

/*
 * The day that cost most, or the least of those with use; by tokens where
 * nothing has a price. NULL where there is none.
 */
static const struct report_row *
extreme_day(const struct trend *t, bool highest)
{
	bool by_cost = !field_is_unpriced(&t->days.total.sums) &&
		       t->days.total.sums.cost > 0;
	const struct report_row *best = NULL;
	money_sum v, best_v = 0;
	size_t i;

	for (i = 0; i < t->days.n; i++) {
		v = by_cost
			? t->days.rows[i].sums.cost
			: (money_sum)sums_total_tokens(&t->days.rows[i].sums);
		if (best == NULL || (highest ? v > best_v : v < best_v)) {
			best = &t->days.rows[i];
			best_v = v;
		}
	}
	return best;
}

/* --- JSON ----------------------------------------------------------------- */

/* A percentage as a number: "12.3%" is 12.3, "-" null. */
static void
json_percent(const char *name, money_sum part, money_sum whole)
{
	char buf[FIGURE_MAX];

	printf("\"%s\":", name);
	figure_share(part, whole, buf);
	if (strcmp(buf, "-") == 0)
		fputs("null", stdout);
	else
		printf("%.*s", (int)strcspn(buf, "%"), buf);
}

/* Averages are cut to whole tokens and to 12 decimals of a dollar. */
static void
json_average(const char *name, const struct sums *sums, uint64_t n)
{
	printf(",\n  \"%s\":{\"total_tokens\":", name);
	if (n == 0) {
		fputs("null,\"cost_usd\":null}", stdout);
		return;
	}
	printf("%" PRIu64 ",\"cost_usd\":", sums_total_tokens(sums) / n);
	if (field_is_unpriced(sums))
		fputs("null", stdout);
	else
		field_put_money(stdout, sums->cost / n);
	putchar('}');
}

static void
json_day(const struct trend *t, const char *name, const struct report_row *row)
{
	char buf[PERIOD_LABEL_MAX];

	printf(",\n  \"%s\":", name);
	if (row == NULL) {
		fputs("null", stdout);
		return;
	}
	fputs("{\"day\":", stdout);
	json_put_text(stdout, ask_key_text(&t->ask, 0, row, buf));
	field_put_json(stdout, row, true);
	putchar('}');
}

static void
json_before(const struct trend *t)
{
	const struct sums *now = &t->days.total.sums;
	const struct sums *before = &t->before_row.sums;
	char from[CALENDAR_TEXT_MAX], to[CALENDAR_TEXT_MAX];

	if (!t->has_before) {
		fputs(",\n  \"before\":null,\"change\":null", stdout);
		return;
	}
	calendar_format_time(t->before.from_ms, from);
	calendar_format_time(t->before.to_ms, to);
	printf(",\n  \"before\":{\"from\":\"%s\",\"to\":\"%s\"", from, to);
	field_put_json(stdout, &t->before_row, true);
	fputs("},\n  \"change\":{", stdout);
	json_percent("total_tokens_percent",
	    (money_sum)sums_total_tokens(now) -
		(money_sum)sums_total_tokens(before),
	    (money_sum)sums_total_tokens(before));
	putchar(',');
	json_percent("cost_percent", now->cost - before->cost, before->cost);
	putchar('}');
}

static void
json_share(const struct trend *t, const struct report_row *row)
{
	const struct sums *all = &t->shares.total.sums;
	size_t i;

	for (i = 0; i < t->share_ask.nby; i++) {
		printf("\"%s\":", ask_key_name(&t->share_ask, i));
		json_put_text(stdout, row->key[i]);
		putchar(',');
	}
	json_percent("tokens_percent", (money_sum)sums_total_tokens(&row->sums),
	    (money_sum)sums_total_tokens(all));
	putchar(',');
	json_percent("cost_percent", row->sums.cost, all->cost);
	field_put_json(stdout, row, true);
}

void
trend_put_json(const struct trend *t)
{
	const struct sums *all = &t->days.total.sums;
	uint64_t part, whole;
	size_t i;

	heard_cache(all, &part, &whole);
	fputs("\"details\":{", stdout);
	ask_put_period(&t->ask);
	printf(",\"days\":%zu,\n  ", t->elapsed);
	json_percent("cache_hit_percent", (money_sum)part, (money_sum)whole);
	json_average("average_day", all, t->elapsed);
	json_average("average_call", all, all->n[SUM_CALLS]);
	json_day(t, "peak_day", extreme_day(t, true));
	json_day(t, "lowest_day", extreme_day(t, false));
	json_before(t);
	fputs(",\n  \"shares\":[", stdout);
	for (i = 0; i < t->shares.n; i++) {
		fputs(i > 0 ? ",\n   {" : "\n   {", stdout);
		json_share(t, &t->shares.rows[i]);
		putchar('}');
	}
	fputs("],\n  \"total\":{", stdout);
	field_put_json(stdout, &t->days.total, false);
	fputs("}}", stdout);
}

/* --- For people ------------------------------------------------------------
 */

struct short_figures {
	char tokens[FIGURE_MAX], cost[FIGURE_MAX];
};

static void
format_short(
    const struct setup *s, const struct sums *sums, struct short_figures *f)
{
	figure_compact(sums_total_tokens(sums), f->tokens);
	figure_cost_as(sums, setup_decimals(s), f->cost);
}

/* Rounded down; money to a picodollar. */
static void
format_average(const struct setup *s, const struct sums *sums, uint64_t n,
    struct short_figures *f)
{
	struct sums part = *sums;

	part.cost /= n;
	figure_cost_as(&part, setup_decimals(s), f->cost);
	figure_compact(sums_total_tokens(sums) / n, f->tokens);
}

static void
print_averages(const struct trend *t, const struct setup *s)
{
	const struct sums *all = &t->days.total.sums;
	struct short_figures f;

	if (t->elapsed > 0) {
		format_average(s, all, t->elapsed, &f);
		printf(P_("average a day   %s tokens, %s (%zu day)\n",
			   "average a day   %s tokens, %s (%zu days)\n",
			   t->elapsed),
		    f.tokens, f.cost, t->elapsed);
	}
	if (all->n[SUM_CALLS] > 0) {
		format_average(s, all, all->n[SUM_CALLS], &f);
		printf(_("average a call  %s tokens, %s\n"), f.tokens, f.cost);
	}
}

static void
print_days(const struct trend *t, const struct setup *s)
{
	const struct report_row *peak = extreme_day(t, true);
	const struct report_row *low = extreme_day(t, false);
	char buf[PERIOD_LABEL_MAX];
	struct short_figures f;

	if (peak == NULL)
		return;
	format_short(s, &peak->sums, &f);
	ask_key_text(&t->ask, 0, peak, buf);
	printf(_("peak day        %s: %s tokens, %s\n"), buf, f.tokens, f.cost);
	format_short(s, &low->sums, &f);
	ask_key_text(&t->ask, 0, low, buf);
	printf(_("lowest day      %s: %s tokens, %s (of the days with use)\n"),
	    buf, f.tokens, f.cost);
}

static void
print_change(const struct trend *t, const struct setup *s)
{
	const struct sums *now = &t->days.total.sums;
	const struct sums *before = &t->before_row.sums;
	char tokens[FIGURE_MAX], cost[FIGURE_MAX], from[CALENDAR_TEXT_MAX],
	    to[CALENDAR_TEXT_MAX];
	struct short_figures f;

	if (!t->has_before)
		return;
	figure_change((money_sum)sums_total_tokens(now),
	    (money_sum)sums_total_tokens(before), tokens);
	figure_change(now->cost, before->cost, cost);
	format_short(s, before, &f);
	calendar_format_time(t->before.from_ms, from);
	calendar_format_time(t->before.to_ms, to);
	from[16] = to[16] = '\0';
	from[10] = to[10] = ' ';
	printf(_("change          tokens %s, cost %s, from %s and %s of %s to "
		 "%s\n"),
	    tokens, cost, f.tokens, f.cost, from, to);
}

static void
print_cache(const struct trend *t)
{
	uint64_t part, whole;
	char share[FIGURE_MAX];

	heard_cache(&t->days.total.sums, &part, &whole);
	figure_share((money_sum)part, (money_sum)whole, share);
	printf(_("cache hits      %s of all prompt tokens\n"), share);
}

static void
print_share(const struct trend *t, const struct setup *s, struct table *table,
    const struct report_row *row)
{
	const struct sums *all = &t->shares.total.sums;
	struct short_figures f;
	char share[FIGURE_MAX];
	size_t i;

	for (i = 0; i < t->share_ask.nby; i++)
		table_text(table,
		    row->key[i].len > 0 ? row->key[i] : text_of(_("(none)")));
	format_short(s, &row->sums, &f);
	table_str(table, f.tokens);
	figure_share((money_sum)sums_total_tokens(&row->sums),
	    (money_sum)sums_total_tokens(all), share);
	table_str(table, share);
	table_str(table, f.cost);
	figure_share(row->sums.cost, all->cost, share);
	table_str(table, field_is_unpriced(&row->sums) ? "-" : share);
}

static int
print_shares(const struct trend *t, const struct setup *s)
{
	struct table *table = table_new();
	size_t i;

	table_column(table, _("provider"), TABLE_TRUNC);
	table_column(table, _("model"), TABLE_TRUNC);
	table_column(table, _("tokens"), TABLE_RIGHT);
	table_column(table, _("of all"), TABLE_RIGHT);
	table_column(table, _("cost"), TABLE_RIGHT);
	table_column(table, _("of all"), TABLE_RIGHT);
	for (i = 0; i < t->shares.n; i++)
		print_share(t, s, table, &t->shares.rows[i]);
	putchar('\n');
	return setup_print(s, table);
}

int
trend_print(const struct trend *t, const struct setup *s)
{
	if (t->days.total.sums.n[SUM_CALLS] == 0)
		return EXIT_OK;
	putchar('\n');
	ask_put_caption(&t->ask);
	print_averages(t, s);
	print_days(t, s);
	print_change(t, s);
	print_cache(t);
	return print_shares(t, s);
}

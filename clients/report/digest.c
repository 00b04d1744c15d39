#include "clients/report/digest.h"

#include <stdlib.h>
#include <string.h>

#include "clients/common/output.h"
#include "clients/common/safe_name.h"
#include "clients/report/field.h"

/* --- Asking --------------------------------------------------------------- */

static int
ask(struct setup *s, const struct period *p, const enum report_key *key,
    struct answer *answer)
{
	struct report_query q = { .nedges = 2, .want_sessions = key == NULL };
	int64_t edges[2] = { p->from_ms, p->to_ms };
	enum client_result r;

	q.edges = edges;
	if (key != NULL)
		q.by[q.nby++] = *key;
	r = fetch_report(&s->client, &q, s->deadline_ms, answer);
	return r == CLIENT_OK ? EXIT_OK : setup_failed(s, r);
}

static int
ask_total(struct setup *s, const struct period *p, struct report_row *row)
{
	struct answer answer;
	int rc = ask(s, p, NULL, &answer);

	if (rc != EXIT_OK)
		return rc;
	*row = answer.total;
	answer_free(&answer);
	return EXIT_OK;
}

static int
ask_before(struct digest *d, struct setup *s)
{
	struct period before;

	period_before(&d->period, &s->rules, s->now_ms, &before);
	d->has_before = before.from_ms >= 0 && before.from_ms < before.to_ms;
	return d->has_before ? ask_total(s, &before, &d->before) : EXIT_OK;
}

/* By cost, then by tokens, then by name. */
static int
compare(const void *pa, const void *pb)
{
	const struct report_row *a = pa, *b = pb;
	uint64_t x = sums_total_tokens(&a->sums);
	uint64_t y = sums_total_tokens(&b->sums);

	if (a->sums.cost != b->sums.cost)
		return a->sums.cost < b->sums.cost ? 1 : -1;
	if (x != y)
		return x < y ? 1 : -1;
	return text_cmp(a->key[0], b->key[0]);
}

static int
ask_by(struct digest *d, struct setup *s, enum report_key key,
    struct answer *answer)
{
	int rc = ask(s, &d->period, &key, answer);

	if (rc == EXIT_OK && answer->n > 1)
		qsort(answer->rows, answer->n, sizeof(*answer->rows), compare);
	return rc;
}

int
digest_fetch(struct digest *d, struct setup *s)
{
	int rc = setup_connect(s);

	if (rc == EXIT_OK)
		rc = ask_total(s, &d->period, &d->total);
	if (rc == EXIT_OK)
		rc = ask_before(d, s);
	if (rc == EXIT_OK)
		rc = ask_by(d, s, KEY_AGENT, &d->agents);
	if (rc == EXIT_OK)
		rc = ask_by(d, s, KEY_MODEL, &d->models);
	return rc;
}

void
digest_free(struct digest *d)
{
	answer_free(&d->agents);
	answer_free(&d->models);
}

/* --- For people ----------------------------------------------------------- */

static void
write_title(FILE *f, const struct digest *d)
{
	if (d->kind == DIGEST_WEEKLY)
		fprintf(f, _("Weekly usage report, %s\n"), d->label);
	else
		fprintf(f, _("Daily usage report, %s\n"), d->label);
}

static void
write_total(FILE *f, const struct digest *d)
{
	const struct sums *sums = &d->total.sums;
	char tokens[FIGURE_MAX], cost[FIGURE_COST_MAX], calls[FIGURE_MAX];
	char sessions[FIGURE_MAX];

	if (sums->n[SUM_CALLS] == 0) {
		fputs(_("- no calls\n"), f);
		return;
	}
	figure_grouped(sums_total_tokens(sums), tokens);
	figure_cost_plan(sums, FIGURE_BY_SIZE, cost);
	figure_grouped(sums->n[SUM_CALLS], calls);
	figure_grouped(d->total.sessions, sessions);
	fprintf(f, _("- total: %s tokens, %s, calls: %s, sessions: %s\n"),
	    tokens, cost, calls, sessions);
}

static void
write_unpriced(FILE *f, const struct digest *d)
{
	const struct sums *sums = &d->total.sums;
	char tokens[FIGURE_MAX], calls[FIGURE_MAX];

	if (sums->n[SUM_UNPRICED_CALLS] == 0)
		return;
	figure_grouped(sums->n[SUM_UNPRICED_TOKENS], tokens);
	figure_grouped(sums->n[SUM_UNPRICED_CALLS], calls);
	fprintf(f,
	    P_("- without a price, and in no cost: %s tokens of %s call\n",
		"- without a price, and in no cost: %s tokens of %s calls\n",
		sums->n[SUM_UNPRICED_CALLS]),
	    tokens, calls);
}

static void
write_change(FILE *f, const struct digest *d)
{
	const struct sums *now = &d->total.sums, *before = &d->before.sums;
	char tokens[FIGURE_MAX], cost[FIGURE_MAX];
	char was_tokens[FIGURE_MAX], was_cost[FIGURE_MAX];

	if (!d->has_before ||
	    (now->n[SUM_CALLS] == 0 && before->n[SUM_CALLS] == 0))
		return;
	figure_change((money_sum)sums_total_tokens(now),
	    (money_sum)sums_total_tokens(before), tokens);
	figure_change(now->cost, before->cost, cost);
	figure_grouped(sums_total_tokens(before), was_tokens);
	figure_cost(before, was_cost);
	fprintf(f,
	    _("- change: tokens %s, cost %s (the period before: %s tokens, "
	      "%s)\n"),
	    tokens, cost, was_tokens, was_cost);
}

static void
write_row(FILE *f, const struct digest *d, const struct report_row *row)
{
	char name[SAFE_NAME_MAX + 1], cost[FIGURE_MAX], share[FIGURE_MAX];
	char tokens[FIGURE_MAX];

	figure_cost(&row->sums, cost);
	figure_compact(sums_total_tokens(&row->sums), tokens);
	figure_share((money_sum)sums_total_tokens(&row->sums),
	    (money_sum)sums_total_tokens(&d->total.sums), share);
	fprintf(f, _("%s %s (%s tokens, %s)"),
	    row->key[0].len > 0 ? safe_name(row->key[0], name) : _("(none)"),
	    cost, tokens, share);
}

static void
write_top(FILE *f, const struct digest *d, const char *title,
    const struct answer *answer)
{
	if (answer->n == 0)
		return;
	fprintf(f, "- %s: ", title);
	for (size_t i = 0; i < answer->n && i < DIGEST_TOP; i++) {
		if (i > 0)
			fputs(_(", "), f);
		write_row(f, d, &answer->rows[i]);
	}
	if (answer->n > DIGEST_TOP)
		fprintf(f, _(", and %zu more"), answer->n - DIGEST_TOP);
	fputc('\n', f);
}

void
digest_write(FILE *f, const struct digest *d)
{
	write_title(f, d);
	write_total(f, d);
	write_unpriced(f, d);
	write_change(f, d);
	write_top(f, d, _("by agent"), &d->agents);
	write_top(f, d, _("by model"), &d->models);
}

/* --- JSON ----------------------------------------------------------------- */

static void
json_top(const char *name, const char *key, const struct answer *answer)
{
	printf(",\n \"%s\":[", name);
	for (size_t i = 0; i < answer->n && i < DIGEST_TOP; i++) {
		printf("%s{\"%s\":", i > 0 ? ",\n  " : "\n  ", key);
		json_put_text(stdout, answer->rows[i].key[0]);
		field_put_json(stdout, &answer->rows[i], true);
		putchar('}');
	}
	putchar(']');
}

void
digest_put_json(const struct digest *d)
{
	static const char *const kinds[] = { "daily", "weekly" };
	char from[CALENDAR_TEXT_MAX], to[CALENDAR_TEXT_MAX];

	calendar_format_time(d->period.from_ms, from);
	calendar_format_time(d->period.to_ms, to);
	printf("{\"schema_version\":1,\"kind\":\"%s\",\"label\":\"%s\",\n "
	       "\"period\":{\"from\":\"%s\",\"to\":\"%s\",\"tz\":",
	    kinds[d->kind], d->label, from, to);
	json_put_str(stdout, calendar_zone());
	fputs("},\n \"total\":{", stdout);
	field_put_json(stdout, &d->total, false);
	if (d->has_before) {
		fputs("},\n \"before\":{", stdout);
		field_put_json(stdout, &d->before, false);
		putchar('}');
	} else {
		fputs("},\n \"before\":null", stdout);
	}
	json_top("agents", "agent", &d->agents);
	json_top("models", "model", &d->models);
	fputs("}\n", stdout);
}

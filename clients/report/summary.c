#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/common/figure.h"
#include "clients/common/output.h"
#include "clients/common/text_lang.h"
#include "clients/report/ask.h"
#include "clients/report/field.h"
#include "clients/report/trend.h"

static const struct option_spec specs[] = {
	REPORT_HEAD("Rows"),
	REPORT_OPTION("year", OPTION_FLAG, year, NULL, "this year too"),
	REPORT_OPTION(
	    "all", OPTION_FLAG, all, NULL, "all there is, and this year"),
	REPORT_PERIOD,
	REPORT_FILTERS,
	REPORT_HEAD("Output"),
	REPORT_OPTION("json", OPTION_FLAG, json, NULL, "JSON"),
	REPORT_MONEY,
	REPORT_COMMON,
	REPORT_CALENDAR,
};

static const struct {
	const char *period, *title;
} lines[] = {
	{ "today", N_("today") },
	{ "week", N_("this week") },
	{ "month", N_("this month") },
	{ "year", N_("this year") },
	{ "all", N_("all") },
};
#define LINES_ALWAYS 3
#define LINES (sizeof(lines) / sizeof(lines[0]))

/* Totals of consecutive periods, [0, n). */
struct summary {
	struct setup *s;
	size_t n;
	struct period period[LINES];
	struct report_row row[LINES];
	struct trend trend;
};

/* The reports of all lines leave together, their msgids counting from 1. */
static int
pack_lines(struct summary *m, struct packer *k, char *why, size_t cap)
{
	struct report_query q = { .want_sessions = true };
	struct period *p;
	size_t i;

	if (ask_filters(&q, m->s->opts, why, cap) != 0)
		return -1;
	for (i = 0; i < m->n; i++) {
		p = &m->period[i];
		if (period_parse(lines[i].period, &m->s->rules, m->s->now_ms, p,
			why, cap) != 0)
			return -1;
		if (p->to_is_open)
			p->to_ms += LIMIT_TS_AHEAD_MS;
		if (period_edges(p, STEP_NONE, &m->s->rules, &q.edges,
			&q.nedges, why, cap) != 0)
			return -1;
		pack_report(k, (uint32_t)i + 1, &q);
		free(q.edges);
	}
	return 0;
}

static int
fetch_lines(struct summary *m, struct packer *k)
{
	struct client *c = &m->s->client;
	struct answer answer;
	enum client_result r;
	size_t i;

	r = client_send(c, k, m->s->deadline_ms);
	for (i = 0; i < m->n && r == CLIENT_OK; i++) {
		r = fetch_answer(
		    c, (uint32_t)i + 1, 0, m->s->deadline_ms, &answer);
		if (r == CLIENT_OK) {
			m->row[i] = answer.total;
			answer_free(&answer);
		}
	}
	return r == CLIENT_OK ? EXIT_OK : setup_failed(m->s, r);
}

static void
put_json(const struct summary *m)
{
	char from[CALENDAR_TEXT_MAX], to[CALENDAR_TEXT_MAX];
	size_t i;

	fputs("{\"schema_version\":1,\n \"tz\":", stdout);
	json_put_str(stdout, calendar_zone());
	fputs(",\n \"rows\":[", stdout);
	for (i = 0; i < m->n; i++) {
		calendar_format_time(m->period[i].from_ms, from);
		calendar_format_time(m->period[i].to_ms, to);
		printf("%s\n  {\"period\":\"%s\",", i > 0 ? "," : "",
		    lines[i].period);
		if (m->period[i].from_is_open)
			fputs("\"from\":null,\"to\":null", stdout);
		else
			printf("\"from\":\"%s\",\"to\":\"%s\"", from, to);
		field_put_json(stdout, &m->row[i], true);
		putchar('}');
	}
	fputs("],\n ", stdout);
	trend_put_json(&m->trend);
	fputs("}\n", stdout);
}

static void
put_line(const struct summary *m, struct table *t, size_t at,
    void (*figure)(uint64_t n, char buf[FIGURE_MAX]))
{
	const struct report_row *row = &m->row[at];
	const uint64_t counts[] = { sums_total_tokens(&row->sums),
		row->sums.n[SUM_CALLS], row->sessions };
	char buf[FIGURE_COST_MAX];
	size_t i;

	table_str(t, _(lines[at].title));
	for (i = 0; i < 3; i++) {
		figure(counts[i], buf);
		table_str(t, buf);
	}
	figure_cost_plan(&row->sums, setup_decimals(m->s), buf);
	table_str(t, buf);
}

static struct table *
draw(const struct summary *m, void (*figure)(uint64_t n, char buf[FIGURE_MAX]))
{
	static const char *const heads[] = { N_("tokens"), N_("calls"),
		N_("sessions"), N_("cost") };
	struct table *t = table_new();
	size_t i;

	table_column(t, _("period"), TABLE_TRUNC);
	for (i = 0; i < 4; i++)
		table_column(t, _(heads[i]), TABLE_RIGHT);
	for (i = 0; i < m->n; i++)
		put_line(m, t, i, figure);
	return t;
}

static int
show(const struct summary *m)
{
	struct table *t;
	size_t width;

	if (m->s->opts->json) {
		put_json(m);
		return EXIT_OK;
	}
	width = setup_width(m->s);
	t = draw(m, figure_grouped);
	if (width > 0 && table_width(t) > width) {
		table_free(t);
		t = draw(m, figure_compact);
	}
	if (setup_print(m->s, t) != EXIT_OK)
		return EXIT_SYSTEM;
	return trend_print(&m->trend, m->s);
}

static int
fetch(struct summary *m)
{
	struct setup *s = m->s;
	struct packer k = { 0 };
	char why[256];
	int rc = EXIT_OK;

	if (pack_lines(m, &k, why, sizeof(why)) != 0)
		rc = setup_refuse(s, why);
	if (rc == EXIT_OK)
		rc = setup_connect(s);
	if (rc == EXIT_OK)
		rc = fetch_lines(m, &k);
	packer_free(&k);
	return rc == EXIT_OK ? trend_fetch(&m->trend, s) : rc;
}

static int
run(struct setup *s, int nargs, char **args)
{
	struct summary m = { .s = s, .n = LINES_ALWAYS };
	int rc = trend_begin(&m.trend, s, nargs, args);

	if (s->opts->year || s->opts->all)
		m.n = s->opts->all ? LINES : LINES - 1;
	if (rc == EXIT_OK)
		rc = fetch(&m);
	if (rc == EXIT_OK)
		rc = show(&m);
	trend_free(&m.trend);
	return rc;
}

const struct report_verb verb_summary = {
	.name = "summary",
	.program = {
		.name = "tt-report summary",
		.synopsis = N_("[PERIOD] [OPTION…]"),
		.summary = N_("Tokens, cost, calls and sessions of today, this "
			   "week and this month; then averages, peak, change, "
			   "cache hits and shares of a period, by default this "
			   "month."),
		.specs = specs,
		.nspecs = sizeof(specs) / sizeof(specs[0]),
	},
	.run = run,
};

#include "clients/report/billed/source.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/common/output.h"
#include "clients/report/billed/bills.h"
#include "clients/report/billed/first.h"
#include "clients/report/field.h"
#include "clients/report/billed/utc.h"
#include "clients/report/view.h"

/* What services tell; a report has more. */
static const struct {
	const char *name;
	enum sum sum;
} counts[] = {
	{ "calls", SUM_CALLS },
	{ "input_tokens", SUM_INPUT },
	{ "output_tokens", SUM_OUTPUT },
	{ "cache_read_tokens", SUM_CACHE_READ },
	{ "cache_write_tokens", SUM_CACHE_WRITE },
};
#define COUNTS (sizeof(counts) / sizeof(counts[0]))

struct sourcing {
	struct setup *s;
	struct ask *a;
	enum source source;
	bool is_asked; /* by --source; else the configuration has it */
	struct billed billed;
	struct foreign foreign;
	struct answer seen, answer;
	int64_t *days;
	size_t n_days;
};

enum source
source_wanted(const struct setup *s)
{
	enum source source;
	char why[120];

	if (s->opts->source == NULL)
		return source_parse(s->config.source);
	source = source_parse(s->opts->source);
	if (source != SOURCE_BAD)
		return source;
	snprintf(why, sizeof(why),
	    _("--source: %.40s is not seen, billed or best"), s->opts->source);
	(void)setup_refuse(s, why);
	return SOURCE_BAD;
}

/* What nobody asked for by name is no mistake where it cannot be. */
static int
refuse(const struct sourcing *g, const char *why)
{
	return g->is_asked ? setup_refuse(g->s, why) : SOURCE_UNFIT;
}

/* --- JSON and CSV --------------------------------------------------------- */

/* Some services tell only what it cost, and some tokens but no calls. */
static bool
is_unknown(const struct sums *s, enum sum sum)
{
	return source_is_uncounted(s) ||
	       (sum == SUM_CALLS && s->n[SUM_CALLS] == 0 &&
		   sums_total_tokens(s) > 0);
}

static void
put_figures(const struct report_row *row, bool is_json)
{
	bool is_uncounted = source_is_uncounted(&row->sums);
	const char *unknown = is_json ? "null" : "";
	size_t i;

	for (i = 0; i < COUNTS; i++) {
		if (is_json)
			printf("\"%s\":", counts[i].name);
		if (is_unknown(&row->sums, counts[i].sum))
			fputs(unknown, stdout);
		else
			printf("%" PRIu64, row->sums.n[counts[i].sum]);
		putchar(',');
	}
	fputs(is_json ? "\"total_tokens\":" : "", stdout);
	if (is_uncounted)
		fputs(unknown, stdout);
	else
		printf("%" PRIu64, sums_total_tokens(&row->sums));
	fputs(is_json ? ",\"cost_usd\":" : ",", stdout);
	if (field_is_unpriced(&row->sums))
		fputs(unknown, stdout);
	else
		field_put_money(stdout, row->sums.cost);
	fputs(is_json ? ",\"plan_cost_usd\":" : ",", stdout);
	field_put_money(stdout, row->sums.plan_cost);
}

static void
json_row(const struct ask *a, const struct report_row *row)
{
	char buf[PERIOD_LABEL_MAX];
	size_t i;

	putchar('{');
	for (i = 0; i < a->nby; i++) {
		printf("\"%s\":", ask_key_name(a, i));
		json_put_text(stdout, ask_key_text(a, i, row, buf));
		putchar(',');
	}
	put_figures(row, true);
	putchar('}');
}

static void
put_json(const struct sourcing *g)
{
	size_t i;

	fputs("{\"schema_version\":1,\n ", stdout);
	ask_put_period(g->a);
	printf(
	    ",\n \"source\":\"%s\",\n \"group_by\":[", source_names[g->source]);
	for (i = 0; i < g->a->nby; i++)
		printf("%s\"%s\"", i > 0 ? "," : "", ask_key_name(g->a, i));
	fputs("],\n \"rows\":[", stdout);
	for (i = 0; i < g->answer.n; i++) {
		fputs(i > 0 ? ",\n  " : "\n  ", stdout);
		json_row(g->a, &g->answer.rows[i]);
	}
	fputs("],\n \"total\":{", stdout);
	put_figures(&g->answer.total, true);
	fputs("},\n ", stdout);
	foreign_json(&g->billed, &g->foreign);
	fputs(",\n ", stdout);
	bills_json_accounts(&g->billed);
	fputs("}\n", stdout);
}

static void
csv_row(const struct ask *a, const struct report_row *row, char separator)
{
	char buf[PERIOD_LABEL_MAX];
	size_t i;

	for (i = 0; i < a->nby; i++) {
		csv_put_text(stdout, separator, ask_key_text(a, i, row, buf));
		putchar(separator);
	}
	put_figures(row, false);
	putchar('\n');
}

static void
put_csv(const struct sourcing *g)
{
	size_t i;

	for (i = 0; i < g->a->nby; i++)
		printf("%s,", ask_key_name(g->a, i));
	for (i = 0; i < COUNTS; i++)
		printf("%s,", counts[i].name);
	puts("total_tokens,cost_usd,plan_cost_usd");
	for (i = 0; i < g->answer.n && g->a->nby > 0; i++)
		csv_row(g->a, &g->answer.rows[i], ',');
	if (g->a->nby == 0)
		csv_row(g->a, &g->answer.total, ',');
}

/* --- For people ----------------------------------------------------------- */

static int
put_table(const struct sourcing *g)
{
	const struct unseen none = { .is_known = false };
	int rc = view_table(g->s, g->a, &g->answer, &none);

	if (rc != EXIT_OK)
		return rc;
	if (g->source == SOURCE_BILLED && !bills_has_days(&g->billed)) {
		puts(_("No account has told what was billed then: see "
		       "tt-provider list."));
		return EXIT_OK;
	}
	puts(g->source == SOURCE_BILLED
		 ? _("This is what was billed, by day of UTC.")
		 : _("By day of UTC and provider: billed where that is "
		     "complete and larger, else seen."));
	foreign_put(g->s, &g->billed, &g->foreign);
	bills_put_accounts(g->s, &g->billed);
	return EXIT_OK;
}

static int
show(const struct sourcing *g)
{
	if (g->s->opts->json)
		put_json(g);
	else if (g->s->opts->csv)
		put_csv(g);
	else
		return put_table(g);
	return EXIT_OK;
}

/* --- Asking --------------------------------------------------------------- */

static int
check_filters(const struct sourcing *g)
{
	const struct report_query *q = &g->a->query;
	size_t i;

	for (i = 0; i < q->nfilter; i++)
		if (q->filter[i].key != KEY_PROVIDER)
			return refuse(g, _("--source goes with no filter but "
					   "--provider"));
	return EXIT_OK;
}

static int
check_keys(const struct sourcing *g)
{
	const struct report_query *q = &g->a->query;
	const struct report_options *o = g->s->opts;
	size_t i;

	for (i = 0; i < q->nby; i++)
		if (q->by[i] != KEY_PROVIDER && q->by[i] != KEY_MODEL)
			return refuse(g,
			    _("bills tell days, providers and models: --source "
			      "goes with no other --by"));
	if (g->a->step == STEP_HOUR)
		return refuse(
		    g, _("bills tell days, and no hours: --source goes with "
			 "--by day, week or month"));
	if (o->full || o->sessions || o->tsv)
		return refuse(
		    g, _("--source goes without --full, --sessions and --tsv"));
	return check_filters(g);
}

/* Whole days of UTC, or one line. */
static int
check_period(const struct sourcing *g)
{
	if (!g->is_asked && !utc_is_whole(g->a))
		return SOURCE_UNFIT;
	return utc_check(g->s, g->a);
}

static int
make_days(struct sourcing *g)
{
	const struct report_query *q = &g->a->query;
	int64_t from = q->edges[0], to = q->edges[q->nedges - 1];
	size_t i;

	g->n_days = (size_t)((to - from) / BILLED_DAY_MS);
	if (g->n_days >= LIMIT_REPORT_EDGES)
		return refuse(g, _("these are too many days"));
	g->days = calloc(g->n_days + 1, sizeof(*g->days));
	if (g->days == NULL) {
		complain(g->s->program, "%s", _("no memory for the answer"));
		return EXIT_SYSTEM;
	}
	for (i = 0; i <= g->n_days; i++)
		g->days[i] = from + (int64_t)i * BILLED_DAY_MS;
	return EXIT_OK;
}

/* Without them the best is what was seen, in days of one's own. */
static bool
has_bills(const struct sourcing *g)
{
	if (g->source == SOURCE_BILLED)
		return bills_has_days(&g->billed);
	return unseen_is_possible(&g->billed, g->days[0], g->days[g->n_days]);
}

static int
fetch(struct sourcing *g)
{
	struct report_query q = g->a->query;
	struct setup *s = g->s;
	enum client_result r;

	q.edges = g->days;
	q.nedges = g->n_days + 1;
	memcpy(q.by, source_seen_keys, sizeof(source_seen_keys));
	q.nby = SOURCE_SEEN_KEYS;
	q.want_sessions = false;
	r = billed_fetch_beside(&g->billed, &s->client, &q, g->days[0],
	    g->days[g->n_days], s->deadline_ms, &g->seen);
	if (r != CLIENT_OK)
		return setup_failed(s, r);
	billed_keep_only(&g->billed, &s->opts->filter[KEY_PROVIDER]);
	return g->is_asked || has_bills(g) ? EXIT_OK : SOURCE_UNFIT;
}

static int
choose(struct sourcing *g)
{
	struct source_query q = { .source = g->source,
		.billed = &g->billed,
		.seen = g->seen.rows,
		.n_seen = g->seen.n,
		.days = g->days,
		.n_days = g->n_days,
		.ask = g->a };
	struct text provider;
	char name[80], why[200];

	if (source_check(&q, &provider) != 0) {
		table_clean(provider, name, sizeof(name));
		snprintf(why, sizeof(why),
		    _("%s does not bill by model: --source goes without --by "
		      "model there"),
		    name);
		return refuse(g, why);
	}
	if (source_rows(&q, &g->answer) == 0 &&
	    source_foreign(&q, &g->foreign) == 0) {
		ask_sort(g->a, &g->answer);
		return EXIT_OK;
	}
	complain(g->s->program, "%s", _("no memory for the answer"));
	return EXIT_SYSTEM;
}

static int
run_asked(struct sourcing *g)
{
	struct setup *s = g->s;
	int rc = check_keys(g);

	if (rc == EXIT_OK)
		rc = first_edges(g->a, s);
	if (rc == EXIT_OK)
		rc = check_period(g);
	if (rc == EXIT_OK)
		rc = make_days(g);
	if (rc == EXIT_OK)
		rc = setup_connect(s);
	if (rc == EXIT_OK)
		rc = fetch(g);
	if (rc == EXIT_OK)
		rc = choose(g);
	return rc == EXIT_OK ? show(g) : rc;
}

int
source_run(struct setup *s, enum source source, int nargs, char **args)
{
	struct ask a = { .rules = NULL };
	struct sourcing g = { .s = s,
		.a = &a,
		.source = source,
		.is_asked = s->opts->source != NULL };
	int rc = SOURCE_UNFIT;

	if (g.is_asked || utc_is_possible(s))
		rc = utc_days(s);
	if (rc == EXIT_OK)
		rc = ask_init(&a, s, nargs, args);
	a.query.want_sessions = false;
	if (rc == EXIT_OK)
		rc = run_asked(&g);
	answer_free(&g.answer);
	answer_free(&g.seen);
	billed_free(&g.billed);
	foreign_free(&g.foreign);
	free(g.days);
	ask_free(&a);
	return rc;
}

#include <stdio.h>
#include <stdlib.h>

#include "clients/report/billed/source.h"
#include "clients/report/billed/utc.h"
#include "clients/report/view.h"

static const struct option_spec specs[] = {
	REPORT_HEAD("Rows"),
	REPORT_OPTION("by", OPTION_LIST, by, "KEY[,KEY]",
	    "day, week, month or hour; model, provider, agent, project, "
	    "machine, session, branch, account, kind, billing; none"),
	REPORT_OPTION("source", OPTION_TEXT, source, "SOURCE",
	    "seen (the default, unless the configuration has another), billed, "
	    "or best: billed where it is complete and larger, else seen"),
	REPORT_PERIOD,
	REPORT_FILTERS,
	REPORT_HEAD("Output"),
	REPORT_OPTION("json", OPTION_FLAG, json, NULL, "JSON"),
	REPORT_OPTION("csv", OPTION_FLAG, csv, NULL, "CSV with a header"),
	REPORT_OPTION("tsv", OPTION_FLAG, tsv, NULL, "TSV with a header"),
	REPORT_OPTION("sessions", OPTION_FLAG, sessions, NULL,
	    "count sessions in the table too"),
	REPORT_OPTION("full", OPTION_FLAG, full, NULL,
	    "all columns: reasoning, other, failed"),
	REPORT_MONEY,
	REPORT_COMMON,
	REPORT_CALENDAR,
};

/* What a sum takes to be shown. */
struct total {
	struct setup *s;
	struct ask *a;
	struct answer answer;
	struct unseen unseen;
	int64_t from_ms, to_ms; /* the whole UTC days that are over */
};

static int
show(const struct total *t)
{
	const struct report_options *o = t->s->opts;

	if (!o->json && !o->csv && !o->tsv)
		return view_table(t->s, t->a, &t->answer, &t->unseen);
	if (o->json)
		view_json(t->a, &t->answer, &t->unseen);
	else
		view_csv(t->a, &t->answer, o->csv ? ',' : '\t');
	return EXIT_OK;
}

/* Can what was billed be set against what this sum counts? */
static bool
can_be_billed(const struct total *t)
{
	const struct report_query *q = &t->a->query;
	size_t i;

	if (t->s->opts->csv || t->s->opts->tsv || t->from_ms >= t->to_ms)
		return false;
	for (i = 0; i < q->nfilter; i++)
		if (q->filter[i].key != KEY_PROVIDER)
			return false;
	return true;
}

static void
find_days(struct total *t)
{
	const struct report_query *q = &t->a->query;
	int64_t to = q->edges[q->nedges - 1];

	t->from_ms = utc_day_after(q->edges[0]);
	t->to_ms = utc_day_before(to < t->s->now_ms ? to : t->s->now_ms);
}

static enum client_result
no_memory(struct client *c)
{
	snprintf(c->why, sizeof(c->why), "%s", _("no memory for the answer"));
	return CLIENT_ESYSTEM;
}

static enum client_result
sum_unseen(struct total *t, int64_t *edges, size_t n_days)
{
	struct report_query q = { .edges = edges,
		.nedges = n_days + 1,
		.by = { KEY_PROVIDER },
		.nby = 1 };
	struct client *c = &t->s->client;
	struct answer seen;
	enum client_result r;
	size_t i;

	for (i = 0; i <= n_days; i++)
		edges[i] = t->from_ms + (int64_t)i * BILLED_DAY_MS;
	r = fetch_report(c, &q, t->s->deadline_ms, &seen);
	if (r == CLIENT_OK &&
	    unseen_sum(&t->unseen, seen.rows, seen.n, edges, n_days) != 0)
		r = no_memory(c);
	answer_free(&seen);
	return r;
}

/* Only where accounts are synced there is more to ask. */
static enum client_result
fetch_unseen(struct total *t)
{
	size_t n_days = (size_t)((t->to_ms - t->from_ms) / BILLED_DAY_MS);
	enum client_result r;
	int64_t *edges;

	billed_keep_only(&t->unseen.billed, &t->s->opts->filter[KEY_PROVIDER]);
	if (n_days >= LIMIT_REPORT_EDGES ||
	    !unseen_is_possible(&t->unseen.billed, t->from_ms, t->to_ms))
		return CLIENT_OK;
	edges = calloc(n_days + 1, sizeof(*edges));
	if (edges == NULL)
		return no_memory(&t->s->client);
	r = sum_unseen(t, edges, n_days);
	free(edges);
	return r;
}

/* What was billed is asked for in the same write: no round trip more. */
static int
fetch(struct total *t)
{
	const struct report_query *q = &t->a->query;
	struct setup *s = t->s;
	enum client_result r;

	find_days(t);
	if (!can_be_billed(t)) {
		r = fetch_report(&s->client, q, s->deadline_ms, &t->answer);
	} else {
		r = billed_fetch_beside(&t->unseen.billed, &s->client, q,
		    t->from_ms, t->to_ms, s->deadline_ms, &t->answer);
		if (r == CLIENT_OK)
			r = fetch_unseen(t);
	}
	return r == CLIENT_OK ? EXIT_OK : setup_failed(s, r);
}

static int
answer_and_show(struct setup *s, struct ask *a)
{
	struct total t = { .s = s, .a = a };
	int rc = ask_edges(a, s);

	if (rc == EXIT_OK)
		rc = setup_connect(s);
	if (rc == EXIT_OK)
		rc = fetch(&t);
	if (rc == EXIT_OK) {
		ask_sort(a, &t.answer);
		rc = show(&t);
	}
	unseen_free(&t.unseen);
	answer_free(&t.answer);
	return rc;
}

static int
run_seen(struct setup *s, int nargs, char **args)
{
	struct ask a;
	int rc = ask_init(&a, s, nargs, args);

	if (rc == EXIT_OK)
		rc = answer_and_show(s, &a);
	ask_free(&a);
	return rc;
}

static int
run(struct setup *s, int nargs, char **args)
{
	enum source source = source_wanted(s);
	int rc;

	if (source == SOURCE_BAD)
		return EXIT_USAGE;
	if (source == SOURCE_SEEN)
		return run_seen(s, nargs, args);
	rc = source_run(s, source, nargs, args);
	if (rc != SOURCE_UNFIT)
		return rc;
	rc = setup_calendar(s);
	return rc == EXIT_OK ? run_seen(s, nargs, args) : rc;
}

const struct report_verb verb_sum = {
	.name = NULL,
	.program = {
		.name = "tt-report",
		.synopsis = N_("[PERIOD] [OPTION…]\n"
			    "       tt-report VIEW [OPTION…]"),
		.summary = N_("Sums calls, tokens and cost over a period: today "
			   "(the default), yesterday, [last-]week, "
			   "[last-]month, [last-]year, all, YYYY-MM-DD, "
			   "A..B (dates, both included), 7d (today included). "
			   "Views: summary, bill, session, sessions, blocks, "
			   "statusline, reconcile, explain, doctor, events, "
			   "follow, prune, daily-report, weekly-report, "
			   "status; tt-report VIEW --help tells more."),
		.specs = specs,
		.nspecs = sizeof(specs) / sizeof(specs[0]),
	},
	.run = run,
};

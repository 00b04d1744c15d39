#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/common/output.h"
#include "clients/common/text_lang.h"
#include "clients/report/ask.h"
#include "clients/report/field.h"

#define SLOT_MS 900000ll
#define HOUR_MS 3600000ll
#define DAY_MS (24 * HOUR_MS)

static const struct option_spec specs[] = {
	REPORT_HEAD("Rows"),
	REPORT_OPTION("sort", OPTION_TEXT, sort, "ORDER",
	    "recent (the default), tokens, cost or calls"),
	REPORT_OPTION("limit", OPTION_U64, limit, "N", "the first N only"),
	REPORT_PERIOD,
	REPORT_FILTERS,
	REPORT_HEAD("Output"),
	REPORT_OPTION("json", OPTION_FLAG, json, NULL, "JSON"),
	REPORT_OPTION("csv", OPTION_FLAG, csv, NULL, "CSV with a header"),
	REPORT_OPTION("tsv", OPTION_FLAG, tsv, NULL, "TSV with a header"),
	REPORT_MONEY,
	REPORT_COMMON,
	REPORT_CALENDAR,
};

/* The keys of its rows, in this order. */
enum { BY_SESSION, BY_MACHINE, BY_AGENT, BY_PROJECT, BY_KEYS };

static const char *const by_names[BY_KEYS] = { "session", "machine", "agent",
	"project" };

struct session {
	struct report_row row;
	int64_t first_ms, last_ms; /* the time cuts that its calls are in */
	uint64_t most; /* tokens of the row that agent and project are of */
};

struct sessions {
	struct setup *s;
	struct ask ask;
	int64_t grain_ms; /* how exact first and last are */
	struct answer answer;
	struct session *list; /* owned */
	size_t n;
};

/* --- Orders ----------------------------------------------------------------
 */

static int
by_recent(const struct session *x, const struct session *y)
{
	return (x->last_ms < y->last_ms) - (x->last_ms > y->last_ms);
}

static int
by_tokens(const struct session *x, const struct session *y)
{
	uint64_t a = sums_total_tokens(&x->row.sums);
	uint64_t b = sums_total_tokens(&y->row.sums);

	return (a < b) - (a > b);
}

static int
by_cost(const struct session *x, const struct session *y)
{
	money_sum a = x->row.sums.cost, b = y->row.sums.cost;

	return (a < b) - (a > b);
}

static int
by_calls(const struct session *x, const struct session *y)
{
	uint64_t a = x->row.sums.n[SUM_CALLS], b = y->row.sums.n[SUM_CALLS];

	return (a < b) - (a > b);
}

typedef int (*session_order)(const struct session *x, const struct session *y);

static const struct {
	const char *name;
	session_order compare;
} orders[] = {
	{ "recent", by_recent },
	{ "tokens", by_tokens },
	{ "cost", by_cost },
	{ "calls", by_calls },
};

static session_order
find_order(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
		if (strcmp(name, orders[i].name) == 0)
			return orders[i].compare;
	return NULL;
}

/* Ties have one order too: machine and id. */
static int
compare(const void *pa, const void *pb, void *arg)
{
	const struct session *x = pa, *y = pb;
	session_order order;
	int c;

	memcpy(&order, arg, sizeof(order));
	c = order(x, y);
	if (c == 0)
		c = text_cmp(x->row.key[BY_SESSION], y->row.key[BY_SESSION]);
	if (c == 0)
		c = text_cmp(x->row.key[BY_MACHINE], y->row.key[BY_MACHINE]);
	return c;
}

/* --- Rows to sessions ------------------------------------------------------
 */

/* Rows of one session next to each other, whenever they are. */
static int
compare_ids(const void *pa, const void *pb)
{
	const struct report_row *x = pa, *y = pb;
	int c = text_cmp(x->key[BY_SESSION], y->key[BY_SESSION]);

	return c != 0 ? c : text_cmp(x->key[BY_MACHINE], y->key[BY_MACHINE]);
}

static void
add_row(
    const struct sessions *ss, struct session *se, const struct report_row *row)
{
	int64_t from_ms = ss->ask.query.edges[row->period];
	int64_t to_ms = ss->ask.query.edges[row->period + 1];
	uint64_t tokens = sums_total_tokens(&row->sums);

	if (se->first_ms == 0 || from_ms < se->first_ms)
		se->first_ms = from_ms;
	if (to_ms > se->last_ms)
		se->last_ms = to_ms;
	if (tokens > se->most) {
		se->most = tokens;
		se->row.key[BY_AGENT] = row->key[BY_AGENT];
		se->row.key[BY_PROJECT] = row->key[BY_PROJECT];
	}
	sums_add(&se->row.sums, &row->sums);
}

static int
gather(struct sessions *ss)
{
	struct answer *a = &ss->answer;
	struct session *se = NULL;
	size_t i;

	ss->list = calloc(a->n + 1, sizeof(*ss->list));
	if (ss->list == NULL)
		return EXIT_SYSTEM;
	qsort(a->rows, a->n, sizeof(*a->rows), compare_ids);
	for (i = 0; i < a->n; i++) {
		if (se == NULL || compare_ids(&se->row, &a->rows[i]) != 0) {
			se = &ss->list[ss->n++];
			memcpy(
			    se->row.key, a->rows[i].key, sizeof(se->row.key));
			se->row.sessions = 1;
		}
		add_row(ss, se, &a->rows[i]);
	}
	return EXIT_OK;
}

/* Quarters, hours or days: the finest that is cheap for a period so long. */
static int
cut(struct sessions *ss)
{
	struct report_query *q = &ss->ask.query;
	int64_t at_ms = ss->ask.period.from_ms, to_ms = ss->ask.period.to_ms;
	size_t n, i;

	ss->grain_ms = to_ms - at_ms <= 8 * DAY_MS    ? SLOT_MS
		       : to_ms - at_ms <= 62 * DAY_MS ? HOUR_MS
						      : DAY_MS;
	n = (size_t)((to_ms - at_ms + ss->grain_ms - 1) / ss->grain_ms) + 1;
	if (n > LIMIT_REPORT_EDGES)
		return setup_refuse(ss->s, _("choose a shorter period"));
	free(q->edges);
	q->edges = calloc(n, sizeof(*q->edges));
	if (q->edges == NULL)
		return EXIT_SYSTEM;
	for (i = 0; i < n; i++, at_ms += ss->grain_ms)
		q->edges[i] = at_ms < to_ms ? at_ms : to_ms;
	q->nedges = n;
	return EXIT_OK;
}

/* --- Output ----------------------------------------------------------------
 */

static void
put_json(const struct sessions *ss)
{
	char first[CALENDAR_TEXT_MAX], last[CALENDAR_TEXT_MAX];
	const struct session *se;
	size_t i, k;

	fputs("{\"schema_version\":1,\n ", stdout);
	ask_put_period(&ss->ask);
	printf(",\n \"grain_minutes\":%d,\n \"rows\":[",
	    (int)(ss->grain_ms / 60000));
	for (i = 0; i < ss->n; i++) {
		se = &ss->list[i];
		fputs(i > 0 ? ",\n  {" : "\n  {", stdout);
		for (k = 0; k < BY_KEYS; k++) {
			printf("\"%s\":", by_names[k]);
			json_put_text(stdout, se->row.key[k]);
			putchar(',');
		}
		calendar_format_time(se->first_ms, first);
		calendar_format_time(se->last_ms, last);
		printf("\"first\":\"%s\",\"last\":\"%s\"", first, last);
		field_put_json(stdout, &se->row, true);
		putchar('}');
	}
	fputs("],\n \"total\":{", stdout);
	field_put_json(stdout, &ss->answer.total, false);
	fputs("}}\n", stdout);
}

static void
put_csv(const struct sessions *ss, char separator)
{
	char buf[CALENDAR_TEXT_MAX];
	size_t i, k;

	for (k = 0; k < BY_KEYS; k++)
		printf("%s%c", by_names[k], separator);
	printf("first%clast", separator);
	for (k = 0; k < FIELDS; k++)
		printf("%c%s", separator, field_name(k));
	for (i = 0; i < ss->n; i++) {
		putchar('\n');
		for (k = 0; k < BY_KEYS; k++) {
			csv_put_text(stdout, separator, ss->list[i].row.key[k]);
			putchar(separator);
		}
		calendar_format_time(ss->list[i].first_ms, buf);
		printf("%s%c", buf, separator);
		calendar_format_time(ss->list[i].last_ms, buf);
		fputs(buf, stdout);
		for (k = 0; k < FIELDS; k++) {
			putchar(separator);
			field_put(stdout, k, &ss->list[i].row, "");
		}
	}
	putchar('\n');
}

/* "2026-05-12 10:15", or the day alone. */
static void
put_time(const struct sessions *ss, struct table *t, int64_t ms)
{
	char buf[CALENDAR_TEXT_MAX];

	calendar_format_time(ms, buf);
	buf[10] = ' ';
	buf[ss->grain_ms == DAY_MS ? 10 : 16] = '\0';
	table_str(t, buf);
}

static void
put_figures(const struct sessions *ss, struct table *t, const struct sums *sums)
{
	char buf[FIGURE_MAX];

	figure_grouped(sums->n[SUM_CALLS], buf);
	table_str(t, buf);
	figure_compact(sums_total_tokens(sums), buf);
	table_str(t, buf);
	figure_cost_as(sums, setup_decimals(ss->s), buf);
	table_str(t, buf);
	if (ss->answer.total.sums.plan_cost == 0)
		return;
	figure_money_as(sums->plan_cost, setup_decimals(ss->s), buf);
	table_str(t, buf);
}

static struct table *
draw(const struct sessions *ss)
{
	static const int texts[] = { BY_SESSION, BY_AGENT, BY_PROJECT };
	struct table *t = table_new();
	size_t i, k;

	for (k = 0; k < 3; k++)
		table_column(t, _(by_names[texts[k]]), TABLE_TRUNC);
	table_column(t, _("first"), 0);
	table_column(t, _("last"), 0);
	table_column(t, _("calls"), TABLE_RIGHT);
	table_column(t, _("tokens"), TABLE_RIGHT);
	table_column(t, _("cost"), TABLE_RIGHT);
	if (ss->answer.total.sums.plan_cost != 0)
		table_column(t, _("plan"), TABLE_RIGHT);
	for (i = 0; i < ss->n; i++) {
		for (k = 0; k < 3; k++)
			table_text(t, ss->list[i].row.key[texts[k]]);
		put_time(ss, t, ss->list[i].first_ms);
		/* The end of the last cut is not in it. */
		put_time(ss, t, ss->list[i].last_ms - 60000);
		put_figures(ss, t, &ss->list[i].row.sums);
	}
	table_str(t, _("total"));
	for (k = 0; k < 4; k++)
		table_str(t, "");
	put_figures(ss, t, &ss->answer.total.sums);
	return t;
}

static int
show(const struct sessions *ss)
{
	const struct report_options *o = ss->s->opts;

	if (o->json) {
		put_json(ss);
		return EXIT_OK;
	}
	if (o->csv || o->tsv) {
		put_csv(ss, o->csv ? ',' : '\t');
		return EXIT_OK;
	}
	ask_put_caption(&ss->ask);
	return setup_print(ss->s, draw(ss));
}

static int
fetch(struct sessions *ss)
{
	struct setup *s = ss->s;
	enum client_result r;
	int rc = ask_edges(&ss->ask, s);

	if (rc == EXIT_OK)
		rc = cut(ss);
	if (rc == EXIT_OK)
		rc = setup_connect(s);
	if (rc != EXIT_OK)
		return rc;
	ss->ask.query.want_sessions = true;
	r = fetch_report(
	    &s->client, &ss->ask.query, s->deadline_ms, &ss->answer);
	return r == CLIENT_OK ? gather(ss) : setup_failed(s, r);
}

static int
fetch_and_show(struct sessions *ss, session_order order)
{
	uint64_t limit = ss->s->opts->limit;
	int rc;

	ask_add_key(&ss->ask, KEY_SESSION);
	ask_add_key(&ss->ask, KEY_MACHINE);
	ask_add_key(&ss->ask, KEY_AGENT);
	ask_add_key(&ss->ask, KEY_PROJECT);
	rc = fetch(ss);
	if (rc != EXIT_OK)
		return rc;
	qsort_r(ss->list, ss->n, sizeof(*ss->list), compare, &order);
	if (limit > 0 && limit < ss->n)
		ss->n = (size_t)limit;
	return show(ss);
}

static int
run(struct setup *s, int nargs, char **args)
{
	const char *sort = s->opts->sort != NULL ? s->opts->sort : "recent";
	session_order order = find_order(sort);
	struct sessions ss = { .s = s };
	char why[160];
	int rc;

	if (order == NULL) {
		snprintf(why, sizeof(why),
		    _("--sort: %.40s is not recent, tokens, cost or calls"),
		    sort);
		return setup_refuse(s, why);
	}
	rc = ask_begin(&ss.ask, s, nargs, args, "week");
	if (rc == EXIT_OK)
		rc = fetch_and_show(&ss, order);
	free(ss.list);
	answer_free(&ss.answer);
	ask_free(&ss.ask);
	return rc;
}

const struct report_verb verb_sessions = {
	.name = "sessions",
	.program = {
		.name = "tt-report sessions",
		.synopsis = N_("[PERIOD] [OPTION…]"),
		.summary = N_("The sessions of a period, this week by default, "
			   "with what each used."),
		.specs = specs,
		.nspecs = sizeof(specs) / sizeof(specs[0]),
	},
	.run = run,
};

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/common/output.h"
#include "clients/common/text_lang.h"
#include "clients/report/ask.h"
#include "clients/report/block.h"
#include "clients/report/field.h"

#define HOUR_MS 3600000ll
#define DAY_MS (24 * HOUR_MS)
#define HOURS_DEFAULT 5

static const struct option_spec specs[] = {
	REPORT_HEAD("Blocks"),
	REPORT_OPTION(
	    "active", OPTION_FLAG, active, NULL, "only the one that runs now"),
	REPORT_NUMBER("length", length, length_seen, "H", 168,
	    "hours of a block (default: 5)"),
	REPORT_PERIOD,
	REPORT_FILTERS,
	REPORT_HEAD("Output"),
	REPORT_OPTION("json", OPTION_FLAG, json, NULL, "JSON"),
	REPORT_MONEY,
	REPORT_COMMON,
	REPORT_CALENDAR,
};

struct blocks {
	struct setup *s;
	struct ask ask;
	int64_t length_ms;
	int64_t from_ms; /* blocks that end before are not asked for */
	struct answer answer;
	struct block *list; /* owned */
	size_t n;
};

/* --- JSON ----------------------------------------------------------------- */

static void
json_time(const char *name, int64_t ms)
{
	char buf[CALENDAR_TEXT_MAX];

	calendar_format_time(ms, buf);
	printf("\"%s\":\"%s\"", name, buf);
}

static void
json_u128(const char *name, money_sum n)
{
	if (n < (money_sum)INT64_MAX)
		printf(",\"%s\":%" PRId64, name, (int64_t)n);
	else
		printf(",\"%s\":null", name);
}

static void
json_money(const char *name, money_sum pico, bool unknown)
{
	printf(",\"%s\":", name);
	if (unknown)
		fputs("null", stdout);
	else
		field_put_money(stdout, pico);
}

static void
json_pace(const struct block *b, const struct block_pace *p)
{
	bool unknown = field_is_unpriced(&b->sums);

	fputs(",\"burn\":{\"minutes\":", stdout);
	printf("%" PRId64, p->used_ms / 60000);
	json_u128("tokens_per_minute", p->tokens_a_minute);
	json_money("cost_usd_per_hour", p->cost_an_hour, unknown);
	putchar('}');
	if (!b->is_active) {
		fputs(",\"projection\":null", stdout);
		return;
	}
	printf(
	    ",\"projection\":{\"minutes_left\":%" PRId64, p->left_ms / 60000);
	json_u128("total_tokens", p->tokens_at_end);
	json_money("cost_usd", p->cost_at_end, unknown);
	putchar('}');
}

static void
json_block(const struct blocks *bs, const struct block *b)
{
	struct report_row row = { .sums = b->sums };
	struct block_pace p;

	block_pace(b, bs->s->now_ms, &p);
	putchar('{');
	json_time("start", b->start_ms);
	putchar(',');
	json_time("end", b->end_ms);
	putchar(',');
	json_time("first", b->first_ms);
	putchar(',');
	json_time("last", b->last_ms);
	printf(",\"active\":%s", b->is_active ? "true" : "false");
	json_pace(b, &p);
	field_put_json(stdout, &row, true);
	putchar('}');
}

static void
put_json(const struct blocks *bs)
{
	bool first = true;
	size_t i;

	fputs("{\"schema_version\":1,\n \"period\":{", stdout);
	json_time("from", bs->from_ms);
	putchar(',');
	json_time("to", bs->ask.period.to_ms);
	fputs(",\"tz\":", stdout);
	json_put_str(stdout, calendar_zone());
	printf(
	    "},\n \"hours\":%d,\n \"rows\":[", (int)(bs->length_ms / HOUR_MS));
	for (i = 0; i < bs->n; i++) {
		fputs(first ? "\n  " : ",\n  ", stdout);
		json_block(bs, &bs->list[i]);
		first = false;
	}
	fputs("]}\n", stdout);
}

/* --- For people ------------------------------------------------------------
 */

/* "2026-05-12 10:00 +02:00" */
static void
put_time(struct table *t, int64_t ms)
{
	char buf[CALENDAR_TEXT_MAX], zone[CALENDAR_TEXT_MAX];

	calendar_format_time(ms, buf);
	snprintf(zone, sizeof(zone), "%s", buf + 19);
	buf[10] = ' ';
	snprintf(buf + 16, sizeof(buf) - 16, " %.20s", zone);
	table_str(t, buf);
}

static void
put_tokens(struct table *t, money_sum n)
{
	char buf[FIGURE_MAX];

	figure_compact(n > INT64_MAX ? INT64_MAX : (uint64_t)n, buf);
	table_str(t, buf);
}

static void
put_cost(const struct blocks *bs, struct table *t, const struct sums *sums,
    money_sum cost)
{
	struct sums priced = *sums;
	char buf[FIGURE_MAX];

	priced.cost = cost;
	figure_cost_as(&priced, setup_decimals(bs->s), buf);
	table_str(t, buf);
}

static void
put_state(struct table *t, const struct block_pace *p, bool is_active)
{
	char left[FIGURE_MAX], line[FIGURE_MAX * 2];

	if (!is_active) {
		table_str(t, "");
		return;
	}
	figure_span(p->left_ms, left);
	snprintf(line, sizeof(line), _("%s left"), left);
	table_str(t, line);
}

static void
put_gap(struct table *t, int64_t ms)
{
	char span[FIGURE_MAX], line[FIGURE_MAX * 2];
	int i;

	figure_span(ms, span);
	snprintf(line, sizeof(line), _("(%s without use)"), span);
	table_str(t, line);
	for (i = 0; i < 8; i++)
		table_str(t, i == 0 ? "" : "-");
}

static void
put_block(const struct blocks *bs, struct table *t, const struct block *b)
{
	struct block_pace p;
	char buf[FIGURE_MAX];

	block_pace(b, bs->s->now_ms, &p);
	put_time(t, b->start_ms);
	put_state(t, &p, b->is_active);
	figure_grouped(b->sums.n[SUM_CALLS], buf);
	table_str(t, buf);
	put_tokens(t, (money_sum)sums_total_tokens(&b->sums));
	put_cost(bs, t, &b->sums, b->sums.cost);
	put_tokens(t, p.tokens_a_minute);
	put_cost(bs, t, &b->sums, p.cost_an_hour);
	if (!b->is_active) {
		table_str(t, "");
		table_str(t, "");
		return;
	}
	put_tokens(t, p.tokens_at_end);
	put_cost(bs, t, &b->sums, p.cost_at_end);
}

static struct table *
draw(const struct blocks *bs)
{
	struct table *t = table_new();
	size_t i;

	table_column(t, _("from"), 0);
	table_column(t, _("state"), 0);
	table_column(t, _("calls"), TABLE_RIGHT);
	table_column(t, _("tokens"), TABLE_RIGHT);
	table_column(t, _("cost"), TABLE_RIGHT);
	table_column(t, _("tokens/min"), TABLE_RIGHT);
	table_column(t, _("cost/h"), TABLE_RIGHT);
	table_column(t, _("tokens at end"), TABLE_RIGHT);
	table_column(t, _("cost at end"), TABLE_RIGHT);
	for (i = 0; i < bs->n; i++) {
		if (i > 0 && bs->list[i].start_ms > bs->list[i - 1].end_ms)
			put_gap(
			    t, bs->list[i].start_ms - bs->list[i - 1].end_ms);
		put_block(bs, t, &bs->list[i]);
	}
	return t;
}

static int
show(const struct blocks *bs)
{
	if (bs->s->opts->json) {
		put_json(bs);
		return EXIT_OK;
	}
	if (bs->n == 0) {
		puts(bs->s->opts->active ? _("No block is active.")
					 : _("Nothing was used."));
		return EXIT_OK;
	}
	return setup_print(bs->s, draw(bs));
}

/* --- What there is ---------------------------------------------------------
 */

/* Edges at every quarter; earlier use decides where the first block begins. */
static int
cut(struct blocks *bs)
{
	struct report_query *q = &bs->ask.query;
	int64_t to_ms = bs->ask.period.to_ms, at_ms;
	size_t n;

	bs->from_ms = bs->ask.period.from_ms;
	at_ms = bs->from_ms - DAY_MS - bs->length_ms;
	at_ms = at_ms < 0 ? 0 : at_ms - at_ms % BLOCK_SLOT_MS;
	n = (size_t)((to_ms - at_ms) / BLOCK_SLOT_MS) + 1;
	if (n > LIMIT_REPORT_EDGES)
		return setup_refuse(
		    bs->s, _("blocks are cut from at most 200 days"));
	free(q->edges);
	q->edges = calloc(n, sizeof(*q->edges));
	if (q->edges == NULL)
		return EXIT_SYSTEM;
	for (q->nedges = 0; q->nedges < n; at_ms += BLOCK_SLOT_MS)
		q->edges[q->nedges++] = at_ms;
	return EXIT_OK;
}

static bool
is_asked_for(const struct blocks *bs, const struct block *b)
{
	if (bs->s->opts->active)
		return b->is_active;
	return b->end_ms > bs->from_ms;
}

static int
find(struct blocks *bs)
{
	const struct answer *a = &bs->answer;
	size_t i, n, kept = 0;

	bs->list = calloc(a->n + 1, sizeof(*bs->list));
	if (bs->list == NULL)
		return EXIT_SYSTEM;
	n = block_find(bs->ask.query.edges, a->rows, a->n, bs->length_ms,
	    bs->s->now_ms, bs->list);
	for (i = 0; i < n; i++)
		if (is_asked_for(bs, &bs->list[i]))
			bs->list[kept++] = bs->list[i];
	bs->n = kept;
	return EXIT_OK;
}

static int
fetch(struct blocks *bs)
{
	struct setup *s = bs->s;
	enum client_result r;
	int rc = ask_edges(&bs->ask, s);

	if (rc == EXIT_OK)
		rc = cut(bs);
	if (rc == EXIT_OK)
		rc = setup_connect(s);
	if (rc != EXIT_OK)
		return rc;
	r = fetch_report(
	    &s->client, &bs->ask.query, s->deadline_ms, &bs->answer);
	return r == CLIENT_OK ? find(bs) : setup_failed(s, r);
}

static int
run(struct setup *s, int nargs, char **args)
{
	struct blocks bs = { .s = s, .length_ms = HOURS_DEFAULT * HOUR_MS };
	int rc;

	if (s->opts->length_seen)
		bs.length_ms = (int64_t)s->opts->length * HOUR_MS;
	if (bs.length_ms == 0)
		return setup_refuse(s, _("--length: a block has 1 to 168 h"));
	rc = ask_begin(&bs.ask, s, nargs, args, "3d");
	if (rc == EXIT_OK)
		rc = fetch(&bs);
	if (rc == EXIT_OK)
		rc = show(&bs);
	free(bs.list);
	answer_free(&bs.answer);
	ask_free(&bs.ask);
	return rc;
}

const struct report_verb verb_blocks = {
	.name = "blocks",
	.program = {
		.name = "tt-report blocks",
		.synopsis = N_("[PERIOD] [OPTION…]"),
		.summary = N_("Windows of five hours from the first use, how "
			   "fast each was used up, and where the one that "
			   "runs will end: the last three days by default."),
		.specs = specs,
		.nspecs = sizeof(specs) / sizeof(specs[0]),
	},
	.run = run,
};

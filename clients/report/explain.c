#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/common/output.h"
#include "clients/common/text_lang.h"
#include "clients/report/ask.h"
#include "clients/report/charge.h"
#include "clients/report/field.h"
#include "clients/report/heard.h"

#define MSGID 1
#define PAGE_EVENTS 2000
#define PATIENCE_MS 60000

static const struct option_spec specs[] = {
	REPORT_HEAD("What"),
	REPORT_OPTION("machine", OPTION_TEXT, machine, "ID",
	    "the session of that machine (default: this one)"),
	REPORT_HEAD("Output"),
	REPORT_OPTION("json", OPTION_FLAG, json, NULL, "JSON"),
	REPORT_MONEY,
	REPORT_COMMON,
	REPORT_CALENDAR,
};

/* One event as the ledger has it; texts point into its page. */
struct line {
	int64_t ts_ms;
	uint64_t number, revision;
	bool counts;
	struct text session, message, model, source, why, rule, billing;
	bool failed, is_known; /* is_known: it has a cost */
	uint64_t n[SUM_COUNTS];
	money_sum cost;
};

struct page {
	struct page *next;
	void *bytes;
};

struct explain {
	struct setup *s;
	/* What is explained: a session, or the calls of a time. */
	char session[LIMIT_TEXT + 1], machine[LIMIT_TEXT + 1];
	int64_t from_ms, to_ms;
	struct page *pages;
	struct line *lines; /* owned */
	size_t n, cap;
	struct sums sums;
	uint64_t uncounted;
	/* What the ledger has for the same, by rule; none where n is 0. */
	struct answer rules;
};

/* --- Reading ---------------------------------------------------------------
 */

static void
read_counts(const struct value *ev, struct line *l)
{
	static const struct {
		const char *name;
		enum sum sum;
	} names[] = {
		{ "input", SUM_INPUT },
		{ "cache_read", SUM_CACHE_READ },
		{ "cache_write", SUM_CACHE_WRITE },
		{ "cache_write_1h", SUM_CACHE_WRITE_1H },
		{ "output", SUM_OUTPUT },
		{ "reasoning", SUM_REASONING },
		{ "web_searches", SUM_WEB_SEARCHES },
	};
	struct value rise;
	uint64_t total, classes;
	size_t i;

	/* Running totals count what they rose by. */
	if (fetch_member(ev, "rise", &rise) && rise.type == VALUE_MAP)
		ev = &rise;
	total = fetch_u64(ev, "total");
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		l->n[names[i].sum] = fetch_u64(ev, names[i].name);
	classes = l->n[SUM_INPUT] + l->n[SUM_CACHE_READ] +
		  l->n[SUM_CACHE_WRITE] + l->n[SUM_OUTPUT];
	l->n[SUM_OTHER] = total > classes ? total - classes : 0;
}

static void
read_line(const struct value *ev, struct line *l)
{
	struct value v;

	*l = (struct line){ .ts_ms = (int64_t)fetch_u64(ev, "ts") };
	l->number = fetch_u64(ev, "number");
	l->revision = fetch_u64(ev, "revision");
	l->counts = fetch_bool(ev, "counts");
	l->session = fetch_text(ev, "session");
	l->message = fetch_text(ev, "message");
	l->model = fetch_text(ev, "model");
	l->source = fetch_text(ev, "source");
	l->billing = fetch_text(ev, "billing");
	l->why = fetch_text(ev, "why");
	l->rule = fetch_text(ev, "rule");
	l->failed = fetch_member(ev, "ok", &v) && v.type == VALUE_BOOL && !v.b;
	l->is_known = fetch_member(ev, "cost_usd", &v) && v.type == VALUE_TEXT;
	l->cost = fetch_money(ev, "cost_usd");
	read_counts(ev, l);
}

static void
add_up(struct explain *x, const struct line *l)
{
	struct sums one = { .cost = l->cost };
	int i;

	if (!l->counts) {
		x->uncounted++;
		return;
	}
	for (i = 0; i < SUM_COUNTS; i++)
		one.n[i] = l->n[i];
	one.n[SUM_CALLS] = 1;
	one.n[SUM_FAILED] = l->failed;
	one.n[SUM_UNPRICED_CALLS] = !l->is_known;
	one.n[SUM_UNPRICED_TOKENS] =
	    l->is_known ? l->n[SUM_OTHER] : sums_total_tokens(&one);
	if (text_is(l->billing, "plan"))
		one.plan_cost = one.cost;
	sums_add(&x->sums, &one);
}

static int
add_line(struct explain *x, const struct value *ev)
{
	size_t cap = x->cap == 0 ? 256 : x->cap * 2;
	struct line *lines;

	if (x->n == x->cap) {
		lines = realloc(x->lines, cap * sizeof(*lines));
		if (lines == NULL)
			return -1;
		x->lines = lines;
		x->cap = cap;
	}
	read_line(ev, &x->lines[x->n]);
	add_up(x, &x->lines[x->n++]);
	return 0;
}

static struct value
keep_page(struct explain *x, struct wire_cursor result)
{
	struct page *page = malloc(sizeof(*page));

	if (page == NULL)
		return (struct value){ .type = VALUE_NIL };
	page->bytes = fetch_keep(&result);
	page->next = x->pages;
	x->pages = page;
	if (page->bytes == NULL)
		return (struct value){ .type = VALUE_NIL };
	return fetch_value(result);
}

static void
pack_events(const struct explain *x, struct packer *k, uint64_t after)
{
	bool is_session = x->session[0] != '\0';

	pack_request(k, MSGID, "events");
	pack_map(k, 3u + (is_session ? 1u + (x->machine[0] != '\0') : 2u));
	pack_str(k, "after");
	pack_u64(k, after);
	pack_str(k, "limit");
	pack_u64(k, PAGE_EVENTS);
	pack_str(k, "detail");
	pack_bool(k, true);
	if (!is_session) {
		pack_str(k, "since");
		pack_i64(k, x->from_ms);
		pack_str(k, "until");
		pack_i64(k, x->to_ms);
		return;
	}
	pack_str(k, "session");
	pack_str(k, x->session);
	if (x->machine[0] == '\0')
		return;
	pack_str(k, "machine");
	pack_str(k, x->machine);
}

static int
take_page(struct explain *x, uint64_t *after, bool *more)
{
	struct setup *s = x->s;
	struct packer k = { 0 };
	struct value page, events, ev;
	enum client_result r;

	pack_events(x, &k, *after);
	r = fetch_call(&s->client, &k, MSGID, s->deadline_ms);
	if (r != CLIENT_OK)
		return setup_failed(s, r);
	page = keep_page(x, s->client.reply.result);
	if (page.type != VALUE_MAP)
		return EXIT_SYSTEM;
	*after = fetch_u64(&page, "next");
	*more = fetch_bool(&page, "more");
	fetch_member(&page, "events", &events);
	while (fetch_next(&events, &ev))
		if (add_line(x, &ev) != 0)
			return EXIT_SYSTEM;
	return EXIT_OK;
}

/* In the order of time; revisions are the order of change. */
static int
compare(const void *pa, const void *pb)
{
	const struct line *x = pa, *y = pb;

	if (x->ts_ms != y->ts_ms)
		return x->ts_ms < y->ts_ms ? -1 : 1;
	return (x->number > y->number) - (x->number < y->number);
}

static int
fetch(struct explain *x)
{
	uint64_t after = 0;
	bool more = true;
	int rc = EXIT_OK;

	while (more && rc == EXIT_OK)
		rc = take_page(x, &after, &more);
	if (x->n > 1)
		qsort(x->lines, x->n, sizeof(*x->lines), compare);
	return rc;
}

#define SLOT_MS 900000ll

/* The day, or the quarters from a session's first to its last event. */
static void
find_edges(const struct explain *x, int64_t edges[2])
{
	int64_t first = x->lines[0].ts_ms, last = x->lines[x->n - 1].ts_ms;

	edges[0] = x->session[0] == '\0' ? x->from_ms : first - first % SLOT_MS;
	edges[1] =
	    x->session[0] == '\0' ? x->to_ms : last - last % SLOT_MS + SLOT_MS;
}

static int
fetch_rules(struct explain *x)
{
	char session[LIMIT_TEXT + 2], machine[LIMIT_TEXT + 2];
	int64_t edges[2];
	struct report_query q = {
		.edges = edges, .nedges = 2, .by = { KEY_RULE }, .nby = 1
	};
	enum client_result r;

	if (x->n == 0)
		return EXIT_OK;
	find_edges(x, edges);
	snprintf(session, sizeof(session), "=%s", x->session);
	snprintf(machine, sizeof(machine), "=%s", x->machine);
	if (x->session[0] != '\0') {
		q.filter[0] =
		    (struct report_filter){ KEY_SESSION, text_of(session) };
		q.filter[1] =
		    (struct report_filter){ KEY_MACHINE, text_of(machine) };
		q.nfilter = strlen(session) <= LIMIT_TEXT &&
				    strlen(machine) <= LIMIT_TEXT
				? 2
				: 0;
	}
	r = fetch_report(&x->s->client, &q, x->s->deadline_ms, &x->rules);
	return r == CLIENT_OK ? EXIT_OK : setup_failed(x->s, r);
}

/* --- JSON ----------------------------------------------------------------- */

static void
json_line(const struct explain *x, const struct line *l)
{
	static const enum sum shown[] = { SUM_INPUT, SUM_CACHE_READ,
		SUM_CACHE_WRITE, SUM_CACHE_WRITE_1H, SUM_OUTPUT, SUM_REASONING,
		SUM_OTHER, SUM_WEB_SEARCHES };
	struct charge_price price;
	char when[CALENDAR_TEXT_MAX];
	size_t i;

	calendar_format_time(l->ts_ms, when);
	printf("{\"ts\":\"%s\",\"number\":%" PRIu64 ",\"revision\":%" PRIu64,
	    when, l->number, l->revision);
	field_put_text(stdout, "session", l->session);
	field_put_text(stdout, "message", l->message);
	field_put_text(stdout, "model", l->model);
	field_put_text(stdout, "source", l->source);
	printf(",\"counts\":%s", l->counts ? "true" : "false");
	field_put_text(stdout, "why", l->why);
	charge_find(charge_rules(&x->rules.first), l->rule, &price);
	printf(",\"priced\":\"%s\"", charge_how_names[price.how]);
	field_put_text(stdout, "rule", l->rule);
	field_put_text(stdout, "entry", price.entry);
	for (i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		printf(",\"%s\":%" PRIu64, sum_names[shown[i]], l->n[shown[i]]);
	fputs(",\"cost_usd\":", stdout);
	if (l->is_known)
		field_put_money(stdout, l->cost);
	else
		fputs("null", stdout);
	putchar('}');
}

static void
put_json(const struct explain *x)
{
	struct report_row total = { .sums = x->sums };
	char from[CALENDAR_TEXT_MAX], to[CALENDAR_TEXT_MAX];
	size_t i;

	fputs("{\"schema_version\":1", stdout);
	if (x->session[0] != '\0') {
		field_put_text(stdout, "session", text_of(x->session));
	} else {
		calendar_format_time(x->from_ms, from);
		calendar_format_time(x->to_ms, to);
		printf(",\n \"period\":{\"from\":\"%s\",\"to\":\"%s\",\"tz\":",
		    from, to);
		json_put_str(stdout, calendar_zone());
		putchar('}');
	}
	printf(",\n \"events\":%zu,\"uncounted\":%" PRIu64 ",\n \"rows\":[",
	    x->n, x->uncounted);
	for (i = 0; i < x->n; i++) {
		fputs(i > 0 ? ",\n  " : "\n  ", stdout);
		json_line(x, &x->lines[i]);
	}
	fputs("],\n \"total\":{", stdout);
	field_put_json(stdout, &total, false);
	fputs("}}\n", stdout);
}

/* --- For people ------------------------------------------------------------
 */

static void
put_time(struct table *t, int64_t ms)
{
	char buf[CALENDAR_TEXT_MAX];

	calendar_format_time(ms - ms % 1000, buf);
	buf[10] = ' ';
	buf[19] = '\0';
	table_str(t, buf);
}

static void
put_or_none(struct table *t, struct text text)
{
	table_text(t, text.len > 0 ? text : TEXT("-"));
}

/* What became of it. */
static const char *
verdict(const struct line *l)
{
	if (l->counts)
		return _("counted");
	if (text_is(l->why, "void"))
		return _("void: undone, counts nothing");
	if (text_is(l->why, "grouped"))
		return _("part of another call of its request");
	if (text_is(l->why, "no_rise"))
		return _("running totals that did not rise");
	return _("counts nothing");
}

static void
put_price(const struct explain *x, struct table *t, const struct line *l)
{
	char buf[FIGURE_MAX];

	if (l->rule.len > 0)
		table_text(t, l->rule);
	else
		table_str(t, _("none"));
	if (l->is_known)
		figure_money_as(l->cost, setup_decimals(x->s), buf);
	else
		snprintf(buf, sizeof(buf), "-");
	table_str(t, buf);
}

static void
put_line(const struct explain *x, struct table *t, const struct line *l)
{
	static const enum sum shown[] = { SUM_INPUT, SUM_CACHE_READ,
		SUM_CACHE_WRITE, SUM_OUTPUT, SUM_OTHER };
	char buf[FIGURE_MAX];
	size_t i;

	put_time(t, l->ts_ms);
	if (x->session[0] == '\0')
		put_or_none(t, l->session);
	put_or_none(t, l->message);
	put_or_none(t, l->model);
	put_or_none(t, l->source);
	for (i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		figure_grouped(l->n[shown[i]], buf);
		table_str(t, buf);
	}
	put_price(x, t, l);
	table_str(t, verdict(l));
}

static struct table *
draw(const struct explain *x)
{
	struct table *t = table_new();
	size_t i;

	table_column(t, _("time"), 0);
	if (x->session[0] == '\0')
		table_column(t, _("session"), TABLE_TRUNC);
	table_column(t, _("message"), TABLE_TRUNC);
	table_column(t, _("model"), TABLE_TRUNC);
	table_column(t, _("source"), 0);
	table_column(t, _("input"), TABLE_RIGHT);
	table_column(t, _("cache read"), TABLE_RIGHT);
	table_column(t, _("cache write"), TABLE_RIGHT);
	table_column(t, _("output"), TABLE_RIGHT);
	table_column(t, _("other"), TABLE_RIGHT);
	table_column(t, _("rule"), 0);
	table_column(t, _("cost"), TABLE_RIGHT);
	table_column(t, _("verdict"), TABLE_TRUNC);
	for (i = 0; i < x->n; i++)
		put_line(x, t, &x->lines[i]);
	return t;
}

static void
put_rule(const struct charge_price *p)
{
	char entry[LIMIT_TEXT + 1], tier[LIMIT_TEXT + 1], rule[40];

	table_clean(p->rule, rule, sizeof(rule));
	table_clean(p->entry, entry, sizeof(entry));
	table_clean(
	    p->tier.len > 0 ? p->tier : TEXT("standard"), tier, sizeof(tier));
	if (p->how == CHARGE_REPORTED)
		printf(_("rule reported: the cost is what the source said\n"));
	else if (p->how == CHARGE_OVERRIDE)
		printf(_("rule %s: your own price for %s, tier %s\n"), rule,
		    entry, tier);
	else if (p->how == CHARGE_TABLE)
		printf(_("rule %s: the published price of %s, tier %s\n"), rule,
		    entry, tier);
}

static void
put_rules(const struct explain *x)
{
	struct charge_price p;
	size_t i;

	for (i = 0; i < x->rules.n; i++) {
		charge_find(
		    charge_rules(&x->rules.first), x->rules.rows[i].key[0], &p);
		put_rule(&p);
	}
}

/* Sums outlive the detail of their calls. */
static void
put_pruned(const struct explain *x)
{
	uint64_t all = x->rules.total.sums.n[SUM_CALLS];
	char calls[FIGURE_MAX], cost[FIGURE_COST_MAX];

	if (all <= x->sums.n[SUM_CALLS])
		return;
	figure_grouped(all - x->sums.n[SUM_CALLS], calls);
	figure_cost_plan(&x->rules.total.sums, setup_decimals(x->s), cost);
	printf(_("The detail of %s more calls is gone; with them it is %s.\n"),
	    calls, cost);
}

static void
put_sum(const struct explain *x)
{
	char calls[FIGURE_MAX], tokens[FIGURE_MAX], out[FIGURE_MAX];
	char cost[FIGURE_COST_MAX];

	figure_grouped(x->sums.n[SUM_CALLS], calls);
	figure_grouped(x->uncounted, out);
	figure_grouped(sums_total_tokens(&x->sums), tokens);
	figure_cost_plan(&x->sums, setup_decimals(x->s), cost);
	printf(_("%s calls count and %s do not: %s tokens, %s\n"), calls, out,
	    tokens, cost);
}

static int
show(const struct explain *x)
{
	int rc = EXIT_OK;

	if (x->s->opts->json) {
		put_json(x);
		return EXIT_OK;
	}
	if (x->n > 0)
		rc = setup_print(x->s, draw(x));
	put_rules(x);
	put_sum(x);
	put_pruned(x);
	return rc;
}

/* --- What is asked for ------------------------------------------------------
 */

/* The session's own names, whatever it was called by. */
static int
find_session(struct explain *x, const char *id)
{
	struct setup *s = x->s;
	struct packer k = { 0 };
	struct heard h;
	enum client_result r;

	heard_pack(&k, MSGID, id, s->opts->machine);
	r = fetch_call(&s->client, &k, MSGID, s->deadline_ms);
	if (r != CLIENT_OK)
		return setup_failed(s, r);
	if (heard_read(s->client.reply.result, &h) != 0 ||
	    h.session.len > LIMIT_TEXT || h.machine.len > LIMIT_TEXT)
		return EXIT_UNREACHABLE;
	snprintf(x->session, sizeof(x->session), "%.*s", (int)h.session.len,
	    h.session.p);
	snprintf(x->machine, sizeof(x->machine), "%.*s", (int)h.machine.len,
	    h.machine.p);
	return EXIT_OK;
}

/* A day by its date or name; anything else is a session's id. */
static bool
is_day(const struct setup *s, const char *text, struct period *p)
{
	char why[PERIOD_WHY_MAX];

	return period_parse(text, &s->rules, s->now_ms, p, why, sizeof(why)) ==
		   0 &&
	       p->step == STEP_NONE;
}

static int
find(struct explain *x, const char *what)
{
	struct period p;

	if (!is_day(x->s, what, &p))
		return find_session(x, what);
	x->from_ms = p.from_ms;
	x->to_ms = p.to_ms;
	return EXIT_OK;
}

static void
release(struct explain *x)
{
	struct page *page;

	while ((page = x->pages) != NULL) {
		x->pages = page->next;
		free(page->bytes);
		free(page);
	}
	free(x->lines);
	answer_free(&x->rules);
}

static int
run(struct setup *s, int nargs, char **args)
{
	struct explain x = { .s = s };
	int rc;

	if (nargs != 1)
		return setup_refuse(s,
		    _("explain takes one operand: a session's id, last, or a "
		      "day"));
	setup_allow(s, PATIENCE_MS);
	rc = setup_connect(s);
	if (rc == EXIT_OK)
		rc = find(&x, args[0]);
	if (rc == EXIT_OK)
		rc = fetch(&x);
	if (rc == EXIT_OK)
		rc = fetch_rules(&x);
	if (rc == EXIT_OK)
		rc = show(&x);
	release(&x);
	return rc;
}

const struct report_verb verb_explain = {
	.name = "explain",
	.program = {
		.name = "tt-report explain",
		.synopsis = N_("SESSION | last | DAY [OPTION…]"),
		.summary = N_("Every event of a session or a day: where it is "
			   "from, what it counts or why not, by which price."),
		.specs = specs,
		.nspecs = sizeof(specs) / sizeof(specs[0]),
	},
	.run = run,
};

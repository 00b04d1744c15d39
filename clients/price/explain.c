#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "clients/common/output.h"
#include "clients/common/text_lang.h"
#include "clients/price/price.h"

#define MSGID 1

static const struct option_spec specs[] = {
	PRICE_HEAD(N_("The call")),
	PRICE_WORD("provider", provider, "NAME", N_("who served it")),
	PRICE_WORD("tier", tier, "TIER",
	    N_("standard, batch, flex, priority or fast")),
	PRICE_WORD("geo", geo, "REGION", N_("the region it ran in")),
	PRICE_WORD("ts", ts, "TIME",
	    N_("when it finished: a date, RFC 3339, seconds or ms since 1970 "
	       "(default: now)")),
	PRICE_COUNT("input", TARIFF_INPUT, N_("uncached prompt tokens")),
	PRICE_COUNT("output", TARIFF_OUTPUT, N_("output tokens")),
	PRICE_COUNT("cache-read", TARIFF_CACHE_READ,
	    N_("prompt tokens read from a cache")),
	PRICE_COUNT("cache-write", TARIFF_CACHE_WRITE,
	    N_("prompt tokens written to a cache")),
	PRICE_COUNT("cache-write-1h", TARIFF_CACHE_WRITE_1H,
	    N_("the part of them that is kept for an hour")),
	PRICE_COUNT("web-searches", TARIFF_WEB_SEARCH, N_("web searches")),
	PRICE_HEAD(N_("Output")),
	PRICE_FLAG("json", common.json, N_("JSON")),
	REPORT_OPTION(
	    "tz", OPTION_TEXT, tz, "ZONE", N_("time zone, as Europe/Berlin")),
	REPORT_COMMON,
};

/* The question and its answer. */
struct explained {
	struct setup *s;
	const struct price_options *o;
	const char *model;
	int64_t ts_ms;
	struct value all, rule, above, lines;
	bool is_priced;
};

static void
pack_optional(struct packer *k, const char *name, const char *text)
{
	if (text == NULL)
		return;
	pack_str(k, name);
	pack_str(k, text);
}

/* As they are called among the params. */
static const char *
param_name(int class)
{
	return class == TARIFF_WEB_SEARCH ? "web_searches"
					  : tariff_class_names[class];
}

static int
ask(struct explained *e)
{
	const struct price_options *o = e->o;
	struct packer k = { 0 };
	int rc;

	pack_request(&k, MSGID, "price_explain");
	pack_map(&k, 2u + TARIFF_CLASSES + (o->provider != NULL) +
			 (o->tier != NULL) + (o->geo != NULL));
	pack_str(&k, "model");
	pack_str(&k, e->model);
	pack_str(&k, "ts");
	pack_i64(&k, e->ts_ms);
	pack_optional(&k, "provider", o->provider);
	pack_optional(&k, "tier", o->tier);
	pack_optional(&k, "geo", o->geo);
	for (int i = 0; i < TARIFF_CLASSES; i++) {
		pack_str(&k, param_name(i));
		pack_u64(&k, o->count[i]);
	}
	rc = price_call(e->s, &k, &e->all);
	if (rc != EXIT_OK)
		return rc;
	e->is_priced = fetch_bool(&e->all, "priced");
	fetch_member(&e->all, "rule", &e->rule);
	fetch_member(&e->all, "above", &e->above);
	fetch_member(&e->all, "lines", &e->lines);
	return EXIT_OK;
}

/* A rate in USD a million; false where the line has none. */
static bool
line_rate(const struct value *line, money_sum *rate)
{
	*rate = fetch_money(line, "rate");
	if (text_is(fetch_text(line, "class"), "web_search"))
		*rate /= 1000000;
	return fetch_text(line, "rate").len > 0;
}

static void
json_rule(const struct explained *e)
{
	static const char *const names[] = { "kind", "entry", "tier", "geo",
		"window" };
	char day[CALENDAR_TEXT_MAX];
	struct value since;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct text t = fetch_text(&e->rule, names[i]);

		printf("%s\"%s\":", i > 0 ? "," : "", names[i]);
		if (t.len > 0)
			json_put_text(stdout, t);
		else
			fputs("null", stdout);
	}
	if (fetch_member(&e->rule, "since", &since)) {
		tariff_format_day(since.i64, day);
		printf(",\"since\":\"%s\"", day);
	} else {
		fputs(",\"since\":null", stdout);
	}
	if (e->above.type == VALUE_U64)
		printf(",\"above\":%" PRIu64, e->above.u64);
	else
		fputs(",\"above\":null", stdout);
}

static void
json_lines(const struct explained *e)
{
	struct value list = e->lines, line;
	bool first = true;
	money_sum rate;

	for (; fetch_next(&list, &line); first = false) {
		fputs(first ? "\n  {\"class\":" : ",\n  {\"class\":", stdout);
		json_put_text(stdout, fetch_text(&line, "class"));
		printf(",\"tokens\":%" PRIu64 ",", fetch_u64(&line, "tokens"));
		if (line_rate(&line, &rate))
			show_json_money("rate", rate);
		else
			fputs("\"rate\":null", stdout);
		putchar(',');
		show_json_money("amount_usd", fetch_money(&line, "amount"));
		putchar('}');
	}
}

static void
put_json(const struct explained *e)
{
	char ts[CALENDAR_TEXT_MAX];

	calendar_format_time(e->ts_ms, ts);
	fputs("{\"schema_version\":1,\"model\":", stdout);
	json_put_str(stdout, e->model);
	printf(",\"ts\":\"%s\",\"priced\":%s,\n \"rule\":", ts,
	    e->is_priced ? "true" : "false");
	if (e->rule.type == VALUE_MAP) {
		putchar('{');
		json_rule(e);
		putchar('}');
	} else {
		fputs("null", stdout);
	}
	fputs(",\n \"lines\":[", stdout);
	json_lines(e);
	fputs("],\n ", stdout);
	if (e->is_priced)
		show_json_money("cost_usd", fetch_money(&e->all, "cost"));
	else
		fputs("\"cost_usd\":null", stdout);
	fputs("}\n", stdout);
}

/* One condition of the rule in a line of its own, where it has it. */
static void
put_condition(const struct explained *e, const char *title, const char *name)
{
	struct text t = fetch_text(&e->rule, name);

	if (t.len == 0)
		return;
	printf("  %s: ", title);
	table_put_clean(stdout, t);
	putchar('\n');
}

static void
put_rule(const struct explained *e)
{
	bool is_table = text_is(fetch_text(&e->rule, "kind"), "table");
	char entry[PRICE_PATTERN_MAX], text[FIGURE_MAX];
	struct value since;

	table_clean(fetch_text(&e->rule, "entry"), entry, sizeof(entry));
	printf(is_table ? _("By the built-in price of %s\n")
			: _("By your price of %s\n"),
	    entry);
	if (fetch_member(&e->rule, "since", &since)) {
		char day[CALENDAR_TEXT_MAX];

		tariff_format_day(since.i64, day);
		printf(_("  in force from %s\n"), day);
	}
	put_condition(e, _("tier of service"), "tier");
	put_condition(e, _("region"), "geo");
	put_condition(e, _("hours of the day, UTC"), "window");
	if (e->above.type == VALUE_U64) {
		figure_grouped(e->above.u64, text);
		printf(_("  long context: a prompt of more than %s tokens\n"),
		    text);
	}
}

/* Its class in the reader's language, where it is one we know. */
static struct text
class_text(const struct value *line)
{
	struct text name = fetch_text(line, "class");
	int i;

	for (i = 0; i < TARIFF_CLASSES; i++)
		if (text_is(name, tariff_class_names[i]))
			return text_of(_(tariff_class_names[i]));
	return name;
}

static void
add_line(struct table *t, const struct value *line)
{
	char buf[FIGURE_MAX];
	money_sum rate;

	table_text(t, class_text(line));
	figure_grouped(fetch_u64(line, "tokens"), buf);
	table_str(t, buf);
	if (line_rate(line, &rate))
		figure_money_as(rate, FIGURE_EXACT, buf);
	else
		snprintf(buf, sizeof(buf), "-");
	table_str(t, buf);
	figure_money_as(fetch_money(line, "amount"), FIGURE_EXACT, buf);
	table_str(t, buf);
}

static int
put_lines(const struct explained *e)
{
	struct value list = e->lines, line;
	struct table *t = table_new();
	char buf[FIGURE_MAX];

	table_column(t, _("class"), 0);
	table_column(t, _("tokens"), TABLE_RIGHT);
	table_column(t, _("rate per million"), TABLE_RIGHT);
	table_column(t, _("amount"), TABLE_RIGHT);
	while (fetch_next(&list, &line))
		add_line(t, &line);
	figure_money_as(fetch_money(&e->all, "cost"), FIGURE_EXACT, buf);
	table_str(t, _("total"));
	table_str(t, "");
	table_str(t, "");
	table_str(t, e->is_priced ? buf : "-");
	return setup_print(e->s, t);
}

/* A search's rate stands for one, which the column's title does not say. */
static void
put_search_note(const struct explained *e)
{
	struct value list = e->lines, line;

	while (fetch_next(&list, &line))
		if (text_is(fetch_text(&line, "class"), "web_search"))
			puts(_("The rate of web_search is that of one."));
}

static int
put_text(const struct explained *e)
{
	char clean[PRICE_PATTERN_MAX];
	int rc = EXIT_OK;

	table_clean(text_of(e->model), clean, sizeof(clean));
	if (e->rule.type == VALUE_MAP) {
		put_rule(e);
		rc = put_lines(e);
		put_search_note(e);
	}
	if (rc == EXIT_OK && !e->is_priced) {
		printf(_("Nobody said a price for such a call of %s: it is "
			 "unpriced.\n"),
		    clean);
		printf(_("Say one with: tt-price set %s --input USD --output "
			 "USD\n"),
		    clean);
	}
	return rc;
}

static int
run(struct setup *s, const struct price_options *o, int nargs, char **args)
{
	struct explained e = { .s = s, .o = o, .ts_ms = s->now_ms };
	struct tariff unused = { .has_from = false };
	int rc;

	if (nargs != 1)
		return price_misused("%s", _("one model is needed"));
	e.model = args[0];
	rc = price_take_when(o, &unused);
	if (rc == EXIT_OK && o->ts != NULL)
		rc = price_take_time("ts", o->ts, &e.ts_ms);
	if (rc == EXIT_OK)
		rc = setup_connect(s);
	if (rc == EXIT_OK)
		rc = ask(&e);
	if (rc != EXIT_OK)
		return rc;
	if (o->common.json)
		put_json(&e);
	else
		rc = put_text(&e);
	return rc == EXIT_OK && !e.is_priced ? EXIT_NO : rc;
}

const struct price_verb price_explain = {
	.verb.name = "explain",
	.verb.program = {
		.name = "tt-price explain",
		.synopsis = N_("MODEL [OPTION…]"),
		.summary = N_("Shows what a call costs, line by line, and by "
			      "which rule; exit status 1: it has no price."),
		.specs = specs,
		.nspecs = sizeof(specs) / sizeof(specs[0]),
	},
	.run = run,
};

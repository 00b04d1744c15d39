#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clients/common/output.h"
#include "clients/common/text_lang.h"
#include "clients/report/field.h"
#include "clients/report/heard.h"
#include "clients/report/invoice.h"

#define MSGID 1

static const struct option_spec specs[] = {
	REPORT_HEAD("What"),
	REPORT_OPTION("full", OPTION_FLAG, full, NULL,
	    "each class with its price, cache hits, context and quota"),
	REPORT_OPTION("machine", OPTION_TEXT, machine, "ID",
	    "the session of that machine (default: this one)"),
	REPORT_HEAD("Output"),
	REPORT_OPTION("json", OPTION_FLAG, json, NULL, "JSON"),
	REPORT_MONEY,
	REPORT_COMMON,
	REPORT_OPTION(
	    "tz", OPTION_TEXT, tz, "ZONE", "time zone, as Europe/Berlin"),
};

struct session {
	const struct setup *s;
	struct heard heard;
	struct answer answer;
	struct invoice invoice;
};

/* --- JSON ----------------------------------------------------------------- */

static void
json_time(const char *name, int64_t ms)
{
	char buf[CALENDAR_TEXT_MAX];

	if (ms == 0) {
		printf(",\"%s\":null", name);
		return;
	}
	calendar_format_time(ms, buf);
	printf(",\"%s\":\"%s\"", name, buf);
}

static void
json_context(const struct heard *h)
{
	if (!h->has_context) {
		fputs(",\n \"context\":null", stdout);
		return;
	}
	printf(",\n \"context\":{\"used\":%" PRIu64 ",\"size\":%" PRIu64
	       ",\"left\":%" PRIu64,
	    h->context_used, h->context_size,
	    h->context_size > h->context_used
		? h->context_size - h->context_used
		: 0);
	json_time("at", h->context_at_ms);
	putchar('}');
}

static void
json_windows(const struct heard *h)
{
	struct value list = h->windows;
	struct heard_window w;
	bool first = true;

	fputs(",\n \"windows\":[", stdout);
	for (; heard_next_window(&list, &w); first = false) {
		fputs(first ? "{\"name\":" : ",{\"name\":", stdout);
		json_put_text(stdout, w.name);
		fputs(",\"used_percent\":", stdout);
		field_put_money(stdout, w.percent);
		json_time("resets", w.resets_ms);
		json_time("at", w.at_ms);
		putchar('}');
	}
	putchar(']');
}

static void
json_cache(const struct sums *sums)
{
	uint64_t part, whole;
	char share[FIGURE_MAX];

	heard_cache(sums, &part, &whole);
	fputs(",\n \"cache_hit_percent\":", stdout);
	if (whole == 0) {
		fputs("null", stdout);
		return;
	}
	figure_share((money_sum)part, (money_sum)whole, share);
	printf("%.*s", (int)strcspn(share, "%"), share);
}

static void
put_json(const struct session *se)
{
	const struct heard *h = &se->heard;

	fputs("{\"schema_version\":1,\n \"session\":", stdout);
	json_put_text(stdout, h->session);
	field_put_text(stdout, "machine", h->machine);
	field_put_text(stdout, "parent_session", h->parent);
	field_put_text(stdout, "agent", h->agent);
	field_put_text(stdout, "project", h->project);
	json_time("first", h->first_ms);
	json_time("last", h->last_ms);
	printf(",\"duration_ms\":%" PRId64, h->last_ms - h->first_ms);
	json_context(h);
	json_windows(h);
	json_cache(&se->answer.total.sums);
	fputs(",\n ", stdout);
	invoice_put_json(&se->invoice);
	fputs("}\n", stdout);
}

/* --- For people ------------------------------------------------------------
 */

struct short_figures {
	char tokens[FIGURE_MAX], cost[FIGURE_COST_MAX], calls[FIGURE_MAX];
};

static void
format_short(
    const struct setup *s, const struct sums *sums, struct short_figures *f)
{
	figure_compact(sums_total_tokens(sums), f->tokens);
	figure_cost_plan(sums, setup_decimals(s), f->cost);
	figure_grouped(sums->n[SUM_CALLS], f->calls);
}

static void
put_model(const struct session *se, const char *name, const struct sums *sums)
{
	char clean[INVOICE_NAME_MAX];
	struct short_figures f;

	format_short(se->s, sums, &f);
	table_clean(text_of(name), clean, sizeof(clean));
	printf(_("  %s: %s tokens | %s | %s msgs\n"), clean, f.tokens, f.cost,
	    f.calls);
}

/* Rows of one model differ by rule alone, and follow each other. */
static void
put_models(const struct session *se)
{
	char name[INVOICE_NAME_MAX], next[INVOICE_NAME_MAX];
	struct sums sums;
	size_t i = 0;

	while (i < se->answer.n) {
		invoice_name(&se->answer.rows[i], name);
		sums = se->answer.rows[i].sums;
		for (i++; i < se->answer.n; i++) {
			invoice_name(&se->answer.rows[i], next);
			if (strcmp(name, next) != 0)
				break;
			sums_add(&sums, &se->answer.rows[i].sums);
		}
		put_model(se, name, &sums);
	}
}

static void
put_line(const struct session *se)
{
	struct short_figures f;
	char span[FIGURE_MAX];

	format_short(se->s, &se->answer.total.sums, &f);
	figure_span(se->heard.last_ms - se->heard.first_ms, span);
	printf(_("Session: %s tokens | %s | %s msgs | %s\n"), f.tokens, f.cost,
	    f.calls, span);
}

static void
put_fact(const char *title, struct text t)
{
	if (t.len == 0)
		return;
	lang_pad(stdout, title, 16);
	table_put_clean(stdout, t);
	putchar('\n');
}

static void
put_time(const char *title, int64_t ms)
{
	char buf[CALENDAR_TEXT_MAX];

	if (ms == 0)
		return;
	calendar_format_time(ms - ms % 1000, buf);
	put_fact(title, text_of(buf));
}

static void
put_context(const struct heard *h)
{
	char used[FIGURE_MAX], size[FIGURE_MAX], share[FIGURE_MAX], line[240];
	uint64_t left = h->context_size > h->context_used
			    ? h->context_size - h->context_used
			    : 0;

	if (!h->has_context)
		return;
	figure_grouped(h->context_used, used);
	figure_grouped(h->context_size, size);
	figure_share((money_sum)left, (money_sum)h->context_size, share);
	snprintf(line, sizeof(line), _("%s of %s tokens used, %s left"), used,
	    size, share);
	put_fact(_("context"), text_of(line));
}

static void
put_windows(const struct session *se)
{
	struct value list = se->heard.windows;
	char name[80], percent[MONEY_TEXT_MAX], left[FIGURE_MAX], line[240];
	struct heard_window w;

	while (heard_next_window(&list, &w)) {
		table_clean(w.name, name, sizeof(name));
		money_format(w.percent, percent);
		figure_span(w.resets_ms - se->s->now_ms, left);
		snprintf(line, sizeof(line), _("%s: %s%% used, resets in %s"),
		    name, percent, left);
		put_fact(_("quota"), text_of(line));
	}
}

static void
put_cache(const struct sums *sums)
{
	uint64_t part, whole;
	char share[FIGURE_MAX];

	heard_cache(sums, &part, &whole);
	figure_share((money_sum)part, (money_sum)whole, share);
	put_fact(_("cache hits"), text_of(share));
}

static int
put_full(const struct session *se)
{
	put_fact(_("session"), se->heard.session);
	put_fact(_("parent"), se->heard.parent);
	put_fact(_("agent"), se->heard.agent);
	put_fact(_("project"), se->heard.project);
	put_fact(_("machine"), se->heard.machine);
	put_time(_("first call"), se->heard.first_ms);
	put_time(_("last call"), se->heard.last_ms);
	put_context(&se->heard);
	put_windows(se);
	put_cache(&se->answer.total.sums);
	putchar('\n');
	return invoice_print(&se->invoice, se->s);
}

static int
show(const struct session *se)
{
	if (se->s->opts->json) {
		put_json(se);
		return EXIT_OK;
	}
	put_line(se);
	if (se->s->opts->full)
		return put_full(se);
	put_models(se);
	return EXIT_OK;
}

static int
fetch(struct setup *s, const char *id, struct session *se)
{
	struct packer k = { 0 };
	enum client_result r;

	heard_pack(&k, MSGID, id, s->opts->machine);
	r = fetch_call(&s->client, &k, MSGID, s->deadline_ms);
	if (r == CLIENT_OK &&
	    (heard_read(s->client.reply.result, &se->heard) != 0 ||
		fetch_rows(se->heard.report, INVOICE_KEYS, &se->answer) != 0)) {
		snprintf(s->client.why, sizeof(s->client.why), "%s",
		    _("collectord's answer is no session"));
		r = CLIENT_EPEER;
	}
	se->answer.total.sessions = 1;
	return r == CLIENT_OK ? EXIT_OK : setup_failed(s, r);
}

static int
run(struct setup *s, int nargs, char **args)
{
	struct session se = { .s = s };
	char why[160];
	int rc;

	if (nargs > 1) {
		snprintf(why, sizeof(why),
		    _("one session only: what is \"%.60s\"?"), args[1]);
		return setup_refuse(s, why);
	}
	rc = setup_connect(s);
	if (rc == EXIT_OK)
		rc = fetch(s, nargs == 1 ? args[0] : "last", &se);
	if (rc == EXIT_OK && invoice_make(&se.invoice, &se.answer) != 0)
		rc = EXIT_SYSTEM;
	if (rc == EXIT_OK)
		rc = show(&se);
	invoice_free(&se.invoice);
	answer_free(&se.answer);
	return rc;
}

const struct report_verb verb_session = {
	.name = "session",
	.program = {
		.name = "tt-report session",
		.synopsis = N_("[ID | last] [OPTION…]"),
		.summary = N_("Tokens, cost, calls and time of one session, by "
			   "default the one heard last."),
		.specs = specs,
		.nspecs = sizeof(specs) / sizeof(specs[0]),
	},
	.run = run,
};

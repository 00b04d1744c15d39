#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "clients/common/output.h"
#include "clients/common/text_lang.h"
#include "clients/report/fetch.h"
#include "clients/report/setup.h"

#define MSGID 1
#define PATIENCE_MS 600000
#define DAY_MS 86400000ll
#define SILENT_MS (7 * DAY_MS)

static const struct option_spec specs[] = {
	REPORT_HEAD("Output"),
	REPORT_OPTION("json", OPTION_FLAG, json, NULL, "JSON"),
	REPORT_OPTION(
	    "tz", OPTION_TEXT, tz, "ZONE", "time zone, as Europe/Berlin"),
	REPORT_COMMON,
};

struct doctor {
	struct setup *s;
	struct value found;  /* the method's result */
	struct value status; /* that of status */
	struct value differences, sources, spool;
	uint64_t different;   /* sums; the first of them are listed */
	struct answer models; /* all calls by model */
};

/* When anything was heard last. */
static int64_t
newest(const struct doctor *d)
{
	struct value list = d->sources, source;
	int64_t last, best = 0;

	while (fetch_next(&list, &source)) {
		last = (int64_t)fetch_u64(&source, "last");
		best = last > best ? last : best;
	}
	return best;
}

/* Silence means something only while others speak. */
static bool
is_silent(const struct doctor *d, const struct value *source)
{
	int64_t since_ms = d->s->now_ms - SILENT_MS;

	return (int64_t)fetch_u64(source, "last") < since_ms &&
	       newest(d) >= since_ms;
}

/* --- JSON ----------------------------------------------------------------- */

static void
json_number(const char *name, uint64_t n)
{
	printf(",\"%s\":%" PRIu64, name, n);
}

static void
json_differences(const struct doctor *d)
{
	struct value list = d->differences, line;
	bool first = true;

	fputs(",\n \"differences\":[", stdout);
	for (; fetch_next(&list, &line); first = false) {
		fputs(first ? "\n  " : ",\n  ", stdout);
		json_put_text(stdout, line.text);
	}
	putchar(']');
}

/* The next model with calls that have no price, from *at on; NULL: none. */
static const struct report_row *
next_unpriced(const struct doctor *d, size_t *at)
{
	while (*at < d->models.n)
		if (d->models.rows[(*at)++].sums.n[SUM_UNPRICED_CALLS] > 0)
			return &d->models.rows[*at - 1];
	return NULL;
}

static void
json_unpriced(const struct doctor *d)
{
	const struct report_row *row;
	bool first = true;
	size_t at = 0;

	fputs(",\n \"unpriced\":[", stdout);
	for (; (row = next_unpriced(d, &at)) != NULL; first = false) {
		fputs(first ? "\n  {\"model\":" : ",\n  {\"model\":", stdout);
		json_put_text(stdout, row->key[0]);
		json_number("calls", row->sums.n[SUM_UNPRICED_CALLS]);
		json_number("tokens", row->sums.n[SUM_UNPRICED_TOKENS]);
		putchar('}');
	}
	putchar(']');
}

static void
json_silent(const struct doctor *d)
{
	static const char *const names[] = { "machine", "agent", "source" };
	struct value list = d->sources, source;
	char buf[CALENDAR_TEXT_MAX];
	bool first = true;
	size_t i;

	fputs(",\n \"silent\":[", stdout);
	while (fetch_next(&list, &source)) {
		if (!is_silent(d, &source))
			continue;
		fputs(first ? "\n  {" : ",\n  {", stdout);
		for (i = 0; i < 3; i++) {
			printf("\"%s\":", names[i]);
			json_put_text(stdout, fetch_text(&source, names[i]));
			putchar(',');
		}
		calendar_format_time((int64_t)fetch_u64(&source, "last"), buf);
		printf("\"last\":\"%s\"}", buf);
		first = false;
	}
	putchar(']');
}

static void
put_json(const struct doctor *d)
{
	printf("{\"schema_version\":1,\n \"good\":%s",
	    d->different == 0 ? "true" : "false");
	json_number("different", d->different);
	json_number("events", fetch_u64(&d->found, "events"));
	json_number("calls", fetch_u64(&d->found, "calls"));
	json_number("slots", fetch_u64(&d->found, "slots"));
	json_number("rejected", fetch_u64(&d->status, "rejected"));
	json_number("spool_bad", fetch_u64(&d->spool, "bad"));
	json_differences(d);
	json_unpriced(d);
	json_silent(d);
	fputs("}\n", stdout);
}

/* --- For people ------------------------------------------------------------
 */

static void
put_counts(const struct doctor *d)
{
	uint64_t events = fetch_u64(&d->found, "events");
	uint64_t calls = fetch_u64(&d->found, "calls");
	char a[FIGURE_MAX], b[FIGURE_MAX], c[FIGURE_MAX];

	figure_grouped(events, a);
	figure_grouped(calls, b);
	figure_grouped(fetch_u64(&d->found, "slots"), c);
	printf(
	    _("%s events make %s calls; %s sums were recomputed\n"), a, b, c);
	figure_grouped(events > calls ? events - calls : 0, a);
	printf(_("%s events count nothing: merged into others, or void\n"), a);
	figure_grouped(fetch_u64(&d->status, "rejected"), a);
	figure_grouped(fetch_u64(&d->spool, "bad"), b);
	printf(_("%s events were refused since the daemon started, %s spooled "
		 "requests could not be read\n"),
	    a, b);
}

static void
put_differences(const struct doctor *d)
{
	struct value list = d->differences, line;
	char buf[FIGURE_MAX];

	if (d->different == 0) {
		puts(_("All sums are what the calls add up to."));
		return;
	}
	figure_grouped(d->different, buf);
	printf(_("%s sums are not what the calls add up to:\n"), buf);
	while (fetch_next(&list, &line)) {
		fputs("  ", stdout);
		table_put_clean(stdout, line.text);
		putchar('\n');
	}
}

static void
put_silent(const struct doctor *d)
{
	struct value list = d->sources, source;
	char agent[80], kind[80], machine[80], ago[FIGURE_MAX];

	while (fetch_next(&list, &source)) {
		if (!is_silent(d, &source))
			continue;
		table_clean(fetch_text(&source, "agent"), agent, sizeof(agent));
		table_clean(fetch_text(&source, "source"), kind, sizeof(kind));
		table_clean(
		    fetch_text(&source, "machine"), machine, sizeof(machine));
		figure_ago(
		    d->s->now_ms - (int64_t)fetch_u64(&source, "last"), ago);
		printf(_("silent: agent %s, source %s, machine %s was last "
			 "heard %s, others since\n"),
		    agent[0] != '\0' ? agent : "-",
		    kind[0] != '\0' ? kind : "-", machine, ago);
	}
}

static int
put_unpriced(const struct doctor *d)
{
	const struct report_row *row;
	char buf[FIGURE_MAX];
	struct table *t;
	size_t at = 0;

	if (next_unpriced(d, &at) == NULL)
		return EXIT_OK;
	putchar('\n');
	puts(_("Models with calls that have no price:"));
	t = table_new();
	table_column(t, _("model"), TABLE_TRUNC);
	table_column(t, _("calls"), TABLE_RIGHT);
	table_column(t, _("tokens"), TABLE_RIGHT);
	for (at = 0; (row = next_unpriced(d, &at)) != NULL;) {
		table_text(t,
		    row->key[0].len > 0 ? row->key[0] : text_of(_("(none)")));
		figure_grouped(row->sums.n[SUM_UNPRICED_CALLS], buf);
		table_str(t, buf);
		figure_grouped(row->sums.n[SUM_UNPRICED_TOKENS], buf);
		table_str(t, buf);
	}
	return setup_print(d->s, t);
}

static int
show(const struct doctor *d)
{
	int rc = EXIT_OK;

	if (d->s->opts->json) {
		put_json(d);
	} else {
		put_counts(d);
		put_differences(d);
		put_silent(d);
		rc = put_unpriced(d);
	}
	if (rc == EXIT_OK && d->different > 0)
		rc = EXIT_NO;
	return rc;
}

static int
fetch_found(struct doctor *d, void **kept)
{
	struct setup *s = d->s;
	struct packer k = { 0 };
	struct wire_cursor result;
	enum client_result r;

	pack_request(&k, MSGID, "doctor");
	pack_map(&k, 0);
	r = fetch_call(&s->client, &k, MSGID, s->deadline_ms);
	if (r != CLIENT_OK)
		return setup_failed(s, r);
	result = s->client.reply.result;
	*kept = fetch_keep(&result);
	if (*kept == NULL)
		return EXIT_SYSTEM;
	d->found = fetch_value(result);
	fetch_member(&d->found, "differences", &d->differences);
	d->different = fetch_u64(&d->found, "different");
	if (d->different < d->differences.n)
		d->different = d->differences.n;
	return EXIT_OK;
}

static int
fetch_models(struct doctor *d)
{
	struct setup *s = d->s;
	int64_t edges[2] = { 0, s->now_ms - s->now_ms % DAY_MS + 3 * DAY_MS };
	struct report_query q = {
		.edges = edges, .nedges = 2, .by = { KEY_MODEL }, .nby = 1
	};
	enum client_result r;

	r = fetch_report(&s->client, &q, s->deadline_ms, &d->models);
	return r == CLIENT_OK ? EXIT_OK : setup_failed(s, r);
}

/* Comes last: what it answers is not kept. */
static int
fetch_daemon(struct doctor *d)
{
	struct setup *s = d->s;
	enum client_result r = fetch_status(&s->client, s->deadline_ms);

	if (r != CLIENT_OK)
		return setup_failed(s, r);
	d->status = fetch_value(s->client.reply.result);
	fetch_member(&d->status, "sources", &d->sources);
	fetch_member(&d->status, "spool", &d->spool);
	return EXIT_OK;
}

static int
run(struct setup *s, int nargs, char **args)
{
	struct doctor d = { .s = s };
	void *kept = NULL;
	char why[120];
	int rc;

	if (nargs > 0) {
		snprintf(why, sizeof(why),
		    _("doctor takes no operand: what is \"%.60s\"?"), args[0]);
		return setup_refuse(s, why);
	}
	setup_allow(s, PATIENCE_MS);
	rc = setup_connect(s);
	if (rc == EXIT_OK)
		rc = fetch_found(&d, &kept);
	if (rc == EXIT_OK)
		rc = fetch_models(&d);
	if (rc == EXIT_OK)
		rc = fetch_daemon(&d);
	if (rc == EXIT_OK)
		rc = show(&d);
	answer_free(&d.models);
	free(kept);
	return rc;
}

const struct report_verb verb_doctor = {
	.name = "doctor",
	.program = {
		.name = "tt-report doctor",
		.synopsis = N_("[OPTION…]"),
		.summary = N_("Recomputes every sum from the calls; tells what "
			   "has no price and which sources went silent."),
		.specs = specs,
		.nspecs = sizeof(specs) / sizeof(specs[0]),
	},
	.run = run,
};

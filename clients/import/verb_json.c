#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clients/common/options.h"
#include "clients/common/output.h"
#include "clients/import/legacy/legacy.h"
#include "clients/import/legacy/legacy_link.h"
#include "clients/import/verbs.h"
#include "proto/lang.h"

#define PUT_EVENTS 1000u
#define PUT_BYTES (2u << 20) /* a request has room for one more event */

struct json_options {
	const char *agent, *tz;
	bool dry_run, json;
};

#define AT(field) offsetof(struct json_options, field)

static const struct option_spec specs[] = {
	{ .name = "agent",
	    .kind = OPTION_TEXT,
	    .offset = AT(agent),
	    .arg = "NAME",
	    .help = N_("whose calls they are, where the file does not say: "
		       "claude-code, codex, opencode, …") },
	{ .name = "tz",
	    .kind = OPTION_TEXT,
	    .offset = AT(tz),
	    .arg = "ZONE",
	    .help = N_("the time zone in which its days were counted") },
	{ .name = "dry-run",
	    .kind = OPTION_FLAG,
	    .offset = AT(dry_run),
	    .help = N_("only read and count") },
	{ .name = "json",
	    .kind = OPTION_FLAG,
	    .offset = AT(json),
	    .help = N_("what came of each file as JSON") },
};

static const struct option_program program = {
	.name = "tt-import json",
	.synopsis = N_("FILE… [OPTION…]"),
	.summary = N_("Takes in what other tools have counted: the JSON of "
		      "ccusage daily, and the usage-data.json, usage.json and "
		      "token-usage.db of older trackers. Calls become events; "
		      "days are shown as imported where no call is known."),
	.specs = specs,
	.nspecs = sizeof(specs) / sizeof(specs[0]),
};

/* One file on its way. */
struct delivery {
	struct legacy_link *link;
	bool dry_run;
	struct packer request, events, rows;
	uint32_t nevents, nrows;
	char origin[LIMIT_TEXT + 1];
	struct put_counts put;
	uint64_t stored, changed, kept; /* days */
};

static void
on_reject(void *arg, uint32_t index, const struct error *e)
{
	const struct delivery *d = arg;

	(void)index;
	if (d->put.rejected == 0)
		complain(LEGACY_PROGRAM, _("refused: %s: %s"),
		    e->field == NULL ? error_name(e->code) : e->field,
		    _(e->message));
}

static int
call(struct delivery *d)
{
	enum client_result r = legacy_link_call(d->link, &d->request);

	return r == CLIENT_OK ? 0
			      : -(legacy_link_failed(d->link, r) != EXIT_OK);
}

static int
send_events(struct delivery *d)
{
	struct put_counts n = { 0 };

	if (d->nevents == 0 || d->dry_run)
		return 0;
	legacy_link_begin(d->link, &d->request, "put");
	pack_map(&d->request, 1);
	pack_str(&d->request, "events");
	pack_array(&d->request, d->nevents);
	pack_packed(&d->request, &d->events);
	packer_clear(&d->events);
	d->nevents = 0;
	if (call(d) != 0)
		return -1;
	if (unpack_put_result(d->link->client.reply.result, &n, on_reject, d) !=
	    0)
		return -1;
	d->put.stored += n.stored;
	d->put.merged += n.merged;
	d->put.unchanged += n.unchanged;
	d->put.rejected += n.rejected;
	return 0;
}

static int
send_rows(struct delivery *d)
{
	if (d->nrows == 0 || d->dry_run)
		return 0;
	legacy_link_begin(d->link, &d->request, "aggregate_put");
	pack_map(&d->request, 2);
	pack_str(&d->request, "origin");
	pack_str(&d->request, d->origin);
	pack_str(&d->request, "rows");
	pack_array(&d->request, d->nrows);
	pack_packed(&d->request, &d->rows);
	packer_clear(&d->rows);
	d->nrows = 0;
	if (call(d) != 0)
		return -1;
	d->stored += legacy_link_number(d->link, "stored");
	d->changed += legacy_link_number(d->link, "changed");
	d->kept += legacy_link_number(d->link, "kept");
	return 0;
}

static int
take_event(void *arg, const struct event *ev)
{
	struct delivery *d = arg;

	if (d->dry_run)
		return 0;
	pack_event(&d->events, ev);
	d->nevents++;
	if (d->nevents < PUT_EVENTS && d->events.len < PUT_BYTES)
		return 0;
	return send_events(d);
}

static int
take_day(void *arg, const struct aggregate *a)
{
	struct delivery *d = arg;

	if (d->dry_run)
		return 0;
	snprintf(d->origin, sizeof(d->origin), "%.*s", (int)a->origin.len,
	    a->origin.p);
	pack_aggregate(&d->rows, a);
	d->nrows++;
	return d->nrows < AGGREGATE_ROWS_MAX ? 0 : send_rows(d);
}

/* --- What is said of it --------------------------------------------------- */

static void
tell_text(
    const char *path, const struct legacy_told *t, const struct delivery *d)
{
	printf(_("%s: %s, %" PRIu64 " calls (%" PRIu64 " new), %" PRIu64
		 " days (%" PRIu64 " new)\n"),
	    path, t->format, t->events, d->put.stored, t->days,
	    d->stored + d->changed);
}

static void
tell_json(const char *path, const struct legacy_told *t,
    const struct delivery *d, bool *is_first)
{
	printf("%s{\"file\":", *is_first ? "" : ",\n  ");
	*is_first = false;
	json_put_str(stdout, path);
	printf(",\"format\":\"%s\",\"events\":%" PRIu64 ",\"stored\":%" PRIu64
	       ",\"merged\":%" PRIu64 ",\"unchanged\":%" PRIu64
	       ",\"rejected\":%" PRIu64,
	    t->format, t->events, d->put.stored, d->put.merged,
	    d->put.unchanged, d->put.rejected);
	printf(",\"days\":%" PRIu64 ",\"days_stored\":%" PRIu64
	       ",\"days_changed\":%" PRIu64 ",\"days_kept\":%" PRIu64
	       ",\"odd\":%" PRIu64 "}",
	    t->days, d->stored, d->changed, d->kept, t->odd);
}

static void
tell(const struct json_options *o, const char *path,
    const struct legacy_told *t, const struct delivery *d, bool *is_first)
{
	if (o->json)
		tell_json(path, t, d, is_first);
	else
		tell_text(path, t, d);
	if (t->odd > 0)
		complain(LEGACY_PROGRAM,
		    P_("%s: %" PRIu64 " record was not used: %s",
			"%s: %" PRIu64 " records were not used, as this: %s",
			(unsigned long)t->odd),
		    path, t->odd, _(t->odd_why));
	else if (t->events + t->days == 0)
		complain(LEGACY_PROGRAM, _("%s: no usage in it"), path);
}

/* --- Files ---------------------------------------------------------------- */

static int
exit_code(struct legacy_link *link, enum legacy_result r, const char *path,
    const char *why)
{
	if (r == LEGACY_OK)
		return EXIT_OK;
	if (link->rc != EXIT_OK)
		return link->rc;
	complain(LEGACY_PROGRAM, "%s: %s", path, why);
	return r == LEGACY_EUNKNOWN ? EXIT_USAGE : EXIT_SYSTEM;
}

static int
import_file(struct legacy_link *link, const struct json_options *o,
    const char *path, bool *is_first)
{
	struct delivery d = { .link = link, .dry_run = o->dry_run };
	const struct legacy_sink sink = { take_event, take_day, &d, o->agent };
	struct legacy_told told;
	char why[256] = "";
	enum legacy_result r;
	int rc;

	r = legacy_read(path, &sink, &told, why, sizeof(why));
	if (r == LEGACY_OK && (send_events(&d) != 0 || send_rows(&d) != 0)) {
		r = LEGACY_ESTOPPED;
		snprintf(why, sizeof(why), "%s", link->client.why);
	}
	rc = exit_code(link, r, path, why);
	if (rc == EXIT_OK)
		tell(o, path, &told, &d, is_first);
	packer_free(&d.request);
	packer_free(&d.events);
	packer_free(&d.rows);
	return rc == EXIT_OK && d.put.rejected > 0 ? EXIT_REFUSED : rc;
}

static int
import_files(
    struct legacy_link *link, const struct json_options *o, char **paths, int n)
{
	bool is_first = true; /* to be told: one that fails is not */
	int i, rc = EXIT_OK, one;

	if (o->json)
		fputs("{\"schema_version\":1,\"files\":[", stdout);
	for (i = 0; i < n && link->rc == EXIT_OK; i++) {
		one = import_file(link, o, paths[i], &is_first);
		rc = rc == EXIT_OK ? one : rc;
	}
	if (o->json)
		fputs("]}\n", stdout);
	return rc;
}

int
import_json(int argc, char **argv)
{
	struct json_options o = { .agent = NULL };
	struct legacy_link link;
	bool done;
	int n, rc;

	if (options_parse(&program, &o, argc, argv, &n, &done) != 0)
		return EXIT_USAGE;
	if (done)
		return EXIT_OK;
	if (n == 0) {
		complain(LEGACY_PROGRAM, "%s", _("json: which file?"));
		return EXIT_USAGE;
	}
	rc = legacy_link_init(&link, o.tz);
	if (rc == EXIT_OK && !o.dry_run)
		rc = legacy_link_connect(&link);
	if (rc == EXIT_OK)
		rc = import_files(&link, &o, argv + 1, n);
	legacy_link_release(&link);
	return rc;
}

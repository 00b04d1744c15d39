#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clients/common/ndjson.h"
#include "clients/common/output.h"
#include "clients/common/text_lang.h"
#include "clients/report/cursor.h"
#include "clients/report/export.h"
#include "clients/report/fetch.h"
#include "clients/report/setup.h"

#define PAGE_EVENTS 2000
#define PATIENCE_MS 30000 /* for each page */

static const struct option_spec specs[] = {
	REPORT_HEAD("Which"),
	REPORT_OPTION("since", OPTION_TEXT, since, "WHEN",
	    "calls from then on: a date, a time, today, week, 7d"),
	REPORT_OPTION("until", OPTION_TEXT, until, "WHEN",
	    "calls before that time, or up to that date and with it"),
	REPORT_NUMBER("since-cursor", cursor, cursor_seen, "N", 0,
	    "what changed after that cursor"),
	REPORT_OPTION("cursor-file", OPTION_TEXT, cursor_file, "FILE",
	    "go on from the cursor in it, and keep the new one there"),
	REPORT_OPTION(
	    "session", OPTION_TEXT, session, "ID", "that session only"),
	REPORT_OPTION(
	    "machine", OPTION_TEXT, machine, "ID", "that machine only"),
	REPORT_HEAD("Output"),
	REPORT_OPTION("print-cursor", OPTION_FLAG, print_cursor, NULL,
	    "the cursor of what follows, on stderr"),
	REPORT_OPTION(
	    "json", OPTION_FLAG, json, NULL, "NDJSON, which it always is"),
	REPORT_COMMON,
	REPORT_CALENDAR,
};

struct events {
	struct setup *s;
	int64_t since_ms, until_ms; /* 0: no bound */
	uint64_t after;
	bool is_over;
	uint32_t msgid;
	struct export *out;
};

/* The start of what it names, or its end. */
static int
parse_when(const struct setup *s, const char *text, bool is_end, int64_t *ms)
{
	struct period p;
	char why[PERIOD_WHY_MAX];
	bool is_local;

	if (ndjson_time(text, strlen(text), ms, &is_local) == 0)
		return EXIT_OK;
	if (period_parse(text, &s->rules, s->now_ms, &p, why, sizeof(why)) != 0)
		return setup_refuse(s, why);
	*ms = is_end ? p.to_ms : p.from_is_open ? 0 : p.from_ms;
	return EXIT_OK;
}

static int
find_start(struct events *e)
{
	const struct report_options *o = e->s->opts;
	char why[256];

	if (o->cursor_seen && o->cursor_file != NULL)
		return setup_refuse(
		    e->s, _("only one of --since-cursor and --cursor-file is "
			    "possible"));
	e->after = o->cursor;
	if (o->cursor_file != NULL &&
	    cursor_read(o->cursor_file, &e->after, why, sizeof(why)) != 0) {
		complain(e->s->program, "%s", why);
		return EXIT_SYSTEM;
	}
	return EXIT_OK;
}

static int
find_bounds(struct events *e)
{
	const struct report_options *o = e->s->opts;
	int rc = EXIT_OK;

	if (o->since != NULL)
		rc = parse_when(e->s, o->since, false, &e->since_ms);
	if (rc == EXIT_OK && o->until != NULL)
		rc = parse_when(e->s, o->until, true, &e->until_ms);
	return rc == EXIT_OK ? find_start(e) : rc;
}

static void
pack_member_ms(struct packer *k, const char *key, int64_t ms)
{
	if (ms == 0)
		return;
	pack_str(k, key);
	pack_i64(k, ms);
}

static void
pack_member_str(struct packer *k, const char *key, const char *s)
{
	if (s == NULL)
		return;
	pack_str(k, key);
	pack_str(k, s);
}

static enum client_result
ask_page(struct events *e)
{
	const struct report_options *o = e->s->opts;
	struct packer k = { 0 };
	enum client_result r;

	pack_request(&k, ++e->msgid, "events");
	pack_map(&k, 2u + (e->since_ms != 0) + (e->until_ms != 0) +
			 (o->session != NULL) + (o->machine != NULL));
	pack_str(&k, "after");
	pack_u64(&k, e->after);
	pack_str(&k, "limit");
	pack_u64(&k, PAGE_EVENTS);
	pack_member_ms(&k, "since", e->since_ms);
	pack_member_ms(&k, "until", e->until_ms);
	pack_member_str(&k, "session", o->session);
	pack_member_str(&k, "machine", o->machine);
	r = client_send(&e->s->client, &k, e->s->deadline_ms);
	packer_free(&k);
	return r;
}

static void
allow_page(struct events *e)
{
	setup_allow(e->s, PATIENCE_MS);
}

static enum client_result
no_events(struct client *c)
{
	snprintf(c->why, sizeof(c->why), "%s",
	    _("collectord's answer has no events"));
	return CLIENT_EPEER;
}

/* The daemon works on the next page while this one is written. */
static enum client_result
take_page(struct events *e)
{
	struct client *c = &e->s->client;
	enum client_result r = client_wait(c, e->msgid, e->s->deadline_ms);
	struct export_page page;

	if (r != CLIENT_OK)
		return r;
	if (export_open(c->reply.result, &page) != 0)
		return no_events(c);
	e->is_over = !page.more;
	e->after = page.next;
	if (!e->is_over) {
		allow_page(e);
		r = ask_page(e);
	}
	if (r == CLIENT_OK && export_events(e->out, &page) != 0)
		r = no_events(c);
	return r;
}

static int
finish(const struct events *e)
{
	const struct report_options *o = e->s->opts;
	char why[256];

	if (o->print_cursor)
		fprintf(stderr, "%" PRIu64 "\n", e->after);
	if (o->cursor_file == NULL ||
	    cursor_write(o->cursor_file, e->after, why, sizeof(why)) == 0)
		return EXIT_OK;
	complain(e->s->program, "%s", why);
	return EXIT_SYSTEM;
}

static int
copy_all(struct events *e)
{
	enum client_result r = ask_page(e);

	while (r == CLIENT_OK && !e->is_over && !e->out->failed)
		r = take_page(e);
	if (r != CLIENT_OK) {
		export_flush(e->out);
		return setup_failed(e->s, r);
	}
	if (export_flush(e->out) == 0)
		return finish(e);
	if (e->out->err != EPIPE)
		complain(e->s->program, _("cannot write the output: %s"),
		    strerror(e->out->err));
	return EXIT_SYSTEM;
}

static int
run(struct setup *s, int nargs, char **args)
{
	struct events e = { .s = s };
	char why[120];
	int rc;

	if (nargs > 0) {
		snprintf(why, sizeof(why),
		    _("events takes no operand: what is \"%.60s\"?"), args[0]);
		return setup_refuse(s, why);
	}
	rc = find_bounds(&e);
	allow_page(&e);
	if (rc == EXIT_OK)
		rc = setup_connect(s);
	if (rc != EXIT_OK)
		return rc;
	e.out = calloc(1, sizeof(*e.out));
	if (e.out == NULL)
		return EXIT_SYSTEM;
	e.out->fd = STDOUT_FILENO;
	rc = copy_all(&e);
	free(e.out);
	return rc;
}

const struct report_verb verb_events = {
	.name = "events",
	.program = {
		.name = "tt-report events",
		.synopsis = N_("[OPTION…]"),
		.summary = N_("All calls as NDJSON that \"tt-send -\" takes, in "
			   "the order in which they last changed."),
		.specs = specs,
		.nspecs = sizeof(specs) / sizeof(specs[0]),
	},
	.run = run,
};

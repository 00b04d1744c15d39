#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clients/common/output.h"
#include "clients/common/text_lang.h"
#include "clients/report/cursor.h"
#include "clients/report/export.h"
#include "clients/report/fetch.h"
#include "clients/report/setup.h"

#define PATIENCE_MS 10000
#define PAUSE_FIRST_MS 100
#define PAUSE_LAST_MS 5000
#define FOR_EVER INT64_MAX

static const struct option_spec specs[] = {
	REPORT_HEAD("Which"),
	REPORT_NUMBER("since-cursor", cursor, cursor_seen, "N", 0,
	    "first what changed after that cursor"),
	REPORT_OPTION("cursor-file", OPTION_TEXT, cursor_file, "FILE",
	    "go on from the cursor in it, and keep the newest there"),
	REPORT_HEAD("Output"),
	REPORT_OPTION(
	    "json", OPTION_FLAG, json, NULL, "NDJSON, which it always is"),
	REPORT_COMMON,
};

struct follow {
	struct setup *s;
	bool knows_after; /* else from now on */
	uint64_t after;
	uint32_t msgid;
	struct export *out;
	int rc; /* other than EXIT_OK ends it */
};

static enum client_result
ask(struct follow *f)
{
	struct client *c = &f->s->client;
	struct packer k = { 0 };
	struct value result;
	enum client_result r;

	pack_request(&k, ++f->msgid, "follow");
	pack_map(&k, f->knows_after);
	if (f->knows_after) {
		pack_str(&k, "after");
		pack_u64(&k, f->after);
	}
	r = fetch_call(c, &k, f->msgid, f->s->deadline_ms);
	if (r != CLIENT_OK)
		return r;
	result = fetch_value(c->reply.result);
	if (!f->knows_after)
		f->after = fetch_u64(&result, "revision");
	f->knows_after = true;
	return r;
}

/* What was written is read: the cursor may move on. */
static void
keep_cursor(struct follow *f)
{
	char why[256];

	if (f->s->opts->cursor_file == NULL ||
	    cursor_write(f->s->opts->cursor_file, f->after, why, sizeof(why)) ==
		0)
		return;
	complain(f->s->program, "%s", why);
	f->rc = EXIT_SYSTEM;
}

static void
take_events(struct follow *f, struct wire_cursor params)
{
	struct export_page page;

	if (export_open(params, &page) != 0 ||
	    export_events(f->out, &page) != 0)
		return;
	if (export_flush(f->out) == 0) {
		f->after = page.next;
		keep_cursor(f);
		return;
	}
	if (f->out->err != EPIPE)
		complain(f->s->program, _("cannot write the output: %s"),
		    strerror(f->out->err));
	f->rc = EXIT_SYSTEM;
}

/* Waits for a notification, and for nobody to read us any more. */
static bool
wait_readable(struct follow *f)
{
	struct pollfd p[2] = {
		{ .fd = f->s->client.fd, .events = POLLIN },
		{ .fd = f->out->fd },
	};

	/* A message may be there already, behind the last one. */
	if (f->s->client.in_len > f->s->client.taken)
		return true;
	while (poll(p, 2, -1) < 0)
		if (errno != EINTR)
			return true;
	if ((p[1].revents & POLLERR) == 0)
		return true;
	f->rc = EXIT_SYSTEM;
	return false;
}

static enum client_result
listen_on(struct follow *f)
{
	struct client *c = &f->s->client;
	enum client_result r = CLIENT_OK;
	struct request rq;
	struct error err;

	while (r == CLIENT_OK && f->rc == EXIT_OK) {
		if (!wait_readable(f))
			break;
		r = client_message(c, FOR_EVER);
		if (r == CLIENT_OK &&
		    unpack_request(c->in, c->taken, &rq, &err) == 0 &&
		    rq.is_notification && text_is(rq.method, "events"))
			take_events(f, rq.params);
	}
	return r;
}

static bool
is_gone(enum client_result r)
{
	return r == CLIENT_EABSENT || r == CLIENT_ETIMEOUT;
}

/*
 * Once it has worked, a daemon that goes away is waited for: what it commits
 * meanwhile comes from the cursor on.
 */
static void
reconnect(struct follow *f)
{
	int pause_ms = PAUSE_FIRST_MS;
	enum client_result r;

	do {
		client_close(&f->s->client);
		poll(NULL, 0, pause_ms);
		pause_ms =
		    pause_ms * 2 < PAUSE_LAST_MS ? pause_ms * 2 : PAUSE_LAST_MS;
		f->s->deadline_ms = client_now_ms() + PATIENCE_MS;
		r = client_connect(
		    &f->s->client, f->s->places.socket, f->s->deadline_ms);
		if (r == CLIENT_OK)
			r = ask(f);
	} while (is_gone(r));
	if (r != CLIENT_OK)
		f->rc = setup_failed(f->s, r);
}

static int
follow(struct follow *f)
{
	enum client_result r = ask(f);

	if (r != CLIENT_OK)
		return setup_failed(f->s, r);
	keep_cursor(f);
	while (f->rc == EXIT_OK) {
		r = listen_on(f);
		if (f->rc == EXIT_OK && !is_gone(r))
			f->rc = setup_failed(f->s, r);
		if (f->rc == EXIT_OK)
			reconnect(f);
	}
	return f->rc;
}

static int
find_start(struct follow *f)
{
	const struct report_options *o = f->s->opts;
	char why[256];

	if (o->cursor_seen && o->cursor_file != NULL)
		return setup_refuse(
		    f->s, _("only one of --since-cursor and --cursor-file is "
			    "possible"));
	f->after = o->cursor;
	f->knows_after = o->cursor_seen;
	if (o->cursor_file == NULL)
		return EXIT_OK;
	if (cursor_read(o->cursor_file, &f->after, why, sizeof(why)) != 0) {
		complain(f->s->program, "%s", why);
		return EXIT_SYSTEM;
	}
	/* No file yet: from now on. */
	f->knows_after = f->after > 0;
	return EXIT_OK;
}

static int
run(struct setup *s, int nargs, char **args)
{
	struct follow f = { .s = s };
	char why[120];
	int rc;

	if (nargs > 0) {
		snprintf(why, sizeof(why),
		    _("follow takes no operand: what is \"%.60s\"?"), args[0]);
		return setup_refuse(s, why);
	}
	rc = find_start(&f);
	if (rc == EXIT_OK)
		rc = setup_connect(s);
	if (rc != EXIT_OK)
		return rc;
	f.out = calloc(1, sizeof(*f.out));
	if (f.out == NULL)
		return EXIT_SYSTEM;
	f.out->fd = STDOUT_FILENO;
	rc = follow(&f);
	free(f.out);
	return rc;
}

const struct report_verb verb_follow = {
	.name = "follow",
	.program = {
		.name = "tt-report follow",
		.synopsis = N_("[OPTION…]"),
		.summary = N_("Calls as NDJSON as they are committed, until it "
			   "is stopped; waits for a daemon that restarts."),
		.specs = specs,
		.nspecs = sizeof(specs) / sizeof(specs[0]),
	},
	.run = run,
};

/*
 * tt-send: hands usage events to collectord and waits for the ack, which means
 * that they are on stable storage. Where none comes in time they go to the
 * spool, which means the same. One event comes from options, many from NDJSON
 * or from the replies of an API. --void of a whole session is the one thing
 * that only the daemon itself can do.
 */
#include <string.h>

#include "clients/send/send.h"

/* Options may say what all lines have in common, not what one call used. */
static bool
is_common(const struct event *ev)
{
	return has_no_figures(ev, EV_COUNTS) && !ev->is_void &&
	       ev->text[EV_MESSAGE].len == 0 && ev->text[EV_CALL].len == 0 &&
	       ev->text[EV_REQUEST].len == 0 && ev->ts_ms == 0;
}

static const char *
what_is_wrong(const struct event *ev, bool from_lines, bool from_replies)
{
	if (from_lines && from_replies)
		return _("either - or --response");
	if (from_lines && !is_common(ev))
		return _("with - options are for all lines: no ids, times, "
			 "counts, costs or flags of one call");
	if (from_replies && (ev->is_void || !has_no_figures(ev, EV_LATENCY_MS)))
		return _("with --response counts and costs are the reply's: no "
			 "options for them, nor flags of one call");
	return NULL;
}

static int
send_all(struct sender *s, bool from_lines)
{
	bool from_replies = s->o->response;
	const char *wrong;
	struct event ev;
	char why[256];

	if (event_from_options(s->o, &ev) != 0)
		return EXIT_USAGE;
	wrong = what_is_wrong(&ev, from_lines, from_replies);
	if (wrong != NULL) {
		complain(NAME, "%s", wrong);
		return EXIT_USAGE;
	}
	if (places_find(&s->places, why, sizeof(why)) != 0) {
		complain(NAME, "%s", why);
		return EXIT_SYSTEM;
	}
	if (from_replies)
		return send_response(s, &ev);
	if (!from_lines && is_void_session(&ev))
		return send_void(s, &ev);
	return from_lines ? send_stream(s, &ev) : send_one(s, &ev);
}

/* Everything after the options are read. */
static int
run(const struct send_options *o, char **operands, int n)
{
	struct sender s = { .o = o };
	bool from_lines = n == 1 && strcmp(operands[0], "-") == 0;
	int rc;

	if (n > 0 && !from_lines) {
		complain(NAME, _("what is \"%s\"? (see tt-send --help)"),
		    operands[strcmp(operands[0], "-") == 0 ? 1 : 0]);
		return EXIT_USAGE;
	}
	client_init(&s.client);
	rc = send_all(&s, from_lines);
	if (o->json && !o->dry_run && rc != EXIT_USAGE && !s.is_void_session)
		tell_finish(&s);
	if (output_finish(NAME) != 0 && rc == EXIT_OK)
		rc = EXIT_SYSTEM;
	client_close(&s.client);
	packer_free(&s.request);
	return rc;
}

/* The options may not be understood, and stdin be what a tee writes all the
 * same. */
static bool
wants_response(char **argv)
{
	while (*argv != NULL)
		if (strcmp(*argv++, "--response") == 0)
			return true;
	return false;
}

int
main(int argc, char **argv)
{
	struct send_options o = {
		.rank = EVENT_RANK_DEFAULT, .connect_ms = 50, .ack_ms = 2000
	};
	bool done, reads;
	int nargs, rc;

	reads = wants_response(argv);
	if (options_parse(&send_program, &o, argc, argv, &nargs, &done) != 0)
		rc = EXIT_USAGE;
	else if (done)
		return output_finish(NAME) == 0 ? EXIT_OK : EXIT_SYSTEM;
	else
		rc = run(&o, argv + 1, nargs);
	if (reads || o.response)
		drain_stdin();
	return rc;
}

/*
 * A whole session taken out of every sum. What it has only the daemon knows, so
 * this is asked of it and not spooled.
 */
#include <inttypes.h>

#include "clients/common/text_lang.h"
#include "clients/send/send.h"

#define MSGID 1
#define DEADLINE_MS 10000

/* Running totals are named by their time. */
bool
is_void_session(const struct event *ev)
{
	return ev->is_void && !(ev->running && ev->ts_ms != 0) &&
	       ev->text[EV_MESSAGE].len == 0 && ev->text[EV_CALL].len == 0 &&
	       ev->text[EV_REQUEST].len == 0;
}

/* Everything else an option can say is of one call. */
static const char *
what_is_wrong(const struct send_options *o, const struct event *ev)
{
	int i;

	if (o->text[EV_SESSION] == NULL || o->text[EV_SESSION][0] == '\0')
		return _("--void takes out a whole session, so --session has "
			 "to name it, or --message or --call one call");
	if (o->dry_run)
		return _("--dry-run does not know what a session has");
	for (i = 0; i < EV_TEXTS; i++)
		if (i != EV_SESSION && i != EV_MACHINE && ev->text[i].len > 0)
			break;
	if (i < EV_TEXTS || !has_no_figures(ev, EV_COUNTS) || ev->ts_ms != 0)
		return _("--void of a whole session takes no option of one "
			 "call but --machine");
	return NULL;
}

static void
pack_void(struct packer *k, const struct event *ev)
{
	struct text machine = ev->text[EV_MACHINE];

	packer_clear(k);
	pack_request(k, MSGID, "void");
	pack_map(k, 1u + (machine.len > 0));
	pack_str(k, "session");
	pack_text(k, ev->text[EV_SESSION]);
	if (machine.len == 0)
		return;
	pack_str(k, "machine");
	pack_text(k, machine);
}

static enum client_result
call(struct sender *s, uint64_t *voided)
{
	int64_t deadline_ms = client_now_ms() + DEADLINE_MS;
	struct client *c = &s->client;
	enum client_result r;
	struct config cf;
	struct value v;

	if (client_config(&s->places, &cf, c->why, sizeof(c->why)) != 0)
		return CLIENT_ESYSTEM;
	r = launch_connect(c, &s->places, &cf, deadline_ms);
	if (r == CLIENT_OK)
		r = client_send(c, &s->request, deadline_ms);
	if (r == CLIENT_OK)
		r = client_wait(c, MSGID, deadline_ms);
	if (r != CLIENT_OK)
		return r;
	if (unpack_member(c->reply.result, "voided", &v) &&
	    v.type == VALUE_U64) {
		*voided = v.u64;
		return CLIENT_OK;
	}
	snprintf(
	    c->why, sizeof(c->why), _("collectord's answer makes no sense"));
	return CLIENT_EPEER;
}

int
send_void(struct sender *s, const struct event *ev)
{
	const char *wrong = what_is_wrong(s->o, ev);
	enum client_result r;
	uint64_t voided;

	s->is_void_session = true;
	if (wrong != NULL) {
		complain(NAME, "%s", wrong);
		return EXIT_USAGE;
	}
	pack_void(&s->request, ev);
	r = call(s, &voided);
	if (r != CLIENT_OK) {
		complain(NAME, "%s", s->client.why);
		return client_exit_code(r);
	}
	if (s->o->json)
		printf(
		    "{\"schema_version\":1,\"voided\":%" PRIu64 "}\n", voided);
	else if (!s->o->quiet)
		printf(
		    P_("%" PRIu64 " call counts nothing any more\n",
			"%" PRIu64 " calls count nothing any more\n", voided),
		    voided);
	return EXIT_OK;
}

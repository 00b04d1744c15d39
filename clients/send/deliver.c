#include "clients/send/send.h"

#include <stdlib.h>
#include <string.h>

#include "clients/common/spool.h"

/* After a failure further batches go to the spool for so long, untried. */
#define RETRY_PAUSE_MS 1000

static void
on_reject(void *arg, uint32_t index, const struct error *e)
{
	struct sender *s = arg;

	tell_reject(s, index < s->batch->n ? s->batch->numbers[index] : 0, e);
}

static enum client_result
exchange_once(struct sender *s)
{
	struct client *c = &s->client;
	enum client_result r = CLIENT_OK;
	struct put_counts n = { 0 };
	int64_t deadline_ms;

	if (c->fd < 0)
		r = client_connect(c, s->places.socket,
		    client_now_ms() + (int64_t)s->o->connect_ms);
	deadline_ms = client_now_ms() + (int64_t)s->o->ack_ms;
	if (r == CLIENT_OK)
		r = client_send(c, &s->request, deadline_ms);
	if (r == CLIENT_OK)
		r = client_wait(c, s->msgid, deadline_ms);
	if (r != CLIENT_OK)
		return r;
	if (unpack_put_result(c->reply.result, &n, on_reject, s) != 0) {
		snprintf(c->why, sizeof(c->why),
		    _("collectord's answer makes no sense"));
		return CLIENT_EPEER;
	}
	s->sum.stored += n.stored;
	s->sum.merged += n.merged;
	s->sum.unchanged += n.unchanged;
	return CLIENT_OK;
}

static enum client_result
exchange(struct sender *s)
{
	bool is_old = s->client.fd >= 0;
	enum client_result r;

	if (client_now_ms() < s->retry_at_ms)
		return CLIENT_EABSENT;
	r = exchange_once(s);
	/* It may have closed a silent connection, or be a new one by now. */
	if (r == CLIENT_EABSENT && is_old) {
		client_close(&s->client);
		r = exchange_once(s);
	}
	return r;
}

/* Refused for what it is, rather than for when it came. */
static bool
is_final(enum client_result r, const struct client *c)
{
	if (r != CLIENT_EREFUSED)
		return false;
	switch (c->reply.error.code) {
	case ERR_STORE_FULL:
	case ERR_STORE:
	case ERR_BUSY:
	case ERR_STOPPING:
		return false;
	default:
		return true;
	}
}

static void
start_missing_daemon(struct sender *s)
{
	const char *off = getenv("TT_AUTOSTART");
	struct config cf;
	char why[256];

	if (s->launch_tried || (off != NULL && strcmp(off, "0") == 0))
		return;
	s->launch_tried = true;
	if (client_config(&s->places, &cf, why, sizeof(why)) != 0) {
		complain(NAME, "%s", why);
		return;
	}
	if (launch_is_allowed(&cf) &&
	    launch_daemon(&s->places, 0, why, sizeof(why)) != CLIENT_OK &&
	    may_chat(s))
		complain(NAME, "%s", why);
}

static int
spool_batch(struct sender *s, const struct batch *b)
{
	char why[256];

	if (spool_write(s->places.spool, client_wall_ms(), s->request.p,
		s->request.len, why, sizeof(why)) != 0) {
		complain(NAME, _("lost: %s, and the spool failed: %s"),
		    s->client.why, why);
		return EXIT_SYSTEM;
	}
	if (s->spooled == 0 && may_chat(s))
		complain(NAME, _("%s; what it misses waits in %s"),
		    s->client.why, s->places.spool);
	s->spooled += b->n;
	return EXIT_OK;
}

int
deliver(struct sender *s, const struct batch *b)
{
	enum client_result r;
	int rc;

	s->batch = b;
	packer_clear(&s->request);
	pack_put(&s->request, ++s->msgid, b->events, b->n, NULL, 0);
	if (s->request.failed) {
		complain(NAME, _("no memory for the request"));
		return EXIT_SYSTEM;
	}
	r = exchange(s);
	if (r == CLIENT_OK)
		return EXIT_OK;
	if (is_final(r, &s->client) || s->o->no_spool) {
		complain(NAME, "%s", s->client.why);
		return is_final(r, &s->client) ? EXIT_REFUSED
					       : EXIT_UNREACHABLE;
	}
	client_close(&s->client);
	s->retry_at_ms = client_now_ms() + RETRY_PAUSE_MS;
	rc = spool_batch(s, b);
	if (r == CLIENT_EABSENT)
		start_missing_daemon(s);
	return rc;
}

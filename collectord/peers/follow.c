#include "collectord/peers/follow.h"

#include <stdlib.h>

#include "collectord/log.h"
#include "collectord/peers/dispatch.h"
#include "collectord/peers/method.h"
#include "collectord/peers/reply.h"
#include "collectord/peers/server.h"

struct follower {
	struct conn *conn;
	struct follower *prev, *next; /* of the server's */
	const struct ledger_method *events;
	uint64_t after;  /* told of everything up to it */
	uint64_t looked; /* the newest revision when it was last read */
	bool has_more;   /* than the last page */
	struct method_call *page; /* being read */
};

static struct follower *
follower_new(struct conn *c)
{
	struct follower *f = calloc(1, sizeof(*f));
	struct server *s = c->server;

	if (f == NULL)
		return NULL;
	f->conn = c;
	f->next = s->followers;
	if (f->next != NULL)
		f->next->prev = f;
	s->followers = f;
	c->follower = f;
	return f;
}

void
follow_forget(struct conn *c)
{
	struct follower *f = c->follower;

	if (f == NULL)
		return;
	if (f->page != NULL)
		method_cancel(f->page);
	if (f->prev == NULL)
		c->server->followers = f->next;
	else
		f->prev->next = f->next;
	if (f->next != NULL)
		f->next->prev = f->prev;
	c->follower = NULL;
	free(f);
}

static int
read_after(const struct request *rq, uint64_t *after, struct error *err)
{
	struct value v;

	if (!unpack_member(rq->params, "after", &v) || v.type == VALUE_NIL)
		return 0;
	if (v.type != VALUE_U64)
		return error_set(
		    err, ERR_BAD_TYPE, "after", "after is not a revision");
	*after = v.u64;
	return 0;
}

int
follow_begin(struct conn *c, const struct request *rq, struct packer *k,
    struct error *err)
{
	const struct ledger_method *events = ledger_method_find(TEXT("events"));
	uint64_t now = ledger_revision(c->server->ledger), after = now;
	struct follower *f;

	if (events == NULL)
		return error_set(
		    err, ERR_UNKNOWN_METHOD, NULL, "the ledger has no events");
	if (read_after(rq, &after, err) != 0)
		return REPLY_ERROR;
	follow_forget(c);
	f = follower_new(c);
	if (f == NULL)
		return error_set(err, ERR_BUSY, NULL, "out of memory");
	f->events = events;
	f->after = f->looked = after;
	pack_map(k, 1);
	pack_str(k, "revision");
	pack_u64(k, now);
	return REPLY_NOW;
}

/* A follower that misses a page would never know: better it comes back. */
static void
fail(struct follower *f, const struct error *err)
{
	struct conn *c = f->conn;

	log_warn(
	    "follow", "op=read id=%u code=%s", c->id, error_name(err->code));
	dispatch_violation(c, err);
}

/* Where the next page begins. -1: that is no page of events. */
static int
turn_page(struct follower *f, const struct method_call *m, uint32_t *nevents)
{
	const uint8_t *p = (const uint8_t *)m->result.p;
	struct wire_cursor map = { p + m->head, p + m->result.len };
	struct value next, more, events;

	if (!unpack_member(map, "next", &next) || next.type != VALUE_U64 ||
	    !unpack_member(map, "more", &more) || more.type != VALUE_BOOL ||
	    !unpack_member(map, "events", &events) ||
	    events.type != VALUE_ARRAY)
		return -1;
	f->after = next.u64;
	f->has_more = more.b;
	*nevents = events.n;
	return 0;
}

static void
on_page(struct method_call *m)
{
	struct conn *c = m->conn;
	struct follower *f = c->follower;
	struct error err = m->call.error;
	uint32_t nevents;

	/* It may have been forgotten, or have begun anew. */
	if (f == NULL || f->page != m)
		return;
	f->page = NULL;
	if (m->rc == METHOD_AGAIN)
		return;
	if (m->rc == METHOD_FAILED) {
		fail(f, &err);
	} else if (m->result.failed || turn_page(f, m, &nevents) != 0) {
		error_set(&err, ERR_STORE, NULL, "a page cannot be sent");
		fail(f, &err);
	} else if (nevents > 0) {
		conn_send(c, m->result.p, m->result.len);
	}
}

static int
read_page(struct follower *f)
{
	struct packer params = { 0 };

	pack_map(&params, 2);
	pack_str(&params, "after");
	pack_u64(&params, f->after);
	pack_str(&params, "limit");
	pack_u64(&params, FOLLOW_PAGE_EVENTS);
	if (!params.failed)
		f->page = method_new(
		    f->conn, f->events, params.p, params.len, on_page);
	packer_free(&params);
	if (f->page == NULL)
		return -1;
	pack_notification(&f->page->result, "events");
	method_start(f->page);
	return 0;
}

void
follow_go(struct conn *c)
{
	struct follower *f = c->follower;
	uint64_t revision;

	if (f == NULL || f->page != NULL || c->is_closing || c->is_finishing ||
	    c->server->is_full || conn_unread(c) > FOLLOW_UNREAD_HOLD)
		return;
	revision = ledger_revision(c->server->ledger);
	if (!f->has_more && revision <= f->looked)
		return;
	if (read_page(f) == 0)
		f->looked = revision;
}

void
follow_round(struct server *s)
{
	for (struct follower *f = s->followers; f != NULL; f = f->next)
		follow_go(f->conn);
}

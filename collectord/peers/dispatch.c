#include "collectord/peers/dispatch.h"

#include <unistd.h>

#include "collectord/clock.h"
#include "collectord/peers/follow.h"
#include "collectord/peers/method.h"
#include "collectord/peers/provider.h"
#include "collectord/peers/services.h"
#include "collectord/peers/reply.h"
#include "collectord/peers/report.h"
#include "collectord/peers/server.h"

#define CLOCK_MAX_MS 253402300799999ll /* the end of 9999 */

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

struct method {
	const char *name;
	/*
	 * REPLY_NOW: packed its result value to k, which has the head of the
	 * reply. REPLY_ERROR: filled *err.
	 */
	int (*handle)(struct conn *c, const struct request *rq,
	    struct packer *k, struct error *err);
	unsigned cost; /* of the loop's turn, in events' worth of work */
};

static void
pack_member(struct packer *k, const char *key, uint64_t v)
{
	pack_str(k, key);
	pack_u64(k, v);
}

static void
pack_member_str(struct packer *k, const char *key, const char *s)
{
	pack_str(k, key);
	pack_str(k, s);
}

static void
pack_member_bool(struct packer *k, const char *key, bool v)
{
	pack_str(k, key);
	pack_bool(k, v);
}

static const struct limit {
	const char *name;
	uint32_t value;
} limits[] = {
	{ "request_bytes", LIMIT_REQUEST_BYTES },
	{ "depth", LIMIT_DEPTH },
	{ "put_events", LIMIT_PUT_EVENTS },
	{ "put_cursors", LIMIT_PUT_CURSORS },
	{ "report_edges", LIMIT_REPORT_EDGES },
	{ "page_rows", LIMIT_PAGE_ROWS },
};

static void
pack_features(struct packer *k, const struct server *s)
{
	const char *names[4];
	uint32_t n = 0;

	names[n++] = "cursors";
	names[n++] = "pages";
	if (clock_is_manual())
		names[n++] = "clock";
	if (s->is_autostarted)
		names[n++] = "drain";
	pack_str(k, "features");
	pack_array(k, n);
	for (uint32_t i = 0; i < n; i++)
		pack_str(k, names[i]);
}

static int
on_hello(struct conn *c, const struct request *rq, struct packer *k,
    struct error *err)
{
	const struct server *s = c->server;

	(void)rq;
	(void)err;
	pack_map(k, 9);
	pack_member_str(k, "name", "collectord");
	pack_member_str(k, "version", TT_VERSION);
	pack_member(k, "protocol", PROTOCOL_VERSION);
	pack_member(k, "schema", s->schema);
	pack_str(k, "machine");
	pack_text(k, ledger_machine(s->ledger));
	pack_member(k, "pid", (uint64_t)getpid());
	pack_member_bool(k, "autostarted", s->is_autostarted);
	pack_str(k, "limits");
	pack_map(k, LENGTH(limits));
	for (size_t i = 0; i < LENGTH(limits); i++)
		pack_member(k, limits[i].name, limits[i].value);
	pack_features(k, s);
	return REPLY_NOW;
}

static int
on_put(struct conn *c, const struct request *rq, struct packer *k,
    struct error *err)
{
	size_t len = (size_t)(rq->params.end - rq->params.p);
	struct put *put;

	(void)k;
	if (unpack_put(rq->params, clock_now_ms(), &put, err) != 0 ||
	    conn_submit(c, put, len, rq->msgid, rq->is_notification, err) != 0)
		return REPLY_ERROR;
	return REPLY_LATER;
}

void
dispatch_ack(struct conn *c, const struct batch_item *item)
{
	struct packer *k = &c->server->reply;
	struct error err;

	if (item->rc == 0) {
		packer_clear(k);
		pack_put_result(k, item->msgid, item->put);
		reply_end(c, item->msgid);
	} else {
		error_set(&err, (enum error_code)item->rc, NULL,
		    "the ledger could not take it; the log says why");
		reply_error(c, item->msgid, &err);
	}
}

void
dispatch_forget(struct conn *c)
{
	report_forget(c);
	method_forget(c);
	follow_forget(c);
}

static void
pack_store(
    struct packer *k, const struct server *s, const struct ledger_status *st)
{
	pack_str(k, "store");
	pack_map(k, 9);
	pack_member_str(k, "path", s->places.data);
	pack_member(k, "schema", st->schema);
	pack_member(k, "events", st->events);
	pack_member(k, "calls", st->calls);
	pack_member(k, "sessions", st->sessions);
	pack_member(k, "bytes", st->store_bytes);
	pack_member(k, "map_bytes", st->map_bytes);
	pack_str(k, "first_ts");
	pack_i64(k, st->first_ts_ms);
	pack_str(k, "last_ts");
	pack_i64(k, st->last_ts_ms);
}

static void
pack_daemon(struct packer *k, const struct server *s)
{
	pack_member_str(k, "version", TT_VERSION);
	pack_member(k, "pid", (uint64_t)getpid());
	pack_member(
	    k, "uptime_ms", (uint64_t)(clock_mono_ms() - s->started_ms));
	pack_str(k, "machine");
	pack_text(k, ledger_machine(s->ledger));
	pack_member(k, "connections", s->nconns);
	pack_member(k, "buffered_bytes", server_buffered(s));
	pack_member(k, "puts", s->batch.puts);
	pack_member(k, "commits", s->batch.commits);
	pack_member(k, "rejected", s->batch.rejected);
	pack_str(k, "spool");
	pack_map(k, 2);
	pack_member(k, "taken", s->spool.taken);
	pack_member(k, "bad", s->spool.bad);
	pack_member_str(k, "config", s->config_path);
	pack_member_str(k, "socket", s->places.socket);
	pack_member_bool(k, "autostarted", s->is_autostarted);
}

static int
on_status(struct conn *c, const struct request *rq, struct packer *k,
    struct error *err)
{
	const struct server *s = c->server;
	struct ledger_status st;
	int rc = ledger_status(s->ledger, &st);

	(void)rq;
	if (rc == 0) {
		pack_map(k, 15);
		pack_daemon(k, s);
		pack_store(k, s, &st);
		pack_str(k, "sources");
		rc = ledger_pack_sources(s->ledger, k);
	}
	if (rc != 0)
		return error_set(err, (enum error_code)rc, NULL,
		    "the store cannot be read; the log says why");
	return REPLY_NOW;
}

/* A text of the params; absent is {NULL, 0}. */
static int
take_text(const struct request *rq, const char *key, struct text *t,
    struct error *err)
{
	struct value v;

	*t = (struct text){ NULL, 0 };
	if (!unpack_member(rq->params, key, &v) || v.type == VALUE_NIL)
		return 0;
	if (v.type != VALUE_TEXT)
		return error_set(
		    err, ERR_BAD_TYPE, key, "%s is not a text", key);
	*t = v.text;
	return 0;
}

static int
on_cursors(struct conn *c, const struct request *rq, struct packer *k,
    struct error *err)
{
	struct text prefix, after;
	int rc;

	if (take_text(rq, "prefix", &prefix, err) != 0 ||
	    take_text(rq, "after", &after, err) != 0)
		return REPLY_ERROR;
	rc = ledger_pack_cursors(c->server->ledger, prefix, after, k);
	if (rc != 0)
		return error_set(err, (enum error_code)rc, NULL,
		    "the store cannot be read; the log says why");
	return REPLY_NOW;
}

static int
on_clock(struct conn *c, const struct request *rq, struct packer *k,
    struct error *err)
{
	struct value v;

	if (!clock_is_manual())
		return error_set(err, ERR_DENIED, NULL,
		    "the daemon was not started with TT_NOW");
	if (!unpack_member(rq->params, "now", &v))
		return error_set(err, ERR_MISSING, "now", "now is missing");
	if (v.type != VALUE_U64)
		return error_set(err, ERR_BAD_TYPE, "now", "now is no time");
	if (v.u64 > CLOCK_MAX_MS)
		return error_set(err, ERR_OUT_OF_RANGE, "now",
		    "now is beyond the year 9999");
	clock_set_ms((int64_t)v.u64);
	timers_clock_set(&c->server->timers);
	/* Calls of others that ended then were answered where k is. */
	k = reply_begin(c, rq->msgid);
	pack_map(k, 1);
	pack_member(k, "now", v.u64);
	return REPLY_NOW;
}

static int
on_drain(struct conn *c, const struct request *rq, struct packer *k,
    struct error *err)
{
	(void)rq;
	if (!c->server->is_autostarted)
		return error_set(err, ERR_DENIED, NULL,
		    "the daemon was not started by a client");
	server_stop_soon(c->server, "drain");
	pack_map(k, 0);
	return REPLY_NOW;
}

static const struct method methods[] = {
	{ "put", on_put, 1 }, /* and its events, once they are counted */
	{ "hello", on_hello, 4 },
	{ "report", report_begin, 500 },
	{ "next", report_next, 500 },
	{ "status", on_status, 300 },
	{ "cursors", on_cursors, 300 },
	{ "clock", on_clock, 1 },
	{ "drain", on_drain, 1 },
	{ "follow", follow_begin, 10 },
	{ "providers", provider_list, 300 },
	{ "provider_add", provider_add, 300 },
	{ "provider_set", provider_set, 300 },
	{ "provider_rm", provider_rm, 300 },
	{ "provider_sync", provider_sync, 300 },
	{ "services", services_list, 300 },
};

static const struct method *
find_method(struct text name)
{
	for (size_t i = 0; i < LENGTH(methods); i++)
		if (text_is(name, methods[i].name))
			return &methods[i];
	return NULL;
}

void
dispatch_violation(struct conn *c, const struct error *e)
{
	reply_error(c, 0, e);
	conn_finish(c);
}

static int
call_ledger(struct conn *c, const struct request *rq, struct packer *k,
    struct error *err)
{
	const struct ledger_method *m = ledger_method_find(rq->method);

	if (m == NULL)
		return error_set(
		    err, ERR_UNKNOWN_METHOD, NULL, "no such method");
	return method_begin(c, m, rq, k, err);
}

void
dispatch_message(struct conn *c, const void *msg, size_t len)
{
	const struct method *m;
	struct request rq;
	struct error err;
	struct packer *k;
	int rc;

	if (unpack_request(msg, len, &rq, &err) != 0) {
		dispatch_violation(c, &err);
		return;
	}
	k = reply_begin(c, rq.msgid);
	m = find_method(rq.method);
	/* Nothing but a put makes sense to who does not wait for a reply. */
	if (rq.is_notification && (m == NULL || m->handle != on_put))
		return;
	if (m != NULL) {
		c->server->turn_spent += m->cost;
		rc = m->handle(c, &rq, k, &err);
	} else {
		rc = call_ledger(c, &rq, k, &err);
	}
	if (rc == REPLY_LATER || rq.is_notification)
		return;
	if (rc == REPLY_NOW)
		reply_end(c, rq.msgid);
	else
		reply_error(c, rq.msgid, &err);
}

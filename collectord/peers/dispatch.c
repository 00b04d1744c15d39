#include "collectord/peers/dispatch.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "collectord/clock.h"
#include "collectord/log.h"
#include "collectord/peers/server.h"
#include "collectord/sys.h"

/* Records of a report looked at on the loop, and on the pool at a time. */
#define LOOP_BUDGET 2000
#define POOL_BUDGET 20000
#define REPLY_KEEP (64u << 10)
#define CLOCK_MAX_MS 253402300799999ll /* the end of 9999 */

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

/* A report that did not end at once, or has pages left. */
struct report_job {
	uv_work_t work;
	struct conn *conn;
	struct ledger_query *query;
	atomic_bool is_cancelled; /* the loop sets it, the pool looks */
	bool has_slot;
	uint32_t msgid;
	uint64_t token;
	size_t from; /* the next page's first row */
	int rc;      /* of the last step */
};

/* What a handler says. */
enum { REPLY_LATER = 1, REPLY_NOW = 0, REPLY_ERROR = -1 };

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

static struct packer *
reply_begin(struct conn *c, uint32_t msgid)
{
	struct packer *k = &c->server->reply;

	packer_clear(k);
	pack_result(k, msgid);
	return k;
}

static void
reply_fail(struct conn *c, uint32_t msgid, const struct error *err)
{
	struct packer *k = &c->server->reply;

	packer_clear(k);
	pack_error(k, msgid, err);
	log_debug("dispatch", "op=refuse id=%u code=%s", c->id,
	    error_name(err->code));
}

static void
reply_end(struct conn *c, uint32_t msgid)
{
	struct packer *k = &c->server->reply;
	struct error err;

	if (k->failed) {
		error_set(&err, ERR_TOO_LARGE, NULL, "the reply has no room");
		reply_fail(c, msgid, &err);
	}
	if (k->failed)
		conn_close(c, "out of memory");
	else
		conn_send(c, k->p, k->len);
	if (k->cap > REPLY_KEEP)
		packer_free(k);
}

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
	} else {
		error_set(&err, (enum error_code)item->rc, NULL,
		    "the ledger could not take it; the log says why");
		reply_fail(c, item->msgid, &err);
	}
	reply_end(c, item->msgid);
}

static void
job_free(struct report_job *job)
{
	if (job == NULL)
		return;
	if (job->has_slot)
		job->conn->server->nreports--;
	ledger_query_free(job->query);
	free(job);
}

void
dispatch_forget(struct conn *c)
{
	if (c->is_working)
		atomic_store(&c->report->is_cancelled, true);
	else
		job_free(c->report);
	c->report = NULL;
}

void
dispatch_stop(struct conn *c)
{
	if (c->is_working)
		atomic_store(&c->report->is_cancelled, true);
}

static bool
take_slot(struct report_job *job)
{
	struct server *s = job->conn->server;

	if (!job->has_slot && s->nreports < DISPATCH_REPORTS_MAX) {
		job->has_slot = true;
		s->nreports++;
	}
	return job->has_slot;
}

/* Packs the next page. The job is kept where another follows, else freed. */
static int
pack_page(struct report_job *job, struct packer *k, struct error *err)
{
	struct conn *c = job->conn;
	size_t rows = ledger_query_rows(job->query);
	size_t next = ledger_query_pack(job->query, job->from, job->token, k);
	bool has_more = !k->failed && next < rows;

	c->report = NULL;
	if (!has_more || !take_slot(job)) {
		job_free(job);
		return has_more ? error_set(err, ERR_BUSY, NULL,
				      "too many reports are under way")
				: REPLY_NOW;
	}
	BUG_ON(next <= job->from);
	job->from = next;
	c->report = job;
	return REPLY_NOW;
}

static int
step_failed(struct report_job *job, struct error *err)
{
	int rc = job->rc;

	if (rc == 1)
		error_set(err, ERR_STOPPING, NULL, "the daemon stops");
	else
		error_set(err, (enum error_code) - rc, NULL,
		    "the report failed; the log says why");
	job->conn->report = NULL;
	job_free(job);
	return REPLY_ERROR;
}

static void
on_work(uv_work_t *work)
{
	struct report_job *job = work->data;

	while (job->rc == 1 && !atomic_load(&job->is_cancelled))
		job->rc = ledger_query_step(job->query, POOL_BUDGET);
}

static void
answer(struct report_job *job)
{
	struct conn *c = job->conn;
	uint32_t msgid = job->msgid;
	struct packer *k = reply_begin(c, msgid);
	struct error err;
	int rc;

	if (job->rc == 0)
		rc = pack_page(job, k, &err);
	else
		rc = step_failed(job, &err);
	if (rc != REPLY_NOW)
		reply_fail(c, msgid, &err);
	reply_end(c, msgid);
}

static void
on_work_done(uv_work_t *work, int status)
{
	struct report_job *job = work->data;
	struct conn *c = job->conn;

	/* Nothing cancels work that has not begun: it looks for itself. */
	BUG_ON(status != 0);
	c->server->nworking--;
	c->is_working = false;
	if (c->is_closing)
		job_free(job);
	else
		answer(job);
	conn_settle(c);
	conn_unref(c);
}

static int
go_on_pool(struct report_job *job, struct error *err)
{
	struct conn *c = job->conn;
	struct server *s = c->server;

	if (!take_slot(job)) {
		job_free(job);
		return error_set(
		    err, ERR_BUSY, NULL, "too many reports are under way");
	}
	job->work.data = job;
	if (uv_queue_work(&s->loop, &job->work, on_work, on_work_done) != 0) {
		job_free(job);
		return error_set(err, ERR_BUSY, NULL, "no thread for it");
	}
	s->nworking++;
	c->report = job;
	c->is_working = true;
	conn_ref(c);
	return REPLY_LATER;
}

/* Takes q's edges. */
static struct report_job *
job_new(struct conn *c, const struct request *rq, struct report_query *q)
{
	struct report_job *job = calloc(1, sizeof(*job));

	if (job == NULL)
		return NULL;
	job->conn = c;
	job->msgid = rq->msgid;
	job->token = ++c->server->last_token;
	job->query = ledger_query_new(c->server->ledger, q);
	if (job->query == NULL) {
		free(job);
		return NULL;
	}
	return job;
}

static int
on_report(struct conn *c, const struct request *rq, struct packer *k,
    struct error *err)
{
	struct report_query q;
	struct report_job *job;

	if (unpack_report(rq->params, &q, err) != 0)
		return REPLY_ERROR;
	/* The new report ends the pages of the one before. */
	dispatch_forget(c);
	job = job_new(c, rq, &q);
	free(q.edges); /* NULL where they were taken */
	if (job == NULL)
		return error_set(err, ERR_BUSY, NULL, "out of memory");
	job->rc = ledger_query_step(job->query, LOOP_BUDGET);
	if (job->rc < 0)
		return step_failed(job, err);
	return job->rc == 0 ? pack_page(job, k, err) : go_on_pool(job, err);
}

static int
on_next(struct conn *c, const struct request *rq, struct packer *k,
    struct error *err)
{
	struct value v;

	if (!unpack_member(rq->params, "token", &v))
		return error_set(err, ERR_MISSING, "token", "token is missing");
	if (v.type != VALUE_U64)
		return error_set(
		    err, ERR_BAD_TYPE, "token", "token is not a number");
	if (c->report == NULL || c->report->token != v.u64)
		return error_set(
		    err, ERR_NOT_FOUND, NULL, "that report has no pages left");
	return pack_page(c->report, k, err);
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
read_text(const struct request *rq, const char *key, struct text *t,
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

	if (read_text(rq, "prefix", &prefix, err) != 0 ||
	    read_text(rq, "after", &after, err) != 0)
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

	(void)c;
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
	{ "report", on_report, 500 },
	{ "next", on_next, 500 },
	{ "status", on_status, 300 },
	{ "cursors", on_cursors, 300 },
	{ "clock", on_clock, 1 },
	{ "drain", on_drain, 1 },
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
	reply_fail(c, 0, e);
	reply_end(c, 0);
	conn_finish(c);
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
		rc =
		    error_set(&err, ERR_UNKNOWN_METHOD, NULL, "no such method");
	}
	if (rc == REPLY_LATER || rq.is_notification)
		return;
	if (rc == REPLY_ERROR)
		reply_fail(c, rq.msgid, &err);
	reply_end(c, rq.msgid);
}

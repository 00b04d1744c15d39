#include "collectord/peers/method.h"

#include <stdlib.h>
#include <string.h>

#include "collectord/log.h"
#include "collectord/peers/reply.h"
#include "collectord/peers/server.h"
#include "collectord/sys.h"

/* Of the loop's turn, in events' worth of work: a copy and a wake-up. */
#define CALL_COST 10
/* And of what is done on it, as a report's. */
#define SHORT_COST 500

static bool
is_stopping(const struct method_call *m)
{
	return atomic_load(&m->conn->server->methods_stop);
}

static void
give_up(struct method_call *m)
{
	if (m->call.state != NULL && m->method->cancel != NULL)
		m->method->cancel(&m->call);
}

static void
on_work(uv_work_t *work)
{
	struct method_call *m = work->data;

	while (m->rc == METHOD_AGAIN && !atomic_load(&m->is_cancelled) &&
	       !is_stopping(m))
		m->rc = m->method->step(&m->call);
	if (m->rc == METHOD_AGAIN)
		give_up(m);
}

/* A write that was accepted gets at least its first step. */
static bool
on_step(struct batch_task *task)
{
	struct method_call *m = task->data;

	m->rc = m->method->step(&m->call);
	if (m->rc != METHOD_AGAIN)
		return false;
	if (!is_stopping(m))
		return true;
	give_up(m);
	return false;
}

static void
list(struct method_call *m)
{
	struct conn *c = m->conn;

	m->prev = NULL;
	m->next = c->calls;
	if (c->calls != NULL)
		c->calls->prev = m;
	c->calls = m;
}

static void
unlist(struct method_call *m)
{
	if (m->prev == NULL)
		m->conn->calls = m->next;
	else
		m->prev->next = m->next;
	if (m->next != NULL)
		m->next->prev = m->prev;
}

static void
end(struct method_call *m)
{
	struct conn *c = m->conn;

	unlist(m);
	c->server->calling -= m->weight;
	m->on_end(m);
	packer_free(&m->result);
	free(m);
	conn_settle(c);
	conn_unref(c);
}

static void on_work_done(uv_work_t *work, int status);

/* Those in line get the places that are free. */
static void
run_line(struct server *s)
{
	struct method_call *m;

	while (s->line != NULL && s->nrunning < METHODS_RUNNING_MAX) {
		m = s->line;
		s->line = m->behind;
		if (s->line == NULL)
			s->line_last = NULL;
		s->nwaiting--;
		s->nrunning++;
		BUG_ON(uv_queue_work(
			   &s->loop, &m->work, on_work, on_work_done) != 0);
	}
}

static void
on_work_done(uv_work_t *work, int status)
{
	struct method_call *m = work->data;
	struct server *s = m->conn->server;

	/* Nothing cancels work that has not begun: it looks for itself. */
	BUG_ON(status != 0);
	s->nrunning--;
	run_line(s);
	end(m);
}

static void
on_stepped(struct batch_task *task)
{
	end(task->data);
}

struct method_call *
method_new(struct conn *c, const struct ledger_method *method,
    const void *params, size_t len, void (*on_end)(struct method_call *m))
{
	struct method_call *m = calloc(1, sizeof(*m) + len);

	if (m == NULL)
		return NULL;
	if (len > 0)
		memcpy(m->params, params, len);
	m->call.ledger = c->server->ledger;
	m->call.params = (struct wire_cursor){ m->params, m->params + len };
	m->call.result = &m->result;
	m->call.owner = c->id;
	m->method = method;
	m->conn = c;
	m->on_end = on_end;
	m->task = (struct batch_task){ .step = on_step, .done = on_stepped };
	m->work.data = m->task.data = m;
	m->weight = sizeof(*m) + len;
	m->rc = METHOD_AGAIN;
	c->server->calling += m->weight;
	conn_ref(c);
	list(m);
	return m;
}

void
method_start(struct method_call *m)
{
	struct server *s = m->conn->server;

	m->head = m->result.len;
	if (m->method->writes) {
		batch_run(&s->batch, &m->task);
		return;
	}
	if (s->line == NULL)
		s->line = m;
	else
		s->line_last->behind = m;
	s->line_last = m;
	s->nwaiting++;
	run_line(s);
}

static void
answer(struct method_call *m)
{
	struct conn *c = m->conn;
	struct error err = m->call.error;

	if (m->rc == METHOD_AGAIN)
		error_set(&err, ERR_STOPPING, NULL, "the daemon stops");
	else if (m->rc == METHOD_DONE && m->result.failed)
		error_set(&err, ERR_TOO_LARGE, NULL, "the reply has no room");
	if (m->rc == METHOD_DONE && !m->result.failed)
		conn_send(c, m->result.p, m->result.len);
	else
		reply_error(c, m->msgid, &err);
}

/* What changes reports leaves a line; a trial run does not. */
static void
log_change(const struct method_call *m)
{
	struct value v;

	if (m->rc != METHOD_DONE || !m->method->is_logged)
		return;
	if (unpack_member(m->call.params, "dry_run", &v) &&
	    v.type == VALUE_BOOL && v.b)
		return;
	log_info("ledger", "op=%s", m->method->name);
}

static void
on_answered(struct method_call *m)
{
	log_change(m);
	conn_waited(m->conn, m->weight);
	if (!m->conn->is_closing)
		answer(m);
}

/* Waking a thread of the pool costs more than what is short. */
static int
try_at_once(struct conn *c, const struct ledger_method *method,
    const struct request *rq, struct packer *k, struct error *err)
{
	struct ledger_call call = { .ledger = c->server->ledger,
		.params = rq->params,
		.result = k,
		.owner = c->id,
		.is_brief = true };
	int rc = method->step(&call);

	c->server->turn_spent += SHORT_COST;
	if (rc == METHOD_AGAIN)
		return REPLY_LATER;
	*err = call.error;
	return rc == METHOD_DONE ? REPLY_NOW : REPLY_ERROR;
}

int
method_begin(struct conn *c, const struct ledger_method *method,
    const struct request *rq, struct packer *k, struct error *err)
{
	size_t len = (size_t)(rq->params.end - rq->params.p);
	struct server *s = c->server;
	struct method_call *m;
	int rc;

	if (s->stop_why != NULL)
		return error_set(err, ERR_STOPPING, NULL, "the daemon stops");
	if (method->is_short) {
		rc = try_at_once(c, method, rq, k, err);
		if (rc != REPLY_LATER)
			return rc;
	}
	if (s->calling + sizeof(*m) + len > METHODS_BYTES_MAX ||
	    (!method->writes && s->nwaiting >= METHODS_WAITING_MAX))
		return error_set(
		    err, ERR_BUSY, NULL, "too many requests are waiting");
	m = method_new(c, method, rq->params.p, len, on_answered);
	if (m == NULL)
		return error_set(err, ERR_BUSY, NULL, "out of memory");
	s->turn_spent += CALL_COST;
	m->msgid = rq->msgid;
	pack_result(&m->result, rq->msgid);
	conn_wait(c, m->weight);
	method_start(m);
	return REPLY_LATER;
}

void
method_cancel(struct method_call *m)
{
	atomic_store(&m->is_cancelled, true);
}

void
method_forget(struct conn *c)
{
	for (struct method_call *m = c->calls; m != NULL; m = m->next)
		method_cancel(m);
}

void
method_stop(struct server *s)
{
	atomic_store(&s->methods_stop, true);
}

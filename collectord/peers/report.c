#include "collectord/peers/report.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "collectord/peers/reply.h"
#include "collectord/peers/server.h"
#include "collectord/sys.h"

/* Records of a report looked at on the loop, and on the pool at a time. */
#define LOOP_BUDGET 6000
#define POOL_BUDGET 20000

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
report_forget(struct conn *c)
{
	if (c->is_working)
		atomic_store(&c->report->is_cancelled, true);
	else
		job_free(c->report);
	c->report = NULL;
}

void
report_stop(struct conn *c)
{
	if (c->is_working)
		atomic_store(&c->report->is_cancelled, true);
}

static bool
take_slot(struct report_job *job)
{
	struct server *s = job->conn->server;

	if (!job->has_slot && s->nreports < REPORTS_MAX) {
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
	if (rc == REPLY_NOW)
		reply_end(c, msgid);
	else
		reply_error(c, msgid, &err);
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

int
report_begin(struct conn *c, const struct request *rq, struct packer *k,
    struct error *err)
{
	struct report_query q;
	struct report_job *job;

	if (unpack_report(rq->params, &q, err) != 0)
		return REPLY_ERROR;
	/* The new report ends the pages of the one before. */
	report_forget(c);
	job = job_new(c, rq, &q);
	free(q.edges); /* NULL where they were taken */
	if (job == NULL)
		return error_set(err, ERR_BUSY, NULL, "out of memory");
	job->rc = ledger_query_step(job->query, LOOP_BUDGET);
	if (job->rc < 0)
		return step_failed(job, err);
	return job->rc == 0 ? pack_page(job, k, err) : go_on_pool(job, err);
}

int
report_next(struct conn *c, const struct request *rq, struct packer *k,
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

#include <stdlib.h>

#include "collectord/ledger/apply.h"
#include "collectord/ledger/audit.h"
#include "collectord/ledger/methods/methods_impl.h"
#include "collectord/ledger/methods/params.h"
#include "collectord/ledger/reader.h"

struct told {
	struct packer packed;
	uint32_t n;
};

static void
tell(void *arg, const char *what)
{
	struct told *t = arg;

	t->n++;
	pack_str(&t->packed, what);
}

static void
pack_pair(struct packer *k, const char *name, uint64_t v)
{
	pack_str(k, name);
	pack_u64(k, v);
}

/* Of one transaction, so that sums and calls are of one time. */
static int
check_budgets(struct ledger_call *c, struct told *told)
{
	struct writer r;
	int rc = reader_begin(&r, c->ledger);

	if (rc == 0)
		rc = watch_check(&r.watch, r.txn, tell, told);
	reader_end(&r);
	return rc;
}

int
method_doctor(struct ledger_call *c)
{
	struct told told = { 0 };
	struct audit a;
	uint32_t n;
	int rc;

	rc = audit_compare(
	    c->ledger->store, &c->ledger->writer.key, &a, tell, &told);
	n = told.n;
	if (rc == 0)
		rc = check_budgets(c, &told);
	a.differences += told.n - n;
	if (rc == 0) {
		pack_map(c->result, 5);
		pack_pair(c->result, "events", a.events);
		pack_pair(c->result, "calls", a.calls);
		pack_pair(c->result, "slots", a.slots);
		pack_pair(c->result, "different", a.differences);
		pack_str(c->result, "differences");
		pack_array(c->result, told.n);
		pack_packed(c->result, &told.packed);
	}
	packer_free(&told.packed);
	return rc == 0 ? METHOD_DONE : method_store_error(c, rc);
}

/* Calls voided in one transaction. */
#define STEP_CALLS 500

struct voiding {
	struct session_calls calls;
	size_t next;
	uint64_t voided;
};

static int
find_calls(struct ledger_call *c, struct voiding *v)
{
	struct text machine, session;
	struct writer r;
	int rc;

	if (!param_text(c, "session", &session) ||
	    !param_text(c, "machine", &machine))
		return -ERR_BAD_PARAMS;
	if (session.len == 0) {
		error_set(
		    &c->error, ERR_MISSING, "session", "which session's calls");
		return -ERR_BAD_PARAMS;
	}
	rc = reader_begin(&r, c->ledger);
	if (rc == 0)
		rc = reader_find_session(&r, SIZE_MAX, &machine, &session);
	if (rc == 0)
		rc = reader_session_calls(&r, machine, session, &v->calls);
	reader_end(&r);
	return rc;
}

/* A void sight of the call merges as any other, so it holds for ever. */
static int
void_call(struct ledger_call *c, struct voiding *v, uint64_t number,
    struct text message)
{
	struct writer *w = &c->ledger->writer;
	struct record rec;
	struct event ev;
	int rc = writer_load(w, &number, &rec);

	if (rc != 0 || rec.is_pruned || rec.session != v->calls.id ||
	    rec.m.is_void)
		return rc;
	if (message.len > 0 && !text_eq(message, rec.m.text[EV_MESSAGE]))
		return 0;
	event_init(&ev);
	ev.text[EV_MACHINE] = rec.m.text[EV_MACHINE];
	ev.text[EV_SESSION] = rec.m.text[EV_SESSION];
	ev.text[EV_MESSAGE] = rec.m.text[EV_MESSAGE];
	ev.text[EV_SOURCE] = TEXT("manual");
	ev.ts_ms = rec.m.ts_ms;
	ev.rank = rec.m.rank;
	ev.is_void = true;
	rc = apply_sight(w, &ev);
	v->voided += rc >= 0;
	return rc < 0 ? rc : 0;
}

static int
step(struct ledger_call *c, struct voiding *v)
{
	struct writer *w = &c->ledger->writer;
	size_t stop = v->next + STEP_CALLS;
	struct text message;
	int rc;

	if (!param_text(c, "message", &message))
		return -ERR_BAD_PARAMS;
	rc = writer_begin(w, c->ledger->now_us());
	if (rc != 0)
		return rc;
	for (; rc == 0 && v->next < v->calls.n && v->next < stop; v->next++)
		rc = void_call(c, v, v->calls.numbers[v->next], message);
	if (rc == 0)
		return ledger_commit(c->ledger);
	writer_abort(w);
	return rc;
}

void
method_void_cancel(struct ledger_call *c)
{
	struct voiding *v = c->state;

	if (v == NULL)
		return;
	free(v->calls.numbers);
	free(v);
	c->state = NULL;
}

int
method_void(struct ledger_call *c)
{
	struct voiding *v = c->state;
	int rc = 0;

	if (v == NULL) {
		v = c->state = calloc(1, sizeof(*v));
		rc = v == NULL ? -ERR_STORE : find_calls(c, v);
	}
	if (rc == 0)
		rc = step(c, v);
	if (rc == 0 && v->next < v->calls.n)
		return METHOD_AGAIN;
	if (rc == 0 && v->voided == 0)
		rc = STORE_NOTFOUND;
	if (rc == 0) {
		pack_map(c->result, 1);
		pack_pair(c->result, "voided", v->voided);
	}
	method_void_cancel(c);
	if (rc == -ERR_BAD_PARAMS)
		return METHOD_FAILED;
	return rc == 0 ? METHOD_DONE : method_store_error(c, rc);
}

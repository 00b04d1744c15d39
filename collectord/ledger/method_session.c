#include <stdlib.h>

#include "collectord/ledger/methods_impl.h"
#include "collectord/ledger/notes.h"
#include "collectord/ledger/params.h"
#include "collectord/ledger/reader.h"

/* What a session's calls say of it besides their sums. */
struct about {
	struct text machine, session, parent, agent, project;
	int64_t first_ms, last_ms;
	uint32_t id;
	uint64_t calls;
};

static void
look_at(struct about *a, const struct record *rec)
{
	const struct merged *m = &rec->m;

	if (a->calls == 0 || m->ts_ms < a->first_ms)
		a->first_ms = m->ts_ms;
	if (a->calls == 0 || m->ts_ms >= a->last_ms) {
		a->last_ms = m->ts_ms;
		if (m->text[EV_AGENT].len > 0)
			a->agent = m->text[EV_AGENT];
		if (m->text[EV_PROJECT].len > 0)
			a->project = m->text[EV_PROJECT];
	}
	if (m->text[EV_PARENT_SESSION].len > 0)
		a->parent = m->text[EV_PARENT_SESSION];
	a->calls++;
}

static int
find_about(struct writer *r, struct about *a)
{
	struct session_calls calls;
	struct record rec;
	size_t i;
	int rc;

	rc = reader_find_session(r, &a->machine, &a->session);
	if (rc != 0)
		return rc;
	rc = reader_session_calls(r, a->machine, a->session, &calls);
	for (i = 0; rc == 0 && i < calls.n; i++) {
		rc = writer_load(r, &calls.numbers[i], &rec);
		if (rc == 0 && rec.session == calls.id && !rec.is_pruned &&
		    !rec.m.is_void)
			look_at(a, &rec);
	}
	a->id = calls.id;
	free(calls.numbers);
	return rc;
}

/* "=name": the text itself. */
static struct text
exactly(struct writer *r, struct text t)
{
	char *p = arena_alloc(&r->arena, t.len + 1u);

	if (p == NULL)
		return (struct text){ 0 };
	p[0] = '=';
	if (t.len > 0)
		memcpy(p + 1, t.p, t.len);
	return (struct text){ p, t.len + 1 };
}

static int
pack_sums(
    struct ledger *l, struct writer *r, const struct about *a, struct packer *k)
{
	struct report_query q = { .nedges = 2,
		.by = { KEY_PROVIDER, KEY_MODEL, KEY_RULE },
		.nby = 3,
		.nfilter = 2 };
	struct ledger_query *lq;
	int rc;

	q.filter[0] =
	    (struct report_filter){ KEY_SESSION, exactly(r, a->session) };
	q.filter[1] =
	    (struct report_filter){ KEY_MACHINE, exactly(r, a->machine) };
	q.edges = malloc(2 * sizeof(*q.edges));
	if (q.edges == NULL)
		return -ERR_STORE;
	q.edges[0] = a->first_ms - a->first_ms % SLOT_MS;
	q.edges[1] = a->last_ms - a->last_ms % SLOT_MS + SLOT_MS;
	lq = ledger_query_new(l, &q);
	free(q.edges);
	if (lq == NULL)
		return -ERR_STORE;
	while ((rc = ledger_query_step(lq, 100000)) == 1)
		;
	if (rc == 0)
		ledger_query_pack(lq, 0, 0, k);
	ledger_query_free(lq);
	return rc;
}

static void
pack_pair(struct packer *k, const char *name, struct text t)
{
	pack_str(k, name);
	pack_text(k, t);
}

static int
pack_about(
    struct ledger *l, struct writer *r, const struct about *a, struct packer *k)
{
	struct context_note ctx;
	int rc = notes_context(r->txn, a->id, &ctx);

	if (rc < 0)
		return rc;
	pack_map(k, rc == 0 ? 10 : 9);
	pack_pair(k, "machine", a->machine);
	pack_pair(k, "session", a->session);
	pack_pair(k, "parent_session", a->parent);
	pack_pair(k, "agent", a->agent);
	pack_pair(k, "project", a->project);
	pack_str(k, "first");
	pack_i64(k, a->first_ms);
	pack_str(k, "last");
	pack_i64(k, a->last_ms);
	if (rc == 0) {
		pack_str(k, "context");
		pack_map(k, 3);
		pack_str(k, "used");
		pack_u64(k, ctx.used);
		pack_str(k, "size");
		pack_u64(k, ctx.size);
		pack_str(k, "at");
		pack_i64(k, ctx.at_ms);
	}
	pack_str(k, "windows");
	rc = notes_pack_windows(r->txn, k);
	pack_str(k, "report");
	return rc == 0 ? pack_sums(l, r, a, k) : rc;
}

int
method_session(struct ledger_call *c)
{
	struct about a = { 0 };
	struct writer r;
	int rc;

	if (!param_text(c, "session", &a.session) ||
	    !param_text(c, "machine", &a.machine))
		return METHOD_FAILED;
	if (a.session.len == 0)
		return method_fail(
		    c, ERR_MISSING, "session", "a session or last");
	rc = reader_begin(&r, c->ledger);
	if (rc == 0)
		rc = find_about(&r, &a);
	if (rc == 0)
		rc = pack_about(c->ledger, &r, &a, c->result);
	reader_end(&r);
	return rc == 0 ? METHOD_DONE : method_store_error(c, rc);
}

static bool
read_window(struct value item, struct window_note *n)
{
	struct value v;

	if (item.type != VALUE_MAP || !unpack_member(item.at, "name", &v) ||
	    v.type != VALUE_TEXT || v.text.len == 0 ||
	    v.text.len > LIMIT_TEXT || !text_is_clean(v.text))
		return false;
	n->name = v.text;
	if (!unpack_member(item.at, "used_percent", &v) ||
	    v.type != VALUE_TEXT || v.text.len > 32 || !text_is_clean(v.text))
		return false;
	n->used_percent = v.text;
	if (unpack_member(item.at, "resets", &v) && v.type == VALUE_U64 &&
	    v.u64 <= INT64_MAX)
		n->resets_ms = (int64_t)v.u64;
	return true;
}

static int
put_windows(struct ledger_call *c, struct store_txn *txn, int64_t now_ms)
{
	struct value list, item;
	uint32_t i;
	int rc = 0;

	if (!unpack_member(c->params, "windows", &list) ||
	    list.type != VALUE_ARRAY)
		return 0;
	for (i = 0; rc == 0 && i < list.n; i++) {
		struct window_note n = { .at_ms = now_ms };

		if (unpack_value(&list.rest, &item) != 0 ||
		    !read_window(item, &n))
			return -ERR_BAD_PARAMS;
		rc = notes_put_window(txn, &n);
	}
	return rc;
}

static int
put_context(struct ledger_call *c, struct writer *w, struct text machine,
    struct text session)
{
	struct context_note n = { .at_ms = w->now_us / 1000 };
	struct value ctx, v;
	uint32_t id;
	int rc;

	if (!unpack_member(c->params, "context", &ctx) || ctx.type != VALUE_MAP)
		return 0;
	if (unpack_member(ctx.at, "used", &v) && v.type == VALUE_U64)
		n.used = v.u64;
	if (unpack_member(ctx.at, "size", &v) && v.type == VALUE_U64)
		n.size = v.u64;
	if (n.used > LIMIT_TOKENS || n.size > LIMIT_TOKENS)
		return -ERR_OUT_OF_RANGE;
	rc = intern_session(&w->interner, w->txn, machine, session, &id);
	return rc == 0 ? notes_put_context(w->txn, id, &n) : rc;
}

int
method_note(struct ledger_call *c)
{
	struct writer *w = &c->ledger->writer;
	struct text machine, session;
	int rc;

	if (!param_text(c, "session", &session) ||
	    !param_text(c, "machine", &machine))
		return METHOD_FAILED;
	if (session.len == 0 || !text_is_clean(session) ||
	    !text_is_clean(machine))
		return method_fail(
		    c, ERR_MISSING, "session", "whose context it is");
	if (machine.len == 0)
		machine = w->machine;
	rc = writer_begin(w, c->ledger->now_us());
	if (rc != 0)
		return method_store_error(c, rc);
	rc = put_context(c, w, machine, session);
	if (rc == 0)
		rc = put_windows(c, w->txn, w->now_us / 1000);
	if (rc == 0)
		rc = writer_commit(w);
	else
		writer_abort(w);
	if (rc == -ERR_BAD_PARAMS || rc == -ERR_OUT_OF_RANGE)
		return method_fail(c, (enum error_code) - rc, NULL,
		    "context is {used, size}, a window {name, used_percent, "
		    "resets}");
	if (rc != 0)
		return method_store_error(c, rc);
	pack_map(c->result, 0);
	return METHOD_DONE;
}

#include <stdio.h>
#include <stdlib.h>

#include "collectord/ledger/methods/methods_impl.h"
#include "collectord/ledger/notes.h"
#include "collectord/ledger/methods/params.h"
#include "collectord/ledger/reader.h"

/* What a session's calls say of it besides their sums. */
struct about {
	struct text machine, session, parent, agent, project;
	int64_t first_ms, last_ms;
	uint32_t id;
	uint64_t calls;
};

/* The texts of the dims seen last: a session has few, mostly one. */
struct dims_seen {
	uint32_t dims;
	bool is_known;
	struct text texts[EV_TEXTS];
};

/* Calls and records that a brief look may take. */
#define BRIEF_CALLS 2000

static void
look_at(struct about *a, const struct record *rec, const struct text texts[])
{
	const struct merged *m = &rec->m;

	if (a->calls == 0 || m->ts_ms < a->first_ms)
		a->first_ms = m->ts_ms;
	if (a->calls == 0 || m->ts_ms >= a->last_ms) {
		a->last_ms = m->ts_ms;
		if (texts[EV_AGENT].len > 0)
			a->agent = texts[EV_AGENT];
		if (texts[EV_PROJECT].len > 0)
			a->project = texts[EV_PROJECT];
	}
	if (m->text[EV_PARENT_SESSION].len > 0)
		a->parent = m->text[EV_PARENT_SESSION];
	a->calls++;
}

static int
see_dims(struct writer *r, uint32_t dims, struct dims_seen *seen)
{
	if (seen->is_known && seen->dims == dims)
		return 0;
	seen->is_known = true;
	seen->dims = dims;
	return dims_texts(r->txn, dims, seen->texts, NULL);
}

/*
 * A call that several numbers lead to is looked at more than once, which does
 * no harm. Texts stay where the map has them: this transaction only reads.
 */
static int
look_at_calls(struct writer *r, struct session_calls *calls, struct about *a)
{
	struct dims_seen seen = { .is_known = false };
	struct store_cursor *c;
	struct record rec;
	struct span val;
	size_t i;
	int rc = store_cursor_open(r->txn, TABLE_EVENTS, &c);

	for (i = 0; rc == 0 && i < calls->n; i++) {
		rc = reader_seek(c, &calls->numbers[i], &val);
		if (rc == 0 && !record_read(val, &rec))
			rc = -ERR_STORE;
		if (rc != 0 || rec.session != calls->id || rec.is_pruned ||
		    rec.m.is_void)
			continue;
		rc = see_dims(r, rec.dims, &seen);
		if (rc == 0)
			look_at(a, &rec, seen.texts);
	}
	store_cursor_close(c);
	return rc;
}

static int
find_about(struct writer *r, size_t most, struct about *a)
{
	struct session_calls calls;
	int rc;

	rc = reader_find_session(r, most, &a->machine, &a->session);
	if (rc != 0)
		return rc;
	rc = reader_session_numbers(r, a->machine, a->session, most, &calls);
	if (rc == 0)
		rc = look_at_calls(r, &calls, a);
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

/* The report of the session's sums, read to its end. */
static int
read_sums(struct ledger *l, struct writer *r, size_t most,
    const struct about *a, struct ledger_query **out)
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
	rc = ledger_query_step(lq, most);
	if (rc == 0)
		*out = lq;
	else
		ledger_query_free(lq);
	return rc > 0 ? READER_TOO_LONG : rc;
}

static void
pack_pair(struct packer *k, const char *name, struct text t)
{
	pack_str(k, name);
	pack_text(k, t);
}

static int
pack_about(struct writer *r, const struct about *a,
    const struct ledger_query *sums, struct packer *k)
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
	ledger_query_pack(sums, 0, 0, k);
	return rc;
}

int
method_session(struct ledger_call *c)
{
	size_t most = c->is_brief ? BRIEF_CALLS : SIZE_MAX;
	struct ledger_query *sums = NULL;
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
		rc = find_about(&r, most, &a);
	if (rc == 0)
		rc = read_sums(c->ledger, &r, most, &a, &sums);
	if (rc == 0)
		rc = pack_about(&r, &a, sums, c->result);
	ledger_query_free(sums);
	reader_end(&r);
	if (rc == READER_TOO_LONG)
		return METHOD_AGAIN;
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
		if (rc == 0)
			rc = notes_tell_window(txn, now_ms, &n);
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
		rc = ledger_commit(c->ledger);
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

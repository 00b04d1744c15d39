#include "collectord/ledger/methods/methods_impl.h"
#include "collectord/ledger/methods/params.h"
#include "collectord/ledger/reader.h"
#include "proto/codec_budget.h"

#define BRIEF_MOST 2000 /* entries looked at for a session, on the loop */

static const struct stored_budget *
find(const struct budgets *list, struct text name)
{
	for (uint32_t i = 0; i < list->n; i++)
		if (text_eq(list->item[i].b.name, name))
			return &list->item[i];
	return NULL;
}

/*
 * What a budget of that name becomes: the old one's identity stays, and a limit
 * that is raised may be reached, and told, again.
 */
static int
place_in_list(struct writer *w, const struct budgets *list,
    const struct budget *b, struct stored_budget *s)
{
	const struct stored_budget *old = find(list, b->name);

	*s = (struct stored_budget){ .b = *b, .made_ms = w->now_us / 1000 };
	if (old == NULL)
		return budgets_new_id(w->txn, &s->id);
	s->id = old->id;
	s->made_ms = old->made_ms;
	s->armed = old->armed;
	s->armed_ms = old->armed_ms;
	if (b->limit > old->b.limit || b->is_tokens != old->b.is_tokens ||
	    b->period != old->b.period) {
		s->armed++;
		s->armed_ms = w->now_us / 1000;
	}
	return 0;
}

static int
set_budget(struct ledger *l, const struct budget *b)
{
	struct writer *w = &l->writer;
	struct budgets list = { .n = 0 };
	struct stored_budget s;
	int rc = budgets_load(w->txn, &list);

	if (rc == 0 && list.n == BUDGETS_MAX && find(&list, b->name) == NULL)
		rc = -ERR_TOO_LARGE;
	if (rc == 0)
		rc = place_in_list(w, &list, b, &s);
	if (rc == 0)
		rc = budgets_put(w->txn, &s);
	if (rc == 0)
		rc = watch_rebuild(&w->watch, w->txn, &s, w->now_us / 1000);
	budgets_release(&list);
	return rc;
}

static int
finish(struct ledger_call *c, int rc)
{
	struct writer *w = &c->ledger->writer;

	watch_forget(&w->watch);
	if (rc == 0)
		rc = ledger_commit(c->ledger);
	else
		writer_abort(w);
	if (rc == -ERR_TOO_LARGE)
		return method_fail(
		    c, ERR_TOO_LARGE, "name", "there are 64 budgets already");
	if (rc == STORE_NOTFOUND)
		return method_fail(
		    c, ERR_NOT_FOUND, "name", "no budget of that name");
	if (rc != 0)
		return method_store_error(c, rc);
	pack_map(c->result, 0);
	return METHOD_DONE;
}

int
method_budget_set(struct ledger_call *c)
{
	struct budget b;
	int rc;

	if (unpack_budget(c->params, &b, &c->error) != 0 ||
	    budget_validate(&b, &c->error) != 0)
		return METHOD_FAILED;
	rc = writer_begin(&c->ledger->writer, c->ledger->now_us());
	if (rc != 0)
		return method_store_error(c, rc);
	return finish(c, set_budget(c->ledger, &b));
}

int
method_budget_rm(struct ledger_call *c)
{
	struct writer *w = &c->ledger->writer;
	struct text name;
	int rc;

	if (!param_text(c, "name", &name))
		return METHOD_FAILED;
	if (name.len == 0)
		return method_fail(c, ERR_MISSING, "name", "whose?");
	rc = writer_begin(w, c->ledger->now_us());
	return rc != 0 ? method_store_error(c, rc)
		       : finish(c, budgets_delete(w->txn, name));
}

struct asked {
	struct text name, machine, session;
	uint32_t session_id; /* NO_SESSION: nothing was heard of it */
};

static int
find_session(struct writer *r, struct asked *a, size_t most)
{
	int rc;

	a->session_id = NO_SESSION;
	if (a->session.len == 0)
		a->session = TEXT("last");
	rc = reader_find_session(r, most, &a->machine, &a->session);
	if (rc == 0)
		rc = session_find(
		    r->txn, &r->key, a->machine, a->session, &a->session_id);
	if (rc == READER_TOO_LONG)
		return rc;
	if (rc == STORE_NOTFOUND)
		a->session_id = NO_SESSION;
	return rc < 0 ? rc : 0;
}

static int
pack_state(struct ledger_call *c, struct writer *r, const struct asked *a,
    const struct stored_budget *b, int64_t now_ms)
{
	struct budget_state s = { .budget = b->b };
	struct budget_sum sum;
	char label[CALENDAR_TEXT_MAX];
	int rc;

	rc = watch_state(&r->watch, r->txn, b, a->session_id, now_ms,
	    &s.from_ms, &s.to_ms, &sum);
	if (rc < 0)
		return rc;
	if (b->b.period == BUDGET_SESSION) {
		s.label = a->session_id == NO_SESSION ? (struct text){ 0 }
						      : a->session;
	} else if (s.to_ms > 0) {
		budget_period_label(
		    b->b.period, &r->watch.cal, s.from_ms, label);
		s.label = text_of(label);
	}
	s.spent = sum.spent;
	s.unpriced_tokens = (uint64_t)sum.unpriced_tokens;
	s.unpriced_calls = (uint64_t)sum.unpriced_calls;
	s.level = budget_judge(&b->b, sum.spent);
	pack_budget_state(c->result, &s);
	return 0;
}

static bool
is_asked(const struct asked *a, const struct stored_budget *b)
{
	return a->name.len == 0 || text_eq(a->name, b->b.name);
}

static int
pack_states(struct ledger_call *c, struct writer *r, const struct asked *a,
    const struct budgets *list)
{
	int64_t now_ms = c->ledger->now_us() / 1000;
	uint32_t i, n = 0;
	int rc = 0;

	for (i = 0; i < list->n; i++)
		n += is_asked(a, &list->item[i]);
	if (n == 0 && a->name.len > 0)
		return STORE_NOTFOUND;
	pack_map(c->result, 2);
	pack_str(c->result, "now");
	pack_i64(c->result, now_ms);
	pack_str(c->result, "budgets");
	pack_array(c->result, n);
	for (i = 0; rc == 0 && i < list->n; i++)
		if (is_asked(a, &list->item[i]))
			rc = pack_state(c, r, a, &list->item[i], now_ms);
	return rc;
}

static bool
any_session(const struct budgets *list)
{
	for (uint32_t i = 0; i < list->n; i++)
		if (list->item[i].b.period == BUDGET_SESSION)
			return true;
	return false;
}

int
method_budgets(struct ledger_call *c)
{
	struct asked a = { .session_id = NO_SESSION };
	struct budgets list = { .n = 0 };
	struct writer r;
	int rc;

	if (!param_text(c, "name", &a.name) ||
	    !param_text(c, "session", &a.session) ||
	    !param_text(c, "machine", &a.machine))
		return METHOD_FAILED;
	rc = reader_begin(&r, c->ledger);
	if (rc == 0)
		rc = budgets_load(r.txn, &list);
	if (rc == 0 && any_session(&list))
		rc = find_session(&r, &a, c->is_brief ? BRIEF_MOST : SIZE_MAX);
	if (rc == 0)
		rc = pack_states(c, &r, &a, &list);
	reader_end(&r);
	budgets_release(&list);
	if (rc == READER_TOO_LONG)
		return METHOD_AGAIN;
	if (rc == STORE_NOTFOUND)
		return method_fail(
		    c, ERR_NOT_FOUND, "name", "no budget of that name");
	return rc == 0 ? METHOD_DONE : method_store_error(c, rc);
}

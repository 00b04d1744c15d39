#include <stdlib.h>

#include "collectord/ledger/group.h"
#include "collectord/ledger/map.h"
#include "collectord/ledger/methods_impl.h"
#include "collectord/ledger/params.h"
#include "collectord/ledger/writer.h"
#include "collectord/ledger/impl.h"

/* Calls of one transaction: short, since puts wait for it. */
#define STEP_CALLS 500
/*
 * Of one that is taken back, which flushes nothing; but the writer must then
 * load what it remembers anew.
 */
#define TRIAL_CALLS 2000
#define MODELS_MAX 1000

struct model_change {
	char name[LIMIT_TEXT];
	uint32_t len;
	uint64_t calls;
	money_sum before, after;
};

struct recost {
	struct ledger *l;
	uint64_t next, end;
	int64_t since_ms;
	bool dry_run;
	uint64_t examined, changed;
	money_sum before, after;
	struct model_change *models; /* MODELS_MAX */
	size_t nmodels;
};

static void
count_change(struct recost *r, const struct merged *m,
    const struct pricing *before, const struct pricing *after)
{
	struct text name = m->text[EV_MODEL];
	struct model_change *it;
	size_t i;

	r->changed++;
	r->before += before->cost_pico;
	r->after += after->cost_pico;
	for (i = 0; i < r->nmodels; i++)
		if (text_eq(name,
			(struct text){ r->models[i].name, r->models[i].len }))
			break;
	if (i == MODELS_MAX)
		return;
	it = &r->models[i];
	if (i == r->nmodels) {
		r->nmodels++;
		it->len = name.len;
		if (name.len > 0)
			memcpy(it->name, name.p, name.len);
	}
	it->calls++;
	it->before += before->cost_pico;
	it->after += after->cost_pico;
}

static bool
is_same(const struct pricing *a, const struct pricing *b)
{
	return a->code == b->code && a->cost_pico == b->cost_pico;
}

static int
reprice_alone(struct recost *r, uint64_t number, struct record *rec)
{
	struct writer *w = &r->l->writer;
	struct pricing now = rec->price;
	int rc = pricing_update(w, &rec->m, true, &now);

	if (rc != 0 || is_same(&now, &rec->price))
		return rc;
	if (!rec->m.is_void)
		count_change(r, &rec->m, &rec->price, &now);
	rc = writer_note(w, rec, -1);
	rec->price = now;
	if (rc == 0)
		rc = writer_save(w, number, rec, false);
	return rc == 0 ? writer_note(w, rec, 1) : rc;
}

/* Once for the whole group, at its oldest member. */
static int
reprice_group(struct recost *r, struct group *g)
{
	struct pricing before[GROUP_LIST_MAX];
	struct writer *w = &r->l->writer;
	bool same = true;
	size_t i;
	int rc;

	for (i = 0; i < g->n; i++)
		before[i] = g->rec[i].price;
	rc = group_note(w, g, -1);
	if (rc == 0)
		rc = group_price(w, g, true);
	for (i = 0; i < g->n; i++) {
		if (is_same(&before[i], &g->rec[i].price))
			continue;
		same = false;
		if (!g->rec[i].m.is_void)
			count_change(
			    r, &g->rec[i].m, &before[i], &g->rec[i].price);
	}
	if (rc == 0 && !same)
		rc = group_save(w, g, false);
	return rc == 0 ? group_note(w, g, 1) : rc;
}

static int
reprice(struct recost *r, uint64_t number)
{
	struct writer *w = &r->l->writer;
	uint64_t found = number;
	struct record rec;
	struct group g;
	int rc = writer_load(w, &found, &rec);

	if (rc != 0 || found != number || rec.is_pruned ||
	    rec.m.ts_ms < r->since_ms)
		return rc;
	r->examined++;
	if (rec.m.text[EV_REQUEST].len > 0) {
		rc = group_load(w, rec.m.text[EV_REQUEST], &g);
		if (rc != 0)
			return rc;
		if (g.n > 1 && g.n <= GROUP_MAX)
			return g.number[0] == number ? reprice_group(r, &g) : 0;
	}
	return reprice_alone(r, number, &rec);
}

static int
start(struct ledger_call *c)
{
	struct recost *r = calloc(1, sizeof(*r));
	uint64_t since;

	if (r != NULL)
		r->models = calloc(MODELS_MAX, sizeof(*r->models));
	c->state = r;
	if (r == NULL || r->models == NULL)
		return method_fail(c, ERR_BUSY, NULL, "no memory");
	if (!param_u64(c, "since", 0, &since) ||
	    !param_bool(c, "dry_run", &r->dry_run))
		return METHOD_FAILED;
	r->l = c->ledger;
	r->since_ms = since > INT64_MAX ? INT64_MAX : (int64_t)since;
	r->next = 1;
	r->end = c->ledger->writer.next_number;
	return METHOD_AGAIN;
}

static int
step(struct recost *r)
{
	struct writer *w = &r->l->writer;
	uint64_t stop = r->next + (r->dry_run ? TRIAL_CALLS : STEP_CALLS);
	int rc = writer_begin(w, r->l->now_us());

	if (rc != 0)
		return rc;
	for (; rc == 0 && r->next < r->end && r->next < stop; r->next++)
		rc = reprice(r, r->next);
	if (rc == 0 && !r->dry_run)
		return ledger_commit(r->l);
	writer_abort(w);
	return rc;
}

static void
pack_change(struct packer *k, uint64_t calls, money_sum before, money_sum after)
{
	pack_str(k, "calls");
	pack_u64(k, calls);
	pack_str(k, "before");
	pack_money(k, before);
	pack_str(k, "after");
	pack_money(k, after);
}

static void
pack_result_of(const struct recost *r, struct packer *k)
{
	size_t i;

	pack_map(k, 5);
	pack_str(k, "examined");
	pack_u64(k, r->examined);
	pack_change(k, r->changed, r->before, r->after);
	pack_str(k, "models");
	pack_array(k, (uint32_t)r->nmodels);
	for (i = 0; i < r->nmodels; i++) {
		pack_map(k, 4);
		pack_str(k, "model");
		pack_text(
		    k, (struct text){ r->models[i].name, r->models[i].len });
		pack_change(k, r->models[i].calls, r->models[i].before,
		    r->models[i].after);
	}
}

void
method_recost_cancel(struct ledger_call *c)
{
	struct recost *r = c->state;

	if (r == NULL)
		return;
	free(r->models);
	free(r);
	c->state = NULL;
}

int
method_recost(struct ledger_call *c)
{
	struct recost *r = c->state;
	int rc;

	if (r == NULL) {
		rc = start(c);
		if (rc == METHOD_FAILED)
			method_recost_cancel(c);
		return rc;
	}
	rc = step(r);
	if (rc == 0 && r->next < r->end)
		return METHOD_AGAIN;
	if (rc == 0)
		pack_result_of(r, c->result);
	method_recost_cancel(c);
	return rc == 0 ? METHOD_DONE : method_store_error(c, rc);
}

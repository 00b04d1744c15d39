#include <stdlib.h>

#include "collectord/ledger/group.h"
#include "collectord/ledger/map.h"
#include "collectord/ledger/methods/methods_impl.h"
#include "collectord/ledger/methods/params.h"
#include "collectord/ledger/series.h"
#include "collectord/ledger/writer.h"
#include "collectord/ledger/impl.h"

/* Calls of one transaction: short, since puts wait for it. */
#define STEP_CALLS 1000
/* Of a trial, which writes nothing. */
#define TRIAL_CALLS 5000
#define MODELS_MAX 1000

struct model_change {
	char name[LIMIT_TEXT];
	uint32_t len;
	uint64_t calls;
	money_sum before, after;
};

/* Texts of dims, kept from step to step: many calls share them. */
struct known_dims {
	struct text texts[EV_TEXTS];
};

struct recost {
	struct ledger *l;
	struct writer *w;    /* the ledger's, or for a trial: */
	struct writer trial; /* one that only reads */
	struct map dims_map; /* dims to index + 1 of known */
	struct map moved;    /* dims, code to the new dims + 1 */
	struct known_dims *known;
	size_t nknown, known_cap;
	struct arena texts;
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
know_dims(struct recost *r, uint32_t dims, const struct text **texts)
{
	size_t cap = r->known_cap == 0 ? 64 : 2 * r->known_cap;
	struct known_dims *grown;
	struct text *t;
	uint32_t *at;
	bool fresh;
	int i, rc;

	at = map_at(&r->dims_map, dims, 0, &fresh);
	if (at == NULL)
		return -ERR_STORE;
	if (*at > 0) {
		*texts = r->known[*at - 1].texts;
		return 0;
	}
	if (r->nknown == r->known_cap) {
		grown = realloc(r->known, cap * sizeof(*grown));
		if (grown == NULL)
			return -ERR_STORE;
		r->known = grown;
		r->known_cap = cap;
	}
	t = r->known[r->nknown].texts;
	memset(t, 0, EV_TEXTS * sizeof(*t));
	rc = dims_texts(r->w->txn, dims, t, NULL);
	for (i = 0; rc == 0 && i < EV_TEXTS; i++)
		if (t[i].len > 0) {
			t[i] = arena_text(&r->texts, t[i]);
			rc = t[i].len > 0 ? 0 : -ERR_STORE;
		}
	if (rc == 0)
		*at = (uint32_t)++r->nknown;
	*texts = t;
	return rc;
}

/* What running totals rose by depends on those before, which are found by it.
 */
static int
fill_session(struct recost *r, struct record *rec)
{
	struct text texts[EV_TEXTS];
	int i, rc;

	memcpy(texts, rec->m.text, sizeof(texts));
	rc = session_texts(r->w->txn, rec->session, texts);
	for (i = 0; rc == 0 && i < EV_TEXTS; i++)
		if (texts[i].len > 0) {
			texts[i] = arena_text(&r->w->arena, texts[i]);
			rc = texts[i].len > 0 ? 0 : -ERR_STORE;
		}
	if (rc == 0)
		record_fill(rec, texts);
	return rc;
}

/*
 * The record of a number without its session's texts, which no price of a call
 * depends on. Its own are in the arena, as the map moves.
 */
static int
load(struct recost *r, uint64_t number, struct record *rec)
{
	const struct text *texts;
	uint8_t key[8];
	struct text copy;
	struct span val;
	struct wbuf w;
	int rc;

	wbuf_init(&w, key, sizeof(key));
	write_be64(&w, number);
	rc = store_get(r->w->txn, TABLE_EVENTS, wbuf_span(&w), &val);
	if (rc != 0)
		return rc == STORE_NOTFOUND ? -ERR_STORE : rc;
	copy =
	    arena_text(&r->w->arena, (struct text){ val.p, (uint32_t)val.len });
	if (!record_read((struct span){ copy.p, copy.len }, rec))
		return -ERR_STORE;
	if (rec->is_forward || rec->is_pruned)
		return 0;
	rc = know_dims(r, rec->dims, &texts);
	if (rc == 0)
		record_fill(rec, texts);
	return rc == 0 && series_has(&rec->m) ? fill_session(r, rec) : rc;
}

/* Of the dims only how the call was priced changes. */
static int
move_dims(struct recost *r, struct record *rec)
{
	uint32_t *at;
	bool fresh;
	int rc;

	at = map_at(&r->moved, rec->dims, rec->price.code, &fresh);
	if (at == NULL)
		return -ERR_STORE;
	if (*at == 0) {
		rc = intern_dims(&r->w->interner, r->w->txn, rec->m.text,
		    rec->price.code, &rec->dims);
		if (rc != 0)
			return rc;
		*at = rec->dims + 1;
	}
	rec->dims = *at - 1;
	return 0;
}

static int
reprice_alone(struct recost *r, uint64_t number, struct record *rec)
{
	struct pricing now = rec->price;
	int rc = pricing_update(r->w, &rec->m, true, &now);

	if (rc != 0 || is_same(&now, &rec->price))
		return rc;
	if (!rec->m.is_void)
		count_change(r, &rec->m, &rec->price, &now);
	if (r->dry_run)
		return 0;
	rc = writer_note(r->w, rec, -1);
	rec->price = now;
	if (rc == 0)
		rc = move_dims(r, rec);
	if (rc == 0)
		rc = writer_save_interned(r->w, number, rec, false);
	return rc == 0 ? writer_note(r->w, rec, 1) : rc;
}

static int
save_group(struct recost *r, struct group *g, bool same)
{
	int rc = same ? 0 : group_save(r->w, g, false);

	return rc == 0 ? group_note(r->w, g, 1) : rc;
}

/* Once for the whole group, at its oldest member. */
static int
reprice_group(struct recost *r, struct group *g)
{
	struct pricing before[GROUP_LIST_MAX];
	bool same = true;
	size_t i;
	int rc = 0;

	for (i = 0; i < g->n; i++)
		before[i] = g->rec[i].price;
	if (!r->dry_run)
		rc = group_note(r->w, g, -1);
	if (rc == 0)
		rc = group_price(r->w, g, true);
	for (i = 0; i < g->n; i++) {
		if (is_same(&before[i], &g->rec[i].price))
			continue;
		same = false;
		if (!g->rec[i].m.is_void)
			count_change(
			    r, &g->rec[i].m, &before[i], &g->rec[i].price);
	}
	return rc != 0 || r->dry_run ? rc : save_group(r, g, same);
}

static int
reprice(struct recost *r, uint64_t number)
{
	struct record rec;
	struct group g;
	int rc = load(r, number, &rec);

	if (rc != 0 || rec.is_forward || rec.is_pruned ||
	    rec.m.ts_ms < r->since_ms)
		return rc;
	r->examined++;
	if (rec.m.text[EV_REQUEST].len > 0) {
		rc = group_load(r->w, rec.m.text[EV_REQUEST], &g);
		if (rc != 0)
			return rc;
		if (g.n > 1 && g.n <= GROUP_MAX)
			return g.number[0] == number ? reprice_group(r, &g) : 0;
	}
	return reprice_alone(r, number, &rec);
}

/* A trial sees what the writer sees, and changes nothing. */
static void
prepare_trial(struct recost *r)
{
	const struct writer *w = &r->l->writer;

	r->trial = (struct writer){ .store = w->store,
		.key = w->key,
		.machine = w->machine,
		.book = w->book,
		.prefers_reported = w->prefers_reported,
		.only_reads = true };
	interner_init(&r->trial.interner, &w->key);
	r->w = &r->trial;
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
	r->w = &c->ledger->writer;
	if (r->dry_run)
		prepare_trial(r);
	r->since_ms = since > INT64_MAX ? INT64_MAX : (int64_t)since;
	r->next = 1;
	r->end = c->ledger->writer.next_number;
	return METHOD_AGAIN;
}

static int
try_step(struct recost *r)
{
	uint64_t stop = r->next + TRIAL_CALLS;
	int rc = store_begin(r->w->store, false, &r->w->txn);

	/* The book, and what is stored, may have changed since the last step.
	 */
	price_memo_forget(r->w->memo);
	recent_release(&r->w->recent);
	for (; rc == 0 && r->next < r->end && r->next < stop; r->next++) {
		arena_clear(&r->w->arena);
		rc = reprice(r, r->next);
	}
	store_abort(r->w->txn);
	r->w->txn = NULL;
	return rc;
}

static int
step(struct recost *r)
{
	uint64_t stop = r->next + STEP_CALLS;
	int rc = writer_begin(r->w, r->l->now_us());

	if (rc != 0)
		return rc;
	for (; rc == 0 && r->next < r->end && r->next < stop; r->next++)
		rc = reprice(r, r->next);
	if (rc == 0)
		return ledger_commit(r->l);
	writer_abort(r->w);
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
	/* Its book is the ledger's. */
	r->trial.book = NULL;
	writer_release(&r->trial);
	map_release(&r->dims_map);
	map_release(&r->moved);
	arena_release(&r->texts);
	free(r->known);
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
	rc = r->dry_run ? try_step(r) : step(r);
	if (rc == 0 && r->next < r->end)
		return METHOD_AGAIN;
	if (rc == 0)
		pack_result_of(r, c->result);
	method_recost_cancel(c);
	return rc == 0 ? METHOD_DONE : method_store_error(c, rc);
}

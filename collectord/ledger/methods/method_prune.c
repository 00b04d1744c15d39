#include <stdlib.h>

#include "collectord/ledger/group.h"
#include "collectord/ledger/ids.h"
#include "collectord/ledger/impl.h"
#include "collectord/ledger/methods/methods_impl.h"
#include "collectord/ledger/methods/params.h"
#include "collectord/ledger/series.h"

#define STEP_CALLS 500
/*
 * Of one that is taken back, which flushes nothing; but the writer must then
 * load what it remembers anew.
 */
#define TRIAL_CALLS 2000
#define DAY_MS 86400000u

struct prune {
	struct ledger *l;
	uint64_t next, end;
	int64_t before_ms;
	bool dry_run;
	bool again; /* a series had too many: its call comes once more */
	uint64_t pruned, bytes;
};

static size_t
stored_size(const struct record *rec)
{
	uint8_t bytes[RECORD_BYTES_MAX];
	struct wbuf w;

	wbuf_init(&w, bytes, sizeof(bytes));
	record_write(&w, rec);
	return w.len;
}

/* Leaves of a call what tells its ids. */
static int
strip(struct prune *p, uint64_t number, struct record *rec)
{
	size_t before = stored_size(rec);

	/* A call id whose entry is whole must not be told by what is left. */
	if (!id_call_is_told(rec))
		rec->m.text[EV_CALL] = (struct text){ 0 };
	rec->is_pruned = true;
	p->pruned++;
	p->bytes += before - stored_size(rec);
	if (p->dry_run)
		return 0;
	return writer_save(&p->l->writer, number, rec, false);
}

static int
note_base(void *arg, uint64_t number, const struct record *rec)
{
	struct prune *p = arg;

	(void)number;
	return p->dry_run ? 0 : writer_note_base(&p->l->writer, rec);
}

static bool
is_old(const struct prune *p, const struct record *rec)
{
	return !rec->is_pruned && rec->m.ts_ms < p->before_ms;
}

/* All of a group or nothing of it, once, at its oldest member. */
static int
prune_group(struct prune *p, struct group *g)
{
	size_t i;
	int rc;

	for (i = 0; i < g->n; i++)
		if (!is_old(p, &g->rec[i]))
			return 0;
	rc = group_each(&p->l->writer, g, note_base, p);
	for (i = 0; rc == 0 && i < g->n; i++)
		rc = strip(p, g->number[i], &g->rec[i]);
	return rc;
}

static int
prune_placed(void *arg, uint64_t number, struct record *rec)
{
	int rc = note_base(arg, number, rec);

	return rc == 0 ? strip(arg, number, rec) : rc;
}

/*
 * All that is old of the series at once: what its totals add depends on those
 * before them, which may have larger numbers.
 */
static int
prune_series(struct prune *p, uint64_t number, struct record *rec)
{
	struct writer *w = &p->l->writer;
	enum series_passed how = SERIES_WITHOUT_IT;
	int rc = 0;

	if (!p->dry_run)
		rc = series_pass(w, &rec->m, p->before_ms, STEP_CALLS,
		    prune_placed, p, &how);
	p->again = how == SERIES_NOT_YET;
	/* A late one has no place and adds nothing. */
	return rc == 0 && how == SERIES_WITHOUT_IT ? strip(p, number, rec) : rc;
}

static int
prune_one(struct prune *p, uint64_t number)
{
	struct writer *w = &p->l->writer;
	uint64_t found = number;
	struct record rec;
	struct group g;
	int rc = writer_load(w, &found, &rec);

	if (rc != 0 || found != number || !is_old(p, &rec))
		return rc;
	if (rec.m.text[EV_REQUEST].len > 0) {
		rc = group_load(w, rec.m.text[EV_REQUEST], &g);
		if (rc != 0)
			return rc;
		if (g.n > 1 && g.n <= GROUP_MAX)
			return g.number[0] == number ? prune_group(p, &g) : 0;
	}
	if (series_has(&rec.m))
		return prune_series(p, number, &rec);
	return prune_placed(p, number, &rec);
}

static int
start(struct ledger_call *c)
{
	struct prune *p = calloc(1, sizeof(*p));
	uint64_t before;

	c->state = p;
	if (p == NULL)
		return method_fail(c, ERR_BUSY, NULL, "no memory");
	if (!param_u64(c, "before", 0, &before) ||
	    !param_bool(c, "dry_run", &p->dry_run))
		return METHOD_FAILED;
	if (before == 0 || before > INT64_MAX || before % DAY_MS != 0)
		return method_fail(c, ERR_BAD_PARAMS, "before",
		    "the start of a UTC day in ms");
	p->l = c->ledger;
	p->before_ms = (int64_t)before;
	p->next = 1;
	p->end = c->ledger->writer.next_number;
	return METHOD_AGAIN;
}

static int
step(struct prune *p)
{
	struct writer *w = &p->l->writer;
	uint64_t most = p->dry_run ? TRIAL_CALLS : STEP_CALLS;
	uint64_t stop = p->next + most, full = p->pruned + most;
	int rc = writer_begin(w, p->l->now_us());

	if (rc != 0)
		return rc;
	p->again = false;
	while (rc == 0 && !p->again && p->next < p->end && p->next < stop &&
	       p->pruned < full) {
		rc = prune_one(p, p->next);
		p->next += !p->again;
	}
	if (rc == 0 && !p->dry_run)
		return ledger_commit(p->l);
	writer_abort(w);
	return rc;
}

void
method_prune_cancel(struct ledger_call *c)
{
	free(c->state);
	c->state = NULL;
}

int
method_prune(struct ledger_call *c)
{
	struct prune *p = c->state;
	int rc;

	if (p == NULL) {
		rc = start(c);
		if (rc == METHOD_FAILED)
			method_prune_cancel(c);
		return rc;
	}
	rc = step(p);
	if (rc == 0 && p->next < p->end)
		return METHOD_AGAIN;
	if (rc == 0) {
		pack_map(c->result, 2);
		pack_str(c->result, "pruned");
		pack_u64(c->result, p->pruned);
		pack_str(c->result, "bytes");
		pack_u64(c->result, p->bytes);
	}
	method_prune_cancel(c);
	return rc == 0 ? METHOD_DONE : method_store_error(c, rc);
}

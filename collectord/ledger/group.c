#include "collectord/ledger/group.h"

#include "collectord/ledger/requests.h"
#include "proto/error.h"

int
group_load(struct writer *w, struct text request, struct group *g)
{
	uint64_t numbers[GROUP_LIST_MAX];
	size_t i, n;
	int rc;

	*g = (struct group){ .request = request };
	rc = writer_know_requests(w);
	if (rc == 0)
		rc = request_list(&w->recent, w->txn, &w->key, request, numbers,
		    GROUP_LIST_MAX, &n);
	if (rc != 0 || n == 0)
		return rc;
	g->rec = arena_alloc(&w->arena, n * sizeof(*g->rec));
	if (g->rec == NULL)
		return -ERR_STORE;
	for (i = 0; rc == 0 && i < n; i++) {
		g->number[g->n] = numbers[i];
		rc = writer_load(w, &g->number[g->n], &g->rec[g->n]);
		/* Another request may have the same digest. */
		if (rc == 0 &&
		    text_eq(g->rec[g->n].m.text[EV_REQUEST], request))
			g->n++;
	}
	return rc;
}

static bool
has_call(const struct record *rec)
{
	return rec->m.text[EV_CALL].len > 0;
}

/*
 * Does the group add one call, all its members joined? Then *lead is the member
 * whose price it has: the one with the call id, else the oldest.
 */
static bool
is_one(const struct group *g, size_t *lead)
{
	size_t i, calls = 0;

	*lead = 0;
	for (i = 0; i < g->n; i++)
		if (g->rec[i].is_pruned)
			return false;
		else if (has_call(&g->rec[i])) {
			calls++;
			*lead = i;
		}
	return g->n > 0 && g->n <= GROUP_MAX && calls <= 1;
}

/*
 * Several calls: those without the id count nothing. Too many: all count. What
 * is pruned counts in the base, and takes those without the id with it.
 */
static bool
counts_alone(const struct group *g, size_t i)
{
	return !g->rec[i].is_pruned &&
	       (g->n > GROUP_MAX || has_call(&g->rec[i]));
}

static void
join_all(const struct group *g, size_t lead, struct record *all)
{
	size_t i;

	*all = g->rec[lead];
	for (i = 0; i < g->n; i++)
		if (i != lead)
			merge_join(&all->m, &g->rec[i].m);
}

static int
join_interned(
    struct writer *w, const struct group *g, size_t lead, struct record *all)
{
	int rc;

	join_all(g, lead, all);
	rc = intern_dims(
	    &w->interner, w->txn, all->m.text, all->price.code, &all->dims);
	if (rc == 0)
		rc = intern_session(&w->interner, w->txn,
		    all->m.text[EV_MACHINE], all->m.text[EV_SESSION],
		    &all->session);
	return rc;
}

int
group_each(struct writer *w, const struct group *g,
    int (*each)(void *arg, uint64_t number, const struct record *rec),
    void *arg)
{
	struct record all;
	size_t i, lead;
	int rc = 0;

	if (is_one(g, &lead)) {
		rc = join_interned(w, g, lead, &all);
		return rc == 0 ? each(arg, g->number[lead], &all) : rc;
	}
	for (i = 0; rc == 0 && i < g->n; i++)
		if (counts_alone(g, i))
			rc = each(arg, g->number[i], &g->rec[i]);
	return rc;
}

struct note {
	struct writer *w;
	int sign;
};

static int
note_one(void *arg, uint64_t number, const struct record *rec)
{
	const struct note *n = arg;

	(void)number;
	return writer_note(n->w, rec, n->sign);
}

int
group_note(struct writer *w, const struct group *g, int sign)
{
	struct note n = { w, sign };

	return group_each(w, g, note_one, &n);
}

int
group_price(struct writer *w, struct group *g, bool anew)
{
	struct record all;
	size_t i, lead;
	int rc = 0;

	if (is_one(g, &lead)) {
		join_all(g, lead, &all);
		return pricing_update(w, &all.m, anew, &g->rec[lead].price);
	}
	for (i = 0; rc == 0 && i < g->n; i++)
		if (counts_alone(g, i))
			rc = pricing_update(
			    w, &g->rec[i].m, anew, &g->rec[i].price);
	return rc;
}

int
group_save(struct writer *w, struct group *g, bool anew)
{
	size_t i;
	int rc = group_price(w, g, anew);

	for (i = 0; rc == 0 && i < g->n; i++)
		if (!g->rec[i].is_pruned)
			rc = writer_save(w, g->number[i], &g->rec[i], false);
	return rc;
}

#include "collectord/ledger/group.h"

#include "collectord/ledger/ids.h"
#include "proto/error.h"

int
group_load(struct writer *w, struct text request, struct group *g)
{
	uint64_t numbers[GROUP_LIST_MAX];
	size_t i, n;
	int rc;

	*g = (struct group){ .request = request };
	rc =
	    request_list(w->txn, &w->key, request, numbers, GROUP_LIST_MAX, &n);
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

static int
note_joined(struct writer *w, const struct group *g, int sign)
{
	struct record all = g->rec[0];
	size_t i;
	int rc;

	for (i = 1; i < g->n; i++)
		merge_join(&all.m, &g->rec[i].m);
	rc = intern_dims(&w->interner, w->txn, all.m.text, &all.dims);
	if (rc == 0)
		rc =
		    intern_session(&w->interner, w->txn, all.m.text[EV_MACHINE],
			all.m.text[EV_SESSION], &all.session);
	return rc != 0 ? rc : writer_note(w, &all, sign);
}

int
group_note(struct writer *w, const struct group *g, int sign)
{
	size_t i, calls = 0;
	int rc = 0;

	for (i = 0; i < g->n; i++)
		calls += has_call(&g->rec[i]);
	if (g->n > 0 && calls <= 1)
		return note_joined(w, g, sign);
	for (i = 0; rc == 0 && i < g->n; i++)
		if (has_call(&g->rec[i]))
			rc = writer_note(w, &g->rec[i], sign);
	return rc;
}

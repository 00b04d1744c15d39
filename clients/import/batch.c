#include "clients/import/batch.h"

static bool
has_same_texts(const struct event *a, const struct event *b)
{
	int i;

	for (i = 0; i < EV_TEXTS; i++)
		if (!text_eq(a->text[i], b->text[i]))
			return false;
	return true;
}

/*
 * Of two sights with the same texts the ledger keeps the larger numbers, the
 * earlier time, and the texts of the one with more tokens, else the earlier.
 * One that is ahead in all of these leaves nothing of the other.
 */
bool
batch_says_all(const struct event *y, const struct event *x)
{
	int i;

	if (x->rank != y->rank || x->copied != y->copied ||
	    x->is_void != y->is_void || x->running || y->running ||
	    y->ts_ms > x->ts_ms || (y->ts_ms == 0) != (x->ts_ms == 0))
		return false;
	if (x->has_cost && (!y->has_cost || y->cost_pico < x->cost_pico))
		return false;
	for (i = 0; i < EV_COUNTS; i++)
		if (y->count[i] < x->count[i])
			return false;
	return has_same_texts(x, y);
}

static void
wait_for_next(struct batch *b, const struct event *ev)
{
	char *p = b->texts;
	struct text *t;

	b->is_waiting = true;
	b->waiting = *ev;
	for (t = b->waiting.text; t < b->waiting.text + EV_TEXTS; t++) {
		if (t->len > 0)
			memcpy(p, t->p, t->len);
		t->p = p;
		p += t->len;
	}
}

int
batch_push(struct batch *b)
{
	if (!b->is_waiting)
		return 0;
	b->is_waiting = false;
	return link_event(b->link, &b->waiting, b->path, b->line);
}

int
batch_event(
    struct batch *b, const struct event *ev, const char *path, uint64_t line)
{
	if (b->is_waiting && batch_says_all(&b->waiting, ev)) {
		b->left_out++;
		return 0;
	}
	if (b->is_waiting && batch_says_all(ev, &b->waiting)) {
		b->left_out++;
		b->is_waiting = false;
	}
	if (batch_push(b) != 0)
		return -1;
	wait_for_next(b, ev);
	b->path = path;
	b->line = line;
	return 0;
}

#include "tests/unit/import/merge_help.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdlib.h>

static bool
same(const struct event *a, const struct event *b, enum event_text t)
{
	return text_eq(a->text[t], b->text[t]);
}

static bool
same_model(const struct event *a, const struct event *b)
{
	char x[LIMIT_TEXT], y[LIMIT_TEXT];
	size_t n = event_canonical_model(a->text[EV_MODEL], x);

	return n == event_canonical_model(b->text[EV_MODEL], y) &&
	       memcmp(x, y, n) == 0;
}

static bool
shares_id(const struct event *a, const struct event *b)
{
	if (same(a, b, EV_SESSION) && same(a, b, EV_MESSAGE))
		return true;
	return a->text[EV_CALL].len > 0 && same(a, b, EV_CALL) &&
	       same_model(a, b);
}

/* The first event of each one's call, by passes until nothing changes. */
static size_t *
first_of_each(const struct import_events *es)
{
	size_t *first = malloc((es->n + 1) * sizeof(*first)), i, k;
	bool changed = true;

	cr_assert_not_null(first);
	for (i = 0; i < es->n; i++)
		first[i] = i;
	while (changed) {
		changed = false;
		for (i = 0; i < es->n; i++)
			for (k = 0; k < i; k++) {
				if (first[i] == first[k] ||
				    !shares_id(&es->events[i], &es->events[k]))
					continue;
				if (first[i] > first[k])
					first[i] = first[k];
				else
					first[k] = first[i];
				changed = true;
			}
	}
	return first;
}

static void
add_call(struct merged_events *m, const struct import_events *es,
    const size_t *first, size_t call)
{
	struct event sum = es->events[call];
	size_t i;
	int c;

	for (i = call; i < es->n; i++)
		for (c = 0; first[i] == call && c < EV_COUNTS; c++)
			if (es->events[i].count[c] > sum.count[c])
				sum.count[c] = es->events[i].count[c];
	for (c = 0; c < EV_COUNTS; c++)
		m->count[c] += sum.count[c];
	m->tokens += event_classes(&sum) + event_other(&sum);
	m->calls++;
}

struct merged_events
merge_events(const struct import_events *es)
{
	struct merged_events m = { 0 };
	size_t *first = first_of_each(es), i;

	for (i = 0; i < es->n; i++)
		if (first[i] == i)
			add_call(&m, es, first, i);
	free(first);
	return m;
}

void
merged_are(const struct import_events *es, size_t calls, uint64_t tokens)
{
	struct merged_events m = merge_events(es);

	cr_assert(m.calls == calls && m.tokens == tokens,
	    "%zu calls with %" PRIu64 " tokens, not %zu with %" PRIu64, m.calls,
	    m.tokens, calls, tokens);
}

void
events_are_same(const struct import_events *a, const struct import_events *b)
{
	size_t i;
	int t;

	cr_assert_eq(a->n, b->n, "%zu events, not %zu", a->n, b->n);
	for (i = 0; i < a->n; i++) {
		const struct event *x = &a->events[i], *y = &b->events[i];

		for (t = 0; t < EV_TEXTS; t++)
			cr_assert(same(x, y, t), "event %zu: %s %.*s, not %.*s",
			    i, event_text_names[t], (int)x->text[t].len,
			    x->text[t].p, (int)y->text[t].len, y->text[t].p);
		for (t = 0; t < EV_COUNTS; t++)
			cr_assert_eq(x->count[t], y->count[t],
			    "event %zu: %s %" PRIu64 ", not %" PRIu64, i,
			    event_count_names[t], x->count[t], y->count[t]);
		cr_assert(x->ts_ms == y->ts_ms && x->copied == y->copied &&
			      x->rank == y->rank,
		    "event %zu: at %" PRId64 ", not %" PRId64, i, x->ts_ms,
		    y->ts_ms);
	}
}

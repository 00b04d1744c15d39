#include "collectord/ledger/merge.h"

#include "collectord/ledger/digest.h"

static int
place_of_kind(struct text kind)
{
	if (text_is(kind, "subagent"))
		return 2;
	return text_is(kind, "tool") ? 1 : 0;
}

/*
 * The fixed digest that decides between sights that are otherwise equally
 * good. The key is a constant, since every machine must decide alike.
 */
static uint64_t
digest_texts(const struct event *ev)
{
	static const struct digest_key key = { 0 };
	char bytes[EV_TEXTS * (LIMIT_TEXT + 1)];
	size_t n = 0;
	int i;

	for (i = 0; i < EV_TEXTS; i++) {
		bytes[n++] = (char)ev->text[i].len;
		if (ev->text[i].len > 0)
			memcpy(bytes + n, ev->text[i].p, ev->text[i].len);
		n += ev->text[i].len;
	}
	return digest64(&key, bytes, n);
}

int
stamp_cmp(const struct stamp *a, const struct stamp *b)
{
	if (a->rank != b->rank)
		return a->rank > b->rank ? -1 : 1;
	if (a->standing != b->standing)
		return a->standing < b->standing ? -1 : 1;
	if (a->tokens != b->tokens)
		return a->tokens > b->tokens ? -1 : 1;
	if (a->ts_ms != b->ts_ms)
		return a->ts_ms < b->ts_ms ? -1 : 1;
	return a->tie < b->tie ? -1 : a->tie > b->tie;
}

void
merge_init(struct merged *m, const struct event *ev)
{
	uint64_t classes = event_classes(ev);
	struct stamp s = {
		.tokens = ev->count[EV_TOTAL] > classes ? ev->count[EV_TOTAL]
							: classes,
		.ts_ms = ev->ts_ms,
		.tie = digest_texts(ev),
		.rank = ev->rank,
		.standing = (uint8_t)(ev->copied << 2 |
				      place_of_kind(ev->text[EV_KIND])),
	};
	int i;

	*m = (struct merged){ .rank = ev->rank,
		.is_void = ev->is_void,
		.has_cost = ev->has_cost,
		.cost_pico = ev->has_cost ? ev->cost_pico : 0,
		.ts_ms = ev->ts_ms };
	memcpy(m->count, ev->count, sizeof(m->count));
	memcpy(m->text, ev->text, sizeof(m->text));
	for (i = EV_MESSAGE; i < EV_TEXTS; i++)
		if (m->text[i].len > 0)
			m->stamp[i] = s;
}

static void
join_numbers(struct merged *a, const struct merged *b)
{
	int i;

	for (i = 0; i < EV_COUNTS; i++)
		if (b->count[i] > a->count[i])
			a->count[i] = b->count[i];
	if (b->has_cost && (!a->has_cost || b->cost_pico > a->cost_pico)) {
		a->has_cost = true;
		a->cost_pico = b->cost_pico;
	}
	if (b->ts_ms < a->ts_ms)
		a->ts_ms = b->ts_ms;
}

static void
join_text(struct merged *a, const struct merged *b, int i)
{
	if (b->text[i].len == 0)
		return;
	if (a->text[i].len > 0 && stamp_cmp(&b->stamp[i], &a->stamp[i]) >= 0)
		return;
	a->text[i] = b->text[i];
	a->stamp[i] = b->stamp[i];
}

static void
join_texts(struct merged *a, const struct merged *b)
{
	int i;

	if (stamp_cmp(&b->stamp[EV_MESSAGE], &a->stamp[EV_MESSAGE]) < 0) {
		a->text[EV_MACHINE] = b->text[EV_MACHINE];
		a->text[EV_SESSION] = b->text[EV_SESSION];
	}
	for (i = EV_MESSAGE; i < EV_TEXTS; i++)
		join_text(a, b, i);
}

void
merge_join(struct merged *a, const struct merged *b)
{
	bool is_void = a->is_void || b->is_void;
	struct merged lower;

	if (b->rank == a->rank) {
		join_numbers(a, b);
		join_texts(a, b);
	} else {
		lower = b->rank > a->rank ? *a : *b;
		if (b->rank > a->rank)
			*a = *b;
		join_text(a, &lower, EV_CALL);
		join_text(a, &lower, EV_REQUEST);
	}
	a->is_void = is_void;
}

uint64_t
merged_classes(const struct merged *m)
{
	return m->count[EV_INPUT] + m->count[EV_CACHE_READ] +
	       m->count[EV_CACHE_WRITE] + m->count[EV_OUTPUT];
}

uint64_t
merged_other(const struct merged *m)
{
	uint64_t classes = merged_classes(m);

	return m->count[EV_TOTAL] > classes ? m->count[EV_TOTAL] - classes : 0;
}

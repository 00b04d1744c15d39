#include "collectord/ledger/map.h"

#include <stdlib.h>

struct map_slot {
	uint64_t a, b;
	uint32_t value;
	bool used;
};

static struct map_slot *
find(const struct map *m, uint64_t a, uint64_t b)
{
	uint64_t h = (a ^ b * 0x9e3779b97f4a7c15u) * 0xff51afd7ed558ccdu;
	size_t i = (size_t)(h ^ h >> 32);
	struct map_slot *s;

	for (;; i++) {
		s = &m->slots[i & (m->cap - 1)];
		if (!s->used || (s->a == a && s->b == b))
			return s;
	}
}

static bool
grow(struct map *m)
{
	struct map bigger = { .n = m->n, .cap = m->cap == 0 ? 64 : m->cap * 2 };
	size_t i;

	bigger.slots = calloc(bigger.cap, sizeof(*bigger.slots));
	if (bigger.slots == NULL)
		return false;
	for (i = 0; i < m->cap; i++)
		if (m->slots[i].used)
			*find(&bigger, m->slots[i].a, m->slots[i].b) =
			    m->slots[i];
	free(m->slots);
	*m = bigger;
	return true;
}

uint32_t *
map_at(struct map *m, uint64_t a, uint64_t b, bool *fresh)
{
	struct map_slot *s;

	if (m->n >= m->cap / 2 && !grow(m))
		return NULL;
	s = find(m, a, b);
	*fresh = !s->used;
	if (!s->used) {
		*s = (struct map_slot){ .a = a, .b = b, .used = true };
		m->n++;
	}
	return &s->value;
}

const uint32_t *
map_find(const struct map *m, uint64_t a, uint64_t b)
{
	const struct map_slot *s = m->cap == 0 ? NULL : find(m, a, b);

	return s == NULL || !s->used ? NULL : &s->value;
}

void
map_release(struct map *m)
{
	free(m->slots);
	*m = (struct map){ 0 };
}

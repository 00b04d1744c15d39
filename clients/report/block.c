#include "clients/report/block.h"

#define MINUTE_MS 60000ll
#define HOUR_MS (60 * MINUTE_MS)

static void
begin(struct block *b, int64_t at_ms, int64_t length_ms, int64_t now_ms)
{
	*b = (struct block){ .first_ms = at_ms };
	b->start_ms = at_ms - at_ms % HOUR_MS;
	b->end_ms = b->start_ms + length_ms;
	b->is_active = now_ms >= b->start_ms && now_ms < b->end_ms;
}

size_t
block_find(const int64_t *edges, const struct report_row *rows, size_t n,
    int64_t length_ms, int64_t now_ms, struct block *out)
{
	struct block *b = NULL;
	size_t i, found = 0;
	int64_t at_ms;

	for (i = 0; i < n; i++) {
		at_ms = edges[rows[i].period];
		if (b == NULL || at_ms >= b->end_ms) {
			b = &out[found++];
			begin(b, at_ms, length_ms, now_ms);
		}
		sums_add(&b->sums, &rows[i].sums);
		b->last_ms = at_ms + BLOCK_SLOT_MS;
	}
	return found;
}

void
block_pace(const struct block *b, int64_t now_ms, struct block_pace *p)
{
	money_sum tokens = (money_sum)sums_total_tokens(&b->sums);
	int64_t until_ms = b->is_active ? now_ms : b->last_ms;

	*p = (struct block_pace){ .used_ms = until_ms - b->first_ms };
	if (p->used_ms < MINUTE_MS)
		p->used_ms = MINUTE_MS;
	if (b->is_active)
		p->left_ms = b->end_ms - now_ms;
	p->tokens_a_minute = tokens * MINUTE_MS / p->used_ms;
	p->cost_an_hour = b->sums.cost * HOUR_MS / p->used_ms;
	p->tokens_at_end = tokens + tokens * p->left_ms / p->used_ms;
	p->cost_at_end = b->sums.cost + b->sums.cost * p->left_ms / p->used_ms;
}

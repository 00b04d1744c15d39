#include "clients/budget/budget.h"

/* a * b / c: amounts stay below 2^80 and times below 2^42. */
static money_sum
scale(money_sum a, int64_t b, int64_t c)
{
	return a * b / c;
}

void
budget_pace(const struct budget_state *s, int64_t now_ms, struct budget_pace *p)
{
	money_sum limit = s->budget.limit, at;

	*p = (struct budget_pace){ .whole_ms = s->to_ms - s->from_ms };
	p->elapsed_ms = now_ms < s->to_ms ? now_ms - s->from_ms : p->whole_ms;
	p->has_elapsed = s->to_ms > s->from_ms && p->elapsed_ms > 0;
	if (!p->has_elapsed)
		return;
	p->even = scale(limit, p->elapsed_ms, p->whole_ms);
	p->projected = scale(s->spent, p->whole_ms, p->elapsed_ms);
	if (s->spent <= 0 || s->spent >= limit || p->projected < limit)
		return;
	at = limit * p->elapsed_ms / s->spent;
	if (at < p->whole_ms)
		p->full_ms = s->from_ms + (int64_t)at;
}

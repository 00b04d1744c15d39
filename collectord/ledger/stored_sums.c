#include "collectord/ledger/stored_sums.h"

#define SUMS_VERSION 1

void
sums_write(struct wbuf *w, const struct sums *s)
{
	uint64_t mask = 0;
	int i;

	for (i = 0; i < SUM_COUNTS; i++)
		mask |= (uint64_t)(s->n[i] != 0) << i;
	mask |= (uint64_t)(s->cost != 0) << SUM_COUNTS;
	mask |= (uint64_t)(s->plan_cost != 0) << (SUM_COUNTS + 1);
	write_u8(w, SUMS_VERSION);
	write_uvar(w, mask);
	for (i = 0; i < SUM_COUNTS; i++)
		if (s->n[i] != 0)
			write_uvar(w, s->n[i]);
	if (s->cost != 0)
		write_money(w, s->cost);
	if (s->plan_cost != 0)
		write_money(w, s->plan_cost);
}

/* The version and the mask; false where the bytes are no sums. */
static bool
read_mask(struct rbuf *r, struct span bytes, uint64_t *mask)
{
	uint8_t version;

	rbuf_init(r, bytes);
	version = read_u8(r);
	*mask = read_uvar(r);
	return !r->failed && version == SUMS_VERSION &&
	       *mask >> (SUM_COUNTS + 2) == 0;
}

bool
sums_have_calls(struct span bytes, bool *any)
{
	struct rbuf r;
	uint64_t mask;

	if (!read_mask(&r, bytes, &mask))
		return false;
	*any = mask >> SUM_CALLS & 1;
	return true;
}

bool
sums_read_add(struct span bytes, struct sums *s)
{
	struct rbuf r;
	uint64_t mask, counts;
	bool over = false;
	int i;

	if (!read_mask(&r, bytes, &mask))
		return false;
	for (counts = mask & ((1u << SUM_COUNTS) - 1); counts != 0;
	     counts &= counts - 1) {
		i = __builtin_ctzll(counts);
		over |=
		    __builtin_add_overflow(s->n[i], read_uvar(&r), &s->n[i]);
	}
	if (mask >> SUM_COUNTS & 1)
		over |=
		    __builtin_add_overflow(s->cost, read_money(&r), &s->cost);
	if (mask >> (SUM_COUNTS + 1) & 1)
		over |= __builtin_add_overflow(
		    s->plan_cost, read_money(&r), &s->plan_cost);
	return !over && !r.failed && r.p == r.end;
}

bool
sums_read(struct span bytes, struct sums *s)
{
	*s = (struct sums){ 0 };
	return sums_read_add(bytes, s);
}

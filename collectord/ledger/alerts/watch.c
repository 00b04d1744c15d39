#include <stdio.h>
#include <stdlib.h>

#include "collectord/ledger/dims.h"
#include "collectord/ledger/alerts/notices.h"
#include "collectord/ledger/alerts/watch_impl.h"
#include "proto/error.h"

#define COVERS_MAX 65536 /* dims remembered before all are forgotten */
#define TOLD_MAX 65536   /* likewise */

static const enum event_text filter_texts[BUDGET_FILTERS] = { EV_MODEL,
	EV_PROVIDER, EV_AGENT, EV_PROJECT, EV_ACCOUNT, EV_MACHINE };

static bool
covers(const struct budget *b, const struct text texts[EV_TEXTS])
{
	if (b->is_metered && text_is(texts[EV_BILLING], "plan"))
		return false;
	for (int i = 0; i < BUDGET_FILTERS; i++)
		if (b->filter[i].len > 0 &&
		    !text_matches(texts[filter_texts[i]], b->filter[i]))
			return false;
	return true;
}

int
watch_load(struct watch *w, struct store_txn *txn)
{
	int rc = w->is_loaded ? 0 : budgets_load(txn, &w->list);

	w->is_loaded = rc == 0;
	return rc;
}

/* Room for one more of an array that ends in *n. */
static bool
make_room(void *items, uint32_t n, uint32_t *cap, size_t size)
{
	uint32_t bigger = *cap == 0 ? 64 : *cap * 2;
	void **p = items, *grown;

	if (n < *cap)
		return true;
	grown = realloc(*p, bigger * size);
	if (grown == NULL)
		return false;
	*p = grown;
	*cap = bigger;
	return true;
}

static void
forget_dims(struct watch *w)
{
	map_release(&w->dims);
	w->n_covers = 0;
}

static uint64_t
find_covers(const struct watch *w, const struct text texts[EV_TEXTS])
{
	uint64_t bits = 0;

	for (uint32_t i = 0; i < w->list.n; i++)
		if (covers(&w->list.item[i].b, texts))
			bits |= (uint64_t)1 << i;
	return bits;
}

/* Which budgets calls of these dims are for. */
static int
covers_of(struct watch *w, struct store_txn *txn, uint32_t dims, uint64_t *bits)
{
	struct text texts[EV_TEXTS] = { { 0 } };
	uint32_t *at;
	bool fresh;
	int rc;

	if (w->n_covers == COVERS_MAX)
		forget_dims(w);
	at = map_at(&w->dims, dims, 0, &fresh);
	if (at == NULL || !make_room(&w->covers, w->n_covers, &w->covers_cap,
			      sizeof(*w->covers)))
		return -ERR_STORE;
	if (*at == 0) {
		rc = dims_texts(txn, dims, texts, NULL);
		if (rc != 0)
			return rc;
		w->covers[w->n_covers++] = find_covers(w, texts);
		*at = w->n_covers;
	}
	*bits = w->covers[*at - 1];
	return 0;
}

void
watch_period_of(struct watch *w, enum budget_period period, int64_t ms,
    int64_t *from_ms, int64_t *to_ms)
{
	if (ms < w->span[period].from_ms || ms >= w->span[period].to_ms)
		budget_period_of(period, &w->cal, ms, &w->span[period].from_ms,
		    &w->span[period].to_ms);
	*from_ms = w->span[period].from_ms;
	*to_ms = w->span[period].to_ms;
}

/* Where in a budget's sums a slot counts; false: it is not watched. */
static bool
place_of(struct watch *w, const struct stored_budget *b,
    const struct slot_row *row, uint64_t *place)
{
	int64_t ms = row->slot * SLOT_MS, from_ms, to_ms;

	if ((b->b.period == BUDGET_SESSION) != (row->session != NO_SESSION))
		return false;
	switch (b->b.period) {
	case BUDGET_SESSION:
		*place = row->session;
		return true;
	case BUDGET_BLOCK:
		*place = (uint64_t)ms;
		return ms + BUDGET_BLOCK_MS > b->made_ms;
	default:
		watch_period_of(w, b->b.period, ms, &from_ms, &to_ms);
		*place = (uint64_t)from_ms;
		return to_ms > b->made_ms;
	}
}

/* Differences wrap, so their parts are added before they are looked at. */
static void
sum_of(const struct budget *b, const struct sums *s, struct budget_sum *sum)
{
	*sum = (struct budget_sum){
		.spent = s->cost,
		.unpriced_tokens = (int64_t)s->n[SUM_UNPRICED_TOKENS],
		.unpriced_calls = (int64_t)s->n[SUM_UNPRICED_CALLS],
	};
	if (b->is_tokens)
		sum->spent = (int64_t)(s->n[SUM_INPUT] + s->n[SUM_CACHE_READ] +
				       s->n[SUM_CACHE_WRITE] +
				       s->n[SUM_OUTPUT] + s->n[SUM_OTHER]);
}

static int
add(struct watch *w, uint32_t budget, uint64_t place,
    const struct budget_sum *sum)
{
	bool fresh;
	uint32_t *at = map_at(&w->touched, budget, place, &fresh);

	if (at == NULL ||
	    !make_room(&w->adds, w->n_adds, &w->adds_cap, sizeof(*w->adds)))
		return -ERR_STORE;
	if (fresh) {
		w->adds[w->n_adds++] =
		    (struct watch_add){ .budget = budget, .place = place };
		*at = w->n_adds;
	}
	budget_sum_add(&w->adds[*at - 1].sum, sum);
	return 0;
}

/* "price/PROVIDER/MODEL": a call of it could not be priced. */
static int
tell_unpriced(struct store_txn *txn, uint32_t dims, int64_t now_ms)
{
	struct text texts[EV_TEXTS] = { { 0 } };
	struct notice n = { .kind = NOTICE_PRICE, .level = NOTICE_WARN };
	char id[WATCH_ID_MAX];
	int len, rc = dims_texts(txn, dims, texts, NULL);

	if (rc != 0 || texts[EV_MODEL].len == 0)
		return rc;
	len = snprintf(id, sizeof(id), "price/%.*s/%.*s",
	    (int)texts[EV_PROVIDER].len, texts[EV_PROVIDER].p,
	    (int)texts[EV_MODEL].len, texts[EV_MODEL].p);
	n.id = (struct text){ id, (uint32_t)len };
	n.subject = texts[EV_MODEL];
	rc = notice_make(txn, now_ms, &n);
	return rc < 0 ? rc : 0;
}

int
watch_gather_row(void *arg, const struct slot_row *row)
{
	struct watch_gathering *g = arg;
	const struct stored_budget *b;
	struct budget_sum sum;
	uint64_t bits = 0, place;
	int rc = 0;

	if (row->session == NO_SESSION && g->only == NULL &&
	    (int64_t)row->sums->n[SUM_UNPRICED_CALLS] > 0 &&
	    row->dims != g->told_dims) {
		g->told_dims = row->dims;
		rc = tell_unpriced(g->txn, row->dims, g->now_ms);
	}
	if (rc == 0 && g->w->list.n > 0)
		rc = covers_of(g->w, g->txn, row->dims, &bits);
	if (rc != 0 || g->w->list.n == 0)
		return rc;
	for (uint32_t i = 0; rc == 0 && i < g->w->list.n; i++) {
		b = &g->w->list.item[i];
		if (!(bits >> i & 1) || (g->only != NULL && g->only != b) ||
		    !place_of(g->w, b, row, &place))
			continue;
		sum_of(&b->b, row->sums, &sum);
		rc = add(g->w, i, place, &sum);
	}
	return rc;
}

int
watch_gather(struct watch *w, struct store_txn *txn,
    const struct slot_changes *changes, int64_t now_ms)
{
	struct watch_gathering g = {
		.w = w, .txn = txn, .now_ms = now_ms, .told_dims = UINT32_MAX
	};
	int rc = watch_load(w, txn);

	return rc == 0 ? slot_changes_each(changes, watch_gather_row, &g) : rc;
}

static int
judge_place(
    struct watch *w, struct store_txn *txn, struct watch_add *a, int64_t now_ms)
{
	const struct stored_budget *b = &w->list.item[a->budget];
	int64_t from_ms = 0, to_ms = 0;
	int rc = 0;

	if (b->b.period == BUDGET_BLOCK) {
		rc = budget_block(txn, b->id, a->place, &from_ms, &a->sum);
		to_ms = from_ms + BUDGET_BLOCK_MS;
	} else if (b->b.period != BUDGET_SESSION) {
		watch_period_of(
		    w, b->b.period, (int64_t)a->place, &from_ms, &to_ms);
	}
	if (rc != 0)
		return rc == STORE_NOTFOUND ? 0 : rc;
	return watch_judge(
	    w, txn, b, a->place, from_ms, to_ms, a->sum.spent, now_ms);
}

/* Most of what is over was told of long ago: no store is asked for that. */
static int
judge_once(
    struct watch *w, struct store_txn *txn, struct watch_add *a, int64_t now_ms)
{
	const struct budget *b = &w->list.item[a->budget].b;
	enum budget_level level = budget_judge(b, a->sum.spent);
	uint32_t *told;
	bool fresh;
	int rc;

	/* Whose blocks begin elsewhere when an earlier call comes late. */
	if (b->period == BUDGET_BLOCK)
		return judge_place(w, txn, a, now_ms);
	if (level == BUDGET_OK)
		return 0;
	if (w->told.n >= TOLD_MAX)
		map_release(&w->told);
	told = map_at(&w->told, a->budget, a->place, &fresh);
	if (told == NULL)
		return -ERR_STORE;
	if (*told >= level)
		return 0;
	rc = judge_place(w, txn, a, now_ms);
	if (rc == 0)
		*told = level;
	return rc;
}

/* What is added becomes the whole sum. */
static int
apply_one(struct watch *w, struct store_txn *txn, struct watch_add *a)
{
	uint32_t id = w->list.item[a->budget].id;
	struct budget_sum before;
	int rc = budget_sum_get(txn, id, a->place, &before);

	if (rc != 0)
		return rc;
	a->is_more = a->sum.spent > 0;
	budget_sum_add(&a->sum, &before);
	return budget_sum_put(txn, id, a->place, &a->sum);
}

void
watch_clear_adds(struct watch *w)
{
	w->n_adds = 0;
	map_release(&w->touched);
}

/* Judged when all is added: a block has several places. */
int
watch_apply(struct watch *w, struct store_txn *txn, int64_t now_ms)
{
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < w->n_adds; i++)
		rc = apply_one(w, txn, &w->adds[i]);
	for (uint32_t i = 0; rc == 0 && i < w->n_adds; i++)
		if (w->adds[i].is_more)
			rc = judge_once(w, txn, &w->adds[i], now_ms);
	if (w->n_adds > 0)
		watch_clear_adds(w);
	return rc;
}

void
watch_forget(struct watch *w)
{
	w->is_loaded = false;
	forget_dims(w);
	map_release(&w->told);
	watch_clear_adds(w);
}

void
watch_release(struct watch *w)
{
	watch_forget(w);
	budgets_release(&w->list);
	free(w->covers);
	free(w->adds);
	w->covers = NULL;
	w->adds = NULL;
	w->covers_cap = w->adds_cap = 0;
}

int
watch_state(const struct watch *w, struct store_txn *txn,
    const struct stored_budget *b, uint32_t session, int64_t at_ms,
    int64_t *from_ms, int64_t *to_ms, struct budget_sum *sum)
{
	int rc;

	*from_ms = *to_ms = 0;
	*sum = (struct budget_sum){ 0 };
	switch (b->b.period) {
	case BUDGET_SESSION:
		return session == NO_SESSION
			   ? STORE_NOTFOUND
			   : budget_sum_get(txn, b->id, session, sum);
	case BUDGET_BLOCK:
		rc = budget_block(txn, b->id, (uint64_t)at_ms, from_ms, sum);
		*to_ms = *from_ms + BUDGET_BLOCK_MS;
		if (rc != 0)
			*from_ms = *to_ms = 0;
		return rc;
	default:
		budget_period_of(b->b.period, &w->cal, at_ms, from_ms, to_ms);
		return budget_sum_get(txn, b->id, (uint64_t)*from_ms, sum);
	}
}

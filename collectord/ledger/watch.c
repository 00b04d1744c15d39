#include "collectord/ledger/watch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectord/ledger/dims.h"
#include "collectord/ledger/notices.h"
#include "proto/error.h"

#define COVERS_MAX 65536 /* dims remembered before all are forgotten */
#define TOLD_MAX 65536   /* likewise */
#define NOTICE_ID_MAX 600
#define CALENDAR_BYTES_MAX 320
#define WATCH_TOLD_MAX 160

struct watch_add {
	uint32_t budget; /* place in the list */
	uint64_t place;  /* see budgets.h */
	struct budget_sum sum;
	bool is_more; /* only what grows reaches a level */
};

static const struct span meta_calendar = { "calendar", 8 };

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

static int
load(struct watch *w, struct store_txn *txn)
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

static void
period_of(struct watch *w, enum budget_period period, int64_t ms,
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
		period_of(w, b->b.period, ms, &from_ms, &to_ms);
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
	char id[NOTICE_ID_MAX];
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

struct gathering {
	struct watch *w;
	struct store_txn *txn;
	const struct stored_budget *only; /* NULL: all */
	int64_t now_ms;
	uint32_t told_dims; /* already told to have no price */
};

static int
gather_row(void *arg, const struct slot_row *row)
{
	struct gathering *g = arg;
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
	struct gathering g = {
		.w = w, .txn = txn, .now_ms = now_ms, .told_dims = UINT32_MAX
	};
	int rc = load(w, txn);

	return rc == 0 ? slot_changes_each(changes, gather_row, &g) : rc;
}

/* A session's text is its label; the others' is the calendar's. */
static int
label_of(const struct watch *w, struct store_txn *txn,
    const struct stored_budget *b, uint64_t place, int64_t from_ms,
    char buf[LIMIT_TEXT + 1])
{
	struct text texts[EV_TEXTS] = { { 0 } };
	int rc;

	if (b->b.period != BUDGET_SESSION) {
		budget_period_label(b->b.period, &w->cal, from_ms, buf);
		return 0;
	}
	rc = session_texts(txn, (uint32_t)place, texts);
	snprintf(buf, LIMIT_TEXT + 1, "%.*s", (int)texts[EV_SESSION].len,
	    texts[EV_SESSION].len > 0 ? texts[EV_SESSION].p : "");
	return rc;
}

/* The id of what is told when a budget reaches a level in a period. */
static struct text
budget_id(const struct stored_budget *b, uint32_t armed,
    enum budget_level level, const char *period, char buf[NOTICE_ID_MAX])
{
	int len = snprintf(buf, NOTICE_ID_MAX,
	    "budget/%.*s/%s/%s/%" PRIu32 ".%" PRIu32, (int)b->b.name.len,
	    b->b.name.p, budget_level_names[level], period, b->id, armed);

	return (struct text){ buf, (uint32_t)len };
}

static int
make_budget_notice(struct store_txn *txn, const struct stored_budget *b,
    enum budget_level level, const struct notice *like, const char *label,
    int64_t now_ms)
{
	struct notice n = *like;
	char id[NOTICE_ID_MAX];

	n.kind = NOTICE_BUDGET;
	n.level = level == BUDGET_LIMIT ? NOTICE_LIMIT : NOTICE_WARN;
	n.id = budget_id(b, b->armed, level, label, id);
	n.subject = b->b.name;
	n.period = text_of(label);
	n.is_tokens = b->b.is_tokens;
	n.limit = b->b.limit;
	return notice_make(txn, now_ms, &n);
}

/*
 * A limit that is raised is armed again for periods that are not over yet: what
 * was told of the others stands. 1, 0, or a store error.
 */
static int
was_told(struct store_txn *txn, const struct stored_budget *b,
    enum budget_level level, const char *label, int64_t to_ms)
{
	bool was_over = to_ms > 0 && to_ms <= b->armed_ms;
	char id[NOTICE_ID_MAX];
	int rc = 0;

	for (uint32_t armed = was_over ? 0 : b->armed;
	     rc == 0 && armed <= b->armed; armed++)
		rc =
		    notice_was_made(txn, budget_id(b, armed, level, label, id));
	return rc;
}

/* A jump past both makes one, and a warning never follows the limit. */
static int
judge(const struct watch *w, struct store_txn *txn,
    const struct stored_budget *b, uint64_t place, int64_t from_ms,
    int64_t to_ms, money_sum spent, int64_t now_ms)
{
	enum budget_level level = budget_judge(&b->b, spent);
	struct notice n = {
		.from_ms = from_ms, .to_ms = to_ms, .spent = spent
	};
	char label[LIMIT_TEXT + 1];
	int rc;

	if (level == BUDGET_OK)
		return 0;
	rc = label_of(w, txn, b, place, from_ms, label);
	for (int l = level; rc == 0 && l <= BUDGET_LIMIT; l++)
		rc = was_told(txn, b, (enum budget_level)l, label, to_ms);
	if (rc == 0)
		rc = make_budget_notice(txn, b, level, &n, label, now_ms);
	return rc < 0 ? rc : 0;
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
		period_of(w, b->b.period, (int64_t)a->place, &from_ms, &to_ms);
	}
	if (rc != 0)
		return rc == STORE_NOTFOUND ? 0 : rc;
	return judge(w, txn, b, a->place, from_ms, to_ms, a->sum.spent, now_ms);
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

static void
clear_adds(struct watch *w)
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
		clear_adds(w);
	return rc;
}

void
watch_forget(struct watch *w)
{
	w->is_loaded = false;
	forget_dims(w);
	map_release(&w->told);
	clear_adds(w);
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

/* A row of the finest slots, or of the sessions' ones. */
static bool
read_row(enum store_table t, struct span key, struct slot_row *row)
{
	struct rbuf r;
	bool is_finest = true;

	rbuf_init(&r, key);
	if (t == TABLE_SLOTS)
		is_finest = read_u8(&r) == 0;
	row->slot = read_be32(&r);
	row->session = t == TABLE_SLOTS ? NO_SESSION : read_be32(&r);
	row->dims = read_be32(&r);
	return is_finest && !r.failed;
}

static int
gather_stored(struct gathering *g, enum store_table t, uint32_t from_slot)
{
	uint8_t bytes[9];
	struct store_cursor *c;
	struct slot_row row;
	struct span k, v;
	struct sums s;
	struct wbuf key;
	int rc = store_cursor_open(g->txn, t, &c);

	if (rc != 0)
		return rc;
	wbuf_init(&key, bytes, sizeof(bytes));
	if (t == TABLE_SLOTS)
		slot_key_write(&key, 0, from_slot, 0);
	else
		write_be32(&key, from_slot);
	rc = store_seek(c, wbuf_span(&key), &k, &v);
	for (; rc == 0 && read_row(t, k, &row); rc = store_next(c, &k, &v)) {
		row.sums = &s;
		rc = sums_read(v, &s) ? gather_row(g, &row) : -ERR_STORE;
		if (rc != 0)
			break;
	}
	store_cursor_close(c);
	return rc == STORE_NOTFOUND ? 0 : rc;
}

/* Sessions go on for days; of the other periods none is looked at before the
 * one the budget was made in. */
static uint32_t
first_slot(struct watch *w, const struct stored_budget *b)
{
	int64_t from_ms = b->made_ms, to_ms;

	if (b->b.period == BUDGET_SESSION)
		return 0;
	if (b->b.period == BUDGET_BLOCK)
		from_ms -= BUDGET_BLOCK_MS;
	else
		period_of(w, b->b.period, b->made_ms, &from_ms, &to_ms);
	return from_ms > 0 ? (uint32_t)(from_ms / SLOT_MS) : 0;
}

/* What its sums should be, in w->adds. */
static int
recount(struct watch *w, struct store_txn *txn, const struct stored_budget *b)
{
	struct gathering g = { .w = w, .txn = txn, .only = b };

	clear_adds(w);
	return gather_stored(&g,
	    b->b.period == BUDGET_SESSION ? TABLE_SESSION_SLOTS : TABLE_SLOTS,
	    first_slot(w, b));
}

static int
rebuild_sums(
    struct watch *w, struct store_txn *txn, const struct stored_budget *b)
{
	int rc = budget_sums_clear(txn, b->id);

	if (rc == 0)
		rc = recount(w, txn, b);
	for (uint32_t i = 0; rc == 0 && i < w->n_adds; i++)
		rc = budget_sum_put(
		    txn, b->id, w->adds[i].place, &w->adds[i].sum);
	clear_adds(w);
	return rc;
}

static int
rebuild_listed(struct watch *w, struct store_txn *txn,
    const struct stored_budget *b, int64_t now_ms)
{
	int64_t from_ms, to_ms;
	struct budget_sum sum;
	int rc = rebuild_sums(w, txn, b);

	if (rc != 0 || b->b.period == BUDGET_SESSION)
		return rc;
	rc = watch_state(w, txn, b, 0, now_ms, &from_ms, &to_ms, &sum);
	if (rc != 0)
		return rc == STORE_NOTFOUND ? 0 : rc;
	return judge(
	    w, txn, b, (uint64_t)from_ms, from_ms, to_ms, sum.spent, now_ms);
}

int
watch_rebuild(struct watch *w, struct store_txn *txn,
    const struct stored_budget *b, int64_t now_ms)
{
	const struct stored_budget *listed = NULL;
	int rc;

	watch_forget(w);
	rc = load(w, txn);
	for (uint32_t i = 0; rc == 0 && i < w->list.n; i++)
		if (w->list.item[i].id == b->id)
			listed = &w->list.item[i];
	if (rc != 0 || listed == NULL)
		return rc != 0 ? rc : -ERR_STORE;
	return rebuild_listed(w, txn, listed, now_ms);
}

/* What the places of the stored sums go by. */
static struct span
write_calendar(const struct watch *w, char buf[CALENDAR_BYTES_MAX])
{
	int len =
	    snprintf(buf, CALENDAR_BYTES_MAX, "%d %d %d %s", w->cal.week_start,
		w->cal.day_start, w->cal.month_start, calendar_zone());

	return (struct span){ buf, (size_t)len };
}

bool
watch_has_other_calendar(const struct watch *w, struct store_txn *txn)
{
	char buf[CALENDAR_BYTES_MAX];
	struct span ours = write_calendar(w, buf), theirs;

	return store_get(txn, TABLE_META, meta_calendar, &theirs) != 0 ||
	       theirs.len != ours.len ||
	       memcmp(theirs.p, ours.p, ours.len) != 0;
}

int
watch_take_calendar(struct watch *w, struct store_txn *txn, int64_t now_ms)
{
	char buf[CALENDAR_BYTES_MAX];
	int rc;

	watch_forget(w);
	rc = load(w, txn);
	for (uint32_t i = 0; rc == 0 && i < w->list.n; i++)
		rc = rebuild_listed(w, txn, &w->list.item[i], now_ms);
	return rc == 0 ? store_put(txn, TABLE_META, meta_calendar,
			     write_calendar(w, buf))
		       : rc;
}

/* How many of a budget's stored sums are not what was counted. */
static int
compare_sums(struct watch *w, struct store_txn *txn,
    const struct stored_budget *b, uint64_t *different)
{
	struct budget_sum sum;
	uint64_t stored, counted = 0;
	int rc = budget_sums_count(txn, b->id, &stored);

	for (uint32_t i = 0; rc == 0 && i < w->n_adds; i++) {
		const struct budget_sum *a = &w->adds[i].sum;

		rc = budget_sum_get(txn, b->id, w->adds[i].place, &sum);
		*different += !budget_sum_eq(&sum, a);
		counted += !budget_sum_eq(a, &(struct budget_sum){ 0 });
	}
	*different += stored > counted ? stored - counted : 0;
	return rc;
}

int
watch_check(struct watch *w, struct store_txn *txn,
    void (*differs)(void *arg, const char *what), void *arg)
{
	char what[WATCH_TOLD_MAX];
	uint64_t n;
	int rc = load(w, txn);

	for (uint32_t i = 0; rc == 0 && i < w->list.n; i++) {
		const struct stored_budget *b = &w->list.item[i];

		n = 0;
		rc = recount(w, txn, b);
		if (rc == 0)
			rc = compare_sums(w, txn, b, &n);
		clear_adds(w);
		snprintf(what, sizeof(what),
		    "budget %.*s: sums of %" PRIu64 " periods",
		    (int)b->b.name.len, b->b.name.p, n);
		if (rc == 0 && n > 0)
			differs(arg, what);
	}
	return rc;
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

/* The day of crossing has been told; every later one says so again. */
static int
remind(struct watch *w, struct store_txn *txn, const struct stored_budget *b,
    const char *date, int64_t day_ms, int64_t now_ms)
{
	char label[LIMIT_TEXT + 1], id[NOTICE_ID_MAX], again[NOTICE_ID_MAX];
	int64_t from_ms, to_ms, told_ms;
	struct budget_sum sum;
	struct notice n = { .kind = NOTICE_BUDGET, .level = NOTICE_LIMIT };
	int rc;

	rc = watch_state(w, txn, b, NO_SESSION, now_ms, &from_ms, &to_ms, &sum);
	if (rc != 0 || budget_judge(&b->b, sum.spent) != BUDGET_LIMIT)
		return rc < 0 ? rc : 0;
	budget_period_label(b->b.period, &w->cal, from_ms, label);
	rc = notice_made_ms(
	    txn, budget_id(b, b->armed, BUDGET_LIMIT, label, id), &told_ms);
	if (rc != 0 || told_ms >= day_ms)
		return rc < 0 ? rc : 0;
	n.id = (struct text){ again,
		(uint32_t)snprintf(again, sizeof(again), "%s/%s", id, date) };
	n.subject = b->b.name;
	n.period = text_of(label);
	n.from_ms = from_ms;
	n.to_ms = to_ms;
	n.is_tokens = b->b.is_tokens;
	n.spent = sum.spent;
	n.limit = b->b.limit;
	rc = notice_make(txn, now_ms, &n);
	return rc < 0 ? rc : 0;
}

int
watch_remind(struct watch *w, struct store_txn *txn, int64_t now_ms)
{
	char date[CALENDAR_TEXT_MAX];
	int64_t from_ms, to_ms;
	int rc = load(w, txn);

	budget_period_of(BUDGET_DAY, &w->cal, now_ms, &from_ms, &to_ms);
	budget_period_label(BUDGET_DAY, &w->cal, from_ms, date);
	for (uint32_t i = 0; rc == 0 && i < w->list.n; i++)
		if (w->list.item[i].b.reminds)
			rc = remind(
			    w, txn, &w->list.item[i], date, from_ms, now_ms);
	return rc;
}

#include <stdlib.h>

#include "collectord/ledger/billing/billed.h"
#include "collectord/ledger/digest.h"
#include "collectord/ledger/impl.h"
#include "collectord/ledger/map.h"
#include "collectord/ledger/methods/methods_impl.h"
#include "collectord/ledger/methods/params.h"

#define DAY_MS 86400000ll
#define PAGE_ROWS 2000
/* Of an account's day. A service that tells of more models than anybody has
 * must not make a day too large for a reply. */
#define GROUPS_MAX 2000
#define PAGE_DAYS 10000 /* of all feeds; a page has at least one whole day */

/* What the rows of a day add up to; texts point into the map. */
struct group {
	struct text model, currency, unit;
	bool has_amount;
	money_sum amount, elsewhere;
	money_sum quantity; /* where there is a unit */
	uint64_t count[BILL_COUNTS];
	/* Parts of it, of rows whose tier is batch. */
	money_sum batch_amount;
	uint64_t batch_tokens;
};

struct bill_days {
	struct bill_day *item;
	size_t n, cap;
};

struct bill_query {
	uint32_t from_day, to_day;
	struct text provider;
	struct bill_days days;   /* by day, account and feed */
	struct bill_days absent; /* one of each feed that knows none whole */
	struct group *groups;
	size_t n_groups, cap_groups;
	struct map index; /* of groups, by digests of their texts */
	struct packer rows, complete;
	uint32_t n_rows, n_complete;
	size_t n_taken; /* of days, for this page */
	struct account account;
};

static bool
read_day(struct ledger_call *c, const char *name, uint64_t dflt, uint32_t *day)
{
	uint64_t ms;

	if (!param_u64(c, name, dflt, &ms))
		return false;
	if (ms % DAY_MS != 0 || ms / DAY_MS > UINT32_MAX) {
		error_set(
		    &c->error, ERR_OUT_OF_RANGE, name, "not a UTC midnight");
		return false;
	}
	*day = (uint32_t)(ms / DAY_MS);
	return true;
}

static bool
read_query(struct ledger_call *c, struct bill_query *q)
{
	if (!read_day(c, "from", 0, &q->from_day) ||
	    !read_day(c, "to", UINT32_MAX * (uint64_t)DAY_MS, &q->to_day) ||
	    !param_text(c, "provider", &q->provider))
		return false;
	if (q->from_day <= q->to_day)
		return true;
	error_set(&c->error, ERR_OUT_OF_RANGE, "to", "to is before from");
	return false;
}

/* Room for one more; 0, or -ERR_STORE. */
static int
grow(void **list, size_t n, size_t *cap, size_t size)
{
	size_t more = *cap == 0 ? 64 : *cap * 2;
	void *p;

	if (n < *cap)
		return 0;
	p = realloc(*list, more * size);
	if (p == NULL)
		return -ERR_STORE;
	*list = p;
	*cap = more;
	return 0;
}

/* --- Which days are known ------------------------------------------------- */

/* What a key of a day begins with, up to what parts the day from its feed. */
static void
begin_day_key(struct wbuf *w, uint8_t *buf, const struct bill_day *d)
{
	wbuf_init(w, buf, BILL_KEY_MAX);
	write_u8(w, 'd');
	write_bytes(w, d->name.p, d->name.len);
	write_u8(w, 0);
	write_bytes(w, d->feed.p, d->feed.len);
}

/* The first day of the same feed that is asked for, or what follows it. */
static int
seek_first_day(struct store_cursor *c, const struct bill_query *q,
    const struct bill_day *d, struct span *k, struct span *v)
{
	uint8_t buf[BILL_KEY_MAX];
	struct wbuf w;

	begin_day_key(&w, buf, d);
	write_u8(&w, 0);
	write_be32(&w, q->from_day);
	return w.failed ? -ERR_STORE : store_seek(c, wbuf_span(&w), k, v);
}

/* A byte that no name has, between this feed and all that may follow it. */
static int
seek_next_feed(struct store_cursor *c, const struct bill_day *d, struct span *k,
    struct span *v)
{
	uint8_t buf[BILL_KEY_MAX];
	struct wbuf w;

	begin_day_key(&w, buf, d);
	write_u8(&w, 1);
	return w.failed ? -ERR_STORE : store_seek(c, wbuf_span(&w), k, v);
}

static bool
is_wanted(const struct bill_query *q, const struct bill_day *d)
{
	return q->provider.len == 0 ||
	       text_eq(account_provider(d->name), q->provider);
}

static bool
is_same_feed(const struct bill_day *a, const struct bill_day *b)
{
	return text_eq(a->name, b->name) && text_eq(a->feed, b->feed);
}

static int
add_to(struct bill_days *list, const struct bill_day *d)
{
	int rc = grow((void **)&list->item, list->n, &list->cap, sizeof(*d));

	if (rc == 0)
		list->item[list->n++] = *d;
	return rc;
}

static bool
is_over(const struct bill_day *d)
{
	return d->at_ms >= (d->day + 1) * DAY_MS;
}

/* The days that are asked for of one feed, whose first one is given. */
static int
find_days_of(
    struct store_cursor *c, struct bill_query *q, const struct bill_day *first)
{
	struct bill_day d;
	struct span k, v;
	bool knows_any = false;
	int rc = seek_first_day(c, q, first, &k, &v);

	while (rc == 0 && *(const char *)k.p == 'd') {
		if (!bill_day_read(k, v, &d))
			return -ERR_STORE;
		if (!is_same_feed(&d, first) || d.day >= q->to_day)
			break;
		knows_any = knows_any || is_over(&d);
		rc = add_to(&q->days, &d);
		if (rc == 0)
			rc = store_next(c, &k, &v);
	}
	if (rc >= 0 && !knows_any)
		return add_to(&q->absent, first);
	return rc == STORE_NOTFOUND ? 0 : rc;
}

/* Years may lie around the days that are asked for: they are passed over. */
static int
find_days(struct store_cursor *c, struct bill_query *q)
{
	struct bill_day d;
	struct span k, v;
	int rc = store_seek(c, (struct span){ "d", 1 }, &k, &v);

	while (rc == 0 && *(const char *)k.p == 'd') {
		if (!bill_day_read(k, v, &d))
			return -ERR_STORE;
		if (is_wanted(q, &d))
			rc = find_days_of(c, q, &d);
		if (rc == 0)
			rc = seek_next_feed(c, &d, &k, &v);
	}
	return rc == STORE_NOTFOUND ? 0 : rc;
}

static int
by_day(const void *pa, const void *pb)
{
	const struct bill_day *a = pa, *b = pb;
	int order = (a->day > b->day) - (a->day < b->day);

	if (order == 0)
		order = text_cmp(a->name, b->name);
	return order != 0 ? order : text_cmp(a->feed, b->feed);
}

static int
by_feed(const void *pa, const void *pb)
{
	const struct bill_day *a = pa, *b = pb;
	int order = text_cmp(a->name, b->name);

	if (order == 0)
		order = text_cmp(a->feed, b->feed);
	return order != 0 ? order : (a->day > b->day) - (a->day < b->day);
}

/* --- Rows ----------------------------------------------------------------- */

/* 128 bits: two groups do not have the same by chance, nor by effort. */
struct group_key {
	uint64_t a, b;
};

static struct group_key
group_key(const struct group *g)
{
	static const struct digest_key one = { 9, 10 }, two = { 11, 12 };

	return (struct group_key){
		digest64(&one, g->model.p, g->model.len) ^
		    digest64(&two, g->unit.p, g->unit.len),
		digest64(&two, g->model.p, g->model.len) ^
		    digest64(&one, g->currency.p, g->currency.len),
	};
}

static struct group *
make_group(struct bill_query *q, const struct group *like)
{
	struct group_key key = group_key(like);
	bool fresh;
	uint32_t *at = map_at(&q->index, key.a, key.b, &fresh);

	if (at == NULL || grow((void **)&q->groups, q->n_groups, &q->cap_groups,
			      sizeof(*q->groups)) != 0)
		return NULL;
	if (fresh) {
		*at = (uint32_t)q->n_groups;
		q->groups[q->n_groups++] = *like;
	}
	return &q->groups[*at];
}

static struct group *
find_group(struct bill_query *q, const struct bill_row *row)
{
	struct group like = { .model = row->text[BILL_MODEL],
		.currency = row->currency };
	struct group_key key;
	const uint32_t *at;

	/* That of an amount tells once more what was used. */
	if (row->has_quantity && !row->has_amount)
		like.unit = row->text[BILL_UNIT];
	if (q->n_groups >= GROUPS_MAX) {
		key = group_key(&like);
		at = map_find(&q->index, key.a, key.b);
		if (at != NULL)
			return &q->groups[*at];
		like.model = (struct text){ 0 };
	}
	return make_group(q, &like);
}

/* A sum that no number holds is a nonsense of the service's, but no small one.
 */
static uint64_t
add_count(uint64_t a, uint64_t b)
{
	return a > INT64_MAX - b ? INT64_MAX : a + b;
}

static void
add_batch(struct group *g, const struct bill_row *row)
{
	static const enum bill_count tokens[] = { BILL_INPUT, BILL_CACHE_READ,
		BILL_CACHE_WRITE, BILL_OUTPUT };

	g->batch_amount += row->amount;
	for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++)
		g->batch_tokens =
		    add_count(g->batch_tokens, row->count[tokens[i]]);
}

static int
add_row(struct bill_query *q, struct span val)
{
	struct bill_row row;
	struct group *g;

	if (!bill_row_read(val, &row))
		return -ERR_STORE;
	g = find_group(q, &row);
	if (g == NULL)
		return -ERR_STORE;
	g->has_amount = g->has_amount || row.has_amount;
	g->amount += row.amount;
	g->elsewhere += row.elsewhere;
	if (g->unit.len > 0)
		g->quantity += row.quantity;
	for (int i = 0; i < BILL_COUNTS; i++)
		g->count[i] = add_count(g->count[i], row.count[i]);
	if (text_is(row.text[BILL_TIER], "batch"))
		add_batch(g, &row);
	return 0;
}

static int
add_day(struct store_cursor *c, struct bill_query *q, const struct bill_day *d)
{
	uint8_t buf[BILL_KEY_MAX];
	struct span from = bill_row_key(buf, d->generation, d->day, 0), k, v;
	int rc = store_seek(c, from, &k, &v);

	for (; rc == 0; rc = store_next(c, &k, &v)) {
		if (k.len != from.len ||
		    memcmp(k.p, from.p, from.len - sizeof(uint32_t)) != 0)
			return 0;
		rc = add_row(q, v);
		if (rc != 0)
			return rc;
	}
	return rc == STORE_NOTFOUND ? 0 : rc;
}

static const struct {
	const char *name;
	enum bill_count count;
} columns[] = {
	{ "input_tokens", BILL_INPUT },
	{ "cache_read_tokens", BILL_CACHE_READ },
	{ "cache_write_tokens", BILL_CACHE_WRITE },
	{ "output_tokens", BILL_OUTPUT },
	{ "requests", BILL_REQUESTS },
};

#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

/* Money that most rows have none of. */
static void
pack_some(struct packer *k, const char *name, money_sum amount)
{
	if (amount == 0)
		return;
	pack_str(k, name);
	pack_money(k, amount);
}

static void
pack_group(struct packer *k, const struct bill_day *d, const struct group *g)
{
	pack_map(
	    k, (uint32_t)(2 + (g->model.len > 0) + 2 * g->has_amount + COLUMNS +
			  (g->batch_amount != 0) + (g->batch_tokens != 0) +
			  (g->elsewhere != 0) + 2 * (g->unit.len > 0)));
	pack_str(k, "day");
	pack_i64(k, d->day * DAY_MS);
	pack_str(k, "name");
	pack_text(k, d->name);
	if (g->model.len > 0) {
		pack_str(k, "model");
		pack_text(k, g->model);
	}
	if (g->has_amount) {
		pack_str(k, "currency");
		pack_text(k, g->currency);
		pack_str(k, "amount");
		pack_money(k, g->amount);
	}
	for (size_t i = 0; i < COLUMNS; i++) {
		pack_str(k, columns[i].name);
		pack_u64(k, g->count[columns[i].count]);
	}
	if (g->batch_tokens != 0) {
		pack_str(k, "batch_tokens");
		pack_u64(k, g->batch_tokens);
	}
	pack_some(k, "batch_amount", g->batch_amount);
	pack_some(k, "elsewhere", g->elsewhere);
	if (g->unit.len > 0) {
		pack_str(k, "unit");
		pack_text(k, g->unit);
		pack_str(k, "quantity");
		pack_money(k, g->quantity);
	}
}

/* All feeds of one account on one day; *i is then behind them. */
static int
take_account(struct store_cursor *c, struct bill_query *q, size_t *i)
{
	const struct bill_day *first = &q->days.item[*i];
	int rc = 0;

	q->n_groups = 0;
	map_release(&q->index);
	for (;
	     rc == 0 && *i < q->days.n && q->days.item[*i].day == first->day &&
	     text_eq(q->days.item[*i].name, first->name);
	     (*i)++)
		rc = add_day(c, q, &q->days.item[*i]);
	for (size_t g = 0; rc == 0 && g < q->n_groups; g++)
		pack_group(&q->rows, first, &q->groups[g]);
	q->n_rows += (uint32_t)q->n_groups;
	return rc;
}

/* As many whole days as a page may have. */
static int
take_rows(struct store_cursor *c, struct bill_query *q)
{
	size_t i = 0;
	int rc = 0;

	while (rc == 0 && i < q->days.n) {
		if (i > 0 && q->days.item[i].day != q->days.item[i - 1].day &&
		    (q->n_rows >= PAGE_ROWS || i >= PAGE_DAYS))
			break;
		rc = take_account(c, q, &i);
	}
	q->n_taken = i;
	return rc;
}

/* --- What is complete ----------------------------------------------------- */

static bool
continues(const struct bill_day *a, const struct bill_day *b)
{
	return b->day == a->day + 1 && b->at_ms == a->at_ms &&
	       is_same_feed(a, b);
}

static void
pack_gives(struct packer *k, uint32_t gives)
{
	pack_str(k, "gives");
	pack_array(k, ((gives & BILL_COST) != 0) + ((gives & BILL_USAGE) != 0));
	if (gives & BILL_COST)
		pack_str(k, "cost");
	if (gives & BILL_USAGE)
		pack_str(k, "usage");
}

static const struct account_feed *
find_feed(const struct account *a, struct text feed)
{
	for (uint32_t i = 0; i < a->n_feeds; i++)
		if (text_is(feed, a->feed[i].name))
			return &a->feed[i];
	return NULL;
}

static int
pack_run(struct store_txn *txn, struct bill_query *q,
    const struct bill_day *first, uint32_t end)
{
	struct packer *k = &q->complete;
	int rc = account_get(txn, first->name, &q->account);
	const struct account_feed *feed;

	if (rc < 0)
		return rc;
	feed = rc == 0 ? find_feed(&q->account, first->feed) : NULL;
	if (feed != NULL && !feed->has_history)
		feed = NULL;
	pack_map(k, 8u + (feed != NULL));
	pack_str(k, "name");
	pack_text(k, first->name);
	pack_str(k, "feed");
	pack_text(k, first->feed);
	pack_str(k, "provider");
	pack_text(k, account_provider(first->name));
	pack_str(k, "shared");
	pack_bool(k, rc == 0 && q->account.is_shared);
	pack_gives(k, first->gives);
	pack_str(k, "from");
	pack_i64(k, first->day * DAY_MS);
	pack_str(k, "to");
	pack_i64(k, end * DAY_MS);
	pack_str(k, "at");
	pack_i64(k, first->at_ms);
	if (feed != NULL) {
		pack_str(k, "first");
		pack_i64(k, feed->from_ms);
	}
	q->n_complete++;
	return 0;
}

/* Days that were over when they were asked for, in runs of one question. */
static int
take_complete(struct store_txn *txn, struct bill_query *q)
{
	struct bill_day *days = q->days.item;
	size_t i, from = 0;
	int rc = 0;

	if (q->n_taken > 0)
		qsort(days, q->n_taken, sizeof(*days), by_feed);
	for (i = 0; rc == 0 && i < q->n_taken; i = from) {
		for (from = i + 1; from < q->n_taken &&
				   continues(&days[from - 1], &days[from]) &&
				   is_over(&days[from]);
		     from++)
			;
		if (is_over(&days[i]))
			rc = pack_run(txn, q, &days[i], days[from - 1].day + 1);
	}
	return rc;
}

/* Who is still asked, but knows none of these days whole: no day at all. */
static int
take_absent(struct store_txn *txn, struct bill_query *q)
{
	struct bill_day none;
	size_t i;
	int rc = 0;

	for (i = 0; rc >= 0 && i < q->absent.n; i++) {
		none = q->absent.item[i];
		none.day = 0;
		none.at_ms = 0;
		rc = account_get(txn, none.name, &q->account);
		if (rc == 0 && q->account.is_enabled &&
		    find_feed(&q->account, none.feed) != NULL)
			rc = pack_run(txn, q, &none, 0);
	}
	return rc < 0 ? rc : 0;
}

static int
run(struct ledger *l, struct bill_query *q, uint32_t *next)
{
	struct store_cursor *c = NULL;
	struct store_txn *txn = NULL;
	int rc = store_begin(l->store, false, &txn);

	if (rc == 0)
		rc = store_cursor_open(txn, TABLE_BILLED, &c);
	if (rc == 0)
		rc = find_days(c, q);
	if (rc == 0) {
		if (q->days.n > 0)
			qsort(q->days.item, q->days.n, sizeof(*q->days.item),
			    by_day);
		rc = take_rows(c, q);
	}
	*next = rc == 0 && q->n_taken < q->days.n ? q->days.item[q->n_taken].day
						  : 0;
	if (rc == 0)
		rc = take_complete(txn, q);
	if (rc == 0)
		rc = take_absent(txn, q);
	store_cursor_close(c);
	store_abort(txn);
	return rc;
}

static void
pack_list(struct packer *k, const char *name, uint32_t n, struct packer *list)
{
	pack_str(k, name);
	pack_array(k, n);
	if (n > 0)
		pack_packed(k, list);
	k->failed = k->failed || list->failed;
}

static void
release(struct bill_query *q)
{
	packer_free(&q->rows);
	packer_free(&q->complete);
	free(q->days.item);
	free(q->absent.item);
	free(q->groups);
	map_release(&q->index);
	free(q);
}

int
method_billed(struct ledger_call *c)
{
	struct bill_query *q = calloc(1, sizeof(*q));
	uint32_t next;
	int rc;

	if (q == NULL)
		return method_fail(c, ERR_BUSY, NULL, "no memory");
	if (!read_query(c, q)) {
		release(q);
		return METHOD_FAILED;
	}
	rc = run(c->ledger, q, &next);
	if (rc == 0) {
		pack_map(c->result, 2u + (next != 0));
		pack_list(c->result, "rows", q->n_rows, &q->rows);
		pack_list(c->result, "complete", q->n_complete, &q->complete);
		if (next != 0) {
			pack_str(c->result, "next");
			pack_i64(c->result, next * DAY_MS);
		}
	}
	release(q);
	return rc == 0 ? METHOD_DONE : method_store_error(c, rc);
}

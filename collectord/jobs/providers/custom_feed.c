/*
 * Asking and reading what a definition describes.
 */
#include "collectord/jobs/providers/custom.h"
#include "collectord/jobs/providers/pointer.h"
#include "collectord/jobs/providers/reader.h"
#include "collectord/jobs/providers/request.h"
#include "proto/lang.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))
#define DAY_MS 86400000ll
#define QUERY_MAX 512
#define NAME_BYTES 64
#define HUNDRED (100 * (money_sum)MONEY_USD)

/* One page being read: where a pointer is looked for, the inner first. */
struct page {
	struct reader *r;
	const struct custom_feed *f;
	const struct json_node *in[3]; /* row, what holds it, root */
};

static struct text
write_time(const struct custom_feed *f, int64_t ms, char buf[REQUEST_DATE_MAX])
{
	uint64_t v = (uint64_t)ms;
	size_t n = REQUEST_DATE_MAX;

	switch (f->number[CUSTOM_TIME]) {
	case TIME_DATE:
		return request_date(ms, buf);
	case TIME_RFC3339:
		return request_time(ms, buf);
	case TIME_SECONDS:
		v /= 1000;
		break;
	default:
		break;
	}
	do
		buf[--n] = (char)('0' + v % 10);
	while ((v /= 10) > 0);
	return (struct text){ buf + n, (uint32_t)(REQUEST_DATE_MAX - n) };
}

/* A placeholder at s: its length, and the instant it stands for. */
static size_t
placeholder(const char *s, const struct provider_query *q, int64_t *ms)
{
	const struct {
		const char *name;
		int64_t ms;
	} all[] = {
		{ "{from}", q->from_ms },
		{ "{to}", q->to_ms },
		{ "{last}", q->to_ms - DAY_MS },
	};

	for (size_t i = 0; i < LENGTH(all); i++)
		if (strncmp(s, all[i].name, strlen(all[i].name)) == 0) {
			*ms = all[i].ms;
			return strlen(all[i].name);
		}
	return 0;
}

/* A value with its times filled in; -1 where it gets too long. */
static int
expand(const struct provider_query *q, const char *value, char buf[QUERY_MAX])
{
	char number[REQUEST_DATE_MAX];
	size_t len, n = 0;
	struct text t;
	int64_t ms;

	while (*value != '\0') {
		len = placeholder(value, q, &ms);
		t = (struct text){ value, 1 };
		if (len > 0)
			t = write_time(q->feed->own, ms, number);
		if (t.len >= QUERY_MAX - n)
			return -1;
		memcpy(buf + n, t.p, t.len);
		n += t.len;
		value += len > 0 ? len : 1;
	}
	buf[n] = '\0';
	return 0;
}

static void
put_query(struct provider_request *out, const struct provider_query *q,
    const char *query)
{
	char name[NAME_BYTES], value[QUERY_MAX];
	size_t len = strcspn(query, "=");

	if (len >= sizeof(name) || expand(q, query + len + 1, value) != 0) {
		out->failed = true;
		return;
	}
	memcpy(name, query, len);
	name[len] = '\0';
	request_param(out, name, text_of(value));
}

int
custom_build(const struct provider_query *q, struct provider_request *out)
{
	const struct custom_feed *f = q->feed->own;

	request_begin(out, q, f->text[CUSTOM_PATH]);
	for (uint32_t i = 0; i < f->custom->n_headers; i++)
		request_header(out, f->custom->header[i]);
	for (uint32_t i = 0; i < f->n_queries; i++)
		put_query(out, q, f->query[i]);
	if (q->cursor.len > 0)
		request_param(out, f->text[CUSTOM_CURSOR_QUERY], q->cursor);
	return request_end(out);
}

static const struct json_node *
find(const struct page *p, enum custom_key key)
{
	const struct json_node *node;

	if (p->f->text[key] == NULL)
		return NULL;
	for (size_t i = 0; i < LENGTH(p->in); i++) {
		node = p->in[i] == NULL
			   ? NULL
			   : pointer_find(p->r->j, p->in[i], p->f->text[key]);
		if (!reader_is_missing(node))
			return node;
	}
	return NULL;
}

static int
fail(const struct page *p, enum custom_key key, const char *why)
{
	const struct json_node *node = find(p, key);

	return reader_fail(p->r, node == NULL ? p->in[0] : node,
	    p->f->text[key] == NULL ? custom_key_name(key) : p->f->text[key],
	    why);
}

/* A text that stands for itself, or what is pointed to. */
static struct text
text_at(const struct page *p, enum custom_key key)
{
	const char *text = p->f->text[key];

	if (text != NULL && text[0] != '/')
		return text_of(text);
	return reader_text_of(p->r, find(p, key));
}

/* Seconds, milliseconds, a date or a time with its zone. */
static int
read_time(const struct page *p, enum custom_key key, int64_t *ms)
{
	const struct json_node *node = find(p, key);
	char midnight[] = "2026-09-22T00:00:00Z";
	struct text t = reader_text_of(p->r, node);
	uint64_t v;

	if (node == NULL)
		return fail(p, key, N_("it is missing"));
	if (json_u64(p->r->j, node, &v) == 0) {
		v *= v < LIMIT_TS_SECONDS_BELOW ? 1000 : 1;
		*ms = (int64_t)v;
		return v < LIMIT_TS_SECONDS_BELOW * 1000
			   ? 0
			   : fail(p, key, N_("it is not a time"));
	}
	if (t.len == strlen("2026-09-22")) {
		memcpy(midnight, t.p, t.len);
		t = text_of(midnight);
	}
	return reader_time_of(p->r, node, p->f->text[key], t, ms);
}

static int
read_amount(const struct page *p, money_sum *amount, char *currency)
{
	static const int places[] = { 12, 10, 9, 6 };
	const struct json_node *node = find(p, CUSTOM_AMOUNT);

	if (node == NULL)
		return fail(p, CUSTOM_AMOUNT, N_("it is missing"));
	if (reader_money_of(p->r, node, p->f->text[CUSTOM_AMOUNT],
		places[p->f->number[CUSTOM_AMOUNT_UNIT]], amount) != 0)
		return -1;
	if (p->f->number[CUSTOM_SIGN] == 1)
		*amount = -*amount;
	if (reader_put_currency(text_at(p, CUSTOM_CURRENCY), currency) != 0)
		return fail(
		    p, CUSTOM_CURRENCY, N_("it is not the name of a currency"));
	return 0;
}

static const struct count_key {
	enum custom_key key;
	enum billed_count count;
} counts[] = {
	{ CUSTOM_INPUT, BILLED_INPUT },
	{ CUSTOM_CACHE_READ, BILLED_CACHE_READ },
	{ CUSTOM_CACHE_WRITE, BILLED_CACHE_WRITE },
	{ CUSTOM_CACHE_WRITE_1H, BILLED_CACHE_WRITE_1H },
	{ CUSTOM_OUTPUT, BILLED_OUTPUT },
	{ CUSTOM_REASONING, BILLED_REASONING },
	{ CUSTOM_WEB_SEARCHES, BILLED_WEB_SEARCHES },
	{ CUSTOM_REQUESTS, BILLED_REQUESTS },
};

static const struct text_key {
	enum custom_key key;
	enum billed_text text;
} texts[] = {
	{ CUSTOM_MODEL, BILLED_MODEL },
	{ CUSTOM_LINE_ITEM, BILLED_LINE_ITEM },
	{ CUSTOM_PROJECT, BILLED_PROJECT },
	{ CUSTOM_API_KEY, BILLED_API_KEY },
	{ CUSTOM_TIER, BILLED_TIER },
};

/* Made disjoint, and subsets no larger than their sets. */
static void
settle(const struct page *p, struct billed_row *row)
{
	uint64_t *c = row->count, cached;
	bool holds = p->f->number[CUSTOM_INPUT_HOLDS] == 1;

	cached = c[BILLED_CACHE_READ] + c[BILLED_CACHE_WRITE];
	if (holds)
		c[BILLED_INPUT] =
		    c[BILLED_INPUT] > cached ? c[BILLED_INPUT] - cached : 0;
	if (c[BILLED_CACHE_WRITE_1H] > c[BILLED_CACHE_WRITE])
		c[BILLED_CACHE_WRITE_1H] = c[BILLED_CACHE_WRITE];
	if (c[BILLED_REASONING] > c[BILLED_OUTPUT])
		c[BILLED_REASONING] = c[BILLED_OUTPUT];
	row->input_holds_cache = holds &&
				 p->f->text[CUSTOM_CACHE_READ] == NULL &&
				 p->f->text[CUSTOM_CACHE_WRITE] == NULL;
}

static int
read_billed(const struct page *p)
{
	struct billed_row row = { 0 };

	if (read_time(p, CUSTOM_FROM, &row.from_ms) != 0)
		return -1;
	row.to_ms = row.from_ms + DAY_MS;
	if (find(p, CUSTOM_TO) != NULL &&
	    read_time(p, CUSTOM_TO, &row.to_ms) != 0)
		return -1;
	reader_row(p->r);
	for (size_t i = 0; i < LENGTH(texts); i++)
		row.text[texts[i].text] = text_at(p, texts[i].key);
	for (size_t i = 0; i < LENGTH(counts); i++)
		if (reader_count_of(p->r, find(p, counts[i].key),
			p->f->text[counts[i].key],
			&row.count[counts[i].count]) != 0)
			return -1;
	settle(p, &row);
	row.has_amount = (p->r->q->feed->gives & FEED_COST) != 0;
	if (row.has_amount && read_amount(p, &row.amount, row.currency) != 0)
		return -1;
	return reader_billed(p->r, p->in[0], &row);
}

static int
read_balance(const struct page *p)
{
	struct balance_row row = { .what = p->f->number[CUSTOM_WHAT] };

	if (read_amount(p, &row.amount, row.currency) != 0)
		return -1;
	return reader_balance(p->r, &row);
}

static int
read_window(const struct page *p)
{
	struct window_row row = { 0 };
	const struct json_node *node = find(p, CUSTOM_USED);
	bool is_used = node != NULL;
	enum custom_key key = is_used ? CUSTOM_USED : CUSTOM_REMAINING;
	money_sum percent;

	row.name = text_at(p, CUSTOM_NAME);
	row.span = text_at(p, CUSTOM_SPAN);
	if (find(p, CUSTOM_RESETS) != NULL &&
	    read_time(p, CUSTOM_RESETS, &row.resets_ms) != 0)
		return -1;
	node = find(p, key);
	if (node == NULL)
		return fail(p, key, N_("it is missing"));
	if (reader_money_of(
		p->r, node, p->f->text[key], PLACES_UNITS, &percent) != 0)
		return -1;
	if (!is_used)
		percent = percent > HUNDRED ? 0 : HUNDRED - percent;
	if (reader_percent(percent, row.used_percent) != 0)
		return fail(p, key, N_("the number is out of range"));
	return reader_window(p->r, &row);
}

static int
read_row(const struct page *p)
{
	reader_row(p->r);
	switch (p->r->q->feed->gives) {
	case FEED_BALANCE:
		return read_balance(p);
	case FEED_WINDOWS:
		return read_window(p);
	default:
		return read_billed(p);
	}
}

/* The rows at a node: an array of objects, or one object. */
static int
each(struct page *p, size_t depth, const struct json_node *node,
    int (*take)(struct page *p, const struct json_node *row))
{
	const struct json_node *row = NULL;

	if (node->type == JSON_OBJECT)
		return take(p, node);
	if (node->type != JSON_ARRAY)
		return reader_fail(p->r, node,
		    p->f->text[depth == 0 ? CUSTOM_ROWS : CUSTOM_ROWS_IN],
		    N_("it is of another type"));
	do {
		if (reader_next(p->r, node, &row) != 0 ||
		    (row != NULL && take(p, row) != 0))
			return -1;
	} while (row != NULL);
	return 0;
}

static int
take_inner(struct page *p, const struct json_node *row)
{
	p->in[0] = row;
	return read_row(p);
}

static int
take_outer(struct page *p, const struct json_node *row)
{
	const char *inner = p->f->text[CUSTOM_ROWS_IN];
	const struct json_node *rows;

	p->in[0] = row;
	p->in[1] = NULL;
	if (inner == NULL)
		return read_row(p);
	p->in[1] = row;
	rows = pointer_find(p->r->j, row, inner);
	if (reader_is_missing(rows))
		return reader_fail(p->r, row, inner, N_("it is missing"));
	return each(p, 1, rows, take_inner);
}

/* Without a member for it, whatever cursor there is leads on. */
static int
read_cursor(const struct page *p, const struct json_node *root)
{
	const char *cursor = p->f->text[CUSTOM_CURSOR];
	const char *more = p->f->text[CUSTOM_MORE];
	const struct json_node *node, *next;

	if (cursor == NULL)
		return 0;
	next = pointer_find(p->r->j, root, cursor);
	if (more == NULL)
		return reader_is_missing(next) || next->len == 0
			   ? 0
			   : reader_cursor(p->r, next, cursor);
	node = pointer_find(p->r->j, root, more);
	if (reader_is_missing(node) || node->type == JSON_FALSE)
		return 0;
	if (node->type != JSON_TRUE)
		return reader_fail(
		    p->r, node, more, N_("it is of another type"));
	return reader_cursor(p->r, next, cursor);
}

int
custom_walk(struct reader *r)
{
	struct page p = { .r = r, .f = r->q->feed->own };
	const struct json_node *root = r->j->nodes, *rows = root;
	const char *at = p.f->text[CUSTOM_ROWS];

	p.in[0] = p.in[2] = root;
	if (at != NULL)
		rows = pointer_find(r->j, root, at);
	if (reader_is_missing(rows))
		return reader_fail(r, root, at, N_("it is missing"));
	if (each(&p, 0, rows, take_outer) != 0)
		return -1;
	return read_cursor(&p, root);
}

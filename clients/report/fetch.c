#include "clients/report/fetch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/lang.h"

#define MSGID_REPORT 1
#define MSGID_NEXT 2
#define MSGID_STATUS 3

/* The bytes of one reply, which the client's buffer does not keep. */
struct answer_page {
	struct answer_page *next;
	uint8_t bytes[];
};

void
answer_free(struct answer *a)
{
	struct answer_page *page;

	while ((page = a->pages) != NULL) {
		a->pages = page->next;
		free(page);
	}
	free(a->rows);
	memset(a, 0, sizeof(*a));
}

static enum client_result
nonsense(struct client *c, const char *what)
{
	snprintf(c->why, sizeof(c->why),
	    _("collectord's answer has no good %s"), what);
	return CLIENT_EPEER;
}

static enum client_result
no_memory(struct client *c)
{
	snprintf(c->why, sizeof(c->why), _("no memory for the answer"));
	return CLIENT_ESYSTEM;
}

/* Sends what k holds, unless packing failed, and frees it. */
static enum client_result
send_packed(struct client *c, struct packer *k, int64_t deadline_ms)
{
	enum client_result r = client_send(c, k, deadline_ms);

	packer_free(k);
	return r;
}

/* Copies the reply's result; the cursor then walks the copy. */
static int
keep_result(struct answer *a, struct wire_cursor *result)
{
	size_t len = (size_t)(result->end - result->p);
	struct answer_page *page = malloc(sizeof(*page) + len);

	if (page == NULL)
		return -1;
	memcpy(page->bytes, result->p, len);
	page->next = a->pages;
	a->pages = page;
	*result = (struct wire_cursor){ page->bytes, page->bytes + len };
	return 0;
}

/* n is what the bytes of a scanned message hold, so it bounds itself. */
static int
make_room(struct answer *a, size_t n)
{
	size_t cap = a->cap * 2 > a->n + n ? a->cap * 2 : a->n + n;
	struct report_row *rows;

	if (n <= a->cap - a->n)
		return 0;
	rows = realloc(a->rows, cap * sizeof(*rows));
	if (rows == NULL)
		return -1;
	a->rows = rows;
	a->cap = cap;
	return 0;
}

/* 0, -1 where they are no rows, -2 where there is no memory. */
static int
add_rows(struct wire_cursor result, size_t nby, struct answer *a)
{
	struct value rows;
	uint32_t i;

	if (!unpack_member(result, "rows", &rows) || rows.type != VALUE_ARRAY ||
	    rows.n > LIMIT_PAGE_ROWS)
		return -1;
	if (make_room(a, rows.n) != 0)
		return -2;
	for (i = 0; i < rows.n; i++)
		if (unpack_row(&rows.rest, nby, &a->rows[a->n++]) != 0)
			return -1;
	return 0;
}

static enum client_result
take_rows(
    struct client *c, struct wire_cursor result, size_t nby, struct answer *a)
{
	int rc = add_rows(result, nby, a);

	if (rc == 0)
		return CLIENT_OK;
	return rc == -1 ? nonsense(c, "rows") : no_memory(c);
}

static int
take_total(struct wire_cursor result, struct report_row *row)
{
	struct value total;

	if (!unpack_member(result, "total", &total))
		return -1;
	return unpack_total(&total.at, &row->sums, &row->sessions);
}

static int
take_imported(struct wire_cursor result, struct answer *a)
{
	struct value v;
	uint64_t rows;

	a->has_imported =
	    unpack_member(result, "imported", &v) && v.type == VALUE_ARRAY;
	if (!a->has_imported)
		return 0;
	return unpack_total(&v.at, &a->imported.sums, &rows);
}

/* Waits for one page; *token is 0 after the last. */
static enum client_result
take_page(struct client *c, uint32_t msgid, size_t nby, int64_t deadline_ms,
    struct answer *a, uint64_t *token)
{
	enum client_result r = client_wait(c, msgid, deadline_ms);
	struct wire_cursor result;
	struct value more, v;

	if (r != CLIENT_OK)
		return r;
	result = c->reply.result;
	if (keep_result(a, &result) != 0)
		return no_memory(c);
	if (a->pages->next == NULL) {
		a->first = result;
		if (take_total(result, &a->total) != 0)
			return nonsense(c, "total");
		if (take_imported(result, a) != 0)
			return nonsense(c, "imported");
	}
	*token = 0;
	if (unpack_member(result, "more", &more) && more.type == VALUE_BOOL &&
	    more.b) {
		if (!unpack_member(result, "token", &v) || v.u64 == 0)
			return nonsense(c, "token");
		*token = v.u64;
	}
	return take_rows(c, result, nby, a);
}

static enum client_result
ask_next(struct client *c, uint64_t token, int64_t deadline_ms)
{
	struct packer k = { 0 };

	pack_request(&k, MSGID_NEXT, "next");
	pack_map(&k, 1);
	pack_str(&k, "token");
	pack_u64(&k, token);
	return send_packed(c, &k, deadline_ms);
}

enum client_result
fetch_answer(struct client *c, uint32_t msgid, size_t nby, int64_t deadline_ms,
    struct answer *a)
{
	enum client_result r;
	uint64_t token;

	memset(a, 0, sizeof(*a));
	r = take_page(c, msgid, nby, deadline_ms, a, &token);
	while (r == CLIENT_OK && token != 0) {
		r = ask_next(c, token, deadline_ms);
		if (r == CLIENT_OK)
			r = take_page(
			    c, MSGID_NEXT, nby, deadline_ms, a, &token);
	}
	if (r != CLIENT_OK)
		answer_free(a);
	return r;
}

enum client_result
fetch_report(struct client *c, const struct report_query *q,
    int64_t deadline_ms, struct answer *a)
{
	struct packer k = { 0 };
	enum client_result r;

	memset(a, 0, sizeof(*a));
	pack_report(&k, MSGID_REPORT, q);
	r = send_packed(c, &k, deadline_ms);
	if (r != CLIENT_OK)
		return r;
	return fetch_answer(c, MSGID_REPORT, q->nby, deadline_ms, a);
}

int
fetch_rows(struct wire_cursor report, size_t nby, struct answer *a)
{
	memset(a, 0, sizeof(*a));
	a->first = report;
	if (take_total(report, &a->total) == 0 && add_rows(report, nby, a) == 0)
		return 0;
	answer_free(a);
	return -1;
}

enum client_result
fetch_call(
    struct client *c, struct packer *k, uint32_t msgid, int64_t deadline_ms)
{
	enum client_result r = send_packed(c, k, deadline_ms);

	return r != CLIENT_OK ? r : client_wait(c, msgid, deadline_ms);
}

enum client_result
fetch_status(struct client *c, int64_t deadline_ms)
{
	struct packer k = { 0 };

	pack_request(&k, MSGID_STATUS, "status");
	pack_map(&k, 0);
	return fetch_call(c, &k, MSGID_STATUS, deadline_ms);
}

bool
fetch_member(const struct value *map, const char *key, struct value *v)
{
	*v = (struct value){ .type = VALUE_NIL };
	return map->type == VALUE_MAP && unpack_member(map->at, key, v);
}

uint64_t
fetch_u64(const struct value *map, const char *key)
{
	struct value v;

	return fetch_member(map, key, &v) && v.type == VALUE_U64 ? v.u64 : 0;
}

struct text
fetch_text(const struct value *map, const char *key)
{
	struct value v;

	if (fetch_member(map, key, &v) && v.type == VALUE_TEXT)
		return v.text;
	return TEXT("");
}

bool
fetch_bool(const struct value *map, const char *key)
{
	struct value v;

	return fetch_member(map, key, &v) && v.type == VALUE_BOOL && v.b;
}

money_sum
fetch_money(const struct value *map, const char *key)
{
	struct text t = fetch_text(map, key);
	money_sum pico;

	return money_parse_sum(t.p, t.len, &pico) == 0 ? pico : 0;
}

struct value
fetch_value(struct wire_cursor result)
{
	struct value v;

	if (unpack_value(&result, &v) != 0)
		v = (struct value){ .type = VALUE_NIL };
	return v;
}

bool
fetch_next(struct value *list, struct value *element)
{
	if (list->type != VALUE_ARRAY || list->n == 0)
		return false;
	list->n--;
	return unpack_value(&list->rest, element) == 0;
}

void *
fetch_keep(struct wire_cursor *result)
{
	size_t len = (size_t)(result->end - result->p);
	uint8_t *copy = malloc(len + 1);

	if (copy == NULL)
		return NULL;
	memcpy(copy, result->p, len);
	*result = (struct wire_cursor){ copy, copy + len };
	return copy;
}

#include <stdlib.h>

#include "proto/codec.h"

#define EDGE_MS 900000u /* periods are cut at quarters of an hour */

/* --- The query ----------------------------------------------------------- */

static void
pack_filters(struct packer *k, const struct report_query *q)
{
	pack_str(k, "filter");
	pack_array(k, (uint32_t)q->nfilter);
	for (size_t i = 0; i < q->nfilter; i++) {
		pack_array(k, 2);
		pack_str(k, report_key_names[q->filter[i].key]);
		pack_text(k, q->filter[i].pattern);
	}
}

void
pack_report(struct packer *k, uint32_t msgid, const struct report_query *q)
{
	pack_request(k, msgid, "report");
	pack_map(k, 1u + (q->nby > 0) + (q->nfilter > 0) + q->want_sessions);
	pack_str(k, "edges");
	pack_array(k, (uint32_t)q->nedges);
	for (size_t i = 0; i < q->nedges; i++)
		pack_i64(k, q->edges[i]);
	if (q->nby > 0) {
		pack_str(k, "by");
		pack_array(k, (uint32_t)q->nby);
		for (size_t i = 0; i < q->nby; i++)
			pack_str(k, report_key_names[q->by[i]]);
	}
	if (q->nfilter > 0)
		pack_filters(k, q);
	if (q->want_sessions) {
		pack_str(k, "sessions");
		pack_bool(k, true);
	}
}

static int
fill_edges(struct value list, struct report_query *q, struct error *err)
{
	uint64_t edge;

	for (; list.n > 0; list.n--) {
		if (wire_read_u64(&list.rest, &edge) != 0 || edge > INT64_MAX)
			return error_set(
			    err, ERR_BAD_PARAMS, "edges", "an edge is no time");
		if (edge % EDGE_MS != 0)
			return error_set(err, ERR_BAD_PARAMS, "edges",
			    "an edge is no multiple of 15 minutes");
		if (q->nedges > 0 && (int64_t)edge <= q->edges[q->nedges - 1])
			return error_set(err, ERR_BAD_PARAMS, "edges",
			    "the edges do not ascend");
		q->edges[q->nedges++] = (int64_t)edge;
	}
	return 0;
}

static int
read_edges(struct wire_cursor params, struct report_query *q, struct error *err)
{
	struct value v;

	if (!unpack_member(params, "edges", &v) || v.type != VALUE_ARRAY ||
	    v.n < 2)
		return error_set(
		    err, ERR_BAD_PARAMS, "edges", "a report needs two edges");
	if (v.n > LIMIT_REPORT_EDGES)
		return error_set(err, ERR_TOO_LARGE, "edges",
		    "%u edges, the limit is %u", (unsigned)v.n,
		    LIMIT_REPORT_EDGES);
	q->edges = malloc(v.n * sizeof(*q->edges));
	if (q->edges == NULL)
		return error_set(err, ERR_BUSY, NULL, "out of memory");
	return fill_edges(v, q, err);
}

static int
read_key_name(struct wire_cursor *c, enum report_key *key)
{
	struct text name;

	if (wire_read_text(c, &name) != 0)
		return -1;
	for (int i = 0; i < REPORT_KEYS; i++) {
		if (text_is(name, report_key_names[i])) {
			*key = (enum report_key)i;
			return 0;
		}
	}
	return -1;
}

/* An optional list of the params: n is 0 where it is absent or nil. */
static int
open_list(struct wire_cursor params, const char *name, struct value *v,
    struct error *err)
{
	if (!unpack_member(params, name, v) || v->type == VALUE_NIL)
		*v = (struct value){ .type = VALUE_ARRAY };
	if (v->type != VALUE_ARRAY)
		return error_set(err, ERR_BAD_PARAMS, name, "not an array");
	return 0;
}

static int
read_by(struct wire_cursor params, struct report_query *q, struct error *err)
{
	bool seen[REPORT_KEYS] = { false };
	enum report_key key;
	struct value v;

	if (open_list(params, "by", &v, err) != 0)
		return -1;
	for (; v.n > 0; v.n--) {
		if (read_key_name(&v.rest, &key) != 0)
			return error_set(err, ERR_BAD_PARAMS, "by",
			    "no such key to group by");
		if (seen[key])
			return error_set(err, ERR_BAD_PARAMS, "by",
			    "%s stands twice", report_key_names[key]);
		seen[key] = true;
		q->by[q->nby++] = key;
	}
	return 0;
}

static int
read_filter(struct wire_cursor *c, struct report_filter *f, struct error *err)
{
	uint32_t n;

	if (wire_read_array(c, &n) != 0 || n != 2 ||
	    read_key_name(c, &f->key) != 0 ||
	    wire_read_text(c, &f->pattern) != 0)
		return error_set(
		    err, ERR_BAD_PARAMS, "filter", "not [key, pattern]");
	if (f->pattern.len > LIMIT_TEXT)
		return error_set(err, ERR_TOO_LARGE, "filter",
		    "a pattern of %u bytes, the limit is %u",
		    (unsigned)f->pattern.len, LIMIT_TEXT);
	return 0;
}

static int
read_filters(
    struct wire_cursor params, struct report_query *q, struct error *err)
{
	struct value v;

	if (open_list(params, "filter", &v, err) != 0)
		return -1;
	if (v.n > LIMIT_FILTER_PATTERNS)
		return error_set(err, ERR_TOO_LARGE, "filter",
		    "%u patterns, the limit is %u", (unsigned)v.n,
		    LIMIT_FILTER_PATTERNS);
	for (; v.n > 0; v.n--)
		if (read_filter(&v.rest, &q->filter[q->nfilter++], err) != 0)
			return -1;
	return 0;
}

static int
read_sessions(
    struct wire_cursor params, struct report_query *q, struct error *err)
{
	struct value v;

	if (!unpack_member(params, "sessions", &v) || v.type == VALUE_NIL)
		return 0;
	if (v.type != VALUE_BOOL)
		return error_set(
		    err, ERR_BAD_PARAMS, "sessions", "not a boolean");
	q->want_sessions = v.b;
	return 0;
}

int
unpack_report(
    struct wire_cursor params, struct report_query *q, struct error *err)
{
	*q = (struct report_query){ .edges = NULL };
	if (read_edges(params, q, err) == 0 && read_by(params, q, err) == 0 &&
	    read_filters(params, q, err) == 0 &&
	    read_sessions(params, q, err) == 0)
		return 0;
	free(q->edges);
	*q = (struct report_query){ .edges = NULL };
	return -1;
}

/* --- The rows ------------------------------------------------------------ */

/* The four values that a row and a total end with. */
static void
pack_sums(struct packer *k, const struct sums *s, uint64_t sessions)
{
	pack_array(k, SUM_COUNTS);
	for (int i = 0; i < SUM_COUNTS; i++)
		pack_u64(k, s->n[i]);
	pack_money(k, s->cost);
	pack_money(k, s->plan_cost);
	pack_u64(k, sessions);
}

void
pack_row(struct packer *k, const struct report_row *row, size_t nby)
{
	pack_array(k, 6);
	pack_u64(k, row->period);
	pack_array(k, (uint32_t)nby);
	for (size_t i = 0; i < nby; i++)
		pack_text(k, row->key[i]);
	pack_sums(k, &row->sums, row->sessions);
}

void
pack_total(struct packer *k, const struct sums *s, uint64_t sessions)
{
	pack_array(k, 4);
	pack_sums(k, s, sessions);
}

static int
read_money(struct wire_cursor *c, money_sum *m)
{
	struct text t;

	if (wire_read_text(c, &t) != 0)
		return -1;
	return money_parse_sum(t.p, t.len, m) == 0 ? 0 : -1;
}

/* Sums are added at the end: a newer peer's are passed over. */
static int
read_counts(struct wire_cursor *c, struct sums *s)
{
	uint64_t v;
	uint32_t n;

	if (wire_read_array(c, &n) != 0)
		return -1;
	for (uint32_t i = 0; i < n; i++) {
		if (wire_read_u64(c, &v) != 0)
			return -1;
		if (i < SUM_COUNTS)
			s->n[i] = v;
	}
	return 0;
}

static int
read_sums(struct wire_cursor *c, struct sums *s, uint64_t *sessions)
{
	*s = (struct sums){ .cost = 0 };
	if (read_counts(c, s) != 0 || read_money(c, &s->cost) != 0 ||
	    read_money(c, &s->plan_cost) != 0)
		return -1;
	return wire_read_u64(c, sessions);
}

static int
read_keys(struct wire_cursor *c, size_t nby, struct report_row *row)
{
	uint32_t n;

	if (nby > REPORT_KEYS || wire_read_array(c, &n) != 0 || n != nby)
		return -1;
	for (size_t i = 0; i < nby; i++)
		if (wire_read_text(c, &row->key[i]) != 0)
			return -1;
	return 0;
}

/* The array of a row or total, which may have grown at its end. */
static int
enter_array(struct wire_cursor *c, uint32_t least, struct wire_cursor *inside)
{
	struct wire_cursor at = *c;
	uint32_t n;

	if (wire_skip(&at) != 0)
		return -1;
	*inside = (struct wire_cursor){ c->p, at.p };
	if (wire_read_array(inside, &n) != 0 || n < least)
		return -1;
	*c = at;
	return 0;
}

int
unpack_row(struct wire_cursor *c, size_t nby, struct report_row *row)
{
	struct wire_cursor in;
	uint64_t period;

	*row = (struct report_row){ .period = 0 };
	if (enter_array(c, 6, &in) != 0 || wire_read_u64(&in, &period) != 0 ||
	    period > UINT32_MAX || read_keys(&in, nby, row) != 0)
		return -1;
	row->period = (uint32_t)period;
	return read_sums(&in, &row->sums, &row->sessions);
}

int
unpack_total(struct wire_cursor *c, struct sums *s, uint64_t *sessions)
{
	struct wire_cursor in;

	if (enter_array(c, 4, &in) != 0)
		return -1;
	return read_sums(&in, s, sessions);
}

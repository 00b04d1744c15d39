#include "tests/e2e/model.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

static void *
grab(size_t n, size_t size)
{
	void *p = calloc(n + 1, size);

	cr_assert_not_null(p, "no memory");
	return p;
}

void
model_free(struct model *m)
{
	free(m->sights);
	free(m->calls);
	memset(m, 0, sizeof(*m));
}

void
model_add(struct model *m, const struct model_sight *s)
{
	if (m->n == m->cap) {
		m->cap = 2 * m->cap + 256;
		m->sights = realloc(m->sights, m->cap * sizeof(*m->sights));
		cr_assert_not_null(m->sights, "no memory");
	}
	m->sights[m->n++] = *s;
}

/* --- Which sights are one call ------------------------------------------- */

struct join {
	size_t *parent; /* of each sight */
	bool *dropped;  /* of each root */
};

static size_t
root_of(const struct join *j, size_t i)
{
	while (j->parent[i] != i) {
		j->parent[i] = j->parent[j->parent[i]];
		i = j->parent[i];
	}
	return i;
}

static void
unite(const struct join *j, size_t a, size_t b)
{
	a = root_of(j, a);
	b = root_of(j, b);
	j->parent[a > b ? a : b] = a > b ? b : a;
}

/* An id as texts that are compared whole. */
struct id {
	const char *part[3];
	size_t sight;
};

static int
id_cmp(const void *a, const void *b)
{
	const struct id *x = a, *y = b;
	int i, rc = 0;

	for (i = 0; i < 3 && rc == 0; i++)
		rc = strcmp(x->part[i], y->part[i]);
	return rc;
}

static void
unite_equal(const struct join *j, struct id *ids, size_t n)
{
	size_t i;

	qsort(ids, n, sizeof(*ids), id_cmp);
	for (i = 1; i < n; i++)
		if (id_cmp(&ids[i - 1], &ids[i]) == 0)
			unite(j, ids[i - 1].sight, ids[i].sight);
}

static void
unite_ids(const struct model *m, const struct join *j)
{
	struct id *ids = grab(m->n, sizeof(*ids));
	size_t i, n = 0;

	for (i = 0; i < m->n; i++) {
		const char *const *t = m->sights[i].text;
		const char *message = t[EV_MESSAGE];

		message = message == NULL ? t[EV_CALL] : message;
		ids[i] =
		    (struct id){ { t[EV_MACHINE], t[EV_SESSION], message }, i };
	}
	unite_equal(j, ids, m->n);
	for (i = 0; i < m->n; i++) {
		const struct model_sight *s = &m->sights[i];

		if (s->text[EV_CALL] != NULL)
			ids[n++] =
			    (struct id){ { s->text[EV_CALL], s->canonical, "" },
				    i };
	}
	unite_equal(j, ids, n);
	free(ids);
}

/* One member of a request's group. */
struct member {
	const char *request;
	size_t root;
	bool has_call;
};

static int
member_cmp(const void *a, const void *b)
{
	const struct member *x = a, *y = b;
	int rc = strcmp(x->request, y->request);

	return rc != 0 ? rc : (x->root > y->root) - (x->root < y->root);
}

/*
 * All of one request, each call once. Where none has a call id they are that
 * request's one call.
 */
static void
group(const struct join *j, const struct member *g, size_t n)
{
	size_t i, calls = 0, call = 0;

	for (i = 0; i < n; i++)
		if (g[i].has_call) {
			calls++;
			call = g[i].root;
		}
	if (n > 64)
		return;
	if (calls == 0) {
		calls = 1;
		call = g[0].root;
	}
	for (i = 0; i < n; i++)
		if (g[i].has_call)
			continue;
		else if (calls == 1)
			unite(j, call, g[i].root);
		else
			j->dropped[g[i].root] = true;
}

/* Sorted; makes each call of a request one member. */
static size_t
members_unique(struct member *g, size_t n)
{
	size_t i, k = 0;

	for (i = 1; i < n; i++)
		if (member_cmp(&g[k], &g[i]) != 0)
			g[++k] = g[i];
	return n == 0 ? 0 : k + 1;
}

static void
unite_requests(const struct model *m, const struct join *j)
{
	struct member *g = grab(m->n, sizeof(*g));
	bool *has_call = grab(m->n, sizeof(*has_call));
	size_t i, from, n = 0;

	for (i = 0; i < m->n; i++)
		if (m->sights[i].text[EV_CALL] != NULL)
			has_call[root_of(j, i)] = true;
	for (i = 0; i < m->n; i++)
		if (m->sights[i].text[EV_REQUEST] != NULL)
			g[n++] = (struct member){ m->sights[i].text[EV_REQUEST],
				root_of(j, i), has_call[root_of(j, i)] };
	qsort(g, n, sizeof(*g), member_cmp);
	n = members_unique(g, n);
	for (from = 0; from < n; from = i) {
		for (i = from; i < n; i++)
			if (strcmp(g[i].request, g[from].request) != 0)
				break;
		group(j, g + from, i - from);
	}
	free(has_call);
	free(g);
}

/* --- What they say together ----------------------------------------------- */

static uint64_t
tokens(const uint64_t count[EV_COUNTS])
{
	uint64_t classes = count[EV_INPUT] + count[EV_CACHE_READ] +
			   count[EV_CACHE_WRITE] + count[EV_OUTPUT];

	return count[EV_TOTAL] > classes ? count[EV_TOTAL] : classes;
}

static bool
is_subagent(const struct model_sight *s)
{
	return strcmp(s->text[EV_KIND], "subagent") == 0;
}

/* Below zero: a is the better sight. */
static int
stamp_cmp(const struct model_sight *a, const struct model_sight *b)
{
	if (a->copied != b->copied)
		return a->copied ? 1 : -1;
	if (is_subagent(a) != is_subagent(b))
		return is_subagent(a) ? 1 : -1;
	if (tokens(a->count) != tokens(b->count))
		return tokens(a->count) < tokens(b->count) ? 1 : -1;
	return (a->ts_ms > b->ts_ms) - (a->ts_ms < b->ts_ms);
}

struct ranked {
	const struct model_sight *sight;
	size_t root;
};

/* By call, then rank downwards, then the best stamp. */
static int
ranked_cmp(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->root != y->root)
		return x->root < y->root ? -1 : 1;
	if (x->sight->rank != y->sight->rank)
		return x->sight->rank > y->sight->rank ? -1 : 1;
	return stamp_cmp(x->sight, y->sight);
}

static void
take(struct model_call *c, const struct model_sight *s)
{
	int i;

	for (i = 0; i < EV_TEXTS; i++)
		if (c->text[i] == NULL)
			c->text[i] = s->text[i];
	for (i = 0; i < EV_COUNTS; i++)
		if (s->count[i] > c->count[i])
			c->count[i] = s->count[i];
	if (c->ts_ms == 0 || s->ts_ms < c->ts_ms)
		c->ts_ms = s->ts_ms;
	if (s->has_cost && (!c->has_cost || s->cost_pico > c->cost_pico))
		c->cost_pico = s->cost_pico;
	c->has_cost |= s->has_cost;
}

/* Its sights, best first. */
static void
merge_one(struct model_call *c, const struct ranked *r, size_t n)
{
	size_t i;

	c->counts = true;
	for (i = 0; i < n; i++) {
		if (r[i].sight->rank == r[0].sight->rank)
			take(c, r[i].sight);
		if (r[i].sight->is_void)
			c->counts = false;
	}
}

static void
merge_all(struct model *m, const struct join *j)
{
	struct ranked *r = grab(m->n, sizeof(*r));
	size_t i, from;

	for (i = 0; i < m->n; i++)
		r[i] = (struct ranked){ &m->sights[i], root_of(j, i) };
	qsort(r, m->n, sizeof(*r), ranked_cmp);
	free(m->calls);
	m->calls = grab(m->n, sizeof(*m->calls));
	m->ncalls = 0;
	for (from = 0; from < m->n; from = i) {
		for (i = from; i < m->n && r[i].root == r[from].root; i++)
			;
		merge_one(&m->calls[m->ncalls], r + from, i - from);
		if (j->dropped[r[from].root])
			m->calls[m->ncalls].counts = false;
		m->ncalls++;
	}
	free(r);
}

void
model_merge(struct model *m)
{
	struct join j;
	size_t i;

	j.parent = grab(m->n, sizeof(*j.parent));
	j.dropped = grab(m->n, sizeof(*j.dropped));
	for (i = 0; i < m->n; i++)
		j.parent[i] = i;
	unite_ids(m, &j);
	unite_requests(m, &j);
	merge_all(m, &j);
	free(j.parent);
	free(j.dropped);
}

/* --- Reports ---------------------------------------------------------------
 */

static const enum event_text key_texts[REPORT_KEYS] = {
	[KEY_MACHINE] = EV_MACHINE,
	[KEY_AGENT] = EV_AGENT,
	[KEY_PROVIDER] = EV_PROVIDER,
	[KEY_MODEL] = EV_MODEL,
	[KEY_PROJECT] = EV_PROJECT,
	[KEY_BRANCH] = EV_BRANCH,
	[KEY_ACCOUNT] = EV_ACCOUNT,
	[KEY_KIND] = EV_KIND,
	[KEY_BILLING] = EV_BILLING,
	[KEY_SESSION] = EV_SESSION,
};

static const char *
text_for(const struct model_call *c, enum report_key key)
{
	const char *t = c->text[key_texts[key]];

	return t == NULL ? "" : t;
}

static bool
pattern_matches(const char *text, const char *pattern)
{
	if (strpbrk(pattern, "*?[") != NULL)
		return fnmatch(pattern, text, FNM_CASEFOLD) == 0;
	return strcasestr(text, pattern) != NULL;
}

/* Patterns of one key are alternatives; each key that has one must match. */
static bool
passes(const struct model_call *c, const struct report_query *q)
{
	bool asked[REPORT_KEYS] = { false }, found[REPORT_KEYS] = { false };
	size_t i;

	for (i = 0; i < q->nfilter; i++) {
		enum report_key key = q->filter[i].key;

		asked[key] = true;
		found[key] |=
		    pattern_matches(text_for(c, key), q->filter[i].pattern.p);
	}
	for (i = 0; i < REPORT_KEYS; i++)
		if (asked[i] && !found[i])
			return false;
	return true;
}

static void
sums_of(const struct model_call *c, struct sums *s)
{
	const uint64_t *n = c->count;
	uint64_t classes =
	    n[EV_INPUT] + n[EV_CACHE_READ] + n[EV_CACHE_WRITE] + n[EV_OUTPUT];

	memset(s, 0, sizeof(*s));
	s->n[SUM_CALLS] = 1;
	s->n[SUM_FAILED] = n[EV_OUTCOME] == OUTCOME_FAILED;
	s->n[SUM_UNPRICED_CALLS] = !c->has_cost;
	s->n[SUM_INPUT] = n[EV_INPUT];
	s->n[SUM_CACHE_READ] = n[EV_CACHE_READ];
	s->n[SUM_CACHE_WRITE] = n[EV_CACHE_WRITE];
	s->n[SUM_CACHE_WRITE_1H] = n[EV_CACHE_WRITE_1H];
	s->n[SUM_OUTPUT] = n[EV_OUTPUT];
	s->n[SUM_REASONING] = n[EV_REASONING];
	s->n[SUM_OTHER] = tokens(n) - classes;
	s->n[SUM_UNPRICED_TOKENS] = c->has_cost ? 0 : tokens(n);
	s->n[SUM_WEB_SEARCHES] = n[EV_WEB_SEARCHES];
	s->cost = c->has_cost ? c->cost_pico : 0;
	if (strcmp(text_for(c, KEY_BILLING), "plan") == 0)
		s->plan_cost = s->cost;
}

static void
add_sums(struct sums *a, const struct sums *b)
{
	int i;

	for (i = 0; i < SUM_COUNTS; i++)
		a->n[i] += b->n[i];
	a->cost += b->cost;
	a->plan_cost += b->plan_cost;
}

/* A call's place in a report, before calls of one row are added up. */
struct placed {
	const struct model_call *call;
	struct model_row row;
	size_t nby;
};

static int
row_cmp(const struct placed *x, const struct placed *y)
{
	size_t i;
	int rc =
	    (x->row.period > y->row.period) - (x->row.period < y->row.period);

	for (i = 0; i < x->nby && rc == 0; i++)
		rc = strcmp(x->row.key[i], y->row.key[i]);
	return rc;
}

static int
session_cmp(const struct placed *x, const struct placed *y)
{
	int rc = strcmp(x->call->text[EV_MACHINE], y->call->text[EV_MACHINE]);

	return rc != 0 ? rc
		       : strcmp(x->call->text[EV_SESSION],
			     y->call->text[EV_SESSION]);
}

static int
placed_cmp(const void *a, const void *b)
{
	int rc = row_cmp(a, b);

	return rc != 0 ? rc : session_cmp(a, b);
}

static int
placed_session_cmp(const void *a, const void *b)
{
	return session_cmp(a, b);
}

/* False: not within the edges, or filtered out. */
static bool
place(
    const struct model_call *c, const struct report_query *q, struct placed *p)
{
	size_t i = 1;

	if (!c->counts || c->ts_ms < q->edges[0] || !passes(c, q))
		return false;
	while (i < q->nedges && c->ts_ms >= q->edges[i])
		i++;
	if (i == q->nedges)
		return false;
	memset(p, 0, sizeof(*p));
	p->call = c;
	p->nby = q->nby;
	p->row.period = (uint32_t)(i - 1);
	for (i = 0; i < q->nby; i++)
		p->row.key[i] = text_for(c, q->by[i]);
	sums_of(c, &p->row.sums);
	return true;
}

static size_t
add_up(const struct placed *p, size_t n, struct model_row *rows, size_t max)
{
	size_t i, k = 0;

	for (i = 0; i < n; i++) {
		bool same = i > 0 && row_cmp(&p[i - 1], &p[i]) == 0;

		if (!same) {
			cr_assert_lt(k, max, "too many rows for the model");
			rows[k] = p[i].row;
			rows[k++].sessions = 1;
			continue;
		}
		add_sums(&rows[k - 1].sums, &p[i].row.sums);
		rows[k - 1].sessions += session_cmp(&p[i - 1], &p[i]) != 0;
	}
	return k;
}

size_t
model_report(const struct model *m, const struct report_query *q,
    struct model_row *rows, size_t max, struct model_row *total)
{
	struct placed *p = grab(m->ncalls, sizeof(*p));
	size_t i, n = 0, nrows;

	memset(total, 0, sizeof(*total));
	for (i = 0; i < m->ncalls; i++)
		n += place(&m->calls[i], q, &p[n]);
	for (i = 0; i < n; i++)
		add_sums(&total->sums, &p[i].row.sums);
	qsort(p, n, sizeof(*p), placed_session_cmp);
	for (i = 0; i < n; i++)
		total->sessions += i == 0 || session_cmp(&p[i - 1], &p[i]) != 0;
	qsort(p, n, sizeof(*p), placed_cmp);
	nrows = add_up(p, n, rows, max);
	free(p);
	return nrows;
}

#include <stdio.h>
#include <stdlib.h>

#include "collectord/ledger/impl.h"
#include "collectord/ledger/map.h"
#include "collectord/ledger/pack_price.h"
#include "collectord/ledger/pricing.h"
#include "proto/error.h"

/*
 * A report in steps. The periods are cut into runs of slots, each at the widest
 * level that fits, and the runs are read one after the other; rows gather in
 * memory. Where sessions matter the session table is read instead, which has
 * one level only.
 */

#define ROWS_MAX 250000u
#define PAGE_BYTES (3u << 20)

/* Slots [from, to) of one level, all of one period. */
struct run {
	uint32_t from, to;
	uint32_t period;
	uint8_t level;
};

struct row {
	uint32_t period, group, session; /* group and session: indexes */
	struct sums sums;
	uint64_t sessions;
};

struct named_rule {
	uint32_t number;
	struct span bytes; /* in the arena */
};

struct ledger_query {
	struct ledger *l;
	struct report_query q;
	struct arena arena;
	struct store_txn *txn;
	struct store_cursor *cursor;
	bool reads_sessions, positioned, done;
	bool reads_totals;   /* no dims are asked for */
	uint32_t total_slot; /* the next of a run where totals are read */
	int64_t folded_s;    /* coarser levels are whole up to there */
	struct run *runs;
	size_t nruns, run;
	/* Per dims and per session number: 0 not looked at yet, 1 filtered out,
	 * else the index + 2 of its texts. */
	uint32_t *dims_group, *session_group;
	uint32_t ndims, nsessions;
	struct text (*groups)[REPORT_KEYS];
	size_t ngroups, groups_cap;
	struct text *names; /* of sessions, when they are a key */
	size_t nnames, names_cap;
	struct map group_map, name_map, row_map, seen, seen_total;
	struct row *rows;
	size_t nrows, rows_cap;
	struct sums total;
	uint64_t total_sessions;
	struct named_rule *rules; /* where the rule is a key */
	size_t nrules, rules_cap;
};

/* Where the texts of one call keep what was made of its pricing. */
#define RULE_TEXT EV_TEXTS
#define TEXTS (EV_TEXTS + 1)

static const int text_of_key[REPORT_KEYS] = {
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
	[KEY_RULE] = RULE_TEXT,
};

/* Makes room for one more item. */
static bool
make_room(void *items, size_t n, size_t *cap, size_t size)
{
	void **p = items;
	size_t bigger = *cap == 0 ? 64 : *cap * 2;
	void *grown;

	if (n < *cap)
		return true;
	grown = realloc(*p, bigger * size);
	if (grown == NULL)
		return false;
	*p = grown;
	*cap = bigger;
	return true;
}

static bool
copy_patterns(struct ledger_query *lq)
{
	struct text *p;
	size_t i;

	for (i = 0; i < lq->q.nfilter; i++) {
		p = &lq->q.filter[i].pattern;
		if (p->len == 0)
			continue;
		*p = arena_text(&lq->arena, *p);
		if (p->len == 0)
			return false;
	}
	return true;
}

static bool
has_key(const struct report_query *q, enum report_key key)
{
	size_t i;

	for (i = 0; i < q->nby; i++)
		if (q->by[i] == key)
			return true;
	for (i = 0; i < q->nfilter; i++)
		if (q->filter[i].key == key)
			return true;
	return false;
}

/* Year 10000 in ms: slots up to there fit their 32 bits. */
#define EDGE_MAX_MS 253402300800000ll

static void
clamp_edges(struct report_query *q)
{
	for (size_t i = 0; i < q->nedges; i++) {
		if (q->edges[i] < 0)
			q->edges[i] = 0;
		if (q->edges[i] > EDGE_MAX_MS)
			q->edges[i] = EDGE_MAX_MS;
	}
}

struct ledger_query *
ledger_query_new(struct ledger *l, struct report_query *q)
{
	struct ledger_query *lq = calloc(1, sizeof(*lq));

	if (lq == NULL)
		return NULL;
	lq->l = l;
	lq->q = *q;
	q->edges = NULL;
	clamp_edges(&lq->q);
	lq->reads_sessions = q->want_sessions || has_key(q, KEY_SESSION);
	lq->reads_totals =
	    !lq->reads_sessions && q->nby == 0 && q->nfilter == 0;
	if (!copy_patterns(lq)) {
		ledger_query_free(lq);
		return NULL;
	}
	return lq;
}

static void
end_reading(struct ledger_query *lq)
{
	store_cursor_close(lq->cursor);
	store_abort(lq->txn);
	lq->cursor = NULL;
	lq->txn = NULL;
}

void
ledger_query_free(struct ledger_query *lq)
{
	if (lq == NULL)
		return;
	end_reading(lq);
	free(lq->q.edges);
	free(lq->runs);
	free(lq->dims_group);
	free(lq->session_group);
	free(lq->groups);
	free(lq->names);
	free(lq->rows);
	free(lq->rules);
	map_release(&lq->group_map);
	map_release(&lq->name_map);
	map_release(&lq->row_map);
	map_release(&lq->seen);
	map_release(&lq->seen_total);
	arena_release(&lq->arena);
	free(lq);
}

/* The widest level that begins at `at` and fits before `end` (seconds). */
static int
widest(const struct ledger_query *lq, int64_t at, int64_t end)
{
	int level = SLOT_LEVELS - 1;

	if (lq->reads_sessions)
		return 0;
	if (end > lq->folded_s)
		end = lq->folded_s;
	while (level > 0 && (at % slot_width_s[level] != 0 ||
				slot_width_s[level] > end - at))
		level--;
	return level;
}

/* How many slots of that level in a row are best. */
static int64_t
length_of_run(const struct ledger_query *lq, int level, int64_t at, int64_t end)
{
	if (level == SLOT_LEVELS - 1 && end > lq->folded_s)
		end = lq->folded_s;
	if (level == SLOT_LEVELS - 1 || lq->reads_sessions ||
	    at >= lq->folded_s)
		return (end - at) / slot_width_s[level];
	return 1;
}

static bool
add_run(struct ledger_query *lq, size_t *cap, struct run run)
{
	struct run *last = lq->nruns > 0 ? &lq->runs[lq->nruns - 1] : NULL;

	if (last != NULL && last->period == run.period &&
	    last->level == run.level && last->to == run.from) {
		last->to = run.to;
		return true;
	}
	if (!make_room(&lq->runs, lq->nruns, cap, sizeof(run)))
		return false;
	lq->runs[lq->nruns++] = run;
	return true;
}

static bool
plan(struct ledger_query *lq)
{
	const int64_t *edge = lq->q.edges;
	struct run run = { 0 };
	size_t i, cap = 0;
	int64_t at, end, width, n;

	for (i = 0; i + 1 < lq->q.nedges; i++) {
		end = edge[i + 1] / 1000;
		for (at = edge[i] / 1000; at < end; at += n * width) {
			run.level = (uint8_t)widest(lq, at, end);
			width = slot_width_s[run.level];
			n = length_of_run(lq, run.level, at, end);
			run.period = (uint32_t)i;
			run.from = (uint32_t)(at / width);
			run.to = (uint32_t)(run.from + n);
			if (!add_run(lq, &cap, run))
				return false;
		}
	}
	return true;
}

static int
begin_reading(struct ledger_query *lq)
{
	uint64_t folded = 0;
	int rc = store_begin(lq->l->store, false, &lq->txn);

	if (rc == 0)
		rc = slots_folded(lq->txn, &folded);
	lq->folded_s = (int64_t)(folded >> 32) * slot_width_s[0];

	if (rc == 0)
		rc = intern_count(lq->txn, TABLE_DIMS, &lq->ndims);
	if (rc == 0)
		rc = intern_count(lq->txn, TABLE_SESSIONS, &lq->nsessions);
	if (rc == 0)
		rc = store_cursor_open(lq->txn,
		    lq->reads_sessions ? TABLE_SESSION_SLOTS : TABLE_SLOTS,
		    &lq->cursor);
	if (rc != 0)
		return rc;
	lq->dims_group = calloc(lq->ndims + 1, sizeof(*lq->dims_group));
	if (lq->reads_sessions)
		lq->session_group =
		    calloc(lq->nsessions + 1, sizeof(*lq->session_group));
	if (lq->dims_group == NULL ||
	    (lq->reads_sessions && lq->session_group == NULL) || !plan(lq))
		return -ERR_STORE;
	return 0;
}

/* Every key that is filtered on matches one of its patterns. */
static bool
passes(
    const struct report_query *q, const struct text texts[TEXTS], bool session)
{
	bool matched[REPORT_KEYS] = { 0 }, wanted[REPORT_KEYS] = { 0 };
	size_t i;
	int key;

	for (i = 0; i < q->nfilter; i++) {
		key = (int)q->filter[i].key;
		if ((key == KEY_SESSION) != session)
			continue;
		wanted[key] = true;
		matched[key] =
		    matched[key] ||
		    text_matches(texts[text_of_key[key]], q->filter[i].pattern);
	}
	for (key = 0; key < REPORT_KEYS; key++)
		if (wanted[key] && !matched[key])
			return false;
	return true;
}

/*
 * Texts are told apart by two 64-bit digests under the store's key, which
 * nobody can make collide.
 */
static void
digests_of(const struct ledger_query *lq, const void *p, size_t len,
    uint64_t *a, uint64_t *b)
{
	struct digest_key key = lq->l->writer.key;

	*a = digest64(&key, p, len);
	key.k0 = ~key.k0;
	*b = digest64(&key, p, len);
}

static int
find_group(
    struct ledger_query *lq, const struct text texts[EV_TEXTS], uint32_t *index)
{
	uint8_t bytes[REPORT_KEYS * (LIMIT_TEXT + 2)];
	struct text *group;
	struct wbuf w;
	uint64_t a, b;
	uint32_t *at;
	bool fresh;
	size_t i;

	wbuf_init(&w, bytes, sizeof(bytes));
	for (i = 0; i < lq->q.nby; i++)
		if (lq->q.by[i] != KEY_SESSION)
			write_text(&w, texts[text_of_key[lq->q.by[i]]]);
	digests_of(lq, w.p, w.len, &a, &b);
	at = map_at(&lq->group_map, a, b, &fresh);
	if (at == NULL || (fresh && !make_room(&lq->groups, lq->ngroups,
					&lq->groups_cap, sizeof(*lq->groups))))
		return -ERR_STORE;
	if (fresh) {
		group = lq->groups[lq->ngroups];
		memset(group, 0, sizeof(*lq->groups));
		for (i = 0; i < lq->q.nby; i++)
			if (lq->q.by[i] != KEY_SESSION)
				group[i] = arena_text(&lq->arena,
				    texts[text_of_key[lq->q.by[i]]]);
		*at = (uint32_t)lq->ngroups++;
	}
	*index = *at;
	return 0;
}

/* Sets *index, or UINT32_MAX where the filter leaves these dims out. */
static int
group_of_dims(struct ledger_query *lq, uint32_t dims, uint32_t *index)
{
	struct text texts[TEXTS] = { { 0 } };
	uint64_t pricing;
	char rule[32];
	int rc;

	if (dims == DIMS_TOTAL)
		return find_group(lq, texts, index);
	if (dims >= lq->ndims)
		return -ERR_STORE;
	if (lq->dims_group[dims] == 0) {
		rc = dims_texts(lq->txn, dims, texts, &pricing);
		if (rc != 0)
			return rc;
		texts[RULE_TEXT].len = (uint32_t)pricing_text(pricing, rule);
		texts[RULE_TEXT].p = rule;
		if (!passes(&lq->q, texts, false)) {
			lq->dims_group[dims] = 1;
		} else {
			rc = find_group(lq, texts, index);
			if (rc != 0)
				return rc;
			lq->dims_group[dims] = *index + 2;
		}
	}
	*index =
	    lq->dims_group[dims] == 1 ? UINT32_MAX : lq->dims_group[dims] - 2;
	return 0;
}

static int
find_name(struct ledger_query *lq, struct text name, uint32_t *index)
{
	uint64_t a, b;
	uint32_t *at;
	bool fresh;

	digests_of(lq, name.p, name.len, &a, &b);
	at = map_at(&lq->name_map, a, b, &fresh);
	if (at == NULL || (fresh && !make_room(&lq->names, lq->nnames,
					&lq->names_cap, sizeof(*lq->names))))
		return -ERR_STORE;
	if (fresh) {
		lq->names[lq->nnames] = arena_text(&lq->arena, name);
		*at = (uint32_t)lq->nnames++;
	}
	*index = *at;
	return 0;
}

/* The same for a session; without the key all that pass have index 0. */
static int
group_of_session(struct ledger_query *lq, uint32_t session, uint32_t *index)
{
	struct text texts[TEXTS] = { { 0 } };
	bool is_key = has_key(&lq->q, KEY_SESSION);
	int rc;

	*index = 0;
	if (!is_key)
		return 0;
	if (session >= lq->nsessions)
		return -ERR_STORE;
	if (lq->session_group[session] == 0) {
		rc = session_texts(lq->txn, session, texts);
		if (rc == 0 && !passes(&lq->q, texts, true)) {
			lq->session_group[session] = 1;
		} else {
			if (rc == 0)
				rc = find_name(lq, texts[EV_SESSION], index);
			if (rc != 0)
				return rc;
			lq->session_group[session] = *index + 2;
		}
	}
	*index = lq->session_group[session] == 1
		     ? UINT32_MAX
		     : lq->session_group[session] - 2;
	return 0;
}

static bool
is_by(const struct report_query *q, enum report_key key)
{
	size_t i;

	for (i = 0; i < q->nby; i++)
		if (q->by[i] == key)
			return true;
	return false;
}

static int
find_row(struct ledger_query *lq, uint32_t period, uint32_t group,
    uint32_t session, uint32_t *index)
{
	uint32_t *at;
	bool fresh;

	if (!is_by(&lq->q, KEY_SESSION))
		session = 0;
	at = map_at(
	    &lq->row_map, (uint64_t)period << 32 | group, session, &fresh);
	if (at == NULL)
		return -ERR_STORE;
	if (fresh) {
		if (lq->nrows >= ROWS_MAX)
			return -ERR_TOO_LARGE;
		if (!make_room(
			&lq->rows, lq->nrows, &lq->rows_cap, sizeof(*lq->rows)))
			return -ERR_STORE;
		lq->rows[lq->nrows] = (struct row){
			.period = period, .group = group, .session = session
		};
		*at = (uint32_t)lq->nrows++;
	}
	*index = *at;
	return 0;
}

static int
count_session(struct ledger_query *lq, uint32_t row, uint32_t session)
{
	bool fresh;

	if (!lq->q.want_sessions)
		return 0;
	if (map_at(&lq->seen, row, session, &fresh) == NULL)
		return -ERR_STORE;
	lq->rows[row].sessions += fresh;
	if (map_at(&lq->seen_total, session, 0, &fresh) == NULL)
		return -ERR_STORE;
	lq->total_sessions += fresh;
	return 0;
}

static int
take_record(
    struct ledger_query *lq, struct rbuf *key, struct span val, uint32_t period)
{
	uint32_t dims, group, row, session = 0, name = 0;
	struct sums s;
	int rc = 0;

	if (lq->reads_sessions) {
		session = read_be32(key);
		rc = group_of_session(lq, session, &name);
	}
	dims = read_be32(key);
	if (rc == 0)
		rc = group_of_dims(lq, dims, &group);
	if (rc != 0)
		return rc;
	if (name == UINT32_MAX || group == UINT32_MAX)
		return 0;
	if (key->failed || !sums_read(val, &s))
		return -ERR_STORE;
	if (s.n[SUM_CALLS] == 0)
		return 0;
	rc = find_row(lq, period, group, name, &row);
	if (rc == 0)
		rc = count_session(lq, row, session);
	if (rc == 0 &&
	    (!sums_add(&lq->rows[row].sums, &s) || !sums_add(&lq->total, &s)))
		rc = -ERR_STORE;
	return rc;
}

static bool
is_of_totals(const struct ledger_query *lq, const struct run *run)
{
	return lq->reads_totals && run->level > 0;
}

static int
move_cursor(struct ledger_query *lq, const struct run *run, struct span *k,
    struct span *v)
{
	uint8_t buf[9];
	struct wbuf w;

	if (lq->positioned && !is_of_totals(lq, run))
		return store_next(lq->cursor, k, v);
	if (!lq->positioned)
		lq->total_slot = run->from;
	wbuf_init(&w, buf, sizeof(buf));
	if (lq->reads_sessions)
		write_be32(&w, run->from);
	else if (is_of_totals(lq, run))
		slot_key_write(&w, run->level, lq->total_slot, DIMS_TOTAL);
	else
		slot_key_write(&w, run->level, run->from, 0);
	lq->positioned = true;
	return store_seek(lq->cursor, wbuf_span(&w), k, v);
}

/* The row for all dims is the last of its slot. */
static bool
is_wanted(struct ledger_query *lq, const struct run *run, uint32_t slot,
    struct rbuf key)
{
	bool is_total = read_be32(&key) == DIMS_TOTAL;

	if (lq->reads_sessions || run->level == 0)
		return true;
	if (!lq->reads_totals)
		return !is_total;
	lq->total_slot = slot + is_total;
	return is_total;
}

/* One record of the current run, or on to the next run. */
static int
step(struct ledger_query *lq)
{
	const struct run *run = &lq->runs[lq->run];
	struct span k, v;
	struct rbuf key;
	uint8_t level = run->level;
	uint32_t slot;
	int rc;

	rc = move_cursor(lq, run, &k, &v);
	if (rc < 0)
		return rc;
	if (rc == 0) {
		rbuf_init(&key, k);
		if (!lq->reads_sessions)
			level = read_u8(&key);
		slot = read_be32(&key);
		if (level == run->level && slot < run->to)
			return is_wanted(lq, run, slot, key)
				   ? take_record(lq, &key, v, run->period)
				   : 0;
	}
	lq->run++;
	lq->positioned = false;
	return 0;
}

static int
compare_rows(const void *pa, const void *pb, void *arg)
{
	const struct ledger_query *lq = arg;
	const struct row *a = pa, *b = pb;
	size_t i;
	int d;

	if (a->period != b->period)
		return a->period < b->period ? -1 : 1;
	for (i = 0; i < lq->q.nby; i++) {
		if (lq->q.by[i] == KEY_SESSION)
			d = text_cmp(
			    lq->names[a->session], lq->names[b->session]);
		else
			d = text_cmp(
			    lq->groups[a->group][i], lq->groups[b->group][i]);
		if (d != 0)
			return d;
	}
	return 0;
}

static int
keep_rule(struct ledger_query *lq, uint32_t number)
{
	struct span bytes;
	struct text copy;
	size_t i;
	int rc;

	for (i = 0; i < lq->nrules; i++)
		if (lq->rules[i].number == number)
			return 0;
	rc = rule_bytes(lq->txn, number, &bytes);
	if (rc != 0)
		return rc;
	copy = arena_text(
	    &lq->arena, (struct text){ bytes.p, (uint32_t)bytes.len });
	if (copy.len == 0 || !make_room(&lq->rules, lq->nrules, &lq->rules_cap,
				 sizeof(*lq->rules)))
		return -ERR_STORE;
	lq->rules[lq->nrules++] =
	    (struct named_rule){ number, { copy.p, copy.len } };
	return 0;
}

/* The rules that rows are named after, while the map can still be read. */
static int
keep_rules(struct ledger_query *lq)
{
	uint64_t pricing;
	uint32_t dims;
	int rc = 0;

	if (!is_by(&lq->q, KEY_RULE))
		return 0;
	for (dims = 0; rc == 0 && dims < lq->ndims; dims++) {
		struct text texts[EV_TEXTS];

		if (lq->dims_group[dims] < 2)
			continue;
		rc = dims_texts(lq->txn, dims, texts, &pricing);
		if (rc == 0 && pricing >= PRICING_RULE)
			rc = keep_rule(lq, pricing_rule(pricing));
	}
	return rc;
}

static int
finish(struct ledger_query *lq)
{
	int rc = keep_rules(lq);

	end_reading(lq);
	lq->done = rc == 0;
	if (lq->nrows > 1)
		qsort_r(
		    lq->rows, lq->nrows, sizeof(*lq->rows), compare_rows, lq);
	return rc;
}

int
ledger_query_step(struct ledger_query *lq, size_t budget)
{
	int rc = 0;

	if (lq->done)
		return 0;
	if (lq->txn == NULL)
		rc = begin_reading(lq);
	while (rc == 0 && lq->run < lq->nruns && budget-- > 0)
		rc = step(lq);
	if (rc != 0) {
		end_reading(lq);
		return rc;
	}
	if (lq->run < lq->nruns)
		return 1;
	return finish(lq);
}

size_t
ledger_query_rows(const struct ledger_query *lq)
{
	return lq->nrows;
}

static void
fill_row(const struct ledger_query *lq, const struct row *row,
    struct report_row *out)
{
	size_t i;

	*out = (struct report_row){ .period = row->period,
		.sums = row->sums,
		.sessions = row->sessions };
	for (i = 0; i < lq->q.nby; i++)
		out->key[i] = lq->q.by[i] == KEY_SESSION
				  ? lq->names[row->session]
				  : lq->groups[row->group][i];
}

/* How many rows from `from` on make a page. */
static size_t
page_end(const struct ledger_query *lq, size_t from)
{
	struct report_row row;
	size_t i, k, bytes = 0;

	for (i = from; i < lq->nrows && i - from < LIMIT_PAGE_ROWS; i++) {
		fill_row(lq, &lq->rows[i], &row);
		bytes += SUM_COUNTS * 9 + 2 * MONEY_TEXT_MAX + 32;
		for (k = 0; k < lq->q.nby; k++)
			bytes += row.key[k].len + 5;
		if (bytes > PAGE_BYTES)
			break;
	}
	return i;
}

static void
pack_columns(struct packer *k)
{
	int i;

	pack_array(k, SUM_COUNTS);
	for (i = 0; i < SUM_COUNTS; i++)
		pack_str(k, sum_names[i]);
}

static void
pack_rules(const struct ledger_query *lq, struct packer *k)
{
	struct price_rule rule;
	char name[16];
	size_t i;

	pack_map(k, (uint32_t)lq->nrules);
	for (i = 0; i < lq->nrules; i++) {
		snprintf(name, sizeof(name), "%u", lq->rules[i].number);
		pack_str(k, name);
		if (price_rule_read(lq->rules[i].bytes, &rule))
			pack_rule(k, &rule);
		else
			pack_nil(k);
	}
}

size_t
ledger_query_pack(const struct ledger_query *lq, size_t from, uint64_t token,
    struct packer *k)
{
	size_t i, end = page_end(lq, from);
	bool more = end < lq->nrows;
	bool rules = from == 0 && is_by(&lq->q, KEY_RULE);
	struct report_row row;

	pack_map(k, 2 + (from == 0 ? 2 : 0) + rules + more);
	if (from == 0) {
		pack_str(k, "columns");
		pack_columns(k);
		pack_str(k, "total");
		pack_total(k, &lq->total, lq->total_sessions);
	}
	if (rules) {
		pack_str(k, "rules");
		pack_rules(lq, k);
	}
	pack_str(k, "rows");
	pack_array(k, (uint32_t)(end - from));
	for (i = from; i < end; i++) {
		fill_row(lq, &lq->rows[i], &row);
		pack_row(k, &row, lq->q.nby);
	}
	pack_str(k, "more");
	pack_bool(k, more);
	if (more) {
		pack_str(k, "token");
		pack_u64(k, token);
	}
	return end;
}

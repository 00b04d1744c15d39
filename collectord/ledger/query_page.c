#include <stdio.h>
#include <stdlib.h>

#include "collectord/ledger/price/pack_price.h"
#include "collectord/ledger/query_impl.h"
#include "proto/error.h"

#define PAGE_BYTES (3u << 20)

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
	if (copy.len == 0 || !query_make_room(&lq->rules, lq->nrules,
				 &lq->rules_cap, sizeof(*lq->rules)))
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

	if (!query_is_by(&lq->q, KEY_RULE))
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
add_rows(struct ledger_query *lq)
{
	size_t i;

	for (i = 0; i < lq->nrows; i++)
		if (!sums_add(&lq->total, &lq->rows[i].sums))
			return -ERR_STORE;
	return 0;
}

int
query_finish(struct ledger_query *lq)
{
	int rc = keep_rules(lq);

	if (rc == 0)
		rc = add_rows(lq);
	lq->done = rc == 0;
	if (lq->nrows > 1)
		qsort_r(
		    lq->rows, lq->nrows, sizeof(*lq->rows), compare_rows, lq);
	return rc;
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
	bool rules = from == 0 && query_is_by(&lq->q, KEY_RULE);
	struct report_row row = { .period = 0 };
	uint64_t imported =
	    from == 0 ? imported_sums(lq->imported, &row.sums) : 0;

	pack_map(k, 2 + (from == 0 ? 2 : 0) + rules + more + (imported > 0));
	if (imported > 0) {
		pack_str(k, "imported");
		pack_total(k, &row.sums, imported);
	}
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

/* What the files of a report share: query.c reads, query_rows.c gathers,
 * query_page.c packs. */
#ifndef LEDGER_QUERY_IMPL_H
#define LEDGER_QUERY_IMPL_H

#include "collectord/ledger/impl.h"
#include "collectord/ledger/map.h"
#include "collectord/ledger/price/pricing.h"
#include "collectord/ledger/query_imported.h"

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
	struct store_cursor *dims_cursor; /* numbers come nearly in order */
	bool wants_rule;
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
	struct imported *imported; /* NULL: nothing is */
	bool has_no_imports;       /* it is not asked for any */
};

/* Makes room for one more item; items is the address of the pointer. */
bool query_make_room(void *items, size_t n, size_t *cap, size_t size);
bool query_is_by(const struct report_query *q, enum report_key key);
/* Is it grouped by or filtered on? */
bool query_has_key(const struct report_query *q, enum report_key key);

/* Adds one record of the period; key stands behind the slot. */
int query_take(struct ledger_query *lq, struct rbuf *key, struct span val,
    uint32_t period);
/* Keeps the rules that rows are named after, and orders the rows. */
int query_finish(struct ledger_query *lq);

#endif

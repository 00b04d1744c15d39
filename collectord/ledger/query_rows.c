#include <stdlib.h>

#include "collectord/ledger/query_impl.h"
#include "proto/error.h"

#define ROWS_MAX 250000u

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
	if (at == NULL || (fresh && !query_make_room(&lq->groups, lq->ngroups,
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
		rc = dims_texts_at(lq->dims_cursor, dims, texts, &pricing);
		if (rc != 0)
			return rc;
		if (lq->wants_rule)
			texts[RULE_TEXT].len =
			    (uint32_t)pricing_text(pricing, rule);
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
	if (at == NULL || (fresh && !query_make_room(&lq->names, lq->nnames,
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
	bool is_key = query_has_key(&lq->q, KEY_SESSION);
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

static int
find_row(struct ledger_query *lq, uint32_t period, uint32_t group,
    uint32_t session, uint32_t *index)
{
	uint32_t *at;
	bool fresh;

	if (!query_is_by(&lq->q, KEY_SESSION))
		session = 0;
	at = map_at(
	    &lq->row_map, (uint64_t)period << 32 | group, session, &fresh);
	if (at == NULL)
		return -ERR_STORE;
	if (fresh) {
		if (lq->nrows >= ROWS_MAX)
			return -ERR_TOO_LARGE;
		if (!query_make_room(
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

int
query_take(
    struct ledger_query *lq, struct rbuf *key, struct span val, uint32_t period)
{
	uint32_t dims, group, row, session = 0, name = 0;
	bool any;
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
	if (key->failed || !sums_have_calls(val, &any))
		return -ERR_STORE;
	if (!any)
		return 0;
	rc = find_row(lq, period, group, name, &row);
	if (rc == 0)
		rc = count_session(lq, row, session);
	if (rc == 0 && !sums_read_add(val, &lq->rows[row].sums))
		rc = -ERR_STORE;
	return rc;
}

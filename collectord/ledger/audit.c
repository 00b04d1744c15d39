#include "collectord/ledger/audit.h"

#include <stdio.h>
#include <stdlib.h>

#include "collectord/ledger/group.h"
#include "collectord/ledger/map.h"
#include "collectord/ledger/requests.h"
#include "collectord/ledger/series.h"
#include "proto/error.h"

struct walk {
	struct writer *w;
	int (*each)(void *arg, uint64_t number, const struct record *rec);
	void *arg;
	struct map grouped; /* numbers that were told with their group */
	struct map billing; /* of dims: 1 plan, 2 not */
	uint64_t last;      /* the digest before */
	bool has_last;
};

/* All calls of the requests that share a digest, each request's together. */
static int
walk_digest(struct walk *k, uint64_t first)
{
	struct record rec;
	struct group g;
	uint32_t *seen;
	size_t i;
	bool fresh;
	int rc;

	arena_clear(&k->w->arena);
	rc = writer_load(k->w, &first, &rec);
	if (rc == 0)
		rc = group_load(k->w, rec.m.text[EV_REQUEST], &g);
	if (rc != 0 || g.n < 2)
		return rc;
	/* Of a group that is too large each member counts by itself. */
	if (g.n > GROUP_MAX)
		return 0;
	for (i = 0; i < g.n; i++) {
		seen = map_at(&k->grouped, g.number[i], 0, &fresh);
		if (seen == NULL)
			return -ERR_STORE;
		if (!fresh)
			return 0;
	}
	return group_each(k->w, &g, k->each, k->arg);
}

/* Only a digest that comes twice can be a group. */
static int
walk_row(void *arg, const struct request_row *row)
{
	struct walk *k = arg;
	bool again = k->has_last && row->digest == k->last;

	k->has_last = true;
	k->last = row->digest;
	return again ? walk_digest(k, row->number) : 0;
}

static int
walk_groups(struct walk *k)
{
	int rc = writer_know_requests(k->w);

	return rc == 0 ? request_each(&k->w->recent, k->w->txn, walk_row, k)
		       : rc;
}

/* Of the interned texts only the billing changes a sum. */
static int
fill_billing(struct walk *k, struct record *rec)
{
	struct text texts[EV_TEXTS];
	uint32_t *known;
	bool fresh;
	int rc = 0;

	known = map_at(&k->billing, rec->dims, 0, &fresh);
	if (known == NULL)
		return -ERR_STORE;
	if (fresh) {
		rc = dims_texts(k->w->txn, rec->dims, texts, NULL);
		*known = rc == 0 && text_is(texts[EV_BILLING], "plan") ? 1 : 2;
	}
	if (*known == 1)
		rec->m.text[EV_BILLING] = TEXT("plan");
	return rc;
}

static int
walk_single(struct walk *k, struct span key, struct span val)
{
	struct record rec;
	struct rbuf r;
	uint64_t number;
	uint32_t *seen;
	bool fresh;
	int rc;

	rbuf_init(&r, key);
	number = read_be64(&r);
	if (r.failed || !record_read(val, &rec))
		return -ERR_STORE;
	if (rec.is_forward || rec.is_pruned)
		return 0;
	if (rec.m.text[EV_REQUEST].len > 0) {
		seen = map_at(&k->grouped, number, 0, &fresh);
		if (seen == NULL)
			return -ERR_STORE;
		if (!fresh)
			return 0;
	}
	rc = fill_billing(k, &rec);
	/* And where running totals belong. */
	if (rc == 0 && series_has(&rec.m))
		rc = session_texts(k->w->txn, rec.session, rec.m.text);
	return rc == 0 ? k->each(k->arg, number, &rec) : rc;
}

int
audit_walk(struct writer *w,
    int (*each)(void *arg, uint64_t number, const struct record *rec),
    void *arg)
{
	struct walk k = { .w = w, .each = each, .arg = arg };
	struct store_cursor *c = NULL;
	struct span key, val;
	int rc;

	rc = walk_groups(&k);
	if (rc == 0)
		rc = store_cursor_open(w->txn, TABLE_EVENTS, &c);
	if (rc == 0)
		rc = store_seek(c, (struct span){ "", 1 }, &key, &val);
	while (rc == 0) {
		rc = walk_single(&k, key, val);
		if (rc == 0)
			rc = store_next(c, &key, &val);
	}
	store_cursor_close(c);
	map_release(&k.grouped);
	map_release(&k.billing);
	arena_clear(&w->arena);
	return rc == STORE_NOTFOUND ? 0 : rc;
}

struct told {
	struct audit *a;
	void (*differs)(void *arg, const char *what);
	void *arg;
};

static void
tell(void *arg, const char *what)
{
	struct told *t = arg;

	t->a->differences++;
	if (t->differs != NULL && t->a->differences <= AUDIT_TOLD_MAX)
		t->differs(t->arg, what);
}

struct recount {
	struct writer *w;
	uint64_t calls;
	uint64_t placed;   /* running totals with a place in their series */
	struct told *told; /* NULL where nothing is compared */
};

static int
check_place(struct recount *r, uint64_t number, const struct record *rec)
{
	enum series_place place;
	char what[64];
	int rc = series_find(r->w, number, &rec->m, &place);

	if (rc != 0 || place == SERIES_LATE)
		return rc;
	r->placed += place != SERIES_MISSING;
	if (place != SERIES_FOUND) {
		snprintf(what, sizeof(what),
		    "running totals %llu: their place says otherwise",
		    (unsigned long long)number);
		tell(r->told, what);
	}
	return 0;
}

static int
note_one(void *arg, uint64_t number, const struct record *rec)
{
	struct recount *r = arg;
	struct sums s;
	int rc = series_sums(r->w, rec, &s);

	if (rc == 0 && r->told != NULL && series_has(&rec->m))
		rc = check_place(r, number, rec);
	if (rc != 0)
		return rc;
	r->calls += s.n[SUM_CALLS];
	return writer_note(r->w, rec, 1);
}

/* As many places as totals that were found at theirs, so none is too many. */
static int
count_places(struct recount *r)
{
	char what[96];
	uint64_t n;
	int rc = series_count(r->w, &n);

	if (rc != 0 || n == r->placed)
		return rc;
	snprintf(what, sizeof(what),
	    "series: places of %llu running totals, not of %llu",
	    (unsigned long long)n, (unsigned long long)r->placed);
	tell(r->told, what);
	return 0;
}

int
audit_compare(struct store *store, const struct digest_key *key,
    struct audit *a, void (*differs)(void *arg, const char *what), void *arg)
{
	struct told told = { .a = a, .differs = differs, .arg = arg };
	struct writer w = { .store = store, .key = *key };
	struct recount r = { .w = &w, .told = &told };
	struct store_info info;
	int rc;

	*a = (struct audit){ 0 };
	interner_init(&w.interner, key);
	rc = store_begin(store, false, &w.txn);
	if (rc == 0)
		rc = slots_folded(w.txn, &w.changes.folded);
	if (rc == 0)
		rc = audit_walk(&w, note_one, &r);
	if (rc == 0)
		rc = count_places(&r);
	if (rc == 0)
		rc = slot_changes_note_base(&w.changes, w.txn);
	if (rc == 0)
		rc = slot_changes_compare(
		    &w.changes, w.txn, tell, &told, &a->slots);
	if (rc == 0)
		rc = store_info(w.txn, &info);
	if (rc == 0)
		a->events = info.entries[TABLE_EVENTS];
	a->calls = r.calls;
	writer_release(&w);
	return rc;
}

int
audit_rebuild(struct writer *w)
{
	struct recount r = { .w = w };
	int rc = 0;

	if (w->changes.folded == 0)
		rc = slot_changes_fold_all(&w->changes, w->txn);
	if (rc == 0)
		rc = store_clear(w->txn, TABLE_SLOTS);
	if (rc == 0)
		rc = store_clear(w->txn, TABLE_SESSION_SLOTS);
	if (rc == 0)
		rc = audit_walk(w, note_one, &r);
	if (rc == 0)
		rc = slot_changes_note_base(&w->changes, w->txn);
	return rc == 0 ? slot_changes_apply(&w->changes, w->txn) : rc;
}

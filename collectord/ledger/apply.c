#include "collectord/ledger/apply.h"

#include "collectord/ledger/group.h"
#include "collectord/ledger/ids.h"
#include "collectord/ledger/price/plan.h"
#include "collectord/ledger/requests.h"
#include "collectord/ledger/series.h"
#include "proto/error.h"

/* A call this sight touches, before and after. */
struct target {
	uint64_t number;
	struct record before, after;
	bool existed;
};

struct touch {
	struct target call;  /* what the sight is of */
	struct target other; /* from now on a forward to it, where links */
	bool links;
	struct id id[2]; /* the sight's own: key, and call where it has one */
	struct id_place at[2];
	int nids;
};

static int
find_ids(struct writer *w, struct touch *t, const struct event *ev)
{
	int i, rc = 0;

	id_of_key(&t->id[t->nids++], &w->key, ev->text);
	if (ev->text[EV_CALL].len > 0)
		id_of_call(&t->id[t->nids++], &w->key, ev->text);
	for (i = 0; rc == 0 && i < t->nids; i++)
		rc = id_find(&w->recent, w->txn, &t->id[i], &t->at[i]);
	return rc;
}

static void
swap_targets(struct touch *t)
{
	struct target older = t->other;

	t->other = t->call;
	t->call = older;
}

/* Loads the call the ids lead to, or the two of them, the older one first. */
static int
load_targets(struct writer *w, struct touch *t)
{
	struct target found;
	int i, rc;

	for (i = 0; i < t->nids; i++) {
		if (!t->at[i].found)
			continue;
		found = (struct target){ .number = t->at[i].number,
			.existed = true };
		rc = writer_load(w, &found.number, &found.before);
		if (rc != 0)
			return rc;
		if (!t->call.existed || t->call.before.is_pruned) {
			t->call = found;
		} else if (found.before.is_pruned) {
			continue;
		} else if (found.number != t->call.number) {
			t->other = found;
			t->links = true;
		}
	}
	if (t->links && t->other.number < t->call.number)
		swap_targets(t);
	return 0;
}

static bool
stamps_eq(const struct merged *a, const struct merged *b)
{
	int i;

	for (i = EV_MESSAGE; i < EV_TEXTS; i++)
		if (stamp_cmp(&a->stamp[i], &b->stamp[i]) != 0)
			return false;
	return true;
}

static bool
merged_eq(const struct merged *a, const struct merged *b)
{
	int i;

	if (a->rank != b->rank || a->is_void != b->is_void ||
	    a->has_cost != b->has_cost || a->cost_pico != b->cost_pico ||
	    a->ts_ms != b->ts_ms ||
	    memcmp(a->count, b->count, sizeof(a->count)) != 0)
		return false;
	for (i = 0; i < EV_TEXTS; i++)
		if (!text_eq(a->text[i], b->text[i]))
			return false;
	return stamps_eq(a, b);
}

/*
 * An entry that a record told by itself needs the whole id, or the new number,
 * once that record changes. id_find compares with what is stored, so this comes
 * before the records are saved.
 */
static int
keep_id(struct writer *w, const struct id *id, const struct target *old,
    const struct target *now)
{
	struct id_place at;
	bool whole = !id_is_told_by(id, &now->after);
	int rc = id_find(&w->recent, w->txn, id, &at);

	/* A call's model may be another sight's: then the id is not its own. */
	if (rc != 0 || !at.found || at.is_whole || at.number != old->number)
		return rc;
	if (at.number == now->number && !whole)
		return 0;
	return id_store(&w->recent, w->txn, id, &at, now->number, whole);
}

static int
keep_own_ids(
    struct writer *w, const struct target *old, const struct target *now)
{
	struct id id;
	int rc;

	id_of_key(&id, &w->key, old->before.m.text);
	rc = keep_id(w, &id, old, now);
	if (rc != 0 || old->before.m.text[EV_CALL].len == 0)
		return rc;
	id_of_call(&id, &w->key, old->before.m.text);
	return keep_id(w, &id, old, now);
}

static int
store_sight_ids(struct writer *w, const struct touch *t)
{
	const struct id_place *at;
	int i, rc = 0;
	bool whole;

	for (i = 0; rc == 0 && i < t->nids; i++) {
		at = &t->at[i];
		whole = !id_is_told_by(&t->id[i], &t->call.after);
		if (at->found && at->number == t->call.number &&
		    at->is_whole == whole)
			continue;
		rc = id_store(
		    &w->recent, w->txn, &t->id[i], at, t->call.number, whole);
	}
	return rc;
}

static struct text
request_of(const struct record *rec)
{
	return rec->m.text[EV_REQUEST];
}

/* A request whose group this sight changes. */
struct touched_group {
	struct text request;
	/*
	 * Only the sight's own records change what it adds: it is too large
	 * before and after, or the sight's call is all there is of it.
	 */
	bool own_only;
};

struct touched_groups {
	struct touched_group item[3];
	int n;
};

static void
add_group(struct touched_groups *gs, struct text request)
{
	int i;

	if (request.len == 0)
		return;
	for (i = 0; i < gs->n; i++)
		if (text_eq(gs->item[i].request, request))
			return;
	gs->item[gs->n++].request = request;
}

static void
list_groups(const struct touch *t, struct touched_groups *gs)
{
	*gs = (struct touched_groups){ 0 };
	add_group(gs, request_of(&t->call.after));
	if (t->call.existed)
		add_group(gs, request_of(&t->call.before));
	if (t->links)
		add_group(gs, request_of(&t->other.before));
}

/* One of this sight's records, where it adds by itself. */
static int
note_alone(
    struct writer *w, const struct record *rec, struct text request, int sign)
{
	if (!text_eq(request_of(rec), request))
		return 0;
	return writer_note(w, rec, sign);
}

/* The part of a sight's own records in a request, or in none (no text). */
static int
note_own(struct writer *w, const struct touch *t, struct text request, int sign)
{
	int rc = 0;

	if (sign > 0)
		return note_alone(w, &t->call.after, request, sign);
	if (t->call.existed)
		rc = note_alone(w, &t->call.before, request, sign);
	if (rc == 0 && t->links)
		rc = note_alone(w, &t->other.before, request, sign);
	return rc;
}

static size_t
members_after(const struct touch *t, const struct group *g)
{
	size_t n = g->n;

	n -=
	    t->call.existed && text_eq(request_of(&t->call.before), g->request);
	n -= t->links && text_eq(request_of(&t->other.before), g->request);
	return n + text_eq(request_of(&t->call.after), g->request);
}

static bool
is_own_only(const struct touch *t, const struct group *g)
{
	size_t after = members_after(t, g);

	return (g->n > GROUP_MAX && after > GROUP_MAX) ||
	       (g->n <= 1 && after <= 1);
}

static int
take_out(struct writer *w, const struct touch *t, struct touched_groups *gs)
{
	struct group g;
	int i, rc;

	rc = note_own(w, t, (struct text){ 0 }, -1);
	for (i = 0; rc == 0 && i < gs->n; i++) {
		rc = group_load(w, gs->item[i].request, &g);
		if (rc != 0)
			break;
		gs->item[i].own_only = is_own_only(t, &g);
		rc = gs->item[i].own_only ? note_own(w, t, g.request, -1)
					  : group_note(w, &g, -1);
	}
	return rc;
}

static int
put_in(struct writer *w, const struct touch *t, const struct touched_groups *gs)
{
	struct group g;
	int i, rc;

	rc = note_own(w, t, (struct text){ 0 }, 1);
	for (i = 0; rc == 0 && i < gs->n; i++) {
		if (gs->item[i].own_only) {
			rc = note_own(w, t, gs->item[i].request, 1);
			continue;
		}
		rc = group_load(w, gs->item[i].request, &g);
		if (rc == 0)
			rc = group_save(w, &g, false);
		if (rc == 0)
			rc = group_note(w, &g, 1);
	}
	return rc;
}

static int
move_request(
    struct writer *w, uint64_t number, struct text from, struct text to)
{
	int rc = 0;

	if (text_eq(from, to))
		return 0;
	if (from.len > 0)
		rc = request_remove(&w->recent, w->txn, &w->key, from, number);
	if (rc == 0 && to.len > 0)
		rc = request_add(&w->recent, w->txn, &w->key, to, number);
	return rc;
}

static int
save_forward(struct writer *w, const struct touch *t)
{
	struct record forward = { .is_forward = true,
		.forward = t->call.number,
		.revision = t->other.before.revision };
	int rc;

	rc = move_request(w, t->other.number, request_of(&t->other.before),
	    (struct text){ 0 });
	if (rc == 0)
		rc = writer_save(w, t->other.number, &forward, false);
	return rc;
}

static int
save_records(struct writer *w, struct touch *t)
{
	struct text old = { 0 };
	int rc = 0;

	if (t->call.existed) {
		old = request_of(&t->call.before);
		rc = keep_own_ids(w, &t->call, &t->call);
	}
	if (rc == 0 && t->links)
		rc = keep_own_ids(w, &t->other, &t->call);
	if (rc == 0 && t->links)
		rc = save_forward(w, t);
	if (rc == 0)
		rc = writer_save(
		    w, t->call.number, &t->call.after, !t->call.existed);
	if (rc == 0)
		rc = move_request(
		    w, t->call.number, old, request_of(&t->call.after));
	return rc == 0 ? store_sight_ids(w, t) : rc;
}

/* A call in a group of several is priced with them, once all are saved. */
static bool
is_priced_alone(const struct touch *t, const struct touched_groups *gs)
{
	int i;

	for (i = 0; i < gs->n; i++)
		if (text_eq(gs->item[i].request, request_of(&t->call.after)))
			return gs->item[i].own_only;
	return true;
}

static int
write_change(struct writer *w, struct touch *t)
{
	struct touched_groups gs;
	struct series_next next;
	int rc;

	list_groups(t, &gs);
	rc = series_take_next(w, &t->call.after.m, &next);
	if (rc == 0)
		rc = take_out(w, t, &gs);
	if (rc == 0 && is_priced_alone(t, &gs))
		rc = pricing_update(
		    w, &t->call.after.m, false, &t->call.after.price);
	if (rc == 0)
		rc = save_records(w, t);
	if (rc == 0)
		rc = series_put(w, t->call.number, &t->call.after.m);
	if (rc == 0)
		rc = put_in(w, t, &gs);
	return rc == 0 ? series_put_next(w, &next) : rc;
}

static int
make_call(struct writer *w, struct touch *t, const struct merged *sight)
{
	int rc;

	t->call.number = w->next_number++;
	t->call.after.m = *sight;
	t->call.after.day = (uint32_t)(w->now_us / 86400000000);
	rc = write_change(w, t);
	return rc < 0 ? rc : APPLY_STORED;
}

static int
change_call(struct writer *w, struct touch *t, const struct merged *sight)
{
	struct record *after = &t->call.after;
	int rc;

	*after = t->call.before;
	merge_join(&after->m, sight);
	if (!t->links && merged_eq(&after->m, &t->call.before.m)) {
		rc = store_sight_ids(w, t);
		return rc < 0 ? rc : APPLY_UNCHANGED;
	}
	if (t->links) {
		merge_join(&after->m, &t->other.before.m);
		if (t->other.before.day < after->day)
			after->day = t->other.before.day;
	}
	rc = write_change(w, t);
	return rc < 0 ? rc : APPLY_MERGED;
}

/* A pruned call is acknowledged; an id of it that is new leads there too. */
static int
ignore_sight(struct writer *w, struct touch *t)
{
	int rc;

	t->call.after = t->call.before;
	rc = store_sight_ids(w, t);
	return rc < 0 ? rc : APPLY_UNCHANGED;
}

/* Running totals are known by their place in the series alone. */
static int
give_place(struct writer *w, struct event *ev)
{
	char *id;

	if (ev->running && ev->text[EV_MESSAGE].len == 0) {
		id = arena_alloc(&w->arena, LIMIT_TEXT);
		if (id == NULL)
			return -ERR_STORE;
		ev->text[EV_MESSAGE] =
		    (struct text){ id, (uint32_t)event_running_id(ev, id) };
	}
	event_running_place(ev->text[EV_MESSAGE], &ev->ts_ms, NULL);
	return 0;
}

int
apply_sight(struct writer *w, const struct event *given)
{
	struct event ev = *given;
	struct merged sight;
	struct touch t;
	int rc;

	if (ev.text[EV_MACHINE].len == 0)
		ev.text[EV_MACHINE] = w->machine;
	if (ev.text[EV_MESSAGE].len == 0)
		ev.text[EV_MESSAGE] = ev.text[EV_CALL];
	if (ev.text[EV_BILLING].len == 0 && w->plan.len > 0 &&
	    plan_covers(w->plan, ev.text[EV_AGENT], ev.text[EV_ACCOUNT]))
		ev.text[EV_BILLING] = TEXT("plan");
	if (ev.ts_ms == 0)
		ev.ts_ms = w->now_us / 1000;
	t = (struct touch){ .nids = 0 };
	rc = give_place(w, &ev);
	if (rc == 0)
		rc = find_ids(w, &t, &ev);
	if (rc == 0)
		rc = load_targets(w, &t);
	if (rc == 0)
		rc = sources_note(
		    &w->sources, w->txn, &w->key, &ev, w->now_us / 1000);
	if (rc != 0)
		return rc;
	if (t.call.existed && t.call.before.is_pruned)
		return ignore_sight(w, &t);
	merge_init(&sight, &ev);
	if (t.call.existed)
		return change_call(w, &t, &sight);
	return make_call(w, &t, &sight);
}

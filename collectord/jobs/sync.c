#include "collectord/jobs/sync.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectord/clock.h"
#include "collectord/log.h"
#include "collectord/sys.h"
#include "proto/error.h"

#define DAY_MS 86400000ll

const char *const sync_outcome_names[] = {
	[PROVIDER_OK] = "ok",
	[PROVIDER_BAD_KEY] = "bad_key",
	[PROVIDER_LIMITED] = "limited",
	[PROVIDER_FAILING] = "failing",
	[PROVIDER_ABSENT] = "absent",
	[PROVIDER_BROKEN] = "broken",
	[PROVIDER_ABORTED] = "failing",
};

static void go_on(struct sync_account *acc);
static void next_range(struct sync_account *acc);

static const struct provider_feed *
feed_of(const struct sync_account *acc)
{
	return &acc->provider->feeds[acc->at];
}

static struct account_feed *
state_of(struct sync_account *acc)
{
	return &acc->a.feed[acc->at];
}

struct sync_account *
sync_find(struct sync *s, const char *name)
{
	for (struct sync_account *acc = s->first; acc != NULL; acc = acc->next)
		if (!acc->is_leaving && strcmp(acc->a.name, name) == 0)
			return acc;
	return NULL;
}

const char *
sync_state(const struct sync_account *acc)
{
	bool was_asked = false;

	if (!acc->a.is_enabled)
		return "disabled";
	if (acc->phase != SYNC_IDLE)
		return "running";
	if (acc->a.is_bad_key)
		return "bad_key";
	if (account_failing_ms(&acc->a) != 0)
		return "failing";
	for (uint32_t i = 0; i < acc->a.n_feeds; i++)
		was_asked = was_asked || acc->a.feed[i].success_ms != 0;
	return was_asked ? "ok" : "new";
}

/* --- Those who wait --------------------------------------------------------
 */

static bool
covers(const struct sync_want *w, const struct sync_account *acc)
{
	return w->name[0] == '\0' || strcmp(w->name, acc->a.name) == 0;
}

static bool
is_over(const struct sync *s, const struct sync_want *w)
{
	for (struct sync_account *acc = s->first; acc != NULL; acc = acc->next)
		if (covers(w, acc) && acc->phase != SYNC_IDLE)
			return false;
	return true;
}

static void
unlist(struct sync *s, struct sync_want *w)
{
	if (!w->is_listed)
		return;
	w->is_listed = false;
	if (w->prev == NULL)
		s->wants = w->next;
	else
		w->prev->next = w->next;
	if (w->next != NULL)
		w->next->prev = w->prev;
}

void
sync_forget(struct sync *s, struct sync_want *w)
{
	unlist(s, w);
}

static void
settle_wants(struct sync *s)
{
	struct sync_want *w, *next;

	for (w = s->wants; w != NULL; w = next) {
		next = w->next;
		if (w->is_fresh || !is_over(s, w))
			continue;
		unlist(s, w);
		w->ended(w);
	}
}

static void
tell_result(struct sync_account *acc)
{
	struct sync_want *w;

	for (w = acc->sync->wants; w != NULL; w = w->next)
		if (covers(w, acc))
			w->result(w, acc);
}

static void
on_page(struct walk *walk)
{
	struct sync_account *acc = walk->data;
	struct sync_want *w;

	for (w = acc->sync->wants; w != NULL; w = w->next)
		if (covers(w, acc))
			w->page(w, acc->a.name, walk);
}

/* --- The sweep -------------------------------------------------------------
 */

static void sweep(struct sync *s);

static bool
on_sweep_step(struct batch_task *t)
{
	struct sync *s = t->data;

	return ledger_bill_sweep(s->place.ledger) == 1;
}

static void
on_swept(struct batch_task *t)
{
	struct sync *s = t->data;

	s->is_sweeping = false;
	if (s->has_garbage && !s->is_stopped)
		sweep(s);
}

static void
sweep(struct sync *s)
{
	s->has_garbage = s->is_sweeping;
	if (s->is_sweeping)
		return;
	s->is_sweeping = true;
	s->sweep =
	    (struct batch_task){ .step = on_sweep_step, .done = on_swept };
	s->sweep.data = s;
	batch_run(s->place.batch, &s->sweep);
}

/* --- When ------------------------------------------------------------------
 */

static bool
may_ask(const struct sync_account *acc, uint32_t i)
{
	return acc->a.is_enabled && !acc->a.is_bad_key &&
	       !acc->a.feed[i].is_denied;
}

static int64_t
due_of(const struct account_feed *f, int64_t now_ms)
{
	int64_t at = f->next_ms > f->limited_ms ? f->next_ms : f->limited_ms;

	/* The clock was far ahead when that was planned. */
	return at > now_ms + 2 * DAY_MS ? now_ms : at;
}

/* Once it has lasted for a day. */
static bool
is_to_be_told(const struct account *a)
{
	int64_t since = account_failing_ms(a);

	return a->is_enabled && since != 0 && a->told_ms != since;
}

static void
arm(struct sync_account *acc)
{
	int64_t now_ms = clock_now_ms(), at = INT64_MAX, due, since;

	timers_cancel(acc->sync->place.timers, &acc->due);
	if (acc->phase != SYNC_IDLE || acc->is_leaving || acc->sync->is_stopped)
		return;
	for (uint32_t i = 0; i < acc->a.n_feeds; i++) {
		due = due_of(&acc->a.feed[i], now_ms);
		if (may_ask(acc, i) && due < at)
			at = due;
	}
	since = account_failing_ms(&acc->a);
	if (is_to_be_told(&acc->a) && since + DAY_MS < at)
		at = since + DAY_MS;
	if (at != INT64_MAX)
		timers_at(acc->sync->place.timers, &acc->due, at);
}

static void
begin_round(struct sync_account *acc)
{
	struct sync *s = acc->sync;

	if (acc->phase != SYNC_IDLE && acc->phase != SYNC_IN_LINE)
		return;
	timers_cancel(s->place.timers, &acc->due);
	acc->phase = SYNC_IN_LINE;
	if (s->n_running >= SYNC_RUNNING_MAX)
		return;
	s->n_running++;
	acc->phase = SYNC_ASKING;
	go_on(acc);
}

static void leave(struct sync_account *acc);

static void
end_round(struct sync_account *acc)
{
	struct sync *s = acc->sync;

	s->n_running--;
	acc->phase = SYNC_IDLE;
	acc->pending = 0;
	walk_release(&acc->walk);
	if (acc->is_leaving)
		leave(acc);
	if (s->is_stopped)
		return;
	for (struct sync_account *o = s->first; o != NULL; o = o->next)
		if (o->phase == SYNC_IN_LINE && s->n_running < SYNC_RUNNING_MAX)
			begin_round(o);
	sweep(s);
	arm(acc);
	settle_wants(s);
}

/* --- Saving ----------------------------------------------------------------
 */

static bool
on_save_step(struct batch_task *t)
{
	struct sync_account *acc = t->data;

	acc->rc = ledger_bill_end(acc->sync->place.ledger, &acc->end);
	return false;
}

static void
end_feed(struct sync_account *acc)
{
	acc->pending &= ~(1u << acc->at);
	tell_result(acc);
	go_on(acc);
}

static void
on_saved(struct batch_task *t)
{
	struct sync_account *acc = t->data;
	struct account_feed *f = state_of(acc);

	acc->phase = SYNC_ASKING;
	acc->a.told_ms = acc->saved.told_ms;
	if (acc->rc != 0) {
		log_warn("sync", "op=save name=%s err=%s", acc->a.name,
		    error_name((enum error_code) - acc->rc));
		acc->a.told_ms = account_failing_ms(&acc->a);
		acc->before.next_ms = f->next_ms;
		*f = acc->before;
		acc->outcome = PROVIDER_BROKEN;
		snprintf(acc->error, sizeof(acc->error),
		    "the ledger could not take it");
	}
	if (acc->sync->is_stopped) {
		end_round(acc);
	} else if (acc->outcome == PROVIDER_ABORTED || acc->is_leaving ||
		   !acc->a.is_enabled) {
		/* Where it still may, from the first page on. */
		go_on(acc);
	} else if (acc->outcome == PROVIDER_OK) {
		acc->has_begun = true;
		next_range(acc);
	} else {
		end_feed(acc);
	}
}

static void
save(struct sync_account *acc)
{
	const struct provider_feed *feed = feed_of(acc);
	bool is_whole = acc->outcome == PROVIDER_OK;

	acc->saved = acc->a;
	acc->end = (struct bill_end){ .account = &acc->saved,
		.feed = feed->name,
		.gives = feed->gives,
		.generation = acc->walk.generation,
		.is_whole = is_whole,
		.from_day = (uint32_t)(acc->range.from_ms / DAY_MS),
		.to_day = (uint32_t)(acc->range.to_ms / DAY_MS),
		.at_ms = acc->asked_ms };
	if (is_whole && (feed->gives & (FEED_BALANCE | FEED_WINDOWS)) != 0)
		acc->end.state = &acc->walk.state;
	acc->phase = SYNC_SAVING;
	acc->task =
	    (struct batch_task){ .step = on_save_step, .done = on_saved };
	acc->task.data = acc;
	batch_run(acc->sync->place.batch, &acc->task);
}

/* --- What came of a walk ---------------------------------------------------
 */

static void
note_success(struct sync_account *acc, int64_t now_ms)
{
	struct account_feed *f = state_of(acc);

	f->success_ms = now_ms;
	f->error[0] = '\0';
	f->failing_ms = 0;
	f->limited_ms = 0;
	f->n_limited = 0;
	acc->rows += acc->walk.rows;
	acc->a.brackets_arrays = acc->walk.account.brackets_arrays;
	plan_note_range(f, feed_of(acc), now_ms, &acc->range, acc->walk.rows);
}

static void
note_failure(struct sync_account *acc, int64_t now_ms)
{
	const struct provider_feed *feed = feed_of(acc);
	struct account_feed *f = state_of(acc);
	char quoted[2 * ACCOUNT_ERROR_MAX];

	f->error_ms = now_ms;
	snprintf(f->error, sizeof(f->error), "%s", acc->walk.error);
	if (acc->outcome == PROVIDER_LIMITED)
		f->next_ms = f->limited_ms =
		    plan_limited_until(acc->a.name, feed->name, now_ms,
			acc->walk.retry_after_ms, ++f->n_limited);
	if (acc->outcome == PROVIDER_BAD_KEY && feed->may_be_denied)
		f->is_denied = true;
	else if (acc->outcome == PROVIDER_BAD_KEY)
		acc->a.is_bad_key = true;
	/* What an account does not have is no failure. */
	if (!f->is_denied && acc->outcome != PROVIDER_ABSENT &&
	    f->failing_ms == 0)
		f->failing_ms = now_ms;
	log_warn("sync", "op=ask name=%s feed=%s outcome=%s err=%s",
	    acc->a.name, feed->name, sync_outcome_names[acc->outcome],
	    log_quote(quoted, sizeof(quoted), text_of(f->error)));
}

static void
on_walk_end(struct walk *w)
{
	struct sync_account *acc = w->data;
	struct account_feed *f = state_of(acc);
	int64_t now_ms = clock_now_ms();

	acc->outcome = w->outcome;
	if (acc->sync->is_stopped) {
		end_round(acc);
		return;
	}
	if (w->outcome == PROVIDER_ABSENT && w->feed->fallback != NULL) {
		w->feed = w->feed->fallback;
		walk_start(w);
		return;
	}
	acc->before = *f;
	snprintf(acc->error, sizeof(acc->error), "%s", w->error);
	if (w->outcome != PROVIDER_ABORTED)
		f->next_ms = plan_next_round(acc->a.name, feed_of(acc), now_ms);
	if (w->outcome == PROVIDER_OK)
		note_success(acc, now_ms);
	else if (w->outcome != PROVIDER_ABORTED)
		note_failure(acc, now_ms);
	save(acc);
}

static void
start_walk(struct sync_account *acc)
{
	struct walk *w = &acc->walk;

	acc->asked_ms = clock_now_ms();
	w->place = &acc->sync->place;
	w->provider = acc->provider;
	w->feed = feed_of(acc);
	w->account = (struct provider_account){
		.base_url = acc->a.base_url[0] == '\0' ? NULL : acc->a.base_url,
		.brackets_arrays = acc->a.brackets_arrays
	};
	w->account.region =
	    (uint32_t)provider_find_region(acc->provider, acc->a.region);
	w->name = acc->a.name;
	w->origin = acc->a.origin;
	w->from_ms = acc->range.from_ms;
	w->to_ms = acc->range.to_ms;
	w->on_page = on_page;
	w->on_end = on_walk_end;
	w->data = acc;
	walk_start(w);
}

static void
next_range(struct sync_account *acc)
{
	if (!plan_next_range(state_of(acc), feed_of(acc), clock_now_ms(),
		acc->has_begun, &acc->range)) {
		acc->outcome = PROVIDER_OK;
		acc->error[0] = '\0';
		end_feed(acc);
		return;
	}
	start_walk(acc);
}

/* Those that are not to be asked have their answer already. */
static bool
is_barred(struct sync_account *acc)
{
	const struct account_feed *f = state_of(acc);
	const char *error = f->error;

	if (acc->a.is_bad_key || f->is_denied)
		acc->outcome = PROVIDER_BAD_KEY;
	else if (f->limited_ms > clock_now_ms())
		acc->outcome = PROVIDER_LIMITED;
	else
		return false;
	for (uint32_t i = 0; i < acc->a.n_feeds && error[0] == '\0'; i++)
		error = acc->a.feed[i].error;
	snprintf(acc->error, sizeof(acc->error), "%s", error);
	return true;
}

static void
go_on(struct sync_account *acc)
{
	while (acc->pending != 0 && acc->a.is_enabled && !acc->is_leaving) {
		for (acc->at = 0; (acc->pending & (1u << acc->at)) == 0;
		     acc->at++)
			;
		acc->rows = 0;
		acc->has_begun = false;
		if (!is_barred(acc)) {
			next_range(acc);
			return;
		}
		acc->pending &= ~(1u << acc->at);
		tell_result(acc);
	}
	end_round(acc);
}

static void
on_due(struct due *d)
{
	struct sync_account *acc =
	    (struct sync_account *)((char *)d -
				    offsetof(struct sync_account, due));
	int64_t now_ms = clock_now_ms();

	for (uint32_t i = 0; i < acc->a.n_feeds; i++)
		if (may_ask(acc, i) &&
		    due_of(&acc->a.feed[i], now_ms) <= now_ms)
			acc->pending |= 1u << i;
	if (acc->pending != 0) {
		begin_round(acc);
		return;
	}
	/* It may also be called because the clock was set. */
	if (!is_to_be_told(&acc->a) ||
	    now_ms - account_failing_ms(&acc->a) < DAY_MS) {
		arm(acc);
		return;
	}
	acc->sync->n_running++;
	acc->outcome = PROVIDER_ABORTED;
	acc->walk.generation = 0;
	acc->at = 0;
	acc->before = *state_of(acc);
	save(acc);
}

int
sync_ask(struct sync *s, struct sync_want *w, struct error *err)
{
	struct sync_account *acc;

	if (w->name[0] != '\0') {
		acc = sync_find(s, w->name);
		if (acc == NULL)
			return error_set(err, ERR_NOT_FOUND, "name",
			    "there is no such account");
		if (!acc->a.is_enabled)
			return error_set(
			    err, ERR_DENIED, "name", "it is disabled");
	}
	w->is_listed = w->is_fresh = true;
	w->prev = NULL;
	w->next = s->wants;
	if (w->next != NULL)
		w->next->prev = w;
	s->wants = w;
	for (acc = s->first; acc != NULL; acc = acc->next) {
		if (!covers(w, acc) || !acc->a.is_enabled || acc->is_leaving)
			continue;
		acc->pending |= (1u << acc->a.n_feeds) - 1;
		begin_round(acc);
	}
	w->is_fresh = false;
	if (!is_over(s, w))
		return 1;
	unlist(s, w);
	return 0;
}

/* --- Accounts --------------------------------------------------------------
 */

/* The states of feeds in the order of the provider, new ones empty. */
static void
fit_feeds(struct account *a, const struct provider *p)
{
	struct account_feed old[ACCOUNT_FEEDS_MAX];
	uint32_t n_old = a->n_feeds;

	memcpy(old, a->feed, sizeof(old));
	memset(a->feed, 0, sizeof(a->feed));
	a->n_feeds =
	    p->n_feeds < ACCOUNT_FEEDS_MAX ? p->n_feeds : ACCOUNT_FEEDS_MAX;
	for (uint32_t i = 0; i < a->n_feeds; i++) {
		for (uint32_t j = 0; j < n_old; j++)
			if (strcmp(old[j].name, p->feeds[i].name) == 0)
				a->feed[i] = old[j];
		snprintf(a->feed[i].name, sizeof(a->feed[i].name), "%s",
		    p->feeds[i].name);
	}
}

static const struct provider *
find_provider(const char *account)
{
	struct text t = account_provider(text_of(account));
	char name[ACCOUNT_NAME_MAX];

	snprintf(name, sizeof(name), "%.*s", (int)t.len, t.p);
	return provider_find(name);
}

static struct sync_account *
new_account(struct sync *s, const struct account *a)
{
	const struct provider *p = find_provider(a->name);
	struct sync_account *acc = p == NULL ? NULL : calloc(1, sizeof(*acc));

	if (acc == NULL)
		return NULL;
	acc->sync = s;
	acc->provider = p;
	acc->a = *a;
	acc->due.fn = on_due;
	fit_feeds(&acc->a, p);
	return acc;
}

static void
list(struct sync_account *acc)
{
	struct sync_account **link = &acc->sync->first;

	while (*link != NULL && strcmp((*link)->a.name, acc->a.name) < 0)
		link = &(*link)->next;
	acc->next = *link;
	*link = acc;
}

static void
free_account(struct sync_account *acc)
{
	walk_release(&acc->walk);
	free(acc);
}

static void
unlist_account(struct sync_account *acc)
{
	struct sync_account **link = &acc->sync->first;

	while (*link != acc)
		link = &(*link)->next;
	*link = acc->next;
}

static int
load(void *arg, const struct account *a)
{
	struct sync *s = arg;
	struct sync_account *acc = new_account(s, a);

	if (acc == NULL)
		log_warn("sync", "op=load name=%s err=\"no such provider\"",
		    a->name);
	else
		list(acc);
	return 0;
}

/* --- Leaving ---------------------------------------------------------------
 */

static void
finish(struct sync_reply *r, const struct error *err)
{
	r->fn(r, err);
	free(r);
}

static bool
on_leave_step(struct batch_task *t)
{
	struct sync_account *acc = t->data;

	acc->rc = ledger_account_drop(
	    acc->sync->place.ledger, text_of(acc->a.name), acc->keeps_data);
	return acc->rc == 1;
}

static void
on_left(struct batch_task *t)
{
	struct sync_account *acc = t->data;
	struct sync *s = acc->sync;
	struct sync_reply *r = acc->leave;
	struct error err;

	unlist_account(acc);
	if (acc->rc < 0)
		error_set(&err, (enum error_code) - acc->rc, NULL,
		    "the store could not be written");
	finish(r, acc->rc < 0 ? &err : NULL);
	free_account(acc);
	if (s->is_stopped)
		return;
	sweep(s);
	settle_wants(s);
}

static void
leave(struct sync_account *acc)
{
	acc->phase = SYNC_LEAVING;
	acc->task =
	    (struct batch_task){ .step = on_leave_step, .done = on_left };
	acc->task.data = acc;
	batch_run(acc->sync->place.batch, &acc->task);
}

int
sync_rm(struct sync *s, const char *name, bool keeps_data, struct sync_reply *r,
    struct error *err)
{
	struct sync_account *acc = sync_find(s, name);

	if (acc == NULL)
		return error_set(
		    err, ERR_NOT_FOUND, "name", "there is no such account");
	provider_key_remove(s->place.keys, name);
	timers_cancel(s->place.timers, &acc->due);
	acc->is_leaving = true;
	acc->keeps_data = keeps_data;
	acc->leave = r;
	if (acc->phase == SYNC_IDLE || acc->phase == SYNC_IN_LINE)
		leave(acc);
	else if (acc->phase == SYNC_ASKING)
		walk_cancel(&acc->walk);
	return 0;
}

/* --- Changes ---------------------------------------------------------------
 */

/* A change on its way: first to the service, where it is asked, then to disk.
 */
struct sync_job {
	struct sync *sync;
	struct sync_job *prev, *next;
	struct sync_reply *reply;
	const struct provider *provider;
	struct account a;
	char key[PROVIDER_KEY_MAX];
	struct walk walk;
	struct batch_task task;
	int rc;
};

static void
free_job(struct sync_job *j)
{
	if (j->prev == NULL)
		j->sync->jobs = j->next;
	else
		j->prev->next = j->next;
	if (j->next != NULL)
		j->next->prev = j->prev;
	explicit_bzero(j->key, sizeof(j->key));
	walk_release(&j->walk);
	free(j);
}

static void
end_job(struct sync_job *j, const struct error *err)
{
	struct sync_reply *r = j->reply;

	free_job(j);
	finish(r, err);
}

static bool
on_job_step(struct batch_task *t)
{
	struct sync_job *j = t->data;

	j->rc = ledger_account_put(j->sync->place.ledger, &j->a);
	return false;
}

static void
on_job_done(struct batch_task *t)
{
	struct sync_job *j = t->data;
	struct sync_account *acc = sync_find(j->sync, j->a.name);
	struct error err;

	if (acc != NULL)
		arm(acc);
	if (j->rc == 0) {
		end_job(j, NULL);
		return;
	}
	error_set(&err, (enum error_code) - j->rc, NULL,
	    "the store could not be written");
	end_job(j, &err);
}

static void
put_account(struct sync_job *j)
{
	j->task =
	    (struct batch_task){ .step = on_job_step, .done = on_job_done };
	j->task.data = j;
	batch_run(j->sync->place.batch, &j->task);
}

static int
check_free(struct sync *s, const char *name, struct error *err)
{
	uint32_t n = 0;

	for (struct sync_account *acc = s->first; acc != NULL;
	     acc = acc->next, n++)
		if (strcmp(acc->a.name, name) == 0 && acc->phase != SYNC_IDLE)
			return error_set(err, ERR_BUSY, NULL,
			    "it is being asked or removed; try again");
	if (n >= SYNC_ACCOUNTS_MAX)
		return error_set(err, ERR_TOO_LARGE, NULL,
		    "there are %d accounts already", SYNC_ACCOUNTS_MAX);
	return 0;
}

/* The new account in the place of one of its name. */
static int
install(struct sync_job *j, struct error *err)
{
	struct sync *s = j->sync;
	struct sync_account *acc;
	char why[256];

	if (check_free(s, j->a.name, err) != 0)
		return -1;
	if (provider_key_write(s->place.keys, j->a.name, text_of(j->key),
		j->a.origin, why, sizeof(why)) != 0)
		return error_set(err, ERR_STORE, NULL, "%.100s", why);
	acc = sync_find(s, j->a.name);
	if (acc != NULL) {
		acc->a = j->a;
		fit_feeds(&acc->a, acc->provider);
	} else {
		acc = new_account(s, &j->a);
		if (acc == NULL)
			return error_set(err, ERR_BUSY, NULL, "out of memory");
		list(acc);
	}
	j->a = acc->a;
	return 0;
}

static void
install_or_end(struct sync_job *j)
{
	struct error err;

	if (j->sync->is_stopped)
		error_set(&err, ERR_STOPPING, NULL, "the daemon stops");
	else if (install(j, &err) == 0) {
		put_account(j);
		return;
	}
	end_job(j, &err);
}

static void
on_probed(struct walk *w)
{
	struct sync_job *j = w->data;
	struct error err;

	switch (w->outcome) {
	case PROVIDER_OK:
	case PROVIDER_LIMITED: /* which it says to keys it knows */
		install_or_end(j);
		return;
	case PROVIDER_BAD_KEY:
		error_set(&err, ERR_DENIED, "key", "%.110s", w->error);
		break;
	case PROVIDER_ABORTED:
		error_set(&err, ERR_STOPPING, NULL, "the daemon stops");
		break;
	case PROVIDER_FAILING:
		error_set(&err, ERR_BUSY, NULL, "%.110s", w->error);
		break;
	default:
		error_set(&err, ERR_BAD_PARAMS, "base_url", "%.110s", w->error);
		break;
	}
	end_job(j, &err);
}

/* With a feed that every key may see, where there is one. */
static void
probe(struct sync_job *j)
{
	const struct provider *p = j->provider;
	struct walk *w = &j->walk;
	int64_t day = clock_now_ms() / DAY_MS * DAY_MS;

	w->place = &j->sync->place;
	w->provider = p;
	w->feed = &p->feeds[0];
	for (uint32_t i = 0; i < p->n_feeds; i++)
		if (!p->feeds[i].may_be_denied) {
			w->feed = &p->feeds[i];
			break;
		}
	w->account = (struct provider_account){
		.base_url = j->a.base_url[0] == '\0' ? NULL : j->a.base_url,
	};
	w->account.region = (uint32_t)provider_find_region(p, j->a.region);
	w->name = j->a.name;
	w->origin = j->a.origin;
	w->key = j->key;
	w->is_probe = true;
	w->from_ms = day - DAY_MS;
	w->to_ms = day;
	w->on_end = on_probed;
	w->data = j;
	walk_start(w);
}

static int
new_job(struct sync *s, const struct account *a, struct sync_reply *r,
    struct sync_job **out, struct error *err)
{
	struct sync_job *j = calloc(1, sizeof(*j));

	if (j == NULL)
		return error_set(err, ERR_BUSY, NULL, "out of memory");
	j->sync = s;
	j->reply = r;
	j->a = *a;
	j->next = s->jobs;
	if (j->next != NULL)
		j->next->prev = j;
	s->jobs = j;
	*out = j;
	return 0;
}

static int
find_region(const struct provider *p, struct account *a, struct error *err)
{
	int i = a->region[0] == '\0' ? 0 : provider_find_region(p, a->region);
	const char *url, *why;

	if (i < 0)
		return error_set(
		    err, ERR_BAD_PARAMS, "region", "no such region");
	snprintf(a->region, sizeof(a->region), "%s", p->regions[i].name);
	url = a->base_url[0] == '\0' ? p->regions[i].base_url : a->base_url;
	why = http_judge_url(url);
	if (why != NULL)
		return error_set(err, ERR_BAD_PARAMS, "base_url", "%s", why);
	if (provider_origin(url, a->origin) != 0)
		return error_set(
		    err, ERR_BAD_PARAMS, "base_url", "not a URL of a service");
	return 0;
}

static int
check_key(struct text key, struct account *a, struct error *err)
{
	if (!provider_key_is_fine(key))
		return error_set(err, ERR_BAD_TEXT, "key",
		    "no key: 8 to 1023 printable characters, no spaces");
	provider_key_mask(key, a->mask);
	return 0;
}

int
sync_add(struct sync *s, const struct sync_change *ch, struct sync_reply *r,
    struct error *err)
{
	const struct provider *p = find_provider(ch->account.name);
	struct account a = ch->account;
	struct sync_job *j;

	if (p == NULL)
		return error_set(
		    err, ERR_BAD_PARAMS, "provider", "no such provider");
	if (find_region(p, &a, err) != 0 || check_key(ch->key, &a, err) != 0 ||
	    check_free(s, a.name, err) != 0 || new_job(s, &a, r, &j, err) != 0)
		return -1;
	j->provider = p;
	memcpy(j->key, ch->key.p, ch->key.len);
	if (ch->verifies) {
		probe(j);
		return 0;
	}
	if (install(j, err) != 0) {
		free_job(j);
		return -1;
	}
	put_account(j);
	return 0;
}

/* What was refused may be asked for again. */
static void
forgive(struct account *a)
{
	a->is_bad_key = false;
	for (uint32_t i = 0; i < a->n_feeds; i++) {
		a->feed[i].is_denied = false;
		a->feed[i].next_ms = 0;
	}
}

static int
set_key(struct sync_account *acc, struct text key, struct error *err)
{
	char why[256];

	if (check_key(key, &acc->saved, err) != 0)
		return -1;
	if (provider_key_write(acc->sync->place.keys, acc->a.name, key,
		acc->a.origin, why, sizeof(why)) != 0)
		return error_set(err, ERR_STORE, NULL, "%.100s", why);
	provider_key_mask(key, acc->a.mask);
	forgive(&acc->a);
	return 0;
}

int
sync_set(struct sync *s, const struct sync_change *ch, struct sync_reply *r,
    struct error *err)
{
	struct sync_account *acc = sync_find(s, ch->account.name);
	struct account *a;
	struct sync_job *j;

	if (acc == NULL)
		return error_set(
		    err, ERR_NOT_FOUND, "name", "there is no such account");
	if (acc->phase == SYNC_SAVING)
		return error_set(err, ERR_BUSY, NULL, "try again");
	if (ch->key.len > 0 && set_key(acc, ch->key, err) != 0)
		return -1;
	a = &acc->a;
	if (ch->has_enabled)
		a->is_enabled = ch->account.is_enabled;
	if (ch->has_shared)
		a->is_shared = ch->account.is_shared;
	if (ch->has_low_balance) {
		a->has_low_balance = ch->account.has_low_balance;
		a->low_balance = ch->account.low_balance;
	}
	if (new_job(s, a, r, &j, err) != 0)
		return -1;
	put_account(j);
	if (acc->phase == SYNC_ASKING && (ch->key.len > 0 || !a->is_enabled))
		walk_cancel(&acc->walk);
	return 0;
}

/* --- Life ------------------------------------------------------------------
 */

void
sync_init(struct sync *s, uv_loop_t *loop, struct http *http,
    struct timers *timers, struct batch *batch, struct ledger *ledger,
    const char *data_dir)
{
	*s = (struct sync){ .place = { .loop = loop,
				.http = http,
				.timers = timers,
				.batch = batch,
				.ledger = ledger } };
	snprintf(s->place.keys, sizeof(s->place.keys), "%.*s/keys",
	    PLACES_PATH_MAX - 6, data_dir);
}

int
sync_start(struct sync *s)
{
	int rc = ledger_each_account(s->place.ledger, load, s);

	if (s->first != NULL || rc != 0)
		sweep(s);
	for (struct sync_account *acc = s->first; acc != NULL; acc = acc->next)
		arm(acc);
	return rc;
}

static void
stop_jobs(struct sync *s)
{
	struct sync_job *j, *next;

	for (j = s->jobs; j != NULL; j = next) {
		next = j->next;
		if (j->walk.phase != WALK_IDLE)
			walk_cancel(&j->walk);
	}
}

void
sync_stop(struct sync *s)
{
	s->is_stopped = true;
	stop_jobs(s);
	for (struct sync_account *acc = s->first; acc != NULL;
	     acc = acc->next) {
		timers_cancel(s->place.timers, &acc->due);
		if (acc->phase == SYNC_ASKING)
			walk_cancel(&acc->walk);
		else if (acc->phase == SYNC_IN_LINE)
			acc->phase = SYNC_IDLE;
	}
}

bool
sync_is_idle(const struct sync *s)
{
	for (struct sync_account *acc = s->first; acc != NULL; acc = acc->next)
		if (acc->phase != SYNC_IDLE)
			return false;
	return s->jobs == NULL && !s->is_sweeping;
}

void
sync_release(struct sync *s)
{
	struct sync_account *acc;

	while ((acc = s->first) != NULL) {
		s->first = acc->next;
		free_account(acc);
	}
}

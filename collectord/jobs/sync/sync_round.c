#include "collectord/jobs/sync/sync_impl.h"

#include <stdio.h>
#include <string.h>

#include "collectord/clock.h"
#include "collectord/log.h"
#include "proto/error.h"

/* So often a definition is looked for again. */
#define UNDEFINED_MS 3600000

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

/* --- When ------------------------------------------------------------------
 */

static bool
may_ask(const struct sync_account *acc, uint32_t i)
{
	return acc->a.is_enabled && !acc->a.is_bad_key &&
	       acc->provider != &sync_undefined && !acc->a.feed[i].is_denied;
}

/* The clock was far ahead when that was planned. */
static bool
is_absurd(int64_t at_ms, int64_t now_ms)
{
	return at_ms > now_ms + 2 * DAY_MS;
}

int64_t
sync_limited_ms(const struct sync_account *acc)
{
	int64_t now_ms = clock_now_ms(), until = 0, at;

	for (uint32_t i = 0; i < acc->a.n_feeds; i++) {
		at = acc->a.feed[i].limited_ms;
		if (at > now_ms && at > until && !is_absurd(at, now_ms))
			until = at;
	}
	return until;
}

static int64_t
due_of(const struct sync_account *acc, uint32_t i, int64_t now_ms)
{
	int64_t at = acc->a.feed[i].next_ms, limited = sync_limited_ms(acc);

	if (limited > at)
		at = limited;
	return is_absurd(at, now_ms) ? now_ms : at;
}

/* Once it has lasted for a day. */
static bool
is_to_be_told(const struct account *a)
{
	int64_t since = account_failing_ms(a);

	return a->is_enabled && since != 0 && a->told_ms != since;
}

void
sync_arm(struct sync_account *acc)
{
	int64_t now_ms = clock_now_ms(), at = INT64_MAX, due, since;

	timers_cancel(acc->sync->place.timers, &acc->due);
	if (acc->phase != SYNC_IDLE || acc->is_leaving || acc->sync->is_stopped)
		return;
	for (uint32_t i = 0; i < acc->a.n_feeds; i++) {
		due = due_of(acc, i, now_ms);
		if (may_ask(acc, i) && due < at)
			at = due;
	}
	if (acc->provider == &sync_undefined && acc->a.is_enabled)
		at = now_ms + UNDEFINED_MS;
	since = account_failing_ms(&acc->a);
	if (is_to_be_told(&acc->a) && since + DAY_MS < at)
		at = since + DAY_MS;
	if (at != INT64_MAX)
		timers_at(acc->sync->place.timers, &acc->due, at);
}

/* --- Feeds that are gone ---------------------------------------------------
 */

static bool
on_drop_step(struct batch_task *t)
{
	struct sync_account *acc = t->data;

	acc->rc = ledger_feed_drop(acc->sync->place.ledger,
	    text_of(acc->a.name), text_of(acc->gone[acc->n_gone - 1]));
	if (acc->rc == 0)
		acc->n_gone--;
	return acc->rc == 1 || (acc->rc == 0 && acc->n_gone > 0);
}

/* What is pending is not asked in this round. */
static void
put_off(struct sync_account *acc)
{
	int64_t now_ms = clock_now_ms();

	for (uint32_t i = 0; i < acc->a.n_feeds; i++)
		if ((acc->pending & 1u << i) != 0)
			acc->a.feed[i].next_ms = plan_next_round(
			    acc->a.name, &acc->provider->feeds[i], now_ms);
}

static void
on_dropped(struct batch_task *t)
{
	struct sync_account *acc = t->data;

	acc->phase = SYNC_ASKING;
	if (acc->rc < 0) {
		log_warn("sync", "op=drop name=%s err=%s", acc->a.name,
		    error_name((enum error_code) - acc->rc));
		put_off(acc);
	}
	/* Rows of old and new feeds must not stand beside each other. */
	if (acc->rc < 0 || acc->sync->is_stopped)
		acc->pending = 0;
	go_on(acc);
}

static void
drop_gone(struct sync_account *acc)
{
	acc->phase = SYNC_SAVING;
	acc->task =
	    (struct batch_task){ .step = on_drop_step, .done = on_dropped };
	acc->task.data = acc;
	batch_run(acc->sync->place.batch, &acc->task);
}

void
sync_begin_round(struct sync_account *acc)
{
	struct sync *s = acc->sync;

	if (acc->phase != SYNC_IDLE && acc->phase != SYNC_IN_LINE)
		return;
	timers_cancel(s->place.timers, &acc->due);
	if (acc->phase == SYNC_IDLE)
		acc->in_line = ++s->n_in_line;
	acc->phase = SYNC_IN_LINE;
	if (s->n_running >= SYNC_RUNNING_MAX)
		return;
	s->n_running++;
	acc->has_failed = acc->is_unreachable = false;
	if (acc->n_gone > 0) {
		drop_gone(acc);
		return;
	}
	acc->phase = SYNC_ASKING;
	go_on(acc);
}

static struct sync_account *
first_in_line(struct sync *s)
{
	struct sync_account *first = NULL;

	for (struct sync_account *o = s->first; o != NULL; o = o->next)
		if (o->phase == SYNC_IN_LINE &&
		    (first == NULL || o->in_line < first->in_line))
			first = o;
	return first;
}

/* For those who asked when it was too late for this round. */
static void
begin_again(struct sync_account *acc)
{
	if (!acc->is_wanted)
		return;
	acc->is_wanted = false;
	if (acc->phase != SYNC_IDLE || !acc->a.is_enabled) {
		acc->answered = acc->sync->n_asks;
		return;
	}
	sync_account_refresh(acc);
	sync_ask_account(acc);
}

static void
end_round(struct sync_account *acc)
{
	struct sync *s = acc->sync;
	struct sync_account *next;

	s->n_running--;
	acc->phase = SYNC_IDLE;
	acc->pending = 0;
	acc->has_told = false;
	acc->answered = acc->answers;
	walk_release(&acc->walk);
	if (acc->is_leaving)
		sync_account_leave(acc);
	if (s->is_stopped)
		return;
	while (s->n_running < SYNC_RUNNING_MAX &&
	       (next = first_in_line(s)) != NULL)
		sync_begin_round(next);
	begin_again(acc);
	sync_sweep(s);
	sync_arm(acc);
	sync_settle(s);
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
	sync_tell_result(acc);
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
start_saving(struct sync_account *acc)
{
	acc->phase = SYNC_SAVING;
	acc->task =
	    (struct batch_task){ .step = on_save_step, .done = on_saved };
	acc->task.data = acc;
	batch_run(acc->sync->place.batch, &acc->task);
}

static void
save(struct sync_account *acc)
{
	const struct provider_feed *feed = feed_of(acc);
	bool is_whole = acc->outcome == PROVIDER_OK;

	sync_account_record(acc, &acc->saved);
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
	start_saving(acc);
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
	f->is_absent = false;
	f->limited_ms = 0;
	f->n_limited = 0;
	acc->rows += acc->walk.rows.n;
	acc->a.brackets_arrays = acc->walk.account.brackets_arrays;
	plan_note_range(f, feed_of(acc), now_ms, &acc->range);
}

static bool
is_well(const struct account_feed *f)
{
	return f->success_ms != 0 && f->error[0] == '\0';
}

/*
 * What an account does not have is no failure, as long as it has something:
 * where nothing is there, the address may be wrong.
 */
static void
judge_absence(struct sync_account *acc, int64_t now_ms)
{
	struct account *a = &acc->a;
	bool is_all = true, has_some = false;

	for (uint32_t i = 0; i < a->n_feeds; i++) {
		has_some |= is_well(&a->feed[i]);
		is_all &= a->feed[i].is_absent || a->feed[i].is_denied;
	}
	for (uint32_t i = 0; i < a->n_feeds; i++) {
		if (a->feed[i].is_absent && has_some)
			a->feed[i].failing_ms = 0;
		else if (a->feed[i].is_absent && is_all &&
			 a->feed[i].failing_ms == 0)
			a->feed[i].failing_ms = now_ms;
	}
	if (!is_all || acc->outcome != PROVIDER_ABSENT)
		return;
	snprintf(acc->error, sizeof(acc->error),
	    "nothing that was asked for is there (HTTP 404): is the address "
	    "of the service right?");
	memcpy(state_of(acc)->error, acc->error, sizeof(acc->error));
}

/* What any feed came to before is not why it is not asked any more. */
static void
note_refusal(struct account *a, const char *error)
{
	struct account_feed *f;

	a->is_bad_key = true;
	for (uint32_t i = 0; i < a->n_feeds; i++) {
		f = &a->feed[i];
		if (f->error[0] != '\0' && f->error != error)
			snprintf(f->error, sizeof(f->error), "%s", error);
	}
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
		note_refusal(&acc->a, f->error);
	f->is_absent = acc->outcome == PROVIDER_ABSENT;
	if (!f->is_denied && !f->is_absent && f->failing_ms == 0)
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
	acc->has_failed = w->outcome == PROVIDER_FAILING;
	acc->is_unreachable = acc->has_failed && w->http.status == 0;
	snprintf(acc->error, sizeof(acc->error), "%s", w->error);
	if (w->outcome != PROVIDER_ABORTED)
		f->next_ms = plan_next_round(acc->a.name, feed_of(acc), now_ms);
	if (w->outcome == PROVIDER_OK)
		note_success(acc, now_ms);
	else if (w->outcome != PROVIDER_ABORTED)
		note_failure(acc, now_ms);
	judge_absence(acc, now_ms);
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
	w->on_page = sync_tell_page;
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

/*
 * Who failed again and again is not waited for once more for each feed. Where
 * it said nothing at all, none of its feeds can be asked; else nothing is
 * known of the others.
 */
static void
skip_feed(struct sync_account *acc)
{
	struct account_feed *f = state_of(acc);
	int64_t now_ms = clock_now_ms();

	acc->before = *f;
	acc->outcome = PROVIDER_FAILING;
	acc->walk.generation = 0;
	f->next_ms = plan_next_round(acc->a.name, feed_of(acc), now_ms);
	if (acc->is_unreachable)
		note_failure(acc, now_ms);
	else
		snprintf(acc->error, sizeof(acc->error),
		    "not asked in this round: the service failed before");
	save(acc);
}

static void
answer_as_before(struct sync_account *acc)
{
	const char *error = state_of(acc)->error;

	acc->outcome = PROVIDER_BAD_KEY;
	for (uint32_t i = 0; i < acc->a.n_feeds && error[0] == '\0'; i++)
		error = acc->a.feed[i].error;
	snprintf(acc->error, sizeof(acc->error), "%s", error);
}

/*
 * Those that are not to be asked have their answer already. Services count the
 * requests of a key, so that what one feed is told is meant for all.
 */
static bool
is_barred(struct sync_account *acc)
{
	if (acc->a.is_bad_key || state_of(acc)->is_denied) {
		answer_as_before(acc);
	} else if (sync_limited_ms(acc) != 0) {
		acc->outcome = PROVIDER_LIMITED;
		snprintf(acc->error, sizeof(acc->error),
		    "not asked: too many requests for the service");
	} else {
		return false;
	}
	return true;
}

/* What failed last is asked last, or those behind it would never be. */
static int64_t
rank_of(const struct account_feed *f)
{
	return f->failing_ms != 0 ? f->error_ms : 0;
}

static uint32_t
first_pending(const struct sync_account *acc)
{
	const struct account_feed *feed = acc->a.feed;
	uint32_t first = UINT32_MAX;

	for (uint32_t i = 0; i < acc->a.n_feeds; i++)
		if ((acc->pending & (1u << i)) != 0 &&
		    (first == UINT32_MAX ||
			rank_of(&feed[i]) < rank_of(&feed[first])))
			first = i;
	return first;
}

static void
go_on(struct sync_account *acc)
{
	while (acc->pending != 0 && acc->a.is_enabled && !acc->is_leaving) {
		acc->at = first_pending(acc);
		acc->rows = 0;
		acc->has_begun = false;
		if (!is_barred(acc)) {
			if (acc->has_failed)
				skip_feed(acc);
			else
				next_range(acc);
			return;
		}
		acc->pending &= ~(1u << acc->at);
		sync_tell_result(acc);
	}
	end_round(acc);
}

void
sync_on_due(struct due *d)
{
	struct sync_account *acc =
	    (struct sync_account *)((char *)d -
				    offsetof(struct sync_account, due));
	int64_t now_ms = clock_now_ms();

	sync_account_refresh(acc);
	for (uint32_t i = 0; i < acc->a.n_feeds; i++)
		if (may_ask(acc, i) && due_of(acc, i, now_ms) <= now_ms)
			acc->pending |= 1u << i;
	if (acc->pending != 0) {
		sync_begin_round(acc);
		return;
	}
	/* It may also be called because the clock was set. */
	if (!is_to_be_told(&acc->a) ||
	    now_ms - account_failing_ms(&acc->a) < DAY_MS) {
		sync_arm(acc);
		return;
	}
	acc->sync->n_running++;
	acc->outcome = PROVIDER_ABORTED;
	acc->at = 0;
	acc->before = *state_of(acc);
	sync_account_record(acc, &acc->saved);
	acc->end = (struct bill_end){ .account = &acc->saved };
	start_saving(acc);
}

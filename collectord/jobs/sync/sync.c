#include "collectord/jobs/sync/sync_impl.h"

#include <stdio.h>
#include <string.h>

#include "collectord/jobs/sync/key_file.h"
#include "proto/error.h"

const char *const sync_outcome_names[] = {
	[PROVIDER_OK] = "ok",
	[PROVIDER_BAD_KEY] = "bad_key",
	[PROVIDER_LIMITED] = "limited",
	[PROVIDER_FAILING] = "failing",
	[PROVIDER_ABSENT] = "absent",
	[PROVIDER_BROKEN] = "broken",
	[PROVIDER_ABORTED] = "failing",
};

const char *
sync_outcome(const struct sync_account *acc)
{
	if (acc->outcome == PROVIDER_BAD_KEY && !acc->a.is_bad_key)
		return "denied";
	if (acc->outcome == PROVIDER_BROKEN && acc->walk.lacks_key)
		return "no_key";
	return sync_outcome_names[acc->outcome];
}

const char *
sync_state(const struct sync_account *acc)
{
	bool was_asked = false;

	if (!acc->a.is_enabled)
		return "disabled";
	if (acc->phase != SYNC_IDLE)
		return "running";
	if (acc->provider == &sync_undefined)
		return "undefined";
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
		if (covers(w, acc) && acc->phase != SYNC_IDLE &&
		    acc->answered < w->number)
			return false;
	return true;
}

/* Is the round under way one that it waits for? */
static bool
hears(const struct sync_want *w, const struct sync_account *acc)
{
	return covers(w, acc) && acc->answered < w->number &&
	       w->number <= acc->answers;
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

void
sync_settle(struct sync *s)
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

void
sync_tell_result(struct sync_account *acc)
{
	struct sync_want *w;

	acc->has_told = true;
	for (w = acc->sync->wants; w != NULL; w = w->next)
		if (hears(w, acc))
			w->result(w, acc);
}

void
sync_tell_page(struct walk *walk)
{
	struct sync_account *acc = walk->data;
	struct sync_want *w;

	for (w = acc->sync->wants; w != NULL; w = w->next)
		if (hears(w, acc))
			w->page(w, acc->a.name, walk);
}

/* --- The sweep -------------------------------------------------------------
 */

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
		sync_sweep(s);
}

void
sync_sweep(struct sync *s)
{
	s->has_garbage = s->is_sweeping;
	if (s->is_sweeping)
		return;
	s->is_sweeping = true;
	s->sweep =
	    (struct batch_task){ .step = on_sweep_step, .done = on_swept };
	s->sweep.data = s;
	s->sweep.has_time = true;
	batch_run(s->place.batch, &s->sweep);
}

/* --- Asking now ------------------------------------------------------------
 */

/* Of the one that was named: may it be asked? */
static int
check_named(struct sync *s, const char *name, struct error *err)
{
	struct sync_account *acc = sync_find(s, name);

	if (acc == NULL)
		return error_set(
		    err, ERR_NOT_FOUND, "name", "there is no such account");
	if (!acc->a.is_enabled)
		return error_set(err, ERR_DENIED, "name", "it is disabled");
	if (acc->phase == SYNC_IDLE)
		sync_account_refresh(acc);
	if (acc->trouble[0] != '\0')
		return error_set(
		    err, ERR_BAD_PARAMS, "provider", "%s", acc->trouble);
	return 0;
}

static void
tell_undefined(struct sync_account *acc)
{
	acc->outcome = PROVIDER_BROKEN;
	acc->walk.lacks_key = false;
	acc->rows = 0;
	memcpy(acc->error, acc->trouble, sizeof(acc->error));
	acc->answers = acc->sync->n_asks;
	sync_tell_result(acc);
	acc->answered = acc->answers;
	acc->has_told = false;
}

void
sync_ask_account(struct sync_account *acc)
{
	if (acc->provider == &sync_undefined) {
		tell_undefined(acc);
		return;
	}
	acc->is_wanted = acc->has_told;
	if (acc->is_wanted)
		return;
	acc->pending |= (1u << acc->provider->n_feeds) - 1;
	acc->answers = acc->sync->n_asks;
	sync_begin_round(acc);
}

/* One that was named has been looked for already. */
static void
ask_anew(const struct sync_want *w, struct sync_account *acc)
{
	if (w->name[0] == '\0' && acc->phase == SYNC_IDLE)
		sync_account_refresh(acc);
	sync_ask_account(acc);
}

int
sync_ask(struct sync *s, struct sync_want *w, struct error *err)
{
	struct sync_account *acc;

	if (w->name[0] != '\0' && check_named(s, w->name, err) != 0)
		return -1;
	w->number = ++s->n_asks;
	w->is_listed = w->is_fresh = true;
	w->prev = NULL;
	w->next = s->wants;
	if (w->next != NULL)
		w->next->prev = w;
	s->wants = w;
	for (acc = s->first; acc != NULL; acc = acc->next) {
		if (!covers(w, acc))
			continue;
		if (acc->a.is_enabled && !acc->is_leaving)
			ask_anew(w, acc);
		else
			acc->answered = w->number;
	}
	w->is_fresh = false;
	if (!is_over(s, w))
		return 1;
	unlist(s, w);
	return 0;
}

/* --- Life ------------------------------------------------------------------
 */

void
sync_init(struct sync *s, uv_loop_t *loop, struct http *http,
    struct timers *timers, struct batch *batch, struct ledger *ledger,
    const char *data_dir, const char *definitions_dir)
{
	*s = (struct sync){ .place = { .loop = loop,
				.http = http,
				.timers = timers,
				.batch = batch,
				.ledger = ledger } };
	snprintf(s->place.keys, sizeof(s->place.keys), "%.*s/keys",
	    PLACES_PATH_MAX - 6, data_dir);
	definitions_init(&s->definitions, definitions_dir);
}

static int
load(void *arg, const struct account *a)
{
	struct sync *s = arg;
	struct sync_account *acc = sync_account_new(s, a);

	if (acc == NULL)
		return -ERR_STORE;
	sync_account_refresh(acc);
	sync_account_list(acc);
	return 0;
}

static bool
find_owner(void *arg, const char *name, struct key_file_owner *owner)
{
	const struct sync_account *acc = sync_find(arg, name);

	if (acc != NULL)
		*owner = (struct key_file_owner){ acc->a.origin, acc->a.mask };
	return acc != NULL;
}

int
sync_start(struct sync *s)
{
	int rc = ledger_each_account(s->place.ledger, load, s);

	if (rc == 0)
		key_file_tidy(s->place.keys, find_owner, s);
	/* Also where no account is left: its removal may have been cut off. */
	sync_sweep(s);
	for (struct sync_account *acc = s->first; acc != NULL; acc = acc->next)
		sync_arm(acc);
	return rc;
}

void
sync_reload(struct sync *s)
{
	for (struct sync_account *acc = s->first; acc != NULL; acc = acc->next)
		if (acc->phase == SYNC_IDLE && !acc->is_leaving) {
			sync_account_refresh(acc);
			sync_arm(acc);
		}
}

void
sync_stop(struct sync *s)
{
	s->is_stopped = true;
	sync_stop_jobs(s);
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
		sync_account_free(acc);
	}
}

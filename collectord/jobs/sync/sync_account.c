#include "collectord/jobs/sync/sync_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectord/clock.h"
#include "collectord/jobs/sync/key_file.h"
#include "collectord/log.h"
#include "proto/error.h"

_Static_assert(
    ACCOUNT_ERROR_MAX >= ERROR_MESSAGE_MAX, "an error is kept whole");

const struct provider sync_undefined = { .name = "" };

struct sync_account *
sync_find(struct sync *s, const char *name)
{
	for (struct sync_account *acc = s->first; acc != NULL; acc = acc->next)
		if (!acc->is_leaving && strcmp(acc->a.name, name) == 0)
			return acc;
	return NULL;
}

static const struct provider_feed *
find_feed(const struct provider *p, const char *name)
{
	for (uint32_t i = 0; i < p->n_feeds && i < ACCOUNT_FEEDS_MAX; i++)
		if (strcmp(p->feeds[i].name, name) == 0)
			return &p->feeds[i];
	return NULL;
}

static void
note_gone(struct sync_account *acc, const struct account_feed *f)
{
	for (uint32_t i = 0; i < acc->n_gone; i++)
		if (strcmp(acc->gone[i], f->name) == 0)
			return;
	if (acc->n_gone < ACCOUNT_FEEDS_MAX)
		memcpy(acc->gone[acc->n_gone++], f->name, sizeof(f->name));
}

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

void
sync_account_use(struct sync_account *acc, const struct provider *p)
{
	for (uint32_t i = 0; i < acc->a.n_feeds; i++)
		if (find_feed(p, acc->a.feed[i].name) == NULL)
			note_gone(acc, &acc->a.feed[i]);
	fit_feeds(&acc->a, p);
	definitions_drop(&acc->sync->definitions, acc->provider);
	acc->provider = p;
	acc->trouble[0] = '\0';
}

void
sync_account_record(const struct sync_account *acc, struct account *out)
{
	struct account_feed *f;

	*out = acc->a;
	for (uint32_t i = 0;
	     i < acc->n_gone && out->n_feeds < ACCOUNT_FEEDS_MAX; i++) {
		f = &out->feed[out->n_feeds++];
		*f = (struct account_feed){ .success_ms = 0 };
		memcpy(f->name, acc->gone[i], sizeof(f->name));
	}
}

const struct provider *
sync_provider_take(struct sync *s, const char *account, char *why, size_t cap)
{
	struct text t = account_provider(text_of(account));
	char name[ACCOUNT_NAME_MAX];

	snprintf(name, sizeof(name), "%.*s", (int)t.len, t.p);
	return definitions_take(&s->definitions, name, why, cap);
}

static void
note_trouble(struct sync_account *acc, const char *why)
{
	char quoted[2 * ACCOUNT_ERROR_MAX];
	struct error e;

	/* Which cuts it between two characters. */
	error_set(&e, ERR_BAD_PARAMS, "provider", "%s", why);
	if (strcmp(acc->trouble, e.message) == 0)
		return;
	memcpy(acc->trouble, e.message, sizeof(e.message));
	acc->trouble_ms = clock_now_ms();
	log_warn("sync", "op=define name=%s err=%s", acc->a.name,
	    log_quote(quoted, sizeof(quoted), text_of(acc->trouble)));
}

void
sync_account_refresh(struct sync_account *acc)
{
	char why[PLACES_PATH_MAX + ERROR_MESSAGE_MAX];
	const struct provider *p =
	    sync_provider_take(acc->sync, acc->a.name, why, sizeof(why));

	if (p != NULL) {
		sync_account_use(acc, p);
		return;
	}
	note_trouble(acc, why);
	definitions_drop(&acc->sync->definitions, acc->provider);
	acc->provider = &sync_undefined;
}

struct sync_account *
sync_account_new(struct sync *s, const struct account *a)
{
	struct sync_account *acc = calloc(1, sizeof(*acc));

	if (acc == NULL)
		return NULL;
	acc->sync = s;
	acc->provider = &sync_undefined;
	acc->a = *a;
	acc->due.fn = sync_on_due;
	acc->answered = s->n_asks;
	return acc;
}

void
sync_account_list(struct sync_account *acc)
{
	struct sync_account **link = &acc->sync->first;

	while (*link != NULL && strcmp((*link)->a.name, acc->a.name) < 0)
		link = &(*link)->next;
	acc->next = *link;
	*link = acc;
}

void
sync_account_free(struct sync_account *acc)
{
	walk_release(&acc->walk);
	definitions_drop(&acc->sync->definitions, acc->provider);
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

/* --- Leaving ---------------------------------------------------------------
 */

static bool
on_leave_step(struct batch_task *t)
{
	struct sync_account *acc = t->data;

	acc->rc = ledger_account_drop(
	    acc->sync->place.ledger, text_of(acc->a.name), acc->keeps_data);
	return acc->rc == 1;
}

/* The store has it still: so do we, and it can be removed again. */
static void
stay(struct sync_account *acc)
{
	acc->phase = SYNC_IDLE;
	acc->is_leaving = false;
	acc->leave = NULL;
	sync_arm(acc);
}

static void
on_left(struct batch_task *t)
{
	struct sync_account *acc = t->data;
	struct sync *s = acc->sync;
	struct sync_reply *r = acc->leave;
	struct error err;
	bool has_failed = acc->rc < 0;

	if (has_failed)
		error_set(&err, (enum error_code) - acc->rc, NULL,
		    "the store could not be written");
	if (has_failed && !acc->is_remains) {
		stay(acc);
	} else {
		unlist_account(acc);
		sync_account_free(acc);
	}
	sync_reply_end(r, has_failed ? &err : NULL);
	if (s->is_stopped)
		return;
	sync_sweep(s);
	sync_settle(s);
}

void
sync_account_leave(struct sync_account *acc)
{
	acc->phase = SYNC_LEAVING;
	acc->task =
	    (struct batch_task){ .step = on_leave_step, .done = on_left };
	acc->task.data = acc;
	batch_run(acc->sync->place.batch, &acc->task);
}

/* What an account that was removed with its data kept has left. */
static struct sync_account *
find_remains(struct sync *s, const char *name)
{
	struct account a = { .is_enabled = false };
	struct sync_account *acc;

	if (ledger_account_has_data(s->place.ledger, text_of(name)) != 1)
		return NULL;
	snprintf(a.name, sizeof(a.name), "%s", name);
	acc = sync_account_new(s, &a);
	if (acc != NULL) {
		acc->is_remains = true;
		sync_account_list(acc);
	}
	return acc;
}

int
sync_rm(struct sync *s, const char *name, bool keeps_data, struct sync_reply *r,
    struct error *err)
{
	struct sync_account *acc = sync_find(s, name);

	if (acc == NULL && !keeps_data)
		acc = find_remains(s, name);
	if (acc == NULL)
		return error_set(
		    err, ERR_NOT_FOUND, "name", "there is no such account");
	key_file_remove(s->place.keys, name);
	timers_cancel(s->place.timers, &acc->due);
	acc->is_leaving = true;
	acc->keeps_data = keeps_data;
	acc->leave = r;
	if (acc->phase == SYNC_IDLE || acc->phase == SYNC_IN_LINE)
		sync_account_leave(acc);
	else if (acc->phase == SYNC_ASKING)
		walk_cancel(&acc->walk);
	return 0;
}

void
sync_reply_end(struct sync_reply *r, const struct error *err)
{
	r->fn(r, err);
	free(r);
}

#include "collectord/jobs/sync/sync_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectord/clock.h"
#include "collectord/jobs/sync/key_file.h"
#include "proto/error.h"

/* A change on its way: first to the service, where it is asked, then to disk.
 */
struct sync_job {
	struct sync *sync;
	struct sync_job *prev, *next;
	struct sync_reply *reply;
	const struct provider *provider;
	struct account a;
	char key[PROVIDER_KEY_MAX];
	bool is_setting; /* change, of what is there; else a is new */
	struct sync_change change;
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
	definitions_drop(&j->sync->definitions, j->provider);
	walk_release(&j->walk);
	free(j);
}

static void
end_job(struct sync_job *j, const struct error *err)
{
	struct sync_reply *r = j->reply;

	free_job(j);
	sync_reply_end(r, err);
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
		sync_arm(acc);
	if (j->rc == 0) {
		if (j->key[0] != '\0')
			key_file_settle(j->sync->place.keys, j->a.name);
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

/*
 * One name is one organisation's: what another one bills must not be added to
 * what is known of it. Only the same key at the same host is surely the same.
 */
static int
check_same(const struct sync_account *acc, const char *origin, struct text key,
    struct error *err)
{
	char known[PROVIDER_KEY_MAX] = "", why[256];
	bool is_same;

	if (strcmp(acc->a.origin, origin) != 0)
		return error_set(err, ERR_INCONSISTENT, "base_url",
		    "it is there already, at another host: take it away "
		    "first, or add another account");
	is_same = key_file_read(acc->sync->place.keys, acc->a.name, origin,
		      known, why, sizeof(why)) == 0 &&
		  text_is(key, known);
	explicit_bzero(known, sizeof(known));
	if (is_same)
		return 0;
	return error_set(err, ERR_INCONSISTENT, "key",
	    "it is there already, with another key: set a new key, take it "
	    "away first, or add another account");
}

/* Of an account that is there only what is said changes. */
static void
renew(struct sync_account *acc, struct sync_job *j)
{
	const struct sync_change *ch = &j->change;
	struct account *a = &acc->a;

	sync_account_use(acc, j->provider);
	j->provider = NULL;
	memcpy(a->region, j->a.region, sizeof(a->region));
	memcpy(a->base_url, j->a.base_url, sizeof(a->base_url));
	a->is_enabled = true;
	if (ch->has_shared)
		a->is_shared = ch->account.is_shared;
	if (ch->has_low_balance)
		a->low = ch->account.low;
	forgive(a);
	sync_account_record(acc, &j->a);
}

static int
install_new(struct sync_job *j, struct error *err)
{
	struct sync *s = j->sync;
	struct sync_account *acc;
	char why[256];

	if (key_file_write(s->place.keys, j->a.name, text_of(j->key),
		j->a.origin, why, sizeof(why)) != 0)
		return error_set(err, ERR_STORE, NULL, "%s", why);
	acc = sync_account_new(s, &j->a);
	if (acc == NULL)
		return error_set(err, ERR_BUSY, NULL, "out of memory");
	sync_account_list(acc);
	sync_account_use(acc, j->provider);
	j->provider = NULL;
	sync_account_record(acc, &j->a);
	return 0;
}

/* Also after the service was asked: another one may have been quicker. */
static int
install(struct sync_job *j, struct error *err)
{
	struct sync_account *acc = sync_find(j->sync, j->a.name);

	if (check_free(j->sync, j->a.name, err) != 0)
		return -1;
	if (acc == NULL)
		return install_new(j, err);
	if (check_same(acc, j->a.origin, text_of(j->key), err) != 0)
		return -1;
	renew(acc, j);
	return 0;
}

static int apply(struct sync_job *j, struct error *err);

static void
carry_out(struct sync_job *j)
{
	struct error err;
	int rc;

	if (j->sync->is_stopped)
		rc = error_set(&err, ERR_STOPPING, NULL, "the daemon stops");
	else
		rc = j->is_setting ? apply(j, &err) : install(j, &err);
	if (rc == 0)
		put_account(j);
	else
		end_job(j, &err);
}

/* With a feed that every key may see, where there is one. */
static const struct provider_feed *
first_feed(const struct provider *p)
{
	for (uint32_t i = 0; i < p->n_feeds; i++)
		if (!p->feeds[i].may_be_denied)
			return &p->feeds[i];
	return &p->feeds[0];
}

/* One that a lesser key does not see; what is left asks for the least. */
static const struct provider_feed *
find_denied(const struct provider *p)
{
	const struct provider_feed *found = NULL;

	for (uint32_t i = 0; i < p->n_feeds; i++)
		if (p->feeds[i].may_be_denied &&
		    (found == NULL || found->is_windowed))
			found = &p->feeds[i];
	return found;
}

static void
note_probe(struct sync_job *j)
{
	j->reply->was_asked = true;
	j->reply->is_verified = j->walk.outcome == PROVIDER_OK;
	memcpy(j->reply->why, j->walk.error, sizeof(j->reply->why));
}

/* The key is taken; does it see all that there is? */
static void
on_probed_more(struct walk *w)
{
	struct sync_job *j = w->data;

	if (w->outcome == PROVIDER_BAD_KEY)
		memcpy(j->reply->why, w->error, sizeof(j->reply->why));
	carry_out(j);
}

static void
probe_more(struct sync_job *j)
{
	const struct provider_feed *feed = find_denied(j->provider);

	if (feed == NULL || j->walk.feed->may_be_denied) {
		carry_out(j);
		return;
	}
	j->walk.feed = feed;
	j->walk.on_end = on_probed_more;
	walk_start(&j->walk);
}

static void
on_probed(struct walk *w)
{
	struct sync_job *j = w->data;
	struct error err;

	note_probe(j);
	switch (w->outcome) {
	case PROVIDER_OK:
		probe_more(j);
		return;
	case PROVIDER_LIMITED: /* which some say to any key */
		carry_out(j);
		return;
	case PROVIDER_BAD_KEY:
		error_set(&err, ERR_DENIED, "key", "%s", w->error);
		break;
	case PROVIDER_ABORTED:
		error_set(&err, ERR_STOPPING, NULL, "the daemon stops");
		break;
	case PROVIDER_FAILING:
		error_set(&err, ERR_BUSY, "base_url", "%s", w->error);
		break;
	default:
		error_set(&err, ERR_BAD_PARAMS, "base_url", "%s", w->error);
		break;
	}
	end_job(j, &err);
}

static void
probe(struct sync_job *j)
{
	const struct provider *p = j->provider;
	struct walk *w = &j->walk;
	int64_t day = clock_now_ms() / DAY_MS * DAY_MS;

	w->place = &j->sync->place;
	w->provider = p;
	w->feed = first_feed(p);
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

/* May there be such an account? */
static int
check_new(
    struct sync *s, const struct account *a, struct text key, struct error *err)
{
	const struct sync_account *acc = sync_find(s, a->name);

	if (acc != NULL && check_same(acc, a->origin, key, err) != 0)
		return -1;
	return check_free(s, a->name, err);
}

int
sync_add(struct sync *s, const struct sync_change *ch, struct sync_reply *r,
    struct error *err)
{
	char why[PLACES_PATH_MAX + ERROR_MESSAGE_MAX];
	const struct provider *p =
	    sync_provider_take(s, ch->account.name, why, sizeof(why));
	struct account a = ch->account;
	struct sync_job *j;

	if (p == NULL)
		return error_set(err, ERR_BAD_PARAMS, "provider", "%s", why);
	if (find_region(p, &a, err) != 0 || check_key(ch->key, &a, err) != 0 ||
	    check_new(s, &a, ch->key, err) != 0 ||
	    new_job(s, &a, r, &j, err) != 0) {
		definitions_drop(&s->definitions, p);
		return -1;
	}
	j->provider = p;
	j->change = *ch;
	memcpy(j->key, ch->key.p, ch->key.len);
	j->change.key = (struct text){ j->key, ch->key.len };
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

/* What the service wanted of the old key does not hold for another. */
static void
forget_limits(struct account *a)
{
	for (uint32_t i = 0; i < a->n_feeds; i++)
		a->feed[i].limited_ms = 0;
}

static int
set_key(struct sync_account *acc, struct text key, struct error *err)
{
	char why[256];

	if (key_file_write(acc->sync->place.keys, acc->a.name, key,
		acc->a.origin, why, sizeof(why)) != 0)
		return error_set(err, ERR_STORE, NULL, "%s", why);
	provider_key_mask(key, acc->a.mask);
	forgive(&acc->a);
	forget_limits(&acc->a);
	return 0;
}

/* What the change says, where the account is still there. */
static int
apply(struct sync_job *j, struct error *err)
{
	const struct sync_change *ch = &j->change;
	struct sync_account *acc = sync_find(j->sync, j->a.name);
	struct account *a;

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
	if (ch->has_low_balance)
		a->low = ch->account.low;
	sync_account_record(acc, &j->a);
	if (acc->phase == SYNC_ASKING && (ch->key.len > 0 || !a->is_enabled))
		walk_cancel(&acc->walk);
	return 0;
}

/* The service is asked by the definition as it is now. */
static int
take_provider(struct sync_job *j, struct error *err)
{
	char why[PLACES_PATH_MAX + ERROR_MESSAGE_MAX];

	j->provider = sync_provider_take(j->sync, j->a.name, why, sizeof(why));
	if (j->provider != NULL)
		return 0;
	return error_set(err, ERR_BAD_PARAMS, "provider", "%s", why);
}

static int
begin_setting(
    struct sync_job *j, const struct sync_change *ch, struct error *err)
{
	struct account scratch;

	j->is_setting = true;
	j->change = *ch;
	j->change.key = (struct text){ j->key, ch->key.len };
	if (ch->key.len == 0)
		return apply(j, err);
	if (check_key(ch->key, &scratch, err) != 0)
		return -1;
	memcpy(j->key, ch->key.p, ch->key.len);
	if (!ch->verifies)
		return apply(j, err);
	return take_provider(j, err);
}

int
sync_set(struct sync *s, const struct sync_change *ch, struct sync_reply *r,
    struct error *err)
{
	struct sync_account *acc = sync_find(s, ch->account.name);
	struct sync_job *j;

	if (acc == NULL)
		return error_set(
		    err, ERR_NOT_FOUND, "name", "there is no such account");
	if (new_job(s, &acc->a, r, &j, err) != 0)
		return -1;
	if (begin_setting(j, ch, err) != 0) {
		free_job(j);
		return -1;
	}
	if (j->provider != NULL)
		probe(j);
	else
		put_account(j);
	return 0;
}

void
sync_stop_jobs(struct sync *s)
{
	struct sync_job *j, *next;

	for (j = s->jobs; j != NULL; j = next) {
		next = j->next;
		if (j->walk.phase != WALK_IDLE)
			walk_cancel(&j->walk);
	}
}

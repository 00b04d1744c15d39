#include "collectord/peers/provider.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectord/peers/provider_params.h"
#include "collectord/peers/reply.h"
#include "collectord/peers/server.h"

#define CALL_WEIGHT 4096

_Static_assert((int)ACCOUNT_CURRENCY_MAX == (int)PROVIDER_CURRENCY_MAX,
    "currencies are those of providers");

/* One request whose answer comes later. */
struct provider_call {
	struct conn *conn; /* holds a reference */
	struct provider_call *prev, *next;
	struct sync_want want;
	struct packer results;
	uint32_t n_results;
	uint32_t msgid;
};

/* --- Answers that come later -----------------------------------------------
 */

static struct provider_call *
call_new(struct conn *c, uint32_t msgid, struct error *err)
{
	struct provider_call *call = calloc(1, sizeof(*call));
	struct server *s = c->server;

	if (call == NULL) {
		error_set(err, ERR_BUSY, NULL, "out of memory");
		return NULL;
	}
	call->conn = c;
	call->msgid = msgid;
	call->next = s->provider_calls;
	if (call->next != NULL)
		call->next->prev = call;
	s->provider_calls = call;
	conn_ref(c);
	conn_wait(c, CALL_WEIGHT);
	return call;
}

/* Sync calls us in the middle of its lists: the next request has to wait. */
static void
call_free(struct provider_call *call)
{
	struct conn *c = call->conn;
	struct server *s = c->server;

	if (call->prev == NULL)
		s->provider_calls = call->next;
	else
		call->prev->next = call->next;
	if (call->next != NULL)
		call->next->prev = call->prev;
	packer_free(&call->results);
	free(call);
	conn_waited(c, CALL_WEIGHT);
	conn_settle_soon(c);
	conn_unref(c);
}

static void
call_fail(struct provider_call *call, const struct error *err)
{
	if (!call->conn->is_closing)
		reply_error(call->conn, call->msgid, err);
	call_free(call);
}

static void
pack_changed(struct packer *k, const struct sync_reply *r,
    const struct sync_account *acc)
{
	bool has_why = r->why[0] != '\0';

	pack_map(k, 2u + r->was_asked + has_why);
	pack_str(k, "name");
	pack_str(k, r->name);
	pack_str(k, "state");
	pack_str(k, acc == NULL ? "removed" : sync_state(acc));
	if (r->was_asked) {
		pack_str(k, "verified");
		pack_bool(k, r->is_verified);
	}
	if (has_why) {
		pack_str(k, "why");
		pack_str(k, r->why);
	}
}

/* Of an account that was changed. */
static void
on_changed(struct sync_reply *r, const struct error *err)
{
	struct provider_call *call = r->data;
	struct conn *c = call->conn;
	struct sync_account *acc = sync_find(&c->server->sync, r->name);
	struct packer *k;

	if (err != NULL) {
		call_fail(call, err);
		return;
	}
	if (!c->is_closing) {
		k = reply_begin(c, call->msgid);
		pack_changed(k, r, acc);
		reply_end(c, call->msgid);
	}
	call_free(call);
}

static struct sync_reply *
reply_new(struct conn *c, uint32_t msgid, const char *name, struct error *err)
{
	struct provider_call *call = call_new(c, msgid, err);
	struct sync_reply *r = call == NULL ? NULL : calloc(1, sizeof(*r));

	if (r == NULL) {
		if (call != NULL)
			call_free(call);
		error_set(err, ERR_BUSY, NULL, "out of memory");
		return NULL;
	}
	r->fn = on_changed;
	r->data = call;
	snprintf(r->name, sizeof(r->name), "%s", name);
	return r;
}

/* --- Changes ---------------------------------------------------------------
 */

/* The message is in memory of ours, for the connection or for all. */
static void
wipe_key(struct conn *c, struct text key)
{
	if (key.len == 0)
		return;
	explicit_bzero((void *)(uintptr_t)key.p, key.len);
	/* A part of it may have been read there before it was whole. */
	c->server->has_secret_input = true;
}

static int
change(struct conn *c, const struct request *rq, struct sync_change *ch,
    int (*read)(
	const struct request *rq, struct sync_change *ch, struct error *err),
    int (*apply)(struct sync *s, const struct sync_change *ch,
	struct sync_reply *r, struct error *err),
    struct error *err)
{
	struct server *s = c->server;
	struct provider_call *call;
	struct sync_reply *r;
	int rc;

	if (s->stop_why != NULL)
		return error_set(err, ERR_STOPPING, NULL, "the daemon stops");
	if (read(rq, ch, err) != 0 ||
	    provider_check_low(&s->sync, ch, err) != 0)
		return REPLY_ERROR;
	r = reply_new(c, rq->msgid, ch->account.name, err);
	if (r == NULL)
		return REPLY_ERROR;
	call = r->data;
	rc = apply(&s->sync, ch, r, err);
	if (rc != 0) {
		call_free(call);
		free(r);
	}
	return rc == 0 ? REPLY_LATER : REPLY_ERROR;
}

static int
change_with_key(struct conn *c, const struct request *rq,
    int (*read)(
	const struct request *rq, struct sync_change *ch, struct error *err),
    int (*apply)(struct sync *s, const struct sync_change *ch,
	struct sync_reply *r, struct error *err),
    struct error *err)
{
	struct sync_change *ch = calloc(1, sizeof(*ch));
	int rc = REPLY_ERROR;

	if (ch == NULL)
		return error_set(err, ERR_BUSY, NULL, "out of memory");
	if (provider_take_key(rq, &ch->key, err) == 0)
		rc = change(c, rq, ch, read, apply, err);
	wipe_key(c, ch->key);
	free(ch);
	return rc;
}

int
provider_add(struct conn *c, const struct request *rq, struct packer *k,
    struct error *err)
{
	(void)k;
	return change_with_key(c, rq, provider_read_add, sync_add, err);
}

int
provider_set(struct conn *c, const struct request *rq, struct packer *k,
    struct error *err)
{
	(void)k;
	return change_with_key(c, rq, provider_read_set, sync_set, err);
}

int
provider_rm(struct conn *c, const struct request *rq, struct packer *k,
    struct error *err)
{
	char name[ACCOUNT_NAME_MAX];
	bool is_there, keeps_data = false;
	struct server *s = c->server;
	struct sync_reply *r;

	(void)k;
	if (s->stop_why != NULL)
		return error_set(err, ERR_STOPPING, NULL, "the daemon stops");
	if (provider_take_text(rq, "name", name, sizeof(name), err) != 0 ||
	    provider_take_bool(rq, "keep_data", &is_there, &keeps_data, err) !=
		0)
		return REPLY_ERROR;
	r = reply_new(c, rq->msgid, name, err);
	if (r == NULL)
		return REPLY_ERROR;
	if (sync_rm(&s->sync, name, keeps_data, r, err) != 0) {
		call_free(r->data);
		free(r);
		return REPLY_ERROR;
	}
	return REPLY_LATER;
}

/* --- provider_sync ---------------------------------------------------------
 */

static struct provider_call *
call_of(struct sync_want *w)
{
	return (struct provider_call *)((char *)w -
					offsetof(struct provider_call, want));
}

static void
on_page(struct sync_want *w, const char *name, const struct walk *walk)
{
	struct conn *c = call_of(w)->conn;
	struct packer k = { 0 };

	if (c->is_closing)
		return;
	pack_notification(&k, "sync");
	pack_map(&k, 4);
	pack_str(&k, "name");
	pack_str(&k, name);
	pack_str(&k, "feed");
	pack_str(&k, walk->feed->name);
	pack_str(&k, "pages");
	pack_u64(&k, walk->pages);
	pack_str(&k, "rows");
	pack_u64(&k, walk->rows.n);
	if (!k.failed)
		conn_send(c, k.p, k.len);
	packer_free(&k);
	conn_settle_soon(c);
}

static void
on_result(struct sync_want *w, const struct sync_account *acc)
{
	struct provider_call *call = call_of(w);
	struct packer *k = &call->results;
	int64_t until_ms =
	    acc->outcome == PROVIDER_LIMITED ? sync_limited_ms(acc) : 0;

	call->n_results++;
	pack_map(k, 4u + (acc->error[0] != '\0') + (until_ms != 0));
	pack_str(k, "name");
	pack_str(k, acc->a.name);
	pack_str(k, "feed");
	pack_str(k, acc->at < acc->provider->n_feeds
			? acc->provider->feeds[acc->at].name
			: "");
	pack_str(k, "outcome");
	pack_str(k, sync_outcome(acc));
	pack_str(k, "rows");
	pack_u64(k, acc->rows);
	if (acc->error[0] != '\0') {
		pack_str(k, "error");
		pack_str(k, acc->error);
	}
	if (until_ms != 0) {
		pack_str(k, "until");
		pack_i64(k, until_ms);
	}
}

static void
pack_results(struct packer *k, const struct provider_call *call)
{
	pack_map(k, 1);
	pack_str(k, "results");
	pack_array(k, call->n_results);
	if (call->n_results > 0)
		pack_packed(k, &call->results);
}

static void
on_synced(struct sync_want *w)
{
	struct provider_call *call = call_of(w);
	struct conn *c = call->conn;

	if (!c->is_closing) {
		pack_results(reply_begin(c, call->msgid), call);
		reply_end(c, call->msgid);
	}
	call_free(call);
}

int
provider_sync(struct conn *c, const struct request *rq, struct packer *k,
    struct error *err)
{
	struct server *s = c->server;
	struct provider_call *call;
	int rc;

	(void)k;
	if (s->stop_why != NULL)
		return error_set(err, ERR_STOPPING, NULL, "the daemon stops");
	call = call_new(c, rq->msgid, err);
	if (call == NULL)
		return REPLY_ERROR;
	call->want.page = on_page;
	call->want.result = on_result;
	call->want.ended = on_synced;
	rc = provider_take_text(
		 rq, "name", call->want.name, sizeof(call->want.name), err) != 0
		 ? -1
		 : sync_ask(&s->sync, &call->want, err);
	/* What others wait for may have ended too, and been packed where k is.
	 */
	if (rc == 0)
		pack_results(reply_begin(c, rq->msgid), call);
	if (rc <= 0)
		call_free(call);
	return rc > 0 ? REPLY_LATER : rc == 0 ? REPLY_NOW : REPLY_ERROR;
}

/* Changes are answered by those who make them, at their end. */
void
provider_stop(struct server *s)
{
	struct provider_call *call, *next;
	struct error err;

	error_set(&err, ERR_STOPPING, NULL, "the daemon stops");
	for (call = s->provider_calls; call != NULL; call = next) {
		next = call->next;
		if (!call->want.is_listed)
			continue;
		sync_forget(&s->sync, &call->want);
		call_fail(call, &err);
	}
}

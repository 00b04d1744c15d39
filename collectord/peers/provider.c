#include "collectord/peers/provider.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectord/jobs/providers/reader.h"
#include "collectord/peers/reply.h"
#include "collectord/peers/server.h"
#include "collectord/peers/services.h"

#define NAME_PART_MAX 60
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

/* {name, state} of an account that was changed. */
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
		pack_map(k, 2);
		pack_str(k, "name");
		pack_str(k, r->name);
		pack_str(k, "state");
		pack_str(k, acc == NULL ? "removed" : sync_state(acc));
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

/* --- Parameters ------------------------------------------------------------
 */

static int
take_text(const struct request *rq, const char *key, char *buf, size_t cap,
    struct error *err)
{
	struct value v;

	buf[0] = '\0';
	if (!unpack_member(rq->params, key, &v) || v.type == VALUE_NIL)
		return 0;
	if (v.type != VALUE_TEXT)
		return error_set(
		    err, ERR_BAD_TYPE, key, "%s is not a text", key);
	if (v.text.len >= cap || !text_is_clean(v.text))
		return error_set(err, ERR_BAD_TEXT, key,
		    "%s is too long, or no clean text", key);
	if (v.text.len > 0)
		memcpy(buf, v.text.p, v.text.len);
	buf[v.text.len] = '\0';
	return 0;
}

static int
take_bool(const struct request *rq, const char *key, bool *is_there, bool *out,
    struct error *err)
{
	struct value v;

	*is_there = unpack_member(rq->params, key, &v) && v.type != VALUE_NIL;
	if (!*is_there)
		return 0;
	if (v.type != VALUE_BOOL)
		return error_set(err, ERR_BAD_TYPE, key, "not true or false");
	*out = v.b;
	return 0;
}

/* False: no amount that a balance can be below. */
static bool
read_low_amount(const struct value *v, money_sum *amount)
{
	if (v->type == VALUE_U64 && v->u64 <= LIMIT_TOKENS) {
		*amount = (money_sum)v->u64 * MONEY_USD;
		return true;
	}
	return v->type == VALUE_TEXT &&
	       money_parse_sum(v->text.p, v->text.len, amount) == 0 &&
	       *amount >= 0;
}

static int
take_low_currency(
    const struct request *rq, struct account_low *low, struct error *err)
{
	static const char key[] = "low_balance_currency";
	char name[ACCOUNT_CURRENCY_MAX];

	if (take_text(rq, key, name, sizeof(name), err) != 0)
		return -1;
	if (name[0] == '\0')
		return 0;
	if (!low->is_set)
		return error_set(err, ERR_MISSING, "low_balance",
		    "below how much of the currency");
	if (reader_put_currency(text_of(name), low->currency) != 0)
		return error_set(
		    err, ERR_BAD_TEXT, key, "not a currency, as CNY");
	return 0;
}

/* nil takes a threshold away. */
static int
take_low_balance(
    const struct request *rq, struct sync_change *ch, struct error *err)
{
	struct account_low *low = &ch->account.low;
	struct value v;

	ch->has_low_balance = unpack_member(rq->params, "low_balance", &v);
	if (ch->has_low_balance && v.type != VALUE_NIL) {
		if (!read_low_amount(&v, &low->amount))
			return error_set(err, ERR_BAD_TYPE, "low_balance",
			    "not an amount of money");
		low->is_set = true;
	}
	return take_low_currency(rq, low, err);
}

/* Borrowed; the caller wipes it where it stands in the message. */
static int
take_key(const struct request *rq, struct text *key, struct error *err)
{
	struct value v;

	*key = (struct text){ 0 };
	if (!unpack_member(rq->params, "key", &v) || v.type == VALUE_NIL)
		return 0;
	if (v.type != VALUE_TEXT)
		return error_set(err, ERR_BAD_TYPE, "key", "not a text");
	*key = v.text;
	return 0;
}

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

static bool
is_part(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz"
			     "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

	return n > 0 && n < NAME_PART_MAX && s[n] == '\0' && s[0] != '.';
}

static int
take_name(const struct request *rq, struct account *a, struct error *err)
{
	char provider[NAME_PART_MAX], account[NAME_PART_MAX];

	if (take_text(rq, "provider", provider, sizeof(provider), err) != 0 ||
	    take_text(rq, "account", account, sizeof(account), err) != 0)
		return -1;
	if (!is_part(provider))
		return error_set(
		    err, ERR_MISSING, "provider", "which provider");
	if (account[0] != '\0' && !is_part(account))
		return error_set(err, ERR_BAD_TEXT, "account",
		    "letters, digits and . _ - only");
	snprintf(a->name, sizeof(a->name), "%s%s%s", provider,
	    account[0] == '\0' ? "" : "/", account);
	return 0;
}

/* --- Changes ---------------------------------------------------------------
 */

static int
read_add(const struct request *rq, struct sync_change *ch, struct error *err)
{
	struct account *a = &ch->account;
	bool is_there;

	ch->verifies = a->is_enabled = true;
	if (take_name(rq, a, err) != 0 ||
	    take_text(rq, "region", a->region, sizeof(a->region), err) != 0 ||
	    take_text(rq, "base_url", a->base_url, sizeof(a->base_url), err) !=
		0 ||
	    take_bool(rq, "shared", &is_there, &a->is_shared, err) != 0 ||
	    take_bool(rq, "verify", &is_there, &ch->verifies, err) != 0 ||
	    take_low_balance(rq, ch, err) != 0)
		return -1;
	if (ch->key.len == 0)
		return error_set(err, ERR_MISSING, "key", "which key");
	return 0;
}

static int
read_set(const struct request *rq, struct sync_change *ch, struct error *err)
{
	struct account *a = &ch->account;
	bool is_there;

	ch->verifies = true;
	if (take_text(rq, "name", a->name, sizeof(a->name), err) != 0 ||
	    take_bool(rq, "enabled", &ch->has_enabled, &a->is_enabled, err) !=
		0 ||
	    take_bool(rq, "shared", &ch->has_shared, &a->is_shared, err) != 0 ||
	    take_bool(rq, "verify", &is_there, &ch->verifies, err) != 0)
		return -1;
	return take_low_balance(rq, ch, err);
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
	if (read(rq, ch, err) != 0)
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
	if (take_key(rq, &ch->key, err) == 0)
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
	return change_with_key(c, rq, read_add, sync_add, err);
}

int
provider_set(struct conn *c, const struct request *rq, struct packer *k,
    struct error *err)
{
	(void)k;
	return change_with_key(c, rq, read_set, sync_set, err);
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
	if (take_text(rq, "name", name, sizeof(name), err) != 0 ||
	    take_bool(rq, "keep_data", &is_there, &keeps_data, err) != 0)
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
	pack_u64(&k, walk->rows);
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

	call->n_results++;
	pack_map(k, 4u + (acc->error[0] != '\0'));
	pack_str(k, "name");
	pack_str(k, acc->a.name);
	pack_str(k, "feed");
	pack_str(k, acc->at < acc->provider->n_feeds
			? acc->provider->feeds[acc->at].name
			: "");
	pack_str(k, "outcome");
	pack_str(k, sync_outcome_names[acc->outcome]);
	pack_str(k, "rows");
	pack_u64(k, acc->rows);
	if (acc->error[0] != '\0') {
		pack_str(k, "error");
		pack_str(k, acc->error);
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
	rc = take_text(
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

/* --- providers -------------------------------------------------------------
 */

static void
pack_time(struct packer *k, const char *name, int64_t ms)
{
	pack_str(k, name);
	pack_i64(k, ms);
}

static void
pack_feed(struct packer *k, const struct account_feed *f, uint32_t gives)
{
	bool has_error = f->error[0] != '\0';

	pack_map(k, 5u + has_error);
	pack_str(k, "name");
	pack_str(k, f->name);
	services_pack_gives(k, gives);
	pack_time(k, "last_success", f->success_ms);
	pack_time(k, "complete_from", f->from_ms);
	pack_time(k, "complete_to", f->to_ms);
	if (has_error) {
		pack_str(k, "error");
		pack_str(k, f->error);
	}
}

static void
pack_feeds(struct packer *k, const struct sync_account *acc)
{
	pack_str(k, "feeds");
	pack_array(k, acc->a.n_feeds);
	for (uint32_t i = 0; i < acc->a.n_feeds; i++)
		pack_feed(k, &acc->a.feed[i],
		    i < acc->provider->n_feeds ? acc->provider->feeds[i].gives
					       : 0);
}

/* The newest of each; of errors those that are not over. */
struct summary {
	int64_t success_ms, error_ms, next_ms;
	const char *error;
};

static void
sum_up(const struct sync_account *acc, struct summary *sum)
{
	const struct account *a = &acc->a;
	const struct account_feed *f;

	*sum = (struct summary){ .error = "" };
	for (uint32_t i = 0; i < a->n_feeds; i++) {
		f = &a->feed[i];
		if (f->success_ms > sum->success_ms)
			sum->success_ms = f->success_ms;
		if (f->error[0] != '\0' && f->error_ms >= sum->error_ms) {
			sum->error_ms = f->error_ms;
			sum->error = f->error;
		}
		if (!f->is_denied &&
		    (sum->next_ms == 0 || f->next_ms < sum->next_ms))
			sum->next_ms = f->next_ms;
	}
	if (acc->trouble[0] != '\0') {
		sum->error = acc->trouble;
		sum->error_ms = acc->trouble_ms;
	}
	if (a->is_bad_key || !a->is_enabled || acc->provider == &sync_undefined)
		sum->next_ms = 0;
}

static void
pack_texts(struct packer *k, const struct account *a)
{
	struct text provider = account_provider(text_of(a->name));

	pack_str(k, "name");
	pack_str(k, a->name);
	pack_str(k, "provider");
	pack_text(k, provider);
	pack_str(k, "account");
	pack_str(k, a->name + provider.len + (a->name[provider.len] == '/'));
	pack_str(k, "key");
	pack_str(k, a->mask);
	if (a->region[0] != '\0') {
		pack_str(k, "region");
		pack_str(k, a->region);
	}
	if (a->base_url[0] != '\0') {
		pack_str(k, "base_url");
		pack_str(k, a->base_url);
	}
	if (a->low.is_set) {
		pack_str(k, "low_balance");
		pack_money(k, a->low.amount);
	}
	if (a->low.is_set && a->low.currency[0] != '\0') {
		pack_str(k, "low_balance_currency");
		pack_str(k, a->low.currency);
	}
}

static int
pack_account(struct packer *k, struct server *s, const struct sync_account *acc)
{
	const struct account *a = &acc->a;
	struct summary sum;

	sum_up(acc, &sum);
	pack_map(k, 13u + (a->region[0] != '\0') + (a->base_url[0] != '\0') +
			a->low.is_set +
			(a->low.is_set && a->low.currency[0] != '\0') +
			(sum.error[0] != '\0'));
	pack_texts(k, a);
	pack_str(k, "enabled");
	pack_bool(k, a->is_enabled);
	pack_str(k, "shared");
	pack_bool(k, a->is_shared);
	pack_str(k, "state");
	pack_str(k, sync_state(acc));
	pack_time(k, "last_success", sum.success_ms);
	if (sum.error[0] != '\0') {
		pack_str(k, "last_error");
		pack_str(k, sum.error);
	}
	pack_time(k, "last_error_at", sum.error_ms);
	pack_time(k, "next", sum.next_ms);
	pack_feeds(k, acc);
	return ledger_pack_balances(s->ledger, text_of(a->name), k);
}

int
provider_list(struct conn *c, const struct request *rq, struct packer *k,
    struct error *err)
{
	struct server *s = c->server;
	char name[ACCOUNT_NAME_MAX];
	struct sync_account *acc;
	uint32_t n = 0;
	int rc = 0;

	if (take_text(rq, "name", name, sizeof(name), err) != 0)
		return REPLY_ERROR;
	if (name[0] != '\0' && sync_find(&s->sync, name) == NULL)
		return error_set(
		    err, ERR_NOT_FOUND, "name", "there is no such account");
	for (acc = s->sync.first; acc != NULL; acc = acc->next)
		n += !acc->is_leaving &&
		     (name[0] == '\0' || strcmp(acc->a.name, name) == 0);
	pack_map(k, 1);
	pack_str(k, "providers");
	pack_array(k, n);
	for (acc = s->sync.first; rc == 0 && acc != NULL; acc = acc->next)
		if (!acc->is_leaving &&
		    (name[0] == '\0' || strcmp(acc->a.name, name) == 0))
			rc = pack_account(k, s, acc);
	if (rc != 0)
		return error_set(err, ERR_STORE, NULL,
		    "the store cannot be read; the log says why");
	return REPLY_NOW;
}

#include "collectord/ledger/billing/accounts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectord/ledger/impl.h"
#include "collectord/ledger/alerts/notices.h"
#include "proto/error.h"

#define OUTLIVED_MAX 16 /* notices withdrawn at a time */
#define VERSION 2
#define VERSION_NO_CURRENCY 1 /* of a low balance; nothing was told */
#define DAY_MS 86400000ll
#define BYTES_MAX 16384
#define KEY_MAX (ACCOUNT_NAME_MAX + 1)

enum {
	IS_ENABLED = 1,
	IS_SHARED = 2,
	IS_BAD_KEY = 4,
	HAS_LOW = 8,
	BRACKETS_ARRAYS = 16
};
/* 2 was a history that ended at the first month without a row. */
enum { IS_DENIED = 1, IS_ABSENT = 4, HAS_HISTORY = 8 };

struct text
account_provider(struct text name)
{
	const char *slash =
	    name.len == 0 ? NULL : memchr(name.p, '/', name.len);

	if (slash != NULL)
		name.len = (uint32_t)(slash - name.p);
	return name;
}

int64_t
account_failing_ms(const struct account *a)
{
	int64_t since = 0;

	for (uint32_t i = 0; i < a->n_feeds; i++)
		if (a->feed[i].failing_ms != 0 &&
		    (since == 0 || a->feed[i].failing_ms < since))
			since = a->feed[i].failing_ms;
	return since;
}

static void
write_feed(struct wbuf *w, const struct account_feed *f)
{
	write_text(w, text_of(f->name));
	write_svar(w, f->success_ms);
	write_svar(w, f->error_ms);
	write_text(w, text_of(f->error));
	write_svar(w, f->failing_ms);
	write_svar(w, f->next_ms);
	write_svar(w, f->limited_ms);
	write_svar(w, f->from_ms);
	write_svar(w, f->to_ms);
	write_uvar(w, f->n_limited);
	write_u8(w, (uint8_t)((f->is_denied ? IS_DENIED : 0) |
			      (f->has_history ? HAS_HISTORY : 0) |
			      (f->is_absent ? IS_ABSENT : 0)));
}

static void
write_account(struct wbuf *w, const struct account *a)
{
	write_u8(w, VERSION);
	write_text(w, text_of(a->region));
	write_text(w, text_of(a->base_url));
	write_text(w, text_of(a->origin));
	write_text(w, text_of(a->mask));
	write_u8(w, (uint8_t)((a->is_enabled ? IS_ENABLED : 0) |
			      (a->is_shared ? IS_SHARED : 0) |
			      (a->is_bad_key ? IS_BAD_KEY : 0) |
			      (a->low.is_set ? HAS_LOW : 0) |
			      (a->brackets_arrays ? BRACKETS_ARRAYS : 0)));
	write_money(w, a->low.amount);
	write_svar(w, a->told_ms);
	write_uvar(w, a->n_feeds);
	for (uint32_t i = 0; i < a->n_feeds; i++)
		write_feed(w, &a->feed[i]);
	write_text(w, text_of(a->low.currency));
	write_uvar(w, a->n_told);
	for (uint32_t i = 0; i < a->n_told; i++) {
		write_text(w, text_of(a->told[i].currency));
		write_money(w, a->told[i].below);
	}
}

static void
read_str(struct rbuf *r, char *buf, size_t cap)
{
	struct text t = read_text(r);

	if (t.len >= cap) {
		r->failed = true;
		return;
	}
	if (t.len > 0)
		memcpy(buf, t.p, t.len);
	buf[t.len] = '\0';
}

static void
read_feed(struct rbuf *r, struct account_feed *f)
{
	uint8_t flags;

	read_str(r, f->name, sizeof(f->name));
	f->success_ms = read_svar(r);
	f->error_ms = read_svar(r);
	read_str(r, f->error, sizeof(f->error));
	f->failing_ms = read_svar(r);
	f->next_ms = read_svar(r);
	f->limited_ms = read_svar(r);
	f->from_ms = read_svar(r);
	f->to_ms = read_svar(r);
	f->n_limited = (uint32_t)read_uvar(r);
	flags = read_u8(r);
	f->is_denied = (flags & IS_DENIED) != 0;
	f->has_history = (flags & HAS_HISTORY) != 0;
	f->is_absent = (flags & IS_ABSENT) != 0;
}

static void
read_flags(struct rbuf *r, struct account *a)
{
	uint8_t flags = read_u8(r);

	a->is_enabled = (flags & IS_ENABLED) != 0;
	a->is_shared = (flags & IS_SHARED) != 0;
	a->is_bad_key = (flags & IS_BAD_KEY) != 0;
	a->low.is_set = (flags & HAS_LOW) != 0;
	a->brackets_arrays = (flags & BRACKETS_ARRAYS) != 0;
}

/* What version 2 came with. */
static void
read_told(struct rbuf *r, struct account *a)
{
	read_str(r, a->low.currency, sizeof(a->low.currency));
	a->n_told = (uint32_t)read_uvar(r);
	r->failed = r->failed || a->n_told > ACCOUNT_TOLD_MAX;
	for (uint32_t i = 0; !r->failed && i < a->n_told; i++) {
		read_str(r, a->told[i].currency, sizeof(a->told[i].currency));
		a->told[i].below = read_money(r);
	}
}

static bool
read_account(struct span val, struct account *a)
{
	struct rbuf r;
	uint8_t version;

	rbuf_init(&r, val);
	version = read_u8(&r);
	if (version != VERSION && version != VERSION_NO_CURRENCY)
		return false;
	read_str(&r, a->region, sizeof(a->region));
	read_str(&r, a->base_url, sizeof(a->base_url));
	read_str(&r, a->origin, sizeof(a->origin));
	read_str(&r, a->mask, sizeof(a->mask));
	read_flags(&r, a);
	a->low.amount = read_money(&r);
	a->told_ms = read_svar(&r);
	a->n_feeds = (uint32_t)read_uvar(&r);
	if (a->n_feeds > ACCOUNT_FEEDS_MAX)
		return false;
	for (uint32_t i = 0; i < a->n_feeds; i++)
		read_feed(&r, &a->feed[i]);
	if (version != VERSION_NO_CURRENCY)
		read_told(&r, a);
	return !r.failed;
}

static struct span
account_key(uint8_t buf[KEY_MAX], struct text name)
{
	struct wbuf w;

	wbuf_init(&w, buf, KEY_MAX);
	write_u8(&w, 'a');
	write_bytes(&w, name.p, name.len);
	return wbuf_span(&w);
}

int
account_get(struct store_txn *txn, struct text name, struct account *a)
{
	uint8_t key[KEY_MAX];
	struct span val;
	int rc = store_get(txn, TABLE_BILLED, account_key(key, name), &val);

	*a = (struct account){ 0 };
	if (rc != 0)
		return rc;
	snprintf(a->name, sizeof(a->name), "%.*s", (int)name.len, name.p);
	return read_account(val, a) ? 0 : -ERR_STORE;
}

/* What the feed that fails for longest came to last. */
static struct text
failure_of(const struct account *a, int64_t since_ms)
{
	for (uint32_t i = 0; i < a->n_feeds; i++)
		if (a->feed[i].failing_ms == since_ms)
			return text_of(a->feed[i].error);
	return (struct text){ 0 };
}

/* Of a failure that has lasted for a day, by the day on which it began. */
static int
tell_failure(struct store_txn *txn, int64_t now_ms, struct account *a)
{
	int64_t since = account_failing_ms(a);
	char day[CALENDAR_TEXT_MAX], id[ACCOUNT_NAME_MAX + 64];
	struct notice n = { .kind = NOTICE_PROVIDER, .level = NOTICE_WARN };
	int rc;

	if (since == 0 || now_ms - since < DAY_MS || a->told_ms == since)
		return 0;
	calendar_format_date(calendar_day_of(since, 0), day);
	snprintf(id, sizeof(id), "provider/%s/%s", a->name, day);
	n.id = text_of(id);
	n.subject = text_of(a->name);
	n.period = text_of(day);
	n.from_ms = since;
	n.to_ms = now_ms;
	n.why = failure_of(a, since);
	rc = notice_make(txn, now_ms, &n);
	if (rc < 0)
		return rc;
	a->told_ms = since;
	return 0;
}

/* Numbers of pending notices of the failures of an account. */
struct outlived {
	struct text name;
	uint64_t number[OUTLIVED_MAX];
	uint32_t n;
};

static int
note_outlived(void *arg, const struct notice *n)
{
	struct outlived *o = arg;

	if (n->kind != NOTICE_PROVIDER || !text_eq(n->subject, o->name))
		return 0;
	o->number[o->n++] = n->number;
	return o->n == OUTLIVED_MAX ? STORE_NOTFOUND : 0;
}

/* Where all is well again, nobody is to be told that it was not. */
static int
withdraw_failures(struct store_txn *txn, struct account *a)
{
	struct outlived o;
	int rc;

	if (a->told_ms == 0 || account_failing_ms(a) != 0)
		return 0;
	do {
		o = (struct outlived){ .name = text_of(a->name) };
		rc = notices_each(txn, false, note_outlived, &o);
		for (uint32_t i = 0; rc == 0 && i < o.n; i++)
			rc = notice_set_delivered(txn, o.number[i]);
	} while (rc == 0 && o.n == OUTLIVED_MAX);
	if (rc == 0)
		a->told_ms = 0;
	return rc;
}

int
account_put(struct store_txn *txn, int64_t now_ms, struct account *a)
{
	uint8_t key[KEY_MAX], bytes[BYTES_MAX];
	struct wbuf w;
	int rc = tell_failure(txn, now_ms, a);

	if (rc == 0)
		rc = withdraw_failures(txn, a);
	if (rc != 0)
		return rc;
	wbuf_init(&w, bytes, sizeof(bytes));
	write_account(&w, a);
	if (w.failed)
		return -ERR_STORE;
	return store_put(txn, TABLE_BILLED, account_key(key, text_of(a->name)),
	    wbuf_span(&w));
}

int
account_delete(struct store_txn *txn, struct text name)
{
	uint8_t key[KEY_MAX];

	return store_delete(txn, TABLE_BILLED, account_key(key, name));
}

static int
each_account(struct store_cursor *c, struct account *a,
    int (*fn)(void *arg, const struct account *a), void *arg)
{
	struct span k, v;
	int rc = store_seek(c, (struct span){ "a", 1 }, &k, &v);

	for (; rc == 0 && *(const char *)k.p == 'a';
	     rc = store_next(c, &k, &v)) {
		*a = (struct account){ 0 };
		if (k.len > sizeof(a->name) || !read_account(v, a))
			return -ERR_STORE;
		memcpy(a->name, (const char *)k.p + 1, k.len - 1);
		rc = fn(arg, a);
		if (rc != 0)
			return rc;
	}
	return rc == STORE_NOTFOUND ? 0 : rc;
}

int
ledger_each_account(
    struct ledger *l, int (*fn)(void *arg, const struct account *a), void *arg)
{
	struct account *a = malloc(sizeof(*a));
	struct store_cursor *c = NULL;
	struct store_txn *txn = NULL;
	int rc = a == NULL ? -ERR_STORE : 0;

	if (rc == 0)
		rc = store_begin(l->store, false, &txn);
	if (rc == 0)
		rc = store_cursor_open(txn, TABLE_BILLED, &c);
	if (rc == 0)
		rc = each_account(c, a, fn, arg);
	store_cursor_close(c);
	store_abort(txn);
	free(a);
	return rc;
}

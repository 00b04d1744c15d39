#include "collectord/ledger/writer.h"

#include "collectord/ledger/apply.h"
#include "collectord/ledger/ids.h"
#include "collectord/ledger/alerts/notices.h"
#include "collectord/ledger/requests.h"
#include "collectord/ledger/series.h"
#include "proto/error.h"

static struct span
be64_key(uint8_t buf[8], uint64_t number)
{
	struct wbuf w;

	wbuf_init(&w, buf, 8);
	write_be64(&w, number);
	return wbuf_span(&w);
}

/* The largest key of a table of be64 keys, 0 where it is empty. */
static int
last_key(struct store_txn *txn, enum store_table t, uint64_t *key)
{
	struct store_cursor *c;
	struct span k, v;
	struct rbuf r;
	int rc;

	*key = 0;
	rc = store_cursor_open(txn, t, &c);
	if (rc != 0)
		return rc;
	rc = store_last(c, &k, &v);
	if (rc == 0) {
		rbuf_init(&r, k);
		*key = read_be64(&r);
	}
	store_cursor_close(c);
	return rc == STORE_NOTFOUND ? 0 : rc;
}

/* What the writer knows of the store from here on without looking. */
static int
load_state(struct writer *w, struct store_txn *txn)
{
	uint64_t number;
	int rc;

	rc = last_key(txn, TABLE_EVENTS, &number);
	if (rc != 0)
		return rc;
	w->next_number = number + 1;
	rc = last_key(txn, TABLE_LOG, &w->last_revision);
	if (rc == 0)
		rc = notice_last(txn, &w->last_notice);
	if (rc == 0)
		rc = slots_folded(txn, &w->changes.folded);
	if (rc == 0)
		rc = id_load_recent(&w->recent, txn, &w->key, number);
	w->is_stale = rc != 0;
	return rc;
}

int
writer_init(struct writer *w)
{
	struct store_txn *txn;
	int rc;

	w->book = price_book_new();
	interner_init(&w->interner, &w->key);
	rc = w->book == NULL ? -ERR_STORE : 0;
	if (rc == 0)
		rc = store_begin(w->store, false, &txn);
	if (rc != 0)
		return rc;
	rc = load_state(w, txn);
	if (rc == 0)
		recent_resume(&w->recent, w->next_number - 1);
	store_abort(txn);
	return rc;
}

void
writer_release(struct writer *w)
{
	store_abort(w->txn);
	w->txn = NULL;
	interner_release(&w->interner);
	price_memo_free(w->memo);
	w->memo = NULL;
	price_book_free(w->book);
	recent_release(&w->recent);
	slot_changes_release(&w->changes);
	slot_changes_release(&w->base);
	sources_release(&w->sources);
	watch_release(&w->watch);
	arena_release(&w->arena);
}

int
writer_begin(struct writer *w, int64_t now_us)
{
	int rc = store_begin(w->store, true, &w->txn);

	w->now_us = now_us;
	if (rc == 0 && w->is_stale) {
		rc = load_state(w, w->txn);
		if (rc != 0)
			writer_abort(w);
	}
	return rc;
}

static int
put_cursor(struct writer *w, const struct cursor *c)
{
	struct span name = { c->name.p, c->name.len };

	if (c->value.len == 0)
		return store_delete(w->txn, TABLE_CURSORS, name);
	return store_put(w->txn, TABLE_CURSORS, name,
	    (struct span){ c->value.p, c->value.len });
}

int
writer_put(struct writer *w, struct put *p)
{
	size_t i;
	int rc = 0;

	p->stored = p->merged = p->unchanged = 0;
	recent_note_put(&w->recent, p->nevents);
	for (i = 0; rc >= 0 && i < p->nevents; i++) {
		rc = apply_sight(w, &p->events[i]);
		p->stored += rc == APPLY_STORED;
		p->merged += rc == APPLY_MERGED;
		p->unchanged += rc == APPLY_UNCHANGED;
	}
	for (i = 0; rc >= 0 && i < p->ncursors; i++)
		rc = put_cursor(w, &p->cursors[i]);
	return rc < 0 ? rc : 0;
}

/* Numbers and ids that an abort took back are not remembered. */
static void
forget(struct writer *w)
{
	interner_forget(&w->interner);
	price_memo_forget(w->memo);
	slot_changes_clear(&w->changes);
	slot_changes_clear(&w->base);
	sources_clear(&w->sources);
	w->heard = (struct heard_today){ 0 };
	watch_forget(&w->watch);
	arena_clear(&w->arena);
	w->is_stale = true;
}

int
writer_commit(struct writer *w)
{
	int64_t now_ms = w->now_us / 1000;
	int rc;

	rc = watch_gather(&w->watch, w->txn, &w->changes, now_ms);
	if (rc == 0)
		rc = slot_changes_apply(&w->changes, w->txn);
	if (rc == 0)
		rc = watch_apply(&w->watch, w->txn, now_ms);
	if (rc == 0)
		rc = slot_changes_apply(&w->base, w->txn);
	if (rc == 0)
		rc = slot_changes_fold(&w->changes, w->txn, w->now_us);
	if (rc == 0 && w->sources.n > 0)
		rc = heard_note(
		    &w->heard, w->txn, w->watch.cal.day_start, now_ms);
	if (rc == 0)
		rc = sources_apply(&w->sources, w->txn, &w->key);
	if (rc == 0)
		rc = recent_sweep(&w->recent, w->txn, w->next_number - 1);
	if (rc == 0)
		rc = notice_last(w->txn, &w->last_notice);
	if (rc != 0) {
		writer_abort(w);
		return rc;
	}
	rc = store_commit(w->txn);
	w->txn = NULL;
	if (rc != 0)
		forget(w);
	arena_clear(&w->arena);
	return rc;
}

void
writer_abort(struct writer *w)
{
	store_abort(w->txn);
	w->txn = NULL;
	forget(w);
}

int
writer_know_requests(struct writer *w)
{
	return w->recent.requests.is_known
		   ? 0
		   : request_load_recent(&w->recent, w->txn, &w->key);
}

/* The map moves under later writes of the transaction; the arena does not. */
static struct span
keep(struct writer *w, struct span s)
{
	void *p = arena_alloc(&w->arena, s.len);

	if (p == NULL)
		return (struct span){ NULL, 0 };
	memcpy(p, s.p, s.len);
	return (struct span){ p, s.len };
}

static int
fill_interned(struct writer *w, struct record *rec)
{
	struct text texts[EV_TEXTS] = { { 0 } };
	int i, rc;

	rc = dims_texts(w->txn, rec->dims, texts, NULL);
	if (rc == 0)
		rc = session_texts(w->txn, rec->session, texts);
	if (rc != 0)
		return rc;
	for (i = 0; i < EV_TEXTS; i++)
		if (texts[i].len > 0) {
			texts[i] = arena_text(&w->arena, texts[i]);
			if (texts[i].len == 0)
				return -ERR_STORE;
		}
	record_fill(rec, texts);
	return 0;
}

int
writer_load(struct writer *w, uint64_t *number, struct record *rec)
{
	struct span val;
	uint8_t buf[8];
	int rc;

	for (;;) {
		rc = store_get(
		    w->txn, TABLE_EVENTS, be64_key(buf, *number), &val);
		if (rc != 0)
			return rc == STORE_NOTFOUND ? -ERR_STORE : rc;
		val = keep(w, val);
		if (val.p == NULL || !record_read(val, rec))
			return -ERR_STORE;
		if (!rec->is_forward)
			return fill_interned(w, rec);
		/* A forward leads to an older number, so this ends. */
		if (rec->forward >= *number)
			return -ERR_STORE;
		*number = rec->forward;
	}
}

static int
save_log(struct writer *w, uint64_t number, uint64_t old_revision,
    uint64_t *revision)
{
	uint64_t now = w->now_us > 0 ? (uint64_t)w->now_us : 0;
	uint8_t key[8], val[8];
	int rc = 0;

	if (old_revision != 0)
		rc = store_delete(
		    w->txn, TABLE_LOG, be64_key(key, old_revision));
	if (rc != 0)
		return rc;
	if (w->last_revision < now)
		w->last_revision = now;
	else
		w->last_revision++;
	*revision = w->last_revision;
	return store_append(
	    w->txn, TABLE_LOG, be64_key(key, *revision), be64_key(val, number));
}

int
writer_save(struct writer *w, uint64_t number, struct record *rec, bool fresh)
{
	int rc = 0;

	if (!rec->is_forward) {
		rc = intern_dims(&w->interner, w->txn, rec->m.text,
		    rec->price.code, &rec->dims);
		if (rc == 0)
			rc = intern_session(&w->interner, w->txn,
			    rec->m.text[EV_MACHINE], rec->m.text[EV_SESSION],
			    &rec->session);
	}
	return rc == 0 ? writer_save_interned(w, number, rec, fresh) : rc;
}

int
writer_save_interned(
    struct writer *w, uint64_t number, struct record *rec, bool fresh)
{
	uint8_t key[8], bytes[RECORD_BYTES_MAX];
	struct wbuf b;
	int rc = save_log(w, number, rec->revision, &rec->revision);

	if (rc != 0)
		return rc;
	wbuf_init(&b, bytes, sizeof(bytes));
	record_write(&b, rec);
	if (b.failed)
		return -ERR_STORE;
	return (fresh ? store_append : store_put)(
	    w->txn, TABLE_EVENTS, be64_key(key, number), wbuf_span(&b));
}

int
writer_note_base(struct writer *w, const struct record *rec)
{
	struct contribution c = { .dims = rec->dims,
		.session = rec->session,
		.ts_ms = rec->m.ts_ms };
	int rc = series_sums(w, rec, &c.sums);

	if (rc != 0 || sums_is_zero(&c.sums))
		return rc;
	w->base.is_base = true;
	return slot_changes_note(&w->base, &c, 1);
}

int
writer_note(struct writer *w, const struct record *rec, int sign)
{
	struct contribution c = { .dims = rec->dims,
		.session = rec->session,
		.ts_ms = rec->m.ts_ms };
	int rc = series_sums(w, rec, &c.sums);

	if (rc != 0 || sums_is_zero(&c.sums))
		return rc;
	return slot_changes_note(&w->changes, &c, sign);
}

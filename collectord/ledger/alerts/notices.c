#include "collectord/ledger/alerts/notices.h"

#include <string.h>

#include "collectord/ledger/digest.h"
#include "collectord/ledger/impl.h"
#include "proto/error.h"

#define NOTICE_VERSION 1
#define NOTICE_BYTES_MAX 2048
#define NUMBER_KEY_BYTES 9
#define ID_KEY_BYTES 17

static const struct span meta_last = { "notice", 6 };

static struct span
number_key(uint8_t buf[NUMBER_KEY_BYTES], char state, uint64_t number)
{
	struct wbuf w;

	wbuf_init(&w, buf, NUMBER_KEY_BYTES);
	write_u8(&w, (uint8_t)state);
	write_be64(&w, number);
	return wbuf_span(&w);
}

/* Ids are our own texts, so a fixed key will do. */
static struct span
id_key(uint8_t buf[ID_KEY_BYTES], struct text id)
{
	static const struct digest_key keys[2] = { { 1, 2 }, { 3, 4 } };
	struct wbuf w;

	wbuf_init(&w, buf, ID_KEY_BYTES);
	write_u8(&w, 'i');
	write_be64(&w, digest64(&keys[0], id.p, id.len));
	write_be64(&w, digest64(&keys[1], id.p, id.len));
	return wbuf_span(&w);
}

/* False: it is of another state, or no notice. */
static bool
read_number(struct span key, char state, uint64_t *number)
{
	struct rbuf r;

	rbuf_init(&r, key);
	if (read_u8(&r) != (uint8_t)state)
		return false;
	*number = read_be64(&r);
	return !r.failed && r.p == r.end;
}

static void
figures_write(struct wbuf *w, const struct notice_figures *f)
{
	write_uvar(w, f->calls);
	write_uvar(w, f->tokens);
	write_uvar(w, f->unpriced_calls);
	write_money(w, f->cost);
	write_text(w, f->top);
	write_uvar(w, f->top_tokens);
	write_money(w, f->top_cost);
}

/* They stand at the end, and not in what was written without them. */
static void
figures_read(struct rbuf *r, struct notice_figures *f)
{
	*f = (struct notice_figures){ .are_known = r->p < r->end };
	if (!f->are_known)
		return;
	f->calls = read_uvar(r);
	f->tokens = read_uvar(r);
	f->unpriced_calls = read_uvar(r);
	f->cost = read_money(r);
	f->top = read_text(r);
	f->top_tokens = read_uvar(r);
	f->top_cost = read_money(r);
}

static void
notice_write(struct wbuf *w, const struct notice *n)
{
	write_u8(w, NOTICE_VERSION);
	write_u8(w, (uint8_t)n->kind);
	write_u8(w, (uint8_t)n->level);
	write_u8(w, n->is_tokens);
	write_svar(w, n->from_ms);
	write_svar(w, n->to_ms);
	write_svar(w, n->made_ms);
	write_money(w, n->spent);
	write_money(w, n->limit);
	write_text(w, n->id);
	write_text(w, n->subject);
	write_text(w, n->period);
	if (n->kind == NOTICE_PROVIDER)
		write_text(w, n->why);
	else if (n->figures.are_known)
		figures_write(w, &n->figures);
}

static bool
notice_read(struct span val, struct notice *n)
{
	struct rbuf r;

	rbuf_init(&r, val);
	if (read_u8(&r) != NOTICE_VERSION)
		return false;
	n->kind = (enum notice_kind)read_u8(&r);
	n->level = (enum notice_level)read_u8(&r);
	n->is_tokens = read_u8(&r) != 0;
	n->from_ms = read_svar(&r);
	n->to_ms = read_svar(&r);
	n->made_ms = read_svar(&r);
	n->spent = read_money(&r);
	n->limit = read_money(&r);
	n->id = read_text(&r);
	n->subject = read_text(&r);
	n->period = read_text(&r);
	n->why = (struct text){ 0 };
	n->figures = (struct notice_figures){ .are_known = false };
	/* What was written without it ends here. */
	if (n->kind == NOTICE_PROVIDER && r.p < r.end)
		n->why = read_text(&r);
	else
		figures_read(&r, &n->figures);
	return !r.failed && n->kind < NOTICE_KINDS && n->level < NOTICE_LEVELS;
}

static int
get_u64(struct store_txn *txn, enum store_table t, struct span key, uint64_t *v)
{
	struct span val;
	struct rbuf r;
	int rc = store_get(txn, t, key, &val);

	*v = 0;
	if (rc != 0)
		return rc;
	rbuf_init(&r, val);
	*v = read_be64(&r);
	return r.failed ? -ERR_STORE : 0;
}

static int
put_u64(struct store_txn *txn, enum store_table t, struct span key, uint64_t v)
{
	uint8_t bytes[8];
	struct wbuf w;

	wbuf_init(&w, bytes, sizeof(bytes));
	write_be64(&w, v);
	return store_put(txn, t, key, wbuf_span(&w));
}

/* The first of a state after a number. */
static int
find_after(struct store_txn *txn, char state, uint64_t after, struct notice *n)
{
	uint8_t buf[NUMBER_KEY_BYTES];
	struct store_cursor *c;
	struct span k, v;
	int rc = store_cursor_open(txn, TABLE_NOTICES, &c);

	if (rc != 0)
		return rc;
	rc = store_seek(c, number_key(buf, state, after + 1), &k, &v);
	store_cursor_close(c);
	if (rc == 0 && !read_number(k, state, &n->number))
		return STORE_NOTFOUND;
	return rc == 0 && !notice_read(v, n) ? -ERR_STORE : rc;
}

static int
save(struct store_txn *txn, char state, const struct notice *n)
{
	uint8_t key[NUMBER_KEY_BYTES], bytes[NOTICE_BYTES_MAX];
	struct wbuf w;

	wbuf_init(&w, bytes, sizeof(bytes));
	notice_write(&w, n);
	if (w.failed)
		return -ERR_STORE;
	return store_put(txn, TABLE_NOTICES, number_key(key, state, n->number),
	    wbuf_span(&w));
}

/* Those that nobody will look at any more. */
static int
drop_old(struct store_txn *txn, uint64_t newest)
{
	uint8_t key[NUMBER_KEY_BYTES];
	struct notice n;
	int rc = find_after(txn, 'd', 0, &n);

	if (rc == 0 && n.number + NOTICES_KEPT <= newest)
		rc = store_delete(
		    txn, TABLE_NOTICES, number_key(key, 'd', n.number));
	if (rc >= 0)
		rc = find_after(txn, 'p', 0, &n);
	if (rc == 0 && n.number + NOTICES_PENDING <= newest)
		rc = notice_set_delivered(txn, n.number);
	return rc == STORE_NOTFOUND ? 0 : rc;
}

static int
save_id(struct store_txn *txn, const struct notice *n)
{
	uint8_t key[ID_KEY_BYTES], bytes[16];
	struct wbuf w;

	wbuf_init(&w, bytes, sizeof(bytes));
	write_be64(&w, n->number);
	write_be64(&w, (uint64_t)n->made_ms);
	return store_put(txn, TABLE_NOTICES, id_key(key, n->id), wbuf_span(&w));
}

int
notice_make(struct store_txn *txn, int64_t now_ms, const struct notice *like)
{
	struct notice n = *like;
	int rc = notice_was_made(txn, n.id);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = get_u64(txn, TABLE_META, meta_last, &n.number);
	n.number++;
	n.made_ms = now_ms;
	if (rc >= 0)
		rc = put_u64(txn, TABLE_META, meta_last, n.number);
	if (rc == 0)
		rc = save(txn, 'p', &n);
	if (rc == 0)
		rc = save_id(txn, &n);
	if (rc == 0)
		rc = drop_old(txn, n.number);
	return rc < 0 ? rc : 1;
}

int
notice_was_made(struct store_txn *txn, struct text id)
{
	int64_t made_ms;
	int rc = notice_made_ms(txn, id, &made_ms);

	return rc == 0 ? 1 : rc == STORE_NOTFOUND ? 0 : rc;
}

int
notice_made_ms(struct store_txn *txn, struct text id, int64_t *made_ms)
{
	uint8_t key[ID_KEY_BYTES];
	struct span val;
	struct rbuf r;
	int rc = store_get(txn, TABLE_NOTICES, id_key(key, id), &val);

	if (rc != 0)
		return rc;
	rbuf_init(&r, val);
	read_be64(&r);
	*made_ms = (int64_t)read_be64(&r);
	return r.failed ? -ERR_STORE : 0;
}

int
notices_each(struct store_txn *txn, bool delivered,
    int (*fn)(void *arg, const struct notice *n), void *arg)
{
	char state = delivered ? 'd' : 'p';
	uint8_t buf[NUMBER_KEY_BYTES];
	struct store_cursor *c;
	struct span k, v;
	struct notice n;
	int rc = store_cursor_open(txn, TABLE_NOTICES, &c);

	if (rc != 0)
		return rc;
	rc = store_seek(c, number_key(buf, state, 0), &k, &v);
	for (; rc == 0 && read_number(k, state, &n.number);
	     rc = store_next(c, &k, &v)) {
		rc = notice_read(v, &n) ? fn(arg, &n) : -ERR_STORE;
		if (rc != 0)
			break;
	}
	store_cursor_close(c);
	return rc == STORE_NOTFOUND ? 0 : rc;
}

int
notice_set_delivered(struct store_txn *txn, uint64_t number)
{
	uint8_t from[NUMBER_KEY_BYTES], to[NUMBER_KEY_BYTES];
	uint8_t bytes[NOTICE_BYTES_MAX];
	struct span val, key = number_key(from, 'p', number);
	int rc = store_get(txn, TABLE_NOTICES, key, &val);

	if (rc != 0)
		return rc;
	if (val.len > sizeof(bytes))
		return -ERR_STORE;
	memcpy(bytes, val.p, val.len);
	rc = store_delete(txn, TABLE_NOTICES, key);
	return rc == 0
		   ? store_put(txn, TABLE_NOTICES, number_key(to, 'd', number),
			 (struct span){ bytes, val.len })
		   : rc;
}

int
notice_last(struct store_txn *txn, uint64_t *number)
{
	int rc = get_u64(txn, TABLE_META, meta_last, number);

	return rc == STORE_NOTFOUND ? 0 : rc;
}

uint64_t
ledger_last_notice(const struct ledger *l)
{
	return atomic_load(&l->last_notice);
}

int
ledger_next_notice(
    struct ledger *l, uint64_t after, struct packer *k, uint64_t *number)
{
	struct notice pending, delivered;
	struct store_txn *txn;
	int rc, rc_delivered;

	rc = store_begin(l->store, false, &txn);
	if (rc != 0)
		return rc;
	rc = find_after(txn, 'p', after, &pending);
	rc_delivered = find_after(txn, 'd', after, &delivered);
	if (rc_delivered == 0 &&
	    (rc != 0 || delivered.number < pending.number)) {
		pending = delivered;
		rc = 0;
	}
	if (rc == 0) {
		pack_notice(k, &pending);
		*number = pending.number;
	}
	store_abort(txn);
	return rc;
}

static struct span
sink_key(struct wbuf *w, struct text sink)
{
	write_u8(w, 's');
	write_bytes(w, sink.p, sink.len);
	return wbuf_span(w);
}

int
ledger_sink_mark(struct ledger *l, struct text sink, uint64_t *number)
{
	uint8_t buf[LIMIT_TEXT + 1];
	struct store_txn *txn;
	struct wbuf w;
	int rc = store_begin(l->store, false, &txn);

	if (rc != 0)
		return rc;
	wbuf_init(&w, buf, sizeof(buf));
	rc = get_u64(txn, TABLE_NOTICES, sink_key(&w, sink), number);
	store_abort(txn);
	return rc;
}

int
ledger_set_sink_mark(struct ledger *l, struct text sink, uint64_t number)
{
	uint8_t buf[LIMIT_TEXT + 1];
	struct wbuf w;
	int rc = writer_begin(&l->writer, l->now_us());

	if (rc != 0)
		return rc;
	wbuf_init(&w, buf, sizeof(buf));
	rc = put_u64(l->writer.txn, TABLE_NOTICES, sink_key(&w, sink), number);
	if (rc == 0)
		return ledger_commit(l);
	writer_abort(&l->writer);
	return rc;
}

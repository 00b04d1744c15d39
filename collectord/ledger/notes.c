#include "collectord/ledger/notes.h"

#include <stdio.h>

#include "collectord/ledger/alerts/notices.h"
#include "proto/error.h"
#include "proto/limits.h"

#define NOTE_VERSION 1
#define WINDOWS_MAX 64
#define QUOTA_TELL_PERCENT 90
#define MINUTE_MS 60000 /* when it is emptied is told to the second, or so */

static struct span
context_key(uint8_t buf[5], uint32_t session)
{
	struct wbuf w;

	wbuf_init(&w, buf, 5);
	write_u8(&w, 's');
	write_be32(&w, session);
	return wbuf_span(&w);
}

int
notes_put_context(
    struct store_txn *txn, uint32_t session, const struct context_note *n)
{
	uint8_t key[5], bytes[40];
	struct wbuf w;

	wbuf_init(&w, bytes, sizeof(bytes));
	write_u8(&w, NOTE_VERSION);
	write_uvar(&w, n->used);
	write_uvar(&w, n->size);
	write_uvar(&w, (uint64_t)n->at_ms);
	return store_put(
	    txn, TABLE_NOTES, context_key(key, session), wbuf_span(&w));
}

int
notes_context(struct store_txn *txn, uint32_t session, struct context_note *n)
{
	uint8_t key[5];
	struct span val;
	struct rbuf r;
	int rc;

	rc = store_get(txn, TABLE_NOTES, context_key(key, session), &val);
	if (rc != 0)
		return rc;
	rbuf_init(&r, val);
	if (read_u8(&r) != NOTE_VERSION)
		return -ERR_STORE;
	n->used = read_uvar(&r);
	n->size = read_uvar(&r);
	n->at_ms = (int64_t)read_uvar(&r);
	return r.failed ? -ERR_STORE : 0;
}

int
notes_put_window(struct store_txn *txn, const struct window_note *n)
{
	uint8_t key[LIMIT_TEXT + 1], bytes[LIMIT_TEXT + 40];
	struct wbuf k, w;

	wbuf_init(&k, key, sizeof(key));
	write_u8(&k, 'w');
	write_bytes(&k, n->name.p, n->name.len);
	wbuf_init(&w, bytes, sizeof(bytes));
	write_u8(&w, NOTE_VERSION);
	write_text(&w, n->used_percent);
	write_uvar(&w, (uint64_t)n->resets_ms);
	write_uvar(&w, (uint64_t)n->at_ms);
	if (k.failed || w.failed)
		return -ERR_STORE;
	return store_put(txn, TABLE_NOTES, wbuf_span(&k), wbuf_span(&w));
}

static void
pack_window(struct packer *k, struct span key, struct span val)
{
	struct rbuf r;

	rbuf_init(&r, val);
	read_u8(&r);
	pack_map(k, 4);
	pack_str(k, "name");
	pack_text(
	    k, (struct text){ (const char *)key.p + 1, (uint32_t)key.len - 1 });
	pack_str(k, "used_percent");
	pack_text(k, read_text(&r));
	pack_str(k, "resets");
	pack_u64(k, read_uvar(&r));
	pack_str(k, "at");
	pack_u64(k, read_uvar(&r));
}

int
notes_pack_windows(struct store_txn *txn, struct packer *k)
{
	struct span keys[WINDOWS_MAX], vals[WINDOWS_MAX], key, val;
	struct store_cursor *c;
	uint32_t i, n = 0;
	int rc;

	rc = store_cursor_open(txn, TABLE_NOTES, &c);
	if (rc != 0)
		return rc;
	rc = store_seek(c, (struct span){ "w", 1 }, &key, &val);
	while (rc == 0 && n < WINDOWS_MAX) {
		keys[n] = key;
		vals[n++] = val;
		rc = store_next(c, &key, &val);
	}
	store_cursor_close(c);
	if (rc < 0)
		return rc;
	pack_array(k, n);
	for (i = 0; i < n; i++)
		pack_window(k, keys[i], vals[i]);
	return 0;
}

/* "quota/NAME/RESETS": told once before it is emptied again. */
int
notes_tell_window(
    struct store_txn *txn, int64_t now_ms, const struct window_note *w)
{
	struct notice n = { .kind = NOTICE_QUOTA,
		.level = NOTICE_WARN,
		.subject = w->name,
		.to_ms = w->resets_ms,
		.is_tokens = true, /* percent: no money */
		.limit = 100 };
	char id[LIMIT_TEXT + 40];
	money_sum used;
	int rc;

	if (money_parse_sum(w->used_percent.p, w->used_percent.len, &used) !=
		0 ||
	    used < (money_sum)QUOTA_TELL_PERCENT * MONEY_USD ||
	    used > (money_sum)1000 * MONEY_USD || w->resets_ms <= now_ms)
		return 0;
	n.spent = used / MONEY_USD;
	n.level = n.spent >= 100 ? NOTICE_LIMIT : NOTICE_WARN;
	n.id = (struct text){ id,
		(uint32_t)snprintf(id, sizeof(id), "quota/%.*s/%lld/%s",
		    (int)w->name.len, w->name.p,
		    (long long)w->resets_ms / MINUTE_MS,
		    notice_level_names[n.level]) };
	rc = notice_make(txn, now_ms, &n);
	return rc < 0 ? rc : 0;
}

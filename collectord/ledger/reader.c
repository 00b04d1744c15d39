#include "collectord/ledger/reader.h"

#include <stdlib.h>

#include "collectord/ledger/ids.h"
#include "proto/error.h"

int
reader_begin(struct writer *r, struct ledger *l)
{
	*r = (struct writer){ .store = l->store,
		.key = l->writer.key,
		.machine = l->writer.machine,
		.recent_sessions = &l->recent_sessions };
	r->watch.cal = l->writer.watch.cal;
	interner_init(&r->interner, &r->key);
	return store_begin(l->store, false, &r->txn);
}

void
reader_end(struct writer *r)
{
	writer_release(r);
}

void
reader_event(const struct record *rec, struct event *ev)
{
	event_init(ev);
	memcpy(ev->text, rec->m.text, sizeof(ev->text));
	memcpy(ev->count, rec->m.count, sizeof(ev->count));
	ev->ts_ms = rec->m.ts_ms;
	ev->has_cost = rec->m.has_cost;
	ev->cost_pico = rec->m.cost_pico;
	ev->rank = rec->m.rank;
	ev->is_void = rec->m.is_void;
	ev->running = event_running_place(ev->text[EV_MESSAGE], NULL, NULL);
	ev->copied = rec->m.stamp[EV_MESSAGE].standing >> 2 & 1;
}

static int
add_number(void *arg, uint64_t number)
{
	struct session_calls *c = arg;
	size_t cap = c->cap == 0 ? 64 : c->cap * 2;
	uint64_t *grown;

	if (c->n == c->cap) {
		grown = realloc(c->numbers, cap * sizeof(*grown));
		if (grown == NULL)
			return -ERR_STORE;
		c->numbers = grown;
		c->cap = cap;
	}
	c->numbers[c->n++] = number;
	return 0;
}

static int
compare_numbers(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void
make_unique(struct session_calls *c)
{
	size_t i, n = 0;

	if (c->n > 1)
		qsort(c->numbers, c->n, sizeof(*c->numbers), compare_numbers);
	for (i = 0; i < c->n; i++)
		if (n == 0 || c->numbers[n - 1] != c->numbers[i])
			c->numbers[n++] = c->numbers[i];
	c->n = n;
}

int
reader_seek(struct store_cursor *c, uint64_t *number, struct span *val)
{
	struct span key;
	uint8_t buf[8];
	struct wbuf w;
	uint64_t forward;
	int rc;

	for (;;) {
		wbuf_init(&w, buf, sizeof(buf));
		write_be64(&w, *number);
		key = wbuf_span(&w);
		rc = store_find(c, key, val);
		if (rc != 0)
			return rc == STORE_NOTFOUND ? -ERR_STORE : rc;
		if (!record_forward(*val, &forward))
			return 0;
		/* A forward leads to an older number, so this ends. */
		if (forward >= *number)
			return -ERR_STORE;
		*number = forward;
	}
}

static int
see_texts(struct writer *r, const struct record *rec, struct reader_texts *seen)
{
	bool knew = seen->is_known;
	int rc = 0;

	seen->is_known = false;
	if (!knew || seen->dims != rec->dims)
		rc = dims_texts(r->txn, rec->dims, seen->texts, NULL);
	/* The machine is in both and the same. */
	if (rc == 0 && (!knew || seen->session != rec->session))
		rc = session_texts(r->txn, rec->session, seen->texts);
	seen->dims = rec->dims;
	seen->session = rec->session;
	seen->is_known = rc == 0;
	return rc;
}

int
reader_load(struct writer *r, struct store_cursor *c, uint64_t *number,
    struct reader_texts *seen, struct record *rec)
{
	struct span val;
	int rc = reader_seek(c, number, &val);

	if (rc == 0 && !record_read(val, rec))
		rc = -ERR_STORE;
	if (rc != 0 || rec->is_pruned)
		return rc;
	rc = see_texts(r, rec, seen);
	if (rc == 0)
		record_fill(rec, seen->texts);
	return rc;
}

/* The numbers are in order, which makes each step to the next a short one. */
static int
resolve(struct writer *r, struct session_calls *calls)
{
	struct store_cursor *c;
	struct span val;
	bool moved = false;
	uint64_t was;
	size_t i;
	int rc = store_cursor_open(r->txn, TABLE_EVENTS, &c);

	for (i = 0; rc == 0 && i < calls->n; i++) {
		was = calls->numbers[i];
		rc = reader_seek(c, &calls->numbers[i], &val);
		moved = moved || calls->numbers[i] != was;
	}
	store_cursor_close(c);
	if (moved)
		make_unique(calls);
	return rc;
}

/* A session's keys are one range of the ids. */
static int
list_keys(
    struct writer *r, uint64_t high, size_t most, struct session_calls *calls)
{
	struct store_cursor *c;
	struct span k, v;
	uint8_t buf[8];
	struct rbuf b;
	struct wbuf w;
	int rc;

	wbuf_init(&w, buf, sizeof(buf));
	write_be64(&w, high);
	rc = store_cursor_open(r->txn, TABLE_IDS, &c);
	if (rc != 0)
		return rc;
	rc = store_seek(c, wbuf_span(&w), &k, &v);
	while (rc == 0 && k.len >= 8 && memcmp(k.p, buf, 8) == 0) {
		rbuf_init(&b, v);
		rc = calls->n < most ? add_number(calls, read_be64(&b))
				     : READER_TOO_LONG;
		if (rc == 0)
			rc = store_next(c, &k, &v);
	}
	store_cursor_close(c);
	return rc == STORE_NOTFOUND ? 0 : rc;
}

int
reader_session_numbers(struct writer *r, struct text machine,
    struct text session, size_t most, struct session_calls *calls)
{
	struct text texts[EV_TEXTS] = { { 0 } };
	struct id id;
	int rc;

	*calls = (struct session_calls){ 0 };
	rc = session_find(r->txn, &r->key, machine, session, &calls->id);
	if (rc != 0)
		return rc;
	texts[EV_MACHINE] = machine;
	texts[EV_SESSION] = session;
	texts[EV_MESSAGE] = TEXT("x");
	id_of_key(&id, &r->key, texts);
	rc = list_keys(r, id.high, most, calls);
	/* And those whose ids are not in the table yet. */
	if (rc == 0)
		rc = recent_sessions_each(
		    r->recent_sessions, r->txn, calls->id, add_number, calls);
	make_unique(calls);
	return rc;
}

int
reader_session_calls(struct writer *r, struct text machine, struct text session,
    struct session_calls *calls)
{
	int rc = reader_session_numbers(r, machine, session, SIZE_MAX, calls);

	return rc == 0 ? resolve(r, calls) : rc;
}

/* The session of the call that changed last. */
static int
find_last(
    struct writer *r, size_t most, struct text *machine, struct text *session)
{
	struct store_cursor *c;
	struct span k, v;
	struct record rec;
	struct rbuf b;
	uint64_t number;
	int rc;

	rc = store_cursor_open(r->txn, TABLE_LOG, &c);
	if (rc != 0)
		return rc;
	rc = store_last(c, &k, &v);
	while (rc == 0) {
		rbuf_init(&b, v);
		number = read_be64(&b);
		rc = writer_load(r, &number, &rec);
		if (rc == 0 && !rec.is_pruned && !rec.m.is_void) {
			*machine = rec.m.text[EV_MACHINE];
			*session = rec.m.text[EV_SESSION];
			break;
		}
		arena_clear(&r->arena);
		if (rc == 0)
			rc = most-- > 0 ? store_prev(c, &k, &v)
					: READER_TOO_LONG;
	}
	store_cursor_close(c);
	return rc;
}

/* The newest session of that name of any machine. */
static int
find_elsewhere(
    struct writer *r, size_t most, struct text *machine, struct text session)
{
	struct text texts[EV_TEXTS];
	uint32_t id;
	int rc;

	rc = intern_count(r->txn, TABLE_SESSIONS, &id);
	while (rc == 0 && id-- > 0) {
		rc = session_texts(r->txn, id, texts);
		if (rc == 0 && text_eq(texts[EV_SESSION], session)) {
			*machine = arena_text(&r->arena, texts[EV_MACHINE]);
			return 0;
		}
		if (rc == 0 && most-- == 0)
			rc = READER_TOO_LONG;
	}
	return rc == 0 ? STORE_NOTFOUND : rc;
}

int
reader_find_session(
    struct writer *r, size_t most, struct text *machine, struct text *session)
{
	uint32_t id;
	int rc;

	if (text_is(*session, "last"))
		return find_last(r, most, machine, session);
	if (machine->len > 0)
		return session_find(r->txn, &r->key, *machine, *session, &id);
	rc = session_find(r->txn, &r->key, r->machine, *session, &id);
	if (rc == STORE_NOTFOUND)
		return find_elsewhere(r, most, machine, *session);
	*machine = r->machine;
	return rc;
}

#include "collectord/ledger/sources.h"

#include <stdlib.h>

#include "proto/error.h"
#include "proto/limits.h"

#define SOURCE_BYTES_MAX (3 * (LIMIT_TEXT + 2) + 20)

bool
source_read(struct span val, struct source_note *note)
{
	struct rbuf r;

	rbuf_init(&r, val);
	note->last_ms = (int64_t)read_uvar(&r);
	note->sights = read_uvar(&r);
	note->machine = read_text(&r);
	note->agent = read_text(&r);
	note->source = read_text(&r);
	return !r.failed;
}

static void
write_texts(struct wbuf *w, const struct source_note *note)
{
	write_text(w, note->machine);
	write_text(w, note->agent);
	write_text(w, note->source);
}

static int
apply(const struct source_note *note, struct store_txn *txn,
    const struct digest_key *key)
{
	uint8_t texts[SOURCE_BYTES_MAX], bytes[SOURCE_BYTES_MAX], kbytes[8];
	struct source_note old = { 0 };
	struct wbuf t, k, w;
	struct span val;
	int rc;

	wbuf_init(&t, texts, sizeof(texts));
	write_texts(&t, note);
	wbuf_init(&k, kbytes, sizeof(kbytes));
	write_be64(&k, digest64(key, t.p, t.len));
	rc = store_get(txn, TABLE_SOURCES, wbuf_span(&k), &val);
	if (rc < 0)
		return rc;
	if (rc == 0 && !source_read(val, &old))
		return -ERR_STORE;
	wbuf_init(&w, bytes, sizeof(bytes));
	write_uvar(&w, (uint64_t)(note->last_ms > old.last_ms ? note->last_ms
							      : old.last_ms));
	write_uvar(&w, old.sights + note->sights);
	write_bytes(&w, t.p, t.len);
	return store_put(txn, TABLE_SOURCES, wbuf_span(&k), wbuf_span(&w));
}

int
sources_apply(
    struct sources *s, struct store_txn *txn, const struct digest_key *key)
{
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < s->n; i++)
		rc = apply(&s->notes[i], txn, key);
	s->n = 0;
	return rc;
}

static struct source_note *
find(struct sources *s, const struct event *ev)
{
	struct source_note *it;

	for (it = s->notes; it < s->notes + s->n; it++)
		if (text_eq(it->source, ev->text[EV_SOURCE]) &&
		    text_eq(it->agent, ev->text[EV_AGENT]) &&
		    text_eq(it->machine, ev->text[EV_MACHINE]))
			return it;
	return NULL;
}

int
sources_note(struct sources *s, struct store_txn *txn,
    const struct digest_key *key, const struct event *ev, int64_t now_ms)
{
	struct source_note *it = find(s, ev);
	int rc;

	if (it == NULL) {
		if (s->notes == NULL)
			s->notes = calloc(SOURCE_NOTES_MAX, sizeof(*s->notes));
		if (s->notes == NULL)
			return -ERR_STORE;
		rc = s->n < SOURCE_NOTES_MAX ? 0 : sources_apply(s, txn, key);
		if (rc != 0)
			return rc;
		it = &s->notes[s->n++];
		*it = (struct source_note){ .machine = ev->text[EV_MACHINE],
			.agent = ev->text[EV_AGENT],
			.source = ev->text[EV_SOURCE] };
	}
	it->sights++;
	it->last_ms = now_ms;
	return 0;
}

void
sources_clear(struct sources *s)
{
	s->n = 0;
}

void
sources_release(struct sources *s)
{
	free(s->notes);
	*s = (struct sources){ 0 };
}

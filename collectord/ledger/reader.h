/*
 * Reading beside the writer: a transaction of its own, with what it takes to
 * load whole records and groups. Nothing can be saved through it.
 */
#ifndef LEDGER_READER_H
#define LEDGER_READER_H

#include "collectord/ledger/impl.h"

/* A writer whose transaction only reads. 0 or a store error. */
int reader_begin(struct writer *r, struct ledger *l);
void reader_end(struct writer *r); /* also after a failed begin */

/* The record as the sight that would make it. Texts are borrowed. */
void reader_event(const struct record *rec, struct event *ev);

/*
 * The stored record of a number, with c of TABLE_EVENTS; forwards are followed
 * and *number is where they led.
 */
int reader_seek(struct store_cursor *c, uint64_t *number, struct span *val);

/* The interned texts seen last, where the map has them. Starts zeroed. */
struct reader_texts {
	bool is_known;
	uint32_t dims, session;
	struct text texts[EV_TEXTS];
};

/*
 * As writer_load, with c of TABLE_EVENTS: texts point into the map, which only
 * a reader may do, and are good until its end. A pruned record stays unfilled.
 */
int reader_load(struct writer *r, struct store_cursor *c, uint64_t *number,
    struct reader_texts *seen, struct record *rec);

struct session_calls {
	uint32_t id;
	uint64_t *numbers; /* owned: free() */
	size_t n, cap;
};

/* What was looked at is as much as was allowed. */
enum { READER_TOO_LONG = STORE_NOTFOUND + 1 };

/*
 * The numbers of all calls that have an id in that session, forwards not
 * followed, each once, in order. STORE_NOTFOUND where nothing was heard of it,
 * READER_TOO_LONG where its ids are more than `most`.
 */
int reader_session_numbers(struct writer *r, struct text machine,
    struct text session, size_t most, struct session_calls *calls);
/* All of them, and where forwards lead. */
int reader_session_calls(struct writer *r, struct text machine,
    struct text session, struct session_calls *calls);
/*
 * Which session is meant: "last" is the one heard last, and without a machine
 * our own comes first. Texts are in the reader's arena. READER_TOO_LONG where
 * `most` entries looked at are not enough.
 */
int reader_find_session(
    struct writer *r, size_t most, struct text *machine, struct text *session);

#endif

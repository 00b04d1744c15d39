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

struct session_calls {
	uint32_t id;
	uint64_t *numbers; /* owned: free() */
	size_t n, cap;
};

/*
 * The numbers of all calls that have an id in that session, forwards followed,
 * each once, in order of number. STORE_NOTFOUND where nothing was heard of it.
 */
int reader_session_calls(struct writer *r, struct text machine,
    struct text session, struct session_calls *calls);
/*
 * Which session is meant: "last" is the one heard last, and without a machine
 * our own comes first. Texts are in the reader's arena.
 */
int reader_find_session(
    struct writer *r, struct text *machine, struct text *session);

#endif

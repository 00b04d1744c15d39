/*
 * One decoded `put`: what a client asked, what was refused of it, and, once
 * the ledger has committed it, what became of the rest.
 */
#ifndef PROTO_PUT_H
#define PROTO_PUT_H

#include "proto/event.h"

/* An importer's place in one file: opaque bytes under a name. */
struct cursor {
	struct text name;  /* at most LIMIT_TEXT */
	struct text value; /* at most LIMIT_CURSOR_BYTES; empty deletes */
};

struct put_reject {
	uint32_t index; /* the event's place in the request */
	struct error error;
};

struct put {
	struct event *events; /* the valid ones; texts point into `bytes` */
	size_t nevents;
	struct cursor *cursors;
	size_t ncursors;
	struct put_reject *rejects;
	size_t nrejects;
	void *bytes; /* owned copy of the request's bytes */
	/* Filled by ledger_put: */
	uint32_t stored;    /* calls seen for the first time */
	uint32_t merged;    /* known calls that this put changed */
	uint32_t unchanged; /* known calls it told nothing new about */
};

/* Frees what it owns; NULL is fine. */
void put_free(struct put *p);

#endif

/*
 * Methods of the wire that the ledger answers by itself, besides put and
 * report: one row each, so that whoever moves bytes need not know them.
 *
 * A method is stepped until it is done. Those that write are stepped on the
 * writer's thread, between puts, and each step is short (a transaction of some
 * thousand records at most); the others on any thread beside it.
 */
#ifndef LEDGER_METHODS_H
#define LEDGER_METHODS_H

#include "collectord/ledger/ledger.h"

enum { METHOD_FAILED = -1, METHOD_DONE = 0, METHOD_AGAIN = 1 };

struct ledger_call {
	struct ledger *ledger;
	struct wire_cursor params; /* borrowed; lives until the call ended */
	struct packer *result;     /* one whole value after METHOD_DONE */
	struct error error;        /* after METHOD_FAILED */
	void *state;               /* the method's own between its steps */
	uint64_t owner; /* who asks; never 0, and no other's while it lives */
	bool is_brief;  /* METHOD_AGAIN rather than a long step */
};

struct ledger_method {
	const char *name;
	bool writes;
	bool is_logged; /* it changes what reports say: worth a line */
	/*
	 * Mostly a matter of a moment. With is_brief its first step packs the
	 * whole result or keeps nothing.
	 */
	bool is_short;
	int (*step)(struct ledger_call *c);
	/* Frees state where the caller gives up early; NULL: there is none. */
	void (*cancel)(struct ledger_call *c);
};

/* NULL where the ledger has no such method. */
const struct ledger_method *ledger_method_find(struct text name);

#endif

/*
 * One sight of a call applied to the store: the call is found by any of its ids
 * or made, merged, linked with a second call that shares an id, and what it
 * adds to the sums is kept exact.
 */
#ifndef LEDGER_APPLY_H
#define LEDGER_APPLY_H

#include "collectord/ledger/writer.h"

enum { APPLY_STORED, APPLY_MERGED, APPLY_UNCHANGED };

/* APPLY_*, or a negative error code: the transaction must then be aborted. */
int apply_sight(struct writer *w, const struct event *ev);

#endif

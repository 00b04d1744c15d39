/*
 * After very many calls came at once: what of them gathered in memory
 * (recent.h) goes to the tables when there is time for it, so that a start and
 * a session's listing are soon as quick as ever.
 */
#ifndef LEDGER_DRAIN_H
#define LEDGER_DRAIN_H

#include "collectord/ledger/ledger.h"

/* Grows with every transaction of a load; from 1 where one was cut short. Any
 * thread. */
uint64_t ledger_loads(const struct ledger *l);
/*
 * A step, on the writer's thread. begins: no load is under way any more. 1:
 * there is more to do; 0: not, or a new load began; or a negative error code.
 */
int ledger_drain(struct ledger *l, bool begins);

#endif

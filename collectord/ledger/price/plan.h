/*
 * Which calls a subscription covers where they do not say: a list of agents,
 * "claude-code, codex/work", each with an account or for all of them. Both may
 * be globs; case does not matter.
 */
#ifndef LEDGER_PLAN_H
#define LEDGER_PLAN_H

#include "proto/text.h"

bool plan_covers(struct text list, struct text agent, struct text account);

#endif

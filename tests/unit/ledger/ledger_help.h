/*
 * Ledgers on a real store, each in a directory of its own. What goes wrong here
 * fails the test that is running.
 */
#ifndef TESTS_UNIT_LEDGER_HELP_H
#define TESTS_UNIT_LEDGER_HELP_H

#include "collectord/ledger/audit.h"
#include "collectord/ledger/ledger.h"

/* Makes the directory; its name ends in XXXXXX and becomes another. */
void help_dir(char *dir);
struct ledger *help_open(const struct ledger_options *opt);
/* Closes it and removes the directory. */
void help_end(struct ledger *l, const char *dir);

/* What was stored, merged and unchanged. */
struct put help_put(struct ledger *l, struct event *evs, size_t n);
/* Calls a method as the daemon does, to its end; params is packed. */
void help_call(struct ledger *l, const char *method,
    const struct packer *params, struct packer *result);
/* A number in what a method answered. */
uint64_t help_u64(const struct packer *result, const char *name);
/* The stored sums must be those that the stored calls give. */
struct audit help_audit(struct ledger *l, const char *when);

#endif

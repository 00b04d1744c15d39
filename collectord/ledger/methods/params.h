/*
 * Parameters of the ledger's methods, and the ends of a call.
 */
#ifndef LEDGER_PARAMS_H
#define LEDGER_PARAMS_H

#include "collectord/ledger/methods/methods.h"

/* {NULL, 0} where it is absent; false and an error where it is no text. */
bool param_text(struct ledger_call *c, const char *name, struct text *t);
/* dflt where it is absent. */
bool param_u64(
    struct ledger_call *c, const char *name, uint64_t dflt, uint64_t *v);
bool param_bool(struct ledger_call *c, const char *name, bool *v);

/* METHOD_FAILED with that error, for `return`. */
int method_fail(struct ledger_call *c, enum error_code code, const char *field,
    const char *message);
/* The same for what the store said; STORE_NOTFOUND becomes not_found. */
int method_store_error(struct ledger_call *c, int rc);

#endif

/*
 * As much of TOML as the settings of agents need: strings in tables. Nothing is
 * checked; what is not understood is passed over.
 */
#ifndef IMPORT_AGENTS_TOML_H
#define IMPORT_AGENTS_TOML_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The value of a key that is a string, in the table [a.b] or [a."b"]; a NULL is
 * before any table. It is cut to cap with its NUL. False: there is none.
 */
bool toml_string(const char *text, const char *a, const char *b,
    const char *key, char *out, size_t cap);

#endif

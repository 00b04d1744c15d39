/*
 * Every text for people goes through _( ), whole sentences and no fragments;
 * N_( ) marks one in a table, which is then put through _( ) where it is
 * printed. JSON, CSV and option names never do.
 */
#ifndef CLIENTS_TEXT_LANG_H
#define CLIENTS_TEXT_LANG_H

#include <stdio.h>

#include "proto/lang.h"

/*
 * What others say of a request or an event in English, on the wire or in JSON,
 * for a person: error_set's messages and the daemon's. Written to buf, or
 * message itself where it is not known.
 */
const char *lang_said(const char *message, char *buf, size_t cap);

/* Writes text and blanks to that many columns at least. */
void lang_pad(FILE *f, const char *text, size_t columns);

#endif

/*
 * Texts for people go through _( ) of proto/lang.h; this is for those that
 * come from elsewhere or stand in columns.
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

/*
 * Bytes of what stands on one line whatever happens: a word, or a wide
 * character with the marks that belong to it.
 */
size_t lang_piece(const char *s);

/* Writes text and blanks to that many columns at least. */
void lang_pad(FILE *f, const char *text, size_t columns);

#endif

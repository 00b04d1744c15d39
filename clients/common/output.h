/*
 * What programs print: JSON and CSV writers and the errors' one line. Output
 * goes to stdio; output_finish says whether all of it arrived.
 */
#ifndef CLIENTS_OUTPUT_H
#define CLIENTS_OUTPUT_H

#include <stdarg.h>
#include <stdio.h>

#include "proto/money.h"
#include "proto/text.h"

/* "tt-send: what, where": one line on stderr; control bytes escaped. */
void complain(const char *program, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The same for those who have taken arguments of their own. */
void vcomplain(const char *program, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

/* A JSON string with its quotes; invalid UTF-8 becomes U+FFFD. */
void json_put_text(FILE *f, struct text t);
void json_put_str(FILE *f, const char *s);

/*
 * A CSV or TSV cell. CSV quotes by RFC 4180 and defuses cells that begin with
 * = + - @ by quoting them with a leading apostrophe; TSV replaces tabs and line
 * ends by spaces.
 */
void csv_put_text(FILE *f, char separator, struct text t);

/* Flushes stdout. -1 after one line when it could not be written (a closed
 * pipe is silent). */
int output_finish(const char *program);

#endif

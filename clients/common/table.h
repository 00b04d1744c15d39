/*
 * A table of texts for people, drawn by libsmartcols when it is printed and
 * not before; nothing is cut where that is not installed. Cells are copied;
 * control characters and what is not UTF-8 come out as "?", so that no name can
 * steer a terminal. No memory: the program says so and exits 5, as nothing
 * useful can be printed then.
 */
#ifndef CLIENTS_TABLE_H
#define CLIENTS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "proto/text.h"

struct table;

enum {
	TABLE_RIGHT = 1, /* numbers */
	TABLE_TRUNC = 2  /* may be cut where the table is too wide */
};

struct table *table_new(void);
void table_free(struct table *t); /* NULL is fine */
/* All columns come before the first cell; name is borrowed. */
void table_column(struct table *t, const char *name, unsigned flags);
/* The next cell, row after row. */
void table_text(struct table *t, struct text cell);
void table_str(struct table *t, const char *cell);
/* Terminal columns it needs; 0 with no column. */
size_t table_width(const struct table *t);
/*
 * Draws it in at most `width` terminal columns (0: as wide as it is) as far as
 * cutting TABLE_TRUNC columns allows. -1 when it could not be printed.
 */
int table_print(struct table *t, FILE *f, size_t width, bool bold_header);

/* One text outside of a table, cleaned in the same way. */
void table_put_clean(FILE *f, struct text t);

/* The same to out, cut to fit; for sentences that have a name in them. */
void table_clean(struct text t, char *out, size_t cap);

/* The columns that output to f has: 0 for no bound, as in a pipe. */
size_t table_output_width(FILE *f);

enum table_color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER, COLOR_BAD };
/* "auto" or NULL, "always", "never". */
enum table_color table_color_parse(const char *s);
/* auto: a terminal, and NO_COLOR is not set. */
bool table_color_wanted(enum table_color c, FILE *f);

#endif

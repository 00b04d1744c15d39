/*
 * What a table holds: for table.c, which fills it, and for whoever draws it.
 * table_print is in table_draw.c and in table_static.c; a program links one.
 */
#ifndef CLIENTS_TABLE_IMPL_H
#define CLIENTS_TABLE_IMPL_H

#include "clients/common/table.h"

#define TABLE_COLUMNS_MAX 32
#define TABLE_GAP "  "
#define TABLE_BOLD "\033[1m"

struct table_head {
	const char *name;
	unsigned flags;
	size_t width;
};

struct table {
	struct table_head head[TABLE_COLUMNS_MAX];
	size_t ncols;
	char **cells; /* owned; row after row */
	size_t n, cap;
};

/* Without a library: columns are padded and nothing is cut. */
int table_print_plain(const struct table *t, FILE *f, bool bold_header);

#endif

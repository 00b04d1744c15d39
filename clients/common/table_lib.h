/*
 * libsmartcols, loaded when the first table is drawn: that takes as long as a
 * process takes to start, and a status line, a session or JSON has no table.
 */
#ifndef CLIENTS_TABLE_LIB_H
#define CLIENTS_TABLE_LIB_H

#include <libsmartcols/libsmartcols.h>

/* Those we use, by their names without the scols_. */
#define TABLE_LIB_FUNCTIONS(X)                                                 \
	X(new_table)                                                           \
	X(unref_table)                                                         \
	X(print_table)                                                         \
	X(table_set_stream)                                                    \
	X(table_set_column_separator)                                          \
	X(table_enable_colors)                                                 \
	X(table_set_termforce)                                                 \
	X(table_set_termwidth)                                                 \
	X(table_new_column)                                                    \
	X(column_get_header)                                                   \
	X(cell_set_color)                                                      \
	X(table_new_line)                                                      \
	X(line_set_data)

struct table_lib {
#define MEMBER(name) __typeof__(scols_##name) *name;
	TABLE_LIB_FUNCTIONS(MEMBER)
#undef MEMBER
};

/* 0, or -1: it is not installed. It stays in memory. */
int table_lib_load(struct table_lib *lib);

#endif

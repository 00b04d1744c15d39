#include "clients/common/table_impl.h"

#include <libsmartcols/libsmartcols.h>

static int
add_columns(struct libscols_table *tb, const struct table *t, bool bold)
{
	struct libscols_column *cl;
	size_t i;
	int flags;

	for (i = 0; i < t->ncols; i++) {
		flags = t->head[i].flags & TABLE_RIGHT ? SCOLS_FL_RIGHT : 0;
		if (t->head[i].flags & TABLE_TRUNC)
			flags |= SCOLS_FL_TRUNC;
		cl = scols_table_new_column(tb, t->head[i].name, 0, flags);
		if (cl == NULL)
			return -1;
		if (bold && scols_cell_set_color(
				scols_column_get_header(cl), TABLE_BOLD) != 0)
			return -1;
	}
	return 0;
}

static int
add_cells(struct libscols_table *tb, const struct table *t)
{
	struct libscols_line *ln = NULL;
	size_t i;

	for (i = 0; i < t->n; i++) {
		if (i % t->ncols == 0)
			ln = scols_table_new_line(tb, NULL);
		if (ln == NULL ||
		    scols_line_set_data(ln, i % t->ncols, t->cells[i]) != 0)
			return -1;
	}
	return 0;
}

static int
set_up(struct libscols_table *tb, FILE *f, size_t width, bool bold)
{
	int rc = 0;

	rc |= scols_table_set_stream(tb, f);
	rc |= scols_table_set_column_separator(tb, TABLE_GAP);
	rc |= scols_table_enable_colors(tb, bold);
	rc |= scols_table_set_termforce(
	    tb, width > 0 ? SCOLS_TERMFORCE_ALWAYS : SCOLS_TERMFORCE_NEVER);
	if (width > 0)
		rc |= scols_table_set_termwidth(tb, width);
	return rc;
}

int
table_print(struct table *t, FILE *f, size_t width, bool bold_header)
{
	struct libscols_table *tb;
	int rc = -1;

	if (t->n == 0)
		return 0;
	tb = scols_new_table();
	if (tb == NULL)
		return -1;
	if (set_up(tb, f, width, bold_header) == 0 &&
	    add_columns(tb, t, bold_header) == 0 && add_cells(tb, t) == 0 &&
	    scols_print_table(tb) == 0)
		rc = 0;
	scols_unref_table(tb);
	return rc;
}

/* table_print with libsmartcols, where it is installed. */
#include "clients/common/table_impl.h"
#include "clients/common/table_lib.h"

/* One being drawn. */
struct drawing {
	struct table_lib lib;
	struct libscols_table *tb;
};

static int
add_column(struct drawing *d, const struct table_head *h, bool bold)
{
	struct libscols_column *cl;
	int flags = h->flags & TABLE_RIGHT ? SCOLS_FL_RIGHT : 0;

	if (h->flags & TABLE_TRUNC)
		flags |= SCOLS_FL_TRUNC;
	cl = d->lib.table_new_column(d->tb, h->name, 0, flags);
	if (cl == NULL)
		return -1;
	return bold ? d->lib.cell_set_color(
			  d->lib.column_get_header(cl), TABLE_BOLD)
		    : 0;
}

static int
add_columns(struct drawing *d, const struct table *t, bool bold)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < t->ncols; i++)
		rc = add_column(d, &t->head[i], bold);
	return rc;
}

static int
add_cells(struct drawing *d, const struct table *t)
{
	struct libscols_line *ln = NULL;
	size_t i;

	for (i = 0; i < t->n; i++) {
		if (i % t->ncols == 0)
			ln = d->lib.table_new_line(d->tb, NULL);
		if (ln == NULL ||
		    d->lib.line_set_data(ln, i % t->ncols, t->cells[i]) != 0)
			return -1;
	}
	return 0;
}

static int
set_up(struct drawing *d, FILE *f, size_t width, bool bold)
{
	int rc = 0;

	rc |= d->lib.table_set_stream(d->tb, f);
	rc |= d->lib.table_set_column_separator(d->tb, TABLE_GAP);
	rc |= d->lib.table_enable_colors(d->tb, bold);
	rc |= d->lib.table_set_termforce(
	    d->tb, width > 0 ? SCOLS_TERMFORCE_ALWAYS : SCOLS_TERMFORCE_NEVER);
	if (width > 0)
		rc |= d->lib.table_set_termwidth(d->tb, width);
	return rc;
}

int
table_print(struct table *t, FILE *f, size_t width, bool bold_header)
{
	struct drawing d;
	int rc = -1;

	if (t->n == 0)
		return 0;
	if (table_lib_load(&d.lib) != 0)
		return table_print_plain(t, f, bold_header);
	d.tb = d.lib.new_table();
	if (d.tb == NULL)
		return -1;
	if (set_up(&d, f, width, bold_header) == 0 &&
	    add_columns(&d, t, bold_header) == 0 && add_cells(&d, t) == 0 &&
	    d.lib.print_table(d.tb) == 0)
		rc = 0;
	d.lib.unref_table(d.tb);
	return rc;
}

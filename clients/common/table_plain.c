#include "clients/common/table_impl.h"
#include "proto/lang.h"

#define TABLE_PLAIN "\033[0m"

static void
put_cell(FILE *f, const struct table_head *h, const char *cell, bool is_last)
{
	size_t width = lang_width(cell, strlen(cell));
	size_t pad = h->width > width ? h->width - width : 0;

	if (h->flags & TABLE_RIGHT)
		fprintf(f, "%*s%s", (int)pad, "", cell);
	else
		fprintf(f, "%s%*s", cell, is_last ? 0 : (int)pad, "");
	fputs(is_last ? "\n" : TABLE_GAP, f);
}

static void
put_head(FILE *f, const struct table *t, bool bold)
{
	for (size_t i = 0; i < t->ncols; i++) {
		if (bold)
			fputs(TABLE_BOLD, f);
		put_cell(f, &t->head[i], t->head[i].name, i + 1 == t->ncols);
		if (bold)
			fputs(TABLE_PLAIN, f);
	}
}

int
table_print_plain(const struct table *t, FILE *f, bool bold_header)
{
	if (t->n == 0)
		return 0;
	put_head(f, t, bold_header);
	for (size_t i = 0; i < t->n; i++)
		put_cell(f, &t->head[i % t->ncols], t->cells[i],
		    (i + 1) % t->ncols == 0);
	return ferror(f) ? -1 : 0;
}

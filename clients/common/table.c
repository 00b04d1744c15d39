#include "clients/common/table_impl.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "clients/common/client.h"
#include "proto/lang.h"

#define TABLE_WIDTH_DEFAULT 80
#define TABLE_WIDTH_MAX 10000

static void *
must(void *p)
{
	if (p != NULL)
		return p;
	fputs(_("no memory for a table\n"), stderr);
	exit(EXIT_SYSTEM);
}

/*
 * Names are UTF-8 whatever the locale, and their widths need one that knows it.
 * Loading one takes longer than the rest of a report, so it waits until there
 * is a name that is not ASCII; what is drawn later then knows it too.
 */
static void
use_locale(void)
{
	if (MB_CUR_MAX > 1)
		return;
	setlocale(LC_CTYPE, "");
	if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		setlocale(LC_CTYPE, "C.UTF-8");
}

struct table *
table_new(void)
{
	return must(calloc(1, sizeof(struct table)));
}

void
table_free(struct table *t)
{
	size_t i;

	if (t == NULL)
		return;
	for (i = 0; i < t->n; i++)
		free(t->cells[i]);
	free(t->cells);
	free(t);
}

/* Marks that turn the direction of text could show one name as another. */
static bool
turns_text(wchar_t c)
{
	return c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069);
}

/* One character of t: its length, and its width or -1. */
static size_t
measure(struct text t, uint32_t at, int *width)
{
	mbstate_t state = { 0 };
	unsigned char first = (unsigned char)t.p[at];
	wchar_t c;
	size_t n;

	*width = first < 0x20 || first >= 0x7f ? -1 : 1;
	if (first < 0x80)
		return 1;
	use_locale();
	n = mbrtowc(&c, t.p + at, t.len - at, &state);
	if (n == 0 || n > t.len - at)
		return 1;
	*width = turns_text(c) ? -1 : wcwidth(c);
	return n;
}

/* Copies what is printable; the rest becomes "?". Returns the width. */
static size_t
copy_printable(char *out, struct text t)
{
	size_t width = 0, n;
	uint32_t at;
	int w;

	for (at = 0; at < t.len; at += (uint32_t)n) {
		n = measure(t, at, &w);
		if (w < 0)
			*out++ = '?';
		else
			out = (char *)memcpy(out, t.p + at, n) + n;
		width += w < 0 ? 1 : (size_t)w;
	}
	*out = '\0';
	return width;
}

void
table_column(struct table *t, const char *name, unsigned flags)
{
	struct text text = text_of(name);
	size_t width;
	char *copy;

	if (t->ncols == TABLE_COLUMNS_MAX || t->n > 0)
		return;
	copy = must(malloc((size_t)text.len + 1));
	width = copy_printable(copy, text);
	free(copy);
	t->head[t->ncols++] = (struct table_head){ name, flags, width };
}

static void
make_room(struct table *t)
{
	if (t->n < t->cap)
		return;
	t->cap = t->cap == 0 ? 64 : t->cap * 2;
	t->cells = must(realloc(t->cells, t->cap * sizeof(*t->cells)));
}

void
table_text(struct table *t, struct text cell)
{
	struct table_head *h;
	size_t width;
	char *copy;

	if (t->ncols == 0)
		return;
	make_room(t);
	h = &t->head[t->n % t->ncols];
	copy = must(malloc((size_t)cell.len + 1));
	width = copy_printable(copy, cell);
	if (width > h->width)
		h->width = width;
	t->cells[t->n++] = copy;
}

void
table_str(struct table *t, const char *cell)
{
	table_text(t, text_of(cell));
}

void
table_put_clean(FILE *f, struct text t)
{
	char *copy = must(malloc((size_t)t.len + 1));

	copy_printable(copy, t);
	fputs(copy, f);
	free(copy);
}

void
table_clean(struct text t, char *out, size_t cap)
{
	char *copy = must(malloc((size_t)t.len + 1));

	copy_printable(copy, t);
	snprintf(out, cap, "%s", copy);
	free(copy);
}

size_t
table_width(const struct table *t)
{
	size_t i, sum = 0;

	for (i = 0; i < t->ncols; i++)
		sum += t->head[i].width + (i > 0 ? strlen(TABLE_GAP) : 0);
	return sum;
}

size_t
table_output_width(FILE *f)
{
	const char *columns = getenv("COLUMNS");
	struct winsize ws;
	long n = 0;

	if (!isatty(fileno(f)))
		return 0;
	if (columns != NULL)
		n = strtol(columns, NULL, 10);
	if (n > 0 && n <= TABLE_WIDTH_MAX)
		return (size_t)n;
	if (ioctl(fileno(f), TIOCGWINSZ, &ws) == 0 && ws.ws_col > 0)
		return ws.ws_col;
	return TABLE_WIDTH_DEFAULT;
}

enum table_color
table_color_parse(const char *s)
{
	static const char *const names[] = { "auto", "always", "never" };
	int i;

	for (i = 0; s != NULL && i < COLOR_BAD; i++)
		if (strcmp(s, names[i]) == 0)
			return (enum table_color)i;
	return s == NULL ? COLOR_AUTO : COLOR_BAD;
}

bool
table_color_wanted(enum table_color c, FILE *f)
{
	const char *no = getenv("NO_COLOR");

	if (c != COLOR_AUTO)
		return c == COLOR_ALWAYS;
	return (no == NULL || no[0] == '\0') && isatty(fileno(f));
}

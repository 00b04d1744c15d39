#include "clients/setup/toml_edit.h"

#include <stdio.h>
#include <string.h>

#include "proto/lang.h"
#include "proto/text.h"

#define KEY "notify"
#define OUR_NAME "tt-import"
#define OURS_MAX 4          /* elements that are ours */
#define KEPT (OURS_MAX + 1) /* and the one behind them */
#define NEST_MAX 64

static const char *const our_args[] = { "--hook", "codex", "--" };

/* A walk through the text. */
struct walk {
	const char *p, *end;
	bool bad;
};

/* What it finds of the key at the top level; offsets into the text. */
struct found {
	bool is_there, is_list;
	size_t line, line_end; /* the whole line, its end included */
	size_t open, close;    /* the list's brackets */
	struct text item[KEPT];
	size_t begin[KEPT]; /* of the items, quotes included */
	size_t n;           /* items; no more than KEPT are kept */
	bool all_texts;     /* each of them is a string */
	size_t top_end;     /* after the last line of the top level */
};

static void
skip_blank(struct walk *w, bool lines)
{
	while (w->p < w->end) {
		if (*w->p == '#')
			while (w->p < w->end && *w->p != '\n')
				w->p++;
		else if (*w->p == ' ' || *w->p == '\t' || *w->p == '\r' ||
			 (lines && *w->p == '\n'))
			w->p++;
		else
			return;
	}
}

static bool
starts(const struct walk *w, const char *s)
{
	size_t n = strlen(s);

	return (size_t)(w->end - w->p) >= n && memcmp(w->p, s, n) == 0;
}

/* Past a string of either kind; its text without the quotes. */
static struct text
skip_string(struct walk *w)
{
	char quote = *w->p;
	bool basic = quote == '"';
	size_t n = starts(w, basic ? "\"\"\"" : "'''") ? 3 : 1;
	const char *from = w->p += n, *close = basic ? "\"\"\"" : "'''";

	while (w->p < w->end) {
		if (basic && *w->p == '\\') {
			w->p += w->end - w->p > 1 ? 2 : 1;
			continue;
		}
		if (n == 1 && *w->p == '\n')
			break;
		if (n == 1 ? *w->p == quote : starts(w, close)) {
			w->p += n;
			/* Up to two quotes may stand before the three. */
			while (n == 3 && w->p < w->end && *w->p == quote)
				w->p++;
			return (struct text){ from,
				(uint32_t)(w->p - from - (ptrdiff_t)n) };
		}
		w->p++;
	}
	w->bad = true;
	return (struct text){ NULL, 0 };
}

/* Past a value that is no string and no list: a number, a word, a date. */
static void
skip_word(struct walk *w, bool nested)
{
	const char *from = w->p;

	while (w->p < w->end && strchr("\n#", *w->p) == NULL &&
	       (!nested || strchr(",]}=", *w->p) == NULL)) {
		if (strchr("\"'[]{}=", *w->p) != NULL)
			break;
		w->p++;
	}
	w->bad = w->bad || w->p == from;
}

/* Past a list or an inline table, whatever is nested in it. */
static void
skip_box(struct walk *w)
{
	char stack[NEST_MAX];
	size_t n = 0;

	do {
		skip_blank(w, true);
		if (w->p == w->end || n == NEST_MAX)
			w->bad = true;
		else if (*w->p == '[' || *w->p == '{')
			stack[n++] = *w->p++ == '[' ? ']' : '}';
		else if (*w->p == ']' || *w->p == '}')
			w->bad = stack[--n] != *w->p++;
		else if (*w->p == '"' || *w->p == '\'')
			skip_string(w);
		else if (*w->p == ',' || *w->p == '=')
			w->p++;
		else
			skip_word(w, true);
	} while (n > 0 && !w->bad);
}

static void
skip_value(struct walk *w)
{
	skip_blank(w, false);
	if (w->p == w->end)
		w->bad = true;
	else if (*w->p == '"' || *w->p == '\'')
		skip_string(w);
	else if (*w->p == '[' || *w->p == '{')
		skip_box(w);
	else
		skip_word(w, false);
}

/* A key, dotted or not; is it the one we look for? */
static bool
skip_key(struct walk *w)
{
	const char *from;
	struct text name = { NULL, 0 };
	bool dotted = false;

	for (;;) {
		from = w->p;
		if (w->p < w->end && (*w->p == '"' || *w->p == '\'')) {
			name = skip_string(w);
		} else {
			while (w->p < w->end &&
			       strchr(" \t\r\n=.#\"'[]{},", *w->p) == NULL)
				w->p++;
			name = (struct text){ from, (uint32_t)(w->p - from) };
			w->bad = w->bad || name.len == 0;
		}
		skip_blank(w, false);
		if (w->bad || w->p == w->end || *w->p != '.')
			break;
		dotted = true;
		w->p++;
		skip_blank(w, false);
	}
	return !dotted && text_is(name, KEY);
}

/* The elements of the list at w, which is known to be well formed. */
static void
take_items(struct walk w, const char *text, struct found *f)
{
	struct text item;
	size_t begin;

	f->all_texts = true;
	w.p++;
	for (;;) {
		skip_blank(&w, true);
		while (*w.p == ',') {
			w.p++;
			skip_blank(&w, true);
		}
		if (w.p >= text + f->close)
			return;
		begin = (size_t)(w.p - text);
		if (*w.p != '"' && *w.p != '\'') {
			f->all_texts = false;
			return;
		}
		item = skip_string(&w);
		if (f->n < KEPT) {
			f->item[f->n] = item;
			f->begin[f->n] = begin;
		}
		f->n++;
	}
}

/* One "key = value" line; what stands behind it must be the line's end. */
static void
take_line(struct walk *w, const char *text, bool top, struct found *f)
{
	const char *line = w->p, *value;
	bool ours = skip_key(w) && top;

	if (w->bad || w->p == w->end || *w->p++ != '=') {
		w->bad = true;
		return;
	}
	skip_blank(w, false);
	value = w->p;
	skip_value(w);
	if (w->bad)
		return;
	if (ours) {
		w->bad = f->is_there;
		f->is_there = true;
		f->is_list = *value == '[';
		f->line = (size_t)(line - text);
		f->open = (size_t)(value - text);
		f->close = (size_t)(w->p - text) - 1;
		if (f->is_list)
			take_items((struct walk){ .p = value, .end = w->end },
			    text, f);
	}
	skip_blank(w, false);
	if (w->p < w->end && *w->p++ != '\n')
		w->bad = true;
	if (ours)
		f->line_end = (size_t)(w->p - text);
	if (top)
		f->top_end = (size_t)(w->p - text);
}

/* "[table]" or "[[table]]". */
static void
take_header(struct walk *w)
{
	size_t n = starts(w, "[[") ? 2 : 1;

	w->p += n;
	skip_blank(w, false);
	skip_key(w);
	if (!starts(w, n == 2 ? "]]" : "]")) {
		w->bad = true;
		return;
	}
	w->p += n;
	skip_blank(w, false);
	if (w->p < w->end && *w->p != '\n')
		w->bad = true;
}

static int
scan(const struct page *page, struct found *f, char *why, size_t cap)
{
	const char *text = page_text(page), *p, *item = text;
	struct walk w = { .p = text, .end = text + page->len };
	size_t line = 1;
	bool top = true;

	*f = (struct found){ .n = 0 };
	if (starts(&w, "\xef\xbb\xbf"))
		w.p += 3;
	f->top_end = (size_t)(w.p - text);
	for (skip_blank(&w, true); w.p < w.end && !w.bad;
	     skip_blank(&w, true)) {
		item = w.p;
		if (*w.p == '[') {
			top = false;
			take_header(&w);
		} else {
			take_line(&w, text, top, f);
		}
		if (w.bad)
			break;
	}
	if (!w.bad)
		return 0;
	for (p = text; p < item; p++)
		line += *p == '\n';
	snprintf(why, cap, _("line %zu: not plain TOML"), line);
	return -1;
}

/* How many of the first elements are ours: 0, 3, or 4 with "--". */
static size_t
count_ours(const struct found *f)
{
	size_t len = strlen(OUR_NAME), n = 0;
	struct text t = f->item[0];

	if (!f->is_list || f->n < 3 || t.len < len ||
	    memcmp(t.p + t.len - len, OUR_NAME, len) != 0 ||
	    (t.len > len && t.p[t.len - len - 1] != '/'))
		return 0;
	while (n < 3 && n + 1 < f->n && text_is(f->item[n + 1], our_args[n]))
		n++;
	return n < 2 ? 0 : n + 1;
}

static const char *
newline_of(const struct page *text)
{
	const char *nl = strchr(page_text(text), '\n');

	return nl != NULL && nl > text->p && nl[-1] == '\r' ? "\r\n" : "\n";
}

static void
put_ours(struct page *out, const char *program)
{
	page_puts(out, "\"");
	page_puts(out, program);
	page_puts(out, "\", \"--hook\", \"codex\"");
}

/* A line of its own behind those of the top level. */
static void
add_line(struct page *text, const struct found *f, const char *program)
{
	struct page out = { .p = NULL };
	const char *nl = newline_of(text);
	bool open_end = f->top_end > 0 &&
			page_text(text)[f->top_end - 1] != '\n' &&
			page_text(text)[f->top_end - 1] != '\xbf';

	if (open_end)
		page_puts(&out, nl);
	page_puts(&out, KEY " = [");
	put_ours(&out, program);
	page_puts(&out, "]");
	if (!open_end)
		page_puts(&out, nl);
	page_splice(text, f->top_end, 0, page_text(&out), out.len);
	text->failed = text->failed || out.failed;
	page_free(&out);
}

int
toml_edit_notify(struct page *text, const char *program, char *why, size_t cap)
{
	struct page out = { .p = NULL };
	struct found f;
	size_t ours;

	if (scan(text, &f, why, cap) != 0)
		return -1;
	if (!f.is_there) {
		add_line(text, &f, program);
		return 0;
	}
	if (!f.is_list || !f.all_texts) {
		snprintf(why, cap, _("\"%s\" is not a list of texts"), KEY);
		return -1;
	}
	ours = count_ours(&f);
	if (ours > 0 && text_is(f.item[0], program))
		return 0;
	if (ours > 0 && toml_edit_remove(text, why, cap) < 0)
		return -1;
	if (ours > 0)
		return toml_edit_notify(text, program, why, cap);
	put_ours(&out, program);
	if (f.n > 0)
		page_puts(&out, ", \"--\", ");
	page_splice(text, f.n > 0 ? f.begin[0] : f.open + 1, 0, page_text(&out),
	    out.len);
	text->failed = text->failed || out.failed;
	page_free(&out);
	return 0;
}

/* The line goes with its end, or with the end of the one before it. */
static void
cut_line(struct page *text, const struct found *f)
{
	size_t from = f->line, to = f->line_end;

	if (to > from && text->p[to - 1] != '\n' && from > 0) {
		from--;
		from -= from > 0 && text->p[from - 1] == '\r';
	}
	page_splice(text, from, to - from, "", 0);
}

int
toml_edit_remove(struct page *text, char *why, size_t cap)
{
	struct found f;
	size_t ours;

	if (scan(text, &f, why, cap) != 0)
		return -1;
	ours = count_ours(&f);
	if (ours == 0)
		return 0;
	if (f.n == ours)
		cut_line(text, &f);
	else
		page_splice(
		    text, f.begin[0], f.begin[ours] - f.begin[0], "", 0);
	return 1;
}

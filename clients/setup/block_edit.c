#include "clients/setup/block_edit.h"

#include <stdio.h>
#include <string.h>

#include "proto/lang.h"

/* The line that begins with these bytes, from `from` on, or NULL. */
static const char *
find_line(const char *from, const char *text, const char *begin)
{
	const char *p = from;

	while ((p = strstr(p, begin)) != NULL) {
		if (p == text || p[-1] == '\n')
			return p;
		p++;
	}
	return NULL;
}

int
block_edit_add(struct page *text, const char *block, char *why, size_t cap)
{
	size_t len = strlen(block);
	bool open_end;

	if (text->len != strlen(page_text(text))) {
		snprintf(why, cap, _("not a text: it has a zero byte"));
		return -1;
	}
	if (len > 0 && block[len - 1] == '\n')
		len--;
	if (text->len >= len &&
	    memmem(page_text(text), text->len, block, len) != NULL)
		return 0;
	open_end = text->len > 0 && text->p[text->len - 1] != '\n';
	if (open_end)
		page_puts(text, "\n");
	page_put(text, block, len);
	if (!open_end)
		page_puts(text, "\n");
	return 0;
}

/* "key = value" at p, with blanks anywhere. */
static bool
is_key(const char *p, const char *key)
{
	size_t len = strlen(key);

	p += strspn(p, " \t");
	if (strncmp(p, key, len) != 0)
		return false;
	p += len + strspn(p + len, " \t");
	return *p == '=' || *p == ':';
}

bool
block_edit_has_key(const struct page *text, const char *key)
{
	const char *p = page_text(text);

	while (p != NULL && !is_key(p, key)) {
		p = strchr(p, '\n');
		p += p != NULL;
	}
	return p != NULL;
}

/* One past the block's last line, its end included; 0: it does not end. */
static size_t
end_of_block(const struct page *text, const char *begin)
{
	const char *p = find_line(begin, text->p, BLOCK_END);
	size_t line;

	if (p == NULL)
		return 0;
	line = strcspn(p, "\n");
	return (size_t)(p - text->p) + line + (p[line] == '\n');
}

int
block_edit_remove(struct page *text, char *why, size_t cap)
{
	const char *p = page_text(text), *begin;
	size_t from, to;
	int n = 0;

	while ((begin = find_line(p, p, BLOCK_BEGIN)) != NULL) {
		from = (size_t)(begin - p);
		to = end_of_block(text, begin);
		if (to == 0) {
			snprintf(why, cap, _("the block \"%s\" has no end"),
			    BLOCK_BEGIN);
			return -1;
		}
		if (p[to - 1] != '\n' && from > 0)
			from--;
		page_splice(text, from, to - from, "", 0);
		p = page_text(text);
		n++;
	}
	return n;
}

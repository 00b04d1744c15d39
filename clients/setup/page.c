#include "clients/setup/page.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAP 256

void
page_free(struct page *t)
{
	free(t->p);
	*t = (struct page){ .p = NULL };
}

const char *
page_text(const struct page *t)
{
	return t->p == NULL ? "" : t->p;
}

/* Makes room for more bytes and the NUL. */
static bool
reserve(struct page *t, size_t more)
{
	size_t cap = t->cap == 0 ? FIRST_CAP : t->cap;
	char *p;

	if (t->failed)
		return false;
	while (cap - t->len <= more)
		cap *= 2;
	p = cap == t->cap ? t->p : realloc(t->p, cap);
	if (p == NULL) {
		t->failed = true;
		return false;
	}
	t->p = p;
	t->cap = cap;
	return true;
}

void
page_splice(struct page *t, size_t at, size_t del, const char *ins, size_t len)
{
	if (!reserve(t, len))
		return;
	memmove(t->p + at + len, t->p + at + del, t->len - at - del);
	if (len > 0)
		memcpy(t->p + at, ins, len);
	t->len = t->len - del + len;
	t->p[t->len] = '\0';
}

void
page_put(struct page *t, const char *bytes, size_t len)
{
	page_splice(t, t->len, 0, bytes, len);
}

void
page_puts(struct page *t, const char *s)
{
	page_put(t, s, strlen(s));
}

void
page_set(struct page *t, const char *bytes, size_t len)
{
	page_splice(t, 0, t->len, bytes, len);
}

bool
page_equal(const struct page *a, const struct page *b)
{
	return a->len == b->len &&
	       memcmp(page_text(a), page_text(b), a->len) == 0;
}

/*
 * A text in the making: grows, remembers failure, and is always followed by a
 * NUL. Zero is the empty text.
 */
#ifndef SETUP_PAGE_H
#define SETUP_PAGE_H

#include <stdbool.h>
#include <stddef.h>

struct page {
	char *p; /* NULL: nothing was ever put */
	size_t len, cap;
	bool failed; /* out of memory: what is there is worth nothing */
};

void page_free(struct page *t);
/* The text, never NULL. */
const char *page_text(const struct page *t);
void page_put(struct page *t, const char *bytes, size_t len);
void page_puts(struct page *t, const char *s);
/* A copy, over whatever was there. */
void page_set(struct page *t, const char *bytes, size_t len);
/* Replaces del bytes at `at`; ins lies outside of the page. */
void page_splice(
    struct page *t, size_t at, size_t del, const char *ins, size_t len);
bool page_equal(const struct page *a, const struct page *b);

#endif

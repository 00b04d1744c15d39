/*
 * Borrowed text: bytes and a length, not NUL-terminated. {NULL, 0} is absent.
 */
#ifndef PROTO_TEXT_H
#define PROTO_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct text {
	const char *p;
	uint32_t len;
};

#define TEXT(literal) ((struct text){ (literal), sizeof(literal) - 1 })

static inline struct text
text_of(const char *s)
{
	return (struct text){ s, s == NULL ? 0 : (uint32_t)strlen(s) };
}

static inline bool
text_eq(struct text a, struct text b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

static inline bool
text_is(struct text a, const char *s)
{
	return text_eq(a, text_of(s));
}

/* Byte order, a prefix before what it begins. */
int text_cmp(struct text a, struct text b);
/* Valid UTF-8 without control characters (C0, DEL, C1). */
bool text_is_clean(struct text t);
/*
 * Case-insensitive (ASCII): with any of * ? [ the pattern is a glob over the
 * whole text, else a substring. An empty pattern matches only absent text. One
 * that begins with = is the whole text itself, case and all.
 */
bool text_matches(struct text t, struct text pattern);

#endif

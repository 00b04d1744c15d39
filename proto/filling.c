#include "proto/filling.h"

#include <string.h>

static const struct filling *
find(const struct filling *f, size_t n, struct text name)
{
	for (size_t i = 0; i < n; i++)
		if (text_is(name, f[i].name))
			return &f[i];
	return NULL;
}

/* The value of the place at s, "{name}", past which s is moved. */
static struct text
take_place(const char **s, const struct filling *f, size_t n)
{
	const char *end = strchr(*s, '}');
	struct text name;
	const struct filling *found = NULL;

	if (end != NULL) {
		name = (struct text){ *s + 1, (uint32_t)(end - *s - 1) };
		found = find(f, n, name);
	}
	if (found == NULL)
		return (struct text){ (*s)++, 1 };
	*s = end + 1;
	return found->value;
}

size_t
fill_sentence(
    const char *s, const struct filling *f, size_t n, char *buf, size_t cap)
{
	struct text piece;
	size_t len = 0;

	while (*s != '\0') {
		if (*s == '{') {
			piece = take_place(&s, f, n);
		} else {
			piece = (struct text){ s, (uint32_t)strcspn(s, "{") };
			s += piece.len;
		}
		if (piece.len >= cap - len)
			break;
		memcpy(buf + len, piece.p, piece.len);
		len += piece.len;
	}
	buf[len] = '\0';
	return len;
}

/*
 * Fast looks at many bytes: nearly all of a log is passed over unread.
 */
#ifndef IMPORT_FIND_H
#define IMPORT_FIND_H

#include <stddef.h>
#include <stdint.h>

/* A text to look for: at least two bytes, borrowed. */
struct needle {
	const char *p;
	size_t len;
	size_t at[2]; /* where its rarest bytes are, ascending */
};

/* One whose rare bytes, in ascending order, are known. */
#define NEEDLE(text, a, b)                                                     \
	{                                                                      \
		(text), sizeof(text) - 1,                                      \
		{                                                              \
			(a), (b)                                               \
		}                                                              \
	}

void needle_init(struct needle *n, const char *s);
/* Its first place in [p, end), or NULL. */
const char *needle_find(const struct needle *n, const char *p, const char *end);
/* How many line ends. */
uint64_t count_lines(const char *p, const char *end);

#endif

/* Sentences with places in them, "{name}", and what goes there. */
#ifndef PROTO_FILLING_H
#define PROTO_FILLING_H

#include "proto/text.h"

struct filling {
	const char *name;
	struct text value;
};

/*
 * Writes the sentence and a NUL; returns its length. A place that no filling
 * is for stays as it is, and so does one in a value. What does not fit is left
 * out from the first such piece on.
 */
size_t fill_sentence(
    const char *s, const struct filling *f, size_t n, char *buf, size_t cap);

#endif

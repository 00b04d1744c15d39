/*
 * A text that a reader keeps between lines: plain data, as the state of a file
 * has to be.
 */
#ifndef IMPORT_AGENTS_KEPT_H
#define IMPORT_AGENTS_KEPT_H

#include "proto/limits.h"
#include "proto/text.h"

struct kept {
	uint8_t len;
	char p[LIMIT_TEXT];
};

/* An absent text changes nothing. */
static inline void
kept_set(struct kept *k, struct text t)
{
	if (t.len == 0 || t.len > LIMIT_TEXT)
		return;
	memcpy(k->p, t.p, t.len);
	k->len = (uint8_t)t.len;
}

static inline struct text
kept_get(const struct kept *k)
{
	return (struct text){ k->len > 0 ? k->p : NULL, k->len };
}

#endif

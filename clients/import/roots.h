/*
 * Where an agent's logs may be. What agents call is in agent.h.
 */
#ifndef IMPORT_ROOTS_H
#define IMPORT_ROOTS_H

#include <stdbool.h>
#include <stddef.h>

/* Zero is a valid state. */
struct roots {
	char **paths; /* absolute where they can be, no slash at the end */
	size_t n, cap;
	char **kept; /* what roots_base gave out */
	size_t nkept, kept_cap;
	bool failed; /* no memory: some are missing */
};

void roots_release(struct roots *r);

#endif

/*
 * What the place of a log says: parts of its path, and small files beside it.
 */
#ifndef IMPORT_AGENTS_BESIDE_H
#define IMPORT_AGENTS_BESIDE_H

#include "proto/text.h"

/* What follows the last slash. */
struct text path_base(struct text path);
/* What is before it; absent where there is none. */
struct text path_dir(struct text path);
/* The base up to the first of ending, or all of it. */
struct text path_stem(struct text path, const char *ending);
bool path_ends(struct text path, const char *ending);

/*
 * All of dir/name with a NUL, for the caller to free. NULL where it cannot be
 * read or is too large to be a setting.
 */
char *beside_read(struct text dir, const char *name, size_t *len);

#endif

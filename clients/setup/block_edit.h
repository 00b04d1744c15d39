/*
 * A marked block in a file of lines, as shells read them at their start. The
 * block begins with a line that begins with BLOCK_BEGIN and ends with a line
 * that is BLOCK_END.
 */
#ifndef SETUP_BLOCK_EDIT_H
#define SETUP_BLOCK_EDIT_H

#include "clients/setup/page.h"

#define BLOCK_BEGIN "# >>> tt (by tt-setup)"
#define BLOCK_END "# <<< tt"

/* Puts the block, markers included, behind the text unless it is there. 0, or
 * -1 with why. */
int block_edit_add(struct page *text, const char *block, char *why, size_t cap);
/* Does a line of it, an INI file, give that key a value? */
bool block_edit_has_key(const struct page *text, const char *key);
/* Removes every such block. How many there were, or -1 with why. */
int block_edit_remove(struct page *text, char *why, size_t cap);

#endif

/*
 * The hooks of contrib/, which are part of the program: it needs nothing but
 * itself. In them @BINDIR@ stands for the directory of the programs.
 */
#ifndef SETUP_CONTRIB_H
#define SETUP_CONTRIB_H

#include "clients/setup/page.h"

/* Every file of contrib that is installed whole says so with this. */
#define CONTRIB_MARK "installed by tt-setup"

/* "hooks/opencode/tt.ts" below contrib/, or NULL. */
const char *contrib_find(const char *name);
/* The text with bindir in it. */
void contrib_expand(struct page *out, const char *text, const char *bindir);

#endif

/*
 * The notify program of Codex' config.toml: ours is put in front of the one
 * that is there, which it then calls, so that both hear of a turn. Splices as
 * in json_edit.h; a text whose strings, lists or lines do not fit is refused.
 */
#ifndef SETUP_TOML_EDIT_H
#define SETUP_TOML_EDIT_H

#include "clients/setup/page.h"

/*
 * Makes program, with the arguments "--hook" and "codex", the first to be told.
 * 0, or -1 with why and the text as it was.
 */
int toml_edit_notify(
    struct page *text, const char *program, char *why, size_t cap);
/* Takes it out, whatever its path. 1: it was there; 0: not; -1 with why. */
int toml_edit_remove(struct page *text, char *why, size_t cap);

#endif

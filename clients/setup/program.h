/* Other programs: where they are, and running one to its end. */
#ifndef SETUP_PROGRAM_H
#define SETUP_PROGRAM_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/* Along PATH. */
bool program_find(const char *name, char path[PATH_MAX]);
/*
 * The directory that we are in, which the hooks will name. -1 with why: not
 * known, or of a name that no shell, JSON or unit file could be trusted with.
 */
int program_own_dir(char dir[PATH_MAX], char *why, size_t cap);
/* Is it in that directory? */
bool program_is_in(const char *dir, const char *name);
/*
 * Runs it, without stdin, and with its stdout on our stderr or, if quiet,
 * without both. Its exit code; 128 + n by a signal, 127: it is not there.
 */
int program_run(const char *const *argv, bool quiet);

#endif

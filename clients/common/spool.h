/*
 * The spool: requests that no daemon took, one file each, for the daemon to
 * take in when it is back. A file that is there is whole and on stable storage.
 */
#ifndef CLIENTS_SPOOL_H
#define CLIENTS_SPOOL_H

#include <stddef.h>
#include <stdint.h>

/* A finished file; the daemon looks at no other. */
#define SPOOL_SUFFIX ".tt"

/*
 * Makes the directory and those above it, 0700, where they are missing, each on
 * stable storage. 0, or -1 with why.
 */
int spool_make_dir(const char *dir, char *why, size_t cap);
/*
 * Writes `<now_ms>-<pid>-<random>.tt` (0600) with these bytes, a packed put
 * request, and returns when it is on stable storage. 0, or -1 with why and
 * nothing left behind. A directory of somebody else is refused.
 */
int spool_write(const char *dir, int64_t now_ms, const void *bytes, size_t len,
    char *why, size_t cap);

#endif

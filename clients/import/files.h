/*
 * An import of just these logs, for hooks: silent, and over at a deadline.
 */
#ifndef IMPORT_FILES_H
#define IMPORT_FILES_H

#include <stddef.h>
#include <stdint.h>

/*
 * Reads what is new in the logs at these paths, absolute or not, of the agent
 * of that name on the command line. Writes nothing to stdout or stderr. The
 * deadline is monotonic ms (client_now_ms); what is not read by then is left
 * for another import. Starts the daemon where that is allowed. EXIT_OK when all
 * was read and is on stable storage, EXIT_NO when the deadline passed before,
 * EXIT_USAGE for an unknown agent or a path that is no log of it, else what
 * went wrong.
 */
int import_files(
    const char *agent, const char *const *paths, size_t n, int64_t deadline_ms);

#endif

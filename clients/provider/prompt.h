/* A line that is typed at the terminal, without echo. */
#ifndef CLIENTS_PROVIDER_PROMPT_H
#define CLIENTS_PROVIDER_PROMPT_H

#include <stddef.h>

/*
 * Asks at /dev/tty and reads one line to buf. Signals that come meanwhile take
 * effect once the terminal echoes again. Its length; -1 without a terminal or a
 * line; more than cap where it does not fit.
 */
long prompt_line(const char *question, char *buf, size_t cap);

#endif

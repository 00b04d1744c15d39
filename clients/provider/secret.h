/*
 * A key, on its way from where the user keeps it to the daemon. It stands in
 * one place of this process, is wiped from there, and no core dump, argument or
 * environment of a child ever has it.
 */
#ifndef CLIENTS_PROVIDER_SECRET_H
#define CLIENTS_PROVIDER_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#define SECRET_MAX 4096

/* Where it comes from; nothing: a prompt. */
struct secret_source {
	bool from_stdin;
	bool wants_prompt; /* said, and not only for want of another */
	const char *file, *command, *variable;
};

struct secret {
	char bytes[SECRET_MAX + 1];
	size_t len;
	bool is_taken;
};

/* No core dumps, no looking into this process; for children neither. */
void secret_guard(void);
/* How many sources are said. */
int secret_sources(const struct secret_source *src);
/*
 * Takes a key from the environment, where that is its source, and out of it, so
 * that no child inherits it. 0, or -1 with why.
 */
int secret_take_variable(
    struct secret *key, const struct secret_source *src, char *why, size_t cap);
/*
 * Takes it from any other source, unless it is taken. name is the account's,
 * for the prompt. 0, or -1 with why; never does why have any of the key.
 */
int secret_take(struct secret *key, const struct secret_source *src,
    const char *name, char *why, size_t cap);
void secret_wipe(struct secret *key);

#endif

/* What became of each target, and telling it. */
#ifndef SETUP_RESULT_H
#define SETUP_RESULT_H

#include "clients/setup/part.h"

#define SETUP_NAME "tt-setup"
#define RESULT_PARTS 4

struct result {
	const struct target *target;
	char dir[PATH_MAX];
	bool here;     /* the agent; of the service or setting: it may be */
	char why[256]; /* of the target as a whole, or "" */
	struct part_result parts[RESULT_PARTS];
	size_t n;
};

enum result_verb { RESULT_CHECK, RESULT_INSTALL, RESULT_UNINSTALL };

/* All parts that can be are installed, and in this version. */
bool result_is_hooked(const struct result *r);
bool result_is_refused(const struct result *r);
bool result_has_changed(const struct result *r);
/* For people: what could not be done, one line each on stderr. */
void result_complain(const struct result *r, enum result_verb verb);
/* And what is so, or was done, on stdout. */
void result_tell(const struct result *r, enum result_verb verb);
/* import is the exit code of the first import, -1: none ran. */
void result_json(
    const struct result *results, size_t n, enum result_verb verb, int import);

#endif

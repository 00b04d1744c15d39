/*
 * Providers by name: those that are built in, and those that the user describes
 * in a file of his own, DIR/NAME.ini (see providers/custom.h). A file is read
 * when somebody wants its provider, and anew once it has changed; who has taken
 * an older reading keeps that until he drops it.
 *
 * A definition says where a key goes, so a file that others could write is
 * refused.
 */
#ifndef JOBS_DEFINITIONS_H
#define JOBS_DEFINITIONS_H

#include "collectord/jobs/providers/provider.h"
#include "proto/places.h"

struct definition;

struct definitions {
	char dir[PLACES_PATH_MAX];
	struct definition *first; /* readings that somebody uses */
};

/* The directory need not be there. */
void definitions_init(struct definitions *d, const char *dir);
/*
 * The provider, which is to be dropped. NULL: why has one line that says what
 * is wrong, with the file and the line where it is a file's fault.
 */
const struct provider *definitions_take(
    struct definitions *d, const char *name, char *why, size_t cap);
/* Fine for NULL. */
void definitions_drop(struct definitions *d, const struct provider *p);
/*
 * Calls fn for each name there is: first those that are built in, then those of
 * files, in order. 0, or what fn answers but 0, which ends it.
 */
int definitions_each(const struct definitions *d,
    int (*fn)(void *arg, const char *name, bool is_file), void *arg);
/* NULL, or why a file of that name, which may be of any bytes, is not read. */
const char *definitions_judge_name(const char *name);

#endif

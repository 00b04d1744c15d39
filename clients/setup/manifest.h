/*
 * What tt-setup has changed: for each file the text that it had without us, and
 * how to know whether anybody has changed it since. Kept in the data directory
 * (setup/), texts beside it in files of their own, for nobody else to read.
 */
#ifndef SETUP_MANIFEST_H
#define SETUP_MANIFEST_H

#include "clients/setup/files.h"
#include "proto/places.h"

#define MANIFEST_MAX 64

struct manifest_entry {
	char *path;    /* as the target names it */
	bool existed;  /* before us; then there is a backup */
	uint64_t hash; /* of the text with us */
	unsigned made; /* directories that we made for it */
};

struct manifest {
	char dir[PATH_MAX];
	int lock_fd;
	struct manifest_entry entries[MANIFEST_MAX];
	size_t n;
};

/*
 * Reads it, and waits for the lock where it is to be changed. A manifest that
 * is not there is empty. -1 with why.
 */
int manifest_open(struct manifest *m, const struct places *p, bool change,
    char *why, size_t cap);
void manifest_close(struct manifest *m);
/* The entry, or NULL. */
struct manifest_entry *manifest_find(struct manifest *m, const char *path);
/* The text that the file had without us; empty where it was not there. */
int manifest_backup(const struct manifest *m, const struct manifest_entry *e,
    struct page *text, char *why, size_t cap);
/*
 * Keeps the text without us (NULL: there was no file) and the entry, on stable
 * storage, before the file is changed.
 */
int manifest_record(struct manifest *m, const char *path,
    const struct page *before, const struct page *after, unsigned made,
    char *why, size_t cap);
/* Forgets it, backup and all. */
int manifest_forget(
    struct manifest *m, const char *path, char *why, size_t cap);

#endif

/*
 * The files of provider accounts' keys, below <data>/keys: one for each, 0600,
 * with the key and the origin that it is bound to. Read when it is needed.
 *
 * A key that is replaced stands aside until the store knows of the new one, so
 * that a start after a kill can put it back.
 */
#ifndef JOBS_KEY_FILE_H
#define JOBS_KEY_FILE_H

#include "collectord/jobs/sync/provider_key.h"

/* What the store knows of an account's key; borrowed. */
struct key_file_owner {
	const char *origin, *mask;
};

/* 0, or -1 with why; texts say nothing of the key. */
int key_file_write(const char *dir, const char *name, struct text key,
    const char *origin, char *why, size_t cap);
/* The store knows of it: the one before is overwritten, then removed. */
void key_file_settle(const char *dir, const char *name);
/* Also -1 where the key is bound to another origin. */
int key_file_read(const char *dir, const char *name, const char *origin,
    char key[PROVIDER_KEY_MAX], char *why, size_t cap);
/* Overwritten, then removed. */
void key_file_remove(const char *dir, const char *name);
/*
 * At start: ends or undoes what a kill has cut off, and removes keys of no
 * account, for which find says false. What is not ours stays as it is.
 */
void key_file_tidy(const char *dir,
    bool (*find)(void *arg, const char *name, struct key_file_owner *owner),
    void *arg);

#endif

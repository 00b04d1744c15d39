/*
 * Keys of provider accounts: one file each below <data>/keys, 0600, with the
 * key and the origin ("https://api.openai.com") that it is bound to. Read when
 * it is needed; whoever has one wipes it.
 */
#ifndef JOBS_PROVIDER_KEY_H
#define JOBS_PROVIDER_KEY_H

#include <stddef.h>

#include "proto/text.h"

#define PROVIDER_KEY_MAX 1024
#define PROVIDER_ORIGIN_MAX 512
#define PROVIDER_MASK_MAX 16

/* 0, or -1 with why; texts say nothing of the key. */
int provider_key_write(const char *dir, const char *name, struct text key,
    const char *origin, char *why, size_t cap);
/* Also -1 where the key is bound to another origin. */
int provider_key_read(const char *dir, const char *name, const char *origin,
    char key[PROVIDER_KEY_MAX], char *why, size_t cap);
/* Overwritten, then removed. */
void provider_key_remove(const char *dir, const char *name);

/* Printable ASCII without spaces, of a length that can be one. */
bool provider_key_is_fine(struct text key);
/* "sk-…abcd". */
void provider_key_mask(struct text key, char buf[PROVIDER_MASK_MAX]);
/*
 * "https://host:port" of a URL, in small letters. -1: it has none, or one with
 * what does not belong there (a user).
 */
int provider_origin(const char *url, char buf[PROVIDER_ORIGIN_MAX]);

#endif

/*
 * Keys of provider accounts as texts, and the origin ("https://api.openai.com")
 * that each is bound to. Whoever has a key wipes it.
 */
#ifndef JOBS_PROVIDER_KEY_H
#define JOBS_PROVIDER_KEY_H

#include <stddef.h>

#include "proto/text.h"

#define PROVIDER_KEY_MAX 1024
#define PROVIDER_ORIGIN_MAX 512
#define PROVIDER_MASK_MAX 16

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

/*
 * Providers' keys: one file each, 0600, below keys/ of the data directory. What
 * is in one is never printed.
 */
#ifndef IMPORT_LEGACY_KEYS_H
#define IMPORT_LEGACY_KEYS_H

#include "clients/import/legacy/legacy_config.h"

#define KEY_NAME_MAX 128

enum key_result {
	KEY_WRITTEN,
	KEY_SAME,  /* it is there already */
	KEY_OTHER, /* another one is there, and stays */
	KEY_FAILED /* errno */
};

/* "openai", "openai-work": of what file names and options are made of. */
void legacy_key_name(const struct legacy_key *k, char name[KEY_NAME_MAX]);
/*
 * Writes it where no file of that name is, all of it or nothing; on stable
 * storage when it returns. Makes the directory, 0700.
 */
enum key_result legacy_key_write(
    const char *data_dir, const char *name, struct text key);

#endif

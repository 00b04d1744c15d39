/*
 * Files of others, read whole and replaced whole: whoever reads one meanwhile
 * sees the old text or the new one. Failures leave one line for people in why.
 */
#ifndef SETUP_FILES_H
#define SETUP_FILES_H

#include <limits.h>
#include <stdint.h>
#include <sys/stat.h>

#include "clients/setup/page.h"

struct file {
	char path[PATH_MAX]; /* where it really is, links followed */
	bool exists;
	struct stat st; /* as it was read */
	struct page text;
};

void file_release(struct file *f);
/*
 * Reads it; one that is not there is empty. -1: unreadable, no regular file, a
 * link to nothing, or larger than anybody's settings.
 */
int file_load(struct file *f, const char *path, char *why, size_t cap);
/*
 * Puts a text in its place, with the mode and the owner that it had, else with
 * mode; directories that are missing are made. -1: the file is as it was; one
 * that nobody may write, or that has changed since it was read, is refused.
 */
int file_store(const struct file *f, const struct page *text, mode_t mode,
    char *why, size_t cap);
/* How many directories around it are not there. */
unsigned file_missing_dirs(const struct file *f);
/* Removes it, and up to `made` directories around it that are empty. */
int file_remove(const struct file *f, unsigned made, char *why, size_t cap);
/* FNV-1a: tells whether a text is the one that it was. */
uint64_t file_hash(const char *bytes, size_t len);

#endif

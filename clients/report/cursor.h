/*
 * How far somebody has read the ledger: a revision in a small file that is
 * replaced whole, so that a crash leaves the old one or the new one.
 */
#ifndef REPORT_CURSOR_H
#define REPORT_CURSOR_H

#include <stddef.h>
#include <stdint.h>

/* 0 with *revision (0 where there is no file yet), or -1 with why. */
int cursor_read(const char *path, uint64_t *revision, char *why, size_t cap);
int cursor_write(const char *path, uint64_t revision, char *why, size_t cap);

#endif

/*
 * Compressed bytes of agents. The only door to libzstd.
 */
#ifndef IMPORT_UNPACK_H
#define IMPORT_UNPACK_H

#include <stddef.h>

/*
 * All zstd frames of data, at most max bytes when unpacked: what their headers
 * announce is not believed. *out is for the caller to free. 0; -1: damaged, cut
 * short, too large, or no memory.
 */
int unpack_zstd(
    const void *data, size_t len, size_t max, char **out, size_t *out_len);

#endif

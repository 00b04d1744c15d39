/*
 * Memory for libcurl that is wiped before it goes back: its copies of headers,
 * of what it sends and of what it reads have keys in them, and it frees them as
 * they are.
 */
#ifndef JOBS_HTTP_MEMORY_H
#define JOBS_HTTP_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* Services say a key back in errors, which are short: this much is wiped. */
#define HTTP_MEMORY_SHORT (64u << 10)

/* As those of the C library; what one gave any other may take. */
void *http_memory_alloc(size_t size);
void *http_memory_zeroed(size_t n, size_t size);
void *http_memory_resize(void *p, size_t size);
char *http_memory_copy(const char *text);
void http_memory_free(void *p);
/*
 * Makes a block larger, where it is smaller than need; false: it stays as it
 * is. Of what is moved the first HTTP_MEMORY_SHORT bytes are wiped.
 */
bool http_memory_reserve(void **p, size_t *cap, size_t need);

#endif

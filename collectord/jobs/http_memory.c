#include "collectord/jobs/http_memory.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

void *
http_memory_alloc(size_t size)
{
	return malloc(size);
}

void *
http_memory_zeroed(size_t n, size_t size)
{
	return calloc(n, size);
}

char *
http_memory_copy(const char *text)
{
	return strdup(text);
}

/* All of the block, which may have had longer texts before. */
void
http_memory_free(void *p)
{
	if (p != NULL)
		explicit_bzero(p, malloc_usable_size(p));
	free(p);
}

/* realloc() itself may move the block and leave what was in it. */
void *
http_memory_resize(void *p, size_t size)
{
	size_t old = p == NULL ? 0 : malloc_usable_size(p);
	void *q = malloc(size);

	if (q == NULL)
		return NULL;
	if (old > 0)
		memcpy(q, p, old < size ? old : size);
	http_memory_free(p);
	return q;
}

bool
http_memory_reserve(void **p, size_t *cap, size_t need)
{
	size_t more = *cap < HTTP_MEMORY_SHORT ? HTTP_MEMORY_SHORT : *cap;
	void *q;

	while (more < need)
		more *= 2;
	if (more == *cap)
		return true;
	q = *cap > HTTP_MEMORY_SHORT ? realloc(*p, more)
				     : http_memory_resize(*p, more);
	if (q == NULL)
		return false;
	*p = q;
	*cap = more;
	return true;
}

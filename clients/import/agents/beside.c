#include "clients/import/agents/beside.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BESIDE_MAX (256u << 10)

struct text
path_base(struct text path)
{
	const char *slash =
	    path.len > 0 ? memrchr(path.p, '/', path.len) : NULL;
	uint32_t skip = slash == NULL ? 0 : (uint32_t)(slash - path.p) + 1;

	return (struct text){ path.p + skip, path.len - skip };
}

struct text
path_dir(struct text path)
{
	uint32_t base = path_base(path).len;

	if (base >= path.len)
		return (struct text){ NULL, 0 };
	return (struct text){ path.p, path.len - base - 1 };
}

struct text
path_stem(struct text path, const char *ending)
{
	struct text base = path_base(path);
	const char *end =
	    base.len == 0 ? NULL
			  : memmem(base.p, base.len, ending, strlen(ending));

	if (end != NULL)
		base.len = (uint32_t)(end - base.p);
	return base;
}

bool
path_ends(struct text path, const char *ending)
{
	size_t n = strlen(ending);

	return path.len >= n && memcmp(path.p + path.len - n, ending, n) == 0;
}

static char *
read_all(FILE *f, size_t *len)
{
	char *p = malloc(BESIDE_MAX + 1);

	if (p == NULL)
		return NULL;
	*len = fread(p, 1, BESIDE_MAX + 1, f);
	if (ferror(f) || *len > BESIDE_MAX) {
		free(p);
		return NULL;
	}
	p[*len] = '\0';
	return p;
}

char *
beside_read(struct text dir, const char *name, size_t *len)
{
	char path[PATH_MAX];
	FILE *f;
	char *p;
	int n, fd;

	if (dir.len == 0)
		return NULL;
	n = snprintf(path, sizeof(path), "%.*s/%s", (int)dir.len, dir.p, name);
	if (n < 0 || (size_t)n >= sizeof(path))
		return NULL;
	/* Whatever it is, nothing is waited for. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	f = fd < 0 ? NULL : fdopen(fd, "r");
	if (f == NULL) {
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	p = read_all(f, len);
	fclose(f);
	return p;
}

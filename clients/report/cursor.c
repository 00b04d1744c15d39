#include "clients/report/cursor.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/lang.h"

static int
fail(const char *path, const char *what, char *why, size_t cap)
{
	snprintf(why, cap, "%.200s: %s", path, what);
	return -1;
}

int
cursor_read(const char *path, uint64_t *revision, char *why, size_t cap)
{
	char text[32], *end;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	*revision = 0;
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return fail(path, strerror(errno), why, cap);
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	errno = 0;
	*revision = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || errno != 0 ||
	    strspn(end, "\n") != strlen(end))
		return fail(path, _("is no cursor"), why, cap);
	return 0;
}

static int
write_new(const char *path, uint64_t revision)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%" PRIu64 "\n", revision);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int rc, err;

	if (fd < 0)
		return -1;
	rc = write(fd, text, (size_t)len) == len && fsync(fd) == 0 ? 0 : -1;
	err = errno;
	if (close(fd) != 0 && rc == 0)
		return -1;
	errno = err;
	return rc;
}

int
cursor_write(const char *path, uint64_t revision, char *why, size_t cap)
{
	char part[PATH_MAX];
	int n = snprintf(part, sizeof(part), "%s.new", path);

	if (n < 0 || (size_t)n >= sizeof(part))
		return fail(path, strerror(ENAMETOOLONG), why, cap);
	if (write_new(part, revision) == 0 && rename(part, path) == 0)
		return 0;
	fail(path, strerror(errno), why, cap);
	unlink(part);
	return -1;
}

#include "clients/common/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/lang.h"
#include "proto/places.h"

#define NAME_LEN 80

static int say(char *why, size_t cap, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static int
say(char *why, size_t cap, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, cap, fmt, ap);
	va_end(ap);
	return -1;
}

/* A new name is only sure to stay when its directory has been synced. */
static int
sync_parent(const char *path)
{
	char parent[PLACES_PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t len = slash == NULL ? 0 : (size_t)(slash - path);
	int fd, rc;

	memcpy(parent, path, len);
	parent[len] = '\0';
	if (len == 0)
		memcpy(parent, slash == NULL ? "." : "/", 2);
	fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	rc = fsync(fd);
	close(fd);
	return rc;
}

static int
make_one(const char *path)
{
	if (mkdir(path, 0700) != 0)
		return errno == EEXIST ? 0 : -1;
	return sync_parent(path);
}

int
spool_make_dir(const char *dir, char *why, size_t cap)
{
	char path[PLACES_PATH_MAX];
	size_t len = strlen(dir), i;

	if (len >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return say(
		    why, cap, _("cannot make %s: %s"), dir, strerror(errno));
	}
	memcpy(path, dir, len + 1);
	for (i = 1; i <= len; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		path[i] = '\0';
		if (make_one(path) != 0)
			return say(why, cap, _("cannot make %s: %s"), path,
			    strerror(errno));
		path[i] = i < len ? '/' : '\0';
	}
	return 0;
}

static int
open_dir(const char *dir, char *why, size_t cap)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
	struct stat st;
	int fd = open(dir, flags);

	if (fd < 0 && errno == ENOENT) {
		if (spool_make_dir(dir, why, cap) != 0)
			return -1;
		fd = open(dir, flags);
	}
	if (fd < 0)
		return say(
		    why, cap, _("cannot open %s: %s"), dir, strerror(errno));
	if (fstat(fd, &st) == 0 && st.st_uid == geteuid())
		return fd;
	snprintf(why, cap, _("%s is not ours"), dir);
	close(fd);
	return -1;
}

static int
write_all(int fd, const char *p, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = write(fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

/* The file under its first name, whole and synced. */
static int
write_file(int dirfd, const char *name, const void *bytes, size_t len)
{
	int fd = openat(dirfd, name,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int rc, err;

	if (fd < 0)
		return -1;
	rc = write_all(fd, bytes, len);
	if (rc == 0)
		rc = fsync(fd);
	err = errno;
	if (close(fd) != 0 && rc == 0)
		return -1;
	errno = err;
	return rc;
}

/* Whoever comes after must not see half a file, nor one that may vanish. */
static int
write_and_rename(int dirfd, const char *stem, const void *bytes, size_t len)
{
	char temporary[NAME_LEN + 8], name[NAME_LEN + 8];
	int err;

	snprintf(temporary, sizeof(temporary), "%s.tmp", stem);
	snprintf(name, sizeof(name), "%s" SPOOL_SUFFIX, stem);
	if (write_file(dirfd, temporary, bytes, len) == 0 &&
	    renameat(dirfd, temporary, dirfd, name) == 0 && fsync(dirfd) == 0)
		return 0;
	err = errno;
	unlinkat(dirfd, temporary, 0);
	unlinkat(dirfd, name, 0);
	errno = err;
	return -1;
}

int
spool_write(const char *dir, int64_t now_ms, const void *bytes, size_t len,
    char *why, size_t cap)
{
	char stem[NAME_LEN];
	uint64_t random;
	int dirfd, rc;

	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return say(why, cap, _("no random bytes for %s: %s"), dir,
		    strerror(errno));
	dirfd = open_dir(dir, why, cap);
	if (dirfd < 0)
		return -1;
	snprintf(stem, sizeof(stem), "%013" PRId64 "-%ld-%016" PRIx64, now_ms,
	    (long)getpid(), random);
	rc = write_and_rename(dirfd, stem, bytes, len);
	if (rc != 0)
		say(why, cap, _("cannot write to %s: %s"), dir,
		    strerror(errno));
	close(dirfd);
	return rc;
}

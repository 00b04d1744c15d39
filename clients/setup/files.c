#include "clients/setup/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/lang.h"

#define FILE_BYTES_MAX (4u << 20)

void
file_release(struct file *f)
{
	page_free(&f->text);
}

static int
fail(const char *what, char *why, size_t cap)
{
	snprintf(why, cap, "%s: %s", what, strerror(errno));
	return -1;
}

/* The path with links followed, of a file that may not be there. */
static int
resolve(struct file *f, const char *path, char *why, size_t cap)
{
	struct stat st;

	if (realpath(path, f->path) != NULL)
		return 0;
	if (errno != ENOENT)
		return fail(path, why, cap);
	if (lstat(path, &st) == 0) {
		snprintf(why, cap, _("%s: a link to nothing"), path);
		return -1;
	}
	if (strlen(path) < sizeof(f->path)) {
		memcpy(f->path, path, strlen(path) + 1);
		return 0;
	}
	errno = ENAMETOOLONG;
	return fail(path, why, cap);
}

static int
read_all(struct file *f, int fd, char *why, size_t cap)
{
	char buf[8192];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(f->path, why, cap);
		page_put(&f->text, buf, (size_t)n);
		if (f->text.failed || f->text.len > FILE_BYTES_MAX) {
			errno = EFBIG;
			return fail(f->path, why, cap);
		}
	}
	return 0;
}

int
file_load(struct file *f, const char *path, char *why, size_t cap)
{
	int fd, rc = -1;

	*f = (struct file){ .exists = false };
	if (resolve(f, path, why, cap) != 0)
		return -1;
	fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return errno == ENOENT ? 0 : fail(f->path, why, cap);
	if (fstat(fd, &f->st) != 0)
		fail(f->path, why, cap);
	else if (!S_ISREG(f->st.st_mode))
		snprintf(why, cap, _("%s: not a regular file"), f->path);
	else
		rc = read_all(f, fd, why, cap);
	close(fd);
	f->exists = rc == 0;
	return rc;
}

/* Makes what is missing of the directories around a path. */
static int
make_parents(const char *path, char *why, size_t cap)
{
	char dir[PATH_MAX];
	size_t i;

	for (i = 1; path[i] != '\0'; i++) {
		if (path[i] != '/')
			continue;
		memcpy(dir, path, i);
		dir[i] = '\0';
		if (mkdir(dir, 0755) != 0 && errno != EEXIST)
			return fail(dir, why, cap);
	}
	return 0;
}

static void
parent_of(const char *path, char dir[PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	size_t len = slash == NULL ? 0 : (size_t)(slash - path);

	memcpy(dir, path, len);
	dir[len] = '\0';
	if (len == 0)
		memcpy(dir, slash == NULL ? "." : "/", 2);
}

static void
sync_dir(const char *path)
{
	char dir[PATH_MAX];
	int fd;

	parent_of(path, dir);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

static int
write_all(int fd, const struct page *text)
{
	const char *p = page_text(text);
	size_t left = text->len;
	ssize_t n;

	while (left > 0) {
		n = write(fd, p, left);
		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0) {
			p += n;
			left -= (size_t)n;
		}
	}
	return fsync(fd);
}

/* Has it changed since it was read? Then our text is not what it should be. */
static bool
is_as_read(const struct file *f)
{
	struct stat st;

	if (stat(f->path, &st) != 0)
		return !f->exists && errno == ENOENT;
	return f->exists && st.st_ino == f->st.st_ino &&
	       st.st_dev == f->st.st_dev && st.st_size == f->st.st_size &&
	       st.st_mtim.tv_sec == f->st.st_mtim.tv_sec &&
	       st.st_mtim.tv_nsec == f->st.st_mtim.tv_nsec;
}

static int
fill_and_rename(const struct file *f, const struct page *text, mode_t mode,
    const char *temp, int fd, char *why, size_t cap)
{
	if (f->exists &&
	    (f->st.st_uid != geteuid() || f->st.st_gid != getegid()) &&
	    fchown(fd, f->st.st_uid, f->st.st_gid) != 0)
		return fail(f->path, why, cap);
	if (fchmod(fd, f->exists ? f->st.st_mode & 07777 : mode) != 0 ||
	    write_all(fd, text) != 0)
		return fail(temp, why, cap);
	if (!is_as_read(f)) {
		snprintf(
		    why, cap, _("%s: changed meanwhile; try again"), f->path);
		return -1;
	}
	if (rename(temp, f->path) != 0)
		return fail(f->path, why, cap);
	sync_dir(f->path);
	return 0;
}

int
file_store(const struct file *f, const struct page *text, mode_t mode,
    char *why, size_t cap)
{
	char temp[PATH_MAX + 16];
	int fd, rc;

	if (text->failed) {
		errno = ENOMEM;
		return fail(f->path, why, cap);
	}
	/* A rename asks nobody whether the file may be written. */
	if (f->exists &&
	    ((f->st.st_mode & 0222) == 0 || access(f->path, W_OK) != 0)) {
		snprintf(why, cap, _("%s: read-only"), f->path);
		return -1;
	}
	if (make_parents(f->path, why, cap) != 0)
		return -1;
	snprintf(temp, sizeof(temp), "%s.tt-XXXXXX", f->path);
	fd = mkostemp(temp, O_CLOEXEC);
	if (fd < 0)
		return fail(temp, why, cap);
	rc = fill_and_rename(f, text, mode, temp, fd, why, cap);
	close(fd);
	if (rc != 0)
		unlink(temp);
	return rc;
}

unsigned
file_missing_dirs(const struct file *f)
{
	char dir[PATH_MAX];
	unsigned n = 0;
	size_t i;

	for (i = strlen(f->path); i > 1; i--) {
		if (f->path[i - 1] != '/')
			continue;
		memcpy(dir, f->path, i - 1);
		dir[i - 1] = '\0';
		if (i == 1 || access(dir, F_OK) == 0)
			break;
		n++;
	}
	return n;
}

int
file_remove(const struct file *f, unsigned made, char *why, size_t cap)
{
	char dir[PATH_MAX], up[PATH_MAX];

	if (!f->exists)
		return 0;
	if (unlink(f->path) != 0 && errno != ENOENT)
		return fail(f->path, why, cap);
	parent_of(f->path, dir);
	while (made-- > 0 && rmdir(dir) == 0) {
		parent_of(dir, up);
		memcpy(dir, up, sizeof(dir));
	}
	return 0;
}

uint64_t
file_hash(const char *bytes, size_t len)
{
	uint64_t h = 0xcbf29ce484222325u;
	size_t i;

	for (i = 0; i < len; i++)
		h = (h ^ (uint8_t)bytes[i]) * 0x100000001b3u;
	return h;
}

#include "clients/import/legacy/legacy_keys.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clients/common/spool.h"
#include "proto/places.h"

#define KEY_FILE_MAX 8192

static size_t
add_name(char name[KEY_NAME_MAX], size_t len, struct text t)
{
	uint32_t i;
	char c;

	for (i = 0; i < t.len && len + 1 < KEY_NAME_MAX; i++) {
		c = (char)tolower((unsigned char)t.p[i]);
		if (!isalnum((unsigned char)c) && (len == 0 || c != '.'))
			c = '-';
		/* One for many that have no place there. */
		if (c != '-' || (len > 0 && name[len - 1] != '-'))
			name[len++] = c;
	}
	while (len > 0 && name[len - 1] == '-')
		len--;
	return len;
}

void
legacy_key_name(const struct legacy_key *k, char name[KEY_NAME_MAX])
{
	size_t len = add_name(name, 0, k->provider);

	if (len == 0)
		len = add_name(name, 0, TEXT("key"));
	if (k->account.len > 0 && len + 1 < KEY_NAME_MAX) {
		name[len++] = '-';
		len = add_name(name, len, k->account);
	}
	name[len] = '\0';
}

/* The bytes of a file that is one line; -1 where there is none. */
static ssize_t
read_file(int dir, const char *name, char buf[KEY_FILE_MAX])
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = read(fd, buf, KEY_FILE_MAX);
	close(fd);
	return n;
}

static enum key_result
compare(int dir, const char *name, struct text key)
{
	char buf[KEY_FILE_MAX];
	ssize_t n = read_file(dir, name, buf);
	enum key_result r;

	while (n > 0 && (buf[n - 1] == '\n' || buf[n - 1] == ' '))
		n--;
	r = n == (ssize_t)key.len && memcmp(buf, key.p, key.len) == 0
		? KEY_SAME
		: KEY_OTHER;
	explicit_bzero(buf, sizeof(buf));
	return r;
}

static int
write_line(int fd, struct text key)
{
	if (write(fd, key.p, key.len) != (ssize_t)key.len ||
	    write(fd, "\n", 1) != 1)
		return -1;
	return fsync(fd);
}

/* A link shows a whole file or none, and takes nobody's place. */
static enum key_result
write_new(int dir, const char *name, struct text key)
{
	char temporary[64];
	int fd, rc, err;

	snprintf(temporary, sizeof(temporary), ".new-%ld", (long)getpid());
	unlinkat(dir, temporary, 0);
	fd = openat(dir, temporary,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return KEY_FAILED;
	rc = write_line(fd, key);
	if (rc == 0)
		rc = linkat(dir, temporary, dir, name, 0);
	err = errno;
	close(fd);
	unlinkat(dir, temporary, 0);
	if (rc == 0)
		rc = fsync(dir);
	else
		errno = err;
	if (rc == 0)
		return KEY_WRITTEN;
	return errno == EEXIST ? compare(dir, name, key) : KEY_FAILED;
}

/* Ours, and nobody else's to look into. */
static int
open_dir(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && st.st_uid == geteuid() &&
	    (st.st_mode & 077) == 0)
		return fd;
	close(fd);
	errno = EACCES;
	return -1;
}

enum key_result
legacy_key_write(const char *data_dir, const char *name, struct text key)
{
	char path[PLACES_PATH_MAX + 8], why[256];
	enum key_result r;
	int dir;

	if (snprintf(path, sizeof(path), "%s/keys", data_dir) >=
	    (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		return KEY_FAILED;
	}
	if (spool_make_dir(path, why, sizeof(why)) != 0)
		return KEY_FAILED;
	dir = open_dir(path);
	if (dir < 0)
		return KEY_FAILED;
	r = write_new(dir, name, key);
	close(dir);
	return r;
}

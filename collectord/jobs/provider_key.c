#include "collectord/jobs/provider_key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collectord/sys.h"
#include "proto/places.h"

#define KEY_LEAST 8
#define SHOWN_LEAST 16 /* shorter ones do not show their end */
#define FILE_MAX (PROVIDER_KEY_MAX + PROVIDER_ORIGIN_MAX + 2)
/* What no name of an account ends in: a ~ is not possible there. */
#define FRESH "~new"

/* "openai/work" is keys/openai@work: names have no @. */
static int
find_path(const char *dir, const char *name, const char *suffix,
    char path[PLACES_PATH_MAX])
{
	int n = snprintf(path, PLACES_PATH_MAX, "%s/%s%s", dir, name, suffix);
	char *slash;

	if (n < 0 || n >= PLACES_PATH_MAX)
		return -1;
	slash = strchr(path + strlen(dir) + 1, '/');
	if (slash != NULL)
		*slash = '@';
	return 0;
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

static int
sync_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc;

	if (fd < 0)
		return -1;
	rc = fsync(fd);
	close(fd);
	return rc;
}

static int
write_file(const char *path, const char *text, size_t len)
{
	int fd = open(
	    path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	int rc;

	if (fd < 0)
		return -1;
	rc = fchmod(fd, 0600);
	if (rc == 0)
		rc = write_all(fd, text, len);
	if (rc == 0)
		rc = fsync(fd);
	if (close(fd) != 0)
		rc = -1;
	if (rc != 0)
		unlink(path);
	return rc;
}

int
provider_key_write(const char *dir, const char *name, struct text key,
    const char *origin, char *why, size_t cap)
{
	char path[PLACES_PATH_MAX], fresh[PLACES_PATH_MAX], text[FILE_MAX];
	int n, rc;

	if (sys_private_dir(dir, why, cap) != 0)
		return -1;
	if (find_path(dir, name, "", path) != 0 ||
	    find_path(dir, name, FRESH, fresh) != 0) {
		snprintf(why, cap, "the path of the key is too long");
		return -1;
	}
	n = snprintf(
	    text, sizeof(text), "%.*s\n%s\n", (int)key.len, key.p, origin);
	rc = write_file(fresh, text, (size_t)n);
	explicit_bzero(text, sizeof(text));
	if (rc == 0)
		rc = rename(fresh, path);
	if (rc == 0)
		rc = sync_dir(dir);
	if (rc != 0)
		snprintf(
		    why, cap, "the key cannot be kept: %s", strerror(errno));
	return rc;
}

static ssize_t
read_file(const char *path, char *text, size_t cap)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;
	ssize_t n = -1;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && st.st_uid == geteuid() &&
	    (st.st_mode & 077) == 0)
		n = read(fd, text, cap);
	else
		errno = EACCES;
	close(fd);
	return n;
}

/* Both lines, whole; the key is copied. */
static int
take_lines(const char *text, const char *origin, char key[PROVIDER_KEY_MAX],
    char *why, size_t cap)
{
	const char *end = strchr(text, '\n');
	size_t len = end == NULL ? 0 : (size_t)(end - text);
	size_t origin_len = strlen(origin);

	if (len == 0 || len >= PROVIDER_KEY_MAX) {
		snprintf(why, cap, "the file of the key has none");
		return -1;
	}
	if (strncmp(end + 1, origin, origin_len) != 0 ||
	    end[1 + origin_len] != '\n') {
		snprintf(why, cap, "the key is for another host");
		return -1;
	}
	memcpy(key, text, len);
	key[len] = '\0';
	return 0;
}

int
provider_key_read(const char *dir, const char *name, const char *origin,
    char key[PROVIDER_KEY_MAX], char *why, size_t cap)
{
	char path[PLACES_PATH_MAX], text[FILE_MAX + 1];
	ssize_t n = -1;
	int rc;

	if (find_path(dir, name, "", path) == 0)
		n = read_file(path, text, sizeof(text) - 1);
	if (n < 0) {
		snprintf(why, cap, "the file of the key cannot be read: %s",
		    strerror(errno));
		return -1;
	}
	text[n] = '\0';
	rc = take_lines(text, origin, key, why, cap);
	explicit_bzero(text, sizeof(text));
	return rc;
}

static void
remove_file(const char *dir, const char *name, const char *suffix)
{
	static const char zeros[FILE_MAX];
	char path[PLACES_PATH_MAX];
	struct stat st;
	int fd;

	if (find_path(dir, name, suffix, path) != 0)
		return;
	fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0) {
		if (fstat(fd, &st) == 0 && st.st_size > 0 &&
		    st.st_size <= FILE_MAX &&
		    write_all(fd, zeros, (size_t)st.st_size) == 0)
			(void)fsync(fd);
		close(fd);
	}
	unlink(path);
}

/* Also one that was cut off while it was written. */
void
provider_key_remove(const char *dir, const char *name)
{
	remove_file(dir, name, "");
	remove_file(dir, name, FRESH);
}

bool
provider_key_is_fine(struct text key)
{
	if (key.len < KEY_LEAST || key.len >= PROVIDER_KEY_MAX)
		return false;
	for (uint32_t i = 0; i < key.len; i++)
		if (key.p[i] <= ' ' || key.p[i] > '~')
			return false;
	return true;
}

void
provider_key_mask(struct text key, char buf[PROVIDER_MASK_MAX])
{
	bool is_long = key.len >= SHOWN_LEAST;

	snprintf(buf, PROVIDER_MASK_MAX, "%.*s\xe2\x80\xa6%.*s",
	    key.len > 3 && memcmp(key.p, "sk-", 3) == 0 ? 3 : 0, key.p,
	    is_long ? 4 : 0, is_long ? key.p + key.len - 4 : "");
}

static char
small(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

int
provider_origin(const char *url, char buf[PROVIDER_ORIGIN_MAX])
{
	const char *host = strstr(url, "://");
	size_t len;

	if (host == NULL)
		return -1;
	host += 3;
	len = (size_t)(host - url) + strcspn(host, "/?#");
	if (len >= PROVIDER_ORIGIN_MAX || len == (size_t)(host - url))
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (url[i] <= ' ' || url[i] > '~' || url[i] == '@' ||
		    url[i] == '\\')
			return -1;
		buf[i] = small(url[i]);
	}
	buf[len] = '\0';
	return 0;
}

#include "collectord/jobs/sync/key_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collectord/log.h"
#include "collectord/secret_file.h"
#include "collectord/sys.h"
#include "proto/places.h"

#define FILE_MAX (PROVIDER_KEY_MAX + PROVIDER_ORIGIN_MAX + 2)
#define NAME_LEN_MAX 128
/* What no name of an account ends in: a ~ is not possible there. */
#define FRESH "~new"
#define OLD "~old"

/* "openai/work" is keys/openai@work: names have no @. */
static int
find_path(const char *dir, const char *name, const char *suffix,
    char path[PLACES_PATH_MAX])
{
	int n = snprintf(path, PLACES_PATH_MAX, "%s/%s%s", dir, name, suffix);
	char *slash;

	if (n < 0 || n >= PLACES_PATH_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	slash = strchr(path + strlen(dir) + 1, '/');
	if (slash != NULL)
		*slash = '@';
	return 0;
}

/* --- Writing ---------------------------------------------------------------
 */

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

static void
wipe(const char *path)
{
	static const char zeros[FILE_MAX];
	struct stat st;
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd >= 0) {
		if (fstat(fd, &st) == 0 && st.st_size > 0 &&
		    st.st_size <= FILE_MAX &&
		    write_all(fd, zeros, (size_t)st.st_size) == 0)
			(void)fsync(fd);
		close(fd);
	}
	unlink(path);
}

static void
remove_file(const char *dir, const char *name, const char *suffix)
{
	char path[PLACES_PATH_MAX];

	if (find_path(dir, name, suffix, path) == 0)
		wipe(path);
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
	return rc;
}

/* What stands aside already is what the store knows, and path is not. */
static int
put_in_place(const char *fresh, const char *path, const char *old)
{
	struct stat st;
	int error;

	if (lstat(old, &st) == 0)
		wipe(path);
	else if (rename(path, old) != 0 && errno != ENOENT)
		return -1;
	if (rename(fresh, path) == 0)
		return 0;
	error = errno;
	(void)rename(old, path);
	errno = error;
	return -1;
}

static int
replace(const char *dir, const char *name, const char *text, size_t len)
{
	char path[PLACES_PATH_MAX], fresh[PLACES_PATH_MAX];
	char old[PLACES_PATH_MAX];
	int error;

	if (find_path(dir, name, "", path) != 0 ||
	    find_path(dir, name, FRESH, fresh) != 0 ||
	    find_path(dir, name, OLD, old) != 0)
		return -1;
	if (write_file(fresh, text, len) == 0 &&
	    put_in_place(fresh, path, old) == 0)
		return sync_dir(dir);
	error = errno;
	wipe(fresh);
	errno = error;
	return -1;
}

int
key_file_write(const char *dir, const char *name, struct text key,
    const char *origin, char *why, size_t cap)
{
	char text[FILE_MAX];
	int n, rc;

	if (sys_private_dir(dir, why, cap) != 0)
		return -1;
	n = snprintf(
	    text, sizeof(text), "%.*s\n%s\n", (int)key.len, key.p, origin);
	rc = replace(dir, name, text, (size_t)n);
	explicit_bzero(text, sizeof(text));
	if (rc != 0)
		snprintf(
		    why, cap, "the key cannot be kept: %s", strerror(errno));
	return rc;
}

void
key_file_settle(const char *dir, const char *name)
{
	remove_file(dir, name, OLD);
}

/* Also those that were cut off while they were written. */
void
key_file_remove(const char *dir, const char *name)
{
	remove_file(dir, name, "");
	remove_file(dir, name, FRESH);
	remove_file(dir, name, OLD);
}

/* --- Reading ---------------------------------------------------------------
 */

/* Both lines, whole; the key is copied. NULL, or what is wrong. */
static const char *
take_lines(const char *text, const char *origin, char key[PROVIDER_KEY_MAX])
{
	const char *end = strchr(text, '\n');
	size_t len = end == NULL ? 0 : (size_t)(end - text);
	size_t origin_len = strlen(origin);

	if (len == 0 || len >= PROVIDER_KEY_MAX)
		return "it has no key";
	if (strncmp(end + 1, origin, origin_len) != 0 ||
	    end[1 + origin_len] != '\n')
		return "the key is for another host";
	memcpy(key, text, len);
	key[len] = '\0';
	return NULL;
}

static const char *
read_text(const char *dir, const char *name, const char *suffix,
    char text[FILE_MAX + 1])
{
	char path[PLACES_PATH_MAX];

	if (find_path(dir, name, suffix, path) != 0)
		return strerror(errno);
	switch (secret_file_text(path, text, FILE_MAX + 1)) {
	case SECRET_FILE_OK:
		return NULL;
	case SECRET_FILE_ESYSTEM:
		return errno == ENOENT ? "it is not there" : strerror(errno);
	case SECRET_FILE_EOPEN:
		return "others could read it, or it is not yours: chmod 600";
	default:
		return "it has no key";
	}
}

#define CANNOT_READ                                                            \
	"the key cannot be read from %s: %s; tt-provider set %s --new-key "    \
	"takes another"

/* The file by its whole path where there is room, and what helps. */
static void
tell(
    const char *dir, const char *name, const char *error, char *why, size_t cap)
{
	char path[PLACES_PATH_MAX];
	const char *file = name;

	if (find_path(dir, name, "", path) == 0) {
		file = path + strlen(dir) + 1;
		if (strlen(path) + strlen(error) + strlen(name) +
			sizeof(CANNOT_READ) <=
		    cap)
			file = path;
	}
	snprintf(why, cap, CANNOT_READ, file, error, name);
}

int
key_file_read(const char *dir, const char *name, const char *origin,
    char key[PROVIDER_KEY_MAX], char *why, size_t cap)
{
	char text[FILE_MAX + 1];
	const char *error = read_text(dir, name, "", text);

	if (error == NULL)
		error = take_lines(text, origin, key);
	explicit_bzero(text, sizeof(text));
	if (error != NULL)
		tell(dir, name, error, why, cap);
	return error == NULL ? 0 : -1;
}

/* --- At start --------------------------------------------------------------
 */

/* Is it the key that the store speaks of? */
static bool
fits(const char *dir, const char *name, const char *suffix,
    const struct key_file_owner *owner)
{
	char text[FILE_MAX + 1], key[PROVIDER_KEY_MAX];
	char mask[PROVIDER_MASK_MAX] = "";

	if (read_text(dir, name, suffix, text) != NULL)
		return false;
	if (take_lines(text, owner->origin, key) == NULL)
		provider_key_mask(text_of(key), mask);
	explicit_bzero(text, sizeof(text));
	explicit_bzero(key, sizeof(key));
	return strcmp(mask, owner->mask) == 0;
}

/* Was the new key never known to the store, or not even put in its place? */
static bool
is_cut_off(const char *dir, const char *name, const char *path,
    const struct key_file_owner *owner)
{
	struct stat st;

	return lstat(path, &st) != 0 ||
	       (fits(dir, name, OLD, owner) && !fits(dir, name, "", owner));
}

/* Of the two keys, where there are two, the one that the store knows stays. */
static void
recover(const char *dir, const char *name, const struct key_file_owner *owner)
{
	char path[PLACES_PATH_MAX], old[PLACES_PATH_MAX];
	struct stat st;

	if (find_path(dir, name, "", path) != 0 ||
	    find_path(dir, name, OLD, old) != 0)
		return;
	remove_file(dir, name, FRESH);
	if (lstat(old, &st) == 0 && is_cut_off(dir, name, path, owner)) {
		wipe(path);
		(void)rename(old, path);
		(void)sync_dir(dir);
	} else {
		wipe(old);
	}
}

/* The length of a text of only these bytes, 0 where it is too long. */
static size_t
span(const char *s, const char *bytes)
{
	size_t n = strspn(s, bytes);

	return n < NAME_LEN_MAX / 2 ? n : 0;
}

static bool
is_suffix(const char *s)
{
	return s[0] == '\0' || strcmp(s, FRESH) == 0 || strcmp(s, OLD) == 0;
}

/* "openai/work" of "openai@work~old", and what comes after it; or NULL. */
static const char *
read_name(const char *entry, char name[NAME_LEN_MAX])
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ_.";
	static const char small[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	size_t n = span(entry, small), more = 0;

	if (n == 0)
		return NULL;
	if (entry[n] == '@') {
		more = span(entry + n + 1, letters);
		if (more == 0)
			return NULL;
		more++;
	}
	snprintf(name, NAME_LEN_MAX, "%.*s", (int)(n + more), entry);
	if (more > 0)
		name[n] = '/';
	return is_suffix(entry + n + more) ? entry + n + more : NULL;
}

/* A key and an origin, each a line. */
static bool
is_whole(const char *text)
{
	const char *end = strchr(text, '\n');

	return end != NULL && strncmp(end + 1, "http", 4) == 0 &&
	       strcspn(end + 1, "\n") + 1 == strlen(end + 1) &&
	       provider_key_is_fine(
		   (struct text){ text, (uint32_t)(end - text) });
}

/* Somebody's own file, or a link to it, is none of them. */
static bool
is_ours(const char *dir, const char *name, const char *suffix)
{
	char path[PLACES_PATH_MAX], text[FILE_MAX + 1];
	struct stat st;
	bool is_it;

	if (find_path(dir, name, suffix, path) != 0 || lstat(path, &st) != 0 ||
	    !S_ISREG(st.st_mode) || st.st_nlink != 1 ||
	    read_text(dir, name, suffix, text) != NULL)
		return false;
	/* What was cut off while it was written has less of it. */
	is_it = strcmp(suffix, FRESH) == 0 || is_whole(text);
	explicit_bzero(text, sizeof(text));
	return is_it;
}

static void
tidy_entry(const char *dir, const char *entry,
    bool (*find)(void *arg, const char *name, struct key_file_owner *owner),
    void *arg)
{
	struct key_file_owner owner;
	char name[NAME_LEN_MAX];
	const char *suffix = read_name(entry, name);

	if (suffix == NULL)
		return;
	if (find(arg, name, &owner)) {
		if (suffix[0] != '\0')
			recover(dir, name, &owner);
	} else if (is_ours(dir, name, suffix)) {
		remove_file(dir, name, suffix);
		log_info(
		    "sync", "op=tidy name=%s why=\"no such account\"", name);
	}
}

void
key_file_tidy(const char *dir,
    bool (*find)(void *arg, const char *name, struct key_file_owner *owner),
    void *arg)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;

	if (d == NULL && fd >= 0)
		close(fd);
	if (d == NULL)
		return;
	while ((e = readdir(d)) != NULL)
		tidy_entry(dir, e->d_name, find, arg);
	closedir(d);
}

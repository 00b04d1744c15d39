#include "collectord/secret_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/text.h"

#define BLANKS " \t\r\n"

static bool
is_private(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	       st.st_uid == geteuid() && (st.st_mode & 077) == 0;
}

/* As much as there is, up to cap bytes; -1 with errno. */
static ssize_t
read_all(int fd, char *p, size_t cap)
{
	size_t len = 0;
	ssize_t n = 1;

	while (len < cap && n > 0) {
		n = read(fd, p + len, cap - len);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n < 0)
			return -1;
		else
			len += (size_t)n;
	}
	return (ssize_t)len;
}

/* Moves the line to the start. False: there is none, or more than one. */
static bool
trim(char *line)
{
	size_t len = strlen(line);
	char *start;

	while (len > 0 && strchr(BLANKS, line[len - 1]) != NULL)
		line[--len] = '\0';
	start = line + strspn(line, BLANKS);
	memmove(line, start, strlen(start) + 1);
	return line[0] != '\0' && text_is_clean(text_of(line));
}

static enum secret_file
read_text(int fd, char *text, size_t cap)
{
	ssize_t n;

	if (!is_private(fd))
		return SECRET_FILE_EOPEN;
	n = read_all(fd, text, cap);
	if (n < 0)
		return SECRET_FILE_ESYSTEM;
	if ((size_t)n >= cap)
		return SECRET_FILE_ELINE;
	text[n] = '\0';
	return strlen(text) == (size_t)n ? SECRET_FILE_OK : SECRET_FILE_ELINE;
}

/* A pipe would keep us waiting for who opens its other end. */
enum secret_file
secret_file_text(const char *path, char *text, size_t cap)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	enum secret_file rc;
	int error;

	if (fd < 0)
		return SECRET_FILE_ESYSTEM;
	rc = read_text(fd, text, cap);
	error = errno;
	close(fd);
	errno = error;
	if (rc != SECRET_FILE_OK)
		explicit_bzero(text, cap);
	return rc;
}

enum secret_file
secret_file_read(const char *path, char *line, size_t cap)
{
	enum secret_file rc = secret_file_text(path, line, cap);

	if (rc != SECRET_FILE_OK || trim(line))
		return rc;
	explicit_bzero(line, cap);
	return SECRET_FILE_ELINE;
}

#include "clients/provider/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clients/provider/prompt.h"
#include "proto/lang.h"

void
secret_guard(void)
{
	struct rlimit none = { 0, 0 };

	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

int
secret_sources(const struct secret_source *src)
{
	return src->from_stdin + (src->file != NULL) + (src->command != NULL) +
	       (src->variable != NULL);
}

void
secret_wipe(struct secret *key)
{
	explicit_bzero(key, sizeof(*key));
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Blanks around it are nobody's; it is one word of visible ASCII. */
static int
check(struct secret *key, char *why, size_t cap)
{
	size_t i, from = 0;

	while (key->len > 0 && is_blank(key->bytes[key->len - 1]))
		key->len--;
	while (from < key->len && is_blank(key->bytes[from]))
		from++;
	memmove(key->bytes, key->bytes + from, key->len - from);
	key->len -= from;
	key->bytes[key->len] = '\0';
	if (key->len == 0) {
		snprintf(why, cap, "%s", _("the key is empty"));
		return -1;
	}
	for (i = 0; i < key->len; i++) {
		if (key->bytes[i] > ' ' && key->bytes[i] <= '~')
			continue;
		snprintf(why, cap, "%s",
		    _("a key is one line of visible characters without "
		      "blanks"));
		return -1;
	}
	key->is_taken = true;
	return 0;
}

static int
too_long(char *why, size_t cap)
{
	snprintf(why, cap, _("the key has more than %d bytes"), SECRET_MAX);
	return -1;
}

/* Straight from the descriptor: no buffer of stdio keeps a copy. */
static int
read_all(struct secret *key, int fd, const char *from, char *why, size_t cap)
{
	ssize_t n = 1;

	key->len = 0;
	while (n > 0 && key->len <= SECRET_MAX) {
		n = read(
		    fd, key->bytes + key->len, sizeof(key->bytes) - key->len);
		if (n > 0)
			key->len += (size_t)n;
		else if (n < 0 && errno == EINTR)
			n = 1;
	}
	if (n < 0) {
		snprintf(why, cap, "%s: %s", from, strerror(errno));
		return -1;
	}
	return key->len > SECRET_MAX ? too_long(why, cap) : 0;
}

int
secret_take_variable(
    struct secret *key, const struct secret_source *src, char *why, size_t cap)
{
	char *value;

	if (src->variable == NULL)
		return 0;
	value = getenv(src->variable);
	if (value == NULL) {
		snprintf(
		    why, cap, _("--key-env: %.80s is not set"), src->variable);
		return -1;
	}
	key->len = strlen(value);
	if (key->len > SECRET_MAX)
		return too_long(why, cap);
	memcpy(key->bytes, value, key->len);
	explicit_bzero(value, key->len);
	unsetenv(src->variable);
	return check(key, why, cap);
}

static int
take_file(struct secret *key, const char *path, char *why, size_t cap)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc;

	if (fd < 0) {
		snprintf(why, cap, "%s: %s", path, strerror(errno));
		return -1;
	}
	rc = read_all(key, fd, path, why, cap);
	close(fd);
	return rc;
}

/* The child: its standard output is what we read. Does not return. */
static void
run_command(const char *command, int out)
{
	if (dup2(out, STDOUT_FILENO) >= 0)
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

static int
end_command(pid_t pid, char *why, size_t cap)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFEXITED(status))
		snprintf(why, cap,
		    _("--key-command: it ended with exit code %d"),
		    WEXITSTATUS(status));
	else
		snprintf(why, cap, _("--key-command: signal %d ended it"),
		    WTERMSIG(status));
	return -1;
}

static int
take_command(struct secret *key, const char *command, char *why, size_t cap)
{
	int fds[2], rc;
	pid_t pid = -1;

	if (pipe2(fds, O_CLOEXEC) == 0) {
		pid = fork();
		if (pid == 0)
			run_command(command, fds[1]);
		close(fds[1]);
		if (pid < 0)
			close(fds[0]);
	}
	if (pid < 0) {
		snprintf(why, cap, _("--key-command: %s"), strerror(errno));
		return -1;
	}
	rc = read_all(key, fds[0], "--key-command", why, cap);
	close(fds[0]);
	if (end_command(pid, why, cap) != 0)
		rc = -1;
	return rc;
}

static int
take_prompt(struct secret *key, const char *name, char *why, size_t cap)
{
	char question[200];
	long n;

	snprintf(question, sizeof(question), _("Key for %.100s (not shown): "),
	    name);
	n = prompt_line(question, key->bytes, SECRET_MAX);
	if (n > SECRET_MAX)
		return too_long(why, cap);
	if (n < 0) {
		snprintf(why, cap, "%s",
		    _("no terminal to ask for the key at: --key-stdin, "
		      "--key-file, --key-command or --key-env says it"));
		return -1;
	}
	key->len = (size_t)n;
	return 0;
}

int
secret_take(struct secret *key, const struct secret_source *src,
    const char *name, char *why, size_t cap)
{
	int rc;

	if (key->is_taken)
		return 0;
	if (src->from_stdin)
		rc = read_all(key, STDIN_FILENO, "--key-stdin", why, cap);
	else if (src->file != NULL)
		rc = take_file(key, src->file, why, cap);
	else if (src->command != NULL)
		rc = take_command(key, src->command, why, cap);
	else
		rc = take_prompt(key, name, why, cap);
	return rc == 0 ? check(key, why, cap) : rc;
}

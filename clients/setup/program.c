#include "clients/setup/program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/lang.h"
#include "proto/text.h"

static bool
is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	       access(path, X_OK) == 0;
}

bool
program_find(const char *name, char path[PATH_MAX])
{
	const char *p = getenv("PATH");
	size_t len;
	int n;

	while (p != NULL && *p != '\0') {
		len = strcspn(p, ":");
		n = snprintf(path, PATH_MAX, "%.*s/%s", (int)len, p, name);
		if (*p == '/' && n > 0 && n < PATH_MAX && is_program(path))
			return true;
		p += len + (p[len] == ':');
	}
	return false;
}

bool
program_is_in(const char *dir, const char *name)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/%s", dir, name);

	return n > 0 && (size_t)n < sizeof(path) && is_program(path);
}

int
program_own_dir(char dir[PATH_MAX], char *why, size_t cap)
{
	ssize_t n = readlink("/proc/self/exe", dir, PATH_MAX - 1);

	while (n > 0 && dir[n - 1] != '/')
		n--;
	if (n <= 1) {
		snprintf(why, cap, _("cannot tell where this program is"));
		return -1;
	}
	dir[n - 1] = '\0';
	if (text_is_clean(text_of(dir)) && strpbrk(dir, "\"'\\$`%@") == NULL)
		return 0;
	snprintf(why, cap,
	    _("%s: no hook can name a directory with such letters"), dir);
	return -1;
}

static void
become(const char *const *argv, bool quiet)
{
	int null = open("/dev/null", O_RDWR);
	char *copy[16];
	size_t n = 0;

	while (argv[n] != NULL && n < 15) {
		copy[n] = strdup(argv[n]);
		n++;
	}
	copy[n] = NULL;
	if (null >= 0 && dup2(null, 0) >= 0 && dup2(quiet ? null : 2, 1) >= 0 &&
	    (!quiet || dup2(null, 2) >= 0))
		execvp(copy[0], copy);
}

int
program_run(const char *const *argv, bool quiet)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		become(argv, quiet);
		_exit(127);
	}
	if (pid < 0)
		return 127;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 127;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

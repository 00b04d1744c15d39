#include "proto/places.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "proto/lang.h"

#define SOCKET_PATH_MAX (sizeof(((struct sockaddr_un *)0)->sun_path) - 1)

static int __attribute__((format(printf, 2, 3)))
path_set(char path[PLACES_PATH_MAX], const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(path, PLACES_PATH_MAX, fmt, ap);
	va_end(ap);
	return n < 0 || n >= PLACES_PATH_MAX ? -1 : 0;
}

/* The variable's value, or NULL where it is unset or empty. */
static const char *
env(const char *name)
{
	const char *s = getenv(name);

	return s == NULL || *s == '\0' ? NULL : s;
}

/* The XDG specification has relative paths ignored. */
static const char *
env_absolute(const char *name)
{
	const char *s = env(name);

	return s == NULL || *s != '/' ? NULL : s;
}

static int
too_long(char *why, size_t cap)
{
	snprintf(
	    why, cap, _("a path is longer than %d bytes"), PLACES_PATH_MAX - 1);
	return -1;
}

/* An absolute path for one that may be relative. */
static int
make_absolute(
    char out[PLACES_PATH_MAX], const char *path, char *why, size_t cap)
{
	char here[PLACES_PATH_MAX];

	if (*path == '/')
		return path_set(out, "%s", path) == 0 ? 0 : too_long(why, cap);
	if (getcwd(here, sizeof(here)) == NULL) {
		snprintf(why, cap, _("current directory: %s"), strerror(errno));
		return -1;
	}
	if (path_set(out, "%s/%s", strcmp(here, "/") == 0 ? "" : here, path) !=
	    0)
		return too_long(why, cap);
	return 0;
}

static int
find_by_tt_home(struct places *p, const char *dir, char *why, size_t cap)
{
	char home[PLACES_PATH_MAX];

	if (make_absolute(home, dir, why, cap) != 0)
		return -1;
	if (path_set(p->config, "%s/config", home) != 0 ||
	    path_set(p->data, "%s/data", home) != 0 ||
	    path_set(p->run, "%s/run", home) != 0)
		return too_long(why, cap);
	return 0;
}

/* $name/tt, or HOME/fallback/tt. */
static int
xdg_dir(char out[PLACES_PATH_MAX], const char *name, const char *fallback,
    char *why, size_t cap)
{
	const char *base = env_absolute(name), *home = env("HOME");
	int rc;

	if (base == NULL && home == NULL) {
		snprintf(why, cap, _("HOME is not set"));
		return -1;
	}
	if (base != NULL)
		rc = path_set(out, "%s/tt", base);
	else
		rc = path_set(out, "%s/%s/tt", home, fallback);
	return rc == 0 ? 0 : too_long(why, cap);
}

static int
find_by_xdg(struct places *p, char *why, size_t cap)
{
	const char *runtime = env_absolute("XDG_RUNTIME_DIR");
	char dir[PLACES_PATH_MAX];
	int rc;

	if (xdg_dir(dir, "XDG_CONFIG_HOME", ".config", why, cap) != 0 ||
	    xdg_dir(p->data, "XDG_DATA_HOME", ".local/share", why, cap) != 0)
		return -1;
	if (runtime != NULL)
		rc = path_set(p->run, "%s/tt", runtime);
	else
		rc = path_set(p->run, "%s/run", p->data);
	if (rc != 0 || path_set(p->config, "%s/config", dir) != 0)
		return too_long(why, cap);
	return 0;
}

/* The socket that TT_SOCKET names, in a directory of its own choice. */
static int
override_socket(struct places *p, const char *socket, char *why, size_t cap)
{
	size_t len;

	if (make_absolute(p->socket, socket, why, cap) != 0)
		return -1;
	len = (size_t)(strrchr(p->socket, '/') - p->socket);
	memcpy(p->run, p->socket, len);
	p->run[len] = '\0';
	return len > 0 ? 0 : path_set(p->run, "/");
}

static int
check_socket(const struct places *p, char *why, size_t cap)
{
	size_t len = strlen(p->socket);

	if (len <= SOCKET_PATH_MAX)
		return 0;
	snprintf(why, cap,
	    _("%s: a socket's path of %zu bytes, the limit is %zu"), p->socket,
	    len, SOCKET_PATH_MAX);
	return -1;
}

int
places_find(struct places *p, char *why, size_t cap)
{
	const char *home = env("TT_HOME"), *socket = env("TT_SOCKET");
	int rc;

	*p = (struct places){ .config = "" };
	if (home != NULL)
		rc = find_by_tt_home(p, home, why, cap);
	else
		rc = find_by_xdg(p, why, cap);
	if (rc != 0)
		return -1;
	if (path_set(p->spool, "%s/spool", p->data) != 0 ||
	    path_set(p->socket, "%s/sock", p->run) != 0)
		return too_long(why, cap);
	if (socket != NULL && override_socket(p, socket, why, cap) != 0)
		return -1;
	return check_socket(p, why, cap);
}

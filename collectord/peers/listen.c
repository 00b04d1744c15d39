#include "collectord/peers/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "collectord/sys.h"

#define BACKLOG 4096

static int
say(char *why, size_t cap, const char *path, const char *what)
{
	snprintf(why, cap, "%s: %s", path, what);
	return -1;
}

/* Who listens there; 0 where nobody does, -1 with errno when unclear. */
static pid_t
who_listens(const struct sockaddr_un *addr)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct ucred cred = { .pid = -1 };
	socklen_t len = sizeof(cred);
	int rc, saved;

	if (fd < 0)
		return -1;
	rc = connect(fd, (const struct sockaddr *)addr, sizeof(*addr));
	saved = errno;
	if (rc == 0 &&
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0)
		saved = 0;
	close(fd);
	errno = saved;
	if (rc != 0)
		return errno == ECONNREFUSED || errno == ENOENT ? 0 : -1;
	return cred.pid;
}

/* Makes way for bind: nothing there, or a socket that nobody listens on. */
static int
remove_stale(const struct sockaddr_un *addr, char *why, size_t cap)
{
	struct stat st;
	char text[80];
	pid_t pid;

	if (lstat(addr->sun_path, &st) != 0)
		return errno == ENOENT
			   ? 0
			   : say(why, cap, addr->sun_path, strerror(errno));
	if (!S_ISSOCK(st.st_mode))
		return say(why, cap, addr->sun_path, "not a socket");
	pid = who_listens(addr);
	if (pid < 0)
		return say(why, cap, addr->sun_path, strerror(errno));
	if (pid > 0) {
		snprintf(text, sizeof(text),
		    "another process (pid %ld) listens here", (long)pid);
		return say(why, cap, addr->sun_path, text);
	}
	if (unlink(addr->sun_path) != 0 && errno != ENOENT)
		return say(why, cap, addr->sun_path, strerror(errno));
	return 0;
}

static int
bind_private(int fd, const struct sockaddr_un *addr)
{
	mode_t old = umask(0177);
	int rc = bind(fd, (const struct sockaddr *)addr, sizeof(*addr));

	umask(old);
	return rc == 0 ? listen(fd, BACKLOG) : -1;
}

static int
bind_at(struct listen_socket *sock, const struct sockaddr_un *addr, char *why,
    size_t cap)
{
	struct stat st;
	int fd;

	if (remove_stale(addr, why, cap) != 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind_private(fd, addr) != 0 ||
	    lstat(addr->sun_path, &st) != 0) {
		say(why, cap, addr->sun_path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	*sock = (struct listen_socket){ fd, true, st.st_dev, st.st_ino };
	return 0;
}

int
listen_open(struct listen_socket *sock, const struct places *places, char *why,
    size_t cap)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	size_t len = strlen(places->socket);
	int rc, dir, fd = sys_listen_fd();

	*sock = (struct listen_socket){ .fd = fd };
	if (fd >= 0)
		return 0;
	if (fd < -1)
		return say(why, cap, "LISTEN_FDS", "not one listening socket");
	if (len >= sizeof(addr.sun_path))
		return say(why, cap, places->socket, "longer than 107 bytes");
	memcpy(addr.sun_path, places->socket, len);
	/*
	 * Our lock is on the data directory. Another daemon with another one
	 * may want the same socket at the same time: between finding a stale
	 * file and listening, the socket's directory belongs to one of them.
	 */
	dir = open(places->run, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || flock(dir, LOCK_EX) != 0)
		rc = say(why, cap, places->run, strerror(errno));
	else
		rc = bind_at(sock, &addr, why, cap);
	if (dir >= 0)
		close(dir);
	return rc;
}

void
listen_close(struct listen_socket *sock, const struct places *places)
{
	struct stat st;

	if (sock->fd < 0)
		return;
	if (sock->is_ours && lstat(places->socket, &st) == 0 &&
	    st.st_dev == sock->dev && st.st_ino == sock->ino)
		unlink(places->socket);
	close(sock->fd);
	sock->fd = -1;
}

#include "collectord/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "proto/lang.h"

#define PATH_BYTES 4096
#define ASIDE_NICE 10
#define LISTEN_FD 3 /* the first descriptor that LISTEN_FDS passes */

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

void
sys_bug(const char *file, int line, const char *what)
{
	fprintf(stderr, "BUG at %s:%d: %s\n", file, line, what);
	abort();
}

static int
say_errno(char *why, size_t cap, const char *path)
{
	int saved = errno;

	snprintf(why, cap, "%s: %s", path, strerror(saved));
	errno = saved;
	return -1;
}

/* Any part may be made by another at the same time, and then is there. */
static int
make_dir(const char *path)
{
	int saved;

	if (mkdir(path, 0700) == 0 || errno == EEXIST)
		return 0;
	saved = errno;
	if (access(path, X_OK) == 0)
		return 0;
	errno = saved;
	return -1;
}

/* mkdir -p; cuts path at each slash for the time it needs. */
static int
make_dirs(char *path)
{
	for (char *p = path + 1; *p != '\0'; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (make_dir(path) != 0)
			return -1;
		*p = '/';
	}
	return make_dir(path);
}

/* Without the slashes at its end, which would have lstat follow a link. */
static int
copy_path(char out[PATH_BYTES], const char *path)
{
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	if (len == 0 || len >= PATH_BYTES) {
		errno = len == 0 ? ENOENT : ENAMETOOLONG;
		return -1;
	}
	memcpy(out, path, len);
	out[len] = '\0';
	return 0;
}

int
sys_private_dir(const char *path, char *why, size_t cap)
{
	char copy[PATH_BYTES];
	struct stat st;

	if (copy_path(copy, path) != 0 || make_dirs(copy) != 0 ||
	    lstat(copy, &st) != 0)
		return say_errno(why, cap, path);
	if (!S_ISDIR(st.st_mode))
		snprintf(why, cap, "%s: %s", path,
		    S_ISLNK(st.st_mode) ? "a link, not a directory"
					: "not a directory");
	else if (st.st_uid != geteuid())
		snprintf(why, cap, "%s: belongs to user %u, not to %u", path,
		    (unsigned)st.st_uid, (unsigned)geteuid());
	else if ((st.st_mode & 077) != 0)
		snprintf(why, cap,
		    "%s: mode %04o lets others in: chmod 700 '%s'", path,
		    (unsigned)st.st_mode & 07777, path);
	else
		return 0;
	errno = EPERM;
	return -1;
}

int
sys_is_network_fs(const char *path)
{
	/* Those without a name have no constant in <linux/magic.h>. */
	static const uint32_t types[] = {
		NFS_SUPER_MAGIC, SMB_SUPER_MAGIC, 0xff534d42, /* CIFS */
		0xfe534d42,                                   /* SMB2 */
		0x01021997,                                   /* 9p */
		0x5346414f,                                   /* AFS, OpenAFS */
		0x6b414653, /* AFS, the kernel's */
		0x00c36400, /* Ceph */
		0x0bd00bd0, /* Lustre */
		0x7461636f, /* OCFS2 */
		0x01161970, /* GFS2 */
	};
	struct statfs fs;

	if (statfs(path, &fs) != 0)
		return -1;
	for (size_t i = 0; i < LENGTH(types); i++)
		if ((uint32_t)fs.f_type == types[i])
			return 1;
	return 0;
}

/* Who has the lock, by what the holder wrote into its file. */
static void
say_holder(int fd, const char *dir, char *why, size_t cap)
{
	char pid[24];
	ssize_t n = pread(fd, pid, sizeof(pid) - 1, 0);

	pid[n < 0 ? 0 : n] = '\0';
	pid[strspn(pid, "0123456789")] = '\0';
	snprintf(why, cap, "another collectord (pid %s) has %s",
	    *pid == '\0' ? "unknown" : pid, dir);
}

/* The pid is there for people alone: that it cannot be written is no matter. */
static void
write_pid(int fd)
{
	char pid[24];
	int n = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());

	if (ftruncate(fd, 0) == 0 && pwrite(fd, pid, (size_t)n, 0) == n)
		return;
}

int
sys_lock_dir(const char *dir, char *why, size_t cap)
{
	char path[PATH_BYTES];
	int fd, n = snprintf(path, sizeof(path), "%s/lock", dir);

	if (n < 0 || (size_t)n >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return say_errno(why, cap, dir);
	}
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return say_errno(why, cap, path);
	if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
		write_pid(fd);
		return fd;
	}
	if (errno == EWOULDBLOCK)
		say_holder(fd, dir, why, cap);
	else
		say_errno(why, cap, path);
	close(fd);
	return -1;
}

int
sys_peer_uid(int fd, uid_t *uid)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0)
		return -1;
	*uid = cred.uid;
	return 0;
}

/*
 * A handler that cores are piped to gets them whatever the limit is, but not of
 * who is not dumpable. The leak check of sanitizers could not attach then.
 */
void
sys_forbid_cores(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_CORE, &limit) == 0) {
		limit.rlim_cur = 0;
		(void)setrlimit(RLIMIT_CORE, &limit);
	}
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	(void)prctl(PR_SET_DUMPABLE, 0);
#endif
}

size_t
sys_raise_file_limit(void)
{
	struct rlimit lim;

	if (getrlimit(RLIMIT_NOFILE, &lim) != 0)
		return 0;
	if (lim.rlim_cur < lim.rlim_max) {
		rlim_t soft = lim.rlim_cur;

		lim.rlim_cur = lim.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &lim) != 0)
			lim.rlim_cur = soft;
	}
	return (size_t)lim.rlim_cur;
}

struct aside {
	void (*fn)(void *);
	void *arg;
};

static void *
run_aside(void *arg)
{
	const struct aside *a = arg;

	/* Where that is refused, it is only less polite. */
	(void)setpriority(PRIO_PROCESS, (id_t)gettid(), ASIDE_NICE);
	a->fn(a->arg);
	return NULL;
}

void
sys_run_aside(void (*fn)(void *), void *arg)
{
	struct aside a = { fn, arg };
	pthread_t thread;

	if (pthread_create(&thread, NULL, run_aside, &a) == 0)
		BUG_ON(pthread_join(thread, NULL) != 0);
	else
		fn(arg);
}

/* The variable as a decimal number, or -1. */
static long
env_number(const char *name)
{
	const char *s = getenv(name);
	char *end;
	long v;

	if (s == NULL || *s < '0' || *s > '9')
		return -1;
	errno = 0;
	v = strtol(s, &end, 10);
	return errno != 0 || *end != '\0' ? -1 : v;
}

static int
socket_option(int fd, int option)
{
	int value;
	socklen_t len = sizeof(value);

	if (getsockopt(fd, SOL_SOCKET, option, &value, &len) != 0)
		return -1;
	return value;
}

int
sys_listen_fd(void)
{
	bool ours = env_number("LISTEN_PID") == (long)getpid();
	bool given = getenv("LISTEN_FDS") != NULL;
	long n = env_number("LISTEN_FDS");

	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	if (!given || !ours || n == 0)
		return -1;
	if (n != 1 || socket_option(LISTEN_FD, SO_DOMAIN) != AF_UNIX ||
	    socket_option(LISTEN_FD, SO_TYPE) != SOCK_STREAM ||
	    socket_option(LISTEN_FD, SO_ACCEPTCONN) != 1)
		return -2;
	if (fcntl(LISTEN_FD, F_SETFD, FD_CLOEXEC) != 0)
		return -2;
	return LISTEN_FD;
}

/* The address that NOTIFY_SOCKET names; '@' begins an abstract one. */
static int
notify_address(const char *name, struct sockaddr_un *addr, socklen_t *len)
{
	size_t n = strlen(name);

	if ((*name != '/' && *name != '@') || n >= sizeof(addr->sun_path)) {
		errno = EINVAL;
		return -1;
	}
	*addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(addr->sun_path, name, n);
	if (*name == '@')
		addr->sun_path[0] = '\0';
	*len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
	return 0;
}

int
sys_notify_systemd(const char *state)
{
	const char *name = getenv("NOTIFY_SOCKET");
	struct sockaddr_un addr;
	socklen_t len;
	ssize_t sent;
	int fd, saved;

	if (name == NULL || *name == '\0')
		return 0;
	if (notify_address(name, &addr, &len) != 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	sent = sendto(fd, state, strlen(state), MSG_NOSIGNAL,
	    (const struct sockaddr *)&addr, len);
	saved = errno;
	close(fd);
	errno = saved;
	return sent < 0 ? -1 : 0;
}

/* Fills buf as far as the file goes. The bytes read, or -1. */
static ssize_t
read_full(int fd, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while (len < size) {
		n = read(fd, buf + len, size - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	return (ssize_t)len;
}

/* NULL with errno: EFBIG over max, EAGAIN where the file grew meanwhile. */
static char *
read_open_file(int fd, size_t max, size_t *len)
{
	struct stat st;
	size_t size;
	ssize_t n;
	char *buf;

	if (fstat(fd, &st) != 0)
		return NULL;
	/* Room for one byte more, which is there only if it is too long. */
	size = st.st_size > 0 && (uintmax_t)st.st_size < max
		   ? (size_t)st.st_size + 1
		   : max + 1;
	buf = malloc(size + 1);
	if (buf == NULL)
		return NULL;
	n = read_full(fd, buf, size);
	if (n < 0 || (size_t)n == size) {
		if (n >= 0)
			errno = size > max ? EFBIG : EAGAIN;
		free(buf);
		return NULL;
	}
	buf[n] = '\0';
	*len = (size_t)n;
	return buf;
}

char *
sys_read_file(const char *path, size_t max, size_t *len, char *why, size_t cap)
{
	int saved, fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *buf = NULL;

	if (fd >= 0)
		buf = read_open_file(fd, max, len);
	saved = errno;
	if (fd >= 0)
		close(fd);
	errno = saved;
	if (buf != NULL)
		return buf;
	if (errno == EFBIG)
		snprintf(why, cap, _("%s: more than %zu bytes"), path, max);
	else
		say_errno(why, cap, path);
	errno = saved;
	return NULL;
}

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collectord/sys.h"

static char dir[64]; /* made for the test and current */
static char why[512];

static void
enter_fresh_directory(void)
{
	memcpy(dir, "/tmp/tt-sys-XXXXXX", 19);
	cr_assert_not_null(mkdtemp(dir));
	cr_assert_eq(chdir(dir), 0);
	umask(022);
}

static void
remove_directory(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	cr_assert_eq(system(command), 0);
}

TestSuite(sys, .init = enter_fresh_directory, .fini = remove_directory,
    .timeout = 30);

static const char *
below(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void
write_file(const char *name, const char *bytes, size_t len)
{
	FILE *f = fopen(name, "w");

	cr_assert_not_null(f);
	cr_assert_eq(fwrite(bytes, 1, len, f), len);
	cr_assert_eq(fclose(f), 0);
}

static void
check_why(const char *expected)
{
	cr_assert_str_eq(
	    why, expected, "\"%s\", expected \"%s\"", why, expected);
}

static mode_t
mode_of(const char *path)
{
	struct stat st;

	cr_assert_eq(lstat(path, &st), 0);
	return st.st_mode & 07777;
}

Test(sys, a_private_directory_is_made_with_its_parents)
{
	for (int i = 0; i < 2; i++)
		cr_assert_eq(sys_private_dir(below("a/b/c"), why, sizeof(why)),
		    0, "%s", why);
	cr_assert_eq(mode_of("a"), 0700, "%o", mode_of("a"));
	cr_assert_eq(mode_of("a/b/c"), 0700, "%o", mode_of("a/b/c"));
	cr_assert_eq(sys_private_dir("d//e/", why, sizeof(why)), 0, "%s", why);
	cr_assert_eq(mode_of("d/e"), 0700, "%o", mode_of("d/e"));
}

Test(sys, a_directory_open_to_others_is_refused)
{
	cr_assert_eq(mkdir("open", 0750), 0);
	cr_assert_eq(sys_private_dir("open", why, sizeof(why)), -1);
	check_why("open: mode 0750 lets others in: chmod 700 'open'");
	cr_assert_eq(mode_of("open"), 0750);
	cr_assert_eq(chmod("open", 0700), 0);
	cr_assert_eq(sys_private_dir("open", why, sizeof(why)), 0);
}

Test(sys, a_link_or_a_file_is_no_private_directory)
{
	cr_assert_eq(mkdir("real", 0700), 0);
	cr_assert_eq(symlink("real", "link"), 0);
	cr_assert_eq(sys_private_dir("link", why, sizeof(why)), -1);
	check_why("link: a link, not a directory");
	cr_assert_eq(sys_private_dir("link/", why, sizeof(why)), -1);
	check_why("link/: a link, not a directory");
	write_file("file", "", 0);
	cr_assert_eq(sys_private_dir("file", why, sizeof(why)), -1);
	check_why("file: not a directory");
	cr_assert_eq(sys_private_dir("file/x", why, sizeof(why)), -1);
	check_why("file/x: Not a directory");
	cr_assert_eq(sys_private_dir("", why, sizeof(why)), -1);
}

Test(sys, a_directory_of_another_user_is_refused)
{
	if (geteuid() != 0)
		cr_skip_test("needs root");
	cr_assert_eq(mkdir("theirs", 0700), 0);
	cr_assert_eq(chown("theirs", 12345, 12345), 0);
	cr_assert_eq(sys_private_dir("theirs", why, sizeof(why)), -1);
	check_why("theirs: belongs to user 12345, not to 0");
}

Test(sys, a_local_file_system_is_no_network)
{
	cr_assert_eq(sys_is_network_fs("/proc"), 0);
	cr_assert_eq(sys_is_network_fs("/dev"), 0);
	errno = 0;
	cr_assert_eq(sys_is_network_fs("missing"), -1);
	cr_assert_eq(errno, ENOENT, "%d", errno);
}

Test(sys, a_directory_is_locked_once)
{
	char expected[160], pid[32] = "";
	int fd = sys_lock_dir(dir, why, sizeof(why));
	int flags = fcntl(fd, F_GETFD);

	cr_assert_geq(fd, 0, "%s", why);
	cr_assert_eq(flags, FD_CLOEXEC, "%d", flags);
	cr_assert_eq(mode_of("lock"), 0600, "%o", mode_of("lock"));
	cr_assert_gt(pread(fd, pid, sizeof(pid) - 1, 0), 0);
	cr_assert_eq(atol(pid), (long)getpid(), "%s", pid);

	cr_assert_eq(sys_lock_dir(dir, why, sizeof(why)), -1);
	snprintf(expected, sizeof(expected),
	    "another collectord (pid %ld) has %s", (long)getpid(), dir);
	check_why(expected);

	close(fd);
	fd = sys_lock_dir(dir, why, sizeof(why));
	cr_assert_geq(fd, 0, "%s", why);
	close(fd);
}

Test(sys, a_longer_pid_of_before_leaves_nothing)
{
	char pid[32] = "";
	int fd;

	write_file("lock", "12345678901234567890\n", 21);
	fd = sys_lock_dir(dir, why, sizeof(why));
	cr_assert_geq(fd, 0, "%s", why);
	cr_assert_gt(pread(fd, pid, sizeof(pid) - 1, 0), 0);
	cr_assert_eq(atol(pid), (long)getpid(), "%s", pid);
	close(fd);
}

Test(sys, a_lock_that_is_a_link_is_refused)
{
	write_file("target", "keep", 4);
	cr_assert_eq(symlink("target", "lock"), 0);
	cr_assert_eq(sys_lock_dir(dir, why, sizeof(why)), -1);
	cr_assert_not_null(strstr(why, "/lock: "), "%s", why);
	cr_assert_eq(sys_lock_dir("missing", why, sizeof(why)), -1);
	check_why("missing/lock: No such file or directory");
}

Test(sys, the_lock_dies_with_its_process)
{
	pid_t child = fork();
	int status, fd;

	cr_assert_geq(child, 0);
	if (child == 0) {
		sys_lock_dir(dir, why, sizeof(why));
		kill(getpid(), SIGKILL);
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	fd = sys_lock_dir(dir, why, sizeof(why));
	cr_assert_geq(fd, 0, "%s", why);
	close(fd);
}

Test(sys, a_peer_has_a_uid)
{
	uid_t uid = (uid_t)-1;
	int fds[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	cr_assert_eq(sys_peer_uid(fds[0], &uid), 0);
	cr_assert_eq(uid, getuid(), "%u", (unsigned)uid);
	cr_assert_eq(sys_peer_uid(-1, &uid), -1);
}

Test(sys, the_soft_file_limit_is_raised_to_the_hard_one)
{
	struct rlimit lim;
	size_t got;

	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &lim), 0);
	lim.rlim_cur = 64;
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &lim), 0);
	got = sys_raise_file_limit();
	cr_assert_eq(got, (size_t)lim.rlim_max, "%zu, expected %zu", got,
	    (size_t)lim.rlim_max);
	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &lim), 0);
	cr_assert_eq((size_t)lim.rlim_cur, got);
}

static void
pass_fds(long pid, const char *n)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld", pid);
	setenv("LISTEN_PID", text, 1);
	setenv("LISTEN_FDS", n, 1);
	setenv("LISTEN_FDNAMES", "x", 1);
}

/* A bound socket as descriptor 3, listening where its type can. */
static void
make_listener_3(int type)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/sock", dir);
	cr_assert_eq(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	if (type == SOCK_STREAM)
		cr_assert_eq(listen(fd, 1), 0);
	if (fd != 3)
		cr_assert_eq(dup2(fd, 3), 3);
}

/* In a child, since descriptor 3 may be in use by the test's runner. */
static int
listen_fd_in_child(long pid_offset, const char *n, int type)
{
	pid_t child = fork();
	int status, fd;

	cr_assert_geq(child, 0);
	if (child > 0) {
		cr_assert_eq(waitpid(child, &status, 0), child);
		unlink("sock");
		return WIFEXITED(status) ? WEXITSTATUS(status) - 10 : -99;
	}
	make_listener_3(type);
	pass_fds((long)getpid() + pid_offset, n);
	fd = sys_listen_fd();
	if (getenv("LISTEN_FDS") != NULL || getenv("LISTEN_PID") != NULL ||
	    getenv("LISTEN_FDNAMES") != NULL)
		fd = 50;
	if (fd == 3 && fcntl(3, F_GETFD) != FD_CLOEXEC)
		fd = 51;
	_exit(fd + 10);
}

Test(sys, one_passed_listening_socket_is_taken)
{
	int fd = listen_fd_in_child(0, "1", SOCK_STREAM);

	cr_assert_eq(fd, 3, "%d", fd);
}

Test(sys, sockets_for_another_process_are_none)
{
	int fd = listen_fd_in_child(1, "1", SOCK_STREAM);

	cr_assert_eq(fd, -1, "%d", fd);
	fd = listen_fd_in_child(0, "0", SOCK_STREAM);
	cr_assert_eq(fd, -1, "%d", fd);
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_PID");
	cr_assert_eq(sys_listen_fd(), -1);
}

Test(sys, other_than_one_listening_stream_is_misuse)
{
	int fd = listen_fd_in_child(0, "2", SOCK_STREAM);

	cr_assert_eq(fd, -2, "%d", fd);
	fd = listen_fd_in_child(0, "1x", SOCK_STREAM);
	cr_assert_eq(fd, -2, "%d", fd);
	fd = listen_fd_in_child(0, "1", SOCK_DGRAM);
	cr_assert_eq(fd, -2, "%d", fd);
}

/* A datagram socket at the address, as a service manager has. */
static int
make_manager(const char *name)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	size_t len = strlen(name);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	memcpy(addr.sun_path, name, len);
	if (name[0] == '@')
		addr.sun_path[0] = '\0';
	cr_assert_eq(
	    bind(fd, (struct sockaddr *)&addr,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)),
	    0, "%s: %s", name, strerror(errno));
	return fd;
}

static void
check_notified(const char *name)
{
	char got[64] = "";
	int fd = make_manager(name);

	setenv("NOTIFY_SOCKET", name, 1);
	cr_assert_eq(sys_notify_systemd("READY=1"), 0, "%s", strerror(errno));
	cr_assert_eq(recv(fd, got, sizeof(got) - 1, 0), 7);
	cr_assert_str_eq(got, "READY=1");
	close(fd);
}

Test(sys, the_service_manager_is_told)
{
	char name[128];

	check_notified(below("notify"));
	snprintf(name, sizeof(name), "@%s", dir);
	check_notified(name);
}

Test(sys, without_a_service_manager_nothing_is_told)
{
	unsetenv("NOTIFY_SOCKET");
	cr_assert_eq(sys_notify_systemd("READY=1"), 0);
	setenv("NOTIFY_SOCKET", "", 1);
	cr_assert_eq(sys_notify_systemd("READY=1"), 0);
	setenv("NOTIFY_SOCKET", "relative", 1);
	cr_assert_eq(sys_notify_systemd("READY=1"), -1);
	setenv("NOTIFY_SOCKET", below("nobody"), 1);
	cr_assert_eq(sys_notify_systemd("READY=1"), -1);
	cr_assert_eq(errno, ENOENT, "%d", errno);
}

static void
check_file(const char *bytes, size_t size, size_t max)
{
	size_t len = 999;
	char *got;

	write_file("f", bytes, size);
	got = sys_read_file("f", max, &len, why, sizeof(why));
	cr_assert_not_null(got, "%s", why);
	cr_assert_eq(len, size, "%zu, expected %zu", len, size);
	cr_assert_eq(memcmp(got, bytes, size), 0);
	cr_assert_eq(got[len], '\0');
	free(got);
}

Test(sys, a_file_is_read_whole)
{
	check_file("", 0, 10);
	check_file("a\0b", 3, 10);
	check_file("0123456789", 10, 10);
	check_file("0123456789", 10, 1000000);
}

Test(sys, a_file_without_a_stated_size_is_read_whole)
{
	size_t len = 0;
	char *got =
	    sys_read_file("/proc/self/status", 100000, &len, why, sizeof(why));

	cr_assert_not_null(got, "%s", why);
	cr_assert_gt(len, 100, "%zu", len);
	cr_assert_eq(strlen(got), len);
	free(got);
}

Test(sys, a_file_that_is_too_large_or_missing_is_told)
{
	size_t len;

	write_file("f", "0123456789", 10);
	cr_assert_null(sys_read_file("f", 9, &len, why, sizeof(why)));
	check_why("f: more than 9 bytes");
	cr_assert_null(sys_read_file("none", 9, &len, why, sizeof(why)));
	cr_assert_eq(errno, ENOENT, "%d", errno);
	check_why("none: No such file or directory");
	cr_assert_null(sys_read_file("/tmp", 9, &len, why, sizeof(why)));
	check_why("/tmp: Is a directory");
}

Test(sys, a_fifo_does_not_hang_the_reader)
{
	size_t len = 999;
	char *got;

	cr_assert_eq(mkfifo("fifo", 0600), 0);
	got = sys_read_file("fifo", 9, &len, why, sizeof(why));
	cr_assert_not_null(got, "%s", why);
	cr_assert_eq(len, 0, "%zu", len);
	free(got);
}

Test(sys, a_bug_dies_at_once, .signal = SIGABRT)
{
	int one = 1;

	BUG_ON(one == 2);
	BUG_ON(one == 1);
}

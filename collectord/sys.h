/*
 * The platform: what POSIX leaves to the system (locks, peers' identities,
 * file systems, service managers) is asked here and nowhere else.
 *
 * Where a function takes why and cap, a failure leaves one line for people.
 */
#ifndef COLLECTORD_SYS_H
#define COLLECTORD_SYS_H

#include <stddef.h>
#include <sys/types.h>

/* For what cannot be: dies at once, in every build. */
#define BUG_ON(x) ((x) ? sys_bug(__FILE__, __LINE__, #x) : (void)0)
_Noreturn void sys_bug(const char *file, int line, const char *what);

/*
 * Makes the directory, and parents that are missing, with mode 0700. 0 when it
 * then is a directory, not a link, ours, and closed to others; else -1.
 */
int sys_private_dir(const char *path, char *why, size_t cap);
/*
 * 1: on a network file system, where LMDB's map and locks do not hold. 0: not,
 * FUSE included. -1: cannot tell, errno says why.
 */
int sys_is_network_fs(const char *path);
/*
 * Takes dir/lock for this process and writes the pid to it. The descriptor,
 * which holds the lock until it is closed, or -1: "another collectord (pid 123)
 * has DIR".
 */
int sys_lock_dir(const char *dir, char *why, size_t cap);
/* Who is at the other end of a Unix socket. 0, or -1 with errno. */
int sys_peer_uid(int fd, uid_t *uid);
/*
 * No core of this process, which holds keys at times: neither in a file nor for
 * a handler of the system.
 */
void sys_forbid_cores(void);
/* Raises the soft limit of open files to the hard one; returns what it is. */
size_t sys_raise_file_limit(void);
/*
 * Calls fn on a thread that gives way to all others of ours that have something
 * to do, and returns after it. A thread of its own, since one that has made
 * itself smaller may not make itself larger again. Without one, just calls.
 */
void sys_run_aside(void (*fn)(void *), void *arg);
/*
 * The listening socket a service manager passed us (LISTEN_FDS), close-on-exec.
 * -1: none; -2: not exactly one stream socket that listens. Unsets the
 * variables; call before there are threads.
 */
int sys_listen_fd(void);
/*
 * Sends "READY=1" and the like to NOTIFY_SOCKET. 0 also where there is none;
 * -1 with errno.
 */
int sys_notify_systemd(const char *state);
/*
 * The whole file, malloc'd for the caller, a NUL after its *len bytes. NULL
 * when it cannot be read (errno is kept for ENOENT) or has more than max bytes.
 */
char *sys_read_file(
    const char *path, size_t max, size_t *len, char *why, size_t cap);

#endif

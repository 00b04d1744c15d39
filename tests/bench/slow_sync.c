/*
 * LD_PRELOAD this to make every sync of a process SLOW_SYNC_US slower, as if
 * its disk were: fsync, fdatasync, and writes to files opened with O_DSYNC or
 * O_SYNC, which is how LMDB writes its meta page.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define FDS 4096

/* A library that is preloaded has nowhere else to keep this. */
static atomic_bool is_sync_fd[FDS];

/* ISO C has no cast from an object pointer to a function; a union does it. */
#define REAL(type, name)                                                       \
	union {                                                                \
		void *object;                                                  \
		type function;                                                 \
	} real = { dlsym(RTLD_NEXT, name) }

typedef int open_fn(const char *, int, ...);
typedef int openat_fn(int, const char *, int, ...);
typedef int fd_fn(int);
typedef ssize_t write_fn(int, const void *, size_t);
typedef ssize_t pwrite_fn(int, const void *, size_t, off_t);
typedef ssize_t writev_fn(int, const struct iovec *, int);
typedef ssize_t pwritev_fn(int, const struct iovec *, int, off_t);

static void
pause_once(void)
{
	const char *s = getenv("SLOW_SYNC_US");
	long us = s == NULL ? 0 : strtol(s, NULL, 10);
	struct timespec t = { us / 1000000, us % 1000000 * 1000 };

	while (us > 0 && nanosleep(&t, &t) != 0)
		;
}

static void
pause_after(int fd)
{
	if (fd >= 0 && fd < FDS && atomic_load(&is_sync_fd[fd]))
		pause_once();
}

static int
opened(int fd, int flags)
{
	if (fd >= 0 && fd < FDS)
		atomic_store(
		    &is_sync_fd[fd], (flags & (O_DSYNC | O_SYNC)) != 0);
	return fd;
}

static int
mode_of(int flags, va_list ap)
{
	return flags & (O_CREAT | O_TMPFILE) ? va_arg(ap, int) : 0;
}

#define WRAP_OPEN(name)                                                        \
	int name(const char *path, int flags, ...)                             \
	{                                                                      \
		REAL(open_fn *, #name);                                        \
		va_list ap;                                                    \
		int mode;                                                      \
                                                                               \
		va_start(ap, flags);                                           \
		mode = mode_of(flags, ap);                                     \
		va_end(ap);                                                    \
		return opened(real.function(path, flags, mode), flags);        \
	}
#define WRAP_OPENAT(name)                                                      \
	int name(int dir, const char *path, int flags, ...)                    \
	{                                                                      \
		REAL(openat_fn *, #name);                                      \
		va_list ap;                                                    \
		int mode;                                                      \
                                                                               \
		va_start(ap, flags);                                           \
		mode = mode_of(flags, ap);                                     \
		va_end(ap);                                                    \
		return opened(real.function(dir, path, flags, mode), flags);   \
	}
#define WRAP_SYNC(name)                                                        \
	int name(int fd)                                                       \
	{                                                                      \
		REAL(fd_fn *, #name);                                          \
		int rc = real.function(fd);                                    \
                                                                               \
		pause_once();                                                  \
		return rc;                                                     \
	}
#define WRAP_WRITE(name, type, params, ...)                                    \
	ssize_t name params                                                    \
	{                                                                      \
		REAL(type *, #name);                                           \
		ssize_t n = real.function(__VA_ARGS__);                        \
                                                                               \
		pause_after(fd);                                               \
		return n;                                                      \
	}

WRAP_OPEN(open)
WRAP_OPEN(open64)
WRAP_OPENAT(openat)
WRAP_OPENAT(openat64)
WRAP_SYNC(fsync)
WRAP_SYNC(fdatasync)
WRAP_WRITE(
    write, write_fn, (int fd, const void *p, size_t n_bytes), fd, p, n_bytes)
WRAP_WRITE(pwrite, pwrite_fn, (int fd, const void *p, size_t n_bytes, off_t at),
    fd, p, n_bytes, at)
WRAP_WRITE(pwrite64, pwrite_fn,
    (int fd, const void *p, size_t n_bytes, off_t at), fd, p, n_bytes, at)
WRAP_WRITE(
    writev, writev_fn, (int fd, const struct iovec *v, int n_v), fd, v, n_v)
WRAP_WRITE(pwritev, pwritev_fn,
    (int fd, const struct iovec *v, int n_v, off_t at), fd, v, n_v, at)

int
close(int fd)
{
	REAL(fd_fn *, "close");

	if (fd >= 0 && fd < FDS)
		atomic_store(&is_sync_fd[fd], false);
	return real.function(fd);
}

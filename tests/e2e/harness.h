/*
 * End-to-end tests: a private home for each test, the real programs of
 * $TT_BUILD (build) in it, and deadlines instead of sleeps. A failed
 * expectation of the harness itself fails the test that is running.
 */
#ifndef TESTS_E2E_HARNESS_H
#define TESTS_E2E_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Longer than anything should take, sanitizers on a busy machine included. */
#define DEADLINE_MS 45000

/* The instant most tests are played at. */
#define NOW_TEXT "2026-05-12T10:00:00Z"
#define NOW_MS 1778580000000ll

#define HOME_ENV_MAX 16

struct home {
	char dir[64];   /* TT_HOME */
	char data[80];  /* the daemon's directory */
	char store[96]; /* data.mdb in it */
	char spool[96];
	char config[80];
	char socket[96];
	char log[96];            /* what the daemon said on stderr */
	char *env[HOME_ENV_MAX]; /* "NAME=value", owned */
	const char *program;     /* the daemon, below $TT_BUILD */
	pid_t pid;               /* of the daemon; 0: none runs */
};

/* Makes the directory; nothing in it yet. */
void home_make(struct home *h);
/*
 * Stops the daemon, removes the directory, and fails the test if the daemon did
 * not end well or a sanitizer spoke in its log.
 */
void home_finish(struct home *h);
/* Sets a variable for all programs started from now on; NULL unsets it. */
void home_env(struct home *h, const char *name, const char *value);
/* Writes a file below the home, whole. */
void home_write(const struct home *h, const char *name, const char *text);
/* Reads a file to a NUL-terminated string to free; "" where there is none. */
char *file_read(const char *path);
/* Names in a directory that begin with no dot; -1 where there is none. */
int dir_count(const char *path);

/* Starts the daemon and waits until it serves. */
void daemon_start(struct home *h);
/* The same with more arguments (NULL-ended); false: it ended instead, *code. */
bool daemon_try(struct home *h, const char *const *args, int *code);
/* Inherits the listening socket as systemd passes it. */
void daemon_start_listening(struct home *h, int listen_fd);
/* SIGTERM, and it must exit with 0. */
void daemon_stop(struct home *h);
/* SIGKILL, and it is gone. */
void daemon_kill(struct home *h);
/* Waits for a daemon that ends by itself; its exit code, 128 + n by signal. */
int daemon_wait(struct home *h);
/* Waits until the log has the text at or after an offset. */
bool daemon_log_has(const struct home *h, size_t from, const char *text);
size_t daemon_log_size(const struct home *h);
/* A "Name: n kB" line of /proc/pid/status, in KiB. */
long daemon_kib(const struct home *h, const char *name);

/* One run of a program. */
struct run {
	int code; /* 128 + n: died by signal n; -1: the deadline passed */
	char *out, *err;
	size_t out_len;
	int64_t took_us;
};

/*
 * Runs argv[0] ("tt-send": of $TT_BUILD; with a slash: as it is) with that text
 * on stdin to its end.
 */
void run_client(const struct home *h, const char *const *argv,
    const char *input, struct run *r);
void run_free(struct run *r);
/* run_client without input, from a list of texts. */
#define RUN(h, r, ...)                                                         \
	run_client((h), (const char *const[]){ __VA_ARGS__, NULL }, "", (r))

/*
 * It must have ended so, and said that much on the two streams; "" is anything.
 * Frees it.
 */
void run_expect(struct run *r, int code, const char *out, const char *err);

/* Starts a program without waiting. fds are its stdin, stdout and stderr. */
pid_t child_start(const struct home *h, const char *const *argv,
    const int fds[3], int keep_fd, int listen_fd);
/* Waits at most DEADLINE_MS; as struct run's code. Kills it after that. */
int child_wait(pid_t pid);

int64_t now_us(void); /* monotonic */
/* True where memory and speed are a sanitizer's. */
bool under_sanitizer(void);
/* An unsigned number from the environment. */
uint64_t env_u64(const char *name, uint64_t dflt);

/* xorshift64*: the same numbers everywhere for one seed. */
uint64_t random_next(uint64_t *state);
uint64_t random_below(uint64_t *state, uint64_t n);

#endif

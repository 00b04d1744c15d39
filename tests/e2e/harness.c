#include "tests/e2e/harness.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <criterion/criterion.h>

/* What a child gets besides its home's own variables, where we have it. */
static const char *const passed_on[] = {
	"ASAN_OPTIONS",
	"UBSAN_OPTIONS",
	"TSAN_OPTIONS",
	"LSAN_OPTIONS",
	"PATH",
	"TT_BUILD",
};

static const char *const sanitizer_words[] = {
	"AddressSanitizer",
	"LeakSanitizer",
	"ThreadSanitizer",
	"runtime error",
};

int64_t
now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000ll + ts.tv_nsec / 1000;
}

static int
ms_left(int64_t deadline_us)
{
	int64_t left = (deadline_us - now_us()) / 1000;

	return left < 0 ? 0 : (int)left;
}

bool
under_sanitizer(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	return true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
	return true;
#endif
#endif
	return false;
}

uint64_t
env_u64(const char *name, uint64_t dflt)
{
	const char *s = getenv(name);
	char *end;
	uint64_t v;

	if (s == NULL || *s == '\0')
		return dflt;
	errno = 0;
	v = strtoull(s, &end, 10);
	return errno != 0 || *end != '\0' ? dflt : v;
}

uint64_t
random_next(uint64_t *state)
{
	uint64_t x = *state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*state = x;
	return x * 2685821657736338717ull;
}

uint64_t
random_below(uint64_t *state, uint64_t n)
{
	return (random_next(state) >> 11) % n;
}

static const char *
build_dir(void)
{
	const char *b = getenv("TT_BUILD");

	return b == NULL || *b == '\0' ? "build" : b;
}

/* --- Homes and files ------------------------------------------------------ */

void
home_make(struct home *h)
{
	const char *tmp = getenv("TMPDIR");

	memset(h, 0, sizeof(*h));
	/* A socket's path is short, so a long TMPDIR cannot be used. */
	if (tmp == NULL || *tmp == '\0' || strlen(tmp) > 40)
		tmp = "/tmp";
	snprintf(h->dir, sizeof(h->dir), "%s/tt-XXXXXX", tmp);
	cr_assert_not_null(
	    mkdtemp(h->dir), "mkdtemp %s: %s", h->dir, strerror(errno));
	snprintf(h->data, sizeof(h->data), "%s/data", h->dir);
	snprintf(h->store, sizeof(h->store), "%s/data.mdb", h->data);
	snprintf(h->spool, sizeof(h->spool), "%s/spool", h->data);
	snprintf(h->config, sizeof(h->config), "%s/config", h->dir);
	snprintf(h->socket, sizeof(h->socket), "%s/run/sock", h->dir);
	snprintf(h->log, sizeof(h->log), "%s/stderr", h->dir);
	h->program = "collectord";
	home_env(h, "TT_HOME", h->dir);
	home_env(h, "HOME", h->dir);
	home_env(h, "TT_AUTOSTART", "0");
	home_env(h, "TZ", "UTC");
	home_env(h, "LC_ALL", "C.UTF-8");
}

static bool
is_named(const char *entry, const char *name)
{
	size_t len = strlen(name);

	return strncmp(entry, name, len) == 0 &&
	       (entry[len] == '=' || entry[len] == '\0');
}

void
home_env(struct home *h, const char *name, const char *value)
{
	char *entry = NULL;
	size_t i = 0;

	while (h->env[i] != NULL && !is_named(h->env[i], name))
		i++;
	cr_assert_lt(i, HOME_ENV_MAX - 1, "too many variables in a home");
	/* A name alone keeps the place and is not passed on. */
	if (asprintf(&entry, "%s%s%s", name, value == NULL ? "" : "=",
		value == NULL ? "" : value) < 0)
		cr_assert_fail("no memory");
	free(h->env[i]);
	h->env[i] = entry;
}

void
home_write(const struct home *h, const char *name, const char *text)
{
	char path[PATH_MAX];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", h->dir, name);
	f = fopen(path, "we");
	cr_assert_not_null(f, "%s: %s", path, strerror(errno));
	fputs(text, f);
	cr_assert_eq(fclose(f), 0, "%s: %s", path, strerror(errno));
}

char *
file_read(const char *path)
{
	size_t len = 0, cap = 0;
	char *text = NULL;
	FILE *f = fopen(path, "re");

	do {
		if (len + 1 >= cap) {
			cap = cap == 0 ? 4096 : 2 * cap;
			text = realloc(text, cap);
			cr_assert_not_null(text, "no memory");
		}
		if (f != NULL)
			len += fread(text + len, 1, cap - len - 1, f);
	} while (f != NULL && !feof(f) && !ferror(f));
	text[len] = '\0';
	if (f != NULL)
		fclose(f);
	return text;
}

int
dir_count(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;
	int n = 0;

	if (d == NULL)
		return -1;
	while ((e = readdir(d)) != NULL)
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

static int
on_remove(const char *path, const struct stat *st, int type, struct FTW *w)
{
	(void)st;
	(void)type;
	(void)w;
	remove(path);
	return 0;
}

static void
log_check(const struct home *h)
{
	char *log = file_read(h->log);
	size_t i;

	for (i = 0; i < sizeof(sanitizer_words) / sizeof(*sanitizer_words); i++)
		cr_expect_null(strstr(log, sanitizer_words[i]),
		    "the daemon's log speaks of %s:\n%s", sanitizer_words[i],
		    log);
	free(log);
}

void
home_finish(struct home *h)
{
	size_t i;

	if (h->pid != 0)
		daemon_stop(h);
	log_check(h);
	if (getenv("TT_KEEP") != NULL)
		fprintf(stderr, "kept: %s\n", h->dir);
	else
		nftw(h->dir, on_remove, 32, FTW_DEPTH | FTW_PHYS);
	for (i = 0; i < HOME_ENV_MAX; i++)
		free(h->env[i]);
	memset(h->env, 0, sizeof(h->env));
}

/* --- Processes ------------------------------------------------------------ */

#define CHILD_ENV_MAX 32

struct child_env {
	char *vars[CHILD_ENV_MAX];
	size_t n;
	char listen_pid[32];
	char passed[sizeof(passed_on) / sizeof(*passed_on)][1024];
};

/* A shell takes the last of two, others the first: there is one. */
static bool
env_says(const struct home *h, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < HOME_ENV_MAX && h->env[i] != NULL; i++)
		if (strncmp(h->env[i], name, len) == 0 && h->env[i][len] == '=')
			return true;
	return false;
}

static void
child_env_fill(struct child_env *e, const struct home *h)
{
	size_t i;

	e->n = 0;
	for (i = 0; i < HOME_ENV_MAX && h->env[i] != NULL; i++)
		if (strchr(h->env[i], '=') != NULL)
			e->vars[e->n++] = h->env[i];
	for (i = 0; i < sizeof(passed_on) / sizeof(*passed_on); i++) {
		const char *v = getenv(passed_on[i]);

		if (v == NULL || env_says(h, passed_on[i]))
			continue;
		snprintf(e->passed[i], sizeof(e->passed[i]), "%s=%s",
		    passed_on[i], v);
		e->vars[e->n++] = e->passed[i];
	}
	e->vars[e->n] = NULL;
}

/* systemd's way: the first passed descriptor is 3, and we are named. */
static void
child_pass_listener(struct child_env *e, int fd)
{
	static char fds[] = "LISTEN_FDS=1";

	if (fd == 3)
		fcntl(fd, F_SETFD, 0);
	else
		dup2(fd, 3);
	snprintf(e->listen_pid, sizeof(e->listen_pid), "LISTEN_PID=%d",
	    (int)getpid());
	e->vars[e->n++] = fds;
	e->vars[e->n++] = e->listen_pid;
	e->vars[e->n] = NULL;
}

pid_t
child_start(const struct home *h, const char *const *argv, const int fds[3],
    int keep_fd, int listen_fd)
{
	char path[PATH_MAX];
	struct child_env env;
	pid_t pid;

	snprintf(path, sizeof(path), "%s%s%s",
	    strchr(argv[0], '/') ? "" : build_dir(),
	    strchr(argv[0], '/') ? "" : "/", argv[0]);
	child_env_fill(&env, h);
	pid = fork();
	cr_assert_neq(pid, -1, "fork: %s", strerror(errno));
	if (pid != 0)
		return pid;
	/* Nothing outlives a test that crashes or runs out of time. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_DFL);
	dup2(fds[0], STDIN_FILENO);
	dup2(fds[1], STDOUT_FILENO);
	dup2(fds[2], STDERR_FILENO);
	if (keep_fd >= 0)
		fcntl(keep_fd, F_SETFD, 0);
	if (listen_fd >= 0)
		child_pass_listener(&env, listen_fd);
	execve(path, (char *const *)argv, env.vars);
	dprintf(STDERR_FILENO, "%s: %s\n", path, strerror(errno));
	_exit(127);
}

static int
exit_code(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status)
				   : WEXITSTATUS(status);
}

int
child_wait(pid_t pid)
{
	struct pollfd p = { .events = POLLIN };
	int ready, status = 0;

	p.fd = (int)syscall(SYS_pidfd_open, pid, 0);
	ready = p.fd < 0 ? 0 : poll(&p, 1, DEADLINE_MS);
	if (ready != 1)
		kill(pid, SIGKILL);
	close(p.fd);
	waitpid(pid, &status, 0);
	return ready == 1 ? exit_code(status) : -1;
}

/* Both ends closed on exec; a child's end is opened by dup2. */
static void
pipe_make(int fds[2])
{
	int rc = pipe2(fds, O_CLOEXEC);

	cr_assert_eq(rc, 0, "pipe2: %s", strerror(errno));
}

struct sink {
	int fd; /* -1: at its end */
	char *text;
	size_t len, cap;
};

static void
sink_read(struct sink *s)
{
	ssize_t n;

	if (s->len + 4096 > s->cap) {
		s->cap = 2 * s->cap + 8192;
		s->text = realloc(s->text, s->cap);
		cr_assert_not_null(s->text, "no memory");
	}
	n = read(s->fd, s->text + s->len, s->cap - s->len - 1);
	if (n > 0) {
		s->len += (size_t)n;
		return;
	}
	close(s->fd);
	s->fd = -1;
}

static void
feed(int *fd, const char **input, size_t *left)
{
	ssize_t n = *left == 0 ? -1 : write(*fd, *input, *left);

	if (n > 0) {
		*input += n;
		*left -= (size_t)n;
	}
	if (n <= 0 || *left == 0) {
		close(*fd);
		*fd = -1;
	}
}

/* Until both outputs end or the deadline passes. */
static void
run_talk(int in, const char *input, struct sink out[2])
{
	int64_t deadline = now_us() + DEADLINE_MS * 1000ll;
	size_t left = strlen(input);

	if (left == 0)
		feed(&in, &input, &left);
	while ((out[0].fd >= 0 || out[1].fd >= 0) && ms_left(deadline) > 0) {
		struct pollfd p[3] = {
			{ .fd = in, .events = POLLOUT },
			{ .fd = out[0].fd, .events = POLLIN },
			{ .fd = out[1].fd, .events = POLLIN },
		};

		if (poll(p, 3, ms_left(deadline)) <= 0)
			continue;
		if (p[0].revents != 0)
			feed(&in, &input, &left);
		if (p[1].revents != 0)
			sink_read(&out[0]);
		if (p[2].revents != 0)
			sink_read(&out[1]);
	}
	if (in >= 0)
		close(in);
}

static char *
sink_text(struct sink *s)
{
	if (s->fd >= 0)
		close(s->fd);
	if (s->text == NULL)
		s->text = calloc(1, 1);
	else
		s->text[s->len] = '\0';
	return s->text;
}

void
run_client(const struct home *h, const char *const *argv, const char *input,
    struct run *r)
{
	struct sink out[2] = { { 0 } };
	int in[2], o[2], e[2];
	int64_t start = now_us();
	pid_t pid;

	signal(SIGPIPE, SIG_IGN);
	pipe_make(in);
	pipe_make(o);
	pipe_make(e);
	fcntl(in[1], F_SETFL, O_NONBLOCK);
	pid = child_start(h, argv, (int[]){ in[0], o[1], e[1] }, -1, -1);
	close(in[0]);
	close(o[1]);
	close(e[1]);
	out[0].fd = o[0];
	out[1].fd = e[0];
	run_talk(in[1], input, out);
	r->code = child_wait(pid);
	r->took_us = now_us() - start;
	r->out_len = out[0].len;
	r->out = sink_text(&out[0]);
	r->err = sink_text(&out[1]);
}

void
run_free(struct run *r)
{
	free(r->out);
	free(r->err);
	memset(r, 0, sizeof(*r));
}

void
run_expect(struct run *r, int code, const char *out, const char *err)
{
	cr_expect_eq(r->code, code, "exit code %d, expected %d; %s%s", r->code,
	    code, r->out, r->err);
	cr_expect(strstr(r->out, out) != NULL, "printed %s, expected %s",
	    r->out, out);
	cr_expect(
	    strstr(r->err, err) != NULL, "said %s, expected %s", r->err, err);
	run_free(r);
}

/* --- The daemon ----------------------------------------------------------- */

#define DAEMON_ARGS_MAX 16

static void
daemon_spawn(struct home *h, const char *const *args, int notify, int listen_fd)
{
	const char *argv[DAEMON_ARGS_MAX] = { h->program, "--notify-fd" };
	char number[16];
	int null, log, n = 3;

	snprintf(number, sizeof(number), "%d", notify);
	argv[2] = number;
	while (args != NULL && *args != NULL && n < DAEMON_ARGS_MAX - 1)
		argv[n++] = *args++;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	log = open(h->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	cr_assert_geq(log, 0, "%s: %s", h->log, strerror(errno));
	h->pid =
	    child_start(h, argv, (int[]){ null, log, log }, notify, listen_fd);
	close(null);
	close(log);
}

/* True once the daemon says that it serves; false when it ended first. */
static bool
daemon_ready(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char c = 0;
	int n = poll(&p, 1, DEADLINE_MS);

	cr_expect_eq(n, 1, "the daemon neither serves nor ends");
	return n == 1 && read(fd, &c, 1) == 1 && c == '\n';
}

static bool
daemon_launch(struct home *h, const char *const *args, int listen_fd, int *code)
{
	int fds[2];
	bool ready;

	signal(SIGPIPE, SIG_IGN);
	pipe_make(fds);
	daemon_spawn(h, args, fds[1], listen_fd);
	close(fds[1]);
	ready = daemon_ready(fds[0]);
	close(fds[0]);
	if (!ready)
		*code = daemon_wait(h);
	return ready;
}

bool
daemon_try(struct home *h, const char *const *args, int *code)
{
	return daemon_launch(h, args, -1, code);
}

static void
daemon_must(struct home *h, bool ready, int code)
{
	char *log = ready ? NULL : file_read(h->log);

	cr_assert(ready, "%s did not start (exit code %d):\n%s", h->program,
	    code, log);
	free(log);
}

void
daemon_start(struct home *h)
{
	int code = 0;
	bool ready = daemon_launch(h, NULL, -1, &code);

	daemon_must(h, ready, code);
}

void
daemon_start_listening(struct home *h, int listen_fd)
{
	int code = 0;
	bool ready = daemon_launch(h, NULL, listen_fd, &code);

	daemon_must(h, ready, code);
}

int
daemon_wait(struct home *h)
{
	pid_t pid = h->pid;

	h->pid = 0;
	return child_wait(pid);
}

void
daemon_stop(struct home *h)
{
	char *log;
	int code;

	kill(h->pid, SIGTERM);
	code = daemon_wait(h);
	log = code == 0 ? NULL : file_read(h->log);
	cr_expect_eq(code, 0, "after SIGTERM the daemon's exit code is %d:\n%s",
	    code, log);
	free(log);
}

void
daemon_kill(struct home *h)
{
	kill(h->pid, SIGKILL);
	daemon_wait(h);
}

size_t
daemon_log_size(const struct home *h)
{
	struct stat st;

	return stat(h->log, &st) == 0 ? (size_t)st.st_size : 0;
}

static bool
log_has(const struct home *h, size_t from, const char *text)
{
	char *log = file_read(h->log);
	bool found = strlen(log) >= from && strstr(log + from, text) != NULL;

	free(log);
	return found;
}

bool
daemon_log_has(const struct home *h, size_t from, const char *text)
{
	int64_t deadline = now_us() + DEADLINE_MS * 1000ll;
	struct pollfd p = { .events = POLLIN };
	char events[4096];
	bool found;

	p.fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	inotify_add_watch(p.fd, h->log, IN_MODIFY);
	while (!(found = log_has(h, from, text)) && ms_left(deadline) > 0)
		if (poll(&p, 1, ms_left(deadline)) > 0 &&
		    read(p.fd, events, sizeof(events)) < 0)
			break;
	close(p.fd);
	return found;
}

long
daemon_kib(const struct home *h, const char *name)
{
	char path[64], *text, *line;
	long kib = -1;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)h->pid);
	text = file_read(path);
	line = strstr(text, name);
	if (line != NULL)
		kib = strtol(line + strlen(name) + 1, NULL, 10);
	free(text);
	return kib;
}

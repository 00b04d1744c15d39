#include "clients/common/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clients/common/spool.h"
#include "proto/lang.h"
#include "proto/limits.h"

#define DAEMON "collectord"
#define NOTIFY_FD 3
#define PAUSE_MS 10
/* How long the winner of a start race may take after its loser has ended. */
#define RACE_MS 500
/* How long a drained daemon may need between its last reply and its end. */
#define HANDOVER_MS 20

extern char **environ;

/* What the child needs, all made before the fork. */
struct launch {
	char path[PLACES_PATH_MAX];
	char **env;                     /* owned; the texts are environ's */
	int null_fd, log_fd, notify_fd; /* -1: none; above NOTIFY_FD */
};

bool
launch_is_allowed(const struct config *cf)
{
	const char *s = getenv("TT_AUTOSTART");

	if (s != NULL && *s != '\0')
		return strcmp(s, "0") != 0;
	return cf->autostart;
}

static bool
is_program(char path[PLACES_PATH_MAX], const char *dir, size_t len)
{
	int n;

	if (len == 0 || dir[0] != '/')
		return false;
	n = snprintf(path, PLACES_PATH_MAX, "%.*s/%s", (int)len, dir, DAEMON);
	return n > 0 && n < PLACES_PATH_MAX && access(path, X_OK) == 0;
}

static bool
find_daemon(char path[PLACES_PATH_MAX])
{
	char self[PLACES_PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self));
	const char *dir = getenv("PATH");
	size_t len;

	while (n > 0 && self[n - 1] != '/')
		n--;
	if (n > 1 && is_program(path, self, (size_t)n - 1))
		return true;
	while (dir != NULL && *dir != '\0') {
		len = strcspn(dir, ":");
		if (is_program(path, dir, len))
			return true;
		dir += len + (dir[len] == ':');
	}
	return false;
}

/* The daemon outlives this shell and must not depend on what else it has. */
static bool
is_passed_on(const char *var)
{
	static const char *const names[] = {
		"HOME=", "PATH=", "USER=", "LANG=", "TZ=", "XDG_", "TT_"
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strncmp(var, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

static char **
make_env(void)
{
	size_t n = 0, i;
	char **env;

	while (environ[n] != NULL)
		n++;
	env = malloc((n + 1) * sizeof(*env));
	if (env == NULL)
		return NULL;
	for (i = n, n = 0; i > 0; i--)
		if (is_passed_on(environ[i - 1]))
			env[n++] = environ[i - 1];
	env[n] = NULL;
	return env;
}

/* Moves it out of the way of the numbers that the child will use. */
static int
raise_fd(int fd)
{
	int high = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, NOTIFY_FD + 1);

	if (fd >= 0)
		close(fd);
	return high;
}

static void
launch_release(struct launch *l)
{
	free(l->env);
	if (l->null_fd >= 0)
		close(l->null_fd);
	if (l->log_fd >= 0)
		close(l->log_fd);
	if (l->notify_fd >= 0)
		close(l->notify_fd);
}

static int
launch_prepare(struct launch *l, const struct places *p, char *why, size_t cap)
{
	char log[PLACES_PATH_MAX + 32];

	if (!find_daemon(l->path)) {
		snprintf(why, cap, _("no %s beside this program or along PATH"),
		    DAEMON);
		return -1;
	}
	if (spool_make_dir(p->data, why, cap) != 0)
		return -1;
	snprintf(log, sizeof(log), "%s/%s.log", p->data, DAEMON);
	l->log_fd = raise_fd(open(
	    log, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
	l->null_fd = raise_fd(open("/dev/null", O_RDWR | O_CLOEXEC));
	l->env = make_env();
	if (l->log_fd >= 0 && l->null_fd >= 0 && l->env != NULL)
		return 0;
	snprintf(why, cap, "%s: %s", log, strerror(errno));
	return -1;
}

static bool
is_relative(const char *name)
{
	const char *s = getenv(name);

	return s != NULL && *s != '\0' && *s != '/';
}

static void
reset_signals(void)
{
	sigset_t none;
	int sig;

	for (sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In the grandchild: becomes the daemon. */
static void
become_daemon(const struct launch *l)
{
	char number[] = { '0' + NOTIFY_FD, '\0' };
	char name[] = DAEMON, autostarted[] = "--autostarted";
	char fd_option[] = "--notify-fd";
	char *argv[] = { name, autostarted, fd_option, number, NULL };
	bool notify = l->notify_fd >= 0;

	if (dup2(l->null_fd, 0) < 0 || dup2(l->null_fd, 1) < 0 ||
	    dup2(l->log_fd, 2) < 0 ||
	    (notify && dup2(l->notify_fd, NOTIFY_FD) < 0))
		return;
	close_range(notify ? NOTIFY_FD + 1 : NOTIFY_FD, ~0U, 0);
	reset_signals();
	umask(077);
	/* A relative place would be another one from there. */
	if (!is_relative("TT_HOME") && !is_relative("TT_SOCKET") &&
	    chdir("/") != 0)
		return;
	if (!notify)
		argv[2] = NULL;
	execve(l->path, argv, l->env);
}

/* Forks twice: init reaps the daemon, and no terminal can become its own. */
static int
launch_fork(const struct launch *l)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		setsid();
		pid = fork();
		if (pid == 0) {
			become_daemon(l);
			_exit(127);
		}
		_exit(pid < 0);
	}
	if (pid < 0)
		return -1;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return status == 0 ? 0 : -1;
}

/* Waits for the newline that says it serves; -1 when it ended or is late. */
static int
await_newline(int fd, int64_t deadline_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int64_t left;
	char c;
	int n;

	do {
		left = deadline_ms - client_now_ms();
		if (left < 0)
			return -1;
		n = poll(&p, 1, left > INT32_MAX ? INT32_MAX : (int)left);
	} while (n == 0 || (n < 0 && errno == EINTR));
	return n > 0 && read(fd, &c, 1) == 1 && c == '\n' ? 0 : -1;
}

/* -1: could not be started at all. *wait_fd: -1, or tells when it serves. */
static int
start(const struct places *p, int *wait_fd, char *why, size_t cap)
{
	struct launch l = { .null_fd = -1, .log_fd = -1, .notify_fd = -1 };
	int ends[2] = { -1, -1 }, rc;

	rc = launch_prepare(&l, p, why, cap);
	if (rc == 0 && wait_fd != NULL && pipe2(ends, O_CLOEXEC) == 0)
		l.notify_fd = raise_fd(ends[1]);
	if (rc == 0) {
		rc = launch_fork(&l);
		if (rc != 0)
			snprintf(why, cap, _("cannot start %s: %s"), l.path,
			    strerror(errno));
	}
	launch_release(&l);
	if (wait_fd != NULL)
		*wait_fd = ends[0];
	return rc;
}

static enum client_result
start_and_wait(const struct places *p, int64_t deadline_ms, char *why,
    size_t cap, bool *started)
{
	int fd = -1, rc;

	*started = start(p, &fd, why, cap) == 0;
	rc = *started && fd >= 0 ? await_newline(fd, deadline_ms) : -1;
	if (fd >= 0)
		close(fd);
	if (*started && rc != 0)
		snprintf(why, cap, _("%s did not start; see %.180s/%s.log"),
		    DAEMON, p->data, DAEMON);
	return rc == 0 ? CLIENT_OK : CLIENT_EABSENT;
}

enum client_result
launch_daemon(
    const struct places *p, int64_t deadline_ms, char *why, size_t cap)
{
	bool started;

	if (deadline_ms > 0)
		return start_and_wait(p, deadline_ms, why, cap, &started);
	return start(p, NULL, why, cap) == 0 ? CLIENT_OK : CLIENT_EABSENT;
}

static enum client_result
connect_until(struct client *c, const struct places *p, int64_t deadline_ms)
{
	enum client_result r = client_connect(c, p->socket, deadline_ms);

	while (r == CLIENT_EABSENT && client_now_ms() < deadline_ms) {
		poll(NULL, 0, PAUSE_MS);
		r = client_connect(c, p->socket, deadline_ms);
	}
	return r;
}

static enum client_result
start_and_connect(struct client *c, const struct places *p, int64_t deadline_ms,
    int64_t race_ms)
{
	int64_t race_end_ms;
	char why[sizeof(c->why)];
	enum client_result r;
	bool started;

	r = start_and_wait(p, deadline_ms, why, sizeof(why), &started);
	if (r == CLIENT_OK)
		return client_connect(c, p->socket, deadline_ms);
	/* Ours may have ended because another client's was first. */
	race_end_ms = client_now_ms() + race_ms;
	if (started)
		r = connect_until(c, p,
		    race_end_ms < deadline_ms ? race_end_ms : deadline_ms);
	if (r == CLIENT_EABSENT)
		memcpy(c->why, why, sizeof(why));
	return r;
}

/* Is version text a (not NUL-terminated) older than b? "0.9.1" < "0.10". */
static bool
is_older(struct text a, const char *b)
{
	const char *end = a.p + a.len;
	unsigned long va, vb;
	char *rest;

	while (a.p < end || *b != '\0') {
		for (va = 0; a.p < end && *a.p >= '0' && *a.p <= '9'; a.p++)
			va = va * 10 + (unsigned long)(*a.p - '0');
		vb = strtoul(b, &rest, 10);
		if (va != vb)
			return va < vb;
		a.p += a.p < end;
		b = rest + (*rest != '\0');
	}
	return false;
}

static enum client_result
call(struct client *c, struct packer *k, uint32_t msgid, int64_t deadline_ms)
{
	enum client_result r = client_send(c, k, deadline_ms);

	return r == CLIENT_OK ? client_wait(c, msgid, deadline_ms) : r;
}

static enum client_result
hello(struct client *c, int64_t deadline_ms, bool *outdated)
{
	struct packer k = { 0 };
	struct value version, autostarted;
	enum client_result r;

	pack_request(&k, 1, "hello");
	pack_map(&k, 1);
	pack_str(&k, "version");
	pack_str(&k, TT_VERSION);
	r = call(c, &k, 1, deadline_ms);
	packer_free(&k);
	*outdated =
	    r == CLIENT_OK &&
	    unpack_member(c->reply.result, "autostarted", &autostarted) &&
	    autostarted.type == VALUE_BOOL && autostarted.b &&
	    unpack_member(c->reply.result, "version", &version) &&
	    version.type == VALUE_TEXT && is_older(version.text, TT_VERSION);
	return r == CLIENT_EREFUSED ? CLIENT_OK : r;
}

/* Asks it to go and waits until it has: it closes this connection last. */
static void
drain(struct client *c, int64_t deadline_ms)
{
	struct packer k = { 0 };
	enum client_result r;

	pack_request(&k, 2, "drain");
	pack_map(&k, 0);
	r = call(c, &k, 2, deadline_ms);
	packer_free(&k);
	if (r == CLIENT_OK)
		client_wait(c, 3, deadline_ms);
	client_close(c);
}

/* Says how to get one, where nobody may start it. */
static void
say_absent(struct client *c, const struct places *p)
{
	const char *s = getenv("TT_AUTOSTART");

	if (s != NULL && *s != '\0')
		snprintf(c->why, sizeof(c->why),
		    _("no collectord at %.120s: start `collectord`, or unset "
		      "TT_AUTOSTART"),
		    p->socket);
	else
		snprintf(c->why, sizeof(c->why),
		    _("no collectord at %.120s: start `collectord`, or set "
		      "autostart = yes in [core]"),
		    p->socket);
}

enum client_result
launch_connect(struct client *c, const struct places *p,
    const struct config *cf, int64_t deadline_ms)
{
	enum client_result r = client_connect(c, p->socket, deadline_ms);
	bool allowed = launch_is_allowed(cf), outdated = false;

	if (r == CLIENT_EABSENT && allowed)
		return start_and_connect(c, p, deadline_ms, RACE_MS);
	if (r == CLIENT_EABSENT)
		say_absent(c, p);
	if (r != CLIENT_OK || !allowed)
		return r;
	r = hello(c, deadline_ms, &outdated);
	if (!outdated)
		return r;
	drain(c, deadline_ms);
	do {
		r = start_and_connect(c, p, deadline_ms, HANDOVER_MS);
	} while (r == CLIENT_EABSENT && client_now_ms() < deadline_ms);
	return r;
}

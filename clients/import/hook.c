/*
 * tt-import --hook: an agent calls it when a turn or a session is over. It
 * never delays or breaks the agent: it says nothing, exits with 0 within 50 ms
 * whatever it is given, and leaves a process behind that reads the logs the
 * hook is about. What that one misses is left for the next import.
 */
#include "clients/import/hook.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clients/common/client.h"
#include "clients/import/files.h"
#include "clients/import/verbs.h"

#define PAYLOAD_MAX (4u << 20)
#define CHUNK 65536u
#define OUR_WAIT_MS 25     /* for stdin, before the agent is let go on */
#define CHILD_WAIT_MS 1000 /* for the rest of it */
#define IMPORT_MS 10000
/* A transcript may be written behind the hook's back: looked at so often. */
#define LAG_STEP_MS 400
#define LAG_STEPS 5
#define LIFE_S 30
/* A log counts as of this turn when it changed no longer ago. */
#define RECENT_S 120
#define CHAIN_MAX 64

struct payload {
	char *p;
	size_t len;
	bool complete;
};

static const struct {
	const char *name, *agent;
	bool in_argv; /* the JSON is the last argument */
} hooks[] = {
	{ "claude-code", "claude", false },
	{ "claude", "claude", false },
	{ "codex", "codex", true },
	{ "gemini", "gemini", false },
	{ "opencode", "opencode", false },
};

/* Reads what comes within the time; complete at its end. */
static void
read_some(struct payload *in, int fd, int wait_ms)
{
	int64_t end_ms = client_now_ms() + wait_ms, left;
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	char *grown;
	ssize_t n;

	while (!in->complete && (left = end_ms - client_now_ms()) >= 0) {
		if (poll(&pfd, 1, (int)left) <= 0)
			continue;
		grown = realloc(in->p, in->len + CHUNK);
		if (grown == NULL)
			return;
		in->p = grown;
		n = read(fd, in->p + in->len, CHUNK);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		in->len += n > 0 ? (size_t)n : 0;
		in->complete = n <= 0 || in->len > PAYLOAD_MAX;
	}
}

/* stdin stays, for its rest; all else of the agent's is let go. */
static void
let_go(void)
{
	int null = open("/dev/null", O_RDWR);

	if (null < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
		_exit(0);
	close_range(3, ~0U, 0);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGALRM, SIG_DFL);
	alarm(LIFE_S);
	umask(077);
	if (chdir("/") != 0)
		_exit(0);
}

static void
drop_stdin(void)
{
	int null = open("/dev/null", O_RDWR);

	if (null >= 0)
		dup2(null, 0);
}

/* Once at once, and again whenever one of the logs was still being written. */
static void
import_hooked(const char *agent, const struct payload *in)
{
	time_t since = time(NULL) - RECENT_S;
	struct hook_paths p = { .n = 0 };
	uint64_t done = 0;
	int step;

	for (step = 0; step <= LAG_STEPS; step++) {
		if (step > 0)
			poll(NULL, 0, LAG_STEP_MS);
		hook_paths_release(&p);
		hook_paths_find(
		    &p, agent, in->p == NULL ? "" : in->p, in->len, since);
		if (p.n > 0 && p.sum != done)
			import_files(agent, (const char *const *)p.paths, p.n,
			    client_now_ms() + IMPORT_MS);
		done = p.sum;
	}
	hook_paths_release(&p);
}

/* Forks twice: nobody has to wait for who does the work. */
static void
leave_behind(const char *agent, struct payload *in)
{
	pid_t pid = fork();

	if (pid == 0) {
		setsid();
		if (fork() != 0)
			_exit(0);
		let_go();
		read_some(in, 0, CHILD_WAIT_MS);
		drop_stdin();
		import_hooked(agent, in);
		_exit(0);
	}
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
}

/*
 * Codex has room for one program: the one that was there before us stands
 * behind "--", and gets the JSON as it would have without us.
 */
static void
go_on(int argc, char **argv)
{
	char *chain[CHAIN_MAX + 1];
	int n = argc - 1;

	if (n < 1 || n > CHAIN_MAX || strcmp(argv[0], "--") != 0)
		return;
	memcpy(chain, argv + 1, (size_t)n * sizeof(*chain));
	chain[n] = NULL;
	execvp(chain[0], chain);
}

int
import_hook(const char *name, int argc, char **argv)
{
	struct payload in = { .p = NULL };
	size_t i, count = sizeof(hooks) / sizeof(hooks[0]);

	for (i = 0; i < count && strcmp(name, hooks[i].name) != 0; i++)
		continue;
	if (i == count)
		return EXIT_OK;
	if (hooks[i].in_argv && argc > 0 && argv[argc - 1][0] == '{') {
		in.p = strdup(argv[argc - 1]);
		in.len = in.p == NULL ? 0 : strlen(in.p);
		in.complete = true;
	} else if (!isatty(0)) {
		read_some(&in, 0, OUR_WAIT_MS);
	} else {
		in.complete = true;
	}
	leave_behind(hooks[i].agent, &in);
	free(in.p);
	if (hooks[i].in_argv)
		go_on(argc, argv);
	return EXIT_OK;
}

#include "clients/provider/prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

struct terminal {
	int fd, signals;
	bool is_blocked, is_quiet; /* what there is to undo */
	struct termios before;
	sigset_t mask, old_mask;
};

/* What a user or a system ends or stops a program with. */
static const int waiting[] = { SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGTSTP };

static int
hush(struct terminal *t)
{
	struct termios quiet;
	size_t i;

	sigemptyset(&t->mask);
	for (i = 0; i < sizeof(waiting) / sizeof(waiting[0]); i++)
		sigaddset(&t->mask, waiting[i]);
	if (sigprocmask(SIG_BLOCK, &t->mask, &t->old_mask) != 0)
		return -1;
	t->is_blocked = true;
	t->signals = signalfd(-1, &t->mask, SFD_CLOEXEC);
	if (t->signals < 0 || tcgetattr(t->fd, &t->before) != 0)
		return -1;
	quiet = t->before;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	quiet.c_lflag |= ECHONL | ICANON;
	t->is_quiet = tcsetattr(t->fd, TCSAFLUSH, &quiet) == 0;
	return t->is_quiet ? 0 : -1;
}

/* The signals that waited are delivered with the last of it. */
static void
speak(struct terminal *t)
{
	if (t->is_quiet)
		(void)tcsetattr(t->fd, TCSAFLUSH, &t->before);
	if (t->signals >= 0)
		close(t->signals);
	if (t->is_blocked)
		(void)sigprocmask(SIG_SETMASK, &t->old_mask, NULL);
}

/* True when a line can be read, false when a signal waits. */
static bool
wait_for_line(const struct terminal *t)
{
	struct pollfd p[2] = { { .fd = t->fd, .events = POLLIN },
		{ .fd = t->signals, .events = POLLIN } };

	while (poll(p, 2, -1) < 0)
		if (errno != EINTR)
			return false;
	return p[1].revents == 0;
}

/*
 * One line of a terminal is one read; what does not fit would be the next. An
 * end of file is an empty one.
 */
static long
read_line(const struct terminal *t, char *buf, size_t cap)
{
	ssize_t n;

	if (!wait_for_line(t))
		return -2;
	n = read(t->fd, buf, cap);
	if (n <= 0)
		return n < 0 ? -1 : 0;
	return buf[n - 1] == '\n' ? n - 1 : (long)cap + 1;
}

static void
ask(int fd, const char *question)
{
	size_t len = strlen(question);

	while (len > 0) {
		ssize_t n = write(fd, question, len);

		if (n <= 0)
			return;
		question += n;
		len -= (size_t)n;
	}
}

long
prompt_line(const char *question, char *buf, size_t cap)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	long n;

	if (fd < 0)
		return -1;
	/* -2: stopped, and continued; whoever was ended is no more. */
	do {
		struct terminal t = { .fd = fd, .signals = -1 };

		n = -1;
		if (hush(&t) == 0) {
			ask(fd, question);
			n = read_line(&t, buf, cap);
		}
		speak(&t);
	} while (n == -2);
	close(fd);
	return n;
}

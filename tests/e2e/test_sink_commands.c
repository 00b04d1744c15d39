/*
 * Sinks that are programs.
 */
#include "tests/e2e/sinks.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

static struct sinks s;

static void
setup(void)
{
	sinks_setup(&s);
}

static void
teardown(void)
{
	sinks_teardown(&s);
}

TestSuite(sinks, .init = setup, .fini = teardown, .timeout = 120);

/* What a command writes to the pipe, whose path is in the home. */
static int
open_fifo(void)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/fifo", s.home.dir);
	mkfifo(path, 0600);
	fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	cr_assert(fd >= 0, "%s: %s", path, strerror(errno));
	return fd;
}

static void
configure_command(const char *script, const char *more)
{
	char text[1024], path[128];

	snprintf(path, sizeof(path), "%s/sink.sh", s.home.dir);
	snprintf(text, sizeof(text), "cd %s\n%s\n", s.home.dir, script);
	home_write(&s.home, "sink.sh", text);
	snprintf(text, sizeof(text),
	    "[sink \"cmd\"]\ncommand = /bin/sh %s %s\n%s", path, SECRET, more);
	sinks_configure(&s, text);
}

static void
expect_line(int fd, const char *text)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char line[4096] = "";
	size_t len = 0;

	while (len + 1 < sizeof(line) && strchr(line, '\n') == NULL) {
		cr_assert_eq(
		    poll(&p, 1, DEADLINE_MS), 1, "nothing but \"%s\"", line);
		cr_assert_eq(read(fd, line + len, 1), 1);
		line[++len] = '\0';
	}
	cr_expect_not_null(strstr(line, text), "no %s in %s", text, line);
}

Test(sinks, a_command_gets_the_notice_on_its_input)
{
	int fd = open_fifo();

	configure_command("cat >fifo", "");
	sinks_start(&s);
	sinks_notice(&s, "wonder-1");
	expect_line(fd, "\"id\":\"price/anthropic/wonder-1\"");
	sinks_notice(&s, "wonder-2");
	expect_line(fd, "\"id\":\"price/anthropic/wonder-2\"");
	close(fd);
}

Test(sinks, a_command_that_fails_twice_is_run_a_third_time)
{
	int fd = open_fifo();

	configure_command("echo x >>tries\n"
			  "[ $(wc -l <tries) = 3 ] || exit 7\ncat >fifo",
	    "");
	sinks_start(&s);
	sinks_notice(&s, "wonder-1");
	sinks_expect_failed(&s, 1, "exit 7");
	sinks_move_clock(&s, SECOND_MS);
	sinks_expect_failed(&s, 2, "exit 7");
	daemon_kill(&s.home);
	sinks_start(&s);
	expect_line(fd, "wonder-1");
	sinks_notice(&s, "wonder-2");
	sinks_expect_failed(&s, 1, "exit 7");
	close(fd);
}

/* It reads nothing, ignores SIGTERM, and has a child that would live on. */
Test(sinks, a_command_that_hangs_is_ended_with_its_children)
{
	int fd = open_fifo();

	configure_command(
	    "trap '' TERM\n(echo began >fifo; sleep 1000)", "timeout = 1\n");
	sinks_start(&s);
	sinks_notice(&s, "wonder-1");
	expect_line(fd, "began");
	sinks_expect_fast(&s, 100);
	sinks_expect_failed(&s, 1, "took too long, signal 9");
	close(fd);
}

Test(sinks, a_command_that_is_not_there_is_told)
{
	sinks_configure(&s, "[sink \"cmd\"]\ncommand = /nowhere/at/all\n");
	sinks_start(&s);
	sinks_notice(&s, "wonder-1");
	sinks_expect_failed(&s, 1, "ENOENT 2");
}

Test(sinks, it_stops_at_once_while_a_command_runs)
{
	int fd = open_fifo();

	configure_command("echo began >fifo\nsleep 1000", "");
	sinks_start(&s);
	sinks_notice(&s, "wonder-1");
	expect_line(fd, "began");
	peer_close(&s.peer);
	daemon_stop(&s.home);
	close(fd);
}

Test(sinks, a_reload_ends_what_runs_and_goes_on_where_it_was)
{
	int fd = open_fifo();

	configure_command("echo began >fifo\nsleep 1000", "");
	sinks_start(&s);
	sinks_notice(&s, "wonder-1");
	expect_line(fd, "began");
	configure_command("cat >fifo", "level = warn\n");
	kill(s.home.pid, SIGHUP);
	expect_line(fd, "wonder-1");
	sinks_notice(&s, "wonder-2");
	expect_line(fd, "wonder-2");
	close(fd);
}

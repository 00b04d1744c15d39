/*
 * The daemon is killed in the middle of walks: what is seen is always whole,
 * and in the end as if it had been synced once.
 */
#include "tests/e2e/play.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#define KILLS 20

static struct home home, reference;

static void
setup(void)
{
	play_setup(&home);
	play_setup(&reference);
}

static void
teardown(void)
{
	play_finish(&reference);
	play_finish(&home);
}

TestSuite(provider_kills, .init = setup, .fini = teardown, .timeout = 600);

/* The script has killed it and waits for a new one. */
static void
restart(int script)
{
	int code = daemon_wait(&home);

	cr_assert_eq(code, 128 + SIGKILL, "the daemon ended with %d", code);
	daemon_start(&home);
	cr_assert_eq(write(script, "\n", 1), 1, "the script is gone");
}

/* Restarts the daemon as often as the script says so; what else it says. */
static void
serve(FILE *said, int script, char *rest, size_t cap)
{
	char line[400];
	size_t len = 0;

	rest[0] = '\0';
	while (fgets(line, sizeof(line), said) != NULL) {
		if (strcmp(line, "restart\n") == 0)
			restart(script);
		else
			len +=
			    (size_t)snprintf(rest + len, cap - len, "%s", line);
		if (len >= cap)
			len = cap - 1;
	}
}

static void
play_kills(const char *scenario)
{
	char rest[4000], kills[24];
	const char *const argv[] = { "/usr/bin/python3",
		"tests/e2e/provider_kills.py", home.socket, home.dir, scenario,
		reference.socket, kills, NULL };
	int in[2], out[2], code;
	FILE *said;
	pid_t pid;

	snprintf(kills, sizeof(kills), "%llu",
	    (unsigned long long)env_u64("TT_KILLS", KILLS));
	play_need_python(&home);
	daemon_start(&home);
	daemon_start(&reference);
	signal(SIGPIPE, SIG_IGN);
	cr_assert(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0);
	pid =
	    child_start(&home, argv, (int[]){ in[0], out[1], out[1] }, -1, -1);
	close(in[0]);
	close(out[1]);
	said = fdopen(out[0], "r");
	serve(said, in[1], rest, sizeof(rest));
	close(in[1]);
	fclose(said);
	code = child_wait(pid);
	cr_expect_eq(code, 0, "exit code %d: %s", code, rest);
}

Test(provider_kills, a_walk_that_is_cut_off_leaves_nothing_and_loses_nothing)
{
	play_kills("kills");
}

Test(provider_kills, a_removal_that_is_cut_off_can_be_made_again)
{
	play_kills("removals");
}

/*
 * spawn N [NAME=VALUE] COMMAND [ARG…] [, …]…: what a whole process costs, from
 * posix_spawn to its end, N times each, the commands in turn. Their output goes
 * nowhere; one that fails ends the run. Their input is the file that
 * $SPAWN_STDIN names, each time from its beginning, or nothing.
 */
#include <err.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/bench/bench.h"

#define COMMANDS_MAX 8
#define WARM_UP 3

extern char **environ;

struct command {
	char **argv;
	struct samples lat;
};

static uint64_t
run(char **argv, const posix_spawn_file_actions_t *files)
{
	uint64_t before;
	pid_t pid;
	int rc, status;

	for (; strchr(*argv, '=') != NULL; argv++)
		putenv(*argv);
	before = bench_now_ns();
	rc = posix_spawnp(&pid, argv[0], files, NULL, argv, environ);
	if (rc != 0)
		errx(1, "%s: %s", argv[0], strerror(rc));
	if (waitpid(pid, &status, 0) != pid)
		err(1, "waitpid");
	if (status != 0)
		errx(1, "%s: status %#x", argv[0], (unsigned)status);
	return bench_now_ns() - before;
}

static void
set_files(posix_spawn_file_actions_t *files)
{
	const char *in = getenv("SPAWN_STDIN");

	if (in == NULL)
		in = "/dev/null";
	if (posix_spawn_file_actions_init(files) != 0 ||
	    posix_spawn_file_actions_addopen(files, 0, in, O_RDONLY, 0) != 0 ||
	    posix_spawn_file_actions_addopen(
		files, 1, "/dev/null", O_WRONLY, 0) != 0)
		errx(1, "posix_spawn_file_actions");
}

/* Cuts argv at the commas. */
static size_t
split(char **argv, struct command *commands)
{
	size_t n = 0;

	commands[n++].argv = argv;
	for (; *argv != NULL; argv++)
		if (strcmp(*argv, ",") == 0 && n < COMMANDS_MAX) {
			*argv = NULL;
			commands[n++].argv = argv + 1;
		}
	return n;
}

int
main(int argc, char **argv)
{
	struct command commands[COMMANDS_MAX] = { 0 };
	posix_spawn_file_actions_t files;
	size_t n, i;
	uint64_t rounds, round, took;

	if (argc < 3)
		errx(2, "usage: spawn N [NAME=VALUE] COMMAND [ARG…] [, …]…");
	rounds = bench_number(argv[1]) + WARM_UP;
	n = split(argv + 2, commands);
	set_files(&files);
	for (round = 0; round < rounds; round++)
		for (i = 0; i < n; i++) {
			took = run(commands[i].argv, &files);
			if (round >= WARM_UP)
				samples_add(&commands[i].lat, took);
		}
	for (i = 0; i < n; i++) {
		printf("%s", i == 0 ? "" : " ");
		samples_print(
		    &commands[i].lat, (char[2]){ (char)('a' + i), '\0' });
		samples_free(&commands[i].lat);
	}
	printf("\n");
	posix_spawn_file_actions_destroy(&files);
	return 0;
}

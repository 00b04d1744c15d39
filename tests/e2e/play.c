#include "tests/e2e/play.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

/* Of the key that the scripts use. */
#define KEY_PART "0123456789-secret"

void
play_setup(struct home *h)
{
	home_make(h);
	home_env(h, "TT_NOW", NOW_TEXT);
	home_env(h, "TZ", "UTC");
	if (under_sanitizer())
		home_env(h, "TT_SANITIZER", "1");
	home_write(h, "config", "[daemon]\nlog_level = debug\n");
}

void
play_trust_nobody(struct home *h)
{
	char trusted[100];

	home_write(h, "trusted.pem", "");
	snprintf(trusted, sizeof(trusted), "%s/trusted.pem", h->dir);
	home_env(h, "SSL_CERT_FILE", trusted);
}

void
play_finish(struct home *h)
{
	char *log;

	if (h->pid != 0)
		daemon_stop(h);
	log = file_read(h->log);
	cr_expect_null(strstr(log, KEY_PART), "a key is in the log:\n%s", log);
	free(log);
	home_finish(h);
}

void
play_need_python(struct home *h)
{
	struct run r;

	RUN(h, &r, "/usr/bin/python3", "-c", "import msgpack");
	if (r.code != 0) {
		run_free(&r);
		cr_skip_test("no /usr/bin/python3 with msgpack");
	}
	run_free(&r);
}

/* What a script cannot look at here it says in its last line, "skip: why". */
static void
skip_if_told(struct run *r)
{
	static char why[200];
	const char *line = strstr(r->out, "skip: ");

	if (line == NULL)
		return;
	snprintf(
	    why, sizeof(why), "%.*s", (int)strcspn(line + 6, "\n"), line + 6);
	run_free(r);
	cr_skip_test("%s", why);
}

void
play_on(struct home *h, const char *script, const char *scenario,
    const char *argument)
{
	char path[PATH_MAX];
	struct run r;

	snprintf(path, sizeof(path), "tests/e2e/%s", script);
	RUN(h, &r, "/usr/bin/python3", path, h->socket, h->dir, scenario,
	    argument);
	cr_expect_eq(r.code, 0, "%s %s: exit code %d: %s%s", scenario,
	    argument == NULL ? "" : argument, r.code, r.out, r.err);
	skip_if_told(&r);
	run_free(&r);
}

void
play(struct home *h, const char *script, const char *scenario,
    const char *argument)
{
	play_need_python(h);
	daemon_start(h);
	play_on(h, script, scenario, argument);
}

/*
 * Low balances and quotas of provider services: told once each time, whatever
 * happens to the daemon. provider_balance.py plays the services.
 */
#include "tests/e2e/harness.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "proto/lang.h"

#define FAULT_EXIT 77 /* as in fault.c */

static struct home home;

static void
setup(void)
{
	home_make(&home);
	home_env(&home, "TT_NOW", NOW_TEXT);
	home_env(&home, "TZ", "UTC");
	home_write(&home, "config", "[daemon]\nlog_level = debug\n");
}

static void
teardown(void)
{
	home_finish(&home);
}

TestSuite(provider_balance, .init = setup, .fini = teardown, .timeout = 120);

static void
need_python(void)
{
	struct run r;

	RUN(&home, &r, "/usr/bin/python3", "-c", "import msgpack");
	if (r.code != 0) {
		run_free(&r);
		cr_skip_test("no /usr/bin/python3 with msgpack");
	}
	run_free(&r);
}

static void
play(const char *scenario)
{
	struct run r;

	RUN(&home, &r, "/usr/bin/python3", "tests/e2e/provider_balance.py",
	    home.socket, home.dir, scenario);
	cr_expect_eq(r.code, 0, "%s: exit code %d: %s%s", scenario, r.code,
	    r.out, r.err);
	run_free(&r);
}

static void
expect_said(const char *part, const char *const *argv)
{
	struct run r;

	run_client(&home, argv, "", &r);
	cr_expect_eq(r.code, 0, "%s: exit code %d: %s", argv[0], r.code, r.err);
	cr_expect_not_null(
	    strstr(r.out, part), "no \"%s\" in:\n%s", part, r.out);
	run_free(&r);
}

#define SAYS(part, ...)                                                        \
	expect_said(part, (const char *const[]){ __VA_ARGS__, NULL })

Test(provider_balance, each_fall_is_told_once_and_outlives_a_kill)
{
	need_python();
	daemon_start(&home);
	play("falls");
	daemon_kill(&home);
	daemon_start(&home);
	play("goes_on");
	daemon_stop(&home);
}

Test(provider_balance, a_threshold_that_changes_is_held_against_what_is_left)
{
	need_python();
	daemon_start(&home);
	play("falls");
	play("changes");
	daemon_stop(&home);
}

Test(provider_balance, a_threshold_that_is_no_more_is_not_told_of)
{
	need_python();
	daemon_start(&home);
	play("pending");
	daemon_stop(&home);
}

Test(provider_balance, a_balance_that_nobody_tells_cannot_be_low)
{
	need_python();
	daemon_start(&home);
	play("nowhere");
	daemon_stop(&home);
}

Test(provider_balance, sessions_hear_of_it_in_their_language)
{
	need_python();
	daemon_start(&home);
	play("falls");
	SAYS("Account deepseek: 8.5 CNY is left, less than 10 CNY.\n",
	    "tt-notices");
	SAYS("\"kind\":\"balance\",\"level\":\"warn\",\"budget\":null,"
	     "\"subject\":\"deepseek\",\"period\":\"CNY\"",
	    "tt-notices", "--json");
	SAYS("账户 deepseek：余额 8.5 CNY，低于 10 CNY。", "tt-notices",
	    "--lang", "zh");
	SAYS("9.99 CNY  10.00 CNY  low", "tt-provider", "balance");
	SAYS("\"low_balance\":10,\"low_balance_currency\":null", "tt-provider",
	    "balance", "--json");
	SAYS("\"amount\":9.99,\"low\":true", "tt-provider", "list", "--json");
	SAYS("changed", "tt-provider", "set", "deepseek", "--low-balance",
	    "5.5 cny");
	SAYS("9.99 CNY   5.50 CNY  ", "tt-provider", "balance");
	SAYS("5.50 CNY", "tt-provider", "list");
	SAYS("changed", "tt-provider", "set", "deepseek", "--low-balance",
	    "none");
	SAYS("\"low_balance\":null,\"low_balance_currency\":null",
	    "tt-provider", "list", "--json");
	daemon_stop(&home);
}

Test(provider_balance, sinks_hear_of_it_at_once)
{
	char config[400];

	need_python();
	home_write(&home, "sink.sh", "cat >\"$1.new\" && mv \"$1.new\" \"$1\"");
	snprintf(config, sizeof(config),
	    "[sink \"file\"]\ncommand = /bin/sh %s/sink.sh %s/sunk\n"
	    "kinds = balance\n",
	    home.dir, home.dir);
	home_write(&home, "config", config);
	daemon_start(&home);
	play("sunk");
	daemon_stop(&home);
}

Test(provider_balance, quotas_of_providers_are_told_once_in_a_period)
{
	need_python();
	daemon_start(&home);
	play("windows");
	SAYS("The quota minimax/work/MiniMax-M-/interval is nearly used up",
	    "tt-notices");
	daemon_stop(&home);
}

static void
expect_unsaid(const char *part)
{
	struct run r;

	RUN(&home, &r, "tt-provider", "balance");
	cr_expect_null(strstr(r.out, part), "\"%s\" in:\n%s", part, r.out);
	run_free(&r);
}

Test(provider_balance, what_is_not_of_now_says_of_when_it_is)
{
	need_python();
	daemon_start(&home);
	play("refused");
	SAYS(" 12.00 CNY                just now (key refused)\n",
	    "tt-provider", "balance");
	SAYS("截至", "tt-provider", "balance", "--lang", "zh");
	SAYS("刚刚（密钥被拒）\n", "tt-provider", "balance", "--lang", "zh");
	SAYS("\"state\":\"bad_key\",", "tt-provider", "balance", "--json");
	SAYS("\"low\":false,\"as_of\":\"2026-05-12T10:00:00.000Z\"}",
	    "tt-provider", "balance", "--json");
	SAYS("deepseek", "tt-provider", "disable", "deepseek");
	home_env(&home, "TT_NOW", "2026-05-12T13:00:00Z");
	SAYS("3 h ago (disabled)\n", "tt-provider", "balance");
	daemon_stop(&home);
}

Test(provider_balance, a_window_that_was_reset_is_not_shown_as_it_was)
{
	need_python();
	daemon_start(&home);
	play("windows");
	SAYS("91% used             resets in 2h 00m\n", "tt-provider",
	    "balance");
	expect_unsaid("as of");
	SAYS("\"current\":true,\"as_of\":\"2026-05-12T10:00:00.000Z\"}",
	    "tt-provider", "balance", "--json");
	home_env(&home, "TT_NOW", "2026-05-12T11:30:00Z");
	SAYS("91% used             resets in 30m  1 h ago\n", "tt-provider",
	    "balance");
	home_env(&home, "TT_NOW", "2026-07-12T12:00:00Z");
	SAYS("was reset 61 days ago  61 days ago\n", "tt-provider", "balance");
	expect_unsaid("91%");
	SAYS("61 天前已清零", "tt-provider", "balance", "--lang", "zh");
	SAYS("\"current\":false,", "tt-provider", "list", "--json");
	daemon_stop(&home);
}

/* However narrow, what a row is stays whole, and no line is wider. */
static void
expect_narrow(const char *width, size_t columns)
{
	const char *line;
	struct run r;
	size_t len;

	RUN(&home, &r, "tt-provider", "balance", "--width", width);
	cr_expect_not_null(
	    strstr(r.out, "MiniMax-M* interval "), "at %s: %s", width, r.out);
	cr_expect_not_null(
	    strstr(r.out, "91% used"), "at %s: %s", width, r.out);
	cr_expect_not_null(
	    strstr(r.out, "minimax/work"), "at %s: %s", width, r.out);
	for (line = r.out; *line != '\0'; line += len + (line[len] == '\n')) {
		len = strcspn(line, "\n");
		cr_expect_leq(lang_width(line, len), columns,
		    "wider than %s columns: %.*s", width, (int)len, line);
	}
	run_free(&r);
}

Test(provider_balance, a_narrow_table_still_says_what_each_row_is)
{
	need_python();
	daemon_start(&home);
	play("windows");
	SAYS("is not asked any more", "tt-provider", "disable", "minimax/work");
	home_env(&home, "TT_NOW", "2026-05-12T11:30:00Z");
	SAYS("resets in 30m  1 h ago (disabled)\n", "tt-provider", "balance");
	expect_narrow("80", 80);
	expect_narrow("60", 60);
	expect_narrow("40", 40);
	SAYS("\nminimax/work: as of 1 h ago (disabled)\n", "tt-provider",
	    "balance", "--width", "80");
	SAYS("resets in 30m\n", "tt-provider", "balance", "--width", "60");
	SAYS("\nminimax/work：截至 1 小时前（已停用）\n", "tt-provider",
	    "balance", "--width", "60", "--lang", "zh");
	daemon_stop(&home);
}

/* False: it did not come to that commit. */
static bool
dies_while_falling(const char *kind, int commit)
{
	char fault[40];
	int code;

	snprintf(fault, sizeof(fault), "%s:%d", kind, commit);
	home_env(&home, "TT_FAULT", fault);
	if (daemon_try(&home, NULL, &code)) {
		play("falls_and_dies");
		kill(home.pid, SIGKILL);
		code = daemon_wait(&home);
	}
	home_env(&home, "TT_FAULT", NULL);
	return code == FAULT_EXIT;
}

Test(provider_balance, dying_at_any_commit_neither_loses_nor_doubles_it)
{
	static const char *const kinds[] = { "before", "after" };
	bool died = true;
	int commit = 0;

	need_python();
	home.program = "collectord-fault";
	daemon_start(&home);
	play("begins");
	daemon_stop(&home);
	while (died) {
		commit++;
		for (int i = 0; i < 2; i++) {
			died = dies_while_falling(kinds[i], commit);
			daemon_start(&home);
			play("has_fallen");
			play("rises");
			daemon_stop(&home);
		}
		cr_assert_lt(commit, 30, "it dies and dies");
	}
	cr_expect_gt(commit, 2, "it died at %d commits only", commit - 1);
}

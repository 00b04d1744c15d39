/*
 * Accounts of provider services: a loopback server plays the services, well and
 * badly, and looks at what came of it.
 */
#include "tests/e2e/harness.h"

#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#define KEY_PART "0123456789-secret"

static struct home home;

static void
setup(void)
{
	home_make(&home);
	home_env(&home, "TT_NOW", NOW_TEXT);
	home_env(&home, "TZ", "UTC");
	home_write(&home, "config", "[daemon]\nlog_level = debug\n");
}

/* Whatever happened, nobody reads a key in the log. */
static void
teardown(void)
{
	char *log;

	if (home.pid != 0)
		daemon_stop(&home);
	log = file_read(home.log);
	cr_expect_null(strstr(log, KEY_PART), "a key is in the log:\n%s", log);
	free(log);
	home_finish(&home);
}

TestSuite(provider, .init = setup, .fini = teardown, .timeout = 60);

static void
play_in(const char *file, const char *scenario)
{
	struct run r;

	RUN(&home, &r, "/usr/bin/python3", file, home.socket, home.dir,
	    scenario);
	cr_expect_eq(r.code, 0, "%s: exit code %d: %s%s", scenario, r.code,
	    r.out, r.err);
	run_free(&r);
}

/* With a daemon to play for, where there is Python to play with. */
static void
start(void)
{
	struct run r;

	RUN(&home, &r, "/usr/bin/python3", "-c", "import msgpack");
	if (r.code != 0) {
		run_free(&r);
		cr_skip_test("no /usr/bin/python3 with msgpack");
	}
	run_free(&r);
	daemon_start(&home);
}

static void
play_on(const char *scenario)
{
	play_in("tests/e2e/provider.py", scenario);
}

static void
play(const char *scenario)
{
	start();
	play_on(scenario);
}

#define CUSTOM "tests/e2e/provider_custom.py"

Test(provider, syncing_twice_or_what_has_changed_is_syncing_once)
{
	play("twice_is_once");
}

Test(provider, two_accounts_of_one_provider_live_side_by_side)
{
	play("two_accounts");
}

Test(provider, pages_are_followed_to_their_end_and_never_around)
{
	play("paging");
}

Test(provider, a_wrong_key_stops_its_account_until_it_changes)
{
	play("wrong_key");
}

Test(provider, a_service_that_is_asked_too_much_is_left_alone)
{
	play("limited");
}

Test(provider, what_a_service_does_wrong_loses_and_doubles_nothing)
{
	play("failing");
}

Test(provider, each_service_has_its_own_ways)
{
	play("kinds");
}

Test(provider, half_a_walk_shows_nothing_and_is_swept_away)
{
	play("many");
}

Test(provider, accounts_survive_a_restart_and_leave_nothing_behind)
{
	play("restarted_before");
	daemon_stop(&home);
	daemon_start(&home);
	play_on("restarted_after");
}

Test(provider, a_definition_file_adds_a_service)
{
	start();
	play_in(CUSTOM, "defined");
}

Test(provider, an_edit_of_a_definition_holds_from_the_next_round_on)
{
	start();
	play_in(CUSTOM, "edited");
}

Test(provider, an_account_whose_definition_is_missing_keeps_what_it_knew)
{
	start();
	play_in(CUSTOM, "undefined_before");
	daemon_stop(&home);
	daemon_start(&home);
	play_in(CUSTOM, "undefined_after");
}

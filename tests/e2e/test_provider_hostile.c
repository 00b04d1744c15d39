/*
 * Whoever means no good: clients that flood, services that drown, files that
 * are none. The daemon lives, and says what is wrong.
 */
#include "tests/e2e/play.h"

#include <criterion/criterion.h>

static struct home home;

static void
setup(void)
{
	play_setup(&home);
}

static void
teardown(void)
{
	play_finish(&home);
}

TestSuite(provider_hostile, .init = setup, .fini = teardown, .timeout = 60);

static void
play_hostile(const char *scenario)
{
	play(&home, "provider_hostile.py", scenario, NULL);
}

Test(provider_hostile, requests_that_waited_go_on_when_others_are_over)
{
	play_hostile("flood");
}

Test(provider_hostile, a_service_that_fails_is_asked_once_to_verify_a_key)
{
	play_hostile("failing");
}

Test(provider_hostile, files_of_any_name_among_definitions_are_told_of)
{
	play_hostile("names");
}

Test(provider_hostile, keys_of_accounts_with_like_names_stay_apart)
{
	play_hostile("keys");
}

Test(provider_hostile, a_feed_that_is_renamed_unseen_does_not_bill_twice)
{
	play_hostile("renamed_before");
	daemon_stop(&home);
	daemon_start(&home);
	play_on(&home, "provider_hostile.py", "renamed_after", NULL);
}

Test(provider_hostile, more_currencies_than_there_are_is_no_answer)
{
	play_hostile("currencies");
}

Test(provider_hostile, a_clock_that_moves_answers_everybody_with_his_own)
{
	play_hostile("answers");
}

Test(provider_hostile, an_account_that_a_full_disk_keeps_can_be_removed_later)
{
	play_hostile("full_before");
	daemon_stop(&home);
	home.program = "collectord-fault";
	/* The first commits are those of the start. */
	home_env(&home, "TT_FAULT", "full:4:1000000");
	daemon_start(&home);
	play_on(&home, "provider_hostile.py", "full", NULL);
	daemon_stop(&home);
	home.program = "collectord";
	daemon_start(&home);
	play_on(&home, "provider_hostile.py", "full_after", NULL);
}

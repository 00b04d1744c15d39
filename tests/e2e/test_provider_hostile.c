/*
 * Whoever means no good: clients that flood, services that drown, files that
 * are none. The daemon lives, and says what is wrong.
 */
#include "tests/e2e/play.h"

#include <stdlib.h>
#include <string.h>

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

TestSuite(provider_hostile, .init = setup, .fini = teardown, .timeout = 120);

static void
play_hostile(const char *scenario)
{
	play(&home, "provider_hostile.py", scenario, NULL);
}

Test(provider_hostile, requests_that_waited_go_on_when_others_are_over)
{
	play_hostile("flood");
}

Test(provider_hostile, who_asks_again_and_again_keeps_nobody_waiting)
{
	play_hostile("greedy");
}

Test(provider_hostile, who_asks_for_one_account_keeps_nobody_waiting)
{
	play_hostile("greedy_of_many");
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

Test(provider_hostile, answers_that_would_fill_the_memory_do_not)
{
	play_hostile("drowning");
}

Test(provider_hostile, a_clock_that_moves_answers_everybody_with_his_own)
{
	play_hostile("answers");
}

Test(provider_hostile, a_clock_that_was_ahead_holds_nobody_up)
{
	play_hostile("clock_back");
}

static void
restart_as(const char *program, const char *fault)
{
	daemon_stop(&home);
	home.program = program;
	home_env(&home, "TT_FAULT", fault);
	daemon_start(&home);
}

/* What a scenario does to a key before or after its account is stored. */
static void
cut_off(const char *fault, const char *scenario, const char *then)
{
	int code;

	play_hostile("kept_before");
	/* The first commits are those of the start and of its first tick. */
	restart_as("collectord-fault", fault);
	play_on(&home, "provider_hostile.py", scenario, NULL);
	code = daemon_wait(&home);
	cr_assert_eq(code, 77, "the daemon ended with %d", code);
	home.program = "collectord";
	home_env(&home, "TT_FAULT", NULL);
	daemon_start(&home);
	play_on(&home, "provider_hostile.py", then, NULL);
}

Test(provider_hostile, a_key_without_its_account_is_removed)
{
	cut_off("before:5", "cut_off_new", "as_before");
}

Test(provider_hostile, a_new_key_that_is_cut_off_is_not_there)
{
	cut_off("before:5", "cut_off_key", "as_before");
}

Test(provider_hostile, a_new_key_that_is_kept_is_there)
{
	cut_off("after:5", "cut_off_key", "as_after");
}

Test(provider_hostile, a_key_that_is_replaced_is_overwritten)
{
	play_hostile("replaced");
}

Test(provider_hostile, rows_that_a_full_disk_keeps_are_tried_to_drop_in_peace)
{
	const char *at;
	size_t tries = 0;
	char *log;

	play_hostile("gone_before");
	/* The first commits are those of the start. */
	restart_as("collectord-fault", "full:4:1000000");
	play_on(&home, "provider_hostile.py", "gone_full", NULL);
	log = file_read(home.log);
	for (at = log; (at = strstr(at, "op=drop")) != NULL; at++)
		tries++;
	free(log);
	cr_expect(tries > 0 && tries < 5, "%zu tries", tries);
	restart_as("collectord", NULL);
	play_on(&home, "provider_hostile.py", "gone_after", NULL);
}

Test(provider_hostile, an_account_that_a_full_disk_keeps_can_be_removed_later)
{
	play_hostile("full_before");
	restart_as("collectord-fault", "full:4:1000000");
	play_on(&home, "provider_hostile.py", "full", NULL);
	restart_as("collectord", NULL);
	play_on(&home, "provider_hostile.py", "full_after", NULL);
}

Test(provider_hostile, data_that_a_full_disk_keeps_is_no_account)
{
	play_hostile("remains_before");
	restart_as("collectord-fault", "full:4:1000000");
	play_on(&home, "provider_hostile.py", "remains_full", NULL);
	restart_as("collectord", NULL);
	play_on(&home, "provider_hostile.py", "remains_after", NULL);
}

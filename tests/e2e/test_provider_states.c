/*
 * What an account is said to be while its service does less than it should, and
 * how often that is asked meanwhile.
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

TestSuite(provider_states, .init = setup, .fini = teardown, .timeout = 60);

static void
play_state(const char *scenario)
{
	play(&home, "provider_states.py", scenario, NULL);
}

Test(provider_states, where_nothing_is_there_an_account_fails)
{
	play_state("gone");
}

Test(provider_states, where_nothing_ever_was_there_it_fails_too)
{
	play_state("never_there");
}

Test(provider_states, a_notice_says_since_when_why_and_what_helps)
{
	play_state("told");
}

Test(provider_states, one_429_is_meant_for_the_whole_key)
{
	play_state("limited");
}

Test(provider_states, an_overloaded_service_is_left_alone_until_the_next_round)
{
	play_state("overloaded");
}

Test(provider_states, a_lost_or_open_key_file_is_named_with_what_helps)
{
	play_state("key_file");
}

Test(provider_states, a_key_that_sees_little_is_a_good_one)
{
	play_state("lesser");
}

Test(provider_states, a_key_that_could_not_be_tried_is_not_called_taken)
{
	play_state("untried");
}

Test(provider_states, an_account_with_a_refused_key_says_what_helps)
{
	play_state("refused");
}

Test(provider_states, a_key_that_is_refused_is_what_all_feeds_tell)
{
	play_state("refused_later");
}

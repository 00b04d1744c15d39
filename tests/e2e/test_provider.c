/*
 * Accounts of provider services: a loopback server plays the services, well and
 * badly, and looks at what came of it.
 */
#include "tests/e2e/play.h"

#include <criterion/criterion.h>

#define SCRIPT "provider.py"
#define CUSTOM "provider_custom.py"

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

TestSuite(provider, .init = setup, .fini = teardown, .timeout = 120);

Test(provider, syncing_twice_or_what_has_changed_is_syncing_once)
{
	play(&home, SCRIPT, "twice_is_once", NULL);
}

Test(provider, two_accounts_of_one_provider_live_side_by_side)
{
	play(&home, SCRIPT, "two_accounts", NULL);
}

Test(provider, a_name_is_not_taken_by_another_organisation)
{
	play(&home, SCRIPT, "another_one", NULL);
}

Test(provider, an_account_that_is_added_again_keeps_what_it_knew)
{
	play(&home, SCRIPT, "added_again", NULL);
}

Test(provider, a_quiet_month_is_not_the_beginning_of_history)
{
	play(&home, SCRIPT, "quiet_months", NULL);
}

Test(provider, pages_are_followed_to_their_end_and_never_around)
{
	play(&home, SCRIPT, "paging", NULL);
}

Test(provider, a_wrong_key_stops_its_account_until_it_changes)
{
	play(&home, SCRIPT, "wrong_key", NULL);
}

Test(provider, each_service_has_its_own_ways)
{
	play(&home, SCRIPT, "kinds", NULL);
}

Test(provider, half_a_walk_shows_nothing_and_is_swept_away)
{
	play(&home, SCRIPT, "many", NULL);
}

Test(provider, accounts_survive_a_restart_and_leave_nothing_behind)
{
	play(&home, SCRIPT, "restarted_before", NULL);
	daemon_stop(&home);
	daemon_start(&home);
	play_on(&home, SCRIPT, "restarted_after", NULL);
}

Test(provider, a_definition_file_adds_a_service)
{
	play(&home, CUSTOM, "defined", NULL);
}

Test(provider, an_edit_of_a_definition_holds_from_the_next_round_on)
{
	play(&home, CUSTOM, "edited", NULL);
}

Test(provider, an_account_whose_definition_is_missing_keeps_what_it_knew)
{
	play(&home, CUSTOM, "undefined_before", NULL);
	daemon_stop(&home);
	daemon_start(&home);
	play_on(&home, CUSTOM, "undefined_after", NULL);
}

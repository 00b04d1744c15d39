/* A key is in the file that is meant for it and nowhere else. */
#include "tests/e2e/play.h"

#include <criterion/criterion.h>

#define SCRIPT "provider_secrets.py"

static struct home home;

static void
setup(void)
{
	play_setup(&home);
	play_trust_nobody(&home);
}

static void
teardown(void)
{
	play_finish(&home);
}

TestSuite(provider_secrets, .init = setup, .fini = teardown, .timeout = 120);

Test(provider_secrets, no_file_and_no_word_but_one_has_a_key)
{
	play(&home, SCRIPT, "files", NULL);
}

Test(provider_secrets, no_argument_and_no_environment_has_a_key)
{
	play(&home, SCRIPT, "processes", NULL);
}

Test(provider_secrets, no_stranger_is_told_a_key_or_can_look_for_it)
{
	play(&home, SCRIPT, "strangers", NULL);
}

Test(provider_secrets, what_was_a_key_is_wiped_from_memory)
{
	play(&home, SCRIPT, "forgotten", NULL);
}

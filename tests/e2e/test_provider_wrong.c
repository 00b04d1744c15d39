/*
 * Services that do wrong: every case ends in its documented state, with a clear
 * line, nothing lost and nothing doubled.
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

TestSuite(provider_wrong, .init = setup, .fini = teardown, .timeout = 120);

static void
play_wrong(const char *scenario, const char *provider)
{
	play(&home, "provider_wrong.py", scenario, provider);
}

#define OF_EACH(scenario, name)                                                \
	Test(provider_wrong, openai_##name)                                    \
	{                                                                      \
		play_wrong(scenario, "openai");                                \
	}                                                                      \
	Test(provider_wrong, anthropic_##name)                                 \
	{                                                                      \
		play_wrong(scenario, "anthropic");                             \
	}                                                                      \
	Test(provider_wrong, openrouter_##name)                                \
	{                                                                      \
		play_wrong(scenario, "openrouter");                            \
	}

OF_EACH("answers", fails_and_answers_what_is_no_page)
OF_EACH("amounts", bills_what_is_no_amount)
OF_EACH("keys", refuses_a_key_until_it_changes)
OF_EACH("limits", is_left_alone_as_long_as_it_wants)
OF_EACH("slow", never_ends_and_nobody_waits_for_it)
OF_EACH("unreachable", is_unreachable_and_asked_no_further)
OF_EACH("large", answers_more_than_is_taken)
OF_EACH("redirects", leads_elsewhere_and_no_key_follows)

Test(provider_wrong, openai_leads_around_or_to_no_page)
{
	play_wrong("paging", "openai");
}

Test(provider_wrong, anthropic_leads_around_or_to_no_page)
{
	play_wrong("paging", "anthropic");
}

Test(provider_wrong, an_error_that_is_over_hides_none_that_lasts)
{
	play_wrong("one_after_another", "openrouter");
}

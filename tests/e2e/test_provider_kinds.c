/* Each provider's documented requests and answers, to the last digit. */
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

TestSuite(provider_kinds, .init = setup, .fini = teardown, .timeout = 120);

static void
play_kind(const char *scenario)
{
	play(&home, "provider_kinds.py", scenario, NULL);
}

Test(provider_kinds, openai_tells_costs_and_ten_kinds_of_use)
{
	play_kind("openai");
}

Test(provider_kinds, openai_takes_lists_in_one_of_two_ways)
{
	play_kind("openai_brackets");
}

Test(provider_kinds, openai_may_refuse_the_other_way)
{
	play_kind("openai_no_groups");
}

Test(provider_kinds, anthropic_tells_cents_and_disjoint_tokens)
{
	play_kind("anthropic");
}

Test(provider_kinds, openrouter_tells_activity_credits_and_the_key)
{
	play_kind("openrouter");
}

Test(provider_kinds, openrouter_tells_a_lesser_key_of_itself)
{
	play_kind("openrouter_lesser");
}

Test(provider_kinds, deepseek_tells_a_balance_in_each_currency)
{
	play_kind("deepseek");
}

Test(provider_kinds, kimi_tells_a_balance_in_the_currency_of_its_region)
{
	play_kind("kimi");
}

Test(provider_kinds, minimax_tells_what_is_left_of_a_plan_in_two_ways)
{
	play_kind("minimax");
}

Test(provider_kinds, services_live_side_by_side)
{
	play_kind("side_by_side");
}

#include <criterion/criterion.h>

#include "clients/price/compare.h"

static void
expect_pattern(const char *provider, const char *model, const char *wanted)
{
	struct catalog_row row = { .provider = text_of(provider),
		.model = text_of(model) };
	char buf[64];

	cr_assert_eq(compare_pattern(&row, buf, sizeof(buf)), 0);
	cr_expect_str_eq(buf, wanted, "%s of %s: %s, expected %s", model,
	    provider, buf, wanted);
}

Test(compare, a_pattern_is_what_calls_say, .timeout = 30)
{
	struct catalog_row row = { .provider = TEXT("a"), .model = TEXT("bc") };
	char buf[4];

	expect_pattern("anthropic", "Claude-X", "anthropic/claude-x");
	expect_pattern("", "claude-x", "claude-x");
	expect_pattern("openrouter", "anthropic/claude-x",
	    "openrouter/anthropic/claude-x");
	expect_pattern("vertex_ai-anthropic_models", "vertex_ai/claude-x",
	    "vertex_ai/claude-x");
	cr_expect_neq(compare_pattern(&row, buf, sizeof(buf)), 0, "%s", buf);
}

#define NONE CATALOG_NO_RATE

static const struct tariff now = {
	.rates = { { 3, 15, 1, 4, NONE, 7 } },
	.n_steps = 1,
	.steps = { { 200, { { 6, 22, 2, 8, NONE, 7 } } } },
};

Test(compare, what_a_list_does_not_say_is_no_difference, .timeout = 30)
{
	struct catalog_row row = { .rates = { { 3, 15, NONE, NONE, NONE } } };

	cr_expect_not(compare_differs(&row, &now));
	row.rates.of[CATALOG_CACHE_READ] = 2;
	cr_expect(compare_differs(&row, &now), "another cache price");
	row.rates.of[CATALOG_CACHE_READ] = 1;
	row.n_steps = 1;
	row.steps[0] =
	    (struct catalog_step){ 200, { { 6, 22, NONE, NONE, NONE } } };
	cr_expect_not(compare_differs(&row, &now));
	row.steps[0].above = 201;
	cr_expect(compare_differs(&row, &now), "another step");
	row.steps[0].above = 200;
	row.steps[0].rates.of[CATALOG_OUTPUT] = 23;
	cr_expect(compare_differs(&row, &now), "another price of the step");
}

Test(compare, a_merge_keeps_what_the_list_does_not_say, .timeout = 30)
{
	struct catalog_row row = { .rates = { { 2, 10, NONE, NONE, NONE } } };
	struct tariff t = { .has_from = true, .from_ms = 5 };

	compare_merge(&t, &row, &now);
	cr_expect_eq(t.rates.of[TARIFF_INPUT], 2);
	cr_expect_eq(t.rates.of[TARIFF_CACHE_READ], 1);
	cr_expect_eq(t.rates.of[TARIFF_WEB_SEARCH], 7);
	cr_expect_eq(t.rates.of[TARIFF_CACHE_WRITE_1H], TARIFF_UNKNOWN);
	cr_expect(t.n_steps == 1 && t.steps[0].rates.of[TARIFF_INPUT] == 6,
	    "%u steps", t.n_steps);
	cr_expect(t.has_from && t.from_ms == 5, "the date went");
	compare_merge(&t, &row, NULL);
	cr_expect(
	    t.n_steps == 0 && t.rates.of[TARIFF_CACHE_READ] == TARIFF_UNKNOWN,
	    "%u steps, cache read %jd", t.n_steps,
	    (intmax_t)t.rates.of[TARIFF_CACHE_READ]);
}

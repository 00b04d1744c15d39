#include <criterion/criterion.h>

#include <stdio.h>

#include "clients/price/catalog.h"

struct file {
	struct json json;
	struct catalog catalog;
	int rc;
};

static struct file
read_file(const char *text)
{
	struct file f = { 0 };

	cr_assert_eq(json_parse(&f.json, text, strlen(text)), 0,
	    "no JSON: %s at %zu", f.json.error, f.json.error_at);
	f.rc = catalog_read(&f.catalog, &f.json);
	return f;
}

static void
release(struct file *f)
{
	catalog_release(&f->catalog);
	json_release(&f->json);
}

static const struct catalog_row *
row_at(const struct file *f, size_t i)
{
	cr_assert_lt(i, f->catalog.n, "only %zu rows", f->catalog.n);
	return &f->catalog.rows[i];
}

static void
expect_name(
    const struct catalog_row *row, const char *provider, const char *model)
{
	cr_assert(
	    text_is(row->provider, provider) && text_is(row->model, model),
	    "%.*s of %.*s, expected %s of %s", (int)row->model.len,
	    row->model.p, (int)row->provider.len, row->provider.p, model,
	    provider);
}

static void
expect_rates(const struct catalog_rates *rates, const int64_t expected[5])
{
	for (int i = 0; i < CATALOG_CLASSES; i++)
		cr_assert_eq(rates->of[i], expected[i],
		    "class %d: %lld, expected %lld", i, (long long)rates->of[i],
		    (long long)expected[i]);
}

#define RATES(...) ((const int64_t[]){ __VA_ARGS__ })

static const char litellm[] =
    "{\"sample_spec\":{\"litellm_provider\":\"x\",\"mode\":\"chat\","
    "\"input_cost_per_token\":1,\"output_cost_per_token\":1},"
    "\"claude-sonnet-4-5\":{\"litellm_provider\":\"anthropic\","
    "\"mode\":\"chat\",\"input_cost_per_token\":3e-06,"
    "\"output_cost_per_token\":1.5e-05,"
    "\"cache_read_input_token_cost\":3e-07,"
    "\"cache_creation_input_token_cost\":3.75e-06,"
    "\"cache_creation_input_token_cost_above_1hr\":6e-06,"
    "\"input_cost_per_token_above_200k_tokens\":6e-06,"
    "\"output_cost_per_token_above_200k_tokens\":2.25e-05,"
    "\"cache_read_input_token_cost_above_200k_tokens\":6e-07,"
    "\"cache_creation_input_token_cost_above_200k_tokens\":7.5e-06,"
    "\"cache_creation_input_token_cost_above_1hr_above_200k_tokens\":1.2e-05,"
    "\"input_cost_per_token_batches\":1.5e-06,"
    "\"input_cost_per_token_above_200k_tokens_priority\":9},"
    "\"deepseek/deepseek-chat\":{\"litellm_provider\":\"deepseek\","
    "\"input_cost_per_token\":\"2.8e-07\",\"output_cost_per_token\":4.2e-07,"
    "\"cache_creation_input_token_cost\":0.0,"
    "\"cache_read_input_token_cost\":2.8000000000000003e-08},"
    "\"text-embedding-3\":{\"mode\":\"embedding\","
    "\"input_cost_per_token\":1e-8,\"output_cost_per_token\":0},"
    "\"free-one\":{\"mode\":\"chat\",\"input_cost_per_token\":0,"
    "\"output_cost_per_token\":0},"
    "\"by-the-second\":{\"mode\":\"chat\",\"input_cost_per_second\":1},"
    "\"too-fine\":{\"mode\":\"chat\",\"input_cost_per_token\":1.5e-12,"
    "\"output_cost_per_token\":1e-6}}";

Test(catalog, litellm_is_recognised_and_read_exactly, .timeout = 30)
{
	struct file f = read_file(litellm);
	const struct catalog_row *row;

	cr_assert_eq(f.rc, CATALOG_OK, "rc %d", f.rc);
	cr_assert_eq(f.catalog.shape, CATALOG_LITELLM);
	cr_assert_eq(f.catalog.n, 2, "%zu rows", f.catalog.n);
	cr_assert_eq(f.catalog.skipped, 2, "%zu skipped", f.catalog.skipped);
	row = row_at(&f, 0);
	expect_name(row, "anthropic", "claude-sonnet-4-5");
	expect_rates(
	    &row->rates, RATES(3000000, 15000000, 300000, 3750000, 6000000));
	cr_assert_eq(row->n_steps, 1, "%u steps", row->n_steps);
	cr_assert_eq(row->steps[0].above, 200000);
	expect_rates(&row->steps[0].rates,
	    RATES(6000000, 22500000, 600000, 7500000, 12000000));
	row = row_at(&f, 1);
	expect_name(row, "deepseek", "deepseek-chat");
	expect_rates(&row->rates, RATES(280000, 420000, 28000, -1, -1));
	release(&f);
}

Test(catalog, tiered_pricing_of_litellm_becomes_steps, .timeout = 30)
{
	struct file f = read_file(
	    "{\"dashscope/qwen3-max\":{\"litellm_provider\":\"dashscope\","
	    "\"mode\":\"chat\",\"tiered_pricing\":["
	    "{\"range\":[0,32000.0],\"input_cost_per_token\":1.2e-06,"
	    "\"output_cost_per_token\":6e-06},"
	    "{\"range\":[128000.0,252000.0],\"input_cost_per_token\":3e-06,"
	    "\"output_cost_per_token\":1.5e-05},"
	    "{\"range\":[32e3,128000.0],\"input_cost_per_token\":2.4e-06,"
	    "\"output_cost_per_token\":1.2e-05}]}}");
	const struct catalog_row *row = row_at(&f, 0);

	expect_name(row, "dashscope", "qwen3-max");
	expect_rates(&row->rates, RATES(1200000, 6000000, -1, -1, -1));
	cr_assert_eq(row->n_steps, 2, "%u steps", row->n_steps);
	cr_assert_eq(row->steps[0].above, 32000);
	expect_rates(
	    &row->steps[0].rates, RATES(2400000, 12000000, -1, -1, -1));
	cr_assert_eq(row->steps[1].above, 128000);
	release(&f);
}

Test(catalog, models_dev_is_recognised_and_read_exactly, .timeout = 30)
{
	struct file f = read_file(
	    "{\"anthropic\":{\"id\":\"anthropic\",\"models\":{"
	    "\"claude-sonnet-4-5\":{\"id\":\"claude-sonnet-4-5\",\"cost\":{"
	    "\"input\":3,\"output\":15,\"cache_read\":0.3,\"cache_write\":3.75,"
	    "\"context_over_200k\":{\"input\":9,\"output\":9},"
	    "\"tiers\":[{\"tier\":{\"type\":\"context\",\"size\":200000},"
	    "\"input\":6,\"output\":22.5},{\"tier\":{\"type\":\"time\"}}]}},"
	    "\"no-cost\":{\"id\":\"no-cost\"}}},"
	    "\"zai-coding-plan\":{\"models\":{\"glm-4.6\":{\"cost\":{"
	    "\"input\":0,\"output\":0}}}},"
	    "\"google\":{\"models\":{\"gemini-2.5-pro\":{\"cost\":{"
	    "\"input\":1.25,\"output\":10,\"cache_read\":0.125,"
	    "\"context_over_200k\":{\"input\":2.5,\"output\":15,"
	    "\"cache_read\":0.25}}}}}}");
	const struct catalog_row *row = row_at(&f, 0);

	cr_assert_eq(f.catalog.shape, CATALOG_MODELS_DEV);
	cr_assert_eq(f.catalog.n, 2, "%zu rows", f.catalog.n);
	cr_assert_eq(f.catalog.skipped, 1, "%zu skipped", f.catalog.skipped);
	expect_name(row, "anthropic", "claude-sonnet-4-5");
	expect_rates(
	    &row->rates, RATES(3000000, 15000000, 300000, 3750000, -1));
	cr_assert_eq(row->n_steps, 1, "%u steps", row->n_steps);
	expect_rates(
	    &row->steps[0].rates, RATES(6000000, 22500000, -1, -1, -1));
	row = row_at(&f, 1);
	expect_name(row, "google", "gemini-2.5-pro");
	cr_assert_eq(row->steps[0].above, 200000);
	expect_rates(
	    &row->steps[0].rates, RATES(2500000, 15000000, 250000, -1, -1));
	release(&f);
}

Test(catalog, noise_of_doubles_is_not_a_fraction, .timeout = 30)
{
	static const struct {
		const char *text;
		int64_t pico; /* -1: the row is left out */
	} cases[] = {
		{ "2.9999999999999997e-07", 300000 },
		{ "3.0000000000000004e-07", 300000 },
		{ "1e-12", 1 },
		{ "1.0009e-12", 1 },
		{ "1.002e-12", -1 },
		{ "9.98e-13", -1 },
		{ "-1e-6", -1 },
		{ "1", 1000000000000 },
		{ "1.1", -1 },
		{ "1e400", -1 },
		{ "\"3e-7\"", 300000 },
		{ "\"three\"", -1 },
		{ "true", -1 },
		{ "[]", -1 },
	};
	char text[200];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct file f;

		snprintf(text, sizeof(text),
		    "{\"m\":{\"input_cost_per_token\":%s,"
		    "\"output_cost_per_token\":1e-6}}",
		    cases[i].text);
		f = read_file(text);
		cr_assert_eq(f.catalog.n, cases[i].pico >= 0, "%s: %zu rows",
		    cases[i].text, f.catalog.n);
		if (f.catalog.n == 1)
			cr_assert_eq(f.catalog.rows[0].rates.of[0],
			    cases[i].pico, "%s: %lld, expected %lld",
			    cases[i].text,
			    (long long)f.catalog.rows[0].rates.of[0],
			    (long long)cases[i].pico);
		release(&f);
	}
}

Test(catalog, what_is_no_price_list_is_refused, .timeout = 30)
{
	static const char *const cases[] = { "{}", "[]", "3", "null",
		"{\"a\":1}", "{\"a\":{\"b\":1}}", "[{\"models\":{}}]",
		"{\"a\":{\"models\":[]}}" };

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct file f = read_file(cases[i]);

		cr_assert_eq(f.rc, CATALOG_ESHAPE, "%s: %d", cases[i], f.rc);
		cr_assert_eq(f.catalog.n, 0);
		release(&f);
	}
}

Test(catalog, odd_rows_are_left_out_and_counted, .timeout = 30)
{
	struct file f = read_file(
	    "{\"a\":{\"litellm_provider\":7,\"input_cost_per_token\":1e-6,"
	    "\"output_cost_per_token\":1e-6},"
	    "\"b\\u0041\":{\"input_cost_per_token\":1e-6,"
	    "\"output_cost_per_token\":1e-6},"
	    "\"\":{\"input_cost_per_token\":1e-6,"
	    "\"output_cost_per_token\":1e-6},"
	    "\"c\":{\"input_cost_per_token\":1e-6},"
	    "\"d\":[1,2,3],\"e\":{\"tiered_pricing\":[[1]]},"
	    "\"f\":{\"tiered_pricing\":[{\"range\":7}]},"
	    "\"g\":{\"input_cost_per_token\":1e-6,"
	    "\"output_cost_per_token\":1e-6,"
	    "\"input_cost_per_token_above_5k_tokens\":2e-6},"
	    "\"h\":{\"input_cost_per_token\":1e-6,"
	    "\"output_cost_per_token\":1e-6,"
	    "\"input_cost_per_token_above_1k_tokens\":1,"
	    "\"input_cost_per_token_above_2k_tokens\":1,"
	    "\"input_cost_per_token_above_3k_tokens\":1,"
	    "\"input_cost_per_token_above_4k_tokens\":1,"
	    "\"input_cost_per_token_above_5k_tokens\":1}}");

	cr_assert_eq(f.rc, CATALOG_OK);
	cr_assert_eq(f.catalog.n, 1, "%zu rows", f.catalog.n);
	expect_name(row_at(&f, 0), "", "a");
	cr_assert_eq(f.catalog.skipped, 7, "%zu skipped", f.catalog.skipped);
	release(&f);
}

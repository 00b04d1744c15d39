/* tt-price and what becomes of its prices; voiding a session. */
#include "tests/e2e/answer.h"
#include "tests/e2e/peer.h"

#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

static struct home home;

static void
setup(void)
{
	home_make(&home);
	home_env(&home, "TT_NOW", NOW_TEXT);
	home_env(&home, "TT_AUTOSTART", "0");
}

static void
teardown(void)
{
	home_finish(&home);
}

TestSuite(price, .init = setup, .fini = teardown, .timeout = 120);

#define PRICE(code, out, err, ...)                                             \
	do {                                                                   \
		struct run run_;                                               \
		RUN(&home, &run_, "tt-price", __VA_ARGS__);                    \
		run_expect(&run_, code, out, err);                             \
	} while (0)
#define SEND(code, out, err, ...)                                              \
	do {                                                                   \
		struct run run_;                                               \
		RUN(&home, &run_, "tt-send", __VA_ARGS__);                     \
		run_expect(&run_, code, out, err);                             \
	} while (0)

static void
expect_cost(const char *wanted)
{
	struct answer a;
	const char *cost;

	ASK(&a, &home, "all");
	cost = answer_text(&a, -1, "cost_usd");
	cr_expect_str_eq(cost, wanted, "costs %s, expected %s", cost, wanted);
	answer_free(&a);
}

Test(price, a_price_that_is_set_prices_calls_until_it_is_unset)
{
	daemon_start(&home);
	PRICE(1, "unpriced", "", "explain", "House-1", "--input", "10");
	PRICE(0, "house-1", "", "set", "House-1", "--input", ".5", "--output",
	    "2");
	PRICE(0, "\"cost_usd\":0.000025}", "", "explain", "house-1", "--input",
	    "10", "--output", "10", "--json");
	SEND(0, "", "", "--session", "s", "--message", "m", "--model",
	    "house-1", "--input", "1000000");
	expect_cost("0.5");
	PRICE(0, "house-1", "", "unset", "HOUSE-1");
	PRICE(4, "", "not_found", "unset", "house-1");
	expect_cost("0.5");
}

Test(price, cache_rates_are_taken_from_the_table_and_said_so)
{
	daemon_start(&home);
	PRICE(0, "\"cache_read\":0.3,\"cache_write\":3.75,\"cache_write_1h\":7",
	    "taken from the built-in price of anthropic/claude-sonnet-4-5: "
	    "cache_read 0.30, cache_write 3.75",
	    "set", "claude-sonnet-4-5", "--input", "2", "--output", "10",
	    "--cache-write-1h", "7", "--json");
	PRICE(0, "\"rates\":{\"input\":2,\"output\":10}", "", "set",
	    "claude-sonnet-4-5", "--input", "2", "--output", "10", "--tier",
	    "batch", "--json");
}

Test(price, prices_that_make_no_sense_are_refused)
{
	PRICE(2, "", "--input and --output are needed", "set", "m", "--input",
	    "1");
	PRICE(2, "", "--input: 0.0000001 is not", "set", "m", "--input",
	    "0.0000001", "--output", "1");
	PRICE(2, "", "--above-input", "set", "m", "--input", "1", "--output",
	    "1", "--above", "5");
	PRICE(2, "", "--above is missing", "set", "m", "--input", "1",
	    "--output", "1", "--above-input", "5");
	PRICE(2, "", "2026-02-30 is not a date", "set", "m", "--input", "1",
	    "--output", "1", "--from", "2026-02-30");
	PRICE(2, "", "nightly is not standard", "unset", "m", "--tier",
	    "nightly");
	PRICE(2, "", "what is \"frob\"", "frob");
	PRICE(3, "", "", "list");
}

#define CONFIG                                                                 \
	"[price]\ncost_mode = reported\n"                                      \
	"[price \"acme/wonder-1\"] ; mine\n"                                   \
	"input = .5\noutput = 2\nfrom = 2026-01-01\nweb_search = 0.01\n"       \
	"[price \"house-model\"]\n"                                            \
	"input = 1\noutput = 2\nabove = 1000\nabove_input = 2\n"               \
	"above_output = 4\n"

Test(price, the_configuration_says_prices_and_what_is_set_comes_first)
{
	home_write(&home, "config", CONFIG);
	daemon_start(&home);
	PRICE(0, "config,acme/wonder-1,,2026-01-01,0,0.5,2,,,,0.01\n", "",
	    "list", "--csv");
	PRICE(0, "\"cost_usd\":0.00402}", "", "explain", "house-model",
	    "--input", "2000", "--output", "5", "--json");
	PRICE(4, "", "the configuration's file says this price", "unset",
	    "house-model");
	PRICE(0, "", "", "set", "house-model", "--input", "9", "--output", "9");
	PRICE(0, "set,house-model,,,0,9,9,,,,\n", "", "list", "--csv");
	PRICE(0, "", "", "unset", "house-model");
	PRICE(0, "config,house-model,,,1000,2,4,,,,\n", "", "list", "--csv",
	    "--model", "house-*");
	SEND(0, "", "", "--session", "s", "--message", "m", "--model",
	    "house-model", "--input", "10", "--cost", "0.75");
	expect_cost("0.75");
}

static void
expect_bad_config(const char *text, const char *why)
{
	struct run r;

	home_write(&home, "config", text);
	RUN(&home, &r, "collectord", "-n");
	run_expect(&r, 2, "", why);
}

Test(price, the_configuration_is_checked_line_by_line)
{
	struct run r;

	home_write(&home, "config", CONFIG);
	RUN(&home, &r, "collectord", "-n");
	run_expect(&r, 0, "", "");
	expect_bad_config("[price \"m\"]\ninput = 1\noutput = 1e-7\n",
	    "config:3: output: \"1e-7\" is not USD a million tokens in whole "
	    "picodollars a token\n");
	expect_bad_config(
	    "\n[price \"m\"]\ninput = 1\n", "config:2: [price \"m\"] has no ");
	expect_bad_config("[price \"m\"]\ninput = 1\noutput = 1\nfrom = 2026\n",
	    "config:4: from: \"2026\" is not a date");
	expect_bad_config("[price \"m\"]\ninput = 1\noutput = 1\nabove = 5\n",
	    "config:1: [price \"m\"] has no above_input");
	expect_bad_config("[price \"m\"]\ninput = 1\noutput = 1\ntier = x\n",
	    "config:4: tier: \"x\" is not standard");
	expect_bad_config("[price \"m\"]\ninpt = 1\n", "config:2: unknown key");
	expect_bad_config("[price]\ncost_mode = free\n",
	    "config:2: [price] cost_mode: \"free\" is not table or reported");
}

#define LIST                                                                   \
	"{\"sample_spec\":{\"litellm_provider\":\"x\"},"                       \
	"\"gpt-5\":{\"litellm_provider\":\"openai\",\"mode\":\"chat\","        \
	"\"input_cost_per_token\":1e-06,\"output_cost_per_token\":1e-05},"     \
	"\"claude-sonnet-4-5\":{\"litellm_provider\":\"anthropic\","           \
	"\"input_cost_per_token\":3e-06,\"output_cost_per_token\":1.5e-05},"   \
	"\"nova-x\":{\"litellm_provider\":\"nova\",\"mode\":\"chat\","         \
	"\"input_cost_per_token\":2e-06,\"output_cost_per_token\":8e-06},"     \
	"\"half\":{\"litellm_provider\":\"nova\",\"mode\":\"chat\","           \
	"\"input_cost_per_token\":2e-06}}"

Test(price, an_update_shows_the_difference_before_it_applies_it)
{
	static const char sums[] = "LiteLLM: 3 prices, 1 as they are, 1 "
				   "differ, 1 new; 1 rows could not be used";
	char file[100];

	daemon_start(&home);
	home_write(&home, "list.json", LIST);
	snprintf(file, sizeof(file), "%s/list.json", home.dir);
	PRICE(0, sums, "", "update", file, "--dry-run");
	PRICE(2, sums, "--yes is needed", "update", file);
	PRICE(
	    0, "\"applied\":false", "", "update", file, "--dry-run", "--json");
	PRICE(0, "2 prices are set", "", "update", file, "--yes");
	PRICE(0, "3 as they are, 0 differ, 0 new", "", "update", file);
	PRICE(0, "set,nova/nova-x,,,0,2,8,,,,\nset,openai/gpt-5,,2026-05-12,",
	    "", "list", "--csv");
	home_write(&home, "list.json", "{\"a\":1}");
	PRICE(2, "", "neither LiteLLM's", "update", file);
	home_write(&home, "list.json", "{");
	PRICE(2, "", "no JSON", "update", file);
	PRICE(5, "", "/none.json: ", "update", "/none.json");
}

Test(price, only_a_recost_changes_what_is_recorded)
{
	daemon_start(&home);
	SEND(0, "", "", "--session", "s", "--message", "m", "--model",
	    "house-1", "--input", "1000000");
	PRICE(0, "", "", "set", "house-1", "--input", "3", "--output", "1");
	expect_cost("null");
	PRICE(0, "1 of 1 calls would be priced otherwise today", "", "recost",
	    "--dry-run");
	PRICE(2, "house-1", "--yes is needed", "recost");
	expect_cost("null");
	PRICE(0, "All 0 calls", "", "recost", "--yes", "--since", "2026-05-13");
	PRICE(0, "Done: 1 calls that cost $0.00 now cost $3.00", "", "recost",
	    "--yes");
	expect_cost("3");
	PRICE(0, "\"applied\":false,\"examined\":1,\"calls\":0", "", "recost",
	    "--yes", "--json");
}

static void
send_two(void)
{
	SEND(0, "", "", "--session", "s", "--message", "a", "--input", "5");
	SEND(0, "", "", "--session", "s", "--message", "b", "--input", "7");
}

static void
expect_calls(uint64_t wanted)
{
	struct answer a;
	uint64_t calls;

	ASK(&a, &home, "all");
	calls = answer_u64(&a, -1, "calls");
	cr_expect_eq(calls, wanted, "%ju calls, expected %ju", (uintmax_t)calls,
	    (uintmax_t)wanted);
	answer_free(&a);
}

Test(price, a_whole_session_is_voided)
{
	daemon_start(&home);
	send_two();
	SEND(0, "", "", "--session", "s", "--message", "a", "--void");
	expect_calls(1);
	SEND(0, "{\"schema_version\":1,\"voided\":1}\n", "", "--void",
	    "--session", "s", "--json");
	expect_calls(0);
	SEND(4, "", "not_found", "--void", "--session", "s");
	SEND(4, "", "not_found", "--void", "--session", "nobody");
}

Test(price, voiding_a_session_asks_for_its_name_and_a_daemon)
{
	home_env(&home, "TT_SESSION", "s");
	SEND(2, "", "--session has to name it", "--void");
	SEND(2, "", "no option of one call", "--void", "--session", "s",
	    "--model", "m");
	SEND(2, "", "--dry-run", "--void", "--session", "s", "--dry-run");
	SEND(3, "", "", "--void", "--session", "s");
	SEND(0, "", "", "--void", "--session", "s", "--message", "m");
	cr_expect_eq(dir_count(home.spool), 1, "%d files in the spool",
	    dir_count(home.spool));
}

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "proto/config.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

static struct config
parse_good(const char *text)
{
	struct config c;
	char why[160] = "";
	int line;

	config_init(&c);
	line = config_parse(&c, text, why, sizeof(why));
	cr_assert_eq(line, 0, "line %d: %s in \"%s\"", line, why, text);
	return c;
}

static void
check_bad(const char *text, int line, const char *why)
{
	struct config c;
	char said[160] = "";
	int at;

	config_init(&c);
	at = config_parse(&c, text, said, sizeof(said));
	cr_assert_eq(at, line, "\"%s\": line %d (%s), expected %d", text, at,
	    said, line);
	cr_assert_str_eq(
	    said, why, "\"%s\": \"%s\", expected \"%s\"", text, said, why);
}

Test(config, has_its_defaults, .timeout = 30)
{
	struct config c = parse_good("");

	cr_assert_str_eq(c.machine, "");
	cr_assert(c.autostart);
	cr_assert_str_eq(c.tz, "");
	cr_assert_eq(c.week_start, 1, "%jd", (intmax_t)c.week_start);
	cr_assert_eq(c.day_start, 0, "%jd", (intmax_t)c.day_start);
	cr_assert_str_eq(c.source, "seen", "\"%s\"", c.source);
	cr_assert_str_eq(c.log_level, "info");
	cr_assert_eq(c.max_connections, 4096);
	cr_assert_eq(c.idle_timeout_s, 600);
	cr_assert_eq(c.request_timeout_s, 10);
}

Test(config, reads_every_key, .timeout = 30)
{
	struct config c = parse_good("[core]\nmachine = laptop\n"
				     "autostart = no\n"
				     "[report]\ntz = Europe/Berlin\n"
				     "week_start = sunday\nday_start = 23\n"
				     "source = Best\n"
				     "[daemon]\nlog_level = DEBUG\n"
				     "max_connections = 16\n"
				     "idle_timeout = 86400\n"
				     "request_timeout: 600\n");

	cr_assert_str_eq(c.machine, "laptop");
	cr_assert_not(c.autostart);
	cr_assert_str_eq(c.tz, "Europe/Berlin");
	cr_assert_eq(c.week_start, 7, "%jd", (intmax_t)c.week_start);
	cr_assert_eq(c.day_start, 23, "%jd", (intmax_t)c.day_start);
	cr_assert_str_eq(c.source, "best", "\"%s\"", c.source);
	cr_assert_str_eq(c.log_level, "debug");
	cr_assert_eq(c.max_connections, 16);
	cr_assert_eq(c.idle_timeout_s, 86400);
	cr_assert_eq(c.request_timeout_s, 600);
}

Test(config, indents_and_comments_are_free, .timeout = 30)
{
	struct config c = parse_good("\xef\xbb\xbf; top\r\n"
				     "# top\n"
				     "[report] # of weeks\n"
				     "\ttz = UTC ; the same\r\n"
				     "\n"
				     "    week_start = 3 # midweek\n"
				     "\tday_start=4");

	cr_assert_str_eq(c.tz, "UTC", "\"%s\"", c.tz);
	cr_assert_eq(c.week_start, 3, "%jd", (intmax_t)c.week_start);
	cr_assert_eq(c.day_start, 4, "%jd", (intmax_t)c.day_start);
}

Test(config, a_comment_sign_inside_a_word_is_no_comment, .timeout = 30)
{
	cr_assert_str_eq(
	    parse_good("[core]\nmachine = a#b;c\n").machine, "a#b;c");
	cr_assert_str_eq(parse_good("[core]\nmachine = # none\n").machine, "");
}

Test(config, what_is_not_named_stays, .timeout = 30)
{
	struct config c = parse_good("[report]\ntz = UTC\nday_start = 5\n");
	char why[160];

	cr_assert_eq(config_parse(&c, "[report]\ntz =\n", why, sizeof(why)), 0);
	cr_assert_str_eq(c.tz, "");
	cr_assert_eq(c.day_start, 5, "%jd", (intmax_t)c.day_start);
}

Test(config, a_switch_has_many_words, .timeout = 30)
{
	static const char *const yes[] = { "yes", "true", "on", "1", "Yes" };
	static const char *const no[] = { "no", "false", "off", "0", "OFF" };
	char text[64];

	for (size_t i = 0; i < LENGTH(yes); i++) {
		snprintf(text, sizeof(text), "[core]\nautostart = %s", yes[i]);
		cr_assert(parse_good(text).autostart, "%s", yes[i]);
		snprintf(text, sizeof(text), "[core]\nautostart = %s", no[i]);
		cr_assert_not(parse_good(text).autostart, "%s", no[i]);
	}
}

Test(config, weekdays_count_from_monday, .timeout = 30)
{
	static const char *const days[] = { "monday", "tuesday", "wednesday",
		"thursday", "friday", "saturday", "Sunday" };
	char text[64];

	for (int i = 0; i < 7; i++) {
		snprintf(
		    text, sizeof(text), "[report]\nweek_start=%s", days[i]);
		cr_assert_eq(parse_good(text).week_start, i + 1, "%s", days[i]);
		snprintf(text, sizeof(text), "[report]\nweek_start=%d", i + 1);
		cr_assert_eq(parse_good(text).week_start, i + 1, "%s", text);
	}
}

Test(config, an_unknown_name_is_told_with_its_line, .timeout = 30)
{
	check_bad(
	    "# x\n[report]\ntzz = UTC\n", 3, "unknown key \"tzz\" in [report]");
	check_bad("[report]\nlog_level = info\n", 2,
	    "unknown key \"log_level\" in [report]");
	check_bad("[repotr]\ntz = UTC\n", 2, "unknown section [repotr]");
	check_bad("tz = UTC\n", 1, "\"tz\" stands above any [section]");
}

Test(config, a_value_out_of_bounds_is_told_with_them, .timeout = 30)
{
	static const char *const cases[][2] = {
		{ "[report]\nday_start = 24",
		    "[report] day_start: 24 is not 0 to 23" },
		{ "[report]\nday_start = -1",
		    "[report] day_start: -1 is not 0 to 23" },
		{ "[report]\nday_start = 1.5",
		    "[report] day_start: 1.5 is not 0 to 23" },
		{ "[report]\nday_start = +1",
		    "[report] day_start: \"+1\" is not 0 to 23" },
		{ "[report]\nday_start =",
		    "[report] day_start: \"\" is not 0 to 23" },
		{ "[report]\nday_start = 99999999999999999999",
		    "[report] day_start: 99999999999999999999 is not 0 to 23" },
		{ "[report]\nweek_start = mo",
		    "[report] week_start: \"mo\" is not monday to sunday, "
		    "or 1 to 7" },
		{ "[report]\nweek_start = 0",
		    "[report] week_start: 0 is not monday to sunday, "
		    "or 1 to 7" },
		{ "[core]\nautostart = maybe",
		    "[core] autostart: \"maybe\" is not yes or no" },
		{ "[core]\nmachine = a\tb",
		    "[core] machine: \"a\tb\" is not plain text of less than "
		    "256 bytes" },
		{ "[daemon]\nlog_level = loud",
		    "[daemon] log_level: \"loud\" is not error, warn, info or "
		    "debug" },
		{ "[report]\nsource = both",
		    "[report] source: \"both\" is not seen, billed or best" },
		{ "[report]\nsource =",
		    "[report] source: \"\" is not seen, billed or best" },
		{ "[daemon]\nmax_connections = 15",
		    "[daemon] max_connections: 15 is not 16 to 65536" },
		{ "[daemon]\nidle_timeout = 86401",
		    "[daemon] idle_timeout: 86401 is not 1 to 86400" },
		{ "[daemon]\nrequest_timeout = 0",
		    "[daemon] request_timeout: 0 is not 1 to 600" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++)
		check_bad(cases[i][0], 2, cases[i][1]);
}

Test(config, a_line_that_is_none_is_told, .timeout = 30)
{
	check_bad("[report]\n\nfoo\n", 3, "line is not \"key = value\"");
	check_bad("[report\n", 1, "line is not \"key = value\"");
}

Test(config, the_first_of_several_problems_is_told, .timeout = 30)
{
	check_bad("[report]\nfoo\nday_start = 24\n", 2,
	    "line is not \"key = value\"");
	check_bad("[report]\nday_start = 24\nfoo\ntzz = 1\n", 2,
	    "[report] day_start: 24 is not 0 to 23");
}

Test(config, an_overlong_line_is_told_and_not_cut_in_two, .timeout = 30)
{
	char text[600];
	int n = snprintf(text, sizeof(text), "[core]\n  machine = ");

	memset(text + n, 'x', 500);
	snprintf(text + n + 500, sizeof(text) - (size_t)n - 500,
	    "\nautostart = no\n");
	check_bad(text, 2, "line of 510 bytes, the limit is 198");
}

Test(config, a_line_up_to_the_limit_is_whole, .timeout = 30)
{
	char text[300] = "[core]\nmachine = ";
	size_t n = strlen(text);

	/* 198 bytes: "machine = " and its value. */
	memset(text + n, 'x', 188);
	cr_assert_eq(strlen(parse_good(text).machine), 188);
	text[n + 188] = 'x';
	check_bad(text, 2, "line of 199 bytes, the limit is 198");
}

Test(config, an_overlong_comment_is_no_problem, .timeout = 30)
{
	char text[900] = "[core]\nmachine = a # ";
	size_t n = strlen(text);

	memset(text + n, 'x', 300);
	memcpy(text + n + 300, "\n;", 2);
	memset(text + n + 302, 'y', 300);
	memcpy(text + n + 602, "\nautostart = 0\n", 16);
	cr_assert_str_eq(parse_good(text).machine, "a");
	cr_assert_not(parse_good(text).autostart);
}

static void
count_key(void *arg, const char *name, const char *dflt, const char *meaning)
{
	int *n = arg;

	cr_assert_not_null(strchr(name, '.'), "%s", name);
	cr_assert_not_null(dflt, "%s", name);
	cr_assert_gt(strlen(meaning), 8, "%s: %s", name, meaning);
	if (strcmp(name, "report.week_start") == 0)
		cr_assert_str_eq(dflt, "monday");
	++*n;
}

Test(config, every_key_is_listed_with_default_and_meaning, .timeout = 30)
{
	int n = 0;

	config_each(count_key, &n);
	cr_assert_eq(n, 20, "%d keys", n);
}

Test(config, price_sections_keep_their_texts_and_lines, .timeout = 30)
{
	static const char text[] =
	    "[price]\ncost_mode = reported\n"
	    "[price \"openrouter/some/model-of-a-name-longer-than-inih-keeps\"]"
	    " # mine\ninput = .3\noutput = 15\n"
	    "[price \"b\"]\nabove_cache_write = 7\n[report]\ntz = UTC\n";
	struct config c;
	char why[160] = "";
	int line;

	config_init(&c);
	c.keeps_sections = true;
	line = config_parse(&c, text, why, sizeof(why));
	cr_assert_eq(line, 0, "line %d: %s", line, why);
	cr_expect(c.prefers_reported, "cost_mode is lost");
	cr_assert_eq(c.prices.n, 2, "%zu prices", c.prices.n);
	cr_expect_str_eq(c.prices.item[0].name,
	    "openrouter/some/model-of-a-name-longer-than-inih-keeps");
	cr_expect_eq(
	    c.prices.item[0].line, 3, "line %d", c.prices.item[0].line);
	cr_expect_str_eq(c.prices.item[0].key[CONFIG_PRICE_INPUT].text, ".3");
	cr_expect_eq(c.prices.item[0].key[CONFIG_PRICE_OUTPUT].line, 5);
	cr_expect_null(c.prices.item[0].key[CONFIG_PRICE_TIER].text);
	cr_expect_str_eq(
	    c.prices.item[1].key[CONFIG_PRICE_ABOVE_CACHE_WRITE].text, "7");
	cr_expect_str_eq(c.tz, "UTC", "the section after a price: %s", c.tz);
	config_release(&c);
	config_release(&c);
}

Test(
    config, sink_sections_keep_their_texts_and_no_secret_is_told, .timeout = 30)
{
	static const char text[] = "[sink \"a-1\"]\n"
				   "webhook = https://h.example/s3cret#x\n"
				   "kinds = budget, price # mine\n"
				   "[core]\nmachine = m\n"
				   "[sink \"b\"]\ncommand = /bin/x y\n";
	struct config c, same;
	char why[160] = "";

	config_init(&c);
	config_init(&same);
	c.keeps_sections = same.keeps_sections = true;
	cr_assert_eq(config_parse(&c, text, why, sizeof(why)), 0, "%s", why);
	cr_assert_eq(config_parse(&same, text, why, sizeof(why)), 0);
	cr_assert_eq(c.sinks.n, 2, "%zu sinks", c.sinks.n);
	cr_expect_str_eq(c.sinks.item[0].name, "a-1");
	cr_expect_str_eq(c.sinks.item[0].key[CONFIG_SINK_WEBHOOK].text,
	    "https://h.example/s3cret#x");
	cr_expect_str_eq(
	    c.sinks.item[0].key[CONFIG_SINK_KINDS].text, "budget, price");
	cr_expect_eq(c.sinks.item[1].key[CONFIG_SINK_COMMAND].line, 7);
	cr_expect(config_sections_same(&c.sinks, &same.sinks));
	same.sinks.item[0].key[CONFIG_SINK_WEBHOOK].text[0] = 'H';
	cr_expect_not(config_sections_same(&c.sinks, &same.sinks));
	config_release(&c);
	config_release(&same);
	check_bad("[sink \"a\"]\nwebhook = s3cret\x01\n", 2,
	    "not plain text of at most 190 bytes");
	check_bad("[sink \"a\"]\nurl = s3cret\n", 2,
	    "unknown key \"url\" in a [sink \"name\"]");
	check_bad("[sink \"\"]\n", 1, "not a name for a [sink \"name\"]");
}

Test(config, price_sections_are_checked_where_nobody_keeps_them, .timeout = 30)
{
	struct config c = parse_good("[price \"a\"]\ninput = 1\n");

	cr_expect_null(c.prices.item);
	check_bad("[price \"a\"]\ninpt = 1\n", 2,
	    "unknown key \"inpt\" in a [price \"model\"]");
	check_bad("[price \"a]\n", 1, "the section is not [price \"model\"]");
	check_bad("[price \"\"]\n", 1, "not a name for a [price \"model\"]");
	check_bad(
	    "[price \"a\"] b\n", 1, "the section is not [price \"model\"]");
}

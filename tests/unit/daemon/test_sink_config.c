#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "collectord/sink_config.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

/* The sections of a file that is well formed. */
static struct config
parse(const char *text)
{
	struct config c;
	char why[160] = "";
	int line;

	config_init(&c);
	c.keeps_sections = true;
	line = config_parse(&c, text, why, sizeof(why));
	cr_assert_eq(line, 0, "line %d: %s in \"%s\"", line, why, text);
	return c;
}

static struct sink_config
read_good(const char *text)
{
	struct config c = parse(text);
	struct sink_config s;
	char why[160] = "";
	int line;

	cr_assert_eq(c.sinks.n, 1, "%zu sinks", c.sinks.n);
	line = sink_config_read(&s, &c.sinks.item[0], why, sizeof(why));
	cr_assert_eq(line, 0, "line %d: %s", line, why);
	config_release(&c);
	return s;
}

static void
check_bad(const char *text, int line, const char *want)
{
	struct config c = parse(text);
	char why[160] = "";
	int at = sink_config_check(&c.sinks, why, sizeof(why));

	cr_expect(at == line && strcmp(why, want) == 0,
	    "\"%s\": line %d (%s), expected %d (%s)", text, at, why, line,
	    want);
	config_release(&c);
}

Test(sink_config, a_command_is_split_on_blanks_alone, .timeout = 30)
{
	struct sink_config s = read_good("[sink \"desk-1\"]\n"
					 "command = /bin/x  'a b' $HOME *\n");
	static const char *const want[] = { "/bin/x", "'a", "b'", "$HOME",
		"*" };

	cr_expect_str_eq(s.name, "desk-1");
	cr_expect_null(s.url);
	for (size_t i = 0; i < LENGTH(want); i++)
		cr_expect_str_eq(
		    s.argv[i], want[i], "%s, not %s", s.argv[i], want[i]);
	cr_expect_null(s.argv[LENGTH(want)]);
	cr_expect_eq(s.timeout_ms, 10000, "%jd", (intmax_t)s.timeout_ms);
	cr_expect_eq(s.kinds, (1u << NOTICE_KINDS) - 1, "%x", s.kinds);
	cr_expect_eq(s.level, NOTICE_INFO);
	sink_config_release(&s);
	sink_config_release(&s);
}

Test(sink_config, a_webhook_has_all_its_keys, .timeout = 30)
{
	struct sink_config s =
	    read_good("[sink \"team\"]\n"
		      "webhook = https://example.org/a?b=c#d\n"
		      "body = discord\nkinds = budget,price,  weekly\n"
		      "level = limit\nlang = zh\ntimeout = 60\n");

	cr_expect_str_eq(s.url, "https://example.org/a?b=c#d");
	cr_expect_null(s.command);
	cr_expect_eq(s.body, SINK_DISCORD);
	cr_expect_eq(s.kinds,
	    1u << NOTICE_BUDGET | 1u << NOTICE_PRICE | 1u << NOTICE_WEEKLY);
	cr_expect_eq(s.level, NOTICE_LIMIT);
	cr_expect(s.is_zh);
	cr_expect_eq(s.timeout_ms, 60000, "%jd", (intmax_t)s.timeout_ms);
	sink_config_release(&s);
}

Test(sink_config, plain_http_goes_to_this_machine_only, .timeout = 30)
{
	static const char *const good[] = { "http://localhost:8080/x",
		"http://127.0.0.1/", "http://127.9.8.7:1/", "http://[::1]:80/",
		"http://0x7f.1/", "HTTPS://EXAMPLE.ORG" };
	static const char *const bad[] = { "http://example.org/",
		"http://localhost.example.org/", "http://128.0.0.1/",
		"http://127.0.0.1.example.org/", "http://127.0.0.1@10.0.0.1/",
		"http://[::2]/", "ftp://localhost/" };
	char text[256];

	for (size_t i = 0; i < LENGTH(good); i++) {
		struct sink_config s;

		snprintf(text, sizeof(text), "[sink \"a\"]\nwebhook = %s\n",
		    good[i]);
		s = read_good(text);
		sink_config_release(&s);
	}
	for (size_t i = 0; i < LENGTH(bad); i++) {
		snprintf(
		    text, sizeof(text), "[sink \"a\"]\nwebhook = %s\n", bad[i]);
		check_bad(text, 2,
		    "[sink \"a\"] webhook: only https, or http to this machine "
		    "itself");
	}
}

#define HEAD "[sink \"a\"]\n"
#define HOOK HEAD "webhook = https://example.org/\n"

Test(sink_config, what_is_wrong_is_told_with_its_line, .timeout = 30)
{
	check_bad(
	    HEAD, 1, "[sink \"a\"] needs a command or a webhook, and not both");
	check_bad(HOOK "command = /bin/x\n", 1,
	    "[sink \"a\"] needs a command or a webhook, and not both");
	check_bad(HEAD "command = x\n", 2,
	    "[sink \"a\"] command: not the whole path of a program, from / on");
	check_bad(HEAD "command = /bin/x\nbody = json\n", 3,
	    "[sink \"a\"] body: a command gets JSON");
	check_bad(
	    HEAD "webhook = example\n", 2, "[sink \"a\"] webhook: not a URL");
	check_bad(HOOK "body = xml\n", 3,
	    "[sink \"a\"] body: not json, slack, discord or ntfy");
	check_bad(HOOK "kinds = budget, bugdet\n", 3,
	    "[sink \"a\"] kinds: not of budget, daily, weekly, quota, source, "
	    "provider, price and balance");
	check_bad(
	    HOOK "kinds = ,\n", 3, "[sink \"a\"] kinds: nothing is named");
	check_bad(HOOK "level = loud\n", 3,
	    "[sink \"a\"] level: not info, warn or limit");
	check_bad(HOOK "lang = fr\n", 3, "[sink \"a\"] lang: not en or zh");
	check_bad(HOOK "timeout = 61\n", 3,
	    "[sink \"a\"] timeout: not 1 to 60 seconds");
	check_bad(HOOK "timeout = 1s\n", 3,
	    "[sink \"a\"] timeout: not 1 to 60 seconds");
	check_bad(HOOK "[report]\ntz = UTC\n" HOOK, 5,
	    "[sink \"a\"] was there before");
	check_bad("[sink \"a b\"]\ncommand = /x\n", 1,
	    "[sink \"a b\"] is named by more than letters, digits, . _ and -");
}

Test(sink_config, a_command_of_too_many_words_is_refused, .timeout = 30)
{
	char text[256] = HEAD "command = /x";

	for (int i = 0; i < SINK_ARGS_MAX; i++)
		memcpy(text + strlen(text), " y", 3);
	check_bad(text, 2, "[sink \"a\"] command: too many words");
}

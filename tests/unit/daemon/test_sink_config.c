#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
#define NEEDS                                                                  \
	"[sink \"a\"] needs a command, a webhook or a webhook_file, and not "  \
	"two of them"
#define HOOK HEAD "webhook = https://example.org/\n"

Test(sink_config, what_is_wrong_is_told_with_its_line, .timeout = 30)
{
	check_bad(HEAD, 1, NEEDS);
	check_bad(HOOK "command = /bin/x\n", 1, NEEDS);
	check_bad(HOOK "webhook_file = /x\n", 1, NEEDS);
	check_bad(HEAD "webhook_file = x\n", 2,
	    "[sink \"a\"] webhook_file: not the whole path of a file, from / "
	    "on");
	check_bad(HEAD "webhook_file = /nonexistent/x\n", 2,
	    "[sink \"a\"] webhook_file: the file cannot be read: No such file "
	    "or directory");
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

/* --- Files of URLs ---------------------------------------------------------
 */

#define CLOSED                                                                 \
	"[sink \"a\"] webhook_file: not a plain file of yours that is closed " \
	"to others (chmod 600)"
#define ONE_LINE "[sink \"a\"] webhook_file: the file is not one line, a URL"

struct url_file {
	char path[64];
	char config[160]; /* that names it */
};

static void
file_make(struct url_file *f, const void *bytes, size_t len, mode_t mode)
{
	int fd;

	snprintf(f->path, sizeof(f->path), "/tmp/tt-url-XXXXXX");
	fd = mkstemp(f->path);
	cr_assert_geq(fd, 0, "mkstemp failed");
	cr_assert_eq(write(fd, bytes, len), (ssize_t)len, "not written");
	cr_assert_eq(fchmod(fd, mode), 0, "fchmod failed");
	close(fd);
	snprintf(
	    f->config, sizeof(f->config), HEAD "webhook_file = %s\n", f->path);
}

static void
expect_url(const char *text, mode_t mode, const char *want)
{
	struct sink_config s;
	struct url_file f;

	file_make(&f, text, strlen(text), mode);
	s = read_good(f.config);
	cr_expect_str_eq(s.url, want, "%s, not %s", s.url, want);
	sink_config_release(&s);
	unlink(f.path);
}

static void
expect_bad_file(const void *bytes, size_t len, mode_t mode, const char *why)
{
	struct url_file f;

	file_make(&f, bytes, len, mode);
	check_bad(f.config, 2, why);
	unlink(f.path);
}

Test(sink_config, a_url_may_stand_in_a_file, .timeout = 30)
{
	const char *url = "https://example.org/a?b=c#d";
	char text[64];

	expect_url(url, 0600, url);
	snprintf(text, sizeof(text), " %s \r\n\n", url);
	expect_url(text, 0400, url);
}

Test(sink_config, a_url_of_a_file_may_be_long, .timeout = 30)
{
	char url[4097] = "https://example.org/";

	memset(url + strlen(url), 'x', 2000 - strlen(url));
	expect_url(url, 0600, url);
	memset(url, 'x', sizeof(url));
	memcpy(url, "https://example.org/", 20);
	url[4095] = '\0';
	expect_url(url, 0600, url);
	url[4095] = 'x';
	expect_bad_file(url, 4096, 0600, ONE_LINE);
}

Test(sink_config, a_file_that_others_may_read_is_refused, .timeout = 30)
{
	const char *url = "https://example.org/";

	expect_bad_file(url, strlen(url), 0640, CLOSED);
	expect_bad_file(url, strlen(url), 0604, CLOSED);
	expect_bad_file(url, strlen(url), 0602, CLOSED);
	check_bad(HEAD "webhook_file = /tmp\n", 2, CLOSED);
	check_bad(HEAD "webhook_file = /dev/null\n", 2, CLOSED);
}

Test(sink_config, a_pipe_is_no_file_and_is_not_waited_for, .timeout = 30)
{
	char dir[] = "/tmp/tt-url-XXXXXX", path[64], text[128];

	cr_assert_not_null(mkdtemp(dir), "mkdtemp failed");
	snprintf(path, sizeof(path), "%s/pipe", dir);
	cr_assert_eq(mkfifo(path, 0600), 0, "mkfifo failed");
	snprintf(text, sizeof(text), HEAD "webhook_file = %s\n", path);
	check_bad(text, 2, CLOSED);
	unlink(path);
	rmdir(dir);
}

Test(sink_config, what_is_not_one_line_of_a_file_is_refused, .timeout = 30)
{
	static const char *const bad[] = { "", "\n\n",
		"https://example.org/\nhttps://example.org/\n",
		"https://example.org/\x01" };
	const char with_nul[] = "https://example.org/\0x";

	for (size_t i = 0; i < LENGTH(bad); i++)
		expect_bad_file(bad[i], strlen(bad[i]), 0600, ONE_LINE);
	expect_bad_file(with_nul, sizeof(with_nul) - 1, 0600, ONE_LINE);
	expect_bad_file("http://example.org/", 19, 0600,
	    "[sink \"a\"] webhook_file: only https, or http to this machine "
	    "itself");
}

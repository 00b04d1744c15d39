/* Settings of older trackers, and where their keys go. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clients/import/legacy/legacy_config.h"
#include "clients/import/legacy/legacy_keys.h"

static char dir[] = "/tmp/tt-config-XXXXXX";
static char path[64];
static char all[4096]; /* what was told of, a line each */
static unsigned found, skipped;
static char why[256];

static void
setup(void)
{
	cr_assert_not_null(mkdtemp(dir), "mkdtemp failed");
	snprintf(path, sizeof(path), "%s/config.json", dir);
}

static void
teardown(void)
{
	char command[96];

	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	cr_expect_eq(system(command), 0, "left: %s", dir);
}

TestSuite(legacy_config, .init = setup, .fini = teardown, .timeout = 30);

static void
note(const char *line)
{
	size_t len = strlen(all);

	snprintf(all + len, sizeof(all) - len, "%s\n", line);
}

static int
take_price(void *arg, const struct legacy_price *p)
{
	char line[512], text[MONEY_TEXT_MAX];
	size_t len;
	int i;

	(void)arg;
	len = (size_t)snprintf(
	    line, sizeof(line), "%.*s", (int)p->pattern.len, p->pattern.p);
	for (i = 0; i < LEGACY_RATES; i++) {
		if (p->rate[i] >= 0)
			money_format(p->rate[i], text);
		len += (size_t)snprintf(line + len, sizeof(line) - len, " %s",
		    p->rate[i] >= 0 ? text : "-");
	}
	note(line);
	return 0;
}

static int
take_key(void *arg, const struct legacy_key *k)
{
	char line[512], name[KEY_NAME_MAX];

	(void)arg;
	legacy_key_name(k, name);
	snprintf(
	    line, sizeof(line), "%s=%.*s", name, (int)k->key.len, k->key.p);
	note(line);
	return 0;
}

static int
take_budget(void *arg, const struct legacy_budget *b)
{
	char line[512], text[MONEY_TEXT_MAX];

	(void)arg;
	money_format(b->limit, text);
	snprintf(line, sizeof(line), "%s %s %lu %u", b->period, text,
	    (unsigned long)b->limit_tokens, b->warn);
	note(line);
	return 0;
}

static enum legacy_result
read_text(const char *text)
{
	const struct legacy_settings to = { take_price, take_key, take_budget,
		NULL };
	FILE *f = fopen(path, "w");

	cr_assert_not_null(f, "no file");
	fputs(text, f);
	fclose(f);
	all[0] = '\0';
	return legacy_read_config(
	    path, &to, &found, &skipped, why, sizeof(why));
}

static void
expect(const char *text, const char *want)
{
	enum legacy_result rc = read_text(text);

	cr_assert_eq(rc, LEGACY_OK, "%d: %s", rc, why);
	cr_expect_str_eq(all, want, "%s gives %s", text, all);
}

Test(legacy_config, prices_are_dollars_a_million_whatever_the_unit)
{
	expect("{\"usage-tracker\":{\"pricing\":{\"anthropic/c\":{\"input\":3,"
	       "\"output\":15.00,\"cacheRead\":0.3,\"cacheWrite\":3.75}}},"
	       "\"provider\":{\"x\":{\"apiKey\":\"sk-not-of-ours\"}}}",
	    "anthropic/c 3 15 0.3 3.75\n");
	expect("{\"providers\":{\"anthropic\":{\"c\":{\"input\":0.000003,"
	       "\"output\":1.5e-5}}}}",
	    "anthropic/c 3 15 - -\n");
	expect("{\"o/g\":{\"input_price_per_1k_tokens\":0.25,"
	       "\"output_price_per_1k_tokens\":1.25}}",
	    "o/g 250 1250 - -\n");
	expect("{\"prices\":{\"free\":{\"input\":0,\"output\":0},"
	       "\"half\":{\"input\":1}}}",
	    "free 0 0 - -\n");
}

Test(legacy_config, keys_are_found_and_what_stands_for_one_is_not)
{
	expect("{\"sources\":[{\"id\":\"src_1\",\"service\":\"openai\","
	       "\"display_name\":\"Work: A/B\",\"api_key\":\"sk-12345678\"},"
	       "{\"service\":\"opencode\",\"api_key\":null},"
	       "{\"service\":\"zai\",\"api_key\":\"${ZAI_API_KEY}\"}]}",
	    "openai-work-a-b=sk-12345678\n");
	cr_expect_eq(skipped, 1, "%u skipped", skipped);
	expect("{\"providers\":{\"../../x\":{\"keys\":[\"aaaaaaaa\","
	       "\"bbbbbbbb\"]},\"openai\":{\"apiKey\":\"sk-your-key\"}}}",
	    "x=aaaaaaaa\nx-2=bbbbbbbb\n");
	expect("{\"api_keys\":{\"moonshot\":\"cccccccc\"}}",
	    "moonshot=cccccccc\n");
}

Test(legacy_config, budgets_have_a_period_and_a_limit)
{
	expect("{\"budgets\":{\"daily\":5.0,\"weekly\":30,\"monthly\":"
	       "\"100.50\"},\"warningThreshold\":0.8}",
	    "day 5 0 80\nweek 30 0 80\nmonth 100.5 0 80\n");
	expect("{\"budget\":{\"monthly_limit\":100,\"alert_threshold\":90}}",
	    "month 100 0 90\n");
	expect("{\"dailyBudget\":2,\"budget\":{\"session\":{\"tokens\":7}}}",
	    "day 2 0 0\nsession 0 7 0\n");
	expect("{\"budget\":50}", "month 50 0 0\n");
}

Test(legacy_config, what_has_no_settings_is_refused)
{
	cr_expect_eq(read_text("{\"a\":1}"), LEGACY_EUNKNOWN);
	cr_expect_eq(read_text("[1]"), LEGACY_EUNKNOWN);
	cr_expect_eq(read_text("{"), LEGACY_EUNKNOWN);
	cr_expect_not_null(strstr(why, "byte 2"), "%s", why);
}

Test(legacy_config, a_key_is_written_once_for_its_owner_alone)
{
	char file[128], line[64] = "";
	struct stat st;
	FILE *f;

	cr_expect_eq(
	    legacy_key_write(dir, "openai", TEXT("one-key-1")), KEY_WRITTEN);
	cr_expect_eq(
	    legacy_key_write(dir, "openai", TEXT("one-key-1")), KEY_SAME);
	cr_expect_eq(
	    legacy_key_write(dir, "openai", TEXT("one-key-2")), KEY_OTHER);
	snprintf(file, sizeof(file), "%s/keys/openai", dir);
	cr_assert_eq(stat(file, &st), 0, "no file");
	cr_expect_eq(st.st_mode & 0777, 0600, "mode %o", st.st_mode & 0777);
	f = fopen(file, "r");
	cr_assert_not_null(f, "unreadable");
	cr_expect_not_null(fgets(line, sizeof(line), f));
	fclose(f);
	cr_expect_str_eq(line, "one-key-1\n", "%s", line);
	snprintf(file, sizeof(file), "%s/keys", dir);
	cr_assert_eq(stat(file, &st), 0);
	cr_expect_eq(st.st_mode & 0777, 0700, "mode %o", st.st_mode & 0777);
	chmod(file, 0755);
	cr_expect_eq(
	    legacy_key_write(dir, "other", TEXT("one-key-1")), KEY_FAILED);
}

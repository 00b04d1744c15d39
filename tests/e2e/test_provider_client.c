/*
 * tt-provider, and the reports that set what was billed beside what was seen.
 * services.py plays two services on a loopback port.
 */
#include "tests/e2e/harness.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "proto/lang.h"

#define KEY "sk-admin-0123456789-secret-abcd"
#define KEY_PART "0123456789-secret"

static struct home home;
static pid_t services;
static char url[64];

static void
read_port(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char port[16];
	ssize_t n = 0;

	if (poll(&p, 1, DEADLINE_MS) == 1)
		n = read(fd, port, sizeof(port) - 1);
	cr_assert_gt(n, 1, "the services do not start");
	port[n - 1] = '\0';
	snprintf(url, sizeof(url), "http://127.0.0.1:%s", port);
}

static void
start_services(void)
{
	const char *const argv[] = { "/usr/bin/python3",
		"tests/e2e/services.py", NULL };
	int fds[3], port[2];

	fds[0] = open("/dev/null", O_RDWR | O_CLOEXEC);
	cr_assert(fds[0] >= 0 && pipe2(port, O_CLOEXEC) == 0);
	fds[1] = port[1];
	fds[2] = fds[0];
	services = child_start(&home, argv, fds, -1, -1);
	close(fds[0]);
	close(port[1]);
	read_port(port[0]);
	close(port[0]);
}

static void
setup(void)
{
	home_make(&home);
	home_env(&home, "TT_NOW", NOW_TEXT);
	home_env(&home, "TZ", "UTC");
	home_write(&home, "config", "[daemon]\nlog_level = debug\n");
	start_services();
	daemon_start(&home);
}

static void
teardown(void)
{
	if (services > 0) {
		kill(services, SIGTERM);
		waitpid(services, NULL, 0);
	}
	home_finish(&home);
}

TestSuite(provider_client, .init = setup, .fini = teardown, .timeout = 120);

/* Runs, and looks for a part of what it said; never is the key in that. */
static void
expect(const char *const *argv, const char *input, int code, const char *part)
{
	struct run r;

	run_client(&home, argv, input, &r);
	cr_expect_eq(r.code, code, "%s %s: exit code %d, expected %d: %s%s",
	    argv[0], argv[1], r.code, code, r.out, r.err);
	cr_expect(strstr(r.out, part) != NULL || strstr(r.err, part) != NULL,
	    "%s %s: no \"%s\" in:\n%s%s", argv[0], argv[1], part, r.out, r.err);
	cr_expect(
	    strstr(r.out, KEY_PART) == NULL && strstr(r.err, KEY_PART) == NULL,
	    "%s %s tells the key:\n%s%s", argv[0], argv[1], r.out, r.err);
	run_free(&r);
}

#define EXPECT(code, part, input, ...)                                         \
	expect((const char *const[]){ __VA_ARGS__, NULL }, input, code, part)
#define PROVIDER(code, part, ...)                                              \
	EXPECT(code, part, "", "tt-provider", __VA_ARGS__)
#define REPORT(part, ...) EXPECT(0, part, "", "tt-report", __VA_ARGS__)

static void
add(const char *name)
{
	EXPECT(0, "the service takes its key", KEY "\n", "tt-provider", "add",
	    name, "--base-url", url, "--key-stdin");
}

static void
send_call(const char *day, const char *model)
{
	char ts[40];

	snprintf(ts, sizeof(ts), "%sT10:00:00Z", day);
	EXPECT(0, "", "", "tt-send", "--session", "s", "--message", ts, "--ts",
	    ts, "--provider", "openai", "--model", model, "--input", "100000",
	    "--output", "50000");
}

/* grep -r exits with 1 where nothing is found. */
static void
expect_no_key(const char *but)
{
	struct run r;
	char exclude[100];

	snprintf(exclude, sizeof(exclude), "--exclude-dir=%s", but);
	RUN(&home, &r, "/bin/grep", "-r", "-a", "-l", exclude, KEY_PART,
	    home.dir);
	cr_expect_eq(r.code, 1, "the key is in: %s%s", r.out, r.err);
	run_free(&r);
}

Test(provider_client, a_key_is_taken_tried_and_shown_masked_only)
{
	EXPECT(4, "key", "sk-admin-wrong-wrong\n", "tt-provider", "add",
	    "openai", "--base-url", url, "--key-stdin");
	PROVIDER(0, "No account", "list");
	add("openai");
	PROVIDER(0, "sk-…abcd", "list");
	PROVIDER(0, "\"key\":\"sk-…abcd\"", "list", "--json");
	PROVIDER(0, "账户", "list", "--lang", "zh");
	expect_no_key("keys");
}

Test(provider_client, a_key_comes_from_a_file_a_command_or_the_environment)
{
	char path[120];

	home_write(&home, "key", KEY "\n");
	snprintf(path, sizeof(path), "%s/key", home.dir);
	PROVIDER(0, "takes its key", "add", "openai", "--base-url", url,
	    "--key-file", path);
	PROVIDER(0, "takes its key", "add", "openai", "--account", "two",
	    "--base-url", url, "--key-command", "echo " KEY);
	home_env(&home, "MY_KEY", KEY);
	PROVIDER(0, "not tried", "add", "openai/three", "--base-url", url,
	    "--key-env", "MY_KEY", "--no-verify");
	PROVIDER(0, "openai/three", "list");
	PROVIDER(2, "exit code 3", "add", "openai", "--key-command", "exit 3");
	PROVIDER(2, home.dir, "add", "openai", "--key-file", home.dir);
	PROVIDER(2, "is not set", "add", "x", "--key-env", "NO_KEY");
	PROVIDER(2, "only one of", "add", "x", "--key-env", "A", "--key-stdin");
}

/* Reads on until the text is there, or there is no more. */
static void
read_until(int fd, char *buf, size_t cap, const char *text)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t len = strlen(buf);
	ssize_t n = 1;

	while (n > 0 && len + 1 < cap &&
	       (text == NULL || strstr(buf, text) == NULL)) {
		cr_assert_eq(poll(&p, 1, DEADLINE_MS), 1, "only: %s", buf);
		n = read(fd, buf + len, cap - 1 - len);
		len += n > 0 ? (size_t)n : 0;
		buf[len] = '\0';
	}
}

/* script(1) gives it a terminal; what is typed there must not come back. */
static int
type_key(char *out, size_t cap)
{
	const char *const argv[] = { "/usr/bin/script", "-qec",
		"\"$PROGRAM\" add openai --no-verify --base-url \"$URL\"",
		"/dev/null", NULL };
	const char *build = getenv("TT_BUILD");
	int in[2], told[2];
	char program[200];
	pid_t pid;

	snprintf(program, sizeof(program), "%s/tt-provider",
	    build != NULL ? build : "build");
	home_env(&home, "PROGRAM", program);
	home_env(&home, "URL", url);
	cr_assert(pipe2(in, O_CLOEXEC) == 0 && pipe2(told, O_CLOEXEC) == 0);
	pid = child_start(
	    &home, argv, (int[]){ in[0], told[1], told[1] }, -1, -1);
	close(in[0]);
	close(told[1]);
	out[0] = '\0';
	read_until(told[0], out, cap, "(not shown): ");
	cr_assert_eq(write(in[1], KEY "\n", sizeof(KEY)), sizeof(KEY));
	read_until(told[0], out, cap, NULL);
	close(in[1]);
	close(told[0]);
	return child_wait(pid);
}

Test(provider_client, a_key_is_asked_for_without_echo)
{
	char out[2000];
	int code;

	if (access("/usr/bin/script", X_OK) != 0)
		cr_skip_test("no script(1)");
	code = type_key(out, sizeof(out));
	cr_expect_eq(code, 0, "exit code %d: %s", code, out);
	cr_expect_null(strstr(out, KEY_PART), "the key is shown: %s", out);
	PROVIDER(0, "sk-…abcd", "list");
}

/* There is no terminal to ask at: all that comes before is told. */
Test(provider_client, who_is_asked_for_a_new_key_is_told_which_kind)
{
	add("openai/work");
	EXPECT(2, "It takes an admin key, sk-admin-..., which an owner", "",
	    "tt-provider", "set", "openai/work", "--new-key");
	EXPECT(4, "there is no account \"openai\"", "", "tt-provider", "set",
	    "openai", "--new-key");
}

/* No line of the table is wider; what stays is the account and its state. */
static void
expect_narrow(const char *verb, const char *width, size_t columns)
{
	const char *line;
	struct run r;
	size_t len;

	RUN(&home, &r, "tt-provider", verb, "--width", width);
	cr_expect_not_null(strstr(r.out, "openai"), "%s", r.out);
	cr_expect_not_null(strstr(r.out, "  ok"), "%s", r.out);
	for (line = r.out; *line != '\0'; line += len + (line[len] == '\n')) {
		len = strcspn(line, "\n");
		cr_expect_leq(lang_width(line, len), columns,
		    "wider than %s columns: %.*s", width, (int)len, line);
	}
	run_free(&r);
}

Test(provider_client, a_list_fits_into_the_terminal)
{
	add("openai");
	PROVIDER(0, "ok", "sync", "openai");
	expect_narrow("list", "80", 80);
	expect_narrow("list", "40", 40);
	expect_narrow("list", "20", 20);
	PROVIDER(0, "last success", "list", "--width", "40");
	PROVIDER(0, "low below", "list", "--width", "80");
}

Test(provider_client, what_a_sync_came_to_fits_into_the_terminal)
{
	add("openai/a-rather-long-name");
	expect_narrow("sync", "80", 80);
	expect_narrow("sync", "40", 40);
	PROVIDER(0, "  rows\n", "sync", "--width", "80");
}

Test(provider_client, an_error_says_which_feed_and_when)
{
	EXPECT(0, "not tried", "sk-admin-wrong-wrong\n", "tt-provider", "add",
	    "openai", "--base-url", url, "--key-stdin", "--no-verify");
	PROVIDER(1, "costs", "sync", "openai");
	PROVIDER(
	    0, "\nopenai, costs, just now: the key is not accepted", "list");
	PROVIDER(
	    0, "\nopenai，costs，刚刚：密钥未被接受", "list", "--lang", "zh");
}

Test(provider_client, who_is_asked_for_a_key_is_told_what_each_kind_opens)
{
	EXPECT(2,
	    "For cost, usage, balance it takes a management key.\n"
	    "For balance, quota windows it takes any key of the account.\n",
	    "", "tt-provider", "add", "openrouter");
	EXPECT(2, "It takes any key of the account.\n", "", "tt-provider",
	    "add", "deepseek");
	EXPECT(2, "费用、用量、余额：需要管理密钥。\n", "", "tt-provider",
	    "add", "openrouter", "--lang", "zh");
}

Test(provider_client, what_was_billed_stands_beside_what_was_seen)
{
	send_call("2026-05-10", "gpt-5");
	send_call("2026-05-11", "gpt-5");
	REPORT("total", "7d");
	add("openai");
	PROVIDER(0, "costs", "sync", "openai");
	/* Seen $0.625 a day; billed $0.75, and $2.50 of the last one. */
	REPORT("\"unseen\":{\"cost_usd\":2,\"from\":\"2026-05-06\","
	       "\"to\":\"2026-05-11\",\"accounts\":[\"openai\"]",
	    "7d", "--json");
	REPORT("\nunseen ", "7d");
	REPORT("beyond what was seen here", "7d");
	REPORT("\"difference_usd\":0.125,\"complete\":true,"
	       "\"suspected_cause\":\"other_machine\"",
	    "reconcile", "--json");
	REPORT("\"difference_usd\":1.875,\"complete\":true,"
	       "\"suspected_cause\":\"not_final\"",
	    "reconcile", "--json");
	REPORT("\"suspected_cause\":\"incomplete\"", "reconcile", "--json");
	REPORT("\"quantities\":[\n  {\"day\":\"2026-05-11\",\"account\":"
	       "\"openai\",\"model\":\"img\",\"unit\":\"images\","
	       "\"quantity\":3}],\n \"accounts\":[",
	    "reconcile", "--json");
	REPORT("2026-05-10,openai,,1,150000,0.625,0,,0.75,USD,0.125,true,"
	       "other_machine",
	    "reconcile", "--csv");
	REPORT("complete from 2026-05-01 to 2026-05-11", "reconcile");
	REPORT("同一密钥", "reconcile", "--lang", "zh");
	REPORT("\"cost_usd\":3.25", "7d", "--source", "best", "--json");
	REPORT("\"cost_usd\":3.35", "7d", "--source", "billed", "--json");
	EXPECT(2, "does not bill by model", "", "tt-report", "7d", "--source",
	    "best", "--by", "model");
	EXPECT(2, "no other --by", "", "tt-report", "7d", "--source", "best",
	    "--by", "agent");
}

Test(provider_client, what_no_account_tells_is_not_known_to_be_nothing)
{
	const char *const all[] = { "7d", "--source", "billed" };

	REPORT("\"rows\":[],\n \"total\":{\"calls\":null,", all[0], all[1],
	    all[2], "--json");
	REPORT("\"total_tokens\":null,\"cost_usd\":null,", all[0], all[1],
	    all[2], "--json");
	REPORT("No account has told what was billed then: see tt-provider "
	       "list.\n",
	    all[0], all[1], all[2]);
	REPORT("\n,,,,,,,0\n", all[0], all[1], all[2], "--by", "none", "--csv");
	add("openai");
	PROVIDER(0, "costs", "sync", "openai");
	/* Of days without a bill it is known that they cost nothing. */
	REPORT("\"cost_usd\":0,", "2026-05-01..2026-05-07", all[1], all[2],
	    "--json");
	REPORT("Nothing was seen and nothing was billed.\n", "reconcile",
	    "2026-05-01..2026-05-07");
	REPORT("\"cost_usd\":null,", "2025-05-01..2025-05-07", all[1], all[2],
	    "--json");
	REPORT("     -\nThis is what was billed, by day of UTC.\n"
	       "openai: days before 2025-11-13 are not asked for\n",
	    "2025-05-01..2025-05-07", all[1], all[2]);
	REPORT("UTC\nopenai: days before 2025-11-13 are not asked for\n",
	    "reconcile", "2025-05-01..2025-05-07");
	REPORT("\"total\":{\"seen_usd\":null,\"billed_usd\":null,"
	       "\"difference_usd\":null,\"billed_elsewhere_usd\":null,"
	       "\"open_rows\":0}",
	    "reconcile", "2025-05-01..2025-05-07", "--json");
	REPORT("\"billed_usd\":0,\"difference_usd\":0,", "reconcile",
	    "2026-05-01..2026-05-07", "--json");
	/* Of the days before that, nothing is said. */
	REPORT("UTC\nNothing was seen, and nothing was billed on the days that "
	       "are known whole.\n",
	    "reconcile", "2025-11-01..2025-11-20");
	REPORT("\"cost_usd\":null,", all[0], all[1], all[2], "--provider",
	    "anthropic", "--json");
}

Test(provider_client, all_of_it_begins_with_the_first_bill_or_call)
{
	add("openai");
	PROVIDER(0, "costs", "sync", "openai");
	REPORT("\"cost_usd\":3.35,", "all", "--source", "billed", "--by",
	    "none", "--json");
	REPORT("\"from\":\"2026-05-10T00:00:00+00:00\"", "all", "--source",
	    "best", "--json");
	REPORT("\"billed_usd\":3.25,\"difference_usd\":3.25,", "reconcile",
	    "all", "--json");
	send_call("2026-05-11", "gpt-5");
	REPORT("2026-05-10 to 2026-05-12, UTC\n", "reconcile", "all");
	send_call("2026-05-09", "gpt-5");
	REPORT("2026-05-09 to 2026-05-12, UTC\n", "reconcile", "all");
	/* Seen alone, it begins with what was seen. */
	REPORT("\"from\":\"2026-05-09T00:00:00+00:00\"", "all", "--json");
}

/* Euros are billed: nothing is known of dollars, which is not none of them. */
Test(provider_client, what_is_not_in_dollars_is_told_and_not_zero)
{
	char euros[80];

	snprintf(euros, sizeof(euros), "%s/eur", url);
	EXPECT(0, "the service takes its key", KEY "\n", "tt-provider", "add",
	    "openai/eu", "--base-url", euros, "--key-stdin");
	PROVIDER(0, "costs", "sync", "openai/eu");
	REPORT("\"total_tokens\":null,\"cost_usd\":null,", "7d", "--source",
	    "billed", "--json");
	REPORT("\"other_currencies\":[{\"currency\":\"EUR\",\"amount\":3.35,"
	       "\"accounts\":[\"openai/eu\"]}],",
	    "7d", "--source", "billed", "--json");
	REPORT("2026-05-11,,,,,,,,0\n", "7d", "--source", "billed", "--csv");
	REPORT("\nnot in dollars: 3.35 EUR by openai/eu\n", "7d", "--source",
	    "billed");
	/* The day that is not over is not in the best. */
	REPORT("\nnot in dollars: 3.25 EUR by openai/eu\n", "7d", "--source",
	    "best");
	REPORT("\"amount\":3.25,", "7d", "--source", "best", "--json");
	REPORT("\"unseen\":{\"cost_usd\":null,", "7d", "--json");
	REPORT("     -\nunseen: billed by openai/eu beyond", "7d");
	REPORT("  2.50 EUR           -  not in dollars\n", "reconcile", "7d");
	REPORT("\na  not in dollars\n", "reconcile", "7d", "--width", "40");
	REPORT("\ntotal                     -         -           -",
	    "reconcile", "7d");
	/* Dollars stay what they are, and euros are beside them. */
	add("openai");
	PROVIDER(0, "costs", "sync", "openai");
	REPORT("\"cost_usd\":3.35,", "7d", "--source", "billed", "--by", "none",
	    "--json");
	REPORT(" $3.35+\n", "7d", "--source", "billed");
	REPORT("\"unseen\":{\"cost_usd\":3.25,", "7d", "--json");
	REPORT(" $3.25+\n", "7d");
	REPORT("不是美元：3.25 EUR（openai/eu）", "7d", "--lang", "zh");
	REPORT("未看到：openai、openai/eu 的账单", "7d", "--lang", "zh");
	REPORT("\nunseen: nothing was billed beyond what was seen here, ",
	    "2026-05-01..2026-05-07");
	REPORT("\"accounts\":[],", "2026-05-01..2026-05-07", "--json");
}

Test(provider_client, a_shared_account_has_nothing_unseen)
{
	struct run r;

	add("openai");
	PROVIDER(0, "changed", "set", "openai", "--shared");
	PROVIDER(0, "ok", "sync");
	RUN(&home, &r, "tt-report", "7d", "--json");
	cr_expect_null(strstr(r.out, "unseen"), "%s", r.out);
	run_free(&r);
	REPORT("a shared account", "reconcile", "7d");
	REPORT("\"cost_usd\":0", "7d", "--source", "best", "--json");
}

Test(provider_client, balances_keep_their_currencies)
{
	add("deepseek");
	PROVIDER(0, "balance", "sync", "deepseek");
	PROVIDER(0, "110.00 CNY", "balance");
	PROVIDER(0, "7.25 USD", "balance", "deepseek");
	PROVIDER(0, "changed", "set", "deepseek", "--low-balance", "10");
	PROVIDER(0, "low", "balance");
	PROVIDER(0, "\"currency\":\"CNY\",\"amount\":110", "balance", "--json");
	PROVIDER(0, "changed", "set", "deepseek", "--low-balance", "1e3 cny");
	PROVIDER(0, "\"low_balance\":1000,\"low_balance_currency\":\"CNY\"",
	    "balance", "--json");
	PROVIDER(2, "not an amount", "set", "deepseek", "--low-balance", "CNY");
	PROVIDER(2, "not an amount", "set", "deepseek", "--low-balance", "-1");
	PROVIDER(2, "not an amount", "set", "deepseek", "--low-balance", "5US");
	PROVIDER(2, "not an amount", "set", "deepseek", "--low-balance",
	    "5 DOLLARSS");
	PROVIDER(4, "there is no account \"kimi\": tt-provider list", "balance",
	    "kimi");
	PROVIDER(0, "note: deepseek has told no balance in EUR", "set",
	    "deepseek", "--low-balance", "5EUR");
}

Test(provider_client, a_balance_that_nobody_tells_is_not_waited_for)
{
	char mark[120];

	snprintf(
	    mark, sizeof(mark), "echo taken >%s/mark; echo " KEY, home.dir);
	PROVIDER(4, "--low-balance: openai tells no balance that could be low",
	    "add", "openai", "--low-balance", "10", "--key-command", mark);
	add("openai");
	PROVIDER(4, "--low-balance: openai tells no balance", "set", "openai",
	    "--low-balance", "10", "--key-command", mark);
	PROVIDER(4, "openai 不提供余额", "set", "openai", "--low-balance",
	    "10 USD", "--lang", "zh");
	PROVIDER(0, "changed", "set", "openai", "--low-balance", "none");
	snprintf(mark, sizeof(mark), "%s/mark", home.dir);
	cr_expect_neq(access(mark, F_OK), 0, "the command has been run");
}

Test(provider_client, the_name_of_an_account_is_what_is_complained_of)
{
	EXPECT(4, "the name of an account has letters, digits and . _ - only",
	    KEY "\n", "tt-provider", "add", "openai", "--account", "a b",
	    "--base-url", url, "--key-stdin");
	EXPECT(4, "账户名只能用字母、数字和", KEY "\n", "tt-provider", "add",
	    "openai", "--account", "a b", "--base-url", url, "--key-stdin",
	    "--lang", "zh");
}

Test(provider_client, a_quota_that_is_not_sure_is_told_as_about)
{
	add("minimax");
	PROVIDER(0, "plan", "sync", "minimax");
	PROVIDER(0, " 40% used", "balance");
	PROVIDER(0, " about 30% used", "balance");
	PROVIDER(0, " 约已用 30%", "balance", "--lang", "zh");
	PROVIDER(0, "\"used_percent\":40,\"approximate\":false,", "balance",
	    "--json");
	PROVIDER(0, "\"used_percent\":30,\"approximate\":true,", "balance",
	    "--json");
}

Test(provider_client, an_account_is_switched_off_and_on_and_removed)
{
	add("openai");
	PROVIDER(0, "not asked any more", "disable", "openai");
	PROVIDER(0, "\"enabled\":false", "list", "--json");
	PROVIDER(4, "openai is disabled: tt-provider enable openai", "sync",
	    "openai");
	PROVIDER(0, "asked from now on", "enable", "openai");
	PROVIDER(0, "\"name\":\"openai\"", "rm", "openai", "--json");
	PROVIDER(0, "No account", "list");
	PROVIDER(4, "there is no account \"openai\": tt-provider list", "rm",
	    "openai");
	PROVIDER(2, "which account", "rm");
	expect_no_key("nothing");
}

Test(provider_client, what_a_removed_account_left_is_listed_and_dropped)
{
	add("openai");
	add("openai/work");
	PROVIDER(0, "costs", "sync");
	PROVIDER(0, "\"remains\":[]}", "list", "--json");
	PROVIDER(0, "without --keep-data", "rm", "openai/work", "--keep-data");
	PROVIDER(0,
	    "\nopenai/work: removed; what it said is kept and counted, and "
	    "tt-provider rm openai/work drops it\n",
	    "list");
	PROVIDER(0, "what it said", "rm", "openai", "--keep-data");
	PROVIDER(0,
	    "No account: tt-provider add PROVIDER adds one.\nopenai: "
	    "removed; what it said is kept",
	    "list");
	PROVIDER(
	    0, "\"remains\":[\"openai\",\"openai/work\"]}", "list", "--json");
	PROVIDER(0, "openai/work：已移除", "list", "--lang", "zh");
	PROVIDER(4, "\"openai\" was removed; what it said is kept", "balance",
	    "openai");
	PROVIDER(4, "\"openai\" was removed", "sync", "openai");
	PROVIDER(4, "\"openai\" was removed", "set", "openai", "--shared");
	PROVIDER(4, "there is no account \"open\"", "sync", "open");
	add("openai");
	PROVIDER(0, "\"remains\":[\"openai/work\"]}", "list", "--json");
	PROVIDER(0, "removed", "rm", "openai");
	PROVIDER(0, "removed", "rm", "openai/work");
	PROVIDER(0, "\"remains\":[]}", "list", "--json");
	PROVIDER(4, "there is no account \"openai/work\"", "rm", "openai/work");
}

Test(provider_client, a_base_url_has_paths_behind_it)
{
	static const char *const tails[] = { "/v1?x=1", "/v1#x", "?" };
	char bad[100], said[160];
	size_t i;

	for (i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		snprintf(bad, sizeof(bad), "%s%s", url, tails[i]);
		snprintf(said, sizeof(said),
		    "--base-url %s: paths are put behind it", bad);
		EXPECT(4, said, KEY "\n", "tt-provider", "add", "openai",
		    "--base-url", bad, "--key-stdin");
	}
	EXPECT(4, "不能有 ? 和 #", KEY "\n", "tt-provider", "add", "openai",
	    "--base-url", bad, "--key-stdin", "--lang", "zh");
	PROVIDER(0, "No account", "list");
	snprintf(bad, sizeof(bad), "%s/v0", url);
	EXPECT(0, "", KEY "\n", "tt-provider", "add", "openai", "--base-url",
	    bad, "--key-stdin", "--no-verify");
	PROVIDER(0, "is the path of its base URL right?", "sync", "openai");
	PROVIDER(0, "（HTTP 404）：它的基础 URL 中的路径对吗？", "sync",
	    "openai", "--lang", "zh");
}

/* A service that could not be asked is asked once, not for two minutes. */
Test(provider_client, a_service_that_is_not_there_is_told_at_once)
{
	EXPECT(4, "no connection; --no-verify adds it without asking", KEY "\n",
	    "tt-provider", "add", "openai", "--base-url",
	    "http://127.0.0.1:1/v1", "--key-stdin");
	PROVIDER(0, "No account", "list");
}

Test(provider_client, a_mistake_is_told_before_a_key_is_taken)
{
	char mark[120];

	snprintf(
	    mark, sizeof(mark), "echo taken >%s/mark; echo " KEY, home.dir);
	PROVIDER(4, "no provider is called \"opnai\": tt-provider services",
	    "add", "opnai", "--key-command", mark);
	PROVIDER(4, "kimi has no region \"eu\"; it has: ai, cn", "add", "kimi",
	    "--region", "eu", "--key-command", mark);
	PROVIDER(4, "openai has no regions", "add", "openai", "--region", "eu",
	    "--key-command", mark);
	PROVIDER(2, "--base-url is empty", "add", "openai", "--base-url", "",
	    "--key-command", mark);
	PROVIDER(2, "one account only, and no key", "add", "openai", KEY,
	    "--key-command", mark);
	PROVIDER(2, "one account only, and no key", "set", "openai", KEY,
	    "--key-command", mark);
	snprintf(mark, sizeof(mark), "%s/mark", home.dir);
	cr_expect_neq(access(mark, F_OK), 0, "the command has been run");
	EXPECT(4, "--base-url http://example.com: only https", KEY "\n",
	    "tt-provider", "add", "openai", "--base-url", "http://example.com",
	    "--key-stdin");
}

Test(provider_client, an_account_that_is_there_changes_its_settings_alone)
{
	add("openai");
	add("openai/work");
	EXPECT(0, "openai: changed; the service takes its key", KEY "\n",
	    "tt-provider", "add", "openai", "--base-url", url, "--key-stdin",
	    "--shared");
	PROVIDER(0, "\"shared\":true", "list", "openai", "--json");
	EXPECT(0, "openai/work: changed; its key was not tried", KEY "\n",
	    "tt-provider", "add", "openai", "--account", "work", "--base-url",
	    url, "--key-stdin", "--no-verify");
}

Test(provider_client, another_key_is_of_another_account_and_ways_are_told)
{
	add("openai");
	EXPECT(4,
	    "openai is there already, with another key or host. The same "
	    "organisation: tt-provider set openai --new-key, ",
	    "sk-admin-9876543210-hidden-wxyz\n", "tt-provider", "add", "openai",
	    "--base-url", url, "--key-stdin", "--no-verify");
	EXPECT(4, "Another one: tt-provider add openai --account NAME",
	    KEY "\n", "tt-provider", "add", "openai", "--key-stdin",
	    "--no-verify");
	PROVIDER(0, "sk-…abcd", "list");
}

Test(provider_client, a_new_key_that_is_refused_leaves_the_old_one)
{
	add("openai");
	EXPECT(4, "the key is not accepted", "sk-admin-wrong-wrong\n",
	    "tt-provider", "set", "openai", "--key-stdin", "--shared");
	PROVIDER(0, "sk-…abcd", "list");
	PROVIDER(0, "\"shared\":false", "list", "--json");
	PROVIDER(0, "costs", "sync", "openai");
	EXPECT(0, "the service takes its key", KEY "\n", "tt-provider", "set",
	    "openai", "--key-stdin");
}

Test(provider_client, a_refusal_of_many_feeds_is_told_once)
{
	const char *first, *again;
	struct run r;

	add("openai");
	EXPECT(0, "its key was not tried yet: tt-provider sync tries it",
	    "sk-admin-wrong-wrong\n", "tt-provider", "set", "openai",
	    "--key-stdin", "--no-verify");
	RUN(&home, &r, "tt-provider", "sync", "openai");
	cr_expect_eq(r.code, 1, "exit code %d: %s%s", r.code, r.out, r.err);
	first = strstr(r.out, "openai: ");
	again = first != NULL ? strstr(first + 1, "openai: ") : NULL;
	cr_expect(first != NULL && again == NULL, "not once:\n%s", r.out);
	run_free(&r);
}

/* All that a narrow terminal gets of a cell, line by line, is the cell. */
Test(provider_client, kinds_of_keys_are_wrapped_and_never_cut)
{
	const char *line;
	struct run r;
	size_t len;

	RUN(&home, &r, "tt-provider", "services", "--width", "60");
	cr_expect_not_null(strstr(r.out, " organization makes\n"), "%s", r.out);
	cr_expect_not_null(
	    strstr(r.out, "\nkimi: --region ai, cn\n"), "%s", r.out);
	for (line = r.out; *line != '\0'; line += len + 1) {
		len = strcspn(line, "\n");
		cr_expect(len <= 60 || strncmp(line, "Definitions", 11) == 0,
		    "%zu columns: %.*s", len, (int)len, line);
	}
	run_free(&r);
}

Test(provider_client, a_bad_definition_is_told_in_both_languages)
{
	static const struct {
		const char *text, *en, *zh;
	} cases[] = {
		{ "[provider]\nevery = 5\n",
		    "bad.ini:2: not seconds from 60 to 86400: 5\n",
		    "bad.ini:2：不是 60 到 86400 之间的秒数：5\n" },
		{ "[provider]\nbase-url = http://billing.example.com\n",
		    "bad.ini:2: only https, or http to this machine itself: "
		    "http://billing.example.com\n",
		    "http://billing.example.com\n" },
		{ "[provider]\nname = bad\nbase-url = https://b.example\n",
		    "bad.ini:1: [provider] has no line \"key = …\"\n",
		    "bad.ini:1：[provider] 中没有“key = …”这一行\n" },
		{ "[feed \"c\"]\ntime = noon\n",
		    "bad.ini:2: not one of seconds, milliseconds, date, "
		    "rfc3339: noon\n",
		    "不是以下之一 seconds, milliseconds, date, rfc3339：noon" },
		{ "[feed \"c\"]\nfrom = day\n",
		    "not a pointer such as /data/0/x, RFC 6901: day\n",
		    "不是 /data/0/x 这样的指针（RFC 6901）" },
	};
	char path[120];

	snprintf(path, sizeof(path), "%s/providers", home.dir);
	cr_assert_eq(mkdir(path, 0700), 0, "%s", path);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		home_write(&home, "providers/bad.ini", cases[i].text);
		PROVIDER(0, cases[i].en, "services");
		PROVIDER(0, cases[i].zh, "services", "--lang", "zh");
	}
}

Test(provider_client, without_a_daemon_no_key_is_read)
{
	daemon_stop(&home);
	home_env(&home, "TT_AUTOSTART", "0");
	EXPECT(3, "no collectord", KEY "\n", "tt-provider", "add", "openai",
	    "--key-stdin");
}

Test(provider_client, without_a_daemon_it_says_how_to_get_one)
{
	daemon_stop(&home);
	home_env(&home, "TT_AUTOSTART", "0");
	EXPECT(3, "/sock: start `collectord`, or unset TT_AUTOSTART\n", "",
	    "tt-provider", "list");
	EXPECT(3, "请运行 `collectord`，或取消设置 TT_AUTOSTART\n", "",
	    "tt-provider", "list", "--lang", "zh");
	home_env(&home, "TT_AUTOSTART", NULL);
	home_write(&home, "config", "[core]\nautostart = no\n");
	EXPECT(3, "start `collectord`, or set autostart = yes in [core]\n", "",
	    "tt-provider", "list");
	EXPECT(3, "或在 [core] 中设置 autostart = yes\n", "", "tt-provider",
	    "list", "--lang", "zh");
}

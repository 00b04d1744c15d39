/* Budgets as people set and see them, and the gate that stops an agent. */
#include "tests/e2e/answer.h"
#include "tests/e2e/peer.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <criterion/criterion.h>

#define GATE "contrib/hooks/claude-code/budget-gate.sh"
#define SHELL_GATE "contrib/hooks/shell/budget-gate.sh"
#define TOOL                                                                   \
	"{\"session_id\":\"s1\",\"hook_event_name\":\"PreToolUse\","           \
	"\"tool_name\":\"Bash\",\"tool_input\":{\"command\":\"ls\"}}"

static struct home home;

static void
setup(void)
{
	const char *build = getenv("TT_BUILD");
	char path[PATH_MAX];

	home_make(&home);
	home_env(&home, "TT_NOW", NOW_TEXT);
	home_env(&home, "TT_AUTOSTART", "0");
	home_env(&home, "TZ", "UTC");
	snprintf(path, sizeof(path), "%s:/usr/bin:/bin",
	    build != NULL ? build : "build");
	home_env(&home, "PATH", path);
}

static void
teardown(void)
{
	home_finish(&home);
}

TestSuite(budget, .init = setup, .fini = teardown, .timeout = 120);

#define BUDGET(code, out, err, ...)                                            \
	do {                                                                   \
		struct run run_;                                               \
		RUN(&home, &run_, "tt-budget", __VA_ARGS__);                   \
		run_expect(&run_, code, out, err);                             \
	} while (0)

static void
spend(const char *session, const char *message, const char *cost)
{
	struct run r;

	RUN(&home, &r, "tt-send", "--session", session, "--message", message,
	    "--agent", "claude-code", "--model", "castle-9", "--input", "1000",
	    "--cost", cost);
	run_expect(&r, 0, "", "");
}

static void
run_with(const char *const *argv, const char *input, int code, const char *out,
    const char *err)
{
	struct run r;

	run_client(&home, argv, input, &r);
	cr_expect(out[0] != '\0' || r.out_len == 0,
	    "printed %s, expected nothing", r.out);
	run_expect(&r, code, out, err);
}

#define HOOK(input, out, ...)                                                  \
	run_with((const char *const[]){ GATE, __VA_ARGS__ }, input, 0, out, "")

Test(budget, an_amount_alone_is_a_day_in_usd)
{
	daemon_start(&home);
	BUDGET(0, "daily: $0.00 of $15.00 are spent in 2026-05-12 (0.0%)", "",
	    "set", "15");
	spend("s1", "m1", "3.75");
	BUDGET(0, "daily   within  2026-05-12  $3.75  $15.00  $11.25  25.0%  ",
	    "", "status");
	BUDGET(0, "  41.7%  60.0%      $9.00\n", "", "status", "daily");
	BUDGET(0, "daily: spent most by castle-9 $3.75\n", "", "status");
	BUDGET(0, "\"projected\":{\"basis\":\"average rate of the period\",",
	    "", "status", "--json");
	BUDGET(0,
	    "\"left_usd\":11.25,\"used_percent\":25.0,"
	    "\"elapsed_percent\":41.7,\"pace_percent\":60.0",
	    "", "status", "--json");
	BUDGET(0, "The budget daily is gone.", "", "rm", "daily");
	BUDGET(4, "", "not_found", "rm", "daily");
	BUDGET(0, "There is no budget.", "", "status");
	BUDGET(0, "\"within\":true,\"budgets\":[]}", "", "check", "--json");
}

Test(budget, what_a_day_would_come_to_says_when_it_is_over)
{
	daemon_start(&home);
	BUDGET(0, "", "", "set", "10");
	spend("s1", "m1", "8");
	BUDGET(0, "daily: used up at 2026-05-12 12:30 if it goes on like this",
	    "", "status");
	BUDGET(0, "warning", "", "status");
}

Test(budget, chinese_is_spoken_where_it_is_asked_for)
{
	daemon_start(&home);
	BUDGET(0, "已设定。daily：已用 $0.00，限额 $10.00，2026-05-12（0.0%）",
	    "", "set", "10", "--lang", "zh");
	spend("s1", "m1", "11");
	BUDGET(0, "超出", "", "status", "--lang", "zh");
	BUDGET(
	    1, "daily：已用 $11.00，限额 $10.00", "", "check", "--lang", "zh");
	BUDGET(0, "每天", "", "list", "--lang", "zh");
	BUDGET(2, "", "不大于 0", "set", "0", "--lang", "zh");
	BUDGET(4, "", "没有这个名称的预算", "check", "no", "--lang", "zh");
	BUDGET(0, "预算 daily 已删除", "", "rm", "daily", "--lang", "zh");
}

Test(budget, what_makes_no_sense_is_told_in_a_line)
{
	BUDGET(2, "", "\"0\" is not above 0", "set", "0");
	BUDGET(2, "", "\"-3\" is not above 0", "set", "--", "-3");
	BUDGET(2, "", "\"much\" is not an amount of USD", "set", "much");
	BUDGET(2, "", "is not a number of tokens", "set", "1.5", "--tokens");
	BUDGET(2, "", "one amount is needed", "set");
	BUDGET(2, "", "--period: year is not", "set", "1", "--period", "year");
	BUDGET(2, "", "from 1 to 100", "set", "1", "--warn", "0");
	BUDGET(2, "", "more than 100", "set", "1", "--warn", "101");
	BUDGET(2, "", "--name: \"a b\"", "set", "1", "--name", "a b");
	BUDGET(2, "", "--name is needed", "set", "1", "--project", "项目");
	BUDGET(2, "", "what is \"frob\"", "frob");
	BUDGET(2, "", "what to do?", "--lang", "en");
	BUDGET(2, "", "one budget only", "check", "a", "b");
	BUDGET(3, "", "no collectord", "check");
	BUDGET(3, "", "no collectord", "status");
}

Test(budget, the_gate_answers_by_its_exit_code)
{
	daemon_start(&home);
	BUDGET(0, "", "", "set", "10");
	BUDGET(0, "", "", "set", "1000", "--tokens", "--period", "week",
	    "--model", "other-*", "--name", "quiet");
	spend("s1", "m1", "8.5");
	BUDGET(0, "", "", "check");
	BUDGET(1, "daily: $8.50 of $10.00", "", "check", "--warn");
	BUDGET(0,
	    "\"within\":true,\"budgets\":[{\"name\":\"daily\","
	    "\"level\":\"warn\",\"spent_usd\":8.5,\"limit_usd\":10,"
	    "\"period\":\"2026-05-12\"",
	    "", "check", "--json");
	spend("s1", "m2", "2.5");
	BUDGET(1, "daily: $11.00 of $10.00 are spent in 2026-05-12 (110.0%)",
	    "", "check");
	BUDGET(1,
	    "{\"schema_version\":1,\"within\":false,\"budgets\":[{"
	    "\"name\":\"daily\",\"level\":\"limit\",\"spent_usd\":11,"
	    "\"limit_usd\":10,\"period\":\"2026-05-12\"",
	    "", "check", "--json");
	BUDGET(0, "\"spent_tokens\":0,\"limit_tokens\":1000", "", "check",
	    "quiet", "--json");
	BUDGET(4, "", "no budget of that name", "check", "loud");
}

Test(budget, what_has_no_price_is_said)
{
	struct run r;

	daemon_start(&home);
	BUDGET(0, "", "", "set", "10");
	RUN(&home, &r, "tt-send", "--session", "s", "--message", "m", "--model",
	    "castle-9", "--input", "1200");
	run_expect(&r, 0, "", "");
	BUDGET(0,
	    "daily: 1,200 tokens of 1 call have no price and are not in "
	    "it\n",
	    "", "status");
	BUDGET(0, "\"unpriced_tokens\":1200,\"unpriced_calls\":1", "", "check",
	    "--json");
}

Test(budget, only_the_calls_it_is_for_are_in_it)
{
	struct run r;

	daemon_start(&home);
	BUDGET(0, "", "", "set", "5", "--metered");
	BUDGET(0, "", "", "set", "5", "--project", "web");
	BUDGET(0, "", "", "set", "5", "--agent", "codex", "--period", "month");
	RUN(&home, &r, "tt-send", "--session", "a", "--message", "1",
	    "--project", "web", "--billing", "plan", "--cost", "2");
	run_expect(&r, 0, "", "");
	RUN(&home, &r, "tt-send", "--session", "b", "--message", "1", "--agent",
	    "codex", "--cost", "1");
	run_expect(&r, 0, "", "");
	BUDGET(0,
	    "\"name\":\"daily-metered\",\"level\":\"ok\",\"spent_usd\":1,", "",
	    "check", "daily-metered", "--json");
	BUDGET(
	    0, "\"spent_usd\":2,", "", "check", "daily-project:web", "--json");
	BUDGET(0, "\"spent_usd\":1,\"limit_usd\":5,\"period\":\"2026-05\"", "",
	    "check", "monthly-agent:codex", "--json");
	BUDGET(0, "metered only", "", "list");
	BUDGET(0, "project web", "", "list");
}

Test(budget, months_are_billing_cycles_and_days_begin_where_they_are_said_to)
{
	home_write(&home, "config",
	    "[report]\nmonth_start = 20\n"
	    "day_start = 12\nweek_start = sunday\n");
	daemon_start(&home);
	BUDGET(0, "in 2026-04 (", "", "set", "1", "--period", "month");
	BUDGET(0, "in 2026-05-11 (", "", "set", "1");
	BUDGET(0, "in 2026-05-10 (", "", "set", "1", "--period", "week");
}

Test(budget, a_hook_script_blocks_and_says_why)
{
	daemon_start(&home);
	BUDGET(0, "", "", "set", "10");
	HOOK(TOOL, "", NULL);
	spend("s1", "m1", "8");
	HOOK(TOOL, "", NULL);
	HOOK(TOOL, "The budget is nearly used up. daily: $8.00 of $10.00",
	    "--warn", NULL);
	spend("s1", "m2", "3");
	HOOK(TOOL,
	    "{\"hookSpecificOutput\":{\"hookEventName\":\"PreToolUse\","
	    "\"permissionDecision\":\"deny\",\"permissionDecisionReason\":\""
	    "The budget is used up. daily: $11.00 of $10.00 are spent in "
	    "2026-05-12 (110.0%). Stop, and tell the user;",
	    NULL);
	HOOK(TOOL,
	    "\"permissionDecisionReason\":\"预算已用完。daily：已用 $11.00，"
	    "限额 $10.00，2026-05-12（110.0%）。请停下并告知用户；",
	    "--lang", "zh", NULL);
	HOOK("{\"session_id\":\"s1\",\"hook_event_name\":\"UserPromptSubmit\"}",
	    "{\"decision\":\"block\",\"reason\":\"The budget is used up. ",
	    NULL);
	HOOK("no JSON", "\"permissionDecision\":\"deny\"", NULL);
}

Test(budget, a_hook_is_for_the_session_it_is_told)
{
	daemon_start(&home);
	BUDGET(0, "", "", "set", "5", "--period", "session");
	spend("s1", "m1", "6");
	spend("s2", "m1", "1");
	HOOK(TOOL, "session: $6.00 of $5.00 are spent in s1 (120.0%)", NULL);
	HOOK("{\"session_id\":\"s2\"}", "", NULL);
	HOOK("{\"session_id\":\"never heard\"}", "", NULL);
	BUDGET(1, "", "", "check", "--session", "s1");
	BUDGET(0, "", "", "check");
	home_env(&home, "TT_SESSION", "s1");
	BUDGET(1, "", "", "check");
	home_env(&home, "TT_SESSION", NULL);
	spend("bad\xc2\xa0id", "m1", "6");
	HOOK("{\"session_id\":\"bad\xc2\xa0id\"}",
	    "session: $6.00 of $5.00 are spent in ? (120.0%)", NULL);
}

Test(budget, a_hook_never_breaks_an_agent)
{
	const char *const slow[] = { "tt-budget", "check", "--hook",
		"claude-code", NULL };
	struct run r;

	HOOK(TOOL, "", NULL);
	HOOK("", "", NULL);
	run_with((const char *const[]){ GATE, "--frob", NULL }, TOOL, 0, "",
	    "unknown option");
	BUDGET(0, "", "is not claude-code", "check", "--hook", "other");
	home_write(&home, "config", "[frob]\n");
	run_client(&home, slow, TOOL, &r);
	run_expect(&r, 0, "", "");
	home_write(&home, "config", "");
	daemon_start(&home);
	BUDGET(0, "", "", "set", "1");
	spend("s1", "m1", "2");
	HOOK(TOOL, "deny", NULL);
	kill(home.pid, SIGSTOP);
	run_client(&home, slow, TOOL, &r);
	kill(home.pid, SIGCONT);
	cr_expect_lt(r.took_us, 5000000, "a daemon that hangs took %jd us",
	    (intmax_t)r.took_us);
	cr_expect_eq(r.out_len, 0, "printed %s", r.out);
	run_expect(&r, 0, "", "");
}

Test(budget, a_gate_for_others_answers_with_two_and_a_reason)
{
	daemon_start(&home);
	BUDGET(0, "", "", "set", "1");
	run_with((const char *const[]){ SHELL_GATE, NULL }, "", 0, "", "");
	spend("s1", "m1", "2");
	run_with((const char *const[]){ SHELL_GATE, NULL }, "", 2, "",
	    "daily: $2.00 of $1.00 are spent");
	run_with(
	    (const char *const[]){ SHELL_GATE, "none", NULL }, "", 0, "", "");
	daemon_stop(&home);
	run_with((const char *const[]){ SHELL_GATE, NULL }, "", 0, "", "");
}

Test(budget, what_was_spent_before_it_was_set_is_in_it)
{
	daemon_start(&home);
	spend("s1", "m1", "4");
	BUDGET(0, "$4.00 of $5.00", "", "set", "5");
	BUDGET(0, "$4.00 of $5.00", "", "set", "5", "--period", "session");
	BUDGET(0, "$4.00 of $5.00 are spent in 2026-05-12T10:00:00+00:00", "",
	    "set", "5", "--period", "block");
	daemon_kill(&home);
	daemon_start(&home);
	BUDGET(0, "\"spent_usd\":4", "", "check", "daily", "--json");
	BUDGET(0, "\"spent_usd\":4", "", "check", "block", "--json");
}

Test(budget, what_is_voided_is_given_back)
{
	struct run r;

	daemon_start(&home);
	BUDGET(0, "", "", "set", "5");
	BUDGET(0, "", "", "set", "5", "--period", "session");
	spend("s1", "m1", "6");
	BUDGET(1, "", "", "check");
	RUN(&home, &r, "tt-send", "--void", "--session", "s1");
	run_expect(&r, 0, "", "");
	BUDGET(0, "", "", "check");
	BUDGET(0, "\"spent_usd\":0", "", "check", "session", "--json");
}

/* A daemon that says what it was asked: one thing, and then nothing more. */
Test(budget, the_gate_takes_one_round_trip)
{
	const char *const argv[] = { "tt-budget", "check", NULL };
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), fd;
	int null = open("/dev/null", O_RDWR);
	char dir[100], asked[256], rest[8];
	struct packer k = { 0 };
	ssize_t n;
	pid_t pid;

	snprintf(dir, sizeof(dir), "%s/run", home.dir);
	mkdir(dir, 0700);
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", home.socket);
	cr_assert_eq(bind(listener, (struct sockaddr *)&sun, sizeof(sun)), 0,
	    "%s cannot be bound", home.socket);
	cr_assert_eq(listen(listener, 4), 0, "no listening");
	pid = child_start(&home, argv, (int[]){ null, null, null }, -1, -1);
	fd = accept(listener, NULL, NULL);
	n = recv(fd, asked, sizeof(asked), 0);
	cr_expect_gt(n, 0, "nothing was asked");
	cr_expect_not_null(
	    memmem(asked, (size_t)n, "budgets", 7), "something else was asked");
	pack_array(&k, 4);
	pack_u64(&k, 1);
	pack_u64(&k, 1);
	pack_nil(&k);
	pack_map(&k, 2);
	pack_str(&k, "now");
	pack_i64(&k, NOW_MS);
	pack_str(&k, "budgets");
	pack_array(&k, 0);
	cr_expect_eq(
	    send(fd, k.p, k.len, MSG_NOSIGNAL), (ssize_t)k.len, "it hung up");
	n = recv(fd, rest, sizeof(rest), 0);
	cr_expect_eq(n, 0, "%zd more bytes were sent", n);
	cr_expect_eq(child_wait(pid), 0, "within no budgets is not 0");
	packer_free(&k);
	close(fd);
	close(listener);
	close(null);
}

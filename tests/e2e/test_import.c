/*
 * tt-import: every call that agents have logged is counted, once, however often
 * and in whatever state their logs are read.
 */
#include "tests/e2e/harness.h"
#include "tests/e2e/peer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

#define TREE ".claude/projects/-home-u-atlas/"
#define LOG TREE "5a5e0000.jsonl"

static struct home home;
static struct peer peer = { .fd = -1 };

static void
setup(void)
{
	home_make(&home);
	home_env(&home, "CLAUDE_CONFIG_DIR", NULL);
	home_env(&home, "XDG_CONFIG_HOME", NULL);
	home_env(&home, "XDG_DATA_HOME", NULL);
}

static void
teardown(void)
{
	peer_close(&peer);
	home_finish(&home);
}

TestSuite(import, .init = setup, .fini = teardown, .timeout = 120);

static void
serve(void)
{
	daemon_start(&home);
	cr_assert(peer_open(&peer, home.socket), "no connection");
}

/* Adds text to a file below the home, making the directories above it. */
static void
add(const char *name, const char *text)
{
	char path[512], *slash;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", home.dir, name);
	for (slash = path + strlen(home.dir) + 1;
	     (slash = strchr(slash, '/')) != NULL; *slash++ = '/') {
		*slash = '\0';
		cr_assert(mkdir(path, 0700) == 0 || errno == EEXIST, "%s: %s",
		    path, strerror(errno));
	}
	f = fopen(path, "ae");
	cr_assert_not_null(f, "%s: %s", path, strerror(errno));
	fputs(text, f);
	cr_assert_eq(fclose(f), 0, "%s: %s", path, strerror(errno));
}

/* What a line of a transcript may say besides. Zero is a plain reply. */
struct line {
	const char *session, *id, *request; /* request NULL: none */
	const char *model;
	bool is_sidechain;
	const char *usage;
};

#define USAGE(out)                                                             \
	"\"usage\":{\"input_tokens\":10,\"cache_creation_input_tokens\":300,"  \
	"\"cache_read_input_tokens\":1000,\"output_tokens\":" #out "}"

static void
add_line(const char *name, struct line l)
{
	char text[2000], request[60] = "";

	if (l.request != NULL)
		snprintf(request, sizeof(request), "\"requestId\":\"%s\",",
		    l.request);
	snprintf(text, sizeof(text),
	    "{\"type\":\"assistant\",\"uuid\":\"u\",\"sessionId\":\"%s\","
	    "\"timestamp\":\"2026-05-12T09:00:00.000Z\",\"cwd\":\"/home/u/at\","
	    "\"isSidechain\":%s,%s\"message\":{\"id\":\"%s\",\"model\":\"%s\","
	    "%s}}\n",
	    l.session != NULL ? l.session : "5a5e0000",
	    l.is_sidechain ? "true" : "false", request, l.id,
	    l.model != NULL ? l.model : "claude-sonnet-4-5", l.usage);
	add(name, text);
}

#define EXPECT_CODE(r, want)                                                   \
	cr_assert_eq((r).code, (want),                                         \
	    "exit code %d, expected %d; stderr: %s", (r).code, (want),         \
	    (r).err)

static void
import_claude(void)
{
	struct run r;

	RUN(&home, &r, "tt-import", "claude");
	EXPECT_CODE(r, 0);
	cr_expect_str_eq(r.err, "", "stderr: %s", r.err);
	run_free(&r);
}

static uint64_t
tokens(const struct sums *s)
{
	return s->n[SUM_INPUT] + s->n[SUM_CACHE_READ] + s->n[SUM_CACHE_WRITE] +
	       s->n[SUM_OUTPUT] + s->n[SUM_OTHER];
}

static void
expect_total(uint64_t calls, uint64_t all)
{
	struct sums s = peer_total(&peer);

	cr_assert_eq(s.n[SUM_CALLS], calls, "%lu calls, expected %lu",
	    (unsigned long)s.n[SUM_CALLS], (unsigned long)calls);
	cr_assert_eq(tokens(&s), all, "%lu tokens, expected %lu",
	    (unsigned long)tokens(&s), (unsigned long)all);
}

/* --- The figures that others get wrong ------------------------------------ */

Test(import, replies_without_a_request_are_counted_once)
{
	serve();
	add_line(LOG, (struct line){ .id = "msg_1", .usage = USAGE(3) });
	add_line(LOG, (struct line){ .id = "msg_1", .usage = USAGE(159) });
	import_claude();
	expect_total(1, 1469);
}

Test(import, a_sidechain_that_replays_another_request_adds_nothing)
{
	serve();
	add_line(
	    LOG, (struct line){
		     .id = "msg_1", .request = "req_1", .usage = USAGE(50) });
	add_line(LOG, (struct line){ .id = "msg_1",
			  .request = "req_9",
			  .is_sidechain = true,
			  .usage = USAGE(50) });
	add_line(
	    LOG, (struct line){
		     .id = "msg_2", .request = "req_2", .usage = USAGE(70) });
	import_claude();
	expect_total(2, 2740);
}

Test(import, an_advisor_is_counted_under_its_own_model)
{
	struct table t;

	serve();
	add_line(LOG,
	    (struct line){ .id = "msg_1",
		.usage = "\"usage\":{\"input_tokens\":10,"
			 "\"cache_creation_input_tokens\":300,"
			 "\"cache_read_input_tokens\":1000,"
			 "\"output_tokens\":50,\"iterations\":[{\"type\":"
			 "\"message\",\"input_tokens\":10},{\"type\":"
			 "\"advisor_message\",\"model\":\"claude-opus-4-1\","
			 "\"input_tokens\":500,\"output_tokens\":80}]}" });
	import_claude();
	expect_total(2, 1940);
	peer_report_by(&peer, KEY_MODEL, &t);
	cr_assert_not_null(table_find(&t, "claude-opus-4-1"));
	cr_expect_eq(tokens(&table_find(&t, "claude-opus-4-1")->sums), 580);
	table_free(&t);
}

Test(import, cache_writes_may_be_only_in_the_sum_or_only_in_its_parts)
{
	serve();
	add_line(LOG,
	    (struct line){ .id = "msg_1",
		.usage = "\"usage\":{\"input_tokens\":10,"
			 "\"cache_creation_input_tokens\":0,"
			 "\"cache_read_input_tokens\":1000,"
			 "\"cache_creation\":{\"ephemeral_5m_input_tokens\":"
			 "100,\"ephemeral_1h_input_tokens\":200},"
			 "\"output_tokens\":50}" });
	import_claude();
	expect_total(1, 1360);
	cr_expect_eq(peer_total(&peer).n[SUM_CACHE_WRITE_1H], 200);
	add_line(LOG,
	    (struct line){ .id = "msg_2",
		.usage = "\"usage\":{\"input_tokens\":10,"
			 "\"cache_creation_input_tokens\":300,"
			 "\"cache_read_input_tokens\":1000,"
			 "\"cache_creation\":{\"ephemeral_5m_input_tokens\":0,"
			 "\"ephemeral_1h_input_tokens\":0},"
			 "\"output_tokens\":50}" });
	import_claude();
	expect_total(2, 2720);
}

Test(import, spaces_and_nulls_in_the_json_change_nothing)
{
	serve();
	add(LOG,
	    "{ \"type\" : \"assistant\", \"uuid\": null, \"cwd\": null, "
	    "\"version\":null, \"sessionId\": \"s\", \"requestId\": null, "
	    "\"timestamp\": \"2026-05-12T09:00:00Z\", \"message\": { \"id\": "
	    "\"msg_1\", \"model\": \"claude-sonnet-4-5\", \"content\":[{"
	    "\"type\":\"tool_use\",\"input\":{\"id\":null,\"speed\":null}}],"
	    "\"usage\": { \"input_tokens\": 10, \"output_tokens\": 50, "
	    "\"cache_creation_input_tokens\": 300, \"speed\" : null, "
	    "\"cache_read_input_tokens\": 1000 , \"cache_creation\":null} } "
	    "}\r\n");
	import_claude();
	expect_total(1, 1360);
}

Test(import, both_places_of_the_configuration_are_read)
{
	struct run r;

	serve();
	add_line(".config/claude/projects/p/a.jsonl",
	    (struct line){ .id = "msg_1", .usage = USAGE(50) });
	import_claude();
	expect_total(1, 1360);
	add_line(LOG, (struct line){ .id = "msg_2", .usage = USAGE(50) });
	import_claude();
	expect_total(2, 2720);
	add_line("else/projects/p/b.jsonl",
	    (struct line){ .id = "msg_3", .usage = USAGE(50) });
	home_env(&home, "CLAUDE_CONFIG_DIR", "~/nothing, ~/else/projects");
	RUN(&home, &r, "tt-import", "claude", "--json");
	EXPECT_CODE(r, 0);
	cr_expect_not_null(strstr(r.out, "\"files\":1,"), "%s", r.out);
	run_free(&r);
	expect_total(3, 4080);
}

Test(import, what_no_model_said_counts_nothing)
{
	serve();
	add_line(LOG, (struct line){ .id = "msg_1",
			  .model = "<synthetic>",
			  .usage = "\"usage\":{\"input_tokens\":18}" });
	add(LOG, "{\"type\":\"user\",\"sessionId\":\"s\",\"message\":{\"role\":"
		 "\"user\"},\"toolUseResult\":{\"usage\":{\"input_tokens\":9},"
		 "\"agentType\":\"assistant\"}}\n");
	import_claude();
	expect_total(0, 0);
}

Test(import, a_fork_and_agents_of_it_are_counted_once)
{
	struct table t;

	serve();
	add_line(LOG, (struct line){ .id = "msg_1", .usage = USAGE(50) });
	add_line(TREE "f0f0.jsonl",
	    (struct line){
		.session = "f0f0", .id = "msg_1", .usage = USAGE(50) });
	add_line(TREE "5a5e0000/subagents/agent-1.jsonl",
	    (struct line){
		.id = "msg_2", .is_sidechain = true, .usage = USAGE(70) });
	add_line(TREE "5a5e0000/subagents/workflows/w/journal.jsonl",
	    (struct line){ .id = "msg_3", .usage = USAGE(70) });
	import_claude();
	expect_total(2, 2740);
	peer_report_by(&peer, KEY_KIND, &t);
	cr_assert(table_find(&t, "main") != NULL &&
		  table_find(&t, "subagent") != NULL);
	cr_expect_eq(tokens(&table_find(&t, "subagent")->sums), 1380);
	table_free(&t);
}

/* --- Again and again ------------------------------------------------------ */

Test(import, only_what_is_new_is_read)
{
	struct run r;

	serve();
	add_line(LOG, (struct line){ .id = "msg_1", .usage = USAGE(50) });
	add(LOG, "{\"type\":\"assistant\",\"sessionId\":\"5a5e0000\",");
	import_claude();
	expect_total(1, 1360);
	RUN(&home, &r, "tt-import", "--json");
	EXPECT_CODE(r, 0);
	cr_expect_not_null(strstr(r.out, "\"read\":0,"), "%s", r.out);
	run_free(&r);
	add(LOG, "\"timestamp\":\"2026-05-12T09:00:00Z\",\"message\":{\"id\":"
		 "\"msg_2\",\"model\":\"claude-sonnet-4-5\"," USAGE(70) "}}\n");
	RUN(&home, &r, "tt-import", "--json");
	EXPECT_CODE(r, 0);
	cr_expect_not_null(strstr(r.out, "\"events\":1,"), "%s", r.out);
	run_free(&r);
	expect_total(2, 2740);
}

Test(import, a_file_that_shrank_or_was_rewritten_is_read_from_its_start)
{
	char path[256];

	serve();
	add_line(LOG, (struct line){ .id = "msg_1", .usage = USAGE(50) });
	add_line(LOG, (struct line){ .id = "msg_2", .usage = USAGE(50) });
	import_claude();
	expect_total(2, 2720);
	snprintf(path, sizeof(path), "%s/" LOG, home.dir);
	cr_assert_eq(truncate(path, 0), 0);
	add_line(LOG, (struct line){ .id = "msg_3", .usage = USAGE(50) });
	import_claude();
	expect_total(3, 4080);
	cr_assert_eq(truncate(path, 0), 0);
	add_line(LOG, (struct line){ .id = "msg_4", .usage = USAGE(50) });
	add_line(LOG, (struct line){ .id = "msg_3", .usage = USAGE(50) });
	import_claude();
	expect_total(4, 5440);
}

static int
null_fd(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	cr_assert_geq(fd, 0, "/dev/null: %s", strerror(errno));
	return fd;
}

/* So many files of so many calls, each of 1360 tokens in two lines. */
static void
add_tree(int files, int calls)
{
	char name[100], id[40];
	int i, k;

	for (i = 0; i < files; i++) {
		snprintf(name, sizeof(name), TREE "s%d.jsonl", i);
		for (k = 0; k < calls; k++) {
			snprintf(id, sizeof(id), "msg_%d_%d", i, k);
			add_line(
			    name, (struct line){ .id = id, .usage = USAGE(1) });
			add_line(name,
			    (struct line){ .id = id, .usage = USAGE(50) });
		}
	}
}

Test(import, a_kill_in_the_middle_loses_and_doubles_nothing)
{
	int null = null_fd(), round;
	const int fds[3] = { null, null, null };
	uint64_t seed = 7;
	pid_t pid;

	serve();
	add_tree(6, 700);
	for (round = 0; round < 8; round++) {
		pid = child_start(&home,
		    (const char *const[]){ "tt-import", "claude", NULL }, fds,
		    -1, -1);
		poll(NULL, 0, (int)random_below(&seed, 15));
		kill(pid, SIGKILL);
		child_wait(pid);
	}
	close(null);
	import_claude();
	expect_total(4200, 4200 * 1360);
	import_claude();
	expect_total(4200, 4200 * 1360);
}

Test(import, a_daemon_that_is_killed_loses_nothing)
{
	int null = null_fd(), round, code;
	const int fds[3] = { null, null, null };
	uint64_t seed = 3;
	pid_t pid;

	add_tree(4, 700);
	for (round = 0; round < 4; round++) {
		daemon_start(&home);
		pid = child_start(&home,
		    (const char *const[]){ "tt-import", "claude", NULL }, fds,
		    -1, -1);
		poll(NULL, 0, 5 + (int)random_below(&seed, 40));
		daemon_kill(&home);
		code = child_wait(pid);
		cr_expect(code == 0 || code == 3, "exit code %d", code);
	}
	close(null);
	serve();
	import_claude();
	expect_total(2800, 2800 * 1360);
}

Test(import, what_a_hook_pushed_is_not_counted_again)
{
	struct run r;

	serve();
	RUN(&home, &r, "tt-send", "--session", "5a5e0000", "--call", "msg_1",
	    "--model", "claude-sonnet-4-5", "--input", "10", "--output", "50",
	    "--cache-read", "1000", "--cache-write", "300");
	EXPECT_CODE(r, 0);
	run_free(&r);
	add_line(LOG, (struct line){ .id = "msg_1", .usage = USAGE(50) });
	import_claude();
	expect_total(1, 1360);
}

Test(import, a_line_of_megabytes_is_read_in_little_memory)
{
	char *text = malloc((20u << 20) + 1);

	cr_assert_not_null(text);
	memset(text, 'x', 20u << 20);
	text[20u << 20] = '\0';
	serve();
	add_line(LOG, (struct line){ .id = "msg_1", .usage = USAGE(50) });
	add(LOG, "{\"type\":\"assistant\",\"sessionId\":\"5a5e0000\","
		 "\"timestamp\":\"2026-05-12T09:00:00Z\",\"message\":{\"id\":"
		 "\"msg_2\",\"model\":\"claude-sonnet-4-5\",\"content\":[{"
		 "\"type\":\"text\",\"text\":\"");
	add(LOG, text);
	add(LOG, "\"}]," USAGE(70) "}}\n");
	free(text);
	import_claude();
	expect_total(2, 2740);
}

/* --- What is said, and when it fails -------------------------------------- */

Test(import, a_dry_run_reads_all_and_sends_nothing)
{
	struct run r;

	add_line(LOG, (struct line){ .id = "msg_1", .usage = USAGE(50) });
	RUN(&home, &r, "tt-import", "--dry-run", "--json");
	EXPECT_CODE(r, 0);
	cr_expect_not_null(strstr(r.out, "\"events\":1,"), "%s", r.out);
	cr_expect_not_null(strstr(r.out, "\"agent\":\"claude\""), "%s", r.out);
	run_free(&r);
	serve();
	expect_total(0, 0);
	import_claude();
	expect_total(1, 1360);
}

Test(import, usage_that_cannot_be_used_is_told_with_file_and_line)
{
	struct run r;

	serve();
	add(LOG, "{\"type\":\"summary\"}\n");
	add_line(
	    LOG, (struct line){ .id = "msg_1",
		     .usage = "\"usage\":{\"input_tokens\":99999999999999}" });
	RUN(&home, &r, "tt-import", "claude");
	EXPECT_CODE(r, 0);
	cr_expect_not_null(strstr(r.err, LOG ":2: "), "stderr: %s", r.err);
	run_free(&r);
	expect_total(0, 0);
}

Test(import, a_log_without_anything_like_usage_is_named)
{
	struct run r;
	int i;

	serve();
	for (i = 0; i < 800; i++)
		add(LOG, "{\"type\":\"assistant\",\"message\":{\"spent\":{"
			 "\"in\":1},\"text\":\"a form that nobody knows yet, "
			 "and never will\"}}\n");
	RUN(&home, &r, "tt-import", "claude");
	EXPECT_CODE(r, 0);
	cr_expect_not_null(strstr(r.err, LOG), "stderr: %s", r.err);
	run_free(&r);
}

/* It may be locked for a moment, and then not change again for long. */
Test(import, a_database_that_cannot_be_read_is_tried_again)
{
	struct run r;
	int i;

	serve();
	add(".local/share/opencode/opencode.db", "no database");
	for (i = 0; i < 2; i++) {
		RUN(&home, &r, "tt-import", "opencode");
		EXPECT_CODE(r, 0);
		cr_expect_not_null(strstr(r.err, "opencode.db"),
		    "run %d, stderr: %s", i, r.err);
		run_free(&r);
	}
}

Test(import, without_a_daemon_it_fails_with_3)
{
	struct run r;

	add_line(LOG, (struct line){ .id = "msg_1", .usage = USAGE(50) });
	RUN(&home, &r, "tt-import");
	EXPECT_CODE(r, 3);
	cr_expect(strncmp(r.err, "tt-import: ", 11) == 0, "stderr: %s", r.err);
	run_free(&r);
}

Test(import, without_logs_there_is_nothing_to_do)
{
	struct run r;

	RUN(&home, &r, "tt-import");
	EXPECT_CODE(r, 0);
	cr_expect_str_eq(r.out, "no logs found\n", "stdout: %s", r.out);
	run_free(&r);
}

Test(import, bad_arguments_are_told_in_one_line)
{
	static const char *const cases[][4] = {
		{ "tt-import", "cladue", NULL },
		{ "tt-import", "--root", "/nowhere/at/all", NULL },
		{ "tt-import", "--foo", NULL },
		{ "tt-import", "--follow", "--dry-run", NULL },
	};
	struct run r;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		run_client(&home, cases[i], "", &r);
		EXPECT_CODE(r, 2);
		cr_expect(strncmp(r.err, "tt-import: ", 11) == 0 &&
			      strchr(r.err, '\n') == r.err + strlen(r.err) - 1,
		    "stderr: %s", r.err);
		run_free(&r);
	}
}

Test(import, a_root_may_be_a_directory_or_one_file)
{
	struct run r;
	char path[256];

	serve();
	add_line(
	    "x/a.jsonl", (struct line){ .id = "msg_1", .usage = USAGE(50) });
	add_line(
	    "x/b.jsonl", (struct line){ .id = "msg_2", .usage = USAGE(50) });
	snprintf(path, sizeof(path), "%s/x/a.jsonl", home.dir);
	RUN(&home, &r, "tt-import", "claude", "--root", path);
	EXPECT_CODE(r, 0);
	run_free(&r);
	expect_total(1, 1360);
	snprintf(path, sizeof(path), "%s/x", home.dir);
	RUN(&home, &r, "tt-import", "claude", "--root", path);
	EXPECT_CODE(r, 0);
	run_free(&r);
	expect_total(2, 2720);
}

Test(import, links_in_circles_end)
{
	char path[256];

	serve();
	add_line(LOG, (struct line){ .id = "msg_1", .usage = USAGE(50) });
	snprintf(path, sizeof(path), "%s/" TREE "loop", home.dir);
	cr_assert_eq(symlink("..", path), 0);
	snprintf(path, sizeof(path), "%s/" TREE "self", home.dir);
	cr_assert_eq(symlink("self", path), 0);
	snprintf(path, sizeof(path), "%s/" TREE "gone.jsonl", home.dir);
	cr_assert_eq(symlink("nowhere", path), 0);
	import_claude();
	expect_total(1, 1360);
}

/* More than two replies of the daemon hold, and another agent's beside them. */
Test(import, what_was_read_of_thousands_of_logs_is_not_read_again)
{
	static const char thread[] =
	    "{\"timestamp\":\"2026-05-12T09:00:00.000Z\",\"type\":"
	    "\"session_meta\",\"payload\":{\"id\":\"5a5e0001\"}}\n";
	char name[100], id[20];
	struct run r;
	int i;

	serve();
	for (i = 0; i < 2100; i++) {
		snprintf(name, sizeof(name), TREE "%d.jsonl", i);
		snprintf(id, sizeof(id), "msg_%d", i);
		add_line(name, (struct line){ .id = id, .usage = USAGE(50) });
	}
	add(".codex/sessions/2026/05/12/rollout-5a5e0001.jsonl", thread);
	RUN(&home, &r, "tt-import", "--json");
	EXPECT_CODE(r, 0);
	cr_expect_not_null(
	    strstr(r.out, "\"files\":2101,\"read\":2101,"), "%s", r.out);
	run_free(&r);
	expect_total(2100, UINT64_C(2100) * 1360);
	add_line(TREE "1234.jsonl",
	    (struct line){ .id = "msg_x", .usage = USAGE(50) });
	RUN(&home, &r, "tt-import", "--json");
	EXPECT_CODE(r, 0);
	cr_expect_not_null(
	    strstr(r.out, "\"files\":2101,\"read\":1,"), "%s", r.out);
	run_free(&r);
	expect_total(2101, UINT64_C(2101) * 1360);
}

/* --- Following ------------------------------------------------------------ */

static pid_t
follow(int *out)
{
	int ends[2], null;
	pid_t pid;
	char c;

	cr_assert_eq(pipe(ends), 0);
	null = null_fd();
	pid = child_start(&home,
	    (const char *const[]){ "tt-import", "--follow", NULL },
	    (const int[]){ null, ends[1], null }, -1, -1);
	close(ends[1]);
	close(null);
	/* The summary of the first import: it follows from then on. */
	do
		cr_assert_eq(read(ends[0], &c, 1), 1, "it has ended");
	while (c != '\n');
	*out = ends[0];
	return pid;
}

/* Waits for that many calls; how long that took. */
static int64_t
await_calls(uint64_t calls)
{
	int64_t start_us = now_us();

	while (peer_total(&peer).n[SUM_CALLS] < calls) {
		cr_assert_lt(now_us() - start_us, DEADLINE_MS * 1000,
		    "call %lu does not come", (unsigned long)calls);
		poll(NULL, 0, 10);
	}
	return now_us() - start_us;
}

static void
end_following(pid_t pid, int out)
{
	int code;

	kill(pid, SIGTERM);
	code = child_wait(pid);
	cr_expect_eq(code, 0, "exit code %d", code);
	close(out);
}

Test(import, a_follower_reads_within_a_second_what_is_written)
{
	const char *const more[] = { "msg_2", "msg_5", "msg_6" };
	int64_t took_us, best_us = INT64_MAX;
	pid_t pid;
	size_t i;
	int out;

	serve();
	add_line(LOG, (struct line){ .id = "msg_1", .usage = USAGE(50) });
	pid = follow(&out);
	expect_total(1, 1360);
	/* The best of three: a machine may be busy, the follower never waits.
	 */
	for (i = 0; i < 3; i++) {
		add_line(
		    LOG, (struct line){ .id = more[i], .usage = USAGE(50) });
		took_us = await_calls(2 + i);
		best_us = took_us < best_us ? took_us : best_us;
	}
	cr_expect(
	    under_sanitizer() || best_us < 1000000, "%ld us", (long)best_us);
	/* In directories that were not there before, too. */
	add_line(TREE "n/subagents/agent-1.jsonl",
	    (struct line){ .id = "msg_3", .usage = USAGE(50) });
	await_calls(5);
	add_line(TREE "n/subagents/agent-1.jsonl",
	    (struct line){ .id = "msg_4", .usage = USAGE(50) });
	await_calls(6);
	expect_total(6, 6 * 1360);
	end_following(pid, out);
}

Test(import, a_follower_outlives_the_daemon)
{
	pid_t pid;
	int out;

	serve();
	add_line(LOG, (struct line){ .id = "msg_1", .usage = USAGE(50) });
	pid = follow(&out);
	peer_close(&peer);
	daemon_stop(&home);
	add_line(LOG, (struct line){ .id = "msg_2", .usage = USAGE(50) });
	poll(NULL, 0, 400);
	serve();
	await_calls(2);
	add_line(LOG, (struct line){ .id = "msg_3", .usage = USAGE(50) });
	await_calls(3);
	expect_total(3, 3 * 1360);
	end_following(pid, out);
}

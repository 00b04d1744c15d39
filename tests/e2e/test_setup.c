/*
 * tt-setup and the hooks it installs: what is the user's stays the user's, and
 * what an agent's hook tells is in the ledger once.
 */
#include "tests/e2e/harness.h"
#include "tests/e2e/peer.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "proto/json.h"

#define PATH_ROOM 512
#define HOOK_MS 50

static struct home home;
static struct peer peer = { .fd = -1 };

static void
setup(void)
{
	home_make(&home);
	/* The agents of whoever runs the tests are none of ours. */
	home_env(&home, "PATH", "/usr/bin:/bin");
}

static void
teardown(void)
{
	peer_close(&peer);
	home_finish(&home);
}

TestSuite(setup, .init = setup, .fini = teardown, .timeout = 120);

#define EXPECT_CODE(r, want)                                                   \
	cr_expect_eq((r).code, (want),                                         \
	    "exit code %d, expected %d; stdout: %s; stderr: %s", (r).code,     \
	    (want), (r).out, (r).err)

static const char *
in_home(const char *name)
{
	static char path[4][PATH_ROOM];
	static unsigned turn;
	char *p = path[turn++ % 4];

	snprintf(p, PATH_ROOM, "%s/%s", home.dir, name);
	return p;
}

/* With the directories around it. */
static void
put_file(const char *name, const char *text)
{
	char path[PATH_ROOM], *p;

	snprintf(path, sizeof(path), "%s", in_home(name));
	for (p = path + strlen(home.dir) + 1; *p != '\0'; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		cr_assert(mkdir(path, 0700) == 0 || errno == EEXIST,
		    "mkdir %s: %s", path, strerror(errno));
		*p = '/';
	}
	home_write(&home, name, text);
}

static void
expect_file(const char *name, const char *want)
{
	char *text = file_read(in_home(name));

	cr_expect_str_eq(
	    text, want, "%s is\n%s\nexpected\n%s", name, text, want);
	free(text);
}

static void
expect_in_file(const char *name, const char *part, bool want)
{
	char *text = file_read(in_home(name));

	cr_expect_eq(strstr(text, part) != NULL, want, "%s has %s\"%s\":\n%s",
	    name, want ? "no " : "", part, text);
	free(text);
}

/* What is in the home besides the ledger's own: names, modes, texts. */
static FILE *tree_out;

static int
tree_entry(const char *path, const struct stat *st, int type, struct FTW *at)
{
	const char *name = path + strlen(home.dir);
	char *text;

	(void)at;
	if (strncmp(name, "/data", 5) == 0 || strncmp(name, "/run", 4) == 0)
		return 0;
	fprintf(tree_out, "%s %o\n", name, (unsigned)st->st_mode);
	if (type == FTW_F) {
		text = file_read(path);
		fprintf(tree_out, "%s\n", text);
		free(text);
	}
	return 0;
}

/* The directory's own order changes: lines are sorted. */
static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *
sorted(char *text)
{
	char *lines[4096], *out = NULL, *p = text;
	size_t n = 0, i, len = 0;
	FILE *f = open_memstream(&out, &len);

	cr_assert_not_null(f, "no memory");
	while (*p != '\0' && n < 4096) {
		lines[n++] = p;
		p += strcspn(p, "\n");
		if (*p == '\n')
			*p++ = '\0';
	}
	qsort(lines, n, sizeof(*lines), by_text);
	for (i = 0; i < n; i++)
		fprintf(f, "%s\n", lines[i]);
	fclose(f);
	return out;
}

static char *
tree(void)
{
	char *text = NULL, *out;
	size_t len = 0;

	tree_out = open_memstream(&text, &len);
	cr_assert_not_null(tree_out, "no memory");
	nftw(home.dir, tree_entry, 16, FTW_PHYS);
	fclose(tree_out);
	out = sorted(text);
	free(text);
	return out;
}

static void
expect_tree(const char *want)
{
	char *have = tree();

	cr_expect_str_eq(
	    have, want, "the home is\n%s\nexpected\n%s", have, want);
	free(have);
}

#define CLAUDE ".claude/settings.json"
#define CLAUDE_TEXT                                                            \
	"{\r\n    \"model\": \"x\",\r\n    \"hooks\": {\r\n"                   \
	"        \"Stop\": [{\"hooks\": [{\"type\": \"command\", "             \
	"\"command\": "                                                        \
	"\"say hi\"}]}]\r\n    },\r\n    \"z\": [1,\r\n2]\r\n}"

/* Every agent, each with settings of its user. */
static void
put_agents(void)
{
	put_file(CLAUDE, CLAUDE_TEXT);
	put_file(".codex/config.toml",
	    "# mine\nmodel = \"grove-5\"\nnotify = [\"say\", 'done']\n\n"
	    "[tui]\nx = 1\n");
	put_file(".config/opencode/opencode.json", "{}\n");
	put_file(".config/opencode/commands/mine.md", "mine\n");
	put_file(".gemini/settings.json", "{}");
	put_file(
	    ".openclaw/openclaw.json", "{ \"gateway\": {\n\t\"p\": 1\n} }");
	put_file(".bashrc", "alias x=y");
	chmod(in_home(CLAUDE), 0640);
}

static void
run_setup(const char *verb, const char *which, int code)
{
	struct run r;

	if (which != NULL)
		RUN(&home, &r, "tt-setup", verb, which, "--no-service",
		    "--no-import");
	else
		RUN(&home, &r, "tt-setup", verb, "--no-service", "--no-import");
	EXPECT_CODE(r, code);
	run_free(&r);
}

Test(setup, uninstall_leaves_every_byte_as_it_was)
{
	char *before, *with;

	put_agents();
	before = tree();
	run_setup("check", NULL, 1);
	expect_tree(before);
	run_setup("install", NULL, 0);
	run_setup("install", "bash", 0);
	with = tree();
	cr_expect_neq(strcmp(with, before), 0, "nothing was installed");
	expect_in_file(CLAUDE, "/tt-import", true);
	expect_in_file(CLAUDE, "/tt-report' statusline", true);
	expect_in_file(".codex/config.toml", "\"--\", \"say\", 'done']", true);
	expect_in_file(".gemini/settings.json", "--hook gemini", true);
	expect_in_file(".config/opencode/plugin/tt.ts", "tt-send", true);
	expect_in_file(".openclaw/openclaw.json", "tt-notices", true);
	expect_in_file(".bashrc", "TT_SESSION", true);
	expect_in_file(".claude/skills/tt/SKILL.md", "name: tt", true);
	run_setup("check", NULL, 0);
	run_setup("install", NULL, 0);
	run_setup("install", "bash", 0);
	expect_tree(with);
	run_setup("uninstall", NULL, 0);
	expect_tree(before);
	run_setup("uninstall", NULL, 0);
	expect_tree(before);
	free(before);
	free(with);
}

Test(setup, a_home_without_agents_stays_empty)
{
	char *before = tree();

	run_setup("check", NULL, 0);
	run_setup("install", NULL, 0);
	expect_tree(before);
	free(before);
}

Test(setup, an_agent_that_is_named_gets_files_that_were_not_there)
{
	char *before = tree();

	run_setup("install", "claude", 0);
	run_setup("install", "codex", 0);
	expect_in_file(CLAUDE, "SubagentStop", true);
	expect_in_file(".codex/config.toml", "notify = [\"", true);
	run_setup("uninstall", "claude-code", 0);
	run_setup("uninstall", "codex", 0);
	expect_tree(before);
	free(before);
}

Test(setup, a_file_that_cannot_be_read_is_named_and_the_others_are_done)
{
	struct run r;

	put_agents();
	put_file(CLAUDE, "{\n  // my settings\n  \"a\": 1\n}\n");
	put_file(".codex/config.toml", "model = \"grove\n");
	RUN(&home, &r, "tt-setup", "install", "--no-service", "--no-import");
	EXPECT_CODE(r, 5);
	cr_expect_not_null(
	    strstr(r.err, CLAUDE ": line 2"), "not named: %s", r.err);
	cr_expect_not_null(strstr(r.err, ".codex/config.toml: line 1"),
	    "not named: %s", r.err);
	run_free(&r);
	expect_file(CLAUDE, "{\n  // my settings\n  \"a\": 1\n}\n");
	expect_file(".codex/config.toml", "model = \"grove\n");
	expect_in_file(".gemini/settings.json", "--hook gemini", true);
	run_setup("check", NULL, 5);
	run_setup("uninstall", NULL, 0);
	expect_file(".gemini/settings.json", "{}");
}

Test(setup, a_read_only_file_and_somebody_elses_are_left_alone)
{
	struct run r;

	put_agents();
	chmod(in_home(CLAUDE), 0440);
	put_file(".config/opencode/plugin/tt.ts", "export const Mine = 1\n");
	RUN(&home, &r, "tt-setup", "install", "--no-service", "--no-import");
	EXPECT_CODE(r, 5);
	cr_expect_not_null(
	    strstr(r.err, CLAUDE ": read-only"), "not named: %s", r.err);
	cr_expect_not_null(strstr(r.err, "tt.ts: "), "not named: %s", r.err);
	run_free(&r);
	expect_file(CLAUDE, CLAUDE_TEXT);
	run_setup("uninstall", NULL, 0);
	expect_file(CLAUDE, CLAUDE_TEXT);
	expect_file(".config/opencode/plugin/tt.ts", "export const Mine = 1\n");
}

Test(setup, what_the_user_changed_since_is_kept)
{
	char *text, *p;

	put_agents();
	run_setup("install", NULL, 0);
	text = file_read(in_home(CLAUDE));
	p = strstr(text, "\"model\": \"x\"");
	cr_assert_not_null(p, "the model is gone: %s", text);
	p[10] = 'y';
	put_file(CLAUDE, text);
	free(text);
	run_setup("check", NULL, 0);
	run_setup("uninstall", NULL, 0);
	text = strdup(CLAUDE_TEXT);
	strstr(text, "\"x\"")[1] = 'y';
	expect_file(CLAUDE, text);
	free(text);
}

/* A copy of the program elsewhere, as another installation is. */
static void
copy_setup(const char *name, char to[PATH_ROOM])
{
	const char *build = getenv("TT_BUILD");
	char cmd[2 * PATH_ROOM + 64];

	put_file(name, "");
	snprintf(to, PATH_ROOM, "%s", in_home(name));
	snprintf(cmd, sizeof(cmd), "cp '%s/tt-setup' '%s' && chmod 755 '%s'",
	    build == NULL ? "build" : build, to, to);
	cr_assert_eq(system(cmd), 0, "%s failed", cmd);
}

Test(setup, another_installation_takes_the_place_of_the_first)
{
	char other[PATH_ROOM], *text, *p;
	struct run r;
	int n = 0;

	copy_setup("my bin/tt-setup", other);
	put_agents();
	run_setup("install", NULL, 0);
	RUN(&home, &r, other, "check");
	EXPECT_CODE(r, 1);
	cr_expect_not_null(strstr(r.out, "outdated"), "said %s", r.out);
	run_free(&r);
	RUN(&home, &r, other, "install", "--no-service", "--no-import");
	EXPECT_CODE(r, 0);
	run_free(&r);
	text = file_read(in_home(CLAUDE));
	for (p = text; (p = strstr(p, "tt-import")) != NULL; p++)
		n++;
	cr_expect_eq(n, 3, "%d hooks, expected 3:\n%s", n, text);
	free(text);
	expect_in_file(CLAUDE, "my bin/tt-import", true);
	expect_in_file(".codex/config.toml", "my bin/tt-import", true);
	expect_in_file(".config/opencode/plugin/tt.ts", "my bin\"", true);
	run_setup("uninstall", NULL, 0);
	expect_file(CLAUDE, CLAUDE_TEXT);
}

Test(setup, notices_are_claimed_only_where_the_program_is)
{
	char other[PATH_ROOM];
	struct run r;

	copy_setup("bin/tt-setup", other);
	put_agents();
	RUN(&home, &r, other, "install", "claude", "--no-service",
	    "--no-import");
	EXPECT_CODE(r, 0);
	run_free(&r);
	expect_in_file(CLAUDE, "SessionStart", false);
	put_file("bin/tt-notices", "#!/bin/sh\n");
	chmod(in_home("bin/tt-notices"), 0755);
	RUN(&home, &r, other, "install", "claude", "--no-service",
	    "--no-import");
	EXPECT_CODE(r, 0);
	run_free(&r);
	expect_in_file(CLAUDE, "SessionStart", true);
	RUN(&home, &r, other, "uninstall");
	EXPECT_CODE(r, 0);
	run_free(&r);
	expect_file(CLAUDE, CLAUDE_TEXT);
}

Test(setup, a_link_stays_a_link_and_the_mode_its_own)
{
	struct stat st;

	put_file("dotfiles/claude.json", CLAUDE_TEXT);
	chmod(in_home("dotfiles/claude.json"), 0600);
	put_file(CLAUDE, "");
	unlink(in_home(CLAUDE));
	cr_assert_eq(
	    symlink("../dotfiles/claude.json", in_home(CLAUDE)), 0, "symlink");
	run_setup("install", NULL, 0);
	cr_assert_eq(lstat(in_home(CLAUDE), &st), 0, "it is gone");
	cr_expect(S_ISLNK(st.st_mode), "the link became a file");
	cr_assert_eq(stat(in_home("dotfiles/claude.json"), &st), 0, "gone");
	cr_expect_eq(
	    st.st_mode & 07777, 0600, "the mode is %o", st.st_mode & 07777);
	expect_in_file("dotfiles/claude.json", "tt-import", true);
	run_setup("uninstall", NULL, 0);
	expect_file("dotfiles/claude.json", CLAUDE_TEXT);
}

Test(setup, the_claude_directory_is_where_its_variable_says)
{
	home_env(&home, "CLAUDE_CONFIG_DIR", "~/elsewhere,/no/such");
	put_file("elsewhere/settings.json", "{}\n");
	run_setup("install", NULL, 0);
	expect_in_file("elsewhere/settings.json", "tt-import", true);
	cr_expect_neq(access(in_home(".claude"), F_OK), 0, ".claude was made");
}

Test(setup, json_says_the_same)
{
	struct json j = { .text = NULL };
	const struct json_node *list, *first;
	struct run r;

	put_file(CLAUDE, "{}");
	RUN(&home, &r, "tt-setup", "install", "--json", "--no-service",
	    "--no-import");
	EXPECT_CODE(r, 0);
	cr_assert_eq(json_parse(&j, r.out, r.out_len), 0, "no JSON: %s", r.out);
	list = json_get(&j, j.nodes, "agents");
	first = list == NULL ? NULL : json_first(&j, list);
	cr_assert_not_null(first, "no agents: %s", r.out);
	cr_expect_eq(json_get(&j, first, "installed")->type, JSON_TRUE,
	    "not installed: %s", r.out);
	json_release(&j);
	run_free(&r);
	RUN(&home, &r, "tt-setup", "check", "--json", "claude");
	EXPECT_CODE(r, 0);
	cr_expect_not_null(
	    strstr(r.out, "\"state\":\"current\""), "said %s", r.out);
	run_free(&r);
}

Test(setup, nonsense_is_usage)
{
	static const char *const bad[][3] = {
		{ NULL },
		{ "instal" },
		{ "install", "nobody" },
		{ "check", "--what" },
	};
	struct run r;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		RUN(&home, &r, "tt-setup", bad[i][0], bad[i][1]);
		EXPECT_CODE(r, 2);
		cr_expect_not_null(strchr(r.err, '\n'), "nothing said");
		run_free(&r);
	}
}

#define UNITS ".config/systemd/user/"

Test(setup, the_service_is_installed_and_started_once)
{
	char path[PATH_ROOM];
	struct run r;
	char *said;

	put_file("fake/systemctl",
	    "#!/bin/sh\necho \"$*\" >>\"$HOME/said\"\n"
	    "case \"$2\" in is-active) test -e \"$HOME/on\" ;; enable) "
	    ">\"$HOME/on\" ;; disable) rm -f \"$HOME/on\" ;; esac\n");
	chmod(in_home("fake/systemctl"), 0755);
	snprintf(path, sizeof(path), "%s:/usr/bin:/bin", in_home("fake"));
	home_env(&home, "PATH", path);
	home_env(&home, "TT_HOME", NULL);
	RUN(&home, &r, "tt-setup", "install", "--no-import");
	EXPECT_CODE(r, 0);
	run_free(&r);
	expect_in_file(UNITS "collectord.socket", "%t/tt/sock", true);
	expect_in_file(UNITS "collectord.service", "/collectord\"", true);
	expect_in_file(UNITS "tt-import.service", "--follow", true);
	expect_in_file("said",
	    "--user enable --now collectord.socket tt-import.service\n", true);
	unlink(in_home("said"));
	RUN(&home, &r, "tt-setup", "install", "--no-import");
	EXPECT_CODE(r, 0);
	run_free(&r);
	expect_in_file("said", "enable", false);
	RUN(&home, &r, "tt-setup", "uninstall");
	EXPECT_CODE(r, 0);
	run_free(&r);
	said = file_read(in_home("said"));
	cr_expect_not_null(strstr(said, "disable --now"), "said %s", said);
	free(said);
	cr_expect_neq(access(in_home(".config"), F_OK), 0, "units are left");
}

/* A home of the usual places where systemd has no session for the user. */
static void
live_without_service(void)
{
	char path[PATH_ROOM];

	put_file("fake/systemctl", "#!/bin/sh\nexit 1\n");
	chmod(in_home("fake/systemctl"), 0755);
	snprintf(path, sizeof(path), "%s:/usr/bin:/bin", in_home("fake"));
	home_env(&home, "PATH", path);
	home_env(&home, "TT_HOME", NULL);
}

static void
expect_setup(const char *verb)
{
	struct run r;

	RUN(&home, &r, "tt-setup", verb, verb[0] == 'i' ? "--no-import" : NULL);
	EXPECT_CODE(r, 0);
	run_free(&r);
}

#define CONFIG ".config/tt/config"

Test(setup, without_a_service_reports_read_the_logs_first)
{
	static const char own[] = "[report]\ntz = UTC";
	struct run r;

	live_without_service();
	expect_setup("install");
	expect_in_file(CONFIG, "\n[core]\nauto_import = yes\n", true);
	expect_setup("uninstall");
	cr_expect_neq(access(in_home(".config"), F_OK), 0, "a file is left");
	put_file(CONFIG, own);
	expect_setup("install");
	expect_setup("install");
	expect_in_file(CONFIG, "UTC\n# >>> tt", true);
	RUN(&home, &r, "collectord", "-n");
	EXPECT_CODE(r, 0);
	run_free(&r);
	expect_setup("check");
	expect_setup("uninstall");
	expect_file(CONFIG, own);
}

Test(setup, what_the_user_says_of_auto_import_holds)
{
	static const char own[] = "[core]\n  auto_import=no\n";

	live_without_service();
	put_file(CONFIG, own);
	expect_setup("install");
	expect_file(CONFIG, own);
	expect_setup("uninstall");
	expect_file(CONFIG, own);
}

Test(setup, a_ledger_of_its_own_gets_no_settings)
{
	live_without_service();
	home_env(&home, "TT_HOME", home.dir);
	expect_setup("install");
	cr_expect_neq(access(in_home(".config"), F_OK), 0, "a file is there");
	cr_expect_neq(access(in_home("config"), F_OK), 0, "a file is there");
}

/* --- Hooks -------------------------------------------------------------- */

#define SESSION "11111111-2222-4333-8444-555555555555"
#define PROJECT ".claude/projects/-w/"

static void
put_call(const char *name, const char *id, int output)
{
	char line[1024];

	snprintf(line, sizeof(line),
	    "{\"type\":\"assistant\",\"uuid\":\"u-%s\",\"sessionId\":\"%s\","
	    "\"timestamp\":\"2026-05-12T09:00:00.000Z\",\"cwd\":\"/w\","
	    "\"version\":\"2.1.200\",\"requestId\":\"req_%s\",\"message\":{"
	    "\"id\":\"msg_%s\",\"role\":\"assistant\",\"model\":"
	    "\"castle-sonnet-9\",\"usage\":{\"input_tokens\":10,"
	    "\"output_tokens\":%d}}}\n",
	    id, SESSION, id, id, output);
	put_file(name, line);
}

static void
append_to(const char *name, const char *from)
{
	char *text = file_read(in_home(from));
	FILE *f = fopen(in_home(name), "a");

	cr_assert(f != NULL && fputs(text, f) >= 0 && fclose(f) == 0,
	    "cannot append to %s", name);
	free(text);
}

static int64_t
run_hook(const char *agent, const char *payload)
{
	int64_t took_us;
	struct run r;

	run_client(&home,
	    (const char *const[]){ "tt-import", "--hook", agent, NULL },
	    payload, &r);
	EXPECT_CODE(r, 0);
	cr_expect_str_empty(r.out, "it printed %s", r.out);
	cr_expect_str_empty(r.err, "it said %s", r.err);
	took_us = r.took_us;
	run_free(&r);
	return took_us;
}

static void
serve(void)
{
	home_env(&home, "TT_NOW", NOW_TEXT);
	daemon_start(&home);
	cr_assert(peer_open(&peer, home.socket), "no connection");
}

/* Until the ledger has that many calls, no more and no less. */
static void
expect_calls(uint64_t calls, uint64_t output)
{
	int64_t end_us = now_us() + DEADLINE_MS * 1000ll;
	struct sums s = peer_total(&peer);

	while (s.n[SUM_OUTPUT] != output && now_us() < end_us) {
		poll(NULL, 0, 20);
		s = peer_total(&peer);
	}
	cr_expect_eq(s.n[SUM_CALLS], calls, "%lu calls, expected %lu",
	    (unsigned long)s.n[SUM_CALLS], (unsigned long)calls);
	cr_expect_eq(s.n[SUM_OUTPUT], output, "output %lu, expected %lu",
	    (unsigned long)s.n[SUM_OUTPUT], (unsigned long)output);
}

static void
import_all(void)
{
	struct run r;

	RUN(&home, &r, "tt-import", "claude", "--quiet");
	EXPECT_CODE(r, 0);
	run_free(&r);
}

Test(setup, installing_reads_what_was_there_before)
{
	struct run r;

	serve();
	put_call(PROJECT SESSION ".jsonl", "1", 5);
	RUN(&home, &r, "tt-setup", "install", "--json", "--no-service");
	EXPECT_CODE(r, 0);
	cr_expect_not_null(
	    strstr(r.out, "\"import\":{\"exit\":0}"), "said %s", r.out);
	run_free(&r);
	expect_calls(1, 5);
}

#define STOP(path)                                                             \
	"{\"session_id\":\"" SESSION "\",\"transcript_path\":\"" path          \
	"\",\"hook_event_name\":\"Stop\",\"stop_hook_active\":false}"

Test(setup, a_hooked_transcript_is_in_the_ledger_once)
{
	serve();
	put_call(PROJECT SESSION ".jsonl", "1", 5);
	put_call(PROJECT SESSION "/subagents/agent-a.jsonl", "2", 70);
	run_hook("claude-code", STOP("~/" PROJECT SESSION ".jsonl"));
	expect_calls(2, 75);
	run_hook("claude-code", STOP("~/" PROJECT SESSION ".jsonl"));
	import_all();
	expect_calls(2, 75);
}

Test(setup, an_agent_goes_on_at_once)
{
	int64_t took_us, best_us = INT64_MAX;
	int i;

	put_call(PROJECT SESSION ".jsonl", "1", 5);
	for (i = 0; i < 5; i++) {
		took_us = run_hook(
		    "claude-code", STOP("~/" PROJECT SESSION ".jsonl"));
		best_us = took_us < best_us ? took_us : best_us;
	}
	cr_expect(under_sanitizer() || best_us < HOOK_MS * 1000,
	    "a hook took %ld us", (long)best_us);
}

Test(setup, what_is_written_behind_the_hook_is_read_too)
{
	serve();
	put_call(PROJECT SESSION ".jsonl", "1", 5);
	put_call("late", "2", 70);
	run_hook("claude-code", STOP("~/" PROJECT SESSION ".jsonl"));
	expect_calls(1, 5);
	append_to(PROJECT SESSION ".jsonl", "late");
	expect_calls(2, 75);
}

Test(setup, only_logs_below_the_agents_roots_are_read)
{
	serve();
	put_call("outside.jsonl", "9", 9000);
	put_call(PROJECT SESSION ".jsonl", "1", 5);
	cr_assert_eq(
	    symlink(in_home("outside.jsonl"), in_home(PROJECT "link.jsonl")), 0,
	    "symlink");
	run_hook("claude-code", STOP("~/outside.jsonl"));
	run_hook("claude-code", STOP("~/" PROJECT "link.jsonl"));
	run_hook("claude-code", STOP("~/" PROJECT "../../outside.jsonl"));
	run_hook("claude-code", STOP("~/" PROJECT));
	run_hook("claude-code", STOP("~/" PROJECT SESSION ".jsonl"));
	expect_calls(1, 5);
}

Test(setup, without_a_daemon_the_next_import_catches_up)
{
	put_call(PROJECT SESSION ".jsonl", "1", 5);
	run_hook("claude-code", STOP("~/" PROJECT SESSION ".jsonl"));
	serve();
	import_all();
	expect_calls(1, 5);
}

Test(setup, nonsense_from_an_agent_is_passed_over_in_silence)
{
	serve();
	put_call(PROJECT SESSION ".jsonl", "1", 5);
	run_hook("claude-code", "");
	run_hook("claude-code", "{\"transcript_path\":");
	run_hook("claude-code", "{\"transcript_path\":7}");
	run_hook("claude-code", "[[[[[[");
	run_hook("nobody", "{}");
	run_hook("codex", "");
	run_hook("gemini", "{\"transcript_path\":\"/dev/zero\"}");
	run_hook("claude-code", STOP("~/" PROJECT SESSION ".jsonl"));
	expect_calls(1, 5);
}

Test(setup, the_users_own_notify_runs_behind_ours)
{
	struct run r;

	RUN(&home, &r, "tt-import", "--hook", "codex", "--", "/bin/echo", "x",
	    "{\"type\":\"agent-turn-complete\"}");
	EXPECT_CODE(r, 0);
	cr_expect_str_eq(r.out, "x {\"type\":\"agent-turn-complete\"}\n",
	    "it got %s", r.out);
	run_free(&r);
	RUN(&home, &r, "tt-import", "--hook", "codex", "--", "/no/such",
	    "{\"type\":\"agent-turn-complete\"}");
	EXPECT_CODE(r, 0);
	cr_expect_str_empty(r.err, "it said %s", r.err);
	run_free(&r);
}

#include "clients/setup/target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "clients/setup/program.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))
#define COMMAND_MAX 4096

/* Does a command, in a shell's words or not, run that program of ours? */
static bool
runs(const char *command, const char *program)
{
	const char *p = command;
	size_t len = strlen(program);

	while ((p = strstr(p, program)) != NULL) {
		if ((p == command || strchr("/ '\"", p[-1]) != NULL) &&
		    strchr(" '\"", p[len]) != NULL)
			return true;
		p += len;
	}
	return false;
}

static bool
command_runs(
    const struct json *j, const struct json_node *node, const char *program)
{
	char command[COMMAND_MAX];

	return json_string(j, json_get(j, node, "command"), command,
		   sizeof(command)) >= 0 &&
	       runs(command, program);
}

/* A handler of ours, in words or with args: one with "--hook". */
static bool
is_our_hook(const struct json *j, const struct json_node *node)
{
	const struct json_node *args = json_get(j, node, "args");
	char text[COMMAND_MAX];

	if (!command_runs(j, node, "tt-import") &&
	    !command_runs(j, node, "tt-notices"))
		return false;
	if (args == NULL)
		return json_string(j, json_get(j, node, "command"), text,
			   sizeof(text)) >= 0 &&
		       strstr(text, "--hook") != NULL;
	return memmem(json_raw(j, args), args->len, "\"--hook\"", 8) != NULL;
}

static bool
is_our_statusline(const struct json *j, const struct json_node *node)
{
	return command_runs(j, node, "tt-report");
}

#define HOOKS "hooks.*.*.hooks!.*"
#define CLAUDE_HOOK                                                            \
	"{\"hooks\":[{\"type\":\"command\",\"command\":\"@BINDIR@/"            \
	"tt-import\","                                                         \
	"\"args\":[\"--hook\",\"claude-code\"],\"async\":true,"                \
	"\"timeout\":10}]}"
#define GEMINI_HOOK                                                            \
	"{\"hooks\":[{\"name\":\"tt\",\"type\":\"command\","                   \
	"\"command\":\"'@BINDIR@/tt-import' --hook gemini\","                  \
	"\"timeout\":5000}]}"
#define APPEND(path, value)                                                    \
	{                                                                      \
		path, true, value, HOOKS, is_our_hook, NULL                    \
	}

static const struct json_change claude_changes[] = {
	APPEND("hooks.Stop", CLAUDE_HOOK),
	APPEND("hooks.SubagentStop", CLAUDE_HOOK),
	APPEND("hooks.SessionEnd", CLAUDE_HOOK),
	/* What it prints is for the model, so it cannot be asynchronous. */
	{ "hooks.SessionStart", true,
	    "{\"hooks\":[{\"type\":\"command\",\"command\":"
	    "\"@BINDIR@/tt-notices\",\"args\":[\"--claim\",\"--hook\","
	    "\"claude-code\"],\"timeout\":5}]}",
	    HOOKS, is_our_hook, "tt-notices" },
	{ "statusLine", false,
	    "{\"type\":\"command\","
	    "\"command\":\"'@BINDIR@/tt-report' statusline\"}",
	    "statusLine", is_our_statusline, NULL },
};

static const struct json_change gemini_changes[] = {
	APPEND("hooks.AfterAgent", GEMINI_HOOK),
	APPEND("hooks.SessionEnd", GEMINI_HOOK),
};

static const struct json_change openclaw_changes[] = {
	/* Stays: others may have come to need it. */
	{ "hooks.internal.enabled", false, "true", NULL, NULL, NULL },
	{ "hooks.internal.entries.tt-notices", false, "{\"enabled\":true}",
	    "hooks.internal.entries.tt-notices", NULL, NULL },
};

#define JSON(path, list)                                                       \
	{                                                                      \
		.kind = PART_JSON, .file = path, .changes = list,              \
		.n = LENGTH(list)                                              \
	}
#define WHOLE(path, from)                                                      \
	{                                                                      \
		.kind = PART_WHOLE, .file = path, .contrib = from              \
	}
#define BLOCK(path, from)                                                      \
	{                                                                      \
		.kind = PART_BLOCK, .file = path, .contrib = from              \
	}
#define SKILL WHOLE("skills/tt/SKILL.md", "skills/tt/SKILL.md")

static const struct part claude_parts[] = {
	JSON("settings.json", claude_changes),
	SKILL,
};

static const struct part codex_parts[] = {
	{ .kind = PART_TOML, .file = "config.toml" },
	SKILL,
};

static const struct part opencode_parts[] = {
	WHOLE("plugin/tt.ts", "hooks/opencode/tt.ts"),
	WHOLE("commands/usage.md", "hooks/opencode/usage.md"),
	WHOLE("commands/globalusage.md", "hooks/opencode/globalusage.md"),
	SKILL,
};

static const struct part gemini_parts[] = {
	JSON("settings.json", gemini_changes),
	SKILL,
};

static const struct part openclaw_parts[] = {
	WHOLE("hooks/tt-notices/HOOK.md", "hooks/openclaw/HOOK.md"),
	WHOLE("hooks/tt-notices/handler.ts", "hooks/openclaw/handler.ts"),
	{ .kind = PART_JSON,
	    .file = "openclaw.json",
	    .changes = openclaw_changes,
	    .n = LENGTH(openclaw_changes),
	    .only_if_there = true },
	SKILL,
};

static const struct part bash_parts[] = {
	BLOCK(".bashrc", "hooks/shell/tt.bash"),
};
static const struct part zsh_parts[] = {
	BLOCK(".zshrc", "hooks/shell/tt.zsh"),
};
static const struct part fish_parts[] = {
	BLOCK("config.fish", "hooks/shell/tt.fish"),
};

static const struct part setting_parts[] = {
	{ .kind = PART_BLOCK,
	    .file = "config",
	    .contrib = "hooks/config/auto-import.conf",
	    .key = "auto_import" },
};

static const struct part service_parts[] = {
	WHOLE("collectord.socket", "systemd/collectord.socket"),
	WHOLE("collectord.service", "systemd/collectord.service"),
	WHOLE("tt-import.service", "systemd/tt-import.service"),
};

#define TARGET(called, also, what, runs_as, list)                              \
	.name = called, .alias = also, .kind = what, .program = runs_as,       \
	.parts = list, .n = LENGTH(list)

const struct target targets[] = {
	{ TARGET("claude-code", "claude", TARGET_AGENT, "claude", claude_parts),
	    .env = { "CLAUDE_CONFIG_DIR" }, .fallback = ".claude" },
	{ TARGET("codex", "codex", TARGET_AGENT, "codex", codex_parts),
	    .env = { "CODEX_HOME" }, .fallback = ".codex" },
	{ TARGET(
	      "opencode", "opencode", TARGET_AGENT, "opencode", opencode_parts),
	    .env = { "XDG_CONFIG_HOME" }, .below = "opencode",
	    .fallback = ".config/opencode" },
	{ TARGET("gemini", "gemini-cli", TARGET_AGENT, "gemini", gemini_parts),
	    .env = { "GEMINI_CLI_HOME" }, .below = ".gemini",
	    .fallback = ".gemini" },
	{ TARGET(
	      "openclaw", "openclaw", TARGET_AGENT, "openclaw", openclaw_parts),
	    .env = { "OPENCLAW_STATE_DIR", "OPENCLAW_DIR" },
	    .fallback = ".openclaw" },
	{ TARGET("bash", "bash", TARGET_SHELL, "bash", bash_parts),
	    .fallback = "" },
	{ TARGET("zsh", "zsh", TARGET_SHELL, "zsh", zsh_parts),
	    .env = { "ZDOTDIR" }, .fallback = "" },
	{ TARGET("fish", "fish", TARGET_SHELL, "fish", fish_parts),
	    .env = { "XDG_CONFIG_HOME" }, .below = "fish",
	    .fallback = ".config/fish" },
	{ TARGET(
	      "service", "systemd", TARGET_SERVICE, "systemctl", service_parts),
	    .env = { "XDG_CONFIG_HOME" }, .below = "systemd/user",
	    .fallback = ".config/systemd/user" },
	{ TARGET("auto-import", "auto_import", TARGET_SETTING, "tt-report",
	      setting_parts),
	    .env = { "XDG_CONFIG_HOME" }, .below = "tt",
	    .fallback = ".config/tt" },
};
const size_t targets_n = LENGTH(targets);

const struct target *
target_find(const char *name)
{
	size_t i;

	for (i = 0; i < targets_n; i++)
		if (strcmp(name, targets[i].name) == 0 ||
		    strcmp(name, targets[i].alias) == 0)
			return &targets[i];
	return NULL;
}

/* The first of the variables that says something. */
static const char *
env_of(const struct target *t)
{
	size_t i;
	const char *s;

	for (i = 0; i < LENGTH(t->env) && t->env[i] != NULL; i++) {
		s = getenv(t->env[i]);
		if (s != NULL && *s != '\0')
			return s;
	}
	return NULL;
}

int
target_dir(const struct target *t, char dir[PATH_MAX])
{
	const char *s = env_of(t), *home = getenv("HOME"), *below = t->below;
	size_t len = s == NULL ? 0 : strcspn(s, ",");
	bool tilde = s != NULL && s[0] == '~' && (s[1] == '/' || len == 1);
	int n;

	if ((s == NULL || tilde) && (home == NULL || *home != '/'))
		return -1;
	if (s == NULL)
		n = snprintf(dir, PATH_MAX, "%s%s%s", home,
		    *t->fallback == '\0' ? "" : "/", t->fallback);
	else
		n = snprintf(dir, PATH_MAX, "%s%.*s%s%s", tilde ? home : "",
		    (int)len - tilde, s + tilde, below == NULL ? "" : "/",
		    below == NULL ? "" : below);
	return n < 0 || n >= PATH_MAX || *dir != '/' ? -1 : 0;
}

bool
target_is_here(const struct target *t)
{
	char dir[PATH_MAX], path[PATH_MAX];
	struct stat st;

	if (t->kind == TARGET_AGENT && target_dir(t, dir) == 0 &&
	    stat(dir, &st) == 0 && S_ISDIR(st.st_mode))
		return true;
	return program_find(t->program, path);
}

/*
 * Who can be hooked up, and with what: one row for each agent, shell, the
 * service and what stands in for it, in target.c. An agent's hooks are parts of
 * files that are its user's or whole files of our own.
 */
#ifndef SETUP_TARGET_H
#define SETUP_TARGET_H

#include <limits.h>

#include "clients/setup/json_edit.h"

enum part_kind {
	PART_JSON,  /* changes to a JSON file */
	PART_TOML,  /* Codex' notify */
	PART_BLOCK, /* a marked block at the end */
	PART_WHOLE  /* a file of ours */
};

/* One thing in a JSON file; values are JSON with @BINDIR@ in it. */
struct json_change {
	const char *path;
	bool append; /* to the list there; else only where there is none */
	const char *value;
	const char *pattern; /* what finds it again; NULL: it stays */
	json_edit_judge *judge;
	const char *program; /* only where that one is beside us; or NULL */
};

struct part {
	enum part_kind kind;
	const char *file;    /* below the target's directory */
	const char *contrib; /* BLOCK, WHOLE: the file of contrib/ */
	const struct json_change *changes;
	size_t n;
	bool only_if_there; /* the agent makes that file itself */
	const char *key;    /* BLOCK: not where that one is set; or NULL */
};

enum target_kind {
	TARGET_AGENT,
	TARGET_SHELL,
	TARGET_SERVICE,
	TARGET_SETTING /* of ours, where there can be no service */
};

struct target {
	const char *name, *alias;
	enum target_kind kind;
	const char *program; /* of the agent, along PATH */
	/*
	 * Its directory: that of the first variable that is set (of a list in
	 * commas the first), with `below` behind it, else HOME/fallback.
	 */
	const char *env[2], *below, *fallback;
	const struct part *parts;
	size_t n;
};

extern const struct target targets[];
extern const size_t targets_n;

/* By name or alias, or NULL. */
const struct target *target_find(const char *name);
/* Its directory; -1: no HOME, or too long. */
int target_dir(const struct target *t, char dir[PATH_MAX]);
/* Is it on this machine: its directory (not a shell's) or its program? */
bool target_is_here(const struct target *t);

#endif

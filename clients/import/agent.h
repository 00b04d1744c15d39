/*
 * What reads one agent's logs. An agent is one file below agents/ and one row
 * of agents.c; what it need not know is done for it: which files there are,
 * which have changed, where each was left, batches, acks and progress.
 *
 * A file of lines is given line by line from where it was left. A document is
 * given whole, a database by its path, each whenever it has changed. What was
 * told before may be told again: the ledger counts a call once.
 */
#ifndef IMPORT_AGENT_H
#define IMPORT_AGENT_H

#include "clients/import/source.h"

enum import_kind { IMPORT_LINES, IMPORT_DOCUMENT, IMPORT_DATABASE };

/* What an agent may keep of a file between its lines, and with the cursor. */
#define IMPORT_STATE_MAX 2048

/* Where logs may be: directories, or single files. */
struct roots;
/* Takes a copy. "~/" is the home directory; what is not there is no error. */
void roots_add(struct roots *r, const char *path);
/* Adds base/below. */
void roots_add_below(struct roots *r, const char *base, const char *below);
/*
 * Adds each element of the environment's list (commas), with /below where below
 * is not NULL. False: the variable is not set or empty.
 */
bool roots_add_env(struct roots *r, const char *variable, const char *below);
/* $variable, else ~/fallback: "XDG_DATA_HOME", ".local/share". */
const char *roots_base(
    struct roots *r, const char *variable, const char *fallback);

struct import_agent {
	const char *name;  /* on the command line: "claude" */
	const char *agent; /* in events: "claude-code" */
	/*
	 * Changes whenever what it makes of a file changes: files that an older
	 * one has read are read again.
	 */
	uint32_t version;
	size_t state_size; /* of *source->state, at most IMPORT_STATE_MAX */
	/* Adds the places where its logs are by default. */
	void (*find_roots)(struct roots *r);
	/*
	 * Is the file at rel, below a root, one of its logs, and of which kind?
	 * -1: no. rel has no leading slash; of a root that is a single file it
	 * is the file's name.
	 */
	int (*kind_of)(const char *rel);
	/*
	 * Lines without this text are passed over unseen; NULL: see wants_line.
	 * It must survive any spacing of JSON: "\"usage\"", not "\"usage\":{".
	 */
	const char *needle;
	/* Quickly: may this line matter? NULL: all do. */
	bool (*wants_line)(const char *line, size_t len);
	/*
	 * Each takes one line (without its end), document or database and
	 * calls source_event for what it finds. 0, or -1 where source_event
	 * failed. What it cannot use it tells with source_odd and goes on.
	 */
	int (*take_line)(struct source *s, const char *line, size_t len);
	int (*take_document)(struct source *s, const char *text, size_t len);
	int (*take_database)(struct source *s);
};

/* All of them, ended by NULL, in the order of the help text. */
extern const struct import_agent *const import_agents[];

#endif

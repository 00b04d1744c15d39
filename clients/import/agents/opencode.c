/*
 * OpenCode: databases below ~/.local/share/opencode, one for each channel of
 * its releases, and the files of its first versions.
 */
#include "clients/import/agents.h"
#include "clients/import/agents/opencode.h"

#include <dirent.h>
#include <stdlib.h>

#include "clients/import/agents/beside.h"
#include "clients/import/roots.h"

_Static_assert(sizeof(struct opencode_state) <= IMPORT_STATE_MAX,
    "the state is too large");

/* $OPENCODE_DB may have any name. */
static bool
is_named_database(struct text name)
{
	const char *path = getenv("OPENCODE_DB");

	return path != NULL && path[0] != '\0' &&
	       text_eq(name, path_base(text_of(path)));
}

static int
kind_of(const char *rel)
{
	struct text path = text_of(rel), name = path_base(path);

	if (path_ends(name, ".json") && name.len > 4 &&
	    memcmp(name.p, "msg_", 4) == 0 && path_dir(path).len > 0)
		return IMPORT_DOCUMENT;
	if (path_dir(path).len == 0 &&
	    (path_ends(name, ".db") || is_named_database(name)))
		return IMPORT_DATABASE;
	return -1;
}

static bool
is_channel(const char *name)
{
	return strncmp(name, "opencode-", 9) == 0 &&
	       path_ends(text_of(name), ".db");
}

/*
 * The rest of the directory is large and no log: the parts of messages, copies
 * of worktrees.
 */
static void
add_data(struct roots *r, const char *data)
{
	DIR *dir = opendir(data);
	struct dirent *entry;

	roots_add_below(r, data, "opencode.db");
	roots_add_below(r, data, "storage/message");
	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (is_channel(entry->d_name))
			roots_add_below(r, data, entry->d_name);
	if (dir != NULL)
		closedir(dir);
}

/* A name alone is one in the directory of the others. */
static void
add_named(struct roots *r, const char *data)
{
	const char *path = getenv("OPENCODE_DB");

	if (path == NULL || path[0] == '\0' || strcmp(path, ":memory:") == 0)
		return;
	if (path[0] == '/' || path[0] == '~')
		roots_add(r, path);
	else
		roots_add_below(r, data, path);
}

static void
find_roots(struct roots *r)
{
	struct roots data = { 0 };
	size_t i;

	if (!roots_add_env(&data, "OPENCODE_DATA_DIR", NULL))
		roots_add_below(&data,
		    roots_base(&data, "XDG_DATA_HOME", ".local/share"),
		    "opencode");
	for (i = 0; i < data.n; i++) {
		add_data(r, data.paths[i]);
		add_named(r, data.paths[i]);
	}
	r->failed = r->failed || data.failed;
	roots_release(&data);
}

const struct import_agent import_opencode = {
	.name = "opencode",
	.agent = "opencode",
	.version = 1,
	.state_size = sizeof(struct opencode_state),
	.find_roots = find_roots,
	.kind_of = kind_of,
	.take_document = opencode_document,
	.take_database = opencode_database,
};

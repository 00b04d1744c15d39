#include "clients/import/hook.h"

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "clients/import/agents.h"
#include "clients/import/roots.h"
#include "proto/json.h"

#define LOG_SUFFIX ".jsonl"
#define DEPTH_MAX 6

struct hunt {
	struct hook_paths *found;
	struct roots roots;
	struct json json;
	time_t since;
	const char *id; /* what a file's name may have in it, or NULL */
	bool all;       /* whatever the name and the time */
};

void
hook_paths_release(struct hook_paths *p)
{
	while (p->n > 0)
		free(p->paths[--p->n]);
	p->sum = 0;
}

static bool
ends_with(const char *s, const char *suffix)
{
	size_t n = strlen(s), len = strlen(suffix);

	return n > len && strcmp(s + n - len, suffix) == 0;
}

/* Is the real path below a root, or one itself? */
static bool
is_rooted(const struct hunt *h, const char *real)
{
	char root[PATH_MAX];
	size_t i, len;

	for (i = 0; i < h->roots.n; i++) {
		if (realpath(h->roots.paths[i], root) == NULL)
			continue;
		len = strlen(root);
		if (strncmp(real, root, len) == 0 &&
		    (real[len] == '\0' || real[len] == '/'))
			return true;
	}
	return false;
}

static void
add_file(struct hunt *h, const char *path)
{
	struct hook_paths *p = h->found;
	char real[PATH_MAX];
	struct stat st;
	size_t i;

	if (p->n == HOOK_PATHS_MAX || realpath(path, real) == NULL ||
	    stat(real, &st) != 0 || !S_ISREG(st.st_mode) || !is_rooted(h, real))
		return;
	for (i = 0; i < p->n; i++)
		if (strcmp(p->paths[i], real) == 0)
			return;
	p->paths[p->n] = strdup(real);
	if (p->paths[p->n] == NULL)
		return;
	p->n++;
	p->sum = p->sum * 31 + (uint64_t)st.st_size * 7 +
		 (uint64_t)st.st_mtim.tv_sec * 1000003 +
		 (uint64_t)st.st_mtim.tv_nsec;
}

static bool
is_wanted(const struct hunt *h, const char *name, const struct stat *st)
{
	if (!ends_with(name, LOG_SUFFIX))
		return false;
	return h->all || st->st_mtime >= h->since ||
	       (h->id != NULL && strstr(name, h->id) != NULL);
}

/* Logs below a directory; links to directories are not followed. */
static void
add_tree(struct hunt *h, const char *dir, unsigned depth)
{
	DIR *d = depth == 0 ? NULL : opendir(dir);
	char path[PATH_MAX];
	struct dirent *e;
	struct stat st;
	int n;

	while (d != NULL && (e = readdir(d)) != NULL) {
		n = snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		if (e->d_name[0] == '.' || n < 0 || (size_t)n >= sizeof(path) ||
		    lstat(path, &st) != 0)
			continue;
		if (S_ISDIR(st.st_mode))
			add_tree(h, path, depth - 1);
		else if (is_wanted(h, e->d_name, &st))
			add_file(h, path);
	}
	if (d != NULL)
		closedir(d);
}

/* A member's text with "~" for the home directory in it; false: none. */
static bool
take_path(struct hunt *h, const char *key, char out[PATH_MAX])
{
	const char *home = getenv("HOME");
	char text[PATH_MAX];
	int n;

	if (h->json.n == 0 ||
	    json_string(&h->json, json_get(&h->json, h->json.nodes, key), text,
		sizeof(text)) <= 0)
		return false;
	if (text[0] == '~' && text[1] == '/' && home != NULL)
		n = snprintf(out, PATH_MAX, "%s%s", home, text + 1);
	else
		n = snprintf(out, PATH_MAX, "%s", text);
	return n > 0 && n < PATH_MAX && out[0] == '/';
}

static void
add_claude(struct hunt *h)
{
	char path[PATH_MAX], dir[PATH_MAX + 16];
	size_t len;

	if (take_path(h, "agent_transcript_path", path))
		add_file(h, path);
	if (!take_path(h, "transcript_path", path))
		return;
	add_file(h, path);
	len = strlen(path) -
	      (ends_with(path, LOG_SUFFIX) ? strlen(LOG_SUFFIX) : 0);
	snprintf(dir, sizeof(dir), "%.*s/subagents", (int)len, path);
	h->all = true;
	add_tree(h, dir, DEPTH_MAX);
}

/* Sub-agents have rollouts of their own, which no hook names. */
static void
add_codex(struct hunt *h)
{
	char path[PATH_MAX], id[PATH_MAX];
	size_t i;

	if (take_path(h, "transcript_path", path))
		add_file(h, path);
	if (h->json.n > 0 && json_string(&h->json,
				 json_get(&h->json, h->json.nodes, "thread-id"),
				 id, sizeof(id)) > 0)
		h->id = id;
	for (i = 0; i < h->roots.n; i++)
		add_tree(h, h->roots.paths[i], DEPTH_MAX);
	h->id = NULL;
}

/* Its sub-agents' chats are below the directory that its own are in. */
static void
add_gemini(struct hunt *h)
{
	char path[PATH_MAX], *slash;

	if (!take_path(h, "transcript_path", path))
		return;
	add_file(h, path);
	slash = strrchr(path, '/');
	*slash = '\0';
	if (is_rooted(h, path))
		add_tree(h, path, DEPTH_MAX);
}

/* Databases: there are few, and no hook says which. */
static void
add_opencode(struct hunt *h)
{
	char path[PATH_MAX];
	struct dirent *e;
	size_t i;
	DIR *d;
	int n;

	for (i = 0; i < h->roots.n; i++) {
		d = opendir(h->roots.paths[i]);
		if (d == NULL)
			add_file(h, h->roots.paths[i]);
		while (d != NULL && (e = readdir(d)) != NULL) {
			n = snprintf(path, sizeof(path), "%s/%s",
			    h->roots.paths[i], e->d_name);
			if (n > 0 && (size_t)n < sizeof(path) &&
			    ends_with(e->d_name, ".db"))
				add_file(h, path);
		}
		if (d != NULL)
			closedir(d);
	}
}

static const struct {
	const char *agent;
	void (*add)(struct hunt *h);
} adders[] = {
	{ "claude", add_claude },
	{ "codex", add_codex },
	{ "gemini", add_gemini },
	{ "opencode", add_opencode },
};

void
hook_paths_find(struct hook_paths *p, const char *agent, const char *payload,
    size_t len, time_t since)
{
	const struct import_agent *a = agents_find(agent);
	struct hunt h = { .found = p, .since = since };
	size_t i;

	if (a == NULL)
		return;
	a->find_roots(&h.roots);
	if (json_parse(&h.json, payload, len) != 0)
		h.json.n = 0;
	for (i = 0; i < sizeof(adders) / sizeof(adders[0]); i++)
		if (strcmp(agent, adders[i].agent) == 0)
			adders[i].add(&h);
	json_release(&h.json);
	roots_release(&h.roots);
}

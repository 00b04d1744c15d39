#include "collectord/jobs/sync/definitions.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collectord/jobs/providers/custom.h"
#include "collectord/sys.h"
#include "proto/lang.h"

#define BYTES_MAX (64u << 10)
#define SUFFIX ".ini"
#define WHY_MAX 200
#define NAME_LEN_MAX 32

struct definition {
	struct definition *next;
	struct stat stamp; /* of the file when it was read */
	uint32_t uses;
	struct custom custom; /* may not move */
};

void
definitions_init(struct definitions *d, const char *dir)
{
	*d = (struct definitions){ .first = NULL };
	snprintf(d->dir, sizeof(d->dir), "%s", dir);
}

/* Small letters, digits and -: what a name may have, and no path. */
static bool
is_name(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return n > 0 && n <= NAME_LEN_MAX && s[n] == '\0';
}

static bool
is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	       a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	       a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static int
check_file(const char *path, struct stat *st, char *why, size_t cap)
{
	const char *said;

	if (stat(path, st) != 0)
		said = errno == ENOENT ? _("no such file, and no provider of "
					   "that name is built in")
				       : strerror(errno);
	else if (!S_ISREG(st->st_mode))
		said = _("not a file");
	else if ((st->st_uid != geteuid() && st->st_uid != 0) ||
		 (st->st_mode & (S_IWGRP | S_IWOTH)) != 0)
		said = _("others could write it: chmod go-w");
	else
		return 0;
	snprintf(why, cap, "%s: %s", path, said);
	return -1;
}

static void
free_definition(struct definition *def)
{
	custom_release(&def->custom);
	free(def);
}

static int
parse(struct definition *def, const char *path, const char *name, char *why,
    size_t cap)
{
	char detail[WHY_MAX];
	size_t len;
	char *text = sys_read_file(path, BYTES_MAX, &len, why, cap);
	int line;

	if (text == NULL)
		return -1;
	line = custom_parse(&def->custom, text, len, detail, sizeof(detail));
	free(text);
	if (line == 0 && strcmp(def->custom.provider.name, name) == 0)
		return 0;
	if (line == 0)
		snprintf(detail, sizeof(detail),
		    _("its name is \"%.40s\", which must be that of the file"),
		    def->custom.provider.name);
	snprintf(why, cap, "%s:%d: %s", path, line == 0 ? 1 : line, detail);
	return -1;
}

static struct definition *
read_definition(const char *path, const char *name, const struct stat *st,
    char *why, size_t cap)
{
	struct definition *def = calloc(1, sizeof(*def));

	if (def == NULL) {
		snprintf(why, cap, _("out of memory"));
		return NULL;
	}
	def->stamp = *st;
	if (parse(def, path, name, why, cap) == 0)
		return def;
	free_definition(def);
	return NULL;
}

static struct definition *
find_read(struct definitions *d, const char *name, const struct stat *st)
{
	struct definition *def = d->first;

	while (def != NULL && (strcmp(def->custom.provider.name, name) != 0 ||
				  !is_same(&def->stamp, st)))
		def = def->next;
	return def;
}

const struct provider *
definitions_take(struct definitions *d, const char *name, char *why, size_t cap)
{
	const struct provider *p = provider_find(name);
	char path[PLACES_PATH_MAX + 100];
	struct definition *def;
	struct stat st;

	if (p != NULL)
		return p;
	if (!is_name(name)) {
		snprintf(why, cap, _("no such provider"));
		return NULL;
	}
	snprintf(path, sizeof(path), "%s/%s" SUFFIX, d->dir, name);
	if (check_file(path, &st, why, cap) != 0)
		return NULL;
	def = find_read(d, name, &st);
	if (def == NULL) {
		def = read_definition(path, name, &st, why, cap);
		if (def == NULL)
			return NULL;
		def->next = d->first;
		d->first = def;
	}
	def->uses++;
	return &def->custom.provider;
}

void
definitions_drop(struct definitions *d, const struct provider *p)
{
	struct definition **link = &d->first, *def;

	while (*link != NULL && &(*link)->custom.provider != p)
		link = &(*link)->next;
	def = *link;
	if (def == NULL || --def->uses > 0)
		return;
	*link = def->next;
	free_definition(def);
}

/* --- Names -----------------------------------------------------------------
 */

const char *
definitions_judge_name(const char *name)
{
	if (provider_find(name) != NULL)
		return _("the name is that of a known one");
	return is_name(name) ? NULL
			     : _("not a name of small letters, digits and -");
}

static int
is_definition(const struct dirent *e)
{
	size_t len = strlen(e->d_name), suffix = sizeof(SUFFIX) - 1;

	return len > suffix && e->d_name[0] != '.' &&
	       strcmp(e->d_name + len - suffix, SUFFIX) == 0;
}

static int
each_file(const struct definitions *d,
    int (*fn)(void *arg, const char *name, bool is_file), void *arg)
{
	struct dirent **entries;
	int rc = 0, n = scandir(d->dir, &entries, is_definition, alphasort);
	char *name;

	for (int i = 0; i < n; i++) {
		name = entries[i]->d_name;
		name[strlen(name) - (sizeof(SUFFIX) - 1)] = '\0';
		if (rc == 0)
			rc = fn(arg, name, true);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	return rc;
}

int
definitions_each(const struct definitions *d,
    int (*fn)(void *arg, const char *name, bool is_file), void *arg)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && providers[i] != NULL; i++)
		rc = fn(arg, providers[i]->name, false);
	return rc != 0 ? rc : each_file(d, fn, arg);
}

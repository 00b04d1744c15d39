/*
 * tt VERB …: runs tt-VERB from the directory this program is in, else along
 * PATH. Knows no verb itself: what is installed is what there is.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/lang.h"
#include "proto/limits.h"

#define VERBS_MAX 64
#define VERB_LEN 32
#define PREFIX "tt-"

struct verbs {
	char name[VERBS_MAX][VERB_LEN];
	size_t n;
};

/* A verb is a word: nothing that could lead out of the directory. */
static bool
is_verb(const char *s)
{
	size_t len = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return len > 0 && len < VERB_LEN && s[len] == '\0' && s[0] != '-';
}

static size_t
own_dir(char dir[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", dir, PATH_MAX - 1);

	while (n > 0 && dir[n - 1] != '/')
		n--;
	if (n > 1)
		n--;
	if (n < 0)
		n = 0;
	dir[n] = '\0';
	return (size_t)n;
}

/* Calls `each` for our directory and those of PATH until it returns true. */
static bool
each_dir(bool (*each)(void *arg, const char *dir), void *arg)
{
	const char *p = getenv("PATH");
	char dir[PATH_MAX];
	size_t len;

	if (own_dir(dir) > 0 && each(arg, dir))
		return true;
	while (p != NULL && *p != '\0') {
		len = strcspn(p, ":");
		if (len > 0 && len < sizeof(dir)) {
			memcpy(dir, p, len);
			dir[len] = '\0';
			if (each(arg, dir))
				return true;
		}
		p += len + (p[len] == ':');
	}
	return false;
}

/* Runs it where it is there: does not return then. */
static bool
run_in(void *arg, const char *dir)
{
	char path[PATH_MAX], **argv = arg;
	int n = snprintf(path, sizeof(path), "%s/%s", dir, argv[0]);

	if (n < 0 || (size_t)n >= sizeof(path))
		return false;
	execv(path, argv);
	return errno != ENOENT && errno != ENOTDIR && errno != EACCES;
}

static void
add_verb(struct verbs *v, const char *name)
{
	size_t i;

	if (v->n == VERBS_MAX || !is_verb(name))
		return;
	for (i = 0; i < v->n; i++)
		if (strcmp(v->name[i], name) == 0)
			return;
	snprintf(v->name[v->n++], VERB_LEN, "%s", name);
}

static bool
list_dir(void *arg, const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	char path[PATH_MAX];
	int n;

	if (d == NULL)
		return false;
	while ((e = readdir(d)) != NULL) {
		if (strncmp(e->d_name, PREFIX, strlen(PREFIX)) != 0)
			continue;
		n = snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		if (n > 0 && (size_t)n < sizeof(path) &&
		    access(path, X_OK) == 0)
			add_verb(arg, e->d_name + strlen(PREFIX));
	}
	closedir(d);
	return false;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int
print_help(void)
{
	struct verbs v = { .n = 0 };
	size_t i;

	each_dir(list_dir, &v);
	qsort(v.name, v.n, VERB_LEN, by_name);
	fputs(_("Usage: tt [--lang en|zh] VERB [ARGUMENT…]\n"
		"Runs tt-VERB. Verbs here (tt VERB --help tells more):\n\n"),
	    stdout);
	for (i = 0; i < v.n; i++)
		printf("  %s\n", v.name[i]);
	return fflush(stdout) == 0 ? 0 : 5;
}

static int
run(char **argv)
{
	char name[sizeof(PREFIX) + VERB_LEN];

	if (is_verb(argv[0])) {
		snprintf(name, sizeof(name), "%s%s", PREFIX, argv[0]);
		argv[0] = name;
		if (each_dir(run_in, argv)) {
			fprintf(stderr, "tt: %s: %s\n", name, strerror(errno));
			return 5;
		}
		fprintf(stderr, _("tt: no such verb: %s (see tt --help)\n"),
		    name + strlen(PREFIX));
		return 2;
	}
	fputs(_("tt: not a verb (see tt --help)\n"), stderr);
	return 2;
}

/*
 * Takes "--lang zh" from the front of the arguments, for us and, by way of the
 * environment, for the verb. Returns how many arguments that were, or -1.
 */
static int
take_language(char **argv)
{
	const char *name = NULL;
	int n = 0;

	if (strncmp(argv[0], "--lang=", 7) == 0) {
		name = argv[0] + 7;
		n = 1;
	} else if (strcmp(argv[0], "--lang") == 0) {
		name = argv[1] != NULL ? argv[1] : "";
		n = 2;
	}
	if (name == NULL)
		return 0;
	if (lang_set(name) == 0 && setenv("TT_LANG", name, 1) == 0)
		return n;
	fprintf(stderr, _("tt: --lang: not en or zh: \"%s\"\n"), name);
	return -1;
}

static bool
is_word(const char *arg, const char *word, const char *letter)
{
	return arg != NULL &&
	       (strcmp(arg, word) == 0 || strcmp(arg, letter) == 0);
}

int
main(int argc, char **argv)
{
	int n;

	lang_scan(argc > 3 ? 3 : argc, argv);
	n = argc > 1 ? take_language(argv + 1) : 0;
	if (n < 0)
		return 2;
	argv += 1 + n;
	if (argc < 2 || argv[0] == NULL || is_word(argv[0], "--help", "-h")) {
		if (argc > 1 && argv[0] != NULL)
			lang_scan(argc - n - 1, argv);
		return print_help();
	}
	if (is_word(argv[0], "--version", "-v")) {
		printf("tt %s\n", TT_VERSION);
		return fflush(stdout) == 0 ? 0 : 5;
	}
	return run(argv);
}

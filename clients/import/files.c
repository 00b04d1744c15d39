#include "clients/import/files.h"

#include <limits.h>
#include <stdlib.h>

#include "clients/import/agents.h"
#include "clients/import/import.h"

static bool
is_late(void *arg)
{
	const int64_t *deadline_ms = arg;

	return client_now_ms() >= *deadline_ms;
}

/* The length of the root that the path is below; else of that of all. */
static size_t
root_of(const struct roots *r, const char *path)
{
	char real[PATH_MAX];
	size_t i, len;

	for (i = 0; i < r->n; i++) {
		if (realpath(r->paths[i], real) == NULL)
			continue;
		len = strlen(real);
		if (strncmp(path, real, len) == 0 && path[len] == '/')
			return len;
	}
	return 1;
}

/* Adds the log at path, as an import of its agent would find it. */
static int
add_log(struct agent_run *ar, const char *path)
{
	struct walk w = { .agent = ar->agent, .logs = &ar->logs };
	size_t before = ar->logs.n;
	char real[PATH_MAX];

	if (realpath(path, real) == NULL)
		return EXIT_USAGE;
	walk_path(&w, real, root_of(&ar->roots, real));
	ar->counts.files = ar->logs.n;
	return ar->logs.n > before ? EXIT_OK : EXIT_USAGE;
}

/* Where these were left, and no others. */
static int
ask_marks(struct import *im, struct agent_run *ar)
{
	char state[IMPORT_STATE_MAX];
	struct mark m;
	size_t i;
	int rc = 0;

	for (i = 0; i < ar->logs.n && rc >= 0; i++) {
		rc = link_mark(
		    &im->link, ar->agent, ar->logs.list[i].key, &m, state);
		if (rc == 1 &&
		    marks_set(&ar->marks, ar->logs.list[i].key, &m) != 0)
			return EXIT_SYSTEM;
	}
	return im->link.rc;
}

static int
run(struct import *im, const char *const *paths, size_t n, int64_t deadline_ms)
{
	struct agent_run *ar = &im->runs[0];
	int rc = EXIT_OK;
	size_t i;

	im->link.deadline_ms = deadline_ms;
	im->is_over = is_late;
	im->arg = &deadline_ms;
	for (i = 0; i < n && rc == EXIT_OK; i++)
		rc = add_log(ar, paths[i]);
	if (rc == EXIT_OK)
		rc = link_connect(&im->link, deadline_ms);
	if (rc == EXIT_OK)
		rc = ask_marks(im, ar);
	if (rc == EXIT_OK)
		rc = import_all(im);
	if (client_now_ms() >= deadline_ms && rc != EXIT_USAGE)
		return EXIT_NO;
	return rc;
}

int
import_files(
    const char *agent, const char *const *paths, size_t n, int64_t deadline_ms)
{
	static const struct import_options o = { .quiet = true };
	const struct import_agent *a = agents_find(agent);
	struct import im;
	int rc;

	if (a == NULL)
		return EXIT_USAGE;
	rc = import_init_quiet(&im, &o, a);
	if (rc == EXIT_OK)
		rc = run(&im, paths, n, deadline_ms);
	import_release(&im);
	return rc;
}

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>

#include "clients/common/output.h"
#include "clients/import/agents.h"
#include "clients/import/import.h"
#include "proto/calendar.h"
#include "proto/lang.h"

/* Of so many logs it is told by name what is wrong with them. */
#define WARNINGS_MAX 20

static void
add_agent(struct import *im, const struct import_agent *a)
{
	size_t i;

	for (i = 0; i < im->nruns; i++)
		if (im->runs[i].agent == a)
			return;
	if (im->nruns < IMPORT_AGENTS_MAX)
		im->runs[im->nruns++].agent = a;
}

static int
add_named(struct import *im, const char *name)
{
	const struct import_agent *const *a = import_agents;
	const struct import_agent *found;

	if (strcmp(name, "all") == 0) {
		for (; *a != NULL; a++)
			add_agent(im, *a);
		return EXIT_OK;
	}
	found = agents_find(name);
	if (found != NULL) {
		add_agent(im, found);
		return EXIT_OK;
	}
	complain(NAME, _("no agent \"%.60s\" (see tt-import --help)"), name);
	return EXIT_USAGE;
}

static int
use_roots(struct import *im)
{
	const struct option_list *list = &im->o->roots;
	struct roots *r = &im->runs[0].roots;
	char real[PATH_MAX];
	size_t i;

	if (im->nruns != 1) {
		complain(NAME, "%s",
		    _("--root is the place of one agent's logs: name "
		      "that agent"));
		return EXIT_USAGE;
	}
	for (i = 0; i < list->n; i++) {
		if (realpath(list->items[i], real) == NULL) {
			complain(
			    NAME, "%s: %s", list->items[i], strerror(errno));
			return EXIT_USAGE;
		}
		roots_add(r, real);
	}
	return EXIT_OK;
}

static void
init(struct import *im, const struct import_options *o)
{
	*im = (struct import){ .o = o };
	client_init(&im->link.client);
	im->batch.link = &im->link;
	calendar_use_zone(NULL);
}

void
import_find_roots(struct import *im)
{
	size_t i;

	for (i = 0; i < im->nruns && im->o->roots.n == 0; i++) {
		roots_release(&im->runs[i].roots);
		im->runs[i].agent->find_roots(&im->runs[i].roots);
	}
}

int
import_init(struct import *im, const struct import_options *o,
    char *const *names, size_t n)
{
	int rc = EXIT_OK;
	size_t i;

	init(im, o);
	for (i = 0; i < n && rc == EXIT_OK; i++)
		rc = add_named(im, names[i]);
	if (n == 0)
		rc = add_named(im, "all");
	if (rc == EXIT_OK && o->roots.n > 0)
		rc = use_roots(im);
	else
		import_find_roots(im);
	return rc == EXIT_OK ? link_init(&im->link) : rc;
}

int
import_init_quiet(struct import *im, const struct import_options *o,
    const struct import_agent *a)
{
	init(im, o);
	im->link.is_quiet = true;
	add_agent(im, a);
	import_find_roots(im);
	return link_init(&im->link);
}

void
import_release(struct import *im)
{
	size_t i;

	for (i = 0; i < im->nruns; i++) {
		roots_release(&im->runs[i].roots);
		logs_release(&im->runs[i].logs);
		marks_release(&im->runs[i].marks);
	}
	lines_release(&im->lines);
	source_release(&im->source);
	link_release(&im->link);
}

void
import_warn(struct import *im, const char *path, uint64_t line, const char *why)
{
	if (im->warnings++ >= WARNINGS_MAX || im->link.is_quiet)
		return;
	progress_clear(&im->progress);
	if (line > 0)
		complain(NAME, "%s:%" PRIu64 ": %s", path, line, why);
	else
		complain(NAME, "%s: %s", path, why);
}

static void
on_error(void *arg, const char *path, int err)
{
	const struct walking *walking = arg;

	import_warn(walking->im, path, 0, strerror(err));
}

void
import_on_dir(void *arg, const char *path, size_t root_len)
{
	const struct walking *walking = arg;
	struct import *im = walking->im;

	if (im->on_dir != NULL)
		im->on_dir(im->arg, walking->ar, path, root_len);
}

static int
ask_marks(struct import *im, struct agent_run *ar)
{
	ar->is_asked = true;
	marks_release(&ar->marks);
	return link_ask_marks(&im->link, ar->agent, &ar->marks);
}

/* A daemon that cannot be reached is only tried once. */
static void
ask_early(void *arg)
{
	const struct walking *walking = arg;
	struct import *im = walking->im;

	if (walking->ar->is_asked)
		return;
	if (!im->is_met)
		im->met_rc =
		    link_connect(&im->link, client_now_ms() + IMPORT_MEET_MS);
	im->is_met = true;
	if (im->met_rc == EXIT_OK)
		im->met_rc = ask_marks(im, walking->ar);
}

static void
find_logs(struct import *im, struct agent_run *ar, void (*on_log)(void *))
{
	struct walking walking = { im, ar };
	struct walk w = { .agent = ar->agent,
		.logs = &ar->logs,
		.on_dir = import_on_dir,
		.on_log = on_log,
		.on_error = on_error,
		.arg = &walking };
	size_t i;

	logs_release(&ar->logs);
	for (i = 0; i < ar->roots.n; i++)
		walk_root(&w, ar->roots.paths[i]);
	logs_settle(&ar->logs);
	ar->counts.files = ar->logs.n;
}

void
import_search(struct import *im)
{
	size_t i;

	for (i = 0; i < im->nruns; i++)
		find_logs(im, &im->runs[i], NULL);
}

void
import_search_asking(struct import *im)
{
	size_t i;

	for (i = 0; i < im->nruns; i++)
		find_logs(im, &im->runs[i], im->o->dry_run ? NULL : ask_early);
}

int
import_meet(struct import *im, int64_t deadline_ms)
{
	struct agent_run *ar;
	int rc = im->is_met ? im->met_rc : EXIT_OK;

	if (im->o->dry_run)
		return EXIT_OK;
	for (ar = im->runs; ar < im->runs + im->nruns; ar++) {
		if (ar->logs.n > 0 && !ar->is_asked && rc == EXIT_OK)
			rc = link_connect(&im->link, deadline_ms);
		if (ar->logs.n > 0 && !ar->is_asked && rc == EXIT_OK)
			rc = ask_marks(im, ar);
	}
	if (rc == EXIT_OK)
		rc = link_take_marks(&im->link);
	for (ar = im->runs; ar < im->runs + im->nruns; ar++)
		ar->is_asked = false;
	im->is_met = false;
	return rc;
}

/* What there is to read of it, as far as can be told. */
static uint64_t
bytes_of(const struct agent_run *ar, const struct log *l)
{
	const struct mark *m = marks_find(&ar->marks, l->key);
	uint64_t size = (uint64_t)l->size;

	if (m == NULL || l->kind != IMPORT_LINES || m->offset > size)
		return size;
	return size - m->offset;
}

static void
plan(struct import *im)
{
	struct progress *p = &im->progress;
	struct agent_run *ar;
	const struct log *l;
	uint64_t files;

	for (ar = im->runs; ar < im->runs + im->nruns; ar++) {
		files = p->all_files;
		for (l = ar->logs.list; l < ar->logs.list + ar->logs.n; l++) {
			if (!take_is_new(ar, l))
				continue;
			p->all_files++;
			p->all_bytes += bytes_of(ar, l);
		}
		if (p->all_files > files)
			logs_sort(&ar->logs);
	}
}

bool
import_has_news(const struct import *im)
{
	const struct agent_run *ar;
	size_t i;

	for (ar = im->runs; ar < im->runs + im->nruns; ar++)
		for (i = 0; i < ar->logs.n; i++)
			if (take_is_new(ar, &ar->logs.list[i]))
				return true;
	return false;
}

static int
take_all(struct import *im, struct agent_run *ar)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < ar->logs.n && rc == 0; i++) {
		if (!take_is_new(ar, &ar->logs.list[i]))
			continue;
		rc = take_log(im, ar, &ar->logs.list[i]);
		im->progress.files++;
		progress_tick(&im->progress);
	}
	return rc;
}

int
import_all(struct import *im)
{
	struct agent_run *ar;
	int rc = 0;

	progress_start(
	    &im->progress, !im->o->quiet && !im->o->json && !im->link.is_quiet);
	plan(im);
	for (ar = im->runs; ar < im->runs + im->nruns && rc == 0; ar++)
		rc = take_all(im, ar);
	if (rc >= 0 && !im->o->dry_run && batch_push(&im->batch) == 0)
		link_finish(&im->link);
	progress_clear(&im->progress);
	return im->link.rc;
}

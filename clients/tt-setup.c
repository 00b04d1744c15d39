/*
 * tt-setup: hooks the agents of this machine up to the ledger, says which are,
 * and takes all of it back. What is to be changed where is a table
 * (setup/target.c); how a file is changed is setup/part.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/common/client.h"
#include "clients/common/options.h"
#include "clients/common/output.h"
#include "clients/common/text_lang.h"
#include "clients/setup/program.h"
#include "clients/setup/result.h"
#include "clients/setup/service.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

struct setup_options {
	bool no_service, no_import, json;
};

#define HEAD(title) OPTION_ROW_HEAD(title)
#define FLAG(n, field, h) OPTION_ROW_FLAG(struct setup_options, n, field, h)

static const struct option_spec specs[] = {
	HEAD("With install"),
	FLAG("no-service", no_service, "leave the systemd units alone"),
	FLAG("no-import", no_import, "do not run tt-import at the end"),
	HEAD("Output"),
	FLAG("json", json, "JSON"),
};

static const struct option_program program = {
	.name = SETUP_NAME,
	.synopsis = N_("check|install|uninstall [AGENT…] [OPTION…]"),
	.summary = N_("Hooks the agents that it finds up to the ledger, and "
		      "takes that back. Agents: claude-code, codex, opencode, "
		      "gemini, openclaw; by name only: bash, zsh, fish."),
	.specs = specs,
	.nspecs = LENGTH(specs),
};

struct run {
	struct setup_options o;
	enum result_verb verb;
	struct places places;
	struct config config;
	struct manifest manifest;
	char bindir[PATH_MAX];
	struct setting setting;
	struct result *results;
	size_t n;
	bool usual_places;
	bool has_service; /* it can be had; else why not */
	char no_service[256];
	int import; /* exit code, -1: it did not run */
};

static const char *const verbs[] = { "check", "install", "uninstall" };

/* For the ledger as a whole. */
static bool
is_standing(const struct target *t)
{
	return t->kind == TARGET_SERVICE || t->kind == TARGET_SETTING;
}

static struct result *
add_result(struct run *run, const struct target *t)
{
	struct result *r;
	size_t i;

	for (i = 0; i < run->n; i++)
		if (run->results[i].target == t)
			return NULL;
	r = &run->results[run->n++];
	r->target = t;
	if (t->kind == TARGET_SERVICE)
		r->here = run->has_service;
	else if (t->kind == TARGET_SETTING)
		r->here = run->usual_places;
	else
		r->here = target_is_here(t);
	if (!r->here && is_standing(t))
		snprintf(r->why, sizeof(r->why), "%s", run->no_service);
	return r;
}

/* Part of every installation, unless it is not wanted or not needed. */
static bool
is_standing_meant(const struct run *run, const struct target *t)
{
	if (t->kind == TARGET_SETTING && run->verb == RESULT_UNINSTALL)
		return run->usual_places;
	if (t->kind == TARGET_SETTING &&
	    (!run->usual_places || run->has_service))
		return false;
	return run->verb != RESULT_INSTALL || !run->o.no_service;
}

/* Without names: those that are here, or for check and uninstall all. */
static bool
is_meant(const struct run *run, const struct target *t)
{
	if (is_standing(t))
		return is_standing_meant(run, t);
	if (run->verb != RESULT_INSTALL)
		return true;
	return t->kind == TARGET_AGENT && target_is_here(t);
}

static int
choose(struct run *run, char **names, int n)
{
	const struct target *t;
	size_t i;
	int k;

	run->usual_places =
	    service_is_for_us(run->no_service, sizeof(run->no_service));
	run->has_service =
	    service_is_possible(run->no_service, sizeof(run->no_service));
	for (k = 0; k < n; k++) {
		t = target_find(names[k]);
		if (t == NULL) {
			complain(SETUP_NAME,
			    _("what is \"%.60s\"? (see tt-setup --help)"),
			    names[k]);
			return EXIT_USAGE;
		}
		add_result(run, t);
	}
	for (i = 0; i < targets_n; i++) {
		t = &targets[i];
		if (n == 0 ? is_meant(run, t)
			   : run->verb == RESULT_INSTALL && is_standing(t) &&
				 is_standing_meant(run, t))
			add_result(run, t);
	}
	return EXIT_OK;
}

static void
do_parts(struct run *run, struct result *r)
{
	static void (*const act[])(const struct setting *, const char *,
	    const struct part *, struct part_result *) = { part_check,
		part_install, part_uninstall };

	size_t i, part;

	r->n = r->target->n;
	for (i = 0; i < r->n; i++) {
		/* Backwards, so that a directory is empty when its turn comes.
		 */
		part = run->verb == RESULT_UNINSTALL ? r->n - 1 - i : i;
		act[run->verb](&run->setting, r->dir, &r->target->parts[part],
		    &r->parts[part]);
	}
}

/* The units, and what systemd makes of them. -1: it made nothing of them. */
static int
do_service(struct run *run, struct result *r)
{
	char why[200];

	if (run->verb == RESULT_INSTALL && !r->here)
		return 0;
	if (run->verb == RESULT_UNINSTALL && r->here)
		service_stop();
	do_parts(run, r);
	if (run->verb == RESULT_UNINSTALL && r->here)
		service_forget();
	if (run->verb != RESULT_INSTALL || result_is_refused(r))
		return 0;
	if (service_start(
		&run->places, result_has_changed(r), why, sizeof(why)) == 0)
		return 0;
	snprintf(r->why, sizeof(r->why), "%s", why);
	return -1;
}

static int
do_target(struct run *run, struct result *r)
{
	int rc = EXIT_OK;

	if (target_dir(r->target, r->dir) != 0) {
		snprintf(r->why, sizeof(r->why), "%s", _("HOME is not set"));
		rc = EXIT_SYSTEM;
	} else if (r->target->kind == TARGET_SERVICE) {
		rc = do_service(run, r) == 0 ? EXIT_OK : EXIT_SYSTEM;
	} else if (r->target->kind != TARGET_SETTING || r->here) {
		do_parts(run, r);
	}
	if (result_is_refused(r))
		rc = EXIT_SYSTEM;
	result_complain(r, run->verb);
	if (!run->o.json)
		result_tell(r, run->verb);
	return rc;
}

static int
first_import(struct run *run)
{
	char path[PATH_MAX + 16];

	if (run->verb != RESULT_INSTALL || run->o.no_import ||
	    !program_is_in(run->bindir, "tt-import"))
		return EXIT_OK;
	snprintf(path, sizeof(path), "%s/tt-import", run->bindir);
	fflush(stdout);
	run->import = program_run((const char *const[]){ path, NULL }, false);
	if (run->import == 0)
		return EXIT_OK;
	complain(SETUP_NAME, _("the first import ended with %d"), run->import);
	return EXIT_SYSTEM;
}

/* Is an agent here that has no hooks, or old ones? */
static int
judge(const struct run *run)
{
	const struct result *r;

	for (r = run->results; r < run->results + run->n; r++)
		if (r->target->kind == TARGET_AGENT && r->here &&
		    !result_is_hooked(r))
			return EXIT_NO;
	return EXIT_OK;
}

static int
act(struct run *run)
{
	int rc = EXIT_OK, one;
	size_t i;

	for (i = 0; i < run->n; i++) {
		one = do_target(run, &run->results[i]);
		rc = one != EXIT_OK ? one : rc;
	}
	one = first_import(run);
	rc = one != EXIT_OK ? one : rc;
	if (run->o.json)
		result_json(run->results, run->n, run->verb, run->import);
	return rc == EXIT_OK && run->verb == RESULT_CHECK ? judge(run) : rc;
}

static int
prepare(struct run *run, char *why, size_t cap)
{
	if (places_find(&run->places, why, cap) != 0 ||
	    client_config(&run->places, &run->config, why, cap) != 0)
		return -1;
	lang_configure(run->config.lang);
	if (program_own_dir(run->bindir, why, cap) != 0)
		return -1;
	run->setting = (struct setting){ .bindir = run->bindir,
		.manifest = &run->manifest };
	run->results = calloc(targets_n, sizeof(*run->results));
	if (run->results == NULL) {
		snprintf(why, cap, "%s", _("out of memory"));
		return -1;
	}
	return manifest_open(
	    &run->manifest, &run->places, run->verb != RESULT_CHECK, why, cap);
}

static int
run_verb(struct run *run, char **names, int n)
{
	char why[PATH_MAX + 256];
	int rc = EXIT_SYSTEM;

	if (prepare(run, why, sizeof(why)) != 0)
		complain(SETUP_NAME, "%s", why);
	else
		rc = choose(run, names, n);
	if (rc == EXIT_OK)
		rc = act(run);
	manifest_close(&run->manifest);
	free(run->results);
	return rc;
}

static int
find_verb(const char *name)
{
	size_t i;

	for (i = 0; name != NULL && i < LENGTH(verbs); i++)
		if (strcmp(name, verbs[i]) == 0)
			return (int)i;
	complain(SETUP_NAME, _("what to do? check, install or uninstall"));
	return -1;
}

int
main(int argc, char **argv)
{
	struct run run = { .import = -1, .manifest = { .lock_fd = -1 } };
	bool done;
	int nargs, rc, verb;

	if (options_parse(&program, &run.o, argc, argv, &nargs, &done) != 0)
		return EXIT_USAGE;
	rc = EXIT_OK;
	if (!done) {
		verb = find_verb(nargs > 0 ? argv[1] : NULL);
		if (verb < 0)
			return EXIT_USAGE;
		run.verb = (enum result_verb)verb;
		rc = run_verb(&run, argv + 2, nargs - 1);
	}
	if (output_finish(SETUP_NAME) != 0 && rc == EXIT_OK)
		rc = EXIT_SYSTEM;
	return rc;
}

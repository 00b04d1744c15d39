/*
 * tt-import: reads what agents have logged and hands it to collectord, which
 * keeps with it how far each log was read.
 */
#include <stdio.h>
#include <string.h>

#include "clients/common/output.h"
#include "clients/import/import.h"
#include "clients/import/verbs.h"
#include "proto/lang.h"

#define AT(field) offsetof(struct import_options, field)
#define FLAG(n, field, h)                                                      \
	{                                                                      \
		.name = n, .kind = OPTION_FLAG, .offset = AT(field), .help = h \
	}

static const struct option_spec specs[] = {
	{ .name = "root",
	    .kind = OPTION_LIST,
	    .offset = AT(roots),
	    .arg = "DIR",
	    .help = N_("where the agent's logs are, instead of the usual "
		       "places; may be given several times") },
	FLAG("follow", follow, "go on with what is written from now on"),
	FLAG("dry-run", dry_run, "read and count all, send nothing"),
	FLAG("json", json, "print what came of it as JSON"),
	FLAG("quiet", quiet, "print nothing but warnings and errors"),
};

static const struct option_program program = {
	.name = NAME,
	.synopsis = N_("[AGENT]... [OPTION]... | json FILE | config FILE | "
		       "--hook AGENT"),
	.summary = N_("Imports what agents have logged: claude, codex, "
		      "opencode, gemini, qwen, copilot, amp, kimi, pi, droid, "
		      "openclaw, goose and zed; by default all that are there. "
		      "May be repeated: only what is new is read."),
	.specs = specs,
	.nspecs = sizeof(specs) / sizeof(specs[0]),
};

static const struct import_verb verbs[] = {
	{ "json", import_json },
	{ "config", import_config },
	{ NULL, NULL },
};

static int
run_once(struct import *im)
{
	int rc;

	import_search_asking(im);
	rc = import_meet(im, client_now_ms() + IMPORT_MEET_MS);
	if (rc != EXIT_OK) {
		if (im->link.rc == EXIT_OK)
			complain(NAME, "%s", im->link.client.why);
		return rc;
	}
	rc = import_all(im);
	if (rc == EXIT_OK)
		tell_summary(im);
	return rc == EXIT_OK && im->link.sum.rejected > 0 ? EXIT_REFUSED : rc;
}

static int
run(const struct import_options *o, char **names, int n)
{
	struct import im;
	int rc;

	if (o->follow && o->dry_run) {
		complain(NAME, "%s", _("either --follow or --dry-run"));
		return EXIT_USAGE;
	}
	rc = import_init(&im, o, names, (size_t)n);
	if (rc == EXIT_OK)
		rc = o->follow ? import_follow(&im) : run_once(&im);
	import_release(&im);
	return rc;
}

static int
finish(int rc)
{
	return output_finish(NAME) != 0 && rc == EXIT_OK ? EXIT_SYSTEM : rc;
}

/* What an agent calls has what the agent adds, and no options. */
static bool
is_hook(int argc, char **argv)
{
	return argc > 2 && strcmp(argv[1], "--hook") == 0;
}

int
main(int argc, char **argv)
{
	struct import_options o = { .quiet = false };
	const struct import_verb *v;
	bool done;
	int n;

	if (is_hook(argc, argv))
		return import_hook(argv[2], argc - 3, argv + 3);
	for (v = verbs; argc > 1 && v->name != NULL; v++)
		if (strcmp(argv[1], v->name) == 0)
			return finish(v->run(argc - 1, argv + 1));
	if (options_parse(&program, &o, argc, argv, &n, &done) != 0)
		return EXIT_USAGE;
	if (done)
		return finish(EXIT_OK);
	return finish(run(&o, argv + 1, n));
}

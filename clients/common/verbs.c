#include "clients/common/verbs.h"

#include <string.h>

#include "clients/common/client.h"
#include "clients/common/output.h"
#include "proto/lang.h"

static int
finish(const struct verb_program *p, int rc)
{
	if (output_finish(p->program->name) != 0 && rc == EXIT_OK)
		rc = EXIT_SYSTEM;
	return rc;
}

static int
run_verb(
    const struct verb_program *p, const struct verb *v, int argc, char **argv)
{
	bool done;
	int nargs;

	if (options_parse(&v->program, p->options, argc, argv, &nargs, &done) !=
	    0)
		return EXIT_USAGE;
	return finish(
	    p, done ? EXIT_OK : p->run(v, p->options, nargs, argv + 1));
}

/* Nothing but --help, --version and --lang stands before a verb. */
static int
run_without_verb(const struct verb_program *p, int argc, char **argv)
{
	bool done;
	int nargs;

	if (options_parse(p->program, p->options, argc, argv, &nargs, &done) !=
	    0)
		return EXIT_USAGE;
	if (done)
		return finish(p, EXIT_OK);
	if (nargs == 0)
		complain(p->program->name, _("what to do? %s"), _(p->words));
	else
		complain(p->program->name, _("what is \"%.60s\"? (%s)"),
		    argv[1], _(p->words));
	return EXIT_USAGE;
}

int
verbs_run(const struct verb_program *p, int argc, char **argv)
{
	options_put_verb_first(argc, argv);
	for (size_t i = 0; argc > 1 && i < p->n; i++)
		if (strcmp(argv[1], p->verbs[i]->name) == 0)
			return run_verb(p, p->verbs[i], argc - 1, argv + 1);
	return run_without_verb(p, argc, argv);
}

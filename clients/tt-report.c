/* Asks the ledger and shows the answer; each view is a file of report/. */
#include <stdio.h>
#include <string.h>

#include "clients/common/output.h"
#include "clients/report/setup.h"

static const struct report_verb *const verbs[] = {
	&verb_sum,
	&verb_summary,
	&verb_status,
};
#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

/* A view's name comes first; without one it is a sum. */
static const struct report_verb *
find_verb(const char *name)
{
	size_t i;

	for (i = 1; i < VERBS && name != NULL; i++)
		if (strcmp(name, verbs[i]->name) == 0)
			return verbs[i];
	return verbs[0];
}

static int
run_verb(const struct report_verb *v, const struct report_options *opts,
    int nargs, char **args)
{
	struct setup s;
	int rc = setup_init(&s, v->program.name, opts);

	if (rc == EXIT_OK)
		rc = v->run(&s, nargs, args);
	setup_free(&s);
	if (output_finish("tt-report") != 0 && rc == EXIT_OK)
		rc = EXIT_SYSTEM;
	return rc;
}

int
main(int argc, char **argv)
{
	struct report_options opts = { 0 };
	const struct report_verb *v = find_verb(argc > 1 ? argv[1] : NULL);
	bool done;
	int nargs;

	if (v->name != NULL) {
		argc--;
		argv++;
	}
	if (options_parse(&v->program, &opts, argc, argv, &nargs, &done) != 0)
		return EXIT_USAGE;
	if (done)
		return output_finish("tt-report") == 0 ? EXIT_OK : EXIT_SYSTEM;
	return run_verb(v, &opts, nargs, argv + 1);
}

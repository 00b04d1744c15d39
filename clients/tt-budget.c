/* Budgets: how much may be spent, what of it is, and the gate that asks. */
#include <stdio.h>
#include <string.h>

#include "clients/budget/budget.h"
#include "clients/common/output.h"

static const struct budget_verb *const verbs[] = { &budget_set, &budget_status,
	&budget_list, &budget_rm, &budget_check };

static const struct option_program program = {
	.name = BUDGET_NAME,
	.synopsis = N_("set|status|list|rm|check [OPTION…]"),
	.summary = N_("Sets budgets, shows how they stand, and tells scripts "
		      "and hooks whether one is used up. Each verb has a "
		      "--help of its own."),
};

static int
finish(int rc)
{
	if (output_finish(BUDGET_NAME) != 0 && rc == EXIT_OK)
		rc = EXIT_SYSTEM;
	return rc;
}

static int
set_up(struct setup *s, const struct budget_verb *v,
    const struct budget_options *o)
{
	if (!v->is_quick)
		return setup_init(s, BUDGET_NAME, &o->common);
	memset(s, 0, sizeof(*s));
	s->program = BUDGET_NAME;
	s->opts = &o->common;
	client_init(&s->client);
	return EXIT_OK;
}

static int
run_verb(const struct budget_verb *v, int argc, char **argv)
{
	struct budget_options o = { .period = NULL };
	struct setup s;
	bool done;
	int nargs, rc;

	if (options_parse(&v->program, &o, argc, argv, &nargs, &done) != 0)
		return EXIT_USAGE;
	if (done)
		return finish(EXIT_OK);
	rc = set_up(&s, v, &o);
	if (rc == EXIT_OK)
		rc = v->run(&s, &o, nargs, argv + 1);
	setup_free(&s);
	return finish(rc);
}

/* Nothing but --help, --version and --lang stands before a verb. */
static int
run_without_verb(int argc, char **argv)
{
	struct budget_options o = { .period = NULL };
	bool done;
	int nargs;

	if (options_parse(&program, &o, argc, argv, &nargs, &done) != 0)
		return EXIT_USAGE;
	if (done)
		return finish(EXIT_OK);
	if (nargs == 0)
		return budget_misused(
		    "%s", _("what to do? set, status, list, rm or check"));
	return budget_misused(
	    _("what is \"%.60s\"? (set, status, list, rm or check)"), argv[1]);
}

static int
run(int argc, char **argv)
{
	size_t i;

	for (i = 0; argc > 1 && i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(argv[1], verbs[i]->name) == 0)
			return run_verb(verbs[i], argc - 1, argv + 1);
	return run_without_verb(argc, argv);
}

/* An agent takes some codes for "stop", 2 among them: a mistake is none. */
static bool
is_hook(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strncmp(argv[i], "--hook", 6) == 0)
			return true;
	return false;
}

int
main(int argc, char **argv)
{
	bool hooked = is_hook(argc, argv);
	int rc;

	options_put_verb_first(argc, argv);
	rc = run(argc, argv);
	return hooked ? EXIT_OK : rc;
}

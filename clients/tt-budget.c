/* Budgets: how much may be spent, what of it is, and the gate that asks. */
#include <string.h>

#include "clients/budget/budget.h"
#include "clients/common/hook_input.h"

static const struct verb *const verbs[] = { &budget_set.verb,
	&budget_status.verb, &budget_list.verb, &budget_rm.verb,
	&budget_check.verb };

static const struct option_program program = {
	.name = BUDGET_NAME,
	.synopsis = N_("set|status|list|rm|check [OPTION…]"),
	.summary = N_("Sets budgets, shows how they stand, and tells scripts "
		      "and hooks whether one is used up. Each verb has a "
		      "--help of its own."),
};

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
run(const struct verb *v, void *options, int nargs, char **args)
{
	const struct budget_verb *verb = (const struct budget_verb *)v;
	struct budget_options *o = options;
	struct setup s;
	int rc = set_up(&s, verb, o);

	if (rc == EXIT_OK)
		rc = verb->run(&s, o, nargs, args);
	setup_free(&s);
	return rc;
}

int
main(int argc, char **argv)
{
	struct budget_options o = { .common = { 0 } };
	const struct verb_program all = {
		.program = &program,
		.words = N_("set, status, list, rm or check"),
		.verbs = verbs,
		.n = sizeof(verbs) / sizeof(verbs[0]),
		.options = &o,
		.run = run,
	};
	bool hooked = hook_input_is_wanted(argc, argv);
	int rc = verbs_run(&all, argc, argv);

	return hooked ? EXIT_OK : rc;
}

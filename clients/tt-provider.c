/* Accounts of provider services: what they say was used, billed and is left. */
#include "clients/provider/provider.h"

static const struct verb *const verbs[] = { &provider_add.verb,
	&provider_set.verb, &provider_list.verb, &provider_enable.verb,
	&provider_disable.verb, &provider_rm.verb, &provider_sync.verb,
	&provider_balance.verb, &provider_services.verb };

static const struct option_program program = {
	.name = PROVIDER_NAME,
	.synopsis = N_("add|set|list|enable|disable|rm|sync|balance|services "
		       "[OPTION…]"),
	.summary = N_("Keeps accounts of provider services and asks them what "
		      "was used and billed. Each verb has a --help of its "
		      "own."),
};

static int
run(const struct verb *v, void *options, int nargs, char **args)
{
	const struct provider_verb *verb = (const struct provider_verb *)v;
	struct provider_options *o = options;
	struct setup s;
	int rc = setup_init(&s, PROVIDER_NAME, &o->common);

	if (rc == EXIT_OK)
		rc = verb->run(&s, o, nargs, args);
	setup_free(&s);
	return rc;
}

int
main(int argc, char **argv)
{
	struct provider_options o = { .common = { 0 } };
	const struct verb_program all = {
		.program = &program,
		.words = N_("add, set, list, enable, disable, rm, sync, "
			    "balance or services"),
		.verbs = verbs,
		.n = sizeof(verbs) / sizeof(verbs[0]),
		.options = &o,
		.run = run,
	};

	secret_guard();
	return verbs_run(&all, argc, argv);
}

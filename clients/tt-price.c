/* Prices: what they are, what they should be, and what they make of a call. */
#include "clients/price/price.h"

static const struct verb *const verbs[] = { &price_list.verb, &price_set.verb,
	&price_unset.verb, &price_update.verb, &price_explain.verb,
	&price_recost.verb };

static const struct option_program program = {
	.name = PRICE_NAME,
	.synopsis = N_("list|set|unset|update|explain|recost [OPTION…]"),
	.summary = N_("Shows and sets what models cost. Each verb has a "
		      "--help of its own."),
};

static int
run(const struct verb *v, void *options, int nargs, char **args)
{
	const struct price_verb *verb = (const struct price_verb *)v;
	struct price_options *o = options;
	struct setup s;
	int rc = setup_init(&s, PRICE_NAME, &o->common);

	if (rc == EXIT_OK)
		rc = verb->run(&s, o, nargs, args);
	setup_free(&s);
	return rc;
}

int
main(int argc, char **argv)
{
	struct price_options o = { .common = { 0 } };
	const struct verb_program all = {
		.program = &program,
		.words = N_("list, set, unset, update, explain or recost"),
		.verbs = verbs,
		.n = sizeof(verbs) / sizeof(verbs[0]),
		.options = &o,
		.run = run,
	};

	return verbs_run(&all, argc, argv);
}

/* Prices: what they are, what they should be, and what they make of a call. */
#include <stdio.h>
#include <string.h>

#include "clients/common/output.h"
#include "clients/common/text_lang.h"
#include "clients/price/price.h"

static const struct price_verb *const verbs[] = { &price_list, &price_set,
	&price_unset, &price_update, &price_explain, &price_recost };

static const struct option_program program = {
	.name = PRICE_NAME,
	.synopsis = N_("list|set|unset|update|explain|recost [OPTION…]"),
	.summary = N_("Shows and sets what models cost. Each verb has a "
		      "--help of its own."),
};

static int
finish(int rc)
{
	if (output_finish(PRICE_NAME) != 0 && rc == EXIT_OK)
		rc = EXIT_SYSTEM;
	return rc;
}

static int
run_verb(const struct price_verb *v, int argc, char **argv)
{
	struct price_options o = { .model = NULL };
	struct setup s;
	bool done;
	int nargs, rc;

	if (options_parse(&v->program, &o, argc, argv, &nargs, &done) != 0)
		return EXIT_USAGE;
	if (done)
		return finish(EXIT_OK);
	rc = setup_init(&s, PRICE_NAME, &o.common);
	if (rc == EXIT_OK)
		rc = v->run(&s, &o, nargs, argv + 1);
	setup_free(&s);
	return finish(rc);
}

/* Nothing but --help, --version and --lang stands before a verb. */
static int
run_without_verb(int argc, char **argv)
{
	struct price_options o = { .model = NULL };
	bool done;
	int nargs;

	if (options_parse(&program, &o, argc, argv, &nargs, &done) != 0)
		return EXIT_USAGE;
	if (done)
		return finish(EXIT_OK);
	if (nargs == 0)
		return price_misused(
		    "%s", _("what to do? list, set, unset, update, explain or "
			    "recost"));
	return price_misused(
	    _("what is \"%.60s\"? (list, set, unset, update, explain or "
	      "recost)"),
	    argv[1]);
}

int
main(int argc, char **argv)
{
	size_t i;

	options_put_verb_first(argc, argv);
	for (i = 0; argc > 1 && i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(argv[1], verbs[i]->name) == 0)
			return run_verb(verbs[i], argc - 1, argv + 1);
	return run_without_verb(argc, argv);
}

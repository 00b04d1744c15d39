/* Accounts of provider services: what they say was used, billed and is left. */
#include <stdio.h>
#include <string.h>

#include "clients/common/output.h"
#include "clients/common/text_lang.h"
#include "clients/provider/provider.h"

#define VERBS                                                                  \
	N_("add, set, list, enable, disable, rm, sync, balance or services")

static const struct provider_verb *const verbs[] = { &provider_add,
	&provider_set, &provider_list, &provider_enable, &provider_disable,
	&provider_rm, &provider_sync, &provider_balance, &provider_services };

static const struct option_program program = {
	.name = PROVIDER_NAME,
	.synopsis = N_("add|set|list|enable|disable|rm|sync|balance|services "
		       "[OPTION…]"),
	.summary = N_("Keeps accounts of provider services and asks them what "
		      "was used and billed. Each verb has a --help of its "
		      "own."),
};

static int
finish(int rc)
{
	if (output_finish(PROVIDER_NAME) != 0 && rc == EXIT_OK)
		rc = EXIT_SYSTEM;
	return rc;
}

static int
run_verb(const struct provider_verb *v, int argc, char **argv)
{
	struct provider_options o = { .account = NULL };
	struct setup s;
	bool done;
	int nargs, rc;

	if (options_parse(&v->program, &o, argc, argv, &nargs, &done) != 0)
		return EXIT_USAGE;
	if (done)
		return finish(EXIT_OK);
	rc = setup_init(&s, PROVIDER_NAME, &o.common);
	if (rc == EXIT_OK)
		rc = v->run(&s, &o, nargs, argv + 1);
	setup_free(&s);
	return finish(rc);
}

/* Nothing but --help, --version and --lang stands before a verb. */
static int
run_without_verb(int argc, char **argv)
{
	struct provider_options o = { .account = NULL };
	bool done;
	int nargs;

	if (options_parse(&program, &o, argc, argv, &nargs, &done) != 0)
		return EXIT_USAGE;
	if (done)
		return finish(EXIT_OK);
	if (nargs == 0)
		return provider_misused(_("what to do? %s"), _(VERBS));
	return provider_misused(
	    _("what is \"%.60s\"? (%s)"), argv[1], _(VERBS));
}

int
main(int argc, char **argv)
{
	size_t i;

	secret_guard();
	options_put_verb_first(argc, argv);
	for (i = 0; argc > 1 && i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(argv[1], verbs[i]->name) == 0)
			return run_verb(verbs[i], argc - 1, argv + 1);
	return run_without_verb(argc, argv);
}

/* What people and sessions that start are to be told, once. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "clients/common/hook_input.h"
#include "clients/common/output.h"
#include "clients/notices/notices.h"

#define AT(member) offsetof(struct notices_options, member)
#define CLAIM(n, h)                                                            \
	{                                                                      \
		.name = n, .kind = OPTION_FLAG, .offset = AT(claim), .help = h \
	}
#define DELIVERED(n, h)                                                        \
	{                                                                      \
		.name = n, .kind = OPTION_FLAG, .offset = AT(delivered),       \
		.help = h                                                      \
	}

static const struct option_spec specs[] = {
	REPORT_HEAD(N_("What")),
	CLAIM("claim", N_("tell them for good: what is printed is not told "
			  "again")),
	CLAIM("update-state", N_("the same as --claim")),
	DELIVERED("delivered", N_("the last ones that were told")),
	DELIVERED("all", N_("the same as --delivered")),
	{
	    .name = "hook",
	    .kind = OPTION_TEXT,
	    .offset = AT(hook),
	    .arg = "AGENT",
	    .help = N_("be the hook of claude-code or openclaw that runs as a "
		       "session starts: read its JSON on stdin, claim, answer "
		       "in its terms, exit with 0 whatever happens"),
	},
	REPORT_HEAD(N_("Output")),
	REPORT_OPTION("json", OPTION_FLAG, json, NULL, N_("JSON")),
	REPORT_OPTION(
	    "tz", OPTION_TEXT, tz, "ZONE", N_("time zone, as Europe/Berlin")),
	REPORT_NUMBER("deadline", deadline_ms, deadline_seen, "MS", 3600000,
	    N_("give up after so long (default: 10000, of a hook 1000)")),
};

static const struct option_program program = {
	.name = NOTICES_NAME,
	.synopsis = N_("[OPTION…]"),
	.summary = N_("Lists what is to be told and was not yet: budgets near "
		      "their limit or over it, reports of the day and the "
		      "week, sources gone silent, models without a price."),
	.specs = specs,
	.nspecs = sizeof(specs) / sizeof(specs[0]),
};

static void
put(void *arg, const struct notices *list)
{
	const struct notices_options *o = arg;

	if (o->common.json)
		notices_put_json(list);
	else
		notices_put_text(list);
}

static int
check(const struct notices_options *o, int nargs, char **args)
{
	if (nargs > 0) {
		complain(NOTICES_NAME,
		    _("there are no operands: what is \"%.60s\"?"), args[0]);
		return EXIT_USAGE;
	}
	if (o->claim && o->delivered) {
		complain(NOTICES_NAME, "%s",
		    _("--claim is for those that are pending, not for those "
		      "delivered"));
		return EXIT_USAGE;
	}
	return o->hook != NULL ? notices_check_hook(o->hook) : EXIT_OK;
}

static int
run(int argc, char **argv)
{
	struct notices_options o = { .hook = NULL };
	struct setup s;
	bool done;
	int nargs, rc;

	if (options_parse(&program, &o, argc, argv, &nargs, &done) != 0)
		return EXIT_USAGE;
	if (done)
		return output_finish(NOTICES_NAME) == 0 ? EXIT_OK : EXIT_SYSTEM;
	rc = check(&o, nargs, argv + 1);
	if (rc != EXIT_OK)
		return rc;
	rc = setup_init(&s, NOTICES_NAME, &o.common);
	if (rc == EXIT_OK && o.hook != NULL)
		notices_run_hook(&s, &o);
	else if (rc == EXIT_OK)
		rc = notices_run(&s, &o, put, &o);
	setup_free(&s);
	return rc;
}

int
main(int argc, char **argv)
{
	bool hooked = hook_input_is_wanted(argc, argv);
	int rc;

	/* Output that nobody took is not told; that is an error, no end. */
	signal(SIGPIPE, SIG_IGN);
	rc = run(argc, argv);
	return hooked ? EXIT_OK : rc;
}

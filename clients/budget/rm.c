#include <stdio.h>

#include "clients/budget/budget.h"
#include "clients/common/output.h"

#define MSGID 1

static const struct option_spec specs[] = {
	BUDGET_HEAD(N_("Output")),
	BUDGET_FLAG("json", common.json, N_("JSON")),
	REPORT_COMMON,
};

static int
send_name(struct setup *s, const char *name)
{
	struct packer k = { 0 };
	enum client_result r;
	int rc = setup_connect(s);

	if (rc != EXIT_OK)
		return rc;
	pack_request(&k, MSGID, "budget_rm");
	pack_map(&k, 1);
	pack_str(&k, "name");
	pack_str(&k, name);
	r = fetch_call(&s->client, &k, MSGID, s->deadline_ms);
	return r == CLIENT_OK ? EXIT_OK : setup_failed(s, r);
}

static int
run(struct setup *s, const struct budget_options *o, int nargs, char **args)
{
	int rc;

	(void)o;
	if (nargs != 1)
		return budget_misused(
		    "%s", _("the name of one budget is needed"));
	rc = send_name(s, args[0]);
	if (rc != EXIT_OK)
		return rc;
	if (!s->opts->json) {
		printf(_("The budget %s is gone.\n"), args[0]);
		return EXIT_OK;
	}
	fputs("{\"schema_version\":1,\"removed\":", stdout);
	json_put_str(stdout, args[0]);
	fputs("}\n", stdout);
	return EXIT_OK;
}

const struct budget_verb budget_rm = {
	.verb.name = "rm",
	.verb.program = {
		.name = "tt-budget rm",
		.synopsis = N_("NAME [OPTION…]"),
		.summary = N_("Takes a budget away."),
		.specs = specs,
		.nspecs = sizeof(specs) / sizeof(specs[0]),
	},
	.run = run,
};

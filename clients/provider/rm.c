#include <stdio.h>

#include "clients/provider/provider.h"

#define MSGID 1
#define PATIENCE_MS 60000

static const struct option_spec specs[] = {
	PROVIDER_HEAD(N_("What to remove")),
	PROVIDER_FLAG("keep-data", keep_data,
	    N_("keep what it said was used and billed")),
	PROVIDER_OUTPUT,
};

static int
run(struct setup *s, const struct provider_options *o, int nargs, char **args)
{
	struct packer k = { 0 };
	struct value result;
	const char *name;
	int rc = provider_need_name(nargs, args, &name);

	if (rc == EXIT_OK)
		rc = setup_connect(s);
	if (rc != EXIT_OK)
		return rc;
	setup_allow(s, PATIENCE_MS);
	pack_request(&k, MSGID, "provider_rm");
	pack_map(&k, 1u + o->keep_data);
	pack_str(&k, "name");
	pack_str(&k, name);
	if (o->keep_data) {
		pack_str(&k, "keep_data");
		pack_bool(&k, true);
	}
	rc = provider_call(s, &k, name, &result);
	if (rc == EXIT_OK)
		provider_tell(s, &result,
		    o->keep_data
			? _("removed with its key; what it said stays, and "
			    "is dropped by the same without --keep-data")
			: _("removed with its key and what it said"));
	return rc;
}

const struct provider_verb provider_rm = {
	.verb.name = "rm",
	.verb.program = {
		.name = "tt-provider rm",
		.synopsis = N_("NAME [OPTION…]"),
		.summary = N_("Removes an account, its key, and what it said "
			      "was used and billed."),
		.specs = specs,
		.nspecs = sizeof(specs) / sizeof(specs[0]),
	},
	.run = run,
};

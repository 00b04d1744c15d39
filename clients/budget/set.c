#include <stdio.h>
#include <string.h>

#include "clients/budget/budget.h"
#include "clients/common/output.h"

#define MSGID 1

static const struct option_spec specs[] = {
	BUDGET_HEAD(N_("What")),
	BUDGET_WORD("period", period, "PERIOD",
	    N_("day (the default), week, month, session or block: 5 hours "
	       "from the first use")),
	BUDGET_FLAG("tokens", tokens, N_("the amount is tokens, not USD")),
	BUDGET_WORD("name", name, "NAME",
	    N_("what it is called (default: made of the period and the "
	       "filters)")),
	{
	    .name = "warn",
	    .kind = OPTION_U64,
	    .offset = BUDGET_AT(warn_percent),
	    .arg = "PERCENT",
	    .help = N_("warn at so much of the amount (default: 80; 100: only "
		       "at the limit)"),
	    .max = 100,
	    .seen_offset = BUDGET_AT(warn_seen),
	},
	BUDGET_FLAG("metered", metered, N_("leave out what a plan covers")),
	BUDGET_FLAG(
	    "remind", remind, N_("tell once a day for as long as it is over")),
	BUDGET_HEAD(N_("Only these calls (a part of the name, or a glob)")),
	BUDGET_WORD(
	    "model", filter[BUDGET_MODEL], "PATTERN", N_("only this model")),
	BUDGET_WORD("provider", filter[BUDGET_PROVIDER], "PATTERN",
	    N_("only this provider")),
	BUDGET_WORD(
	    "agent", filter[BUDGET_AGENT], "PATTERN", N_("only this agent")),
	BUDGET_WORD("project", filter[BUDGET_PROJECT], "PATTERN",
	    N_("only this project")),
	BUDGET_WORD("account", filter[BUDGET_ACCOUNT], "PATTERN",
	    N_("only this account")),
	BUDGET_WORD("machine", filter[BUDGET_MACHINE], "PATTERN",
	    N_("only this machine")),
	BUDGET_HEAD(N_("Output")),
	BUDGET_FLAG("json", common.json, N_("JSON")),
	REPORT_COMMON,
};

static int
take_period(const struct budget_options *o, struct budget *b)
{
	for (int i = 0; o->period != NULL && i < BUDGET_PERIODS; i++)
		if (strcmp(o->period, budget_period_names[i]) == 0) {
			b->period = (enum budget_period)i;
			return EXIT_OK;
		}
	return o->period == NULL
		   ? EXIT_OK
		   : budget_misused(_("--period: %.40s is not day, week, "
				      "month, session or block"),
			 o->period);
}

static int
take_amount(const char *arg, struct budget *b)
{
	if (budget_parse_amount(arg, b->is_tokens, &b->limit) != 0)
		return budget_misused(
		    b->is_tokens ? _("\"%.40s\" is not a number of tokens, as "
				     "500000, 500K or 2M")
				 : _("\"%.40s\" is not an amount of USD, as "
				     "15 or 2.50"),
		    arg);
	if (b->limit > 0)
		return EXIT_OK;
	return budget_misused(
	    _("a budget is more than nothing: \"%.40s\" is not above 0"), arg);
}

static int
take_filters(const struct budget_options *o, struct budget *b)
{
	for (int i = 0; i < BUDGET_FILTERS; i++) {
		b->filter[i] = text_of(o->filter[i]);
		if (o->filter[i] != NULL &&
		    (b->filter[i].len == 0 || b->filter[i].len > LIMIT_TEXT ||
			!text_is_clean(b->filter[i])))
			return budget_misused(
			    _("--%s: \"%.60s\" is not a pattern"),
			    budget_filter_names[i], o->filter[i]);
	}
	return EXIT_OK;
}

static int
take_name(const struct budget_options *o, struct budget *b,
    char name[BUDGET_NAME_MAX + 1])
{
	struct error err;

	if (o->name == NULL && budget_derive_name(b, name) != 0)
		return budget_misused(
		    "%s", _("no name can be made of these filters: --name is "
			    "needed"));
	b->name = text_of(o->name != NULL ? o->name : name);
	if (budget_validate(b, &err) == 0)
		return EXIT_OK;
	return budget_misused(
	    _("--name: \"%.80s\" is not 1 to 64 letters, digits and . _ : / "
	      "@ -"),
	    b->name.p);
}

static int
take_budget(const struct budget_options *o, int nargs, char **args,
    struct budget *b, char name[BUDGET_NAME_MAX + 1])
{
	int rc;

	if (nargs != 1)
		return budget_misused(
		    "%s", _("one amount is needed, as 15 for 15 USD a day"));
	if (o->warn_seen && o->warn_percent == 0)
		return budget_misused(
		    "%s", _("--warn is a percentage from 1 to 100"));
	b->warn = o->warn_seen ? (uint8_t)o->warn_percent : BUDGET_WARN_PERCENT;
	b->is_tokens = o->tokens;
	b->is_metered = o->metered;
	b->reminds = o->remind;
	rc = take_period(o, b);
	if (rc == EXIT_OK)
		rc = take_amount(args[0], b);
	if (rc == EXIT_OK)
		rc = take_filters(o, b);
	return rc == EXIT_OK ? take_name(o, b, name) : rc;
}

static int
send_budget(struct setup *s, const struct budget *b)
{
	struct packer k = { 0 };
	enum client_result r;
	int rc = setup_connect(s);

	if (rc != EXIT_OK)
		return rc;
	pack_request(&k, MSGID, "budget_set");
	pack_budget(&k, b);
	r = fetch_call(&s->client, &k, MSGID, s->deadline_ms);
	return r == CLIENT_OK ? EXIT_OK : setup_failed(s, r);
}

static void
show_set(const struct setup *s, const struct budget_state *state)
{
	if (!s->opts->json) {
		fputs(_("Set. "), stdout);
		budget_line(stdout, state);
		putchar('\n');
		return;
	}
	fputs("{\"schema_version\":1,\"set\":{", stdout);
	budget_json(state);
	budget_json_settings(&state->budget);
	budget_json_span(state);
	fputs("}}\n", stdout);
}

static int
run(struct setup *s, const struct budget_options *o, int nargs, char **args)
{
	struct budget_states list = { .n = 0 };
	struct budget b = { .limit = 0 };
	char name[BUDGET_NAME_MAX + 1];
	int rc = take_budget(o, nargs, args, &b, name);

	if (rc == EXIT_OK)
		rc = send_budget(s, &b);
	if (rc == EXIT_OK)
		rc = budget_states_fetch(
		    s, o->name != NULL ? o->name : name, &list);
	if (rc == EXIT_OK && list.n == 1)
		show_set(s, &list.item[0]);
	budget_states_release(&list);
	return rc;
}

const struct budget_verb budget_set = {
	.verb.name = "set",
	.verb.program = {
		.name = "tt-budget set",
		.synopsis = N_("AMOUNT [OPTION…]"),
		.summary = N_("Sets a budget: so many USD, or tokens, a day or "
			      "another period. The same name replaces it; a "
			      "larger amount arms its alerts again."),
		.specs = specs,
		.nspecs = sizeof(specs) / sizeof(specs[0]),
	},
	.run = run,
};

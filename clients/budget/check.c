/*
 * The gate: is any budget used up? One round trip, and nothing read that is not
 * needed for it, since it runs before every call of a tool.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "clients/budget/budget.h"
#include "clients/common/hook_input.h"
#include "clients/common/launch.h"
#include "clients/common/output.h"

#define MSGID 1
#define DEADLINE_MS 5000
/* An agent waits: for its own words at most so long, for all at most this. */
#define HOOK_READ_MS 100
#define HOOK_MS 200

static const struct option_spec specs[] = {
	BUDGET_HEAD(N_("What")),
	BUDGET_FLAG(
	    "warn", warn, N_("a warning that is reached counts as over too")),
	BUDGET_WORD("session", session, "ID",
	    N_("whose session budgets (default: $TT_SESSION, else the session "
	       "heard last)")),
	BUDGET_WORD("hook", hook, "claude-code",
	    N_("be that agent's PreToolUse hook: read its JSON on stdin, "
	       "answer in its terms, exit with 0 whatever happens")),
	BUDGET_HEAD(N_("Output")),
	BUDGET_FLAG("json", common.json, N_("JSON")),
	REPORT_NUMBER("deadline", deadline_ms, deadline_seen, "MS", 3600000,
	    N_("give up after so long (default: 5000, of a hook 200)")),
};

struct check {
	struct setup *s;
	const struct budget_options *o;
	const char *name, *session;
	struct budget_states list;
};

static int
find_places(struct setup *s)
{
	char why[512];

	if (places_find(&s->places, why, sizeof(why)) != 0 ||
	    client_config(&s->places, &s->config, why, sizeof(why)) != 0)
		return budget_misused("%s", why);
	lang_configure(s->config.lang);
	return EXIT_OK;
}

/* Without a greeting, unless the daemon is to be started first. */
static enum client_result
connect_to(struct setup *s, bool may_start)
{
	enum client_result r =
	    client_connect(&s->client, s->places.socket, s->deadline_ms);

	if (r == CLIENT_EABSENT && may_start)
		r = launch_connect(
		    &s->client, &s->places, &s->config, s->deadline_ms);
	return r;
}

static enum client_result
ask(struct check *c, bool may_start)
{
	struct setup *s = c->s;
	struct packer k = { 0 };
	enum client_result r = connect_to(s, may_start);

	if (r != CLIENT_OK)
		return r;
	budget_states_pack(&k, c->name, c->session);
	return fetch_call(&s->client, &k, MSGID, s->deadline_ms);
}

static bool
is_over(const struct check *c, const struct budget_state *s)
{
	return s->level == BUDGET_LIMIT ||
	       (c->o->warn && s->level == BUDGET_WARN);
}

static bool
is_within(const struct check *c)
{
	for (size_t i = 0; i < c->list.n; i++)
		if (is_over(c, &c->list.item[i]))
			return false;
	return true;
}

static void
put_json(const struct check *c)
{
	printf("{\"schema_version\":1,\"within\":%s,\"budgets\":[",
	    is_within(c) ? "true" : "false");
	for (size_t i = 0; i < c->list.n; i++) {
		fputs(i > 0 ? ",{" : "{", stdout);
		budget_json(&c->list.item[i]);
		putchar('}');
	}
	fputs("]}\n", stdout);
}

/* --- As a hook ------------------------------------------------------------ */

/* One sentence for each that is over; to free. */
static char *
make_reason(const struct check *c)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (f == NULL)
		return NULL;
	for (size_t i = 0; i < c->list.n; i++) {
		const struct budget_state *s = &c->list.item[i];

		if (!is_over(c, s))
			continue;
		fputs(s->level == BUDGET_LIMIT
			  ? _("The budget is used up. ")
			  : _("The budget is nearly used up. "),
		    f);
		budget_line(f, s);
		fputs(_(". "), f);
	}
	fputs(_("Stop, and tell the user; `tt-budget status` shows more."), f);
	if (fclose(f) == 0)
		return text;
	free(text);
	return NULL;
}

/* What Claude Code reads to keep a tool, or before it a prompt, from running.
 */
static void
put_decision(const struct check *c, const struct hook_input *in)
{
	char *reason = make_reason(c);

	if (reason == NULL)
		return;
	if (strcmp(in->event, "UserPromptSubmit") == 0)
		fputs("{\"decision\":\"block\",\"reason\":", stdout);
	else
		fputs("{\"hookSpecificOutput\":{\"hookEventName\":"
		      "\"PreToolUse\",\"permissionDecision\":\"deny\","
		      "\"permissionDecisionReason\":",
		    stdout);
	json_put_str(stdout, reason);
	fputs(strcmp(in->event, "UserPromptSubmit") == 0 ? "}\n" : "}}\n",
	    stdout);
	free(reason);
}

/*
 * Whatever is wrong with us is no reason to stop an agent: no answer is "go
 * on". A daemon that is not there is not waited for either.
 */
static int
run_hook(struct check *c)
{
	int64_t start_ms = client_now_ms();
	struct hook_input in;

	c->s->deadline_ms =
	    start_ms + (c->o->common.deadline_seen
			       ? (int64_t)c->o->common.deadline_ms
			       : HOOK_MS);
	hook_input_read(&in, STDIN_FILENO, start_ms + HOOK_READ_MS);
	if (c->session == NULL && in.session[0] != '\0')
		c->session = in.session;
	if (find_places(c->s) == EXIT_OK && ask(c, false) == CLIENT_OK &&
	    budget_states_read(&c->list, c->s->client.reply.result) == 0 &&
	    !is_within(c))
		put_decision(c, &in);
	return EXIT_OK;
}

/* --- For scripts ---------------------------------------------------------- */

static void
put_lines(const struct check *c)
{
	for (size_t i = 0; i < c->list.n; i++) {
		if (!is_over(c, &c->list.item[i]))
			continue;
		budget_line(stdout, &c->list.item[i]);
		putchar('\n');
	}
}

static int
run_check(struct check *c)
{
	struct setup *s = c->s;
	enum client_result r;
	int rc = find_places(s);

	if (rc != EXIT_OK)
		return rc;
	s->deadline_ms =
	    client_now_ms() + (c->o->common.deadline_seen
				      ? (int64_t)c->o->common.deadline_ms
				      : DEADLINE_MS);
	r = ask(c, true);
	if (r != CLIENT_OK)
		return setup_failed(s, r);
	if (budget_states_read(&c->list, s->client.reply.result) != 0) {
		complain(
		    BUDGET_NAME, "%s", _("collectord's budgets make no sense"));
		return EXIT_UNREACHABLE;
	}
	if (s->opts->json)
		put_json(c);
	else
		put_lines(c);
	return is_within(c) ? EXIT_OK : EXIT_NO;
}

static const char *
own_session(const struct budget_options *o)
{
	const char *env = getenv("TT_SESSION");

	if (o->session != NULL)
		return o->session;
	return env != NULL && env[0] != '\0' && o->hook == NULL ? env : NULL;
}

static int
run(struct setup *s, const struct budget_options *o, int nargs, char **args)
{
	struct check c = { .s = s, .o = o, .session = own_session(o) };
	int rc = budget_take_name(nargs, args, &c.name);

	if (rc == EXIT_OK && o->hook != NULL &&
	    strcmp(o->hook, "claude-code") != 0)
		rc = budget_misused(
		    _("--hook: %.40s is not claude-code"), o->hook);
	if (rc == EXIT_OK)
		rc = o->hook != NULL ? run_hook(&c) : run_check(&c);
	budget_states_release(&c.list);
	return rc;
}

const struct budget_verb budget_check = {
	.verb.name = "check",
	.verb.program = {
		.name = "tt-budget check",
		.synopsis = N_("[NAME] [OPTION…]"),
		.summary = N_("The gate: exits with 0 within the budgets and "
			      "with 1 where one is used up, which it names."),
		.specs = specs,
		.nspecs = sizeof(specs) / sizeof(specs[0]),
	},
	.run = run,
	.is_quick = true,
};

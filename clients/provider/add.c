#include <stdio.h>
#include <string.h>

#include "clients/common/output.h"
#include "clients/provider/provider.h"

#define MSGID 1
/* The service is asked before the key is kept. */
#define PATIENCE_MS 120000

static const struct option_spec specs[] = {
	PROVIDER_HEAD(N_("The account")),
	PROVIDER_WORD("account", account, "NAME",
	    N_("what to call it, where a provider has several")),
	PROVIDER_WORD(
	    "region", region, "REGION", N_("the service's, as cn for kimi")),
	PROVIDER_WORD("base-url", base_url, "URL",
	    N_("a gateway: the key is bound to that host")),
	PROVIDER_FLAG("shared", is_shared,
	    N_("others use it too: its bill is not only yours")),
	PROVIDER_WORD("low-balance", low_balance, "N",
	    N_("tell when less than that is left: 10, 10CNY, none")),
	PROVIDER_FLAG("no-verify", no_verify,
	    N_("keep the key without asking the service")),
	PROVIDER_KEY,
	PROVIDER_OUTPUT,
};

struct adding {
	const struct provider_options *o;
	struct text provider, account;
	bool is_there; /* already: only settings change */
	struct provider_low low;
	struct secret key;
};

/* "openai/work" says the account too. */
static int
take_names(struct adding *a, const char *name)
{
	const char *slash = strchr(name, '/');

	a->provider = text_of(name);
	a->account = text_of(a->o->account);
	if (slash == NULL)
		return EXIT_OK;
	if (a->o->account != NULL)
		return provider_misused(_("\"%.60s\" says the account: "
					  "--account is one too many"),
		    name);
	a->provider.len = (uint32_t)(slash - name);
	a->account = text_of(slash + 1);
	if (a->provider.len > 0 && a->account.len > 0)
		return EXIT_OK;
	return provider_misused(
	    _("\"%.60s\" is not the name of an account"), name);
}

/* A variable of a script that is not set must not lead to another host. */
static int
check_empty(const struct provider_options *o)
{
	const struct {
		const char *option, *value;
	} all[] = { { "--account", o->account }, { "--region", o->region },
		{ "--base-url", o->base_url } };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i].value != NULL && all[i].value[0] == '\0')
			return provider_misused(
			    _("%s is empty"), all[i].option);
	return EXIT_OK;
}

static int
check(struct adding *a, const char *name)
{
	const struct provider_options *o = a->o;
	int rc = check_empty(o);

	if (rc == EXIT_OK)
		rc = take_names(a, name);
	if (rc == EXIT_OK && secret_sources(&o->key) > 1)
		rc = provider_misused("%s",
		    _("only one of --key-stdin, --key-file, --key-command and "
		      "--key-env is possible"));
	if (rc == EXIT_OK)
		rc = provider_take_low(o, &a->low);
	return rc;
}

static void
pack_option(struct packer *k, const char *key, struct text t)
{
	if (t.p == NULL)
		return;
	pack_str(k, key);
	pack_text(k, t);
}

static void
pack(const struct adding *a, struct packer *k)
{
	const struct provider_options *o = a->o;

	provider_make_room(k);
	pack_request(k, MSGID, "provider_add");
	pack_map(k, 3u + (a->account.p != NULL) + (o->region != NULL) +
			(o->base_url != NULL) + o->is_shared +
			provider_low_members(&a->low));
	pack_option(k, "provider", a->provider);
	pack_option(k, "account", a->account);
	pack_option(k, "region", text_of(o->region));
	pack_option(k, "base_url", text_of(o->base_url));
	pack_option(
	    k, "key", (struct text){ a->key.bytes, (uint32_t)a->key.len });
	pack_str(k, "verify");
	pack_bool(k, !o->no_verify);
	if (o->is_shared) {
		pack_str(k, "shared");
		pack_bool(k, true);
	}
	provider_pack_low(k, &a->low);
}

static bool
is_name(const struct adding *a, struct text name)
{
	uint32_t at = a->provider.len;

	if (a->account.p == NULL)
		return text_eq(name, a->provider);
	return name.len == at + 1 + a->account.len && name.p[at] == '/' &&
	       memcmp(name.p, a->provider.p, at) == 0 &&
	       memcmp(name.p + at + 1, a->account.p, a->account.len) == 0;
}

/* Whoever means another account of the provider is told before it is late. */
static int
look_for(struct setup *s, struct adding *a, bool is_asked)
{
	struct value list, account;
	int rc = provider_fetch(s, NULL, &list);

	while (rc == EXIT_OK && fetch_next(&list, &account))
		a->is_there |= is_name(a, fetch_text(&account, "name"));
	if (a->is_there && is_asked)
		fprintf(stderr,
		    _("It is there already: with the same key only its "
		      "settings change; %.*s/NAME would be another "
		      "account.\n"),
		    (int)a->provider.len, a->provider.p);
	return rc;
}

static int
tell(const struct setup *s, const struct adding *a, const struct value *result)
{
	static const char *const done[2][PROVIDER_KEY_FATES] = {
		{ N_("added; the service takes its key"),
		    N_("added; its key was not tried"),
		    N_("added; its key could not be tried") },
		{ N_("changed; the service takes its key"),
		    N_("changed; its key was not tried"),
		    N_("changed; its key could not be tried") },
	};

	provider_tell(s, result, _(done[a->is_there][provider_fate(result)]));
	return EXIT_OK;
}

/* What to do instead, which depends on whose bills these would be. */
static void
tell_conflict(const struct adding *a, const char *name)
{
	complain(PROVIDER_NAME,
	    _("%.80s is there already, with another key or host. The same "
	      "organisation: tt-provider set %.80s --new-key, or to move it "
	      "tt-provider rm %.80s --keep-data first. Another one: "
	      "tt-provider add %.*s --account NAME, or tt-provider rm %.80s "
	      "first"),
	    name, name, name, (int)a->provider.len, a->provider.p, name);
}

/* The provider and the region are known to be there. */
static int
fail(struct setup *s, const struct adding *a, const char *name,
    enum client_result r)
{
	const struct error *err = &s->client.reply.error;
	char said[PROVIDER_SAID_MAX];

	if (r != CLIENT_EREFUSED)
		return setup_failed(s, r);
	provider_said(text_of(err->message), said);
	if (err->code == ERR_BAD_PARAMS && a->o->base_url != NULL)
		complain(PROVIDER_NAME, _("--base-url %.200s: %s"),
		    a->o->base_url, said);
	else if (err->code == ERR_INCONSISTENT)
		tell_conflict(a, name);
	else if (err->code == ERR_BUSY && !a->o->no_verify)
		complain(PROVIDER_NAME,
		    _("%s; --no-verify adds it without asking"), said);
	else
		return setup_failed(s, r);
	return EXIT_REFUSED;
}

/*
 * The daemon, whose uid is checked, is there before the key is asked for, and
 * so is the provider.
 */
static int
prepare(struct setup *s, struct adding *a)
{
	bool is_asked = !a->key.is_taken && secret_sources(&a->o->key) == 0;
	int rc = setup_connect(s);

	if (rc == EXIT_OK)
		rc = provider_check_service(
		    s, a->provider, a->o->region, &a->low, is_asked);
	if (rc == EXIT_OK)
		rc = look_for(s, a, is_asked);
	return rc;
}

static int
add(struct setup *s, struct adding *a, const char *name)
{
	struct packer k = { 0 };
	struct value result;
	enum client_result r;
	char why[300];
	int rc;

	if (secret_take_variable(&a->key, &a->o->key, why, sizeof(why)) != 0)
		return provider_misused("%s", why);
	rc = prepare(s, a);
	if (rc != EXIT_OK)
		return rc;
	if (secret_take(&a->key, &a->o->key, name, why, sizeof(why)) != 0)
		return provider_misused("%s", why);
	setup_allow(s, PATIENCE_MS);
	pack(a, &k);
	secret_wipe(&a->key);
	r = provider_ask(s, &k, &result);
	return r == CLIENT_OK ? tell(s, a, &result) : fail(s, a, name, r);
}

static int
run(struct setup *s, const struct provider_options *o, int nargs, char **args)
{
	struct adding a = { .o = o };
	const char *name;
	int rc = EXIT_OK;

	if (nargs == 0)
		rc = provider_misused(
		    "%s", _("which provider? tt-provider services shows them"));
	if (rc == EXIT_OK)
		rc = provider_refuse_more(nargs);
	if (rc == EXIT_OK)
		rc = provider_take_name(nargs, args, &name);
	if (rc == EXIT_OK)
		rc = check(&a, name);
	if (rc == EXIT_OK)
		rc = add(s, &a, name);
	secret_wipe(&a.key);
	return rc;
}

const struct provider_verb provider_add = {
	.verb.name = "add",
	.verb.program = {
		.name = "tt-provider add",
		.synopsis = N_("PROVIDER[/ACCOUNT] [OPTION…]"),
		.summary = N_("Adds an account that is asked what was used and "
			      "billed. Its key is asked for, without echo, or "
			      "comes from one of these; never from an "
			      "argument."),
		.specs = specs,
		.nspecs = sizeof(specs) / sizeof(specs[0]),
	},
	.run = run,
};

#include <stdio.h>
#include <string.h>

#include "clients/common/output.h"
#include "clients/provider/provider.h"

#define MSGID 1
/* The service is asked before a new key takes the place of the old one. */
#define PATIENCE_MS 120000

static const struct option_spec specs[] = {
	PROVIDER_HEAD(N_("What to change")),
	PROVIDER_FLAG("shared", is_shared,
	    N_("others use it too: its bill is not only yours")),
	PROVIDER_FLAG("not-shared", is_not_shared, N_("only you use it")),
	PROVIDER_WORD("low-balance", low_balance, "N",
	    N_("tell when less than that is left: 10, 10CNY, none")),
	PROVIDER_FLAG(
	    "new-key", key.wants_prompt, N_("asked for, without echo")),
	PROVIDER_FLAG("no-verify", no_verify,
	    N_("keep the key without asking the service")),
	PROVIDER_KEY,
	PROVIDER_OUTPUT,
};

static const struct option_spec plain_specs[] = { PROVIDER_OUTPUT };

struct setting {
	const struct provider_options *o;
	const char *name;
	bool has_enabled, is_enabled, has_key;
	struct provider_low low;
	struct secret key;
};

static void
pack(const struct setting *set, struct packer *k)
{
	const struct provider_options *o = set->o;
	bool has_shared = o->is_shared || o->is_not_shared;

	provider_make_room(k);
	pack_request(k, MSGID, "provider_set");
	pack_map(k, 1u + set->has_enabled + has_shared +
			provider_low_members(&set->low) + 2 * set->has_key);
	pack_str(k, "name");
	pack_str(k, set->name);
	if (set->has_enabled) {
		pack_str(k, "enabled");
		pack_bool(k, set->is_enabled);
	}
	if (has_shared) {
		pack_str(k, "shared");
		pack_bool(k, o->is_shared);
	}
	provider_pack_low(k, &set->low);
	if (set->has_key) {
		pack_str(k, "key");
		pack_text(
		    k, (struct text){ set->key.bytes, (uint32_t)set->key.len });
		pack_str(k, "verify");
		pack_bool(k, !o->no_verify);
	}
}

/* What is done, or that it is of no use as long as the key is refused. */
static const char *
describe(const struct setting *set, const struct value *result)
{
	static const char *const of_key[PROVIDER_KEY_FATES] = {
		N_("changed; the service takes its key"),
		N_("changed; its key was not tried yet: tt-provider sync tries "
		   "it"),
		N_("changed; its key could not be tried"),
	};

	if (set->has_key)
		return _(of_key[provider_fate(result)]);
	if (!set->has_enabled)
		return _("changed");
	if (!set->is_enabled)
		return _("is not asked any more");
	if (text_is(fetch_text(result, "state"), "bad_key"))
		return _("enabled, but not asked: the service refuses its key");
	return _("is asked from now on");
}

static int
send_setting(struct setup *s, struct setting *set)
{
	struct packer k = { 0 };
	struct value result;
	int rc;

	pack(set, &k);
	secret_wipe(&set->key);
	rc = provider_call(s, &k, set->name, &result);
	if (rc != EXIT_OK)
		return rc;
	provider_tell(s, &result, describe(set, &result));
	if (!s->opts->json && text_is(fetch_text(&result, "state"), "bad_key"))
		provider_tell_remedy(set->name);
	return EXIT_OK;
}

static int
switch_to(struct setup *s, const struct provider_options *o, int nargs,
    char **args, bool is_enabled)
{
	struct setting set = {
		.o = o, .has_enabled = true, .is_enabled = is_enabled
	};
	int rc = provider_need_name(nargs, args, &set.name);

	if (rc == EXIT_OK)
		rc = setup_connect(s);
	if (rc == EXIT_OK)
		rc = send_setting(s, &set);
	return rc;
}

static int
run_enable(
    struct setup *s, const struct provider_options *o, int nargs, char **args)
{
	return switch_to(s, o, nargs, args, true);
}

static int
run_disable(
    struct setup *s, const struct provider_options *o, int nargs, char **args)
{
	return switch_to(s, o, nargs, args, false);
}

static int
check(struct setting *set)
{
	const struct provider_options *o = set->o;
	int sources = secret_sources(&o->key) + o->key.wants_prompt;

	set->has_key = sources > 0;
	if (sources > 1)
		return provider_misused(
		    "%s", _("only one of --new-key, --key-stdin, --key-file, "
			    "--key-command and --key-env is possible"));
	if (o->is_shared && o->is_not_shared)
		return provider_misused(
		    "%s", _("--shared and --not-shared: which of them?"));
	if (!set->has_key && !o->is_shared && !o->is_not_shared &&
	    o->low_balance == NULL)
		return provider_misused(
		    "%s", _("what to change? tt-provider set --help tells"));
	return provider_take_low(o, &set->low);
}

/* There is such an account, with a balance to watch, before a key is taken. */
static int
prepare(struct setup *s, const struct setting *set)
{
	struct value list, account;
	int rc = provider_fetch(s, set->name, &list);

	if (rc == EXIT_OK && fetch_next(&list, &account))
		rc = provider_check_low(&set->low, &account);
	if (rc == EXIT_OK && set->o->key.wants_prompt)
		rc = provider_tell_kind(
		    s, (struct text){
			   set->name, (uint32_t)strcspn(set->name, "/") });
	return rc;
}

static int
take_key(struct setup *s, struct setting *set)
{
	const struct secret_source *src = &set->o->key;
	char why[300];
	int rc;

	if (secret_take_variable(&set->key, src, why, sizeof(why)) != 0)
		return provider_misused("%s", why);
	rc = set->has_key || set->low.is_given ? prepare(s, set)
					       : setup_connect(s);
	if (rc != EXIT_OK || !set->has_key)
		return rc;
	if (secret_take(&set->key, src, set->name, why, sizeof(why)) != 0)
		return provider_misused("%s", why);
	setup_allow(s, PATIENCE_MS);
	return EXIT_OK;
}

static bool
has_told(const struct value *account, const char *currency)
{
	struct value list, row;

	fetch_member(account, "balances", &list);
	if (list.n == 0)
		return true;
	while (fetch_next(&list, &row))
		if (text_is(fetch_text(&row, "currency"), currency))
			return true;
	return false;
}

/* A threshold in a currency that never comes would be waited for in vain. */
static int
note_currency(struct setup *s, const struct setting *set)
{
	struct value list, account;
	int rc = provider_fetch(s, set->name, &list);

	if (rc == EXIT_OK && fetch_next(&list, &account) &&
	    !has_told(&account, set->low.currency))
		complain(PROVIDER_NAME,
		    _("note: %.80s has told no balance in %s so far"),
		    set->name, set->low.currency);
	return rc;
}

static int
run_set(
    struct setup *s, const struct provider_options *o, int nargs, char **args)
{
	struct setting set = { .o = o };
	int rc = provider_refuse_more(nargs);

	if (rc == EXIT_OK)
		rc = provider_need_name(nargs, args, &set.name);
	if (rc == EXIT_OK)
		rc = check(&set);
	if (rc == EXIT_OK)
		rc = take_key(s, &set);
	if (rc == EXIT_OK)
		rc = send_setting(s, &set);
	if (rc == EXIT_OK && set.low.currency[0] != '\0')
		rc = note_currency(s, &set);
	secret_wipe(&set.key);
	return rc;
}

const struct provider_verb provider_set = {
	.verb.name = "set",
	.verb.program = {
		.name = "tt-provider set",
		.synopsis = N_("NAME [OPTION…]"),
		.summary = N_("Changes an account: its key, whether others "
			      "use it, when its balance is low."),
		.specs = specs,
		.nspecs = sizeof(specs) / sizeof(specs[0]),
	},
	.run = run_set,
};

const struct provider_verb provider_enable = {
	.verb.name = "enable",
	.verb.program = {
		.name = "tt-provider enable",
		.synopsis = N_("NAME [OPTION…]"),
		.summary = N_("An account is asked again."),
		.specs = plain_specs,
		.nspecs = sizeof(plain_specs) / sizeof(plain_specs[0]),
	},
	.run = run_enable,
};

const struct provider_verb provider_disable = {
	.verb.name = "disable",
	.verb.program = {
		.name = "tt-provider disable",
		.synopsis = N_("NAME [OPTION…]"),
		.summary = N_("An account is not asked any more; what it said "
			      "stays."),
		.specs = plain_specs,
		.nspecs = sizeof(plain_specs) / sizeof(plain_specs[0]),
	},
	.run = run_disable,
};

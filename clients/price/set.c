#include <stdio.h>
#include <stdlib.h>

#include "clients/common/output.h"
#include "clients/common/text_lang.h"
#include "clients/price/price.h"

#define MSGID 1
#define TAKEN_MAX 400

#define RATE(n, class, h) PRICE_WORD(n, rate[class], "USD", h)
#define ABOVE(n, class, h) PRICE_WORD(n, above_rate[class], "USD", h)

#define WHEN                                                                   \
	PRICE_WORD("tier", tier, "TIER",                                       \
	    N_("only this tier of service (default: every one)")),             \
	    PRICE_WORD("from", from, "DATE",                                   \
		N_("in force from that UTC day on (default: always)"))

static const struct option_spec set_specs[] = {
	PRICE_HEAD(N_("USD a million tokens")),
	RATE("input", TARIFF_INPUT, N_("uncached prompt; required")),
	RATE("output", TARIFF_OUTPUT, N_("output; required")),
	RATE("cache-read", TARIFF_CACHE_READ, N_("read from a cache")),
	RATE("cache-write", TARIFF_CACHE_WRITE, N_("written to a cache")),
	RATE("cache-write-1h", TARIFF_CACHE_WRITE_1H,
	    N_("written to be kept for an hour")),
	PRICE_HEAD(N_("Other")),
	RATE("web-search", TARIFF_WEB_SEARCH, N_("USD a web search")),
	{
	    .name = "above",
	    .kind = OPTION_U64,
	    .offset = PRICE_AT(above),
	    .arg = "N",
	    .help = N_("a prompt of more than N tokens costs this throughout:"),
	    .max = LIMIT_TOKENS,
	    .seen_offset = PRICE_AT(above_seen),
	},
	ABOVE("above-input", TARIFF_INPUT, N_("as --input")),
	ABOVE("above-output", TARIFF_OUTPUT, N_("as --output")),
	ABOVE("above-cache-read", TARIFF_CACHE_READ, N_("as --cache-read")),
	ABOVE("above-cache-write", TARIFF_CACHE_WRITE, N_("as --cache-write")),
	ABOVE("above-cache-write-1h", TARIFF_CACHE_WRITE_1H,
	    N_("as --cache-write-1h")),
	WHEN,
	PRICE_HEAD(N_("Output")),
	PRICE_FLAG("json", common.json, N_("JSON")),
	REPORT_COMMON,
};

static const struct option_spec unset_specs[] = {
	PRICE_HEAD(N_("Which")),
	WHEN,
	PRICE_HEAD(N_("Output")),
	PRICE_FLAG("json", common.json, N_("JSON")),
	REPORT_COMMON,
};

/* What is being set, and what it was made from. */
struct setting {
	struct tariff t;
	char pattern[PRICE_PATTERN_MAX];
	struct tariffs known;
	void *kept;
	char taken[TAKEN_MAX]; /* of the built-in price, in words */
};

static int
take_one_pattern(struct setting *set, int nargs, char **args)
{
	int rc;

	if (nargs != 1)
		return price_misused(
		    "%s", _("one model is needed, or provider/model"));
	rc = price_take_pattern(args[0], set->pattern);
	set->t.origin = TEXT("set");
	set->t.model = text_of(set->pattern);
	return rc;
}

static int
take_rates(
    const char *const *options, const char *prefix, struct tariff_rates *rates)
{
	tariff_rates_init(rates);
	for (int i = 0; i < TARIFF_CLASSES; i++) {
		char name[20];
		size_t at;

		if (options[i] == NULL ||
		    tariff_parse_rate(
			options[i], (enum tariff_class)i, &rates->of[i]) == 0)
			continue;
		snprintf(name, sizeof(name), "%s", tariff_class_names[i]);
		for (at = 0; name[at] != '\0'; at++)
			name[at] = name[at] == '_' ? '-' : name[at];
		return price_misused(
		    i == TARIFF_WEB_SEARCH
			? _("--%s%s: %.40s is not USD a search, in whole "
			    "picodollars")
			: _("--%s%s: %.40s is not USD a million tokens, in "
			    "whole picodollars a token"),
		    prefix, name, options[i]);
	}
	return EXIT_OK;
}

static int
take_above(struct setting *set, const struct price_options *o)
{
	struct tariff_step *step = &set->t.steps[0];
	int rc = take_rates(o->above_rate, "above-", &step->rates);

	if (rc != EXIT_OK)
		return rc;
	if (!o->above_seen) {
		for (int i = 0; i < TARIFF_CLASSES; i++)
			if (o->above_rate[i] != NULL)
				return price_misused("%s",
				    _("--above is missing: beyond how many "
				      "tokens?"));
		return EXIT_OK;
	}
	if (o->above == 0 || step->rates.of[TARIFF_INPUT] == TARIFF_UNKNOWN ||
	    step->rates.of[TARIFF_OUTPUT] == TARIFF_UNKNOWN)
		return price_misused("%s",
		    _("--above needs a number of tokens, --above-input and "
		      "--above-output"));
	step->above = o->above;
	set->t.n_steps = 1;
	return EXIT_OK;
}

static int
take_price(struct setting *set, const struct price_options *o)
{
	int rc = take_rates(o->rate, "", &set->t.rates);

	if (rc == EXIT_OK &&
	    (o->rate[TARIFF_INPUT] == NULL || o->rate[TARIFF_OUTPUT] == NULL))
		return price_misused(
		    "%s", _("--input and --output are needed, in USD a million "
			    "tokens"));
	if (rc == EXIT_OK)
		rc = take_above(set, o);
	if (rc == EXIT_OK)
		rc = price_take_when(o, &set->t);
	return rc;
}

static void
note_taken(struct setting *set, const char *name, int64_t pico,
    enum tariff_class class)
{
	size_t len = strlen(set->taken);
	char rate[FIGURE_MAX];

	show_rate(pico, class, rate);
	snprintf(set->taken + len, sizeof(set->taken) - len, "%s%s %s",
	    len > 0 ? ", " : "", name, rate);
}

static void
tell_taken(struct setting *set, const struct tariff *t, bool is_above)
{
	char name[PRICE_PATTERN_MAX], clean[PRICE_PATTERN_MAX];

	if (set->taken[0] == '\0')
		return;
	table_clean(show_name(t, name), clean, sizeof(clean));
	if (is_above)
		complain(PRICE_NAME,
		    _("taken from the built-in long-context price of %s: %s"),
		    clean, set->taken);
	else
		complain(PRICE_NAME,
		    _("taken from the built-in price of %s: %s"), clean,
		    set->taken);
	set->taken[0] = '\0';
}

/* Rates beside input and output that nobody said. */
static void
fill(struct setting *set, struct tariff_rates *to,
    const struct tariff_rates *from)
{
	for (int i = TARIFF_CACHE_READ; i < TARIFF_CLASSES; i++) {
		if (to->of[i] != TARIFF_UNKNOWN ||
		    from->of[i] == TARIFF_UNKNOWN)
			continue;
		to->of[i] = from->of[i];
		note_taken(set, tariff_class_names[i], to->of[i],
		    (enum tariff_class)i);
	}
}

/* The built-in price that this one replaces; NULL where there is none. */
static int
find_built_in(struct setup *s, struct setting *set, const struct tariff **found)
{
	int64_t at_ms = set->t.has_from ? set->t.from_ms : s->now_ms;
	struct value rule;
	int rc = price_fetch(s, NULL, &set->known, &set->kept);

	*found = NULL;
	if (rc != EXIT_OK)
		return rc;
	*found = tariffs_built_in(&set->known, set->t.model, at_ms);
	if (*found != NULL || set->t.model.len > LIMIT_TEXT)
		return EXIT_OK;
	rc = price_rule_of(s, (struct text){ 0 }, set->t.model, at_ms, &rule);
	if (rc == EXIT_OK && text_is(fetch_text(&rule, "kind"), "table"))
		*found = tariffs_of_rule(&set->known, &rule);
	return rc;
}

/*
 * The table's prices are those of the standard tier, and no guess at what
 * another one asks for a cache.
 */
static int
fill_from_table(struct setup *s, struct setting *set)
{
	const struct tariff *t;
	int rc;

	if (set->t.tier.len > 0 && !text_is(set->t.tier, "standard"))
		return EXIT_OK;
	rc = find_built_in(s, set, &t);
	if (rc != EXIT_OK || t == NULL)
		return rc;
	fill(set, &set->t.rates, &t->rates);
	tell_taken(set, t, false);
	for (uint32_t i = 0; i < t->n_steps && set->t.n_steps > 0; i++)
		if (t->steps[i].above == set->t.steps[0].above)
			fill(set, &set->t.steps[0].rates, &t->steps[i].rates);
	tell_taken(set, t, true);
	return EXIT_OK;
}

static int
send_price(struct setup *s, const struct tariff *t, const char *method,
    bool with_rates)
{
	struct packer k = { 0 };
	struct value result;

	pack_request(&k, MSGID, method);
	tariff_pack(&k, t, with_rates);
	return price_call(s, &k, &result);
}

static int
show_set(const struct setup *s, const struct setting *set)
{
	if (!s->opts->json) {
		puts(_("Set (USD a million tokens, USD a search):"));
		return show_prices(s, &set->t, 1, false);
	}
	fputs("{\"schema_version\":1,\"set\":", stdout);
	show_json(&set->t);
	fputs("}\n", stdout);
	return EXIT_OK;
}

static int
run_set(struct setup *s, const struct price_options *o, int nargs, char **args)
{
	struct setting set = { .kept = NULL };
	int rc = take_one_pattern(&set, nargs, args);

	if (rc == EXIT_OK)
		rc = take_price(&set, o);
	if (rc == EXIT_OK)
		rc = setup_connect(s);
	if (rc == EXIT_OK)
		rc = fill_from_table(s, &set);
	if (rc == EXIT_OK)
		rc = send_price(s, &set.t, "price_set", true);
	if (rc == EXIT_OK)
		rc = show_set(s, &set);
	tariffs_release(&set.known);
	free(set.kept);
	return rc;
}

static int
run_unset(
    struct setup *s, const struct price_options *o, int nargs, char **args)
{
	struct setting set = { .kept = NULL };
	int rc = take_one_pattern(&set, nargs, args);

	if (rc == EXIT_OK)
		rc = price_take_when(o, &set.t);
	if (rc == EXIT_OK)
		rc = setup_connect(s);
	if (rc == EXIT_OK)
		rc = send_price(s, &set.t, "price_unset", false);
	if (rc != EXIT_OK)
		return rc;
	if (!s->opts->json) {
		printf(_("%s has no price of yours any more.\n"), set.pattern);
		return EXIT_OK;
	}
	fputs("{\"schema_version\":1,\"unset\":", stdout);
	json_put_text(stdout, set.t.model);
	fputs("}\n", stdout);
	return EXIT_OK;
}

const struct price_verb price_set = {
	.verb.name = "set",
	.verb.program = {
		.name = "tt-price set",
		.synopsis = N_("MODEL|PROVIDER/MODEL --input USD --output USD "
			    "[OPTION…]"),
		.summary = N_("Sets what a model costs from now on; what is "
			      "recorded keeps its cost until a recost."),
		.specs = set_specs,
		.nspecs = sizeof(set_specs) / sizeof(set_specs[0]),
	},
	.run = run_set,
};

const struct price_verb price_unset = {
	.verb.name = "unset",
	.verb.program = {
		.name = "tt-price unset",
		.synopsis = N_("MODEL|PROVIDER/MODEL [OPTION…]"),
		.summary = N_("Takes back a price that was set."),
		.specs = unset_specs,
		.nspecs = sizeof(unset_specs) / sizeof(unset_specs[0]),
	},
	.run = run_unset,
};

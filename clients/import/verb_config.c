#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clients/common/options.h"
#include "clients/common/output.h"
#include "clients/import/legacy/legacy_keys.h"
#include "clients/import/legacy/legacy_link.h"
#include "clients/import/verbs.h"
#include "proto/lang.h"

struct config_options {
	bool dry_run;
};

static const struct option_spec specs[] = {
	{ .name = "dry-run",
	    .kind = OPTION_FLAG,
	    .offset = offsetof(struct config_options, dry_run),
	    .help = N_("tell what would be taken over, change nothing") },
};

static const struct option_program program = {
	.name = "tt-import config",
	.synopsis = N_("FILE [OPTION…]"),
	.summary = N_("Takes over the settings of an older tracker: its prices "
		      "(see tt-price), its providers' keys, each into a file "
		      "of its own that only you can read, and its budgets."),
	.specs = specs,
	.nspecs = sizeof(specs) / sizeof(specs[0]),
};

struct taking {
	struct legacy_link link;
	struct packer k;
	bool dry_run;
	int rc;
};

/* --- Prices --------------------------------------------------------------- */

static const char *const rate_names[LEGACY_RATES] = { "input", "output",
	"cache_read", "cache_write" };

static void
pack_price(struct packer *k, const struct legacy_price *p, const char *pattern)
{
	char text[MONEY_TEXT_MAX];
	uint32_t n = 0;
	int i;

	pack_map(k, 2);
	pack_str(k, "pattern");
	pack_str(k, pattern);
	pack_str(k, "rates");
	for (i = 0; i < LEGACY_RATES; i++)
		n += p->rate[i] >= 0;
	pack_map(k, n);
	for (i = 0; i < LEGACY_RATES; i++) {
		if (p->rate[i] < 0)
			continue;
		money_format(p->rate[i], text);
		pack_str(k, rate_names[i]);
		pack_str(k, text);
	}
}

/* Prices are kept in lower case. */
static void
lower(struct text t, char out[LIMIT_TEXT + 1])
{
	uint32_t i;

	for (i = 0; i < t.len && i < LIMIT_TEXT; i++)
		out[i] = t.p[i] >= 'A' && t.p[i] <= 'Z'
			     ? (char)(t.p[i] + ('a' - 'A'))
			     : t.p[i];
	out[i] = '\0';
}

/* The daemon's word on one setting ends nothing; losing it does. */
static int
refused(struct taking *t, const char *what, enum client_result r)
{
	if (r != CLIENT_EREFUSED) {
		t->rc = legacy_link_failed(&t->link, r);
		return -1;
	}
	complain(LEGACY_PROGRAM, "%s: %s", what, t->link.client.why);
	t->rc = EXIT_REFUSED;
	return 0;
}

static int
take_price(void *arg, const struct legacy_price *p)
{
	struct taking *t = arg;
	char pattern[LIMIT_TEXT + 1], in[MONEY_TEXT_MAX], out[MONEY_TEXT_MAX];
	enum client_result r = CLIENT_OK;

	lower(p->pattern, pattern);
	if (!t->dry_run) {
		legacy_link_begin(&t->link, &t->k, "price_set");
		pack_price(&t->k, p, pattern);
		r = legacy_link_call(&t->link, &t->k);
	}
	if (r != CLIENT_OK)
		return refused(t, pattern, r);
	money_format(p->rate[RATE_INPUT], in);
	money_format(p->rate[RATE_OUTPUT], out);
	printf(_("price: %s, input %s, output %s USD a million tokens\n"),
	    pattern, in, out);
	return 0;
}

/* --- Keys ----------------------------------------------------------------- */

static int
take_key(void *arg, const struct legacy_key *k)
{
	struct taking *t = arg;
	char name[KEY_NAME_MAX];

	legacy_key_name(k, name);
	switch (t->dry_run
		    ? KEY_WRITTEN
		    : legacy_key_write(t->link.places.data, name, k->key)) {
	case KEY_WRITTEN:
		printf(_("key: %s/keys/%s\n"), t->link.places.data, name);
		break;
	case KEY_SAME:
		printf(_("key: %s/keys/%s, there already\n"),
		    t->link.places.data, name);
		break;
	case KEY_OTHER:
		complain(LEGACY_PROGRAM,
		    _("%s/keys/%s has another key and stays as it is"),
		    t->link.places.data, name);
		t->rc = EXIT_REFUSED;
		break;
	case KEY_FAILED:
		complain(LEGACY_PROGRAM, "%s/keys/%s: %s", t->link.places.data,
		    name, strerror(errno));
		t->rc = EXIT_SYSTEM;
		return -1;
	}
	return 0;
}

/* --- Budgets -------------------------------------------------------------- */

static void
pack_budget(struct packer *k, const struct legacy_budget *b, const char *name)
{
	char text[MONEY_TEXT_MAX];

	pack_map(k, 3u + (b->warn > 0));
	pack_str(k, "name");
	pack_str(k, name);
	pack_str(k, "period");
	pack_str(k, b->period);
	if (b->limit > 0) {
		money_format(b->limit, text);
		pack_str(k, "limit");
		pack_str(k, text);
	} else {
		pack_str(k, "limit_tokens");
		pack_u64(k, b->limit_tokens);
	}
	if (b->warn > 0) {
		pack_str(k, "warn");
		pack_u64(k, b->warn);
	}
}

static void
tell_budget(const struct legacy_budget *b, const char *name)
{
	char text[MONEY_TEXT_MAX];

	if (b->limit > 0) {
		money_format(b->limit, text);
		printf(_("budget: %s, %s USD\n"), name, text);
	} else {
		printf(_("budget: %s, %" PRIu64 " tokens\n"), name,
		    b->limit_tokens);
	}
}

static int
take_budget(void *arg, const struct legacy_budget *b)
{
	struct taking *t = arg;
	enum client_result r = CLIENT_OK;
	/* One of a kind: taken over twice it is the same budget. */
	const char *name = b->period;

	if (!t->dry_run) {
		legacy_link_begin(&t->link, &t->k, "budget_set");
		pack_budget(&t->k, b, name);
		r = legacy_link_call(&t->link, &t->k);
	}
	if (r != CLIENT_OK)
		return refused(t, name, r);
	tell_budget(b, name);
	return 0;
}

/* --- The file ------------------------------------------------------------- */

static int
take_file(struct taking *t, const char *path)
{
	const struct legacy_settings to = { take_price, take_key, take_budget,
		t };
	unsigned found, skipped;
	char why[256] = "";
	enum legacy_result r =
	    legacy_read_config(path, &to, &found, &skipped, why, sizeof(why));

	if (r == LEGACY_EUNKNOWN || r == LEGACY_ESYSTEM) {
		complain(LEGACY_PROGRAM, "%s: %s", path, why);
		return r == LEGACY_EUNKNOWN ? EXIT_USAGE : EXIT_SYSTEM;
	}
	if (skipped > 0)
		complain(LEGACY_PROGRAM,
		    P_("%s: %u key is the name of one, not a key",
			"%s: %u keys are names of some, not keys", skipped),
		    path, skipped);
	return t->rc;
}

int
import_config(int argc, char **argv)
{
	struct config_options o = { .dry_run = false };
	struct taking t = { .rc = EXIT_OK };
	bool done;
	int n, rc;

	if (options_parse(&program, &o, argc, argv, &n, &done) != 0)
		return EXIT_USAGE;
	if (done)
		return EXIT_OK;
	if (n != 1) {
		complain(LEGACY_PROGRAM, "%s", _("config: which file?"));
		return EXIT_USAGE;
	}
	t.dry_run = o.dry_run;
	rc = legacy_link_init(&t.link, NULL);
	if (rc == EXIT_OK && !t.dry_run)
		rc = legacy_link_connect(&t.link);
	if (rc == EXIT_OK)
		rc = take_file(&t, argv[1]);
	packer_free(&t.k);
	legacy_link_release(&t.link);
	return rc;
}

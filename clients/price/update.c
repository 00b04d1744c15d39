#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/common/output.h"
#include "clients/common/text_lang.h"
#include "clients/price/compare.h"
#include "clients/price/price.h"

#define MSGID 1
#define FILE_BYTES_MAX (64u << 20)
#define PATIENCE_MS 600000

static const struct option_spec specs[] = {
	PRICE_HEAD(N_("What to do")),
	PRICE_WORD("model", model, "PATTERN",
	    N_("only these models (a part of the name, or a glob)")),
	PRICE_WORD("from", from, "DATE",
	    N_("in force from that UTC day on (default: today; always for "
	       "models without a price)")),
	PRICE_FLAG("dry-run", dry_run, N_("change nothing")),
	PRICE_FLAG("yes", yes, N_("do not ask")),
	PRICE_HEAD(N_("Output")),
	PRICE_FLAG("json", common.json, N_("JSON")),
	REPORT_COMMON,
};

/* What one row of the file changes. */
struct change {
	char *pattern; /* owned */
	bool is_known; /* it has a price today */
	struct tariff now, new;
};

struct update {
	struct setup *s;
	const struct price_options *o;
	char *text;
	struct json json;
	struct catalog catalog;
	struct tariffs known;
	void *kept;
	struct tariff when; /* --from */
	struct change *changes;
	size_t n, cap;
	size_t asked; /* rows that fit --model */
};

/* The whole of it with a NUL; NULL with errno. */
static char *
read_all(FILE *f, size_t *len)
{
	size_t cap = 1u << 20, n;
	char *text = malloc(cap + 1), *more;

	*len = 0;
	while (text != NULL && (n = fread(text + *len, 1, cap - *len, f)) > 0) {
		*len += n;
		if (*len < cap)
			continue;
		errno = EFBIG;
		more =
		    cap >= FILE_BYTES_MAX ? NULL : realloc(text, 2 * cap + 1);
		if (more == NULL) {
			free(text);
			return NULL;
		}
		text = more;
		cap *= 2;
	}
	if (text != NULL && ferror(f)) {
		free(text);
		return NULL;
	}
	if (text != NULL)
		text[*len] = '\0';
	return text;
}

static int
read_file(struct update *u, const char *path)
{
	bool is_stdin = strcmp(path, "-") == 0;
	FILE *f = is_stdin ? stdin : fopen(path, "rbe");
	size_t len = 0;
	char why[200];

	if (f != NULL) {
		u->text = read_all(f, &len);
		if (!is_stdin)
			fclose(f);
	}
	if (u->text == NULL) {
		complain(PRICE_NAME, "%s: %s", path, strerror(errno));
		return EXIT_SYSTEM;
	}
	if (json_parse(&u->json, u->text, len) != 0)
		return price_misused(_("%.200s: no JSON: %s at byte %zu"), path,
		    lang_said(u->json.error, why, sizeof(why)),
		    u->json.error_at);
	switch (catalog_read(&u->catalog, &u->json)) {
	case CATALOG_OK:
		return EXIT_OK;
	case CATALOG_ESHAPE:
		return price_misused(
		    _("%.200s: neither LiteLLM's list of prices nor "
		      "models.dev's"),
		    path);
	default:
		complain(PRICE_NAME, "%s", _("no memory for the list"));
		return EXIT_SYSTEM;
	}
}

static struct change *
new_change(struct update *u)
{
	size_t cap = u->cap == 0 ? 64 : u->cap * 2;
	struct change *more;

	if (u->n == u->cap) {
		more = realloc(u->changes, cap * sizeof(*more));
		if (more == NULL)
			return NULL;
		u->changes = more;
		u->cap = cap;
	}
	return &u->changes[u->n];
}

/* A price that is new today says nothing of the days before. */
static void
date_change(const struct update *u, struct change *c)
{
	c->new.has_from = u->when.has_from || c->is_known;
	c->new.from_ms = u->when.has_from
			     ? u->when.from_ms
			     : u->s->now_ms - u->s->now_ms % TARIFF_DAY_MS;
}

static int
add_change(struct update *u, const struct catalog_row *row, const char *pattern,
    const struct tariff *now, const struct tariff *published)
{
	struct change *c = new_change(u);

	if (c != NULL)
		*c = (struct change){ .pattern = strdup(pattern) };
	if (c == NULL || c->pattern == NULL) {
		complain(PRICE_NAME, "%s", _("no memory for the list"));
		return EXIT_SYSTEM;
	}
	c->is_known = now != NULL;
	if (now != NULL)
		c->now = *now;
	/* The reply it came in is gone by then. */
	c->now.model = c->new.model = text_of(c->pattern);
	c->new.origin = TEXT("set");
	compare_merge(&c->new, row, published);
	date_change(u, c);
	u->n++;
	return EXIT_OK;
}

/*
 * What is in force is what the daemon says, by all of its rules for names. At
 * dear hours of the day the price without them is meant.
 */
static int
judge_by_rule(
    struct update *u, const struct catalog_row *row, const char *pattern)
{
	const struct tariff *published;
	struct tariff now;
	struct value rule;
	int rc;

	rc =
	    price_rule_of(u->s, row->provider, row->model, u->s->now_ms, &rule);
	if (rc != EXIT_OK)
		return rc;
	if (tariff_read_rule(&now, &rule) != 0)
		return add_change(u, row, pattern, NULL, NULL);
	published = tariffs_of_rule(&u->known, &rule);
	if (published != NULL && fetch_text(&rule, "window").len > 0)
		now = *published;
	if (!compare_differs(row, &now))
		return EXIT_OK;
	/* Rates that the daemon lends a price are none of its own. */
	return add_change(
	    u, row, pattern, published != NULL ? published : &now, published);
}

/* The price that an earlier update set for the same row needs no question. */
static int
judge_row(struct update *u, const struct catalog_row *row)
{
	char pattern[PRICE_PATTERN_MAX];
	const struct tariff *own;

	if (compare_pattern(row, pattern, sizeof(pattern)) != 0 ||
	    (u->o->model != NULL &&
		!text_matches(text_of(pattern), text_of(u->o->model))))
		return EXIT_OK;
	u->asked++;
	own = tariffs_override(&u->known, text_of(pattern), u->s->now_ms);
	if (own != NULL && !compare_differs(row, own))
		return EXIT_OK;
	return judge_by_rule(u, row, pattern);
}

static int
find_changes(struct update *u)
{
	int rc = price_fetch(u->s, NULL, &u->known, &u->kept);

	for (size_t i = 0; i < u->catalog.n && rc == EXIT_OK; i++)
		rc = judge_row(u, &u->catalog.rows[i]);
	return rc;
}

static size_t
count_known(const struct update *u)
{
	size_t known = 0;

	for (size_t i = 0; i < u->n; i++)
		known += u->changes[i].is_known;
	return known;
}

/* --- The difference ------------------------------------------------------- */

static const struct tariff_rates *
rates_above(const struct tariff *t, uint64_t above)
{
	static const struct tariff_rates none = { { TARIFF_UNKNOWN,
	    TARIFF_UNKNOWN, TARIFF_UNKNOWN, TARIFF_UNKNOWN, TARIFF_UNKNOWN,
	    TARIFF_UNKNOWN } };

	if (above == 0)
		return &t->rates;
	for (uint32_t i = 0; i < t->n_steps; i++)
		if (t->steps[i].above == above)
			return &t->steps[i].rates;
	return &none;
}

static void
add_rows(struct table *t, const struct change *c, uint64_t above, bool *first)
{
	const struct tariff_rates *new = rates_above(&c->new, above);
	const struct tariff_rates *now = rates_above(&c->now, above);
	char tokens[FIGURE_MAX], buf[2 * FIGURE_MAX];

	figure_grouped(above, tokens);
	for (int i = 0; i < TARIFF_CLASSES; i++) {
		int64_t rate = c->is_known ? now->of[i] : TARIFF_UNKNOWN;

		if (new->of[i] == rate)
			continue;
		table_str(t, *first ? c->pattern : "");
		*first = false;
		snprintf(buf, sizeof(buf), above > 0 ? "%s > %s" : "%s",
		    tariff_class_names[i], tokens);
		table_str(t, buf);
		show_rate(rate, (enum tariff_class)i, buf);
		table_str(t, buf);
		show_rate(new->of[i], (enum tariff_class)i, buf);
		table_str(t, buf);
	}
}

static int
put_table(const struct update *u)
{
	struct table *t = table_new();

	table_column(t, _("model"), TABLE_TRUNC);
	table_column(t, _("class"), 0);
	table_column(t, _("now"), TABLE_RIGHT);
	table_column(t, _("new"), TABLE_RIGHT);
	for (size_t i = 0; i < u->n; i++) {
		const struct change *c = &u->changes[i];
		bool first = true;

		add_rows(t, c, 0, &first);
		for (uint32_t j = 0; j < c->new.n_steps; j++)
			add_rows(t, c, c->new.steps[j].above, &first);
	}
	return setup_print(u->s, t);
}

static int
put_difference(const struct update *u)
{
	static const char *const names[] = { "", "LiteLLM", "models.dev" };
	size_t known = count_known(u);
	int rc = EXIT_OK;

	if (u->n > 0)
		rc = put_table(u);
	printf(_("%s: %zu prices, %zu as they are, %zu differ, %zu new; %zu "
		 "rows could not be used\n"),
	    names[u->catalog.shape], u->asked, u->asked - u->n, known,
	    u->n - known, u->catalog.skipped);
	return rc;
}

static void
put_json(const struct update *u, bool applied)
{
	static const char *const names[] = { "", "litellm", "models.dev" };

	printf("{\"schema_version\":1,\"list\":\"%s\",\"prices\":%zu,"
	       "\"unusable\":%zu,\"applied\":%s,\n \"changes\":[",
	    names[u->catalog.shape], u->asked, u->catalog.skipped,
	    applied ? "true" : "false");
	for (size_t i = 0; i < u->n; i++) {
		const struct change *c = &u->changes[i];

		fputs(i > 0 ? ",\n  {\"now\":" : "\n  {\"now\":", stdout);
		if (c->is_known) {
			putchar('{');
			show_json_rates(&c->now);
			putchar('}');
		} else {
			fputs("null", stdout);
		}
		fputs(",\"new\":", stdout);
		show_json(&c->new);
		putchar('}');
	}
	fputs("]}\n", stdout);
}

/* --- Doing it ------------------------------------------------------------- */

static int
apply(struct update *u)
{
	struct packer k;
	struct value result;
	size_t i;
	int rc = EXIT_OK;

	for (i = 0; i < u->n && rc == EXIT_OK; i++) {
		k = (struct packer){ 0 };
		pack_request(&k, MSGID, "price_set");
		tariff_pack(&k, &u->changes[i].new, true);
		rc = price_call(u->s, &k, &result);
	}
	if (rc != EXIT_OK)
		complain(PRICE_NAME, _("stopped at %s, price %zu of %zu"),
		    u->changes[i - 1].pattern, i, u->n);
	else if (u->o->common.json)
		put_json(u, true);
	else
		printf(P_("%zu price is set.\n", "%zu prices are set.\n", u->n),
		    u->n);
	return rc;
}

static int
confirm_and_apply(struct update *u)
{
	bool json = u->o->common.json;
	bool is_idle = u->n == 0 || u->o->dry_run;
	int rc = EXIT_OK;

	if (!json)
		rc = put_difference(u);
	else if (is_idle || !u->o->yes)
		put_json(u, false);
	if (rc != EXIT_OK || is_idle)
		return rc;
	rc = price_confirm(u->o, _("Set these prices?"));
	setup_allow(u->s, PATIENCE_MS);
	return rc == EXIT_OK ? apply(u) : rc;
}

static void
release(struct update *u)
{
	for (size_t i = 0; i < u->n; i++)
		free(u->changes[i].pattern);
	free(u->changes);
	tariffs_release(&u->known);
	free(u->kept);
	catalog_release(&u->catalog);
	json_release(&u->json);
	free(u->text);
}

static int
run(struct setup *s, const struct price_options *o, int nargs, char **args)
{
	struct update u = { .s = s, .o = o };
	int rc;

	if (nargs != 1)
		return price_misused("%s",
		    _("one file is needed: LiteLLM's or models.dev's list"));
	setup_allow(s, PATIENCE_MS);
	rc = price_take_when(o, &u.when);
	if (rc == EXIT_OK)
		rc = read_file(&u, args[0]);
	if (rc == EXIT_OK)
		rc = setup_connect(s);
	if (rc == EXIT_OK)
		rc = find_changes(&u);
	if (rc == EXIT_OK)
		rc = confirm_and_apply(&u);
	release(&u);
	return rc;
}

const struct price_verb price_update = {
	.verb.name = "update",
	.verb.program = {
		.name = "tt-price update",
		.synopsis = N_("FILE [OPTION…]"),
		.summary = N_("Takes prices from LiteLLM's or models.dev's "
			      "JSON: shows what differs, asks, and sets it."),
		.specs = specs,
		.nspecs = sizeof(specs) / sizeof(specs[0]),
	},
	.run = run,
};

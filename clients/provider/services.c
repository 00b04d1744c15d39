#include <stdio.h>

#include "clients/common/output.h"
#include "clients/provider/provider.h"

#define MSGID 1
#define WORDS_MAX 200

static const struct option_spec specs[] = { PROVIDER_OUTPUT };

static int
fetch_services(struct setup *s, struct value *result)
{
	struct packer k = { 0 };
	int rc = setup_connect(s);

	if (rc != EXIT_OK)
		return rc;
	pack_request(&k, MSGID, "services");
	pack_map(&k, 0);
	return provider_call(s, &k, result);
}

/* --- JSON ----------------------------------------------------------------- */

static void
json_members(const struct value *map, const char *const *texts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			putchar(',');
		provider_json_text(map, texts[i]);
	}
}

static void
json_regions(const struct value *service)
{
	static const char *const texts[] = { "name", "base_url" };
	struct value list, region;
	bool first = true;

	fetch_member(service, "regions", &list);
	fputs(",\"regions\":[", stdout);
	for (; fetch_next(&list, &region); first = false) {
		fputs(first ? "{" : ",{", stdout);
		json_members(&region, texts, 2);
		putchar('}');
	}
	putchar(']');
}

static void
json_feeds(const struct value *service)
{
	static const char *const texts[] = { "name", "key" };
	struct value list, feed;
	bool first = true;

	fetch_member(service, "feeds", &list);
	fputs(",\n   \"feeds\":[", stdout);
	for (; fetch_next(&list, &feed); first = false) {
		fputs(first ? "{" : ",{", stdout);
		json_members(&feed, texts, 2);
		putchar(',');
		provider_json_gives(&feed);
		putchar('}');
	}
	putchar(']');
}

static void
put_json(const struct value *result)
{
	static const char *const texts[] = { "name", "error" };
	struct value list, service;
	bool first = true;

	fputs("{\"schema_version\":1,\n ", stdout);
	provider_json_text(result, "dir");
	fputs(",\n \"services\":[", stdout);
	fetch_member(result, "services", &list);
	for (; fetch_next(&list, &service); first = false) {
		fputs(first ? "\n  {" : ",\n  {", stdout);
		json_members(&service, texts, 2);
		printf(",\"builtin\":%s",
		    fetch_bool(&service, "builtin") ? "true" : "false");
		json_regions(&service);
		json_feeds(&service);
		putchar('}');
	}
	fputs("]}\n", stdout);
}

/* --- For people ----------------------------------------------------------- */

/* "cost, usage" of bits, in the order of the table. */
static const struct {
	const char *word, *shown;
} gives[] = {
	{ "cost", N_("cost") },
	{ "usage", N_("usage") },
	{ "balance", N_("balance") },
	{ "windows", N_("quota windows") },
};

#define GIVES (sizeof(gives) / sizeof(gives[0]))

static uint32_t
gives_of(const struct value *feed)
{
	struct value list, what;
	uint32_t bits = 0;

	fetch_member(feed, "gives", &list);
	while (fetch_next(&list, &what))
		for (uint32_t i = 0; i < GIVES; i++)
			if (text_is(what.text, gives[i].word))
				bits |= 1u << i;
	return bits;
}

static void
put_gives(struct table *t, uint32_t bits)
{
	char buf[WORDS_MAX];
	size_t len = 0;

	buf[0] = '\0';
	for (uint32_t i = 0; i < GIVES; i++)
		if ((bits & 1u << i) != 0)
			len += (size_t)snprintf(buf + len, sizeof(buf) - len,
			    "%s%s", len == 0 ? "" : ", ", _(gives[i].shown));
	table_str(t, buf);
}

static void
put_row(struct table *t, struct text name, uint32_t bits, struct text key)
{
	char buf[PROVIDER_SAID_MAX];

	table_text(t, name);
	put_gives(t, bits);
	table_str(t, provider_said(key, buf));
}

/* A row for each kind of key, of all that it opens. */
static void
put_service(struct table *t, const struct value *service)
{
	struct text name = fetch_text(service, "name"), key = { 0 };
	struct value list, feed;
	uint32_t bits = 0;

	if (fetch_text(service, "error").len > 0) {
		put_row(t, name, 0, fetch_text(service, "error"));
		return;
	}
	fetch_member(service, "feeds", &list);
	while (fetch_next(&list, &feed)) {
		if (bits != 0 && !text_eq(key, fetch_text(&feed, "key"))) {
			put_row(t, name, bits, key);
			bits = 0;
		}
		key = fetch_text(&feed, "key");
		bits |= gives_of(&feed);
	}
	put_row(t, name, bits, key);
}

static int
put_table(const struct setup *s, const struct value *result)
{
	struct table *t = table_new();
	struct value list, service;
	char dir[PROVIDER_SAID_MAX];
	int rc;

	table_column(t, _("provider"), 0);
	table_column(t, _("tells"), 0);
	table_column(t, _("with"), TABLE_TRUNC);
	fetch_member(result, "services", &list);
	while (fetch_next(&list, &service))
		put_service(t, &service);
	rc = setup_print(s, t);
	table_clean(fetch_text(result, "dir"), dir, sizeof(dir));
	printf(_("Definitions of your own are read from %s\n"), dir);
	return rc;
}

static int
run(struct setup *s, const struct provider_options *o, int nargs, char **args)
{
	struct value result;
	int rc;

	if (nargs > 0)
		return provider_misused(_("what is \"%.60s\"?"), args[0]);
	rc = fetch_services(s, &result);
	if (rc != EXIT_OK)
		return rc;
	if (!o->common.json)
		return put_table(s, &result);
	put_json(&result);
	return EXIT_OK;
}

const struct provider_verb provider_services = {
	.verb.name = "services",
	.verb.program = {
		.name = "tt-provider services",
		.synopsis = N_("[OPTION…]"),
		.summary = N_("Shows which providers there are to add, what "
			      "they tell, and which kind of key it takes."),
		.specs = specs,
		.nspecs = sizeof(specs) / sizeof(specs[0]),
	},
	.run = run,
};

/* --- Before a key is asked for -------------------------------------------- */

static bool
find_service(
    const struct value *result, struct text name, struct value *service)
{
	struct value list;

	fetch_member(result, "services", &list);
	while (fetch_next(&list, service))
		if (text_eq(fetch_text(service, "name"), name))
			return true;
	return false;
}

int
provider_tell_kind(struct setup *s, struct text provider)
{
	struct value result, service, feeds, feed;
	char buf[PROVIDER_SAID_MAX];
	int rc = fetch_services(s, &result);

	if (rc != EXIT_OK)
		return rc;
	if (!find_service(&result, provider, &service)) {
		complain(PROVIDER_NAME,
		    _("no provider is called \"%.*s\": tt-provider services "
		      "shows them"),
		    (int)provider.len, provider.p);
		return EXIT_REFUSED;
	}
	if (fetch_text(&service, "error").len > 0) {
		complain(PROVIDER_NAME, "%s",
		    provider_said(fetch_text(&service, "error"), buf));
		return EXIT_REFUSED;
	}
	fetch_member(&service, "feeds", &feeds);
	if (fetch_next(&feeds, &feed))
		fprintf(stderr, _("It takes %s.\n"),
		    provider_said(fetch_text(&feed, "key"), buf));
	return EXIT_OK;
}

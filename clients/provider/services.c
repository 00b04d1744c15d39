#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "clients/common/output.h"
#include "clients/common/text_lang.h"
#include "clients/provider/provider.h"

#define MSGID 1
#define WORDS_MAX 200
/* Columns that a kind of key has at least, however narrow the terminal. */
#define ROOM_MIN 24

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
	return provider_call(s, &k, NULL, result);
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

struct services {
	struct table *t;
	size_t room;      /* columns of the kind of key */
	struct text name; /* of the service whose rows are put */
};

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
list_gives(uint32_t bits, char buf[WORDS_MAX])
{
	size_t len = 0;

	buf[0] = '\0';
	for (uint32_t i = 0; i < GIVES; i++)
		if ((bits & 1u << i) != 0)
			len += (size_t)snprintf(buf + len, WORDS_MAX - len,
			    "%s%s", len == 0 ? "" : _(", "), _(gives[i].shown));
}

/* How much of it a line of that width takes: one word at least. */
static size_t
line_length(const char *s, size_t width)
{
	size_t len = lang_piece(s), next;

	while (s[len] != '\0') {
		next = len + strspn(s + len, " ");
		next += lang_piece(s + next);
		if (lang_width(s, next) > width)
			break;
		len = next;
	}
	return len;
}

/* As many rows as the kind of key needs; one that is empty without room. */
static void
put_row(struct services *v, struct text name, uint32_t bits, struct text key)
{
	char buf[PROVIDER_SAID_MAX], words[WORDS_MAX];
	const char *s = provider_said(key, buf);
	size_t len;

	list_gives(bits, words);
	do {
		len = v->room > 0 ? line_length(s, v->room) : 0;
		table_text(v->t, name);
		table_str(v->t, words);
		table_text(v->t, (struct text){ s, (uint32_t)len });
		name.len = 0;
		words[0] = '\0';
		s += len;
		s += strspn(s, " ");
	} while (*s != '\0' && len > 0);
}

/* Each kind of key in turn, with all that it opens. */
static void
each_kind(const struct value *service,
    void (*fn)(void *arg, uint32_t bits, struct text key), void *arg)
{
	struct text key = { 0 };
	struct value list, feed;
	uint32_t bits = 0;

	fetch_member(service, "feeds", &list);
	while (fetch_next(&list, &feed)) {
		if (bits != 0 && !text_eq(key, fetch_text(&feed, "key"))) {
			fn(arg, bits, key);
			bits = 0;
		}
		key = fetch_text(&feed, "key");
		bits |= gives_of(&feed);
	}
	fn(arg, bits, key);
}

static void
put_kind(void *arg, uint32_t bits, struct text key)
{
	struct services *v = arg;

	put_row(v, v->name, bits, key);
	v->name.len = 0;
}

static void
put_service(struct services *v, const struct value *service)
{
	v->name = fetch_text(service, "name");
	each_kind(service, put_kind, v);
}

static struct table *
make_table(struct value list, size_t room)
{
	struct services v = { .t = table_new(), .room = room };
	struct value service;

	table_column(v.t, _("provider"), 0);
	table_column(v.t, _("tells"), 0);
	table_column(v.t, _("with"), 0);
	while (fetch_next(&list, &service))
		if (fetch_text(&service, "error").len == 0)
			put_service(&v, &service);
	return v.t;
}

/* Columns that are left for the last one. */
static size_t
find_room(struct value list, size_t width)
{
	struct table *t = make_table(list, 0);
	size_t head = lang_width(_("with"), strlen(_("with")));
	size_t used = table_width(t) - head;

	table_free(t);
	if (width == 0)
		return SIZE_MAX;
	return width > used + ROOM_MIN ? width - used : ROOM_MIN;
}

/* "kimi: --region ai or cn" */
static void
put_regions(const struct value *service)
{
	struct value list, region;
	char name[80];

	fetch_member(service, "regions", &list);
	if (list.n < 2)
		return;
	table_clean(fetch_text(service, "name"), name, sizeof(name));
	printf(_("%s: --region"), name);
	for (size_t i = 0; fetch_next(&list, &region); i++) {
		table_clean(fetch_text(&region, "name"), name, sizeof(name));
		printf("%s%s", i == 0 ? " " : _(", "), name);
	}
	putchar('\n');
}

static int
put_table(const struct setup *s, const struct value *result)
{
	struct value list, rest, service;
	char said[PROVIDER_SAID_MAX];
	int rc;

	fetch_member(result, "services", &list);
	rc = setup_print(s, make_table(list, find_room(list, setup_width(s))));
	for (rest = list; fetch_next(&rest, &service);)
		put_regions(&service);
	for (rest = list; fetch_next(&rest, &service);)
		if (fetch_text(&service, "error").len > 0)
			puts(
			    provider_said(fetch_text(&service, "error"), said));
	table_clean(fetch_text(result, "dir"), said, sizeof(said));
	printf(_("Definitions of your own are read from %s\n"), said);
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

static int
check_region(const struct value *service, const char *name)
{
	struct value list, region;
	char all[WORDS_MAX] = "", one[80];
	size_t len = 0;

	fetch_member(service, "regions", &list);
	while (fetch_next(&list, &region)) {
		if (text_is(fetch_text(&region, "name"), name))
			return EXIT_OK;
		table_clean(fetch_text(&region, "name"), one, sizeof(one));
		if (len < sizeof(all))
			len += (size_t)snprintf(all + len, sizeof(all) - len,
			    "%s%s", len == 0 ? "" : _(", "), one);
	}
	table_clean(fetch_text(service, "name"), one, sizeof(one));
	if (len > 0)
		complain(PROVIDER_NAME,
		    _("%s has no region \"%.40s\"; it has: %s"), one, name,
		    all);
	else
		complain(PROVIDER_NAME,
		    _("%s has no regions: leave --region out"), one);
	return EXIT_REFUSED;
}

/* What that kind of key opens, where others open other feeds. */
static void
tell_one_of_kinds(void *arg, uint32_t bits, struct text key)
{
	char buf[PROVIDER_SAID_MAX], words[WORDS_MAX];

	(void)arg;
	list_gives(bits, words);
	fprintf(
	    stderr, _("For %s it takes %s.\n"), words, provider_said(key, buf));
}

static void
tell_kind(const struct value *service)
{
	struct value feeds, feed;
	char buf[PROVIDER_SAID_MAX];
	struct text key;
	bool has_more = false;

	fetch_member(service, "feeds", &feeds);
	if (!fetch_next(&feeds, &feed))
		return;
	key = fetch_text(&feed, "key");
	while (fetch_next(&feeds, &feed))
		has_more |= !text_eq(key, fetch_text(&feed, "key"));
	if (has_more)
		each_kind(service, tell_one_of_kinds, NULL);
	else
		fprintf(stderr, _("It takes %s.\n"), provider_said(key, buf));
}

int
provider_check_service(struct setup *s, struct text provider,
    const char *region, const struct provider_low *low, bool tells_kind)
{
	struct value result, service;
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
	if (region != NULL)
		rc = check_region(&service, region);
	if (rc == EXIT_OK)
		rc = provider_check_low(low, &service);
	if (rc == EXIT_OK && tells_kind)
		tell_kind(&service);
	return rc;
}

int
provider_tell_kind(struct setup *s, struct text provider)
{
	struct value result, service;
	int rc = fetch_services(s, &result);

	if (rc == EXIT_OK && find_service(&result, provider, &service) &&
	    fetch_text(&service, "error").len == 0)
		tell_kind(&service);
	return rc;
}

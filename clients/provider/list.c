#include <stdio.h>

#include "clients/common/output.h"
#include "clients/provider/provider.h"

static const struct option_spec specs[] = { PROVIDER_OUTPUT };

/* --- JSON ----------------------------------------------------------------- */

static void
json_feeds(const struct value *account)
{
	struct value list, feed;
	bool first = true;

	fetch_member(account, "feeds", &list);
	fputs(",\n   \"feeds\":[", stdout);
	for (; fetch_next(&list, &feed); first = false) {
		fputs(first ? "{" : ",{", stdout);
		provider_json_text(&feed, "name");
		putchar(',');
		provider_json_gives(&feed);
		putchar(',');
		provider_json_time(&feed, "last_success", "last_success");
		putchar(',');
		provider_json_time(&feed, "complete_from", "complete_from");
		putchar(',');
		provider_json_time(&feed, "complete_to", "complete_to");
		putchar(',');
		provider_json_text(&feed, "error");
		putchar('}');
	}
	putchar(']');
}

static void
json_account(const struct setup *s, const struct value *a)
{
	static const char *const texts[] = { "name", "provider", "account",
		"region", "base_url", "key", "state", "last_error" };
	static const char *const times[] = { "last_success", "last_error_at",
		"next" };
	size_t i;

	putchar('{');
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		provider_json_text(a, texts[i]);
		putchar(',');
	}
	printf("\"enabled\":%s,\"shared\":%s,",
	    fetch_bool(a, "enabled") ? "true" : "false",
	    fetch_bool(a, "shared") ? "true" : "false");
	for (i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		provider_json_time(a, times[i], times[i]);
		putchar(',');
	}
	provider_json_low(a);
	json_feeds(a);
	fputs(",\n   ", stdout);
	provider_json_left(s, a);
	putchar('}');
}

/* --- For people ----------------------------------------------------------- */

static void
put_name(struct table *t, const struct value *a, int64_t now_ms)
{
	(void)now_ms;
	table_text(t, fetch_text(a, "name"));
}

static void
put_state(struct table *t, const struct value *a, int64_t now_ms)
{
	(void)now_ms;
	table_text(t, provider_state(fetch_text(a, "state")));
}

static void
put_key(struct table *t, const struct value *a, int64_t now_ms)
{
	(void)now_ms;
	table_text(t, fetch_text(a, "key"));
}

static void
put_success(struct table *t, const struct value *a, int64_t now_ms)
{
	int64_t ms = (int64_t)fetch_u64(a, "last_success");
	char buf[FIGURE_MAX];

	if (ms == 0) {
		table_str(t, "-");
		return;
	}
	figure_ago(now_ms - ms, buf);
	table_str(t, buf);
}

static void
put_next(struct table *t, const struct value *a, int64_t now_ms)
{
	int64_t ms = (int64_t)fetch_u64(a, "next");
	char span[FIGURE_MAX], buf[FIGURE_MAX + 40];

	if (ms == 0 || !fetch_bool(a, "enabled")) {
		table_str(t, "-");
		return;
	}
	figure_duration(ms > now_ms ? ms - now_ms : 0, span);
	snprintf(buf, sizeof(buf), _("in %s"), span);
	table_str(t, buf);
}

static void
put_shared(struct table *t, const struct value *a, int64_t now_ms)
{
	(void)now_ms;
	table_str(t, fetch_bool(a, "shared") ? _("yes") : _("no"));
}

static void
put_low(struct table *t, const struct value *a, int64_t now_ms)
{
	char amount[PROVIDER_AMOUNT_MAX] = "-";

	(void)now_ms;
	if (fetch_text(a, "low_balance").len > 0)
		provider_amount(fetch_money(a, "low_balance"),
		    fetch_text(a, "low_balance_currency"), amount);
	table_str(t, amount);
}

#define STAYS 6

static const struct {
	const char *name;
	unsigned flags, goes; /* the how manieth where there is no room */
	void (*put)(struct table *t, const struct value *a, int64_t now_ms);
} columns[] = {
	{ N_("account"), TABLE_TRUNC, STAYS, put_name },
	{ N_("state"), 0, STAYS, put_state },
	{ N_("key"), 0, 4, put_key },
	{ N_("last success"), 0, 5, put_success },
	{ N_("next"), 0, 3, put_next },
	{ N_("shared"), 0, 2, put_shared },
	{ N_("low below"), TABLE_RIGHT, 1, put_low },
};

#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

static struct table *
draw(struct value list, unsigned gone, int64_t now_ms)
{
	struct table *t = table_new();
	struct value account;

	for (size_t i = 0; i < COLUMNS; i++)
		if (columns[i].goes > gone)
			table_column(t, _(columns[i].name), columns[i].flags);
	while (fetch_next(&list, &account))
		for (size_t i = 0; i < COLUMNS; i++)
			if (columns[i].goes > gone)
				columns[i].put(t, &account, now_ms);
	return t;
}

static struct table *
draw_to_fit(struct value list, size_t width, int64_t now_ms)
{
	struct table *t = draw(list, 0, now_ms);

	for (unsigned gone = 1;
	     width > 0 && table_width(t) > width && gone < STAYS; gone++) {
		table_free(t);
		t = draw(list, gone, now_ms);
	}
	return t;
}

/* The feed whose error is the account's; its others may be well. */
static struct text
find_failed(const struct value *account, struct text error)
{
	struct value list, feed;

	fetch_member(account, "feeds", &list);
	while (fetch_next(&list, &feed))
		if (text_eq(fetch_text(&feed, "error"), error))
			return fetch_text(&feed, "name");
	return (struct text){ 0 };
}

/* Whole, which a column of a table is too narrow for. */
static void
put_error(const struct value *account, struct text error, int64_t now_ms)
{
	int64_t at_ms = (int64_t)fetch_u64(account, "last_error_at");
	struct text failed = find_failed(account, error);
	char name[200], feed[80], ago[FIGURE_MAX], said[PROVIDER_SAID_MAX];

	table_clean(fetch_text(account, "name"), name, sizeof(name));
	table_clean(failed, feed, sizeof(feed));
	figure_ago(now_ms - at_ms, ago);
	provider_said(error, said);
	if (failed.len > 0)
		printf(_("%s, %s, %s: %s"), name, feed, ago, said);
	else
		printf(_("%s, %s: %s"), name, ago, said);
	putchar('\n');
	if (text_is(fetch_text(account, "state"), "bad_key"))
		provider_tell_remedy(name);
}

static void
put_errors(struct value list, int64_t now_ms)
{
	struct value account;
	struct text error;

	while (fetch_next(&list, &account)) {
		error = fetch_text(&account, "last_error");
		if (error.len > 0)
			put_error(&account, error, now_ms);
	}
}

static int
put_table(const struct setup *s, struct value list)
{
	int rc;

	if (list.n == 0) {
		puts(_("No account: tt-provider add PROVIDER adds one."));
		provider_put_remains(s);
		return EXIT_OK;
	}
	rc = setup_print(s, draw_to_fit(list, setup_width(s), s->now_ms));
	put_errors(list, s->now_ms);
	provider_put_remains(s);
	return rc;
}

static int
run(struct setup *s, const struct provider_options *o, int nargs, char **args)
{
	(void)o;
	return provider_show(s, nargs, args, put_table, json_account);
}

const struct provider_verb provider_list = {
	.verb.name = "list",
	.verb.program = {
		.name = "tt-provider list",
		.synopsis = N_("[NAME] [OPTION…]"),
		.summary = N_("Shows the accounts, how asking them went, and "
			      "when they are asked next."),
		.specs = specs,
		.nspecs = sizeof(specs) / sizeof(specs[0]),
	},
	.run = run,
};

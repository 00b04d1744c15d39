#include <stdio.h>

#include "clients/common/output.h"
#include "clients/provider/provider.h"

static const struct option_spec specs[] = { PROVIDER_OUTPUT };

static void
json_account(const struct value *account)
{
	putchar('{');
	provider_json_text(account, "name");
	putchar(',');
	provider_json_low(account);
	putchar(',');
	provider_json_time(account, "last_success", "last_success");
	putchar(',');
	provider_json_left(account);
	putchar('}');
}

static void
put_low(
    struct table *t, const struct value *account, const struct value *balance)
{
	char amount[PROVIDER_AMOUNT_MAX] = "";

	if (provider_low_watches(account, balance))
		provider_amount(fetch_money(account, "low_balance"),
		    fetch_text(balance, "currency"), amount);
	table_str(t, amount);
	table_str(t, provider_is_low(account, balance) ? _("low") : "");
}

/* A service may tell of the account and of its key: then it says which. */
static void
put_what(struct table *t, struct value list, const struct value *balance)
{
	struct text feed = fetch_text(balance, "feed");
	struct text what = provider_balance_of(fetch_text(balance, "what"));
	char from[60], said[100], buf[200];
	struct value row;
	bool is_only = true;

	while (fetch_next(&list, &row))
		is_only = is_only && text_eq(fetch_text(&row, "feed"), feed);
	if (is_only) {
		table_text(t, what);
		return;
	}
	table_clean(feed, from, sizeof(from));
	table_clean(what, said, sizeof(said));
	snprintf(buf, sizeof(buf), _("%s (%s)"), said, from);
	table_str(t, buf);
}

/* Each currency has a row of its own: they are never added up. */
static size_t
put_balances(struct table *t, const struct value *account)
{
	struct value all, list, row;
	char amount[PROVIDER_AMOUNT_MAX];
	size_t n = 0;

	fetch_member(account, "balances", &all);
	for (list = all; fetch_next(&list, &row); n++) {
		table_text(t, fetch_text(account, "name"));
		put_what(t, all, &row);
		provider_amount(fetch_money(&row, "amount"),
		    fetch_text(&row, "currency"), amount);
		table_str(t, amount);
		put_low(t, account, &row);
	}
	return n;
}

static void
put_resets(struct table *t, int64_t ms, int64_t now_ms)
{
	char span[FIGURE_MAX], buf[FIGURE_MAX + 40];

	if (ms == 0) {
		table_str(t, "");
		return;
	}
	figure_span(ms > now_ms ? ms - now_ms : 0, span);
	snprintf(buf, sizeof(buf), _("resets in %s"), span);
	table_str(t, buf);
}

static size_t
put_windows(struct table *t, const struct value *account, int64_t now_ms)
{
	struct value list, row;
	char name[120], span[40], what[200];
	size_t n = 0;

	fetch_member(account, "windows", &list);
	for (; fetch_next(&list, &row); n++) {
		table_text(t, fetch_text(account, "name"));
		table_clean(fetch_text(&row, "name"), name, sizeof(name));
		table_clean(fetch_text(&row, "span"), span, sizeof(span));
		snprintf(what, sizeof(what), _("window %s %s"), name, span);
		table_str(t, what);
		table_clean(
		    fetch_text(&row, "used_percent"), name, sizeof(name));
		snprintf(what, sizeof(what), _("%s%% used"),
		    name[0] != '\0' ? name : "?");
		table_str(t, what);
		table_str(t, "");
		put_resets(t, (int64_t)fetch_u64(&row, "resets"), now_ms);
	}
	return n;
}

static int
put_table(const struct setup *s, struct value list)
{
	struct table *t = table_new();
	struct value account;
	size_t n = 0;

	table_column(t, _("account"), 0);
	table_column(t, _("what"), TABLE_TRUNC);
	table_column(t, _("amount"), TABLE_RIGHT);
	table_column(t, _("low below"), TABLE_RIGHT);
	table_column(t, "", 0);
	while (fetch_next(&list, &account)) {
		n += put_balances(t, &account);
		n += put_windows(t, &account, s->now_ms);
	}
	if (n > 0)
		return setup_print(s, t);
	table_free(t);
	puts(_("No account has told a balance or a quota."));
	return EXIT_OK;
}

static int
run(struct setup *s, const struct provider_options *o, int nargs, char **args)
{
	(void)o;
	return provider_show(s, nargs, args, put_table, json_account);
}

const struct provider_verb provider_balance = {
	.verb.name = "balance",
	.verb.program = {
		.name = "tt-provider balance",
		.synopsis = N_("[NAME] [OPTION…]"),
		.summary = N_("Shows what is left: balances, each in its own "
			      "currency, and quota windows."),
		.specs = specs,
		.nspecs = sizeof(specs) / sizeof(specs[0]),
	},
	.run = run,
};

#include <stdio.h>

#include "clients/common/output.h"
#include "clients/provider/provider.h"

static const struct option_spec specs[] = { PROVIDER_OUTPUT };

static void
json_account(const struct setup *s, const struct value *account)
{
	putchar('{');
	provider_json_text(account, "name");
	putchar(',');
	provider_json_text(account, "state");
	putchar(',');
	provider_json_low(account);
	putchar(',');
	provider_json_time(account, "last_success", "last_success");
	putchar(',');
	provider_json_left(s, account);
	putchar('}');
}

/* What goes first, second … where there is no room for all. */
enum { ALL_FITS, AGES_GO, LOWS_GO, ACCOUNTS_GO, NOTES_GO, NOTHING_GOES };

struct rows {
	struct table *t;
	int64_t now_ms;
	bool has_ages; /* some are not of now */
	unsigned gone;
};

/* Then it is a row above the others of it, as what they are needs the room. */
static void
put_account(const struct rows *v, const struct value *account)
{
	if (v->gone < ACCOUNTS_GO)
		table_text(v->t, fetch_text(account, "name"));
}

static void
put_note(const struct rows *v, const char *low, const char *note)
{
	if (v->gone < LOWS_GO)
		table_str(v->t, low);
	if (v->gone < NOTES_GO)
		table_str(v->t, note);
}

static void
put_age(const struct rows *v, const struct value *account, struct text feed)
{
	char age[PROVIDER_AGE_MAX];

	if (!v->has_ages || v->gone >= AGES_GO)
		return;
	provider_age(account, provider_as_of(account, feed), v->now_ms, age);
	table_str(v->t, age);
}

static bool
has_age(const struct value *account, struct text feed, int64_t now_ms)
{
	char age[PROVIDER_AGE_MAX];

	provider_age(account, provider_as_of(account, feed), now_ms, age);
	return age[0] != '\0';
}

/* Is anything that is shown of it not of now? */
static bool
has_ages(const struct value *account, int64_t now_ms)
{
	struct value list, row;

	fetch_member(account, "balances", &list);
	while (fetch_next(&list, &row))
		if (has_age(account, fetch_text(&row, "feed"), now_ms))
			return true;
	fetch_member(account, "windows", &list);
	return list.n > 0 && has_age(account, (struct text){ 0 }, now_ms);
}

static void
put_low(const struct rows *v, const struct value *account,
    const struct value *balance)
{
	char amount[PROVIDER_AMOUNT_MAX] = "";

	if (provider_low_watches(account, balance))
		provider_amount(fetch_money(account, "low_balance"),
		    fetch_text(balance, "currency"), amount);
	put_note(v, amount, provider_is_low(account, balance) ? _("low") : "");
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
put_balances(const struct rows *v, const struct value *account)
{
	struct table *t = v->t;
	struct value all, list, row;
	char amount[PROVIDER_AMOUNT_MAX];
	size_t n = 0;

	fetch_member(account, "balances", &all);
	for (list = all; fetch_next(&list, &row); n++) {
		put_account(v, account);
		put_what(t, all, &row);
		provider_amount(fetch_money(&row, "amount"),
		    fetch_text(&row, "currency"), amount);
		table_str(t, amount);
		put_low(v, account, &row);
		put_age(v, account, fetch_text(&row, "feed"));
	}
	return n;
}

static void
put_resets(const struct rows *v, int64_t ms)
{
	char span[FIGURE_MAX], buf[FIGURE_MAX + 40] = "";

	if (ms != 0) {
		figure_span(ms > v->now_ms ? ms - v->now_ms : 0, span);
		snprintf(buf, sizeof(buf), _("resets in %s"), span);
	}
	put_note(v, "", buf);
}

/* How much is used since it was reset nobody has told yet. */
static void
put_over(const struct rows *v, const struct value *account,
    const struct value *window)
{
	int64_t resets_ms = (int64_t)fetch_u64(window, "resets");
	char ago[FIGURE_MAX], buf[FIGURE_MAX + 40];

	table_str(v->t, "-");
	figure_ago(v->now_ms - resets_ms, ago);
	snprintf(buf, sizeof(buf), _("was reset %s"), ago);
	put_note(v, "", buf);
	put_age(v, account, (struct text){ 0 });
}

static size_t
put_windows(const struct rows *v, const struct value *account)
{
	struct table *t = v->t;
	struct value list, row;
	char name[120], span[40], what[200];
	size_t n = 0;

	fetch_member(account, "windows", &list);
	for (; fetch_next(&list, &row); n++) {
		put_account(v, account);
		table_clean(fetch_text(&row, "name"), name, sizeof(name));
		table_clean(fetch_text(&row, "span"), span, sizeof(span));
		snprintf(what, sizeof(what),
		    v->gone < ACCOUNTS_GO ? _("window %s %s") : "%s %s", name,
		    span);
		table_str(t, what);
		if (provider_is_over(&row, v->now_ms)) {
			put_over(v, account, &row);
			continue;
		}
		table_clean(
		    fetch_text(&row, "used_percent"), name, sizeof(name));
		snprintf(what, sizeof(what),
		    fetch_bool(&row, "approximate") ? _("about %s%% used")
						    : _("%s%% used"),
		    name[0] != '\0' ? name : "?");
		table_str(t, what);
		put_resets(v, (int64_t)fetch_u64(&row, "resets"));
		put_age(v, account, (struct text){ 0 });
	}
	return n;
}

static bool
tells_some(const struct value *account)
{
	struct value balances, windows;

	fetch_member(account, "balances", &balances);
	fetch_member(account, "windows", &windows);
	return balances.n > 0 || windows.n > 0;
}

static void
put_heading(const struct rows *v, const struct value *account)
{
	if (v->gone < ACCOUNTS_GO || !tells_some(account))
		return;
	table_text(v->t, fetch_text(account, "name"));
	table_str(v->t, "");
	put_note(v, "", "");
}

static void
put_columns(const struct rows *v)
{
	if (v->gone < ACCOUNTS_GO)
		table_column(v->t, _("account"), 0);
	table_column(v->t, _("what"), TABLE_TRUNC);
	table_column(v->t, _("amount"), TABLE_RIGHT);
	if (v->gone < LOWS_GO)
		table_column(v->t, _("low below"), TABLE_RIGHT);
	if (v->gone < NOTES_GO)
		table_column(v->t, "", 0);
	if (v->has_ages && v->gone < AGES_GO)
		table_column(v->t, _("as of"), 0);
}

/* How many rows there are. */
static size_t
draw(struct rows *v, struct value list)
{
	struct value account;
	size_t n = 0;

	v->t = table_new();
	put_columns(v);
	while (fetch_next(&list, &account)) {
		put_heading(v, &account);
		n += put_balances(v, &account);
		n += put_windows(v, &account);
	}
	return n;
}

static size_t
draw_to_fit(struct rows *v, struct value list, size_t width)
{
	size_t n = draw(v, list);

	while (width > 0 && table_width(v->t) > width &&
	       v->gone + 1 < NOTHING_GOES) {
		table_free(v->t);
		v->gone++;
		n = draw(v, list);
	}
	return n;
}

/* Of what is shown of it, the oldest; 0 where that is not known of some. */
static int64_t
find_oldest(const struct value *account)
{
	struct value list, row;
	int64_t ms, oldest_ms = INT64_MAX;

	fetch_member(account, "windows", &list);
	if (list.n > 0)
		oldest_ms = provider_as_of(account, (struct text){ 0 });
	fetch_member(account, "balances", &list);
	while (fetch_next(&list, &row)) {
		ms = provider_as_of(account, fetch_text(&row, "feed"));
		oldest_ms = ms < oldest_ms ? ms : oldest_ms;
	}
	return oldest_ms;
}

/* A line an account, where there is no room for the column. */
static void
put_ages(const struct rows *v, struct value list)
{
	char name[200], age[PROVIDER_AGE_MAX];
	struct value account;

	while (fetch_next(&list, &account)) {
		if (!has_ages(&account, v->now_ms))
			continue;
		table_clean(fetch_text(&account, "name"), name, sizeof(name));
		provider_age(&account, find_oldest(&account), v->now_ms, age);
		printf(_("%s: as of %s"), name, age);
		putchar('\n');
	}
}

static int
put_table(const struct setup *s, struct value list)
{
	struct rows v = { .now_ms = s->now_ms };
	struct value rest, account;
	int rc;

	for (rest = list; fetch_next(&rest, &account);)
		v.has_ages = v.has_ages || has_ages(&account, s->now_ms);
	if (draw_to_fit(&v, list, setup_width(s)) == 0) {
		table_free(v.t);
		puts(_("No account has told a balance or a quota."));
		return EXIT_OK;
	}
	rc = setup_print(s, v.t);
	if (v.gone >= AGES_GO)
		put_ages(&v, list);
	return rc;
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

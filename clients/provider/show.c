#include <stdio.h>
#include <string.h>

#include "clients/common/output.h"
#include "clients/common/text_lang.h"
#include "clients/provider/provider.h"

struct word {
	const char *name, *text;
};

static const struct word states[] = {
	{ "new", N_("new") },
	{ "ok", N_("ok") },
	{ "running", N_("running") },
	{ "bad_key", N_("key refused") },
	{ "failing", N_("failing") },
	{ "disabled", N_("disabled") },
	{ "undefined", N_("undefined") },
};

static const struct word outcomes[] = {
	{ "ok", N_("ok") },
	{ "bad_key", N_("key refused") },
	{ "limited", N_("asked too often") },
	{ "failing", N_("failing") },
	{ "absent", N_("not there for this account") },
	{ "broken", N_("no usable answer") },
	{ "denied", N_("not for this key") },
	{ "no_key", N_("its key cannot be read") },
};

static const struct word balances[] = {
	{ "left", N_("left") },
	{ "granted", N_("granted") },
	{ "topped_up", N_("topped up") },
	{ "bought", N_("bought in all") },
	{ "used", N_("used in all") },
	{ "used_day", N_("used today (UTC)") },
	{ "used_week", N_("used this week (UTC)") },
	{ "used_month", N_("used this month (UTC)") },
	{ "limit_left", N_("left of the key's limit") },
};

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

static struct text
find_word(const struct word *words, size_t n, struct text name)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (text_is(name, words[i].name))
			return text_of(_(words[i].text));
	return name;
}

struct text
provider_state(struct text state)
{
	return find_word(states, COUNT_OF(states), state);
}

struct text
provider_outcome(struct text outcome)
{
	return find_word(outcomes, COUNT_OF(outcomes), outcome);
}

struct text
provider_balance_of(struct text what)
{
	return find_word(balances, COUNT_OF(balances), what);
}

void
provider_amount(
    money_sum amount, struct text currency, char buf[PROVIDER_AMOUNT_MAX])
{
	char money[MONEY_TEXT_MAX], clean[16];

	money_format_rounded(amount, 2, money);
	table_clean(currency, clean, sizeof(clean));
	snprintf(buf, PROVIDER_AMOUNT_MAX, "%s%s%s", money,
	    clean[0] != '\0' ? " " : "", clean);
}

const char *
provider_said(struct text said, char buf[PROVIDER_SAID_MAX])
{
	char clean[PROVIDER_SAID_MAX], ours[PROVIDER_SAID_MAX];

	table_clean(said, clean, sizeof(clean));
	snprintf(
	    buf, PROVIDER_SAID_MAX, "%s", lang_said(clean, ours, sizeof(ours)));
	return buf;
}

static void
json_time(int64_t ms, const char *name)
{
	char text[CALENDAR_TEXT_MAX];

	calendar_format_utc(ms, text);
	if (ms > 0)
		printf("\"%s\":\"%s\"", name, text);
	else
		printf("\"%s\":null", name);
}

void
provider_json_time(const struct value *map, const char *key, const char *name)
{
	json_time((int64_t)fetch_u64(map, key), name);
}

void
provider_json_text(const struct value *map, const char *key)
{
	struct text t = fetch_text(map, key);

	printf("\"%s\":", key);
	if (t.len > 0)
		json_put_text(stdout, t);
	else
		fputs("null", stdout);
}

void
provider_json_money(const struct value *map, const char *key)
{
	struct text t = fetch_text(map, key);
	char money[MONEY_TEXT_MAX];
	money_sum pico;

	if (t.len > 0 && money_parse_sum(t.p, t.len, &pico) == 0)
		money_format(pico, money);
	else
		snprintf(money, sizeof(money), "null");
	printf("\"%s\":%s", key, money);
}

static void
json_balances(const struct value *account)
{
	struct value list, row;
	bool first = true;

	fetch_member(account, "balances", &list);
	fputs("\"balances\":[", stdout);
	for (; fetch_next(&list, &row); first = false) {
		fputs(first ? "{" : ",{", stdout);
		provider_json_text(&row, "feed");
		putchar(',');
		provider_json_text(&row, "what");
		putchar(',');
		provider_json_text(&row, "currency");
		putchar(',');
		provider_json_money(&row, "amount");
		printf(",\"low\":%s,",
		    provider_is_low(account, &row) ? "true" : "false");
		json_time(
		    provider_as_of(account, fetch_text(&row, "feed")), "as_of");
		putchar('}');
	}
	putchar(']');
}

void
provider_json_left(const struct setup *s, const struct value *account)
{
	int64_t as_of_ms = provider_as_of(account, (struct text){ 0 });
	struct value list, row;
	bool first = true;

	json_balances(account);
	fetch_member(account, "windows", &list);
	fputs(",\"windows\":[", stdout);
	for (; fetch_next(&list, &row); first = false) {
		fputs(first ? "{" : ",{", stdout);
		provider_json_text(&row, "name");
		putchar(',');
		provider_json_text(&row, "span");
		putchar(',');
		provider_json_money(&row, "used_percent");
		printf(",\"approximate\":%s,",
		    fetch_bool(&row, "approximate") ? "true" : "false");
		provider_json_time(&row, "resets", "resets");
		printf(",\"current\":%s,",
		    provider_is_over(&row, s->now_ms) ? "false" : "true");
		json_time(as_of_ms, "as_of");
		putchar('}');
	}
	putchar(']');
}

bool
provider_gives(const struct value *feed, const char *what)
{
	struct value list, word;

	fetch_member(feed, "gives", &list);
	while (fetch_next(&list, &word))
		if (text_is(word.text, what))
			return true;
	return false;
}

void
provider_json_gives(const struct value *feed)
{
	struct value list, what;
	bool first = true;

	fetch_member(feed, "gives", &list);
	fputs("\"gives\":[", stdout);
	for (; fetch_next(&list, &what); first = false) {
		if (!first)
			putchar(',');
		json_put_text(stdout, what.text);
	}
	putchar(']');
}

#include <inttypes.h>
#include <stdio.h>

#include "clients/common/output.h"
#include "clients/common/text_lang.h"
#include "clients/price/price.h"

static const char *const class_titles[TARIFF_CLASSES] = {
	[TARIFF_INPUT] = N_("input"),
	[TARIFF_OUTPUT] = N_("output"),
	[TARIFF_CACHE_READ] = N_("cache read"),
	[TARIFF_CACHE_WRITE] = N_("cache write"),
	[TARIFF_CACHE_WRITE_1H] = N_("1 h write"),
	[TARIFF_WEB_SEARCH] = N_("search"),
};

void
show_rate(int64_t pico, enum tariff_class class, char buf[FIGURE_MAX])
{
	char text[MONEY_TEXT_MAX];

	if (pico == TARIFF_UNKNOWN) {
		snprintf(buf, FIGURE_MAX, "-");
	} else if (class == TARIFF_WEB_SEARCH) {
		money_format(pico, text);
		snprintf(buf, FIGURE_MAX, "%s", text);
	} else {
		figure_rate(pico, buf);
	}
}

struct text
show_name(const struct tariff *t, char buf[PRICE_PATTERN_MAX])
{
	int n = snprintf(buf, PRICE_PATTERN_MAX, "%.*s%s%.*s",
	    (int)t->provider.len, t->provider.len > 0 ? t->provider.p : "",
	    t->provider.len > 0 ? "/" : "", (int)t->model.len,
	    t->model.len > 0 ? t->model.p : "");

	if (n < 0 || n >= PRICE_PATTERN_MAX)
		return t->model;
	return (struct text){ buf, (uint32_t)n };
}

/* Which classes anything is known of, bit by bit. */
static unsigned
known_classes(const struct tariff *list, size_t n)
{
	unsigned known = 1u << TARIFF_INPUT | 1u << TARIFF_OUTPUT;

	for (size_t i = 0; i < n; i++)
		for (int c = 0; c < TARIFF_CLASSES; c++)
			if (list[i].rates.of[c] != TARIFF_UNKNOWN)
				known |= 1u << c;
	return known;
}

static bool
has_tier(const struct tariff *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].tier.len > 0)
			return true;
	return false;
}

/* The columns of one table. */
struct columns {
	unsigned classes;
	bool origin, tier;
};

static void
add_columns(struct table *t, const struct columns *c)
{
	table_column(t, _("model"), TABLE_TRUNC);
	if (c->origin)
		table_column(t, _("origin"), 0);
	if (c->tier)
		table_column(t, _("tier"), 0);
	table_column(t, _("from"), 0);
	table_column(t, _("prompt"), TABLE_RIGHT);
	for (int i = 0; i < TARIFF_CLASSES; i++)
		if (c->classes & 1u << i)
			table_column(t, _(class_titles[i]), TABLE_RIGHT);
}

static void
add_rates(
    struct table *t, const struct columns *c, const struct tariff_rates *rates)
{
	char buf[FIGURE_MAX];

	for (int i = 0; i < TARIFF_CLASSES; i++) {
		if (!(c->classes & 1u << i))
			continue;
		show_rate(rates->of[i], (enum tariff_class)i, buf);
		table_str(t, buf);
	}
}

/* A step's row says only what is not as in the row above. */
static void
add_steps(struct table *t, const struct columns *c, const struct tariff *price)
{
	char tokens[FIGURE_MAX], buf[FIGURE_MAX + 4];

	for (uint32_t i = 0; i < price->n_steps; i++) {
		table_str(t, "");
		if (c->origin)
			table_str(t, "");
		if (c->tier)
			table_str(t, "");
		table_str(t, "");
		figure_grouped(price->steps[i].above, tokens);
		snprintf(buf, sizeof(buf), "> %s", tokens);
		table_str(t, buf);
		add_rates(t, c, &price->steps[i].rates);
	}
}

static void
add_price(struct table *t, const struct columns *c, const struct tariff *price)
{
	char name[PRICE_PATTERN_MAX], day[CALENDAR_TEXT_MAX] = "-";

	table_text(t, show_name(price, name));
	if (c->origin)
		table_text(t, price->origin);
	if (c->tier)
		table_text(t, price->tier.len > 0 ? price->tier : TEXT("-"));
	if (price->has_from)
		tariff_format_day(price->from_ms, day);
	table_str(t, day);
	table_str(t, "");
	add_rates(t, c, &price->rates);
	add_steps(t, c, price);
}

int
show_prices(
    const struct setup *s, const struct tariff *list, size_t n, bool is_table)
{
	struct columns c = { known_classes(list, n), !is_table,
		has_tier(list, n) };
	struct table *t = table_new();

	add_columns(t, &c);
	for (size_t i = 0; i < n; i++)
		add_price(t, &c, &list[i]);
	return setup_print(s, t);
}

void
show_json_money(const char *name, money_sum pico)
{
	char buf[MONEY_TEXT_MAX];

	money_format(pico, buf);
	printf("\"%s\":%s", name, buf);
}

static void
json_rates(const struct tariff_rates *rates)
{
	char buf[MONEY_TEXT_MAX];
	bool first = true;

	fputs("\"rates\":{", stdout);
	for (int i = 0; i < TARIFF_CLASSES; i++) {
		if (rates->of[i] == TARIFF_UNKNOWN)
			continue;
		tariff_format_rate(rates->of[i], (enum tariff_class)i, buf);
		printf("%s\"%s\":%s", first ? "" : ",", tariff_class_names[i],
		    buf);
		first = false;
	}
	putchar('}');
}

void
show_json_rates(const struct tariff *t)
{
	json_rates(&t->rates);
	fputs(",\"above\":[", stdout);
	for (uint32_t i = 0; i < t->n_steps; i++) {
		printf("%s{\"above\":%" PRIu64 ",", i > 0 ? "," : "",
		    t->steps[i].above);
		json_rates(&t->steps[i].rates);
		putchar('}');
	}
	putchar(']');
}

static void
json_text(const char *name, struct text t)
{
	printf("\"%s\":", name);
	if (t.len > 0)
		json_put_text(stdout, t);
	else
		fputs("null", stdout);
}

void
show_json(const struct tariff *t)
{
	char name[PRICE_PATTERN_MAX], day[CALENDAR_TEXT_MAX];

	putchar('{');
	json_text("origin", t->origin);
	putchar(',');
	json_text("model", show_name(t, name));
	putchar(',');
	json_text("tier", t->tier);
	if (t->has_from) {
		tariff_format_day(t->from_ms, day);
		printf(",\"from\":\"%s\",", day);
	} else {
		fputs(",\"from\":null,", stdout);
	}
	show_json_rates(t);
	if (t->aliases.len > 0) {
		putchar(',');
		json_text("aliases", t->aliases);
	}
	putchar('}');
}

static void
csv_line(
    const struct tariff *t, uint64_t above, const struct tariff_rates *rates)
{
	char name[PRICE_PATTERN_MAX], day[CALENDAR_TEXT_MAX] = "";
	char buf[MONEY_TEXT_MAX];

	if (t->has_from)
		tariff_format_day(t->from_ms, day);
	csv_put_text(stdout, ',', t->origin);
	putchar(',');
	csv_put_text(stdout, ',', show_name(t, name));
	putchar(',');
	csv_put_text(stdout, ',', t->tier);
	printf(",%s,%" PRIu64, day, above);
	for (int i = 0; i < TARIFF_CLASSES; i++) {
		buf[0] = '\0';
		if (rates->of[i] != TARIFF_UNKNOWN)
			tariff_format_rate(
			    rates->of[i], (enum tariff_class)i, buf);
		printf(",%s", buf);
	}
	putchar('\n');
}

void
show_csv(const struct tariff *list, size_t n)
{
	fputs("origin,model,tier,from,above", stdout);
	for (int i = 0; i < TARIFF_CLASSES; i++)
		printf(",%s", tariff_class_names[i]);
	putchar('\n');
	for (size_t i = 0; i < n; i++) {
		csv_line(&list[i], 0, &list[i].rates);
		for (uint32_t j = 0; j < list[i].n_steps; j++)
			csv_line(&list[i], list[i].steps[j].above,
			    &list[i].steps[j].rates);
	}
}

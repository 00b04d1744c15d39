#include "collectord/price_config.h"

#include <stdio.h>
#include <stdlib.h>

#include "collectord/ledger/price/price_book.h"
#include "proto/lang.h"
#include "proto/money.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))
#define PLACES_EACH 12 /* USD to picodollars */

/* A rate's key, and where it belongs: in the price or its long-context step. */
static const struct rate_key {
	enum config_price_key key;
	enum price_class class;
	bool is_above;
} rate_keys[] = {
	{ CONFIG_PRICE_INPUT, PRICE_INPUT, false },
	{ CONFIG_PRICE_OUTPUT, PRICE_OUTPUT, false },
	{ CONFIG_PRICE_CACHE_READ, PRICE_CACHE_READ, false },
	{ CONFIG_PRICE_CACHE_WRITE, PRICE_CACHE_WRITE_5M, false },
	{ CONFIG_PRICE_CACHE_WRITE_1H, PRICE_CACHE_WRITE_1H, false },
	{ CONFIG_PRICE_WEB_SEARCH, PRICE_WEB_SEARCH, false },
	{ CONFIG_PRICE_ABOVE_INPUT, PRICE_INPUT, true },
	{ CONFIG_PRICE_ABOVE_OUTPUT, PRICE_OUTPUT, true },
	{ CONFIG_PRICE_ABOVE_CACHE_READ, PRICE_CACHE_READ, true },
	{ CONFIG_PRICE_ABOVE_CACHE_WRITE, PRICE_CACHE_WRITE_5M, true },
};

/* One section being read. */
struct reading {
	const struct config_section *from;
	struct price_override *to;
	char *why;
	size_t cap;
};

/* The line of a key, with why that says what it is not. */
static int
refuse(const struct reading *r, enum config_price_key key, const char *what)
{
	snprintf(r->why, r->cap, _("%s: \"%s\" is not %s"),
	    config_price_keys[key], r->from->key[key].text, what);
	return r->from->key[key].line;
}

static int
miss(const struct reading *r, enum config_price_key key)
{
	snprintf(r->why, r->cap, _("[price \"%.80s\"] has no %s"),
	    r->from->name, config_price_keys[key]);
	return r->from->line;
}

/* USD each to whole picodollars; tokens are priced by the million. */
static int
parse_each(const char *s, int64_t *pico)
{
	struct money_decimal d;

	if (money_parse_decimal(s, strlen(s), PLACES_EACH, &d) != 0 ||
	    !d.exact || d.negative || d.magnitude > PRICE_RATE_MAX)
		return -1;
	*pico = (int64_t)d.magnitude;
	return 0;
}

/* ".3" is "0.3". */
static int
parse_rate(const char *s, enum price_class class, int64_t *pico)
{
	char text[80];

	snprintf(text, sizeof(text), "%s%s", s[0] == '.' ? "0" : "", s);
	if (class == PRICE_WEB_SEARCH)
		return parse_each(text, pico);
	return price_parse_rate(text, strlen(text), pico);
}

static int
read_rates(const struct reading *r)
{
	price_rates_init(&r->to->rates);
	price_rates_init(&r->to->steps[0].rates);
	for (size_t i = 0; i < LENGTH(rate_keys); i++) {
		const struct rate_key *k = &rate_keys[i];
		struct price_rates *rates =
		    k->is_above ? &r->to->steps[0].rates : &r->to->rates;

		if (r->from->key[k->key].text == NULL)
			continue;
		if (parse_rate(r->from->key[k->key].text, k->class,
			&rates->of[k->class]) != 0)
			return refuse(r, k->key,
			    k->class == PRICE_WEB_SEARCH
				? _("USD a search in whole picodollars")
				: _("USD a million tokens in whole picodollars "
				    "a token"));
	}
	return 0;
}

static int
read_above(const struct reading *r)
{
	const char *s = r->from->key[CONFIG_PRICE_ABOVE].text;
	struct money_decimal d;
	int key;

	for (key = CONFIG_PRICE_ABOVE_INPUT; key < CONFIG_PRICE_KEYS; key++)
		if (s == NULL && r->from->key[key].text != NULL)
			return miss(r, CONFIG_PRICE_ABOVE);
	if (s == NULL)
		return 0;
	if (money_parse_decimal(s, strlen(s), 0, &d) != 0 || !d.exact ||
	    d.negative || d.magnitude == 0 || d.magnitude > LIMIT_TOKENS)
		return refuse(r, CONFIG_PRICE_ABOVE, _("a count of tokens"));
	for (key = CONFIG_PRICE_ABOVE_INPUT; key <= CONFIG_PRICE_ABOVE_OUTPUT;
	     key++)
		if (r->from->key[key].text == NULL)
			return miss(r, (enum config_price_key)key);
	r->to->steps[0].above = (uint64_t)d.magnitude;
	r->to->n_steps = 1;
	return 0;
}

static int
read_tier(const struct reading *r)
{
	static const char *const tiers[] = { "standard", "batch", "flex",
		"priority", "fast" };
	const char *s = r->from->key[CONFIG_PRICE_TIER].text;

	if (s == NULL)
		return 0;
	for (size_t i = 0; i < LENGTH(tiers); i++)
		if (strcmp(tiers[i], s) == 0) {
			r->to->tier = text_of(s);
			return 0;
		}
	return refuse(
	    r, CONFIG_PRICE_TIER, _("standard, batch, flex, priority or fast"));
}

static int
read_price(const struct reading *r)
{
	int line;

	*r->to = (struct price_override){ .pattern = text_of(r->from->name),
		.is_configured = true };
	if (r->from->key[CONFIG_PRICE_INPUT].text == NULL)
		return miss(r, CONFIG_PRICE_INPUT);
	if (r->from->key[CONFIG_PRICE_OUTPUT].text == NULL)
		return miss(r, CONFIG_PRICE_OUTPUT);
	line = read_rates(r);
	if (line == 0)
		line = read_above(r);
	if (line == 0)
		line = read_tier(r);
	if (line == 0 && price_parse_day(r->from->key[CONFIG_PRICE_FROM].text,
			     &r->to->since_day) != 0)
		line = refuse(r, CONFIG_PRICE_FROM, _("a date as 2026-05-12"));
	return line;
}

int
price_config_read(
    struct price_config *out, const struct config *c, char *why, size_t cap)
{
	struct reading r = { .why = why, .cap = cap };
	int line = 0;

	*out = (struct price_config){ 0 };
	if (c->prices.n == 0)
		return 0;
	out->items = calloc(c->prices.n, sizeof(*out->items));
	if (out->items == NULL) {
		snprintf(why, cap, _("out of memory"));
		return c->prices.item[0].line;
	}
	for (; out->n < c->prices.n && line == 0; out->n++) {
		r.from = &c->prices.item[out->n];
		r.to = &out->items[out->n];
		line = read_price(&r);
	}
	if (line != 0)
		price_config_release(out);
	return line;
}

void
price_config_release(struct price_config *prices)
{
	free(prices->items);
	*prices = (struct price_config){ 0 };
}

bool
price_config_same(const struct config *a, const struct config *b)
{
	return a->prefers_reported == b->prefers_reported &&
	       config_sections_same(&a->prices, &b->prices);
}

#include "collectord/ledger/price/pack_price.h"

#include <stdio.h>

#define DAY_MS 86400000

static void
pack_rate(struct packer *k, int64_t pico)
{
	/* A rate of 10^6 p$ a token is 1 USD a million tokens. */
	pack_money(k, (money_sum)pico * 1000000);
}

void
pack_rates(struct packer *k, const struct price_rates *rates)
{
	uint32_t n = 0;
	int i;

	for (i = 0; i < PRICE_CLASSES; i++)
		n += rates->of[i] != PRICE_UNKNOWN;
	pack_map(k, n);
	for (i = 0; i < PRICE_CLASSES; i++) {
		if (rates->of[i] == PRICE_UNKNOWN)
			continue;
		pack_str(k, price_class_names[i]);
		pack_rate(k, rates->of[i]);
	}
}

void
pack_steps(struct packer *k, const struct price_step *steps, uint32_t n)
{
	uint32_t i;

	pack_array(k, n);
	for (i = 0; i < n; i++) {
		pack_map(k, 2);
		pack_str(k, "above");
		pack_u64(k, steps[i].above);
		pack_str(k, "rates");
		pack_rates(k, &steps[i].rates);
	}
}

static void
pack_optional(struct packer *k, const char *name, struct text t)
{
	if (t.len == 0)
		return;
	pack_str(k, name);
	pack_text(k, t);
}

void
pack_rule(struct packer *k, const struct price_rule *r)
{
	bool since = r->since_day != PRICE_ALWAYS;

	pack_map(k, 4u + since + (r->tier.len > 0) + (r->geo.len > 0) +
			(r->window.len > 0));
	pack_str(k, "entry");
	pack_text(k, r->entry);
	pack_str(k, "kind");
	pack_str(k, r->kind == PRICE_TABLE ? "table" : "override");
	pack_optional(k, "tier", r->tier);
	pack_optional(k, "geo", r->geo);
	pack_optional(k, "window", r->window);
	if (since) {
		pack_str(k, "since");
		pack_i64(k, (int64_t)r->since_day * DAY_MS);
	}
	pack_str(k, "rates");
	pack_rates(k, &r->base);
	pack_str(k, "steps");
	pack_steps(k, r->steps, r->n_steps);
}

void
pack_lines(struct packer *k, const struct price_lines *lines)
{
	uint32_t i;

	pack_array(k, lines->n);
	for (i = 0; i < lines->n; i++) {
		const struct price_line *l = &lines->line[i];
		bool known = l->rate != PRICE_UNKNOWN;

		pack_map(k, 3u + known);
		pack_str(k, "class");
		pack_str(k, price_class_names[l->class]);
		pack_str(k, "tokens");
		pack_u64(k, l->n);
		if (known) {
			pack_str(k, "rate");
			pack_rate(k, l->rate);
		}
		pack_str(k, "amount");
		pack_money(k, l->cost_pico);
	}
}

static int
unpack_rates(
    struct wire_cursor map, struct price_rates *rates, struct error *err)
{
	struct value v;
	int i;

	price_rates_init(rates);
	for (i = 0; i < PRICE_CLASSES; i++) {
		if (!unpack_member(map, price_class_names[i], &v) ||
		    v.type == VALUE_NIL)
			continue;
		if (v.type != VALUE_TEXT)
			return error_set(err, ERR_BAD_TYPE,
			    price_class_names[i], "a rate is decimal text");
		if (price_parse_rate(v.text.p, v.text.len, &rates->of[i]) != 0)
			return error_set(err, ERR_OUT_OF_RANGE,
			    price_class_names[i],
			    "not whole picodollars a token: %.*s USD a "
			    "million",
			    (int)(v.text.len > 40 ? 40 : v.text.len), v.text.p);
	}
	return 0;
}

static int
unpack_steps(struct value list, struct price_override *o, struct error *err)
{
	struct value item, v;
	uint32_t i;

	if (list.type != VALUE_ARRAY || list.n > PRICE_STEPS_MAX)
		return error_set(err, ERR_BAD_PARAMS, "above",
		    "not a list of at most %d steps", PRICE_STEPS_MAX);
	for (i = 0; i < list.n; i++) {
		if (unpack_value(&list.rest, &item) != 0 ||
		    item.type != VALUE_MAP ||
		    !unpack_member(item.at, "above", &v) || v.type != VALUE_U64)
			return error_set(err, ERR_BAD_PARAMS, "above",
			    "a step is {above, rates}");
		o->steps[i].above = v.u64;
		if (!unpack_member(item.at, "rates", &v) ||
		    v.type != VALUE_MAP ||
		    unpack_rates(v.at, &o->steps[i].rates, err) != 0)
			return error_set(err, ERR_BAD_PARAMS, "above",
			    "a step is {above, rates}");
	}
	o->n_steps = list.n;
	return 0;
}

int
unpack_override(
    struct wire_cursor map, struct price_override *o, struct error *err)
{
	struct value v;

	*o = (struct price_override){ .since_day = PRICE_ALWAYS };
	if (!unpack_member(map, "pattern", &v) || v.type != VALUE_TEXT ||
	    v.text.len == 0 || v.text.len > PRICE_PATTERN_MAX ||
	    !text_is_clean(v.text))
		return error_set(
		    err, ERR_MISSING, "pattern", "a model or provider/model");
	o->pattern = v.text;
	if (unpack_member(map, "tier", &v) && v.type == VALUE_TEXT) {
		if (v.text.len > LIMIT_TEXT || !text_is_clean(v.text))
			return error_set(
			    err, ERR_BAD_TEXT, "tier", "not a tier");
		o->tier = v.text;
	}
	if (unpack_member(map, "from", &v) && v.type == VALUE_U64 &&
	    v.u64 / DAY_MS < INT32_MAX)
		o->since_day = (int32_t)(v.u64 / DAY_MS);
	if (!unpack_member(map, "rates", &v) || v.type != VALUE_MAP) {
		price_rates_init(&o->rates);
		return 0;
	}
	if (unpack_rates(v.at, &o->rates, err) != 0)
		return -1;
	if (unpack_member(map, "above", &v) && v.type != VALUE_NIL)
		return unpack_steps(v, o, err);
	return 0;
}

#include "clients/price/tariff.h"

#include <stdio.h>
#include <stdlib.h>

#include "clients/report/fetch.h"
#include "proto/calendar.h"
#include "proto/lang.h"

#define PLACES_A_MILLION 6 /* USD a million tokens to picodollars a token */
#define PLACES_EACH 12
#define RATE_MAX MONEY_USD
#define RATE_TEXT_MAX 80
#define DATE_LEN 10

const char *const tariff_class_names[TARIFF_CLASSES] = {
	[TARIFF_INPUT] = N_("input"),
	[TARIFF_OUTPUT] = N_("output"),
	[TARIFF_CACHE_READ] = N_("cache_read"),
	[TARIFF_CACHE_WRITE] = N_("cache_write"),
	[TARIFF_CACHE_WRITE_1H] = N_("cache_write_1h"),
	[TARIFF_WEB_SEARCH] = N_("web_search"),
};

void
tariff_rates_init(struct tariff_rates *rates)
{
	for (int i = 0; i < TARIFF_CLASSES; i++)
		rates->of[i] = TARIFF_UNKNOWN;
}

static int
parse_decimal(const char *s, size_t len, int places, int64_t *pico)
{
	struct money_decimal d;

	if (money_parse_decimal(s, len, places, &d) != 0 || !d.exact ||
	    (d.negative && d.magnitude != 0) || d.magnitude > RATE_MAX)
		return -1;
	*pico = (int64_t)d.magnitude;
	return 0;
}

int
tariff_parse_rate(const char *s, enum tariff_class class, int64_t *pico)
{
	char text[RATE_TEXT_MAX];
	int n = snprintf(text, sizeof(text), "%s%s", *s == '.' ? "0" : "", s);

	if (n < 0 || (size_t)n >= sizeof(text))
		return -1;
	return parse_decimal(text, (size_t)n,
	    class == TARIFF_WEB_SEARCH ? PLACES_EACH : PLACES_A_MILLION, pico);
}

void
tariff_format_rate(
    int64_t pico, enum tariff_class class, char buf[MONEY_TEXT_MAX])
{
	money_format(class == TARIFF_WEB_SEARCH ? (money_sum)pico
						: (money_sum)pico * 1000000,
	    buf);
}

int
tariff_parse_day(const char *s, int64_t *ms)
{
	char text[CALENDAR_TEXT_MAX];
	struct civil day;
	int n;

	if (calendar_parse_date(s, strlen(s), &day) != 0)
		return -1;
	n = snprintf(text, sizeof(text), "%sT00:00:00Z", s);
	return calendar_parse_time(text, (size_t)n, ms, NULL);
}

void
tariff_format_day(int64_t ms, char *buf)
{
	calendar_format_utc(ms, buf);
	buf[DATE_LEN] = '\0';
}

/* On the wire searches too are by the million. */
static int
read_rates(const struct value *map, struct tariff_rates *rates)
{
	struct text t;

	tariff_rates_init(rates);
	for (int i = 0; i < TARIFF_CLASSES; i++) {
		t = fetch_text(map, tariff_class_names[i]);
		if (t.len > 0 && parse_decimal(t.p, t.len, PLACES_A_MILLION,
				     &rates->of[i]) != 0)
			return -1;
	}
	return map->type == VALUE_MAP ? 0 : -1;
}

/* Rates and steps of a map that has them under these names. */
static int
read_price(struct tariff *t, const struct value *map, const char *steps_name)
{
	struct value rates, steps, step;

	fetch_member(map, "rates", &rates);
	fetch_member(map, steps_name, &steps);
	if (read_rates(&rates, &t->rates) != 0)
		return -1;
	while (fetch_next(&steps, &step)) {
		if (t->n_steps == TARIFF_STEPS_MAX)
			return -1;
		fetch_member(&step, "rates", &rates);
		if (read_rates(&rates, &t->steps[t->n_steps].rates) != 0)
			return -1;
		t->steps[t->n_steps++].above = fetch_u64(&step, "above");
	}
	return 0;
}

static void
read_from(struct tariff *t, const struct value *map, const char *name)
{
	struct value v;

	t->has_from = fetch_member(map, name, &v) &&
		      (v.type == VALUE_U64 || v.type == VALUE_I64);
	t->from_ms = t->has_from ? v.i64 : 0;
}

static int
read_row(struct tariff *t, const struct value *map, bool is_override)
{
	*t = (struct tariff){
		.origin =
		    is_override ? fetch_text(map, "origin") : TEXT("table"),
		.provider = fetch_text(map, "provider"),
		.model = fetch_text(map, is_override ? "pattern" : "model"),
		.tier = fetch_text(map, "tier"),
		.aliases = fetch_text(map, "aliases"),
	};
	read_from(t, map, "from");
	return read_price(t, map, "above");
}

int
tariffs_read(struct tariffs *list, struct wire_cursor result)
{
	struct value all = fetch_value(result), overrides, table, row;
	size_t n;

	*list = (struct tariffs){ .as_of = fetch_text(&all, "as_of") };
	fetch_member(&all, "overrides", &overrides);
	fetch_member(&all, "table", &table);
	if (overrides.type != VALUE_ARRAY || table.type != VALUE_ARRAY)
		return -1;
	/* Bounded by the bytes of a message that was scanned. */
	n = (size_t)overrides.n + table.n;
	list->item = calloc(n + 1, sizeof(*list->item));
	if (list->item == NULL)
		return -1;
	list->n_overrides = overrides.n;
	while (fetch_next(&overrides, &row) || fetch_next(&table, &row)) {
		bool is_override = list->n < list->n_overrides;

		if (read_row(&list->item[list->n], &row, is_override) != 0) {
			tariffs_release(list);
			return -1;
		}
		list->n++;
	}
	return 0;
}

void
tariffs_release(struct tariffs *list)
{
	free(list->item);
	*list = (struct tariffs){ 0 };
}

/* Is it "provider/model"? */
static bool
is_joined(struct text joined, struct text provider, struct text model)
{
	return joined.len == provider.len + 1 + model.len &&
	       memcmp(joined.p, provider.p, provider.len) == 0 &&
	       joined.p[provider.len] == '/' &&
	       memcmp(joined.p + provider.len + 1, model.p, model.len) == 0;
}

static bool
names(struct text entry, const struct tariff *t)
{
	if (t->provider.len > 0 && is_joined(entry, t->provider, t->model))
		return true;
	return text_eq(entry, t->model);
}

const struct tariff *
tariffs_of_rule(const struct tariffs *list, const struct value *rule)
{
	bool is_table = text_is(fetch_text(rule, "kind"), "table");
	struct text entry = fetch_text(rule, "entry");
	struct text tier =
	    is_table ? (struct text){ 0 } : fetch_text(rule, "tier");
	struct tariff at;

	read_from(&at, rule, "since");
	for (size_t i = is_table ? list->n_overrides : 0;
	     i < (is_table ? list->n : list->n_overrides); i++) {
		const struct tariff *t = &list->item[i];

		if (names(entry, t) && text_eq(tier, t->tier) &&
		    t->has_from == at.has_from && t->from_ms == at.from_ms)
			return t;
	}
	return NULL;
}

static bool
has_alias(struct text pattern, const struct tariff *t)
{
	const char *p = t->aliases.p, *end = p + t->aliases.len;

	while (p < end) {
		const char *space = memchr(p, ' ', (size_t)(end - p));
		struct text word = { p,
			(uint32_t)((space == NULL ? end : space) - p) };

		if (text_eq(pattern, word) ||
		    (word.len > 0 && is_joined(pattern, t->provider, word)))
			return true;
		p += word.len + 1;
	}
	return false;
}

/* The newer of two prices of a model, of which one may not be in force yet. */
static const struct tariff *
newer(const struct tariff *best, const struct tariff *t, int64_t at_ms)
{
	if (t->has_from && t->from_ms > at_ms)
		return best;
	if (best == NULL || !best->has_from ||
	    (t->has_from && t->from_ms > best->from_ms))
		return t;
	return best;
}

const struct tariff *
tariffs_override(const struct tariffs *list, struct text pattern, int64_t at_ms)
{
	const struct tariff *best = NULL;

	for (size_t i = 0; i < list->n_overrides; i++)
		if (list->item[i].tier.len == 0 &&
		    text_eq(list->item[i].model, pattern))
			best = newer(best, &list->item[i], at_ms);
	return best;
}

const struct tariff *
tariffs_built_in(const struct tariffs *list, struct text pattern, int64_t at_ms)
{
	const struct tariff *best = NULL, *model = NULL, *t;
	size_t i;

	/* Aliases stand in a model's first row only. */
	for (i = list->n_overrides; i < list->n && model == NULL; i++)
		if (names(pattern, &list->item[i]) ||
		    has_alias(pattern, &list->item[i]))
			model = &list->item[i];
	for (i = list->n_overrides; i < list->n && model != NULL; i++) {
		t = &list->item[i];
		if (text_eq(t->model, model->model) &&
		    text_eq(t->provider, model->provider))
			best = newer(best, t, at_ms);
	}
	return best;
}

int
tariff_read_rule(struct tariff *t, const struct value *rule)
{
	*t = (struct tariff){ .model = fetch_text(rule, "entry") };
	return read_price(t, rule, "steps");
}

static void
pack_rates(struct packer *k, const struct tariff_rates *rates)
{
	uint32_t n = 0;
	int i;

	for (i = 0; i < TARIFF_CLASSES; i++)
		n += rates->of[i] != TARIFF_UNKNOWN;
	pack_str(k, "rates");
	pack_map(k, n);
	for (i = 0; i < TARIFF_CLASSES; i++) {
		if (rates->of[i] == TARIFF_UNKNOWN)
			continue;
		pack_str(k, tariff_class_names[i]);
		pack_money(k, (money_sum)rates->of[i] * 1000000);
	}
}

static void
pack_steps(struct packer *k, const struct tariff *t)
{
	pack_str(k, "above");
	pack_array(k, t->n_steps);
	for (uint32_t i = 0; i < t->n_steps; i++) {
		pack_map(k, 2);
		pack_str(k, "above");
		pack_u64(k, t->steps[i].above);
		pack_rates(k, &t->steps[i].rates);
	}
}

void
tariff_pack(struct packer *k, const struct tariff *t, bool with_rates)
{
	pack_map(
	    k, 1u + (t->tier.len > 0) + t->has_from + (with_rates ? 2u : 0u));
	pack_str(k, "pattern");
	pack_text(k, t->model);
	if (t->tier.len > 0) {
		pack_str(k, "tier");
		pack_text(k, t->tier);
	}
	if (t->has_from) {
		pack_str(k, "from");
		pack_i64(k, t->from_ms);
	}
	if (!with_rates)
		return;
	pack_rates(k, &t->rates);
	pack_steps(k, t);
}

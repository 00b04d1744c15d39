#include "clients/price/catalog.h"

#include <stdlib.h>

#include "proto/money.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))
#define PLACES_A_TOKEN 12  /* USD a token to picodollars */
#define PLACES_A_MILLION 6 /* USD a million tokens to picodollars a token */
#define FINER 6            /* more places, to tell noise from a fraction */
#define FINER_PARTS 1000000
#define FINER_NOISE 1000
#define RATE_MAX MONEY_USD

/* What one member says of a price. */
enum verdict { NOTHING, TAKEN, USELESS };

static void
rates_init(struct catalog_rates *rates)
{
	for (int i = 0; i < CATALOG_CLASSES; i++)
		rates->of[i] = CATALOG_NO_RATE;
}

/*
 * A list made by programs with doubles has 2.9999999999999997e-07 for 3e-07:
 * within a thousandth of a picodollar a number is taken for the whole one.
 */
static int
whole_picodollars(const char *s, size_t len, int places, int64_t *pico)
{
	struct money_decimal d;
	money_magnitude rest;

	if (money_parse_decimal(s, len, places + FINER, &d) != 0 ||
	    (d.negative && d.magnitude != 0) ||
	    d.magnitude > (money_magnitude)RATE_MAX * FINER_PARTS)
		return -1;
	d.magnitude += FINER_PARTS / 2;
	rest = d.magnitude % FINER_PARTS;
	if (rest + FINER_NOISE < FINER_PARTS / 2 ||
	    rest > FINER_PARTS / 2 + FINER_NOISE)
		return -1;
	*pico = (int64_t)(d.magnitude / FINER_PARTS);
	return 0;
}

/* Numbers, and strings of numbers as LiteLLM has a few of. */
static enum verdict
read_rate(
    const struct json *j, const struct json_node *v, int places, int64_t *pico)
{
	if (v == NULL || v->type == JSON_NULL)
		return NOTHING;
	if ((v->type != JSON_NUMBER && v->type != JSON_STRING) ||
	    whole_picodollars(json_raw(j, v), v->len, places, pico) != 0)
		return USELESS;
	return TAKEN;
}

static struct text
raw_text(const struct json *j, const struct json_node *node)
{
	return (struct text){ json_raw(j, node), node->len };
}

/* A name that can be used as it stands. */
static bool
is_name(const struct json_node *node, struct text t)
{
	return node->type == JSON_STRING && !node->escaped && t.len > 0 &&
	       t.len <= 255 && text_is_clean(t);
}

/* The step of that size, made in its place; NULL when there are too many. */
static struct catalog_rates *
step_at(struct catalog_row *row, uint64_t above)
{
	uint32_t i = row->n_steps;

	while (i > 0 && row->steps[i - 1].above > above)
		i--;
	if (i > 0 && row->steps[i - 1].above == above)
		return &row->steps[i - 1].rates;
	if (row->n_steps == CATALOG_STEPS_MAX)
		return NULL;
	memmove(&row->steps[i + 1], &row->steps[i],
	    (row->n_steps - i) * sizeof(row->steps[0]));
	row->n_steps++;
	row->steps[i].above = above;
	rates_init(&row->steps[i].rates);
	return &row->steps[i].rates;
}

static void
forget_zero_caches(struct catalog_rates *rates)
{
	for (int i = CATALOG_CACHE_READ; i < CATALOG_CLASSES; i++)
		if (rates->of[i] == 0 && rates->of[CATALOG_INPUT] > 0)
			rates->of[i] = CATALOG_NO_RATE;
}

static bool
is_complete(const struct catalog_rates *rates)
{
	return rates->of[CATALOG_INPUT] >= 0 && rates->of[CATALOG_OUTPUT] >= 0;
}

static bool
is_useful(const struct catalog_row *row)
{
	if (!is_complete(&row->rates) ||
	    (row->rates.of[CATALOG_INPUT] == 0 &&
		row->rates.of[CATALOG_OUTPUT] == 0))
		return false;
	for (uint32_t i = 0; i < row->n_steps; i++)
		if (!is_complete(&row->steps[i].rates))
			return false;
	return true;
}

static int
grow(struct catalog *c)
{
	size_t cap = c->cap == 0 ? 256 : c->cap * 2;
	struct catalog_row *rows;

	if (c->n < c->cap)
		return CATALOG_OK;
	rows = realloc(c->rows, cap * sizeof(*rows));
	if (rows == NULL)
		return CATALOG_ENOMEM;
	c->rows = rows;
	c->cap = cap;
	return CATALOG_OK;
}

static int
add_row(struct catalog *c, struct catalog_row *row)
{
	if (!is_useful(row)) {
		c->skipped++;
		return CATALOG_OK;
	}
	if (grow(c) != CATALOG_OK)
		return CATALOG_ENOMEM;
	forget_zero_caches(&row->rates);
	for (uint32_t i = 0; i < row->n_steps; i++)
		forget_zero_caches(&row->steps[i].rates);
	c->rows[c->n++] = *row;
	return CATALOG_OK;
}

/* LiteLLM's names; a longer one before what it begins with. */
static const struct lite_name {
	const char *name;
	enum catalog_class class;
} lite_names[] = {
	{ "cache_creation_input_token_cost_above_1hr", CATALOG_CACHE_WRITE_1H },
	{ "cache_creation_input_token_cost", CATALOG_CACHE_WRITE },
	{ "cache_read_input_token_cost", CATALOG_CACHE_READ },
	{ "output_cost_per_token", CATALOG_OUTPUT },
	{ "input_cost_per_token", CATALOG_INPUT },
};

/* Takes `start` off the front of t. */
static bool
take(struct text *t, const char *start)
{
	size_t n = strlen(start);

	if (t->len < n || memcmp(t->p, start, n) != 0)
		return false;
	*t = (struct text){ t->p + n, t->len - (uint32_t)n };
	return true;
}

/* "_above_200k_tokens" and nothing after it, as _priority or _batches. */
static bool
parse_above(struct text t, uint64_t *above)
{
	uint32_t digits = 0;

	*above = 0;
	if (!take(&t, "_above_"))
		return false;
	for (; digits < t.len && t.p[digits] >= '0' && t.p[digits] <= '9';
	     digits++) {
		if (digits == 6)
			return false;
		*above = *above * 10 + (uint64_t)(t.p[digits] - '0');
	}
	t = (struct text){ t.p + digits, t.len - digits };
	*above *= 1000;
	return digits > 0 && take(&t, "k_tokens") && t.len == 0;
}

/* Where a member's value belongs: NULL where it is none of ours. */
static int64_t *
lite_place(struct catalog_row *row, struct text key, bool *too_many)
{
	struct catalog_rates *rates = &row->rates;
	uint64_t above;

	for (size_t i = 0; i < LENGTH(lite_names); i++) {
		struct text rest = key;

		if (!take(&rest, lite_names[i].name))
			continue;
		if (rest.len > 0 && !parse_above(rest, &above))
			return NULL;
		if (rest.len > 0)
			rates = step_at(row, above);
		*too_many = rates == NULL;
		return rates == NULL ? NULL : &rates->of[lite_names[i].class];
	}
	return NULL;
}

/* Every price of one object; USELESS as soon as one is. */
static enum verdict
lite_members(const struct json *j, const struct json_node *object,
    struct catalog_row *row)
{
	const struct json_node *key, *value;
	enum verdict all = NOTHING, one;
	bool too_many = false;

	for (key = json_first(j, object); key != NULL;
	     key = json_next(j, object, value)) {
		int64_t *place = lite_place(row, raw_text(j, key), &too_many);

		value = json_next(j, object, key);
		if (too_many)
			return USELESS;
		if (place == NULL)
			continue;
		one = read_rate(j, value, PLACES_A_TOKEN, place);
		if (one == USELESS)
			return USELESS;
		all = one == TAKEN ? TAKEN : all;
	}
	return all;
}

/* Dashscope's steps: the first range has the base prices. */
static enum verdict
lite_tiers(const struct json *j, const struct json_node *tiers,
    struct catalog_row *row)
{
	const struct json_node *tier, *low;
	enum verdict all = NOTHING;
	uint64_t above;

	if (tiers == NULL || tiers->type != JSON_ARRAY)
		return NOTHING;
	for (tier = json_first(j, tiers); tier != NULL;
	     tier = json_next(j, tiers, tier)) {
		struct catalog_row one = { .n_steps = 0 };
		struct catalog_rates *rates;

		rates_init(&one.rates);
		low = json_get(j, tier, "range");
		if (low == NULL || low->type != JSON_ARRAY)
			return USELESS;
		low = json_first(j, low);
		if (low == NULL || json_u64(j, low, &above) != 0 ||
		    lite_members(j, tier, &one) != TAKEN)
			return USELESS;
		rates = above == 0 ? &row->rates : step_at(row, above);
		if (rates == NULL)
			return USELESS;
		*rates = one.rates;
		all = TAKEN;
	}
	return all;
}

/* Chat and its like, or a row that does not say. */
static bool
lite_is_text(const struct json *j, const struct json_node *object)
{
	const struct json_node *mode = json_get(j, object, "mode");
	static const char *const modes[] = { "chat", "responses",
		"completion" };

	if (mode == NULL)
		return true;
	for (size_t i = 0; i < LENGTH(modes); i++)
		if (mode->type == JSON_STRING &&
		    text_is(raw_text(j, mode), modes[i]))
			return true;
	return false;
}

/* "anthropic/claude" of the provider anthropic is the model claude. */
static struct text
without_provider(struct text model, struct text provider)
{
	if (provider.len > 0 && model.len > provider.len + 1 &&
	    memcmp(model.p, provider.p, provider.len) == 0 &&
	    model.p[provider.len] == '/')
		return (struct text){ model.p + provider.len + 1,
			model.len - provider.len - 1 };
	return model;
}

static int
lite_row(struct catalog *c, const struct json *j, const struct json_node *key,
    const struct json_node *object)
{
	const struct json_node *provider =
	    json_get(j, object, "litellm_provider");
	struct catalog_row row = { .model = raw_text(j, key) };
	enum verdict flat, tiers;

	if (object->type != JSON_OBJECT || text_is(row.model, "sample_spec") ||
	    text_is(row.model, "fallback_generalizations") ||
	    !lite_is_text(j, object))
		return CATALOG_OK;
	rates_init(&row.rates);
	flat = lite_members(j, object, &row);
	tiers = lite_tiers(j, json_get(j, object, "tiered_pricing"), &row);
	if (flat == NOTHING && tiers == NOTHING)
		return CATALOG_OK;
	if (provider != NULL && is_name(provider, raw_text(j, provider)))
		row.provider = raw_text(j, provider);
	if (flat == USELESS || tiers == USELESS || !is_name(key, row.model)) {
		c->skipped++;
		return CATALOG_OK;
	}
	row.model = without_provider(row.model, row.provider);
	return add_row(c, &row);
}

static const struct dev_name {
	const char *name;
	enum catalog_class class;
} dev_names[] = {
	{ "input", CATALOG_INPUT },
	{ "output", CATALOG_OUTPUT },
	{ "cache_read", CATALOG_CACHE_READ },
	{ "cache_write", CATALOG_CACHE_WRITE },
};

static enum verdict
dev_rates(const struct json *j, const struct json_node *cost,
    struct catalog_rates *rates)
{
	for (size_t i = 0; i < LENGTH(dev_names); i++)
		if (read_rate(j, json_get(j, cost, dev_names[i].name),
			PLACES_A_MILLION,
			&rates->of[dev_names[i].class]) == USELESS)
			return USELESS;
	return TAKEN;
}

/* Tiers by other things than the length of the prompt are not for us. */
static bool
is_context_tier(const struct json *j, const struct json_node *tier)
{
	const struct json_node *type = json_path(j, tier, "tier.type");

	return type != NULL && type->type == JSON_STRING &&
	       text_is(raw_text(j, type), "context");
}

static enum verdict
dev_tiers(const struct json *j, const struct json_node *tiers,
    struct catalog_row *row)
{
	const struct json_node *tier, *size;
	struct catalog_rates *rates;
	uint64_t above;

	for (tier = json_first(j, tiers); tier != NULL;
	     tier = json_next(j, tiers, tier)) {
		if (!is_context_tier(j, tier))
			continue;
		size = json_path(j, tier, "tier.size");
		if (size == NULL || json_u64(j, size, &above) != 0)
			return USELESS;
		rates = step_at(row, above);
		if (rates == NULL || dev_rates(j, tier, rates) == USELESS)
			return USELESS;
	}
	return TAKEN;
}

/* context_over_200k is older, and made for any tier of 200k or more. */
static enum verdict
dev_steps(
    const struct json *j, const struct json_node *cost, struct catalog_row *row)
{
	const struct json_node *tiers = json_get(j, cost, "tiers");
	const struct json_node *over = json_get(j, cost, "context_over_200k");

	if (tiers != NULL && tiers->type == JSON_ARRAY)
		return dev_tiers(j, tiers, row);
	if (over == NULL || over->type != JSON_OBJECT)
		return NOTHING;
	return dev_rates(j, over, step_at(row, 200000));
}

static int
dev_row(struct catalog *c, const struct json *j,
    const struct json_node *provider, const struct json_node *key,
    const struct json_node *model)
{
	const struct json_node *cost = json_get(j, model, "cost");
	struct catalog_row row = { .provider = raw_text(j, provider),
		.model = raw_text(j, key) };

	if (cost == NULL || cost->type != JSON_OBJECT)
		return CATALOG_OK;
	rates_init(&row.rates);
	if (!is_name(provider, row.provider) || !is_name(key, row.model) ||
	    dev_rates(j, cost, &row.rates) == USELESS ||
	    dev_steps(j, cost, &row) == USELESS) {
		c->skipped++;
		return CATALOG_OK;
	}
	return add_row(c, &row);
}

static int
dev_provider(struct catalog *c, const struct json *j,
    const struct json_node *name, const struct json_node *provider)
{
	const struct json_node *models = json_get(j, provider, "models");
	const struct json_node *key, *model;
	int rc = CATALOG_OK;

	if (models == NULL || models->type != JSON_OBJECT)
		return CATALOG_OK;
	for (key = json_first(j, models); key != NULL && rc == CATALOG_OK;
	     key = json_next(j, models, model)) {
		model = json_next(j, models, key);
		rc = dev_row(c, j, name, key, model);
	}
	return rc;
}

/* Does an object have a member whose name begins so? */
static bool
has_member(
    const struct json *j, const struct json_node *object, const char *start)
{
	const struct json_node *key, *value;

	if (object->type != JSON_OBJECT)
		return false;
	for (key = json_first(j, object); key != NULL;
	     key = json_next(j, object, value)) {
		struct text t = raw_text(j, key);

		value = json_next(j, object, key);
		if (take(&t, start))
			return true;
	}
	return false;
}

/* By the first entry that has the mark of one of them. */
static enum catalog_shape
shape_of(const struct json *j)
{
	const struct json_node *root = &j->nodes[0], *key, *value;

	if (j->n == 0 || root->type != JSON_OBJECT)
		return CATALOG_UNKNOWN;
	for (key = json_first(j, root); key != NULL;
	     key = json_next(j, root, value)) {
		const struct json_node *models;

		value = json_next(j, root, key);
		models = json_get(j, value, "models");
		if (models != NULL && models->type == JSON_OBJECT)
			return CATALOG_MODELS_DEV;
		if (has_member(j, value, "litellm_provider") ||
		    has_member(j, value, "input_cost_per_token"))
			return CATALOG_LITELLM;
	}
	return CATALOG_UNKNOWN;
}

typedef int entry_fn(struct catalog *c, const struct json *j,
    const struct json_node *key, const struct json_node *value);

int
catalog_read(struct catalog *c, const struct json *j)
{
	static entry_fn *const readers[] = {
		[CATALOG_LITELLM] = lite_row,
		[CATALOG_MODELS_DEV] = dev_provider,
	};
	const struct json_node *key, *value;
	int rc = CATALOG_OK;

	c->n = c->skipped = 0;
	c->shape = shape_of(j);
	if (c->shape == CATALOG_UNKNOWN)
		return CATALOG_ESHAPE;
	for (key = json_first(j, &j->nodes[0]); key != NULL && rc == CATALOG_OK;
	     key = json_next(j, &j->nodes[0], value)) {
		value = json_next(j, &j->nodes[0], key);
		rc = readers[c->shape](c, j, key, value);
	}
	return rc;
}

void
catalog_release(struct catalog *c)
{
	free(c->rows);
	*c = (struct catalog){ 0 };
}

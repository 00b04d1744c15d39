#include "clients/import/legacy/legacy_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/import/source.h"
#include "proto/lang.h"

#define PER_MILLION 1000000
#define KEY_MIN 8
#define KEY_MAX 4096
#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

struct reading {
	struct source s;
	const struct legacy_settings *to;
	unsigned found, skipped;
	unsigned warn; /* percent, of all budgets */
	char key[KEY_MAX + 1];
};

static const struct json_node *
any(struct reading *r, const struct json_node *obj, const char *const *names)
{
	const struct json_node *n;

	if (obj == NULL || obj->type != JSON_OBJECT)
		return NULL;
	for (; *names != NULL; names++) {
		n = json_get(&r->s.json, obj, *names);
		if (n != NULL && n->type != JSON_NULL)
			return n;
	}
	return NULL;
}

/* A decimal of 0 or more in 10^-12; -1 where it is none. */
static money_sum
amount(struct reading *r, const struct json_node *n)
{
	struct text t = source_string(&r->s, n);
	money_sum v;

	if (t.len == 0 || money_parse_sum(t.p, t.len, &v) != 0 || v < 0)
		return -1;
	return v;
}

/* --- Prices --------------------------------------------------------------- */

static const char *const price_maps[] = { "pricing", "prices", "model_prices",
	"modelPrices", "models", "costs", "rates", "providers" };

/* For each rate the names of dollars a million tokens; what is so low that
 * nobody sells at it is dollars a token. */
static const char *const rate_names[LEGACY_RATES][8] = {
	[RATE_INPUT] = { "input", "input_per_million", "inputPerMillion",
	    "prompt", "input_price", "inputPrice" },
	[RATE_OUTPUT] = { "output", "output_per_million", "outputPerMillion",
	    "completion", "output_price", "outputPrice" },
	[RATE_CACHE_READ] = { "cacheRead", "cache_read", "cached_input",
	    "cachedInput", "cache_read_per_million" },
	[RATE_CACHE_WRITE] = { "cacheWrite", "cache_write", "cacheCreation",
	    "cache_creation", "cache_write_per_million" },
};
static const char *const thousand_names[LEGACY_RATES][4] = {
	[RATE_INPUT] = { "input_price_per_1k_tokens", "inputPer1k",
	    "input_per_1k" },
	[RATE_OUTPUT] = { "output_price_per_1k_tokens", "outputPer1k",
	    "output_per_1k" },
	[RATE_CACHE_READ] = { "cache_read_per_1k" },
	[RATE_CACHE_WRITE] = { "cache_write_per_1k" },
};
/* Half a thousandth of a dollar. */
#define TOKEN_PRICE_BELOW (MONEY_USD / 2000)

/* Whole picodollars a token, as the ledger has them. */
static money_sum
whole(money_sum per_million)
{
	return (per_million + PER_MILLION / 2) / PER_MILLION * PER_MILLION;
}

static money_sum
rate_of(
    struct reading *r, const struct json_node *obj, int rate, bool *is_by_token)
{
	money_sum v = amount(r, any(r, obj, thousand_names[rate]));

	if (v >= 0)
		return whole(v * 1000);
	v = amount(r, any(r, obj, rate_names[rate]));
	if (v < 0)
		return -1;
	if (rate == RATE_INPUT)
		*is_by_token = v > 0 && v < TOKEN_PRICE_BELOW;
	return *is_by_token ? v * PER_MILLION : whole(v);
}

static int
take_price(struct reading *r, struct text pattern, const struct json_node *obj)
{
	struct legacy_price p = { .pattern = pattern };
	bool is_by_token = false;
	int i;

	for (i = 0; i < LEGACY_RATES; i++)
		p.rate[i] = rate_of(r, obj, i, &is_by_token);
	if (p.rate[RATE_INPUT] < 0 || p.rate[RATE_OUTPUT] < 0 ||
	    pattern.len == 0)
		return 0;
	r->found++;
	return r->to->price(r->to->arg, &p);
}

/* A map from patterns to rates, or from providers to such maps. */
static int
take_prices(
    struct reading *r, struct text provider, const struct json_node *map)
{
	const struct json_node *name = json_first(&r->s.json, map), *value;
	struct text t;
	int rc = 0;

	for (; name != NULL && rc == 0;
	     name = json_next(&r->s.json, map, value)) {
		value = json_next(&r->s.json, map, name);
		if (value->type != JSON_OBJECT)
			continue;
		t = source_string(&r->s, name);
		if (any(r, value, rate_names[RATE_INPUT]) == NULL &&
		    any(r, value, thousand_names[RATE_INPUT]) == NULL) {
			if (provider.len == 0)
				rc = take_prices(r, t, value);
			continue;
		}
		if (provider.len > 0)
			t = source_textf(&r->s, "%.*s/%.*s", (int)provider.len,
			    provider.p, (int)t.len, t.p);
		rc = take_price(r, t, value);
	}
	return rc;
}

static int
find_prices(struct reading *r, const struct json_node *obj)
{
	const struct json_node *map;
	size_t i;
	int rc = 0;

	for (i = 0; i < LENGTH(price_maps) && rc == 0; i++) {
		map = json_get(&r->s.json, obj, price_maps[i]);
		if (map != NULL && map->type == JSON_OBJECT)
			rc = take_prices(r, (struct text){ 0 }, map);
	}
	return rc;
}

/* --- Keys ----------------------------------------------------------------- */

static const char *const key_names[] = { "api_key", "apiKey", "key",
	"admin_key", "adminKey", "token", NULL };
static const char *const list_names[] = { "keys", "api_keys", "apiKeys", NULL };
static const char *const service_names[] = { "service", "provider", "name",
	"type", "id", NULL };
static const char *const account_names[] = { "display_name", "displayName",
	"label", "account", NULL };
static const char *const source_lists[] = { "sources", "providers", "accounts",
	NULL };
static const char *const key_maps[] = { "providers", "api_keys", "apiKeys",
	"keys", NULL };

/* "${OPENAI_API_KEY}", "{env:X}" and "your-key" stand for a key. */
static bool
is_key(const char *key, size_t len)
{
	size_t i;

	if (len < KEY_MIN || key[0] == '$' || key[0] == '{' || key[0] == '<' ||
	    key[0] == '/' || strncmp(key, "env:", 4) == 0 ||
	    strstr(key, "your") != NULL || strstr(key, "xxx") != NULL ||
	    strstr(key, "...") != NULL)
		return false;
	for (i = 0; i < len; i++)
		if (key[i] <= ' ' || key[i] > '~')
			return false;
	return true;
}

static int
take_key(struct reading *r, struct text provider, struct text account,
    const struct json_node *n)
{
	struct legacy_key k = { .provider = provider, .account = account };
	int len, rc;

	if (n == NULL || n->type != JSON_STRING || n->len == 0 ||
	    provider.len == 0)
		return 0;
	len = json_string(&r->s.json, n, r->key, sizeof(r->key));
	if (len < 0 || !is_key(r->key, (size_t)len)) {
		r->skipped++;
		return 0;
	}
	r->found++;
	k.key = (struct text){ r->key, (uint32_t)len };
	rc = r->to->key(r->to->arg, &k);
	explicit_bzero(r->key, sizeof(r->key));
	return rc;
}

static int
take_key_list(
    struct reading *r, struct text provider, const struct json_node *list)
{
	const struct json_node *n;
	unsigned i = 1;
	int rc = 0;

	for (n = json_first(&r->s.json, list); n != NULL && rc == 0;
	     n = json_next(&r->s.json, list, n), i++)
		rc = take_key(r, provider,
		    i == 1 ? (struct text){ 0 } : source_textf(&r->s, "%u", i),
		    n);
	return rc;
}

/* A provider's settings, or its key alone. */
static int
take_provider(
    struct reading *r, struct text provider, const struct json_node *obj)
{
	const struct json_node *list;
	struct text account;
	int rc;

	if (obj->type != JSON_OBJECT)
		return take_key(r, provider, (struct text){ 0 }, obj);
	account = source_string(&r->s, any(r, obj, account_names));
	if (text_eq(account, provider))
		account.len = 0;
	rc = take_key(r, provider, account, any(r, obj, key_names));
	list = any(r, obj, list_names);
	if (rc == 0 && list != NULL && list->type == JSON_ARRAY)
		rc = take_key_list(r, provider, list);
	return rc;
}

static int
find_keys_in_lists(struct reading *r, const struct json_node *obj)
{
	const struct json_node *list, *n;
	size_t i;
	int rc = 0;

	for (i = 0; source_lists[i] != NULL && rc == 0; i++) {
		list = json_get(&r->s.json, obj, source_lists[i]);
		if (list == NULL || list->type != JSON_ARRAY)
			continue;
		for (n = json_first(&r->s.json, list); n != NULL && rc == 0;
		     n = json_next(&r->s.json, list, n))
			if (n->type == JSON_OBJECT)
				rc = take_provider(r,
				    source_string(
					&r->s, any(r, n, service_names)),
				    n);
	}
	return rc;
}

static int
find_keys_in_maps(struct reading *r, const struct json_node *obj)
{
	const struct json_node *map, *name, *value;
	size_t i;
	int rc = 0;

	for (i = 0; key_maps[i] != NULL && rc == 0; i++) {
		map = json_get(&r->s.json, obj, key_maps[i]);
		if (map == NULL || map->type != JSON_OBJECT)
			continue;
		name = json_first(&r->s.json, map);
		for (; name != NULL && rc == 0;
		     name = json_next(&r->s.json, map, value)) {
			value = json_next(&r->s.json, map, name);
			rc =
			    take_provider(r, source_string(&r->s, name), value);
		}
	}
	return rc;
}

static int
find_keys(struct reading *r, const struct json_node *obj)
{
	int rc = find_keys_in_lists(r, obj);

	return rc != 0 ? rc : find_keys_in_maps(r, obj);
}

/* --- Budgets -------------------------------------------------------------- */

static const struct {
	const char *period;
	const char *names[8]; /* below "budget" or "budgets" */
	const char *alone[6]; /* beside all else */
} periods[] = {
	{ "day", { "daily", "day", "daily_limit", "dailyLimit" },
	    { "daily_budget", "dailyBudget", "daily_limit", "dailyLimit" } },
	{ "week", { "weekly", "week", "weekly_limit", "weeklyLimit" },
	    { "weekly_budget", "weeklyBudget", "weekly_limit",
		"weeklyLimit" } },
	{ "month", { "monthly", "month", "monthly_limit", "monthlyLimit" },
	    { "monthly_budget", "monthlyBudget", "monthly_limit",
		"monthlyLimit" } },
	{ "session", { "session", "session_limit", "sessionLimit" },
	    { "session_budget", "sessionBudget" } },
};
static const char *const budget_maps[] = { "budgets", "budget", NULL };
static const char *const limit_names[] = { "limit", "limit_usd", "amount",
	"usd", "cost", NULL };
static const char *const token_names[] = { "tokens", "limit_tokens",
	"token_limit", "tokenLimit", NULL };
static const char *const warn_names[] = { "alert_threshold", "alertThreshold",
	"warn", "warningThreshold", "warning_threshold", "threshold", NULL };

/* 0.8 and 80 both are eighty percent; 0: not told. */
static unsigned
percent(struct reading *r, const struct json_node *n)
{
	money_sum v = amount(r, n);

	if (v <= 0 || v > 100 * (money_sum)MONEY_USD)
		return 0;
	if (v <= MONEY_USD)
		v *= 100;
	return (unsigned)(v / MONEY_USD);
}

static int
take_budget(struct reading *r, const char *period, const struct json_node *n)
{
	struct legacy_budget b = { .period = period, .warn = r->warn };
	money_sum limit;

	if (n->type == JSON_OBJECT) {
		unsigned warn = percent(r, any(r, n, warn_names));

		b.warn = warn > 0 ? warn : b.warn;
		b.limit_tokens = source_count(&r->s, any(r, n, token_names));
		n = any(r, n, limit_names);
	}
	limit = amount(r, n);
	if (limit > 0)
		b.limit_tokens = 0;
	b.limit = limit > 0 ? limit : 0;
	if (b.limit == 0 && b.limit_tokens == 0)
		return 0;
	r->found++;
	return r->to->budget(r->to->arg, &b);
}

static int
find_budgets(struct reading *r, const struct json_node *obj)
{
	const struct json_node *map = any(r, obj, budget_maps), *n;
	unsigned warn = percent(r, any(r, obj, warn_names));
	size_t i;
	int rc = 0;

	r->warn = warn > 0 ? warn : percent(r, any(r, map, warn_names));
	/* One number is what a month may cost. */
	if (map != NULL && map->type == JSON_NUMBER)
		return take_budget(r, "month", map);
	for (i = 0; i < LENGTH(periods) && rc == 0; i++) {
		n = any(r, map, periods[i].names);
		if (n == NULL)
			n = any(r, obj, periods[i].alone);
		if (n != NULL)
			rc = take_budget(r, periods[i].period, n);
	}
	return rc;
}

/* --- The file ------------------------------------------------------------- */

/* Where the settings of one are among those of others. */
static const char *const sections[] = { "usage-tracker", "token-tracker",
	"usage_tracker", "token_tracker" };

static int
find_all(struct reading *r, const struct json_node *obj)
{
	int rc = find_prices(r, obj);

	if (rc == 0)
		rc = find_keys(r, obj);
	return rc == 0 ? find_budgets(r, obj) : rc;
}

/* A section of its own is all that counts: the rest is another program's. */
static int
find_section(struct reading *r, const struct json_node *root)
{
	const struct json_node *n;
	size_t i;
	int rc;

	for (i = 0; i < LENGTH(sections); i++) {
		n = json_get(&r->s.json, root, sections[i]);
		if (n != NULL && n->type == JSON_OBJECT)
			return find_all(r, n);
	}
	rc = find_all(r, root);
	/* A file of prices and nothing else. */
	if (rc == 0 && r->found == 0 && r->skipped == 0)
		rc = take_prices(r, (struct text){ 0 }, root);
	return rc;
}

static enum legacy_result
read_settings(
    struct reading *r, const char *text, size_t len, char *why, size_t cap)
{
	if (json_parse(&r->s.json, text, len) != 0) {
		snprintf(why, cap, _("not JSON: %s at byte %zu"),
		    _(r->s.json.error), r->s.json.error_at + 1);
		return LEGACY_EUNKNOWN;
	}
	if (r->s.json.nodes[0].type == JSON_OBJECT &&
	    find_section(r, r->s.json.nodes) != 0)
		return LEGACY_ESTOPPED;
	if (r->found > 0 || r->skipped > 0)
		return LEGACY_OK;
	snprintf(why, cap, "%s", _("no prices, keys or budgets in it"));
	return LEGACY_EUNKNOWN;
}

enum legacy_result
legacy_read_config(const char *path, const struct legacy_settings *to,
    unsigned *found, unsigned *skipped, char *why, size_t cap)
{
	struct reading r = { .to = to };
	enum legacy_result rc;
	size_t len = 0;
	char *text;

	rc = legacy_load(path, &text, &len, why, cap);
	if (rc == LEGACY_OK)
		rc = read_settings(&r, text, len, why, cap);
	*found = r.found;
	*skipped = r.skipped;
	source_release(&r.s);
	/* There may be keys in it. */
	if (text != NULL)
		explicit_bzero(text, len);
	free(text);
	return rc;
}

#include "clients/import/legacy/legacy_impl.h"
#include "proto/calendar.h"

/*
 * Stores that keep a sum a day: {"2026-05-12": {…}}, or that below "daily",
 * "days" and the like, or a list of rows that have a date. In a day may be
 * models with their own.
 */

static const char *const containers[] = { "daily", "days", "byDay", "by_day",
	"byDate", "by_date", "dailyUsage", "daily_usage", "usage", "history",
	"data", NULL };
static const char *const date_names[] = { "date", "day", NULL };
static const char *const model_maps[] = { "models", "byModel", "by_model",
	"modelUsage", "model_usage", NULL };
static const char *const inner_names[] = { "total", "totals", "daily",
	"summary", NULL };
static const char *const call_names[] = { "calls", "requests", "apiCalls",
	"api_calls", "request_count", "requestCount", "messages", "count",
	NULL };

static bool
is_date(struct legacy *l, const struct json_node *n)
{
	struct civil day;

	return n != NULL && n->type == JSON_STRING &&
	       calendar_parse_date(json_raw(&l->s.json, n), n->len, &day) == 0;
}

/* A map by dates or a list of objects with one. */
static bool
has_days(struct legacy *l, const struct json_node *n)
{
	const struct json_node *first;

	if (n == NULL || (n->type != JSON_OBJECT && n->type != JSON_ARRAY))
		return false;
	first = json_first(&l->s.json, n);
	if (first == NULL)
		return false;
	if (n->type == JSON_OBJECT)
		return is_date(l, first);
	return first->type == JSON_OBJECT &&
	       is_date(l, legacy_any(l, first, date_names));
}

static const struct json_node *
find_days(struct legacy *l, const struct json_node *root)
{
	const struct json_node *n;
	size_t i;

	if (has_days(l, root))
		return root;
	for (i = 0; containers[i] != NULL; i++) {
		n = json_get(&l->s.json, root, containers[i]);
		if (has_days(l, n))
			return n;
	}
	return NULL;
}

static void
take_sums(struct legacy *l, const struct json_node *obj, struct aggregate *a)
{
	static const char *const names[] = { "provider", "service", NULL };
	const struct json_node *calls = legacy_any(l, obj, call_names);

	legacy_sums(l, obj, a);
	a->sums.n[SUM_CALLS] = source_count(&l->s, calls);
	if (a->provider.len == 0)
		a->provider = source_string(&l->s, legacy_any(l, obj, names));
}

static enum legacy_result
add_models(
    struct legacy *l, const struct json_node *map, const struct aggregate *day)
{
	const struct json_node *name = json_first(&l->s.json, map), *value;
	enum legacy_result rc = LEGACY_OK;
	struct aggregate a;

	for (; name != NULL && rc == LEGACY_OK;
	     name = json_next(&l->s.json, map, value)) {
		value = json_next(&l->s.json, map, name);
		a = *day;
		a.model = source_string(&l->s, name);
		take_sums(l, value, &a);
		rc = legacy_add_day(l, &a);
	}
	return rc;
}

static enum legacy_result
add_day(
    struct legacy *l, const struct json_node *date, const struct json_node *obj)
{
	static const char *const names[] = { "model", "modelName", NULL };
	const struct json_node *models = legacy_any(l, obj, model_maps);
	const struct json_node *inner = legacy_any(l, obj, inner_names);
	struct aggregate a;

	if (legacy_begin_day(l, json_raw(&l->s.json, date), date->len, &a) != 0)
		return LEGACY_OK;
	if (l->sink->agent != NULL)
		a.agent = text_of(l->sink->agent);
	if (models != NULL && models->type == JSON_OBJECT)
		return add_models(l, models, &a);
	a.model = source_string(&l->s, legacy_any(l, obj, names));
	take_sums(l, obj, &a);
	if (sums_total_tokens(&a.sums) == 0 && inner != NULL &&
	    inner->type == JSON_OBJECT)
		take_sums(l, inner, &a);
	return legacy_add_day(l, &a);
}

static enum legacy_result
add_one(
    struct legacy *l, const struct json_node *date, const struct json_node *obj)
{
	if (date != NULL && date->type == JSON_STRING &&
	    obj->type == JSON_OBJECT)
		return add_day(l, date, obj);
	source_odd(&l->s, "a day that is no date");
	return LEGACY_OK;
}

static bool
is_days(struct legacy *l, const struct json_node *root)
{
	return find_days(l, root) != NULL;
}

static enum legacy_result
read_days(struct legacy *l, const struct json_node *root)
{
	const struct json_node *list = find_days(l, root), *n, *value;
	enum legacy_result rc = LEGACY_OK;

	for (n = json_first(&l->s.json, list); n != NULL && rc == LEGACY_OK;
	     n = json_next(&l->s.json, list, value)) {
		value = n;
		if (list->type == JSON_OBJECT) {
			value = json_next(&l->s.json, list, n);
			rc = add_one(l, n, value);
		} else {
			rc = add_one(l, legacy_any(l, n, date_names), n);
		}
	}
	return rc;
}

const struct legacy_format legacy_days = {
	.name = "tracker", .is_it = is_days, .read = read_days
};

#include <string.h>

#include "clients/import/legacy/legacy_impl.h"
#include "proto/lang.h"

/*
 * ccusage --json: "daily" of all agents together or, by --by-agent, apart; of
 * one agent ("claude daily"); with --instances "projects". Sums over other
 * periods have no days.
 */

struct names {
	const char *ccusage, *agent;
};

/* Where its names of agents are not those that events have. */
static const struct names agents[] = { { "claude", "claude-code" },
	{ "gemini", "gemini-cli" }, { "qwen", "qwen-code" },
	{ "kimi", "kimi-code" }, { "all", "" } };

/* What only sums of other periods have. */
static const char *const others[] = { "monthly", "weekly", "sessions", "blocks",
	"session" };

static const struct json_node *
member(struct legacy *l, const struct json_node *obj, const char *key,
    enum json_type type)
{
	const struct json_node *n = json_get(&l->s.json, obj, key);

	return n != NULL && n->type == type ? n : NULL;
}

static struct text
agent_of(struct legacy *l, const struct json_node *node)
{
	struct text name = source_string(&l->s, node);
	size_t i;

	for (i = 0; i < sizeof(agents) / sizeof(agents[0]); i++)
		if (text_is(name, agents[i].ccusage))
			return text_of(agents[i].agent);
	return name;
}

/* A row over all agents is of the one it is over. */
static struct text
only_agent(struct legacy *l, const struct json_node *row)
{
	const struct json_node *list =
	    json_path(&l->s.json, row, "metadata.agents");
	const struct json_node *first;

	if (list == NULL || list->type != JSON_ARRAY)
		return (struct text){ 0 };
	first = json_first(&l->s.json, list);
	if (first == NULL || json_next(&l->s.json, list, first) != NULL)
		return (struct text){ 0 };
	return agent_of(l, first);
}

static void
take_counts(struct legacy *l, const struct json_node *obj, struct aggregate *a)
{
	static const char *const costs[] = { "cost", "totalCost", "costUSD",
		NULL };
	uint64_t *n = a->sums.n, cached, total;

	n[SUM_INPUT] = source_member_count(&l->s, obj, "inputTokens");
	n[SUM_OUTPUT] = source_member_count(&l->s, obj, "outputTokens");
	n[SUM_CACHE_WRITE] =
	    source_member_count(&l->s, obj, "cacheCreationTokens");
	n[SUM_CACHE_READ] = source_member_count(&l->s, obj, "cacheReadTokens");
	/* Before version 20 Codex's input had what was cached in it. */
	cached = source_member_count(&l->s, obj, "cachedInputTokens");
	if (n[SUM_CACHE_READ] == 0 && cached <= n[SUM_INPUT]) {
		n[SUM_CACHE_READ] = cached;
		n[SUM_INPUT] -= cached;
	}
	n[SUM_REASONING] =
	    source_member_count(&l->s, obj, "reasoningOutputTokens");
	if (n[SUM_REASONING] > n[SUM_OUTPUT])
		n[SUM_REASONING] = 0;
	total = source_member_count(&l->s, obj, "totalTokens");
	if (total > sums_total_tokens(&a->sums))
		n[SUM_OTHER] = total - sums_total_tokens(&a->sums);
	a->has_cost = legacy_money(l, legacy_any(l, obj, costs), &a->sums.cost);
}

static struct aggregate
of_model(const struct aggregate *row, struct text model)
{
	struct aggregate a = *row;

	a.model = model;
	a.sums = (struct sums){ .cost = 0 };
	a.has_cost = false;
	return a;
}

/* *rest -= part, as far as it goes: what models do not tell stays. */
static void
take_out(struct aggregate *rest, const struct aggregate *part)
{
	int i;

	for (i = 0; i < SUM_COUNTS; i++)
		rest->sums.n[i] -= part->sums.n[i] < rest->sums.n[i]
				       ? part->sums.n[i]
				       : rest->sums.n[i];
	rest->sums.cost -= part->sums.cost < rest->sums.cost ? part->sums.cost
							     : rest->sums.cost;
	if (rest->sums.n[SUM_REASONING] > rest->sums.n[SUM_OUTPUT])
		rest->sums.n[SUM_REASONING] = 0;
}

static enum legacy_result
add_breakdowns(struct legacy *l, const struct json_node *list,
    const struct aggregate *row, struct aggregate *rest)
{
	const struct json_node *n;
	enum legacy_result rc = LEGACY_OK;
	struct aggregate a;

	for (n = json_first(&l->s.json, list); n != NULL && rc == LEGACY_OK;
	     n = json_next(&l->s.json, list, n)) {
		a = of_model(row, source_member(&l->s, n, "modelName"));
		take_counts(l, n, &a);
		take_out(rest, &a);
		rc = legacy_add_day(l, &a);
	}
	return rc;
}

/* Codex's models have counts and the day has the cost: with one model it is
 * that one's, with more of them nobody knows whose. */
static enum legacy_result
add_models(struct legacy *l, const struct json_node *models,
    const struct aggregate *row, struct aggregate *rest)
{
	const struct json_node *name = json_first(&l->s.json, models), *counts;
	struct aggregate a;

	if (name == NULL)
		return LEGACY_OK;
	counts = json_next(&l->s.json, models, name);
	if (json_next(&l->s.json, models, counts) != NULL && row->has_cost)
		return LEGACY_OK;
	for (; name != NULL; name = json_next(&l->s.json, models, counts)) {
		counts = json_next(&l->s.json, models, name);
		a = of_model(row, source_string(&l->s, name));
		take_counts(l, counts, &a);
		a.has_cost = row->has_cost;
		a.sums.cost = row->sums.cost;
		take_out(rest, &a);
		if (legacy_add_day(l, &a) != LEGACY_OK)
			return LEGACY_ESYSTEM;
	}
	return LEGACY_OK;
}

/* A day of one agent, or of all. */
static enum legacy_result
add_row(struct legacy *l, const struct json_node *obj, struct aggregate *row)
{
	const struct json_node *list =
	    member(l, obj, "modelBreakdowns", JSON_ARRAY);
	const struct json_node *models = member(l, obj, "models", JSON_OBJECT);
	enum legacy_result rc = LEGACY_OK;
	struct aggregate rest;

	take_counts(l, obj, row);
	rest = *row;
	if (list != NULL)
		rc = add_breakdowns(l, list, row, &rest);
	else if (models != NULL)
		rc = add_models(l, models, row, &rest);
	/* Sums of parts are rounded: a rest of cost alone is none. */
	if (rc == LEGACY_OK && sums_total_tokens(&rest.sums) > 0)
		rc = legacy_add_day(l, &rest);
	return rc;
}

/*
 * "claude daily", "gemini daily" and their like do not say whose they are;
 * Codex's looks like no other.
 */
static struct text
guess(struct legacy *l, const struct json_node *obj)
{
	const struct json_node *models =
	    member(l, obj, "modelsUsed", JSON_ARRAY);
	const struct json_node *n;
	struct text name;

	if (l->sink->agent != NULL)
		return text_of(l->sink->agent);
	if (member(l, obj, "models", JSON_OBJECT) != NULL)
		return TEXT("codex");
	n = models == NULL ? NULL : json_first(&l->s.json, models);
	for (; n != NULL; n = json_next(&l->s.json, models, n)) {
		name = source_string(&l->s, n);
		if (!text_matches(name, TEXT("claude*")))
			return (struct text){ 0 };
	}
	return TEXT("claude-code");
}

static enum legacy_result
add_day(struct legacy *l, const struct json_node *obj)
{
	static const char *const dates[] = { "date", "period", NULL };
	const struct json_node *list = member(l, obj, "agents", JSON_ARRAY), *n;
	struct text date = source_string(&l->s, legacy_any(l, obj, dates));
	enum legacy_result rc = LEGACY_OK;
	struct aggregate a;

	if (legacy_begin_day(l, date.p, date.len, &a) != 0)
		return LEGACY_OK;
	if (list == NULL) {
		n = json_get(&l->s.json, obj, "agent");
		a.agent = n != NULL ? agent_of(l, n) : guess(l, obj);
		if (n != NULL && a.agent.len == 0)
			a.agent = only_agent(l, obj);
		return add_row(l, obj, &a);
	}
	for (n = json_first(&l->s.json, list); n != NULL && rc == LEGACY_OK;
	     n = json_next(&l->s.json, list, n)) {
		struct aggregate b = a;

		b.agent = agent_of(l, json_get(&l->s.json, n, "agent"));
		rc = add_row(l, n, &b);
	}
	return rc;
}

static enum legacy_result
add_list(struct legacy *l, const struct json_node *list)
{
	const struct json_node *n;
	enum legacy_result rc = LEGACY_OK;

	for (n = json_first(&l->s.json, list); n != NULL && rc == LEGACY_OK;
	     n = json_next(&l->s.json, list, n)) {
		if (n->type == JSON_OBJECT)
			rc = add_day(l, n);
		else
			source_odd(&l->s, N_("a day that is no date"));
	}
	return rc;
}

static enum legacy_result
add_projects(struct legacy *l, const struct json_node *projects)
{
	const struct json_node *n;
	enum legacy_result rc = LEGACY_OK;

	/* A project's days follow its name. */
	for (n = json_first(&l->s.json, projects); n != NULL && rc == LEGACY_OK;
	     n = json_next(&l->s.json, projects, n))
		if (n->type == JSON_ARRAY)
			rc = add_list(l, n);
	return rc;
}

static const char *
other_period(struct legacy *l, const struct json_node *root)
{
	size_t i;

	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (member(l, root, others[i], JSON_ARRAY) != NULL &&
		    member(l, root, "totals", JSON_OBJECT) != NULL)
			return others[i];
	if (member(l, root, "blocks", JSON_ARRAY) != NULL)
		return "blocks";
	return NULL;
}

static bool
is_ccusage(struct legacy *l, const struct json_node *root)
{
	return member(l, root, "daily", JSON_ARRAY) != NULL ||
	       (member(l, root, "projects", JSON_OBJECT) != NULL &&
		   member(l, root, "totals", JSON_OBJECT) != NULL) ||
	       other_period(l, root) != NULL;
}

static enum legacy_result
read_ccusage(struct legacy *l, const struct json_node *root)
{
	const struct json_node *n = member(l, root, "daily", JSON_ARRAY);

	if (n != NULL)
		return add_list(l, n);
	n = member(l, root, "projects", JSON_OBJECT);
	if (n != NULL)
		return add_projects(l, n);
	return legacy_refuse(l,
	    _("ccusage's \"%s\" has no days: export its daily JSON"),
	    other_period(l, root));
}

const struct legacy_format legacy_ccusage = {
	.name = "ccusage", .is_it = is_ccusage, .read = read_ccusage
};

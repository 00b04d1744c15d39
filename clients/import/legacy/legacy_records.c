#include <inttypes.h>
#include <stdio.h>

#include "clients/import/legacy/legacy_impl.h"
#include "proto/lang.h"

/*
 * Records of calls, as trackers keep them in usage-data.json, usage.json and
 * lines of JSON: each has its own names for the same things. The tables are the
 * contract.
 */

static const char *const session_names[] = { "session_id", "sessionId",
	"sessionID", "session", "session_key", "sessionKey",
	"metadata.session_id", "metadata.sessionId", NULL };
static const char *const message_names[] = { "message_id", "messageId",
	"messageID", "request_id", "requestId", "id", NULL };
static const char *const time_names[] = { "timestamp", "ts", "_ts", "time",
	"created_at", "createdAt", "recorded_at", "date", NULL };
static const char *const provider_names[] = { "provider", "provider_id",
	"providerId", "providerID", "service", NULL };
static const char *const model_names[] = { "model", "model_id", "modelId",
	"modelID", "model_name", "modelName", NULL };
static const char *const project_names[] = { "project", "project_dir",
	"working_dir", "cwd", NULL };
static const char *const account_names[] = { "account", "metadata.display_name",
	NULL };
static const char *const cost_names[] = { "cost_usd", "costUsd", "costUSD",
	"cost_estimate", "costEstimate", "estimated_cost", "estimatedCost",
	"cost.total", "total_cost", "totalCost", "cost", NULL };

/* Of prompts that include what was cached of them. */
static const char *const prompt_names[] = { "prompt_tokens", "promptTokens",
	"usage.prompt_tokens", NULL };
static const char *const input_names[] = { "input_tokens", "inputTokens",
	"tokens_input", "tokens_in", "tokensIn", "tokens.input",
	"usage.input_tokens", "usage.input", "input", NULL };
static const char *const output_names[] = { "output_tokens", "outputTokens",
	"tokens_output", "tokens_out", "tokensOut", "tokens.output",
	"usage.output_tokens", "usage.output", "completion_tokens",
	"completionTokens", "usage.completion_tokens", "output", NULL };
static const char *const read_names[] = { "cache_read_tokens",
	"cacheReadTokens", "tokens_cache_read", "cache_read_input_tokens",
	"usage.cache_read_input_tokens", "tokens.cache.read", "usage.cacheRead",
	"cached_tokens", "cachedTokens", "cacheRead", "cache_read", NULL };
static const char *const write_names[] = { "cache_write_tokens",
	"cacheWriteTokens", "tokens_cache_write", "cacheCreationTokens",
	"cache_creation_input_tokens", "usage.cache_creation_input_tokens",
	"tokens.cache.write", "usage.cacheWrite", "cacheWrite", "cache_write",
	NULL };
static const char *const reasoning_names[] = { "reasoning_tokens",
	"reasoningTokens", "tokens_reasoning", "tokens.reasoning", "reasoning",
	NULL };
static const char *const total_names[] = { "total_tokens", "totalTokens",
	"tokens_used", "tokensUsed", "tokens_total", "tokens.total",
	"usage.total_tokens", "total", "tokens", NULL };

/* Where records are kept, and whether each is a session's running total. */
static const struct container {
	const char *name;
	bool is_total;
} containers[] = { { "records", false }, { "usage", false },
	{ "entries", false }, { "events", false }, { "requests", false },
	{ "calls", false }, { "messages", false }, { "history", false },
	{ "logs", false }, { "data", false }, { "sessions", true } };

/* --- Values --------------------------------------------------------------- */

static uint64_t
count_of(
    struct legacy *l, const struct json_node *obj, const char *const *names)
{
	return source_count(&l->s, legacy_any(l, obj, names));
}

static struct text
text_at(struct legacy *l, const struct json_node *obj, const char *const *names)
{
	return source_string(&l->s, legacy_any(l, obj, names));
}

void
legacy_counts(struct legacy *l, const struct json_node *obj, bool is_opencode,
    uint64_t count[EV_COUNTS])
{
	uint64_t prompt = count_of(l, obj, prompt_names);

	count[EV_INPUT] = count_of(l, obj, input_names);
	count[EV_OUTPUT] = count_of(l, obj, output_names);
	count[EV_CACHE_READ] = count_of(l, obj, read_names);
	count[EV_CACHE_WRITE] = count_of(l, obj, write_names);
	count[EV_REASONING] = count_of(l, obj, reasoning_names);
	count[EV_TOTAL] = count_of(l, obj, total_names);
	if (count[EV_INPUT] == 0 && prompt >= count[EV_CACHE_READ])
		count[EV_INPUT] = prompt - count[EV_CACHE_READ];
	/* More than the whole is not part of it. */
	if (is_opencode || count[EV_REASONING] > count[EV_OUTPUT])
		count[EV_OUTPUT] += count[EV_REASONING];
}

void
legacy_sums(struct legacy *l, const struct json_node *obj, struct aggregate *a)
{
	struct event ev = { .cost_pico = 0 };
	uint64_t *n = a->sums.n;

	legacy_counts(l, obj, false, ev.count);
	n[SUM_INPUT] = ev.count[EV_INPUT];
	n[SUM_OUTPUT] = ev.count[EV_OUTPUT];
	n[SUM_CACHE_READ] = ev.count[EV_CACHE_READ];
	n[SUM_CACHE_WRITE] = ev.count[EV_CACHE_WRITE];
	n[SUM_REASONING] = ev.count[EV_REASONING];
	n[SUM_OTHER] = event_other(&ev);
	a->has_cost =
	    legacy_money(l, legacy_any(l, obj, cost_names), &a->sums.cost);
}

/* --- Calls ---------------------------------------------------------------- */

/* OpenCode's ids are like nobody else's. */
static bool
is_of_opencode(const struct event *ev)
{
	return ev->text[EV_SESSION].len > 4 &&
	       memcmp(ev->text[EV_SESSION].p, "ses_", 4) == 0;
}

static void
hash_text(char *buf, size_t cap, size_t *len, struct text t)
{
	int n = snprintf(buf + *len, cap - *len, "%.*s/", (int)t.len, t.p);

	*len += n > 0 && (size_t)n < cap - *len ? (size_t)n : 0;
}

/* What tells a record without ids from the others, read again likewise. */
static struct text
id_of(struct legacy *l, const struct event *ev, struct text when)
{
	static const int texts[] = { EV_PROVIDER, EV_MODEL, EV_ACCOUNT };
	char buf[2048];
	size_t i, len = 0;

	hash_text(buf, sizeof(buf), &len, when);
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		hash_text(buf, sizeof(buf), &len, ev->text[texts[i]]);
	for (i = 0; i < EV_COUNTS; i++)
		hash_text(buf, sizeof(buf), &len,
		    source_textf(&l->s, "%" PRIu64, ev->count[i]));
	hash_text(buf, sizeof(buf), &len,
	    source_textf(&l->s, "%" PRId64, ev->cost_pico));
	return source_textf(&l->s, "%016" PRIx64, source_hash(buf, len));
}

static void
take_texts(struct legacy *l, const struct json_node *obj, struct event *ev)
{
	ev->text[EV_PROVIDER] = text_at(l, obj, provider_names);
	ev->text[EV_MODEL] = text_at(l, obj, model_names);
	ev->text[EV_PROJECT] = text_at(l, obj, project_names);
	ev->text[EV_ACCOUNT] = text_at(l, obj, account_names);
	if (l->sink->agent != NULL)
		ev->text[EV_AGENT] = text_of(l->sink->agent);
	else if (is_of_opencode(ev))
		ev->text[EV_AGENT] = TEXT("opencode");
}

/* Its ids, or what stands for them. */
static void
take_ids(struct legacy *l, const struct json_node *obj, bool is_total,
    struct event *ev)
{
	if (is_total) {
		ev->running = true;
		return;
	}
	ev->text[EV_MESSAGE] = text_at(l, obj, message_names);
	if (ev->text[EV_SESSION].len > 0 && ev->text[EV_MESSAGE].len > 0)
		return;
	ev->text[EV_MESSAGE] = id_of(l, ev, text_at(l, obj, time_names));
	if (ev->text[EV_SESSION].len == 0)
		ev->text[EV_SESSION] = source_textf(&l->s, "%s/%.*s", l->origin,
		    (int)ev->text[EV_PROVIDER].len, ev->text[EV_PROVIDER].p);
}

enum legacy_result
legacy_record(struct legacy *l, const struct json_node *obj,
    struct text session, bool is_total)
{
	struct event ev;

	if (obj->type != JSON_OBJECT) {
		source_odd(&l->s, N_("a record that is no object"));
		return LEGACY_OK;
	}
	source_event_init(&l->s, &ev);
	ev.text[EV_SESSION] = text_at(l, obj, session_names);
	if (ev.text[EV_SESSION].len == 0 && is_total)
		ev.text[EV_SESSION] = source_member(&l->s, obj, "id");
	if (ev.text[EV_SESSION].len == 0)
		ev.text[EV_SESSION] = session;
	take_texts(l, obj, &ev);
	legacy_counts(l, obj, is_of_opencode(&ev), ev.count);
	source_cost(&l->s, legacy_any(l, obj, cost_names), &ev);
	ev.ts_ms = source_time(&l->s, legacy_any(l, obj, time_names));
	if (ev.ts_ms == 0) {
		source_odd(&l->s, N_("usage without a time"));
		return LEGACY_OK;
	}
	/* Without a session there is nothing that could be running. */
	take_ids(l, obj, is_total && ev.text[EV_SESSION].len > 0, &ev);
	return legacy_event(l, &ev);
}

/* --- Totals that are no calls --------------------------------------------- */

/*
 * A tracker that asks providers notes what they answer. The sum over the last
 * days that comes with a number of requests is of no day; the sum over all
 * sessions grows, and what it grew by is of the day on which that was noted.
 */
static const char *const window_names[] = { "metadata.request_count", NULL };
static const char *const growing_names[] = { "metadata.session_count", NULL };

struct growing {
	struct text source;
	uint64_t tokens;
	money_sum cost;
};

#define GROWING_MAX 32

static struct growing *
find_growing(struct growing *list, struct text source)
{
	size_t i;

	for (i = 0; i < GROWING_MAX; i++) {
		if (list[i].source.p == NULL)
			list[i].source = source;
		if (text_eq(list[i].source, source))
			return &list[i];
	}
	return NULL;
}

static enum legacy_result
add_growth(struct legacy *l, const struct json_node *obj, struct growing *list)
{
	static const char *const ids[] = { "metadata.source_id", "service",
		NULL };
	struct text source = text_at(l, obj, ids);
	struct text when = text_at(l, obj, time_names);
	struct growing *g = find_growing(list, source);
	struct aggregate a, all = { .day = 0 };

	if (g == NULL || when.len < 10 ||
	    legacy_begin_day(l, when.p, 10, &a) != 0)
		return LEGACY_OK;
	legacy_sums(l, obj, &all);
	a.agent = text_at(l, obj, provider_names);
	if (sums_total_tokens(&all.sums) <= g->tokens)
		return LEGACY_OK;
	a.sums.n[SUM_OTHER] = sums_total_tokens(&all.sums) - g->tokens;
	a.has_cost = all.has_cost && all.sums.cost >= g->cost;
	a.sums.cost = a.has_cost ? all.sums.cost - g->cost : 0;
	g->tokens = sums_total_tokens(&all.sums);
	g->cost = all.sums.cost;
	return legacy_add_day(l, &a);
}

/* --- The file ------------------------------------------------------------- */

static enum legacy_result
read_list(struct legacy *l, const struct json_node *list, bool is_total)
{
	struct growing growing[GROWING_MAX] = { { .tokens = 0 } };
	const struct json_node *n;
	enum legacy_result rc = LEGACY_OK;

	for (n = json_first(&l->s.json, list); n != NULL && rc == LEGACY_OK;
	     n = json_next(&l->s.json, list, n)) {
		if (legacy_any(l, n, window_names) != NULL)
			source_odd(&l->s, N_("a sum over many days"));
		else if (legacy_any(l, n, growing_names) != NULL)
			rc = add_growth(l, n, growing);
		else
			rc = legacy_record(l, n, (struct text){ 0 }, is_total);
	}
	return rc;
}

/* By their session's id. */
static enum legacy_result
read_map(struct legacy *l, const struct json_node *map, bool is_total)
{
	const struct json_node *key = json_first(&l->s.json, map), *value;
	enum legacy_result rc = LEGACY_OK;

	for (; key != NULL && rc == LEGACY_OK;
	     key = json_next(&l->s.json, map, value)) {
		value = json_next(&l->s.json, map, key);
		rc = legacy_record(
		    l, value, source_string(&l->s, key), is_total);
	}
	return rc;
}

static const struct json_node *
find_records(struct legacy *l, const struct json_node *root, bool *is_total)
{
	const struct json_node *n;
	size_t i;

	*is_total = false;
	if (root->type == JSON_ARRAY)
		return root;
	for (i = 0; i < sizeof(containers) / sizeof(containers[0]); i++) {
		n = json_get(&l->s.json, root, containers[i].name);
		*is_total = containers[i].is_total;
		if (n != NULL && n->type == JSON_ARRAY)
			return n;
		if (n != NULL && n->type == JSON_OBJECT && *is_total)
			return n;
	}
	return NULL;
}

static bool
is_records(struct legacy *l, const struct json_node *root)
{
	const struct json_node *first;
	bool is_total;
	const struct json_node *list = find_records(l, root, &is_total);

	if (list == NULL)
		return false;
	first = json_first(&l->s.json, list);
	if (first != NULL && list->type == JSON_OBJECT)
		first = json_next(&l->s.json, list, first);
	/* None at all is a store too, of a tracker that never ran. */
	return first == NULL || (first->type == JSON_OBJECT &&
				    legacy_any(l, first, time_names) != NULL);
}

static enum legacy_result
read_records(struct legacy *l, const struct json_node *root)
{
	bool is_total;
	const struct json_node *list = find_records(l, root, &is_total);

	return list->type == JSON_ARRAY ? read_list(l, list, is_total)
					: read_map(l, list, is_total);
}

const struct legacy_format legacy_records = {
	.name = "tracker", .is_it = is_records, .read = read_records
};

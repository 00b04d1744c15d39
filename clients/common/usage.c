#include "clients/common/usage.h"

#include <inttypes.h>

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

struct usage_key {
	const char *path;
	enum usage_value value;
};

/* Where several name one value, the first that is there wins. */
static const struct usage_key keys[] = {
	{ "prompt_tokens", USAGE_PROMPT },
	{ "completion_tokens", USAGE_COMPLETION },
	{ "prompt_tokens_details.cached_tokens", USAGE_CACHED },
	{ "prompt_tokens_details.cache_write_tokens", USAGE_CACHE_WRITE },
	{ "completion_tokens_details.reasoning_tokens", USAGE_REASONING },
	{ "input_tokens", USAGE_INPUT },
	{ "output_tokens", USAGE_OUTPUT },
	{ "input_tokens_details.cached_tokens", USAGE_CACHED },
	{ "input_tokens_details.cache_write_tokens", USAGE_CACHE_WRITE },
	{ "output_tokens_details.reasoning_tokens", USAGE_REASONING },
	{ "output_tokens_details.thinking_tokens", USAGE_REASONING },
	{ "total_tokens", USAGE_TOTAL },
	{ "cache_read_input_tokens", USAGE_CACHE_READ },
	{ "cache_creation_input_tokens", USAGE_CACHE_WRITE },
	{ "cache_creation.ephemeral_5m_input_tokens", USAGE_CACHE_WRITE_5M },
	{ "cache_creation.ephemeral_1h_input_tokens", USAGE_CACHE_WRITE_1H },
	{ "server_tool_use.web_search_requests", USAGE_WEB_SEARCHES },
};

static const struct usage_key gemini_keys[] = {
	{ "promptTokenCount", USAGE_PROMPT },
	{ "cachedContentTokenCount", USAGE_CACHED },
	{ "candidatesTokenCount", USAGE_CANDIDATES },
	{ "responseTokenCount", USAGE_CANDIDATES },
	{ "thoughtsTokenCount", USAGE_THOUGHTS },
	{ "toolUsePromptTokenCount", USAGE_TOOL_PROMPT },
	{ "totalTokenCount", USAGE_TOTAL },
};

bool
usage_has(const struct usage *u, enum usage_value v)
{
	return (u->seen & 1u << v) != 0;
}

int
usage_number(const struct json *j, const struct json_node *n, const char *key,
    uint64_t max, uint64_t *out, struct error *err)
{
	bool is_number = n->type == JSON_NUMBER;

	if (json_u64(j, n, out) != 0)
		return error_set(err,
		    is_number ? ERR_OUT_OF_RANGE : ERR_BAD_TYPE, key,
		    "not a whole number of 0 or more");
	if (*out > max)
		return error_set(err, ERR_OUT_OF_RANGE, key,
		    "%" PRIu64 " is over the limit of %" PRIu64, *out, max);
	return 0;
}

bool
usage_is_tier(struct text *t)
{
	static const char *const tiers[] = { "standard", "batch", "flex",
		"priority", "fast" };
	size_t i;

	if (text_is(*t, "default"))
		*t = TEXT("standard");
	for (i = 0; i < LENGTH(tiers); i++)
		if (text_is(*t, tiers[i]))
			return true;
	return false;
}

static int
collect(const struct json *j, const struct json_node *obj,
    const struct usage_key *from, size_t n, struct usage *u, struct error *err)
{
	const struct json_node *node;
	const struct usage_key *k;

	for (k = from; k < from + n; k++) {
		node = json_path(j, obj, k->path);
		if (node == NULL || node->type == JSON_NULL ||
		    usage_has(u, k->value))
			continue;
		if (usage_number(j, node, k->path, LIMIT_TOKENS,
			&u->v[k->value], err) != 0)
			return -1;
		u->seen |= 1u << k->value;
	}
	return 0;
}

int
usage_read(const struct json *j, const struct json_node *obj, struct usage *u,
    struct error *err)
{
	return collect(j, obj, keys, LENGTH(keys), u, err);
}

int
usage_read_gemini(const struct json *j, const struct json_node *obj,
    struct usage *u, struct error *err)
{
	u->is_gemini = true;
	return collect(j, obj, gemini_keys, LENGTH(gemini_keys), u, err);
}

void
usage_merge(struct usage *u, const struct usage *later)
{
	int i;

	for (i = 0; i < USAGE_VALUES; i++)
		if (later->v[i] > u->v[i])
			u->v[i] = later->v[i];
	u->seen |= later->seen;
	u->is_gemini = u->is_gemini || later->is_gemini;
}

/*
 * OpenAI's prompt contains what was cached and what was written to a cache. A
 * gateway that reports more cached than prompt counts them apart.
 */
static void
count_input(const struct usage *u, uint64_t count[EV_COUNTS])
{
	bool contains =
	    usage_has(u, USAGE_PROMPT) || usage_has(u, USAGE_CACHED);
	uint64_t input =
	    u->v[usage_has(u, USAGE_PROMPT) ? USAGE_PROMPT : USAGE_INPUT];
	uint64_t cached =
	    u->v[usage_has(u, USAGE_CACHED) ? USAGE_CACHED : USAGE_CACHE_READ];
	uint64_t written =
	    u->v[USAGE_CACHE_WRITE_5M] + u->v[USAGE_CACHE_WRITE_1H];

	if (written < u->v[USAGE_CACHE_WRITE])
		written = u->v[USAGE_CACHE_WRITE];
	if (contains && cached + written <= input)
		input -= cached + written;
	count[EV_INPUT] = input;
	count[EV_CACHE_READ] = cached;
	count[EV_CACHE_WRITE] = written;
	count[EV_CACHE_WRITE_1H] = u->v[USAGE_CACHE_WRITE_1H];
}

/*
 * Output contains reasoning, by everybody's documents; those who leave it out
 * show it by more reasoning than output or by a total that only adds up with
 * it.
 */
static void
count_output(const struct usage *u, uint64_t count[EV_COUNTS])
{
	uint64_t prompt =
	    u->v[usage_has(u, USAGE_PROMPT) ? USAGE_PROMPT : USAGE_INPUT];
	uint64_t output = u->v[usage_has(u, USAGE_COMPLETION) ? USAGE_COMPLETION
							      : USAGE_OUTPUT];
	uint64_t reasoning = u->v[USAGE_REASONING];

	if (reasoning > output ||
	    (usage_has(u, USAGE_TOTAL) &&
		u->v[USAGE_TOTAL] == prompt + output + reasoning))
		output += reasoning;
	count[EV_OUTPUT] = output;
	count[EV_REASONING] = reasoning;
}

/*
 * The prompt contains what was cached, unless only the total that adds the two
 * is right. Tool prompts and thoughts stand beside prompt and candidates; where
 * the total is right without the thoughts the candidates contain them.
 */
static void
count_gemini(const struct usage *u, uint64_t count[EV_COUNTS])
{
	uint64_t prompt = u->v[USAGE_PROMPT], cached = u->v[USAGE_CACHED];
	uint64_t output = u->v[USAGE_CANDIDATES];
	uint64_t thoughts = u->v[USAGE_THOUGHTS], total = u->v[USAGE_TOTAL];
	uint64_t sum = prompt + output + u->v[USAGE_TOOL_PROMPT];
	bool is_net = total == sum + thoughts + cached;

	if (cached <= prompt && !is_net)
		prompt -= cached;
	if (thoughts > output || total != sum)
		output += thoughts;
	count[EV_INPUT] = prompt + u->v[USAGE_TOOL_PROMPT];
	count[EV_CACHE_READ] = cached;
	count[EV_OUTPUT] = output;
	count[EV_REASONING] = thoughts;
}

void
usage_counts(const struct usage *u, uint64_t count[EV_COUNTS])
{
	if (u->is_gemini) {
		count_gemini(u, count);
	} else {
		count_input(u, count);
		count_output(u, count);
		count[EV_WEB_SEARCHES] = u->v[USAGE_WEB_SEARCHES];
	}
	if (usage_has(u, USAGE_TOTAL))
		count[EV_TOTAL] = u->v[USAGE_TOTAL];
}

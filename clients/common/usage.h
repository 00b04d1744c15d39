/*
 * The usage objects of the APIs: read into values as they are named there, and
 * made into an event's counts, which are disjoint. The tables in usage.c are
 * the contract.
 */
#ifndef CLIENTS_USAGE_H
#define CLIENTS_USAGE_H

#include "proto/event.h"
#include "proto/json.h"
#include "proto/limits.h"

enum usage_value {
	USAGE_PROMPT, /* includes what was cached */
	USAGE_COMPLETION,
	USAGE_INPUT, /* with USAGE_CACHED it does too, else not */
	USAGE_OUTPUT,
	USAGE_CACHED,
	USAGE_CACHE_READ,
	USAGE_CACHE_WRITE,
	USAGE_CACHE_WRITE_5M,
	USAGE_CACHE_WRITE_1H,
	USAGE_REASONING,
	USAGE_TOTAL,
	USAGE_WEB_SEARCHES,
	USAGE_CANDIDATES, /* Gemini's output; by it an object is Gemini's */
	USAGE_THOUGHTS,   /* beside the candidates */
	USAGE_TOOL_PROMPT,
	USAGE_VALUES
};

/* Zero is a valid state: nothing was said. */
struct usage {
	uint64_t v[USAGE_VALUES];
	uint32_t seen; /* 1 << usage_value */
	bool is_gemini;
};

/*
 * Reads a usage object of OpenAI, Anthropic or OpenRouter, or Gemini's
 * usageMetadata, into *u, which is zero. Absent and null say nothing. 0, or -1
 * with *err naming the path of what cannot be a count.
 */
int usage_read(const struct json *j, const struct json_node *obj,
    struct usage *u, struct error *err);
int usage_read_gemini(const struct json *j, const struct json_node *obj,
    struct usage *u, struct error *err);
/* A later sight of the same call; counts of a stream are cumulative. */
void usage_merge(struct usage *u, const struct usage *later);
/* Sets the counts that a usage object defines, and no others. */
void usage_counts(const struct usage *u, uint64_t count[EV_COUNTS]);
bool usage_has(const struct usage *u, enum usage_value v);

/* A whole number up to max, or -1 with *err naming the key (static text). */
int usage_number(const struct json *j, const struct json_node *n,
    const char *key, uint64_t max, uint64_t *out, struct error *err);
/* Is this a tier of ours? Rewrites OpenAI's "default", the standard one. */
bool usage_is_tier(struct text *t);

#endif

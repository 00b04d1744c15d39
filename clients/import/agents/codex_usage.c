#include "clients/import/agents/codex.h"

#include <inttypes.h>
#include <stdio.h>

#define NAMES_MAX 4

/* The first is Codex's own; the others are of those who write its format. */
static const char *const names[CODEX_COUNTS][NAMES_MAX] = {
	[CODEX_INPUT] = { "input_tokens", "prompt_tokens", "input" },
	[CODEX_CACHED] = { "cached_input_tokens", "cache_read_input_tokens",
	    "cached_tokens" },
	[CODEX_WRITTEN] = { "cache_write_input_tokens",
	    "cache_creation_input_tokens" },
	[CODEX_OUTPUT] = { "output_tokens", "completion_tokens", "output" },
	[CODEX_REASONING] = { "reasoning_output_tokens", "reasoning_tokens" },
	[CODEX_TOTAL] = { "total_tokens" },
};

bool
codex_usage_read(
    struct source *s, const struct json_node *obj, struct codex_usage *u)
{
	int i, k;

	*u = (struct codex_usage){ { 0 } };
	if (obj == NULL || obj->type != JSON_OBJECT)
		return false;
	for (i = 0; i < CODEX_COUNTS; i++)
		for (k = 0; k < NAMES_MAX && names[i][k] != NULL; k++) {
			u->v[i] = source_member_count(s, obj, names[i][k]);
			if (u->v[i] > 0)
				break;
		}
	return true;
}

bool
codex_usage_is_hollow(const struct codex_usage *u)
{
	int i;

	for (i = 0; i < CODEX_TOTAL; i++)
		if (u->v[i] > 0)
			return false;
	return true;
}

bool
codex_usage_same(const struct codex_usage *a, const struct codex_usage *b)
{
	return memcmp(a->v, b->v, CODEX_TOTAL * sizeof(a->v[0])) == 0;
}

struct codex_usage
codex_usage_rise(
    const struct codex_usage *now, const struct codex_usage *earlier)
{
	struct codex_usage rise;
	int i;

	for (i = 0; i < CODEX_COUNTS; i++) {
		if (now->v[i] < earlier->v[i])
			return *now;
		rise.v[i] = now->v[i] - earlier->v[i];
	}
	return rise;
}

void
codex_usage_name(const struct codex_usage *total, uint32_t fills,
    char name[CODEX_VECTOR_MAX])
{
	int i, n = 0;

	for (i = 0; i < CODEX_COUNTS; i++)
		n += snprintf(name + n, CODEX_VECTOR_MAX - (size_t)n,
		    "%s%" PRIu64, i > 0 ? "-" : "", total->v[i]);
	if (fills > 0)
		snprintf(
		    name + n, CODEX_VECTOR_MAX - (size_t)n, "+%" PRIu32, fills);
}

static uint64_t
least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

void
codex_usage_counts(const struct codex_usage *u, struct event *ev)
{
	uint64_t left = u->v[CODEX_INPUT];

	ev->count[EV_CACHE_READ] = least(u->v[CODEX_CACHED], left);
	left -= ev->count[EV_CACHE_READ];
	ev->count[EV_CACHE_WRITE] = least(u->v[CODEX_WRITTEN], left);
	ev->count[EV_INPUT] = left - ev->count[EV_CACHE_WRITE];
	ev->count[EV_OUTPUT] = u->v[CODEX_OUTPUT];
	ev->count[EV_REASONING] =
	    least(u->v[CODEX_REASONING], u->v[CODEX_OUTPUT]);
	ev->count[EV_TOTAL] = u->v[CODEX_TOTAL];
}

/*
 * What an agent tells its status line: Claude Code's JSON. Pure. Nothing in it
 * is usage: counts there describe the last response, and its cost is the
 * agent's own estimate.
 */
#ifndef REPORT_AGENT_STATE_H
#define REPORT_AGENT_STATE_H

#include <stdbool.h>

#include "proto/json.h"
#include "proto/limits.h"
#include "proto/money.h"

#define AGENT_STATE_WINDOWS 8

struct agent_window {
	char name[LIMIT_TEXT + 1]; /* "five_hour" */
	int64_t percent;           /* used, in 10^-12 of one percent */
	int64_t resets_ms;         /* 0: not told */
};

/* "" and 0 are absent. */
struct agent_state {
	char session[LIMIT_TEXT + 1];
	char model[LIMIT_TEXT + 1]; /* as it is displayed */
	char model_id[LIMIT_TEXT + 1];
	char project[LIMIT_TEXT + 1]; /* last part of the project's path */
	bool has_cost;
	int64_t cost_pico;
	uint64_t duration_ms;
	uint64_t context_used, context_size; /* size 0: not told */
	struct agent_window windows[AGENT_STATE_WINDOWS];
	size_t n_windows;
};

/* Takes what it understands; -1 where it is no JSON object, *st then empty. */
int agent_state_read(
    struct agent_state *st, struct json *j, const char *text, size_t len);

#endif

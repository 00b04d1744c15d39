/*
 * One line for a status bar: a format with {placeholders}. Pure; knows no
 * locale and allocates nothing.
 *
 * A placeholder without a value is "-"; a part in [brackets] that has
 * placeholders is left out when one of them has none. All else, unknown names
 * and brackets without placeholders too, stays as it is, so that a bar's own
 * marks, "#[fg=red]" or "{\"text\":…}", need no quoting.
 */
#ifndef REPORT_LINE_H
#define REPORT_LINE_H

#include "proto/text.h"

#define LINE_MAX_BYTES 1024
#define LINE_VALUE_MAX 96

enum line_name {
	LINE_MODEL,
	LINE_MODEL_ID,
	LINE_AGENT,
	LINE_PROJECT,
	LINE_SESSION,
	LINE_SESSION_COST,
	LINE_SESSION_TOKENS,
	LINE_SESSION_CALLS,
	LINE_SESSION_TIME,
	LINE_AGENT_COST, /* the agent's own estimate */
	LINE_TODAY_COST,
	LINE_TODAY_TOKENS,
	LINE_TODAY_CALLS,
	LINE_BLOCK_COST,
	LINE_BLOCK_TOKENS,
	LINE_BLOCK_LEFT,
	LINE_BURN,      /* tokens a minute in the block */
	LINE_COST_HOUR, /* dollars an hour in it */
	LINE_CONTEXT,   /* percent used */
	LINE_CONTEXT_LEFT,
	LINE_CONTEXT_TOKENS,
	LINE_FIVE_HOUR, /* percent of the quota window used */
	LINE_FIVE_HOUR_LEFT,
	LINE_SEVEN_DAY,
	LINE_SEVEN_DAY_LEFT,
	LINE_NAMES
};

/* "session_cost" */
extern const char *const line_names[LINE_NAMES];

/* "" is unknown. */
struct line_values {
	char value[LINE_NAMES][LINE_VALUE_MAX];
};

/* Copies a text without control characters and what is no UTF-8, cut to fit. */
void line_set(struct line_values *v, enum line_name name, struct text t);
/* Does the format mention it? */
bool line_wants(const char *format, enum line_name name);
/* Returns the length; what does not fit is cut at a whole character. */
size_t line_format(
    const char *format, const struct line_values *v, char out[LINE_MAX_BYTES]);

#endif

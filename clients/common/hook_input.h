/*
 * What an agent tells its hook on stdin: one JSON object, of any length, of
 * which a few members matter here. Claude Code's and OpenClaw's names.
 */
#ifndef CLIENTS_HOOK_INPUT_H
#define CLIENTS_HOOK_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/limits.h"

/* "" where it was not told. */
struct hook_input {
	char session[LIMIT_TEXT + 1];
	char event[64];  /* hook_event_name */
	char source[64]; /* what began the session: startup, resume, … */
	bool is_subagent;
};

/*
 * Is --hook among the arguments? An agent takes some exit codes for "stop", 2
 * among them: a hook that is called by mistake is none.
 */
bool hook_input_is_wanted(int argc, char **argv);
/*
 * Reads until the object ends, the stream does, or the deadline (monotonic)
 * passes; a terminal is not read. What makes no sense tells nothing.
 */
void hook_input_read(struct hook_input *in, int fd, int64_t deadline_ms);
/* The same of an object that is whole. */
void hook_input_parse(struct hook_input *in, const char *json, size_t len);

#endif

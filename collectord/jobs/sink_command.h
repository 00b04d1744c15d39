/*
 * One run of a sink's program: the notice on its standard input, its output
 * nowhere, and a limit on its time. Exit 0: it took it.
 */
#ifndef JOBS_SINK_COMMAND_H
#define JOBS_SINK_COMMAND_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "proto/text.h"

struct sink_command {
	/* Always called once, in a later turn of the loop, when nothing of it
	 * is left. why: NULL, or why it did not take the notice. */
	void (*on_done)(struct sink_command *c, const char *why);
	uv_process_t process;
	uv_pipe_t in;
	uv_timer_t limit;
	uv_write_t write;
	unsigned n_open; /* of these handles */
	bool is_failed, is_late, has_process;
	char why[64];
};

/* argv[0] is a path. argv and input are borrowed until on_done. */
void sink_command_start(struct sink_command *c, uv_loop_t *loop, char **argv,
    struct text input, int64_t limit_ms);
/* Ends it and all that it has started, where that is its group still. */
void sink_command_kill(struct sink_command *c);
/* The same without waiting for it to end: the daemon does. */
void sink_command_abandon(struct sink_command *c);

#endif

#include "collectord/jobs/sink_command.h"

#include <signal.h>
#include <stdio.h>

#include "collectord/sys.h"

#define STREAMS 3

static void
on_closed(uv_handle_t *h)
{
	struct sink_command *c = h->data;

	if (--c->n_open == 0)
		c->on_done(c, c->is_failed ? c->why : NULL);
}

static void
close_one(uv_handle_t *h)
{
	if (!uv_is_closing(h))
		uv_close(h, on_closed);
}

static void
close_all(struct sink_command *c)
{
	close_one((uv_handle_t *)&c->in);
	close_one((uv_handle_t *)&c->limit);
	close_one((uv_handle_t *)&c->process);
}

static void
fail(struct sink_command *c, const char *what, int64_t code)
{
	if (c->is_failed)
		return;
	c->is_failed = true;
	snprintf(c->why, sizeof(c->why), "%s %lld", what, (long long)code);
}

static void
on_exit(uv_process_t *p, int64_t code, int signal)
{
	struct sink_command *c = p->data;

	if (signal != 0)
		fail(
		    c, c->is_late ? "took too long, signal" : "signal", signal);
	else if (code != 0)
		fail(c, "exit", code);
	c->has_process = false;
	close_all(c);
}

void
sink_command_kill(struct sink_command *c)
{
	if (c->has_process)
		uv_kill(-c->process.pid, SIGKILL);
}

void
sink_command_abandon(struct sink_command *c)
{
	sink_command_kill(c);
	fail(c, "signal", SIGKILL);
	close_all(c);
}

static void
on_limit(uv_timer_t *t)
{
	struct sink_command *c = t->data;

	c->is_late = true;
	sink_command_kill(c);
}

/* A program that does not care for its input is no failure. */
static void
on_written(uv_write_t *w, int status)
{
	struct sink_command *c = w->data;

	(void)status;
	close_one((uv_handle_t *)&c->in);
}

static int
spawn(struct sink_command *c, uv_loop_t *loop, char **argv)
{
	uv_stdio_container_t stdio[STREAMS] = {
		{ .flags = UV_CREATE_PIPE | UV_READABLE_PIPE,
		    .data.stream = (uv_stream_t *)&c->in },
		{ .flags = UV_IGNORE },
		{ .flags = UV_IGNORE },
	};
	/* A session of its own: it can be ended with all that it started. */
	uv_process_options_t options = {
		.exit_cb = on_exit,
		.file = argv[0],
		.args = argv,
		.cwd = "/",
		.flags = UV_PROCESS_DETACHED,
		.stdio_count = STREAMS,
		.stdio = stdio,
	};

	return uv_spawn(loop, &c->process, &options);
}

void
sink_command_start(struct sink_command *c, uv_loop_t *loop, char **argv,
    struct text input, int64_t limit_ms)
{
	uv_buf_t buf = { .base = (char *)(uintptr_t)input.p, .len = input.len };
	int rc;

	c->is_failed = c->is_late = false;
	BUG_ON(uv_pipe_init(loop, &c->in, 0) != 0 ||
	       uv_timer_init(loop, &c->limit) != 0);
	c->n_open = STREAMS;
	c->in.data = c->limit.data = c->process.data = c->write.data = c;
	rc = spawn(c, loop, argv);
	c->has_process = rc == 0;
	if (rc == 0)
		rc = uv_timer_start(&c->limit, on_limit, (uint64_t)limit_ms, 0);
	if (rc == 0)
		rc = uv_write(
		    &c->write, (uv_stream_t *)&c->in, &buf, 1, on_written);
	if (rc == 0)
		return;
	fail(c, uv_err_name(rc), -rc);
	sink_command_kill(c);
	close_all(c);
}

#include "collectord/jobs/tick.h"

#include "collectord/clock.h"
#include "collectord/ledger/alerts/notices.h"
#include "collectord/log.h"
#include "proto/error.h"

#define RETRY_MS 60000

/* On the thread that commits. */
static bool
on_step(struct batch_task *task)
{
	struct tick *t = task->data;

	t->rc = ledger_tick(t->ledger, &t->next_ms);
	return false;
}

static void
run(struct tick *t)
{
	if (t->is_stopped)
		return;
	t->is_asked = t->is_running;
	if (t->is_running)
		return;
	t->is_running = true;
	batch_run(t->batch, &t->task);
}

static void
on_done(struct batch_task *task)
{
	struct tick *t = task->data;

	t->is_running = false;
	if (t->is_stopped)
		return;
	if (t->rc != 0 && log_once_a_minute(&t->told_ms, clock_mono_ms()))
		log_warn("tick", "op=tick err=%s",
		    error_name((enum error_code) - t->rc));
	if (t->is_asked)
		run(t);
	else if (t->rc != 0)
		timers_in(t->timers, &t->due, RETRY_MS);
	else
		timers_at(t->timers, &t->due, t->next_ms);
}

static void
on_due(struct due *d)
{
	run((struct tick *)((char *)d - offsetof(struct tick, due)));
}

void
tick_start(struct tick *t, struct timers *timers, struct batch *batch,
    struct ledger *ledger)
{
	*t = (struct tick){ .timers = timers,
		.batch = batch,
		.ledger = ledger,
		.due = { .fn = on_due },
		.task = { .step = on_step, .done = on_done } };
	t->task.data = t;
	run(t);
}

void
tick_stop(struct tick *t)
{
	t->is_stopped = true;
	if (t->timers != NULL)
		timers_cancel(t->timers, &t->due);
}

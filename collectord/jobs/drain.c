#include "collectord/jobs/drain.h"

#include "collectord/ledger/drain.h"
#include "collectord/log.h"
#include "collectord/sys.h"
#include "proto/error.h"

/* Longer than whoever sends very many pauses to read on. */
#define QUIET_MS 1000

/* On the thread that commits. */
static bool
on_step(struct batch_task *task)
{
	struct drain *d = task->data;

	if (atomic_load(&d->is_stopped))
		return false;
	d->rc = ledger_drain(d->ledger, d->begins);
	d->begins = false;
	return d->rc == 1;
}

static void
run(struct drain *d)
{
	d->is_asked = d->is_running;
	if (d->is_running)
		return;
	d->is_running = d->begins = true;
	batch_run(d->batch, &d->task);
}

/* What stays after an error goes with later commits, and starts. */
static void
on_done(struct batch_task *task)
{
	struct drain *d = task->data;

	d->is_running = false;
	if (d->rc < 0)
		log_warn("drain", "op=drain err=%s",
		    error_name((enum error_code) - d->rc));
	if (d->is_asked && !atomic_load(&d->is_stopped))
		run(d);
}

static void
on_quiet(uv_timer_t *h)
{
	run(h->data);
}

int
drain_init(struct drain *d, uv_loop_t *loop, struct batch *batch,
    struct ledger *ledger)
{
	int rc = uv_timer_init(loop, &d->quiet);

	d->quiet.data = d;
	d->batch = batch;
	d->ledger = ledger;
	d->task = (struct batch_task){
		.data = d, .has_time = true, .step = on_step, .done = on_done
	};
	return rc;
}

void
drain_look(struct drain *d)
{
	uint64_t loads = ledger_loads(d->ledger);

	if (loads == d->loads || atomic_load(&d->is_stopped))
		return;
	d->loads = loads;
	BUG_ON(uv_timer_start(&d->quiet, on_quiet, QUIET_MS, 0) != 0);
}

void
drain_stop(struct drain *d)
{
	atomic_store(&d->is_stopped, true);
	uv_timer_stop(&d->quiet);
}

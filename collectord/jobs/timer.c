#include "collectord/jobs/timer.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "collectord/clock.h"
#include "collectord/sys.h"

static void
put(struct timers *t, size_t i, struct due *d)
{
	t->heap[i] = d;
	d->place = i + 1;
}

static void
sift_up(struct timers *t, size_t i)
{
	struct due *d = t->heap[i];

	for (; i > 0 && t->heap[(i - 1) / 2]->at_ms > d->at_ms; i = (i - 1) / 2)
		put(t, i, t->heap[(i - 1) / 2]);
	put(t, i, d);
}

static void
sift_down(struct timers *t, size_t i)
{
	struct due *d = t->heap[i];
	size_t child;

	for (; (child = 2 * i + 1) < t->n; i = child) {
		if (child + 1 < t->n &&
		    t->heap[child + 1]->at_ms < t->heap[child]->at_ms)
			child++;
		if (t->heap[child]->at_ms >= d->at_ms)
			break;
		put(t, i, t->heap[child]);
	}
	put(t, i, d);
}

static void
take_out(struct timers *t, struct due *d)
{
	size_t i = d->place - 1;
	struct due *last = t->heap[--t->n];

	d->place = 0;
	if (last == d)
		return;
	put(t, i, last);
	sift_up(t, i);
	sift_down(t, last->place - 1);
}

static void
insert(struct timers *t, struct due *d)
{
	size_t cap = t->cap == 0 ? 16 : 2 * t->cap;
	struct due **heap;

	if (t->n == t->cap) {
		heap = realloc(t->heap, cap * sizeof(struct due *));
		BUG_ON(heap == NULL);
		t->heap = heap;
		t->cap = cap;
	}
	put(t, t->n, d);
	sift_up(t, t->n++);
}

/*
 * By the real clock. A manual one stands still: what is due by it is due at
 * once, and all else waits for timers_clock_set.
 */
static void
arm(struct timers *t)
{
	struct itimerspec at = { .it_value = { 0, 0 } };
	int64_t first_ms = t->n > 0 ? t->heap[0]->at_ms : 0;

	if (t->n > 0 && (!clock_is_manual() || first_ms <= clock_now_ms())) {
		at.it_value.tv_sec = clock_is_manual() ? 0 : first_ms / 1000;
		at.it_value.tv_nsec = first_ms % 1000 * 1000000;
		/* An instant that is over, but not 0, which disarms. */
		if (at.it_value.tv_sec <= 0)
			at.it_value.tv_sec = 1;
	}
	BUG_ON(
	    timerfd_settime(t->fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET,
		&at, NULL) != 0 &&
	    errno != ECANCELED);
}

/*
 * Those that are due by now; what their functions set anew waits for the next
 * time.
 */
static void
run_due(struct timers *t)
{
	int64_t now_ms = clock_now_ms();
	size_t most = t->n;
	struct due *d;

	while (most-- > 0 && t->n > 0 && t->heap[0]->at_ms <= now_ms) {
		d = t->heap[0];
		take_out(t, d);
		d->fn(d);
	}
	if (t->fd >= 0)
		arm(t);
}

void
timers_clock_set(struct timers *t)
{
	int64_t now_ms = clock_now_ms();
	struct due *d;

	if (t->fd < 0)
		return;
	for (size_t i = 0; i < t->n; i++) {
		d = t->heap[i];
		if (d->wait_ms == 0)
			d->at_ms = now_ms;
		else if (d->at_ms > now_ms + d->wait_ms)
			d->at_ms = now_ms + d->wait_ms;
	}
	for (size_t i = t->n / 2; i-- > 0;)
		sift_down(t, i);
	run_due(t);
}

static void
on_readable(uv_poll_t *h, int status, int events)
{
	struct timers *t = h->data;
	uint64_t times;
	ssize_t n;

	(void)status;
	(void)events;
	n = read(t->fd, &times, sizeof(times));
	if (n < 0 && errno == ECANCELED)
		timers_clock_set(t);
	else
		run_due(t);
}

int
timers_init(struct timers *t, uv_loop_t *loop)
{
	int rc;

	*t = (struct timers){ .fd = timerfd_create(
				  CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC) };
	if (t->fd < 0)
		return -errno;
	rc = uv_poll_init(loop, &t->poll, t->fd);
	t->poll.data = t;
	return rc != 0 ? rc : uv_poll_start(&t->poll, UV_READABLE, on_readable);
}

static void
set(struct timers *t, struct due *d, int64_t at_ms, int64_t wait_ms)
{
	if (t->fd < 0)
		return;
	if (d->place != 0)
		take_out(t, d);
	d->at_ms = at_ms;
	d->wait_ms = wait_ms;
	insert(t, d);
	arm(t);
}

void
timers_at(struct timers *t, struct due *d, int64_t at_ms)
{
	set(t, d, at_ms, 0);
}

void
timers_in(struct timers *t, struct due *d, int64_t wait_ms)
{
	set(t, d, clock_now_ms() + wait_ms, wait_ms > 0 ? wait_ms : 1);
}

void
timers_cancel(struct timers *t, struct due *d)
{
	if (d->place == 0)
		return;
	take_out(t, d);
	if (t->fd >= 0)
		arm(t);
}

void
timers_stop(struct timers *t)
{
	if (t->fd < 0)
		return;
	while (t->n > 0)
		take_out(t, t->heap[0]);
	uv_close((uv_handle_t *)&t->poll, NULL);
	close(t->fd);
	free(t->heap);
	t->heap = NULL;
	t->cap = 0;
	t->fd = -1;
}

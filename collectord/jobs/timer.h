/*
 * Everything that is due some time, in one heap on the loop. By the wall clock:
 * an instant of the calendar, or so long from now. When the clock is set, or
 * the machine wakes from its sleep, what is due runs, once; whoever waits for
 * an instant is asked anew, since that may have moved.
 *
 * One timerfd that is cancelled when the clock is set: nothing wakes up before
 * something is due.
 */
#ifndef JOBS_TIMER_H
#define JOBS_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

/* A thing that is due; its owner's. Zero, but for fn, is a valid state. */
struct due {
	void (*fn)(struct due *d); /* it is no longer set when this is called */
	int64_t at_ms;
	int64_t wait_ms; /* at most so long from any now on; 0: an instant */
	size_t place;    /* in the heap, from 1; 0: not set */
};

struct timers {
	uv_poll_t poll;
	int fd;
	struct due **heap;
	size_t n, cap;
};

/* 0 or a negative uv error. */
int timers_init(struct timers *t, uv_loop_t *loop);
/* Sets it, also where it is set already. */
void timers_at(struct timers *t, struct due *d, int64_t at_ms);
void timers_in(struct timers *t, struct due *d, int64_t wait_ms);
void timers_cancel(struct timers *t, struct due *d);
/* The clock was set: also by hand, in tests. */
void timers_clock_set(struct timers *t);
/* Nothing is due any more; what was set is forgotten. Idempotent. */
void timers_stop(struct timers *t);

#endif

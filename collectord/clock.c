#include "collectord/clock.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "collectord/log.h"
#include "proto/calendar.h"

#define REAL (-1)               /* the wall clock: no manual time is negative */
#define LAST_MS 253402300799999 /* 9999-12-31T23:59:59.999Z */

static _Atomic int64_t manual_us = REAL;

int
clock_init(void)
{
	const char *now = getenv("TT_NOW");
	char quoted[64];
	bool is_local;
	int64_t ms;

	atomic_store(&manual_us, REAL);
	if (now == NULL || *now == '\0')
		return 0;
	if (calendar_parse_time(now, strlen(now), &ms, &is_local) != 0) {
		log_error("clock", "msg=\"TT_NOW is not a time\" value=%s",
		    log_quote(quoted, sizeof(quoted), text_of(now)));
		return -1;
	}
	clock_set_ms(ms);
	return 0;
}

static int64_t
read_us(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t
clock_now_us(void)
{
	int64_t us = atomic_load(&manual_us);

	return us == REAL ? read_us(CLOCK_REALTIME) : us;
}

int64_t
clock_now_ms(void)
{
	return clock_now_us() / 1000;
}

bool
clock_is_manual(void)
{
	return atomic_load(&manual_us) != REAL;
}

void
clock_set_ms(int64_t ms)
{
	if (ms < 0)
		ms = 0;
	if (ms > LAST_MS)
		ms = LAST_MS;
	atomic_store(&manual_us, ms * 1000);
}

int64_t
clock_mono_ms(void)
{
	return read_us(CLOCK_MONOTONIC) / 1000;
}

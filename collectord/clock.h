/*
 * The daemon's one clock. Where TT_NOW was set at the start it is manual: it
 * stands still until clock_set_ms() moves it. All may be called by any thread.
 */
#ifndef COLLECTORD_CLOCK_H
#define COLLECTORD_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Reads TT_NOW (RFC 3339); call before there are threads. -1, and an error in
 * the log, where it is no time.
 */
int clock_init(void);
int64_t clock_now_us(void); /* UTC */
int64_t clock_now_ms(void);
bool clock_is_manual(void);
/*
 * Moves the manual clock, within the years 1970 to 9999; makes the clock manual
 * where it was not.
 */
void clock_set_ms(int64_t ms);
/* Never manual, never set back, no relation to any date: for intervals. */
int64_t clock_mono_ms(void);

#endif

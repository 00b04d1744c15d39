/*
 * Numbers as people read them in tables and status lines. Pure; JSON and CSV
 * never use these.
 */
#ifndef CLIENTS_FIGURE_H
#define CLIENTS_FIGURE_H

#include <stdint.h>

#include "proto/sums.h"

#define FIGURE_MAX 72 /* any of these, NUL included */

/* "1,234,567" */
void figure_grouped(uint64_t n, char buf[FIGURE_MAX]);
/*
 * "999", "1.2K", "12K", "999K", "1.0M": at most four characters below 10^18,
 * rounded half up, never "1000K".
 */
void figure_compact(uint64_t n, char buf[FIGURE_MAX]);
/*
 * "$1,234.50", "$0.4239": two decimals from a dollar on, below that up to four
 * significant digits. Never "-$0.00".
 */
void figure_money(money_sum pico, char buf[FIGURE_MAX]);
/*
 * What sums cost: "-" where nothing is priced, a trailing "+" where some of it
 * is not.
 */
void figure_cost(const struct sums *s, char buf[FIGURE_MAX]);
/* "512 B", "1.5 KiB", "12 MiB" */
void figure_bytes(uint64_t n, char buf[FIGURE_MAX]);
/* "12 s", "3 min", "2 h", "5 days": the largest unit that fits, cut. */
void figure_duration(int64_t ms, char buf[FIGURE_MAX]);
/* "just now", "3 min ago"; the future is now. */
void figure_ago(int64_t ms, char buf[FIGURE_MAX]);

#endif

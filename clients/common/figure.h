/*
 * Numbers as people read them in tables and status lines. Pure; JSON and CSV
 * never use these.
 */
#ifndef CLIENTS_FIGURE_H
#define CLIENTS_FIGURE_H

#include <stdbool.h>
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
/* How many decimals money has. */
enum figure_decimals {
	FIGURE_BY_SIZE, /* as figure_money */
	FIGURE_CENTS,   /* two */
	FIGURE_EXACT    /* all there are, two at least */
};
void figure_money_as(
    money_sum pico, enum figure_decimals decimals, char buf[FIGURE_MAX]);
/*
 * Has nothing of it a price? How many calls stand behind imported tokens may
 * not be known: those count for themselves.
 */
bool figure_is_unpriced(const struct sums *s);
/*
 * What sums cost: "-" where nothing is priced, a trailing "+" where some of it
 * is not.
 */
void figure_cost(const struct sums *s, char buf[FIGURE_MAX]);
void figure_cost_as(
    const struct sums *s, enum figure_decimals decimals, char buf[FIGURE_MAX]);
/* The same, and what of it a plan covers where it does: "$3.10 (plan $2.00)".
 */
#define FIGURE_COST_MAX (3 * FIGURE_MAX)
void figure_cost_plan(const struct sums *s, enum figure_decimals decimals,
    char buf[FIGURE_COST_MAX]);
/*
 * part / whole in percent with one decimal, rounded half up: "12.3%"; "-" of
 * nothing. Negative parts are fine.
 */
void figure_share(money_sum part, money_sum whole, char buf[FIGURE_MAX]);
/* The part of now that is more than before: "+12.5%", "-3.0%"; "-" of nothing.
 */
void figure_change(money_sum now, money_sum before, char buf[FIGURE_MAX]);
/* A price in USD a million tokens, of picodollars a token: "0.30", "3.00". */
void figure_rate(int64_t pico, char buf[FIGURE_MAX]);
/* "512 B", "1.5 KiB", "12 MiB" */
void figure_bytes(uint64_t n, char buf[FIGURE_MAX]);
/* "12 s", "3 min", "2 h", "5 days": the largest unit that fits, cut. */
void figure_duration(int64_t ms, char buf[FIGURE_MAX]);
/* "45s", "23m", "1h 05m", "2d 3h": two units at the most, cut. */
void figure_span(int64_t ms, char buf[FIGURE_MAX]);
/* "just now", "3 min ago"; the future is now. */
void figure_ago(int64_t ms, char buf[FIGURE_MAX]);

#endif

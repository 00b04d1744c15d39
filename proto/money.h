/*
 * Money is an integer number of picodollars (10^-12 USD). One event fits
 * int64; sums are 128 bits. 1 USD per million tokens = 10^6 p$ per token, so
 * prices times counts are exact. Decimal text never passes through a double.
 */
#ifndef PROTO_MONEY_H
#define PROTO_MONEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MONEY_USD 1000000000000ll
#define MONEY_TEXT_MAX 48 /* any formatted sum, NUL included */

__extension__ typedef __int128 money_sum;
__extension__ typedef unsigned __int128 money_magnitude;

enum { MONEY_ESYNTAX = -1, MONEY_ERANGE = -2 };

/*
 * Parses JSON-like decimal text, "-1.5", "3e-5", "1E2", surrounding spaces not
 * allowed. More than 12 decimals round half away from zero. 0, MONEY_ESYNTAX,
 * or MONEY_ERANGE when it does not fit.
 */
int money_parse(const char *s, size_t len, int64_t *pico);
int money_parse_sum(const char *s, size_t len, money_sum *pico);
/*
 * The number that decimal text stands for, times 10^places: what the two above
 * and whole counts are made of. Same grammar, rounding and errors.
 */
struct money_decimal {
	money_magnitude magnitude;
	bool negative; /* "-0" too */
	bool exact;    /* nothing was rounded away */
};
int money_parse_decimal(
    const char *s, size_t len, int places, struct money_decimal *d);
/*
 * Exact decimal text of dollars, at most 12 decimals, no trailing zeros, no
 * "-0": "0", "0.4239", "-3". NUL-terminated; returns its length.
 */
size_t money_format(money_sum pico, char buf[MONEY_TEXT_MAX]);
/*
 * The same rounded half away from zero to `decimals` (0 to 12) and padded to
 * them: 2 gives "0.42". Never "-0.00".
 */
size_t money_format_rounded(
    money_sum pico, int decimals, char buf[MONEY_TEXT_MAX]);
/* a * b without overflow; false when it does not fit. */
bool money_mul(int64_t a, uint64_t b, int64_t *out);

#endif

/*
 * What calls cost, frozen: a call is priced when it is first seen, keeps its
 * rule while only its counts grow, and is matched anew when what the rule was
 * chosen by changes. A later price table changes nothing until recost.
 *
 * pricing.code: PRICING_NONE, PRICING_REPORTED, or 2 + rule number * 8 + step,
 * where step 0 is the rule's base and n its nth long-context step.
 */
#ifndef LEDGER_PRICING_H
#define LEDGER_PRICING_H

#include "collectord/ledger/price/price_book.h"
#include "collectord/ledger/record.h"
#include "proto/sums.h"

enum { PRICING_NONE = 0, PRICING_REPORTED = 1, PRICING_RULE = 2 };

struct writer;

static inline uint32_t
pricing_rule(uint64_t code)
{
	return (uint32_t)((code - PRICING_RULE) / 8);
}

static inline unsigned
pricing_step(uint64_t code)
{
	return (unsigned)((code - PRICING_RULE) % 8);
}

/* "", "reported" or "12/0". Returns the length. */
size_t pricing_text(uint64_t code, char buf[32]);

/*
 * Brings *p up to date with m (of running totals: with their rise): the same
 * rule where it still applies and `anew` does not forbid it, else today's book.
 * 0 or a store error.
 */
int pricing_update(
    struct writer *w, const struct merged *m, bool anew, struct pricing *p);
/* What m adds to the sums by that price; a void call adds nothing. */
void pricing_sums(
    const struct merged *m, const struct pricing *p, struct sums *s);

#endif

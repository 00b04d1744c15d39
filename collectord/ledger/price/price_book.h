/*
 * Which price a call has: the built-in table, and before it whatever the user
 * said. Pure. Many threads may match in one book while nobody changes it.
 *
 * An override's pattern is an exact "provider/model" or "model", matched with
 * the same forms of a name as the table (price_name.h), the barest last, and
 * with the table's own id of the model; for one form, "provider/model" is
 * before "model". Of one pattern's overrides that for the call's tier is before
 * that for every tier, and then the newest in force holds. What the user says
 * is the whole price: neither geo nor hour nor tier changes it. 0 is free.
 *
 * The table knows vendors' list prices. A host of open models with prices of
 * its own and a local program are unpriced until the user says otherwise; so
 * are tiers of service without a published price.
 */
#ifndef LEDGER_PRICE_BOOK_H
#define LEDGER_PRICE_BOOK_H

#include "collectord/ledger/price/price.h"
#include "collectord/ledger/price/price_override.h"

struct price_book;

/* The table alone. NULL without memory. */
struct price_book *price_book_new(void);
void price_book_free(struct price_book *book); /* NULL is fine */

/* As price_overrides_add. */
int price_book_add(struct price_book *book, const struct price_override *o);
/* Forgets all overrides. */
void price_book_clear(struct price_book *book);
const struct price_overrides *price_book_overrides(
    const struct price_book *book);

/* What of a call decides its price. */
struct price_call {
	struct text provider, model;
	struct text tier; /* absent or "standard": standard */
	struct text geo;
	int64_t ts_ms;
};

/*
 * PRICE_OK with the rule for this call, whose texts live as long as the book
 * and its overrides; PRICE_UNPRICED where nobody said a price.
 */
int price_match(const struct price_book *book, const struct price_call *call,
    struct price_rule *rule);

/* The table for a list: one row of a model and a day. */
struct price_listed {
	struct text vendor, model;
	int32_t since_day;
	const struct price_rates *rates; /* as published, nothing lent */
	const struct price_step *steps;
	uint32_t n_steps;
	const char *aliases; /* with spaces between; NULL: none */
};
size_t price_book_rows(const struct price_book *book);
void price_book_row(
    const struct price_book *book, size_t i, struct price_listed *row);

/* The UTC day number of "2026-03-13", NULL: PRICE_ALWAYS. -1: no such day. */
int price_parse_day(const char *s, int32_t *day);

#endif

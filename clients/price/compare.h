/*
 * What a public list's row would change. Pure. What a list does not say is no
 * difference, and stays as it was published.
 */
#ifndef CLIENTS_PRICE_COMPARE_H
#define CLIENTS_PRICE_COMPARE_H

#include "clients/price/catalog.h"
#include "clients/price/tariff.h"

/* The names of calls that the row's price is for: at most cap bytes with the
 * NUL, in lower case. -1 where they have no room. */
int compare_pattern(const struct catalog_row *row, char *buf, size_t cap);
/* now: what such a call costs today. */
bool compare_differs(const struct catalog_row *row, const struct tariff *now);
/*
 * The row's rates, and those of `published` (NULL: nothing) for what it does
 * not say; names and dates of *t stay.
 */
void compare_merge(struct tariff *t, const struct catalog_row *row,
    const struct tariff *published);

#endif

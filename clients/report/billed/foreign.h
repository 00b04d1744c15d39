/*
 * What was billed in other currencies than dollars: by currency and account,
 * never added up over currencies. Pure but for the two that print.
 */
#ifndef REPORT_FOREIGN_H
#define REPORT_FOREIGN_H

#include "clients/report/billed/billed.h"
#include "clients/report/setup.h"

struct foreign_sum {
	char currency[BILLED_CURRENCY_MAX];
	size_t account; /* its place among the bills' */
	money_sum amount;
};

struct foreign {
	struct foreign_sum *sums; /* owned; by currency, then account */
	size_t n;
};

/* Has the row an amount that is not in dollars? */
bool foreign_is(const struct billed_row *row);
/* Adds such a row. 0, or -1 where there is no memory. */
int foreign_add(struct foreign *f, const struct billed_row *row);
void foreign_free(struct foreign *f);
/* The end of the sums that have the currency of sums[first]; *amount is all of
 * them. */
size_t foreign_currency(
    const struct foreign *f, size_t first, money_sum *amount);

/* "not in dollars: 0.13 EUR by house", a line each currency. */
void foreign_put(
    const struct setup *s, const struct billed *b, const struct foreign *f);
/* "other_currencies":[…] */
void foreign_json(const struct billed *b, const struct foreign *f);

#endif

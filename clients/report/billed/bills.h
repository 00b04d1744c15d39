/* How amounts and accounts of provider services are shown. */
#ifndef REPORT_BILLS_H
#define REPORT_BILLS_H

#include "clients/report/billed/billed.h"
#include "clients/report/setup.h"

/* "$1.20", "12.34 CNY" */
#define BILLS_AMOUNT_MAX (FIGURE_MAX + BILLED_CURRENCY_MAX)
void bills_amount(const struct setup *s, money_sum amount, const char *currency,
    char buf[BILLS_AMOUNT_MAX]);
/* Lists of names are cut at whole ones to fit. */
#define BILLS_NAMES_MAX 240
/* Appends an account's name to a list, as "openai, anthropic/work". */
void bills_add_name(
    const struct billed *b, size_t account, char names[BILLS_NAMES_MAX]);
/* Has any account told of a day? */
bool bills_has_days(const struct billed *b);
/* Does any account know one of these days whole? */
bool bills_knows_days(const struct billed *b);
/* Does every account that tells days know all in [from, to) whole? */
bool bills_knows_all(const struct billed *b, int64_t from_ms, int64_t to_ms);
/*
 * One line an account: which days it knows whole, and when they were asked for
 * last.
 */
void bills_put_accounts(const struct setup *s, const struct billed *b);
/* "quantities":[…] of what is no token. */
void bills_json_quantities(const struct billed *b);
/* "accounts":[…] */
void bills_json_accounts(const struct billed *b);

#endif

/*
 * The prices that calls were matched with lately: what a call's price is chosen
 * by hardly ever differs from one call to the next. As good as its book and as
 * the numbers of rules: forget it where either may have changed.
 */
#ifndef LEDGER_PRICE_MEMO_H
#define LEDGER_PRICE_MEMO_H

#include "collectord/ledger/price/price_book.h"

struct price_memo; /* a zeroed one is made on demand */

struct price_matched {
	int rc; /* of price_match */
	struct price_rule rule;
	uint32_t number; /* of the rule, once has_number is set */
	bool has_number;
};

/*
 * As price_match. The answer is the memo's own until the next call; the caller
 * may add the rule's number. NULL without memory.
 */
struct price_matched *price_memo_match(struct price_memo **memo,
    const struct price_book *book, const struct price_call *call);
void price_memo_forget(struct price_memo *memo); /* NULL is fine */
void price_memo_free(struct price_memo *memo);   /* likewise */

#endif

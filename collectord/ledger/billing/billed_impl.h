/* What the files that make up billed.h share. */
#ifndef LEDGER_BILLED_IMPL_H
#define LEDGER_BILLED_IMPL_H

#include "collectord/ledger/billing/billed.h"

/* Commits what went well; STORE_NOTFOUND is none of that. */
int bill_end_txn(struct ledger *l, int rc);

/* 'g' of a number, or 'x' of a number and a day. */
struct span bill_number_key(
    uint8_t *buf, char tag, uint32_t generation, const uint32_t *day);
/* day: NULL for the beginning of all that the feed has. */
struct span bill_feed_key(uint8_t *buf, char tag, struct text name,
    struct text feed, const uint32_t *day);
bool bill_key_begins(struct span key, struct span prefix);
/* What a day points to from now on. */
void bill_day_write(struct wbuf *w, const struct bill_end *e);

#endif

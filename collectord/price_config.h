/*
 * The prices of the configuration's file, from its texts to what the ledger
 * prices by.
 */
#ifndef COLLECTORD_PRICE_CONFIG_H
#define COLLECTORD_PRICE_CONFIG_H

#include "collectord/ledger/price/price_override.h"
#include "proto/config.h"

struct price_config {
	struct price_override *items; /* their texts are the config's */
	size_t n;
};

/*
 * Reads every [price "…"] of c. 0, or the number of the first bad line with
 * why filled and *out empty. c is borrowed for as long as *out is used.
 */
int price_config_read(
    struct price_config *out, const struct config *c, char *why, size_t cap);
void price_config_release(struct price_config *prices);
/* Do both files say the same of prices, in the same order? */
bool price_config_same(const struct config *a, const struct config *b);

#endif

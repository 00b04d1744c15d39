/*
 * Prices as they travel: decimal text in USD per million tokens.
 */
#ifndef LEDGER_PACK_PRICE_H
#define LEDGER_PACK_PRICE_H

#include "collectord/ledger/price/price_override.h"
#include "proto/codec.h"

/* {input, output, cache_read, …}: those that are known. */
void pack_rates(struct packer *k, const struct price_rates *rates);
/* [{above, rates}] */
void pack_steps(struct packer *k, const struct price_step *steps, uint32_t n);
/* {entry, kind, tier?, geo?, window?, since?, rates, steps} */
void pack_rule(struct packer *k, const struct price_rule *rule);
/* {class, tokens, rate?, amount} of each line. */
void pack_lines(struct packer *k, const struct price_lines *lines);
/*
 * The other way, {pattern, tier?, from?, rates, above?}: texts point into the
 * message. -1 with *err.
 */
int unpack_override(
    struct wire_cursor map, struct price_override *o, struct error *err);

#endif

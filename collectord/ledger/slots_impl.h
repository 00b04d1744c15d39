/* What slots.c, slots_fold.c and slots_compare.c share. */
#ifndef LEDGER_SLOTS_IMPL_H
#define LEDGER_SLOTS_IMPL_H

#include "collectord/ledger/slots.h"

#define LEVEL_SESSION 0xff

/* What a row of the store is to change by. */
struct slot_change {
	uint32_t slot, dims, session;
	uint8_t level; /* of slot_width_s, or LEVEL_SESSION */
	struct sums sums;
};

/* The order of the finest level's keys. */
static inline uint64_t
slot_place(uint32_t slot, uint32_t dims)
{
	return (uint64_t)slot << 32 | dims;
}

/* Gathers s for the row of key, whose own sums are 0. */
int slot_changes_note_one(struct slot_changes *c, const struct slot_change *key,
    const struct sums *s, int sign);
/* What a row of the finest level adds to the others. */
int slot_changes_note_coarser(
    struct slot_changes *c, uint32_t slot, uint32_t dims, const struct sums *s);
/*
 * What the gathered rows of the finest level add to the others by now. At the
 * end, as many calls share a row.
 */
int slot_changes_spread(struct slot_changes *c);
/* What is gathered for the row of key, or NULL. Valid until more is noted. */
struct slot_change *slot_changes_find(
    const struct slot_changes *c, const struct slot_change *key);

#endif

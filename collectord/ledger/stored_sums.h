/*
 * Sums as they are stored: version u8, a uvar mask of those that are not 0 (bit
 * SUM_COUNTS: cost, the next: plan_cost) and these.
 */
#ifndef LEDGER_STORED_SUMS_H
#define LEDGER_STORED_SUMS_H

#include "collectord/ledger/bytes.h"
#include "proto/sums.h"

#define SUMS_BYTES_MAX 192

void sums_write(struct wbuf *w, const struct sums *s);
bool sums_read(struct span s, struct sums *out);
/* Adds what is stored to *into; false also where that is too much. */
bool sums_read_add(struct span s, struct sums *into);
/* Do they count a call? False where the bytes are no sums. */
bool sums_have_calls(struct span s, bool *any);

#endif

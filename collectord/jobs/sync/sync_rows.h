/*
 * What the pages of one walk tell: the rows of the page at hand, as the ledger
 * takes them, and balances and windows of all of them. Used by one thread at a
 * time; a page is read on libuv's pool.
 */
#ifndef JOBS_SYNC_ROWS_H
#define JOBS_SYNC_ROWS_H

#include "collectord/jobs/providers/provider.h"
#include "collectord/ledger/billing/billed.h"

#define ROWS_MAX (4u << 20)
#define ROWS_CURRENCIES_MAX 32

/* Zero is a valid state. */
struct sync_rows {
	const char *feed; /* borrowed */
	uint32_t n;       /* of the pages that were kept */
	uint32_t n_page;  /* of the one at hand */
	/* Those of the page, on their way to the ledger from at on: */
	uint8_t *packed;
	size_t len, cap, at;
	uint32_t n_written;

	char currencies[ROWS_CURRENCIES_MAX][PROVIDER_CURRENCY_MAX];
	uint32_t n_currencies;
	struct packer balances, windows;
	uint32_t n_balances, n_windows;
};

/* Of a new walk over that feed. */
void sync_rows_begin(struct sync_rows *r, const char *feed);
/* Takes the rows of a page; refuses more than we can keep. */
struct provider_sink sync_rows_sink(struct sync_rows *r);
/* The ledger has the page at hand. */
void sync_rows_keep_page(struct sync_rows *r);
/* It will never have it. */
void sync_rows_drop_page(struct sync_rows *r);
/* {balances, windows} */
void sync_rows_pack_state(const struct sync_rows *r, struct packer *k);
void sync_rows_release(struct sync_rows *r);

#endif

/*
 * Keyed digests that stand for ids in the store: SipHash-2-4 (Aumasson and
 * Bernstein, 2012), so that nobody can make two ids collide without the store's
 * key. A hit is still compared with the full id.
 */
#ifndef LEDGER_DIGEST_H
#define LEDGER_DIGEST_H

#include <stddef.h>
#include <stdint.h>

struct digest_key {
	uint64_t k0, k1;
};

uint64_t digest64(const struct digest_key *key, const void *p, size_t len);

#endif

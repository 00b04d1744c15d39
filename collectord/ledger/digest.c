#include "collectord/ledger/digest.h"

#include <string.h>

struct state {
	uint64_t v0, v1, v2, v3;
};

static uint64_t
rotl(uint64_t x, int n)
{
	return x << n | x >> (64 - n);
}

static void
round_once(struct state *s)
{
	s->v0 += s->v1;
	s->v2 += s->v3;
	s->v1 = rotl(s->v1, 13) ^ s->v0;
	s->v3 = rotl(s->v3, 16) ^ s->v2;
	s->v0 = rotl(s->v0, 32);
	s->v2 += s->v1;
	s->v0 += s->v3;
	s->v1 = rotl(s->v1, 17) ^ s->v2;
	s->v3 = rotl(s->v3, 21) ^ s->v0;
	s->v2 = rotl(s->v2, 32);
}

static void
compress(struct state *s, uint64_t m)
{
	s->v3 ^= m;
	round_once(s);
	round_once(s);
	s->v0 ^= m;
}

/* Eight bytes, little-endian: one load where the machine is. */
static uint64_t
word_at(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = __builtin_bswap64(v);
#endif
	return v;
}

/* The last bytes, fewer than a word. */
static uint64_t
tail_at(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	while (n-- > 0)
		v = v << 8 | p[n];
	return v;
}

uint64_t
digest64(const struct digest_key *key, const void *data, size_t len)
{
	const uint8_t *p = data;
	struct state s = { key->k0 ^ 0x736f6d6570736575,
		key->k1 ^ 0x646f72616e646f6d, key->k0 ^ 0x6c7967656e657261,
		key->k1 ^ 0x7465646279746573 };
	size_t left = len;

	for (; left >= 8; left -= 8, p += 8)
		compress(&s, word_at(p));
	compress(&s, tail_at(p, left) | (uint64_t)len << 56);
	s.v2 ^= 0xff;
	round_once(&s);
	round_once(&s);
	round_once(&s);
	round_once(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

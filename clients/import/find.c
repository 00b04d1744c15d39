#include "clients/import/find.h"

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

typedef uint8_t block __attribute__((vector_size(16)));

#define BLOCK sizeof(block)
#define COUNT_BLOCKS 255 /* as many as a byte can count */

/* How common a byte is in JSON of English text; what is not here is rare. */
static int
commonness(char c)
{
	static const char order[] = "\" etaonisrhldu:,cmfpgy_.wvbk";
	const char *at = c != '\0' ? strchr(order, c) : NULL;

	return at == NULL ? 0 : (int)(sizeof(order) - (size_t)(at - order));
}

void
needle_init(struct needle *n, const char *s)
{
	size_t best = 0, next = 1, i;

	n->p = s;
	n->len = strlen(s);
	for (i = 1; i < n->len; i++) {
		if (commonness(s[i]) < commonness(s[best])) {
			next = best;
			best = i;
		} else if (next == best ||
			   commonness(s[i]) < commonness(s[next])) {
			next = i;
		}
	}
	n->at[0] = best < next ? best : next;
	n->at[1] = best < next ? next : best;
}

static inline block
load(const char *p)
{
	block v;

	memcpy(&v, p, BLOCK);
	return v;
}

/* 0xff where both rare bytes are in their places. */
static inline block
candidates(const char *p, block a, block b, size_t distance)
{
	return (block)((load(p) == a) & (load(p + distance) == b));
}

/* A bit for each byte, all bits of which are set or none. */
static inline uint64_t
bits_of(block v)
{
#ifdef __SSE2__
	return (unsigned)_mm_movemask_epi8((__m128i)v);
#else
	uint64_t bits = 0, i;

	for (i = 0; i < BLOCK; i++)
		bits |= (uint64_t)(v[i] != 0) << i;
	return bits;
#endif
}

static inline int
is_any(block v)
{
#ifdef __SSE2__
	return bits_of(v) != 0;
#else
	uint64_t half[2];

	memcpy(half, &v, BLOCK);
	return (half[0] | half[1]) != 0;
#endif
}

static inline int
is_here(const struct needle *n, const char *p)
{
	return p[0] == n->p[0] && memcmp(p, n->p, n->len) == 0;
}

/* Among the places from p on that have a bit. */
static inline const char *
find_among(const struct needle *n, const char *p, uint64_t bits)
{
	for (; bits != 0; bits &= bits - 1)
		if (is_here(n, p + __builtin_ctzll(bits)))
			return p + __builtin_ctzll(bits);
	return NULL;
}

static inline block
all_of(char c)
{
	return (block){ 0 } + (uint8_t)c;
}

/* What is too short for many blocks at once. */
static const char *
find_in_rest(const struct needle *n, const char *p, const char *end)
{
	size_t first = n->at[0], distance = n->at[1] - first;
	block a = all_of(n->p[first]), b = all_of(n->p[n->at[1]]);
	const char *found;

	for (; (size_t)(end - p) >= BLOCK + n->len; p += BLOCK) {
		found = find_among(
		    n, p, bits_of(candidates(p + first, a, b, distance)));
		if (found != NULL)
			return found;
	}
	for (; (size_t)(end - p) >= n->len; p++)
		if (is_here(n, p))
			return p;
	return NULL;
}

#define WIDE (4 * BLOCK)

const char *
needle_find(const struct needle *n, const char *p, const char *end)
{
	size_t first = n->at[0], distance = n->at[1] - first;
	block a = all_of(n->p[first]), b = all_of(n->p[n->at[1]]);
	block w, x, y, z;
	const char *found;

	/* Many at once, as long as no place in them is too late. */
	for (; (size_t)(end - p) >= WIDE + n->len; p += WIDE) {
		w = candidates(p + first, a, b, distance);
		x = candidates(p + first + BLOCK, a, b, distance);
		y = candidates(p + first + 2 * BLOCK, a, b, distance);
		z = candidates(p + first + 3 * BLOCK, a, b, distance);
		if (!is_any((w | x) | (y | z)))
			continue;
		found = find_among(n, p,
		    bits_of(w) | bits_of(x) << BLOCK | bits_of(y) << 2 * BLOCK |
			bits_of(z) << 3 * BLOCK);
		if (found != NULL)
			return found;
	}
	return find_in_rest(n, p, end);
}

/* -1 for each. */
static inline block
line_ends(const char *p)
{
	return (block)(load(p) == '\n');
}

/* The sum of at most COUNT_BLOCKS blocks. */
static uint64_t
count_blocks(const char *p, size_t blocks)
{
	block sum = { 0 };
	uint64_t n = 0;
	size_t i;

	for (i = 0; i + 4 <= blocks; i += 4)
		sum -= line_ends(p + i * BLOCK) +
		       line_ends(p + (i + 1) * BLOCK) +
		       line_ends(p + (i + 2) * BLOCK) +
		       line_ends(p + (i + 3) * BLOCK);
	for (; i < blocks; i++)
		sum -= line_ends(p + i * BLOCK);
	for (i = 0; i < BLOCK; i++)
		n += sum[i];
	return n;
}

uint64_t
count_lines(const char *p, const char *end)
{
	size_t blocks;
	uint64_t n = 0;

	for (; (size_t)(end - p) >= BLOCK; p += blocks * BLOCK) {
		blocks = (size_t)(end - p) / BLOCK;
		if (blocks > COUNT_BLOCKS)
			blocks = COUNT_BLOCKS;
		n += count_blocks(p, blocks);
	}
	for (; p < end; p++)
		n += *p == '\n';
	return n;
}

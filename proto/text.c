#include "proto/text.h"

int
text_cmp(struct text a, struct text b)
{
	uint32_t n = a.len < b.len ? a.len : b.len;
	int c = n == 0 ? 0 : memcmp(a.p, b.p, n);

	if (c != 0)
		return c;
	return (a.len > b.len) - (a.len < b.len);
}

/* One UTF-8 character: its length, or 0 where the bytes are not one. */
static uint32_t
decode(const char *s, uint32_t left, uint32_t *out)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *p = (const unsigned char *)s;
	uint32_t n, c;

	*out = p[0];
	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc0 || p[0] > 0xf4)
		return 0;
	n = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	if (n > left)
		return 0;
	c = p[0] & (0x7fu >> n);
	for (uint32_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3fu);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*out = c;
	return n;
}

typedef uint8_t block __attribute__((vector_size(16)));
typedef int8_t signed_block __attribute__((vector_size(16)));

/* 0xff where a byte is printable ASCII. */
static inline block
find_plain(const char *p)
{
	block v;

	memcpy(&v, p, sizeof(v));
	/* Moved so that 0x7e is the largest of signed numbers. */
	return (block)((signed_block)(v + 1) > 0x20);
}

/* Of eight bytes: 0 where all of them are. */
static inline uint64_t
find_odd_word(const char *p)
{
	const uint64_t ones = 0x0101010101010101u;
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return (w | (w - ones * 0x20) | ((w ^ ones * 0x7f) - ones)) & ones << 7;
}

static inline bool
is_plain_short(struct text t)
{
	bool bad = false;

	for (uint32_t i = 0; i < t.len; i++)
		bad |= t.p[i] < 0x20 || t.p[i] > 0x7e;
	return !bad;
}

/* Printable ASCII, what nearly every text is. The last bytes that are looked
 * at together overlap those before. */
static inline bool
is_plain(struct text t)
{
	const uint32_t wide = sizeof(block), word = sizeof(uint64_t);
	block good = { 0 };
	uint64_t half[2];
	uint32_t i;

	if (t.len < word)
		return is_plain_short(t);
	if (t.len < wide)
		return (find_odd_word(t.p) |
			   find_odd_word(t.p + t.len - word)) == 0;
	for (i = 0, good = ~good; i < t.len - wide; i += wide)
		good &= find_plain(t.p + i);
	good &= find_plain(t.p + t.len - wide);
	memcpy(half, &good, sizeof(good));
	return (half[0] & half[1]) == UINT64_MAX;
}

static bool
is_clean(struct text t)
{
	uint32_t at = 0, n, c;

	while (at < t.len) {
		n = decode(t.p + at, t.len - at, &c);
		if (n == 0 || c < 0x20 || (c >= 0x7f && c <= 0x9f))
			return false;
		at += n;
	}
	return true;
}

bool
text_is_clean(struct text t)
{
	return is_plain(t) || is_clean(t);
}

static uint32_t
lower(uint32_t c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

/* The lower-cased character at *at, which moves on; a stray byte is itself. */
static uint32_t
next_lower(struct text t, uint32_t *at)
{
	uint32_t c, n = decode(t.p + *at, t.len - *at, &c);

	*at += n == 0 ? 1 : n;
	return lower(c);
}

static bool
same_bytes(const char *a, const char *b, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (lower((unsigned char)a[i]) != lower((unsigned char)b[i]))
			return false;
	return true;
}

/* part is not empty, so the loop ends before the end of t. */
static bool
contains(struct text t, struct text part)
{
	for (uint32_t at = 0; part.len <= t.len - at; at++)
		if (same_bytes(t.p + at, part.p, part.len))
			return true;
	return false;
}

/*
 * Judges c by the class whose '[' is just before *at and moves *at past its
 * ']'. False, with *at unmoved and *closed false, where there is no ']': such a
 * '[' stands for itself. A ']' that comes first is a member.
 */
static bool
in_class(struct text p, uint32_t *at, uint32_t c, bool *closed)
{
	uint32_t i = *at, lo, hi;
	bool inverted, found = false;

	inverted = i < p.len && (p.p[i] == '!' || p.p[i] == '^');
	i += inverted;
	for (uint32_t first = i; i < p.len; found |= c >= lo && c <= hi) {
		if (p.p[i] == ']' && i > first) {
			*closed = true;
			*at = i + 1;
			return found != inverted;
		}
		lo = hi = next_lower(p, &i);
		if (p.len - i >= 2 && p.p[i] == '-' && p.p[i + 1] != ']') {
			i++;
			hi = next_lower(p, &i);
		}
	}
	*closed = false;
	return false;
}

/* Does the pattern's element at *at, not a star, take the character c? */
static bool
takes(struct text p, uint32_t *at, uint32_t c)
{
	uint32_t e = next_lower(p, at);
	bool closed, found;

	if (e == '?')
		return true;
	if (e != '[')
		return e == c;
	found = in_class(p, at, c, &closed);
	return closed ? found : c == '[';
}

/*
 * Only the last star can need another try, since an earlier one could not do
 * better: the work is at most the product of the lengths.
 */
static bool
glob(struct text t, struct text p)
{
	uint32_t ti = 0, pi = 0, after_star = 0, retry = 0, t2, p2;
	bool starred = false;

	while (ti < t.len || pi < p.len) {
		if (pi < p.len && p.p[pi] == '*') {
			after_star = ++pi;
			retry = ti;
			starred = true;
			continue;
		}
		t2 = ti;
		p2 = pi;
		if (ti < t.len && pi < p.len &&
		    takes(p, &p2, next_lower(t, &t2))) {
			ti = t2;
			pi = p2;
			continue;
		}
		if (!starred || retry >= t.len)
			return false;
		next_lower(t, &retry);
		ti = retry;
		pi = after_star;
	}
	return true;
}

static bool
is_glob(struct text p)
{
	for (uint32_t i = 0; i < p.len; i++)
		if (p.p[i] == '*' || p.p[i] == '?' || p.p[i] == '[')
			return true;
	return false;
}

bool
text_matches(struct text t, struct text pattern)
{
	if (pattern.len == 0)
		return t.len == 0;
	if (pattern.p[0] == '=')
		return text_eq(
		    t, (struct text){ pattern.p + 1, pattern.len - 1 });
	return is_glob(pattern) ? glob(t, pattern) : contains(t, pattern);
}

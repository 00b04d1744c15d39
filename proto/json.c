#include "proto/json.h"

#include <endian.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "proto/money.h"

const char json_too_many[] = "too many values";

struct parser {
	struct json *j;
	const char *end;
	uint32_t depth;
	bool in_object;                /* is the innermost container one? */
	uint32_t open[JSON_DEPTH_MAX]; /* the containers around what comes */
};

/* What a backslash may be followed by, and what it then stands for. */
static const char escapes[256] = {
	['"'] = '"',
	['\\'] = '\\',
	['/'] = '/',
	['b'] = '\b',
	['f'] = '\f',
	['n'] = '\n',
	['r'] = '\r',
	['t'] = '\t',
};

/*
 * Where a text is read, functions take the place in it and return the place
 * behind what they have read, or NULL after this. So it stays in a register.
 */
static const char *
fail(struct parser *ps, const char *at, const char *error)
{
	ps->j->n = 0;
	ps->j->error = error;
	ps->j->error_at = (size_t)(at - ps->j->text);
	return NULL;
}

/* NULL, or why there is no room for more. */
static const char *
grow(struct json *j)
{
	/* Enough: a text has more bytes than nodes, and fits 32 bits. */
	size_t most = j->most == 0 ? UINT32_MAX : j->most;
	size_t cap = j->cap == 0 ? 64 : (size_t)j->cap * 2;
	struct json_node *nodes;

	if (j->cap >= most)
		return json_too_many;
	if (cap > most)
		cap = most;
	nodes = realloc(j->nodes, cap * sizeof(*nodes));
	if (nodes == NULL)
		return "out of memory";
	j->nodes = nodes;
	j->cap = (uint32_t)cap;
	return NULL;
}

/* A node over [start, stop) without members; returns `next`. */
static inline const char *
add_node(struct parser *ps, enum json_type type, const char *start,
    const char *stop, bool escaped, const char *next)
{
	struct json *j = ps->j;
	const char *error;

	if (j->n == j->cap) {
		error = grow(j);
		if (error != NULL)
			return fail(ps, start, error);
	}
	j->nodes[j->n] = (struct json_node){
		.start = (uint32_t)(start - j->text),
		.len = (uint32_t)(stop - start),
		.next = j->n + 1,
		.type = (uint8_t)type,
		.escaped = escaped,
	};
	j->n++;
	return next;
}

static inline bool
is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static inline const char *
skip_space(const char *p, const char *end)
{
	while (p < end && is_space(*p))
		p++;
	return p;
}

/* The same where one byte is expected, which mostly comes next. */
static inline const char *
skip_space_to(const char *p, const char *end, char expected)
{
	return p < end && *p == expected ? p : skip_space(p, end);
}

/* How many of the eight bytes at p are digits before one that is none. */
static inline unsigned
count_digits(const char *p)
{
	const uint64_t ones = 0x0101010101010101u, tops = ones << 7;
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	w = le64toh(w) ^ ones * '0';
	w = (w | ((w & ~tops) + ones * (0x80 - 10))) & tops;
	return w == 0 ? 8 : (unsigned)__builtin_ctzll(w) / 8;
}

static inline const char *
skip_digits(const char *p, const char *end)
{
	/* Where nobody can guess how many come, a loop is slow. */
	if (end - p >= 8)
		p += count_digits(p);
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p;
}

static inline bool
is_plain(char c)
{
	return c != '"' && c != '\\' && (uint8_t)c >= 0x20;
}

/* Bytes that are looked at together; 0xff and 0 where something holds or not.
 */
#ifdef __SSE2__
#define BLOCK 16
#else
#define BLOCK 8
#endif

typedef uint8_t block __attribute__((vector_size(BLOCK)));

static inline block
load_block(const char *p)
{
	block v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline block
are_quotes(block v)
{
	return (block)(v == '"');
}

/* What else does not stand for itself: backslashes and control characters. */
static inline block
are_others(block v)
{
	return (block)((v == '\\') | (v < 0x20));
}

/* A bit for each byte, the first in the lowest. */
static inline uint64_t
bits_of(block hits)
{
#ifdef __SSE2__
	return (unsigned)_mm_movemask_epi8((__m128i)hits);
#else
	uint64_t bytes;

	memcpy(&bytes, &hits, BLOCK);
	/* Of byte n its bit n; the product has their sum in its top byte. */
	bytes = le64toh(bytes) & 0x8040201008040201u;
	return bytes * 0x0101010101010101u >> 56;
#endif
}

static inline uint64_t
find_special(const char *p)
{
	block v = load_block(p);

	return bits_of(are_quotes(v) | are_others(v));
}

#define WIDE 64

/* The same of the next WIDE bytes. */
static inline uint64_t
find_special_wide(const char *p)
{
	uint64_t bits = 0;
	unsigned i;

	for (i = 0; i < WIDE; i += BLOCK)
		bits |= find_special(p + i) << i;
	return bits;
}

/*
 * The next special byte of a string. Nearly all bytes of a log are skipped
 * here. The place goes on by whole blocks, so that a processor that guesses
 * the branch need not wait for what is in them.
 */
static inline const char *
skip_plain(const char *p, const char *end)
{
	uint64_t special;

	for (; end - p >= BLOCK; p += BLOCK) {
		special = find_special(p);
		if (special != 0)
			return p + __builtin_ctzll(special);
	}
	while (p < end && is_plain(*p))
		p++;
	return p;
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The value of four hex digits, -1 where they are not. */
static int32_t
hex4(const char *p)
{
	int32_t v = 0;
	int i, digit;

	for (i = 0; i < 4; i++) {
		digit = hex_value(p[i]);
		if (digit < 0)
			return -1;
		v = v << 4 | digit;
	}
	return v;
}

/* Length of the escape at p, 0 when it is none. */
static size_t
escape_len(const char *p, const char *end)
{
	if (end - p < 2)
		return 0;
	if (p[1] == 'u')
		return end - p >= 6 && hex4(p + 2) >= 0 ? 6 : 0;
	return escapes[(uint8_t)p[1]] != 0 ? 2 : 0;
}

/* Past the escape at p, should that be one: it is a special byte. */
static inline const char *
skip_escape(struct parser *ps, const char *p)
{
	size_t n;

	if (*p != '\\')
		return fail(ps, p, "control character in a string");
	n = escape_len(p, ps->end);
	return n > 0 ? p + n : fail(ps, p, "invalid escape");
}

/*
 * The string goes on at p, with WIDE bytes or more: to its closing quote, or
 * past these bytes.
 */
static inline const char *
skip_wide(struct parser *ps, const char *p)
{
	uint64_t special = find_special_wide(p);
	const char *after;
	unsigned i;

	while (special != 0) {
		i = (unsigned)__builtin_ctzll(special);
		if (p[i] == '"')
			return p + i;
		after = skip_escape(ps, p + i);
		if (after == NULL || after - p >= WIDE)
			return after;
		/* What is escaped is not special, digits never are. */
		special &= ~(UINT64_C(3) << i);
	}
	return p + WIDE;
}

/* The same with fewer bytes left. */
static inline const char *
skip_narrow(struct parser *ps, const char *p)
{
	p = skip_plain(p, ps->end);
	return p < ps->end && *p != '"' ? skip_escape(ps, p) : p;
}

/*
 * The closing quote of a string that has an escape at p. There will be more of
 * them, a word or a line apart: many bytes are looked at once.
 */
static const char *
find_quote_escaped(struct parser *ps, const char *p)
{
	while (p != NULL && p < ps->end && *p != '"')
		p = ps->end - p >= WIDE ? skip_wide(ps, p) : skip_narrow(ps, p);
	if (p == ps->end)
		return fail(ps, p, "the text ends within a string");
	return p;
}

/*
 * The closing quote of the string whose text begins at p. What comes behind the
 * string has to wait until that is known, so nothing else is on the way to it.
 */
static inline const char *
find_quote(struct parser *ps, const char *p, bool *escaped)
{
	uint64_t quotes;
	block v;

	for (; ps->end - p >= BLOCK; p += BLOCK) {
		v = load_block(p);
		quotes = bits_of(are_quotes(v));
		/* The bits before the first quote, or all. */
		*escaped =
		    (bits_of(are_others(v)) & ((quotes & -quotes) - 1)) != 0;
		if (*escaped)
			return find_quote_escaped(ps, p);
		if (quotes != 0)
			return p + (size_t)__builtin_ctzll(quotes);
	}
	p = skip_plain(p, ps->end);
	*escaped = p == ps->end || *p != '"';
	return *escaped ? find_quote_escaped(ps, p) : p;
}

/* p is at the opening quote. */
static inline const char *
parse_string(struct parser *ps, const char *p)
{
	bool escaped;
	const char *stop = find_quote(ps, p + 1, &escaped);

	if (stop == NULL)
		return NULL;
	return add_node(ps, JSON_STRING, p + 1, stop, escaped, stop + 1);
}

/* The end of the number at p, or NULL. */
static const char *
scan_number(const char *p, const char *end)
{
	const char *first;

	p += *p == '-';
	first = p;
	p = p < end && *p == '0' ? p + 1 : skip_digits(p, end);
	if (p == first)
		return NULL;
	if (p < end && *p == '.') {
		first = ++p;
		p = skip_digits(p, end);
		if (p == first)
			return NULL;
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		p++;
		p += p < end && (*p == '+' || *p == '-');
		first = p;
		p = skip_digits(p, end);
		if (p == first)
			return NULL;
	}
	return p;
}

static inline const char *
parse_number(struct parser *ps, const char *p)
{
	const char *stop = scan_number(p, ps->end);

	if (stop == NULL)
		return fail(ps, p, "invalid number");
	return add_node(ps, JSON_NUMBER, p, stop, false, stop);
}

static inline const char *
parse_word(
    struct parser *ps, const char *p, enum json_type type, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(ps->end - p) < len || memcmp(p, word, len) != 0)
		return fail(ps, p, "invalid word");
	return add_node(ps, type, p, p + len, false, p + len);
}

/* A key and its colon. */
static inline const char *
parse_key(struct parser *ps, const char *p)
{
	p = skip_space_to(p, ps->end, '"');
	if (p == ps->end || *p != '"')
		return fail(ps, p, "expected a key");
	p = parse_string(ps, p);
	if (p == NULL)
		return NULL;
	p = skip_space_to(p, ps->end, ':');
	if (p == ps->end || *p != ':')
		return fail(ps, p, "expected a colon");
	return p + 1;
}

/* p is at the closing bracket of the innermost container. */
static inline const char *
close_container(struct parser *ps, const char *p)
{
	struct json_node *nodes = ps->j->nodes;
	struct json_node *node = &nodes[ps->open[--ps->depth]];

	node->len = (uint32_t)(p + 1 - ps->j->text) - node->start;
	node->next = ps->j->n;
	ps->in_object =
	    ps->depth > 0 && nodes[ps->open[ps->depth - 1]].type == JSON_OBJECT;
	return p + 1;
}

/*
 * p is at the opening bracket. An empty container is closed again; else its
 * first element comes next.
 */
static inline const char *
open_container(struct parser *ps, const char *p)
{
	bool in_object = *p == '{';

	if (ps->depth == JSON_DEPTH_MAX)
		return fail(ps, p, "nested too deeply");
	ps->open[ps->depth++] = ps->j->n;
	if (add_node(ps, in_object ? JSON_OBJECT : JSON_ARRAY, p, p, false,
		p) == NULL)
		return NULL;
	ps->in_object = in_object;
	p = skip_space(p + 1, ps->end);
	if (p < ps->end && *p == (in_object ? '}' : ']'))
		return close_container(ps, p);
	return p;
}

/* A word, or what is no value at all. */
static inline const char *
parse_other(struct parser *ps, const char *p)
{
	switch (*p) {
	case 't':
		return parse_word(ps, p, JSON_TRUE, "true");
	case 'f':
		return parse_word(ps, p, JSON_FALSE, "false");
	case 'n':
		return parse_word(ps, p, JSON_NULL, "null");
	default:
		return parse_number(ps, p);
	}
}

/* A whole value, or the opening bracket of one. */
static inline const char *
parse_value(struct parser *ps, const char *p)
{
	p = skip_space(p, ps->end);
	if (p == ps->end)
		return fail(ps, p, "expected a value");
	if (*p == '"')
		return parse_string(ps, p);
	if (*p == '{' || *p == '[')
		return open_container(ps, p);
	return parse_other(ps, p);
}

/*
 * What follows a whole value: closing brackets, and the comma before the next
 * element, or at depth 0 the end of the text.
 */
static inline const char *
parse_after_value(struct parser *ps, const char *p)
{
	while (ps->depth > 0) {
		p = skip_space_to(p, ps->end, ',');
		if (p == ps->end)
			return fail(ps, p, "the text ends too early");
		if (*p == ',')
			return p + 1;
		if (*p != (ps->in_object ? '}' : ']'))
			return fail(ps, p, "expected a comma or the end");
		p = close_container(ps, p);
	}
	p = skip_space(p, ps->end);
	return p == ps->end ? p : fail(ps, p, "text after the value");
}

/* One element after the other, as they stand, into containers and out. */
static const char *
parse_all(struct parser *ps, const char *p)
{
	uint32_t depth;

	do {
		if (ps->in_object)
			p = parse_key(ps, p);
		depth = ps->depth;
		if (p != NULL)
			p = parse_value(ps, p);
		if (p != NULL && ps->depth <= depth)
			p = parse_after_value(ps, p);
	} while (p != NULL && ps->depth > 0);
	return p;
}

int
json_parse(struct json *j, const char *text, size_t len)
{
	struct parser ps;
	const char *p;

	j->text = text;
	j->n = 0;
	j->error = NULL;
	j->error_at = 0;
	ps.j = j;
	ps.depth = 0;
	ps.in_object = false;
	ps.end = text + len;
	if (len == 0)
		p = fail(&ps, text, "expected a value");
	else if (len >= UINT32_MAX)
		p = fail(&ps, text, "too long");
	else
		p = parse_all(&ps, text);
	return p == NULL ? -1 : 0;
}

void
json_release(struct json *j)
{
	free(j->nodes);
	*j = (struct json){ 0 };
}

/* At most 4 bytes of UTF-8. */
static size_t
put_utf8(uint32_t c, char *out)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

/* *p is at the backslash of "\uXXXX", with its other half where it has one. */
static uint32_t
read_unicode(const char **p, const char *end)
{
	const uint32_t replacement = 0xfffd;
	uint32_t low, c = (uint32_t)hex4(*p + 2);

	*p += 6;
	if (c < 0xd800 || c > 0xdfff)
		return c;
	if (c > 0xdbff || end - *p < 6 || (*p)[0] != '\\' || (*p)[1] != 'u')
		return replacement;
	low = (uint32_t)hex4(*p + 2);
	if (low < 0xdc00 || low > 0xdfff)
		return replacement;
	*p += 6;
	return 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
}

/* Moves past one byte or one escape of a checked string; at most 4 bytes. */
static size_t
read_char(const char **p, const char *end, char out[4])
{
	const char *s = *p;

	if (s[0] == '\\' && s[1] == 'u')
		return put_utf8(read_unicode(p, end), out);
	*p += s[0] == '\\' ? 2 : 1;
	out[0] = s[0] == '\\' ? escapes[(uint8_t)s[1]] : s[0];
	return 1;
}

static bool
string_is(const struct json *j, const struct json_node *node, const char *s,
    size_t len)
{
	const char *p = json_raw(j, node), *end = p + node->len;
	char c[4];
	size_t n;

	if (!node->escaped)
		return node->len == len && memcmp(p, s, len) == 0;
	while (p < end) {
		n = read_char(&p, end, c);
		if (n > len || memcmp(c, s, n) != 0)
			return false;
		s += n;
		len -= n;
	}
	return len == 0;
}

static const struct json_node *
find_member(const struct json *j, const struct json_node *obj, const char *key,
    size_t len)
{
	const struct json_node *k, *v, *found = NULL;

	if (obj == NULL || obj->type != JSON_OBJECT)
		return NULL;
	for (k = json_first(j, obj); k != NULL; k = json_next(j, obj, v)) {
		v = k + 1;
		if (string_is(j, k, key, len))
			found = v;
	}
	return found;
}

const struct json_node *
json_get(const struct json *j, const struct json_node *obj, const char *key)
{
	return find_member(j, obj, key, strlen(key));
}

const struct json_node *
json_path(const struct json *j, const struct json_node *obj, const char *dotted)
{
	size_t len = strcspn(dotted, ".");

	while (dotted[len] == '.') {
		obj = find_member(j, obj, dotted, len);
		dotted += len + 1;
		len = strcspn(dotted, ".");
	}
	return find_member(j, obj, dotted, len);
}

/* Bytes at p before the next backslash. */
static size_t
plain_run(const char *p, const char *end)
{
	const char *stop = memchr(p, '\\', (size_t)(end - p));

	return (size_t)((stop == NULL ? end : stop) - p);
}

int
json_string(
    const struct json *j, const struct json_node *node, char *out, size_t cap)
{
	const char *p, *end, *from;
	size_t n, len = 0;
	char c[4];

	if (node == NULL || node->type != JSON_STRING || node->len >= INT_MAX)
		return -1;
	p = json_raw(j, node);
	for (end = p + node->len; p < end; len += n) {
		from = p;
		n = plain_run(p, end);
		p += n;
		if (n == 0) {
			n = read_char(&p, end, c);
			from = c;
		}
		if (n >= cap - len)
			return -1;
		memcpy(out + len, from, n);
	}
	if (cap == 0)
		return -1;
	out[len] = '\0';
	return (int)len;
}

int
json_u64(const struct json *j, const struct json_node *node, uint64_t *out)
{
	struct money_decimal d;

	if (node == NULL || node->escaped ||
	    (node->type != JSON_NUMBER && node->type != JSON_STRING))
		return -1;
	if (money_parse_decimal(json_raw(j, node), node->len, 0, &d) != 0)
		return -1;
	if (!d.exact || d.magnitude > UINT64_MAX ||
	    (d.negative && d.magnitude != 0))
		return -1;
	*out = (uint64_t)d.magnitude;
	return 0;
}

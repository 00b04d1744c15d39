#include "proto/json.h"

#include <endian.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "proto/money.h"

typedef uint8_t block __attribute__((vector_size(16)));

struct parser {
	struct json *j;
	const char *p, *end;
	uint32_t depth;
	uint32_t open[JSON_DEPTH_MAX]; /* the containers around p */
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

static int
fail(struct parser *ps, const char *at, const char *error)
{
	ps->j->n = 0;
	ps->j->error = error;
	ps->j->error_at = (size_t)(at - ps->j->text);
	return -1;
}

static int
grow(struct json *j)
{
	/* Enough: a text has more bytes than nodes, and fits 32 bits. */
	size_t cap = j->cap == 0 ? 64 : (size_t)j->cap * 2;
	struct json_node *nodes;

	if (cap > UINT32_MAX)
		cap = UINT32_MAX;
	nodes = realloc(j->nodes, cap * sizeof(*nodes));
	if (nodes == NULL)
		return -1;
	j->nodes = nodes;
	j->cap = (uint32_t)cap;
	return 0;
}

/* A node over [start, stop) without members. */
static inline int
add_node(struct parser *ps, enum json_type type, const char *start,
    const char *stop, bool escaped)
{
	struct json *j = ps->j;

	if (j->n == j->cap && grow(j) != 0)
		return fail(ps, start, "out of memory");
	j->nodes[j->n] = (struct json_node){
		.start = (uint32_t)(start - j->text),
		.len = (uint32_t)(stop - start),
		.next = j->n + 1,
		.type = (uint8_t)type,
		.escaped = escaped,
	};
	j->n++;
	return 0;
}

static inline const char *
skip_space(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
		p++;
	return p;
}

static inline const char *
skip_digits(const char *p, const char *end)
{
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p;
}

static inline bool
is_plain(char c)
{
	return c != '"' && c != '\\' && (uint8_t)c >= 0x20;
}

/*
 * The next byte of a string that is a quote, a backslash or a control
 * character. Nearly all bytes of a log are skipped here, so sixteen are looked
 * at at once, with the compiler's vectors: they work on every machine.
 */
static inline const char *
skip_plain(const char *p, const char *end)
{
	block v, special;
	uint64_t half[2];

	for (; end - p >= (ptrdiff_t)sizeof(v); p += sizeof(v)) {
		memcpy(&v, p, sizeof(v));
		special = (block)((v == '"') | (v == '\\') | (v < 0x20));
		memcpy(half, &special, sizeof(half));
		if (half[0] != 0)
			return p + __builtin_ctzll(le64toh(half[0])) / 8;
		if (half[1] != 0)
			return p + 8 + __builtin_ctzll(le64toh(half[1])) / 8;
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

/* ps->p is at the opening quote. */
static int
parse_string(struct parser *ps)
{
	const char *start = ps->p + 1, *p = start;
	bool escaped = false;
	size_t n;

	for (;;) {
		p = skip_plain(p, ps->end);
		if (p == ps->end)
			return fail(ps, p, "the text ends within a string");
		if (*p == '"')
			break;
		if (*p != '\\')
			return fail(ps, p, "control character in a string");
		n = escape_len(p, ps->end);
		if (n == 0)
			return fail(ps, p, "invalid escape");
		p += n;
		escaped = true;
	}
	ps->p = p + 1;
	return add_node(ps, JSON_STRING, start, p, escaped);
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

static int
parse_number(struct parser *ps)
{
	const char *start = ps->p;

	ps->p = scan_number(start, ps->end);
	if (ps->p == NULL)
		return fail(ps, start, "invalid number");
	return add_node(ps, JSON_NUMBER, start, ps->p, false);
}

static int
parse_word(struct parser *ps, enum json_type type, const char *word)
{
	const char *start = ps->p;
	size_t len = strlen(word);

	if ((size_t)(ps->end - start) < len || memcmp(start, word, len) != 0)
		return fail(ps, start, "invalid word");
	ps->p = start + len;
	return add_node(ps, type, start, ps->p, false);
}

/* A key and its colon. */
static int
parse_key(struct parser *ps)
{
	ps->p = skip_space(ps->p, ps->end);
	if (ps->p == ps->end || *ps->p != '"')
		return fail(ps, ps->p, "expected a key");
	if (parse_string(ps) != 0)
		return -1;
	ps->p = skip_space(ps->p, ps->end);
	if (ps->p == ps->end || *ps->p != ':')
		return fail(ps, ps->p, "expected a colon");
	ps->p++;
	return 0;
}

/* ps->p is at the closing bracket of the innermost container. */
static void
close_container(struct parser *ps)
{
	struct json_node *node = &ps->j->nodes[ps->open[--ps->depth]];

	ps->p++;
	node->len = (uint32_t)(ps->p - ps->j->text) - node->start;
	node->next = ps->j->n;
}

/* 1: its first value comes next; 0: it is empty and closed. */
static int
open_container(struct parser *ps, enum json_type type)
{
	const char *start = ps->p;
	char closer = type == JSON_OBJECT ? '}' : ']';

	if (ps->depth == JSON_DEPTH_MAX)
		return fail(ps, start, "nested too deeply");
	ps->open[ps->depth++] = ps->j->n;
	if (add_node(ps, type, start, start, false) != 0)
		return -1;
	ps->p = skip_space(start + 1, ps->end);
	if (ps->p < ps->end && *ps->p == closer) {
		close_container(ps);
		return 0;
	}
	if (type == JSON_OBJECT && parse_key(ps) != 0)
		return -1;
	return 1;
}

/* 0: a whole value; 1: a container's beginning, its first value comes next. */
static int
parse_value(struct parser *ps)
{
	ps->p = skip_space(ps->p, ps->end);
	if (ps->p == ps->end)
		return fail(ps, ps->p, "expected a value");
	switch (*ps->p) {
	case '"':
		return parse_string(ps);
	case '{':
		return open_container(ps, JSON_OBJECT);
	case '[':
		return open_container(ps, JSON_ARRAY);
	case 't':
		return parse_word(ps, JSON_TRUE, "true");
	case 'f':
		return parse_word(ps, JSON_FALSE, "false");
	case 'n':
		return parse_word(ps, JSON_NULL, "null");
	default:
		return parse_number(ps);
	}
}

/*
 * What follows a whole value: closing brackets, then 1 with the next value to
 * come, or 0 at the end of the text.
 */
static int
parse_after_value(struct parser *ps)
{
	bool in_object;

	for (;;) {
		ps->p = skip_space(ps->p, ps->end);
		if (ps->depth == 0)
			return ps->p == ps->end
				   ? 0
				   : fail(ps, ps->p, "text after the value");
		if (ps->p == ps->end)
			return fail(ps, ps->p, "the text ends too early");
		in_object =
		    ps->j->nodes[ps->open[ps->depth - 1]].type == JSON_OBJECT;
		if (*ps->p == ',')
			break;
		if (*ps->p != (in_object ? '}' : ']'))
			return fail(ps, ps->p, "expected a comma or the end");
		close_container(ps);
	}
	ps->p++;
	return in_object && parse_key(ps) != 0 ? -1 : 1;
}

int
json_parse(struct json *j, const char *text, size_t len)
{
	struct parser ps;
	int rc;

	j->text = text;
	j->n = 0;
	j->error = NULL;
	j->error_at = 0;
	ps.j = j;
	ps.depth = 0;
	ps.p = text;
	if (len == 0)
		return fail(&ps, text, "expected a value");
	if (len >= UINT32_MAX)
		return fail(&ps, text, "too long");
	ps.end = text + len;
	do {
		rc = parse_value(&ps);
		if (rc == 0)
			rc = parse_after_value(&ps);
	} while (rc > 0);
	return rc;
}

void
json_release(struct json *j)
{
	free(j->nodes);
	*j = (struct json){ 0 };
}

const char *
json_raw(const struct json *j, const struct json_node *node)
{
	return j->text + node->start;
}

const struct json_node *
json_next(const struct json *j, const struct json_node *parent,
    const struct json_node *node)
{
	return node->next < parent->next ? &j->nodes[node->next] : NULL;
}

const struct json_node *
json_first(const struct json *j, const struct json_node *parent)
{
	uint32_t i = (uint32_t)(parent - j->nodes) + 1;

	return i < parent->next ? &j->nodes[i] : NULL;
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

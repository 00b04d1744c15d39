#include <string.h>

#include "proto/wire.h"

enum shape_kind {
	SHAPE_BAD,   /* 0xc1 and the extension types */
	SHAPE_PLAIN, /* nothing follows but `fixed` bytes: nil, bool, numbers */
	SHAPE_BYTES, /* str and bin: the header says how many bytes follow */
	SHAPE_ARRAY,
	SHAPE_MAP
};

struct shape {
	uint8_t kind;
	uint8_t size;  /* bytes of the header: the type byte and its length */
	uint8_t fixed; /* bytes after the header where it announces none */
};

/* One value's header, understood. */
struct head {
	enum shape_kind kind;
	uint64_t payload; /* bytes after the header that belong to it */
	uint64_t n;       /* members as the format counts them: map pairs */
	uint64_t members; /* values after the header that belong to it */
};

static const struct shape c0_to_df[32] = {
	{ SHAPE_PLAIN, 1, 0 }, /* nil */
	{ SHAPE_BAD, 1, 0 },
	{ SHAPE_PLAIN, 1, 0 }, /* false, true */
	{ SHAPE_PLAIN, 1, 0 },
	{ SHAPE_BYTES, 2, 0 }, /* bin 8, 16, 32 */
	{ SHAPE_BYTES, 3, 0 },
	{ SHAPE_BYTES, 5, 0 },
	{ SHAPE_BAD, 1, 0 }, /* ext 8, 16, 32 */
	{ SHAPE_BAD, 1, 0 },
	{ SHAPE_BAD, 1, 0 },
	{ SHAPE_PLAIN, 1, 4 }, /* float 32, 64 */
	{ SHAPE_PLAIN, 1, 8 },
	{ SHAPE_PLAIN, 1, 1 }, /* uint 8 to 64 */
	{ SHAPE_PLAIN, 1, 2 },
	{ SHAPE_PLAIN, 1, 4 },
	{ SHAPE_PLAIN, 1, 8 },
	{ SHAPE_PLAIN, 1, 1 }, /* int 8 to 64 */
	{ SHAPE_PLAIN, 1, 2 },
	{ SHAPE_PLAIN, 1, 4 },
	{ SHAPE_PLAIN, 1, 8 },
	{ SHAPE_BAD, 1, 0 }, /* fixext 1 to 16 */
	{ SHAPE_BAD, 1, 0 },
	{ SHAPE_BAD, 1, 0 },
	{ SHAPE_BAD, 1, 0 },
	{ SHAPE_BAD, 1, 0 },
	{ SHAPE_BYTES, 2, 0 }, /* str 8, 16, 32 */
	{ SHAPE_BYTES, 3, 0 },
	{ SHAPE_BYTES, 5, 0 },
	{ SHAPE_ARRAY, 3, 0 }, /* array 16, 32 */
	{ SHAPE_ARRAY, 5, 0 },
	{ SHAPE_MAP, 3, 0 }, /* map 16, 32 */
	{ SHAPE_MAP, 5, 0 },
};

/* By the upper half of the type byte; 0xc and 0xd are told apart above. */
static const struct shape by_nibble[16] = {
	{ SHAPE_PLAIN, 1, 0 }, /* small integers */
	{ SHAPE_PLAIN, 1, 0 },
	{ SHAPE_PLAIN, 1, 0 },
	{ SHAPE_PLAIN, 1, 0 },
	{ SHAPE_PLAIN, 1, 0 },
	{ SHAPE_PLAIN, 1, 0 },
	{ SHAPE_PLAIN, 1, 0 },
	{ SHAPE_PLAIN, 1, 0 },
	{ SHAPE_MAP, 1, 0 },
	{ SHAPE_ARRAY, 1, 0 },
	{ SHAPE_BYTES, 1, 0 },
	{ SHAPE_BYTES, 1, 0 },
	{ SHAPE_BAD, 1, 0 },
	{ SHAPE_BAD, 1, 0 },
	{ SHAPE_PLAIN, 1, 0 }, /* small negative integers */
	{ SHAPE_PLAIN, 1, 0 },
};

static struct shape
shape_of(uint8_t first)
{
	if ((first & 0xe0) == 0xc0)
		return c0_to_df[first & 0x1f];
	return by_nibble[first >> 4];
}

static uint64_t
big_endian(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

/* The number a whole header carries, in its type byte or after it. */
static uint64_t
announced(const uint8_t *p, struct shape shape)
{
	if (shape.size > 1)
		return big_endian(p + 1, shape.size - 1u);
	return p[0] & (shape.kind == SHAPE_BYTES ? 0x1f : 0x0f);
}

static struct head
head_of(const uint8_t *p, struct shape shape)
{
	struct head h = { .kind = shape.kind, .payload = shape.fixed };

	if (h.kind <= SHAPE_PLAIN)
		return h;
	h.n = announced(p, shape);
	if (h.kind == SHAPE_BYTES)
		h.payload = h.n;
	else
		h.members = h.kind == SHAPE_MAP ? 2 * h.n : h.n;
	return h;
}

/* --- The scan ------------------------------------------------------------ */

void
wire_scan_init(struct wire_scan *s)
{
	memset(s, 0, sizeof(*s));
	s->nodes = 1;
	s->left[0] = 1;
	s->missing = 1;
}

/*
 * What can be told from the type byte alone: whether such a value may stand
 * here, and whether its header still fits.
 */
static enum wire_result
judge_type(
    const struct wire_scan *s, uint8_t type, size_t start, struct shape shape)
{
	if (s->depth == 0 && type != 0x93 && type != 0x94 && type != 0xdc &&
	    type != 0xdd)
		return WIRE_EENVELOPE;
	if (shape.kind == SHAPE_BAD)
		return WIRE_EBYTE;
	if (shape.kind >= SHAPE_ARRAY && s->depth == LIMIT_DEPTH)
		return WIRE_EDEPTH;
	if (start + shape.size + s->missing - 1 > LIMIT_REQUEST_BYTES)
		return WIRE_ETOOBIG;
	return WIRE_MORE;
}

/*
 * Would the message still fit if every value it announced were as short as
 * can be? pos counts this header already, missing its value still.
 */
static enum wire_result
judge_head(const struct wire_scan *s, const struct head *h)
{
	uint64_t least = s->pos + h->payload + h->members + s->missing - 1;

	if (s->depth == 0 && h->n != 3 && h->n != 4)
		return WIRE_EENVELOPE;
	if (least > LIMIT_REQUEST_BYTES)
		return WIRE_ETOOBIG;
	if (h->members > LIMIT_NODES - s->nodes)
		return WIRE_ENODES;
	return WIRE_MORE;
}

static void
accept_head(struct wire_scan *s, const struct head *h)
{
	s->left[s->depth]--;
	s->missing--;
	s->head_len = 0;
	s->skip = h->payload;
	if (h->members > 0) {
		s->left[++s->depth] = (uint32_t)h->members;
		s->missing += (uint32_t)h->members;
		s->nodes += (uint32_t)h->members;
	}
	while (s->depth > 0 && s->left[s->depth] == 0)
		s->depth--;
}

static size_t
keep_head(struct wire_scan *s, const uint8_t *p, size_t len, size_t want)
{
	size_t n = want - s->head_len;

	if (n > len)
		n = len;
	memcpy(s->head + s->head_len, p, n);
	s->head_len += (uint8_t)n;
	s->pos += n;
	return n;
}

/*
 * Takes bytes (at least one) of the next header and, once it is whole, its
 * value. A header that fails stays in place, so that asking again fails again.
 */
static enum wire_result
take_head(struct wire_scan *s, const uint8_t *p, size_t len, size_t *used)
{
	struct shape shape;
	enum wire_result r;
	struct head h;

	*used = s->head_len == 0 ? keep_head(s, p, len, 1) : 0;
	shape = shape_of(s->head[0]);
	r = judge_type(s, s->head[0], s->pos - s->head_len, shape);
	if (r != WIRE_MORE)
		return r;
	*used += keep_head(s, p + *used, len - *used, shape.size);
	if (s->head_len < shape.size)
		return WIRE_MORE;
	h = head_of(s->head, shape);
	r = judge_head(s, &h);
	if (r == WIRE_MORE)
		accept_head(s, &h);
	return r;
}

/* The short way for what nearly all are: a header in one piece that is fine. */
static bool
pass_head(struct wire_scan *s, const uint8_t *p, size_t len, size_t *used)
{
	struct shape shape = shape_of(p[0]);
	struct head h;

	if (s->head_len > 0 || shape.size > len ||
	    judge_type(s, p[0], s->pos, shape) != WIRE_MORE)
		return false;
	h = head_of(p, shape);
	s->pos += shape.size;
	if (judge_head(s, &h) != WIRE_MORE) {
		s->pos -= shape.size;
		return false;
	}
	accept_head(s, &h);
	*used = shape.size;
	return true;
}

static size_t
pass_payload(struct wire_scan *s, size_t len)
{
	size_t n = s->skip < len ? (size_t)s->skip : len;

	s->skip -= n;
	s->pos += n;
	return n;
}

enum wire_result
wire_scan_feed(struct wire_scan *s, const void *bytes, size_t len, size_t *used)
{
	const uint8_t *p = bytes;
	enum wire_result r;
	size_t n;

	*used = 0;
	while (*used < len && (s->skip > 0 || s->missing > 0)) {
		if (s->skip > 0) {
			*used += pass_payload(s, len - *used);
			continue;
		}
		r = WIRE_MORE;
		if (!pass_head(s, p + *used, len - *used, &n))
			r = take_head(s, p + *used, len - *used, &n);
		*used += n;
		if (r != WIRE_MORE)
			return r;
	}
	return s->skip > 0 || s->missing > 0 ? WIRE_MORE : WIRE_DONE;
}

const char *
wire_strerror(enum wire_result r)
{
	switch (r) {
	case WIRE_DONE:
		return "one whole message";
	case WIRE_MORE:
		return "more bytes are to come";
	case WIRE_ETOOBIG:
		return "larger than a message may be";
	case WIRE_EDEPTH:
		return "nested too deeply";
	case WIRE_ENODES:
		return "too many values in one message";
	case WIRE_EBYTE:
		return "a byte or type that has no place here";
	case WIRE_EENVELOPE:
		return "not a MessagePack-RPC message";
	}
	return "unknown result";
}

/* --- The cursor ---------------------------------------------------------- */

/* The header at the cursor, moving past it. -1: there is no whole one. */
static int
next_head(struct wire_cursor *c, struct head *h)
{
	size_t left = (size_t)(c->end - c->p);
	struct shape shape;

	if (left == 0)
		return -1;
	shape = shape_of(c->p[0]);
	if (shape.kind == SHAPE_BAD || shape.size > left)
		return -1;
	*h = head_of(c->p, shape);
	left -= shape.size;
	if (h->payload > left || h->members > left - h->payload)
		return -1;
	c->p += shape.size;
	return 0;
}

static int
read_container(struct wire_cursor *c, enum shape_kind kind, uint32_t *n)
{
	struct wire_cursor at = *c;
	struct head h;

	if (next_head(&at, &h) != 0 || h.kind != kind)
		return -1;
	*n = (uint32_t)h.n;
	*c = at;
	return 0;
}

int
wire_read_array(struct wire_cursor *c, uint32_t *n)
{
	return read_container(c, SHAPE_ARRAY, n);
}

int
wire_read_map(struct wire_cursor *c, uint32_t *n)
{
	return read_container(c, SHAPE_MAP, n);
}

int
wire_read_text(struct wire_cursor *c, struct text *t)
{
	struct wire_cursor at = *c;
	struct head h;
	size_t n;

	/* Most are short, names of fields above all. */
	if (at.p < at.end && (at.p[0] & 0xe0) == 0xa0) {
		n = at.p[0] & 0x1f;
		if (n >= (size_t)(at.end - at.p))
			return -1;
		*t = (struct text){ (const char *)at.p + 1, (uint32_t)n };
		c->p = at.p + 1 + n;
		return 0;
	}
	if (next_head(&at, &h) != 0 || h.kind != SHAPE_BYTES)
		return -1;
	*t = (struct text){ (const char *)at.p, (uint32_t)h.payload };
	c->p = at.p + h.payload;
	return 0;
}

int
wire_read_u64(struct wire_cursor *c, uint64_t *v)
{
	struct wire_cursor at = *c;
	uint8_t first;
	struct head h;

	if (next_head(&at, &h) != 0 || h.kind != SHAPE_PLAIN)
		return -1;
	first = c->p[0];
	if (first < 0x80)
		*v = first;
	else if (first >= 0xcc && first <= 0xcf)
		*v = big_endian(at.p, (size_t)h.payload);
	else if (first >= 0xd0 && first <= 0xd3 && at.p[0] < 0x80)
		*v = big_endian(at.p, (size_t)h.payload); /* int, not below 0 */
	else
		return -1;
	c->p = at.p + h.payload;
	return 0;
}

/* The bytes of a small number or a short text by its first; 0: of neither. */
static size_t
length_of_short(uint8_t first)
{
	if (first < 0x80 || first >= 0xe0)
		return 1;
	return (first & 0xe0) == 0xa0 ? 1u + (first & 0x1f) : 0;
}

int
wire_skip(struct wire_cursor *c)
{
	struct wire_cursor at = *c;
	uint64_t missing = 1;
	struct head h;
	size_t n, left;

	while (missing > 0) {
		left = (size_t)(at.end - at.p);
		n = left > 0 ? length_of_short(at.p[0]) : 0;
		if (n > 0 && n <= left) {
			at.p += n;
			missing--;
		} else if (next_head(&at, &h) == 0) {
			at.p += h.payload;
			missing += h.members - 1;
		} else {
			return -1;
		}
		if (missing > (uint64_t)(at.end - at.p))
			return -1;
	}
	*c = at;
	return 0;
}

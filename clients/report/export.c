#include "clients/report/export.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "proto/calendar.h"
#include "proto/event.h"

enum field_kind {
	FIELD_TEXT,
	FIELD_COUNT,
	FIELD_BOOL,
	FIELD_TIME,
	FIELD_MONEY
};

struct field {
	struct text name;
	enum field_kind kind;
};

/* What put takes; anything else that an event has is about this ledger. */
#define FIELDS_MAX (EV_TEXTS + EV_COUNTS + 6)
struct fields {
	struct field field[FIELDS_MAX];
	size_t n;
	size_t guess; /* events have their keys in one order */
};

static void
add_field(struct fields *f, const char *name, enum field_kind kind)
{
	f->field[f->n++] = (struct field){ text_of(name), kind };
}

static void
list_fields(struct fields *f)
{
	int i;

	f->n = f->guess = 0;
	for (i = 0; i < EV_TEXTS; i++)
		add_field(f, event_text_names[i], FIELD_TEXT);
	add_field(f, "ts", FIELD_TIME);
	for (i = 0; i < EV_COUNTS; i++)
		add_field(f, event_count_names[i],
		    i == EV_OUTCOME ? FIELD_BOOL : FIELD_COUNT);
	add_field(f, "cost", FIELD_MONEY);
	add_field(f, "copied", FIELD_BOOL);
	add_field(f, "rank", FIELD_COUNT);
	add_field(f, "void", FIELD_BOOL);
	add_field(f, "running", FIELD_BOOL);
}

static const struct field *
find_field(struct fields *f, struct text name)
{
	size_t i, at = f->guess;

	for (i = 0; i < f->n; i++, at = at + 1 == f->n ? 0 : at + 1)
		if (text_eq(f->field[at].name, name)) {
			f->guess = at + 1 == f->n ? 0 : at + 1;
			return &f->field[at];
		}
	return NULL;
}

/* --- Bytes: the buffer has room for a line whenever one begins -------------
 */

static char *
put_bytes(char *p, const char *s, size_t len)
{
	memcpy(p, s, len);
	return p + len;
}

static char *
put_u64(char *p, uint64_t n)
{
	char digits[20];
	size_t len = 0;

	do {
		digits[len++] = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	while (len > 0)
		*p++ = digits[--len];
	return p;
}

/* The daemon lets in no control characters and nothing but UTF-8. */
static char *
put_text(char *p, struct text t)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char c;
	uint32_t i;

	*p++ = '"';
	for (i = 0; i < t.len; i++) {
		c = (unsigned char)t.p[i];
		if (c < 0x20 || c == 0x7f) {
			p = put_bytes(p, "\\u00", 4);
			*p++ = hex[c >> 4];
			*p++ = hex[c & 15];
			continue;
		}
		if (c == '"' || c == '\\')
			*p++ = '\\';
		*p++ = (char)c;
	}
	*p++ = '"';
	return p;
}

static bool
is_decimal(struct text t)
{
	uint32_t i;

	for (i = 0; i < t.len; i++)
		if (t.p[i] == '\0' || strchr("0123456789.-", t.p[i]) == NULL)
			return false;
	return t.len > 0 && t.len < MONEY_TEXT_MAX;
}

static char *
put_bool(char *p, struct wire_cursor *c)
{
	struct value v;

	if (unpack_value(c, &v) != 0 || v.type != VALUE_BOOL)
		return NULL;
	return v.b ? put_bytes(p, "true", 4) : put_bytes(p, "false", 5);
}

static char *
put_time(char *p, uint64_t ms)
{
	if (ms > INT64_MAX / 2)
		return NULL;
	*p++ = '"';
	p += calendar_format_utc((int64_t)ms, p);
	*p++ = '"';
	return p;
}

/* NULL where the value is not of that kind; it is left out then. */
static char *
put_value(char *p, enum field_kind kind, struct wire_cursor *c)
{
	struct text t;
	uint64_t n;

	switch (kind) {
	case FIELD_TEXT:
		if (wire_read_text(c, &t) != 0 || t.len > LIMIT_TEXT)
			return NULL;
		return put_text(p, t);
	case FIELD_COUNT:
		return wire_read_u64(c, &n) == 0 ? put_u64(p, n) : NULL;
	case FIELD_TIME:
		return wire_read_u64(c, &n) == 0 ? put_time(p, n) : NULL;
	case FIELD_MONEY:
		if (wire_read_text(c, &t) != 0 || !is_decimal(t))
			return NULL;
		return put_bytes(p, t.p, t.len);
	case FIELD_BOOL:
		return put_bool(p, c);
	}
	return NULL;
}

/* Moves the cursor past the value in any case; -1 at the end. */
static int
put_member(char **at, const struct field *field, struct wire_cursor *c)
{
	struct wire_cursor value = *c;
	char *p = *at;

	if (p[-1] != '{')
		*p++ = ',';
	*p++ = '"';
	p = put_bytes(p, field->name.p, field->name.len);
	*p++ = '"';
	*p++ = ':';
	p = put_value(p, field->kind, &value);
	if (p == NULL)
		return wire_skip(c);
	*at = p;
	*c = value;
	return 0;
}

static int
put_event(struct export *x, struct fields *f, struct wire_cursor *c)
{
	char *p = x->buf + x->len, *last = p + EXPORT_LINE_MAX - 2048;
	const struct field *field;
	struct text key;
	uint32_t n;
	int rc;

	if (wire_read_map(c, &n) != 0)
		return -1;
	*p++ = '{';
	for (; n > 0; n--) {
		if (unpack_key(c, &key) != 0)
			return -1;
		field = key.p == NULL ? NULL : find_field(f, key);
		/* A key that comes often must not outgrow the line. */
		rc = field != NULL && p < last ? put_member(&p, field, c)
					       : wire_skip(c);
		if (rc != 0)
			return -1;
	}
	p = put_bytes(p, "}\n", 2);
	x->len = (size_t)(p - x->buf);
	x->events++;
	return 0;
}

int
export_open(struct wire_cursor page, struct export_page *p)
{
	struct text key;
	struct value v;
	bool found = false;
	uint32_t n;

	*p = (struct export_page){ .n = 0 };
	if (wire_read_map(&page, &n) != 0)
		return -1;
	for (; n > 0; n--) {
		if (unpack_key(&page, &key) != 0 ||
		    unpack_value(&page, &v) != 0)
			return -1;
		if (text_is(key, "events") && v.type == VALUE_ARRAY) {
			p->events = v.rest;
			p->n = v.n;
			found = true;
		} else if (text_is(key, "next")) {
			p->next = v.u64;
		} else if (text_is(key, "more")) {
			p->more = v.b;
		}
	}
	return found ? 0 : -1;
}

int
export_events(struct export *x, const struct export_page *p)
{
	struct wire_cursor c = p->events;
	struct fields f;
	uint32_t n;

	list_fields(&f);
	for (n = p->n; n > 0 && !x->failed; n--) {
		if (x->len > EXPORT_BUFFER - EXPORT_LINE_MAX)
			export_flush(x);
		if (put_event(x, &f, &c) != 0)
			return -1;
	}
	return 0;
}

int
export_flush(struct export *x)
{
	size_t off = 0;
	ssize_t n;

	while (off < x->len && !x->failed) {
		n = write(x->fd, x->buf + off, x->len - off);
		if (n >= 0) {
			off += (size_t)n;
		} else if (errno != EINTR) {
			x->failed = true;
			x->err = errno;
		}
	}
	x->len = 0;
	return x->failed ? -1 : 0;
}

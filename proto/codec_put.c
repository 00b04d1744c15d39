#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/codec.h"

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))
#define REJECTS_FIRST 8

struct field {
	struct text name; /* .p is NUL-terminated and static */
	/* Nil makes a field absent again: of equal keys the last wins. */
	int (*take)(struct event *ev, const struct field *f,
	    const struct value *v, struct error *err);
	int which;
};

/*
 * The integer a value stands for, 0 for nil. Floats with an integral value
 * count, as that is how JSON-minded senders write integers.
 */
static int
integer_of(const struct value *v, uint64_t *n, const struct field *f,
    struct error *err)
{
	const char *name = f->name.p;

	*n = v->u64; /* 0 but for U64 */
	if (v->type == VALUE_U64 || v->type == VALUE_NIL)
		return 0;
	if (v->type == VALUE_I64)
		return error_set(err, ERR_OUT_OF_RANGE, name, "negative");
	if (v->type != VALUE_FLOAT || isnan(v->f64))
		return error_set(err, ERR_BAD_TYPE, name, "not an integer");
	if (v->f64 < 0 || v->f64 >= 18446744073709551616.0) /* 2^64 */
		return error_set(
		    err, ERR_OUT_OF_RANGE, name, "not between 0 and 2^64 - 1");
	*n = (uint64_t)v->f64;
	if ((double)*n != v->f64)
		return error_set(err, ERR_BAD_TYPE, name, "not an integer");
	return 0;
}

/* False for nil. */
static int
bool_of(
    const struct value *v, bool *b, const struct field *f, struct error *err)
{
	*b = v->b;
	if (v->type == VALUE_BOOL || v->type == VALUE_NIL)
		return 0;
	return error_set(err, ERR_BAD_TYPE, f->name.p, "not a boolean");
}

static int
take_text(struct event *ev, const struct field *f, const struct value *v,
    struct error *err)
{
	if (v->type != VALUE_TEXT && v->type != VALUE_NIL)
		return error_set(err, ERR_BAD_TYPE, f->name.p, "not a text");
	ev->text[f->which] =
	    v->text.len > 0 ? v->text : (struct text){ NULL, 0 };
	return 0;
}

static int
take_count(struct event *ev, const struct field *f, const struct value *v,
    struct error *err)
{
	return integer_of(v, &ev->count[f->which], f, err);
}

static int
take_ok(struct event *ev, const struct field *f, const struct value *v,
    struct error *err)
{
	bool ok;

	ev->count[EV_OUTCOME] = OUTCOME_UNSAID;
	if (bool_of(v, &ok, f, err) != 0)
		return -1;
	if (v->type == VALUE_BOOL)
		ev->count[EV_OUTCOME] = ok ? OUTCOME_OK : OUTCOME_FAILED;
	return 0;
}

/*
 * Seconds may have a fraction, milliseconds not. 0 is refused here, because in
 * struct event it would mean an absent time.
 */
static int
take_ts(struct event *ev, const struct field *f, const struct value *v,
    struct error *err)
{
	uint64_t n;

	ev->ts_ms = 0;
	if (v->type == VALUE_NIL)
		return 0;
	if (v->type == VALUE_FLOAT && v->f64 >= 0.001 &&
	    v->f64 < (double)LIMIT_TS_SECONDS_BELOW) {
		ev->ts_ms = (int64_t)(v->f64 * 1000 + 0.5);
		return 0;
	}
	if (integer_of(v, &n, f, err) != 0)
		return -1;
	if (n == 0 || n > INT64_MAX)
		return error_set(err, ERR_OUT_OF_RANGE, f->name.p,
		    "not a time a call can have");
	ev->ts_ms = (int64_t)n;
	if (ev->ts_ms < LIMIT_TS_SECONDS_BELOW)
		ev->ts_ms *= 1000;
	return 0;
}

/* The shortest decimal text that reads back as the same number. */
static size_t
format_float(const struct value *v, char *buf, size_t cap)
{
	int digits = v->is_single ? 6 : 15;
	double back;

	do {
		snprintf(buf, cap, "%.*g", digits, v->f64);
		back = v->is_single ? (double)strtof(buf, NULL)
				    : strtod(buf, NULL);
	} while (back != v->f64 && ++digits <= 17);
	return strlen(buf);
}

/* Decimal text for a cost: as sent, or made in buf. Absent: not a number. */
static struct text
cost_text(const struct value *v, char *buf, size_t cap)
{
	struct text t = { buf, 0 };

	if (v->type == VALUE_TEXT)
		return v->text;
	if (v->type == VALUE_U64)
		t.len = (uint32_t)snprintf(
		    buf, cap, "%llu", (unsigned long long)v->u64);
	else if (v->type == VALUE_I64)
		t.len = (uint32_t)snprintf(buf, cap, "%lld", (long long)v->i64);
	else if (v->type == VALUE_FLOAT && isfinite(v->f64))
		t.len = (uint32_t)format_float(v, buf, cap);
	return t;
}

static int
take_cost(struct event *ev, const struct field *f, const struct value *v,
    struct error *err)
{
	char buf[40];
	struct text t;
	int rc;

	ev->has_cost = v->type != VALUE_NIL;
	if (!ev->has_cost)
		return 0;
	t = cost_text(v, buf, sizeof(buf));
	rc = money_parse(t.p, t.len, &ev->cost_pico);
	if (rc == MONEY_ERANGE)
		return error_set(err, ERR_OUT_OF_RANGE, f->name.p,
		    "more than a call can cost");
	if (rc != 0)
		return error_set(
		    err, ERR_BAD_TYPE, f->name.p, "not a decimal number");
	return 0;
}

static int
take_copied(struct event *ev, const struct field *f, const struct value *v,
    struct error *err)
{
	return bool_of(v, &ev->copied, f, err);
}

static int
take_void(struct event *ev, const struct field *f, const struct value *v,
    struct error *err)
{
	return bool_of(v, &ev->is_void, f, err);
}

static int
take_running(struct event *ev, const struct field *f, const struct value *v,
    struct error *err)
{
	return bool_of(v, &ev->running, f, err);
}

static int
take_rank(struct event *ev, const struct field *f, const struct value *v,
    struct error *err)
{
	uint64_t n;

	ev->rank = EVENT_RANK_DEFAULT;
	if (v->type == VALUE_NIL)
		return 0;
	if (integer_of(v, &n, f, err) != 0)
		return -1;
	if (n > UINT8_MAX)
		return error_set(
		    err, ERR_OUT_OF_RANGE, f->name.p, "not between 0 and 255");
	ev->rank = (uint8_t)n;
	return 0;
}

static const struct field other_fields[] = {
	{ { "ts", 2 }, take_ts, 0 },
	{ { "cost", 4 }, take_cost, 0 },
	{ { "copied", 6 }, take_copied, 0 },
	{ { "void", 4 }, take_void, 0 },
	{ { "rank", 4 }, take_rank, 0 },
	{ { "running", 7 }, take_running, 0 },
};

#define EVENT_FIELDS (EV_TEXTS + EV_COUNTS + COUNT_OF(other_fields))

/* Every field of an event; `next` guesses which one comes. */
struct fields {
	struct field all[EVENT_FIELDS];
	size_t next;
};

static void
fields_init(struct fields *fs)
{
	struct field *f = fs->all;

	fs->next = 0;
	for (int i = 0; i < EV_TEXTS; i++)
		*f++ = (struct field){ text_of(event_text_names[i]), take_text,
			i };
	for (int i = 0; i < EV_COUNTS; i++)
		*f++ = (struct field){ text_of(event_count_names[i]),
			i == EV_OUTCOME ? take_ok : take_count, i };
	memcpy(f, other_fields, sizeof(other_fields));
}

/* Senders keep to one order, so the search starts after the last hit. */
static const struct field *
fields_find(struct fields *fs, struct text key)
{
	size_t at = fs->next;

	for (size_t i = 0; i < EVENT_FIELDS; i++, at++) {
		if (at >= EVENT_FIELDS)
			at = 0;
		if (text_eq(fs->all[at].name, key)) {
			fs->next = at + 1;
			return &fs->all[at];
		}
	}
	return NULL;
}

/* --- Writing ------------------------------------------------------------- */

static uint32_t
count_members(const struct event *ev)
{
	uint32_t n = (ev->ts_ms != 0) + ev->has_cost + ev->copied +
		     ev->is_void + (ev->rank != EVENT_RANK_DEFAULT) +
		     ev->running;

	for (int i = 0; i < EV_TEXTS; i++)
		n += ev->text[i].len > 0;
	for (int i = 0; i < EV_COUNTS; i++)
		n += ev->count[i] > 0;
	return n;
}

static void
pack_counts(struct packer *k, const struct event *ev)
{
	for (int i = 0; i < EV_COUNTS; i++) {
		if (ev->count[i] == 0)
			continue;
		pack_str(k, event_count_names[i]);
		if (i == EV_OUTCOME)
			pack_bool(k, ev->count[i] == OUTCOME_OK);
		else
			pack_u64(k, ev->count[i]);
	}
}

void
pack_event(struct packer *k, const struct event *ev)
{
	pack_event_with(k, ev, 0);
}

void
pack_event_with(struct packer *k, const struct event *ev, uint32_t more)
{
	pack_map(k, count_members(ev) + more);
	for (int i = 0; i < EV_TEXTS; i++) {
		if (ev->text[i].len == 0)
			continue;
		pack_str(k, event_text_names[i]);
		pack_text(k, ev->text[i]);
	}
	pack_counts(k, ev);
	if (ev->ts_ms != 0) {
		pack_str(k, "ts");
		pack_i64(k, ev->ts_ms);
	}
	if (ev->has_cost) {
		pack_str(k, "cost");
		pack_money(k, ev->cost_pico);
	}
	if (ev->copied) {
		pack_str(k, "copied");
		pack_bool(k, true);
	}
	if (ev->is_void) {
		pack_str(k, "void");
		pack_bool(k, true);
	}
	if (ev->rank != EVENT_RANK_DEFAULT) {
		pack_str(k, "rank");
		pack_u64(k, ev->rank);
	}
	if (ev->running) {
		pack_str(k, "running");
		pack_bool(k, true);
	}
}

void
pack_put(struct packer *k, uint32_t msgid, const struct event *evs, size_t n,
    const struct cursor *cursors, size_t ncursors)
{
	pack_request(k, msgid, "put");
	pack_map(k, ncursors > 0 ? 2 : 1);
	pack_str(k, "events");
	pack_array(k, (uint32_t)n);
	for (size_t i = 0; i < n; i++)
		pack_event(k, &evs[i]);
	if (ncursors == 0)
		return;
	pack_str(k, "cursors");
	pack_array(k, (uint32_t)ncursors);
	for (size_t i = 0; i < ncursors; i++) {
		pack_map(k, 2);
		pack_str(k, "name");
		pack_text(k, cursors[i].name);
		pack_str(k, "value");
		pack_bytes(k, cursors[i].value.p, cursors[i].value.len);
	}
}

/* --- Reading ------------------------------------------------------------- */

struct put_reader {
	struct wire_cursor at;
	struct put *put; /* being filled */
	size_t cap_rejects;
	struct fields fields;
	int64_t now_ms;
	struct error *err; /* of the request as a whole */
};

static int
fail_malformed(struct put_reader *r)
{
	return error_set(r->err, ERR_MALFORMED, NULL, "not MessagePack");
}

static int
fail_memory(struct put_reader *r)
{
	return error_set(r->err, ERR_BUSY, NULL, "out of memory");
}

/* Texts and counts are most of an event and need no general decoder. */
static int
read_value(struct wire_cursor *c, struct value *v)
{
	*v = (struct value){ .type = VALUE_TEXT };
	if (wire_read_text(c, &v->text) == 0)
		return 0;
	if (wire_read_u64(c, &v->u64) != 0)
		return unpack_value(c, v);
	v->type = VALUE_U64;
	v->i64 = v->u64 <= INT64_MAX ? (int64_t)v->u64 : 0;
	return 0;
}

static int
read_field(struct put_reader *r, struct event *ev, struct error *why)
{
	const struct field *f = NULL;
	struct text key;
	struct value v;

	if (unpack_key(&r->at, &key) != 0)
		return -1;
	if (key.p != NULL && why->code == ERR_NONE)
		f = fields_find(&r->fields, key);
	if (f == NULL)
		return wire_skip(&r->at);
	if (read_value(&r->at, &v) != 0)
		return -1;
	f->take(ev, f, &v, why);
	return 0;
}

/* Moves past one event whatever it is; -1 only where the bytes are broken. */
static int
read_event(struct put_reader *r, struct event *ev, struct error *why)
{
	uint32_t n;

	event_init(ev);
	if (wire_read_map(&r->at, &n) != 0) {
		error_set(why, ERR_BAD_TYPE, NULL, "an event is a map");
		return wire_skip(&r->at);
	}
	r->fields.next = 0;
	for (; n > 0; n--)
		if (read_field(r, ev, why) != 0)
			return -1;
	if (why->code != ERR_NONE)
		return 0;
	if (ev->text[EV_MESSAGE].len == 0)
		ev->text[EV_MESSAGE] = ev->text[EV_CALL];
	event_validate(ev, r->now_ms, why);
	return 0;
}

static int
add_reject(struct put_reader *r, uint32_t index, const struct error *why)
{
	struct put *p = r->put;
	struct put_reject *more;
	size_t cap;

	if (p->nrejects == r->cap_rejects) {
		cap = r->cap_rejects > 0 ? 2 * r->cap_rejects : REJECTS_FIRST;
		more = realloc(p->rejects, cap * sizeof(*more));
		if (more == NULL)
			return fail_memory(r);
		p->rejects = more;
		r->cap_rejects = cap;
	}
	p->rejects[p->nrejects++] = (struct put_reject){ index, *why };
	return 0;
}

/*
 * Opens a list of the params: 1 when it is there, 0 for nil. n counts its
 * members, which are no more than the bytes that are left.
 */
static int
open_list(struct put_reader *r, const char *name, uint32_t max, uint32_t *n)
{
	struct value v;

	if (wire_read_array(&r->at, n) != 0) {
		if (unpack_value(&r->at, &v) != 0)
			return fail_malformed(r);
		if (v.type == VALUE_NIL)
			return 0;
		return error_set(r->err, ERR_BAD_PARAMS, name, "not an array");
	}
	if (*n > max)
		return error_set(r->err, ERR_TOO_LARGE, name,
		    "%u in one put, the limit is %u", (unsigned)*n,
		    (unsigned)max);
	return 1;
}

static int
read_events(struct put_reader *r)
{
	struct put *p = r->put;
	struct error why;
	uint32_t n;
	int rc;

	free(p->events); /* of an earlier key of this name */
	p->events = NULL;
	p->nevents = p->nrejects = 0;
	rc = open_list(r, "events", LIMIT_PUT_EVENTS, &n);
	if (rc <= 0)
		return rc;
	p->events = malloc((n > 0 ? n : 1) * sizeof(*p->events));
	if (p->events == NULL)
		return fail_memory(r);
	for (uint32_t i = 0; i < n; i++) {
		why.code = ERR_NONE;
		if (read_event(r, &p->events[p->nevents], &why) != 0)
			return fail_malformed(r);
		if (why.code == ERR_NONE)
			p->nevents++;
		else if (add_reject(r, i, &why) != 0)
			return -1;
	}
	return 0;
}

static int
read_cursor(struct put_reader *r, struct cursor *cur)
{
	struct wire_cursor map = r->at;
	struct value name, value;

	if (wire_skip(&r->at) != 0)
		return fail_malformed(r);
	if (!unpack_member(map, "name", &name) || name.type != VALUE_TEXT ||
	    name.text.len == 0 || name.text.len > LIMIT_TEXT)
		return error_set(r->err, ERR_BAD_PARAMS, "cursors",
		    "a name is a text of 1 to %u bytes", LIMIT_TEXT);
	if (!unpack_member(map, "value", &value) || value.type != VALUE_TEXT)
		return error_set(
		    r->err, ERR_BAD_PARAMS, "cursors", "a value is bytes");
	if (value.text.len > LIMIT_CURSOR_BYTES)
		return error_set(r->err, ERR_TOO_LARGE, "cursors",
		    "a value of %u bytes, the limit is %u",
		    (unsigned)value.text.len, LIMIT_CURSOR_BYTES);
	*cur = (struct cursor){ name.text, value.text };
	return 0;
}

static int
read_cursors(struct put_reader *r)
{
	struct put *p = r->put;
	uint32_t n;
	int rc;

	free(p->cursors);
	p->cursors = NULL;
	p->ncursors = 0;
	rc = open_list(r, "cursors", LIMIT_PUT_CURSORS, &n);
	if (rc <= 0)
		return rc;
	p->cursors = malloc((n > 0 ? n : 1) * sizeof(*p->cursors));
	if (p->cursors == NULL)
		return fail_memory(r);
	for (; n > 0; n--) {
		if (read_cursor(r, &p->cursors[p->ncursors]) != 0)
			return -1;
		p->ncursors++;
	}
	return 0;
}

static int
read_params(struct put_reader *r)
{
	struct text key;
	uint32_t n = 0;
	int rc = 0;

	if (r->at.p != r->at.end && wire_read_map(&r->at, &n) != 0)
		return error_set(
		    r->err, ERR_BAD_PARAMS, NULL, "the params are no map");
	for (; n > 0 && rc == 0; n--) {
		if (unpack_key(&r->at, &key) != 0)
			return fail_malformed(r);
		if (text_is(key, "events"))
			rc = read_events(r);
		else if (text_is(key, "cursors"))
			rc = read_cursors(r);
		else if (wire_skip(&r->at) != 0)
			return fail_malformed(r);
	}
	if (rc == 0 && r->put->events == NULL && r->put->cursors == NULL)
		return error_set(r->err, ERR_BAD_PARAMS, "events",
		    "neither events nor cursors");
	return rc;
}

/* The texts of a put outlive the message: they point into this copy. */
static int
copy_params(struct put_reader *r, struct wire_cursor params)
{
	size_t len = (size_t)(params.end - params.p);
	uint8_t *bytes = malloc(len > 0 ? len : 1);

	if (bytes == NULL)
		return fail_memory(r);
	if (len > 0)
		memcpy(bytes, params.p, len);
	r->put->bytes = bytes;
	r->at = (struct wire_cursor){ bytes, bytes + len };
	return 0;
}

int
unpack_put(struct wire_cursor params, int64_t now_ms, struct put **out,
    struct error *err)
{
	struct put_reader r = { .now_ms = now_ms, .err = err };

	*out = NULL;
	r.put = calloc(1, sizeof(*r.put));
	if (r.put == NULL)
		return fail_memory(&r);
	fields_init(&r.fields);
	if (copy_params(&r, params) != 0 || read_params(&r) != 0) {
		put_free(r.put);
		return -1;
	}
	*out = r.put;
	return 0;
}

#include <stdlib.h>

#include <msgpack.h>

#include "proto/codec.h"

#define PACKER_FIRST 512
#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

enum { RPC_REQUEST, RPC_REPLY, RPC_NOTIFICATION };

/* --- Writing ------------------------------------------------------------- */

void
packer_free(struct packer *k)
{
	free(k->p);
	k->p = NULL;
	k->len = k->cap = 0;
}

void
packer_clear(struct packer *k)
{
	k->len = 0;
	k->failed = false;
}

static int
packer_grow(struct packer *k, size_t need)
{
	size_t max = k->max != 0 ? k->max : LIMIT_REQUEST_BYTES;
	size_t cap = k->cap < PACKER_FIRST ? PACKER_FIRST : k->cap;
	char *p;

	if (need > max)
		return -1;
	while (cap < need)
		cap *= 2;
	if (cap > max)
		cap = max;
	p = realloc(k->p, cap);
	if (p == NULL)
		return -1;
	k->p = p;
	k->cap = cap;
	return 0;
}

/* What msgpack-c writes through. */
static int
packer_write(void *arg, const char *bytes, size_t len)
{
	struct packer *k = arg;

	if (k->failed || len == 0)
		return k->failed ? -1 : 0;
	if (len > SIZE_MAX - k->len ||
	    (k->len + len > k->cap && packer_grow(k, k->len + len) != 0)) {
		k->failed = true;
		return -1;
	}
	memcpy(k->p + k->len, bytes, len);
	k->len += len;
	return 0;
}

static msgpack_packer
writer(struct packer *k)
{
	return (msgpack_packer){ .data = k, .callback = packer_write };
}

void
pack_array(struct packer *k, uint32_t n)
{
	msgpack_packer w = writer(k);

	msgpack_pack_array(&w, n);
}

void
pack_map(struct packer *k, uint32_t n)
{
	msgpack_packer w = writer(k);

	msgpack_pack_map(&w, n);
}

void
pack_text(struct packer *k, struct text t)
{
	msgpack_packer w = writer(k);

	msgpack_pack_str_with_body(&w, t.p, t.len);
}

void
pack_str(struct packer *k, const char *s)
{
	if (s == NULL)
		pack_nil(k);
	else
		pack_text(k, text_of(s));
}

void
pack_bytes(struct packer *k, const void *p, size_t len)
{
	msgpack_packer w = writer(k);

	if (len > UINT32_MAX)
		k->failed = true; /* no format for it, and over any ceiling */
	else
		msgpack_pack_bin_with_body(&w, p, len);
}

void
pack_u64(struct packer *k, uint64_t v)
{
	msgpack_packer w = writer(k);

	msgpack_pack_uint64(&w, v);
}

void
pack_i64(struct packer *k, int64_t v)
{
	msgpack_packer w = writer(k);

	msgpack_pack_int64(&w, v);
}

void
pack_packed(struct packer *k, const struct packer *values)
{
	if (values->failed)
		k->failed = true;
	if (values->len > 0)
		packer_write(k, values->p, values->len);
}

void
pack_bool(struct packer *k, bool v)
{
	msgpack_packer w = writer(k);

	if (v)
		msgpack_pack_true(&w);
	else
		msgpack_pack_false(&w);
}

void
pack_nil(struct packer *k)
{
	msgpack_packer w = writer(k);

	msgpack_pack_nil(&w);
}

void
pack_money(struct packer *k, money_sum v)
{
	char buf[MONEY_TEXT_MAX];
	size_t len = money_format(v, buf);

	pack_text(k, (struct text){ buf, (uint32_t)len });
}

/* --- Reading any value --------------------------------------------------- */

static enum value_type
value_of_object(struct value *v, const msgpack_object *o)
{
	switch (o->type) {
	case MSGPACK_OBJECT_NIL:
		return VALUE_NIL;
	case MSGPACK_OBJECT_BOOLEAN:
		v->b = o->via.boolean;
		return VALUE_BOOL;
	case MSGPACK_OBJECT_POSITIVE_INTEGER:
		v->u64 = o->via.u64;
		v->i64 = v->u64 <= INT64_MAX ? (int64_t)v->u64 : 0;
		return VALUE_U64;
	case MSGPACK_OBJECT_NEGATIVE_INTEGER:
		v->i64 = o->via.i64;
		return VALUE_I64;
	case MSGPACK_OBJECT_FLOAT32:
	case MSGPACK_OBJECT_FLOAT64:
		v->f64 = o->via.f64;
		v->is_single = o->type == MSGPACK_OBJECT_FLOAT32;
		return VALUE_FLOAT;
	default:
		return VALUE_OTHER;
	}
}

/* span is one whole scalar, at most nine bytes: msgpack-c allocates nothing. */
static int
read_scalar(struct wire_cursor span, struct value *v)
{
	msgpack_object o;

	if (msgpack_unpack((const char *)span.p, (size_t)(span.end - span.p),
		NULL, NULL, &o) != MSGPACK_UNPACK_SUCCESS)
		return -1;
	v->rest = (struct wire_cursor){ NULL, NULL };
	v->type = value_of_object(v, &o);
	return 0;
}

/* Anything but a text; v->at is the whole of it. */
static int
read_other(struct value *v)
{
	v->rest = v->at;
	if (wire_read_array(&v->rest, &v->n) == 0)
		v->type = VALUE_ARRAY;
	else if (wire_read_map(&v->rest, &v->n) == 0)
		v->type = VALUE_MAP;
	else
		return read_scalar(v->at, v);
	return 0;
}

int
unpack_value(struct wire_cursor *c, struct value *v)
{
	struct wire_cursor at = *c;

	*v = (struct value){ .type = VALUE_TEXT };
	if (wire_read_text(&at, &v->text) != 0 && wire_skip(&at) != 0)
		return -1;
	v->at = (struct wire_cursor){ c->p, at.p };
	if (v->text.p == NULL && read_other(v) != 0)
		return -1;
	*c = at;
	return 0;
}

int
unpack_key(struct wire_cursor *c, struct text *key)
{
	if (wire_read_text(c, key) == 0)
		return 0;
	*key = (struct text){ NULL, 0 };
	return wire_skip(c);
}

bool
unpack_member(struct wire_cursor map, const char *key, struct value *v)
{
	struct text want = text_of(key), k;
	bool found = false;
	struct value any;
	uint32_t n;

	if (wire_read_map(&map, &n) != 0)
		return false;
	for (; n > 0; n--) {
		if (unpack_key(&map, &k) != 0)
			return false;
		if (k.p == NULL || !text_eq(k, want)) {
			if (wire_skip(&map) != 0)
				return false;
			continue;
		}
		if (unpack_value(&map, &any) != 0)
			return false;
		*v = any;
		found = true;
	}
	return found;
}

/* --- Requests ------------------------------------------------------------ */

void
pack_request(struct packer *k, uint32_t msgid, const char *method)
{
	pack_array(k, 4);
	pack_u64(k, RPC_REQUEST);
	pack_u64(k, msgid);
	pack_str(k, method);
	pack_array(k, 1);
}

void
pack_notification(struct packer *k, const char *method)
{
	pack_array(k, 3);
	pack_u64(k, RPC_NOTIFICATION);
	pack_str(k, method);
	pack_array(k, 1);
}

static int
read_msgid(struct wire_cursor *c, uint32_t *msgid)
{
	uint64_t v;

	if (wire_read_u64(c, &v) != 0 || v > UINT32_MAX)
		return -1;
	*msgid = (uint32_t)v;
	return 0;
}

/* The array and its first number; n members are what that kind has. */
static int
read_envelope(struct wire_cursor *c, uint64_t *kind)
{
	static const uint32_t members[] = {
		[RPC_REQUEST] = 4,
		[RPC_REPLY] = 4,
		[RPC_NOTIFICATION] = 3,
	};
	uint32_t n;

	if (wire_read_array(c, &n) != 0 || wire_read_u64(c, kind) != 0)
		return -1;
	return *kind < COUNT_OF(members) && members[*kind] == n ? 0 : -1;
}

static int
read_request(struct wire_cursor *c, struct request *rq)
{
	uint64_t kind;
	uint32_t n;

	if (read_envelope(c, &kind) != 0 || kind == RPC_REPLY)
		return -1;
	rq->is_notification = kind == RPC_NOTIFICATION;
	if (!rq->is_notification && read_msgid(c, &rq->msgid) != 0)
		return -1;
	if (wire_read_text(c, &rq->method) != 0 || wire_read_array(c, &n) != 0)
		return -1;
	if (n > 0)
		rq->params = *c;
	return 0;
}

int
unpack_request(
    const void *msg, size_t len, struct request *rq, struct error *err)
{
	struct wire_cursor c = { msg, (const uint8_t *)msg + len };

	*rq = (struct request){ .msgid = 0 };
	if (read_request(&c, rq) != 0)
		return error_set(err, ERR_MALFORMED, NULL,
		    "not [0, msgid, method, [params]]");
	return 0;
}

/* --- Replies ------------------------------------------------------------- */

void
pack_result(struct packer *k, uint32_t msgid)
{
	pack_array(k, 4);
	pack_u64(k, RPC_REPLY);
	pack_u64(k, msgid);
	pack_nil(k);
}

/*
 * A message that was cut to fit may end inside a character, and strict peers
 * refuse a str that is not UTF-8.
 */
static void
pack_message(struct packer *k, const char *message)
{
	struct text t = text_of(message);

	for (int cut = 0; cut < 3 && t.len > 0 && !text_is_clean(t); cut++)
		t.len--;
	pack_text(k, text_is_clean(t) ? t : TEXT(""));
}

/* The members code, message and field, in that order. */
static void
pack_error_members(struct packer *k, const struct error *e)
{
	pack_str(k, "code");
	pack_str(k, error_name(e->code));
	pack_str(k, "message");
	pack_message(k, e->message);
	if (e->field != NULL) {
		pack_str(k, "field");
		pack_str(k, e->field);
	}
}

void
pack_error(struct packer *k, uint32_t msgid, const struct error *e)
{
	pack_array(k, 4);
	pack_u64(k, RPC_REPLY);
	pack_u64(k, msgid);
	pack_map(k, e->field != NULL ? 3 : 2);
	pack_error_members(k, e);
	pack_nil(k);
}

void
pack_put_result(struct packer *k, uint32_t msgid, const struct put *p)
{
	pack_result(k, msgid);
	pack_map(k, 4);
	pack_str(k, "stored");
	pack_u64(k, p->stored);
	pack_str(k, "merged");
	pack_u64(k, p->merged);
	pack_str(k, "unchanged");
	pack_u64(k, p->unchanged);
	pack_str(k, "rejected");
	pack_array(k, (uint32_t)p->nrejects);
	for (size_t i = 0; i < p->nrejects; i++) {
		const struct put_reject *rj = &p->rejects[i];

		pack_map(k, rj->error.field != NULL ? 4 : 3);
		pack_str(k, "index");
		pack_u64(k, rj->index);
		pack_error_members(k, &rj->error);
	}
}

static const char *
find_name(const char *const *names, size_t n, struct text t)
{
	for (size_t i = 0; i < n; i++)
		if (text_is(t, names[i]))
			return names[i];
	return NULL;
}

/* A field's name as static text; NULL for one that this side does not know. */
static const char *
static_field(struct text t)
{
	static const char *const others[] = { "ts", "cost", "copied", "void",
		"rank", "events", "cursors", "edges", "by", "filter",
		"sessions", "token", "now", "prefix", "after", "base_url" };
	const char *name = find_name(event_text_names, EV_TEXTS, t);

	if (name == NULL)
		name = find_name(event_count_names, EV_COUNTS, t);
	if (name == NULL)
		name = find_name(others, COUNT_OF(others), t);
	return name;
}

static int
read_error(struct wire_cursor map, struct error *e)
{
	struct value v;

	*e = (struct error){ .code = ERR_STORE };
	if (!unpack_member(map, "code", &v) || v.type != VALUE_TEXT)
		return -1;
	e->code = error_from_name(v.text.p, v.text.len);
	if (unpack_member(map, "field", &v) && v.type == VALUE_TEXT)
		e->field = static_field(v.text);
	if (unpack_member(map, "message", &v) && v.type == VALUE_TEXT) {
		size_t len = v.text.len;

		if (len > sizeof(e->message) - 1)
			len = sizeof(e->message) - 1;
		memcpy(e->message, v.text.p, len);
	}
	return 0;
}

int
unpack_reply(const void *msg, size_t len, struct reply *r)
{
	struct wire_cursor c = { msg, (const uint8_t *)msg + len }, error;
	struct value v;
	uint64_t kind;

	*r = (struct reply){ .msgid = 0 };
	if (read_envelope(&c, &kind) != 0 || kind != RPC_REPLY ||
	    read_msgid(&c, &r->msgid) != 0)
		return -1;
	error = c;
	if (unpack_value(&c, &v) != 0)
		return -1;
	r->is_error = v.type != VALUE_NIL;
	r->result = c;
	return r->is_error ? read_error(error, &r->error) : 0;
}

static int
read_rejects(struct wire_cursor list, uint32_t n,
    void (*on_reject)(void *arg, uint32_t index, const struct error *e),
    void *arg)
{
	struct wire_cursor map;
	struct error e;
	struct value v;

	for (; n > 0; n--) {
		map = list;
		if (wire_skip(&list) != 0 || read_error(map, &e) != 0 ||
		    !unpack_member(map, "index", &v) || v.type != VALUE_U64 ||
		    v.u64 > UINT32_MAX)
			return -1;
		if (on_reject != NULL)
			on_reject(arg, (uint32_t)v.u64, &e);
	}
	return 0;
}

int
unpack_put_result(struct wire_cursor c, struct put_counts *n,
    void (*on_reject)(void *arg, uint32_t index, const struct error *e),
    void *arg)
{
	const struct {
		const char *name;
		uint64_t *to;
	} counts[] = {
		{ "stored", &n->stored },
		{ "merged", &n->merged },
		{ "unchanged", &n->unchanged },
	};
	struct value v;

	for (size_t i = 0; i < COUNT_OF(counts); i++) {
		if (!unpack_member(c, counts[i].name, &v) ||
		    v.type != VALUE_U64)
			return -1;
		*counts[i].to = v.u64;
	}
	if (!unpack_member(c, "rejected", &v) || v.type != VALUE_ARRAY)
		return -1;
	n->rejected = v.n;
	return read_rejects(v.rest, v.n, on_reject, arg);
}

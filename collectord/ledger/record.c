#include "collectord/ledger/record.h"

#define RECORD_VERSION 2

enum { KIND_EVENT, KIND_FORWARD, KIND_PRUNED };
enum { FLAG_VOID = 1, FLAG_COST = 2, FLAG_STAMPS = 4 };

/* Texts kept in the record itself; the order is the stored mask's. */
static const enum event_text inline_texts[] = { EV_CALL, EV_REQUEST,
	EV_PARENT_SESSION, EV_TIER, EV_GEO, EV_SOURCE };
#define NINLINE (sizeof(inline_texts) / sizeof(inline_texts[0]))

static bool
has_own_stamp(const struct merged *m, int i)
{
	return m->text[i].len > 0 &&
	       stamp_cmp(&m->stamp[i], &m->stamp[EV_MESSAGE]) != 0;
}

static void
write_stamp(struct wbuf *w, const struct merged *m, int i)
{
	write_u8(w, m->stamp[i].standing);
	if (i != EV_MESSAGE)
		write_u8(w, m->stamp[i].rank);
	write_uvar(w, m->stamp[i].tokens);
	write_svar(w, m->stamp[i].ts_ms - m->ts_ms);
	write_be64(w, m->stamp[i].tie);
}

static void
read_stamp(struct rbuf *r, struct merged *m, int i, uint8_t version)
{
	m->stamp[i].standing = read_u8(r);
	/* In version 1 all texts were of the record's own rank. */
	m->stamp[i].rank =
	    i == EV_MESSAGE || version < 2 ? m->rank : read_u8(r);
	m->stamp[i].tokens = read_uvar(r);
	/* Unsigned, so that a damaged record cannot overflow. */
	m->stamp[i].ts_ms =
	    (int64_t)((uint64_t)read_svar(r) + (uint64_t)m->ts_ms);
	m->stamp[i].tie = read_be64(r);
}

static void
write_counts(struct wbuf *w, const struct merged *m)
{
	uint64_t mask = 0;
	int i;

	for (i = 0; i < EV_COUNTS; i++)
		mask |= (uint64_t)(m->count[i] != 0) << i;
	write_uvar(w, mask);
	for (i = 0; i < EV_COUNTS; i++)
		if (m->count[i] != 0)
			write_uvar(w, m->count[i]);
}

static void
read_counts(struct rbuf *r, struct merged *m)
{
	uint64_t mask = read_uvar(r);
	int i;

	if (mask >> EV_COUNTS != 0)
		r->failed = true;
	for (i = 0; i < EV_COUNTS; i++)
		if (mask >> i & 1)
			m->count[i] = read_uvar(r);
}

static void
write_texts(struct wbuf *w, const struct merged *m)
{
	uint8_t mask = 0;
	size_t i;

	write_text(w, m->text[EV_MESSAGE]);
	for (i = 0; i < NINLINE; i++)
		mask |= (uint8_t)((m->text[inline_texts[i]].len > 0) << i);
	write_u8(w, mask);
	for (i = 0; i < NINLINE; i++)
		if (mask >> i & 1)
			write_text(w, m->text[inline_texts[i]]);
}

static void
read_texts(struct rbuf *r, struct merged *m)
{
	uint8_t mask;
	size_t i;

	m->text[EV_MESSAGE] = read_text(r);
	mask = read_u8(r);
	if (mask >> NINLINE != 0 || m->text[EV_MESSAGE].len == 0)
		r->failed = true;
	for (i = 0; i < NINLINE; i++)
		if (mask >> i & 1)
			m->text[inline_texts[i]] = read_text(r);
	for (i = 0; i < EV_TEXTS; i++)
		if (m->text[i].len > LIMIT_TEXT)
			r->failed = true;
}

static void
write_stamps(struct wbuf *w, const struct merged *m)
{
	uint64_t mask = 0;
	int i;

	for (i = EV_MESSAGE + 1; i < EV_TEXTS; i++)
		mask |= (uint64_t)has_own_stamp(m, i) << i;
	write_uvar(w, mask);
	for (i = EV_MESSAGE + 1; i < EV_TEXTS; i++)
		if (mask >> i & 1)
			write_stamp(w, m, i);
}

/* Texts without a stamp of their own have the owner's. */
static void
read_stamps(struct rbuf *r, struct merged *m, bool has_own, uint8_t version)
{
	uint64_t mask = has_own ? read_uvar(r) : 0;
	int i;

	if (mask >> EV_TEXTS != 0)
		r->failed = true;
	for (i = EV_MESSAGE + 1; i < EV_TEXTS; i++)
		if (mask >> i & 1)
			read_stamp(r, m, i, version);
		else
			m->stamp[i] = m->stamp[EV_MESSAGE];
}

static void
write_price(struct wbuf *w, const struct pricing *p)
{
	write_uvar(w, p->code);
	if (p->code != 0)
		write_svar(w, p->cost_pico);
	write_be32(w, p->key);
}

static void
read_price(struct rbuf *r, struct pricing *p)
{
	p->code = read_uvar(r);
	if (p->code != 0)
		p->cost_pico = read_svar(r);
	p->key = read_be32(r);
}

static void
write_pruned(struct wbuf *w, const struct record *r)
{
	write_be64(w, r->revision);
	write_uvar(w, r->dims);
	write_uvar(w, r->session);
	write_text(w, r->m.text[EV_MESSAGE]);
	write_text(w, r->m.text[EV_CALL]);
	write_text(w, r->m.text[EV_REQUEST]);
}

void
record_write(struct wbuf *w, const struct record *r)
{
	const struct merged *m = &r->m;
	bool own = false;
	int i;

	write_u8(w, RECORD_VERSION);
	write_u8(w, r->is_forward  ? KIND_FORWARD
		    : r->is_pruned ? KIND_PRUNED
				   : KIND_EVENT);
	if (r->is_pruned) {
		write_pruned(w, r);
		return;
	}
	if (r->is_forward) {
		write_uvar(w, r->forward);
		write_be64(w, r->revision);
		return;
	}
	for (i = EV_MESSAGE + 1; i < EV_TEXTS; i++)
		own = own || has_own_stamp(m, i);
	write_uvar(w, (m->is_void ? FLAG_VOID : 0) |
			  (m->has_cost ? FLAG_COST : 0) |
			  (own ? FLAG_STAMPS : 0));
	write_u8(w, m->rank);
	write_be64(w, r->revision);
	write_uvar(w, r->day);
	write_uvar(w, r->dims);
	write_uvar(w, r->session);
	write_uvar(w, (uint64_t)m->ts_ms);
	write_counts(w, m);
	if (m->has_cost)
		write_svar(w, m->cost_pico);
	write_stamp(w, m, EV_MESSAGE);
	write_texts(w, m);
	if (own)
		write_stamps(w, m);
	write_price(w, &r->price);
}

static uint32_t
read_u32(struct rbuf *r)
{
	uint64_t v = read_uvar(r);

	if (v > UINT32_MAX)
		r->failed = true;
	return (uint32_t)v;
}

static void
read_event(struct rbuf *b, struct record *r, uint8_t version)
{
	uint64_t flags = read_uvar(b);
	struct merged *m = &r->m;

	if (flags > (FLAG_VOID | FLAG_COST | FLAG_STAMPS))
		b->failed = true;
	m->is_void = flags & FLAG_VOID;
	m->has_cost = flags & FLAG_COST;
	m->rank = read_u8(b);
	r->revision = read_be64(b);
	r->day = read_u32(b);
	r->dims = read_u32(b);
	r->session = read_u32(b);
	m->ts_ms = (int64_t)read_uvar(b);
	read_counts(b, m);
	if (m->has_cost)
		m->cost_pico = read_svar(b);
	read_stamp(b, m, EV_MESSAGE, version);
	read_texts(b, m);
	read_stamps(b, m, flags & FLAG_STAMPS, version);
}

static void
read_pruned(struct rbuf *b, struct record *r)
{
	static const enum event_text texts[] = { EV_MESSAGE, EV_CALL,
		EV_REQUEST };
	size_t i;

	r->revision = read_be64(b);
	r->dims = read_u32(b);
	r->session = read_u32(b);
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		r->m.text[texts[i]] = read_text(b);
		if (r->m.text[texts[i]].len > LIMIT_TEXT)
			b->failed = true;
	}
}

bool
record_read(struct span s, struct record *r)
{
	struct rbuf b;
	uint8_t version, kind;

	*r = (struct record){ 0 };
	rbuf_init(&b, s);
	version = read_u8(&b);
	kind = read_u8(&b);
	if (version < 1 || version > RECORD_VERSION || kind > KIND_PRUNED)
		return false;
	r->is_forward = kind == KIND_FORWARD;
	r->is_pruned = kind == KIND_PRUNED;
	if (r->is_pruned) {
		read_pruned(&b, r);
	} else if (r->is_forward) {
		r->forward = read_uvar(&b);
		r->revision = read_be64(&b);
	} else {
		read_event(&b, r, version);
		if (version >= 2)
			read_price(&b, &r->price);
	}
	return !b.failed && b.p == b.end;
}

uint32_t
record_session(struct span s)
{
	struct rbuf b;
	uint32_t session;

	rbuf_init(&b, s);
	read_u8(&b);
	if (read_u8(&b) != KIND_EVENT)
		return UINT32_MAX;
	read_uvar(&b); /* flags */
	read_u8(&b);   /* rank */
	read_be64(&b); /* revision */
	read_u32(&b);  /* day */
	read_u32(&b);  /* dims */
	session = read_u32(&b);
	return b.failed ? UINT32_MAX : session;
}

bool
record_forward(struct span s, uint64_t *number)
{
	struct rbuf b;

	rbuf_init(&b, s);
	read_u8(&b);
	if (read_u8(&b) != KIND_FORWARD)
		return false;
	*number = read_uvar(&b);
	return !b.failed;
}

void
record_fill(struct record *r, const struct text texts[EV_TEXTS])
{
	struct merged *m = &r->m;
	int i;

	m->text[EV_MACHINE] = texts[EV_MACHINE];
	m->text[EV_SESSION] = texts[EV_SESSION];
	for (i = DIMS_FIRST; i <= DIMS_LAST; i++)
		m->text[i] = texts[i];
	for (i = EV_MESSAGE + 1; i < EV_TEXTS; i++)
		if (m->text[i].len == 0)
			m->stamp[i] = (struct stamp){ 0 };
}

#include <string.h>

#include "collectord/ledger/billing/billed_impl.h"

#define VERSION 1

enum { HAS_AMOUNT = 1, HAS_QUANTITY = 2, INPUT_HOLDS_CACHE = 4 };

static void
write_body(struct wbuf *w, const struct bill_row *row)
{
	write_u8(w, VERSION);
	write_u8(
	    w, (uint8_t)((row->has_amount ? HAS_AMOUNT : 0) |
			 (row->has_quantity ? HAS_QUANTITY : 0) |
			 (row->input_holds_cache ? INPUT_HOLDS_CACHE : 0)));
	for (int i = 0; i < BILL_TEXTS; i++)
		write_text(w, row->text[i]);
	for (int i = 0; i < BILL_COUNTS; i++)
		write_uvar(w, row->count[i]);
	write_text(w, row->currency);
	write_money(w, row->amount);
	write_money(w, row->elsewhere);
	write_money(w, row->quantity);
}

void
bill_row_write(struct wbuf *w, const struct bill_row *row)
{
	uint8_t bytes[BILL_ROW_BYTES_MAX];
	struct wbuf body;

	wbuf_init(&body, bytes, sizeof(bytes));
	write_body(&body, row);
	w->failed = w->failed || body.failed;
	write_be32(w, row->day);
	write_be32(w, (uint32_t)body.len);
	write_bytes(w, body.p, body.len);
}

bool
bill_row_read(struct span val, struct bill_row *row)
{
	struct rbuf r;
	uint8_t flags;

	rbuf_init(&r, val);
	if (read_u8(&r) != VERSION)
		return false;
	flags = read_u8(&r);
	*row = (struct bill_row){ .has_amount = (flags & HAS_AMOUNT) != 0,
		.has_quantity = (flags & HAS_QUANTITY) != 0,
		.input_holds_cache = (flags & INPUT_HOLDS_CACHE) != 0 };
	for (int i = 0; i < BILL_TEXTS; i++)
		row->text[i] = read_text(&r);
	for (int i = 0; i < BILL_COUNTS; i++)
		row->count[i] = read_uvar(&r);
	row->currency = read_text(&r);
	row->amount = read_money(&r);
	row->elsewhere = read_money(&r);
	row->quantity = read_money(&r);
	return !r.failed;
}

struct span
bill_row_key(uint8_t *buf, uint32_t generation, uint32_t day, uint32_t n)
{
	struct wbuf w;

	wbuf_init(&w, buf, BILL_KEY_MAX);
	write_u8(&w, 'r');
	write_be32(&w, generation);
	write_be32(&w, day);
	write_be32(&w, n);
	return wbuf_span(&w);
}

struct span
bill_number_key(
    uint8_t *buf, char tag, uint32_t generation, const uint32_t *day)
{
	struct wbuf w;

	wbuf_init(&w, buf, BILL_KEY_MAX);
	write_u8(&w, (uint8_t)tag);
	write_be32(&w, generation);
	if (day != NULL)
		write_be32(&w, *day);
	return wbuf_span(&w);
}

struct span
bill_feed_key(uint8_t *buf, char tag, struct text name, struct text feed,
    const uint32_t *day)
{
	struct wbuf w;

	wbuf_init(&w, buf, BILL_KEY_MAX);
	write_u8(&w, (uint8_t)tag);
	write_bytes(&w, name.p, name.len);
	write_u8(&w, 0);
	write_bytes(&w, feed.p, feed.len);
	if (day != NULL) {
		write_u8(&w, 0);
		write_be32(&w, *day);
	}
	return wbuf_span(&w);
}

struct span
bill_state_prefix(uint8_t *buf, struct text name)
{
	return bill_feed_key(buf, 'b', name, (struct text){ 0 }, NULL);
}

bool
bill_key_begins(struct span k, struct span prefix)
{
	return k.len >= prefix.len && memcmp(k.p, prefix.p, prefix.len) == 0;
}

void
bill_day_write(struct wbuf *w, const struct bill_end *e)
{
	write_u8(w, VERSION);
	write_be32(w, e->generation);
	write_svar(w, e->at_ms);
	write_uvar(w, e->gives);
}

static struct text
read_until_0(struct rbuf *r)
{
	const uint8_t *end =
	    memchr(r->p, 0, r->p == r->end ? 0 : (size_t)(r->end - r->p));
	struct text t = { (const char *)r->p, 0 };

	if (end == NULL) {
		r->failed = true;
		return t;
	}
	t.len = (uint32_t)(end - r->p);
	r->p = end + 1;
	return t;
}

bool
bill_day_read(struct span key, struct span val, struct bill_day *d)
{
	struct rbuf k, v;

	rbuf_init(&k, key);
	rbuf_init(&v, val);
	if (read_u8(&k) != 'd')
		return false;
	d->name = read_until_0(&k);
	if (!k.failed)
		d->feed = read_until_0(&k);
	d->day = read_be32(&k);
	if (read_u8(&v) != VERSION)
		return false;
	d->generation = read_be32(&v);
	d->at_ms = read_svar(&v);
	d->gives = (uint32_t)read_uvar(&v);
	return !k.failed && !v.failed;
}

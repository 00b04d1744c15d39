#include "collectord/ledger/series.h"

#include "proto/error.h"

#define PLACE_VERSION 1
#define DIGEST_BYTES 16
#define KEY_BYTES (DIGEST_BYTES + 8)
#define PLACE_BYTES_MAX 128
/* Counts that can be totals; of EV_TOTAL see total_of. */
#define COUNTED EV_LATENCY_MS

enum { FLAG_VOID = 1, FLAG_COST = 2 };

struct series {
	uint8_t digest[DIGEST_BYTES];
	int64_t ts_ms;    /* the place of the totals it was opened with */
	int64_t floor_ms; /* the newest pruned place; 0: none */
};

/* What has a place. */
struct totals {
	uint64_t number;
	int64_t ts_ms;
	bool is_void, has_cost;
	int64_t cost_pico;
	uint64_t count[COUNTED];
};

static struct span
place_key(const struct series *s, int64_t ts_ms, uint8_t buf[KEY_BYTES])
{
	struct wbuf w;

	wbuf_init(&w, buf, KEY_BYTES);
	write_bytes(&w, s->digest, DIGEST_BYTES);
	write_be64(&w, (uint64_t)ts_ms);
	return wbuf_span(&w);
}

/* Two digests of the same: 128 bits, which are taken as unique. */
static void
digest_series(struct series *s, const struct digest_key *key,
    const struct merged *m, struct text name)
{
	uint8_t bytes[1 + 3 * (LIMIT_TEXT + 2)];
	struct wbuf w, out;

	wbuf_init(&w, bytes, sizeof(bytes));
	write_u8(&w, 's');
	write_text(&w, m->text[EV_MACHINE]);
	write_text(&w, m->text[EV_SESSION]);
	write_text(&w, name);
	wbuf_init(&out, s->digest, DIGEST_BYTES);
	write_be64(&out, digest64(key, w.p, w.len));
	write_be64(&out, digest64(key, w.p + 1, w.len - 1));
}

static int
open_series(struct writer *w, const struct merged *m, struct series *s)
{
	uint8_t buf[KEY_BYTES];
	struct text name = { 0 };
	struct span val;
	struct rbuf r;
	int rc;

	*s = (struct series){ 0 };
	event_running_place(m->text[EV_MESSAGE], &s->ts_ms, &name);
	digest_series(s, &w->key, m, name);
	rc = store_get(w->txn, TABLE_SERIES, place_key(s, 0, buf), &val);
	if (rc != 0)
		return rc == STORE_NOTFOUND ? 0 : rc;
	rbuf_init(&r, val);
	s->floor_ms = (int64_t)read_be64(&r);
	return r.failed ? -ERR_STORE : 0;
}

static struct totals
totals_of(const struct merged *m, uint64_t number, int64_t ts_ms)
{
	struct totals t = { .number = number,
		.ts_ms = ts_ms,
		.is_void = m->is_void,
		.has_cost = m->has_cost,
		.cost_pico = m->has_cost ? m->cost_pico : 0 };

	memcpy(t.count, m->count, sizeof(t.count));
	return t;
}

static void
write_totals(struct wbuf *w, const struct totals *t)
{
	uint64_t mask = 0;
	int i;

	for (i = 0; i < COUNTED; i++)
		mask |= (uint64_t)(t->count[i] != 0) << i;
	write_u8(w, PLACE_VERSION);
	write_uvar(w, t->number);
	write_u8(w, (uint8_t)((t->is_void ? FLAG_VOID : 0) |
			      (t->has_cost ? FLAG_COST : 0)));
	write_uvar(w, mask);
	for (i = 0; i < COUNTED; i++)
		if (t->count[i] != 0)
			write_uvar(w, t->count[i]);
	if (t->has_cost)
		write_svar(w, t->cost_pico);
}

static int
read_totals(struct span val, struct totals *t)
{
	struct rbuf r;
	uint64_t mask;
	uint8_t flags;
	int i;

	rbuf_init(&r, val);
	if (read_u8(&r) != PLACE_VERSION)
		return -ERR_STORE;
	t->number = read_uvar(&r);
	flags = read_u8(&r);
	t->is_void = flags & FLAG_VOID;
	t->has_cost = flags & FLAG_COST;
	mask = read_uvar(&r);
	for (i = 0; i < COUNTED; i++)
		t->count[i] = mask >> i & 1 ? read_uvar(&r) : 0;
	t->cost_pico = t->has_cost ? read_svar(&r) : 0;
	return r.failed || r.p != r.end ? -ERR_STORE : 0;
}

/* The totals at the cursor; STORE_NOTFOUND where another series is there. */
static int
read_place(
    const struct series *s, struct span key, struct span val, struct totals *t)
{
	struct rbuf r;

	if (key.len != KEY_BYTES || memcmp(key.p, s->digest, DIGEST_BYTES) != 0)
		return STORE_NOTFOUND;
	rbuf_init(
	    &r, (struct span){ (const uint8_t *)key.p + DIGEST_BYTES, 8 });
	t->ts_ms = (int64_t)read_be64(&r);
	return t->ts_ms == 0 ? STORE_NOTFOUND : read_totals(val, t);
}

/* The nearest place before a time. */
static int
seek_before(struct store_cursor *c, const struct series *s, int64_t ts_ms,
    struct totals *t)
{
	uint8_t buf[KEY_BYTES];
	struct span k, v;
	int rc = store_seek(c, place_key(s, ts_ms, buf), &k, &v);

	if (rc == 0)
		rc = store_prev(c, &k, &v);
	else if (rc == STORE_NOTFOUND)
		rc = store_last(c, &k, &v);
	return rc == 0 ? read_place(s, k, v, t) : rc;
}

/* The nearest place after a time. */
static int
seek_after(struct store_cursor *c, const struct series *s, int64_t ts_ms,
    struct totals *t)
{
	uint8_t buf[KEY_BYTES];
	struct span k, v;
	int rc = store_seek(c, place_key(s, ts_ms + 1, buf), &k, &v);

	return rc == 0 ? read_place(s, k, v, t) : rc;
}

static uint64_t
classes_of(const uint64_t *count)
{
	return count[EV_INPUT] + count[EV_CACHE_READ] + count[EV_CACHE_WRITE] +
	       count[EV_OUTPUT];
}

/* All tokens; a total that is not stated, or too small, is the classes'. */
static uint64_t
total_of(const uint64_t *count)
{
	uint64_t classes = classes_of(count);

	return count[EV_TOTAL] > classes ? count[EV_TOTAL] : classes;
}

/* Is m less than what was before it in anything it states? */
static bool
fell(const struct totals *was, const struct merged *m)
{
	int i;

	for (i = 0; i < COUNTED; i++)
		if (i != EV_TOTAL && m->count[i] < was->count[i])
			return true;
	return m->count[EV_TOTAL] > 0 &&
	       total_of(m->count) < total_of(was->count);
}

/* What m rises over, empty at first; [EV_TOTAL] is total_of. */
struct base {
	bool any;
	bool has_cost;
	int64_t cost_pico;
	uint64_t count[COUNTED];
};

static void
raise_base(struct base *b, const struct totals *t)
{
	uint64_t n;
	int i;

	b->any = true;
	for (i = 0; i < COUNTED; i++) {
		n = i == EV_TOTAL ? total_of(t->count) : t->count[i];
		if (n > b->count[i])
			b->count[i] = n;
	}
	if (t->has_cost && (!b->has_cost || t->cost_pico > b->cost_pico)) {
		b->has_cost = true;
		b->cost_pico = t->cost_pico;
	}
}

static int
find_base(struct writer *w, const struct series *s, const struct merged *m,
    struct base *b)
{
	struct store_cursor *c;
	struct span k, v;
	struct totals t;
	int n, rc = store_cursor_open(w->txn, TABLE_SERIES, &c);

	*b = (struct base){ 0 };
	if (rc != 0)
		return rc;
	rc = seek_before(c, s, s->ts_ms, &t);
	for (n = 0; rc == 0; n++) {
		if (t.is_void && n == SERIES_VOIDS_MAX)
			break;
		if (!fell(&t, m))
			raise_base(b, &t);
		if (!t.is_void)
			break;
		rc = store_prev(c, &k, &v);
		if (rc == 0)
			rc = read_place(s, k, v, &t);
	}
	store_cursor_close(c);
	return rc == STORE_NOTFOUND ? 0 : rc;
}

static void
take_base(struct merged *rise, const struct base *b)
{
	uint64_t total = total_of(rise->count);
	int i;

	for (i = 0; i < COUNTED; i++)
		if (i != EV_TOTAL)
			rise->count[i] -= b->count[i];
	if (rise->count[EV_TOTAL] > 0)
		rise->count[EV_TOTAL] = total - b->count[EV_TOTAL];
	if (!b->any || !rise->has_cost)
		return;
	rise->has_cost = b->has_cost && rise->cost_pico >= b->cost_pico;
	rise->cost_pico = rise->has_cost ? rise->cost_pico - b->cost_pico : 0;
}

static bool
is_any(const struct merged *m)
{
	int i;

	for (i = 0; i < COUNTED; i++)
		if (m->count[i] > 0)
			return true;
	return m->has_cost && m->cost_pico > 0;
}

int
series_rise(
    struct writer *w, const struct merged *m, struct merged *rise, bool *adds)
{
	struct series s;
	struct base b;
	int rc = open_series(w, m, &s);

	*rise = *m;
	*adds = false;
	if (rc == 0)
		rc = find_base(w, &s, m, &b);
	if (rc != 0)
		return rc;
	take_base(rise, &b);
	if (s.ts_ms <= s.floor_ms) {
		memset(rise->count, 0, COUNTED * sizeof(rise->count[0]));
		rise->cost_pico = 0;
	}
	*adds = !m->is_void && is_any(rise);
	return 0;
}

int
series_sums(struct writer *w, const struct record *rec, struct sums *s)
{
	struct merged rise;
	bool adds;
	int rc;

	if (!series_has(&rec->m)) {
		pricing_sums(&rec->m, &rec->price, s);
		return 0;
	}
	*s = (struct sums){ 0 };
	rc = series_rise(w, &rec->m, &rise, &adds);
	if (rc == 0 && adds)
		pricing_sums(&rise, &rec->price, s);
	return rc;
}

int
series_put(struct writer *w, uint64_t number, const struct merged *m)
{
	uint8_t key[KEY_BYTES], bytes[PLACE_BYTES_MAX];
	struct totals t;
	struct series s;
	struct wbuf b;
	int rc;

	if (!series_has(m))
		return 0;
	rc = open_series(w, m, &s);
	if (rc != 0 || s.ts_ms <= s.floor_ms)
		return rc;
	t = totals_of(m, number, s.ts_ms);
	wbuf_init(&b, bytes, sizeof(bytes));
	write_totals(&b, &t);
	if (b.failed)
		return -ERR_STORE;
	return store_put(
	    w->txn, TABLE_SERIES, place_key(&s, s.ts_ms, key), wbuf_span(&b));
}

/* The nearest after m that are not void; number 0: none that sees m. */
static int
find_next(struct writer *w, const struct series *s, uint64_t *number)
{
	struct store_cursor *c;
	struct span k, v;
	struct totals t;
	int n, rc = store_cursor_open(w->txn, TABLE_SERIES, &c);

	*number = 0;
	if (rc != 0)
		return rc;
	rc = seek_after(c, s, s->ts_ms, &t);
	for (n = 0; rc == 0 && n <= SERIES_VOIDS_MAX; n++) {
		if (!t.is_void) {
			*number = t.number;
			break;
		}
		rc = store_next(c, &k, &v);
		if (rc == 0)
			rc = read_place(s, k, v, &t);
	}
	store_cursor_close(c);
	return rc == STORE_NOTFOUND ? 0 : rc;
}

int
series_take_next(
    struct writer *w, const struct merged *m, struct series_next *next)
{
	struct series s;
	int rc;

	next->number = 0;
	if (!series_has(m))
		return 0;
	rc = open_series(w, m, &s);
	if (rc != 0 || s.ts_ms <= s.floor_ms)
		return rc;
	rc = find_next(w, &s, &next->number);
	if (rc != 0 || next->number == 0)
		return rc;
	rc = writer_load(w, &next->number, &next->rec);
	return rc == 0 ? writer_note(w, &next->rec, -1) : rc;
}

int
series_put_next(struct writer *w, struct series_next *next)
{
	struct pricing *p = &next->rec.price, before = *p;
	int rc;

	if (next->number == 0)
		return 0;
	rc = pricing_update(w, &next->rec.m, false, p);
	if (rc == 0 &&
	    (p->code != before.code || p->cost_pico != before.cost_pico))
		rc = writer_save(w, next->number, &next->rec, false);
	return rc == 0 ? writer_note(w, &next->rec, 1) : rc;
}

/* The place after *ts_ms, which becomes its time. */
static int
step(struct writer *w, const struct series *s, int64_t *ts_ms, uint64_t *number)
{
	struct store_cursor *c;
	struct totals t;
	int rc = store_cursor_open(w->txn, TABLE_SERIES, &c);

	if (rc != 0)
		return rc;
	rc = seek_after(c, s, *ts_ms, &t);
	store_cursor_close(c);
	if (rc == 0) {
		*ts_ms = t.ts_ms;
		*number = t.number;
	}
	return rc;
}

static int
put_floor(struct writer *w, const struct series *s, int64_t ts_ms)
{
	uint8_t key[KEY_BYTES], val[8];
	struct wbuf b;

	wbuf_init(&b, val, sizeof(val));
	write_be64(&b, (uint64_t)ts_ms);
	return store_put(
	    w->txn, TABLE_SERIES, place_key(s, 0, key), wbuf_span(&b));
}

int
series_pass(struct writer *w, const struct merged *m, int64_t before_ms,
    size_t most, int (*each)(void *arg, uint64_t number, struct record *rec),
    void *arg, enum series_passed *how)
{
	struct record rec;
	struct series s;
	uint64_t number;
	int64_t at, passed = 0;
	int rc = open_series(w, m, &s);

	*how = SERIES_WITHOUT_IT;
	if (rc != 0 || s.ts_ms <= s.floor_ms)
		return rc;
	*how = SERIES_PASSED;
	for (at = s.floor_ms;;) {
		rc = step(w, &s, &at, &number);
		if (rc != 0 || at >= before_ms)
			break;
		if (most-- == 0) {
			*how = SERIES_NOT_YET;
			break;
		}
		rc = writer_load(w, &number, &rec);
		if (rc == 0)
			rc = each(arg, number, &rec);
		if (rc != 0)
			break;
		passed = at;
	}
	if (rc < 0 || passed == 0)
		return rc < 0 ? rc : 0;
	return put_floor(w, &s, passed);
}

static bool
is_same(const struct totals *a, const struct totals *b)
{
	return a->number == b->number && a->is_void == b->is_void &&
	       a->has_cost == b->has_cost && a->cost_pico == b->cost_pico &&
	       memcmp(a->count, b->count, sizeof(a->count)) == 0;
}

int
series_find(struct writer *w, uint64_t number, const struct merged *m,
    enum series_place *place)
{
	uint8_t key[KEY_BYTES];
	struct totals want, t;
	struct series s;
	struct span val;
	int rc = open_series(w, m, &s);

	if (rc != 0)
		return rc;
	*place = SERIES_LATE;
	if (s.ts_ms <= s.floor_ms)
		return 0;
	want = totals_of(m, number, s.ts_ms);
	rc = store_get(w->txn, TABLE_SERIES, place_key(&s, s.ts_ms, key), &val);
	*place = SERIES_MISSING;
	if (rc == STORE_NOTFOUND)
		return 0;
	if (rc == 0)
		rc = read_totals(val, &t);
	*place = rc == 0 && is_same(&t, &want) ? SERIES_FOUND : SERIES_DIFFERS;
	return rc;
}

/* One row; places that are not pruned come after their series' floor. */
static int
count_one(struct series *s, struct span key, struct span val, uint64_t *n)
{
	struct totals t;
	struct rbuf r;
	int rc;

	if (key.len != KEY_BYTES)
		return -ERR_STORE;
	if (memcmp(key.p, s->digest, DIGEST_BYTES) != 0)
		s->floor_ms = 0;
	memcpy(s->digest, key.p, DIGEST_BYTES);
	rc = read_place(s, key, val, &t);
	if (rc == STORE_NOTFOUND) {
		rbuf_init(&r, val);
		s->floor_ms = (int64_t)read_be64(&r);
		return 0;
	}
	*n += rc == 0 && t.ts_ms > s->floor_ms;
	return rc;
}

int
series_count(struct writer *w, uint64_t *n)
{
	struct store_cursor *c;
	struct series s = { 0 };
	struct span k, v;
	int rc = store_cursor_open(w->txn, TABLE_SERIES, &c);

	*n = 0;
	if (rc != 0)
		return rc;
	rc = store_seek(c, (struct span){ "", 1 }, &k, &v);
	while (rc == 0) {
		rc = count_one(&s, k, v, n);
		if (rc == 0)
			rc = store_next(c, &k, &v);
	}
	store_cursor_close(c);
	return rc == STORE_NOTFOUND ? 0 : rc;
}

#include <math.h>
#include <stdlib.h>

#include "proto/codec.h"
#include "tests/unit/proto/golden.h"

#define NOW_MS 1778580600000ll
#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

/* --- Golden bytes -------------------------------------------------------- */

static void
expect_golden(const char *name, const struct packer *k)
{
	struct golden g;
	size_t same = 0;

	golden_get(name, &g);
	cr_assert_not(k->failed, "%s does not pack", name);
	while (same < k->len && same < g.len &&
	       (uint8_t)k->p[same] == g.bytes[same])
		same++;
	cr_expect_eq(
	    k->len, g.len, "%s: %zu bytes, not %zu", name, k->len, g.len);
	cr_expect(same == g.len, "%s: byte %zu differs", name, same);
}

static struct request
request_of(const struct golden *g)
{
	struct request rq;
	struct error err = { .code = ERR_NONE };

	cr_assert_eq(unpack_request(g->bytes, g->len, &rq, &err), 0, "%s: %s",
	    g->name, err.message);
	return rq;
}

static struct put *
put_of(struct wire_cursor params)
{
	struct error err = { .code = ERR_NONE };
	struct put *p = NULL;

	cr_assert_eq(unpack_put(params, NOW_MS, &p, &err), 0, "refused: %s %s",
	    error_name(err.code), err.message);
	return p;
}

static void
expect_repacked(const char *name, uint32_t msgid)
{
	struct packer k = { .max = 0 };
	struct golden g;
	struct request rq;
	struct put *p;

	golden_get(name, &g);
	rq = request_of(&g);
	cr_expect(text_is(rq.method, "put"), "%s: method %.*s", name,
	    (int)rq.method.len, rq.method.p);
	cr_expect_eq(
	    rq.msgid, msgid, "%s: id %u, not %u", name, rq.msgid, msgid);
	p = put_of(rq.params);
	cr_expect_eq(p->nrejects, 0, "%s: refused %s", name,
	    p->nrejects > 0 ? p->rejects[0].error.message : "");
	pack_put(&k, msgid, p->events, p->nevents, p->cursors, p->ncursors);
	expect_golden(name, &k);
	put_free(p);
	packer_free(&k);
}

Test(codec, a_put_unpacks_and_packs_to_the_same_bytes, .timeout = 30)
{
	expect_repacked("put_full", 2);
	expect_repacked("put_minimal_and_cursor", UINT32_MAX);
}

static void
expect_count(const struct event *ev, enum event_count which, uint64_t want)
{
	cr_expect_eq(ev->count[which], want, "%s is %llu, not %llu",
	    event_count_names[which], (unsigned long long)ev->count[which],
	    (unsigned long long)want);
}

static void
expect_text(const struct event *ev, enum event_text which, const char *want)
{
	cr_expect(text_is(ev->text[which], want), "%s is \"%.*s\", not \"%s\"",
	    event_text_names[which], (int)ev->text[which].len,
	    ev->text[which].p, want);
}

Test(codec, every_field_of_an_event_arrives, .timeout = 30)
{
	struct golden g;
	const struct event *ev;
	struct put *p;

	golden_get("put_full", &g);
	p = put_of(request_of(&g).params);
	cr_assert_eq(p->nevents, 1, "%zu events, not 1", p->nevents);
	ev = &p->events[0];
	expect_text(ev, EV_MACHINE, "m-1");
	expect_text(ev, EV_PARENT_SESSION, "s-0");
	expect_text(ev, EV_SOURCE, "hook");
	expect_count(ev, EV_INPUT, 1200);
	expect_count(ev, EV_CACHE_WRITE_1H, 1000);
	expect_count(ev, EV_LATENCY_MS, 5321);
	expect_count(ev, EV_OUTCOME, OUTCOME_OK);
	cr_expect_eq(ev->ts_ms, 1778580000123, "ts %lld", (long long)ev->ts_ms);
	cr_expect(ev->has_cost && ev->cost_pico == 423900000000, "cost %lld",
	    (long long)ev->cost_pico);
	cr_expect(ev->copied && ev->is_void, "copied %d, void %d", ev->copied,
	    ev->is_void);
	cr_expect_eq(ev->rank, 2, "rank %d, not 2", ev->rank);
	put_free(p);
}

Test(codec, running_totals_travel_without_a_message, .timeout = 30)
{
	struct packer k = { 0 }, again = { 0 };
	struct request rq;
	struct event ev;
	struct put *p;

	event_init(&ev);
	ev.text[EV_SESSION] = TEXT("s");
	ev.ts_ms = 1778580000123;
	ev.running = true;
	pack_put(&k, 7, &ev, 1, NULL, 0);
	cr_assert_eq(unpack_request(k.p, k.len, &rq, NULL), 0, "no request");
	p = put_of(rq.params);
	cr_assert_eq(p->nevents, 1, "refused: %s",
	    p->nrejects > 0 ? p->rejects[0].error.message : "");
	cr_expect(p->events[0].running, "no running totals any more");
	cr_expect_eq(p->events[0].text[EV_MESSAGE].len, 0, "a message: %.*s",
	    (int)p->events[0].text[EV_MESSAGE].len,
	    p->events[0].text[EV_MESSAGE].p);
	pack_put(&again, 7, p->events, 1, NULL, 0);
	cr_expect(again.len == k.len && memcmp(again.p, k.p, k.len) == 0,
	    "%zu other bytes than %zu", again.len, k.len);
	put_free(p);
	packer_free(&k);
	packer_free(&again);
}

Test(codec, a_put_outlives_its_message, .timeout = 30)
{
	struct golden g;
	struct put *p;

	golden_get("put_minimal_and_cursor", &g);
	p = put_of(request_of(&g).params);
	memset(g.bytes, 0xc1, sizeof(g.bytes));
	expect_text(&p->events[0], EV_SESSION, "s-1");
	cr_assert_eq(p->ncursors, 1, "%zu cursors, not 1", p->ncursors);
	cr_expect(text_is(p->cursors[0].name, "claude:/home/u/a.jsonl"),
	    "name \"%.*s\"", (int)p->cursors[0].name.len, p->cursors[0].name.p);
	cr_expect_eq(p->cursors[0].value.len, 4, "%u bytes, not 4",
	    p->cursors[0].value.len);
	cr_expect_eq(p->events[0].ts_ms, 0, "an absent ts is %lld",
	    (long long)p->events[0].ts_ms);
	cr_expect_eq(p->events[0].rank, EVENT_RANK_DEFAULT, "rank %d",
	    p->events[0].rank);
	put_free(p);
}

Test(codec, hello_and_a_notification_are_golden, .timeout = 30)
{
	struct packer k = { .max = 0 };
	struct golden g;
	struct request rq;
	struct value v;

	pack_request(&k, 1, "hello");
	pack_map(&k, 2);
	pack_str(&k, "client");
	pack_str(&k, "tt-send");
	pack_str(&k, "version");
	pack_str(&k, "0.1.0");
	expect_golden("hello_request", &k);
	packer_clear(&k);
	pack_notification(&k, "status");
	pack_map(&k, 0);
	expect_golden("notification", &k);
	packer_free(&k);

	golden_get("hello_request", &g);
	rq = request_of(&g);
	cr_expect(unpack_member(rq.params, "version", &v), "no version");
	cr_expect(text_is(v.text, "0.1.0"), "version %.*s", (int)v.text.len,
	    v.text.p);
	golden_get("notification", &g);
	rq = request_of(&g);
	cr_expect(rq.is_notification, "is_notification is %d, not 1",
	    rq.is_notification);
}

Test(codec, any_reply_can_be_read_by_member, .timeout = 30)
{
	struct golden g;
	struct reply r;
	struct value limits, v;

	golden_get("hello_reply", &g);
	cr_assert_eq(unpack_reply(g.bytes, g.len, &r), 0, "no reply");
	cr_expect(!r.is_error && r.msgid == 1, "error %d, id %u", r.is_error,
	    r.msgid);
	cr_assert(unpack_member(r.result, "autostarted", &v), "no autostarted");
	cr_expect(v.type == VALUE_BOOL && !v.b, "type %d, %d", v.type, v.b);
	cr_expect(unpack_member(r.result, "features", &v), "no features");
	cr_expect(
	    v.type == VALUE_ARRAY && v.n == 2, "type %d of %u", v.type, v.n);
	cr_expect_not(unpack_member(r.result, "nothing", &v), "nothing found");
	cr_assert(unpack_member(r.result, "limits", &limits), "no limits");
	cr_assert_eq(limits.type, VALUE_MAP, "type %d", limits.type);
	cr_expect_eq(limits.n, 6, "%u limits, not 6", limits.n);
	cr_assert(unpack_member(limits.at, "depth", &v), "no depth");
	cr_expect_eq(v.u64, 8, "depth %llu, not 8", (unsigned long long)v.u64);
}

/* Copies a value to the packer as it was read. */
static void
pack_again(struct packer *k, struct wire_cursor *c)
{
	struct value v;

	cr_assert_eq(unpack_value(c, &v), 0, "no value");
	if (v.type == VALUE_ARRAY)
		pack_array(k, v.n);
	else if (v.type == VALUE_MAP)
		pack_map(k, v.n);
	else if (v.type == VALUE_TEXT)
		pack_text(k, v.text);
	else if (v.type == VALUE_U64)
		pack_u64(k, v.u64);
	else if (v.type == VALUE_BOOL)
		pack_bool(k, v.b);
	else
		pack_nil(k);
	while (v.rest.p != v.rest.end)
		pack_again(k, &v.rest);
}

Test(codec, replies_are_canonical, .timeout = 30)
{
	static const char *const names[] = { "hello_reply",
		"put_reply_with_reject", "report_reply", "error_reply" };
	struct golden g;

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct packer k = { .max = 0 };
		struct wire_cursor c;

		golden_get(names[i], &g);
		c = (struct wire_cursor){ g.bytes, g.bytes + g.len };
		pack_again(&k, &c);
		expect_golden(names[i], &k);
		packer_free(&k);
	}
}

static void
note_reject(void *arg, uint32_t index, const struct error *e)
{
	struct put_reject **next = arg;

	*(*next)++ = (struct put_reject){ index, *e };
}

Test(codec, a_put_reply_tells_what_was_refused, .timeout = 30)
{
	struct put_reject rejects[2] = {
		{ 3, { .code = ERR_INCONSISTENT,
			 .field = "reasoning",
			 .message = "subset larger than its set" } },
		{ 9, { .code = ERR_BAD_TYPE, .message = "an event is a map" } },
	};
	struct put put = { .rejects = rejects,
		.nrejects = 2,
		.stored = 1,
		.merged = 2,
		.unchanged = 300 };
	struct put_reject got[2], *next = got;
	struct packer k = { .max = 0 };
	struct put_counts n;
	struct reply r;

	pack_put_result(&k, 2, &put);
	expect_golden("put_reply_with_reject", &k);
	cr_assert_eq(unpack_reply(k.p, k.len, &r), 0, "no reply");
	cr_assert_eq(unpack_put_result(r.result, &n, note_reject, &next), 0,
	    "no result");
	cr_expect(n.stored == 1 && n.merged == 2 && n.unchanged == 300,
	    "%llu %llu %llu", (unsigned long long)n.stored,
	    (unsigned long long)n.merged, (unsigned long long)n.unchanged);
	cr_assert_eq(n.rejected, 2, "%llu refused, not 2",
	    (unsigned long long)n.rejected);
	cr_expect_eq(got[0].index, 3, "index %u, not 3", got[0].index);
	cr_expect_str_eq(
	    got[0].error.field, "reasoning", "field %s", got[0].error.field);
	cr_expect_eq(got[1].error.code, ERR_BAD_TYPE, "code %s",
	    error_name(got[1].error.code));
	cr_expect_null(got[1].error.field, "a field where none was");
	cr_expect_str_eq(got[1].error.message, "an event is a map", "\"%s\"",
	    got[1].error.message);
	packer_free(&k);
}

Test(codec, an_error_reply_arrives_as_sent, .timeout = 30)
{
	struct error e = { .code = ERR_TOO_LARGE,
		.field = "edges",
		.message = "20002 edges, the limit is 20001" };
	struct packer k = { .max = 0 };
	struct reply r;

	pack_error(&k, 5, &e);
	expect_golden("error_reply", &k);
	cr_assert_eq(unpack_reply(k.p, k.len, &r), 0, "no reply");
	cr_expect(
	    r.is_error && r.msgid == 5, "error %d, id %u", r.is_error, r.msgid);
	cr_expect_eq(r.error.code, e.code, "code %s", error_name(r.error.code));
	cr_expect_str_eq(r.error.field, e.field, "field %s", r.error.field);
	cr_expect_str_eq(r.error.message, e.message, "\"%s\"", r.error.message);
	packer_free(&k);
}

Test(codec, a_message_cut_inside_a_character_goes_out_whole, .timeout = 30)
{
	struct error e = { .code = ERR_BAD_TEXT, .message = "ab\xe4\xb8" };
	struct packer k = { .max = 0 };
	struct reply r;

	pack_error(&k, 1, &e);
	cr_assert_eq(unpack_reply(k.p, k.len, &r), 0, "no reply");
	cr_expect_str_eq(r.error.message, "ab", "\"%s\"", r.error.message);
	packer_free(&k);
}

/* --- Reports ------------------------------------------------------------- */

Test(codec, a_report_unpacks_and_packs_to_the_same_bytes, .timeout = 30)
{
	struct error err = { .code = ERR_NONE };
	struct packer k = { .max = 0 };
	struct report_query q;
	struct golden g;

	golden_get("report_request", &g);
	cr_assert_eq(unpack_report(request_of(&g).params, &q, &err), 0, "%s",
	    err.message);
	cr_expect_eq(q.nedges, 3, "%zu edges, not 3", q.nedges);
	cr_expect(q.nby == 2 && q.by[1] == KEY_SESSION, "%zu keys, %d", q.nby,
	    q.by[1]);
	cr_expect(q.nfilter == 2 && q.filter[1].key == KEY_AGENT,
	    "%zu filters, %d", q.nfilter, q.filter[1].key);
	cr_expect(q.want_sessions, "want_sessions is %d", q.want_sessions);
	pack_report(&k, 3, &q);
	expect_golden("report_request", &k);
	free(q.edges);
	packer_free(&k);
}

static struct report_row
golden_row(void)
{
	static const uint64_t n[SUM_COUNTS] = { 2, 0, 1, 1200, 90000, 3000,
		1000, 700, 128, 50, 94950, 2 };
	struct report_row row = { .period = 0, .sessions = 1 };

	row.key[0] = TEXT("claude-sonnet-4-5");
	row.key[1] = TEXT("s-1");
	memcpy(row.sums.n, n, sizeof(n));
	row.sums.cost = 423900000000;
	return row;
}

static void
pack_golden_report(struct packer *k)
{
	struct report_row one = golden_row(),
			  two = { .period = 1, .sessions = 1 };

	two.key[1] = TEXT("s-2");
	two.sums.n[SUM_CALLS] = 1;
	pack_result(k, 3);
	pack_map(k, 5);
	pack_str(k, "columns");
	pack_array(k, SUM_COUNTS);
	for (int i = 0; i < SUM_COUNTS; i++)
		pack_str(k, sum_names[i]);
	pack_str(k, "rows");
	pack_array(k, 2);
	pack_row(k, &one, 2);
	pack_row(k, &two, 2);
	pack_str(k, "total");
	one.sums.n[SUM_CALLS] = 3;
	pack_total(k, &one.sums, 2);
	pack_str(k, "more");
	pack_bool(k, true);
	pack_str(k, "token");
	pack_u64(k, 7);
}

Test(codec, rows_and_totals_arrive_as_sent, .timeout = 30)
{
	struct packer k = { .max = 0 };
	struct report_row row, want = golden_row();
	struct sums total;
	uint64_t sessions;
	struct reply r;
	struct value v;

	pack_golden_report(&k);
	expect_golden("report_reply", &k);
	cr_assert_eq(unpack_reply(k.p, k.len, &r), 0, "no reply");
	cr_assert(unpack_member(r.result, "rows", &v), "no rows");
	cr_assert_eq(unpack_row(&v.rest, 2, &row), 0, "no first row");
	cr_expect(text_eq(row.key[0], want.key[0]), "key %.*s",
	    (int)row.key[0].len, row.key[0].p);
	cr_expect_arr_eq(row.sums.n, want.sums.n, sizeof(want.sums.n),
	    "calls %llu", (unsigned long long)row.sums.n[SUM_CALLS]);
	cr_expect(row.sums.cost == want.sums.cost, "cost %lld",
	    (long long)row.sums.cost);
	cr_assert_eq(unpack_row(&v.rest, 2, &row), 0, "no second row");
	cr_expect_eq(row.period, 1, "period %u, not 1", row.period);
	cr_expect_eq(unpack_row(&v.rest, 2, &row), -1, "a third row");
	cr_assert(unpack_member(r.result, "total", &v), "no total");
	cr_assert_eq(unpack_total(&v.at, &total, &sessions), 0, "no total");
	cr_expect(total.n[SUM_CALLS] == 3 && sessions == 2,
	    "%llu calls, %llu sessions", (unsigned long long)total.n[SUM_CALLS],
	    (unsigned long long)sessions);
	packer_free(&k);
}

Test(codec, a_row_of_other_keys_than_asked_is_refused, .timeout = 30)
{
	struct report_row row = golden_row(), got;
	struct packer k = { .max = 0 };
	struct wire_cursor c;

	pack_row(&k, &row, 2);
	c = (struct wire_cursor){ (uint8_t *)k.p, (uint8_t *)k.p + k.len };
	cr_expect_eq(unpack_row(&c, 1, &got), -1, "two keys for one");
	c.p = (uint8_t *)k.p;
	cr_expect_eq(unpack_row(&c, REPORT_KEYS + 1, &got), -1, "too many");
	packer_free(&k);
}

static void
expect_no_report(struct packer *k, enum error_code want, const char *field)
{
	struct wire_cursor c = { (uint8_t *)k->p, (uint8_t *)k->p + k->len };
	struct error err = { .code = ERR_NONE };
	struct report_query q;

	cr_expect_eq(unpack_report(c, &q, &err), -1, "accepted, not %s",
	    error_name(want));
	cr_expect_eq(err.code, want, "%s: \"%s\", not %s", error_name(err.code),
	    err.message, error_name(want));
	cr_expect_str_eq(
	    err.field, field, "field %s, not %s", err.field, field);
	cr_expect_null(q.edges, "edges are left behind");
	packer_clear(k);
}

static void
pack_edges(struct packer *k, uint32_t members, uint64_t from, uint64_t step,
    uint32_t n)
{
	pack_map(k, members);
	pack_str(k, "edges");
	pack_array(k, n);
	for (uint32_t i = 0; i < n; i++)
		pack_u64(k, from + i * step);
}

Test(codec, impossible_reports_are_refused, .timeout = 30)
{
	struct packer k = { .max = 0 };

	pack_map(&k, 0);
	expect_no_report(&k, ERR_BAD_PARAMS, "edges");
	pack_edges(&k, 1, 0, 900000, 1);
	expect_no_report(&k, ERR_BAD_PARAMS, "edges");
	pack_edges(&k, 1, 900000, 0, 2);
	expect_no_report(&k, ERR_BAD_PARAMS, "edges");
	pack_edges(&k, 1, 0, 900001, 2);
	expect_no_report(&k, ERR_BAD_PARAMS, "edges");
	pack_edges(&k, 1, 0, 900000, LIMIT_REPORT_EDGES + 1);
	expect_no_report(&k, ERR_TOO_LARGE, "edges");
	pack_edges(&k, 2, 0, 900000, 2);
	pack_str(&k, "by");
	pack_array(&k, 2);
	pack_str(&k, "model");
	pack_str(&k, "model");
	expect_no_report(&k, ERR_BAD_PARAMS, "by");
	pack_edges(&k, 2, 0, 900000, 2);
	pack_str(&k, "by");
	pack_array(&k, 1);
	pack_str(&k, "colour");
	expect_no_report(&k, ERR_BAD_PARAMS, "by");
	pack_edges(&k, 2, 0, 900000, 2);
	pack_str(&k, "filter");
	pack_array(&k, LIMIT_FILTER_PATTERNS + 1);
	for (uint32_t i = 0; i <= LIMIT_FILTER_PATTERNS; i++)
		pack_nil(&k);
	expect_no_report(&k, ERR_TOO_LARGE, "filter");
	pack_edges(&k, 2, 0, 900000, 2);
	pack_str(&k, "filter");
	pack_array(&k, 1);
	pack_str(&k, "model");
	expect_no_report(&k, ERR_BAD_PARAMS, "filter");
	packer_free(&k);
}

/* --- The types of an event's fields --------------------------------------- */

/* One value's bytes. */
struct raw {
	uint8_t p[64];
	size_t len;
};

static struct raw
raw_of(struct packer *k)
{
	struct raw r = { .len = k->len };

	cr_assert_leq(k->len, sizeof(r.p), "%zu bytes", k->len);
	memcpy(r.p, k->p, k->len);
	packer_free(k);
	return r;
}

static struct raw
raw_u64(uint64_t v)
{
	struct packer k = { .max = 0 };

	pack_u64(&k, v);
	return raw_of(&k);
}

static struct raw
raw_i64(int64_t v)
{
	struct packer k = { .max = 0 };

	pack_i64(&k, v);
	return raw_of(&k);
}

static struct raw
raw_str(const char *s)
{
	struct packer k = { .max = 0 };

	pack_str(&k, s);
	return raw_of(&k);
}

static struct raw
raw_bool(bool b)
{
	struct packer k = { .max = 0 };

	pack_bool(&k, b);
	return raw_of(&k);
}

static struct raw
raw_f64(double d)
{
	struct raw r = { .p = { 0xcb }, .len = 9 };
	uint64_t bits;

	memcpy(&bits, &d, sizeof(bits));
	for (int i = 0; i < 8; i++)
		r.p[1 + i] = (uint8_t)(bits >> (56 - 8 * i));
	return r;
}

static struct raw
raw_f32(float f)
{
	struct raw r = { .p = { 0xca }, .len = 5 };
	uint32_t bits;

	memcpy(&bits, &f, sizeof(bits));
	for (int i = 0; i < 4; i++)
		r.p[1 + i] = (uint8_t)(bits >> (24 - 8 * i));
	return r;
}

static const struct raw raw_map = { .p = { 0x81, 1, 2 }, .len = 3 };
static const struct raw raw_list = { .p = { 0x91, 1 }, .len = 2 };

struct bytes {
	uint8_t p[1024];
	size_t len;
};

static void
bytes_add(struct bytes *b, const void *p, size_t len)
{
	cr_assert_leq(len, sizeof(b->p) - b->len, "%zu more bytes", len);
	memcpy(b->p + b->len, p, len);
	b->len += len;
}

static void
bytes_str(struct bytes *b, const char *s)
{
	struct raw r = raw_str(s);

	bytes_add(b, r.p, r.len);
}

/* {events: [{session: s, message: m, name: value, …}]} of n further members */
static struct bytes
params_with(const char *const *names, const struct raw *values, size_t n)
{
	struct bytes b = { .len = 0 };
	uint8_t map = (uint8_t)(0x82 + n);

	bytes_add(&b, "\x81", 1);
	bytes_str(&b, "events");
	bytes_add(&b, "\x91", 1);
	bytes_add(&b, &map, 1);
	bytes_str(&b, "session");
	bytes_str(&b, "s");
	bytes_str(&b, "message");
	bytes_str(&b, "m");
	for (size_t i = 0; i < n; i++) {
		bytes_str(&b, names[i]);
		bytes_add(&b, values[i].p, values[i].len);
	}
	return b;
}

static struct put *
put_with(const char *const *names, const struct raw *values, size_t n)
{
	struct bytes b = params_with(names, values, n);

	return put_of((struct wire_cursor){ b.p, b.p + b.len });
}

static struct put *
accepted(const char *name, struct raw value)
{
	struct put *p = put_with(&name, &value, 1);

	cr_assert_eq(p->nrejects, 0, "%s refused: %s", name,
	    p->nrejects > 0 ? p->rejects[0].error.message : "");
	cr_assert_eq(p->nevents, 1, "%zu events, not 1", p->nevents);
	return p;
}

static void
expect_refused(const char *name, struct raw value, enum error_code want)
{
	struct put *p = put_with(&name, &value, 1);
	const struct error *e;

	cr_assert_eq(p->nrejects, 1, "%s: %zu refused, not 1 for %s", name,
	    p->nrejects, error_name(want));
	e = &p->rejects[0].error;
	cr_expect_eq(e->code, want, "%s: %s \"%s\", not %s", name,
	    error_name(e->code), e->message, error_name(want));
	cr_expect_str_eq(e->field, name, "field %s, not %s", e->field, name);
	cr_expect_eq(p->nevents, 0, "%zu events, not 0", p->nevents);
	put_free(p);
}

static void
expect_input(struct raw value, uint64_t want)
{
	struct put *p = accepted("input", value);

	expect_count(&p->events[0], EV_INPUT, want);
	put_free(p);
}

Test(codec, integers_come_in_any_form_that_is_one, .timeout = 30)
{
	static const struct raw int16_form = { .p = { 0xd1, 1, 0 }, .len = 3 };

	expect_input(raw_u64(0), 0);
	expect_input(raw_u64(LIMIT_TOKENS), LIMIT_TOKENS);
	expect_input(int16_form, 256);
	expect_input(raw_f64(12.0), 12);
	expect_input(raw_f32(3.0f), 3);
	expect_input(raw_f64(-0.0), 0);
	expect_input(raw_str(NULL), 0);
}

Test(codec, what_is_no_integer_is_refused_by_name, .timeout = 30)
{
	expect_refused("input", raw_f64(1.5), ERR_BAD_TYPE);
	expect_refused("output", raw_f64((double)NAN), ERR_BAD_TYPE);
	expect_refused("total", raw_f64((double)INFINITY), ERR_OUT_OF_RANGE);
	expect_refused(
	    "total", raw_f64(18446744073709551616.0), ERR_OUT_OF_RANGE);
	expect_refused("cache_read", raw_f64(-1.0), ERR_OUT_OF_RANGE);
	expect_refused("cache_write", raw_i64(-1), ERR_OUT_OF_RANGE);
	expect_refused("input", raw_u64(LIMIT_TOKENS + 1), ERR_OUT_OF_RANGE);
	expect_refused("input", raw_str("12"), ERR_BAD_TYPE);
	expect_refused("input", raw_bool(true), ERR_BAD_TYPE);
	expect_refused("input", raw_map, ERR_BAD_TYPE);
	expect_refused("latency_ms", raw_list, ERR_BAD_TYPE);
	expect_refused("rank", raw_u64(256), ERR_OUT_OF_RANGE);
}

Test(codec, texts_and_booleans_are_just_that, .timeout = 30)
{
	struct put *p;

	expect_refused("model", raw_u64(4), ERR_BAD_TYPE);
	expect_refused("model", raw_map, ERR_BAD_TYPE);
	expect_refused("model", raw_str("a\nb"), ERR_BAD_TEXT);
	expect_refused("ok", raw_u64(1), ERR_BAD_TYPE);
	expect_refused("copied", raw_str("true"), ERR_BAD_TYPE);
	expect_refused("void", raw_u64(0), ERR_BAD_TYPE);
	expect_refused("running", raw_u64(1), ERR_BAD_TYPE);
	p = accepted("ok", raw_bool(false));
	expect_count(&p->events[0], EV_OUTCOME, OUTCOME_FAILED);
	put_free(p);
	p = accepted("ok", raw_str(NULL));
	expect_count(&p->events[0], EV_OUTCOME, OUTCOME_UNSAID);
	put_free(p);
	p = accepted("model", raw_str(""));
	cr_expect_null(p->events[0].text[EV_MODEL].p, "an empty text is there");
	put_free(p);
}

static void
expect_ts(struct raw value, int64_t want)
{
	struct put *p = accepted("ts", value);

	cr_expect_eq(p->events[0].ts_ms, want, "ts %lld, not %lld",
	    (long long)p->events[0].ts_ms, (long long)want);
	put_free(p);
}

Test(
    codec, small_times_are_seconds_and_only_those_have_fractions, .timeout = 30)
{
	expect_ts(raw_u64(1778580000123), 1778580000123);
	expect_ts(raw_u64(1778580000), 1778580000000);
	expect_ts(raw_f64(1778580000.25), 1778580000250);
	expect_ts(raw_f64(1778580000123.0), 1778580000123);
	expect_ts(raw_str(NULL), 0);
	expect_refused("ts", raw_f64(1778580000123.5), ERR_BAD_TYPE);
	expect_refused("ts", raw_u64(0), ERR_OUT_OF_RANGE);
	expect_refused("ts", raw_f64(0.0), ERR_OUT_OF_RANGE);
	expect_refused("ts", raw_u64(1), ERR_OUT_OF_RANGE);
	expect_refused("ts", raw_u64(UINT64_MAX), ERR_OUT_OF_RANGE);
	expect_refused("ts", raw_i64(-5), ERR_OUT_OF_RANGE);
	expect_refused("ts", raw_f64((double)NAN), ERR_BAD_TYPE);
	expect_refused("ts", raw_str("2026-05-12"), ERR_BAD_TYPE);
}

static void
expect_cost(struct raw value, int64_t want)
{
	struct put *p = accepted("cost", value);

	cr_expect(p->events[0].has_cost && p->events[0].cost_pico == want,
	    "cost %d %lld, not %lld", p->events[0].has_cost,
	    (long long)p->events[0].cost_pico, (long long)want);
	put_free(p);
}

Test(codec, money_comes_as_text_or_as_any_number, .timeout = 30)
{
	struct put *p;

	expect_cost(raw_str("0.4239"), 423900000000);
	expect_cost(raw_str("0"), 0);
	expect_cost(raw_u64(3), 3 * MONEY_USD);
	expect_cost(raw_f64(0.1), 100000000000);
	expect_cost(raw_f64(0.1 + 0.2), 300000000000);
	expect_cost(raw_f64(3e-7), 300000);
	expect_cost(raw_f32(0.1f), 100000000000);
	expect_cost(raw_f64(1e6), LIMIT_COST_USD * MONEY_USD);
	expect_refused("cost", raw_f64((double)NAN), ERR_BAD_TYPE);
	expect_refused("cost", raw_f64((double)-INFINITY), ERR_BAD_TYPE);
	expect_refused("cost", raw_f64(1e300), ERR_OUT_OF_RANGE);
	expect_refused("cost", raw_u64(UINT64_MAX), ERR_OUT_OF_RANGE);
	expect_refused("cost", raw_i64(-1), ERR_OUT_OF_RANGE);
	expect_refused("cost", raw_str("-0.5"), ERR_OUT_OF_RANGE);
	expect_refused("cost", raw_str("free"), ERR_BAD_TYPE);
	expect_refused("cost", raw_str(""), ERR_BAD_TYPE);
	expect_refused("cost", raw_bool(true), ERR_BAD_TYPE);
	p = accepted("cost", raw_str(NULL));
	cr_expect_not(p->events[0].has_cost, "nil is a cost");
	put_free(p);
}

Test(codec, the_last_of_equal_keys_wins, .timeout = 30)
{
	static const char *const names[] = { "input", "cost", "model", "input",
		"cost", "model", "model" };
	const struct raw values[] = { raw_u64(1), raw_str("1"), raw_str("a"),
		raw_u64(2), raw_str(NULL), raw_str("b"), raw_str(NULL) };
	struct put *p = put_with(names, values, COUNT_OF(values));

	cr_assert_eq(p->nevents, 1, "%zu events, not 1", p->nevents);
	expect_count(&p->events[0], EV_INPUT, 2);
	cr_expect_not(p->events[0].has_cost, "has_cost is 1, not 0");
	expect_text(&p->events[0], EV_MODEL, "");
	put_free(p);
}

Test(codec, unknown_keys_are_passed_over, .timeout = 30)
{
	static const char *const names[] = { "mood", "inputs", "output" };
	const struct raw values[] = { raw_map, raw_list, raw_u64(7) };
	struct put *p = put_with(names, values, COUNT_OF(values));

	cr_assert_eq(p->nevents, 1, "%zu events, not 1", p->nevents);
	expect_count(&p->events[0], EV_OUTPUT, 7);
	put_free(p);
}

Test(codec, a_call_stands_in_for_a_message, .timeout = 30)
{
	static const uint8_t params[] = "\x81\xa6"
					"events\x91\x82\xa7session\xa1s\xa4"
					"call\xa5msg_1";
	struct put *p =
	    put_of((struct wire_cursor){ params, params + sizeof(params) - 1 });

	cr_assert_eq(p->nevents, 1, "%zu events, not 1", p->nevents);
	expect_text(&p->events[0], EV_MESSAGE, "msg_1");
	put_free(p);
}

Test(codec, bad_events_are_told_apart_and_the_others_stay, .timeout = 30)
{
	static const uint8_t params[] =
	    "\x81\xa6"
	    "events\x95" /* nil, {}, a good one, a good one with key 5, [] */
	    "\xc0\x80\x82\xa7session\xa1s\xa7message\xa1m"
	    "\x83\xa7session\xa1s\x05\x81\x01\x02\xa7message\xa1n\x90";
	struct put *p =
	    put_of((struct wire_cursor){ params, params + sizeof(params) - 1 });

	cr_assert_eq(p->nevents, 2, "%zu events, not 2", p->nevents);
	expect_text(&p->events[0], EV_MESSAGE, "m");
	expect_text(&p->events[1], EV_MESSAGE, "n");
	cr_assert_eq(p->nrejects, 3, "%zu refused, not 3", p->nrejects);
	cr_expect(p->rejects[0].index == 0 &&
		      p->rejects[0].error.code == ERR_BAD_TYPE,
	    "%u %s", p->rejects[0].index, error_name(p->rejects[0].error.code));
	cr_expect(
	    p->rejects[1].index == 1 && p->rejects[1].error.code == ERR_MISSING,
	    "%u %s", p->rejects[1].index, error_name(p->rejects[1].error.code));
	cr_expect_eq(p->rejects[2].index, 4, "%u, not 4", p->rejects[2].index);
	put_free(p);
}

/* --- A put as a whole ---------------------------------------------------- */

static void
expect_no_put(struct packer *k, enum error_code want, const char *field)
{
	struct wire_cursor c = { (uint8_t *)k->p, (uint8_t *)k->p + k->len };
	struct error err = { .code = ERR_NONE };
	struct put *p = NULL;

	cr_expect_eq(unpack_put(c, NOW_MS, &p, &err), -1, "accepted, not %s",
	    error_name(want));
	cr_expect_eq(err.code, want, "%s: \"%s\", not %s", error_name(err.code),
	    err.message, error_name(want));
	if (field != NULL)
		cr_expect_str_eq(
		    err.field, field, "field %s, not %s", err.field, field);
	cr_expect_null(p, "a put is left behind");
	packer_clear(k);
}

static void
pack_list(struct packer *k, const char *name, uint32_t n)
{
	pack_map(k, 1);
	pack_str(k, name);
	pack_array(k, n);
}

Test(codec, a_put_of_nothing_is_refused, .timeout = 30)
{
	struct packer k = { .max = 0 };

	expect_no_put(&k, ERR_BAD_PARAMS, NULL); /* params [] */
	pack_map(&k, 0);
	expect_no_put(&k, ERR_BAD_PARAMS, NULL);
	pack_array(&k, 0);
	expect_no_put(&k, ERR_BAD_PARAMS, NULL);
	pack_map(&k, 1);
	pack_str(&k, "events");
	pack_nil(&k);
	expect_no_put(&k, ERR_BAD_PARAMS, NULL);
	pack_map(&k, 1);
	pack_str(&k, "events");
	pack_u64(&k, 1);
	expect_no_put(&k, ERR_BAD_PARAMS, "events");
	packer_free(&k);
}

Test(codec, a_put_over_its_limits_is_too_large, .timeout = 30)
{
	struct packer k = { .max = 0 };

	pack_list(&k, "events", LIMIT_PUT_EVENTS + 1);
	for (uint32_t i = 0; i <= LIMIT_PUT_EVENTS; i++)
		pack_nil(&k);
	expect_no_put(&k, ERR_TOO_LARGE, "events");
	pack_list(&k, "cursors", LIMIT_PUT_CURSORS + 1);
	for (uint32_t i = 0; i <= LIMIT_PUT_CURSORS; i++)
		pack_nil(&k);
	expect_no_put(&k, ERR_TOO_LARGE, "cursors");
	packer_free(&k);
}

static void
pack_cursor(struct packer *k, size_t name, size_t value)
{
	static const char bytes[LIMIT_CURSOR_BYTES + 1];

	pack_list(k, "cursors", 1);
	pack_map(k, 2);
	pack_str(k, "name");
	pack_text(k, (struct text){ bytes, (uint32_t)name });
	pack_str(k, "value");
	pack_bytes(k, bytes, value);
}

Test(codec, cursors_have_names_and_bounded_values, .timeout = 30)
{
	struct packer k = { .max = 0 };
	struct put *p;

	pack_cursor(&k, 0, 1);
	expect_no_put(&k, ERR_BAD_PARAMS, "cursors");
	pack_cursor(&k, LIMIT_TEXT + 1, 1);
	expect_no_put(&k, ERR_BAD_PARAMS, "cursors");
	pack_cursor(&k, 1, LIMIT_CURSOR_BYTES + 1);
	expect_no_put(&k, ERR_TOO_LARGE, "cursors");
	pack_list(&k, "cursors", 1);
	pack_nil(&k);
	expect_no_put(&k, ERR_BAD_PARAMS, "cursors");
	pack_cursor(&k, LIMIT_TEXT, 0);
	p = put_of(
	    (struct wire_cursor){ (uint8_t *)k.p, (uint8_t *)k.p + k.len });
	cr_expect(p->ncursors == 1 && p->cursors[0].value.len == 0,
	    "%zu cursors", p->ncursors);
	cr_expect_eq(p->nevents, 0, "%zu events", p->nevents);
	put_free(p);
	packer_free(&k);
}

Test(codec, the_last_list_of_events_wins, .timeout = 30)
{
	struct event ev;
	struct packer k = { .max = 0 };
	struct put *p;

	event_init(&ev);
	ev.text[EV_SESSION] = TEXT("s");
	ev.text[EV_MESSAGE] = TEXT("m");
	pack_map(&k, 2);
	pack_str(&k, "events");
	pack_array(&k, 2);
	pack_event(&k, &ev);
	pack_nil(&k);
	pack_str(&k, "events");
	pack_array(&k, 1);
	pack_event(&k, &ev);
	p = put_of(
	    (struct wire_cursor){ (uint8_t *)k.p, (uint8_t *)k.p + k.len });
	cr_expect(p->nevents == 1 && p->nrejects == 0,
	    "%zu events, %zu refused", p->nevents, p->nrejects);
	put_free(p);
	packer_free(&k);
}

/* --- Envelopes and packers ----------------------------------------------- */

static void
expect_no_request(const char *what, const char *bytes, size_t len)
{
	struct error err = { .code = ERR_NONE };
	struct request rq;

	cr_expect_eq(
	    unpack_request(bytes, len, &rq, &err), -1, "%s accepted", what);
	cr_expect_eq(
	    err.code, ERR_MALFORMED, "%s: %s", what, error_name(err.code));
}

Test(codec, other_envelopes_are_malformed, .timeout = 30)
{
	struct reply r;

	expect_no_request("a reply", "\x94\x01\x01\xc0\xc0", 5);
	expect_no_request("type 3", "\x94\x03\x01\xa1m\x90", 6);
	expect_no_request("a request of 3", "\x93\x00\x01\xa1m", 5);
	expect_no_request("a notification of 4", "\x94\x02\xa1m\x90\x90", 6);
	expect_no_request(
	    "a wide id", "\x94\x00\xcf\0\0\0\1\0\0\0\0\xa1m\x90", 14);
	expect_no_request("a negative id", "\x94\x00\xff\xa1m\x90", 6);
	expect_no_request("no method", "\x94\x00\x01\x05\x90", 5);
	expect_no_request("params that are a map", "\x94\x00\x01\xa1m\x80", 6);
	cr_expect_eq(unpack_reply("\x94\x00\x01\xa1m\x90", 6, &r), -1,
	    "a request is a reply");
	cr_expect_eq(unpack_reply("\x94\x01\x01\x80\xc0", 5, &r), -1,
	    "an error without a code is one");
}

Test(codec, empty_params_are_an_empty_cursor, .timeout = 30)
{
	struct error err;
	struct request rq;

	cr_assert_eq(unpack_request("\x94\x00\x01\xa1m\x90", 6, &rq, &err), 0,
	    "refused");
	cr_expect_eq(rq.params.p, rq.params.end, "%td bytes of params",
	    rq.params.end - rq.params.p);
}

Test(codec, a_packer_remembers_that_it_failed, .timeout = 30)
{
	struct packer k = { .max = 8 };

	pack_str(&k, "1234567");
	cr_expect_not(k.failed, "failed at %zu of 8", k.len);
	pack_nil(&k);
	cr_expect(k.failed, "not failed at %zu", k.len);
	cr_expect_eq(k.len, 8, "%zu bytes, not 8", k.len);
	packer_clear(&k);
	pack_nil(&k);
	cr_expect(
	    !k.failed && k.len == 1, "failed %d, %zu bytes", k.failed, k.len);
	packer_free(&k);
}

Test(codec, a_packer_stops_at_the_size_of_a_message, .timeout = 30)
{
	struct packer k = { .max = 0 };
	char *bytes = calloc(1, LIMIT_REQUEST_BYTES);

	cr_assert_not_null(bytes, "no memory");
	pack_bytes(&k, bytes, LIMIT_REQUEST_BYTES - 5);
	cr_expect(!k.failed && k.len == LIMIT_REQUEST_BYTES, "%d at %zu",
	    k.failed, k.len);
	pack_bool(&k, true);
	cr_expect(k.failed, "not failed at %zu", k.len);
	free(bytes);
	packer_free(&k);
}

Test(codec, values_of_every_type_are_read, .timeout = 30)
{
	static const uint8_t bytes[] = { 0xc0, 0xc3, 5, 0xff, 0xd3, 0x80, 0, 0,
		0, 0, 0, 0, 0, 0xcf, 0xff, 0, 0, 0, 0, 0, 0, 0, 0xa1, 'x', 0xc4,
		1, 'y', 0xca, 0x3f, 0x80, 0, 0, 0x92, 1, 2, 0x81, 1, 2 };
	static const enum value_type want[] = { VALUE_NIL, VALUE_BOOL,
		VALUE_U64, VALUE_I64, VALUE_I64, VALUE_U64, VALUE_TEXT,
		VALUE_TEXT, VALUE_FLOAT, VALUE_ARRAY, VALUE_MAP };
	struct wire_cursor c = { bytes, bytes + sizeof(bytes) };
	struct value v[COUNT_OF(want)], none;

	for (size_t i = 0; i < COUNT_OF(want); i++) {
		cr_assert_eq(unpack_value(&c, &v[i]), 0, "value %zu", i);
		cr_expect_eq(v[i].type, want[i], "value %zu: %d, not %d", i,
		    v[i].type, want[i]);
	}
	cr_expect_eq(unpack_value(&c, &none), -1, "a value at the end");
	cr_expect(v[2].u64 == 5 && v[2].i64 == 5, "%lld", (long long)v[2].i64);
	cr_expect_eq(v[3].i64, -1, "%lld, not -1", (long long)v[3].i64);
	cr_expect_eq(v[4].i64, INT64_MIN, "%lld", (long long)v[4].i64);
	cr_expect(v[8].f64 == 1.0 && v[8].is_single, "%g", v[8].f64);
	cr_expect(v[9].n == 2 && v[9].rest.end - v[9].rest.p == 2, "%u of %td",
	    v[9].n, v[9].rest.end - v[9].rest.p);
}

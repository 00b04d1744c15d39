#include "tests/e2e/peer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "tests/e2e/harness.h"

bool
peer_open(struct peer *p, const char *socket_path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	memset(p, 0, sizeof(*p));
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", socket_path);
	p->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (p->fd < 0)
		return false;
	/* A full backlog blocks here, and then only for a moment. */
	if (connect(p->fd, (struct sockaddr *)&sun, sizeof(sun)) != 0) {
		peer_close(p);
		return false;
	}
	fcntl(p->fd, F_SETFL, O_NONBLOCK);
	return true;
}

void
peer_close(struct peer *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
	free(p->in);
	p->in = NULL;
	p->len = p->cap = p->taken = 0;
	packer_free(&p->out);
	memset(&p->out, 0, sizeof(p->out));
}

static bool
wait_for(int fd, short events, int64_t deadline_us)
{
	struct pollfd p = { .fd = fd, .events = events };
	int64_t left = (deadline_us - now_us()) / 1000;

	return left > 0 && poll(&p, 1, (int)left) == 1;
}

long
peer_push(struct peer *p, const void *bytes, size_t len)
{
	ssize_t n = send(p->fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN ? 0 : -1;
	return (long)n;
}

bool
peer_send(struct peer *p, const void *bytes, size_t len)
{
	int64_t deadline = now_us() + DEADLINE_MS * 1000ll;
	const char *b = bytes;

	while (len > 0) {
		long n = peer_push(p, b, len);

		if (n < 0 || (n == 0 && !wait_for(p->fd, POLLOUT, deadline)))
			return false;
		b += n;
		len -= (size_t)n;
	}
	return true;
}

/* False at the end of the stream and at the deadline. */
static bool
peer_fill(struct peer *p, int64_t deadline_us)
{
	ssize_t n;

	if (p->cap - p->len < 65536) {
		p->cap = 2 * p->cap + 65536;
		p->in = realloc(p->in, p->cap);
		cr_assert_not_null(p->in, "no memory");
	}
	if (!wait_for(p->fd, POLLIN, deadline_us))
		return false;
	n = recv(p->fd, p->in + p->len, p->cap - p->len, 0);
	if (n <= 0)
		return false;
	p->len += (size_t)n;
	return true;
}

bool
peer_read(struct peer *p, struct reply *r)
{
	int64_t deadline = now_us() + DEADLINE_MS * 1000ll;
	struct wire_scan scan;
	size_t seen = 0, used;

	if (p->taken > 0)
		memmove(p->in, p->in + p->taken, p->len - p->taken);
	p->len -= p->taken;
	p->taken = 0;
	wire_scan_init(&scan);
	for (;;) {
		int rc =
		    wire_scan_feed(&scan, p->in + seen, p->len - seen, &used);

		seen += used;
		cr_assert_geq(rc, 0, "the daemon's bytes: %s",
		    wire_strerror((enum wire_result)rc));
		if (rc == WIRE_DONE)
			break;
		if (!peer_fill(p, deadline))
			return false;
	}
	p->taken = seen;
	cr_assert_eq(unpack_reply(p->in, seen, r), 0, "not a reply");
	return true;
}

bool
peer_is_closed(struct peer *p)
{
	int64_t deadline = now_us() + DEADLINE_MS * 1000ll;
	char c[4096];
	ssize_t n = 1;

	while (n > 0) {
		if (!wait_for(p->fd, POLLIN, deadline))
			return false;
		n = recv(p->fd, c, sizeof(c), 0);
	}
	return n == 0 || errno == ECONNRESET;
}

bool
peer_is_readable(struct peer *p)
{
	struct pollfd f = { .fd = p->fd, .events = POLLIN };

	return poll(&f, 1, 0) == 1;
}

/* --- Requests ------------------------------------------------------------- */

static void
request_begin(struct peer *p, const char *method)
{
	packer_clear(&p->out);
	pack_request(&p->out, ++p->msgid, method);
}

static bool
request_finish(struct peer *p, struct reply *r)
{
	cr_assert_not(p->out.failed, "a request could not be packed");
	if (!peer_send(p, p->out.p, p->out.len) || !peer_read(p, r))
		return false;
	cr_assert_eq(r->msgid, p->msgid, "reply to %u instead of %u", r->msgid,
	    p->msgid);
	return true;
}

bool
peer_ask(struct peer *p, const char *method, const char *key, struct reply *r)
{
	request_begin(p, method);
	if (*key == '\0') {
		pack_map(&p->out, 0);
	} else {
		pack_map(&p->out, 1);
		pack_str(&p->out, key);
		pack_str(&p->out, "");
	}
	return request_finish(p, r);
}

bool
peer_clock(struct peer *p, int64_t now_ms, struct reply *r)
{
	request_begin(p, "clock");
	pack_map(&p->out, 1);
	pack_str(&p->out, "now");
	pack_i64(&p->out, now_ms);
	return request_finish(p, r);
}

bool
peer_put_send(struct peer *p, const struct event *evs, size_t n)
{
	packer_clear(&p->out);
	pack_put(&p->out, ++p->msgid, evs, n, NULL, 0);
	cr_assert_not(p->out.failed, "a put of %zu could not be packed", n);
	return peer_send(p, p->out.p, p->out.len);
}

bool
peer_put_wait(struct peer *p, uint32_t *msgid, struct put_counts *n)
{
	struct reply r;

	if (!peer_read(p, &r))
		return false;
	/* A draining daemon refuses: that is no ack, and it hangs up next. */
	if (r.is_error && r.error.code == ERR_STOPPING)
		return false;
	cr_assert_not(r.is_error, "put %u: %s %s", r.msgid,
	    error_name(r.error.code), r.error.message);
	cr_assert_eq(unpack_put_result(r.result, n, NULL, NULL), 0,
	    "put %u: not a put's result", r.msgid);
	*msgid = r.msgid;
	return true;
}

struct put_counts
peer_put(struct peer *p, const struct event *evs, size_t n)
{
	struct put_counts c = { 0 };
	uint32_t msgid = 0;

	cr_assert(peer_put_send(p, evs, n), "the daemon hung up on a put");
	cr_assert(peer_put_wait(p, &msgid, &c), "no ack for a put");
	cr_assert_eq(
	    msgid, p->msgid, "ack of %u instead of %u", msgid, p->msgid);
	cr_assert_eq(c.stored + c.merged + c.unchanged + c.rejected, n,
	    "%lu stored + %lu merged + %lu unchanged + %lu rejected != %zu",
	    (unsigned long)c.stored, (unsigned long)c.merged,
	    (unsigned long)c.unchanged, (unsigned long)c.rejected, n);
	return c;
}

struct event
sight(const char *session, const char *message, uint64_t input, uint64_t output)
{
	struct event ev;

	event_init(&ev);
	ev.text[EV_SESSION] = text_of(session);
	ev.text[EV_MESSAGE] = text_of(message);
	ev.text[EV_AGENT] = TEXT("claude-code");
	ev.text[EV_PROVIDER] = TEXT("anthropic");
	ev.text[EV_MODEL] = TEXT("castle-sonnet-9");
	ev.count[EV_INPUT] = input;
	ev.count[EV_OUTPUT] = output;
	ev.ts_ms = NOW_MS;
	return ev;
}

/* --- Reports ---------------------------------------------------------------
 */

static money_sum
read_money(struct wire_cursor *c)
{
	struct text t = { NULL, 0 };
	money_sum pico = 0;

	cr_assert_eq(wire_read_text(c, &t), 0, "money is not a text");
	cr_assert_eq(money_parse_sum(t.p, t.len, &pico), 0,
	    "money is not decimal: %.*s", (int)t.len, t.p);
	return pico;
}

/* [[int, …], cost, plan_cost, sessions] */
static void
read_total(struct wire_cursor result, struct table *t)
{
	struct wire_cursor c;
	struct value v, ints;
	uint32_t i;

	cr_assert(unpack_member(result, "total", &v), "no total");
	cr_assert_eq(v.n, 4, "total has %u members", v.n);
	c = v.rest;
	cr_assert_eq(unpack_value(&c, &ints), 0, "total's numbers");
	cr_assert_eq(ints.n, SUM_COUNTS, "%u numbers in total", ints.n);
	for (i = 0; i < SUM_COUNTS; i++)
		cr_assert_eq(wire_read_u64(&ints.rest, &t->total.n[i]), 0,
		    "total's number %u", i);
	t->total.cost = read_money(&c);
	t->total.plan_cost = read_money(&c);
	cr_assert_eq(wire_read_u64(&c, &t->sessions), 0, "total's sessions");
}

static char *
text_dup(struct text t)
{
	char *s = calloc(1, t.len + 1u);

	cr_assert_not_null(s, "no memory");
	if (t.len > 0)
		memcpy(s, t.p, t.len);
	return s;
}

static void
read_row(struct wire_cursor *c, struct table *t)
{
	struct report_row row;
	struct table_row *to;
	size_t i;

	if (t->n == t->cap) {
		t->cap = 2 * t->cap + 64;
		t->rows = realloc(t->rows, t->cap * sizeof(*t->rows));
		cr_assert_not_null(t->rows, "no memory");
	}
	cr_assert_eq(unpack_row(c, t->nby, &row), 0, "row %zu", t->n);
	to = &t->rows[t->n++];
	memset(to, 0, sizeof(*to));
	to->period = row.period;
	to->sums = row.sums;
	to->sessions = row.sessions;
	for (i = 0; i < t->nby; i++)
		to->key[i] = text_dup(row.key[i]);
}

/* One page; true where more follow, by *token. */
static bool
read_page(const struct reply *r, struct table *t, uint64_t *token)
{
	struct value rows, more, tok;
	uint32_t i;

	cr_assert_not(r->is_error, "report: %s %s", error_name(r->error.code),
	    r->error.message);
	cr_assert(unpack_member(r->result, "rows", &rows), "no rows");
	cr_assert_eq(rows.type, VALUE_ARRAY, "rows is no array");
	cr_assert_leq(rows.n, LIMIT_PAGE_ROWS, "%u rows in a page", rows.n);
	for (i = 0; i < rows.n; i++)
		read_row(&rows.rest, t);
	t->pages++;
	cr_assert(unpack_member(r->result, "more", &more), "no more");
	cr_assert_eq(more.type, VALUE_BOOL, "more is no bool");
	if (!more.b)
		return false;
	cr_assert(unpack_member(r->result, "token", &tok), "no token");
	*token = tok.u64;
	return true;
}

void
peer_report(struct peer *p, const struct report_query *q, struct table *t)
{
	uint64_t token = 0;
	struct reply r;
	bool more;

	memset(t, 0, sizeof(*t));
	t->nby = q->nby;
	packer_clear(&p->out);
	pack_report(&p->out, ++p->msgid, q);
	cr_assert(request_finish(p, &r), "no reply to a report");
	more = read_page(&r, t, &token);
	read_total(r.result, t);
	while (more) {
		request_begin(p, "next");
		pack_map(&p->out, 1);
		pack_str(&p->out, "token");
		pack_u64(&p->out, token);
		cr_assert(request_finish(p, &r), "no reply to next");
		more = read_page(&r, t, &token);
	}
}

void
peer_report_by(struct peer *p, enum report_key by, struct table *t)
{
	int64_t edges[2] = { EVER_FROM, EVER_TO };
	struct report_query q = { .edges = edges, .nedges = 2 };

	q.want_sessions = true;
	q.by[0] = by;
	q.nby = by == REPORT_KEYS ? 0 : 1;
	peer_report(p, &q, t);
}

void
peer_expect_only(struct peer *p, enum report_key by, const char *text)
{
	struct table t;

	peer_report_by(p, by, &t);
	cr_assert_eq(t.n, 1, "%zu rows by %s", t.n, report_key_names[by]);
	cr_expect_str_eq(t.rows[0].key[0], text, "%s is %s, expected %s",
	    report_key_names[by], t.rows[0].key[0], text);
	table_free(&t);
}

struct sums
peer_total(struct peer *p)
{
	struct table t;
	struct sums sums;

	peer_report_by(p, REPORT_KEYS, &t);
	cr_assert_leq(t.n, 1, "%zu rows for one period and no key", t.n);
	sums = t.total;
	if (t.n == 1)
		cr_assert_eq(memcmp(t.rows[0].sums.n, sums.n, sizeof(sums.n)),
		    0, "the only row is not the total");
	table_free(&t);
	return sums;
}

void
table_free(struct table *t)
{
	size_t i, k;

	for (i = 0; i < t->n; i++)
		for (k = 0; k < t->nby; k++)
			free(t->rows[i].key[k]);
	free(t->rows);
	memset(t, 0, sizeof(*t));
}

const struct table_row *
table_find(const struct table *t, const char *key)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		if (strcmp(t->rows[i].key[0], key) == 0)
			return &t->rows[i];
	return NULL;
}

/* A member of a map that has been read as a value. */
static bool
value_member(struct value map, const char *name, struct value *v)
{
	struct text key;
	uint32_t i;

	for (i = 0; map.type == VALUE_MAP && i < map.n; i++)
		if (wire_read_text(&map.rest, &key) != 0 ||
		    unpack_value(&map.rest, v) != 0)
			return false;
		else if (text_is(key, name))
			return true;
	return false;
}

uint64_t
peer_status(struct peer *p, const char *name)
{
	const char *dot = strchr(name, '.');
	struct value v = { 0 }, group = { 0 };
	struct wire_cursor c;
	struct reply r;
	bool found;

	cr_assert(peer_ask(p, "status", "", &r), "no reply to status");
	cr_assert_not(r.is_error, "status: %s", error_name(r.error.code));
	c = r.result;
	if (dot == NULL) {
		found = unpack_member(c, name, &v);
	} else {
		cr_assert(unpack_member(c, "store", &group), "no store");
		found = value_member(group, dot + 1, &v);
	}
	cr_assert(
	    found && v.type == VALUE_U64, "status: %s is no number", name);
	return v.u64;
}

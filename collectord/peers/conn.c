#include "collectord/peers/conn.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collectord/log.h"
#include "collectord/peers/dispatch.h"
#include "collectord/peers/follow.h"
#include "collectord/peers/server.h"
#include "collectord/sys.h"

#define CONN_UNACKED_MAX (4u << 20)   /* not read from above it */
#define CONN_UNREAD_HOLD (256u << 10) /* likewise */
#define CONN_UNREAD_MAX (8u << 20)    /* closed above it */
#define CONN_AHEAD_MAX (64u << 10)    /* read while a report runs */
#define CONN_IN_MIN 256
/* A message and what one read may bring behind it, twice. */
#define CONN_IN_MAX (LIMIT_REQUEST_BYTES + 2 * SERVER_INPUT_BYTES)
#define CONN_OUT_MIN 256

/* One allocation that libuv can write from without a copy. */
struct conn_output {
	uv_write_t req;
	size_t len, cap;
	size_t sent; /* of len */
	char bytes[];
};

static void on_put_done(struct batch_source *src, const struct batch_item *it);
static void on_puts_settle(struct batch_source *src, unsigned n);

static const struct batch_ops put_ops = { on_put_done, on_puts_settle };

static struct conn *
conn_of(struct batch_source *src)
{
	return (struct conn *)((char *)src - offsetof(struct conn, source));
}

void
conn_ref(struct conn *c)
{
	c->refs++;
}

void
conn_unref(struct conn *c)
{
	BUG_ON(c->refs == 0);
	if (--c->refs > 0)
		return;
	ledger_release_owner(c->server->ledger, c->id);
	free(c);
}

/* A request that came in pieces, or half of one, may have a key in it. */
static void
input_wipe(struct conn *c)
{
	if (c->in != NULL)
		explicit_bzero(c->in, c->in_cap);
}

static void
input_free(struct conn *c)
{
	c->server->buffered -= c->in_cap;
	input_wipe(c);
	free(c->in);
	c->in = NULL;
	c->in_len = c->in_cap = 0;
}

static void
output_free(struct conn *c, struct conn_output **out)
{
	if (*out == NULL)
		return;
	c->server->buffered -= (*out)->cap;
	free(*out);
	*out = NULL;
}

static void
on_closed(uv_handle_t *h)
{
	struct conn *c = h->data;

	output_free(c, &c->flying);
	conn_unref(c);
}

void
conn_close(struct conn *c, const char *why)
{
	if (c->is_closing)
		return;
	c->is_closing = true;
	log_debug("conn", "op=close id=%u why=\"%s\"", c->id, why);
	dispatch_forget(c);
	input_free(c);
	output_free(c, &c->out);
	uv_close((uv_handle_t *)&c->pipe, on_closed);
	server_forget(c->server, c);
}

size_t
conn_unread(const struct conn *c)
{
	size_t n = c->out == NULL ? 0 : c->out->len - c->out->sent;

	if (c->flying != NULL)
		n += c->flying->len - c->flying->sent;
	return n;
}

/* Room for len more bytes in c->out. */
static int
output_grow(struct conn *c, size_t len)
{
	size_t have = c->out == NULL ? 0 : c->out->len;
	size_t cap = c->out == NULL ? 0 : c->out->cap, old = cap;
	struct conn_output *out;

	if (len <= cap - have)
		return 0;
	cap = cap < CONN_OUT_MIN ? CONN_OUT_MIN : cap * 2;
	if (cap < have + len)
		cap = have + len;
	if (!server_reserve(c->server, c, cap - old))
		return -1;
	out = realloc(c->out, sizeof(*out) + cap);
	if (out == NULL)
		return -1;
	if (c->out == NULL)
		out->len = out->sent = 0;
	out->cap = cap;
	c->out = out;
	c->server->buffered += cap - old;
	return 0;
}

void
conn_send(struct conn *c, const void *p, size_t len)
{
	if (c->is_closing)
		return;
	if (conn_unread(c) + len > CONN_UNREAD_MAX) {
		conn_close(c, "reads too slowly");
		return;
	}
	if (output_grow(c, len) != 0) {
		conn_close(c, "no room for its replies");
		return;
	}
	memcpy(c->out->bytes + c->out->len, p, len);
	c->out->len += len;
}

static void
on_write(uv_write_t *req, int status)
{
	struct conn *c = req->handle->data;

	output_free(c, &c->flying);
	if (c->is_closing)
		return;
	if (status < 0)
		conn_close(c, uv_strerror(status));
	else
		conn_settle(c);
}

/* What the socket does not take now is left to libuv, without a copy. */
static void
flush_later(struct conn *c)
{
	struct conn_output *out = c->out;
	uv_buf_t rest = uv_buf_init(
	    out->bytes + out->sent, (unsigned)(out->len - out->sent));
	int rc;

	c->out = NULL;
	c->flying = out;
	rc = uv_write(&out->req, (uv_stream_t *)&c->pipe, &rest, 1, on_write);
	if (rc == 0)
		return;
	output_free(c, &c->flying);
	conn_close(c, uv_strerror(rc));
}

static void
flush(struct conn *c)
{
	uv_buf_t buf;
	int n;

	if (c->is_closing || c->out == NULL || c->flying != NULL)
		return;
	buf = uv_buf_init(c->out->bytes, (unsigned)c->out->len);
	n = uv_try_write((uv_stream_t *)&c->pipe, &buf, 1);
	if (n < 0 && n != UV_EAGAIN) {
		conn_close(c, uv_strerror(n));
		return;
	}
	c->out->sent = n < 0 ? 0 : (size_t)n;
	if (c->out->sent < c->out->len)
		flush_later(c);
	else
		output_free(c, &c->out);
}

/* Too much of this connection is under way already. */
static bool
is_over(const struct conn *c)
{
	return c->unacked > CONN_UNACKED_MAX ||
	       conn_unread(c) > CONN_UNREAD_HOLD ||
	       (c->nwaiting > 0 && c->server->is_behind);
}

static bool
may_dispatch(const struct conn *c)
{
	return !c->is_closing && !c->is_finishing && !c->is_working &&
	       !c->is_yielding && !is_over(c);
}

/*
 * While a report runs the next request waits, but the socket is read a little
 * further: that is how the end of the peer is noticed.
 */
static bool
may_read(const struct conn *c)
{
	if (c->is_closing || c->is_finishing || c->is_yielding || is_over(c))
		return false;
	if (c->is_working)
		return c->in_len < CONN_AHEAD_MAX;
	return !(c->server->is_full && (c->scan.pos > 0 || c->nwaiting > 0));
}

static void
violate(struct conn *c, enum wire_result r)
{
	struct error e;
	bool is_big = r == WIRE_ETOOBIG || r == WIRE_EDEPTH || r == WIRE_ENODES;

	error_set(&e, is_big ? ERR_TOO_LARGE : ERR_MALFORMED, NULL, "%s",
	    wire_strerror(r));
	dispatch_violation(c, &e);
}

/* Handles the whole messages; returns how many bytes they were. */
static size_t
consume(struct conn *c, const char *p, size_t len)
{
	size_t off = 0, seen, used;
	enum wire_result r;

	while (may_dispatch(c) && c->scan.pos < len - off) {
		seen = c->scan.pos;
		r = wire_scan_feed(
		    &c->scan, p + off + seen, len - off - seen, &used);
		if (r == WIRE_MORE)
			break;
		if (r < 0) {
			violate(c, r);
			break;
		}
		wire_scan_init(&c->scan);
		if (!server_has_turn(c->server, c, seen + used)) {
			c->is_yielding = true;
			break;
		}
		/* No longer half-sent: nobody may close it for that now. */
		server_list(c->server, c, &c->server->busy);
		dispatch_message(c, p + off, seen + used);
		off += seen + used;
	}
	return off;
}

static int
input_grow(struct conn *c, size_t need)
{
	size_t cap = c->in_cap < CONN_IN_MIN ? CONN_IN_MIN : c->in_cap * 2;
	char *in;

	if (need <= c->in_cap)
		return 0;
	if (cap < need)
		cap = need;
	if (cap > CONN_IN_MAX)
		cap = CONN_IN_MAX;
	if (need > cap || !server_reserve(c->server, c, cap - c->in_cap))
		return -1;
	in = malloc(cap);
	if (in == NULL)
		return -1;
	if (c->in_len > 0)
		memcpy(in, c->in, c->in_len);
	input_wipe(c);
	free(c->in);
	c->server->buffered += cap - c->in_cap;
	c->in = in;
	c->in_cap = cap;
	return 0;
}

static void
keep(struct conn *c, const char *p, size_t len)
{
	if (c->is_closing || c->is_finishing || len == 0)
		return;
	if (input_grow(c, c->in_len + len) != 0) {
		conn_close(c, "no room for its request");
		return;
	}
	memcpy(c->in + c->in_len, p, len);
	c->in_len += len;
}

/* Goes on with what had to wait in c->in. */
static void
pump(struct conn *c)
{
	size_t done = consume(c, c->in, c->in_len);

	if (c->is_closing || c->in == NULL)
		return;
	c->in_len -= done;
	if (c->in_len == 0)
		input_free(c);
	else if (done > 0)
		memmove(c->in, c->in + done, c->in_len);
}

static void
feed(struct conn *c, const char *p, size_t len)
{
	size_t done = 0;

	if (c->in_len == 0)
		done = consume(c, p, len);
	keep(c, p + done, len - done);
}

/* A message has begun and nothing of ours keeps it from being completed. */
static bool
is_half_sent(const struct conn *c)
{
	return c->scan.pos > 0 && !c->is_working && !is_over(c);
}

/*
 * Half-sent requests keep the time of their first byte; those with something
 * under way wait for us and have no deadline, nor has a follower that has taken
 * all it was told; the others are idle, and a finishing one has as long as a
 * request to take its last replies.
 */
static void
place(struct conn *c)
{
	struct server *s = c->server;
	struct conn_list *to = &s->idle;

	if (c->nwaiting > 0 || c->is_working ||
	    (c->follower != NULL && conn_unread(c) == 0))
		to = &s->busy;
	if (!c->is_finishing && is_half_sent(c))
		to = &s->partial;
	if (c->is_finishing && to == &s->idle)
		to = &s->partial;
	if (c->is_yielding)
		to = &s->ready;
	if ((to != &s->partial && to != &s->ready) || c->list != to)
		server_list(s, c, to);
}

static void
on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
	struct conn *c = h->data;

	(void)suggested;
	/* What came before in this turn may have filled us. */
	*buf =
	    uv_buf_init(c->server->input, may_read(c) ? SERVER_INPUT_BYTES : 0);
}

/*
 * A peer that only shut down its sending side still wants its replies; one
 * that is gone does not.
 */
static void
end_of_input(struct conn *c)
{
	struct pollfd p = { .events = POLLOUT };

	if (uv_fileno((const uv_handle_t *)&c->pipe, &p.fd) == 0 &&
	    poll(&p, 1, 0) >= 0 && (p.revents & POLLHUP) == 0)
		conn_finish(c);
	else
		conn_close(c, "peer is gone");
}

static void
on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct conn *c = stream->data;

	if (n == 0 || c->is_closing)
		return;
	if (n == UV_EOF)
		end_of_input(c);
	else if (n < 0 && n != UV_ENOBUFS)
		conn_close(c, uv_strerror((int)n));
	else if (n > 0)
		feed(c, buf->base, (size_t)n);
	conn_settle(c);
}

static void
steer(struct conn *c)
{
	bool want = may_read(c);
	int rc;

	c->is_held = !want && !c->is_finishing;
	if (want == c->is_reading)
		return;
	c->is_reading = want;
	if (!want) {
		uv_read_stop((uv_stream_t *)&c->pipe);
		return;
	}
	rc = uv_read_start((uv_stream_t *)&c->pipe, on_alloc, on_read);
	if (rc != 0)
		conn_close(c, uv_strerror(rc));
}

void
conn_settle(struct conn *c)
{
	flush(c);
	while (may_dispatch(c) && c->in_len > c->scan.pos) {
		pump(c);
		flush(c);
	}
	if (c->is_closing)
		return;
	if (c->is_finishing && c->nwaiting == 0 && !c->is_working &&
	    conn_unread(c) == 0) {
		conn_close(c, "done");
		return;
	}
	follow_go(c);
	place(c);
	steer(c);
}

void
conn_settle_soon(struct conn *c)
{
	if (c->is_closing)
		return;
	c->is_yielding = true;
	server_list(c->server, c, &c->server->ready);
}

void
conn_take_turn(struct conn *c)
{
	c->is_yielding = false;
	conn_settle(c);
}

void
conn_resume(struct conn *c)
{
	if (c->is_held)
		conn_settle(c);
}

void
conn_finish(struct conn *c)
{
	if (c->is_closing || c->is_finishing)
		return;
	c->is_finishing = true;
	c->is_yielding = false;
	wire_scan_init(&c->scan);
	input_free(c);
}

void
conn_wait(struct conn *c, size_t weight)
{
	c->nwaiting++;
	c->unacked += weight;
}

void
conn_waited(struct conn *c, size_t weight)
{
	c->nwaiting--;
	c->unacked -= weight;
}

int
conn_submit(struct conn *c, struct put *put, size_t len, uint32_t msgid,
    bool is_quiet, struct error *err)
{
	struct server *s = c->server;
	size_t weight = batch_weight(put, len);

	if (server_buffered(s) + weight > SERVER_BUFFERS_MAX) {
		put_free(put);
		return error_set(
		    err, ERR_BUSY, NULL, "too many requests are waiting");
	}
	if (batch_submit(&s->batch, &c->source, put, weight, msgid, is_quiet) !=
	    0)
		return error_set(err, ERR_BUSY, NULL, "out of memory");
	conn_ref(c);
	conn_wait(c, weight);
	s->turn_spent += put->nevents + put->nrejects;
	server_check_behind(s);
	return 0;
}

static void
on_put_done(struct batch_source *src, const struct batch_item *item)
{
	struct conn *c = conn_of(src);

	conn_waited(c, item->weight);
	if (!c->is_closing && !item->is_quiet)
		dispatch_ack(c, item);
}

static void
on_puts_settle(struct batch_source *src, unsigned n)
{
	struct conn *c = conn_of(src);

	conn_settle(c);
	for (; n > 0; n--)
		conn_unref(c);
}

struct conn *
conn_new(struct server *s, int fd)
{
	struct conn *c = calloc(1, sizeof(*c));

	if (c == NULL || uv_pipe_init(&s->loop, &c->pipe, 0) != 0) {
		free(c);
		close(fd);
		return NULL;
	}
	c->pipe.data = c;
	c->server = s;
	c->refs = 1;
	c->id = ++s->last_id;
	c->source.ops = &put_ops;
	wire_scan_init(&c->scan);
	server_adopt(s, c);
	if (uv_pipe_open(&c->pipe, fd) != 0) {
		close(fd);
		conn_close(c, "cannot be opened");
		return NULL;
	}
	steer(c);
	return c->is_closing ? NULL : c;
}

#include "collectord/peers/server.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "collectord/clock.h"
#include "collectord/log.h"
#include "collectord/peers/follow.h"
#include "collectord/peers/method.h"
#include "collectord/peers/provider.h"
#include "collectord/peers/report.h"
#include "collectord/sys.h"

#define ACCEPT_BURST 64
#define FILES_SPARE 64 /* descriptors that are not for connections */
#define CONNS_MIN 4
#define PAUSE_MS 1000
#define PLACE_IDLE_S 1 /* who is idle for less keeps its place */
#define LINGER_MS 2000
#define TURN_EVENTS 2000 /* two milliseconds of decoding */
#define TURN_SMALL 1024
#define TRIM_PEAK (8u << 20)
#define TRIM_LOW (1u << 20)
#define TRIM_AFTER_MS 1000

static void
unlist(struct conn *c)
{
	struct conn_list *l = c->list;

	if (l == NULL)
		return;
	if (c->prev == NULL)
		l->head = c->next;
	else
		c->prev->next = c->next;
	if (c->next == NULL)
		l->tail = c->prev;
	else
		c->next->prev = c->prev;
	c->list = NULL;
}

static void start_accepting(struct server *s);

void
server_list(struct server *s, struct conn *c, struct conn_list *to)
{
	unlist(c);
	c->list = to;
	c->next = NULL;
	c->prev = to->tail;
	if (to->tail == NULL)
		to->head = c;
	else
		to->tail->next = c;
	to->tail = c;
	c->since_ms = uv_now(&s->loop);
}

void
server_adopt(struct server *s, struct conn *c)
{
	c->all_prev = NULL;
	c->all_next = s->all;
	if (s->all != NULL)
		s->all->all_prev = c;
	s->all = c;
	s->nconns++;
	server_list(s, c, &s->idle);
}

void
server_forget(struct server *s, struct conn *c)
{
	unlist(c);
	if (s->cursor == c)
		s->cursor = c->all_next;
	if (c->all_prev == NULL)
		s->all = c->all_next;
	else
		c->all_prev->all_next = c->all_next;
	if (c->all_next != NULL)
		c->all_next->all_prev = c->all_prev;
	s->nconns--;
	if (s->is_crowded)
		start_accepting(s);
}

/* fn may close any connection. */
static void
each_conn(struct server *s, void (*fn)(struct conn *c))
{
	struct conn *c;

	for (c = s->all; c != NULL; c = s->cursor) {
		s->cursor = c->all_next;
		fn(c);
	}
}

size_t
server_buffered(const struct server *s)
{
	return s->buffered + s->batch.weight + s->calling;
}

/* The oldest half-sent request, or the oldest unread reply if it is older. */
static struct conn *
find_victim(struct server *s)
{
	struct conn *c = s->idle.head;

	while (c != NULL && conn_unread(c) == 0)
		c = c->next;
	if (c == NULL || (s->partial.head != NULL &&
			     s->partial.head->since_ms <= c->since_ms))
		c = s->partial.head;
	return c;
}

bool
server_reserve(struct server *s, struct conn *c, size_t n)
{
	struct conn *victim;

	s->is_full = s->is_full || server_buffered(s) + n > SERVER_BUFFERS_MARK;
	while (server_buffered(s) + n > SERVER_BUFFERS_MAX) {
		victim = find_victim(s);
		if (victim == NULL)
			return false;
		conn_close(victim, "no room for all");
	}
	return !c->is_closing;
}

void
server_check_behind(struct server *s)
{
	s->is_behind = s->is_behind || s->batch.weight > SERVER_BEHIND_MAX;
}

/*
 * Puts that wait make room by themselves; where there are none, those who keep
 * us waiting have to.
 */
static void
ease(struct server *s)
{
	bool was_full = s->is_full, was_behind = s->is_behind;
	struct conn *victim;

	while (s->is_full && s->batch.pending == 0 &&
	       server_buffered(s) > SERVER_BUFFERS_MARK &&
	       (victim = find_victim(s)) != NULL)
		conn_close(victim, "too much is buffered");
	s->is_full = server_buffered(s) > SERVER_BUFFERS_MARK;
	if (s->batch.weight <= SERVER_BEHIND_LOW)
		s->is_behind = false;
	if ((was_full && !s->is_full) || (was_behind && !s->is_behind))
		each_conn(s, conn_resume);
	if (was_full && !s->is_full)
		follow_round(s);
}

bool
server_has_turn(struct server *s, struct conn *c, size_t len)
{
	if (s->turn_spent < TURN_EVENTS)
		return true;
	if (len > TURN_SMALL || c->extra_turn == s->turn)
		return false;
	c->extra_turn = s->turn;
	return true;
}

static void
on_again(uv_idle_t *h)
{
	(void)h;
}

/* Those who yielded go on, the first first, as far as one turn goes. */
static void
begin_turn(struct server *s)
{
	s->turn++;
	s->turn_spent = 0;
	while (s->ready.head != NULL && s->turn_spent < TURN_EVENTS)
		conn_take_turn(s->ready.head);
	if (s->ready.head != NULL)
		BUG_ON(uv_idle_start(&s->again, on_again) != 0);
	else
		uv_idle_stop(&s->again);
}

static uint64_t
sooner(uint64_t a, uint64_t b)
{
	if (a == 0 || b == 0)
		return a + b;
	return a < b ? a : b;
}

/* 0: nothing can be due. */
static uint64_t
list_deadline(const struct conn_list *l, int64_t timeout_s)
{
	return l->head == NULL ? 0
			       : l->head->since_ms + 1000 * (uint64_t)timeout_s;
}

static void
close_due(
    struct server *s, struct conn_list *l, int64_t timeout_s, const char *why)
{
	while (
	    l->head != NULL && list_deadline(l, timeout_s) <= uv_now(&s->loop))
		conn_close(l->head, why);
}

static void
trim_if_due(struct server *s)
{
	if (s->trim_ms == 0 || s->trim_ms > uv_now(&s->loop))
		return;
	s->trim_ms = 0;
	if (server_buffered(s) >= TRIM_LOW)
		return;
	s->peak = 0;
	malloc_trim(0);
}

static bool
is_due(const struct server *s, uint64_t deadline)
{
	return deadline != 0 && deadline <= uv_now(&s->loop);
}

/*
 * Whose place a new connection may have: that of who has been idle for longest,
 * else of who has been half-sent for longest. NULL: all are at work, or have
 * just come or been at work.
 */
static struct conn *
place_owner(const struct server *s)
{
	if (is_due(s, list_deadline(&s->idle, PLACE_IDLE_S)))
		return s->idle.head;
	if (is_due(s, list_deadline(&s->partial, PLACE_IDLE_S)))
		return s->partial.head;
	return NULL;
}

/* When there may be one; 0: nothing is known to come. */
static uint64_t
place_deadline(const struct server *s)
{
	return sooner(list_deadline(&s->idle, PLACE_IDLE_S),
	    list_deadline(&s->partial, PLACE_IDLE_S));
}

static void
on_deadline(uv_timer_t *h)
{
	struct server *s = h->data;

	s->deadline_ms = 0;
	if (s->is_crowded && place_owner(s) != NULL)
		start_accepting(s);
	close_due(s, &s->idle, s->config.idle_timeout_s, "idle");
	close_due(s, &s->partial, s->config.request_timeout_s, "half-sent");
	trim_if_due(s);
}

static void
arm(struct server *s)
{
	uint64_t now = uv_now(&s->loop), at;

	at = sooner(list_deadline(&s->idle, s->config.idle_timeout_s),
	    list_deadline(&s->partial, s->config.request_timeout_s));
	at = sooner(at, s->trim_ms);
	if (s->is_crowded)
		at = sooner(at, place_deadline(s));
	if (at == s->deadline_ms)
		return;
	s->deadline_ms = at;
	if (at == 0)
		uv_timer_stop(&s->deadline);
	else
		BUG_ON(uv_timer_start(&s->deadline, on_deadline,
			   at > now ? at - now : 0, 0) != 0);
}

static void
watch_peak(struct server *s)
{
	size_t n = server_buffered(s);

	if (n > s->peak)
		s->peak = n;
	if (s->peak >= TRIM_PEAK && n < TRIM_LOW && s->trim_ms == 0)
		s->trim_ms = uv_now(&s->loop) + TRIM_AFTER_MS;
}

static size_t
max_conns(const struct server *s)
{
	size_t max = (size_t)s->config.max_connections;

	if (s->file_limit < FILES_SPARE + CONNS_MIN)
		return CONNS_MIN;
	return max < s->file_limit - FILES_SPARE ? max
						 : s->file_limit - FILES_SPARE;
}

/* False: all are taken, and nobody's may be given away now. */
static bool
make_place(struct server *s)
{
	struct conn *c;

	if (s->nconns < max_conns(s))
		return true;
	c = place_owner(s);
	if (c != NULL)
		conn_close(c, "its place is needed");
	return s->nconns < max_conns(s);
}

static void
stop_accepting(struct server *s)
{
	BUG_ON(uv_poll_stop(&s->listener) != 0);
}

static void
on_pause_over(uv_timer_t *h)
{
	start_accepting(h->data);
}

static void
accept_failed(struct server *s, int error)
{
	if (error == EINTR || error == ECONNABORTED)
		return;
	if (log_once_a_minute(&s->told_files_ms, clock_mono_ms()))
		log_warn("server", "op=accept connections=%zu err=\"%s\"",
		    s->nconns, strerror(error));
	stop_accepting(s);
	BUG_ON(uv_timer_start(&s->pause, on_pause_over, PAUSE_MS, 0) != 0);
}

/* One uid, ours, and nobody else's. */
static bool
is_ours(int fd)
{
	uid_t uid;

	if (sys_peer_uid(fd, &uid) == 0 && uid == geteuid())
		return true;
	log_debug("server", "op=refuse why=\"another user\"");
	return false;
}

/* False: there is nobody, or not now. */
static bool
accept_one(struct server *s)
{
	int fd =
	    accept4(s->socket.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return false;
	if (fd < 0) {
		accept_failed(s, errno);
		return !uv_is_active((const uv_handle_t *)&s->pause);
	}
	if (is_ours(fd))
		conn_new(s, fd);
	else
		close(fd);
	return true;
}

/*
 * We accept ourselves: uv_listen answers EMFILE by closing whoever is in the
 * queue, and gives no way to pause.
 */
static void
on_acceptable(uv_poll_t *h, int status, int events)
{
	struct server *s = h->data;

	(void)events;
	if (status < 0) {
		/* Whoever shares an inherited socket may shut it down. */
		server_stop_soon(s, "listener");
		return;
	}
	for (int i = 0; i < ACCEPT_BURST; i++) {
		/* We are here because of one: only for that one is it sure. */
		if (i > 0 && s->nconns >= max_conns(s))
			return;
		if (!make_place(s)) {
			s->is_crowded = true;
			stop_accepting(s);
			return;
		}
		if (!accept_one(s))
			return;
	}
}

static void
start_accepting(struct server *s)
{
	s->is_crowded = false;
	if (!s->is_stopping && !uv_is_active((const uv_handle_t *)&s->pause))
		BUG_ON(uv_poll_start(
			   &s->listener, UV_READABLE, on_acceptable) != 0);
}

void
server_stop_soon(struct server *s, const char *why)
{
	if (s->stop_why == NULL)
		s->stop_why = why;
}

static void
finish_conn(struct conn *c)
{
	report_stop(c);
	conn_finish(c);
	conn_settle(c);
}

static void
stop(struct server *s)
{
	s->is_stopping = true;
	log_info("server", "op=stop why=%s connections=%zu waiting=%zu",
	    s->stop_why, s->nconns, s->batch.pending);
	stop_accepting(s);
	uv_close((uv_handle_t *)&s->listener, NULL);
	listen_close(&s->socket, &s->places);
	spool_stop(&s->spool);
	tick_stop(&s->tick);
	drain_stop(&s->drain);
	sinks_stop(&s->sinks);
	provider_stop(s);
	sync_stop(&s->sync);
	http_stop(&s->http);
	timers_stop(&s->timers);
	method_stop(s);
	each_conn(s, finish_conn);
}

static void
close_conn(struct conn *c)
{
	conn_close(c, "took too long to read its last replies");
}

static void
on_linger_over(uv_timer_t *h)
{
	each_conn(h->data, close_conn);
}

static void
close_handle(uv_handle_t *h, void *arg)
{
	(void)arg;
	if (!uv_is_closing(h))
		uv_close(h, NULL);
}

/* Nothing that was begun may be cut off but what a peer does not read. */
static void
end_if_drained(struct server *s)
{
	if (s->is_over || s->batch.pending > 0 || s->batch.ntasks > 0 ||
	    s->nworking > 0 || s->nrunning > 0 || !sync_is_idle(&s->sync))
		return;
	if (s->nconns > 0) {
		if (!uv_is_active((const uv_handle_t *)&s->linger))
			BUG_ON(uv_timer_start(&s->linger, on_linger_over,
				   LINGER_MS, 0) != 0);
		return;
	}
	s->is_over = true;
	batch_close(&s->batch);
	spool_release(&s->spool);
	sync_release(&s->sync);
	uv_walk(&s->loop, close_handle, NULL);
}

/* Everything that looks at the whole, once a turn. */
static void
on_before_poll(uv_prepare_t *h)
{
	struct server *s = h->data;

	if (s->stop_why != NULL && !s->is_stopping)
		stop(s);
	if (s->has_secret_input)
		explicit_bzero(s->input, sizeof(s->input));
	s->has_secret_input = false;
	ease(s);
	begin_turn(s);
	batch_kick(&s->batch);
	watch_peak(s);
	arm(s);
	if (s->is_stopping)
		end_if_drained(s);
}

static void
on_round(struct batch *b, const char *why)
{
	struct server *s =
	    (struct server *)((char *)b - offsetof(struct server, batch));
	char quoted[2 * BATCH_WHY_MAX];

	if (why[0] != '\0' &&
	    log_once_a_minute(&s->told_commit_ms, clock_mono_ms()))
		log_warn("batch", "op=commit err=%s",
		    log_quote(quoted, sizeof(quoted), text_of(why)));
	if (s->followers != NULL)
		follow_round(s);
	sinks_poke(&s->sinks);
	drain_look(&s->drain);
}

static int
init_handles(struct server *s)
{
	int rc = uv_timer_init(&s->loop, &s->deadline);

	rc = rc != 0 ? rc : uv_timer_init(&s->loop, &s->pause);
	rc = rc != 0 ? rc : uv_timer_init(&s->loop, &s->linger);
	rc = rc != 0 ? rc : uv_prepare_init(&s->loop, &s->before_poll);
	rc = rc != 0 ? rc : uv_idle_init(&s->loop, &s->again);
	rc = rc != 0 ? rc : uv_poll_init(&s->loop, &s->listener, s->socket.fd);
	s->deadline.data = s->pause.data = s->linger.data = s;
	s->before_poll.data = s->listener.data = s;
	return rc;
}

int
server_init(struct server *s)
{
	int rc = uv_loop_init(&s->loop);

	s->started_ms = clock_mono_ms();
	rc = rc != 0 ? rc : init_handles(s);
	rc =
	    rc != 0 ? rc : batch_init(&s->batch, &s->loop, s->ledger, on_round);
	rc = rc != 0
		 ? rc
		 : spool_init(&s->spool, &s->loop, &s->batch, s->places.spool);
	rc = rc != 0 ? rc
		     : drain_init(&s->drain, &s->loop, &s->batch, s->ledger);
	rc = rc != 0 ? rc : timers_init(&s->timers, &s->loop);
	rc = rc != 0 ? rc : http_init(&s->http, &s->loop);
	s->http.proxy = s->config.proxy;
	sinks_init(&s->sinks, &s->loop, &s->http, &s->timers, &s->batch,
	    s->ledger, s->sentences_zh);
	sync_init(&s->sync, &s->loop, &s->http, &s->timers, &s->batch,
	    s->ledger, s->places.data, s->definitions_dir);
	rc = rc != 0 ? rc : uv_prepare_start(&s->before_poll, on_before_poll);
	rc = rc != 0 ? rc
		     : uv_poll_start(&s->listener, UV_READABLE, on_acceptable);
	return rc;
}

void
server_run(struct server *s)
{
	spool_scan(&s->spool);
	/* Before what may make notices, which a new sink is told of. */
	sinks_configure(&s->sinks, &s->config.sinks);
	/* First in line: its commit is that of the start, and of no put. */
	tick_start(&s->tick, &s->timers, &s->batch, s->ledger);
	drain_look(&s->drain);
	if (sync_start(&s->sync) != 0)
		log_error("sync", "op=start err=\"accounts cannot be read\"");
	uv_run(&s->loop, UV_RUN_DEFAULT);
	/* It finds every handle that somebody forgot. */
	BUG_ON(uv_loop_close(&s->loop) != 0);
	packer_free(&s->reply);
}

static size_t
list_length(const struct conn_list *l)
{
	size_t n = 0;

	for (const struct conn *c = l->head; c != NULL; c = c->next)
		n++;
	return n;
}

void
server_dump(const struct server *s)
{
	log_info("server",
	    "op=dump connections=%zu idle=%zu half_sent=%zu busy=%zu max=%zu",
	    s->nconns, list_length(&s->idle), list_length(&s->partial),
	    list_length(&s->busy) + list_length(&s->ready), max_conns(s));
	log_info("server",
	    "op=dump buffered=%zu full=%d behind=%d reports=%u working=%u",
	    server_buffered(s), s->is_full, s->is_behind, s->nreports,
	    s->nworking);
	log_info("batch",
	    "op=dump waiting=%zu bytes=%zu puts=%ju commits=%ju rejected=%ju",
	    s->batch.pending, s->batch.weight, (uintmax_t)s->batch.puts,
	    (uintmax_t)s->batch.commits, (uintmax_t)s->batch.rejected);
	log_info("methods",
	    "op=dump waiting=%u running=%u writing=%zu bytes=%zu", s->nwaiting,
	    s->nrunning, s->batch.ntasks, s->calling);
	sinks_dump(&s->sinks);
	log_info("spool", "op=dump taken=%ju bad=%ju",
	    (uintmax_t)s->spool.taken, (uintmax_t)s->spool.bad);
}

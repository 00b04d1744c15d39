/*
 * load: writers that wait for their acks. One thread, many connections, each
 * with a number of requests in flight, to collectord or, with the same events
 * as the same bytes, to redis as HSETNX. Prints events a second and the time
 * from a request to its ack. With --rate the writers take turns at that many
 * requests a second, and the time counts from when a request was due, so that
 * one which was held up by the one before it counts for what it was: late.
 * `load --help` lists the options.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "proto/codec.h"
#include "tests/bench/bench.h"
#include "tests/bench/events.h"

#define IN_BYTES 65536
#define READY 64
#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

struct buffer {
	char *p; /* owned */
	size_t len, cap;
};

struct conn {
	int fd;
	uint64_t id;
	uint64_t made; /* events of this writer so far, repeats not counted */
	uint64_t left; /* events it may still send */
	uint64_t sent, acked; /* requests */
	uint64_t *sent_ns;    /* owned; a ring of the requests in flight */
	struct buffer out;
	size_t out_done;
	char in[IN_BYTES];
	size_t in_len;
	bool wants_out;
};

struct load {
	/* Options. */
	const char *socket, *protocol;
	uint64_t conns, inflight, batch, duplicates;
	uint64_t events; /* in all; 0: until the time is over */
	uint64_t ms;
	uint64_t rate; /* requests a second in all; 0: as fast as acks come */
	bool hold;     /* keep the connections until stdin ends */
	struct event_plan plan;
	/* The run. */
	const struct protocol *speak;
	struct conn *writers; /* owned */
	int ep, ticks;
	uint64_t start_ns;
	bool is_over;
	uint64_t busy; /* connections with requests in flight */
	uint64_t acked_events, random;
	struct put_counts counts;
	struct samples lat;
	struct packer packer;
	struct event *batch_events;  /* owned, as many as batch */
	struct event_ids *batch_ids; /* likewise */
};

struct protocol {
	const char *name;
	/* Appends one request of n events. */
	void (*ask)(struct load *l, struct conn *c, size_t n);
	/* The bytes of the first whole reply, judged; 0: there is none yet. */
	size_t (*take)(
	    struct load *l, struct conn *c, const char *p, size_t len);
};

static void
buffer_add(struct buffer *b, const void *p, size_t len)
{
	if (b->cap - b->len < len) {
		b->cap = (b->len + len) * 2;
		b->p = realloc(b->p, b->cap);
		if (b->p == NULL)
			err(1, "buffer");
	}
	memcpy(b->p + b->len, p, len);
	b->len += len;
}

/* The writer's next event, or one of its last hundred again. */
static void
make_event(struct load *l, struct conn *c, size_t slot)
{
	uint64_t at = c->made, back, session;

	l->random = bench_mix(l->random);
	back = 1 + l->random / 100 % 100;
	if (l->random % 100 < l->duplicates && back <= at)
		at -= back;
	else
		c->made++;
	session = at / EVENTS_SESSION * l->conns + c->id;
	events_make(&l->plan, session, at % EVENTS_SESSION, &l->batch_ids[slot],
	    &l->batch_events[slot]);
}

static void
ask_put(struct load *l, struct conn *c, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		make_event(l, c, i);
	packer_clear(&l->packer);
	pack_put(&l->packer, (uint32_t)c->sent, l->batch_events, n, NULL, 0);
	if (l->packer.failed)
		errx(1, "a batch of %zu is too large", n);
	buffer_add(&c->out, l->packer.p, l->packer.len);
}

static size_t
take_put(struct load *l, struct conn *c, const char *p, size_t len)
{
	struct put_counts n = { 0 };
	struct wire_scan scan;
	struct reply r;
	enum wire_result w;
	size_t used;

	wire_scan_init(&scan);
	w = wire_scan_feed(&scan, p, len, &used);
	if (w == WIRE_MORE)
		return 0;
	if (w != WIRE_DONE || unpack_reply(p, used, &r) != 0)
		errx(1, "reply: %s", wire_strerror(w));
	if (r.is_error)
		errx(1, "refused: %s %s", error_name(r.error.code),
		    r.error.message);
	if (r.msgid != (uint32_t)c->acked ||
	    unpack_put_result(r.result, &n, NULL, NULL) != 0 || n.rejected > 0)
		errx(1, "reply %u is not the expected one", r.msgid);
	l->counts.stored += n.stored;
	l->counts.merged += n.merged;
	l->counts.unchanged += n.unchanged;
	l->acked_events += n.stored + n.merged + n.unchanged;
	return used;
}

static void
add_bulk(struct buffer *b, const void *p, size_t len)
{
	char head[32];
	int n = snprintf(head, sizeof(head), "$%zu\r\n", len);

	buffer_add(b, head, (size_t)n);
	buffer_add(b, p, len);
	buffer_add(b, "\r\n", 2);
}

/* HSETNX session message event: as one put, it keeps what came first. */
static void
ask_hsetnx(struct load *l, struct conn *c, size_t n)
{
	const struct event *ev = &l->batch_events[0];

	if (n != 1)
		errx(2, "redis takes one event a request");
	make_event(l, c, 0);
	packer_clear(&l->packer);
	pack_event(&l->packer, ev);
	buffer_add(&c->out, "*4\r\n", 4);
	add_bulk(&c->out, "HSETNX", 6);
	add_bulk(&c->out, ev->text[EV_SESSION].p, ev->text[EV_SESSION].len);
	add_bulk(&c->out, ev->text[EV_MESSAGE].p, ev->text[EV_MESSAGE].len);
	add_bulk(&c->out, l->packer.p, l->packer.len);
}

static size_t
take_hsetnx(struct load *l, struct conn *c, const char *p, size_t len)
{
	const char *end = memchr(p, '\n', len);

	(void)c;
	if (end == NULL)
		return 0;
	if (end - p != 3 || p[0] != ':')
		errx(1, "redis: %.*s", (int)(end - p), p);
	l->counts.stored += p[1] == '1';
	l->acked_events++;
	return (size_t)(end - p) + 1;
}

static const struct protocol protocols[] = {
	{ "tt", ask_put, take_put },
	{ "redis", ask_hsetnx, take_hsetnx },
};

static void
watch(struct load *l, struct conn *c, int op, bool wants_out)
{
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = c };

	if (wants_out)
		e.events |= EPOLLOUT;
	if (epoll_ctl(l->ep, op, c->fd, &e) != 0)
		err(1, "epoll_ctl");
	c->wants_out = wants_out;
}

static void
flush(struct load *l, struct conn *c)
{
	ssize_t n = 0;

	while (c->out_done < c->out.len) {
		n = send(c->fd, c->out.p + c->out_done,
		    c->out.len - c->out_done, MSG_NOSIGNAL);
		if (n < 0)
			break;
		c->out_done += (size_t)n;
	}
	if (n < 0 && errno != EAGAIN)
		err(1, "send");
	if (c->out_done == c->out.len)
		c->out.len = c->out_done = 0;
	if (c->wants_out != (c->out.len > 0))
		watch(l, c, EPOLL_CTL_MOD, c->out.len > 0);
}

/* When the writer's next request is to be sent. */
static uint64_t
due_ns(const struct load *l, const struct conn *c)
{
	if (l->rate == 0)
		return bench_now_ns();
	return l->start_ns +
	       (c->sent * l->conns + c->id) * 1000000000 / l->rate;
}

/* Asks as long as it may. */
static void
fill(struct load *l, struct conn *c)
{
	uint64_t due;
	size_t n;

	while (!l->is_over && c->left > 0 && c->sent - c->acked < l->inflight) {
		due = due_ns(l, c);
		if (due > bench_now_ns())
			break;
		n = c->left < l->batch ? c->left : l->batch;
		l->speak->ask(l, c, n);
		c->sent_ns[c->sent % l->inflight] = due;
		l->busy += c->sent == c->acked;
		c->sent++;
		c->left -= n;
	}
	flush(l, c);
}

static void
take_replies(struct load *l, struct conn *c)
{
	uint64_t now = bench_now_ns();
	size_t done = 0, used;

	while (done < c->in_len) {
		used = l->speak->take(l, c, c->in + done, c->in_len - done);
		if (used == 0)
			break;
		done += used;
		samples_add(&l->lat, now - c->sent_ns[c->acked % l->inflight]);
		c->acked++;
		l->busy -= c->sent == c->acked;
	}
	memmove(c->in, c->in + done, c->in_len - done);
	c->in_len -= done;
}

static void
on_ready(struct load *l, struct conn *c, uint32_t events)
{
	ssize_t n;

	if (events & EPOLLOUT)
		flush(l, c);
	if ((events & ~(uint32_t)EPOLLOUT) == 0)
		return;
	n = recv(c->fd, c->in + c->in_len, sizeof(c->in) - c->in_len, 0);
	if (n == 0)
		errx(1, "the server closed a connection");
	if (n < 0 && errno != EAGAIN)
		err(1, "recv");
	if (n > 0) {
		c->in_len += (size_t)n;
		take_replies(l, c);
		fill(l, c);
	}
}

static void
fill_all(struct load *l)
{
	for (uint64_t i = 0; i < l->conns; i++)
		fill(l, &l->writers[i]);
}

static void
on_tick(struct load *l)
{
	uint64_t n;

	if (read(l->ticks, &n, sizeof(n)) < 0 && errno != EAGAIN)
		err(1, "ticks");
	fill_all(l);
}

/* Once for each request, which is sent within that tick. */
static void
start_ticks(struct load *l)
{
	uint64_t ns = 1000000000 / l->rate;
	struct itimerspec t = { .it_interval.tv_sec = (time_t)(ns / 1000000000),
		.it_interval.tv_nsec = (long)(ns % 1000000000) };
	struct epoll_event e = { .events = EPOLLIN };

	t.it_value = t.it_interval;
	l->ticks = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (l->ticks < 0 || timerfd_settime(l->ticks, 0, &t, NULL) != 0 ||
	    epoll_ctl(l->ep, EPOLL_CTL_ADD, l->ticks, &e) != 0)
		err(1, "ticks");
}

static void
run(struct load *l)
{
	struct epoll_event ready[READY];
	uint64_t end;
	int n;

	end = l->ms == 0 ? UINT64_MAX : l->start_ns + l->ms * 1000000;
	if (l->rate > 0)
		start_ticks(l);
	fill_all(l);
	while (l->busy > 0 || (l->rate > 0 && !l->is_over)) {
		n = epoll_wait(l->ep, ready, READY, -1);
		if (n < 0 && errno != EINTR)
			err(1, "epoll_wait");
		l->is_over = bench_now_ns() >= end;
		for (int i = 0; i < n; i++)
			if (ready[i].data.ptr == NULL)
				on_tick(l);
			else
				on_ready(l, ready[i].data.ptr, ready[i].events);
	}
}

static void
connect_one(struct load *l, uint64_t id)
{
	struct conn *c = &l->writers[id];

	c->id = id;
	c->left = l->events == 0 ? UINT64_MAX : l->events / l->conns;
	if (l->events != 0 && id < l->events % l->conns)
		c->left++;
	c->sent_ns = calloc(l->inflight, sizeof(c->sent_ns[0]));
	if (c->sent_ns == NULL)
		err(1, "calloc");
	c->fd = bench_connect(l->socket);
	if (fcntl(c->fd, F_SETFL, O_NONBLOCK) != 0)
		err(1, "fcntl");
	watch(l, c, EPOLL_CTL_ADD, false);
}

static void
prepare(struct load *l)
{
	struct rlimit files;
	uint64_t i;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	l->plan.sessions = l->events / EVENTS_SESSION + l->conns;
	l->random = l->plan.seed;
	l->batch_events = calloc(l->batch, sizeof(l->batch_events[0]));
	l->batch_ids = calloc(l->batch, sizeof(l->batch_ids[0]));
	l->writers = calloc(l->conns, sizeof(l->writers[0]));
	l->ep = epoll_create1(EPOLL_CLOEXEC);
	if (l->batch_events == NULL || l->batch_ids == NULL ||
	    l->writers == NULL || l->ep < 0)
		err(1, "prepare");
	for (i = 0; i < l->conns; i++)
		connect_one(l, i);
}

static void
print(struct load *l, uint64_t ns)
{
	printf("rate=%.1f acked=%llu stored=%llu merged=%llu unchanged=%llu ",
	    (double)l->acked_events * 1e9 / (double)ns,
	    (unsigned long long)l->acked_events,
	    (unsigned long long)l->counts.stored,
	    (unsigned long long)l->counts.merged,
	    (unsigned long long)l->counts.unchanged);
	samples_print(&l->lat, "ack");
	printf("\n");
	fflush(stdout);
}

static void
release(struct load *l)
{
	uint64_t i;

	for (i = 0; i < l->conns; i++) {
		close(l->writers[i].fd);
		free(l->writers[i].sent_ns);
		free(l->writers[i].out.p);
	}
	if (l->ticks >= 0)
		close(l->ticks);
	close(l->ep);
	free(l->writers);
	free(l->batch_events);
	free(l->batch_ids);
	packer_free(&l->packer);
	samples_free(&l->lat);
}

static const struct option longs[] = {
	{ "socket", required_argument, NULL, 's' },
	{ "protocol", required_argument, NULL, 'p' },
	{ "conns", required_argument, NULL, 'c' },
	{ "inflight", required_argument, NULL, 'i' },
	{ "batch", required_argument, NULL, 'b' },
	{ "duplicates", required_argument, NULL, 'u' },
	{ "events", required_argument, NULL, 'n' },
	{ "ms", required_argument, NULL, 'm' },
	{ "rate", required_argument, NULL, 'r' },
	{ "days", required_argument, NULL, 'd' },
	{ "seed", required_argument, NULL, 'e' },
	{ "call", no_argument, NULL, 'C' },
	{ "hold", no_argument, NULL, 'H' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static void
usage(int status)
{
	size_t i;

	printf("usage: load --socket=PATH [OPTION]…\n");
	for (i = 0; longs[i].name != NULL; i++)
		printf("  --%s%s\n", longs[i].name,
		    longs[i].has_arg == no_argument ? "" : "=…");
	exit(status);
}

static uint64_t *
number_option(struct load *l, int letter)
{
	switch (letter) {
	case 'c':
		return &l->conns;
	case 'i':
		return &l->inflight;
	case 'b':
		return &l->batch;
	case 'u':
		return &l->duplicates;
	case 'n':
		return &l->events;
	case 'm':
		return &l->ms;
	case 'r':
		return &l->rate;
	case 'd':
		return &l->plan.days;
	case 'e':
		return &l->plan.seed;
	default:
		usage(letter == 'h' ? 0 : 2);
		return NULL;
	}
}

static void
take_options(struct load *l, int argc, char **argv)
{
	int letter;

	while ((letter = getopt_long(argc, argv, "", longs, NULL)) != -1)
		if (letter == 's')
			l->socket = optarg;
		else if (letter == 'p')
			l->protocol = optarg;
		else if (letter == 'C')
			l->plan.with_call = true;
		else if (letter == 'H')
			l->hold = true;
		else
			*number_option(l, letter) = bench_number(optarg);
	for (size_t i = 0; i < COUNT_OF(protocols); i++)
		if (strcmp(protocols[i].name, l->protocol) == 0)
			l->speak = &protocols[i];
	if (l->socket == NULL || l->speak == NULL || l->conns == 0 ||
	    l->inflight == 0 || l->batch == 0 || l->events + l->ms == 0 ||
	    (l->rate > 0 && l->ms == 0) || l->rate > 1000000000)
		usage(2);
}

int
main(int argc, char **argv)
{
	struct load l = {
		.protocol = "tt",
		.conns = 1,
		.inflight = 1,
		.batch = 1,
		.ticks = -1,
		.plan.seed = bench_now_ns(),
	};

	take_options(&l, argc, argv);
	prepare(&l);
	l.start_ns = bench_now_ns();
	run(&l);
	print(&l, bench_now_ns() - l.start_ns);
	while (l.hold && getchar() != EOF)
		;
	release(&l);
	return 0;
}

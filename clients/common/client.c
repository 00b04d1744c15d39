#include "clients/common/client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "clients/common/text_lang.h"
#include "proto/calendar.h"

#define IN_FIRST (16u << 10) /* holds every reply but a report's */
#define IN_NEXT (256u << 10)
#define CONFIG_BYTES_MAX (1u << 20)
/* What the daemon says, in another language. */
#define WHY_SAID 400

static enum client_result fail(struct client *c, enum client_result r,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static enum client_result
fail(struct client *c, enum client_result r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(c->why, sizeof(c->why), fmt, ap);
	va_end(ap);
	return r;
}

void
client_init(struct client *c)
{
	memset(c, 0, sizeof(*c));
	c->fd = -1;
}

void
client_keep(struct client *c, uint32_t msgid)
{
	free(c->kept.bytes);
	c->kept.bytes = NULL;
	c->kept.msgid = msgid;
}

void
client_close(struct client *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	client_keep(c, 0);
	free(c->in);
	c->in = NULL;
	c->in_len = c->in_cap = c->taken = 0;
}

int64_t
client_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* A Unix socket with a full backlog cannot be polled: block, for so long. */
static int
connect_blocking(int fd, const struct sockaddr_un *sun, int64_t deadline_ms)
{
	int64_t left = deadline_ms - client_now_ms();
	struct timeval tv = { left / 1000, left % 1000 * 1000 };
	int flags = fcntl(fd, F_GETFL);
	int rc;

	if (left <= 0) {
		errno = EAGAIN;
		return -1;
	}
	if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)) != 0)
		return -1;
	rc = connect(fd, (const struct sockaddr *)sun, sizeof(*sun));
	if (rc == 0)
		rc = fcntl(fd, F_SETFL, flags);
	return rc;
}

static enum client_result
connect_failure(struct client *c, const char *path)
{
	switch (errno) {
	case ENOENT:
	case ENOTDIR:
	case ECONNREFUSED:
		return fail(c, CLIENT_EABSENT, _("no collectord at %s"), path);
	case EAGAIN:
	case EINTR:
		return fail(c, CLIENT_ETIMEOUT,
		    _("collectord at %s takes no connection in time"), path);
	case EACCES:
	case EPERM:
	case EPROTOTYPE:
		return fail(c, CLIENT_EPEER, _("%s is not ours: %s"), path,
		    strerror(errno));
	default:
		return fail(c, CLIENT_ESYSTEM, _("cannot connect to %s: %s"),
		    path, strerror(errno));
	}
}

static enum client_result
check_peer(struct client *c, const char *path)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(c->fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
		return fail(c, CLIENT_ESYSTEM, _("cannot tell whose %s is: %s"),
		    path, strerror(errno));
	if (peer.uid != geteuid())
		return fail(c, CLIENT_EPEER, _("%s belongs to user %u"), path,
		    (unsigned)peer.uid);
	return CLIENT_OK;
}

static enum client_result
connect_fd(struct client *c, const char *path, int64_t deadline_ms)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	size_t len = strlen(path);
	int rc;

	if (len >= sizeof(sun.sun_path))
		return fail(c, CLIENT_ESYSTEM,
		    _("the socket's path is too long: %s"), path);
	memcpy(sun.sun_path, path, len + 1);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c->fd < 0)
		return fail(c, CLIENT_ESYSTEM, _("cannot make a socket: %s"),
		    strerror(errno));
	rc = connect(c->fd, (const struct sockaddr *)&sun, sizeof(sun));
	if (rc != 0 && errno == EAGAIN)
		rc = connect_blocking(c->fd, &sun, deadline_ms);
	return rc != 0 ? connect_failure(c, path) : check_peer(c, path);
}

enum client_result
client_connect(struct client *c, const char *socket_path, int64_t deadline_ms)
{
	enum client_result r;

	client_close(c);
	r = connect_fd(c, socket_path, deadline_ms);
	if (r != CLIENT_OK)
		client_close(c);
	return r;
}

/* Waits until the socket can do that, no longer than the deadline. */
static enum client_result
wait_for(struct client *c, short what, int64_t deadline_ms)
{
	struct pollfd p = { .fd = c->fd, .events = what };
	int64_t left;
	int n;

	do {
		left = deadline_ms - client_now_ms();
		if (left < 0)
			left = 0;
		n = poll(&p, 1, left > INT32_MAX ? INT32_MAX : (int)left);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return fail(c, CLIENT_ESYSTEM, "poll: %s", strerror(errno));
	if (n == 0)
		return fail(c, CLIENT_ETIMEOUT,
		    _("collectord does not answer in time"));
	return CLIENT_OK;
}

static enum client_result
io_failure(struct client *c)
{
	if (errno == EPIPE || errno == ECONNRESET)
		return fail(
		    c, CLIENT_EABSENT, _("collectord closed the connection"));
	return fail(
	    c, CLIENT_ESYSTEM, _("collectord's socket: %s"), strerror(errno));
}

enum client_result
client_send(struct client *c, const struct packer *k, int64_t deadline_ms)
{
	enum client_result r;
	size_t off = 0;
	ssize_t n;

	if (k->failed)
		return fail(c, CLIENT_ESYSTEM, _("the request is too large"));
	if (c->fd < 0)
		return fail(c, CLIENT_EABSENT, _("not connected"));
	while (off < k->len) {
		n = send(c->fd, k->p + off, k->len - off, MSG_NOSIGNAL);
		if (n >= 0) {
			off += (size_t)n;
		} else if (errno == EAGAIN) {
			r = wait_for(c, POLLOUT, deadline_ms);
			if (r != CLIENT_OK)
				return r;
		} else if (errno != EINTR) {
			return io_failure(c);
		}
	}
	return CLIENT_OK;
}

static int
make_room(struct client *c)
{
	size_t cap = c->in_cap == 0 ? IN_FIRST : c->in_cap * 2;
	char *p;

	if (c->in_len < c->in_cap)
		return 0;
	/* What is not used of it costs nothing; to move it does. */
	if (c->in_cap == IN_FIRST)
		cap = IN_NEXT;
	if (c->in_cap >= LIMIT_REQUEST_BYTES * 2)
		return -1;
	p = realloc(c->in, cap);
	if (p == NULL)
		return -1;
	c->in = p;
	c->in_cap = cap;
	return 0;
}

static enum client_result
read_more(struct client *c, int64_t deadline_ms)
{
	enum client_result r = wait_for(c, POLLIN, deadline_ms);
	ssize_t n;

	if (r != CLIENT_OK)
		return r;
	if (make_room(c) != 0)
		return fail(c, CLIENT_ESYSTEM, _("no memory for the answer"));
	n = recv(c->fd, c->in + c->in_len, c->in_cap - c->in_len, 0);
	if (n == 0)
		return fail(
		    c, CLIENT_EABSENT, _("collectord closed the connection"));
	if (n > 0)
		c->in_len += (size_t)n;
	else if (errno != EAGAIN && errno != EINTR)
		return io_failure(c);
	return CLIENT_OK;
}

static void
drop_taken(struct client *c)
{
	if (c->taken == 0)
		return;
	memmove(c->in, c->in + c->taken, c->in_len - c->taken);
	c->in_len -= c->taken;
	c->taken = 0;
}

/* Gets one whole message to the front of `in`; `taken` is its length. */
static enum client_result
read_message(struct client *c, int64_t deadline_ms)
{
	enum client_result r;
	enum wire_result w;
	struct wire_scan s;
	size_t used, seen = 0;
	char why[WHY_SAID];

	drop_taken(c);
	wire_scan_init(&s);
	for (;;) {
		w = WIRE_MORE;
		if (c->in_len > seen) {
			w = wire_scan_feed(
			    &s, c->in + seen, c->in_len - seen, &used);
			seen += used;
		}
		if (w == WIRE_DONE)
			break;
		if (w != WIRE_MORE)
			return fail(c, CLIENT_EPEER,
			    _("collectord talks nonsense: %s"),
			    lang_said(wire_strerror(w), why, sizeof(why)));
		r = read_more(c, deadline_ms);
		if (r != CLIENT_OK)
			return r;
	}
	c->taken = seen;
	return CLIENT_OK;
}

/* The message just read is the one to keep, for later. */
static enum client_result
keep_message(struct client *c)
{
	if (c->kept.msgid == 0 || c->kept.bytes != NULL ||
	    c->reply.msgid != c->kept.msgid)
		return CLIENT_OK;
	c->kept.bytes = malloc(c->taken);
	if (c->kept.bytes == NULL)
		return fail(c, CLIENT_ESYSTEM, _("no memory for the answer"));
	memcpy(c->kept.bytes, c->in, c->taken);
	c->kept.len = c->taken;
	return CLIENT_OK;
}

static enum client_result
read_reply(struct client *c, uint32_t msgid, int64_t deadline_ms)
{
	enum client_result r = CLIENT_OK;

	while (r == CLIENT_OK) {
		r = read_message(c, deadline_ms);
		if (r != CLIENT_OK)
			break;
		if (unpack_reply(c->in, c->taken, &c->reply) != 0)
			return fail(c, CLIENT_EPEER,
			    _("collectord talks nonsense: not a reply"));
		/* An error without a number is about the connection. */
		if (c->reply.msgid == msgid ||
		    (c->reply.is_error && c->reply.msgid == 0))
			break;
		r = keep_message(c);
	}
	return r;
}

enum client_result
client_wait(struct client *c, uint32_t msgid, int64_t deadline_ms)
{
	enum client_result r = CLIENT_OK;

	if (c->fd < 0)
		return fail(c, CLIENT_EABSENT, _("not connected"));
	if (c->kept.bytes != NULL && c->kept.msgid == msgid) {
		(void)unpack_reply(c->kept.bytes, c->kept.len, &c->reply);
		c->kept.msgid = 0;
	} else {
		r = read_reply(c, msgid, deadline_ms);
	}
	return r == CLIENT_OK ? client_judge(c) : r;
}

enum client_result
client_judge(struct client *c)
{
	char why[WHY_SAID];

	if (!c->reply.is_error)
		return CLIENT_OK;
	return fail(c, CLIENT_EREFUSED, "collectord: %s: %s",
	    error_name(c->reply.error.code),
	    lang_said(c->reply.error.message, why, sizeof(why)));
}

enum client_result
client_message(struct client *c, int64_t deadline_ms)
{
	if (c->fd < 0)
		return fail(c, CLIENT_EABSENT, _("not connected"));
	return read_message(c, deadline_ms);
}

int
client_exit_code(enum client_result r)
{
	switch (r) {
	case CLIENT_OK:
		return EXIT_OK;
	case CLIENT_EABSENT:
	case CLIENT_ETIMEOUT:
	case CLIENT_EPEER:
		return EXIT_UNREACHABLE;
	case CLIENT_EREFUSED:
		return EXIT_REFUSED;
	case CLIENT_ESYSTEM:
		break;
	}
	return EXIT_SYSTEM;
}

/* The whole file as text, or NULL with errno. The caller frees it. */
static char *
read_text(const char *path)
{
	struct stat st;
	char *text = NULL;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;

	if (fd < 0)
		return NULL;
	errno = EFBIG;
	if (fstat(fd, &st) == 0 && st.st_size <= CONFIG_BYTES_MAX)
		text = malloc((size_t)st.st_size + 1);
	if (text != NULL) {
		n = read(fd, text, (size_t)st.st_size);
		text[n > 0 ? n : 0] = '\0';
		if (n < 0) {
			err = errno;
			free(text);
			text = NULL;
			errno = err;
		}
	}
	err = errno;
	close(fd);
	errno = err;
	return text;
}

int
client_config(const struct places *p, struct config *cf, char *why, size_t cap)
{
	char detail[200], *text;
	int line;

	config_init(cf);
	text = read_text(p->config);
	if (text == NULL && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (text == NULL) {
		snprintf(why, cap, "%s: %s", p->config, strerror(errno));
		return -1;
	}
	line = config_parse(cf, text, detail, sizeof(detail));
	free(text);
	if (line == 0)
		return 0;
	snprintf(why, cap, "%s:%d: %s", p->config, line, detail);
	return -1;
}

int64_t
client_wall_ms(void)
{
	const char *now = getenv("TT_NOW");
	struct timespec ts;
	int64_t ms;

	if (now != NULL &&
	    calendar_parse_time(now, strlen(now), &ms, NULL) == 0)
		return ms;
	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

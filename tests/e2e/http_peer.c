#include "tests/e2e/http_peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "tests/e2e/harness.h"

#define REQUEST_MAX 65536

void
http_peer_open(struct http_peer *p)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(a);

	p->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert(p->fd >= 0 && bind(p->fd, (struct sockaddr *)&a, len) == 0 &&
		      listen(p->fd, 16) == 0 &&
		      getsockname(p->fd, (struct sockaddr *)&a, &len) == 0,
	    "a loopback port: %s", strerror(errno));
	p->port = ntohs(a.sin_port);
}

void
http_peer_close(struct http_peer *p)
{
	if (p->fd > 0)
		close(p->fd);
	p->fd = 0;
}

void
http_peer_url(
    const struct http_peer *p, const char *rest, char *buf, size_t cap)
{
	snprintf(buf, cap, "http://127.0.0.1:%u%s", p->port, rest);
}

static bool
wait_readable(int fd, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, timeout_ms) == 1;
}

bool
http_peer_is_quiet(const struct http_peer *p)
{
	return !wait_readable(p->fd, 0);
}

/* Has all of it come? Then *body is where the head ends. */
static bool
is_whole(const char *text, size_t len, const char **body)
{
	const char *end = strstr(text, "\r\n\r\n");
	const char *length = strcasestr(text, "\r\ncontent-length:");
	size_t want = 0;

	if (end == NULL)
		return false;
	*body = end + 4;
	if (length != NULL && length < end)
		want = strtoul(length + 17, NULL, 10);
	return len - (size_t)(*body - text) >= want;
}

void
http_peer_take(struct http_peer *p, struct http_talk *t)
{
	size_t len = 0;
	ssize_t n;

	cr_assert(wait_readable(p->fd, DEADLINE_MS), "no request came");
	t->fd = accept4(p->fd, NULL, NULL, SOCK_CLOEXEC);
	cr_assert(t->fd >= 0, "accept: %s", strerror(errno));
	t->text = calloc(1, REQUEST_MAX + 1);
	cr_assert_not_null(t->text, "no memory");
	while (!is_whole(t->text, len, &t->body)) {
		n = wait_readable(t->fd, DEADLINE_MS)
			? read(t->fd, t->text + len, REQUEST_MAX - len)
			: -1;
		cr_assert_gt(n, 0, "half a request: %s", t->text);
		len += (size_t)n;
	}
}

bool
http_talk_send(struct http_talk *t, const char *text)
{
	size_t len = strlen(text);

	return send(t->fd, text, len, MSG_NOSIGNAL) == (ssize_t)len;
}

size_t
http_talk_flood(struct http_talk *t, int status, size_t bytes)
{
	static char block[65536];
	char head[128];
	size_t sent = 0;
	ssize_t n = 1;

	/* No length is announced: the end of the stream would be its end. */
	snprintf(head, sizeof(head),
	    "HTTP/1.1 %d x\r\nConnection: close\r\n\r\n", status);
	memset(block, 'x', sizeof(block));
	if (!http_talk_send(t, head))
		return 0;
	while (sent < bytes && n > 0) {
		n = send(t->fd, block, sizeof(block), MSG_NOSIGNAL);
		sent += n > 0 ? (size_t)n : 0;
	}
	return sent;
}

bool
http_talk_is_closed(struct http_talk *t)
{
	char byte;

	return wait_readable(t->fd, DEADLINE_MS) && read(t->fd, &byte, 1) <= 0;
}

void
http_talk_answer(
    struct http_talk *t, int status, const char *headers, const char *body)
{
	char head[512];

	snprintf(head, sizeof(head),
	    "HTTP/1.1 %d x\r\nConnection: close\r\n%sContent-Length: "
	    "%zu\r\n\r\n",
	    status, headers, strlen(body));
	cr_expect(http_talk_send(t, head) && http_talk_send(t, body),
	    "the daemon did not wait for an answer: %s", strerror(errno));
	http_talk_close(t);
}

void
http_talk_reset(struct http_talk *t)
{
	struct linger at_once = { 1, 0 };

	setsockopt(t->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	http_talk_close(t);
}

void
http_talk_close(struct http_talk *t)
{
	if (t->text == NULL)
		return;
	close(t->fd);
	free(t->text);
	*t = (struct http_talk){ 0 };
}

void
http_peer_serve(struct http_peer *p, int status)
{
	struct http_talk t = { 0 };

	http_peer_take(p, &t);
	cr_expect(t.body[0] != '\0', "a request without a body");
	http_talk_answer(&t, status, "", "ok");
}

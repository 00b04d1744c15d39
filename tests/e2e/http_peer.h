/*
 * The other end of the daemon's HTTP, on a loopback port. The test takes each
 * request itself and answers it, or misbehaves: there is no thread, no script,
 * and nothing to wait for but the request.
 */
#ifndef TESTS_E2E_HTTP_PEER_H
#define TESTS_E2E_HTTP_PEER_H

#include <stdbool.h>
#include <stddef.h>

struct http_peer {
	int fd; /* listens */
	unsigned port;
};

/* One connection with its request, whole. Zero: none. */
struct http_talk {
	int fd;
	char *text;       /* of the request, NUL-terminated, owned */
	const char *body; /* in it */
};

void http_peer_open(struct http_peer *p);
void http_peer_close(struct http_peer *p);
/* "http://127.0.0.1:PORT" and what follows. */
void http_peer_url(
    const struct http_peer *p, const char *rest, char *buf, size_t cap);
/* The next request, within the deadline; the test fails without one. */
void http_peer_take(struct http_peer *p, struct http_talk *t);
/* Has nobody come? Does not wait. */
bool http_peer_is_quiet(const struct http_peer *p);

/*
 * Each of these ends the talk. headers: whole lines with their \r\n, or "".
 */
void http_talk_answer(
    struct http_talk *t, int status, const char *headers, const char *body);
void http_talk_reset(struct http_talk *t);
/* Says nothing more. Fine for one that has ended. */
void http_talk_close(struct http_talk *t);
/* Take, answer, and the request's body must be there. For a usual one. */
void http_peer_serve(struct http_peer *p, int status);

/* These do not end it. Bytes as they are; false: the daemon hung up. */
bool http_talk_send(struct http_talk *t, const char *text);
/* A status and then so many bytes of a body; how many the daemon took. */
size_t http_talk_flood(struct http_talk *t, int status, size_t bytes);
/* Waits until the daemon hangs up. */
bool http_talk_is_closed(struct http_talk *t);

#endif

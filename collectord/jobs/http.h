/*
 * HTTP requests on the loop, by libcurl. HTTPS, or plain HTTP to this machine
 * itself; redirects are not followed. A proxy that the user has named takes
 * what is HTTPS and not for this machine, and sees none of its headers. What a
 * request may take, in time and in bytes, is bounded. URLs and headers hold
 * secrets: none of this ever logs them.
 *
 * libcurl is loaded by the first request: who sends none does not pay for it.
 */
#ifndef JOBS_HTTP_H
#define JOBS_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "proto/text.h"

#define HTTP_HEADERS_MAX 16

enum http_error {
	HTTP_OK, /* there is a status, whatever it says */
	HTTP_BAD_REQUEST,
	HTTP_NO_MEMORY,
	HTTP_RESOLVE,
	HTTP_CONNECT,
	HTTP_PROXY, /* it is not there, or gives no connection */
	HTTP_TLS,   /* its certificate is none to be trusted */
	HTTP_TIMEOUT,
	HTTP_BROKEN, /* the connection ended, or what came is no HTTP */
	HTTP_TOO_LARGE,
	HTTP_REDIRECT, /* the status says where to, and we do not go */
	HTTP_REFUSED,  /* on_body did not want more */
	HTTP_ERRORS
};

enum http_way { HTTP_DIRECT, HTTP_BY_CONNECT, HTTP_BY_SOCKS };

/*
 * Its owner's; it must stay where it is until on_done is called or it is
 * cancelled, and so must what it points to.
 */
struct http_request {
	const char *url;
	const char *method; /* NULL: GET, or POST of a body */
	const char *headers[HTTP_HEADERS_MAX]; /* "Name: value"; NULL ends */
	struct text body;
	int64_t deadline_ms; /* for all of it, above 0 */
	uint64_t body_max;   /* of the answer, in bytes */
	/*
	 * What came of the answer's body, as it comes; false: no more. It may
	 * start and cancel nothing. NULL: it is not wanted.
	 */
	bool (*on_body)(struct http_request *r, const char *p, size_t len);
	/* Once, in a later turn of the loop. May start others, this one too. */
	void (*on_done)(struct http_request *r);
	void *data; /* the owner's */

	/* For on_done: */
	enum http_error error;
	int status;             /* 0: none came; of HTTP_TOO_LARGE too */
	int proxy_status;       /* of HTTP_PROXY; 0: it did not answer */
	int64_t retry_after_ms; /* -1: the answer does not say */

	/* http.c's: */
	struct http *http; /* NULL: not under way */
	struct http_request *next, *prev;
	enum http_way way;
	void *easy, *list;
	uint64_t taken, head_taken;
};

struct http {
	uv_loop_t *loop;
	uv_timer_t timer;
	struct http_lib *lib; /* NULL, as multi: nothing was asked yet */
	void *multi;
	struct http_request *first;
	const char *proxy; /* its owner's; NULL or "": none */
	bool is_stopped;
};

/* "timeout": for logs and errors. */
extern const char *const http_error_names[HTTP_ERRORS];
/* The same of one that is done, with what the proxy said. */
void http_describe(const struct http_request *r, char *buf, size_t cap);

/* 0 or a negative uv error. */
int http_init(struct http *h, uv_loop_t *loop);
/*
 * Cancels all requests and begins no more; its handles are then closing.
 * Idempotent.
 */
void http_stop(struct http *h);

/* 0, or -1 with r->error; then on_done is not called. */
int http_start(struct http *h, struct http_request *r);
/* No on_done will come. Fine for one that is not under way. */
void http_cancel(struct http_request *r);

/* NULL, or why we would not ask that URL: static, untranslated N_() text. */
const char *http_judge_url(const char *url);
/* NULL, or why that is no proxy, likewise; "" is none and fine. */
const char *http_judge_proxy(const char *url);

#endif

#include "collectord/jobs/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "collectord/jobs/http_lib.h"
#include "collectord/jobs/http_memory.h"
#include "collectord/loopback.h"
#include "collectord/sys.h"
#include "proto/lang.h"
#include "proto/limits.h"

#define HEAD_MAX (64u << 10) /* of an answer, all of its header lines */
#define IDLE_CONNECTIONS 4l

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

/* A socket of libcurl's while it is watched. */
struct watched {
	uv_poll_t poll;
	struct http *http;
	curl_socket_t fd;
};

const char *const http_error_names[HTTP_ERRORS] = {
	[HTTP_OK] = "ok",
	[HTTP_BAD_REQUEST] = "bad request",
	[HTTP_NO_MEMORY] = "no memory",
	[HTTP_RESOLVE] = "no such host",
	[HTTP_CONNECT] = "no connection",
	[HTTP_PROXY] = "no connection through the proxy",
	[HTTP_TLS] = "tls",
	[HTTP_TIMEOUT] = "timeout",
	[HTTP_BROKEN] = "broken off",
	[HTTP_TOO_LARGE] = "answer too large",
	[HTTP_REDIRECT] = "redirect",
	[HTTP_REFUSED] = "answer refused",
};

/*
 * What is not here is HTTP_BROKEN. So is CURLE_UNSUPPORTED_PROTOCOL: schemes
 * were judged before, and it says the same of an answer that is no HTTP.
 */
static const struct {
	CURLcode code;
	enum http_error error;
} errors[] = {
	{ CURLE_OK, HTTP_OK },
	{ CURLE_URL_MALFORMAT, HTTP_BAD_REQUEST },
	{ CURLE_OUT_OF_MEMORY, HTTP_NO_MEMORY },
	{ CURLE_COULDNT_RESOLVE_HOST, HTTP_RESOLVE },
	{ CURLE_COULDNT_CONNECT, HTTP_CONNECT },
	{ CURLE_COULDNT_RESOLVE_PROXY, HTTP_PROXY },
	{ CURLE_PROXY, HTTP_PROXY },
	{ CURLE_OPERATION_TIMEDOUT, HTTP_TIMEOUT },
	{ CURLE_FILESIZE_EXCEEDED, HTTP_TOO_LARGE },
	/* Broken off before there was a certificate to look at. */
	{ CURLE_SSL_CONNECT_ERROR, HTTP_CONNECT },
	{ CURLE_SSL_CERTPROBLEM, HTTP_TLS },
	{ CURLE_SSL_CIPHER, HTTP_TLS },
	{ CURLE_PEER_FAILED_VERIFICATION, HTTP_TLS },
	{ CURLE_SSL_CACERT_BADFILE, HTTP_TLS },
	{ CURLE_SSL_CRL_BADFILE, HTTP_TLS },
	{ CURLE_SSL_ISSUER_ERROR, HTTP_TLS },
	{ CURLE_SSL_INVALIDCERTSTATUS, HTTP_TLS },
};

void
http_describe(const struct http_request *r, char *buf, size_t cap)
{
	const char *name = http_error_names[r->error];

	if (r->proxy_status == 0)
		snprintf(buf, cap, "%s", name);
	else
		snprintf(buf, cap, "%s (HTTP %d)%s", name, r->proxy_status,
		    r->proxy_status == 407 ? ": it wants a login" : "");
}

/* --- URLs ------------------------------------------------------------------
 */

/* libcurl has written out what stands for a number: 0x7f.1 is 127.0.0.1. */
static const char *
judge_parts(const struct http_lib *lib, CURLU *u)
{
	char *scheme = NULL, *host = NULL;
	const char *why = N_("not a URL");

	if (lib->url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
	    lib->url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK)
		why = strcmp(scheme, "https") == 0 ||
			      (strcmp(scheme, "http") == 0 &&
				  loopback_is_host(host))
			  ? NULL
			  : N_("only https, or http to this machine itself");
	lib->free(scheme);
	lib->free(host);
	return why;
}

static const char *
judge_url(const struct http_lib *lib, const char *url)
{
	CURLU *u = lib->url();
	const char *why = N_("not a URL");

	if (u != NULL && lib->url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK)
		why = judge_parts(lib, u);
	lib->url_cleanup(u);
	return why;
}

const char *
http_judge_url(const char *url)
{
	struct http_lib lib;

	if (http_lib_load(&lib) != 0)
		return N_("libcurl is not installed");
	return judge_url(&lib, url);
}

const char *
http_judge_proxy(const char *url)
{
	static const char *const schemes[] = { "http://", "https://",
		"socks5://", "socks5h://" };
	size_t len;

	for (size_t i = 0; i < LENGTH(schemes); i++) {
		len = strlen(schemes[i]);
		if (strncmp(url, schemes[i], len) == 0 && url[len] != '\0' &&
		    url[len] != '/' && strpbrk(url, " ?#") == NULL)
			return NULL;
	}
	return url[0] == '\0'
		   ? NULL
		   : N_("not http://, https:// or socks5h:// and a host");
}

/* --- libcurl on the loop ---------------------------------------------------
 */

static void
unlink_request(struct http_request *r)
{
	if (r->prev == NULL)
		r->http->first = r->next;
	else
		r->prev->next = r->next;
	if (r->next != NULL)
		r->next->prev = r->prev;
	r->next = r->prev = NULL;
	r->http = NULL;
}

static void
free_easy(const struct http_lib *lib, struct http_request *r)
{
	lib->easy_cleanup(r->easy);
	lib->slist_free_all(r->list);
	r->easy = r->list = NULL;
}

static void
forget(struct http_request *r)
{
	const struct http_lib *lib = r->http->lib;

	BUG_ON(lib->multi_remove_handle(r->http->multi, r->easy) != CURLM_OK);
	free_easy(lib, r);
	unlink_request(r);
}

/* What happens on a new connection before CONNECT is answered. */
static bool
is_before_answer(enum http_error error, long connects, long status)
{
	return connects > 0 && status == 0 &&
	       (error == HTTP_CONNECT || error == HTTP_TLS ||
		   error == HTTP_BROKEN);
}

/*
 * Is it the proxy's trouble, or that of what is behind it? SOCKS has no answer
 * that could be asked for, and libcurl tells its trouble apart itself.
 */
static enum http_error
judge_way(struct http_request *r, CURLcode code, enum http_error error)
{
	const struct http_lib *lib = r->http->lib;
	long status = 0, connects = 0;

	if (r->way == HTTP_DIRECT || code == CURLE_OK)
		return error;
	lib->easy_getinfo(r->easy, CURLINFO_HTTP_CONNECTCODE, &status);
	lib->easy_getinfo(r->easy, CURLINFO_NUM_CONNECTS, &connects);
	/* It has answered CONNECT, and not with a connection. */
	if (status >= 300)
		r->proxy_status = (int)status;
	if (status >= 300 || code == CURLE_COULDNT_CONNECT ||
	    (r->way == HTTP_BY_CONNECT &&
		is_before_answer(error, connects, status)))
		return HTTP_PROXY;
	return error;
}

static enum http_error
judge_result(const struct http_request *r, CURLcode code)
{
	/* A callback of ours has said why. */
	if (r->error != HTTP_OK)
		return r->error;
	for (size_t i = 0; i < LENGTH(errors); i++)
		if (errors[i].code == code)
			return code == CURLE_OK && r->status / 100 == 3
				   ? HTTP_REDIRECT
				   : errors[i].error;
	return HTTP_BROKEN;
}

static void
finish(struct http_request *r, CURLcode code)
{
	const struct http_lib *lib = r->http->lib;
	curl_off_t retry_s = 0;
	long status = 0;

	lib->easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &status);
	lib->easy_getinfo(r->easy, CURLINFO_RETRY_AFTER, &retry_s);
	r->status = (int)status;
	r->retry_after_ms =
	    retry_s > 0 && retry_s < INT32_MAX ? (int64_t)retry_s * 1000 : -1;
	r->error = judge_way(r, code, judge_result(r, code));
	forget(r);
	r->on_done(r);
}

/* Whoever is done, whichever socket it was that stirred. */
static void
reap(struct http *h)
{
	struct http_request *r;
	CURLMsg *m;
	int left;

	while (h->multi != NULL &&
	       (m = h->lib->multi_info_read(h->multi, &left)) != NULL) {
		if (m->msg != CURLMSG_DONE)
			continue;
		BUG_ON(h->lib->easy_getinfo(
			   m->easy_handle, CURLINFO_PRIVATE, &r) != CURLE_OK);
		finish(r, m->data.result);
	}
}

static void
act(struct http *h, curl_socket_t fd, int events)
{
	int running;

	if (h->multi == NULL)
		return;
	h->lib->multi_socket_action(h->multi, fd, events, &running);
	reap(h);
}

static void
on_poll(uv_poll_t *p, int status, int events)
{
	struct watched *w = p->data;
	int flags = status < 0 ? CURL_CSELECT_ERR : 0;

	if (events & UV_READABLE)
		flags |= CURL_CSELECT_IN;
	if (events & UV_WRITABLE)
		flags |= CURL_CSELECT_OUT;
	act(w->http, w->fd, flags);
}

static void
on_timer(uv_timer_t *t)
{
	act(t->data, CURL_SOCKET_TIMEOUT, 0);
}

/* It may not be acted on here, so 0 is a moment later too. */
static int
on_want_timer(CURLM *multi, long timeout_ms, void *arg)
{
	struct http *h = arg;

	(void)multi;
	if (timeout_ms < 0)
		return uv_timer_stop(&h->timer);
	return uv_timer_start(&h->timer, on_timer, (uint64_t)timeout_ms, 0);
}

static void
on_watched_closed(uv_handle_t *p)
{
	free(p->data);
}

static struct watched *
watch(struct http *h, curl_socket_t fd)
{
	struct watched *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	if (uv_poll_init_socket(h->loop, &w->poll, fd) != 0) {
		free(w);
		return NULL;
	}
	w->http = h;
	w->fd = fd;
	w->poll.data = w;
	if (h->lib->multi_assign(h->multi, fd, w) != CURLM_OK) {
		uv_close((uv_handle_t *)&w->poll, on_watched_closed);
		return NULL;
	}
	return w;
}

/* The socket is libcurl's, which closes it after CURL_POLL_REMOVE. */
static int
on_want_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *watched)
{
	struct watched *w = watched;
	int events = (what & CURL_POLL_IN ? UV_READABLE : 0) |
		     (what & CURL_POLL_OUT ? UV_WRITABLE : 0);

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (w != NULL) {
			uv_poll_stop(&w->poll);
			uv_close((uv_handle_t *)&w->poll, on_watched_closed);
		}
		return 0;
	}
	if (w == NULL)
		w = watch(arg, fd);
	return w != NULL && uv_poll_start(&w->poll, events, on_poll) == 0 ? 0
									  : -1;
}

/* What a command inherits must not be a connection. */
static curl_socket_t
on_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
	(void)arg;
	(void)purpose;
	return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

static size_t
on_body(char *p, size_t size, size_t n, void *arg)
{
	struct http_request *r = arg;
	size_t len = size * n;

	r->taken += len;
	if (r->taken > r->body_max)
		r->error = HTTP_TOO_LARGE;
	else if (r->on_body != NULL && !r->on_body(r, p, len))
		r->error = HTTP_REFUSED;
	return r->error == HTTP_OK ? len : 0;
}

static size_t
on_head(char *p, size_t size, size_t n, void *arg)
{
	struct http_request *r = arg;

	(void)p;
	r->head_taken += size * n;
	if (r->head_taken > HEAD_MAX)
		r->error = HTTP_TOO_LARGE;
	return r->error == HTTP_OK ? size * n : 0;
}

/* --- Requests --------------------------------------------------------------
 */

int
http_init(struct http *h, uv_loop_t *loop)
{
	int rc;

	*h = (struct http){ .loop = loop };
	rc = uv_timer_init(loop, &h->timer);
	h->timer.data = h;
	return rc;
}

static int
begin(const struct http_lib *lib)
{
	return lib->global_init_mem(CURL_GLOBAL_DEFAULT, http_memory_alloc,
		   http_memory_free, http_memory_resize, http_memory_copy,
		   http_memory_zeroed) == CURLE_OK
		   ? 0
		   : -1;
}

static int
set_up(struct http *h)
{
	struct http_lib *lib = calloc(1, sizeof(*lib));

	if (lib == NULL || http_lib_load(lib) != 0 || begin(lib) != 0) {
		free(lib);
		return -1;
	}
	h->multi = lib->multi_init();
	if (h->multi == NULL) {
		lib->global_cleanup();
		free(lib);
		return -1;
	}
	h->lib = lib;
	lib->multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, on_want_socket);
	lib->multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h);
	lib->multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, on_want_timer);
	lib->multi_setopt(h->multi, CURLMOPT_TIMERDATA, h);
	lib->multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, IDLE_CONNECTIONS);
	return 0;
}

static int
set_headers(const struct http_lib *lib, struct http_request *r)
{
	struct curl_slist *more;

	/* No question whether a body may come. */
	r->list = lib->slist_append(NULL, "Expect:");
	for (size_t i = 0; i < HTTP_HEADERS_MAX && r->headers[i] != NULL; i++) {
		more = r->list == NULL
			   ? NULL
			   : lib->slist_append(r->list, r->headers[i]);
		if (more == NULL)
			return -1;
	}
	return r->list != NULL && lib->easy_setopt(r->easy, CURLOPT_HTTPHEADER,
				      r->list) == CURLE_OK
		   ? 0
		   : -1;
}

/* What CURLOPT_NOPROXY says is asked directly. */
static bool
is_far(const struct http_lib *lib, const char *url)
{
	CURLU *u = lib->url();
	char *host = NULL;
	bool is_far = u != NULL &&
		      lib->url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
		      lib->url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
		      !loopback_is_host(host);

	lib->free(host);
	lib->url_cleanup(u);
	return is_far;
}

static enum http_way
way_to(const struct http *h, const char *url)
{
	if (h->proxy == NULL || h->proxy[0] == '\0' ||
	    strncmp(url, "https://", 8) != 0 || !is_far(h->lib, url))
		return HTTP_DIRECT;
	return strncmp(h->proxy, "http", 4) == 0 ? HTTP_BY_CONNECT
						 : HTTP_BY_SOCKS;
}

/* Texts are copied, which can fail; NULL is the default. */
static int
set_texts(const struct http *h, const struct http_request *r)
{
	const struct http_lib *lib = h->lib;
	const char *bundle = getenv("SSL_CERT_FILE");
	const struct {
		CURLoption option;
		const char *text;
	} texts[] = {
		{ CURLOPT_URL, r->url },
		{ CURLOPT_PROTOCOLS_STR, "http,https" },
		/* "": none, whatever the environment says. */
		{ CURLOPT_PROXY, r->way == HTTP_DIRECT ? "" : h->proxy },
		{ CURLOPT_NOPROXY, "localhost,127.0.0.0/8,::1" },
		{ CURLOPT_USERAGENT, "tt/" TT_VERSION },
		{ CURLOPT_CUSTOMREQUEST, r->method },
		{ CURLOPT_CAINFO, bundle },
	};

	for (size_t i = 0; i < LENGTH(texts); i++)
		if (texts[i].text != NULL &&
		    lib->easy_setopt(r->easy, texts[i].option, texts[i].text) !=
			CURLE_OK)
			return -1;
	return 0;
}

static void
set_callbacks(const struct http_lib *lib, struct http_request *r)
{
	CURL *e = r->easy;

	lib->easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
	lib->easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
	lib->easy_setopt(e, CURLOPT_WRITEDATA, r);
	lib->easy_setopt(e, CURLOPT_HEADERFUNCTION, on_head);
	lib->easy_setopt(e, CURLOPT_HEADERDATA, r);
	lib->easy_setopt(e, CURLOPT_PRIVATE, r);
}

static void
set_limits(const struct http_lib *lib, const struct http_request *r)
{
	CURL *e = r->easy;

	lib->easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)r->deadline_ms);
	lib->easy_setopt(e, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)r->body_max);
	lib->easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0l);
	/* The library of HTTP/2 has copies of headers that nobody wipes. */
	lib->easy_setopt(e, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	lib->easy_setopt(e, CURLOPT_NOSIGNAL, 1l);
	/* Keys are for the service, not for a proxy on the way. */
	lib->easy_setopt(e, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
	/* A name server that is silent must not hold up who gives up. */
	lib->easy_setopt(e, CURLOPT_QUICK_EXIT, 1l);
	if (r->body.len == 0)
		return;
	lib->easy_setopt(
	    e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.len);
	lib->easy_setopt(e, CURLOPT_POSTFIELDS, r->body.p);
}

static int
add(struct http *h, struct http_request *r)
{
	const struct http_lib *lib = h->lib;

	r->way = way_to(h, r->url);
	r->easy = lib->easy_init();
	if (r->easy == NULL || set_texts(h, r) != 0 || set_headers(lib, r) != 0)
		return -1;
	set_callbacks(lib, r);
	set_limits(lib, r);
	return lib->multi_add_handle(h->multi, r->easy) == CURLM_OK ? 0 : -1;
}

static void
link_request(struct http *h, struct http_request *r)
{
	r->http = h;
	r->prev = NULL;
	r->next = h->first;
	if (h->first != NULL)
		h->first->prev = r;
	h->first = r;
}

int
http_start(struct http *h, struct http_request *r)
{
	BUG_ON(r->http != NULL);
	r->status = r->proxy_status = 0;
	r->retry_after_ms = -1;
	r->taken = r->head_taken = 0;
	r->easy = r->list = NULL;
	r->error = HTTP_NO_MEMORY;
	if (h->is_stopped || (h->multi == NULL && set_up(h) != 0))
		return -1;
	if (judge_url(h->lib, r->url) != NULL)
		r->error = HTTP_BAD_REQUEST;
	else if (add(h, r) == 0)
		r->error = HTTP_OK;
	else
		free_easy(h->lib, r);
	if (r->error != HTTP_OK)
		return -1;
	link_request(h, r);
	return 0;
}

void
http_cancel(struct http_request *r)
{
	if (r->http != NULL)
		forget(r);
}

void
http_stop(struct http *h)
{
	if (h->is_stopped)
		return;
	h->is_stopped = true;
	while (h->first != NULL)
		http_cancel(h->first);
	if (h->multi != NULL) {
		h->lib->multi_cleanup(h->multi);
		h->lib->global_cleanup();
	}
	free(h->lib);
	h->lib = NULL;
	h->multi = NULL;
	uv_close((uv_handle_t *)&h->timer, NULL);
}

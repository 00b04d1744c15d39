#include "tests/e2e/sinks.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#define FAST_US 800000 /* less than any sink may hang */

void
sinks_setup(struct sinks *s)
{
	*s = (struct sinks){ .peer = { .fd = -1 } };
	home_make(&s->home);
	home_env(&s->home, "TT_NOW", NOW_TEXT);
	http_peer_open(&s->http);
}

void
sinks_teardown(struct sinks *s)
{
	char *log;

	http_talk_close(&s->talk);
	peer_close(&s->peer);
	if (s->home.pid != 0) {
		kill(s->home.pid, SIGUSR1);
		cr_expect(daemon_log_has(&s->home, 0, "op=dump sink="),
		    "no dump of the sinks");
		daemon_stop(&s->home);
	}
	log = file_read(s->home.log);
	cr_expect_null(strstr(log, SECRET), "a secret is in the log:\n%s", log);
	free(log);
	http_peer_close(&s->http);
	home_finish(&s->home);
}

void
sinks_configure(struct sinks *s, const char *sections)
{
	char text[4096];

	snprintf(
	    text, sizeof(text), "[daemon]\nlog_level = debug\n%s", sections);
	home_write(&s->home, "config", text);
}

void
sinks_configure_webhook(struct sinks *s, const char *more)
{
	char text[1024];

	snprintf(text, sizeof(text),
	    "[sink \"web\"]\nwebhook = http://127.0.0.1:%u%s\n%s\n",
	    s->http.port, PATH_OF_SECRET, more);
	sinks_configure(s, text);
}

void
sinks_start(struct sinks *s)
{
	s->now_ms = NOW_MS;
	daemon_start(&s->home);
	peer_close(&s->peer);
	cr_assert(peer_open(&s->peer, s->home.socket), "nobody listens at %s",
	    s->home.socket);
}

void
sinks_start_with(struct sinks *s, const char *more)
{
	sinks_configure_webhook(s, more);
	sinks_start(s);
}

void
sinks_notice(struct sinks *s, const char *model)
{
	struct event ev = sight("s", model, 1, 1);

	ev.text[EV_MODEL] = text_of(model);
	peer_put(&s->peer, &ev, 1);
}

void
sinks_move_clock(struct sinks *s, int64_t by_ms)
{
	struct reply r;

	s->now_ms += by_ms;
	cr_assert(peer_clock(&s->peer, s->now_ms, &r) && !r.is_error,
	    "the clock cannot be moved");
}

void
sinks_expect_body(struct sinks *s, const char *text)
{
	http_peer_take(&s->http, &s->talk);
	cr_expect_not_null(
	    strstr(s->talk.body, text), "no \"%s\" in %s", text, s->talk.text);
}

void
sinks_expect_told(struct sinks *s, const char *text)
{
	sinks_expect_body(s, text);
	http_talk_answer(&s->talk, 200, "", "ok");
}

void
sinks_expect_failed(struct sinks *s, int tries, const char *why)
{
	char line[160];

	snprintf(line, sizeof(line), "tries=%d again_s=", tries);
	cr_assert(daemon_log_has(&s->home, 0, line), "no \"%s\"", line);
	snprintf(line, sizeof(line), "err=\"%s\"", why);
	cr_assert(daemon_log_has(&s->home, 0, line), "no %s", line);
}

void
sinks_expect_fast(struct sinks *s, int n)
{
	int64_t from, took;
	struct reply r;

	for (int i = 0; i < n; i++) {
		from = now_us();
		cr_assert(peer_ask(&s->peer, "hello", "", &r), "no hello");
		took = now_us() - from;
		cr_expect_lt(
		    took, FAST_US, "hello took %lld us", (long long)took);
	}
}

void
sinks_expect_quiet(struct sinks *s)
{
	sinks_expect_fast(s, 5);
	cr_expect(http_peer_is_quiet(&s->http), "it was asked too early");
}

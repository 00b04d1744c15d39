/*
 * Sinks: what programs and URLs are told of notices, in order, at least once,
 * and never in the way of others.
 */
#include "tests/e2e/harness.h"
#include "tests/e2e/http_peer.h"
#include "tests/e2e/peer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "proto/codec_budget.h"

#define SECRET "s3cr3t-t0ken"
#define PATH_OF_SECRET "/hooks/" SECRET "?key=" SECRET
#define SECOND_MS 1000ll
#define DAY_MS 86400000ll
#define FAST_US 200000

static struct home home;
static struct peer peer = { .fd = -1 };
static struct http_peer http;
static struct http_talk talk;
static int64_t now_ms;

static void
setup(void)
{
	home_make(&home);
	home_env(&home, "TT_NOW", NOW_TEXT);
	http_peer_open(&http);
}

/* Whatever happened, nobody reads the secret in the log. */
static void
teardown(void)
{
	char *log;

	http_talk_close(&talk);
	peer_close(&peer);
	if (home.pid != 0) {
		kill(home.pid, SIGUSR1);
		cr_expect(daemon_log_has(&home, 0, "op=dump sink="),
		    "no dump of the sinks");
		daemon_stop(&home);
	}
	log = file_read(home.log);
	cr_expect_null(strstr(log, SECRET), "a secret is in the log:\n%s", log);
	free(log);
	http_peer_close(&http);
	home_finish(&home);
}

TestSuite(sinks, .init = setup, .fini = teardown, .timeout = 60);

/* --- Configurations and notices --------------------------------------------
 */

static void
configure(const char *sections)
{
	char text[4096];

	snprintf(
	    text, sizeof(text), "[daemon]\nlog_level = debug\n%s", sections);
	home_write(&home, "config", text);
}

static void
configure_webhook(const char *more)
{
	char text[1024];

	snprintf(text, sizeof(text),
	    "[sink \"web\"]\nwebhook = http://127.0.0.1:%u%s\n%s\n", http.port,
	    PATH_OF_SECRET, more);
	configure(text);
}

static void
start(void)
{
	now_ms = NOW_MS;
	daemon_start(&home);
	peer_close(&peer);
	cr_assert(
	    peer_open(&peer, home.socket), "nobody listens at %s", home.socket);
}

static void
start_with(const char *more)
{
	configure_webhook(more);
	start();
}

/* A call of a model that has no price is told of once. */
static void
make_notice(const char *model)
{
	struct event ev = sight("s", model, 1, 1);

	ev.text[EV_MODEL] = text_of(model);
	peer_put(&peer, &ev, 1);
}

static void
move_clock(int64_t by_ms)
{
	struct reply r;

	now_ms += by_ms;
	cr_assert(peer_clock(&peer, now_ms, &r) && !r.is_error,
	    "the clock cannot be moved");
}

static void
expect_body(const char *text)
{
	http_peer_take(&http, &talk);
	cr_expect_not_null(
	    strstr(talk.body, text), "no \"%s\" in %s", text, talk.text);
}

static void
expect_told(const char *text)
{
	expect_body(text);
	http_talk_answer(&talk, 200, "", "ok");
}

/* The notice was tried so often in vain, and waits. */
static void
wait_failed(int tries, const char *why)
{
	char line[160];

	snprintf(line, sizeof(line), "tries=%d again_s=", tries);
	cr_assert(daemon_log_has(&home, 0, line), "no \"%s\"", line);
	snprintf(line, sizeof(line), "err=\"%s\"", why);
	cr_assert(daemon_log_has(&home, 0, line), "no %s", line);
}

/* Round trips that come in time; whatever was due has begun by then. */
static void
expect_fast(int n)
{
	int64_t from, took;
	struct reply r;

	for (int i = 0; i < n; i++) {
		from = now_us();
		cr_assert(peer_ask(&peer, "hello", "", &r), "no hello");
		took = now_us() - from;
		cr_expect_lt(
		    took, FAST_US, "hello took %lld us", (long long)took);
	}
}

static void
expect_quiet(void)
{
	expect_fast(5);
	cr_expect(http_peer_is_quiet(&http), "it was asked too early");
}

/* --- Webhooks --------------------------------------------------------------
 */

Test(sinks, a_webhook_gets_each_notice_as_json_in_order)
{
	start_with("");
	make_notice("wonder-1");
	make_notice("wonder-2");
	expect_body("{\"schema_version\":1,\"id\":\"price/anthropic/wonder-1\","
		    "\"kind\":\"price\",\"level\":\"warn\","
		    "\"subject\":\"wonder-1\",");
	cr_expect_not_null(strstr(talk.body, "The model wonder-1 has no price"),
	    "no text in %s", talk.body);
	cr_expect(strncmp(talk.text, "POST " PATH_OF_SECRET " HTTP/1.1\r\n",
		      strlen(PATH_OF_SECRET) + 16) == 0,
	    "%s", talk.text);
	cr_expect_not_null(
	    strstr(talk.text, "Content-Type: application/json\r\n"), "%s",
	    talk.text);
	/* The second waits for the first, however many there are. */
	expect_quiet();
	http_talk_answer(&talk, 204, "", "");
	expect_told("\"subject\":\"wonder-2\"");
}

Test(sinks, what_was_told_is_not_told_again_after_a_restart)
{
	start_with("");
	make_notice("wonder-1");
	expect_told("wonder-1");
	/* It is asked for the next only when the mark is saved. */
	make_notice("wonder-2");
	expect_told("wonder-2");
	daemon_stop(&home);
	start();
	make_notice("wonder-3");
	expect_body("wonder-3");
	http_talk_answer(&talk, 200, "", "");
}

Test(sinks, a_sink_that_is_new_is_not_flooded)
{
	configure("");
	start();
	make_notice("old-1");
	make_notice("old-2");
	daemon_stop(&home);
	start_with("");
	make_notice("wonder-1");
	expect_told("wonder-1");
}

Test(sinks, a_reload_brings_new_sinks)
{
	configure("");
	start();
	make_notice("old-1");
	configure_webhook("");
	kill(home.pid, SIGHUP);
	cr_assert(daemon_log_has(&home, 0, "op=reload"), "no reload");
	make_notice("wonder-1");
	expect_told("wonder-1");
}

#define LONG_PATH 2000

/* Writes home/NAME, closed to others, with a URL that ends in so many letters.
 */
static void
write_url(const char *name, char letter)
{
	char rest[LONG_PATH + 1], url[LONG_PATH + 64], path[128];

	memset(rest, letter, LONG_PATH);
	rest[0] = '/';
	rest[LONG_PATH] = '\0';
	memcpy(rest + 1, SECRET, strlen(SECRET));
	http_peer_url(&http, rest, url, sizeof(url));
	home_write(&home, name, url);
	snprintf(path, sizeof(path), "%s/%s", home.dir, name);
	cr_assert_eq(chmod(path, 0600), 0, "chmod failed");
}

static void
expect_told_at(char letter, const char *text)
{
	char rest[32];

	memset(rest, letter, sizeof(rest) - 1);
	rest[sizeof(rest) - 1] = '\0';
	expect_body(text);
	cr_expect_not_null(
	    strstr(talk.text, rest), "no %s in %s", rest, talk.text);
	cr_expect_gt(strcspn(talk.text, "\r"), LONG_PATH, "%s", talk.text);
	http_talk_answer(&talk, 200, "", "ok");
}

Test(sinks, a_long_url_stands_in_a_file_and_may_change)
{
	char section[192];

	write_url("url", 'a');
	snprintf(section, sizeof(section),
	    "[sink \"web\"]\nwebhook_file = %s/url\n", home.dir);
	configure(section);
	start();
	make_notice("wonder-1");
	expect_told_at('a', "wonder-1");
	cr_assert(daemon_log_has(&home, 0, "op=told sink=web notice=1 "),
	    "nothing is told");
	write_url("url", 'b');
	kill(home.pid, SIGHUP);
	cr_assert(daemon_log_has(&home, 0, "op=reload"), "no reload");
	make_notice("wonder-2");
	expect_told_at('b', "wonder-2");
}

Test(sinks, an_error_is_tried_again_ever_later)
{
	start_with("");
	make_notice("wonder-1");
	http_peer_serve(&http, 500);
	wait_failed(1, "status 500");
	move_clock(SECOND_MS - 1);
	expect_quiet();
	move_clock(1);
	http_peer_serve(&http, 503);
	wait_failed(2, "status 503");
	move_clock(2 * SECOND_MS - 1);
	expect_quiet();
	move_clock(1);
	expect_told("wonder-1");
	make_notice("wonder-2");
	expect_told("wonder-2");
}

Test(sinks, retry_after_is_obeyed)
{
	start_with("");
	make_notice("wonder-1");
	http_peer_take(&http, &talk);
	http_talk_answer(&talk, 429, "Retry-After: 120\r\n", "slow down");
	wait_failed(1, "status 429");
	move_clock(119 * SECOND_MS);
	expect_quiet();
	move_clock(SECOND_MS);
	expect_told("wonder-1");
}

Test(sinks, a_redirect_is_not_followed)
{
	struct http_peer other;
	char header[128];

	http_peer_open(&other);
	start_with("");
	make_notice("wonder-1");
	http_peer_take(&http, &talk);
	snprintf(header, sizeof(header), "Location: http://127.0.0.1:%u/\r\n",
	    other.port);
	http_talk_answer(&talk, 307, header, "");
	wait_failed(1, "status 307");
	expect_fast(5);
	cr_expect(http_peer_is_quiet(&other), "it followed the redirect");
	move_clock(SECOND_MS);
	expect_told("wonder-1");
	http_peer_close(&other);
}

Test(sinks, a_reset_is_tried_again)
{
	start_with("");
	make_notice("wonder-1");
	http_peer_take(&http, &talk);
	http_talk_reset(&talk);
	wait_failed(1, "broken off");
	move_clock(SECOND_MS);
	expect_told("wonder-1");
}

Test(sinks, nobody_listening_is_tried_again)
{
	unsigned port = http.port;

	start_with("");
	http_peer_close(&http);
	make_notice("wonder-1");
	wait_failed(1, "no connection");
	http_peer_open(&http);
	cr_expect_neq(http.port, 0, "instead of %u", port);
}

Test(sinks, nothing_is_slower_while_a_webhook_hangs)
{
	start_with("timeout = 2\n");
	make_notice("wonder-1");
	http_peer_take(&http, &talk);
	expect_fast(200);
	make_notice("wonder-2");
	expect_fast(200);
	wait_failed(1, "timeout");
	http_talk_close(&talk);
	move_clock(SECOND_MS);
	expect_told("wonder-1");
	expect_told("wonder-2");
}

Test(sinks, one_that_hangs_does_not_hold_up_another)
{
	struct http_peer other;
	char text[512];

	http_peer_open(&other);
	snprintf(text, sizeof(text),
	    "[sink \"a\"]\nwebhook = http://127.0.0.1:%u/\n"
	    "[sink \"b\"]\nwebhook = http://localhost:%u/\n",
	    other.port, http.port);
	configure(text);
	start();
	make_notice("wonder-1");
	http_peer_take(&other, &talk);
	http_peer_serve(&http, 200);
	make_notice("wonder-2");
	http_peer_serve(&http, 200);
	cr_expect(http_peer_is_quiet(&other), "two at a time");
	http_peer_close(&other);
}

Test(sinks, an_endless_answer_is_cut_off)
{
	size_t sent;

	start_with("");
	make_notice("wonder-1");
	http_peer_take(&http, &talk);
	sent = http_talk_flood(&talk, 500, 100u << 20);
	cr_expect_lt(sent, 32u << 20, "it took %zu bytes", sent);
	http_talk_close(&talk);
	wait_failed(1, "answer too large");
	move_clock(SECOND_MS);
	expect_told("wonder-1");
}

Test(sinks, an_answer_that_never_ends_has_a_deadline)
{
	start_with("timeout = 1\n");
	make_notice("wonder-1");
	http_peer_take(&http, &talk);
	http_talk_send(&talk, "HTTP/1.1 500 x\r\nContent-Length: 9\r\n\r\nab");
	cr_expect(http_talk_is_closed(&talk), "it waits for more");
	http_talk_close(&talk);
	wait_failed(1, "timeout");
	/* Whoever says 200 is believed, whatever follows. */
	move_clock(SECOND_MS);
	http_peer_take(&http, &talk);
	http_talk_send(&talk, "HTTP/1.1 200 x\r\nContent-Length: 9\r\n\r\nab");
	make_notice("wonder-2");
	cr_expect(http_talk_is_closed(&talk), "it waits for more");
	http_talk_close(&talk);
	expect_told("wonder-2");
}

Test(sinks, after_a_day_a_notice_is_given_up_and_the_next_one_told)
{
	start_with("");
	make_notice("wonder-1");
	make_notice("wonder-2");
	for (int i = 1; i < 10; i++) {
		http_peer_serve(&http, 500);
		wait_failed(i, "status 500");
		move_clock(DAY_MS);
	}
	http_peer_serve(&http, 500);
	cr_assert(daemon_log_has(&home, 0, "op=give-up sink=web notice=1 "),
	    "it is not given up");
	/* The next is at rest too, until somebody takes it. */
	cr_assert(daemon_log_has(&home, 0, "op=wait sink=web notice=2\n"),
	    "the next one does not wait");
	move_clock(DAY_MS);
	expect_told("wonder-2");
}

Test(sinks, a_kill_between_tries_loses_nothing)
{
	start_with("");
	make_notice("wonder-1");
	make_notice("wonder-2");
	http_peer_serve(&http, 500);
	wait_failed(1, "status 500");
	daemon_kill(&home);
	start();
	http_peer_take(&http, &talk);
	daemon_kill(&home);
	http_talk_close(&talk);
	start();
	expect_told("wonder-1");
	expect_told("wonder-2");
}

Test(sinks, it_stops_at_once_while_a_webhook_hangs)
{
	start_with("");
	make_notice("wonder-1");
	http_peer_take(&http, &talk);
	peer_close(&peer);
	daemon_stop(&home);
	http_talk_close(&talk);
	start();
	expect_told("wonder-1");
}

Test(sinks, chats_and_phones_get_their_own_bodies)
{
	start_with("body = slack\nlang = zh\n");
	make_notice("wonder-1");
	expect_body("{\"text\":\"模型 wonder-1 ");
	http_talk_answer(&talk, 200, "", "ok");
	cr_assert(daemon_log_has(&home, 0, "op=told sink=web notice=1 "),
	    "nothing is told");
	configure_webhook("body = ntfy\n");
	kill(home.pid, SIGHUP);
	cr_assert(daemon_log_has(&home, 0, "op=reload"), "no reload");
	make_notice("wonder-2");
	expect_body("The model wonder-2 has no price");
	cr_expect_not_null(
	    strstr(talk.text, "\r\nPriority: high\r\n"), "%s", talk.text);
	http_talk_answer(&talk, 200, "", "ok");
}

/* 23:00 comes, at which the day is told of. */
Test(sinks, a_digest_brings_the_days_figures)
{
	start_with("kinds = daily\nlang = zh\n");
	make_notice("wonder-1");
	make_notice("wonder-1");
	make_notice("wonder-2");
	move_clock(13 * 3600 * SECOND_MS);
	expect_body("\"id\":\"daily/2026-05-12\"");
	cr_expect_not_null(
	    strstr(talk.body, "\"digest\":{\"calls\":2,\"tokens\":4,"
			      "\"unpriced_calls\":2,\"cost_usd\":0,"
			      "\"top_model\":\"wonder-1\",\"top_tokens\":2,"
			      "\"top_cost_usd\":0},"),
	    "%s", talk.body);
	cr_expect_not_null(
	    strstr(talk.body, "2026-05-12 的日报：调用 2 次，4 个 token，费用 "
			      "0.00 美元（其中 2 次没有价格）。"),
	    "%s", talk.body);
	http_talk_answer(&talk, 200, "", "ok");
}

static void
set_budget(const char *name, money_sum limit)
{
	struct budget b = { .name = text_of(name),
		.period = BUDGET_DAY,
		.is_tokens = true,
		.limit = limit,
		.warn = 50 };
	struct reply r;

	packer_clear(&peer.out);
	pack_request(&peer.out, ++peer.msgid, "budget_set");
	pack_budget(&peer.out, &b);
	cr_assert(
	    peer_send(&peer, peer.out.p, peer.out.len) && peer_read(&peer, &r),
	    "no answer to budget_set");
	cr_assert_not(r.is_error, "budget_set: %s", r.error.message);
}

Test(sinks, kinds_and_levels_are_chosen)
{
	start_with("kinds = budget, weekly\nlevel = limit\n");
	set_budget("tokens", 10);
	make_notice("wonder-1"); /* 2 tokens */
	make_notice("wonder-2");
	make_notice("wonder-3"); /* 6: the warning */
	make_notice("wonder-4");
	make_notice("wonder-5"); /* 10: the limit */
	expect_told("Budget tokens: 10 of 10 tokens are used (2026-05-12); it "
		    "is used up.");
	daemon_stop(&home);
	start();
	make_notice("wonder-6");
	expect_quiet();
}

/* --- Commands --------------------------------------------------------------
 */

/* What a command writes to the pipe, whose path is in the home. */
static int
open_fifo(void)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/fifo", home.dir);
	mkfifo(path, 0600);
	fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	cr_assert(fd >= 0, "%s: %s", path, strerror(errno));
	return fd;
}

static void
configure_command(const char *script, const char *more)
{
	char text[1024], path[128];

	snprintf(path, sizeof(path), "%s/sink.sh", home.dir);
	snprintf(text, sizeof(text), "cd %s\n%s\n", home.dir, script);
	home_write(&home, "sink.sh", text);
	snprintf(text, sizeof(text),
	    "[sink \"cmd\"]\ncommand = /bin/sh %s %s\n%s", path, SECRET, more);
	configure(text);
}

static void
expect_line(int fd, const char *text)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char line[4096] = "";
	size_t len = 0;

	while (len + 1 < sizeof(line) && strchr(line, '\n') == NULL) {
		cr_assert_eq(
		    poll(&p, 1, DEADLINE_MS), 1, "nothing but \"%s\"", line);
		cr_assert_eq(read(fd, line + len, 1), 1);
		line[++len] = '\0';
	}
	cr_expect_not_null(strstr(line, text), "no %s in %s", text, line);
}

Test(sinks, a_command_gets_the_notice_on_its_input)
{
	int fd = open_fifo();

	configure_command("cat >fifo", "");
	start();
	make_notice("wonder-1");
	expect_line(fd, "\"id\":\"price/anthropic/wonder-1\"");
	make_notice("wonder-2");
	expect_line(fd, "\"id\":\"price/anthropic/wonder-2\"");
	close(fd);
}

Test(sinks, a_command_that_fails_twice_is_run_a_third_time)
{
	int fd = open_fifo();

	configure_command("echo x >>tries\n"
			  "[ $(wc -l <tries) = 3 ] || exit 7\ncat >fifo",
	    "");
	start();
	make_notice("wonder-1");
	wait_failed(1, "exit 7");
	move_clock(SECOND_MS);
	wait_failed(2, "exit 7");
	daemon_kill(&home);
	start();
	expect_line(fd, "wonder-1");
	make_notice("wonder-2");
	wait_failed(1, "exit 7");
	close(fd);
}

/* It reads nothing, ignores SIGTERM, and has a child that would live on. */
Test(sinks, a_command_that_hangs_is_ended_with_its_children)
{
	int fd = open_fifo();

	configure_command(
	    "trap '' TERM\n(echo began >fifo; sleep 1000)", "timeout = 1\n");
	start();
	make_notice("wonder-1");
	expect_line(fd, "began");
	expect_fast(100);
	wait_failed(1, "took too long, signal 9");
	close(fd);
}

Test(sinks, a_command_that_is_not_there_is_told)
{
	configure("[sink \"cmd\"]\ncommand = /nowhere/at/all\n");
	start();
	make_notice("wonder-1");
	wait_failed(1, "ENOENT 2");
}

Test(sinks, it_stops_at_once_while_a_command_runs)
{
	int fd = open_fifo();

	configure_command("echo began >fifo\nsleep 1000", "");
	start();
	make_notice("wonder-1");
	expect_line(fd, "began");
	peer_close(&peer);
	daemon_stop(&home);
	close(fd);
}

Test(sinks, a_reload_ends_what_runs_and_goes_on_where_it_was)
{
	int fd = open_fifo();

	configure_command("echo began >fifo\nsleep 1000", "");
	start();
	make_notice("wonder-1");
	expect_line(fd, "began");
	configure_command("cat >fifo", "level = warn\n");
	kill(home.pid, SIGHUP);
	expect_line(fd, "wonder-1");
	make_notice("wonder-2");
	expect_line(fd, "wonder-2");
	close(fd);
}

/* --- Bad configurations ----------------------------------------------------
 */

Test(sinks, a_bad_sink_is_told_with_its_line_and_without_its_secret)
{
	static const char *const cases[][2] = {
		{ "webhook = ftp://example.org/" SECRET "\n",
		    "config:4: [sink \"x\"] webhook: only https, or http to "
		    "this machine itself\n" },
		{ "webhook = http://example.org/" SECRET "\n",
		    "config:4: [sink \"x\"] webhook: only https, or http to "
		    "this machine itself\n" },
		{ "webhook = " SECRET "\n",
		    "config:4: [sink \"x\"] webhook: not a URL\n" },
		{ "webhook = https://example.org/" SECRET "\nbody = xml\n",
		    "config:5: [sink \"x\"] body: not json, slack, discord or "
		    "ntfy\n" },
		{ "command = notify-send " SECRET "\n",
		    "config:4: [sink \"x\"] command: not the whole path of a "
		    "program, from / on\n" },
		{ "# " SECRET "\n",
		    "config:3: [sink \"x\"] needs a command, a webhook or a "
		    "webhook_file, and not two of them\n" },
		{ "webhook_file = " SECRET "\n",
		    "config:4: [sink \"x\"] webhook_file: not the whole path "
		    "of a file, from / on\n" },
		{ "webhook_file = /nonexistent/" SECRET "\n",
		    "config:4: [sink \"x\"] webhook_file: the file cannot be "
		    "read: No such file or directory\n" },
	};
	char section[256];
	struct run r;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(
		    section, sizeof(section), "[sink \"x\"]\n%s", cases[i][0]);
		configure(section);
		RUN(&home, &r, "collectord", "-n");
		cr_expect_eq(r.code, 2, "%s: exit %d", cases[i][0], r.code);
		cr_expect_not_null(
		    strstr(r.err, cases[i][1]), "%s: %s", cases[i][0], r.err);
		cr_expect_null(strstr(r.err, SECRET), "%s", r.err);
		run_free(&r);
	}
}

/* --- TLS -------------------------------------------------------------------
 */

/* Makes home/key.pem and home/cert.pem for that subject. */
static void
make_certificate(const char *name)
{
	char key[128], cert[128], alt[128];
	struct run r;

	snprintf(key, sizeof(key), "%s/key.pem", home.dir);
	snprintf(cert, sizeof(cert), "%s/cert.pem", home.dir);
	snprintf(alt, sizeof(alt), "subjectAltName=%s", name);
	RUN(&home, &r, "/usr/bin/openssl", "req", "-x509", "-newkey",
	    "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=tt", "-addext",
	    alt, "-keyout", key, "-out", cert);
	cr_assert_eq(r.code, 0, "openssl: %s", r.err);
	run_free(&r);
}

/* A server that takes what comes and answers nothing. */
struct tls {
	pid_t pid;
	unsigned port;
	int in, out; /* its stdin, what it says */
};

/* Its next line; the test fails where it says nothing more. */
static void
read_line(int fd, char *line, size_t cap)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t n = 0;

	do
		cr_assert(n + 1 < cap && poll(&p, 1, DEADLINE_MS) == 1 &&
			      read(fd, line + n, 1) == 1,
		    "no line");
	while (line[n++] != '\n');
	line[n] = '\0';
}

static void
tls_start(struct tls *t)
{
	char key[128], cert[128], line[4096];
	const char *const argv[] = { "/usr/bin/openssl", "s_server", "-accept",
		"127.0.0.1:0", "-key", key, "-cert", cert, NULL };
	int in[2], out[2];

	snprintf(key, sizeof(key), "%s/key.pem", home.dir);
	snprintf(cert, sizeof(cert), "%s/cert.pem", home.dir);
	cr_assert_eq(pipe2(in, O_CLOEXEC), 0);
	cr_assert_eq(pipe2(out, O_CLOEXEC), 0);
	t->pid =
	    child_start(&home, argv, (int[]){ in[0], out[1], out[1] }, -1, -1);
	close(in[0]);
	close(out[1]);
	t->in = in[1];
	t->out = out[0];
	do
		read_line(t->out, line, sizeof(line));
	while (sscanf(line, "ACCEPT 127.0.0.1:%u", &t->port) != 1);
}

static void
tls_stop(struct tls *t)
{
	kill(t->pid, SIGTERM);
	child_wait(t->pid);
	close(t->in);
	close(t->out);
}

/* The daemon, where trusted with that certificate for its own. */
static void
start_with_tls(const struct tls *t, bool is_trusted)
{
	char text[256], cert[128];

	snprintf(cert, sizeof(cert), "%s/cert.pem", home.dir);
	home_env(&home, "SSL_CERT_FILE", is_trusted ? cert : NULL);
	snprintf(text, sizeof(text),
	    "[sink \"web\"]\nwebhook = https://127.0.0.1:%u%s\n"
	    "timeout = 2\n",
	    t->port, PATH_OF_SECRET);
	configure(text);
	start();
	make_notice("wonder-1");
}

static void
expect_tls_refused(const char *name, bool is_trusted)
{
	struct tls t;

	make_certificate(name);
	tls_start(&t);
	start_with_tls(&t, is_trusted);
	wait_failed(1, "tls");
	tls_stop(&t);
}

Test(sinks, a_certificate_that_nobody_vouches_for_is_refused)
{
	expect_tls_refused("IP:127.0.0.1", false);
}

Test(sinks, a_certificate_of_another_name_is_refused)
{
	expect_tls_refused("DNS:example.org", true);
}

Test(sinks, a_certificate_of_ours_is_taken)
{
	char line[4096];
	struct tls t;

	make_certificate("IP:127.0.0.1");
	tls_start(&t);
	start_with_tls(&t, true);
	do
		read_line(t.out, line, sizeof(line));
	while (strncmp(line, "POST " PATH_OF_SECRET " ",
		   strlen(PATH_OF_SECRET) + 6) != 0);
	wait_failed(1, "timeout");
	tls_stop(&t);
}

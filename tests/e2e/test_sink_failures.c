/*
 * Webhooks that fail, hang, or answer nonsense: a notice is told at least once,
 * and nobody else waits.
 */
#include "tests/e2e/sinks.h"

#include <stdio.h>

#include <criterion/criterion.h>

#define DAY_MS 86400000ll

static struct sinks s;

static void
setup(void)
{
	sinks_setup(&s);
}

static void
teardown(void)
{
	sinks_teardown(&s);
}

TestSuite(sinks, .init = setup, .fini = teardown, .timeout = 120);

Test(sinks, an_error_is_tried_again_ever_later)
{
	sinks_start_with(&s, "");
	sinks_notice(&s, "wonder-1");
	http_peer_serve(&s.http, 500);
	sinks_expect_failed(&s, 1, "status 500");
	sinks_move_clock(&s, SECOND_MS - 1);
	sinks_expect_quiet(&s);
	sinks_move_clock(&s, 1);
	http_peer_serve(&s.http, 503);
	sinks_expect_failed(&s, 2, "status 503");
	sinks_move_clock(&s, 2 * SECOND_MS - 1);
	sinks_expect_quiet(&s);
	sinks_move_clock(&s, 1);
	sinks_expect_told(&s, "wonder-1");
	sinks_notice(&s, "wonder-2");
	sinks_expect_told(&s, "wonder-2");
}

Test(sinks, retry_after_is_obeyed)
{
	sinks_start_with(&s, "");
	sinks_notice(&s, "wonder-1");
	http_peer_take(&s.http, &s.talk);
	http_talk_answer(&s.talk, 429, "Retry-After: 120\r\n", "slow down");
	sinks_expect_failed(&s, 1, "status 429");
	sinks_move_clock(&s, 119 * SECOND_MS);
	sinks_expect_quiet(&s);
	sinks_move_clock(&s, SECOND_MS);
	sinks_expect_told(&s, "wonder-1");
}

Test(sinks, a_redirect_is_not_followed)
{
	struct http_peer other;
	char header[128];

	http_peer_open(&other);
	sinks_start_with(&s, "");
	sinks_notice(&s, "wonder-1");
	http_peer_take(&s.http, &s.talk);
	snprintf(header, sizeof(header), "Location: http://127.0.0.1:%u/\r\n",
	    other.port);
	http_talk_answer(&s.talk, 307, header, "");
	sinks_expect_failed(&s, 1, "status 307");
	sinks_expect_fast(&s, 5);
	cr_expect(http_peer_is_quiet(&other), "it followed the redirect");
	sinks_move_clock(&s, SECOND_MS);
	sinks_expect_told(&s, "wonder-1");
	http_peer_close(&other);
}

Test(sinks, a_reset_is_tried_again)
{
	sinks_start_with(&s, "");
	sinks_notice(&s, "wonder-1");
	http_peer_take(&s.http, &s.talk);
	http_talk_reset(&s.talk);
	sinks_expect_failed(&s, 1, "broken off");
	sinks_move_clock(&s, SECOND_MS);
	sinks_expect_told(&s, "wonder-1");
}

Test(sinks, nobody_listening_is_tried_again)
{
	unsigned port = s.http.port;

	sinks_start_with(&s, "");
	http_peer_close(&s.http);
	sinks_notice(&s, "wonder-1");
	sinks_expect_failed(&s, 1, "no connection");
	http_peer_open(&s.http);
	cr_expect_neq(s.http.port, 0, "instead of %u", port);
}

Test(sinks, nothing_is_slower_while_a_webhook_hangs)
{
	sinks_start_with(&s, "timeout = 2\n");
	sinks_notice(&s, "wonder-1");
	http_peer_take(&s.http, &s.talk);
	sinks_expect_fast(&s, 200);
	sinks_notice(&s, "wonder-2");
	sinks_expect_fast(&s, 200);
	sinks_expect_failed(&s, 1, "timeout");
	http_talk_close(&s.talk);
	sinks_move_clock(&s, SECOND_MS);
	sinks_expect_told(&s, "wonder-1");
	sinks_expect_told(&s, "wonder-2");
}

Test(sinks, one_that_hangs_does_not_hold_up_another)
{
	struct http_peer other;
	char text[512];

	http_peer_open(&other);
	snprintf(text, sizeof(text),
	    "[sink \"a\"]\nwebhook = http://127.0.0.1:%u/\n"
	    "[sink \"b\"]\nwebhook = http://localhost:%u/\n",
	    other.port, s.http.port);
	sinks_configure(&s, text);
	sinks_start(&s);
	sinks_notice(&s, "wonder-1");
	http_peer_take(&other, &s.talk);
	http_peer_serve(&s.http, 200);
	sinks_notice(&s, "wonder-2");
	http_peer_serve(&s.http, 200);
	cr_expect(http_peer_is_quiet(&other), "two at a time");
	http_peer_close(&other);
}

Test(sinks, an_endless_answer_is_cut_off)
{
	size_t sent;

	sinks_start_with(&s, "");
	sinks_notice(&s, "wonder-1");
	http_peer_take(&s.http, &s.talk);
	sent = http_talk_flood(&s.talk, 500, 100u << 20);
	cr_expect_lt(sent, 32u << 20, "it took %zu bytes", sent);
	http_talk_close(&s.talk);
	sinks_expect_failed(&s, 1, "answer too large");
	sinks_move_clock(&s, SECOND_MS);
	sinks_expect_told(&s, "wonder-1");
}

Test(sinks, an_answer_that_never_ends_has_a_deadline)
{
	sinks_start_with(&s, "timeout = 1\n");
	sinks_notice(&s, "wonder-1");
	http_peer_take(&s.http, &s.talk);
	http_talk_send(
	    &s.talk, "HTTP/1.1 500 x\r\nContent-Length: 9\r\n\r\nab");
	cr_expect(http_talk_is_closed(&s.talk), "it waits for more");
	http_talk_close(&s.talk);
	sinks_expect_failed(&s, 1, "timeout");
	/* Whoever says 200 is believed, whatever follows. */
	sinks_move_clock(&s, SECOND_MS);
	http_peer_take(&s.http, &s.talk);
	http_talk_send(
	    &s.talk, "HTTP/1.1 200 x\r\nContent-Length: 9\r\n\r\nab");
	sinks_notice(&s, "wonder-2");
	cr_expect(http_talk_is_closed(&s.talk), "it waits for more");
	http_talk_close(&s.talk);
	sinks_expect_told(&s, "wonder-2");
}

Test(sinks, after_a_day_a_notice_is_given_up_and_the_next_one_told)
{
	sinks_start_with(&s, "");
	sinks_notice(&s, "wonder-1");
	sinks_notice(&s, "wonder-2");
	for (int i = 1; i < 10; i++) {
		http_peer_serve(&s.http, 500);
		sinks_expect_failed(&s, i, "status 500");
		sinks_move_clock(&s, DAY_MS);
	}
	http_peer_serve(&s.http, 500);
	cr_assert(daemon_log_has(&s.home, 0, "op=give-up sink=web notice=1 "),
	    "it is not given up");
	/* The next is at rest too, until somebody takes it. */
	cr_assert(daemon_log_has(&s.home, 0, "op=wait sink=web notice=2\n"),
	    "the next one does not wait");
	sinks_move_clock(&s, DAY_MS);
	sinks_expect_told(&s, "wonder-2");
}

Test(sinks, a_kill_between_tries_loses_nothing)
{
	sinks_start_with(&s, "");
	sinks_notice(&s, "wonder-1");
	sinks_notice(&s, "wonder-2");
	http_peer_serve(&s.http, 500);
	sinks_expect_failed(&s, 1, "status 500");
	daemon_kill(&s.home);
	sinks_start(&s);
	http_peer_take(&s.http, &s.talk);
	daemon_kill(&s.home);
	http_talk_close(&s.talk);
	sinks_start(&s);
	sinks_expect_told(&s, "wonder-1");
	sinks_expect_told(&s, "wonder-2");
}

Test(sinks, it_stops_at_once_while_a_webhook_hangs)
{
	sinks_start_with(&s, "");
	sinks_notice(&s, "wonder-1");
	http_peer_take(&s.http, &s.talk);
	peer_close(&s.peer);
	daemon_stop(&s.home);
	http_talk_close(&s.talk);
	sinks_start(&s);
	sinks_expect_told(&s, "wonder-1");
}

/*
 * What sinks are told of notices: each once, in order, in the words that were
 * asked for; and which configurations are none.
 */
#include "tests/e2e/sinks.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <criterion/criterion.h>

#include "proto/codec_budget.h"

#define LONG_PATH 2000

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

Test(sinks, a_webhook_gets_each_notice_as_json_in_order)
{
	sinks_start_with(&s, "");
	sinks_notice(&s, "wonder-1");
	sinks_notice(&s, "wonder-2");
	sinks_expect_body(&s,
	    "{\"schema_version\":1,\"id\":\"price/anthropic/wonder-1\","
	    "\"kind\":\"price\",\"level\":\"warn\","
	    "\"subject\":\"wonder-1\",");
	cr_expect_not_null(
	    strstr(s.talk.body, "The model wonder-1 has no price"),
	    "no text in %s", s.talk.body);
	cr_expect(strncmp(s.talk.text, "POST " PATH_OF_SECRET " HTTP/1.1\r\n",
		      strlen(PATH_OF_SECRET) + 16) == 0,
	    "%s", s.talk.text);
	cr_expect_not_null(
	    strstr(s.talk.text, "Content-Type: application/json\r\n"), "%s",
	    s.talk.text);
	/* The second waits for the first, however many there are. */
	sinks_expect_quiet(&s);
	http_talk_answer(&s.talk, 204, "", "");
	sinks_expect_told(&s, "\"subject\":\"wonder-2\"");
}

Test(sinks, what_was_told_is_not_told_again_after_a_restart)
{
	sinks_start_with(&s, "");
	sinks_notice(&s, "wonder-1");
	sinks_expect_told(&s, "wonder-1");
	/* It is asked for the next only when the mark is saved. */
	sinks_notice(&s, "wonder-2");
	sinks_expect_told(&s, "wonder-2");
	daemon_stop(&s.home);
	sinks_start(&s);
	sinks_notice(&s, "wonder-3");
	sinks_expect_body(&s, "wonder-3");
	http_talk_answer(&s.talk, 200, "", "");
}

Test(sinks, a_sink_that_is_new_is_not_flooded)
{
	sinks_configure(&s, "");
	sinks_start(&s);
	sinks_notice(&s, "old-1");
	sinks_notice(&s, "old-2");
	daemon_stop(&s.home);
	sinks_start_with(&s, "");
	sinks_notice(&s, "wonder-1");
	sinks_expect_told(&s, "wonder-1");
}

Test(sinks, a_reload_brings_new_sinks)
{
	sinks_configure(&s, "");
	sinks_start(&s);
	sinks_notice(&s, "old-1");
	sinks_configure_webhook(&s, "");
	kill(s.home.pid, SIGHUP);
	cr_assert(daemon_log_has(&s.home, 0, "op=reload"), "no reload");
	sinks_notice(&s, "wonder-1");
	sinks_expect_told(&s, "wonder-1");
}

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
	http_peer_url(&s.http, rest, url, sizeof(url));
	home_write(&s.home, name, url);
	snprintf(path, sizeof(path), "%s/%s", s.home.dir, name);
	cr_assert_eq(chmod(path, 0600), 0, "chmod failed");
}

static void
expect_told_at(char letter, const char *text)
{
	char rest[32];

	memset(rest, letter, sizeof(rest) - 1);
	rest[sizeof(rest) - 1] = '\0';
	sinks_expect_body(&s, text);
	cr_expect_not_null(
	    strstr(s.talk.text, rest), "no %s in %s", rest, s.talk.text);
	cr_expect_gt(strcspn(s.talk.text, "\r"), LONG_PATH, "%s", s.talk.text);
	http_talk_answer(&s.talk, 200, "", "ok");
}

Test(sinks, a_long_url_stands_in_a_file_and_may_change)
{
	char section[192];

	write_url("url", 'a');
	snprintf(section, sizeof(section),
	    "[sink \"web\"]\nwebhook_file = %s/url\n", s.home.dir);
	sinks_configure(&s, section);
	sinks_start(&s);
	sinks_notice(&s, "wonder-1");
	expect_told_at('a', "wonder-1");
	cr_assert(daemon_log_has(&s.home, 0, "op=told sink=web notice=1 "),
	    "nothing is told");
	write_url("url", 'b');
	kill(s.home.pid, SIGHUP);
	cr_assert(daemon_log_has(&s.home, 0, "op=reload"), "no reload");
	sinks_notice(&s, "wonder-2");
	expect_told_at('b', "wonder-2");
}

Test(sinks, chats_and_phones_get_their_own_bodies)
{
	sinks_start_with(&s, "body = slack\nlang = zh\n");
	sinks_notice(&s, "wonder-1");
	sinks_expect_body(&s, "{\"text\":\"模型 wonder-1 ");
	http_talk_answer(&s.talk, 200, "", "ok");
	cr_assert(daemon_log_has(&s.home, 0, "op=told sink=web notice=1 "),
	    "nothing is told");
	sinks_configure_webhook(&s, "body = ntfy\n");
	kill(s.home.pid, SIGHUP);
	cr_assert(daemon_log_has(&s.home, 0, "op=reload"), "no reload");
	sinks_notice(&s, "wonder-2");
	sinks_expect_body(&s, "The model wonder-2 has no price");
	cr_expect_not_null(
	    strstr(s.talk.text, "\r\nPriority: high\r\n"), "%s", s.talk.text);
	http_talk_answer(&s.talk, 200, "", "ok");
}

/* 23:00 comes, at which the day is told of. */
Test(sinks, a_digest_brings_the_days_figures)
{
	sinks_start_with(&s, "kinds = daily\nlang = zh\n");
	sinks_notice(&s, "wonder-1");
	sinks_notice(&s, "wonder-1");
	sinks_notice(&s, "wonder-2");
	sinks_move_clock(&s, 13 * 3600 * SECOND_MS);
	sinks_expect_body(&s, "\"id\":\"daily/2026-05-12\"");
	cr_expect_not_null(
	    strstr(s.talk.body, "\"digest\":{\"calls\":2,\"tokens\":4,"
				"\"unpriced_calls\":2,\"cost_usd\":0,"
				"\"top_model\":\"wonder-1\",\"top_tokens\":2,"
				"\"top_cost_usd\":0},"),
	    "%s", s.talk.body);
	cr_expect_not_null(strstr(s.talk.body,
			       "2026-05-12 的日报：调用 2 次，4 个 token，费用 "
			       "0.00 美元（其中 2 次没有价格）。"),
	    "%s", s.talk.body);
	http_talk_answer(&s.talk, 200, "", "ok");
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

	packer_clear(&s.peer.out);
	pack_request(&s.peer.out, ++s.peer.msgid, "budget_set");
	pack_budget(&s.peer.out, &b);
	cr_assert(peer_send(&s.peer, s.peer.out.p, s.peer.out.len) &&
		      peer_read(&s.peer, &r),
	    "no answer to budget_set");
	cr_assert_not(r.is_error, "budget_set: %s", r.error.message);
}

Test(sinks, kinds_and_levels_are_chosen)
{
	sinks_start_with(&s, "kinds = budget, weekly\nlevel = limit\n");
	set_budget("tokens", 10);
	sinks_notice(&s, "wonder-1"); /* 2 tokens */
	sinks_notice(&s, "wonder-2");
	sinks_notice(&s, "wonder-3"); /* 6: the warning */
	sinks_notice(&s, "wonder-4");
	sinks_notice(&s, "wonder-5"); /* 10: the limit */
	sinks_expect_told(&s,
	    "Budget tokens: 10 of 10 tokens are used (2026-05-12); it "
	    "is used up.");
	daemon_stop(&s.home);
	sinks_start(&s);
	sinks_notice(&s, "wonder-6");
	sinks_expect_quiet(&s);
}

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
		sinks_configure(&s, section);
		RUN(&s.home, &r, "collectord", "-n");
		cr_expect_eq(r.code, 2, "%s: exit %d", cases[i][0], r.code);
		cr_expect_not_null(
		    strstr(r.err, cases[i][1]), "%s: %s", cases[i][0], r.err);
		cr_expect_null(strstr(r.err, SECRET), "%s", r.err);
		run_free(&r);
	}
}

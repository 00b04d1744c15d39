/* tt-send --response: a reply that passes by becomes a call in the ledger. */
#include "tests/e2e/harness.h"
#include "tests/e2e/peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

static struct home home;
static struct peer peer = { .fd = -1 };

static void
setup(void)
{
	home_make(&home);
	home_env(&home, "TT_NOW", NOW_TEXT);
	daemon_start(&home);
	cr_assert(peer_open(&peer, home.socket), "no connection");
}

static void
teardown(void)
{
	peer_close(&peer);
	home_finish(&home);
}

TestSuite(response, .init = setup, .fini = teardown, .timeout = 120);

#define MESSAGE                                                                \
	"{\"type\":\"message\",\"id\":\"msg_01abc\",\"model\":"                \
	"\"claude-sonnet-4-5\",\"content\":[],\"usage\":{"                     \
	"\"input_tokens\":12,\"output_tokens\":34}}\n"

#define SEND(r, input, ...)                                                    \
	run_client(&home,                                                      \
	    (const char *const[]){                                             \
		"tt-send", "--response", __VA_ARGS__, NULL },                  \
	    (input), (r))

static void
expect(struct run *r, int code, const char *err)
{
	cr_expect_eq(r->code, code, "exit code %d, expected %d; stderr: %s",
	    r->code, code, r->err);
	cr_expect_str_eq(r->err, err, "said %s, expected %s", r->err, err);
	run_free(r);
}

Test(response, a_reply_read_twice_is_one_call)
{
	struct sums s;
	struct run r;

	SEND(&r, MESSAGE MESSAGE, "--session", "s");
	expect(&r, 0, "");
	s = peer_total(&peer);
	cr_expect(s.n[SUM_CALLS] == 1 && s.n[SUM_INPUT] == 12 &&
		      s.n[SUM_OUTPUT] == 34,
	    "%lu calls, input %lu, output %lu", (unsigned long)s.n[SUM_CALLS],
	    (unsigned long)s.n[SUM_INPUT], (unsigned long)s.n[SUM_OUTPUT]);
	peer_expect_only(&peer, KEY_PROVIDER, "anthropic");
	peer_expect_only(&peer, KEY_MODEL, "claude-sonnet-4-5");
	peer_expect_only(&peer, KEY_AGENT, "api");
}

Test(response, options_name_the_caller_and_the_provider)
{
	struct run r;

	SEND(&r, MESSAGE, "--session", "s", "--provider", "bedrock", "--agent",
	    "cron", "--project", "tt");
	expect(&r, 0, "");
	peer_expect_only(&peer, KEY_PROVIDER, "bedrock");
	peer_expect_only(&peer, KEY_AGENT, "cron");
	peer_expect_only(&peer, KEY_PROJECT, "tt");
}

Test(response, a_reply_without_usage_is_refused_and_the_others_kept)
{
	struct sums s;
	struct run r;

	SEND(&r, "{\"choices\":[]}\n" MESSAGE, "--session", "s");
	expect(&r, 4, "tt-send: reply 1: no usage in the reply\n");
	s = peer_total(&peer);
	cr_expect_eq(
	    s.n[SUM_CALLS], 1, "%lu calls", (unsigned long)s.n[SUM_CALLS]);
}

Test(response, options_of_one_call_are_for_one_reply)
{
	struct run r;

	SEND(&r, MESSAGE MESSAGE, "--session", "s", "--message", "m");
	expect(&r, 4,
	    "tt-send: reply 2: a second reply, and the options are those of "
	    "one call\n");
	SEND(&r, MESSAGE, "--session", "s", "--input", "3");
	expect(&r, 2,
	    "tt-send: with --response counts and costs are the reply's: no "
	    "options for them, nor flags of one call\n");
}

/* The writer's status is that of the pipe: 141 where it was cut short. */
Test(response, whoever_writes_is_never_cut_short)
{
	static const char *const wrong[] = { "--session s", "",
		"--session s --no-such-option", "--session s --input 3" };
	char command[300];
	struct run r;
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(command, sizeof(command),
		    "{ head -c 1000000 /dev/zero; echo wrote $? >&2; } | "
		    "${TT_BUILD:-build}/tt-send --response %s",
		    wrong[i]);
		RUN(&home, &r, "/bin/sh", "-c", command);
		cr_expect(strstr(r.err, "wrote 0") != NULL,
		    "%s: the writer was cut short: %s", wrong[i], r.err);
		cr_expect_neq(r.code, 0, "%s: nothing was wrong", wrong[i]);
		run_free(&r);
	}
}

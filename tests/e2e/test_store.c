/* Stores of earlier versions open, and keep what they hold. */
#include "tests/e2e/harness.h"
#include "tests/e2e/peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

static struct home home;
static struct peer peer = { .fd = -1 };

static void
setup(void)
{
	home_make(&home);
	home_env(&home, "TT_NOW", NOW_TEXT);
}

static void
teardown(void)
{
	peer_close(&peer);
	home_finish(&home);
}

TestSuite(store, .init = setup, .fini = teardown, .timeout = 120);

static void
copy_file(const char *from, const char *to)
{
	struct run r;

	RUN(&home, &r, "/bin/cp", from, to);
	cr_assert_eq(r.code, 0, "cp %s %s: %s", from, to, r.err);
	chmod(to, 0600);
	run_free(&r);
}

static uint64_t
number_in(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	cr_assert_not_null(at, "no %s in %s", name, text);
	return strtoull(at + strlen(name), NULL, 10);
}

#define EXPECT_SUM(s, which, want)                                             \
	cr_expect_eq((s).n[which], (want), "%s: %lu, expected %lu",            \
	    sum_names[which], (unsigned long)(s).n[which],                     \
	    (unsigned long)(want))

/* Beside it stands what it holds: "calls N", "input N", "output N", a line
 * each. */
static void
open_store(const char *version)
{
	struct event ev = sight("after the upgrade", "m", 1, 1);
	char path[128], *holds;
	struct sums s;

	snprintf(path, sizeof(path), "tests/data/store-%s/data.mdb", version);
	mkdir(home.data, 0700);
	copy_file(path, home.store);
	snprintf(path, sizeof(path), "tests/data/store-%s/holds", version);
	holds = file_read(path);
	daemon_start(&home);
	cr_expect(daemon_log_has(&home, 0, "schema=3"), "it is another schema");
	cr_assert(peer_open(&peer, home.socket), "no connection");
	s = peer_total(&peer);
	EXPECT_SUM(s, SUM_CALLS, number_in(holds, "calls"));
	EXPECT_SUM(s, SUM_INPUT, number_in(holds, "input"));
	EXPECT_SUM(s, SUM_OUTPUT, number_in(holds, "output"));
	peer_put(&peer, &ev, 1);
	EXPECT_SUM(peer_total(&peer), SUM_CALLS, s.n[SUM_CALLS] + 1);
	free(holds);
}

Test(store, one_of_schema_1_keeps_its_calls)
{
	open_store("v1");
}

Test(store, one_of_schema_2_keeps_its_calls_and_their_requests)
{
	struct event ev = sight("telemetry", "m", 107, 17);
	struct sums s;

	open_store("v2");
	s = peer_total(&peer);
	ev.text[EV_REQUEST] = TEXT("req-7");
	ev.text[EV_PROVIDER] = TEXT("openai");
	ev.text[EV_MODEL] = TEXT("gpt-5");
	peer_put(&peer, &ev, 1);
	EXPECT_SUM(peer_total(&peer), SUM_CALLS, s.n[SUM_CALLS]);
	daemon_stop(&home);
	daemon_start(&home);
	peer_close(&peer);
	cr_assert(peer_open(&peer, home.socket), "no connection");
	EXPECT_SUM(peer_total(&peer), SUM_CALLS, s.n[SUM_CALLS]);
}

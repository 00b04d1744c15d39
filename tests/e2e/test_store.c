/* Stores of earlier versions open, and keep what they hold. */
#include "tests/e2e/harness.h"
#include "tests/e2e/peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

/*
 * Beside each store stands what it holds: "calls N", "input N", "output N",
 * one a line.
 */
static const char *const stores[] = { "v1" };

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
	cr_assert(peer_open(&peer, home.socket), "no connection");
	s = peer_total(&peer);
	EXPECT_SUM(s, SUM_CALLS, number_in(holds, "calls"));
	EXPECT_SUM(s, SUM_INPUT, number_in(holds, "input"));
	EXPECT_SUM(s, SUM_OUTPUT, number_in(holds, "output"));
	peer_put(&peer, &ev, 1);
	EXPECT_SUM(peer_total(&peer), SUM_CALLS, s.n[SUM_CALLS] + 1);
	free(holds);
}

Test(store, one_of_every_released_schema_opens_and_keeps_its_calls)
{
	char path[128];
	size_t i;

	for (i = 0; i < sizeof(stores) / sizeof(*stores); i++) {
		snprintf(path, sizeof(path), "tests/data/store-%s/data.mdb",
		    stores[i]);
		if (access(path, R_OK) != 0)
			cr_skip_test("%s is not there", path);
		open_store(stores[i]);
	}
}

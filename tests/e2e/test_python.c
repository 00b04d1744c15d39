/* Any MessagePack library is a client. */
#include "tests/e2e/harness.h"

#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

static struct home home;

static void
setup(void)
{
	home_make(&home);
	home_env(&home, "TT_NOW", NOW_TEXT);
}

static void
teardown(void)
{
	home_finish(&home);
}

TestSuite(python, .init = setup, .fini = teardown, .timeout = 120);

Test(python, a_client_made_from_the_protocol_page_alone_is_served)
{
	struct run r;

	RUN(&home, &r, "/usr/bin/python3", "-c", "import msgpack");
	if (r.code != 0) {
		run_free(&r);
		cr_skip_test("no /usr/bin/python3 with msgpack");
	}
	run_free(&r);
	daemon_start(&home);
	RUN(&home, &r, "/usr/bin/python3", "tests/e2e/client.py", home.socket);
	cr_expect_eq(r.code, 0, "exit code %d: %s%s", r.code, r.out, r.err);
	cr_expect_not_null(strstr(r.out, "all well"), "%s", r.out);
	run_free(&r);
}

/*
 * Seen and billed, side by side: reconcile.py plays services, keeps the books
 * itself, and holds every figure of the reports against them.
 */
#include "tests/e2e/harness.h"

#include <string.h>

#include <criterion/criterion.h>

static struct home home;

static void
setup(void)
{
	home_make(&home);
}

static void
teardown(void)
{
	home_finish(&home);
}

TestSuite(reconcile, .init = setup, .fini = teardown, .timeout = 120);

/* No world plays only what each cause comes from. */
static void
play(const char *worlds, const char *seed)
{
	struct run r;

	RUN(&home, &r, "/usr/bin/python3", "-c", "import msgpack");
	if (r.code != 0) {
		run_free(&r);
		cr_skip_test("no /usr/bin/python3 with msgpack");
	}
	run_free(&r);
	home_env(&home, "TT_WORLDS", worlds);
	home_env(&home, "TT_SEED", seed);
	home_env(&home, "TT_PERIODS", under_sanitizer() ? "1" : "3");
	RUN(&home, &r, "/usr/bin/python3", "tests/e2e/reconcile.py");
	cr_expect_eq(r.code, 0, "seed %s: exit code %d: %s%s", seed, r.code,
	    r.out, r.err);
	cr_expect_null(strstr(r.out, "not ok"), "%s", r.out);
	cr_expect_not_null(strstr(r.out, "ok reconcile"), "%s", r.out);
	run_free(&r);
}

Test(reconcile, each_cause_comes_out_and_is_in_the_manual)
{
	play("0", "1");
}

Test(reconcile, every_figure_is_an_accountants_in_new_york)
{
	play("1", "1");
}

Test(reconcile, every_figure_is_an_accountants_in_shanghai)
{
	play("1", "5");
}

/* A key goes only where a trusted certificate says that it is the host. */
#include "tests/e2e/play.h"

#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

static struct home home;

static void
setup(void)
{
	play_setup(&home);
	play_trust_nobody(&home);
}

static void
teardown(void)
{
	play_finish(&home);
}

TestSuite(provider_tls, .init = setup, .fini = teardown, .timeout = 120);

Test(provider_tls, openai_is_asked_only_where_its_certificate_is_good)
{
	play(&home, "provider_tls.py", "certificates", "openai");
}

Test(provider_tls, anthropic_is_asked_only_where_its_certificate_is_good)
{
	play(&home, "provider_tls.py", "certificates", "anthropic");
}

Test(provider_tls, openrouter_is_asked_only_where_its_certificate_is_good)
{
	play(&home, "provider_tls.py", "certificates", "openrouter");
}

Test(provider_tls, what_is_no_proxy_is_refused_at_the_start)
{
	char config[100];
	struct run r;

	home_write(&home, "config", "[daemon]\nproxy = ftp://127.0.0.1:1\n");
	snprintf(config, sizeof(config), "--config=%s/config", home.dir);
	RUN(&home, &r, "collectord", "-n", config);
	cr_expect_eq(r.code, 2, "exit code %d", r.code);
	cr_expect_not_null(strstr(r.err, "config: daemon.proxy: not http://"),
	    "\"%s\"", r.err);
	run_free(&r);
}

Test(provider_tls, a_proxy_is_told_the_host_and_nothing_else)
{
	play(&home, "provider_tls.py", "proxy", "anthropic");
}

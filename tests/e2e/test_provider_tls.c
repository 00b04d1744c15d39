/* A key goes only where a trusted certificate says that it is the host. */
#include "tests/e2e/play.h"

#include <stdio.h>

#include <criterion/criterion.h>

static struct home home;

static void
setup(void)
{
	char trusted[100];

	play_setup(&home);
	home_write(&home, "trusted.pem", "");
	snprintf(trusted, sizeof(trusted), "%s/trusted.pem", home.dir);
	home_env(&home, "SSL_CERT_FILE", trusted);
}

static void
teardown(void)
{
	play_finish(&home);
}

TestSuite(provider_tls, .init = setup, .fini = teardown, .timeout = 60);

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

/*
 * Webhooks over TLS: whose certificates are taken.
 */
#include "tests/e2e/sinks.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

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

/* Makes home/key.pem and home/cert.pem for that subject. */
static void
make_certificate(const char *name)
{
	char key[128], cert[128], alt[128];
	struct run r;

	snprintf(key, sizeof(key), "%s/key.pem", s.home.dir);
	snprintf(cert, sizeof(cert), "%s/cert.pem", s.home.dir);
	snprintf(alt, sizeof(alt), "subjectAltName=%s", name);
	RUN(&s.home, &r, "/usr/bin/openssl", "req", "-x509", "-newkey",
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

	snprintf(key, sizeof(key), "%s/key.pem", s.home.dir);
	snprintf(cert, sizeof(cert), "%s/cert.pem", s.home.dir);
	cr_assert_eq(pipe2(in, O_CLOEXEC), 0);
	cr_assert_eq(pipe2(out, O_CLOEXEC), 0);
	t->pid = child_start(
	    &s.home, argv, (int[]){ in[0], out[1], out[1] }, -1, -1);
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

	snprintf(cert, sizeof(cert), "%s/cert.pem", s.home.dir);
	home_env(&s.home, "SSL_CERT_FILE", is_trusted ? cert : NULL);
	snprintf(text, sizeof(text),
	    "[sink \"web\"]\nwebhook = https://127.0.0.1:%u%s\n"
	    "timeout = 2\n",
	    t->port, PATH_OF_SECRET);
	sinks_configure(&s, text);
	sinks_start(&s);
	sinks_notice(&s, "wonder-1");
}

static void
expect_tls_refused(const char *name, bool is_trusted)
{
	struct tls t;

	make_certificate(name);
	tls_start(&t);
	start_with_tls(&t, is_trusted);
	sinks_expect_failed(&s, 1, "tls");
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
	sinks_expect_failed(&s, 1, "timeout");
	tls_stop(&t);
}

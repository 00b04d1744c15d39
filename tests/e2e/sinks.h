/*
 * Tests of sinks: a daemon whose notices go where the test sees them, to a
 * webhook that the test answers itself or to what it configures.
 */
#ifndef TESTS_E2E_SINKS_H
#define TESTS_E2E_SINKS_H

#include "tests/e2e/harness.h"
#include "tests/e2e/http_peer.h"
#include "tests/e2e/peer.h"

/* It stands in what is configured and nowhere in the log. */
#define SECRET "s3cr3t-t0ken"
#define PATH_OF_SECRET "/hooks/" SECRET "?key=" SECRET
#define SECOND_MS 1000ll

struct sinks {
	struct home home;
	struct peer peer;
	struct http_peer http;
	struct http_talk talk;
	int64_t now_ms; /* the daemon's clock */
};

void sinks_setup(struct sinks *s);
/* Whatever happened, nobody reads the secret in the log. */
void sinks_teardown(struct sinks *s);

/* Sections of a configuration; what was there before is gone. */
void sinks_configure(struct sinks *s, const char *sections);
/* A webhook at s->http and more lines of its section. */
void sinks_configure_webhook(struct sinks *s, const char *more);
void sinks_start(struct sinks *s);
/* Both. */
void sinks_start_with(struct sinks *s, const char *more);

/* Makes a notice: a call of a model that has no price is told of once. */
void sinks_notice(struct sinks *s, const char *model);
void sinks_move_clock(struct sinks *s, int64_t by_ms);

/* Takes the next request into s->talk; its body must have that text. */
void sinks_expect_body(struct sinks *s, const char *text);
/* The same, and it is answered with 200. */
void sinks_expect_told(struct sinks *s, const char *text);
/* The notice was tried so often in vain, and waits. */
void sinks_expect_failed(struct sinks *s, int tries, const char *why);
/* Round trips that come in time; whatever was due has begun by then. */
void sinks_expect_fast(struct sinks *s, int n);
/* Nobody has asked s->http. */
void sinks_expect_quiet(struct sinks *s);

#endif

/*
 * Tests of providers whose services are played by a Python script, which also
 * looks at what came of it: SCRIPT SOCKET HOME SCENARIO [ARGUMENT].
 */
#ifndef TESTS_E2E_PLAY_H
#define TESTS_E2E_PLAY_H

#include "tests/e2e/harness.h"

/* Makes a home at NOW_TEXT whose daemon says all it does; TT_SANITIZER tells
 * scripts that memory is a sanitizer's. */
void play_setup(struct home *h);
/* The daemon trusts only the certificates in home/trusted.pem: none yet. */
void play_trust_nobody(struct home *h);
/* Stops the daemon; whatever happened, no key is in its log. */
void play_finish(struct home *h);
/* Skips the test where there is no Python with msgpack. */
void play_need_python(struct home *h);
/* Starts the daemon and plays a scenario. argument may be NULL. */
void play(struct home *h, const char *script, const char *scenario,
    const char *argument);
/* With the daemon that runs. */
void play_on(struct home *h, const char *script, const char *scenario,
    const char *argument);

#endif

/*
 * The service: systemd's user units, where a user session of systemd runs. They
 * serve the ledger of the user's own places, so that one with a TT_HOME or
 * TT_SOCKET of its own has none.
 */
#ifndef SETUP_SERVICE_H
#define SETUP_SERVICE_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/places.h"

/* Is it the ledger of the usual places? False with why. */
bool service_is_for_us(char *why, size_t cap);
/* False with why: no service can be had here. */
bool service_is_possible(char *why, size_t cap);
/*
 * Starts what the units say, now and at each login; asks a daemon that a client
 * started to make room. -1 with why.
 */
int service_start(const struct places *p, bool changed, char *why, size_t cap);
/* Before the units are removed, and after. Failures are systemd's to tell. */
void service_stop(void);
void service_forget(void);

#endif

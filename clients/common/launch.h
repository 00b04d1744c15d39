/*
 * Starts a missing collectord, detached, with a fixed environment and its log
 * in data/collectord.log. Looks beside the running program first, then along
 * PATH.
 */
#ifndef CLIENTS_LAUNCH_H
#define CLIENTS_LAUNCH_H

#include "clients/common/client.h"

/* TT_AUTOSTART=0 and autostart = no turn it off. */
bool launch_is_allowed(const struct config *cf);
/*
 * Starts it. With deadline_ms > 0 waits until it serves (it tells through
 * --notify-fd) or the deadline passes; with 0 returns at once. CLIENT_OK, or
 * CLIENT_EABSENT with why.
 */
enum client_result launch_daemon(
    const struct places *p, int64_t deadline_ms, char *why, size_t cap);
/*
 * Connects; starts the daemon where there is none and that is allowed; asks an
 * older autostarted daemon to drain and starts its successor. What every
 * client but tt-send calls.
 */
enum client_result launch_connect(struct client *c, const struct places *p,
    const struct config *cf, int64_t deadline_ms);

#endif

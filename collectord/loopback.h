/* Which hosts are this machine: plain HTTP goes nowhere else. */
#ifndef COLLECTORD_LOOPBACK_H
#define COLLECTORD_LOOPBACK_H

#include <stdbool.h>

/* As it stands in a URL: localhost, [::1], or one of 127.0.0.0/8. */
bool loopback_is_host(const char *host);

#endif

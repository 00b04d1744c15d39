/*
 * UUIDs of version 7 (RFC 9562): milliseconds, then random bits, so that ids
 * sort by time. They are the message ids of calls that come without one.
 */
#ifndef CLIENTS_UUID_H
#define CLIENTS_UUID_H

#include <stdint.h>

#define UUID_TEXT_LEN 36
#define UUID_RANDOM 10

/* Writes the text and a NUL; ms counts from 1970 and keeps its low 48 bits. */
void uuid_format(
    int64_t ms, const uint8_t random[UUID_RANDOM], char out[UUID_TEXT_LEN + 1]);
/* The same with the system's random bytes; -1 with errno when it has none. */
int uuid_make(int64_t ms, char out[UUID_TEXT_LEN + 1]);

#endif

/*
 * The one table of error codes that travel on the wire. A code is its name: a
 * short text, stable for ever; the message beside it is for people.
 */
#ifndef PROTO_ERROR_H
#define PROTO_ERROR_H

#include <stddef.h>

enum error_code {
	ERR_NONE,
	ERR_MALFORMED, /* not MessagePack-RPC; the connection closes */
	ERR_TOO_LARGE, /* over a limit of limits.h */
	ERR_UNKNOWN_METHOD,
	ERR_BAD_PARAMS,   /* the method's parameters are off */
	ERR_BAD_TYPE,     /* a field has the wrong type */
	ERR_MISSING,      /* a required field is absent or empty */
	ERR_OUT_OF_RANGE, /* a number or time that cannot be */
	ERR_BAD_TEXT,     /* too long, control characters, not UTF-8 */
	ERR_INCONSISTENT, /* a subset larger than its set */
	ERR_STORE_FULL,   /* no space on the disk or in the map */
	ERR_STORE,        /* the store failed; see the daemon's log */
	ERR_BUSY,         /* try again */
	ERR_STOPPING,     /* the daemon is draining */
	ERR_NOT_FOUND,    /* no such page or thing */
	ERR_DENIED,       /* not allowed here (clock without TT_NOW, drain) */
	ERR_CODES
};

#define ERROR_MESSAGE_MAX 240

/* A problem with a request or one event of it. */
struct error {
	enum error_code code;
	const char *field; /* static text or NULL */
	/* For people, one line; "" where code says it all. */
	char message[ERROR_MESSAGE_MAX];
};

/* The code's wire name, "bad_text". Never NULL. */
const char *error_name(enum error_code code);
/* The code for a wire name; ERR_STORE where it is not known. */
enum error_code error_from_name(const char *name, size_t len);
/* Fills *e (may be NULL) and returns -1, so callers can `return error_set(…)`.
 */
int error_set(struct error *e, enum error_code code, const char *field,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

#endif

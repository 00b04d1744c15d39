/*
 * A client's connection: one request at a time, each with a deadline. The
 * daemon's uid is checked before anything is sent.
 */
#ifndef CLIENTS_CLIENT_H
#define CLIENTS_CLIENT_H

#include <stdint.h>

#include "proto/codec.h"
#include "proto/config.h"
#include "proto/places.h"

/* Exit codes of every program. */
enum {
	EXIT_OK = 0,
	EXIT_NO = 1, /* the answer is "no" */
	EXIT_USAGE = 2,
	EXIT_UNREACHABLE = 3,
	EXIT_REFUSED = 4,
	EXIT_SYSTEM = 5
};

enum client_result {
	CLIENT_OK = 0,
	CLIENT_EABSENT = -1,  /* nobody listens there */
	CLIENT_ETIMEOUT = -2, /* no answer within the deadline */
	CLIENT_EPEER = -3,    /* somebody else's socket, or nonsense from it */
	CLIENT_EREFUSED = -4, /* the daemon's error, in c->reply.error */
	CLIENT_ESYSTEM = -5   /* errno */
};

struct client {
	int fd; /* -1: not connected */
	char *in;
	size_t in_len, in_cap;
	size_t taken;       /* bytes of `in` that the last message held */
	struct reply reply; /* borrows `in` until the next call */
	/* See client_keep. */
	struct {
		uint32_t msgid; /* 0: none is expected */
		uint8_t *bytes; /* the whole message, once it came */
		size_t len;
	} kept;
	char why[256]; /* one line for people after a failure */
};

void client_init(struct client *c);
void client_close(struct client *c); /* keeps why; safe to repeat */

/* Monotonic ms, for deadlines. */
int64_t client_now_ms(void);

/* Connects within deadline_ms (monotonic). */
enum client_result client_connect(
    struct client *c, const char *socket_path, int64_t deadline_ms);
/* Writes a whole packed request (or several). */
enum client_result client_send(
    struct client *c, const struct packer *k, int64_t deadline_ms);
/*
 * Replies may overtake each other: the one with that msgid (not 0), if it comes
 * while another is waited for, is kept for its own client_wait. One at a time.
 */
void client_keep(struct client *c, uint32_t msgid);
/*
 * Waits for the reply with that msgid and fills c->reply; others that come
 * before it are dropped.
 */
enum client_result client_wait(
    struct client *c, uint32_t msgid, int64_t deadline_ms);
/*
 * Waits for whatever message comes next: c->taken bytes at c->in, until the
 * next call. For replies in any order, and for notifications.
 */
enum client_result client_message(struct client *c, int64_t deadline_ms);
/* Is the reply in c->reply a result? Else CLIENT_EREFUSED, with why. */
enum client_result client_judge(struct client *c);
/* CLIENT_* to EXIT_*. */
int client_exit_code(enum client_result r);

/*
 * Reads the config file named in p over the defaults; no file is fine. 0, or
 * -1 with why naming file and line.
 */
int client_config(
    const struct places *p, struct config *cf, char *why, size_t cap);
/*
 * The wall clock in ms UTC, or TT_NOW (RFC 3339) where that is set: what
 * "today" and "now" mean to a client.
 */
int64_t client_wall_ms(void);

#endif

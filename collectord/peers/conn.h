/*
 * One connection: bytes in, whole messages to dispatch, replies out. All of it
 * belongs to the loop's thread.
 *
 * Whoever made something happen to a connection (bytes, an ack, the end of a
 * report) calls conn_settle() last: it writes what is to be written, goes on
 * with input that had to wait, and decides whether to read and when to close.
 */
#ifndef PEERS_CONN_H
#define PEERS_CONN_H

#include <uv.h>

#include "collectord/peers/batch.h"
#include "proto/wire.h"

struct server;
struct conn;
struct conn_output;
struct follower;
struct method_call;
struct report_job;

struct conn_list {
	struct conn *head, *tail;
};

struct conn {
	uv_pipe_t pipe;
	struct server *server;
	struct conn *all_prev, *all_next; /* every one of the server's */
	/* Its list of the server, and since when by the loop's clock. */
	struct conn_list *list;
	struct conn *prev, *next;
	uint64_t since_ms;
	/* Input. `in` has what came after the last message handled. */
	struct wire_scan scan; /* its first scan.pos bytes are looked at */
	char *in;
	size_t in_len, in_cap;
	struct conn_output *out;    /* not yet given to libuv */
	struct conn_output *flying; /* given to it, not yet written */
	struct batch_source source;
	size_t unacked; /* weight of the requests waiting */
	/* Under way, or with pages left; report's own. */
	struct report_job *report;
	struct method_call *calls; /* method's own */
	struct follower *follower; /* follow's own */
	unsigned nwaiting;         /* puts and calls without their reply */
	unsigned refs;             /* the handle, those, a report on the pool */
	uint32_t id;               /* for the log */
	uint32_t extra_turn; /* of the server, when it last had its extra */
	bool is_yielding;    /* has whole requests; others come first */
	bool is_working;     /* a report runs on the pool */
	bool is_reading;
	bool is_held;      /* has input or a peer that had to wait */
	bool is_finishing; /* no more input; closes when all is written */
	bool is_closing;
};

/* Takes fd. NULL without memory or when libuv refuses: fd is closed. */
struct conn *conn_new(struct server *s, int fd);
/* The one door: idempotent; why is static text for the log. */
void conn_close(struct conn *c, const char *why);
/* Reads no more; closes once all that is under way is answered and written. */
void conn_finish(struct conn *c);
void conn_settle(struct conn *c);
/* Before the next poll: for who may not have requests begin under his hands. */
void conn_settle_soon(struct conn *c);
/* Goes on after it has yielded to others. */
void conn_take_turn(struct conn *c);
/* Goes on where something of the server's had held it. */
void conn_resume(struct conn *c);

/* Appends a whole reply to the output; conn_settle() writes it. */
void conn_send(struct conn *c, const void *p, size_t len);
/* Bytes the peer has not taken yet. */
size_t conn_unread(const struct conn *c);
/* Takes put to the batch; its ack follows. -1: freed, *err says why. */
int conn_submit(struct conn *c, struct put *put, size_t len, uint32_t msgid,
    bool is_quiet, struct error *err);
/* A request that weighs that much is worked on elsewhere, or no longer. */
void conn_wait(struct conn *c, size_t weight);
void conn_waited(struct conn *c, size_t weight);
void conn_ref(struct conn *c);
void conn_unref(struct conn *c);

#endif

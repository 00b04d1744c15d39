/*
 * From a whole message to its handler and back: one table of methods. Runs on
 * the loop's thread; long reports go on on libuv's pool.
 */
#ifndef PEERS_DISPATCH_H
#define PEERS_DISPATCH_H

#include "collectord/peers/conn.h"

/* Most reports that run on the pool or have pages left, at a time. */
#define DISPATCH_REPORTS_MAX 4

/* One message that the wire scan has passed; borrowed for the call. */
void dispatch_message(struct conn *c, const void *msg, size_t len);
/* Not a message: says so under msgid 0 and finishes the connection. */
void dispatch_violation(struct conn *c, const struct error *e);
/* Appends the ack of a put that came back. */
void dispatch_ack(struct conn *c, const struct batch_item *item);
/* Ends a report that runs, and its reply with it, or the pages left of one. */
void dispatch_forget(struct conn *c);
/* The daemon stops: a report that runs is answered so. */
void dispatch_stop(struct conn *c);

#endif

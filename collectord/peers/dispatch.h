/*
 * From a whole message to its handler and back: one table of methods, and
 * behind it the ledger's own. Runs on the loop's thread.
 */
#ifndef PEERS_DISPATCH_H
#define PEERS_DISPATCH_H

#include "collectord/peers/conn.h"

/* One message that the wire scan has passed; borrowed for the call. */
void dispatch_message(struct conn *c, const void *msg, size_t len);
/* Not a message: says so under msgid 0 and finishes the connection. */
void dispatch_violation(struct conn *c, const struct error *e);
/* Appends the ack of a put that came back. */
void dispatch_ack(struct conn *c, const struct batch_item *item);
/* Ends what is read for a connection that closes. */
void dispatch_forget(struct conn *c);

#endif

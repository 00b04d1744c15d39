/*
 * Followers: connections that are told of calls as they are committed. Each is
 * read one page at a time by the ledger's own method `events`, on the pool, and
 * none before the peer has taken most of the one before.
 */
#ifndef PEERS_FOLLOW_H
#define PEERS_FOLLOW_H

#include "collectord/peers/conn.h"
#include "proto/codec.h"

#define FOLLOW_PAGE_EVENTS 500
#define FOLLOW_UNREAD_HOLD (256u << 10) /* no further page above it */

/* Handler of dispatch. A second one on a connection begins anew. */
int follow_begin(struct conn *c, const struct request *rq, struct packer *k,
    struct error *err);
/* Reads on where there is more and room for it; c may be no follower. */
void follow_go(struct conn *c);
/* After a commit, or when there is room again: all of them. */
void follow_round(struct server *s);
/* Ends it; idempotent. */
void follow_forget(struct conn *c);

#endif

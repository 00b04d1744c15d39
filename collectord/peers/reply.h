/*
 * Replies on their way out: packed into the server's one scratch, then copied
 * to the connection's output. conn_settle() writes them.
 */
#ifndef PEERS_REPLY_H
#define PEERS_REPLY_H

#include "collectord/peers/conn.h"
#include "proto/codec.h"

/* What a handler of a method says. */
enum { REPLY_LATER = 1, REPLY_NOW = 0, REPLY_ERROR = -1 };

/* The scratch, with the head of a result in it: one value is to follow. */
struct packer *reply_begin(struct conn *c, uint32_t msgid);
/* Sends what the scratch has, or why it cannot be sent. */
void reply_end(struct conn *c, uint32_t msgid);
/* Sends an error as the whole reply. */
void reply_error(struct conn *c, uint32_t msgid, const struct error *err);

#endif

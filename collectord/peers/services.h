/*
 * The method that tells which providers an account can be added of, and what
 * each needs.
 */
#ifndef PEERS_SERVICES_H
#define PEERS_SERVICES_H

#include "collectord/peers/conn.h"
#include "proto/codec.h"

/* A handler of dispatch. */
int services_list(struct conn *c, const struct request *rq, struct packer *k,
    struct error *err);
/* "gives": [str], of bits of feed_gives. */
void services_pack_gives(struct packer *k, uint32_t gives);

#endif

/*
 * The methods about accounts of provider services. Keys that come with them are
 * wiped from the message once they are used, and are never logged.
 */
#ifndef PEERS_PROVIDER_H
#define PEERS_PROVIDER_H

#include "collectord/peers/conn.h"
#include "proto/codec.h"

/* Handlers of dispatch. */
int provider_list(struct conn *c, const struct request *rq, struct packer *k,
    struct error *err);
int provider_add(struct conn *c, const struct request *rq, struct packer *k,
    struct error *err);
int provider_set(struct conn *c, const struct request *rq, struct packer *k,
    struct error *err);
int provider_rm(struct conn *c, const struct request *rq, struct packer *k,
    struct error *err);
int provider_sync(struct conn *c, const struct request *rq, struct packer *k,
    struct error *err);
/* The daemon stops: those who wait for a sync are told so. */
void provider_stop(struct server *s);

#endif

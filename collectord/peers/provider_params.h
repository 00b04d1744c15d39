/*
 * Parameters of the methods about accounts of provider services. All answer 0,
 * or -1 with *err.
 */
#ifndef PEERS_PROVIDER_PARAMS_H
#define PEERS_PROVIDER_PARAMS_H

#include "collectord/jobs/sync/sync.h"
#include "proto/codec.h"

/* Copied; "" where it is absent. */
int provider_take_text(const struct request *rq, const char *key, char *buf,
    size_t cap, struct error *err);
/* *out stays as it is where it is absent. */
int provider_take_bool(const struct request *rq, const char *key,
    bool *is_there, bool *out, struct error *err);
/* Borrowed; the caller wipes it where it stands in the message. */
int provider_take_key(
    const struct request *rq, struct text *key, struct error *err);
/* What provider_add and provider_set say, but for the key. */
int provider_read_add(
    const struct request *rq, struct sync_change *ch, struct error *err);
int provider_read_set(
    const struct request *rq, struct sync_change *ch, struct error *err);
/* A threshold of what no feed of the provider tells would wait for ever. */
int provider_check_low(
    struct sync *s, const struct sync_change *ch, struct error *err);

#endif

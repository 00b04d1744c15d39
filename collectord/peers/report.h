/*
 * The methods report and next. A short report is answered at once, a long one
 * goes on on libuv's pool, and one with more rows than a reply has room for is
 * kept with its connection.
 */
#ifndef PEERS_REPORT_H
#define PEERS_REPORT_H

#include "collectord/peers/conn.h"
#include "proto/codec.h"

/* Most reports that run on the pool or have pages left, at a time. */
#define REPORTS_MAX 4

/* Handlers of dispatch: a REPLY_ of reply.h. */
int report_begin(struct conn *c, const struct request *rq, struct packer *k,
    struct error *err);
int report_next(struct conn *c, const struct request *rq, struct packer *k,
    struct error *err);
/* Ends a report that runs, and its reply with it, or the pages left of one. */
void report_forget(struct conn *c);
/* The daemon stops: a report that runs is answered so. */
void report_stop(struct conn *c);

#endif

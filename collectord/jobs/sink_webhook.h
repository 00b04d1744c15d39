/* A notice as a request to a sink's URL, and what the answer says. */
#ifndef JOBS_SINK_WEBHOOK_H
#define JOBS_SINK_WEBHOOK_H

#include "collectord/jobs/http.h"
#include "collectord/jobs/notice_body.h"

#define SINK_WHY_MAX 64

/* All is borrowed until the request is done. on_done is the caller's. */
void sink_webhook_fill(struct http_request *r, const struct sink_config *c,
    const struct notice_body *b);
/*
 * Was it taken? Whoever says so with the status is believed, whatever becomes
 * of the answer's body. Else why says what happened, without the URL.
 */
bool sink_webhook_was_taken(
    const struct http_request *r, char why[SINK_WHY_MAX]);

#endif

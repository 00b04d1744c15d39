/*
 * A notice dressed for who gets it: JSON for programs, and what Slack, Discord
 * and ntfy take. Pure: sees no loop and sends nothing.
 */
#ifndef JOBS_NOTICE_BODY_H
#define JOBS_NOTICE_BODY_H

#include "collectord/sink_config.h"
#include "proto/notice.h"

#define NOTICE_BODY_MAX 16384

struct notice_body {
	char p[NOTICE_BODY_MAX];
	size_t len;
	bool failed;            /* it was too long: there is none */
	const char *headers[4]; /* "Name: value", static; NULL ends */
};

/* text: its sentence, of notice_text(). */
void notice_body_make(struct notice_body *b, enum sink_body kind,
    const struct notice *n, struct text text);

#endif

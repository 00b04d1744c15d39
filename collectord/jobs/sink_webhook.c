#include "collectord/jobs/sink_webhook.h"

#include <stdio.h>

#define ANSWER_MAX (64u << 10) /* nobody reads it */

void
sink_webhook_fill(struct http_request *r, const struct sink_config *c,
    const struct notice_body *b)
{
	size_t i = 0;

	r->url = c->url;
	r->body = (struct text){ b->p, (uint32_t)b->len };
	r->deadline_ms = c->timeout_ms;
	r->body_max = ANSWER_MAX;
	for (; b->headers[i] != NULL; i++)
		r->headers[i] = b->headers[i];
	r->headers[i] = NULL;
}

bool
sink_webhook_was_taken(const struct http_request *r, char why[SINK_WHY_MAX])
{
	if (r->status / 100 == 2)
		return true;
	if (r->status != 0 &&
	    (r->error == HTTP_OK || r->error == HTTP_REDIRECT))
		snprintf(why, SINK_WHY_MAX, "status %d", r->status);
	else
		http_describe(r, why, SINK_WHY_MAX);
	return false;
}

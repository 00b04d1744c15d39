/*
 * JSON values of the APIs' replies to events. A reply is one value or, of a
 * stream, several: OpenAI chat completions and responses, Anthropic messages,
 * Gemini, and OpenRouter in the shapes of OpenAI. What they look like is
 * recognised from their members; the tables in reply.c are the contract.
 */
#ifndef CLIENTS_REPLY_H
#define CLIENTS_REPLY_H

#include "clients/common/usage.h"

enum reply_shape {
	REPLY_NONE,
	REPLY_CHAT,
	REPLY_RESPONSES,
	REPLY_MESSAGES,
	REPLY_GEMINI
};

enum reply_text { REPLY_ID, REPLY_MODEL, REPLY_TIER, REPLY_GEO, REPLY_TEXTS };

/*
 * Called once for each reply. Either the event, whose texts last as long as the
 * call, or NULL and why there is none.
 */
typedef void reply_fn(
    void *arg, const struct event *ev, const struct error *err);

/* A reply that is being read. Zero, but for fn and arg, is a valid state. */
struct api_reply {
	reply_fn *fn;
	void *arg;
	uint64_t told; /* calls of fn */
	struct json json;
	enum reply_shape shape; /* REPLY_NONE: none is open */
	struct usage usage;
	char text[REPLY_TEXTS][LIMIT_TEXT + 1]; /* "" is absent */
	char problem[64];                       /* an API error's type */
	struct error bad; /* what of it cannot be recorded */
	int64_t cost_pico;
	bool has_cost, is_openrouter;
	bool is_whole; /* its end was seen */
	bool is_failed;
};

/*
 * Takes one value. is_part: it is one of a stream, and the reply it belongs to
 * may go on with the next. 0, or -1 where it is no JSON: see json.error.
 */
int reply_take(struct api_reply *r, const char *json, size_t len, bool is_part);
/*
 * Nothing more belongs to the reply that is open, if one is. is_whole: the
 * stream said so itself.
 */
void reply_finish(struct api_reply *r, bool is_whole);
void reply_release(struct api_reply *r);

#endif

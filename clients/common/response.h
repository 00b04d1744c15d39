/*
 * The raw bytes of the APIs' replies to events: JSON, event streams (SSE), a
 * JSON array of parts, with or without HTTP headers, several in a row. Bytes
 * may come in pieces of any size. Of answers nothing is kept: see slim.h.
 */
#ifndef CLIENTS_RESPONSE_H
#define CLIENTS_RESPONSE_H

#include "clients/common/reply.h"
#include "clients/common/slim.h"

#define RESPONSE_HEAD_MAX 8

struct response {
	struct api_reply reply;
	struct slim value;            /* the JSON that is being read */
	int state;                    /* see response.c */
	char head[RESPONSE_HEAD_MAX]; /* what a line or its data begins with */
	size_t head_len;
	bool is_stream; /* value comes in the data lines of a stream */
	bool is_open;   /* value has begun and goes on in another line */
	bool is_array;  /* value is an element of the array around all */
	bool is_blank;  /* nothing is in the header line so far */
	bool after_cr;  /* a LF would belong to the line end before */
	bool is_broken; /* told already; said again after something good */
};

/* fn is called from the other functions, once a reply; see reply.h. */
void response_init(struct response *r, reply_fn *fn, void *arg);
void response_feed(struct response *r, const char *bytes, size_t len);
/* Nothing more comes. fn has been called at least once after this. */
void response_end(struct response *r);
void response_release(struct response *r);

#endif

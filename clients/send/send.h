/*
 * The parts of tt-send: events come from options, from lines or from replies
 * of an API, and go to the daemon or to the spool.
 */
#ifndef CLIENTS_SEND_H
#define CLIENTS_SEND_H

#include "clients/common/client.h"
#include "clients/common/launch.h"
#include "clients/common/ndjson.h"
#include "clients/common/options.h"
#include "clients/common/output.h"
#include "clients/common/text_lang.h"

#define NAME "tt-send"

struct send_options {
	const char *text[EV_TEXTS];
	uint64_t count[EV_COUNTS];
	const char *cost, *ts;
	uint64_t rank, connect_ms, ack_ms;
	bool copied, failed, is_void, running, response;
	bool dry_run, no_spool, strict, json, quiet;
};

extern const struct option_program send_program;

/* Events to be sent as one request, and what they came from. */
struct batch {
	struct event *events;
	uint64_t *numbers; /* of the line or reply; 0: from options */
	size_t n;
	struct ndjson_arena texts;
};

struct sender {
	const struct send_options *o;
	bool reads_lines; /* lines are numbered, else replies */
	struct places places;
	struct client client;
	struct packer request;
	uint32_t msgid;
	int64_t retry_at_ms; /* monotonic; see deliver.c */
	bool launch_tried;
	bool is_void_session; /* told by void.c, and no events */
	struct put_counts sum;
	uint64_t spooled;
	const struct batch *batch; /* being sent, for rejects */
};

/* tell.c: what became of the events. */
void tell_reject(struct sender *s, uint64_t number, const struct error *e);
void tell_finish(const struct sender *s);
bool may_chat(const struct sender *s);

/*
 * deliver.c: until the batch is on stable storage, here or there. An EXIT_
 * code.
 */
int deliver(struct sender *s, const struct batch *b);

/* event.c: what the options say, and no more. */
int event_from_options(const struct send_options *o, struct event *ev);
/* Texts that the event lacks. */
void event_defaults(struct event *ev, const struct event *defaults);
/*
 * Fills in what every event has, before the first try, so that all tries are
 * about the same call. a has UUID_TEXT_LEN + 1 bytes left.
 */
int event_complete(struct event *ev, struct ndjson_arena *a);
/* What the daemon would refuse is refused here, with or without a daemon. */
int event_judge(const struct event *ev, struct error *err);
int send_one(struct sender *s, struct event *ev);

/*
 * intake.c: events on their way from stdin. Those that can be read at once are
 * sent together.
 */
struct intake {
	struct sender *s;
	struct batch b;
	const struct event *defaults;
	uint64_t taken; /* good ones */
	int rc;         /* EXIT_: other than 0 ends it */
};

int intake_alloc(struct intake *in);
void intake_release(struct intake *in);
/*
 * Takes the event that stands at events[n] of the batch, with its texts in the
 * batch's arena from `texts` on. number says which line or reply it is.
 */
void intake_take(struct intake *in, uint64_t number, size_t texts);
void intake_reject(struct intake *in, uint64_t number, const struct error *err);
/* Sends what has been taken; in a dry run it is printed already. */
void intake_flush(struct intake *in);
/* Sends what is there if stdin has nothing more for the moment. */
void intake_flush_if_idle(struct intake *in);
/* The bytes read, 0 at the end or after a failure that rc tells. */
size_t intake_read(struct intake *in, char *buf, size_t cap);
/* Sends the rest and sums up; the EXIT_ code of it all. */
int intake_finish(struct intake *in);

/* event.c: does no option say what only one call used, besides `spared`? */
bool has_no_figures(const struct event *ev, int spared);

/* void.c: is it a whole session that is to be voided? And that, done. */
bool is_void_session(const struct event *ev);
int send_void(struct sender *s, const struct event *ev);

/* stream.c: one event for each line of JSON on stdin. */
int send_stream(struct sender *s, const struct event *defaults);
/*
 * response.c: one event for each reply of an API on stdin, which is read to its
 * end whatever happens: who writes it may be a tee.
 */
int send_response(struct sender *s, const struct event *defaults);
/* Reads stdin to its end for nothing; a terminal is left alone. */
void drain_stdin(void);

#endif

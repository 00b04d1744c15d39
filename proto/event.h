/*
 * One sight of one LLM call, as a client reports it. The field table below is
 * the contract: names, types and limits are printed from it.
 */
#ifndef PROTO_EVENT_H
#define PROTO_EVENT_H

#include "proto/error.h"
#include "proto/text.h"

/* Texts. The first three are the key; those up to EV_BILLING make the dims. */
enum event_text {
	EV_MACHINE, /* absent: the daemon's own machine id */
	EV_SESSION, /* required */
	EV_MESSAGE, /* required unless call is there, which then stands in */
	EV_AGENT,
	EV_PROVIDER,
	EV_MODEL,
	EV_PROJECT,
	EV_BRANCH,
	EV_ACCOUNT,
	EV_KIND,    /* main, subagent, tool */
	EV_BILLING, /* metered, plan */
	EV_CALL,    /* the provider's response id; global */
	EV_REQUEST, /* the provider's request id; weaker */
	EV_PARENT_SESSION,
	EV_TIER, /* standard, batch, flex, priority, fast */
	EV_GEO,
	EV_SOURCE, /* hook, log, otel, manual */
	EV_TEXTS
};

/* Counts; all merge by maximum within a rank. Absent is 0. */
enum event_count {
	EV_INPUT,          /* uncached prompt tokens */
	EV_CACHE_READ,     /* disjoint from input */
	EV_CACHE_WRITE,    /* disjoint from both */
	EV_CACHE_WRITE_1H, /* subset of cache_write */
	EV_OUTPUT,         /* reasoning included */
	EV_REASONING,      /* subset of output */
	EV_TOTAL,          /* as stated by the source */
	EV_WEB_SEARCHES,
	EV_LATENCY_MS,
	EV_OUTCOME, /* enum event_outcome; on the wire the bool `ok` */
	EV_COUNTS
};

enum event_outcome { OUTCOME_UNSAID, OUTCOME_OK, OUTCOME_FAILED };

#define EVENT_RANK_DEFAULT 1

struct event {
	struct text text[EV_TEXTS];
	uint64_t count[EV_COUNTS];
	int64_t ts_ms;     /* UTC; 0: absent, the daemon takes its receipt */
	int64_t cost_pico; /* only where has_cost */
	bool has_cost;
	/*
	 * Counts are the running totals of the session's model and agent up to
	 * ts: the ledger counts the rise over the totals before it. Needs ts,
	 * and no message: its place in the series is its id, see
	 * event_running_id.
	 */
	bool running;
	bool copied;
	bool is_void;
	uint8_t rank;
};

/* The wire names, "cache_write_1h"; EV_OUTCOME is "ok". */
extern const char *const event_text_names[EV_TEXTS];
extern const char *const event_count_names[EV_COUNTS];

/* All absent, rank 1. */
void event_init(struct event *ev);
/*
 * Judges one event against limits.h at the daemon's time. 0, or -1 with *err
 * naming the field. Fills nothing in.
 */
int event_validate(const struct event *ev, int64_t now_ms, struct error *err);
/*
 * The message of running totals: "running/", ts, "/", agent, "/" and the
 * model's canonical name. Writes at most LIMIT_TEXT bytes to buf and returns
 * the length, 0 where it were longer. Never changes: identities depend on it.
 */
size_t event_running_id(const struct event *ev, char *buf);
/*
 * Is it such a message, whoever said so? Then *ts_ms is the time in it and
 * *series what follows that, which all totals of a series have alike. Both may
 * be NULL.
 */
bool event_running_place(
    struct text message, int64_t *ts_ms, struct text *series);
/* input + cache_read + cache_write + output: what the classes account for. */
uint64_t event_classes(const struct event *ev);
/* max(0, total - classes): counted, never priced. */
uint64_t event_other(const struct event *ev);
/*
 * May this provider response id be taken as global? msg_, resp_, gen-, and
 * chatcmpl- of 20 characters or more: gateways reuse short ones.
 */
bool event_call_is_global(struct text call);
/*
 * The model's canonical name for identities: lower case, without a provider
 * prefix ("anthropic/", "openrouter/x/", "us.anthropic."), a "-v1:0" ending or
 * a dated snapshot ("-20250929", "-2025-09-29"). Writes at most LIMIT_TEXT
 * bytes to buf and returns the length. Never changes: identities depend on it.
 */
size_t event_canonical_model(struct text model, char *buf);

#endif

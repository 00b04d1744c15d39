/*
 * What the two kinds of Copilot's logs have in common. A session's own log
 * says at its end what it used; where telemetry goes to a file, that file has
 * each call.
 */
#ifndef IMPORT_AGENTS_COPILOT_H
#define IMPORT_AGENTS_COPILOT_H

#include "clients/import/source.h"

enum copilot_class {
	COPILOT_INPUT,
	COPILOT_CACHE_READ,
	COPILOT_CACHE_WRITE,
	COPILOT_OUTPUT,
	COPILOT_REASONING,
	COPILOT_CLASSES
};

/*
 * Copilot's input holds what the cache gave and took, as far as the numbers
 * leave room for it, and its reasoning is part of the output.
 */
void copilot_make_disjoint(uint64_t n[COPILOT_CLASSES]);
void copilot_fill(struct event *ev, const uint64_t n[COPILOT_CLASSES]);

#define COPILOT_TRACES 10
#define COPILOT_RESPONSES 32

/* What is kept of a telemetry file between its lines. */
struct copilot_otel {
	struct copilot_trace {
		uint64_t id; /* source_hash of its name; 0: free */
		uint64_t has_calls;
		/* The agent's own account, as long as there are no calls. */
		uint64_t n[COPILOT_CLASSES];
	} traces[COPILOT_TRACES];
	uint64_t responses[COPILOT_RESPONSES]; /* hashes */
	uint32_t next_trace, next_response;
};

/* The record that s->json holds. */
int copilot_otel_take(struct source *s, struct copilot_otel *o);

#endif

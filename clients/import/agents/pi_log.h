/*
 * The session logs of pi, which OpenClaw and others that are built on it write
 * too: a header, then entries of a tree. A fork begins with a copy of what was
 * said before, entry for entry.
 */
#ifndef IMPORT_AGENTS_PI_LOG_H
#define IMPORT_AGENTS_PI_LOG_H

#include "clients/import/agent.h"
#include "clients/import/agents/kept.h"

struct pi_state {
	bool is_begun;
	bool is_subagent;
	int64_t forked_ms; /* what is older was copied; 0: no fork */
	struct kept session;
	struct kept parent;
	struct kept project;
	struct kept model;
	struct kept provider;
};

bool pi_wants(const char *line, size_t len);
int pi_line(struct source *s, const char *line, size_t len);

#endif

/*
 * What Codex's reader keeps of a rollout between its lines. A rollout is one
 * thread; it may begin with a copy of what the threads it came from have said.
 */
#ifndef IMPORT_CODEX_H
#define IMPORT_CODEX_H

#include "clients/import/agent.h"

/* As logged: cached and written are parts of input, reasoning of output. */
enum codex_count {
	CODEX_INPUT,
	CODEX_CACHED,
	CODEX_WRITTEN,
	CODEX_OUTPUT,
	CODEX_REASONING,
	CODEX_TOTAL,
	CODEX_COUNTS
};

struct codex_usage {
	uint64_t v[CODEX_COUNTS];
};

#define CODEX_ID_MAX 48
#define CODEX_KIN_MAX 16 /* threads in one line of descent */
#define CODEX_VECTOR_MAX 160

/* A thread, and when it began; 0: not known. */
struct codex_kin {
	char id[CODEX_ID_MAX];
	int64_t born_ms;
};

struct codex_state {
	/* The file's own thread, the one it was forked from, and so on. */
	struct codex_kin kin[CODEX_KIN_MAX];
	uint32_t nkin;
	uint32_t fills; /* totals that a full context window made up */
	char model[128];
	char provider[64];
	char project[LIMIT_TEXT + 1];
	char branch[LIMIT_TEXT + 1];
	char tier[16];
	uint64_t turn;     /* digest of its id; 0: none yet */
	int64_t turn_ms;   /* when it began; 0: not known */
	int64_t copied_ms; /* of the last line that may be copied */
	uint64_t boundary; /* own lines have at least this ordinal; 0: none */
	struct codex_usage total;        /* of the last token_count */
	struct codex_usage record;       /* of the last token_usage_record */
	struct codex_usage record_total; /* of the thread, as it said */
	struct codex_usage counted; /* of the last token_count that counted */
	struct codex_usage counted_total;
	uint32_t counted_fills;
	bool has_total, has_record, has_counted;
	bool turn_has_record;
	bool is_guessed; /* kin[0] is only the file's name */
	bool is_subagent, is_paginated;
	bool copy_is_over;
	bool ids_tell_time; /* they are UUIDs of version 7, and right */
};

/* One line of a rollout. */
struct codex_line {
	struct source *s;
	struct codex_state *st;
	const struct json_node *payload;
	int64_t ts_ms; /* 0: none */
	uint64_t ordinal;
	bool has_ordinal;
};

/*
 * Whose call a line tells: of kin[key], and where that is a guess maybe of
 * kin[call]. 0 is the file's own thread.
 */
struct codex_owner {
	uint32_t key, call;
};

/* False: it is no usage object. */
bool codex_usage_read(
    struct source *s, const struct json_node *obj, struct codex_usage *u);
/* Nothing but perhaps a total: no call says that. */
bool codex_usage_is_hollow(const struct codex_usage *u);
/* The same call, whatever its total is said to be? */
bool codex_usage_same(const struct codex_usage *a, const struct codex_usage *b);
/* What came on top of earlier; all of it where the count began anew. */
struct codex_usage codex_usage_rise(
    const struct codex_usage *now, const struct codex_usage *earlier);
/* Writes what names a running total within its thread. */
void codex_usage_name(const struct codex_usage *total, uint32_t fills,
    char name[CODEX_VECTOR_MAX]);
void codex_usage_counts(const struct codex_usage *u, struct event *ev);

void codex_thread_meta(struct codex_line *l);
/* A turn begins or goes on; seconds since 1970, or 0. */
void codex_thread_turn(
    struct codex_line *l, struct text turn, uint64_t started_at);
/* To be told of every line's time, before what it says is taken. */
void codex_thread_clock(struct codex_line *l);
struct codex_owner codex_thread_owner(const struct codex_line *l);
/* Which of kin it is; nkin: none of them. */
uint32_t codex_thread_find(const struct codex_state *st, struct text id);
/* Knows a name for the file's own thread from here on. */
void codex_thread_ensure(struct codex_line *l);
/* Copies a text that fits, else its digest; empty texts change nothing. */
void codex_keep(char *to, size_t cap, struct text t);

#endif

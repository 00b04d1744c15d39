/*
 * One log while it is read: what an agent's reader is given, and the tolerant
 * ways to take values out of JSON that somebody else wrote. Here null is
 * absent, a number may be a string or a float, and a wrong type is as good as
 * nothing.
 */
#ifndef IMPORT_SOURCE_H
#define IMPORT_SOURCE_H

#include "proto/event.h"
#include "proto/json.h"
#include "proto/limits.h"

struct import_agent;

struct source {
	const struct import_agent *agent;
	const char *root; /* as found, without a trailing slash */
	const char *path; /* absolute */
	const char *rel;  /* below root */
	int64_t mtime_ms;
	uint64_t line;  /* its number, from 1; 0: not of lines */
	int64_t now_ms; /* what events may not be far ahead of; 0: not known */
	/*
	 * state_size bytes of the agent's own: zero at a file's start, else
	 * what it was when the file was left. Plain data, no pointers.
	 */
	void *state;
	struct json json; /* scratch; its memory is kept */
	/*
	 * Texts of the events of one line; emptied before each. The newest of
	 * a chain of blocks: texts never move.
	 */
	char *arena;
	size_t arena_len, arena_cap;
	/* What came of it. */
	uint64_t events;
	uint64_t odd;        /* usage that could not be used */
	const char *odd_why; /* static text: of the first */
	uint64_t odd_line;
	bool is_unread; /* there may be more, which is read the next time */
	/* Where events go. */
	int (*give)(struct source *s, const struct event *ev);
	void *give_arg;
};

/*
 * An event of this agent and source log, rank 1, no counts, no ids.
 */
void source_event_init(const struct source *s, struct event *ev);
/*
 * Hands it over; its texts are copied. What cannot be an event (event_validate)
 * is told as odd and dropped. An event without any count and cost is passed
 * over in silence. 0, or -1 when the import has to stop.
 */
int source_event(struct source *s, const struct event *ev);
/*
 * The texts of before are not needed any more: for readers of documents and
 * databases, now and then, as memory must not grow with them. Lines and the
 * beginning of a file need no such word.
 */
void source_forget(struct source *s);
/* This much usage could not be used; why is static text. */
void source_odd(struct source *s, const char *why);
/* The same of all that is left, which may be a matter of the moment: the log
 * counts as not read, though it may not change any more. */
void source_unread(struct source *s, const char *why);

/* Copies into the arena; cut at LIMIT_TEXT bytes, control bytes to spaces. An
 * empty text without memory. */
struct text source_text(struct source *s, const char *p, size_t len);
/* printf into the arena, likewise. */
struct text source_textf(struct source *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* All take a node that may be NULL; of s->json. */

/* A string's text, unescaped; a number's own text; else empty. */
struct text source_string(struct source *s, const struct json_node *node);
/* obj's member, likewise. */
struct text source_member(
    struct source *s, const struct json_node *obj, const char *key);
/* Exactly: "12", 12, 12.0, "1e3". 0 for all else, negatives too. */
uint64_t source_count(const struct source *s, const struct json_node *node);
uint64_t source_member_count(
    const struct source *s, const struct json_node *obj, const char *key);
bool source_true(const struct source *s, const struct json_node *node);
/*
 * RFC 3339 text, or seconds or milliseconds since 1970 as number or string, as
 * ms UTC. 0: none.
 */
int64_t source_time(const struct source *s, const struct json_node *node);
/*
 * A decimal amount of USD above 0 into the event's cost; what the logs call 0
 * is unknown to them and says nothing.
 */
void source_cost(
    const struct source *s, const struct json_node *node, struct event *ev);
/* 64 bits for many bytes (FNV-1a), */
uint64_t source_hash(const void *bytes, size_t len);
/* and for more bytes after those that gave h. */
uint64_t source_hash_on(uint64_t h, const void *bytes, size_t len);
/* Gives back what the reading took: the arena and the JSON scratch. */
void source_release(struct source *s);

#endif

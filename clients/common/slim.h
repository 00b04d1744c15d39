/*
 * A filter for one JSON object that streams by: it finds the object's end and
 * keeps only what a ledger may need, so that memory does not grow with answers,
 * images or vectors. Long strings lose their tails, arrays within arrays their
 * contents. What is kept is still to be parsed: only brackets are checked here.
 */
#ifndef CLIENTS_SLIM_H
#define CLIENTS_SLIM_H

#include "proto/json.h"
#include "proto/limits.h"

/* Raw bytes of a string; one that is cut has over LIMIT_TEXT bytes anyway. */
#define SLIM_STRING_MAX (6u * (LIMIT_TEXT + 1))
#define SLIM_KEPT_MAX (4u << 20)

enum slim_state { SLIM_MORE, SLIM_DONE, SLIM_BAD };

/* Zero is a valid state: the object's first byte comes next. */
struct slim {
	char *p; /* what is kept */
	size_t len, cap;
	char open[JSON_DEPTH_MAX]; /* the brackets that are to be closed */
	uint32_t depth, arrays;
	bool in_string;
	bool is_cut;         /* the string has lost its tail */
	uint8_t escape;      /* see slim.c */
	uint32_t string_len; /* what is kept of it */
	enum slim_state state;
	const char *error; /* static text, with SLIM_BAD */
};

/* Ready for another object; keeps the memory. */
void slim_reset(struct slim *s);
void slim_release(struct slim *s);
/* Takes bytes up to the object's end or an error; returns how many. */
size_t slim_feed(struct slim *s, const char *bytes, size_t len);

#endif

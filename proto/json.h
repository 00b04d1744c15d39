/*
 * A strict JSON reader (RFC 8259) that keeps number text, so that counts above
 * 2^53 and money stay exact. It parses to a flat array of nodes that point into
 * the caller's text; nothing is copied. Depth is bounded. Invalid UTF-8 inside
 * strings is accepted here and judged by whoever uses the text.
 */
#ifndef PROTO_JSON_H
#define PROTO_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_DEPTH_MAX 128

enum json_type {
	JSON_NULL,
	JSON_FALSE,
	JSON_TRUE,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT
};

struct json_node {
	uint32_t start; /* of its text; strings without the quotes */
	uint32_t len;
	uint32_t next; /* index just past this node and all below it */
	uint8_t type;
	bool escaped; /* a string with backslashes */
};

struct json {
	const char *text;        /* borrowed */
	struct json_node *nodes; /* [0] is the root; an object's keys are */
	uint32_t n, cap;         /* string nodes before their values */
	uint32_t most;           /* nodes that memory is taken for; 0: any */
	const char *error;       /* static text when json_parse failed */
	size_t error_at;
};

/* The error of a text that has more nodes than that. */
extern const char json_too_many[];

/* Zero is a valid state: struct json j = {0}. Reuse keeps the memory. */
void json_release(struct json *j);
/* One whole value and nothing after it but space. 0 or -1 with error set. */
int json_parse(struct json *j, const char *text, size_t len);

/* A member's value by key (the last one wins), or NULL. obj may be NULL. */
const struct json_node *json_get(
    const struct json *j, const struct json_node *obj, const char *key);
/* "metadata.session_id": nested members. */
const struct json_node *json_path(
    const struct json *j, const struct json_node *obj, const char *dotted);
/* The raw text between start and len. */
static inline const char *
json_raw(const struct json *j, const struct json_node *node)
{
	return j->text + node->start;
}

/* First child of an array or object (an object's: a key), NULL if empty. */
static inline const struct json_node *
json_first(const struct json *j, const struct json_node *parent)
{
	return parent + 1 < &j->nodes[parent->next] ? parent + 1 : NULL;
}

/* The node after this one within parent (for an object: next key after a
 * value, value after a key); NULL at the end. */
static inline const struct json_node *
json_next(const struct json *j, const struct json_node *parent,
    const struct json_node *node)
{
	return node->next < parent->next ? &j->nodes[node->next] : NULL;
}

/*
 * Unescapes a string node to out as UTF-8 with a NUL; a lone surrogate becomes
 * U+FFFD. Returns the length, or -1 when it does not fit in cap.
 */
int json_string(
    const struct json *j, const struct json_node *node, char *out, size_t cap);
/*
 * An exact unsigned integer from a number ("12", "12.0", "1.2e3") or a string
 * of one. -1 when it is anything else, negative, fractional or over 2^64 - 1.
 */
int json_u64(const struct json *j, const struct json_node *node, uint64_t *out);

#endif

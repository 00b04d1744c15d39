/*
 * JSON pointers (RFC 6901): "/data/0/amount~1usd".
 */
#ifndef PROVIDERS_POINTER_H
#define PROVIDERS_POINTER_H

#include "proto/json.h"

/* Is it one, with names that are short enough? "" is the whole. */
bool pointer_is_valid(const char *pointer);
/* What it points to from node on, or NULL. */
const struct json_node *pointer_find(
    const struct json *j, const struct json_node *node, const char *pointer);

#endif

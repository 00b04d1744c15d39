/*
 * Several members of an object in one pass over it: for readers of many lines.
 * It is quickest where the names are in the order of the logs.
 */
#ifndef IMPORT_FIELDS_H
#define IMPORT_FIELDS_H

#include "proto/json.h"
#include "proto/text.h"

/* One name of a static table of them. */
#define FIELD(name)                                                            \
	{                                                                      \
		(name), sizeof(name) - 1                                       \
	}

/*
 * out[i] is what json_get would find under names[i], or NULL. obj may be NULL.
 */
void fields_find(const struct json *j, const struct json_node *obj,
    const struct text *names, size_t n, const struct json_node **out);

#endif

#include "collectord/jobs/providers/pointer.h"

#include <string.h>

#define NAME_MAX_LEN 128

/* Takes "/name" off the front of a pointer; -1 where that is not possible. */
static int
take_name(const char **pointer, char name[NAME_MAX_LEN])
{
	const char *p = *pointer;
	size_t n = 0;

	if (*p++ != '/')
		return -1;
	for (; *p != '\0' && *p != '/'; p++) {
		if (n == NAME_MAX_LEN - 1)
			return -1;
		if (*p == '~' && p[1] != '0' && p[1] != '1')
			return -1;
		name[n++] = *p != '~' ? *p : p[1] == '0' ? '~' : '/';
		p += *p == '~';
	}
	name[n] = '\0';
	*pointer = p;
	return 0;
}

bool
pointer_is_valid(const char *pointer)
{
	char name[NAME_MAX_LEN];

	while (*pointer != '\0')
		if (take_name(&pointer, name) != 0)
			return false;
	return true;
}

/* At most six digits: no array of an answer is longer. */
static const struct json_node *
find_element(
    const struct json *j, const struct json_node *array, const char *name)
{
	const struct json_node *node;
	size_t digits = strspn(name, "0123456789");
	uint32_t i = 0;

	if (digits == 0 || digits > 6 || name[digits] != '\0' ||
	    (name[0] == '0' && digits > 1))
		return NULL;
	for (; *name != '\0'; name++)
		i = i * 10 + (uint32_t)(*name - '0');
	node = json_first(j, array);
	for (; node != NULL && i > 0; i--)
		node = json_next(j, array, node);
	return node;
}

const struct json_node *
pointer_find(
    const struct json *j, const struct json_node *node, const char *pointer)
{
	char name[NAME_MAX_LEN];

	while (node != NULL && *pointer != '\0') {
		if (take_name(&pointer, name) != 0)
			return NULL;
		node = node->type == JSON_ARRAY ? find_element(j, node, name)
						: json_get(j, node, name);
	}
	return node;
}

#include "clients/import/fields.h"

static void
find_one(const struct json *j, const struct json_node *key,
    const struct text *names, size_t n, const struct json_node **out)
{
	const char *p = json_raw(j, key);
	size_t i;

	for (i = 0; i < n; i++) {
		if (names[i].len == key->len && names[i].p[0] == p[0] &&
		    memcmp(names[i].p, p, key->len) == 0) {
			out[i] = key + 1;
			return;
		}
	}
}

/* A key that is written with escapes: the long way. */
static void
find_each(const struct json *j, const struct json_node *obj,
    const struct text *names, size_t n, const struct json_node **out)
{
	size_t i;

	for (i = 0; i < n; i++)
		out[i] = json_get(j, obj, names[i].p);
}

void
fields_find(const struct json *j, const struct json_node *obj,
    const struct text *names, size_t n, const struct json_node **out)
{
	const struct json_node *key;

	memset(out, 0, n * sizeof(*out));
	if (obj == NULL || obj->type != JSON_OBJECT)
		return;
	for (key = json_first(j, obj); key != NULL;
	     key = json_next(j, obj, key + 1)) {
		if (key->escaped) {
			find_each(j, obj, names, n, out);
			return;
		}
		find_one(j, key, names, n, out);
	}
}

#include "clients/import/fields.h"

static inline uint64_t
word_at(const char *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

/* Is the key of that length the name? Both are short, and mostly equal. */
static inline bool
is_name(const char *name, const char *key, size_t len)
{
	const size_t word = sizeof(uint64_t);

	if (name[0] != key[0])
		return false;
	if (len < word || len > 2 * word)
		return memcmp(name, key, len) == 0;
	return word_at(name) == word_at(key) &&
	       word_at(name + len - word) == word_at(key + len - word);
}

/*
 * Which of the names the key is, else n. Keys mostly come in the order of the
 * names, so the search begins where the one before has ended.
 */
static size_t
find_name(const struct json *j, const struct json_node *key,
    const struct text *names, size_t n, size_t from)
{
	const char *p = json_raw(j, key);
	size_t i = from, left;

	for (left = n; left > 0; left--) {
		if (names[i].len == key->len &&
		    is_name(names[i].p, p, key->len))
			return i;
		i = i + 1 < n ? i + 1 : 0;
	}
	return n;
}

/* A bit for each length that a name has, of 64 kinds. */
static uint64_t
lengths_of(const struct text *names, size_t n)
{
	uint64_t lengths = 0;
	size_t i;

	for (i = 0; i < n; i++)
		lengths |= UINT64_C(1) << (names[i].len & 63);
	return lengths;
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
	uint64_t lengths = lengths_of(names, n);
	const struct json_node *key;
	size_t from = 0, found;

	memset(out, 0, n * sizeof(*out));
	if (obj == NULL || obj->type != JSON_OBJECT)
		return;
	for (key = json_first(j, obj); key != NULL;
	     key = json_next(j, obj, key + 1)) {
		if (key->escaped) {
			find_each(j, obj, names, n, out);
			return;
		}
		if ((lengths >> (key->len & 63) & 1) == 0)
			continue;
		found = find_name(j, key, names, n, from);
		if (found == n)
			continue;
		out[found] = key + 1;
		from = found + 1 < n ? found + 1 : 0;
	}
}

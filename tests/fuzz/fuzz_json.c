/*
 * The JSON reader against jansson: what both accept must be the same tree, and
 * only one may accept for these reasons alone.
 *
 * Only jansson: our depth limit is 128, jansson's is 2048; and jansson 2.14
 * loses a NUL byte that follows a number or a word, where JSON has none at all.
 * Only ours: what oracle.h names.
 */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/json.h"
#include "tests/fuzz/oracle.h"

/* The same place in both trees. */
struct pair {
	const struct json_node *ours;
	const json_t *theirs;
};

static void
mismatch(const char *what)
{
	fprintf(stderr, "fuzz_json: %s\n", what);
	abort();
}

static char *
copy_string(const struct json *j, const struct json_node *node, size_t *len)
{
	char *s = malloc((size_t)node->len + 1);
	int n;

	if (s == NULL)
		mismatch("no memory");
	n = json_string(j, node, s, (size_t)node->len + 1);
	if (n < 0 || s[n] != '\0')
		mismatch("a string does not fit its own length");
	if (json_string(j, node, s, (size_t)n) >= 0)
		mismatch("a string fits where its NUL does not");
	if (json_string(j, node, s, (size_t)n + 1) != n)
		mismatch("a string does not fit where it must");
	*len = (size_t)n;
	return s;
}

static void
compare_string(const struct json *j, struct pair p)
{
	size_t len;
	char *s = copy_string(j, p.ours, &len);

	if (len != json_string_length(p.theirs) ||
	    memcmp(s, json_string_value(p.theirs), len) != 0)
		mismatch("strings differ");
	free(s);
}

static void
compare_integer(const struct json *j, struct pair p)
{
	long long v = json_integer_value(p.theirs);
	char text[32];
	uint64_t u;

	if (p.ours->len >= sizeof(text))
		mismatch("an integer with too many digits");
	memcpy(text, json_raw(j, p.ours), p.ours->len);
	text[p.ours->len] = '\0';
	if (strtoll(text, NULL, 10) != v)
		mismatch("integers differ");
	if ((json_u64(j, p.ours, &u) == 0) != (v >= 0) ||
	    (v >= 0 && u != (uint64_t)v))
		mismatch("json_u64 differs");
}

/* Both are the nearest double of the same exact number. */
static void
compare_real(const struct json *j, struct pair p)
{
	uint64_t u;

	if (json_u64(j, p.ours, &u) == 0 &&
	    (double)u != json_real_value(p.theirs))
		mismatch("json_u64 of a real differs");
}

static void
compare_array(const struct json *j, struct pair p, struct pair *todo, size_t *n)
{
	const struct json_node *c;
	size_t i = 0;

	for (c = json_first(j, p.ours); c != NULL; c = json_next(j, p.ours, c))
		todo[(*n)++] =
		    (struct pair){ c, json_array_get(p.theirs, i++) };
	if (i != json_array_size(p.theirs))
		mismatch("arrays differ in length");
}

/* A repeated name counts once: both take the last of its values. */
static void
compare_object(
    const struct json *j, struct pair p, struct pair *todo, size_t *n)
{
	const struct json_node *k, *v;
	size_t len, distinct = 0;
	char *name;

	for (k = json_first(j, p.ours); k != NULL;
	     k = json_next(j, p.ours, v)) {
		v = json_next(j, p.ours, k);
		name = copy_string(j, k, &len);
		if (json_get(j, p.ours, name) == v) {
			todo[(*n)++] =
			    (struct pair){ v, json_object_get(p.theirs, name) };
			distinct++;
		}
		free(name);
	}
	if (distinct != json_object_size(p.theirs))
		mismatch("objects differ in size");
}

static void
compare_value(const struct json *j, struct pair p, struct pair *todo, size_t *n)
{
	static const enum json_type types[] = {
		[JANSSON_OBJECT] = JSON_OBJECT,
		[JANSSON_ARRAY] = JSON_ARRAY,
		[JANSSON_STRING] = JSON_STRING,
		[JSON_INTEGER] = JSON_NUMBER,
		[JSON_REAL] = JSON_NUMBER,
		[JANSSON_TRUE] = JSON_TRUE,
		[JANSSON_FALSE] = JSON_FALSE,
		[JANSSON_NULL] = JSON_NULL,
	};

	if (p.theirs == NULL || p.ours->type != types[json_typeof(p.theirs)])
		mismatch("types differ");
	switch (json_typeof(p.theirs)) {
	case JANSSON_OBJECT:
		compare_object(j, p, todo, n);
		break;
	case JANSSON_ARRAY:
		compare_array(j, p, todo, n);
		break;
	case JANSSON_STRING:
		compare_string(j, p);
		break;
	case JSON_INTEGER:
		compare_integer(j, p);
		break;
	case JSON_REAL:
		compare_real(j, p);
		break;
	default:
		break;
	}
}

static void
compare_trees(const struct json *j, const json_t *root)
{
	struct pair *todo = calloc(j->n, sizeof(*todo));
	size_t n = 1;

	if (todo == NULL)
		mismatch("no memory");
	todo[0] = (struct pair){ &j->nodes[0], root };
	while (n > 0) {
		n--;
		compare_value(j, todo[n], todo, &n);
	}
	free(todo);
}

/* What must hold of any tree of ours, jansson's opinion aside. */
static void
check_nodes(const struct json *j, size_t size)
{
	const struct json_node *node;
	uint64_t u;
	uint32_t i;
	size_t len;

	if (j->n == 0 || j->nodes[0].next != j->n)
		mismatch("the root does not have all nodes");
	for (i = 0; i < j->n; i++) {
		node = &j->nodes[i];
		if (node->next <= i || node->next > j->n)
			mismatch("a node ends outside of the tree");
		if (node->start > size || node->len > size - node->start)
			mismatch("a node lies outside of the text");
		if (node->type == JSON_STRING)
			free(copy_string(j, node, &len));
		json_u64(j, node, &u);
	}
}

/* Of a text that a reader has accepted. */
static size_t
depth_of(const uint8_t *p, size_t size)
{
	size_t i, depth = 0, deepest = 0;
	bool in_string = false;

	for (i = 0; i < size; i++) {
		if (p[i] == '"')
			in_string = !in_string;
		else if (in_string)
			i += p[i] == '\\';
		else if (p[i] == '[' || p[i] == '{')
			depth++;
		else if (p[i] == ']' || p[i] == '}')
			depth--;
		if (depth > deepest)
			deepest = depth;
	}
	return deepest;
}

static bool
must_refuse(const uint8_t *data, size_t size)
{
	return memchr(data, '\0', size) != NULL ||
	       depth_of(data, size) > JSON_DEPTH_MAX;
}

static void
compare(const struct json *j, bool accepted, const json_t *root,
    const json_error_t *e, bool refuse)
{
	if (accepted && refuse)
		mismatch("ours accepts what is too deep or has a NUL");
	if (accepted && root != NULL)
		compare_trees(j, root);
	else if (accepted && !oracle_may_refuse(e))
		mismatch("only ours accepts");
	else if (root != NULL && !accepted && !refuse)
		mismatch("only jansson accepts");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct json j = { 0 };
	json_error_t e;
	json_t *root = oracle_load(text, size, &e);
	bool accepted = json_parse(&j, text, size) == 0;

	if (accepted)
		check_nodes(&j, size);
	else if (j.n != 0 || j.error == NULL || j.error_at > size)
		mismatch("a failure that does not say why");
	compare(&j, accepted, root, &e, must_refuse(data, size));
	json_decref(root);
	json_release(&j);
	return 0;
}

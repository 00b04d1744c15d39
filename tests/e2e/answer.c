#include "tests/e2e/answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#define ARGS_MAX 24

void
answer_ask(struct answer *a, const struct home *h, const char *const *args)
{
	const char *argv[ARGS_MAX] = { "tt-report" };
	size_t n = 1;

	memset(a, 0, sizeof(*a));
	while (*args != NULL && n < ARGS_MAX - 2)
		argv[n++] = *args++;
	argv[n] = "--json";
	run_client(h, argv, "", &a->run);
	cr_assert_eq(a->run.code, 0, "tt-report %s: exit code %d: %s", argv[1],
	    a->run.code, a->run.err);
	cr_assert_eq(json_parse(&a->json, a->run.out, a->run.out_len), 0,
	    "%s at %zu of %s", a->json.error, a->json.error_at, a->run.out);
}

void
answer_free(struct answer *a)
{
	json_release(&a->json);
	run_free(&a->run);
}

static const struct json_node *
member(const struct answer *a, const struct json_node *obj, const char *key)
{
	const struct json_node *v = json_get(&a->json, obj, key);

	cr_assert_not_null(v, "no %s in %s", key, a->run.out);
	return v;
}

static const struct json_node *
row_at(const struct answer *a, int row)
{
	const struct json_node *rows, *at;
	int i;

	if (row < 0)
		return member(a, a->json.nodes, "total");
	rows = member(a, a->json.nodes, "rows");
	at = json_first(&a->json, rows);
	for (i = 0; at != NULL && i < row; i++)
		at = json_next(&a->json, rows, at);
	cr_assert_not_null(at, "no row %d in %s", row, a->run.out);
	return at;
}

size_t
answer_rows(const struct answer *a)
{
	const struct json_node *rows = member(a, a->json.nodes, "rows");
	const struct json_node *at = json_first(&a->json, rows);
	size_t n = 0;

	for (; at != NULL; at = json_next(&a->json, rows, at))
		n++;
	return n;
}

static const char *
text_at(struct answer *a, const struct json_node *v)
{
	if (v->type == JSON_STRING)
		json_string(&a->json, v, a->text, sizeof(a->text));
	else
		snprintf(a->text, sizeof(a->text), "%.*s", (int)v->len,
		    json_raw(&a->json, v));
	return a->text;
}

const char *
answer_text(struct answer *a, int row, const char *key)
{
	return text_at(a, member(a, row_at(a, row), key));
}

uint64_t
answer_u64(struct answer *a, int row, const char *key)
{
	uint64_t n = 0;
	const struct json_node *v = member(a, row_at(a, row), key);

	cr_assert_eq(json_u64(&a->json, v, &n), 0, "%s is no integer in %s",
	    key, a->run.out);
	return n;
}

const char *
answer_path(struct answer *a, const char *dotted)
{
	const struct json_node *v;

	v = json_path(&a->json, a->json.nodes, dotted);
	cr_assert_not_null(v, "no %s in %s", dotted, a->run.out);
	return text_at(a, v);
}

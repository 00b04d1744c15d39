#include <criterion/criterion.h>
#include <stdlib.h>

#include "proto/json.h"

static struct json
parse(const char *text)
{
	struct json j = { 0 };

	cr_assert_eq(json_parse(&j, text, strlen(text)), 0, "%s: %s at %zu",
	    text, j.error, j.error_at);
	return j;
}

static void
check_string(const char *text, const char *expected, size_t len)
{
	struct json j = parse(text);
	char out[256];
	int n = json_string(&j, &j.nodes[0], out, sizeof(out));

	cr_assert_eq(n, (int)len, "%s: %d bytes, expected %zu", text, n, len);
	cr_assert_arr_eq(out, expected, len + 1, "%s became \"%s\"", text, out);
	json_release(&j);
}

Test(json, every_kind_of_value_has_its_type_and_text, .timeout = 30)
{
	static const struct {
		const char *text;
		enum json_type type;
		const char *raw;
	} cases[] = {
		{ "null", JSON_NULL, "null" },
		{ " true ", JSON_TRUE, "true" },
		{ "\r\n\tfalse", JSON_FALSE, "false" },
		{ "-1.50e+3", JSON_NUMBER, "-1.50e+3" },
		{ "0", JSON_NUMBER, "0" },
		{ "\"a\\n\"", JSON_STRING, "a\\n" },
		{ "\"\"", JSON_STRING, "" },
		{ " [ 1 , [ ] ] ", JSON_ARRAY, "[ 1 , [ ] ]" },
		{ " {\"a\":{}}\n", JSON_OBJECT, "{\"a\":{}}" },
	};
	struct json j;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		j = parse(cases[i].text);
		cr_assert_eq(j.nodes[0].type, cases[i].type, "%s: type %d",
		    cases[i].text, j.nodes[0].type);
		cr_assert_eq(j.nodes[0].len, strlen(cases[i].raw), "%s: %u",
		    cases[i].text, j.nodes[0].len);
		cr_assert_arr_eq(
		    json_raw(&j, &j.nodes[0]), cases[i].raw, j.nodes[0].len);
		json_release(&j);
	}
}

static const struct {
	const char *text;
	size_t at;
} no_json[] = {
	{ "", 0 },
	{ "  ", 2 },
	{ "nul", 0 },
	{ "True", 0 },
	{ "[1,]", 3 },
	{ "[,1]", 1 },
	{ "[1 2]", 3 },
	{ "[1}", 2 },
	{ "[1", 2 },
	{ "[", 1 },
	{ "]", 0 },
	{ "{\"a\":1,}", 7 },
	{ "{\"a\"}", 4 },
	{ "{\"a\":}", 5 },
	{ "{a:1}", 1 },
	{ "{1:1}", 1 },
	{ "{\"a\":1]", 6 },
	{ "{", 1 },
	{ "{}{}", 2 },
	{ "1 1", 2 },
	{ "01", 1 },
	{ "-", 0 },
	{ "+1", 0 },
	{ ".5", 0 },
	{ "1.", 0 },
	{ "1.e1", 0 },
	{ "1e", 0 },
	{ "1e+", 0 },
	{ "0x1", 1 },
	{ "NaN", 0 },
	{ "'a'", 0 },
	{ "\"a", 2 },
	{ "\"a\\\"", 4 },
	{ "\"\\", 1 },
	{ "\"\\x\"", 1 },
	{ "\"\\u12\"", 1 },
	{ "\"\\u12g4\"", 1 },
	{ "\"\\U0041\"", 1 },
	{ "\"a\tb\"", 2 },
	{ "\"0123456789abcdef\n\"", 17 },
	{ "// x\n1", 0 },
	{ "\xef\xbb\xbf{}", 0 },
	{ "1\f", 1 },
};

Test(
    json, what_rfc_8259_does_not_allow_is_refused_with_its_place, .timeout = 30)
{
	struct json j = { 0 };
	size_t i;
	int rc;

	for (i = 0; i < sizeof(no_json) / sizeof(*no_json); i++) {
		rc = json_parse(&j, no_json[i].text, strlen(no_json[i].text));
		cr_assert_eq(rc, -1, "\"%s\" is accepted", no_json[i].text);
		cr_assert_not_null(j.error);
		cr_assert_eq(j.error_at, no_json[i].at, "\"%s\": at %zu: %s",
		    no_json[i].text, j.error_at, j.error);
		cr_assert_eq(j.n, 0, "\"%s\" leaves nodes", no_json[i].text);
	}
	json_release(&j);
}

Test(json, a_nul_byte_is_never_part_of_a_text, .timeout = 30)
{
	struct json j = { 0 };

	cr_assert_eq(json_parse(&j, "1\0", 2), -1);
	cr_assert_eq(json_parse(&j, "\"\0\"", 3), -1);
	cr_assert_eq(json_parse(&j, "{\0}", 3), -1);
	json_release(&j);
}

/* Copied to its own length, so that reading beyond it is seen. */
static int
parse_prefix(struct json *j, const char *text, size_t len)
{
	char *exact = malloc(len == 0 ? 1 : len);
	int rc;

	memcpy(exact, text, len);
	rc = json_parse(j, exact, len);
	free(exact);
	return rc;
}

Test(json, no_prefix_of_an_object_is_a_value, .timeout = 30)
{
	static const char text[] =
	    "{\"a\":[1,-2.5e-3,true,false,null,\"x\\u00e9\\\"\"],"
	    "\"a long name, longer than a block\":{\"b\":{},\"c\":[]}}";
	struct json j = { 0 };
	size_t len;

	for (len = 0; len < sizeof(text) - 1; len++)
		cr_assert_eq(parse_prefix(&j, text, len), -1,
		    "%zu bytes are accepted", len);
	cr_assert_eq(parse_prefix(&j, text, len), 0, "%s", j.error);
	json_release(&j);
}

Test(json, depth_128_is_read_and_129_is_refused, .timeout = 30)
{
	char text[2 * (JSON_DEPTH_MAX + 1)];
	struct json j = { 0 };

	memset(text, '[', JSON_DEPTH_MAX);
	memset(text + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
	cr_assert_eq(
	    json_parse(&j, text, 2 * JSON_DEPTH_MAX), 0, "%s", j.error);
	cr_assert_eq(j.n, JSON_DEPTH_MAX, "%u nodes", j.n);
	memset(text, '[', JSON_DEPTH_MAX + 1);
	memset(text + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
	cr_assert_eq(json_parse(&j, text, sizeof(text)), -1);
	cr_assert_eq(j.error_at, JSON_DEPTH_MAX, "at %zu", j.error_at);
	json_release(&j);
}

Test(json, many_siblings_and_reuse_keep_the_tree_right, .timeout = 30)
{
	enum { N = 100000 };
	char *text = malloc(2 * N + 2);
	struct json j = { 0 };
	const struct json_node *c;
	uint32_t n = 0, cap;
	int i;

	text[0] = '[';
	for (i = 0; i < N; i++) {
		text[1 + 2 * i] = (char)('0' + i % 10);
		text[2 + 2 * i] = i == N - 1 ? ']' : ',';
	}
	cr_assert_eq(json_parse(&j, text, 2 * N + 1), 0, "%s", j.error);
	for (c = json_first(&j, j.nodes); c; c = json_next(&j, j.nodes, c))
		cr_assert_eq(*json_raw(&j, c), '0' + (int)(n++ % 10));
	cr_assert_eq(n, N, "%u children", n);
	cap = j.cap;
	cr_assert_eq(json_parse(&j, "[]", 2), 0);
	cr_assert_eq(j.n, 1, "%u nodes", j.n);
	cr_assert_eq(j.cap, cap, "%u, then %u", cap, j.cap);
	json_release(&j);
	json_release(&j);
	free(text);
}

/* An array of n numbers. */
static int
parse_numbers(struct json *j, size_t n)
{
	char *text = malloc(2 * n + 2);
	int rc;

	for (size_t i = 0; i < n; i++)
		memcpy(text + 2 * i, i == 0 ? "[1" : ",1", 2);
	text[2 * n] = ']';
	rc = json_parse(j, text, 2 * n + 1);
	free(text);
	return rc;
}

Test(json, more_values_than_are_wanted_are_refused, .timeout = 30)
{
	struct json j = { .most = 1000 };

	cr_expect_eq(parse_numbers(&j, 999), 0, "%s", j.error);
	cr_expect_eq(j.n, 1000, "%u nodes", j.n);
	cr_expect_eq(parse_numbers(&j, 1000), -1, "%u nodes", j.n);
	cr_expect_eq(j.error, json_too_many, "%s", j.error);
	cr_expect_eq(j.error_at, 2 * 999 + 1, "at %zu", j.error_at);
	cr_expect_eq(j.cap, 1000, "memory for %u nodes", j.cap);
	json_release(&j);
	cr_expect_eq(parse_numbers(&j, 1000), 0, "%s", j.error);
	json_release(&j);
}

Test(json, children_are_walked_in_order_and_past_their_own, .timeout = 30)
{
	struct json j = parse("{\"a\":[1,{\"x\":2}],\"b\":{},\"c\":3}");
	const struct json_node *root = &j.nodes[0], *n;
	char names[16] = "";
	size_t len = 0;

	for (n = json_first(&j, root); n != NULL; n = json_next(&j, root, n)) {
		names[len++] = *json_raw(&j, n);
		n = json_next(&j, root, n);
		cr_assert_not_null(n);
	}
	cr_assert_str_eq(names, "abc");
	cr_assert_null(json_first(&j, json_get(&j, root, "b")));
	cr_assert_null(json_first(&j, json_get(&j, root, "c")));
	json_release(&j);
}

static void
check_path(const struct json *j, const char *path, const char *raw)
{
	const struct json_node *n = json_path(j, &j->nodes[0], path);

	if (raw == NULL) {
		cr_assert_null(n, "%s is found", path);
		return;
	}
	cr_assert_not_null(n, "%s is not found", path);
	cr_assert_eq(n->len, strlen(raw), "%s has %u bytes", path, n->len);
	cr_assert_arr_eq(json_raw(j, n), raw, n->len);
}

Test(json, members_are_found_by_name_and_path, .timeout = 30)
{
	struct json j = parse("{\"metadata\":{\"session_id\":\"s1\",\"n\":{}},"
			      "\"a\":1,\"ab\":2,\"\\u0061b\\n\":3,\"\":4,"
			      "\"list\":[{\"x\":1}],\"x.y\":5}");

	check_path(&j, "metadata.session_id", "s1");
	check_path(&j, "metadata.n", "{}");
	check_path(&j, "a", "1");
	check_path(&j, "ab", "2");
	check_path(&j, "ab\n", "3");
	check_path(&j, "", "4");
	check_path(&j, "abc", NULL);
	check_path(&j, "metadata.session_id.x", NULL);
	check_path(&j, "metadata.", NULL);
	check_path(&j, "list.x", NULL);
	check_path(&j, "x.y", NULL);
	check_path(&j, "nothing.at.all", NULL);
	cr_assert_not_null(json_get(&j, &j.nodes[0], "x.y"));
	cr_assert_null(json_get(&j, NULL, "a"));
	cr_assert_null(json_path(&j, NULL, "a.b"));
	json_release(&j);
}

Test(json, of_repeated_names_the_last_wins, .timeout = 30)
{
	struct json j = parse("{\"a\":1,\"b\":2,\"a\":3,\"\\u0061\":4}");

	check_path(&j, "a", "4");
	json_release(&j);
}

Test(json, strings_are_unescaped_to_utf8, .timeout = 30)
{
	check_string("\"\"", "", 0);
	check_string("\"plain\"", "plain", 5);
	check_string("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t", 8);
	check_string("\"a\\u0041b\"", "aAb", 3);
	check_string("\"\\u007f\\u0080\\u07ff\\u0800\\uffff\"",
	    "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf", 11);
	check_string("\"\\u00E9\\u00e9\"", "\xc3\xa9\xc3\xa9", 4);
	check_string("\"\\ud83d\\ude00!\"", "\xf0\x9f\x98\x80!", 5);
	check_string("\"\\udbff\\udfff\"", "\xf4\x8f\xbf\xbf", 4);
	check_string("\"x\\u0000y\"", "x\0y", 3);
	check_string("\"\xff\xfe\"", "\xff\xfe", 2);
}

Test(json, a_lone_surrogate_becomes_the_replacement_character, .timeout = 30)
{
	check_string("\"\\ud800\"", "\xef\xbf\xbd", 3);
	check_string("\"\\udc00\"", "\xef\xbf\xbd", 3);
	check_string("\"\\ud800x\"", "\xef\xbf\xbdx", 4);
	check_string("\"\\ud800\\n\"", "\xef\xbf\xbd\n", 4);
	check_string("\"\\ud800\\u0041\"",
	    "\xef\xbf\xbd"
	    "A",
	    4);
	check_string(
	    "\"\\ud800\\ud83d\\ude00\"", "\xef\xbf\xbd\xf0\x9f\x98\x80", 7);
	check_string("\"\\udc00\\ud800\"", "\xef\xbf\xbd\xef\xbf\xbd", 6);
}

Test(json, a_string_must_fit_with_its_nul, .timeout = 30)
{
	struct json j = parse("[\"abc\",\"\",\"\\u20ac\",1]");
	const struct json_node *n = &j.nodes[1];
	char out[8];

	cr_assert_eq(json_string(&j, n, out, 4), 3);
	cr_assert_eq(json_string(&j, n, out, 3), -1);
	cr_assert_eq(json_string(&j, n, out, 0), -1);
	cr_assert_eq(json_string(&j, n + 1, out, 1), 0);
	cr_assert_eq(json_string(&j, n + 1, out, 0), -1);
	cr_assert_eq(json_string(&j, n + 2, out, 4), 3);
	cr_assert_eq(json_string(&j, n + 2, out, 3), -1);
	cr_assert_eq(json_string(&j, n + 3, out, sizeof(out)), -1);
	cr_assert_eq(json_string(&j, NULL, out, sizeof(out)), -1);
	json_release(&j);
}

Test(json, specials_are_seen_at_every_place_of_a_block, .timeout = 30)
{
	char text[64], out[64];
	struct json j = { 0 };
	size_t len, at;
	int n;

	for (len = 1; len < 40; len++) {
		for (at = 0; at + 1 < len; at++) {
			memset(text, 'x', sizeof(text));
			text[0] = text[len + 1] = '"';
			memcpy(text + 1 + at, "\\n", 2);
			cr_assert_eq(json_parse(&j, text, len + 2), 0,
			    "%.*s: %s", (int)len + 2, text, j.error);
			n = json_string(&j, j.nodes, out, sizeof(out));
			cr_assert_eq(n, (int)len - 1, "%d of %zu", n, len - 1);
			cr_assert_eq(out[at], '\n', "%s at %zu", out, at);
			text[1 + at] = '\x1f';
			cr_assert_eq(json_parse(&j, text, len + 2), -1);
			cr_assert_eq(j.error_at, at + 1, "at %zu", j.error_at);
		}
	}
	json_release(&j);
}

Test(json, whole_numbers_are_exact_to_64_bits, .timeout = 30)
{
	static const struct {
		const char *text;
		uint64_t v;
	} cases[] = {
		{ "0", 0 },
		{ "-0", 0 },
		{ "12", 12 },
		{ "12.0", 12 },
		{ "1.2e3", 1200 },
		{ "1200e-2", 12 },
		{ "9007199254740993", 9007199254740993 },
		{ "18446744073709551615", UINT64_MAX },
		{ "18446744073709551615.000", UINT64_MAX },
		{ "0e9999999999", 0 },
		{ "\"345\"", 345 },
		{ "\"1e2\"", 100 },
	};
	struct json j;
	uint64_t v;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		j = parse(cases[i].text);
		v = 77;
		cr_assert_eq(json_u64(&j, j.nodes, &v), 0, "%s is refused",
		    cases[i].text);
		cr_assert_eq(v, cases[i].v, "%s became %llu", cases[i].text,
		    (unsigned long long)v);
		json_release(&j);
	}
}

Test(json, a_number_ends_at_the_first_byte_that_is_no_digit, .timeout = 30)
{
	struct json j = { 0 };
	size_t len, more;
	char text[32];
	int c;

	for (len = 1; len <= 20; len++) {
		memset(text, '7', sizeof(text));
		cr_assert_eq(json_parse(&j, text, len), 0, "%zu digits", len);
		cr_assert_eq(j.nodes[0].len, len, "%zu digits became %u", len,
		    j.nodes[0].len);
		for (c = 0; c < 256; c++) {
			text[len] = (char)c;
			if (c != 0 && strchr("0123456789.eE \t\r\n", c))
				continue;
			for (more = 1; more < 10; more++) {
				cr_assert_eq(json_parse(&j, text, len + more),
				    -1, "%zu digits, %#x", len, c);
				cr_assert_eq(j.error_at, len,
				    "%zu digits, %#x: at %zu", len, c,
				    j.error_at);
			}
		}
	}
	json_release(&j);
}

Test(json, what_is_not_a_whole_number_is_no_count, .timeout = 30)
{
	static const char *const cases[] = { "-1", "1.5", "1e-1",
		"18446744073709551616", "1e20", "1e999", "null", "true", "[1]",
		"{}", "\"\"", "\" 1\"", "\"1x\"", "\"-1\"", "\"\\u0031\"",
		"\"0x10\"", "12.0000000000000000000000001" };
	struct json j;
	uint64_t v;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		j = parse(cases[i]);
		cr_assert_eq(
		    json_u64(&j, j.nodes, &v), -1, "%s is accepted", cases[i]);
		json_release(&j);
	}
	cr_assert_eq(json_u64(&j, NULL, &v), -1);
}

/* A string with one piece and, some bytes later, another. */
struct made {
	char text[512];
	size_t len, second; /* where the second piece is */
};

static void
make(struct made *m, size_t before, const char *piece, size_t between,
    const char *second)
{
	size_t n = 0;

	m->text[n++] = '"';
	memset(m->text + n, 'a', before);
	n += before;
	memcpy(m->text + n, piece, strlen(piece));
	n += strlen(piece);
	memset(m->text + n, 'b', between);
	m->second = n += between;
	memcpy(m->text + n, second, strlen(second));
	m->len = n + strlen(second);
}

/* With exactly its bytes in memory, so that a sanitizer sees one too many. */
static void
check_made(const struct made *m, const char *error, size_t at)
{
	struct json j = { 0 };
	char *text = malloc(m->len);
	int rc;

	cr_assert_not_null(text);
	memcpy(text, m->text, m->len);
	rc = json_parse(&j, text, m->len);
	if (error == NULL) {
		cr_assert_eq(rc, 0, "%.*s: %s at %zu", (int)m->len, m->text,
		    j.error, j.error_at);
		cr_assert(
		    j.n == 1 && j.nodes[0].len == at - 1 && j.nodes[0].escaped,
		    "%.*s: %u nodes, the first of %u bytes", (int)m->len,
		    m->text, j.n, j.nodes[0].len);
	} else {
		cr_assert_eq(rc, -1, "%.*s is taken", (int)m->len, m->text);
		cr_assert_str_eq(j.error, error, "%.*s", (int)m->len, m->text);
		cr_assert_eq(j.error_at, at, "%.*s: at %zu, expected %zu",
		    (int)m->len, m->text, j.error_at, at);
	}
	json_release(&j);
	free(text);
}

Test(json, what_is_special_in_a_string_is_so_at_every_place, .timeout = 30)
{
	static const char *const escapes[] = { "\\n", "\\\"", "\\\\",
		"\\u0041" };
	struct made m;
	size_t before, between, i;

	for (before = 0; before < 70; before++) {
		for (between = 0; between < 140; between++) {
			i = (before + between) % 4;
			make(&m, before, escapes[i], between, "\"");
			check_made(&m, NULL, m.second);
			make(&m, before, escapes[i], between, "\"  \n   ");
			check_made(&m, NULL, m.second);
			make(&m, before, escapes[i], between, "\x1f\"");
			check_made(
			    &m, "control character in a string", m.second);
			make(&m, before, escapes[i], between, "\\x\"");
			check_made(&m, "invalid escape", m.second);
			make(&m, before, escapes[i], between, "\\u00g0\"");
			check_made(&m, "invalid escape", m.second);
			make(&m, before, escapes[i], between, "");
			check_made(&m, "the text ends within a string", m.len);
		}
	}
}

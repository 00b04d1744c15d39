/* JSON that is changed in place: all that is not ours keeps its bytes. */
#include "clients/setup/json_edit.h"

#include <string.h>

#include <criterion/criterion.h>

TestSuite(json_edit, .timeout = 30);

#define VALUE                                                                  \
	"{\"hooks\":[{\"type\":\"command\",\"command\":\"/x/ours\","           \
	"\"args\":[\"--hook\",\"a\"]}]}"
#define PATTERN "hooks.*.*.hooks!.*"

static bool
is_ours(const struct json *j, const struct json_node *node)
{
	const struct json_node *c = json_get(j, node, "command");

	return c != NULL && c->len >= 5 &&
	       memcmp(json_raw(j, c) + c->len - 5, "/ours", 5) == 0;
}

static void
expect_text(const struct page *text, const char *want)
{
	cr_expect_str_eq(page_text(text), want, "the text is\n%s\nexpected\n%s",
	    page_text(text), want);
}

static void
append(struct page *text, const char *path)
{
	char why[256] = "";

	cr_assert_eq(json_edit_append(text, path, VALUE, why, sizeof(why)), 0,
	    "refused: %s, in\n%s", why, page_text(text));
}

static int
strip(struct page *text)
{
	char why[256] = "";
	int n = json_edit_remove(text, PATTERN, is_ours, why, sizeof(why));

	cr_assert_geq(n, 0, "refused: %s, in\n%s", why, page_text(text));
	return n;
}

static const char *const shapes[] = {
	"{}",
	"{}\n",
	"{\"a\":1,\"b\":[1,2]}",
	"{ \"a\": 1 }",
	"{\n  \"a\": 1\n}\n",
	"{\r\n\t\"a\": {\r\n\t\t\"b\": null\r\n\t}\r\n}\r\n",
	"{\n    \"z\": [ 1,\n 2 ], \"y\": \"\\u00e9\\\"}\",\n    \"k\":{}}",
	"{\n  \"hooks\": {\n    \"Stop\": [\n      {\n        \"hooks\": [\n"
	"          {\"type\": \"command\", \"command\": \"mine\"}\n        ]\n"
	"      }\n    ]\n  }\n}\n",
	"{\n  \"hooks\": {\"Stop\": [{\"matcher\": \"\", \"hooks\": []}]}\n}",
	"{\"hooks\":{\"Other\":[{\"hooks\":[{\"command\":\"x\"}]}]}}",
	"  {\n\n\n  \"hooks\" : { \"Stop\" : [ { \"hooks\" : [ { } ] } ] "
	"}\n\n}  ",
	"{\n  \"a\": 1, \"a\": 2,\n  \"hooks\": {\"Pre\": [1, \"two\", "
	"null]}\n}",
};

Test(json_edit, what_was_added_and_removed_leaves_the_text_as_it_was)
{
	static const char *const paths[] = { "hooks.Stop", "hooks.SessionEnd",
		"hooks.SubagentStop" };
	struct page text = { .p = NULL };
	size_t i, k;

	for (i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		page_set(&text, shapes[i], strlen(shapes[i]));
		for (k = 0; k < 3; k++)
			append(&text, paths[k]);
		cr_expect_neq(strcmp(page_text(&text), shapes[i]), 0,
		    "nothing was added to\n%s", shapes[i]);
		cr_expect_eq(
		    strip(&text), 3, "not 3 were removed of\n%s", shapes[i]);
		expect_text(&text, shapes[i]);
	}
	page_free(&text);
}

Test(json_edit, adding_twice_adds_once)
{
	struct page text = { .p = NULL }, once = { .p = NULL };
	size_t i;

	for (i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		page_set(&text, shapes[i], strlen(shapes[i]));
		append(&text, "hooks.Stop");
		page_set(&once, page_text(&text), text.len);
		append(&text, "hooks.Stop");
		expect_text(&text, page_text(&once));
	}
	page_free(&text);
	page_free(&once);
}

Test(json_edit, what_is_added_looks_like_what_is_around_it)
{
	struct page text = { .p = NULL };

	page_set(&text, "{\r\n\t\"a\": 1\r\n}\r\n", 15);
	append(&text, "hooks.Stop");
	expect_text(&text,
	    "{\r\n\t\"a\": 1,\r\n\t\"hooks\": {\r\n\t\t\"Stop\": [\r\n"
	    "\t\t\t{\r\n\t\t\t\t\"hooks\": [\r\n\t\t\t\t\t{\r\n"
	    "\t\t\t\t\t\t\"type\": \"command\",\r\n"
	    "\t\t\t\t\t\t\"command\": \"/x/ours\",\r\n"
	    "\t\t\t\t\t\t\"args\": [\"--hook\", \"a\"]\r\n"
	    "\t\t\t\t\t}\r\n\t\t\t\t]\r\n\t\t\t}\r\n\t\t]\r\n\t}\r\n}\r\n");
	page_set(&text, "{\"a\":1}", 7);
	append(&text, "hooks.Stop");
	expect_text(&text,
	    "{\"a\":1,\"hooks\":{\"Stop\":[{\"hooks\":[{\"type\":\"command\","
	    "\"command\":\"/x/ours\",\"args\":[\"--hook\",\"a\"]}]}]}}");
	page_free(&text);
}

Test(json_edit, an_empty_file_becomes_an_object)
{
	static const char *const empty[] = { "", "\n", " \r\n\t" };
	struct page text = { .p = NULL };
	size_t i;

	for (i = 0; i < 3; i++) {
		page_set(&text, empty[i], strlen(empty[i]));
		append(&text, "hooks.Stop");
		cr_expect_eq(strip(&text), 1);
		expect_text(&text, "{}\n");
	}
	page_free(&text);
}

Test(json_edit, only_our_handler_leaves_a_group_that_others_share)
{
	static const char shared[] =
	    "{\"hooks\": {\"Stop\": [{\"hooks\": [{\"command\": \"/y/ours\"}, "
	    "{\"command\": \"mine\"}]}]}}";
	struct page text = { .p = NULL };

	page_set(&text, shared, strlen(shared));
	cr_expect_eq(strip(&text), 1);
	expect_text(&text, "{\"hooks\": {\"Stop\": [{\"hooks\": [{\"command\": "
			   "\"mine\"}]}]}}");
	page_free(&text);
}

Test(json_edit, a_group_with_a_matcher_goes_with_its_only_handler)
{
	static const char with[] =
	    "{\"hooks\": {\"Stop\": [{\"matcher\": \"x\", \"hooks\": "
	    "[{\"command\": \"/y/ours\"}]}, {\"hooks\": [{\"command\": "
	    "\"mine\"}]}]}}";
	struct page text = { .p = NULL };

	page_set(&text, with, strlen(with));
	cr_expect_eq(strip(&text), 1);
	expect_text(&text, "{\"hooks\": {\"Stop\": [{\"hooks\": [{\"command\": "
			   "\"mine\"}]}]}}");
	page_free(&text);
}

Test(json_edit, a_default_leaves_what_is_there)
{
	struct page text = { .p = NULL };
	char why[256];

	page_set(&text, "{\"statusLine\": false}", 21);
	cr_expect_eq(json_edit_default(
			 &text, "statusLine", "{\"x\":1}", why, sizeof(why)),
	    0);
	expect_text(&text, "{\"statusLine\": false}");
	page_set(&text, "{\"b\": 1}", 8);
	cr_expect_eq(json_edit_default(
			 &text, "statusLine", "{\"x\":1}", why, sizeof(why)),
	    0);
	expect_text(&text, "{\"b\": 1, \"statusLine\": {\"x\": 1}}");
	page_free(&text);
}

Test(json_edit, what_is_no_plain_json_is_refused_untouched)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
		{ "{\n  // mine\n  \"a\": 1\n}", "line 2" },
		{ "{\"a\": 1,}", "line 1" },
		{ "{\"a\":\n1\n", "line 3" },
		{ "[]", "not a JSON object" },
		{ "\xef\xbb\xbf{}", "line 1" },
		{ "{\"hooks\": []}", "\"hooks\" is not an object" },
		{ "{\"hooks\": {\"Stop\": {}}}",
		    "\"hooks.Stop\" is not a list" },
		{ "{\"hooks\": null}", "\"hooks\" is not an object" },
	};
	struct page text = { .p = NULL };
	char why[256];
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		page_set(&text, bad[i].text, strlen(bad[i].text));
		cr_expect_eq(json_edit_append(
				 &text, "hooks.Stop", VALUE, why, sizeof(why)),
		    -1, "accepted: %s", bad[i].text);
		cr_expect_not_null(strstr(why, bad[i].why),
		    "why is \"%s\", expected \"%s\"", why, bad[i].why);
		expect_text(&text, bad[i].text);
	}
	page_free(&text);
}

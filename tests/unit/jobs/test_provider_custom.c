#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "collectord/jobs/providers/custom.h"
#include "collectord/jobs/providers/pointer.h"
#include "tests/unit/jobs/provider_help.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))
#define HEAD                                                                   \
	"[provider]\nname = house\nbase-url = https://h.example/v1\n"          \
	"key = a key\nheader = X-Key: {key}\n"

static void
define(struct custom *c, const char *text)
{
	char why[256] = "";
	int line = custom_parse(c, text, strlen(text), why, sizeof(why));

	cr_assert_eq(line, 0, "line %d: %s", line, why);
}

Test(custom, the_example_reads_what_it_shows, .timeout = 30)
{
	char *text = read_data("contrib/providers/example.ini");
	struct provider_request r;
	struct provider_query q;
	struct custom c;
	struct heard h;

	define(&c, text);
	free(text);
	q = query_of(&c.provider, "costs", NULL);
	expect_url(&q, "https://billing.example.com/v1/costs?start=2026-03-01"
		       "&end=2026-03-04&limit=50");
	cr_assert_eq(provider_ask(&q, &r), 0, "does not fit");
	cr_assert_str_eq(r.header[1].text, "Authorization: Bearer {key}", "%s",
	    r.header[1].text);
	h = hear_file(&q, "custom-costs.json");
	expect_lines(&h,
	    "2026-03-01T00:00/2026-03-02T00:00 model=house-1 item=chat in=600 "
	    "read=400 out=30 amount=0.125 EUR\n"
	    "2026-03-01T00:00/2026-03-02T00:00 model=house-2 item=embed in=5 "
	    "amount=0.01 EUR\n");
	cr_assert(h.answer.has_more, "ends");
	q.cursor = text_of(h.answer.cursor);
	expect_url(&q, "https://billing.example.com/v1/costs?start=2026-03-01"
		       "&end=2026-03-04&limit=50&page=2");
	q = query_of(&c.provider, "balance", NULL);
	h = hear(&q, "{\"data\":{\"left\":\"-3.5\"}}");
	expect_lines(&h, "left=-3.5 EUR\n");
	q = query_of(&c.provider, "quota", NULL);
	h = hear(&q, "{\"windows\":[{\"name\":\"all\",\"remaining\":\"12.5\","
		     "\"resets_at\":1772323200},{\"remaining\":130}]}");
	expect_lines(&h, "all/week 87.5% resets 2026-03-01T00:00\n/week 0%\n");
	custom_release(&c);
	custom_release(&c);
}

Test(custom, times_are_written_as_asked, .timeout = 30)
{
	static const struct {
		const char *time, *query;
	} cases[] = {
		{ "seconds", "a=1772323200&b=1772668800x1772582400" },
		{ "milliseconds",
		    "a=1772323200000&b=1772668800000x1772582400000" },
		{ "date", "a=2026-03-01&b=2026-03-05x2026-03-04" },
		{ "rfc3339",
		    "a=2026-03-01T00%3A00%3A00Z&b=2026-03-05T00%3A00%3A00Z"
		    "x2026-03-04T00%3A00%3A00Z" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		char text[512], url[512];
		struct provider_query q;
		struct custom c;

		snprintf(text, sizeof(text),
		    HEAD "[feed \"u\"]\ngives = usage\npath = /u\nfrom = /t\n"
			 "time = %s\nquery=a={from}\nquery=b={to}x{last}\n",
		    cases[i].time);
		define(&c, text);
		q = query_of(&c.provider, "u", NULL);
		snprintf(url, sizeof(url), "https://h.example/v1/u?%s",
		    cases[i].query);
		expect_url(&q, url);
		custom_release(&c);
	}
}

static const char usage_feed[] =
    HEAD "[feed \"u\"]\r\ngives = usage\r\npath = /u\r\nrows = /rows\r\n"
	 "from = /t\r\nto = /e\r\ninput = /i\r\ncache-write = /w\r\n"
	 "cache-write-1h = /w1\r\nreasoning = /r\r\noutput = /o\r\n"
	 "cursor = /next\r\ncursor-query = after\r\n";

Test(custom, times_are_read_in_every_way, .timeout = 30)
{
	static const char *const times[] = { "1772323200", "1772323200000",
		"\"1772323200\"", "\"2026-03-01\"",
		"\"2026-03-01T01:00:00.000+01:00\"" };
	struct provider_query q;
	struct custom c;

	define(&c, usage_feed);
	q = query_of(&c.provider, "u", NULL);
	for (size_t i = 0; i < LENGTH(times); i++) {
		char body[128];
		struct heard h;

		snprintf(body, sizeof(body),
		    "{\"rows\":{\"t\":%s,\"e\":1772326800},\"next\":\"\"}",
		    times[i]);
		h = hear(&q, body);
		expect_lines(&h, "2026-03-01T00:00/2026-03-01T01:00\n");
		cr_assert(!h.answer.has_more, "goes on");
	}
	custom_release(&c);
}

Test(custom, subsets_do_not_outgrow_their_sets, .timeout = 30)
{
	struct provider_query q;
	struct custom c;
	struct heard h;

	define(&c, usage_feed);
	q = query_of(&c.provider, "u", NULL);
	h = hear(&q,
	    "{\"rows\":[{\"t\":1772323200,\"i\":5,\"w\":2,\"w1\":9,\"r\":8,"
	    "\"o\":3}],\"next\":\"n\"}");
	expect_lines(&h,
	    "2026-03-01T00:00/2026-03-02T00:00 in=5 write=2 write1h=2 out=3 "
	    "think=3\n");
	cr_assert_str_eq(h.answer.cursor, "n", "%s", h.answer.cursor);
	custom_release(&c);
}

Test(custom, bad_answers_name_the_pointer, .timeout = 30)
{
	static const struct {
		const char *body, *said;
	} cases[] = {
		{ "{}", "\"/rows\" at byte 0: it is missing" },
		{ "{\"rows\":7}", "\"/rows\" at byte 8: it is of another" },
		{ "{\"rows\":[7]}", "an element is no object" },
		{ "{\"rows\":[{}]}", "\"/t\" at byte 9: it is missing" },
		{ "{\"rows\":[{\"t\":[]}]}", "it is not a time" },
		{ "{\"rows\":[{\"t\":99999999999999999}]}",
		    "it is not a time" },
		{ "{\"rows\":[{\"t\":\"soon\"}]}", "it is not a time" },
		{ "{\"rows\":[{\"t\":1772323200,\"i\":-1}]}", "\"/i\"" },
		{ "{\"rows\":[{\"t\":1772323200,\"e\":1772582400}]}",
		    "not within one UTC day" },
		{ "{\"rows\":[],\"next\":[]}", "\"/next\"" },
	};
	struct provider_query q;
	struct custom c;

	define(&c, usage_feed);
	q = query_of(&c.provider, "u", NULL);
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct heard h = hear(&q, cases[i].body);

		expect_refused(&q, &h, PROVIDER_BROKEN, cases[i].said);
	}
	custom_release(&c);
}

#define USAGE "[feed \"u\"]\ngives = usage\npath = /u\nfrom = /t\n"

static const struct bad {
	const char *text;
	int line;
	const char *said;
} bads[] = {
	{ "", 1, "[provider] has no line \"name = …\"" },
	{ "name = x\n", 1, "above any section" },
	{ "\n[feeds]\n", 2, "not [provider] or [feed" },
	{ "[feed \"]\n", 1, "not [provider] or [feed" },
	{ "[feed \"A\"]\n", 1, "small letters" },
	{ "[feed \"\"]\n", 1, "small letters" },
	{ HEAD "nonsense\n", 6, "not \"key = value\"" },
	{ HEAD "colour = red\n", 6, "unknown key in [provider]" },
	{ HEAD "every = 5\n", 6, "not seconds from 60 to 86400: 5" },
	{ "[provider]\nkey =\n", 2, "nothing stands after =: key" },
	{ HEAD "header = nothing\n", 6, "not a header" },
	{ HEAD "\x01\n", 6, "control characters" },
	{ HEAD, 1, "there is no feed" },
	{ HEAD USAGE "input = i\n", 10,
	    "not a pointer such as /data/0/x, RFC 6901: i" },
	{ HEAD USAGE "input = /a~2\n", 10, "not a pointer" },
	{ HEAD USAGE "colour = /a\n", 10, "unknown key in a feed" },
	{ HEAD USAGE "from = /a\n", 10, "was there before" },
	{ HEAD USAGE "time = noon\n", 10,
	    "not one of seconds, milliseconds, date, rfc3339: noon" },
	{ HEAD "[feed \"u\"]\nwhat = x\n", 7,
	    "not one of left, granted, topped-up, bought, used, used-day, "
	    "used-week, used-month, limit-left: x" },
	{ HEAD USAGE "time =\n", 10, "nothing stands after =: time" },
	{ HEAD USAGE "currency = /a~2\n", 10, "not a pointer" },
	{ HEAD USAGE "trailing-days = -1\n", 10,
	    "not a number of days from 0 to 10000: -1" },
	{ HEAD USAGE "query = x\n", 10, "not a query" },
	{ HEAD USAGE "query = key={key}\n", 10, "only a header" },
	{ HEAD USAGE "query = start={begin}\n", 10,
	    "only {from}, {last} and {to} are filled in: start={begin}" },
	{ HEAD USAGE "query = t={from}-{To}\n", 10, "only {from}" },
	{ HEAD USAGE "query = t={{from-day}}\n", 10, "only {from}" },
	{ HEAD "header = X: {key} {key}\n", 6,
	    "a header takes the key only once: X: {key} {key}" },
	{ HEAD USAGE "cursor = /c\n", 6,
	    "[feed \"u\"] has no line \"cursor-query = …\"" },
	{ HEAD USAGE "cursor-query = c\n", 6, "no line \"cursor = …\"" },
	{ HEAD USAGE "more = /c\n", 6, "no line \"cursor = …\"" },
	{ HEAD USAGE "query = a b=x\n", 10, "not a query" },
	{ HEAD USAGE "cursor-query = a#b\n", 10,
	    "not the name of a query, as page: a#b" },
	{ HEAD "[feed \"u\"]\npath = /u v\n", 7,
	    "not a path as /v1/costs: /u v" },
	{ HEAD "[feed \"u\"]\npath = u\n", 7, "not a path as /v1/costs: u" },
	{ "[provider]\nbase-url = https://me@x\n", 2, "not an address as" },
	{ "[provider]\nbase-url = http://\n", 2, "not an address as" },
	{ "[provider]\nbase-url = https:///v1\n", 2, "not an address as" },
	{ HEAD USAGE USAGE, 10, "the feed was there before" },
	{ HEAD "[feed \"u\"]\npath = /u\n", 6, "no line \"gives = …\"" },
	{ HEAD "[feed \"u\"]\ngives = usage\n", 6,
	    "[feed \"u\"] has no line \"path = …\"" },
	{ HEAD "[feed \"u\"]\ngives = cost\npath = /\nfrom = /f\n", 6,
	    "no line \"amount = …\"" },
	{ HEAD "[feed \"u\"]\ngives = balance\npath = /\namount = /f\n", 6,
	    "no line \"currency = …\"" },
	{ HEAD "[feed \"u\"]\ngives = windows\npath = /\n", 6,
	    "no line \"used-percent = …\" or \"remaining-percent = …\"" },
	{ "[provider]\nname = openai\n", 1, "that of a known one" },
	{ "[provider]\nname = x\nbase-url = ftp://x\n", 3,
	    "not an address as https://api.example.com/v1: ftp://x" },
	{ "[provider]\nname = x\nbase-url = https://x\n", 1,
	    "[provider] has no line \"key = …\"" },
	{ "[provider]\nname = x\nbase-url = https://x\nkey = k\n", 1,
	    "no header takes the key" },
};

Test(custom, a_bad_definition_is_refused_by_line, .timeout = 30)
{
	for (size_t i = 0; i < LENGTH(bads); i++) {
		struct custom c;
		char why[256] = "";
		int line = custom_parse(
		    &c, bads[i].text, strlen(bads[i].text), why, sizeof(why));

		cr_assert_eq(line, bads[i].line, "line %d, expected %d: %s: %s",
		    line, bads[i].line, why, bads[i].text);
		cr_assert_not_null(strstr(why, bads[i].said),
		    "\"%s\", expected \"%s\"", why, bads[i].said);
		custom_release(&c);
	}
}

Test(custom, plain_http_is_for_this_machine_only, .timeout = 30)
{
	static const char *const near[] = { "127.0.0.1", "127.9.8.7:80",
		"localhost", "localhost:9/v1", "[::1]", "[::1]:8080/v1" };
	static const char *const far[] = { "10.0.0.1", "localhost.example.org",
		"127.0.0.1.example.org", "[::2]/", "[::1", "[::1].example.org",
		"[127.0.0.1]" };
	static const char rest[] = "key = k\nheader = X: {key}\n" USAGE;
	char text[256], why[256];
	struct custom c;
	int line;

	for (size_t i = 0; i < LENGTH(near); i++) {
		snprintf(text, sizeof(text),
		    "[provider]\nname = x\nbase-url = http://%s\n%s", near[i],
		    rest);
		define(&c, text);
		custom_release(&c);
	}
	for (size_t i = 0; i < LENGTH(far); i++) {
		snprintf(text, sizeof(text),
		    "[provider]\nname = x\nbase-url = http://%s\n%s", far[i],
		    rest);
		line = custom_parse(&c, text, strlen(text), why, sizeof(why));
		cr_assert_eq(line, 3, "http://%s: line %d", far[i], line);
		cr_assert_not_null(
		    strstr(why, "only https, or http to this machine itself"),
		    "http://%s: \"%s\"", far[i], why);
		custom_release(&c);
	}
}

Test(custom, pointers_are_those_of_the_rfc, .timeout = 30)
{
	static const struct {
		const char *pointer, *raw;
	} cases[] = {
		{ "", "{\"a/b\":[1,{\"~x\":2}],\"\":3,\"00\":4}" },
		{ "/a~1b/0", "1" },
		{ "/a~1b/1/~0x", "2" },
		{ "/", "3" },
		{ "/00", "4" },
		{ "/a~1b/2", NULL },
		{ "/a~1b/00", NULL },
		{ "/a~1b/-", NULL },
		{ "/a~1b/9999999", NULL },
		{ "/a", NULL },
	};
	struct json j = { 0 };

	cr_assert_eq(
	    json_parse(&j, cases[0].raw, strlen(cases[0].raw)), 0, "no JSON");
	for (size_t i = 0; i < LENGTH(cases); i++) {
		const struct json_node *node =
		    pointer_find(&j, j.nodes, cases[i].pointer);

		cr_assert(
		    pointer_is_valid(cases[i].pointer), "%s", cases[i].pointer);
		cr_assert_eq(
		    node == NULL, cases[i].raw == NULL, "%s", cases[i].pointer);
		if (node != NULL)
			cr_assert(node->len == strlen(cases[i].raw) &&
				      memcmp(json_raw(&j, node), cases[i].raw,
					  node->len) == 0,
			    "%s is %.*s, expected %s", cases[i].pointer,
			    (int)node->len, json_raw(&j, node), cases[i].raw);
	}
	cr_assert(!pointer_is_valid("a"), "a");
	cr_assert(!pointer_is_valid("/a~"), "/a~");
	json_release(&j);
}

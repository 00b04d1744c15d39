/*
 * Answers that are none, or not what they seem: one clear line, and no row of
 * the page is left behind.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/jobs/provider_help.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))
#define BUCKET "{\"start_time\":1772323200,\"end_time\":1772409600,\"results\":"
#define GOOD                                                                   \
	"{\"amount\":{\"value\":1,\"currency\":\"usd\"},\"line_item\":\"x\"}"
#define PAGE(results) "{\"data\":[" BUCKET "[" results "]}],\"has_more\":false}"

static const struct bad {
	const char *body, *said;
} bad_costs[] = {
	{ "", "not JSON" },
	{ "<html>", "not JSON" },
	{ "{\"data\":[" BUCKET "[" GOOD, "not JSON" },
	{ PAGE(GOOD) "x", "text after the value" },
	{ "[]", "not a JSON object" },
	{ "null", "not a JSON object" },
	{ "{}", "\"data\" at byte 0: it is missing" },
	{ "{\"data\":{}}", "\"data\" at byte 8: it is of another type" },
	{ "{\"data\":[1]}", "an element is no object" },
	{ "{\"data\":[{}]}", "\"start_time\" at byte 9: it is missing" },
	{ "{\"data\":[" BUCKET "null}]}", "\"results\"" },
	{ "{\"data\":[{\"start_time\":1.5,\"end_time\":2}]}",
	    "it is not a time" },
	{ "{\"data\":[{\"start_time\":-1,\"end_time\":2}]}",
	    "it is not a time" },
	{ "{\"data\":[{\"start_time\":1e309,\"end_time\":2}]}",
	    "it is not a time" },
	/* Eight hours off, and backwards. */
	{ "{\"data\":[{\"start_time\":1772352000,\"end_time\":1772438400,"
	  "\"results\":[" GOOD "]}]}",
	    "not within one UTC day" },
	{ "{\"data\":[{\"start_time\":1772409600,\"end_time\":1772323200,"
	  "\"results\":[" GOOD "]}]}",
	    "not within one UTC day" },
	{ PAGE(GOOD ",7"), "an element is no object" },
	{ PAGE(GOOD ",{}"), "\"amount.value\"" },
	{ PAGE(GOOD ",{\"amount\":null}"), "\"amount.value\"" },
	{ PAGE(GOOD ",{\"amount\":{\"value\":null,\"currency\":\"usd\"}}"),
	    "\"amount.value\"" },
	{ PAGE(GOOD ",{\"amount\":{\"value\":NaN,\"currency\":\"usd\"}}"),
	    "not JSON" },
	{ PAGE(GOOD ",{\"amount\":{\"value\":Infinity}}"), "not JSON" },
	{ PAGE(GOOD ",{\"amount\":{\"value\":1e309,\"currency\":\"usd\"}}"),
	    "the number is out of range" },
	{ PAGE("{\"amount\":{\"value\":1000000000001,\"currency\":\"usd\"}}"),
	    "the number is out of range" },
	{ PAGE("{\"amount\":{\"value\":\"NaN\",\"currency\":\"usd\"}}"),
	    "it is not a decimal number" },
	{ PAGE("{\"amount\":{\"value\":\"\",\"currency\":\"usd\"}}"),
	    "it is not a decimal number" },
	{ PAGE("{\"amount\":{\"value\":\"1,5\",\"currency\":\"usd\"}}"),
	    "it is not a decimal number" },
	{ PAGE("{\"amount\":{\"value\":\" 1\",\"currency\":\"usd\"}}"),
	    "it is not a decimal number" },
	{ PAGE("{\"amount\":{\"value\":\"$1\",\"currency\":\"usd\"}}"),
	    "it is not a decimal number" },
	{ PAGE("{\"amount\":{\"value\":[1],\"currency\":\"usd\"}}"),
	    "it is not a decimal number" },
	{ PAGE(GOOD ",{\"amount\":{\"value\":1}}"), "\"amount.currency\"" },
	{ PAGE("{\"amount\":{\"value\":1,\"currency\":\"\"}}"),
	    "the name of a currency" },
	{ PAGE("{\"amount\":{\"value\":1,\"currency\":\"u\\u0073d\"}}"),
	    "the name of a currency" },
	{ PAGE("{\"amount\":{\"value\":1,\"currency\":\"12345678\"}}"),
	    "the name of a currency" },
	{ "{\"data\":[],\"has_more\":\"yes\"}", "\"has_more\"" },
	{ "{\"data\":[],\"has_more\":true}", "no cursor for it" },
	{ "{\"data\":[],\"has_more\":true,\"next_page\":null}",
	    "no cursor for it" },
	{ "{\"data\":[],\"has_more\":true,\"next_page\":\"\"}",
	    "no cursor for it" },
	{ "{\"data\":[],\"has_more\":true,\"next_page\":{}}",
	    "not a cursor that can be sent" },
	{ "{\"data\":[],\"has_more\":true,\"next_page\":\"a\\nb\"}",
	    "not a cursor that can be sent" },
	{ "{\"error\":{\"message\":\"sk-admin-secret\"}}",
	    "answers with an error" },
};

Test(traps, no_row_of_a_bad_page_is_given, .timeout = 30)
{
	struct provider_query q = query_of(&provider_openai, "costs", NULL);

	for (size_t i = 0; i < LENGTH(bad_costs); i++) {
		struct heard h = hear(&q, bad_costs[i].body);

		cr_assert_neq(h.answer.outcome, PROVIDER_OK, "taken: %s",
		    bad_costs[i].body);
		expect_refused(&q, &h, PROVIDER_BROKEN, bad_costs[i].said);
	}
}

Test(traps, every_shorter_answer_is_refused, .timeout = 30)
{
	struct provider_query q = query_of(&provider_openai, "costs", NULL);
	char *body = read_data("openai-costs.json");
	size_t len = strlen(body);

	while (len > 0 && body[len - 1] == '\n')
		len--;
	while (len-- > 0) {
		struct heard h;

		body[len] = '\0';
		h = hear(&q, body);
		expect_refused(&q, &h, PROVIDER_BROKEN, "not JSON");
	}
	free(body);
}

static const struct bad_count {
	const struct provider *p;
	const char *feed, *body, *said;
} bad_counts[] = {
	{ &provider_openai, "completions", PAGE("{\"input_tokens\":-1}"),
	    "\"input_tokens\"" },
	{ &provider_openai, "completions", PAGE("{\"output_tokens\":1.5}"),
	    "a whole number" },
	{ &provider_openai, "completions",
	    PAGE("{\"num_model_requests\":1e300}"), "a whole number" },
	{ &provider_openai, "completions",
	    PAGE("{\"input_tokens\":1000000000000001}"),
	    "the number is out of range" },
	{ &provider_openai, "completions", PAGE("{\"input_tokens\":{}}"),
	    "a whole number" },
	{ &provider_anthropic, "messages",
	    "{\"data\":[{\"starting_at\":\"2026-03-01\",\"ending_at\":"
	    "\"2026-03-02T00:00:00Z\",\"results\":[]}]}",
	    "\"starting_at\"" },
	{ &provider_anthropic, "messages",
	    "{\"data\":[{\"starting_at\":1772323200,\"ending_at\":0}]}",
	    "another type" },
	{ &provider_anthropic, "costs",
	    "{\"data\":[{\"starting_at\":\"2026-03-01T00:00:00Z\","
	    "\"ending_at\":\"2026-03-02T00:00:00Z\",\"results\":[{\"amount\":"
	    "\"1\"}]}]}",
	    "\"currency\"" },
	{ &provider_openrouter, "activity",
	    "{\"data\":[{\"date\":\"2026-02-30\",\"usage\":1}]}", "\"date\"" },
	{ &provider_openrouter, "activity",
	    "{\"data\":[{\"date\":\"2026-03-01\"}]}", "\"usage\"" },
	{ &provider_openrouter, "activity", "{\"data\":[{\"usage\":1}]}",
	    "\"date\"" },
	{ &provider_openrouter, "credits", "{\"data\":{\"total_credits\":1}}",
	    "\"total_usage\"" },
	{ &provider_openrouter, "key", "{\"data\":{\"usage\":\"x\"}}",
	    "\"usage\"" },
	{ &provider_deepseek, "balance",
	    "{\"balance_infos\":[{\"currency\":\"CNY\",\"total_balance\":"
	    "\"1\"},{\"currency\":\"USD\"}]}",
	    "\"total_balance\"" },
	{ &provider_deepseek, "balance", "{\"is_available\":true}",
	    "\"balance_infos\"" },
	{ &provider_kimi, "balance", "{\"code\":0,\"data\":{}}",
	    "\"available_balance\"" },
	{ &provider_kimi, "balance", "{\"code\":5,\"data\":null}",
	    "answers with an error" },
	{ &provider_kimi, "balance",
	    "{\"code\":0,\"status\":false,\"data\":{\"available_balance\":1}}",
	    "answers with an error" },
	{ &provider_minimax, "plan", "{\"base_resp\":{\"status_code\":0}}",
	    "\"model_remains\"" },
	{ &provider_minimax, "plan", "{\"base_resp\":{\"status_code\":1}}",
	    "answers with an error" },
	{ &provider_minimax, "plan",
	    "{\"model_remains\":[{\"current_interval_remaining_percent\":-1}]}",
	    "out of range" },
	{ &provider_minimax, "plan",
	    "{\"model_remains\":[{\"end_time\":\"soon\"}]}",
	    "it is not a time" },
};

Test(traps, members_that_are_off_are_named, .timeout = 30)
{
	for (size_t i = 0; i < LENGTH(bad_counts); i++) {
		const struct bad_count *b = &bad_counts[i];
		struct provider_query q = query_of(b->p, b->feed, NULL);
		struct heard h = hear(&q, b->body);

		cr_assert_neq(
		    h.answer.outcome, PROVIDER_OK, "taken: %s", b->body);
		expect_refused(&q, &h, PROVIDER_BROKEN, b->said);
	}
}

static const struct status {
	int status;
	enum provider_outcome outcome;
	const char *said;
} statuses[] = {
	{ 301, PROVIDER_BROKEN, "a redirect" },
	{ 302, PROVIDER_BROKEN, "a redirect" },
	{ 400, PROVIDER_BROKEN, "HTTP 400" },
	{ 401, PROVIDER_BAD_KEY, "it takes an admin key, sk-admin-" },
	{ 402, PROVIDER_BROKEN, "a payment" },
	{ 403, PROVIDER_BAD_KEY, "it takes an admin key, sk-admin-" },
	{ 404, PROVIDER_ABSENT, "HTTP 404" },
	{ 408, PROVIDER_FAILING, "HTTP 408" },
	{ 413, PROVIDER_BROKEN, "HTTP 413" },
	{ 429, PROVIDER_LIMITED, "too many requests" },
	{ 500, PROVIDER_FAILING, "HTTP 500" },
	{ 503, PROVIDER_FAILING, "HTTP 503" },
	{ 529, PROVIDER_FAILING, "overloaded" },
	{ 599, PROVIDER_FAILING, "HTTP 599" },
	{ 0, PROVIDER_BROKEN, "HTTP 0" },
	{ -1, PROVIDER_BROKEN, "HTTP -1" },
	{ 100, PROVIDER_BROKEN, "HTTP 100" },
	{ 1000, PROVIDER_BROKEN, "HTTP 1000" },
};

Test(traps, a_status_decides_and_no_word_of_the_answer_shows, .timeout = 30)
{
	static const char body[] =
	    "{\"error\":{\"message\":\"Incorrect key sk-admin-s3cret\","
	    "\"type\":\"sk-admin-s3cret\",\"code\":\"sk-admin-s3cret\"}}";
	struct provider_query q = query_of(&provider_openai, "costs", NULL);

	for (size_t i = 0; i < LENGTH(statuses); i++) {
		struct heard h = { 0 };
		char line[512];

		provider_read(&q, statuses[i].status, body, strlen(body),
		    &(struct provider_sink){ 0 }, &h.answer);
		expect_refused(&q, &h, statuses[i].outcome, statuses[i].said);
		provider_describe(&q, &h.answer, line, sizeof(line));
		cr_assert_null(strstr(line, "s3cret"), "told: %s", line);
	}
}

Test(traps, what_is_not_there_may_be_a_matter_of_the_base_url, .timeout = 30)
{
	static const char hint[] = "(HTTP 404): is the path of its base URL";
	static const struct provider_account gate = {
		.base_url = "https://gate.example/v2"
	};
	struct provider_query q = query_of(&provider_openai, "costs", NULL);
	struct heard h = { 0 };
	char line[512];

	provider_read(&q, 404, "", 0, &(struct provider_sink){ 0 }, &h.answer);
	provider_describe(&q, &h.answer, line, sizeof(line));
	cr_assert_null(strstr(line, hint), "the service's own: %s", line);
	q.account = &gate;
	expect_refused(&q, &h, PROVIDER_ABSENT, hint);
	provider_read(&q, 403, "", 0, &(struct provider_sink){ 0 }, &h.answer);
	provider_describe(&q, &h.answer, line, sizeof(line));
	cr_assert_null(strstr(line, "base URL"), "a key's fault: %s", line);
}

Test(traps, errors_inside_a_success_are_errors, .timeout = 30)
{
	static const struct {
		const struct provider *p;
		const char *feed, *body;
		enum provider_outcome outcome;
		const char *said;
	} cases[] = {
		{ &provider_minimax, "plan",
		    "{\"base_resp\":{\"status_code\":1004}}", PROVIDER_BAD_KEY,
		    "the key of a plan, sk-cp-" },
		{ &provider_minimax, "plan",
		    "{\"data\":{\"model_remains\":[],\"base_resp\":"
		    "{\"status_code\":\"1004\"}}}",
		    PROVIDER_BAD_KEY, "the key of a plan, sk-cp-" },
		{ &provider_minimax, "plan",
		    "{\"base_resp\":{\"status_code\":1002}}", PROVIDER_LIMITED,
		    "too many requests" },
		{ &provider_openrouter, "activity",
		    "{\"error\":{\"code\":403,\"message\":\"no\"}}",
		    PROVIDER_BAD_KEY, "a management key" },
		{ &provider_openrouter, "activity",
		    "{\"error\":{\"code\":429}}", PROVIDER_LIMITED,
		    "HTTP 429" },
		{ &provider_openrouter, "activity",
		    "{\"error\":{\"code\":200}}", PROVIDER_BROKEN,
		    "answers with an error" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct provider_query q =
		    query_of(cases[i].p, cases[i].feed, NULL);
		struct heard h = hear(&q, cases[i].body);

		expect_refused(&q, &h, cases[i].outcome, cases[i].said);
	}
}

Test(traps, a_sink_may_want_nothing, .timeout = 30)
{
	struct provider_query q = query_of(&provider_openai, "costs", NULL);
	char *body = read_data("openai-costs.json");
	struct provider_sink sink = { 0 };
	struct provider_answer a;
	enum provider_outcome outcome;

	outcome = provider_read(&q, 200, body, strlen(body), &sink, &a);
	cr_assert_eq(outcome, PROVIDER_OK, "%d without anybody", outcome);
	cr_assert_eq(a.n_rows, 3, "%u rows", a.n_rows);
	free(body);
}

static int
refuse_all(void *arg, const struct billed_row *row)
{
	(void)row;
	++*(int *)arg;
	return -1;
}

Test(traps, a_page_that_cannot_be_kept_is_aborted, .timeout = 30)
{
	struct provider_query q = query_of(&provider_openai, "costs", NULL);
	char *body = read_data("openai-costs.json"), line[256];
	int n = 0;
	struct provider_sink sink = { .billed = refuse_all, .arg = &n };
	struct provider_answer a;

	provider_read(&q, 200, body, strlen(body), &sink, &a);
	cr_assert_eq(a.outcome, PROVIDER_ABORTED, "%d", (int)a.outcome);
	cr_assert_eq(n, 1, "%d rows after the first", n);
	cr_assert(!a.has_more, "goes on with %s", a.cursor);
	provider_describe(&q, &a, line, sizeof(line));
	cr_assert_neq(line[0], '\0', "nothing is said");
	free(body);
}

/* An answer of n rows of one day, all alike. */
static char *
many_costs(size_t n, const char *row)
{
	static const char head[] = "{\"data\":[" BUCKET "[";
	static const char tail[] = "]}],\"has_more\":false}";
	size_t len = strlen(row), at = sizeof(head) - 1;
	char *body = malloc(at + n * (len + 1) + sizeof(tail));

	memcpy(body, head, at);
	for (size_t i = 0; i < n; i++, at += len + 1) {
		memcpy(body + at, row, len);
		body[at + len] = ',';
	}
	memcpy(body + at - 1, tail, sizeof(tail));
	return body;
}

Test(traps, values_without_end_are_refused_before_they_fill_the_memory,
    .timeout = 30)
{
	struct provider_query q = query_of(&provider_openai, "costs", NULL);
	static const char *const rows[] = { "1", "[]", "{}", "\"\"",
		"{\"\":1}" };

	for (size_t i = 0; i < LENGTH(rows); i++) {
		char *body = many_costs(6000000, rows[i]);
		struct heard h = hear(&q, body);

		expect_refused(&q, &h, PROVIDER_BROKEN, "too many values");
		free(body);
	}
}

static int
count_row(void *arg, const struct billed_row *row)
{
	(void)row;
	++*(int *)arg;
	return 0;
}

Test(traps, a_hundred_thousand_rows_are_an_answer, .timeout = 30)
{
	struct provider_query q = query_of(&provider_openai, "costs", NULL);
	char *body = many_costs(
	    100000, "{\"amount\":{\"value\":1,\"currency\":\"usd\"}}");
	int n = 0;
	struct provider_sink sink = { .billed = count_row, .arg = &n };
	struct provider_answer a;

	provider_read(&q, 200, body, strlen(body), &sink, &a);
	cr_assert_eq(
	    a.outcome, PROVIDER_OK, "%d: %s", (int)a.outcome, a.detail);
	cr_assert_eq(n, 100000, "%d rows", n);
	free(body);
}

Test(traps, texts_are_clean_and_cut_between_characters, .timeout = 30)
{
	struct provider_query q = query_of(&provider_openai, "costs", NULL);
	char body[2048], item[300], line[1024];
	struct heard h;

	h = hear(
	    &q, PAGE("{\"amount\":{\"value\":1,\"currency\":\"usd\"},"
		     "\"line_item\":\"a\\u001b[31m\\u00e9\\n\",\"project_id\":"
		     "\"\\u00e9 ok\",\"api_key_id\":7}"));
	expect_lines(&h, "2026-03-01T00:00/2026-03-02T00:00 item=a?[31m??? "
			 "project=\xc3\xa9 ok key=7 amount=1 USD\n");
	/* 254 bytes, and then a character of two. */
	memset(item, 'x', 254);
	memcpy(item + 254, "\xc3\xa9tail", sizeof("\xc3\xa9tail"));
	snprintf(body, sizeof(body),
	    PAGE("{\"amount\":{\"value\":1,\"currency\":\"usd\"},"
		 "\"line_item\":\"%s\"}"),
	    item);
	h = hear(&q, body);
	item[254] = '\0';
	snprintf(line, sizeof(line),
	    "2026-03-01T00:00/2026-03-02T00:00 item=%s amount=1 USD\n", item);
	expect_lines(&h, line);
}

/* A text of n times an escape is what it stands for, as much as fits. */
static void
expect_unescaped(const char *escape, size_t n, const char *plain, size_t kept)
{
	struct provider_query q = query_of(&provider_openai, "costs", NULL);
	static char item[8192], body[16384], line[16384];
	size_t len = strlen(escape), plain_len = strlen(plain);
	struct heard h;

	for (size_t i = 0; i < n; i++)
		memcpy(item + i * len, escape, len + 1);
	snprintf(body, sizeof(body),
	    PAGE("{\"amount\":{\"value\":1,\"currency\":\"usd\"},"
		 "\"line_item\":\"%s\"}"),
	    item);
	h = hear(&q, body);
	for (size_t i = 0; i < kept; i++)
		memcpy(item + i * plain_len, plain, plain_len + 1);
	snprintf(line, sizeof(line),
	    "2026-03-01T00:00/2026-03-02T00:00 item=%s amount=1 USD\n", item);
	expect_lines(&h, line);
}

Test(traps, escapes_are_read_before_a_text_is_cut, .timeout = 30)
{
	expect_unescaped("\\u975e", 85, "\xe9\x9d\x9e", 85);
	expect_unescaped("\\u975e", 86, "\xe9\x9d\x9e", 85);
	expect_unescaped("\\u975e", 1000, "\xe9\x9d\x9e", 85);
	expect_unescaped("\\u0041", 1000, "A", 255);
	expect_unescaped("\\\"", 1000, "\"", 255);
	expect_unescaped("\\ud83d\\ude00", 600, "\xf0\x9f\x98\x80", 63);
	expect_unescaped("\\ud83d", 1000, "\xef\xbf\xbd", 85);
	expect_unescaped("\xe9\x9d\x9e\\t", 400, "?", 255);
	expect_unescaped("\\u0000", 3, "?", 3);
}

Test(traps, uncached_input_is_taken_at_its_word, .timeout = 30)
{
	struct provider_query q =
	    query_of(&provider_openai, "completions", NULL);
	struct heard h =
	    hear(&q, PAGE("{\"input_tokens\":100,\"input_cached_tokens\":60,"
			  "\"input_uncached_tokens\":35,\"model\":\"m\"},"
			  "{\"input_tokens\":100,\"input_cached_tokens\":60,"
			  "\"input_uncached_tokens\":null,\"model\":\"m\"}"));

	expect_lines(&h,
	    "2026-03-01T00:00/2026-03-02T00:00 model=m in=35 read=60\n"
	    "2026-03-01T00:00/2026-03-02T00:00 model=m in=40 read=60\n");
}

Test(traps, buckets_before_and_after_are_left_out, .timeout = 30)
{
	struct provider_query q = query_of(&provider_openai, "costs", NULL);
	struct heard h;

	q.from_ms = MARCH(2);
	h = hear(&q, PAGE(GOOD "," GOOD));
	expect_lines(&h, "");
	cr_assert_eq(h.answer.n_outside, 2, "%u", h.answer.n_outside);
	cr_assert_eq(h.answer.n_rows, 0, "%u", h.answer.n_rows);
	q.from_ms = MARCH(0);
	q.to_ms = MARCH(1);
	h = hear(&q, PAGE(GOOD));
	expect_lines(&h, "");
	cr_assert_eq(h.answer.n_outside, 1, "%u", h.answer.n_outside);
}

Test(traps, smaller_buckets_are_taken_as_they_are, .timeout = 30)
{
	struct provider_query q =
	    query_of(&provider_anthropic, "messages", NULL);
	struct heard h = hear(&q,
	    "{\"data\":[{\"starting_at\":\"2026-03-01T23:59:00+00:00\","
	    "\"ending_at\":\"2026-03-02T00:00:00Z\",\"results\":[{"
	    "\"uncached_input_tokens\":\"400\"}]}],\"has_more\":false}");

	expect_lines(&h, "2026-03-01T23:59/2026-03-02T00:00 in=400\n");
}

Test(traps, a_cursor_alone_leads_on, .timeout = 30)
{
	struct provider_query q = query_of(&provider_openai, "costs", NULL);
	struct heard h = hear(&q, "{\"data\":[],\"next_page\":\"p2\"}");

	expect_lines(&h, "");
	cr_assert(h.answer.has_more, "ends");
	cr_assert_str_eq(h.answer.cursor, "p2", "%s", h.answer.cursor);
	h = hear(&q, "{\"data\":[]}");
	cr_assert(!h.answer.has_more, "goes on");
}

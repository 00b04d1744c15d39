#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/common/ndjson.h"
#include "proto/calendar.h"
#include "proto/money.h"

static char memory[2 * NDJSON_TEXTS_MAX];

static int
read_line(const char *line, struct event *ev, struct error *err)
{
	struct ndjson_arena a = { memory, 0, sizeof(memory) };
	struct json j = { 0 };
	int rc = ndjson_read(&j, line, strlen(line), &a, ev, err);

	json_release(&j);
	return rc;
}

/* The event under our names: what a reader has made of a line. */
static char *
normalised(const char *line)
{
	struct event ev;
	struct error err;
	char *out = NULL;
	size_t len;
	FILE *f;

	cr_assert_eq(read_line(line, &ev, &err), 0, "%s: %s: %s", line,
	    err.field != NULL ? err.field : "-", err.message);
	f = open_memstream(&out, &len);
	ndjson_write(f, &ev);
	fclose(f);
	out[len - 1] = '\0';
	return out;
}

struct pair {
	const char *line, *expect;
};

static void
check_pairs(const struct pair *pairs, size_t n)
{
	size_t i;
	char *got;

	for (i = 0; i < n; i++) {
		got = normalised(pairs[i].line);
		cr_expect_str_eq(got, pairs[i].expect,
		    "%s\n  gives    %s\n  expected %s", pairs[i].line, got,
		    pairs[i].expect);
		free(got);
	}
}
#define CHECK(pairs) check_pairs(pairs, sizeof(pairs) / sizeof((pairs)[0]))

Test(ndjson, own_names_come_back_as_they_went, .timeout = 30)
{
	static const char all[] =
	    "{\"machine\":\"m\",\"session\":\"s\",\"message\":\"1\","
	    "\"agent\":\"a\",\"provider\":\"p\",\"model\":\"x\","
	    "\"project\":\"\xc3\xa9t\xc3\xa9 \\\"q\\\"\",\"branch\":\"b\","
	    "\"account\":\"c\",\"kind\":\"main\",\"billing\":\"plan\","
	    "\"call\":\"msg_1\",\"request\":\"req_1\","
	    "\"parent_session\":\"ps\",\"tier\":\"batch\",\"geo\":\"eu\","
	    "\"source\":\"log\",\"ts\":\"2026-05-12T10:00:00.123Z\","
	    "\"input\":1,\"cache_read\":2,\"cache_write\":10,"
	    "\"cache_write_1h\":4,\"output\":9,\"reasoning\":6,"
	    "\"total\":10000000000,\"web_searches\":8,\"latency_ms\":9,"
	    "\"ok\":false,\"cost\":0.000000000001,\"copied\":true,"
	    "\"void\":true,\"rank\":255,\"running\":true}";
	static const struct pair pairs[] = { { all, all },
		{ "{\"ok\":true}", "{\"ok\":true}" },
		{ "{\"cost\":0}", "{\"cost\":0}" },
		{ "{\"running\":1}", "{\"running\":true}" },
		{ "{\"running\":null}", "{}" },
		{ "{\"rank\":0}", "{\"rank\":0}" }, { "{}", "{}" } };

	CHECK(pairs);
}

Test(ndjson, names_of_other_ledgers_are_understood, .timeout = 30)
{
	static const struct pair pairs[] = {
		{ "{\"session_id\":\"s\",\"machine_id\":\"m\","
		  "\"message_id\":\"1\",\"provider_id\":\"p\","
		  "\"model_id\":\"x\",\"request_id\":\"r\"}",
		    "{\"machine\":\"m\",\"session\":\"s\",\"message\":\"1\","
		    "\"provider\":\"p\",\"model\":\"x\",\"request\":\"r\"}" },
		{ "{\"input_tokens\":1,\"output_tokens\":9,"
		  "\"cache_read_tokens\":3,\"cache_write_tokens\":4,"
		  "\"reasoning_tokens\":5,\"total_tokens\":20}",
		    "{\"input\":1,\"cache_read\":3,\"cache_write\":4,"
		    "\"output\":9,\"reasoning\":5,\"total\":20}" },
		{ "{\"service\":\"openai\",\"tokens_used\":77,"
		  "\"success\":true}",
		    "{\"provider\":\"openai\",\"total\":77,\"ok\":true}" },
		{ "{\"cost_usd\":\"0.25\"}", "{\"cost\":0.25}" },
		{ "{\"cost_estimate\":3e-5}", "{\"cost\":0.00003}" },
		{ "{\"metadata\":{\"session_id\":\"s\","
		  "\"request_type\":\"subagent\"}}",
		    "{\"session\":\"s\",\"kind\":\"subagent\"}" },
		{ "{\"metadata\":{\"request_type\":\"chat\"}}", "{}" },
		{ "{\"metadata\":{\"request_type\":7}}", "{}" },
		{ "{\"id\":\"resp_1\"}", "{\"call\":\"resp_1\"}" },
		{ "{\"success\":0,\"latency_ms\":12.5}",
		    "{\"latency_ms\":13,\"ok\":false}" },
	};

	CHECK(pairs);
}

Test(ndjson, our_name_wins_over_every_alias, .timeout = 30)
{
	static const struct pair pairs[] = {
		{ "{\"session_id\":\"no\",\"session\":\"s\","
		  "\"metadata\":{\"session_id\":\"no\"}}",
		    "{\"session\":\"s\"}" },
		{ "{\"input_tokens\":5,\"input\":0}", "{}" },
		{ "{\"input\":3,\"usage\":{\"input_tokens\":9,"
		  "\"output_tokens\":2}}",
		    "{\"input\":3,\"output\":2}" },
		{ "{\"cost_usd\":5,\"cost\":0}", "{\"cost\":0}" },
		{ "{\"session_id\":5,\"session\":\"s\"}",
		    "{\"session\":\"s\"}" },
		{ "{\"session\":null,\"session_id\":\"s\"}",
		    "{\"session\":\"s\"}" },
		{ "{\"service\":\"no\",\"provider\":\"p\"}",
		    "{\"provider\":\"p\"}" },
	};

	CHECK(pairs);
}

Test(ndjson, cached_tokens_of_openai_are_taken_out_of_the_prompt, .timeout = 30)
{
	static const struct pair pairs[] = {
		{ "{\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":20,"
		  "\"total_tokens\":120,\"prompt_tokens_details\":"
		  "{\"cached_tokens\":60},\"completion_tokens_details\":"
		  "{\"reasoning_tokens\":5}}}",
		    "{\"input\":40,\"cache_read\":60,\"output\":20,"
		    "\"reasoning\":5,\"total\":120}" },
		{ "{\"usage\":{\"input_tokens\":100,\"output_tokens\":20,"
		  "\"total_tokens\":120,\"input_tokens_details\":"
		  "{\"cached_tokens\":60},\"output_tokens_details\":"
		  "{\"reasoning_tokens\":5}}}",
		    "{\"input\":40,\"cache_read\":60,\"output\":20,"
		    "\"reasoning\":5,\"total\":120}" },
		{ "{\"prompt_tokens\":7,\"completion_tokens\":2}",
		    "{\"input\":7,\"output\":2}" },
		{ "{\"usage\":{\"prompt_tokens\":7,\"total_tokens\":7}}",
		    "{\"input\":7,\"total\":7}" },
		{ "{\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":1,"
		  "\"prompt_tokens_details\":null}}",
		    "{\"input\":5,\"output\":1}" },
		/* More cached than prompt: it cannot be a part of it. */
		{ "{\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":1,"
		  "\"prompt_tokens_details\":{\"cached_tokens\":60}}}",
		    "{\"input\":10,\"cache_read\":60,\"output\":1}" },
		/* A total that only adds up with the reasoning apart. */
		{ "{\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":9,"
		  "\"total_tokens\":24,\"completion_tokens_details\":"
		  "{\"reasoning_tokens\":5}}}",
		    "{\"input\":10,\"output\":14,\"reasoning\":5,"
		    "\"total\":24}" },
	};

	CHECK(pairs);
}

Test(ndjson, cache_counts_of_anthropic_stay_beside_the_input, .timeout = 30)
{
	static const struct pair pairs[] = {
		{ "{\"usage\":{\"input_tokens\":10,"
		  "\"cache_creation_input_tokens\":300,"
		  "\"cache_read_input_tokens\":1000,\"cache_creation\":"
		  "{\"ephemeral_5m_input_tokens\":100,"
		  "\"ephemeral_1h_input_tokens\":200},\"output_tokens\":159,"
		  "\"output_tokens_details\":{\"thinking_tokens\":50},"
		  "\"server_tool_use\":{\"web_search_requests\":2},"
		  "\"service_tier\":\"batch\"}}",
		    "{\"tier\":\"batch\",\"input\":10,\"cache_read\":1000,"
		    "\"cache_write\":300,\"cache_write_1h\":200,"
		    "\"output\":159,\"reasoning\":50,\"web_searches\":2}" },
		{ "{\"usage\":{\"input_tokens\":1,"
		  "\"cache_creation_input_tokens\":250,\"cache_creation\":"
		  "{\"ephemeral_5m_input_tokens\":100,"
		  "\"ephemeral_1h_input_tokens\":200}}}",
		    "{\"input\":1,\"cache_write\":300,"
		    "\"cache_write_1h\":200}" },
		{ "{\"usage\":{\"input_tokens\":1,"
		  "\"cache_creation_input_tokens\":500,\"cache_creation\":"
		  "{\"ephemeral_5m_input_tokens\":100}}}",
		    "{\"input\":1,\"cache_write\":500}" },
		{ "{\"usage\":{\"input_tokens\":1,"
		  "\"cache_read_input_tokens\":null,\"output_tokens\":2,"
		  "\"service_tier\":\"unheard_of\"}}",
		    "{\"input\":1,\"output\":2}" },
	};

	CHECK(pairs);
}

Test(ndjson, a_usage_object_is_not_mixed_with_flat_aliases, .timeout = 30)
{
	static const struct pair pairs[] = {
		{ "{\"input_tokens\":100,\"cache_read_tokens\":60,"
		  "\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":1,"
		  "\"prompt_tokens_details\":{\"cached_tokens\":60}}}",
		    "{\"input\":40,\"cache_read\":60,\"output\":1}" },
		{ "{\"input_tokens\":100,\"usage\":{}}", "{\"input\":100}" },
		{ "{\"input_tokens\":100,\"usage\":null}", "{\"input\":100}" },
	};

	CHECK(pairs);
}

Test(ndjson, times_may_be_text_seconds_or_milliseconds, .timeout = 30)
{
	static const struct pair pairs[] = {
		{ "{\"ts\":1778580000}",
		    "{\"ts\":\"2026-05-12T10:00:00.000Z\"}" },
		{ "{\"ts\":1778580000123}",
		    "{\"ts\":\"2026-05-12T10:00:00.123Z\"}" },
		{ "{\"timestamp\":\"1778580000\"}",
		    "{\"ts\":\"2026-05-12T10:00:00.000Z\"}" },
		{ "{\"timestamp\":1778580000.25}",
		    "{\"ts\":\"2026-05-12T10:00:00.250Z\"}" },
		{ "{\"created_at\":\"2026-05-12T12:00:00+02:00\"}",
		    "{\"ts\":\"2026-05-12T10:00:00.000Z\"}" },
		{ "{\"created_at\":1.77858e9}",
		    "{\"ts\":\"2026-05-12T10:00:00.000Z\"}" },
	};

	CHECK(pairs);
}

Test(ndjson, a_time_without_a_zone_is_local, .timeout = 30)
{
	static const char text[] = "2026-05-12 10:00:00";
	bool is_local = false;
	int64_t ms = 0;

	cr_assert_eq(calendar_use_zone("Europe/Berlin"), 0, "no zone data");
	cr_assert_eq(ndjson_time(text, strlen(text), &ms, &is_local), 0,
	    "%s is refused", text);
	cr_expect_eq(ms, 1778572800000, "%s is %lld, expected 1778572800000",
	    text, (long long)ms);
	cr_expect(is_local, "%s is not local", text);
}

Test(ndjson, numbers_are_exact_beyond_doubles, .timeout = 30)
{
	static const struct pair pairs[] = {
		{ "{\"input\":9007199254740993e-6}", NULL },
		{ "{\"total\":\"9999999999\",\"cost\":0.123456789012}",
		    "{\"total\":9999999999,\"cost\":0.123456789012}" },
		{ "{\"input\":12.0,\"output\":1.2e3}",
		    "{\"input\":12,\"output\":1200}" },
	};
	struct event ev;
	struct error err;

	check_pairs(pairs + 1, 2);
	cr_expect_eq(read_line(pairs[0].line, &ev, &err), -1,
	    "a fraction of a token is accepted");
}

Test(ndjson, a_bad_line_names_the_field_as_it_is_spelt, .timeout = 30)
{
	static const struct {
		const char *line, *field;
		enum error_code code;
	} bad[] = {
		{ "{\"session\":5}", "session", ERR_BAD_TYPE },
		{ "{\"session_id\":[]}", "session_id", ERR_BAD_TYPE },
		{ "{\"input\":-1}", "input", ERR_OUT_OF_RANGE },
		{ "{\"input\":1.5}", "input", ERR_OUT_OF_RANGE },
		{ "{\"input\":\"many\"}", "input", ERR_BAD_TYPE },
		{ "{\"output\":true}", "output", ERR_BAD_TYPE },
		{ "{\"output\":10000000001}", "output", ERR_OUT_OF_RANGE },
		{ "{\"ts\":\"2026-02-30T00:00:00Z\"}", "ts", ERR_BAD_TYPE },
		{ "{\"ts\":0}", "ts", ERR_BAD_TYPE },
		{ "{\"timestamp\":{}}", "timestamp", ERR_BAD_TYPE },
		{ "{\"cost\":\"$1\"}", "cost", ERR_BAD_TYPE },
		{ "{\"cost_usd\":1e30}", "cost_usd", ERR_OUT_OF_RANGE },
		{ "{\"ok\":\"yes\"}", "ok", ERR_BAD_TYPE },
		{ "{\"rank\":256}", "rank", ERR_OUT_OF_RANGE },
		{ "{\"usage\":7}", "usage", ERR_BAD_TYPE },
		{ "{\"usage\":{\"prompt_tokens\":\"x\"}}", "prompt_tokens",
		    ERR_BAD_TYPE },
		{ "{\"usage\":{\"prompt_tokens_details\":{\"cached_tokens\":"
		  "-2}}}",
		    "prompt_tokens_details.cached_tokens", ERR_OUT_OF_RANGE },
	};
	struct event ev;
	struct error err;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cr_expect_eq(read_line(bad[i].line, &ev, &err), -1,
		    "%s is accepted", bad[i].line);
		cr_expect(
		    err.field != NULL && strcmp(err.field, bad[i].field) == 0,
		    "%s names %s, expected %s", bad[i].line,
		    err.field != NULL ? err.field : "nothing", bad[i].field);
		cr_expect_eq(err.code, bad[i].code, "%s is %s, expected %s",
		    bad[i].line, error_name(err.code), error_name(bad[i].code));
	}
}

Test(ndjson, what_is_no_json_object_is_malformed, .timeout = 30)
{
	static const char *const bad[] = { "", "garbage", "[1]", "5", "{",
		"{\"session\":\"s\"} {}", "{'session':1}" };
	struct event ev;
	struct error err;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err.code = ERR_NONE;
		cr_expect_eq(read_line(bad[i], &ev, &err), -1,
		    "\"%s\" is accepted", bad[i]);
		cr_expect_eq(err.code, ERR_MALFORMED,
		    "\"%s\" is %s, expected malformed", bad[i],
		    error_name(err.code));
	}
}

Test(ndjson, unknown_things_are_ignored, .timeout = 30)
{
	static const struct pair pairs[] = {
		{ "{\"id\":7,\"object\":\"x\",\"choices\":[{\"a\":[]}]}",
		    "{}" },
		{ "{\"id\":\"chatcmpl-1\",\"service_tier\":3}", "{}" },
		{ "{\"metadata\":\"text\"}", "{}" },
		{ "{\"session\":\"\"}", "{}" },
	};

	CHECK(pairs);
}

Test(ndjson, a_text_may_have_255_bytes_and_no_more, .timeout = 30)
{
	char line[300], x[257];
	struct event ev;
	struct error err;

	memset(x, 'x', sizeof(x));
	snprintf(line, sizeof(line), "{\"session\":\"%.255s\"}", x);
	cr_assert_eq(read_line(line, &ev, &err), 0, "255 bytes are refused");
	cr_expect_eq(ev.text[EV_SESSION].len, 255, "%u bytes, expected 255",
	    ev.text[EV_SESSION].len);
	snprintf(line, sizeof(line), "{\"session\":\"%.256s\"}", x);
	cr_assert_eq(read_line(line, &ev, &err), -1, "256 bytes are accepted");
	cr_expect_eq(err.code, ERR_BAD_TEXT, "%s, expected bad_text",
	    error_name(err.code));
}

Test(ndjson, a_full_arena_is_an_error_and_no_overflow, .timeout = 30)
{
	char room[NDJSON_TEXTS_MAX];
	struct ndjson_arena a = { room, 1, sizeof(room) };
	struct json j = { 0 };
	struct event ev;
	struct error err;

	cr_expect_eq(ndjson_read(&j, "{}", 2, &a, &ev, &err), -1,
	    "an arena with too little room is used");
	a.len = 0;
	cr_expect_eq(ndjson_read(&j, "{}", 2, &a, &ev, &err), 0,
	    "an arena with just enough room is refused: %s", err.message);
	json_release(&j);
}

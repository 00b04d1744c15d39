#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/common/ndjson.h"
#include "clients/common/response.h"

/* Each event as tt-send prints it, each complaint after a "! ". */
static void
write_news(void *arg, const struct event *ev, const struct error *err)
{
	FILE *f = arg;

	if (ev != NULL)
		ndjson_write(f, ev);
	else
		fprintf(f, "! %s%s%s\n", err->field != NULL ? err->field : "",
		    err->field != NULL ? ": " : "", err->message);
}

static char *
read_in_pieces(const char *bytes, size_t len, size_t piece)
{
	struct response r;
	char *out = NULL;
	size_t n, out_len;
	FILE *f = open_memstream(&out, &out_len);

	response_init(&r, write_news, f);
	while (len > 0) {
		n = len < piece ? len : piece;
		response_feed(&r, bytes, n);
		bytes += n;
		len -= n;
	}
	response_end(&r);
	response_release(&r);
	fclose(f);
	return out;
}

static void
check_bytes(const char *bytes, size_t len, const char *expect)
{
	static const size_t pieces[] = { SIZE_MAX, 1, 2, 3, 7, 64 };
	char *got;
	size_t i;

	for (i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		got = read_in_pieces(bytes, len, pieces[i]);
		cr_expect_str_eq(got, expect,
		    "%.200s\n  in pieces of %zu\n  gives    %s\n  expected %s",
		    bytes, pieces[i], got, expect);
		free(got);
	}
}

static void
check(const char *bytes, const char *expect)
{
	check_bytes(bytes, strlen(bytes), expect);
}

/* A sample with other line ends. */
static void
check_line_ends(const char *bytes, const char *end, const char *expect)
{
	char *copy = NULL;
	size_t len;
	FILE *f = open_memstream(&copy, &len);

	for (; *bytes != '\0'; bytes++)
		if (*bytes == '\n')
			fputs(end, f);
		else
			fputc(*bytes, f);
	fclose(f);
	check_bytes(copy, len, expect);
	free(copy);
}

#define CHAT                                                                   \
	"{\n  \"id\": \"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT\",\n"           \
	"  \"object\": \"chat.completion\",\n  \"created\": 1741569952,\n"     \
	"  \"model\": \"gpt-5-mini-2025-08-07\",\n  \"choices\": [{\n"         \
	"    \"index\": 0, \"message\": {\"role\": \"assistant\",\n"           \
	"      \"content\": \"usage: {\\\"prompt_tokens\\\": 9}\\n[{\",\n"     \
	"      \"refusal\": null, \"annotations\": []},\n"                     \
	"    \"logprobs\": null, \"finish_reason\": \"stop\"}],\n"             \
	"  \"usage\": {\"prompt_tokens\": 1486, \"completion_tokens\": 651,\n" \
	"    \"total_tokens\": 2137,\n"                                        \
	"    \"prompt_tokens_details\": {\"cached_tokens\": 1408,\n"           \
	"      \"audio_tokens\": 0},\n"                                        \
	"    \"completion_tokens_details\": {\"reasoning_tokens\": 512}},\n"   \
	"  \"service_tier\": \"default\"\n}\n"
#define CHAT_EVENT                                                             \
	"{\"provider\":\"openai\",\"model\":\"gpt-5-mini-2025-08-07\","        \
	"\"call\":\"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT\","                 \
	"\"tier\":\"standard\",\"input\":78,\"cache_read\":1408,"              \
	"\"output\":651,\"reasoning\":512,\"total\":2137,\"ok\":true}\n"

#define CHUNK(rest)                                                            \
	"data: {\"id\":\"chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG\","            \
	"\"object\":\"chat.completion.chunk\",\"created\":1741570283,"         \
	"\"model\":\"gpt-4.1-2025-04-14\",\"service_tier\":\"flex\"," rest     \
	"}\n\n"
#define CHUNKS                                                                 \
	CHUNK("\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\","   \
	      "\"content\":\"\"},\"finish_reason\":null}],\"usage\":null")     \
	CHUNK("\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"},"      \
	      "\"finish_reason\":null}],\"usage\":null")
#define CHUNK_USAGE                                                            \
	CHUNK("\"choices\":[{\"index\":0,\"delta\":{},"                        \
	      "\"finish_reason\":\"stop\"}],\"usage\":null")                   \
	CHUNK("\"choices\":[],\"usage\":{\"prompt_tokens\":19,"                \
	      "\"completion_tokens\":10,\"total_tokens\":29,"                  \
	      "\"prompt_tokens_details\":{\"cached_tokens\":0}}")
#define CHUNKS_EVENT                                                           \
	"{\"provider\":\"openai\",\"model\":\"gpt-4.1-2025-04-14\","           \
	"\"call\":\"chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG\","                 \
	"\"tier\":\"flex\",\"input\":19,\"output\":10,\"total\":29,"           \
	"\"ok\":true}\n"

Test(response, chat_completions_are_read, .timeout = 30)
{
	check(CHAT, CHAT_EVENT);
	check(CHUNKS CHUNK_USAGE "data: [DONE]\n\n", CHUNKS_EVENT);
	/* A gateway that forgets the end of the stream. */
	check(CHUNKS CHUNK_USAGE, CHUNKS_EVENT);
	/* Nobody asked for usage. */
	check(CHUNKS "data: [DONE]\n\n", "! no usage in the reply\n");
}

#define RESPONSE(status, rest)                                                 \
	"{\"id\":\"resp_67ccd3a9da748190baa7f1570fe91ac6\","                   \
	"\"object\":\"response\",\"created_at\":1741476777,\"status\":"        \
	"\"" status                                                            \
	"\",\"instructions\":null,\"model\":\"gpt-5.1-2025-11-13\","           \
	"\"output\":[{\"type\":\"message\",\"content\":[{\"type\":"            \
	"\"output_text\",\"text\":\"x\"}]}],\"service_tier\":"                 \
	"\"priority\"," rest "}"
#define RESPONSE_USAGE                                                         \
	"\"error\":null,\"usage\":{\"input_tokens\":328,"                      \
	"\"input_tokens_details\":{\"cached_tokens\":128},"                    \
	"\"output_tokens\":52,\"output_tokens_details\":"                      \
	"{\"reasoning_tokens\":40},\"total_tokens\":380}"
#define RESPONSE_EVENT(ok)                                                     \
	"{\"provider\":\"openai\",\"model\":\"gpt-5.1-2025-11-13\","           \
	"\"call\":\"resp_67ccd3a9da748190baa7f1570fe91ac6\","                  \
	"\"tier\":\"priority\",\"input\":200,\"cache_read\":128,"              \
	"\"output\":52,\"reasoning\":40,\"total\":380,\"ok\":" ok "}\n"
#define RESPONSE_PART(type, response)                                          \
	"event: " type "\ndata: {\"type\":\"" type "\",\"sequence_number\":1," \
	"\"response\":" response "}\n\n"
#define RESPONSE_BEGIN                                                         \
	RESPONSE_PART("response.created",                                      \
	    RESPONSE("in_progress", "\"error\":null,\"usage\":null"))          \
	"event: response.output_text.delta\ndata: {\"type\":"                  \
	"\"response.output_text.delta\",\"delta\":\"usage\"}\n\n"

Test(response, openai_responses_are_read, .timeout = 30)
{
	check(RESPONSE("completed", RESPONSE_USAGE), RESPONSE_EVENT("true"));
	check(RESPONSE_BEGIN RESPONSE_PART(
		  "response.completed", RESPONSE("completed", RESPONSE_USAGE)),
	    RESPONSE_EVENT("true"));
	check(RESPONSE_BEGIN RESPONSE_PART("response.incomplete",
		  RESPONSE("incomplete", RESPONSE_USAGE)),
	    RESPONSE_EVENT("true"));
	check(RESPONSE_BEGIN RESPONSE_PART(
		  "response.failed", RESPONSE("failed", RESPONSE_USAGE)),
	    RESPONSE_EVENT("false"));
	check(RESPONSE_BEGIN, "! no usage in the reply\n");
	check(RESPONSE("in_progress", "\"usage\":null"),
	    "! no usage in the reply\n");
}

Test(response, a_failed_response_is_told_once, .timeout = 30)
{
	check(RESPONSE_BEGIN
	    "event: error\ndata: {\"type\":\"error\",\"code\":"
	    "\"server_error\",\"message\":\"m\",\"param\":null}"
	    "\n\n" RESPONSE_PART("response.failed",
		RESPONSE("failed", "\"error\":{\"code\":\"server_error\","
				   "\"message\":\"m\"},\"usage\":null")),
	    "! the reply is an error: server_error\n");
}

#define MESSAGE_START                                                          \
	"event: message_start\ndata: {\"type\":\"message_start\","             \
	"\"message\":{\"id\":\"msg_01XFDUDYJgAACzvnptvVoYEL\","                \
	"\"type\":\"message\",\"role\":\"assistant\","                         \
	"\"model\":\"claude-sonnet-4-5-20250929\",\"content\":[],"             \
	"\"stop_reason\":null,\"usage\":{\"input_tokens\":25,"                 \
	"\"cache_creation_input_tokens\":1000,"                                \
	"\"cache_read_input_tokens\":3000,\"cache_creation\":"                 \
	"{\"ephemeral_5m_input_tokens\":400,"                                  \
	"\"ephemeral_1h_input_tokens\":600},\"output_tokens\":1,"              \
	"\"service_tier\":\"standard\","                                       \
	"\"inference_geo\":\"not_available\"}}}\n\n"                           \
	"event: ping\ndata: {\"type\": \"ping\"}\n\n"                          \
	"event: content_block_delta\ndata: {\"type\":"                         \
	"\"content_block_delta\",\"index\":0,\"delta\":{\"type\":"             \
	"\"text_delta\",\"text\":\"Hello\"}}\n\n"
#define MESSAGE_DELTA(n, rest)                                                 \
	"event: message_delta\ndata: {\"type\":\"message_delta\","             \
	"\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},"     \
	"\"usage\":{\"output_tokens\":" n rest "}}\n\n"
#define MESSAGE_STOP                                                           \
	"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"
#define MESSAGE_EVENT(out, rest)                                               \
	"{\"provider\":\"anthropic\","                                         \
	"\"model\":\"claude-sonnet-4-5-20250929\","                            \
	"\"call\":\"msg_01XFDUDYJgAACzvnptvVoYEL\",\"tier\":\"standard\","     \
	"\"input\":25,\"cache_read\":3000,\"cache_write\":1000,"               \
	"\"cache_write_1h\":600,\"output\":" out rest "}\n"

Test(response, anthropic_messages_are_read, .timeout = 30)
{
	check("{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\","
	      "\"model\":\"claude-opus-5\",\"content\":[{\"type\":\"text\","
	      "\"text\":\"}]\\\\\"}],\"usage\":{\"input_tokens\":2095,"
	      "\"output_tokens\":503,\"service_tier\":\"standard\","
	      "\"speed\":\"fast\",\"inference_geo\":\"us\"}}",
	    "{\"provider\":\"anthropic\",\"model\":\"claude-opus-5\","
	    "\"call\":\"msg_1\",\"tier\":\"fast\",\"geo\":\"us\","
	    "\"input\":2095,\"output\":503,\"ok\":true}\n");
	check(MESSAGE_START MESSAGE_DELTA("15", "") MESSAGE_STOP,
	    MESSAGE_EVENT("15", ",\"ok\":true"));
}

Test(response, counts_of_a_stream_are_cumulative, .timeout = 30)
{
	check(MESSAGE_START MESSAGE_DELTA("15", ",\"input_tokens\":25")
		  MESSAGE_DELTA("40",
		      ",\"cache_read_input_tokens\":0,"
		      "\"server_tool_use\":{\"web_search_requests\":2}")
		      MESSAGE_STOP,
	    MESSAGE_EVENT("40", ",\"web_searches\":2,\"ok\":true"));
}

Test(response, a_stream_that_breaks_off_is_an_estimate, .timeout = 30)
{
	check(MESSAGE_START, MESSAGE_EVENT("1", ",\"rank\":0"));
	check(MESSAGE_START "event: content_block_delta\ndata: {\"type\":\"con",
	    MESSAGE_EVENT("1", ",\"rank\":0"));
	check(MESSAGE_START
	    "event: error\ndata: {\"type\":\"error\",\"error\":"
	    "{\"type\":\"overloaded_error\",\"message\":\"m\"}}\n\n",
	    MESSAGE_EVENT("1", ",\"ok\":false,\"rank\":0"));
	/* All was said but the very end. */
	check(MESSAGE_START MESSAGE_DELTA("15", ""),
	    MESSAGE_EVENT("15", ",\"ok\":true"));
}

#define GEMINI(finish, counts)                                                 \
	"{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"}],"         \
	"\"role\":\"model\"}," finish "\"index\":0}],\"usageMetadata\":{"      \
	"\"promptTokenCount\":100,\"cachedContentTokenCount\":40," counts      \
	"},\"modelVersion\":\"gemini-2.5-pro\",\"responseId\":"                \
	"\"mAitaLmkHPPlz7Iz\"}"
#define GEMINI_1                                                               \
	GEMINI("", "\"candidatesTokenCount\":3,\"totalTokenCount\":103")
#define GEMINI_2                                                               \
	GEMINI("\"finishReason\":\"STOP\",",                                   \
	    "\"candidatesTokenCount\":30,\"thoughtsTokenCount\":7,"            \
	    "\"toolUsePromptTokenCount\":5,\"totalTokenCount\":142")
#define GEMINI_TEXTS                                                           \
	"{\"provider\":\"google\",\"model\":\"gemini-2.5-pro\","               \
	"\"call\":\"mAitaLmkHPPlz7Iz\","
#define GEMINI_EVENT                                                           \
	GEMINI_TEXTS "\"input\":65,\"cache_read\":40,\"output\":37,"           \
		     "\"reasoning\":7,\"total\":142,\"ok\":true}\n"

Test(response, gemini_is_read_as_object_array_and_stream, .timeout = 30)
{
	check(GEMINI_2, GEMINI_EVENT);
	check("[" GEMINI_1 "\n,\r\n" GEMINI_2 "\n]\n", GEMINI_EVENT);
	check("data: " GEMINI_1 "\r\n\r\ndata: " GEMINI_2 "\r\n\r\n",
	    GEMINI_EVENT);
	check("data: " GEMINI_1 "\n\n",
	    GEMINI_TEXTS "\"input\":60,\"cache_read\":40,\"output\":3,"
			 "\"total\":103,\"rank\":0}\n");
	check("[" GEMINI_1 ",\n{\"candi",
	    GEMINI_TEXTS "\"input\":60,\"cache_read\":40,\"output\":3,"
			 "\"total\":103,\"rank\":0}\n");
}

Test(
    response, thoughts_are_added_unless_the_total_says_otherwise, .timeout = 30)
{
	check("{\"usageMetadata\":{\"promptTokenCount\":10,"
	      "\"candidatesTokenCount\":20,\"thoughtsTokenCount\":5,"
	      "\"totalTokenCount\":30}}",
	    "{\"provider\":\"google\",\"input\":10,\"output\":20,"
	    "\"reasoning\":5,\"total\":30,\"ok\":true}\n");
	check("{\"usageMetadata\":{\"promptTokenCount\":10,"
	      "\"candidatesTokenCount\":20,\"thoughtsTokenCount\":5}}",
	    "{\"provider\":\"google\",\"input\":10,\"output\":25,"
	    "\"reasoning\":5,\"ok\":true}\n");
	/* A prompt that is already without what was cached. */
	check("{\"usageMetadata\":{\"promptTokenCount\":10,"
	      "\"cachedContentTokenCount\":8,\"candidatesTokenCount\":2,"
	      "\"totalTokenCount\":20}}",
	    "{\"provider\":\"google\",\"input\":10,\"cache_read\":8,"
	    "\"output\":2,\"total\":20,\"ok\":true}\n");
}

#define ROUTER(usage)                                                          \
	"{\"id\":\"gen-1762000000-AbCd\",\"provider\":\"Anthropic\","          \
	"\"model\":\"anthropic/claude-sonnet-4.5\",\"object\":"                \
	"\"chat.completion\",\"choices\":[],\"usage\":{"                       \
	"\"prompt_tokens\":194,\"completion_tokens\":2,"                       \
	"\"total_tokens\":196,\"prompt_tokens_details\":"                      \
	"{\"cached_tokens\":40,\"cache_write_tokens\":100}," usage "}}"
#define ROUTER_EVENT(cost)                                                     \
	"{\"provider\":\"openrouter\","                                        \
	"\"model\":\"anthropic/claude-sonnet-4.5\","                           \
	"\"call\":\"gen-1762000000-AbCd\",\"input\":54,"                       \
	"\"cache_read\":40,\"cache_write\":100,\"output\":2,"                  \
	"\"total\":196,\"ok\":true" cost "}\n"

Test(response, openrouter_says_what_it_costs_exactly, .timeout = 30)
{
	check(ROUTER("\"cost\":0.000123456789"),
	    ROUTER_EVENT(",\"cost\":0.000123456789"));
	check(ROUTER("\"cost\":1.5e-7,\"is_byok\":false"),
	    ROUTER_EVENT(",\"cost\":0.00000015"));
	check(ROUTER("\"cost\":0"), ROUTER_EVENT(",\"cost\":0"));
	check(ROUTER("\"cost\":null"), ROUTER_EVENT(""));
}

Test(response, with_the_users_own_key_the_providers_part_belongs_to_the_cost,
    .timeout = 30)
{
	check(ROUTER("\"cost\":0,\"is_byok\":true"), ROUTER_EVENT(""));
	check(ROUTER("\"cost\":0.001,\"is_byok\":true,\"cost_details\":"
		     "{\"upstream_inference_cost\":0.02}"),
	    ROUTER_EVENT(",\"cost\":0.021"));
}

Test(response, a_cost_in_another_gateways_unit_is_left_out, .timeout = 30)
{
	check("{\"model\":\"m\",\"choices\":[],\"usage\":{\"prompt_tokens\":1,"
	      "\"completion_tokens\":2,\"cost\":7}}",
	    "{\"provider\":\"openai\",\"model\":\"m\",\"input\":1,"
	    "\"output\":2,\"ok\":true}\n");
}

Test(response, several_replies_give_several_events, .timeout = 30)
{
	check(CHAT CHAT, CHAT_EVENT CHAT_EVENT);
	check(CHAT MESSAGE_START MESSAGE_DELTA("15", "") MESSAGE_STOP GEMINI_2
	    " " RESPONSE("completed", RESPONSE_USAGE) CHUNKS CHUNK_USAGE,
	    CHAT_EVENT MESSAGE_EVENT("15", ",\"ok\":true")
		GEMINI_EVENT RESPONSE_EVENT("true") CHUNKS_EVENT);
	check("[" RESPONSE("completed", RESPONSE_USAGE) "," GEMINI_2 "]",
	    RESPONSE_EVENT("true") GEMINI_EVENT);
	/* The first broke off. */
	check(MESSAGE_START MESSAGE_START MESSAGE_STOP,
	    MESSAGE_EVENT("1", ",\"rank\":0")
		MESSAGE_EVENT("1", ",\"ok\":true"));
	check(CHAT "{\"error\":\"model not found\"}" CHAT,
	    CHAT_EVENT "! the reply is an error: model not found\n" CHAT_EVENT);
}

Test(response, parts_may_come_as_lines_of_json, .timeout = 30)
{
	check("{\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\","
	      "\"model\":\"m\",\"usage\":{\"input_tokens\":3}}}\n"
	      "{\"type\":\"content_block_stop\",\"index\":0}\n"
	      "{\"type\":\"message_stop\"}\n",
	    "{\"provider\":\"anthropic\",\"model\":\"m\",\"call\":\"msg_1\","
	    "\"input\":3,\"ok\":true}\n");
}

Test(response, all_line_ends_of_streams_are_understood, .timeout = 30)
{
	static const char stream[] =
	    ": ping\n\nretry: 100\nid: 1\n" MESSAGE_START MESSAGE_DELTA(
		"15", "") MESSAGE_STOP;

	check_line_ends(stream, "\r\n", MESSAGE_EVENT("15", ",\"ok\":true"));
	check_line_ends(stream, "\r", MESSAGE_EVENT("15", ",\"ok\":true"));
	check("\xef\xbb\xbf" CHAT, CHAT_EVENT);
	check("\xef\xbb\xbf" CHUNKS CHUNK_USAGE, CHUNKS_EVENT);
}

Test(response, data_may_have_several_lines, .timeout = 30)
{
	check("event: x\ndata: {\"choices\":[],\ndata:\"usage\"\n: comment\n"
	      "data: :{\"prompt_tokens\":1,\nevent: y\ndata\n"
	      "data:\"completion_tokens\":2}}",
	    "{\"provider\":\"openai\",\"input\":1,\"output\":2,"
	    "\"rank\":0}\n");
	check("data: {\"choices\":[],\n\ndata: [DONE]\n",
	    "! not JSON: the text ends too early\n");
}

Test(response, http_headers_are_passed_over, .timeout = 30)
{
	check("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ndata: x\r\n"
	      "Content-Type: {\r\n\r\n" CHAT
	      "HTTP/2 200 \r\nserver: y\r\n\r\n" CHUNKS CHUNK_USAGE,
	    CHAT_EVENT CHUNKS_EVENT);
	check("HTTP/1.1 204 No Content\r\n\r\n", "! no usage in the reply\n");
}

Test(response, an_error_is_told_by_its_type, .timeout = 30)
{
	check("{\"error\":{\"message\":\"secret\",\"type\":"
	      "\"invalid_request_error\",\"param\":null,\"code\":\"c\"}}",
	    "! the reply is an error: invalid_request_error\n");
	check("{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\","
	      "\"message\":\"Overloaded\"},\"request_id\":\"req_1\"}",
	    "! the reply is an error: overloaded_error\n");
	check("[{\"error\":{\"code\":429,\"message\":\"m\","
	      "\"status\":\"RESOURCE_EXHAUSTED\"}}]",
	    "! the reply is an error: RESOURCE_EXHAUSTED\n");
	check("{\"error\":{\"message\":\"m\",\"code\":402}}",
	    "! the reply is an error: 402\n");
	check("data: {\"error\":{}}\n\ndata: [DONE]\n\n",
	    "! the reply is an error: unknown\n");
}

Test(response, an_error_that_used_tokens_is_a_failed_call, .timeout = 30)
{
	check("{\"id\":\"resp_1\",\"error\":{\"type\":\"t\"},\"usage\":"
	      "{\"input_tokens\":7,\"output_tokens\":0}}",
	    "{\"provider\":\"openai\",\"call\":\"resp_1\",\"input\":7,"
	    "\"ok\":false}\n");
}

Test(response, what_is_no_reply_gets_one_line, .timeout = 30)
{
	static const char gzip[] = "\x1f\x8b\x08\0\0\0\0\0\0\x03{\n{\"a\":\n";

	check("", "! no usage in the reply\n");
	check(" \r\n\n", "! no usage in the reply\n");
	check("{}", "! no usage in the reply\n");
	check("{\"usage\":null}", "! no usage in the reply\n");
	check("<html>\n<body>\n{ x }\n</body>\n",
	    "! neither JSON nor an event stream\n");
	check("null\n", "! neither JSON nor an event stream\n");
	check(
	    "[1,2]\n", "! not JSON: an array of something else than objects\n");
	check("{\"a\":1", "! not JSON: the text ends too early\n");
	check("{\"a\":]}\n", "! not JSON: a bracket that nothing opens\n");
	check("{\"a\" 1}\n", "! not JSON\n");
	check("{\"a\":\"\n\"}\n",
	    "! not JSON: a control character in a string\n");
	check_bytes(gzip, sizeof(gzip) - 1,
	    "! compressed with gzip: curl needs --compressed\n");
}

Test(response, counts_are_exact_and_bounded, .timeout = 30)
{
	check("{\"usage\":{\"prompt_tokens\":9999999999,"
	      "\"completion_tokens\":1e3}}",
	    "{\"provider\":\"openai\",\"input\":9999999999,\"output\":1000,"
	    "\"ok\":true}\n");
	check("{\"usage\":{\"prompt_tokens\":-1}}",
	    "! prompt_tokens: not a whole number of 0 or more\n");
	check("{\"usage\":{\"prompt_tokens\":10000000001}}",
	    "! prompt_tokens: 10000000001 is over the limit of 10000000000\n");
	check("{\"usageMetadata\":{\"thoughtsTokenCount\":\"x\"}}",
	    "! thoughtsTokenCount: not a whole number of 0 or more\n");
}

/* `n` bytes of the filler, between two texts. */
static char *
padded(const char *before, const char *filler, size_t n, const char *after)
{
	char *out = NULL;
	size_t len;
	FILE *f = open_memstream(&out, &len);

	fputs(before, f);
	for (; n >= strlen(filler); n -= strlen(filler))
		fputs(filler, f);
	fputs(after, f);
	fclose(f);
	return out;
}

#define MIB ((size_t)1 << 20)

/* What a reply of this size leaves in memory. */
static size_t
kept_of(const char *bytes, const char *expect)
{
	struct response r;
	char *out = NULL;
	size_t out_len, kept;
	FILE *f = open_memstream(&out, &out_len);

	response_init(&r, write_news, f);
	response_feed(&r, bytes, strlen(bytes));
	response_end(&r);
	kept = r.value.cap + r.reply.json.cap * sizeof(struct json_node);
	response_release(&r);
	fclose(f);
	cr_expect_str_eq(out, expect, "%s instead of %s", out, expect);
	free(out);
	return kept;
}

Test(response, answers_of_any_length_take_no_memory, .timeout = 60)
{
	static const char event[] =
	    "{\"provider\":\"openai\",\"input\":1,\"ok\":true}\n";
	char *text = padded("{\"choices\":[{\"message\":{\"content\":\"",
	    "a\\\"\\u00e9\\\\", 64 * MIB,
	    "\"}}],\"usage\":{\"prompt_tokens\":1}}");
	char *vector = padded("{\"object\":\"list\",\"data\":[{\"embedding\":[",
	    "0.5, ", 64 * MIB, "1]}],\"usage\":{\"prompt_tokens\":1}}");
	char *line = padded("data: {\"object\":\"chat.completion\",\"x\":\"",
	    "\\u00e9", 8 * MIB, "\",\"usage\":{\"prompt_tokens\":1}}\n\n");
	char *const all[] = { text, vector, line };
	size_t i, kept;

	for (i = 0; i < 3; i++) {
		kept = kept_of(all[i], event);
		cr_expect_leq(
		    kept, 64u << 10, "%zu bytes for %.20s", kept, all[i]);
		free(all[i]);
	}
}

Test(response, an_object_without_end_is_refused, .timeout = 60)
{
	char *members = padded("{", "\"a\":1,", 5 * MIB, "\"b\":2}\n" CHAT);
	char *deep = padded("", "{\"a\":", 5 * 200, "\n" CHAT);

	check(members, "! not JSON: too large\n" CHAT_EVENT);
	check(deep, "! not JSON: nested too deeply\n" CHAT_EVENT);
	free(members);
	free(deep);
}

Test(response, a_text_that_is_too_long_is_refused, .timeout = 30)
{
	char *fits = padded("{\"id\":\"gen-", "\\u0061", 6 * 251,
	    "\",\"usage\":{\"prompt_tokens\":1}}");
	char *over = padded("{\"id\":\"gen-", "\\u0061", 6 * 252,
	    "\",\"usage\":{\"prompt_tokens\":1}}");
	char *far = padded("{\"id\":\"gen-", "a", 100000,
	    "\",\"usage\":{\"prompt_tokens\":1}}");
	char *event = padded("{\"provider\":\"openrouter\",\"call\":\"gen-",
	    "a", 251, "\",\"input\":1,\"ok\":true}\n");

	check(fits, event);
	check(over, "! id: longer than 255 bytes\n");
	check(far, "! id: longer than 255 bytes\n");
	free(fits);
	free(over);
	free(far);
	free(event);
}

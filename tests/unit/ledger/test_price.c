/*
 * Calls priced by hand. "working" is the sum in USD a million tokens, as the
 * source beside it gives the rates, and then the dollars it comes to.
 */
#include <criterion/criterion.h>

#include "collectord/ledger/price/price_book.h"
#include "proto/calendar.h"

struct priced {
	const char *provider, *model, *tier, *geo, *when;
	uint64_t n[6]; /* in, out, cache read, write, of it 1h, searches */
	const char *working, *usd, *source;
};

static struct price_counts
counts_of(const uint64_t n[6])
{
	return (struct price_counts){ .input = n[0],
		.output = n[1],
		.cache_read = n[2],
		.cache_write = n[3],
		.cache_write_1h = n[4],
		.web_searches = n[5] };
}

static struct price_call
call_of(const char *provider, const char *model, const char *tier,
    const char *geo, const char *when)
{
	struct price_call call = { text_of(provider), text_of(model),
		text_of(tier), text_of(geo), 0 };

	cr_assert_eq(calendar_parse_time(when, strlen(when), &call.ts_ms, NULL),
	    0, "%s is no time", when);
	return call;
}

/* Through the stored form, as the ledger keeps rules. */
static struct price_rule
stored(const struct price_rule *rule, uint8_t bytes[PRICE_RULE_BYTES_MAX])
{
	struct price_rule again;
	struct wbuf w;

	wbuf_init(&w, bytes, PRICE_RULE_BYTES_MAX);
	price_rule_write(&w, rule);
	cr_assert(!w.failed, "%zu bytes are too few for a rule", w.len);
	cr_assert(price_rule_read(wbuf_span(&w), &again),
	    "%.*s is not read back", (int)rule->entry.len, rule->entry.p);
	return again;
}

static void
check(const struct price_book *book, const struct priced *c)
{
	struct price_call call =
	    call_of(c->provider, c->model, c->tier, c->geo, c->when);
	struct price_counts counts = counts_of(c->n);
	uint8_t bytes[PRICE_RULE_BYTES_MAX];
	struct price_lines lines;
	struct price_rule rule;
	int64_t pico = -1, expected = -1;
	money_sum sum = 0;
	char got[MONEY_TEXT_MAX];

	money_parse(c->usd, strlen(c->usd), &expected);
	cr_assert_eq(price_match(book, &call, &rule), PRICE_OK,
	    "%s %s %s at %s has no price", c->provider, c->model, c->tier,
	    c->when);
	rule = stored(&rule, bytes);
	cr_assert_eq(price_apply(&rule, &counts, &pico, &lines), PRICE_OK,
	    "%s %s %s at %s is not priced", c->provider, c->model, c->tier,
	    c->when);
	money_format(pico, got);
	cr_assert_eq(pico, expected,
	    "%s %s %s %s at %s: %s, expected %s = (%s) / 1M (%s)", c->provider,
	    c->model, c->tier, c->geo, c->when, got, c->usd, c->working,
	    c->source);
	for (uint32_t i = 0; i < lines.n; i++)
		sum += lines.line[i].cost_pico;
	cr_assert_eq((int64_t)sum, pico, "%s: the lines come to %lld, not %lld",
	    c->model, (long long)sum, (long long)pico);
}

#define CHECK_ALL(cases)                                                       \
	do {                                                                   \
		struct price_book *book = price_book_new();                    \
                                                                               \
		cr_assert_not_null(book, "the table does not parse");          \
		for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)    \
			check(book, &cases[i]);                                \
		price_book_free(book);                                         \
	} while (0)

/* Anthropic's classes, each with its own rate. */
static const struct priced classes[] = {
	{ "anthropic", "claude-sonnet-4-5", "", "", "2026-09-01T12:00:00Z",
	    { 1000, 500, 0, 0, 0, 0 }, "1000*3 + 500*15", "0.0105",
	    "Anthropic pricing page 2026-08-22" },
	{ "anthropic", "claude-sonnet-4-5", "", "", "2026-09-01T12:00:00Z",
	    { 10, 200, 50000, 3000, 0, 0 },
	    "10*3 + 200*15 + 50000*0.3 + 3000*3.75", "0.02928",
	    "Anthropic pricing page 2026-08-22" },
	{ "anthropic", "claude-sonnet-4-5", "", "", "2026-09-01T12:00:00Z",
	    { 10, 200, 50000, 3000, 3000, 0 },
	    "10*3 + 200*15 + 50000*0.3 + 3000*6", "0.03603",
	    "Anthropic pricing page 2026-08-22" },
	{ "anthropic", "claude-sonnet-4-5", "", "", "2026-09-01T12:00:00Z",
	    { 10, 200, 0, 3000, 1000, 0 }, "10*3 + 200*15 + 2000*3.75 + 1000*6",
	    "0.01653", "Anthropic pricing page 2026-08-22" },
	{ "anthropic", "claude-opus-4-1", "", "", "2026-09-01T12:00:00Z",
	    { 1234, 567, 89, 1011, 0, 0 },
	    "1234*15 + 567*75 + 89*1.5 + 1011*18.75", "0.08012475",
	    "Anthropic pricing page 2026-08-22" },
	{ "anthropic", "claude-haiku-4-5", "", "", "2026-09-01T12:00:00Z",
	    { 7, 1, 0, 0, 0, 0 }, "7*1 + 1*5", "0.000012",
	    "Anthropic pricing page 2026-08-22" },
	{ "anthropic", "claude-haiku-4-5", "", "", "2026-09-01T12:00:00Z",
	    { 100, 100, 0, 0, 0, 3 }, "100*1 + 100*5 + 3*10000", "0.0306",
	    "Anthropic pricing page 2026-08-22, web search" },
	{ "anthropic", "claude-opus-5", "", "", "2026-09-01T12:00:00Z",
	    { 1, 1, 1, 2, 1, 0 }, "1*5 + 1*25 + 1*0.5 + 1*6.25 + 1*10",
	    "0.00004675", "Anthropic pricing page 2026-08-22" },
	{ "anthropic", "claude-opus-5-5", "", "", "2026-10-01T00:00:00Z",
	    { 100, 100, 100000, 0, 0, 0 }, "100*4 + 100*20 + 100000*0.2",
	    "0.0224", "genai-prices 2026-09-23: read is 0.05 of input" },
	{ "anthropic", "claude-fable-5-1", "", "", "2026-09-01T12:00:00Z",
	    { 0, 10, 1000000, 0, 0, 0 }, "10*50 + 1000000*0.25", "0.2505",
	    "genai-prices 2026-09-23: read is 0.025 of input" },
	{ "anthropic", "claude-mythos-5", "", "", "2026-09-01T12:00:00Z",
	    { 1, 1, 0, 1, 1, 0 }, "1*10 + 1*50 + 1*20", "0.00008",
	    "LiteLLM of 2026-09-22" },
	{ "anthropic", "claude-3-haiku", "", "", "2026-09-01T12:00:00Z",
	    { 1000, 1000, 1000, 2000, 1000, 0 },
	    "1000*0.25 + 1000*1.25 + 1000*0.03 + 1000*0.3 + 1000*0.5",
	    "0.00233", "Anthropic pricing page 2026-08-22" },
};

/* Long prompts: the whole call, by its total prompt. */
static const struct priced long_prompts[] = {
	{ "anthropic", "claude-sonnet-4-5", "", "", "2026-09-01T12:00:00Z",
	    { 200000, 1000, 0, 0, 0, 0 }, "200000*3 + 1000*15", "0.615",
	    "genai-prices 2026-09-23" },
	{ "anthropic", "claude-sonnet-4-5", "", "", "2026-09-01T12:00:00Z",
	    { 200001, 1000, 0, 0, 0, 0 }, "200001*6 + 1000*22.5", "1.222506",
	    "genai-prices 2026-09-23" },
	{ "anthropic", "claude-sonnet-4-5", "", "", "2026-09-01T12:00:00Z",
	    { 1, 1000, 150000, 50000, 10000, 0 },
	    "1*6 + 1000*22.5 + 150000*0.6 + 40000*7.5 + 10000*12", "0.532506",
	    "genai-prices 2026-09-23" },
	{ "anthropic", "claude-haiku-5-5", "", "", "2026-10-20T00:00:00Z",
	    { 100000, 10, 0, 0, 0, 0 }, "100000*0.1 + 10*0.5", "0.010005",
	    "page excerpts, October 2026" },
	{ "anthropic", "claude-haiku-5-5", "", "", "2026-10-20T00:00:00Z",
	    { 1, 10, 100000, 0, 0, 0 }, "1*0.5 + 10*2.5 + 100000*0.05",
	    "0.0050255", "page excerpts, October 2026" },
	{ "openai", "gpt-5.4", "", "", "2026-09-01T12:00:00Z",
	    { 271999, 100, 0, 0, 0, 0 }, "271999*2.5 + 100*15", "0.6814975",
	    "genai-prices 2026-09-23" },
	{ "openai", "gpt-5.4", "", "", "2026-09-01T12:00:00Z",
	    { 272000, 100, 0, 0, 0, 0 }, "272000*5 + 100*22.5", "1.36225",
	    "genai-prices 2026-09-23" },
	{ "openai", "gpt-6-luna", "", "", "2026-09-01T12:00:00Z",
	    { 272000, 0, 0, 0, 0, 0 }, "272000*0.1", "0.0272",
	    "genai-prices 2026-09-23" },
	{ "openai", "gpt-6-luna", "", "", "2026-09-01T12:00:00Z",
	    { 272001, 0, 0, 0, 0, 0 }, "272001*0.2", "0.0544002",
	    "genai-prices 2026-09-23" },
	{ "openai", "gpt-5.4-pro", "", "", "2026-09-01T12:00:00Z",
	    { 0, 1, 272000, 0, 0, 0 }, "1*270 + 272000*60", "16.32027",
	    "genai-prices 2026-09-23: no long cached rate, so input's" },
	{ "google", "gemini-2.5-pro", "", "", "2026-09-01T12:00:00Z",
	    { 200001, 10, 0, 0, 0, 0 }, "200001*2.5 + 10*15", "0.5001525",
	    "genai-prices 2026-09-23" },
	{ "google", "gemini-1.5-flash", "", "", "2026-09-01T12:00:00Z",
	    { 100000, 1, 28001, 0, 0, 0 }, "100000*0.15 + 1*0.6 + 28001*0.0375",
	    "0.0160506375", "genai-prices 2026-09-23" },
	{ "alibaba", "qwen3-coder-plus", "", "", "2026-09-01T12:00:00Z",
	    { 32000, 1, 0, 0, 0, 0 }, "32000*1 + 1*5", "0.032005",
	    "LiteLLM 2026-08-01" },
	{ "alibaba", "qwen3-coder-plus", "", "", "2026-09-01T12:00:00Z",
	    { 32001, 1, 0, 0, 0, 0 }, "32001*1.8 + 1*9", "0.0576108",
	    "LiteLLM 2026-08-01" },
	{ "alibaba", "qwen3-coder-plus", "", "", "2026-09-01T12:00:00Z",
	    { 128001, 1, 0, 0, 0, 0 }, "128001*3 + 1*15", "0.384018",
	    "LiteLLM 2026-08-01" },
	{ "alibaba", "qwen3-coder-plus", "", "", "2026-09-01T12:00:00Z",
	    { 256001, 1, 0, 0, 0, 0 }, "256001*6 + 1*60", "1.536066",
	    "LiteLLM 2026-08-01" },
	{ "xai", "grok-4.6", "", "", "2026-09-01T12:00:00Z",
	    { 200000, 10, 0, 0, 0, 0 }, "200000*4 + 10*12", "0.80012",
	    "genai-prices 2026-09-23" },
	{ "minimax", "MiniMax-M3", "", "", "2026-09-01T12:00:00Z",
	    { 512001, 0, 0, 0, 0, 0 }, "512001*0.6", "0.3072006",
	    "genai-prices 2026-09-23" },
};

/* The day a price changed, UTC, to the millisecond. */
static const struct priced dated[] = {
	{ "anthropic", "claude-opus-4-6", "", "", "2026-03-12T23:59:59.999Z",
	    { 200001, 10, 0, 0, 0, 0 }, "200001*10 + 10*37.5", "2.000385",
	    "genai-prices 2026-09-23" },
	{ "anthropic", "claude-opus-4-6", "", "", "2026-03-13T00:00:00Z",
	    { 200001, 10, 0, 0, 0, 0 }, "200001*5 + 10*25", "1.000255",
	    "genai-prices 2026-09-23" },
	{ "anthropic", "claude-sonnet-4-6", "", "", "2026-03-12T12:00:00Z",
	    { 300000, 0, 0, 0, 0, 0 }, "300000*6", "1.8",
	    "genai-prices 2026-09-23" },
	{ "anthropic", "claude-sonnet-4-6", "", "", "2026-03-13T12:00:00Z",
	    { 300000, 0, 0, 0, 0, 0 }, "300000*3", "0.9",
	    "genai-prices 2026-09-23" },
	{ "openai", "gpt-5.6-luna", "", "", "2026-07-29T23:59:59Z",
	    { 1000, 1000, 0, 1000, 0, 0 }, "1000*1 + 1000*6 + 1000*1.25",
	    "0.00825", "genai-prices 2026-09-23" },
	{ "openai", "gpt-5.6-luna", "", "", "2026-07-30T00:00:00Z",
	    { 1000, 1000, 0, 1000, 0, 0 }, "1000*0.2 + 1000*1.2 + 1000*0.25",
	    "0.00165", "genai-prices 2026-09-23" },
	{ "openai", "gpt-5.6-sol", "", "", "2026-08-20T10:00:00Z",
	    { 1000, 1000, 0, 0, 0, 0 }, "1000*5 + 1000*30", "0.035",
	    "genai-prices 2026-09-23" },
	{ "openai", "gpt-5.6-sol", "", "", "2026-08-21T00:00:00Z",
	    { 1000, 1000, 0, 0, 0, 0 }, "1000*4 + 1000*20", "0.024",
	    "genai-prices 2026-09-23" },
	{ "openai", "o3", "", "", "2025-06-09T23:59:59Z",
	    { 1000, 1000, 0, 0, 0, 0 }, "1000*10 + 1000*40", "0.05",
	    "genai-prices 2026-09-23" },
	{ "openai", "o3", "", "", "2025-06-10T00:00:00Z",
	    { 1000, 1000, 1000, 0, 0, 0 }, "1000*2 + 1000*8 + 1000*0.5",
	    "0.0105", "genai-prices 2026-09-23" },
	{ "google", "gemini-3.7-flash", "", "", "2026-12-31T23:59:59.999Z",
	    { 1000, 1000, 0, 0, 0, 0 }, "1000*0.75 + 1000*3.75", "0.0045",
	    "genai-prices 2026-09-23" },
	{ "google", "gemini-3.7-flash", "", "", "2027-01-01T00:00:00Z",
	    { 1000, 1000, 0, 0, 0, 0 }, "1000*1.5 + 1000*7.5", "0.009",
	    "genai-prices 2026-09-23" },
};

/* Hours of the day: DeepSeek's peak, off at the weekend. */
static const struct priced hours[] = {
	{ "deepseek", "deepseek-v4-flash", "", "", "2026-08-16T02:00:00Z",
	    { 1000, 1000, 1000, 0, 0, 0 },
	    "1000*0.14 + 1000*0.28 + 1000*0.0028", "0.0004228",
	    "genai-prices 2026-09-23: no peak before 08-17" },
	{ "deepseek", "deepseek-v4-flash", "", "", "2026-08-17T00:59:59.999Z",
	    { 1000, 1000, 1000, 0, 0, 0 }, "1000*0.22 + 1000*0.66 + 1000*0.007",
	    "0.000887", "genai-prices 2026-09-23" },
	{ "deepseek", "deepseek-v4-flash", "", "", "2026-08-17T01:00:00Z",
	    { 1000, 1000, 1000, 0, 0, 0 }, "1000*0.44 + 1000*1.32 + 1000*0.014",
	    "0.001774", "genai-prices 2026-09-23" },
	{ "deepseek", "deepseek-v4-flash", "", "", "2026-08-17T04:00:00Z",
	    { 1000, 0, 0, 0, 0, 0 }, "1000*0.22", "0.00022",
	    "genai-prices 2026-09-23" },
	{ "deepseek", "deepseek-v4-pro", "", "", "2026-08-18T06:00:00Z",
	    { 1000, 1000, 1000, 0, 0, 0 }, "1000*1.32 + 1000*3.96 + 1000*0.044",
	    "0.005324", "genai-prices 2026-09-23" },
	{ "deepseek", "deepseek-v4-pro", "", "", "2026-08-18T09:59:59Z",
	    { 1000, 0, 0, 0, 0, 0 }, "1000*1.32", "0.00132",
	    "genai-prices 2026-09-23" },
	{ "deepseek", "deepseek-v4-pro", "", "", "2026-08-18T10:00:00Z",
	    { 1000, 0, 0, 0, 0, 0 }, "1000*0.66", "0.00066",
	    "genai-prices 2026-09-23" },
	{ "deepseek", "deepseek-v4-pro", "", "", "2026-08-22T02:00:00Z",
	    { 1000, 0, 0, 0, 0, 0 }, "1000*1.32", "0.00132",
	    "genai-prices 2026-09-23: a Saturday, but before 08-23" },
	{ "deepseek", "deepseek-v4-pro", "", "", "2026-08-23T02:00:00Z",
	    { 1000, 0, 0, 0, 0, 0 }, "1000*0.66", "0.00066",
	    "genai-prices 2026-09-23: a Sunday" },
	{ "deepseek", "deepseek-v4-pro", "", "", "2026-08-24T02:00:00Z",
	    { 1000, 0, 0, 0, 0, 0 }, "1000*1.32", "0.00132",
	    "genai-prices 2026-09-23: a Monday" },
};

/* Tiers of service and regions. */
static const struct priced tiers[] = {
	{ "anthropic", "claude-sonnet-4-5", "standard", "",
	    "2026-09-01T12:00:00Z", { 1000, 500, 0, 0, 0, 0 },
	    "1000*3 + 500*15", "0.0105", "Anthropic pricing page 2026-08-22" },
	{ "anthropic", "claude-sonnet-4-5", "batch", "", "2026-09-01T12:00:00Z",
	    { 1000, 500, 1000, 2000, 1000, 0 },
	    "(1000*3 + 500*15 + 1000*0.3 + 1000*3.75 + 1000*6) / 2", "0.010275",
	    "Anthropic pricing page 2026-08-22, batch half" },
	{ "anthropic", "claude-sonnet-4-5", "batch", "", "2026-09-01T12:00:00Z",
	    { 300000, 0, 0, 0, 0, 0 }, "300000*6 / 2", "0.9",
	    "Anthropic pricing page 2026-08-22, batch half; step genai-prices "
	    "2026-09-23" },
	{ "anthropic", "claude-opus-5", "fast", "", "2026-09-01T12:00:00Z",
	    { 1000, 1000, 1000, 2000, 1000, 0 },
	    "1000*10 + 1000*50 + 1000*1 + 1000*12.5 + 1000*20", "0.0935",
	    "Anthropic pricing page 2026-08-22, fast mode" },
	{ "anthropic", "claude-opus-4-6", "fast", "", "2026-03-01T00:00:00Z",
	    { 300000, 10, 0, 0, 0, 0 }, "300000*30 + 10*150", "9.0015",
	    "Anthropic pricing page 2026-08-22, fast mode of any length" },
	{ "anthropic", "claude-opus-4-8", "", "us", "2026-09-01T12:00:00Z",
	    { 1000, 1000, 1000, 2000, 1000, 1 },
	    "(1000*5 + 1000*25 + 1000*0.5 + 1000*6.25 + 1000*10) * 1.1 + 10000",
	    "0.061425", "Anthropic pricing page 2026-08-22, US inference 1.1" },
	{ "anthropic", "claude-opus-4-8", "batch", "us", "2026-09-01T12:00:00Z",
	    { 1000, 1000, 0, 0, 0, 0 }, "(1000*5 + 1000*25) / 2 * 1.1",
	    "0.0165", "Anthropic pricing page 2026-08-22" },
	{ "anthropic", "claude-opus-4-5", "", "us", "2026-09-01T12:00:00Z",
	    { 1000, 0, 0, 0, 0, 0 }, "1000*5", "0.005",
	    "Anthropic pricing page 2026-08-22: 1.1 from 4.6 on only" },
	{ "anthropic", "claude-opus-4-8", "", "global", "2026-09-01T12:00:00Z",
	    { 1000, 0, 0, 0, 0, 0 }, "1000*5", "0.005",
	    "Anthropic pricing page 2026-08-22" },
	{ "openai", "gpt-5", "batch", "", "2026-09-01T12:00:00Z",
	    { 1000, 1000, 1000, 0, 0, 0 }, "1000*0.625 + 1000*5 + 1000*0.0625",
	    "0.0056875", "OpenAI pricing page, batch half" },
	{ "openai", "gpt-4.1", "batch", "", "2026-09-01T12:00:00Z",
	    { 1000, 1000, 1000, 0, 0, 0 }, "1000*1 + 1000*4 + 1000*1", "0.006",
	    "OpenAI pricing page, batch half; nothing off for cached" },
	{ "openai", "gpt-5.5", "batch", "", "2026-09-01T12:00:00Z",
	    { 272000, 0, 0, 0, 0, 0 }, "272000*10 / 2", "1.36",
	    "OpenAI pricing page, batch half" },
	{ "openai", "gpt-5.5", "flex", "", "2026-09-01T12:00:00Z",
	    { 1000, 1000, 0, 0, 0, 0 }, "1000*2.5 + 1000*15", "0.0175",
	    "OpenAI pricing page, flex half" },
	{ "openai", "o4-mini", "flex", "", "2026-09-01T12:00:00Z",
	    { 1000, 1000, 1000, 0, 0, 0 }, "1000*0.55 + 1000*2.2 + 1000*0.1375",
	    "0.0028875", "OpenAI pricing page, flex half" },
	{ "openai", "gpt-5.5", "priority", "", "2026-09-01T12:00:00Z",
	    { 1000, 1000, 1000, 0, 0, 0 }, "1000*12.5 + 1000*75 + 1000*1.25",
	    "0.08875", "OpenAI priority processing page" },
	{ "openai", "gpt-5.5", "fast", "", "2026-09-01T12:00:00Z",
	    { 1000, 1000, 1000, 0, 0, 0 }, "1000*12.5 + 1000*75 + 1000*1.25",
	    "0.08875", "OpenAI priority processing page: now called fast" },
	{ "openai", "gpt-5-mini", "priority", "", "2026-09-01T12:00:00Z",
	    { 1000, 1000, 1000, 0, 0, 0 }, "1000*0.45 + 1000*3.6 + 1000*0.045",
	    "0.004095", "OpenAI priority processing page" },
	{ "openai", "gpt-4o", "priority", "", "2026-09-01T12:00:00Z",
	    { 1000, 1000, 1000, 0, 0, 0 }, "1000*4.25 + 1000*17 + 1000*2.125",
	    "0.023375", "OpenAI priority processing page" },
	{ "google", "gemini-2.5-pro", "batch", "", "2026-09-01T12:00:00Z",
	    { 1000, 1000, 0, 0, 0, 0 }, "(1000*1.25 + 1000*10) / 2", "0.005625",
	    "Gemini API optimization page, half" },
	{ "google", "gemini-2.5-pro", "flex", "", "2026-09-01T12:00:00Z",
	    { 200001, 0, 0, 0, 0, 0 }, "200001*2.5 / 2", "0.25000125",
	    "Gemini API optimization page, half" },
};

/* Borrowed rates. */
static const struct priced borrowed[] = {
	{ "openai", "gpt-4", "", "", "2026-09-01T12:00:00Z",
	    { 1000, 10, 500, 100, 50, 0 },
	    "1000*30 + 10*60 + 500*30 + 50*30 + 50*30", "0.0486",
	    "genai-prices 2026-09-23: input's for every cache class" },
	{ "google", "gemini-2.5-flash", "", "", "2026-09-01T12:00:00Z",
	    { 10, 10, 10, 10, 0, 0 }, "10*0.3 + 10*2.5 + 10*0.03 + 10*0.3",
	    "0.0000313", "genai-prices 2026-09-23" },
	{ "minimax", "MiniMax-M2", "", "", "2026-09-01T12:00:00Z",
	    { 0, 1, 0, 100, 100, 0 }, "1*1.2 + 100*0.375", "0.0000387",
	    "genai-prices 2026-09-23: an hour at the 5 minute rate" },
	{ "zai", "glm-4.6", "", "", "2026-09-01T12:00:00Z",
	    { 10, 10, 10, 10, 0, 0 }, "10*0.6 + 10*2.2 + 10*0.11 + 10*0.6",
	    "0.0000351",
	    "LiteLLM of 2026-09-22: a zero for writes means none" },
	{ "zai", "glm-4.5-flash", "", "", "2026-09-01T12:00:00Z",
	    { 1000000, 1000000, 0, 0, 0, 0 }, "0", "0",
	    "LiteLLM of 2026-09-22: free is not unpriced" },
	{ "openai", "gpt-5", "", "", "2026-09-01T12:00:00Z",
	    { 100, 0, 0, 0, 0, 7 }, "100*1.25", "0.000125",
	    "genai-prices 2026-09-23: searches without a rate are left out" },
};

/* Names. */
static const struct priced names[] = {
	{ "anthropic", "claude-sonnet-4-5-20250929", "", "",
	    "2026-09-01T12:00:00Z", { 1000, 0, 0, 0, 0, 0 }, "1000*3", "0.003",
	    "alias" },
	{ "anthropic", "claude-sonnet-4-5-20271231", "", "",
	    "2026-09-01T12:00:00Z", { 1000, 0, 0, 0, 0, 0 }, "1000*3", "0.003",
	    "snapshot by rule" },
	{ "anthropic", "CLAUDE-Sonnet-4-5", "", "", "2026-09-01T12:00:00Z",
	    { 1000, 0, 0, 0, 0, 0 }, "1000*3", "0.003", "case" },
	{ "anthropic", "claude-opus-4-6[1m]", "", "", "2026-09-01T12:00:00Z",
	    { 1000, 0, 0, 0, 0, 0 }, "1000*5", "0.005", "context mark" },
	{ "", "anthropic/claude-sonnet-4-5", "", "", "2026-09-01T12:00:00Z",
	    { 1000, 0, 0, 0, 0, 0 }, "1000*3", "0.003", "vendor prefix" },
	{ "openrouter", "anthropic/claude-sonnet-4.5", "", "",
	    "2026-09-01T12:00:00Z", { 1000, 0, 0, 0, 0, 0 }, "1000*3", "0.003",
	    "dotted alias" },
	{ "", "openrouter/anthropic/claude-opus-4.1", "", "",
	    "2026-09-01T12:00:00Z", { 1000, 0, 0, 0, 0, 0 }, "1000*15", "0.015",
	    "two prefixes" },
	{ "bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "", "",
	    "2026-09-01T12:00:00Z", { 1000, 0, 0, 0, 0, 0 }, "1000*3", "0.003",
	    "Bedrock profile" },
	{ "", "bedrock/eu.anthropic.claude-3-5-sonnet-20241022-v2:0", "", "",
	    "2026-09-01T12:00:00Z", { 1000, 0, 0, 0, 0, 0 }, "1000*3", "0.003",
	    "prefix and profile" },
	{ "amazon-bedrock", "global.anthropic.claude-opus-4-6-v1", "", "",
	    "2026-09-01T12:00:00Z", { 1000, 0, 0, 0, 0, 0 }, "1000*5", "0.005",
	    "Bedrock without a date" },
	{ "bedrock", "anthropic.claude-3-haiku-20240307-v1:0", "", "",
	    "2026-09-01T12:00:00Z", { 1000, 0, 0, 0, 0, 0 }, "1000*0.25",
	    "0.00025", "Bedrock without a region" },
	{ "vertex_ai", "vertex_ai/claude-opus-4-1@20250805", "", "",
	    "2026-09-01T12:00:00Z", { 1000, 0, 0, 0, 0, 0 }, "1000*15", "0.015",
	    "Vertex" },
	{ "vertex_ai", "claude-opus-5@default", "", "", "2026-09-01T12:00:00Z",
	    { 1000, 0, 0, 0, 0, 0 }, "1000*5", "0.005", "Vertex default" },
	{ "vertex_ai", "claude-3-5-sonnet-v2@20241022", "", "",
	    "2026-09-01T12:00:00Z", { 1000, 0, 0, 0, 0, 0 }, "1000*3", "0.003",
	    "Vertex alias" },
	{ "azure", "azure/gpt-4o-2024-11-20", "", "", "2026-09-01T12:00:00Z",
	    { 1000, 0, 0, 0, 0, 0 }, "1000*2.5", "0.0025", "Azure, alias" },
	{ "openai", "gpt-4o-2024-05-13", "", "", "2026-09-01T12:00:00Z",
	    { 1000, 0, 0, 0, 0, 0 }, "1000*5", "0.005",
	    "a snapshot with its own price" },
	{ "openai", "gpt-5.2-2025-12-11", "", "", "2026-09-01T12:00:00Z",
	    { 1000, 0, 0, 0, 0, 0 }, "1000*1.75", "0.00175", "alias" },
	{ "google", "models/gemini-2.5-flash", "", "", "2026-09-01T12:00:00Z",
	    { 1000, 0, 0, 0, 0, 0 }, "1000*0.3", "0.0003", "Gemini API" },
	{ "openrouter", "x-ai/grok-4.1-fast", "", "", "2026-09-01T12:00:00Z",
	    { 1000, 0, 0, 0, 0, 0 }, "1000*0.2", "0.0002", "alias" },
	{ "openrouter", "moonshotai/kimi-k2-0905", "", "",
	    "2026-09-01T12:00:00Z", { 1000, 0, 0, 0, 0, 0 }, "1000*0.6",
	    "0.0006", "alias" },
	{ "openrouter", "z-ai/glm-4.6", "", "", "2026-09-01T12:00:00Z",
	    { 1000, 0, 0, 0, 0, 0 }, "1000*0.6", "0.0006", "vendor prefix" },
	{ "github-copilot", "claude-haiku-4.5", "", "", "2026-09-01T12:00:00Z",
	    { 1000, 0, 0, 0, 0, 0 }, "1000*1", "0.001", "dotted alias" },
	{ "anthropic", "glm-4.6", "", "", "2026-09-01T12:00:00Z",
	    { 1000, 0, 0, 0, 0, 0 }, "1000*0.6", "0.0006",
	    "an Anthropic-compatible service" },
	{ "my-gateway", "gpt-5", "", "", "2026-09-01T12:00:00Z",
	    { 1000, 0, 0, 0, 0, 0 }, "1000*1.25", "0.00125",
	    "an unknown provider" },
};
Test(price, every_class_has_its_own_rate, .timeout = 30)
{
	CHECK_ALL(classes);
}

Test(price, a_long_prompt_reprices_the_whole_call, .timeout = 30)
{
	CHECK_ALL(long_prompts);
}

Test(price, a_call_is_priced_by_its_own_day, .timeout = 30)
{
	CHECK_ALL(dated);
}

Test(price, dear_hours_and_weekends_are_by_the_utc_clock, .timeout = 30)
{
	CHECK_ALL(hours);
}

Test(price, tiers_and_regions_have_published_prices_only, .timeout = 30)
{
	CHECK_ALL(tiers);
}

Test(price, a_missing_rate_is_borrowed_as_documented, .timeout = 30)
{
	CHECK_ALL(borrowed);
}

Test(price, names_are_matched_exactly_or_by_rule, .timeout = 30)
{
	CHECK_ALL(names);
}

static const struct {
	const char *provider, *model, *tier, *why;
} unpriced[] = {
	{ "anthropic", "claude-haiku-6", "", "unknown" },
	{ "anthropic", "claude-haiku-5-5-mini", "", "no nearest neighbour" },
	{ "anthropic", "my-claude-sonnet-4-5", "", "no substring" },
	{ "anthropic", "claude-sonnet-4-5-20251332", "", "no such day" },
	{ "anthropic", "claude-sonnet-4-5-fast", "", "no such id" },
	{ "openrouter", "deepseek/deepseek-chat:free", "", "another offer" },
	{ "openrouter", "deepseek/gpt-5", "", "not that vendor's" },
	{ "", "someone/gpt-5", "", "an unknown path" },
	{ "", "anthropic/", "", "nothing behind the slash" },
	{ "", "us.anthropic.", "", "nothing behind the dots" },
	{ "", "-20250929", "", "only a date" },
	{ "anthropic", "", "", "no name" },
	{ "ollama", "qwen3-32b", "", "a local program" },
	{ "", "ollama/qwen3-32b", "", "a local program, as a path" },
	{ "lmstudio", "deepseek-r1", "", "a local program" },
	{ "groq", "qwen3-32b", "", "a host with its own prices" },
	{ "anthropic", "claude-opus-5", "priority", "sold by contract" },
	{ "anthropic", "claude-opus-5", "flex", "not sold" },
	{ "anthropic", "claude-opus-5-5", "fast", "not published" },
	{ "google", "gemini-2.5-pro", "priority", "a span, no price" },
	{ "openai", "gpt-5-codex", "batch", "not in the batch table" },
	{ "openai", "gpt-5", "tomorrow", "no such tier" },
	{ "deepseek", "deepseek-v4-pro", "batch", "not sold" },
};

Test(price, what_is_not_published_is_unpriced, .timeout = 30)
{
	struct price_book *book = price_book_new();
	struct price_rule rule;

	for (size_t i = 0; i < sizeof(unpriced) / sizeof(*unpriced); i++) {
		struct price_call call =
		    call_of(unpriced[i].provider, unpriced[i].model,
			unpriced[i].tier, "", "2026-09-01T12:00:00Z");

		cr_assert_eq(price_match(book, &call, &rule), PRICE_UNPRICED,
		    "%s %s %s is priced (%s)", unpriced[i].provider,
		    unpriced[i].model, unpriced[i].tier, unpriced[i].why);
	}
	price_book_free(book);
}

Test(price, priority_has_no_price_for_long_prompts, .timeout = 30)
{
	struct price_book *book = price_book_new();
	struct price_call call = call_of(
	    "openai", "gpt-5.5", "priority", "", "2026-09-01T12:00:00Z");
	struct price_counts c = { .input = 271999 };
	struct price_rule rule;
	int64_t pico = -7;

	cr_assert_eq(price_match(book, &call, &rule), PRICE_OK);
	cr_assert_eq(price_apply(&rule, &c, &pico, NULL), PRICE_OK);
	cr_assert_eq(pico, 271999 * 12500000ll, "%lld", (long long)pico);
	c.input++;
	pico = -7;
	cr_assert_eq(price_apply(&rule, &c, &pico, NULL), PRICE_UNPRICED);
	cr_assert_eq(pico, -7, "a refusal wrote %lld", (long long)pico);
	price_book_free(book);
}

Test(price, lines_say_what_was_borrowed_and_left_out, .timeout = 30)
{
	struct price_rule rule = { .kind = PRICE_OVERRIDE };
	struct price_counts c = { .input = 1,
		.cache_read = 2,
		.cache_write = 7,
		.cache_write_1h = 3,
		.web_searches = 5 };
	struct price_lines l;
	int64_t pico;

	price_rates_init(&rule.base);
	rule.base.of[PRICE_INPUT] = 10;
	rule.base.of[PRICE_OUTPUT] = 20;
	price_rates_lend(&rule.base, true);
	cr_assert_eq(price_apply(&rule, &c, &pico, &l), PRICE_OK);
	cr_assert_eq(l.n, 5, "%u lines", l.n);
	cr_assert_eq(pico, 10 + 20 + 40 + 60, "%lld", (long long)pico);
	cr_assert(!l.line[0].assumed && l.line[1].assumed &&
		  l.line[2].assumed && l.line[3].assumed);
	cr_assert_eq(l.line[3].rate, 20, "1h at %lld, not twice input",
	    (long long)l.line[3].rate);
	cr_assert_eq(l.line[4].rate, PRICE_UNKNOWN, "searches at %lld",
	    (long long)l.line[4].rate);
	cr_assert_eq(l.line[4].n, 5);
}

Test(price, a_cost_beyond_64_bits_is_an_error, .timeout = 30)
{
	struct price_rule rule = { .kind = PRICE_TABLE };
	struct price_counts c = { .input = 9223372036854, .output = 0 };
	struct price_lines l;
	int64_t pico = -7;
	int rc;

	rule.base.of[PRICE_INPUT] = 1000000;
	rule.base.of[PRICE_OUTPUT] = 775807;
	rc = price_apply(&rule, &c, &pico, &l);
	cr_assert_eq(rc, PRICE_OK, "rc %d", rc);
	c.output = 1;
	rc = price_apply(&rule, &c, &pico, &l);
	cr_assert(rc == PRICE_OK && pico == INT64_MAX, "rc %d, %lld", rc,
	    (long long)pico);
	pico = -7;
	c.output = 2;
	rc = price_apply(&rule, &c, &pico, &l);
	cr_assert(rc == PRICE_ERANGE && pico == -7, "rc %d, %lld", rc,
	    (long long)pico);
	c.input = UINT64_MAX;
	rc = price_apply(&rule, &c, &pico, NULL);
	cr_assert_eq(rc, PRICE_ERANGE, "rc %d", rc);
}

Test(price, a_prompt_beyond_64_bits_is_long, .timeout = 30)
{
	struct price_rule rule = { .n_steps = 1 };
	struct price_counts c = { .input = UINT64_MAX, .cache_read = 2 };
	struct price_lines l;
	int64_t pico = -7;

	rule.steps[0].above = 100;
	cr_assert_eq(price_apply(&rule, &c, &pico, &l), PRICE_OK);
	cr_assert(
	    l.is_long && pico == 0, "%d, %lld", l.is_long, (long long)pico);
}

Test(price, rates_are_whole_picodollars_or_an_error, .timeout = 30)
{
	static const struct {
		const char *text;
		int rc;
		int64_t pico;
	} cases[] = {
		{ "3", 0, 3000000 },
		{ "0", 0, 0 },
		{ "-0", 0, 0 },
		{ "0.000001", 0, 1 },
		{ "0.234375", 0, 234375 },
		{ "3.750", 0, 3750000 },
		{ "1e-6", 0, 1 },
		{ "1e6", 0, PRICE_RATE_MAX },
		{ "1000000.000001", -1, 0 },
		{ "0.0000001", -1, 0 },
		{ "0.0000015", -1, 0 },
		{ "-1", -1, 0 },
		{ ".3", -1, 0 },
		{ "", -1, 0 },
		{ "3 ", -1, 0 },
		{ "nan", -1, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int64_t pico = 0;
		int rc = price_parse_rate(
		    cases[i].text, strlen(cases[i].text), &pico);

		cr_assert(rc == cases[i].rc && pico == cases[i].pico,
		    "\"%s\": rc %d %lld, expected %d %lld", cases[i].text, rc,
		    (long long)pico, cases[i].rc, (long long)cases[i].pico);
	}
}

static struct price_rule
full_rule(void)
{
	struct price_rule rule = { .kind = PRICE_OVERRIDE,
		.entry = TEXT("openrouter/x"),
		.tier = TEXT("batch"),
		.geo = TEXT("us"),
		.window = TEXT("01:00-04:00"),
		.since_day = PRICE_ALWAYS,
		.n_steps = PRICE_STEPS_MAX };

	for (int i = 0; i < PRICE_CLASSES; i++)
		rule.base.of[i] = i * 1000003;
	rule.base.of[PRICE_WEB_SEARCH] = PRICE_UNKNOWN;
	rule.base.assumed = 5;
	for (uint32_t i = 0; i < rule.n_steps; i++) {
		rule.steps[i].above = 1000 + i;
		rule.steps[i].rates = rule.base;
	}
	return rule;
}

Test(price, a_stored_rule_has_one_form_and_damage_is_noticed, .timeout = 30)
{
	struct price_rule rule = full_rule(), again;
	uint8_t a[PRICE_RULE_BYTES_MAX], b[PRICE_RULE_BYTES_MAX];
	struct wbuf w, w2;

	wbuf_init(&w, a, sizeof(a));
	price_rule_write(&w, &rule);
	cr_assert(price_rule_read(wbuf_span(&w), &again));
	wbuf_init(&w2, b, sizeof(b));
	price_rule_write(&w2, &again);
	cr_assert(w.len == w2.len && memcmp(a, b, w.len) == 0,
	    "%zu and %zu bytes", w.len, w2.len);
	for (size_t len = 0; len < w.len; len++)
		cr_assert(!price_rule_read((struct span){ a, len }, &again),
		    "%zu of %zu bytes are a rule", len, w.len);
	cr_assert(!price_rule_read((struct span){ a, w.len + 1 }, &again));
	for (size_t i = 0; i < w.len; i++) {
		uint8_t was = a[i];

		for (int bit = 0; bit < 8; bit++) {
			a[i] = was ^ (uint8_t)(1 << bit);
			/* Safe under the sanitizers, whatever it says. */
			(void)price_rule_read(wbuf_span(&w), &again);
		}
		a[i] = was;
	}
}

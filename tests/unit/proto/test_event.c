#include <criterion/criterion.h>
#include <string.h>

#include "proto/event.h"
#include "proto/limits.h"
#include "proto/money.h"

#define NOW_MS 1795000000000ll
#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

static struct event
good_event(void)
{
	struct event ev;

	event_init(&ev);
	ev.text[EV_SESSION] = TEXT("s");
	ev.text[EV_MESSAGE] = TEXT("m");
	return ev;
}

static void
check_good(const struct event *ev)
{
	struct error err = { 0 };

	cr_assert_eq(event_validate(ev, NOW_MS, &err), 0,
	    "refused: %s %s \"%s\"", error_name(err.code),
	    err.field == NULL ? "-" : err.field, err.message);
}

static void
check_bad(const struct event *ev, enum error_code code, const char *field,
    const char *message)
{
	struct error err = { 0 };

	cr_assert_eq(
	    event_validate(ev, NOW_MS, &err), -1, "%s accepted", field);
	cr_assert_eq(err.code, code, "%s, expected %s", error_name(err.code),
	    error_name(code));
	cr_assert_str_eq(err.field, field, "%s, expected %s", err.field, field);
	cr_assert_str_eq(err.message, message, "\"%s\", expected \"%s\"",
	    err.message, message);
	cr_assert_eq(event_validate(ev, NOW_MS, NULL), -1);
}

Test(event, names_are_all_there_and_differ, .timeout = 30)
{
	for (int i = 0; i < EV_TEXTS; i++) {
		cr_assert_not_null(event_text_names[i], "text %d", i);
		for (int j = 0; j < i; j++)
			cr_assert_str_neq(
			    event_text_names[i], event_text_names[j]);
	}
	for (int i = 0; i < EV_COUNTS; i++) {
		cr_assert_not_null(event_count_names[i], "count %d", i);
		for (int j = 0; j < i; j++)
			cr_assert_str_neq(
			    event_count_names[i], event_count_names[j]);
	}
}

Test(event, a_fresh_event_is_absent_but_for_its_rank, .timeout = 30)
{
	struct event ev;

	memset(&ev, 0xff, sizeof(ev));
	event_init(&ev);
	cr_assert_eq(ev.rank, EVENT_RANK_DEFAULT, "%d", ev.rank);
	cr_assert_eq(ev.text[EV_SOURCE].len, 0);
	cr_assert_eq(ev.count[EV_OUTCOME], OUTCOME_UNSAID);
	cr_assert_not(ev.has_cost);
}

Test(event, session_and_one_id_are_required, .timeout = 30)
{
	struct event ev = good_event();

	check_good(&ev);
	ev.text[EV_MESSAGE].len = 0;
	check_bad(
	    &ev, ERR_MISSING, "message", "a message or a call is required");
	ev.text[EV_CALL] = TEXT("c");
	check_good(&ev);
	ev.text[EV_SESSION].len = 0;
	check_bad(&ev, ERR_MISSING, "session", "a session is required");
}

Test(event, every_text_is_bounded_and_clean, .timeout = 30)
{
	char longest[LIMIT_TEXT + 1];

	memset(longest, 'x', sizeof(longest));
	for (int i = 0; i < EV_TEXTS; i++) {
		struct event ev = good_event();

		ev.text[i] = (struct text){ longest, LIMIT_TEXT + 1 };
		check_bad(&ev, ERR_BAD_TEXT, event_text_names[i],
		    "256 bytes, the limit is 255");
		ev.text[i] = TEXT("a\nb");
		check_bad(&ev, ERR_BAD_TEXT, event_text_names[i],
		    "control characters, or not UTF-8");
		if (i == EV_KIND || i == EV_BILLING || i == EV_TIER)
			continue;
		ev.text[i] = (struct text){ longest, LIMIT_TEXT };
		check_good(&ev);
	}
}

Test(event, kind_billing_and_tier_are_of_their_few_words, .timeout = 30)
{
	static const struct {
		enum event_text field;
		const char *word;
	} good[] = {
		{ EV_KIND, "main" },
		{ EV_KIND, "subagent" },
		{ EV_KIND, "tool" },
		{ EV_BILLING, "metered" },
		{ EV_BILLING, "plan" },
		{ EV_TIER, "standard" },
		{ EV_TIER, "batch" },
		{ EV_TIER, "flex" },
		{ EV_TIER, "priority" },
		{ EV_TIER, "fast" },
		{ EV_TIER, "" },
	};
	struct event ev;

	for (size_t i = 0; i < LENGTH(good); i++) {
		ev = good_event();
		ev.text[good[i].field] = text_of(good[i].word);
		check_good(&ev);
	}
	ev = good_event();
	ev.text[EV_KIND] = TEXT("Main");
	check_bad(&ev, ERR_OUT_OF_RANGE, "kind",
	    "not main, subagent or tool: \"Main\"");
	ev = good_event();
	ev.text[EV_BILLING] = TEXT("meteredx");
	check_bad(&ev, ERR_OUT_OF_RANGE, "billing",
	    "not metered or plan: \"meteredx\"");
	ev = good_event();
	ev.text[EV_TIER] = TEXT("slow");
	check_bad(&ev, ERR_OUT_OF_RANGE, "tier",
	    "not standard, batch, flex, priority or fast: \"slow\"");
}

Test(event, a_cut_message_stays_utf8, .timeout = 30)
{
	struct error err = { 0 };
	char said[LIMIT_TEXT];

	for (uint32_t shift = 0; shift < 4; shift++) {
		struct event ev = good_event();

		memset(said, 'a', sizeof(said));
		for (uint32_t i = shift; i + 3 <= sizeof(said); i += 3)
			memcpy(said + i, "\xe4\xbd\xa0", 3);
		ev.text[EV_KIND] =
		    (struct text){ said, shift + (255 - shift) / 3 * 3 };
		cr_assert_eq(event_validate(&ev, NOW_MS, &err), -1);
		cr_assert_gt(strlen(err.message), 100, "\"%s\"", err.message);
		cr_assert(
		    text_is_clean(text_of(err.message)), "\"%s\"", err.message);
	}
}

Test(event, counts_have_limits, .timeout = 30)
{
	for (int i = 0; i < EV_LATENCY_MS; i++) {
		struct event ev = good_event();

		ev.count[EV_CACHE_WRITE] = LIMIT_TOKENS;
		ev.count[EV_OUTPUT] = LIMIT_TOKENS;
		ev.count[i] = LIMIT_TOKENS;
		check_good(&ev);
		ev.count[i] = LIMIT_TOKENS + 1;
		check_bad(&ev, ERR_OUT_OF_RANGE, event_count_names[i],
		    "10000000001 is over the limit of 10000000000");
	}
}

Test(event, latency_and_outcome_have_their_own_limits, .timeout = 30)
{
	struct event ev = good_event();

	ev.count[EV_LATENCY_MS] = LIMIT_LATENCY_MS;
	ev.count[EV_OUTCOME] = OUTCOME_FAILED;
	check_good(&ev);
	ev.count[EV_LATENCY_MS]++;
	check_bad(&ev, ERR_OUT_OF_RANGE, "latency_ms",
	    "4294967296 is over the limit of 4294967295");
	ev.count[EV_LATENCY_MS] = 0;
	ev.count[EV_OUTCOME]++;
	check_bad(&ev, ERR_OUT_OF_RANGE, "ok", "3 is over the limit of 2");
}

Test(event, a_subset_is_not_larger_than_its_set, .timeout = 30)
{
	struct event ev = good_event();

	ev.count[EV_CACHE_WRITE] = ev.count[EV_CACHE_WRITE_1H] = 5;
	ev.count[EV_OUTPUT] = ev.count[EV_REASONING] = 7;
	check_good(&ev);
	ev.count[EV_CACHE_WRITE_1H] = 6;
	check_bad(&ev, ERR_INCONSISTENT, "cache_write_1h",
	    "6 is more than cache_write, 5");
	ev.count[EV_CACHE_WRITE_1H] = 5;
	ev.count[EV_REASONING] = 8;
	check_bad(
	    &ev, ERR_INCONSISTENT, "reasoning", "8 is more than output, 7");
}

Test(event, cost_is_between_nothing_and_a_million, .timeout = 30)
{
	struct event ev = good_event();

	ev.cost_pico = -1; /* not looked at without has_cost */
	check_good(&ev);
	ev.has_cost = true;
	check_bad(&ev, ERR_OUT_OF_RANGE, "cost",
	    "-0.000000000001 USD is not between 0 and 1000000 USD");
	ev.cost_pico = 0;
	check_good(&ev);
	ev.cost_pico = LIMIT_COST_USD * MONEY_USD;
	check_good(&ev);
	ev.cost_pico += MONEY_USD / 2;
	check_bad(&ev, ERR_OUT_OF_RANGE, "cost",
	    "1000000.5 USD is not between 0 and 1000000 USD");
}

Test(event, time_is_absent_or_can_be, .timeout = 30)
{
	struct event ev = good_event();

	ev.ts_ms = LIMIT_TS_MIN_MS;
	check_good(&ev);
	ev.ts_ms = NOW_MS + LIMIT_TS_AHEAD_MS;
	check_good(&ev);
	ev.ts_ms++;
	check_bad(&ev, ERR_OUT_OF_RANGE, "ts",
	    "1795086400001 ms is more than a day ahead, over 1795086400000 ms");
	ev.ts_ms = LIMIT_TS_MIN_MS - 1;
	check_bad(&ev, ERR_OUT_OF_RANGE, "ts",
	    "1577836799999 ms is before 2020-01-01, 1577836800000 ms");
	ev.ts_ms = INT64_MIN;
	cr_assert_eq(event_validate(&ev, NOW_MS, NULL), -1);
	ev.ts_ms = INT64_MAX;
	cr_assert_eq(event_validate(&ev, NOW_MS, NULL), -1);
}

Test(event, other_is_what_the_total_has_beyond_the_classes, .timeout = 30)
{
	struct event ev = good_event();

	ev.count[EV_INPUT] = 1;
	ev.count[EV_CACHE_READ] = 20;
	ev.count[EV_CACHE_WRITE] = 300;
	ev.count[EV_CACHE_WRITE_1H] = 300;
	ev.count[EV_OUTPUT] = 4000;
	ev.count[EV_REASONING] = 4000;
	cr_assert_eq(
	    event_classes(&ev), 4321, "%ju", (uintmax_t)event_classes(&ev));
	cr_assert_eq(event_other(&ev), 0);
	ev.count[EV_TOTAL] = 4320;
	cr_assert_eq(event_other(&ev), 0);
	ev.count[EV_TOTAL] = 4325;
	cr_assert_eq(event_other(&ev), 4, "%ju", (uintmax_t)event_other(&ev));
}

Test(event, only_long_ids_of_known_makers_are_global, .timeout = 30)
{
	static const struct {
		const char *call;
		bool global;
	} cases[] = {
		{ "msg_01ABC", true },
		{ "msg_", false },
		{ "resp_68af", true },
		{ "gen-1700000000-abc", true },
		{ "chatcmpl-12345678901", true },
		{ "chatcmpl-1234567890", false },
		{ "chatcmpl-123", false },
		{ "MSG_01ABC", false },
		{ "xmsg_01ABC", false },
		{ "01ABC", false },
		{ "", false },
		{ NULL, false },
	};

	for (size_t i = 0; i < LENGTH(cases); i++)
		cr_assert_eq(event_call_is_global(text_of(cases[i].call)),
		    cases[i].global, "%s: expected %d",
		    cases[i].call == NULL ? "-" : cases[i].call,
		    cases[i].global);
}

static void
check_canonical(const char *model, const char *expected)
{
	char buf[LIMIT_TEXT];
	size_t len = event_canonical_model(text_of(model), buf);

	cr_assert(len == strlen(expected) && memcmp(buf, expected, len) == 0,
	    "%s: \"%.*s\", expected \"%s\"", model, (int)len, buf, expected);
}

Test(event, a_model_has_one_canonical_name, .timeout = 30)
{
	static const char *const cases[][2] = {
		{ "claude-sonnet-4-5", "claude-sonnet-4-5" },
		{ "anthropic/claude-sonnet-4-5-20250929", "claude-sonnet-4-5" },
		{ "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
		    "claude-sonnet-4-5" },
		{ "us-gov.anthropic.claude-3-haiku-20240307-v1:0",
		    "claude-3-haiku" },
		{ "arn:aws:bedrock:us-east-1:1:inference-profile/"
		  "eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
		    "claude-sonnet-4-5" },
		{ "anthropic.claude-3-5-sonnet-20241022-v2:0",
		    "claude-3-5-sonnet" },
		{ "openrouter/anthropic/claude-sonnet-4.5",
		    "claude-sonnet-4.5" },
		{ "gpt-5-2025-08-07", "gpt-5" },
		{ "Gemini-2.5-Pro", "gemini-2.5-pro" },
		{ "models/gemini-2.5-pro", "gemini-2.5-pro" },
		{ "claude-3-5-sonnet@20241022", "claude-3-5-sonnet" },
		{ "gpt-4.1-mini-2025-04-14", "gpt-4.1-mini" },
		{ "x", "x" },
		{ "", "" },
		/* Not a prefix, a version or a day, though like one. */
		{ "qwen2.5-coder", "qwen2.5-coder" },
		{ "gpt-4-0613", "gpt-4-0613" },
		{ "m-20251301", "m-20251301" },
		{ "m-20250100", "m-20250100" },
		{ "m-19990101", "m-19990101" },
		{ "m-v1:", "m-v1:" },
		{ "mv1:0", "mv1:0" },
		{ "m-v:0", "m-v:0" },
		{ "qwen3-coder:free", "qwen3-coder:free" },
		{ "llama3:8", "llama3:8" },
		{ "8", "8" },
		{ ".a", ".a" },
		{ "a.", "a." },
		/* What would become empty stays as it is. */
		{ "Foo/", "foo/" },
		{ "/", "/" },
		{ "-20250929", "-20250929" },
		{ "us-gov.", "us-gov." },
		{ "-V1:0", "-v1:0" },
		{ "A/-2025-09-29", "a/-2025-09-29" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++)
		check_canonical(cases[i][0], cases[i][1]);
}

Test(event, a_canonical_name_is_its_own, .timeout = 30)
{
	static const char *const models[] = { "gpt-5", "claude-sonnet-4-5",
		"gemini-2.5-pro", "deepseek.r1-v1:0" };
	char once[LIMIT_TEXT], twice[LIMIT_TEXT];

	for (size_t i = 0; i < LENGTH(models); i++) {
		size_t n = event_canonical_model(text_of(models[i]), once);
		size_t m = event_canonical_model(
		    (struct text){ once, (uint32_t)n }, twice);

		cr_assert(n == m && memcmp(once, twice, n) == 0,
		    "\"%.*s\", then \"%.*s\"", (int)n, once, (int)m, twice);
	}
}

Test(event, an_overlong_model_does_not_overflow, .timeout = 30)
{
	char model[1000], buf[LIMIT_TEXT];
	size_t len;

	memset(model, 'M', sizeof(model));
	len = event_canonical_model((struct text){ model, sizeof(model) }, buf);
	cr_assert_eq(len, LIMIT_TEXT, "%zu", len);
	cr_assert_eq(buf[0], 'm');
}

Test(error, a_code_is_found_by_its_name, .timeout = 30)
{
	for (int i = 0; i < ERR_CODES; i++) {
		const char *name = error_name((enum error_code)i);

		cr_assert_not_null(name);
		cr_assert_eq(error_from_name(name, strlen(name)),
		    (enum error_code)i, "%s", name);
	}
	cr_assert_str_eq(error_name(ERR_NONE), "none");
	cr_assert_str_eq(error_name(ERR_TOO_LARGE), "too_large");
	cr_assert_eq(error_from_name("tomorrow", 8), ERR_STORE);
	cr_assert_eq(error_from_name("busyness", 4), ERR_BUSY);
	cr_assert_str_eq(error_name((enum error_code)999), "store");
}

static struct event
good_totals(void)
{
	struct event ev;

	event_init(&ev);
	ev.running = true;
	ev.text[EV_SESSION] = TEXT("s");
	ev.text[EV_AGENT] = TEXT("goose");
	ev.text[EV_MODEL] = TEXT("us.anthropic.claude-sonnet-4-5-20250929");
	ev.ts_ms = 1778580000123;
	return ev;
}

Test(event, the_id_of_running_totals_is_their_place, .timeout = 30)
{
	static const char want[] = "running/1778580000123/goose/"
				   "claude-sonnet-4-5";
	struct event ev = good_totals();
	char id[LIMIT_TEXT];
	size_t len = event_running_id(&ev, id);
	struct text series;
	int64_t ts_ms = 0;

	cr_assert(len == strlen(want) && memcmp(id, want, len) == 0,
	    "\"%.*s\", expected \"%s\"", (int)len, id, want);
	cr_assert(event_running_place(
		      (struct text){ id, (uint32_t)len }, &ts_ms, &series),
	    "not a place: \"%.*s\"", (int)len, id);
	cr_expect_eq(ts_ms, ev.ts_ms, "ts %lld", (long long)ts_ms);
	cr_expect(text_is(series, "goose/claude-sonnet-4-5"), "series %.*s",
	    (int)series.len, series.p);
}

Test(event, what_is_no_place_is_any_message, .timeout = 30)
{
	static const char *const rows[] = { "", "running", "running/",
		"running//a/b", "running/a/b/c", "running/12", "running/012/a",
		"running/0/a/b", "running/1234567890123456/a/b",
		"Running/1778580000123/a/b", "running/-5/a/b" };

	for (size_t i = 0; i < LENGTH(rows); i++)
		cr_expect_not(event_running_place(text_of(rows[i]), NULL, NULL),
		    "\"%s\" is a place", rows[i]);
}

Test(event, running_totals_are_at_their_place_and_no_call, .timeout = 30)
{
	struct event ev = good_totals();
	char id[LIMIT_TEXT], longest[LIMIT_TEXT];
	struct text own = { id, (uint32_t)event_running_id(&ev, id) };

	check_good(&ev);
	ev.text[EV_MESSAGE] = own;
	check_good(&ev);
	ev.running = false; /* its message says it all the same */
	check_good(&ev);
	ev.ts_ms++;
	check_bad(&ev, ERR_INCONSISTENT, "message",
	    "not the id of these running totals");
	ev.ts_ms = 0;
	check_good(&ev);
	ev.text[EV_AGENT] = TEXT("droid");
	check_bad(&ev, ERR_INCONSISTENT, "message",
	    "not the id of these running totals");
	ev.is_void = true; /* whatever else a void says */
	ev.ts_ms = NOW_MS;
	check_good(&ev);
	ev = good_totals();
	ev.text[EV_MESSAGE] = TEXT("m");
	check_bad(&ev, ERR_INCONSISTENT, "message",
	    "not the id of these running totals");
	ev = good_totals();
	ev.text[EV_CALL] = TEXT("msg_1");
	check_bad(
	    &ev, ERR_INCONSISTENT, "call", "running totals are of many calls");
	ev = good_totals();
	ev.text[EV_REQUEST] = TEXT("req_1");
	check_bad(&ev, ERR_INCONSISTENT, "request",
	    "running totals are of many calls");
	ev = good_totals();
	ev.ts_ms = 0;
	check_bad(&ev, ERR_MISSING, "ts", "running totals need their time");
	ev = good_totals();
	memset(longest, 'x', sizeof(longest));
	ev.text[EV_AGENT] = (struct text){ longest, LIMIT_TEXT };
	check_bad(&ev, ERR_BAD_TEXT, "model",
	    "too long with the agent for running totals");
	ev = good_event();
	ev.text[EV_MESSAGE] = TEXT("running/5000/goose/x");
	ev.is_void = true;
	check_bad(&ev, ERR_OUT_OF_RANGE, "ts",
	    "5000 ms is before 2020-01-01, 1577836800000 ms");
}

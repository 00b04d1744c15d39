#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "collectord/jobs/notice_body.h"

static struct notice
budget_notice(void)
{
	return (struct notice){ .id = TEXT("budget/day/limit/2026-05-12/1.0"),
		.kind = NOTICE_BUDGET,
		.level = NOTICE_LIMIT,
		.subject = TEXT("day"),
		.period = TEXT("2026-05-12"),
		.spent = 15 * MONEY_USD + MONEY_USD / 1000,
		.limit = 15 * MONEY_USD };
}

static void
expect_body(enum sink_body kind, const struct notice *n, const char *text,
    const char *want)
{
	static struct notice_body b;

	notice_body_make(&b, kind, n, text_of(text));
	cr_assert_not(b.failed, "no body for \"%s\"", text);
	cr_expect(b.len == strlen(want) && memcmp(b.p, want, b.len) == 0,
	    "%.*s\ninstead of\n%s", (int)b.len, b.p, want);
}

Test(notice_body, json_has_every_field_and_exact_amounts, .timeout = 30)
{
	struct notice n = budget_notice();

	expect_body(SINK_JSON, &n, "Over.",
	    "{\"schema_version\":1,\"id\":\"budget/day/limit/2026-05-12/1.0\","
	    "\"kind\":\"budget\",\"level\":\"limit\",\"subject\":\"day\","
	    "\"period\":\"2026-05-12\",\"spent_usd\":15.001,\"limit_usd\":15,"
	    "\"text\":\"Over.\"}\n");
	n.is_tokens = true;
	n.spent = 12;
	n.limit = 10;
	expect_body(SINK_JSON, &n, "Over.",
	    "{\"schema_version\":1,\"id\":\"budget/day/limit/2026-05-12/1.0\","
	    "\"kind\":\"budget\",\"level\":\"limit\",\"subject\":\"day\","
	    "\"period\":\"2026-05-12\",\"spent_tokens\":12,"
	    "\"limit_tokens\":10,\"text\":\"Over.\"}\n");
}

Test(notice_body, a_balance_is_in_its_own_currency, .timeout = 30)
{
	struct notice n = { .id = TEXT("balance/kimi/CNY/7"),
		.kind = NOTICE_BALANCE,
		.level = NOTICE_WARN,
		.subject = TEXT("kimi"),
		.period = TEXT("CNY"),
		.spent = -MONEY_USD / 4,
		.limit = 10 * MONEY_USD };

	expect_body(SINK_JSON, &n, "Low.",
	    "{\"schema_version\":1,\"id\":\"balance/kimi/CNY/7\","
	    "\"kind\":\"balance\",\"level\":\"warn\",\"subject\":\"kimi\","
	    "\"period\":\"CNY\",\"currency\":\"CNY\",\"left\":-0.25,"
	    "\"limit\":10,\"text\":\"Low.\"}\n");
}

Test(notice_body, json_without_amounts_has_none, .timeout = 30)
{
	struct notice n = { .id = TEXT("price/a/b\"c\\d"),
		.kind = NOTICE_PRICE,
		.level = NOTICE_WARN,
		.subject = TEXT("b\"c\\d") };

	expect_body(SINK_JSON, &n, "a\tb\x7f",
	    "{\"schema_version\":1,\"id\":\"price/a/b\\\"c\\\\d\","
	    "\"kind\":\"price\",\"level\":\"warn\",\"subject\":\"b\\\"c\\\\d\","
	    "\"period\":\"\",\"text\":\"a\\u0009b\\u007f\"}\n");
}

Test(notice_body, json_of_a_digest_has_its_figures, .timeout = 30)
{
	struct notice n = { .id = TEXT("daily/2026-05-12"),
		.kind = NOTICE_DAILY,
		.period = TEXT("2026-05-12"),
		.figures = { .are_known = true,
		    .calls = 3,
		    .tokens = 1200,
		    .unpriced_calls = 1,
		    .cost = MONEY_USD / 8,
		    .top = TEXT("oak"),
		    .top_tokens = 1000,
		    .top_cost = MONEY_USD / 10 } };

	expect_body(SINK_JSON, &n, "Day.",
	    "{\"schema_version\":1,\"id\":\"daily/2026-05-12\","
	    "\"kind\":\"daily\",\"level\":\"info\",\"subject\":\"\","
	    "\"period\":\"2026-05-12\",\"digest\":{\"calls\":3,"
	    "\"tokens\":1200,\"unpriced_calls\":1,\"cost_usd\":0.125,"
	    "\"top_model\":\"oak\",\"top_tokens\":1000,"
	    "\"top_cost_usd\":0.1},\"text\":\"Day.\"}\n");
	n.figures = (struct notice_figures){ .are_known = true };
	expect_body(SINK_JSON, &n, "Day.",
	    "{\"schema_version\":1,\"id\":\"daily/2026-05-12\","
	    "\"kind\":\"daily\",\"level\":\"info\",\"subject\":\"\","
	    "\"period\":\"2026-05-12\",\"digest\":{\"calls\":0,"
	    "\"tokens\":0,\"unpriced_calls\":0,\"cost_usd\":0},"
	    "\"text\":\"Day.\"}\n");
}

Test(notice_body, slack_can_call_nobody, .timeout = 30)
{
	struct notice n = budget_notice();

	expect_body(SINK_SLACK, &n, "<!channel> & \"x\"",
	    "{\"text\":\"&lt;!channel&gt; &amp; \\\"x\\\"\"}");
}

Test(notice_body, discord_can_call_nobody, .timeout = 30)
{
	struct notice n = budget_notice();

	expect_body(SINK_DISCORD, &n, "@everyone \"x\"",
	    "{\"content\":\"@everyone \\\"x\\\"\","
	    "\"allowed_mentions\":{\"parse\":[]}}");
}

Test(notice_body, ntfy_gets_the_text_and_how_urgent_it_is, .timeout = 30)
{
	static const char *const priorities[NOTICE_LEVELS] = {
		"Priority: default", "Priority: high", "Priority: urgent"
	};
	static struct notice_body b;
	struct notice n = budget_notice();

	expect_body(SINK_NTFY, &n, "\"Über\"", "\"Über\"");
	for (int i = 0; i < NOTICE_LEVELS; i++) {
		n.level = (enum notice_level)i;
		notice_body_make(&b, SINK_NTFY, &n, TEXT("x"));
		cr_expect_str_eq(b.headers[2], priorities[i]);
		cr_expect_null(b.headers[3]);
	}
}

Test(notice_body, what_does_not_fit_is_not_cut, .timeout = 30)
{
	static struct notice_body b;
	static char id[NOTICE_BODY_MAX];
	struct notice n = budget_notice();

	memset(id, '"', sizeof(id));
	n.id = (struct text){ id, sizeof(id) };
	notice_body_make(&b, SINK_JSON, &n, TEXT("x"));
	cr_expect(b.failed, "%zu bytes", b.len);
	/* And the next one is whole again. */
	n = budget_notice();
	expect_body(SINK_NTFY, &n, "x", "x");
}

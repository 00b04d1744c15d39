/*
 * Every field of the answers that the services document, and their requests.
 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "tests/unit/jobs/provider_help.h"

static struct provider_request
ask(const struct provider_query *q)
{
	struct provider_request r;
	int rc = provider_ask(q, &r);

	cr_assert_eq(rc, 0, "%d", rc);
	return r;
}

static void
expect_header(const struct provider_request *r, const char *line)
{
	for (uint32_t i = 0; i < r->n_headers; i++)
		if (strcmp(r->header[i].text, line) == 0)
			return;
	cr_assert(false, "%u headers, none is \"%s\"", r->n_headers, line);
}

Test(openai, asks_for_whole_days_with_plain_lists, .timeout = 30)
{
	struct provider_query q = query_of(&provider_openai, "costs", NULL);
	struct provider_request r = ask(&q);

	expect_url(&q,
	    "https://api.openai.com/v1/organization/costs"
	    "?start_time=1772323200&end_time=1772668800&bucket_width=1d"
	    "&limit=31&group_by=line_item&group_by=project_id"
	    "&group_by=api_key_id");
	expect_header(&r, "Authorization: Bearer {key}");
	expect_header(&r, "Accept: application/json");
}

Test(openai, repeats_everything_with_an_encoded_cursor, .timeout = 30)
{
	struct provider_query q =
	    query_of(&provider_openai, "completions", "page_AAA/+B=");
	struct provider_account a = { .base_url = "http://127.0.0.1:9/v1//",
		.brackets_arrays = true };

	q.account = &a;
	expect_url(&q,
	    "http://127.0.0.1:9/v1/organization/usage/completions"
	    "?start_time=1772323200&end_time=1772668800&bucket_width=1d"
	    "&limit=31&group_by[]=model&group_by[]=project_id"
	    "&group_by[]=api_key_id&group_by[]=batch&group_by[]=service_tier"
	    "&page=page_AAA%2F%2BB%3D");
}

Test(openai, costs_are_dollars_whatever_they_are_written_as, .timeout = 30)
{
	struct provider_query q = query_of(&provider_openai, "costs", NULL);
	struct heard h = hear_file(&q, "openai-costs.json");

	expect_lines(&h,
	    "2026-03-01T00:00/2026-03-02T00:00 item=gpt-x-2026-01-02, input "
	    "project=proj_a unit=tokens amount=1.25 USD quantity=250000\n"
	    "2026-03-01T00:00/2026-03-02T00:00 item=gpt-x-2026-01-02, output "
	    "project=proj_a key=key_1 unit=1000_tokens amount=0.70487225 USD "
	    "quantity=1.5\n"
	    "2026-03-01T00:00/2026-03-02T00:00 item=Web search tool calls "
	    "amount=0.0000001 USD\n");
	cr_assert(h.answer.has_more, "no more pages");
	cr_assert_str_eq(
	    h.answer.cursor, "page_AAA/+B=", "cursor %s", h.answer.cursor);
	cr_assert(!h.answer.is_ungrouped, "told to be without groups");
}

Test(openai, older_costs_credits_and_a_cursor_without_more, .timeout = 30)
{
	struct provider_query q = query_of(&provider_openai, "costs", "p");
	struct heard h = hear_file(&q, "openai-costs-2.json");

	expect_lines(&h,
	    "2026-03-03T00:00/2026-03-04T00:00 item=Adjustment project=proj_b "
	    "amount=-0.5 EUR\n");
	cr_assert(!h.answer.has_more, "more pages: %s", h.answer.cursor);
}

Test(openai, all_groups_null_asks_for_the_other_lists, .timeout = 30)
{
	struct provider_query q = query_of(&provider_openai, "costs", NULL);
	struct heard h = hear_file(&q, "openai-costs-ungrouped.json");

	expect_lines(&h, "2026-03-01T00:00/2026-03-02T00:00 amount=3 USD\n");
	cr_assert(h.answer.is_ungrouped, "nothing is told");
}

Test(openai, token_classes_are_disjoint, .timeout = 30)
{
	struct provider_query q =
	    query_of(&provider_openai, "completions", NULL);
	struct heard h = hear_file(&q, "openai-completions.json");

	expect_lines(&h,
	    "2026-03-01T00:00/2026-03-02T00:00 model=gpt-x-2026-01-02 "
	    "project=proj_a key=key_1 tier=standard in=600 read=300 write=100 "
	    "out=200 calls=7\n"
	    "2026-03-01T00:00/2026-03-02T00:00 model=gpt-y tier=batch in=700 "
	    "read=300 out=20 calls=2\n"
	    "2026-03-01T00:00/2026-03-02T00:00 model=gpt-z tier=flex read=300 "
	    "out=5 calls=1\n"
	    "2026-03-01T00:00/2026-03-02T00:00 in=12 out=3 calls=4\n");
}

Test(openai, what_is_no_token_has_a_unit, .timeout = 30)
{
	struct provider_query q = query_of(&provider_openai, "images", NULL);
	struct heard h = hear_file(&q, "openai-images.json");

	expect_lines(&h,
	    "2026-03-01T00:00/2026-03-02T00:00 model=image-x project=proj_a "
	    "key=key_1 detail=1024x1024 unit=images calls=6 quantity=12\n");
}

Test(openai, searches_are_counted_apart_from_requests, .timeout = 30)
{
	struct provider_query q =
	    query_of(&provider_openai, "web-searches", NULL);
	struct heard h = hear_file(&q, "openai-web-searches.json");

	expect_lines(&h,
	    "2026-03-01T00:00/2026-03-02T00:00 model=gpt-x detail=high "
	    "searches=9 calls=5\n");
}

/* Each remaining kind: where it is asked for and what its number is. */
static const struct usage {
	const char *feed, *path, *members, *line;
} usages[] = {
	{ "embeddings", "embeddings", "\"input_tokens\":8,\"model\":\"e\"",
	    "model=e in=8 calls=2" },
	{ "moderations", "moderations", "\"input_tokens\":9,\"model\":\"m\"",
	    "model=m in=9 calls=2" },
	{ "audio-speeches", "audio_speeches",
	    "\"characters\":70,\"model\":\"t\"",
	    "model=t unit=characters calls=2 quantity=70" },
	{ "audio-transcriptions", "audio_transcriptions",
	    "\"seconds\":61,\"model\":\"w\"",
	    "model=w unit=seconds calls=2 quantity=61" },
	{ "vector-stores", "vector_stores", "\"usage_bytes\":1024",
	    "unit=bytes calls=2 quantity=1024" },
	{ "code-interpreter", "code_interpreter_sessions",
	    "\"num_sessions\":3,\"project_id\":\"p\"",
	    "project=p unit=sessions calls=2 quantity=3" },
	{ "file-searches", "file_search_calls",
	    "\"num_requests\":4,\"vector_store_id\":\"vs\"",
	    "detail=vs calls=4" },
};

Test(openai, each_kind_of_usage_has_its_own_number, .timeout = 30)
{
	for (size_t i = 0; i < sizeof(usages) / sizeof(usages[0]); i++) {
		const struct usage *u = &usages[i];
		struct provider_query q =
		    query_of(&provider_openai, u->feed, NULL);
		struct provider_request r = ask(&q);
		char body[512], line[256], path[128];
		struct heard h;

		snprintf(
		    path, sizeof(path), "/v1/organization/usage/%s?", u->path);
		cr_assert_not_null(
		    strstr(r.url, path), "%s has no %s", r.url, path);
		snprintf(body, sizeof(body),
		    "{\"data\":[{\"start_time\":1772323200,\"end_time\":"
		    "1772409600,\"results\":[{\"num_model_requests\":2,%s}]}],"
		    "\"has_more\":false,\"next_page\":null}",
		    u->members);
		snprintf(line, sizeof(line),
		    "2026-03-01T00:00/2026-03-02T00:00 %s\n", u->line);
		h = hear(&q, body);
		expect_lines(&h, line);
	}
}

Test(anthropic, asks_with_literal_brackets_and_its_version, .timeout = 30)
{
	struct provider_query q =
	    query_of(&provider_anthropic, "messages", "page_Mj=");
	struct provider_request r = ask(&q);

	expect_url(&q,
	    "https://api.anthropic.com/v1/organizations/usage_report/messages"
	    "?starting_at=2026-03-01T00%3A00%3A00Z"
	    "&ending_at=2026-03-05T00%3A00%3A00Z&bucket_width=1d&limit=31"
	    "&group_by[]=model&group_by[]=api_key_id&group_by[]=workspace_id"
	    "&group_by[]=service_tier&page=page_Mj%3D");
	expect_header(&r, "x-api-key: {key}");
	expect_header(&r, "anthropic-version: 2023-06-01");
}

Test(anthropic, costs_are_cents, .timeout = 30)
{
	struct provider_query q = query_of(&provider_anthropic, "costs", NULL);
	struct heard h = hear_file(&q, "anthropic-costs.json");

	expect_url(&q,
	    "https://api.anthropic.com/v1/organizations/cost_report"
	    "?starting_at=2026-03-01T00%3A00%3A00Z"
	    "&ending_at=2026-03-05T00%3A00%3A00Z&bucket_width=1d&limit=31"
	    "&group_by[]=description&group_by[]=workspace_id");
	expect_lines(&h,
	    "2026-03-01T00:00/2026-03-02T00:00 model=claude-x item=Claude X "
	    "Usage - Input Tokens project=wrkspc_a tier=standard "
	    "detail=uncached_input_tokens amount=1.2378912 USD\n"
	    "2026-03-01T00:00/2026-03-02T00:00 model=claude-x item=Claude X "
	    "Usage - Input Tokens, Cache Write 5m tier=batch "
	    "detail=cache_creation.ephemeral_5m_input_tokens amount=0.06125 "
	    "USD\n"
	    "2026-03-01T00:00/2026-03-02T00:00 item=Web Search Usage "
	    "project=wrkspc_a detail=web_search amount=0.1 USD\n");
	cr_assert_str_eq(
	    h.answer.cursor, "page_Mj=", "cursor %s", h.answer.cursor);
}

Test(anthropic, hour_writes_are_a_part_of_all_writes, .timeout = 30)
{
	struct provider_query q =
	    query_of(&provider_anthropic, "messages", NULL);
	struct heard h = hear_file(&q, "anthropic-messages.json");

	expect_lines(&h,
	    "2026-03-01T00:00/2026-03-02T00:00 model=claude-x "
	    "project=wrkspc_a key=apikey_1 tier=standard in=1500 read=58000 "
	    "write=47 write1h=40 out=880 searches=3\n"
	    "2026-03-01T00:00/2026-03-02T00:00 model=claude-y tier=batch in=1 "
	    "write=500 out=2\n");
	cr_assert(!h.answer.has_more, "more pages");
}

Test(openrouter, activity_keeps_to_the_days_asked_for, .timeout = 30)
{
	struct provider_query q =
	    query_of(&provider_openrouter, "activity", NULL);
	struct heard h = hear_file(&q, "openrouter-activity.json");

	expect_url(&q, "https://openrouter.ai/api/v1/activity");
	expect_lines(&h,
	    "2026-03-02T00:00/2026-03-03T00:00 model=openai/gpt-x "
	    "item=OpenAI detail=e-1 in=50 out=125 think=25 calls=5 "
	    "holds-cache amount=0.015 USD elsewhere=0.012\n"
	    "2026-03-01T00:00/2026-03-02T00:00 model=openai/gpt-x item=Azure "
	    "project=ws detail=e-2 in=12 out=3 calls=1 holds-cache "
	    "amount=0.0000125 USD\n");
	cr_assert_eq(h.answer.n_outside, 1, "%u outside", h.answer.n_outside);
	q.to_ms = MARCH(2);
	expect_url(&q, "https://openrouter.ai/api/v1/activity?date=2026-03-01");
}

Test(openrouter, a_day_with_a_time_is_that_day, .timeout = 30)
{
	struct provider_query q =
	    query_of(&provider_openrouter, "activity", NULL);
	struct heard h = hear(
	    &q, "{\"data\":[{\"date\":\"2026-03-02 00:00:00\",\"usage\":1}]}");

	expect_lines(
	    &h, "2026-03-02T00:00/2026-03-03T00:00 holds-cache amount=1 USD\n");
}

Test(openrouter, credits_left_are_bought_less_used, .timeout = 30)
{
	struct provider_query q =
	    query_of(&provider_openrouter, "credits", NULL);
	struct heard h = hear_file(&q, "openrouter-credits.json");

	expect_url(&q, "https://openrouter.ai/api/v1/credits");
	expect_lines(&h, "left=74.75 USD\nbought=100.5 USD\nused=25.75 USD\n");
}

Test(openrouter, a_key_tells_what_it_spent_and_may_spend, .timeout = 30)
{
	struct provider_query q = query_of(&provider_openrouter, "key", NULL);
	struct heard h = hear_file(&q, "openrouter-key.json");

	expect_url(&q, "https://openrouter.ai/api/v1/key");
	expect_lines(&h,
	    "used=125.5 USD\nday=1.25 USD\nweek=8.75 USD\nmonth=25.5 USD\n"
	    "limit-left=74.5 USD\nkey/monthly 25.5%\n");
	h = hear_file(&q, "openrouter-key-unlimited.json");
	expect_lines(
	    &h, "used=0.1 USD\nday=0.1 USD\nweek=0.1 USD\nmonth=0.1 USD\n");
}

Test(deepseek, each_currency_has_its_balance, .timeout = 30)
{
	struct provider_query q = query_of(&provider_deepseek, "balance", NULL);
	struct heard h = hear_file(&q, "deepseek-balance.json");

	expect_url(&q, "https://api.deepseek.com/user/balance");
	expect_lines(&h,
	    "left=110 CNY\ngranted=10 CNY\ntopped-up=100 CNY\n"
	    "left=-0.25 USD\ngranted=0 USD\ntopped-up=-0.25 USD\n");
}

Test(kimi, the_host_says_the_currency, .timeout = 30)
{
	static const struct {
		struct provider_account account;
		const char *url, *currency;
	} cases[] = {
		{ { NULL, 0, false }, "https://api.moonshot.ai/v1", "USD" },
		{ { NULL, 1, false }, "https://api.moonshot.cn/v1", "CNY" },
		{ { "https://api.moonshot.cn/v1", 0, false },
		    "https://api.moonshot.cn/v1", "CNY" },
		{ { "https://API.moonshot.cn/v1", 0, false },
		    "https://API.moonshot.cn/v1", "CNY" },
		{ { "https://api.moonshot.cn:443/v1", 0, false },
		    "https://api.moonshot.cn:443/v1", "CNY" },
		{ { "HTTPS://Api.Moonshot.AI:443", 1, false },
		    "HTTPS://Api.Moonshot.AI:443", "USD" },
		{ { "https://api.moonshot.cn:8443/v1", 0, false },
		    "https://api.moonshot.cn:8443/v1", "USD" },
		{ { "https://gate.example/v1", 1, false },
		    "https://gate.example/v1", "CNY" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct provider_query q =
		    query_of(&provider_kimi, "balance", NULL);
		char url[128], lines[128];
		struct heard h;

		q.account = &cases[i].account;
		snprintf(url, sizeof(url), "%s/users/me/balance", cases[i].url);
		expect_url(&q, url);
		snprintf(lines, sizeof(lines),
		    "left=49.58894 %s\ngranted=49.58894 %s\n"
		    "topped-up=-3.00001 %s\n",
		    cases[i].currency, cases[i].currency, cases[i].currency);
		h = hear_file(&q, "kimi-balance.json");
		expect_lines(&h, lines);
	}
	cr_assert_eq(provider_find_region(&provider_kimi, "cn"), 1, "no cn");
	cr_assert_eq(provider_find_region(&provider_kimi, "x"), -1, "an x");
}

Test(minimax, percentages_are_what_is_left, .timeout = 30)
{
	struct provider_query q = query_of(&provider_minimax, "plan", NULL);
	struct heard h = hear_file(&q, "minimax-token-plan.json");

	expect_url(&q, "https://api.minimax.io/v1/token_plan/remains");
	expect_lines(&h,
	    "general/interval 4% from 2026-03-01T00:00 resets "
	    "2026-03-01T05:00\n"
	    "general/week about 29.5% from 2026-03-01T00:00 resets "
	    "2026-03-08T00:00\n");
	h = hear_file(&q, "minimax-nested.json");
	expect_lines(&h, "general/interval about %\ngeneral/week 0%\n");
}

Test(minimax, counts_of_the_older_service_remain, .timeout = 30)
{
	struct provider_query q = query_of(&provider_minimax, "plan", NULL);
	struct heard h;

	q.feed = q.feed->fallback;
	cr_assert_not_null(q.feed, "nothing to fall back to");
	expect_url(&q,
	    "https://api.minimax.io/v1/api/openplatform/coding_plan/remains");
	h = hear_file(&q, "minimax-coding-plan.json");
	expect_lines(&h,
	    "MiniMax-M*/interval about 4.2% from 2026-03-01T00:00 resets "
	    "2026-03-01T05:00\n"
	    "MiniMax-M*/week about 100% from 2026-03-01T00:00 resets "
	    "2026-03-08T00:00\n");
	q = query_of(&provider_minimax, "plan", NULL);
	h = hear_file(&q, "minimax-coding-plan.json");
	expect_lines(&h,
	    "MiniMax-M*/interval about 95.8% from 2026-03-01T00:00 resets "
	    "2026-03-01T05:00\n"
	    "MiniMax-M*/week about 0% from 2026-03-01T00:00 resets "
	    "2026-03-08T00:00\n");
}

Test(providers, no_request_has_a_key_but_in_a_header, .timeout = 30)
{
	for (size_t i = 0; providers[i] != NULL; i++) {
		const struct provider *p = providers[i];

		cr_assert_eq(provider_find(p->name), p, "%s is lost", p->name);
		for (uint32_t f = 0; f < p->n_feeds; f++) {
			struct provider_query q =
			    query_of(p, p->feeds[f].name, NULL);
			struct provider_request r = ask(&q);
			int n = 0;

			cr_assert_eq(
			    strncmp(r.url, "https://", 8), 0, "%s", r.url);
			cr_assert_null(
			    strstr(r.url, PROVIDER_KEY), "%s", r.url);
			for (uint32_t k = 0; k < r.n_headers; k++)
				n += strstr(r.header[k].text, PROVIDER_KEY) !=
				     NULL;
			cr_assert_eq(
			    n, 1, "%d headers of %s take a key", n, r.url);
			cr_assert_not_null(p->feeds[f].key, "%s", r.url);
		}
	}
}

Test(providers, a_request_that_does_not_fit_is_refused, .timeout = 30)
{
	static char cursor[PROVIDER_URL_MAX];
	struct provider_query q = query_of(&provider_openai, "costs", NULL);
	struct provider_request r;

	memset(cursor, '=', sizeof(cursor) - 1);
	q.cursor = text_of(cursor);
	cr_assert_eq(provider_ask(&q, &r), -1, "%zu bytes", strlen(r.url));
}

/*
 * OpenRouter: dollars as numbers. Activity knows the last 30 whole UTC days and
 * has no pages; one day can be asked for by its date. What a user's own key at
 * another provider cost is told beside it, and billed there.
 */
#include "collectord/jobs/providers/reader.h"
#include "collectord/jobs/providers/request.h"
#include "proto/lang.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))
#define DAY_MS 86400000ll
#define DATE_LEN 10

static int
build(const struct provider_query *q, struct provider_request *out)
{
	char buf[REQUEST_DATE_MAX];

	request_begin(out, q, q->feed->own);
	request_header(out, "Authorization: Bearer " PROVIDER_KEY);
	if (q->feed->is_windowed && q->to_ms - q->from_ms == DAY_MS)
		request_param(out, "date", request_date(q->from_ms, buf));
	return request_end(out);
}

/* "2026-09-22", whatever time of the day stands after it. */
static int
read_date(struct reader *r, const struct json_node *item, int64_t *ms)
{
	char midnight[] = "2026-09-22T00:00:00Z";
	const struct json_node *node = json_get(r->j, item, "date");
	struct text t = reader_text_of(r, node);

	if (reader_is_missing(node))
		return reader_fail(r, item, "date", N_("it is missing"));
	if (t.len == DATE_LEN || (t.len > DATE_LEN && t.p[DATE_LEN] == ' ') ||
	    (t.len > DATE_LEN && t.p[DATE_LEN] == 'T')) {
		memcpy(midnight, t.p, DATE_LEN);
		t = text_of(midnight);
	}
	return reader_time_of(r, node, "date", t, ms);
}

static const struct field {
	const char *name;
	enum billed_count count;
} fields[] = {
	{ "prompt_tokens", BILLED_INPUT },
	{ "completion_tokens", BILLED_OUTPUT },
	{ "reasoning_tokens", BILLED_REASONING },
	{ "requests", BILLED_REQUESTS },
};

static int
read_item(
    struct reader *r, const struct json_node *item, struct billed_row *row)
{
	bool has_elsewhere;

	row->input_holds_cache = true;
	row->has_amount = true;
	memcpy(row->currency, "USD", sizeof("USD"));
	row->text[BILLED_MODEL] = reader_text(r, item, "model");
	row->text[BILLED_LINE_ITEM] = reader_text(r, item, "provider_name");
	row->text[BILLED_DETAIL] = reader_text(r, item, "endpoint_id");
	row->text[BILLED_PROJECT] = reader_text(r, item, "workspace_id");
	for (size_t i = 0; i < LENGTH(fields); i++)
		if (reader_count(r, item, fields[i].name,
			&row->count[fields[i].count]) != 0)
			return -1;
	if (row->count[BILLED_REASONING] > row->count[BILLED_OUTPUT])
		row->count[BILLED_REASONING] = row->count[BILLED_OUTPUT];
	if (reader_money(r, item, "usage", PLACES_UNITS, &row->amount) != 0)
		return -1;
	return reader_money_if(r, item, "byok_usage_inference", PLACES_UNITS,
	    &row->elsewhere, &has_elsewhere);
}

static int
walk_activity(struct reader *r)
{
	const struct json_node *data, *item = NULL;
	struct billed_row row;

	if (reader_array(r, r->j->nodes, "data", &data) != 0)
		return -1;
	while (reader_next(r, data, &item) == 0) {
		if (item == NULL)
			return 0;
		row = (struct billed_row){ 0 };
		reader_row(r);
		if (read_date(r, item, &row.from_ms) != 0)
			return -1;
		row.to_ms = row.from_ms + DAY_MS;
		if (read_item(r, item, &row) != 0 ||
		    reader_billed(r, item, &row) != 0)
			return -1;
	}
	return -1;
}

static int
give(struct reader *r, enum balance_what what, money_sum amount)
{
	struct balance_row row = { what, amount, "USD" };

	return reader_balance(r, &row);
}

static int
walk_credits(struct reader *r)
{
	const struct json_node *data;
	money_sum bought, used;

	if (reader_object(r, r->j->nodes, "data", &data) != 0 ||
	    reader_money(r, data, "total_credits", PLACES_UNITS, &bought) !=
		0 ||
	    reader_money(r, data, "total_usage", PLACES_UNITS, &used) != 0 ||
	    give(r, BALANCE_LEFT, bought - used) != 0 ||
	    give(r, BALANCE_BOUGHT, bought) != 0)
		return -1;
	return give(r, BALANCE_USED, used);
}

/* A key without a limit has none of the two. */
static int
give_limit(struct reader *r, const struct json_node *data)
{
	struct window_row row = { .span = reader_text(r, data, "limit_reset") };
	money_sum limit, left;
	bool has_limit, has_left;

	if (reader_money_if(
		r, data, "limit", PLACES_UNITS, &limit, &has_limit) != 0 ||
	    reader_money_if(r, data, "limit_remaining", PLACES_UNITS, &left,
		&has_left) != 0)
		return -1;
	if (!has_limit || !has_left)
		return 0;
	if (give(r, BALANCE_LIMIT_LEFT, left) != 0)
		return -1;
	row.name = TEXT("key");
	reader_ratio(limit - left, limit, row.used_percent);
	return reader_window(r, &row);
}

static const struct spent {
	const char *name;
	enum balance_what what;
} spent[] = {
	{ "usage", BALANCE_USED },
	{ "usage_daily", BALANCE_USED_DAY },
	{ "usage_weekly", BALANCE_USED_WEEK },
	{ "usage_monthly", BALANCE_USED_MONTH },
};

static int
walk_key(struct reader *r)
{
	const struct json_node *data;
	money_sum amount;
	bool has;

	if (reader_object(r, r->j->nodes, "data", &data) != 0)
		return -1;
	for (size_t i = 0; i < LENGTH(spent); i++) {
		if (reader_money_if(r, data, spent[i].name, PLACES_UNITS,
			&amount, &has) != 0 ||
		    (has && give(r, spent[i].what, amount) != 0))
			return -1;
	}
	return give_limit(r, data);
}

#define MANAGEMENT N_("a management key")

static const struct provider_feed feeds[] = {
	{ .name = "activity",
	    .gives = FEED_COST | FEED_USAGE,
	    .key = MANAGEMENT,
	    .every_s = 3600,
	    .is_windowed = true,
	    .trailing_days = 3,
	    .lookback_days = 30,
	    .lacks_today = true,
	    .may_be_denied = true,
	    .build = build,
	    .walk = walk_activity,
	    .own = "/activity" },
	{ .name = "credits",
	    .gives = FEED_BALANCE,
	    .key = MANAGEMENT,
	    .every_s = 60,
	    .may_be_denied = true,
	    .build = build,
	    .walk = walk_credits,
	    .own = "/credits" },
	{ .name = "key",
	    .gives = FEED_BALANCE | FEED_WINDOWS,
	    .key = N_("any key of the account"),
	    .every_s = 60,
	    .build = build,
	    .walk = walk_key,
	    .own = "/key" },
};

static const struct provider_region regions[] = {
	{ "", "https://openrouter.ai/api/v1", "USD" },
};

const struct provider provider_openrouter = { "openrouter", regions,
	LENGTH(regions), feeds, LENGTH(feeds) };

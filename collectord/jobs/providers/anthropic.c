/*
 * Anthropic: what an organization's admin key may see. Amounts are decimal
 * strings in cents; the kinds of input tokens are disjoint.
 */
#include "collectord/jobs/providers/reader.h"
#include "collectord/jobs/providers/request.h"
#include "proto/lang.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))
#define DAYS_A_PAGE 31

struct kind {
	const char *path;
	const char *groups[5];
	int (*read)(struct reader *r, const struct json_node *result,
	    struct billed_row *row);
};

static int
build(const struct provider_query *q, struct provider_request *out)
{
	const struct kind *k = q->feed->own;
	char buf[REQUEST_DATE_MAX];

	request_begin(out, q, k->path);
	request_header(out, "x-api-key: " PROVIDER_KEY);
	request_header(out, "anthropic-version: 2023-06-01");
	request_param(out, "starting_at", request_time(q->from_ms, buf));
	request_param(out, "ending_at", request_time(q->to_ms, buf));
	request_param(out, "bucket_width", TEXT("1d"));
	request_number(out, "limit", DAYS_A_PAGE);
	for (size_t i = 0; k->groups[i] != NULL; i++)
		request_param(out, "group_by[]", text_of(k->groups[i]));
	if (q->cursor.len > 0)
		request_param(out, "page", q->cursor);
	return request_end(out);
}

static void
read_texts(
    struct reader *r, const struct json_node *result, struct billed_row *row)
{
	row->text[BILLED_MODEL] = reader_text(r, result, "model");
	row->text[BILLED_PROJECT] = reader_text(r, result, "workspace_id");
	row->text[BILLED_TIER] = reader_text(r, result, "service_tier");
}

static int
read_cost(
    struct reader *r, const struct json_node *result, struct billed_row *row)
{
	read_texts(r, result, row);
	row->text[BILLED_LINE_ITEM] = reader_text(r, result, "description");
	row->text[BILLED_DETAIL] = reader_text(r, result, "token_type");
	if (row->text[BILLED_DETAIL].len == 0)
		row->text[BILLED_DETAIL] = reader_text(r, result, "cost_type");
	row->has_amount = true;
	if (reader_money(r, result, "amount", PLACES_CENTS, &row->amount) != 0)
		return -1;
	return reader_currency(r, result, "currency", row->currency);
}

static const struct field {
	const char *name;
	enum billed_count count;
} fields[] = {
	{ "uncached_input_tokens", BILLED_INPUT },
	{ "cache_read_input_tokens", BILLED_CACHE_READ },
	{ "cache_creation.ephemeral_1h_input_tokens", BILLED_CACHE_WRITE_1H },
	{ "cache_creation.ephemeral_5m_input_tokens", BILLED_CACHE_WRITE },
	{ "output_tokens", BILLED_OUTPUT },
	{ "server_tool_use.web_search_requests", BILLED_WEB_SEARCHES },
};

static int
read_usage(
    struct reader *r, const struct json_node *result, struct billed_row *row)
{
	read_texts(r, result, row);
	row->text[BILLED_API_KEY] = reader_text(r, result, "api_key_id");
	for (size_t i = 0; i < LENGTH(fields); i++)
		if (reader_count(r, result, fields[i].name,
			&row->count[fields[i].count]) != 0)
			return -1;
	/* Theirs are apart; ours are a part of all writes. */
	row->count[BILLED_CACHE_WRITE] += row->count[BILLED_CACHE_WRITE_1H];
	return 0;
}

static int
walk_bucket(struct reader *r, const struct json_node *bucket)
{
	const struct kind *k = r->q->feed->own;
	const struct json_node *results, *result = NULL;
	struct billed_row row, times = { 0 };

	if (reader_rfc3339(r, bucket, "starting_at", &times.from_ms) != 0 ||
	    reader_rfc3339(r, bucket, "ending_at", &times.to_ms) != 0 ||
	    reader_array(r, bucket, "results", &results) != 0)
		return -1;
	while (reader_next(r, results, &result) == 0) {
		if (result == NULL)
			return 0;
		row = times;
		reader_row(r);
		if (k->read(r, result, &row) != 0 ||
		    reader_billed(r, result, &row) != 0)
			return -1;
	}
	return -1;
}

static int
walk(struct reader *r)
{
	const struct json_node *data, *root = r->j->nodes, *bucket = NULL;

	if (reader_array(r, root, "data", &data) != 0)
		return -1;
	do {
		if (reader_next(r, data, &bucket) != 0 ||
		    (bucket != NULL && walk_bucket(r, bucket) != 0))
			return -1;
	} while (bucket != NULL);
	return reader_paging(r, root);
}

/* Details are filled in only where costs are grouped by description. */
static const struct kind costs = { "/v1/organizations/cost_report",
	{ "description", "workspace_id" }, read_cost };
static const struct kind messages = { "/v1/organizations/usage_report/messages",
	{ "model", "api_key_id", "workspace_id", "service_tier" }, read_usage };

#define KEY                                                                    \
	N_("an admin key, sk-ant-admin..., which an admin of the "             \
	   "organization "                                                     \
	   "makes; accounts of one person have none")

static const struct provider_feed feeds[] = {
	{ .name = "costs",
	    .gives = FEED_COST,
	    .key = KEY,
	    .every_s = 3600,
	    .is_windowed = true,
	    .trailing_days = 3,
	    .build = build,
	    .walk = walk,
	    .own = &costs },
	{ .name = "messages",
	    .gives = FEED_USAGE,
	    .key = KEY,
	    .every_s = 300,
	    .is_windowed = true,
	    .trailing_days = 3,
	    .build = build,
	    .walk = walk,
	    .own = &messages },
};

static const struct provider_region regions[] = {
	{ "", "https://api.anthropic.com", NULL },
};

const struct provider provider_anthropic = { "anthropic", regions,
	LENGTH(regions), feeds, LENGTH(feeds) };

/*
 * OpenAI: what an organization's admin key may see. Costs are in dollars, as
 * numbers or strings; the parts of input_tokens are inside it, and what is said
 * of text, audio and images is a second view of the same tokens.
 */
#include "collectord/jobs/providers/reader.h"
#include "collectord/jobs/providers/request.h"
#include "proto/lang.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))
#define DAYS_A_PAGE 31
#define GROUPS_MAX 5

/* What one endpoint is asked for and tells besides tokens. */
struct kind {
	const char *path;
	const char *groups[GROUPS_MAX + 1];
	const char *requests; /* the member that counts them */
	const char *quantity; /* NULL: only tokens */
	const char *unit;
	const char *detail; /* a group that tells rows apart */
	const char *searches;
};

static void
put_groups(struct provider_request *out, const struct provider_query *q,
    const struct kind *k)
{
	const char *name =
	    q->account->brackets_arrays ? "group_by[]" : "group_by";

	for (size_t i = 0; k->groups[i] != NULL; i++)
		request_param(out, name, text_of(k->groups[i]));
}

static int
build(const struct provider_query *q, struct provider_request *out)
{
	const struct kind *k = q->feed->own;

	request_begin(out, q, k->path);
	request_header(out, "Authorization: Bearer " PROVIDER_KEY);
	request_number(out, "start_time", (uint64_t)(q->from_ms / 1000));
	request_number(out, "end_time", (uint64_t)(q->to_ms / 1000));
	request_param(out, "bucket_width", TEXT("1d"));
	request_number(out, "limit", DAYS_A_PAGE);
	put_groups(out, q, k);
	if (q->cursor.len > 0)
		request_param(out, "page", q->cursor);
	return request_end(out);
}

static void
note_groups(struct reader *r, const struct json_node *result)
{
	const struct kind *k = r->q->feed->own;

	/* One group alone may well be null everywhere. */
	r->has_group = r->has_group || k->groups[1] == NULL;
	for (size_t i = 0; k->groups[i] != NULL; i++)
		if (!reader_is_missing(json_get(r->j, result, k->groups[i])))
			r->has_group = true;
}

static void
read_texts(
    struct reader *r, const struct json_node *result, struct billed_row *row)
{
	const struct json_node *batch = json_get(r->j, result, "batch");
	struct text tier = reader_text(r, result, "service_tier");

	if (text_is(tier, "default"))
		tier = TEXT("standard");
	if (batch != NULL && batch->type == JSON_TRUE)
		tier = TEXT("batch");
	row->text[BILLED_TIER] = tier;
	row->text[BILLED_MODEL] = reader_text(r, result, "model");
	row->text[BILLED_PROJECT] = reader_text(r, result, "project_id");
	row->text[BILLED_API_KEY] = reader_text(r, result, "api_key_id");
}

static int
read_cost(
    struct reader *r, const struct json_node *result, struct billed_row *row)
{
	read_texts(r, result, row);
	row->text[BILLED_LINE_ITEM] = reader_text(r, result, "line_item");
	row->text[BILLED_UNIT] = reader_text(r, result, "quantity_unit");
	row->has_amount = true;
	if (reader_money(
		r, result, "amount.value", PLACES_UNITS, &row->amount) != 0 ||
	    reader_currency(r, result, "amount.currency", row->currency) != 0)
		return -1;
	return reader_money_if(r, result, "quantity", PLACES_UNITS,
	    &row->quantity, &row->has_quantity);
}

/* Uncached input is said outright by newer services, and else what is left. */
static int
read_input(
    struct reader *r, const struct json_node *result, struct billed_row *row)
{
	uint64_t all, uncached, cached, *count = row->count;

	if (reader_count(r, result, "input_tokens", &all) != 0 ||
	    reader_count(r, result, "input_cached_tokens",
		&count[BILLED_CACHE_READ]) != 0 ||
	    reader_count(r, result, "input_cache_write_tokens",
		&count[BILLED_CACHE_WRITE]) != 0 ||
	    reader_count(r, result, "input_uncached_tokens", &uncached) != 0)
		return -1;
	cached = count[BILLED_CACHE_READ] + count[BILLED_CACHE_WRITE];
	count[BILLED_INPUT] = all > cached ? all - cached : 0;
	if (!reader_is_missing(json_get(r->j, result, "input_uncached_tokens")))
		count[BILLED_INPUT] = uncached;
	return 0;
}

static int
read_usage(
    struct reader *r, const struct json_node *result, struct billed_row *row)
{
	const struct kind *k = r->q->feed->own;

	read_texts(r, result, row);
	if (read_input(r, result, row) != 0 ||
	    reader_count(
		r, result, "output_tokens", &row->count[BILLED_OUTPUT]) != 0 ||
	    reader_count(
		r, result, k->requests, &row->count[BILLED_REQUESTS]) != 0)
		return -1;
	if (k->searches != NULL && reader_count(r, result, k->searches,
				       &row->count[BILLED_WEB_SEARCHES]) != 0)
		return -1;
	if (k->detail != NULL)
		row->text[BILLED_DETAIL] = reader_text(r, result, k->detail);
	if (k->quantity == NULL)
		return 0;
	row->text[BILLED_UNIT] = text_of(k->unit);
	return reader_money_if(r, result, k->quantity, PLACES_UNITS,
	    &row->quantity, &row->has_quantity);
}

static int
read_result(
    struct reader *r, const struct json_node *result, struct billed_row *row)
{
	bool is_cost = r->q->feed->gives == FEED_COST;

	reader_row(r);
	note_groups(r, result);
	return is_cost ? read_cost(r, result, row) : read_usage(r, result, row);
}

static int
walk_bucket(struct reader *r, const struct json_node *bucket)
{
	const struct json_node *results, *result = NULL;
	/* An older service calls it so. */
	const char *name = json_get(r->j, bucket, "results") == NULL &&
				   json_get(r->j, bucket, "result") != NULL
			       ? "result"
			       : "results";
	struct billed_row row, times = { 0 };

	if (reader_seconds(r, bucket, "start_time", &times.from_ms) != 0 ||
	    reader_seconds(r, bucket, "end_time", &times.to_ms) != 0 ||
	    reader_array(r, bucket, name, &results) != 0)
		return -1;
	while (reader_next(r, results, &result) == 0) {
		if (result == NULL)
			return 0;
		row = times;
		if (read_result(r, result, &row) != 0 ||
		    reader_billed(r, result, &row) != 0)
			return -1;
	}
	return -1;
}

static int
walk(struct reader *r)
{
	const struct json_node *data, *root = r->j->nodes, *bucket = NULL;

	r->has_group = false;
	if (reader_array(r, root, "data", &data) != 0)
		return -1;
	do {
		if (reader_next(r, data, &bucket) != 0 ||
		    (bucket != NULL && walk_bucket(r, bucket) != 0))
			return -1;
	} while (bucket != NULL);
	r->a->is_ungrouped = r->a->n_rows > 0 && !r->has_group;
	return reader_paging(r, root);
}

#define USAGE "/organization/usage/"
#define CALLS "num_model_requests"

#define KEYS "project_id", "api_key_id"

static const struct kind kinds[] = {
	{ .path = "/organization/costs", .groups = { "line_item", KEYS } },
	{ .path = USAGE "completions",
	    .groups = { "model", KEYS, "batch", "service_tier" },
	    .requests = CALLS },
	{ .path = USAGE "embeddings",
	    .groups = { "model", KEYS },
	    .requests = CALLS },
	{ .path = USAGE "moderations",
	    .groups = { "model", KEYS },
	    .requests = CALLS },
	{ .path = USAGE "images",
	    .groups = { "model", KEYS, "size", "source" },
	    .requests = CALLS,
	    .quantity = "images",
	    .unit = "images",
	    .detail = "size" },
	{ .path = USAGE "audio_speeches",
	    .groups = { "model", KEYS },
	    .requests = CALLS,
	    .quantity = "characters",
	    .unit = "characters" },
	{ .path = USAGE "audio_transcriptions",
	    .groups = { "model", KEYS },
	    .requests = CALLS,
	    .quantity = "seconds",
	    .unit = "seconds" },
	{ .path = USAGE "vector_stores",
	    .groups = { "project_id" },
	    .requests = CALLS,
	    .quantity = "usage_bytes",
	    .unit = "bytes" },
	{ .path = USAGE "code_interpreter_sessions",
	    .groups = { "project_id" },
	    .requests = CALLS,
	    .quantity = "num_sessions",
	    .unit = "sessions" },
	{ .path = USAGE "file_search_calls",
	    .groups = { KEYS, "vector_store_id" },
	    .requests = "num_requests",
	    .detail = "vector_store_id" },
	{ .path = USAGE "web_search_calls",
	    .groups = { "model", KEYS, "context_level" },
	    .requests = CALLS,
	    .detail = "context_level",
	    .searches = "num_requests" },
};

#define KEY                                                                    \
	N_("an admin key, sk-admin-..., which an owner of the organization "   \
	   "makes")
#define FEED(feed, what, seconds, i)                                           \
	{                                                                      \
		.name = (feed), .gives = (what), .key = KEY,                   \
		.every_s = (seconds), .is_windowed = true, .trailing_days = 3, \
		.build = build, .walk = walk, .own = &kinds[i]                 \
	}

static const struct provider_feed feeds[] = {
	FEED("costs", FEED_COST, 3600, 0),
	FEED("completions", FEED_USAGE, 300, 1),
	FEED("embeddings", FEED_USAGE, 3600, 2),
	FEED("moderations", FEED_USAGE, 3600, 3),
	FEED("images", FEED_USAGE, 3600, 4),
	FEED("audio-speeches", FEED_USAGE, 3600, 5),
	FEED("audio-transcriptions", FEED_USAGE, 3600, 6),
	FEED("vector-stores", FEED_USAGE, 3600, 7),
	FEED("code-interpreter", FEED_USAGE, 3600, 8),
	FEED("file-searches", FEED_USAGE, 3600, 9),
	FEED("web-searches", FEED_USAGE, 3600, 10),
};

static const struct provider_region regions[] = {
	{ "", "https://api.openai.com/v1", NULL },
};

const struct provider provider_openai = { "openai", regions, LENGTH(regions),
	feeds, LENGTH(feeds) };

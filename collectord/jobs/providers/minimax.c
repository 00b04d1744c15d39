/*
 * MiniMax: what is left of a plan, by two endpoints that nobody documents. A
 * percentage of what remains is to be trusted; *_usage_count is what remains at
 * the older one and what was used at the newer one, or so it seems, so that a
 * percentage made of counts is approximate. Errors come with HTTP 200.
 */
#include "collectord/jobs/providers/reader.h"
#include "collectord/jobs/providers/request.h"
#include "proto/lang.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))
#define BOOST_NONE 1000
#define HUNDRED (100 * (money_sum)MONEY_USD)

struct kind {
	const char *path;
	bool counts_remaining;
};

static int
build(const struct provider_query *q, struct provider_request *out)
{
	const struct kind *k = q->feed->own;

	request_begin(out, q, k->path);
	request_header(out, "Authorization: Bearer " PROVIDER_KEY);
	return request_end(out);
}

static const struct code {
	uint64_t code;
	enum provider_outcome outcome;
	const char *why;
} codes[] = {
	{ 1002, PROVIDER_LIMITED, N_("too many requests for the service") },
	{ 1004, PROVIDER_BAD_KEY, N_("the key is not accepted") },
	{ 2049, PROVIDER_BAD_KEY, N_("the key is not accepted") },
};

static int
check_code(struct reader *r, const struct json_node *obj)
{
	const struct json_node *code =
	    json_path(r->j, obj, "base_resp.status_code");
	uint64_t n = 0;

	if (reader_is_missing(code))
		return 0;
	if (json_u64(r->j, code, &n) == 0 && n == 0)
		return 0;
	for (size_t i = 0; i < LENGTH(codes); i++)
		if (codes[i].code == n)
			return reader_refuse(r, codes[i].outcome, codes[i].why);
	return reader_refuse(
	    r, PROVIDER_BROKEN, N_("the service answers with an error"));
}

/* The members of one of the two windows of a model. */
static const struct span {
	const char *name;
	const char *from, *resets, *total, *usage, *percent, *boost;
} spans[] = {
	{ "interval", "start_time", "end_time", "current_interval_total_count",
	    "current_interval_usage_count",
	    "current_interval_remaining_percent", "interval_boost_permill" },
	{ "week", "weekly_start_time", "weekly_end_time",
	    "current_weekly_total_count", "current_weekly_usage_count",
	    "current_weekly_remaining_percent", "weekly_boost_permill" },
};

/* A limit that is raised makes a percentage hard to read. */
static int
read_percent(struct reader *r, const struct json_node *model,
    const struct span *s, money_sum remaining, struct window_row *row)
{
	money_sum used = remaining > HUNDRED ? 0 : HUNDRED - remaining;
	uint64_t boost;

	if (reader_count(r, model, s->boost, &boost) != 0)
		return -1;
	row->is_approximate = boost != 0 && boost != BOOST_NONE;
	if (remaining < 0 || reader_percent(used, row->used_percent) != 0)
		return reader_fail(
		    r, model, s->percent, N_("the number is out of range"));
	return 0;
}

static int
read_counts(struct reader *r, const struct json_node *model,
    const struct span *s, struct window_row *row)
{
	const struct kind *k = r->q->feed->own;
	uint64_t total, n;

	if (reader_count(r, model, s->total, &total) != 0 ||
	    reader_count(r, model, s->usage, &n) != 0)
		return -1;
	row->is_approximate = true;
	if (reader_is_missing(json_get(r->j, model, s->usage)))
		return 0;
	if (k->counts_remaining)
		n = n > total ? 0 : total - n;
	reader_ratio((money_sum)n, (money_sum)total, row->used_percent);
	return 0;
}

static int
walk_span(struct reader *r, const struct json_node *model, const struct span *s)
{
	struct window_row row = { .span = text_of(s->name) };
	money_sum remaining;
	bool has;

	reader_row(r);
	row.name = reader_text(r, model, "model_name");
	if (reader_milliseconds(r, model, s->from, &row.from_ms) != 0 ||
	    reader_milliseconds(r, model, s->resets, &row.resets_ms) != 0 ||
	    reader_money_if(
		r, model, s->percent, PLACES_UNITS, &remaining, &has) != 0)
		return -1;
	if ((has ? read_percent(r, model, s, remaining, &row)
		 : read_counts(r, model, s, &row)) != 0)
		return -1;
	return reader_window(r, &row);
}

static int
walk(struct reader *r)
{
	const struct json_node *root = r->j->nodes, *models, *model = NULL;

	if (check_code(r, root) != 0)
		return -1;
	if (json_path(r->j, root, "data.model_remains") != NULL)
		root = json_get(r->j, root, "data");
	if (check_code(r, root) != 0 ||
	    reader_array(r, root, "model_remains", &models) != 0)
		return -1;
	while (reader_next(r, models, &model) == 0) {
		if (model == NULL)
			return 0;
		for (size_t i = 0; i < LENGTH(spans); i++)
			if (walk_span(r, model, &spans[i]) != 0)
				return -1;
	}
	return -1;
}

static const struct kind token_plan = { "/v1/token_plan/remains", false };
static const struct kind coding_plan = {
	"/v1/api/openplatform/coding_plan/remains", true
};

#define KEY N_("the key of a plan, sk-cp-..., of the same region")

static const struct provider_feed older = {
	.name = "plan",
	.gives = FEED_WINDOWS,
	.key = KEY,
	.every_s = 300,
	.build = build,
	.walk = walk,
	.own = &coding_plan,
};

static const struct provider_feed feeds[] = {
	{ .name = "plan",
	    .gives = FEED_WINDOWS,
	    .key = KEY,
	    .every_s = 300,
	    .fallback = &older,
	    .build = build,
	    .walk = walk,
	    .own = &token_plan },
};

static const struct provider_region regions[] = {
	{ "io", "https://api.minimax.io", NULL },
	{ "cn", "https://api.minimaxi.com", NULL },
};

const struct provider provider_minimax = { "minimax", regions, LENGTH(regions),
	feeds, LENGTH(feeds) };

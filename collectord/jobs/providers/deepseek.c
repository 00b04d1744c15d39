/*
 * DeepSeek: one balance a currency, as decimal strings of whole units. What was
 * used is not told.
 */
#include "collectord/jobs/providers/reader.h"
#include "collectord/jobs/providers/request.h"
#include "proto/lang.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

static int
build(const struct provider_query *q, struct provider_request *out)
{
	request_begin(out, q, "/user/balance");
	request_header(out, "Authorization: Bearer " PROVIDER_KEY);
	return request_end(out);
}

static int
give(struct reader *r, const struct json_node *info, const char *field,
    struct balance_row *row)
{
	bool has;

	if (reader_money_if(r, info, field, PLACES_UNITS, &row->amount, &has) !=
	    0)
		return -1;
	return has ? reader_balance(r, row) : 0;
}

static int
walk_info(struct reader *r, const struct json_node *info)
{
	struct balance_row row = { .what = BALANCE_LEFT };

	if (reader_currency(r, info, "currency", row.currency) != 0 ||
	    reader_money(r, info, "total_balance", PLACES_UNITS, &row.amount) !=
		0 ||
	    reader_balance(r, &row) != 0)
		return -1;
	row.what = BALANCE_GRANTED;
	if (give(r, info, "granted_balance", &row) != 0)
		return -1;
	row.what = BALANCE_TOPPED_UP;
	return give(r, info, "topped_up_balance", &row);
}

static int
walk(struct reader *r)
{
	const struct json_node *infos, *info = NULL;

	if (reader_array(r, r->j->nodes, "balance_infos", &infos) != 0)
		return -1;
	do {
		if (reader_next(r, infos, &info) != 0 ||
		    (info != NULL && walk_info(r, info) != 0))
			return -1;
	} while (info != NULL);
	return 0;
}

static const struct provider_feed feeds[] = {
	{ .name = "balance",
	    .gives = FEED_BALANCE,
	    .key = N_("any key of the account"),
	    .every_s = 300,
	    .build = build,
	    .walk = walk },
};

static const struct provider_region regions[] = {
	{ "", "https://api.deepseek.com", NULL },
};

const struct provider provider_deepseek = { "deepseek", regions,
	LENGTH(regions), feeds, LENGTH(feeds) };

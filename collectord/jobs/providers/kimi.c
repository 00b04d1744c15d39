/*
 * Kimi, also called Moonshot: a balance in whole units. The answer names no
 * currency: it is that of the host. Keys of one region are none in the other.
 */
#include <strings.h>

#include "collectord/jobs/providers/reader.h"
#include "collectord/jobs/providers/request.h"
#include "proto/lang.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

static int
build(const struct provider_query *q, struct provider_request *out)
{
	request_begin(out, q, "/users/me/balance");
	request_header(out, "Authorization: Bearer " PROVIDER_KEY);
	return request_end(out);
}

/* Scheme and host of a base, without the port that https has anyway. */
static struct text
origin_of(const char *url)
{
	static const char port[] = ":443";
	const char *host = strstr(url, "://");
	size_t len = host == NULL ? 0 : (size_t)(host - url) + 3;

	len += strcspn(url + len, "/");
	if (len > sizeof(port) && strncasecmp(url, "https:", 6) == 0 &&
	    memcmp(url + len - strlen(port), port, strlen(port)) == 0)
		len -= strlen(port);
	return (struct text){ url, (uint32_t)len };
}

/* Hosts are the same in any case. */
static bool
has_origin(const char *base, const char *known)
{
	struct text a = origin_of(base), b = origin_of(known);

	return a.len == b.len && strncasecmp(a.p, b.p, a.len) == 0;
}

/* A host that is a region's own decides; any other has the region's money. */
static const char *
currency_of(const struct provider_query *q)
{
	const struct provider *p = q->provider;
	const char *base = q->account->base_url;

	for (uint32_t i = 0; base != NULL && i < p->n_regions; i++)
		if (has_origin(base, p->regions[i].base_url))
			return p->regions[i].currency;
	return p->regions[q->account->region].currency;
}

static int
check_code(struct reader *r, const struct json_node *root)
{
	const struct json_node *code = json_get(r->j, root, "code");
	const struct json_node *status = json_get(r->j, root, "status");
	uint64_t n = 0;

	if ((!reader_is_missing(code) && json_u64(r->j, code, &n) != 0) ||
	    n != 0 || (status != NULL && status->type == JSON_FALSE))
		return reader_refuse(r, PROVIDER_BROKEN,
		    N_("the service answers with an error"));
	return 0;
}

static const struct part {
	const char *name;
	enum balance_what what;
} parts[] = {
	{ "voucher_balance", BALANCE_GRANTED },
	{ "cash_balance", BALANCE_TOPPED_UP },
};

static int
walk(struct reader *r)
{
	struct balance_row row = { .what = BALANCE_LEFT };
	const struct json_node *root = r->j->nodes, *data;
	bool has;

	if (check_code(r, root) != 0 ||
	    reader_object(r, root, "data", &data) != 0 ||
	    reader_money(
		r, data, "available_balance", PLACES_UNITS, &row.amount) != 0)
		return -1;
	if (reader_put_currency(text_of(currency_of(r->q)), row.currency) !=
		0 ||
	    reader_balance(r, &row) != 0)
		return -1;
	for (size_t i = 0; i < LENGTH(parts); i++) {
		row.what = parts[i].what;
		if (reader_money_if(r, data, parts[i].name, PLACES_UNITS,
			&row.amount, &has) != 0 ||
		    (has && reader_balance(r, &row) != 0))
			return -1;
	}
	return 0;
}

static const struct provider_feed feeds[] = {
	{ .name = "balance",
	    .gives = FEED_BALANCE,
	    .key = N_("a key of the same region: those of .ai and .cn differ"),
	    .every_s = 300,
	    .build = build,
	    .walk = walk },
};

static const struct provider_region regions[] = {
	{ "ai", "https://api.moonshot.ai/v1", "USD" },
	{ "cn", "https://api.moonshot.cn/v1", "CNY" },
};

const struct provider provider_kimi = { "kimi", regions, LENGTH(regions), feeds,
	LENGTH(feeds) };

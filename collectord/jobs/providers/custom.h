/*
 * A provider that a definition file describes: contrib/providers has one that
 * explains every key. INI: [provider] and one [feed "name"] for each thing
 * that can be asked. Comments have lines of their own.
 */
#ifndef PROVIDERS_CUSTOM_H
#define PROVIDERS_CUSTOM_H

#include "collectord/jobs/providers/provider.h"

#define CUSTOM_FEEDS_MAX 8
#define CUSTOM_QUERIES_MAX 12
#define CUSTOM_HEADERS_MAX 6

enum custom_key {
	CUSTOM_GIVES,
	CUSTOM_PATH,
	CUSTOM_TIME,
	CUSTOM_TRAILING,
	CUSTOM_LOOKBACK,
	CUSTOM_LACKS_TODAY,
	CUSTOM_CURSOR_QUERY,
	CUSTOM_CURSOR,
	CUSTOM_MORE,
	CUSTOM_ROWS,
	CUSTOM_ROWS_IN,
	CUSTOM_FROM,
	CUSTOM_TO,
	CUSTOM_AMOUNT,
	CUSTOM_AMOUNT_UNIT,
	CUSTOM_SIGN,
	CUSTOM_CURRENCY,
	CUSTOM_WHAT,
	CUSTOM_MODEL,
	CUSTOM_LINE_ITEM,
	CUSTOM_PROJECT,
	CUSTOM_API_KEY,
	CUSTOM_TIER,
	CUSTOM_INPUT,
	CUSTOM_INPUT_HOLDS,
	CUSTOM_CACHE_READ,
	CUSTOM_CACHE_WRITE,
	CUSTOM_CACHE_WRITE_1H,
	CUSTOM_OUTPUT,
	CUSTOM_REASONING,
	CUSTOM_WEB_SEARCHES,
	CUSTOM_REQUESTS,
	CUSTOM_NAME,
	CUSTOM_SPAN,
	CUSTOM_USED,
	CUSTOM_REMAINING,
	CUSTOM_RESETS,
	CUSTOM_KEYS
};

/* How times are written in a query. */
enum custom_time { TIME_SECONDS, TIME_MILLISECONDS, TIME_DATE, TIME_RFC3339 };

/* [feed "…"]; texts point into custom.text, NULL where absent. */
struct custom_feed {
	const struct custom *custom;
	const char *text[CUSTOM_KEYS];
	uint32_t number[CUSTOM_KEYS]; /* of a number, and a word's place */
	const char *query[CUSTOM_QUERIES_MAX];
	uint32_t n_queries;
	int line;
};

/* Not to be moved or copied once it is read. */
struct custom {
	struct provider provider; /* as the built-in ones */
	struct provider_region region;
	struct provider_feed feeds[CUSTOM_FEEDS_MAX];
	struct custom_feed own[CUSTOM_FEEDS_MAX];
	const char *header[CUSTOM_HEADERS_MAX];
	uint32_t n_headers;
	const char *key; /* the kind of key */
	uint32_t every_s;
	char *text; /* owned: the file, cut into texts */
};

/* "amount-unit": what a key of a feed is called. */
const char *custom_key_name(enum custom_key key);

/*
 * Reads a definition. 0, or the number of the first bad line with why filled;
 * either way custom_release is due, which is safe to repeat.
 */
int custom_parse(
    struct custom *c, const char *text, size_t len, char *why, size_t cap);
void custom_release(struct custom *c);

/* What its feeds are made of, see custom_feed.c. */
int custom_build(const struct provider_query *q, struct provider_request *out);
int custom_walk(struct reader *r);

#endif

/*
 * What a provider's service says was used, billed and is left: how to ask it,
 * and how to read what it answers. Pure: requests are built and bytes are read
 * here, sending is for the caller. A key never comes here: a header that takes
 * it has PROVIDER_KEY in its place. Every request is a GET.
 *
 * One walk over a feed: provider_ask() for the first page, provider_read() for
 * its answer, and so on with the cursor that it left, until has_more is false.
 * Cursors that come again, and a cap on pages, are the caller's to see to. What
 * was read of a range replaces all that was known of it, as soon as it is whole
 * and not before; its rows that are alike in every text add up.
 */
#ifndef PROVIDERS_PROVIDER_H
#define PROVIDERS_PROVIDER_H

#include "proto/money.h"
#include "proto/text.h"

#define PROVIDER_KEY "{key}"
#define PROVIDER_URL_MAX 4096
#define PROVIDER_HEADERS_MAX 8
#define PROVIDER_HEADER_MAX 256
#define PROVIDER_CURSOR_MAX 1024
#define PROVIDER_CURRENCY_MAX 8

/* Tokens by class as events have them: input is uncached, cache_write_1h a
 * subset of cache_write, reasoning one of output. Absent is 0. */
enum billed_count {
	BILLED_INPUT,
	BILLED_CACHE_READ,
	BILLED_CACHE_WRITE,
	BILLED_CACHE_WRITE_1H,
	BILLED_OUTPUT,
	BILLED_REASONING,
	BILLED_WEB_SEARCHES,
	BILLED_REQUESTS,
	BILLED_COUNTS
};

/* Texts of a row; absent where the service does not say or says null. */
enum billed_text {
	BILLED_MODEL,
	BILLED_LINE_ITEM, /* free text, for people */
	BILLED_PROJECT,   /* or workspace */
	BILLED_API_KEY,   /* its id, never the key */
	BILLED_TIER,      /* standard, batch, flex, priority … */
	BILLED_DETAIL,    /* what else tells rows apart */
	BILLED_UNIT,      /* of the quantity: "images", "seconds" … */
	BILLED_TEXTS
};

/* A bucket lies within one UTC day. Texts are clean, at most LIMIT_TEXT bytes,
 * and gone after the callback. */
struct billed_row {
	int64_t from_ms, to_ms;
	struct text text[BILLED_TEXTS];
	uint64_t count[BILLED_COUNTS];
	/* Cache reads and writes are inside input: nobody says how much. */
	bool input_holds_cache;
	bool has_amount, has_quantity;
	money_sum amount;                     /* 10^-12 of the currency */
	char currency[PROVIDER_CURRENCY_MAX]; /* "USD"; never to be added up */
	/* What another provider bills for it, by this one's account; the same
	 * currency, and no part of amount. */
	money_sum elsewhere;
	money_sum quantity; /* 10^-12 of the unit: what is no token */
};

enum balance_what {
	BALANCE_LEFT,      /* all that can be spent */
	BALANCE_GRANTED,   /* the part of it that was given */
	BALANCE_TOPPED_UP, /* the part of it that was paid; negative: debt */
	BALANCE_BOUGHT,    /* ever */
	BALANCE_USED,      /* ever */
	BALANCE_USED_DAY,  /* this UTC day, week from Monday, month */
	BALANCE_USED_WEEK,
	BALANCE_USED_MONTH,
	BALANCE_LIMIT_LEFT, /* of a limit set on the key */
	BALANCE_KINDS
};

struct balance_row {
	enum balance_what what;
	money_sum amount; /* 10^-12 of the currency */
	char currency[PROVIDER_CURRENCY_MAX];
};

/* A quota that fills and is emptied. */
struct window_row {
	struct text name;                  /* as billed_row's texts */
	struct text span;                  /* "interval", "week", "monthly" */
	char used_percent[MONEY_TEXT_MAX]; /* "": unknown; may pass 100 */
	bool is_approximate;
	int64_t from_ms, resets_ms; /* 0: unknown */
};

/* Takes the rows of a page, in its order; what is NULL is not wanted. Another
 * return than 0 ends the page with PROVIDER_ABORTED. */
struct provider_sink {
	int (*billed)(void *arg, const struct billed_row *row);
	int (*balance)(void *arg, const struct balance_row *row);
	int (*window)(void *arg, const struct window_row *row);
	void *arg;
};

struct provider;
struct provider_feed;
struct reader;

/* What an account has set. Zero is a valid state. */
struct provider_account {
	const char *base_url; /* NULL: the region's */
	uint32_t region;      /* index */
	bool brackets_arrays; /* see is_ungrouped below */
};

/* One page that is asked for; all borrowed, and alive until it is read. */
struct provider_query {
	const struct provider *provider;
	const struct provider_feed *feed;
	const struct provider_account *account;
	int64_t from_ms, to_ms; /* UTC midnights; to is not in it */
	struct text cursor;     /* absent: the first page */
};

struct provider_request {
	char url[PROVIDER_URL_MAX];
	struct {
		char text[PROVIDER_HEADER_MAX]; /* "Name: value" */
	} header[PROVIDER_HEADERS_MAX];
	uint32_t n_headers;
	bool failed; /* something did not fit */
};

enum feed_gives {
	FEED_COST = 1,  /* billed rows with amounts */
	FEED_USAGE = 2, /* billed rows with counts */
	FEED_BALANCE = 4,
	FEED_WINDOWS = 8
};

struct provider_feed {
	const char *name;
	uint32_t gives;
	const char *key;        /* the kind of key it needs, for people */
	uint32_t every_s;       /* asking more often is of no use */
	bool is_windowed;       /* by UTC day: from_ms and to_ms count */
	uint32_t trailing_days; /* which may still change, today among them */
	uint32_t lookback_days; /* nothing is known before; 0: no such limit */
	/* A range over days ends before today, which may be asked for alone:
	 * that it is refused says nothing then. */
	bool lacks_today;
	bool may_be_denied; /* a lesser key stops this feed alone */
	/* What an older service has in its place, where this is ABSENT. */
	const struct provider_feed *fallback;
	int (*build)(
	    const struct provider_query *q, struct provider_request *out);
	/* Reads the parsed page; twice, the first time without a sink. */
	int (*walk)(struct reader *r);
	const void *own;
};

struct provider_region {
	const char *name; /* "" where there is but one */
	const char *base_url;
	const char *currency; /* NULL: answers name it */
};

struct provider {
	const char *name;
	const struct provider_region *regions; /* the first is the default */
	uint32_t n_regions;
	const struct provider_feed *feeds;
	uint32_t n_feeds;
};

extern const struct provider provider_openai, provider_anthropic,
    provider_openrouter, provider_deepseek, provider_kimi, provider_minimax;

/* Those above, NULL after the last. */
extern const struct provider *const providers[];
const struct provider *provider_find(const char *name);
/* The region by its name, or -1. */
int provider_find_region(const struct provider *p, const char *name);

enum provider_outcome {
	PROVIDER_OK,
	PROVIDER_BAD_KEY, /* until the key changes; feed->key says what for */
	PROVIDER_LIMITED, /* 429: Retry-After, else back off */
	PROVIDER_FAILING, /* 408 and 5xx: try again soon, then next round */
	PROVIDER_ABSENT,  /* 404: no such thing for this account */
	PROVIDER_BROKEN,  /* not an answer we can use; next round */
	PROVIDER_ABORTED  /* by the sink */
};

struct provider_answer {
	enum provider_outcome outcome;
	int status;
	bool has_more;
	char cursor[PROVIDER_CURSOR_MAX]; /* not "" where has_more */
	/*
	 * There are rows, and none has any of the several groups asked for: the
	 * service may want the other way of writing lists. Ask once more, from
	 * the first page on, with brackets_arrays turned over; a service that
	 * refuses this has no groups to tell.
	 */
	bool is_ungrouped;
	uint32_t n_rows;    /* given to the sink */
	uint32_t n_outside; /* left out: of days that were not asked for */
	/* Static texts (a definition's live as long as it), none of them from
	 * the answer, so that no secret can be among them. */
	const char *why;    /* NULL where OK */
	const char *detail; /* or NULL */
	const char *field;  /* or NULL */
	size_t at;          /* the byte it is about, where there is a field */
};

/* 0, or -1 where the request does not fit. */
int provider_ask(const struct provider_query *q, struct provider_request *out);
/*
 * Judges an answer and gives its rows to the sink: all rows of the page or,
 * where the outcome is not OK or ABORTED, none. Returns the outcome.
 */
enum provider_outcome provider_read(const struct provider_query *q, int status,
    const char *body, size_t len, const struct provider_sink *sink,
    struct provider_answer *a);
/* One line about an answer that is not OK, in the language of the process. */
void provider_describe(const struct provider_query *q,
    const struct provider_answer *a, char *buf, size_t cap);

#endif

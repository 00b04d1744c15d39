/*
 * What one call costs, by one rule. Pure: the rule was found elsewhere
 * (price_book.h) and is all that is needed to price the call again, so the
 * ledger keeps it, by the digest of its stored form, with every call it priced.
 *
 * Rates are whole picodollars a token (1 USD a million tokens = 10^6 p$), for
 * web searches a search. A class without a published rate has another's:
 *   cache read      the input rate
 *   cache write 5m  the input rate
 *   cache write 1h  twice the input rate for Anthropic's models (their
 *                   documented multiplier), else the rate of cache write 5m
 * Input and output have none to borrow: a call with tokens of theirs and no
 * rate is unpriced. Searches without a rate are left out of the cost and shown
 * so in its lines. Tokens that no class explains are never priced.
 */
#ifndef LEDGER_PRICE_H
#define LEDGER_PRICE_H

#include "collectord/ledger/bytes.h"

enum price_class {
	PRICE_INPUT,
	PRICE_OUTPUT,
	PRICE_CACHE_READ,
	PRICE_CACHE_WRITE_5M, /* what is not for an hour */
	PRICE_CACHE_WRITE_1H,
	PRICE_WEB_SEARCH,
	PRICE_CLASSES
};

extern const char *const price_class_names[PRICE_CLASSES];

#define PRICE_UNKNOWN (-1)
#define PRICE_STEPS_MAX 4
#define PRICE_RATE_MAX MONEY_USD /* 10^6 USD a million tokens */
#define PRICE_RULE_BYTES_MAX 2048
#define PRICE_ALWAYS INT32_MIN /* a since_day: in force from the start */

struct price_rates {
	int64_t of[PRICE_CLASSES]; /* PRICE_UNKNOWN where not published */
	uint8_t assumed;           /* bit per class: borrowed as said above */
};

/* A prompt of more than `above` tokens in all has these rates throughout. */
struct price_step {
	uint64_t above;
	struct price_rates rates;
};

enum price_kind { PRICE_TABLE, PRICE_OVERRIDE };

/* Texts are borrowed from the book, or from the bytes the rule was read of. */
struct price_rule {
	enum price_kind kind;
	struct text entry;  /* "anthropic/claude-opus-4-6", or the pattern */
	struct text tier;   /* absent: standard */
	struct text geo;    /* absent where it changes nothing */
	struct text window; /* "01:00-04:00", UTC, where the hour made it */
	bool by_hour; /* another hour of the day may have another; not stored */
	int32_t since_day; /* UTC day number the price is in force from */
	uint32_t n_steps;
	struct price_rates base;
	struct price_step steps[PRICE_STEPS_MAX]; /* above ascends */
};

struct price_counts {
	uint64_t input, output, cache_read;
	uint64_t cache_write, cache_write_1h; /* the second is part of it */
	uint64_t web_searches;
};

struct price_line {
	enum price_class class;
	bool assumed;      /* the rate is borrowed */
	uint64_t n;        /* tokens or searches */
	int64_t rate;      /* PRICE_UNKNOWN: left out */
	int64_t cost_pico; /* n * rate */
};

/* The sum, line by line; only classes that occur. */
struct price_lines {
	struct price_line line[PRICE_CLASSES];
	uint32_t n;
	bool is_long;   /* a step's rates were used: */
	uint64_t above; /* this one's */
};

enum { PRICE_OK = 0, PRICE_UNPRICED = 1, PRICE_ERANGE = -1 };

/*
 * The exact cost of one call. PRICE_OK with *cost_pico; PRICE_UNPRICED where a
 * rate is missing; PRICE_ERANGE where it does not fit 64 bits. lines may be
 * NULL; otherwise they are filled in every case.
 */
int price_apply(const struct price_rule *rule,
    const struct price_counts *counts, int64_t *cost_pico,
    struct price_lines *lines);

/*
 * The stored form of version 1, one for each rule: version; kind u8; entry,
 * tier, geo, window as texts; since_day svar; base; n_steps u8; and for each
 * step above as uvar and its rates. Rates: assumed u8, the classes as svars.
 */
void price_rule_write(struct wbuf *w, const struct price_rule *rule);
/* false when these bytes are no rule. Texts point into s. */
bool price_rule_read(struct span s, struct price_rule *rule);

/* Rates and steps as parts of other records. */
void price_rates_write(struct wbuf *w, const struct price_rates *rates);
void price_rates_read(struct rbuf *r, struct price_rates *rates);
void price_steps_write(
    struct wbuf *w, const struct price_step *steps, uint32_t n);
uint32_t price_steps_read(struct rbuf *r, struct price_step *steps);

/* All classes unknown. */
void price_rates_init(struct price_rates *rates);
/* Lends the missing rates as said above. */
void price_rates_lend(struct price_rates *rates, bool anthropic);
/*
 * USD a million tokens in decimal text, "0.3", "1e-1": whole picodollars a
 * token. -1 when it is not a number, negative, over PRICE_RATE_MAX, or when a
 * part of a picodollar would be lost.
 */
int price_parse_rate(const char *s, size_t len, int64_t *pico);

#endif

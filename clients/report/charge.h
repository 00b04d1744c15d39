/*
 * What a row of a report by rule is charged: each class of tokens with its rate
 * and its amount. Pure. The sums of one rule and one step of its long-context
 * price have one rate a class, so that tokens times rates is exact.
 */
#ifndef REPORT_CHARGE_H
#define REPORT_CHARGE_H

#include "proto/codec.h"

enum charge_class {
	CHARGE_INPUT,
	CHARGE_CACHE_READ,
	CHARGE_CACHE_WRITE, /* what is not for an hour */
	CHARGE_CACHE_WRITE_1H,
	CHARGE_OUTPUT,
	CHARGE_WEB_SEARCH, /* searches, not tokens */
	CHARGE_OTHER,      /* never priced */
	CHARGE_CLASSES
};

/* "cache_write_1h": names in JSON, and of rates on the wire. */
extern const char *const charge_class_names[CHARGE_CLASSES];

#define CHARGE_UNKNOWN (-1)

enum charge_how {
	CHARGE_NONE,     /* no price */
	CHARGE_REPORTED, /* the source said what it cost */
	CHARGE_TABLE,
	CHARGE_OVERRIDE
};

/* "none", "reported", "table", "override" */
extern const char *const charge_how_names[CHARGE_OVERRIDE + 1];

/* One price: a rule at one step. Texts are borrowed from the report. */
struct charge_price {
	enum charge_how how;
	struct text rule;  /* "12/0", "reported", or empty */
	struct text entry; /* of the table, or the override's pattern */
	struct text tier, geo, window; /* empty: they change nothing */
	uint64_t above; /* prompts of more tokens than this; 0: any */
	int64_t rate[CHARGE_CLASSES]; /* p$ a token or search */
};

struct charge_line {
	enum charge_class class;
	uint64_t n;
	int64_t rate;     /* CHARGE_UNKNOWN */
	money_sum amount; /* n * rate; 0 where that is unknown */
};

struct charge {
	struct charge_line line[CHARGE_CLASSES]; /* those that occur */
	size_t n;
	money_sum amount; /* of the lines, or as reported */
	bool is_known;    /* amount is what it costs */
};

/* The `rules` of a report's result; an empty cursor where it has none. */
struct wire_cursor charge_rules(const struct wire_cursor *report);
/*
 * The price that a row's rule text stands for, of a report's `rules`. A rule
 * that is not among them has no rates.
 */
void charge_find(
    struct wire_cursor rules, struct text rule, struct charge_price *p);
void charge_apply(
    const struct charge_price *p, const struct sums *sums, struct charge *c);
/* The amount is what the ledger has for these sums. */
bool charge_agrees(const struct charge *c, const struct sums *sums);

#endif

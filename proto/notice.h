/*
 * Notices: what people and sessions are to be told, once. The ledger keeps what
 * happened; whoever shows it finds the words.
 */
#ifndef PROTO_NOTICE_H
#define PROTO_NOTICE_H

#include "proto/budget.h"

enum notice_kind {
	NOTICE_BUDGET, /* a budget reached its warning or its limit */
	NOTICE_DAILY,  /* a digest is due */
	NOTICE_WEEKLY,
	NOTICE_QUOTA,    /* a quota window is nearly used up */
	NOTICE_SOURCE,   /* who used to tell has gone silent */
	NOTICE_PROVIDER, /* a provider could not be asked for a day */
	NOTICE_PRICE,    /* a model without a price was seen */
	NOTICE_BALANCE,  /* what an account has left is below its threshold */
	NOTICE_KINDS
};
extern const char *const notice_kind_names[NOTICE_KINDS];

enum notice_level { NOTICE_INFO, NOTICE_WARN, NOTICE_LIMIT, NOTICE_LEVELS };
extern const char *const notice_level_names[NOTICE_LEVELS];

/* What the period of a digest came to when the digest was made. */
struct notice_figures {
	bool are_known;
	uint64_t calls, tokens, unpriced_calls;
	money_sum cost;
	/* The model that cost the most, or took the most where none cost. */
	struct text top;
	uint64_t top_tokens;
	money_sum top_cost;
};

struct notice {
	uint64_t number; /* order of making, from 1 */
	/*
	 * What it is about, so that the same is never told twice: "budget/NAME/
	 * LEVEL/PERIOD[/ARMED]", "daily/2026-05-12", "price/PROVIDER/MODEL".
	 */
	struct text id;
	enum notice_kind kind;
	enum notice_level level;
	struct text subject;    /* budget, model, source, provider, or window */
	struct text period;     /* its label; of a range "A..B"; or currency */
	int64_t from_ms, to_ms; /* of the period; 0: it has none */
	bool is_tokens;         /* spent and limit are tokens, not money */
	money_sum spent, limit; /* when it was made; 0: has none. Of a balance
				 * what is left, and the threshold */
	int64_t made_ms;
	struct notice_figures figures; /* of a digest */
	/* Of a provider, what asking it last came to, in English. */
	struct text why;
};

#endif

/*
 * The settings of older trackers: prices, providers' keys and budgets, wherever
 * in their JSON these stand.
 */
#ifndef IMPORT_LEGACY_CONFIG_H
#define IMPORT_LEGACY_CONFIG_H

#include "clients/import/legacy/legacy.h"
#include "proto/money.h"

enum legacy_rate {
	RATE_INPUT,
	RATE_OUTPUT,
	RATE_CACHE_READ,
	RATE_CACHE_WRITE,
	LEGACY_RATES
};

struct legacy_price {
	struct text pattern; /* "model" or "provider/model" */
	/* Picodollars a million tokens, whole ones a token; -1: not told. */
	money_sum rate[LEGACY_RATES];
};

struct legacy_key {
	struct text provider, account;
	struct text key; /* a secret */
};

struct legacy_budget {
	const char *period; /* static: "day", "week", "month" or "session" */
	money_sum limit;    /* picodollars; 0 where it is in tokens */
	uint64_t limit_tokens;
	unsigned warn; /* percent; 0: not told */
};

/* Each may stop the reading by something else than 0. Texts are borrowed. */
struct legacy_settings {
	int (*price)(void *arg, const struct legacy_price *p);
	int (*key)(void *arg, const struct legacy_key *k);
	int (*budget)(void *arg, const struct legacy_budget *b);
	void *arg;
};

/*
 * As legacy_read. *found counts what was told of; LEGACY_EUNKNOWN where it is
 * nothing. *skipped counts keys that are only names of variables or examples.
 */
enum legacy_result legacy_read_config(const char *path,
    const struct legacy_settings *to, unsigned *found, unsigned *skipped,
    char *why, size_t cap);

#endif

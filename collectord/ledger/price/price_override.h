/*
 * Prices the user set: one, its stored form, and an ordered list of them that
 * a call's names are looked up in.
 */
#ifndef LEDGER_PRICE_OVERRIDE_H
#define LEDGER_PRICE_OVERRIDE_H

#include "collectord/ledger/price/price.h"
#include "proto/limits.h"

#define PRICE_PATTERN_MAX (2 * LIMIT_TEXT + 1)
#define PRICE_OVERRIDE_BYTES_MAX 1280

struct price_override {
	struct text pattern; /* "provider/model" or "model", any case */
	struct text tier;    /* absent: every tier of service */
	int32_t since_day;   /* UTC day number, or PRICE_ALWAYS */
	bool is_configured;  /* by the configuration's file: never stored */
	uint32_t n_steps;
	struct price_rates rates; /* input and output are there */
	struct price_step steps[PRICE_STEPS_MAX]; /* above ascends */
};

/*
 * The stored form, version 1: version; pattern, tier as texts; since_day svar;
 * rates and steps as in a rule. Reading false: these bytes are no override;
 * its texts point into s.
 */
void price_override_write(struct wbuf *w, const struct price_override *o);
bool price_override_read(struct span s, struct price_override *o);

/* In the order of pattern, tier and day. Zero is a valid state. */
struct price_overrides {
	struct price_override *item; /* own their texts, lower case */
	size_t n, cap;
};

/*
 * Copies one in; it replaces that of the same pattern, tier and day. -1, and
 * the list as before, without memory or when it makes no sense: no pattern, no
 * input or output rate, steps that do not ascend.
 */
int price_overrides_add(
    struct price_overrides *list, const struct price_override *o);
void price_overrides_clear(struct price_overrides *list); /* keeps memory */
void price_overrides_release(struct price_overrides *list);
/* The newest in force that day of exactly this pattern and tier, or NULL. */
const struct price_override *price_overrides_find(
    const struct price_overrides *list, struct text pattern, struct text tier,
    int32_t day);

#endif

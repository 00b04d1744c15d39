/*
 * A price as the daemon tells and takes it. Pure. Rates are exact: whole
 * picodollars a token, for web searches a search.
 */
#ifndef CLIENTS_PRICE_TARIFF_H
#define CLIENTS_PRICE_TARIFF_H

#include "proto/codec.h"
#include "proto/money.h"

enum tariff_class {
	TARIFF_INPUT,
	TARIFF_OUTPUT,
	TARIFF_CACHE_READ,
	TARIFF_CACHE_WRITE,
	TARIFF_CACHE_WRITE_1H,
	TARIFF_WEB_SEARCH,
	TARIFF_CLASSES
};

/* "input", "cache_write_1h": as on the wire and in JSON. */
extern const char *const tariff_class_names[TARIFF_CLASSES];

#define TARIFF_UNKNOWN (-1)
#define TARIFF_STEPS_MAX 4
#define TARIFF_DAY_MS 86400000ll

struct tariff_rates {
	int64_t of[TARIFF_CLASSES]; /* TARIFF_UNKNOWN: not said */
};

/* A prompt of more than `above` tokens has these rates throughout. */
struct tariff_step {
	uint64_t above;
	struct tariff_rates rates;
};

/* Texts are borrowed. */
struct tariff {
	struct text origin;   /* "table", "config", "set" */
	struct text provider; /* absent where the model says all */
	struct text model;    /* of an override: its pattern */
	struct text tier;     /* absent: every tier, or the standard one */
	struct text aliases;  /* with spaces between */
	bool has_from;
	int64_t from_ms; /* the start of a UTC day */
	struct tariff_rates rates;
	uint32_t n_steps;
	struct tariff_step steps[TARIFF_STEPS_MAX]; /* above ascends */
};

void tariff_rates_init(struct tariff_rates *rates); /* all unknown */

/*
 * Decimal USD, a million tokens or a search; ".3" too. -1 where it is no
 * number, negative, too large, or not whole picodollars.
 */
int tariff_parse_rate(const char *s, enum tariff_class class, int64_t *pico);
/* The same exactly, for JSON and CSV. */
void tariff_format_rate(
    int64_t pico, enum tariff_class class, char buf[MONEY_TEXT_MAX]);
/* "2026-05-12" to the start of that UTC day; -1: no such day. */
int tariff_parse_day(const char *s, int64_t *ms);
/* And back; buf has CALENDAR_TEXT_MAX. */
void tariff_format_day(int64_t ms, char *buf);

/* Everything that is known, in the order of the wire: overrides first. */
struct tariffs {
	struct tariff *item;
	size_t n, n_overrides;
	struct text as_of; /* day of the built-in table */
};

/* Reads a result of `prices`, which is borrowed. 0, or -1. */
int tariffs_read(struct tariffs *list, struct wire_cursor result);
void tariffs_release(struct tariffs *list);
/* The row that a rule of the daemon was made of, or NULL. */
const struct tariff *tariffs_of_rule(
    const struct tariffs *list, const struct value *rule);
/*
 * The built-in price of exactly that model, or "provider/model", or of one of
 * its aliases, that is in force then; NULL where there is none.
 */
const struct tariff *tariffs_built_in(
    const struct tariffs *list, struct text pattern, int64_t at_ms);

/* The override of exactly that pattern, of every tier, in force then; or NULL.
 */
const struct tariff *tariffs_override(
    const struct tariffs *list, struct text pattern, int64_t at_ms);

/* A rule's rates and steps: what is in force, borrowed rates too. -1: none. */
int tariff_read_rule(struct tariff *t, const struct value *rule);
/* The params of price_set, and those of price_unset without its rates. */
void tariff_pack(struct packer *k, const struct tariff *t, bool with_rates);

#endif

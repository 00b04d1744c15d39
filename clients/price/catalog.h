/*
 * Public price lists as `tt-price update FILE` reads them: LiteLLM's
 * model_prices_and_context_window.json and models.dev's api.json, told apart by
 * their shape. Numbers are taken from their text, never through a double.
 *
 * What a list does not say stays unknown. Two zeros do not mean free there: a
 * cache price of 0 beside an input price (LiteLLM's "none"), and a model whose
 * input and output are both 0 (subscriptions, local programs); the first is
 * unknown here, the second is left out. So are rows without both prices, of
 * other kinds than text, and with a price of no whole picodollars a token.
 */
#ifndef CLIENTS_PRICE_CATALOG_H
#define CLIENTS_PRICE_CATALOG_H

#include "proto/json.h"
#include "proto/text.h"

enum catalog_shape { CATALOG_UNKNOWN, CATALOG_LITELLM, CATALOG_MODELS_DEV };

enum catalog_class {
	CATALOG_INPUT,
	CATALOG_OUTPUT,
	CATALOG_CACHE_READ,
	CATALOG_CACHE_WRITE,
	CATALOG_CACHE_WRITE_1H,
	CATALOG_CLASSES
};

#define CATALOG_NO_RATE (-1)
#define CATALOG_STEPS_MAX 4

struct catalog_rates {
	int64_t of[CATALOG_CLASSES]; /* picodollars a token */
};

/* For all tokens of a call whose prompt is longer than `above` tokens. */
struct catalog_step {
	uint64_t above;
	struct catalog_rates rates;
};

struct catalog_row {
	struct text provider, model; /* point into the JSON text */
	struct catalog_rates rates;
	uint32_t n_steps;
	struct catalog_step steps[CATALOG_STEPS_MAX]; /* above ascends */
};

/* Zero is a valid state. */
struct catalog {
	enum catalog_shape shape;
	struct catalog_row *rows; /* in the order of the file */
	size_t n, cap;
	size_t skipped; /* rows with prices that are no use, see above */
};

enum { CATALOG_OK = 0, CATALOG_ESHAPE = -1, CATALOG_ENOMEM = -2 };

/* Reads a parsed file; j is borrowed for as long as the rows are used. */
int catalog_read(struct catalog *c, const struct json *j);
void catalog_release(struct catalog *c);

#endif

/*
 * What a model's name may be meant by: the forms under which its price is
 * looked up, from the name as given to the barest one. Each is the one before
 * less something that cannot change whose model it is:
 *   a context mark            [1m]
 *   a known path in front     anthropic/  openrouter/x-ai/  vertex_ai/  azure/
 *   Bedrock's forms           us.anthropic.….-v1:0   anthropic.…-v1
 *   a dated snapshot          -20250929  -2025-09-29  @20250929  @default
 * Nothing is matched by a part of a name, and dots are not taken for dashes:
 * other spellings are listed as aliases in the table.
 */
#ifndef LEDGER_PRICE_NAME_H
#define LEDGER_PRICE_NAME_H

#include "proto/limits.h"
#include "proto/text.h"

enum price_vendor {
	VENDOR_NONE,
	VENDOR_ANTHROPIC,
	VENDOR_OPENAI,
	VENDOR_GOOGLE,
	VENDOR_DEEPSEEK,
	VENDOR_MOONSHOT,
	VENDOR_MINIMAX,
	VENDOR_ZAI,
	VENDOR_XAI,
	VENDOR_MISTRAL,
	VENDOR_ALIBABA,
	VENDORS
};

/* "anthropic"; "" for VENDOR_NONE. */
extern const char *const price_vendor_names[VENDORS];

#define PRICE_FORMS_MAX 10

struct price_name {
	char room[LIMIT_TEXT];     /* lower case; the forms point in here */
	char provider[LIMIT_TEXT]; /* the event's, lower case */
	uint32_t provider_len;
	uint32_t n;
	struct text form[PRICE_FORMS_MAX];
	enum price_vendor vendor; /* as a path in front says, or none */
	/* Served at the vendor's list price, as far as anyone knows: not by a
	 * local program, nor a host that has its own prices. */
	bool at_list_price;
};

void price_name_init(
    struct price_name *name, struct text provider, struct text model);

#endif
